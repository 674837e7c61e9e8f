"""ScorerSuite: what every scorer has to pass.

class TestLeadFit(ScorerSuite):
    scorer = LEAD_FIT

    def data(self):
        return crmcore.Dataset(lead=[...])
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from math import exp, isclose, isfinite, isnan
from typing import Any

import numpy as np

from ..errors import ColumnNotFound, TableNotFound
from ..scoring.scorer import Scorer, check_scorer
from ..scoring.scores import Score, Scores
from ..table.column import Array, Column
from ..table.dataset import Dataset
from ..table.table import Table
from ..table.views import existence
from ..workspace import Workspace
from .plainrow import plain_row
from .suite import Suite, flag, needs

__all__ = ["ScorerSuite"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OUTCOME = {
    "lead": ("converted", "converted_at", "opportunity", "lost_at", "lost_reason"),
    "opportunity": ("outcome", "closed_at", "first_won_at", "won_amount", "won_reason", "lost_reason"),
}
"""Table -> columns that are filled when a row is decided."""
SOME = 25
"""Rows that are looked at one by one."""
EXTRA = "column_of_no_scorer"


class ScorerSuite(Suite):
    """Checks that a scorer keeps its contract; a subclass gives `scorer` and `data()`.

    `as_of` is the date that is looked from, by default the newest recorded one; `workspace` what rows are scored in.
    """

    explains: bool = flag("able to give reasons that add up to the score")
    blind_to_outcome: bool = flag("blind to what is filled in when a row is decided, such as closed_at or won_reason")
    row_by_row: bool = flag("the same for a row whichever rows are scored with it")

    scorer: Any = None
    as_of: date | None = None

    def data(self) -> Dataset:
        """Return a dataset with at least three rows to be scored, some with blanks."""
        raise NotImplementedError(f"{type(self).__name__}.data() returns a Dataset with rows to be scored")

    def workspace(self) -> Workspace:
        """Return what rows are scored in."""
        return Workspace()

    # -- what is declared -----------------------------------------------------------------------------

    def test_declaration(self) -> None:
        """It has all members of `Scorer`, a snake_case name, and a revision from 1."""
        check_scorer(self.scorer)

    def test_labels(self) -> None:
        """Its name is there in English and Chinese, and a sentence says what the score means."""
        labels = self._scorer().labels
        assert labels.get("en"), f"labels have no English name: {dict(labels)!r}"
        assert labels.get("zh"), f"labels have no Chinese name: {dict(labels)!r}"
        assert self._scorer().summary.strip(), "summary is empty: say in one sentence what the score means"

    def test_reasons_have_names(self) -> None:
        """No two reasons share a name."""
        names = [r.name for r in self._score(self._data()).reasons]
        assert len(set(names)) == len(names), f"two reasons share a name: {names}"

    def test_scores_say_which_revision(self) -> None:
        """Scores carry the name and the revision of the scorer."""
        found, scorer = self._score(self._data()), self._scorer()
        said = (found.scorer, found.revision)
        assert said == (scorer.name, scorer.revision), f"scores say {said}, not {(scorer.name, scorer.revision)}"

    # -- what is given --------------------------------------------------------------------------------

    def test_one_score_per_row(self) -> None:
        """Each row has one score, in the order of the rows, finite or undefined."""
        data = self._data()
        found = self._score(data)
        table = data[self._scorer().table]
        assert len(table) >= 3, f"data() has {len(table)} rows of {table.name!r}; at least three are needed"
        assert found.ids.tolist() == _ids(table), f"scores of {found.ids.tolist()}, of rows {_ids(table)}"
        endless = {
            i: v for i, v in zip(_ids(table), found.values.tolist(), strict=True) if not isfinite(v) and not isnan(v)
        }
        assert not endless, f"a score is finite, or nan where it is undefined; of these rows it is neither: {endless}"
        assert found.defined.any(), "no row of data() has a score; give some that have"
        unlike = [
            i
            for i, v, d in zip(_ids(table), found.values.tolist(), found.defined.tolist(), strict=True)
            if isnan(v) == d
        ]
        assert not unlike, f"nan and `defined` do not agree for rows {unlike}"

    @needs("explains")
    def test_reasons_add_up(self) -> None:
        """The base and the parts of a row add up to its score, whole numbers exactly; or to its log-odds."""
        found = self._score(self._data())
        assert found.link in ("identity", "logistic"), "scores without parts; explains = False says so"
        parts = found.parts
        shape = (len(found), len(found.reasons))
        assert parts.shape == shape, f"parts are {parts.shape}, not rows x reasons {shape}"
        for key, value, row in zip(found.ids.tolist(), found.values.tolist(), parts.tolist(), strict=True):
            if isnan(value):
                continue
            total = found.base + sum(row)
            if found.link == "logistic":
                expected = 1 / (1 + exp(-total)) if total > -700 else 0.0
            else:
                expected = total / found.scale
            exact = found.link != "logistic" and isinstance(total, int)
            right = value == expected if exact else isclose(value, expected, rel_tol=1e-9, abs_tol=1e-12)
            assert right, f"row {key!r}: score {value}, but base {found.base} and parts {row} give {expected}"

    def test_rows_in_another_order(self) -> None:
        """The same rows in another order have the same scores and reasons."""
        data = self._data()
        n = len(data[self._scorer().table])
        order = np.random.default_rng(7).permutation(n)
        self._alike(self._score(data).at(order), self._score(self._some(data, order)))

    @needs("row_by_row")
    def test_halves(self) -> None:
        """Each half of the rows, scored alone, has the scores it has within the whole."""
        data = self._data()
        n = len(data[self._scorer().table])
        for places in (np.arange(n // 2), np.arange(n // 2, n)):
            self._alike(self._score(data).at(places), self._score(self._some(data, places)))

    @needs("row_by_row")
    def test_single_records(self) -> None:
        """A record alone, given as a dict, has the score that its row has among the others, with the same reasons."""
        data = self._data()
        found, table = self._score(data), data[self._scorer().table]
        for place in range(min(len(table), SOME)):
            alone = self.workspace().score_one(
                self._scorer(), plain_row(table, place), as_of=self._moment(), others=data
            )
            _same(alone, found.each([place])[0])

    def test_no_rows(self) -> None:
        """A table without rows has no scores, and that is no error."""
        found = self._score(self._some(self._data(), np.empty(0, np.int64)))
        assert (len(found), found.rows()) == (0, []), f"{len(found)} scores of no rows"
        assert str(found), "scores of no rows print as nothing"

    @needs("row_by_row")
    def test_rows_twice(self) -> None:
        """A row that stands twice has the same score twice."""
        data = self._data()
        n = len(data[self._scorer().table])
        twice = np.repeat(np.arange(n), 2)
        self._alike(self._score(data).at(twice), self._score(self._some(data, twice)))

    def test_again(self) -> None:
        """The same rows have the same scores again, and scoring has not changed them."""
        data = self._data()
        before = _contents(data)
        first, second = self._score(data), self._score(data)
        self._alike(first, second)
        assert _contents(data) == before, "scoring has changed the data"

    # -- what is read ---------------------------------------------------------------------------------

    def test_columns_of_no_concern(self) -> None:
        """A column that the scorer knows nothing of changes no score."""
        data = self._data()
        n = len(data[self._scorer().table])
        column = Column("key", (np.arange(n) % 3).astype(np.int8), labels=[None, "客户", "=1+1"])
        self._alike(self._score(data), self._score(self._with(data, {EXTRA: column})))

    def test_declared_needs_suffice(self) -> None:
        """With nothing but the declared columns, the scores stay as they are."""
        data, scorer = self._data(), self._scorer()
        read = {scorer.table: (*scorer.needs, *scorer.wants), **scorer.others}
        tables = {n: _only(t, read.get(n)) for n, t in data.tables.items()}
        whole = self._score(data)
        found = self._score(Dataset.of({n: t for n, t in tables.items() if n in read or _referred(n, data, read)}))
        self._alike(whole, found, "with the declared columns alone; needs, wants or others lacks one")

    def test_a_needed_column_that_is_missing(self) -> None:
        """Without a column or a table it needs, the error says which one, and who needs it."""
        data, scorer = self._data(), self._scorer()
        for need in dict.fromkeys(n.partition(".")[0] for n in scorer.needs if n != "id"):
            left = {n: c for n, c in data[scorer.table].columns.items() if n != need}
            lacking = Dataset.of(dict(data.tables) | {scorer.table: _table(data[scorer.table], left)})
            self._refused(lacking, ColumnNotFound, f"column {need!r}")
        for table in scorer.others:
            if table != scorer.table:
                without = Dataset.of({n: t for n, t in data.tables.items() if n != table})
                self._refused(without, TableNotFound, f"table {table!r}")

    @needs("blind_to_outcome")
    def test_what_the_outcome_fills_in(self) -> None:
        """Scores stay as they are where the columns that the outcome fills in are filled in."""
        data, scorer = self._data(), self._scorer()
        table = data[scorer.table]
        filled = {n: _filled(table[n]) for n in _OUTCOME.get(scorer.table, ()) if n in table}
        if filled:
            self._alike(
                self._score(data),
                self._score(self._with(data, filled)),
                f"once {', '.join(filled)} are filled in: it looks at the answer; blind_to_outcome = False if it may",
            )

    # -- inside ---------------------------------------------------------------------------------------

    def _scorer(self) -> Scorer:
        found: Scorer = self.scorer
        return found

    def _data(self) -> Dataset:
        """Return the data as they are seen from as_of, so that no check changes what there is to be seen."""
        data = self.data()
        return Dataset.of(dict(self.workspace().view(data, as_of=self.as_of).scope.tables))

    def _moment(self) -> date | None:
        """Return the instant that all checks look from."""
        moment = self.workspace().view(self.data(), as_of=self.as_of).scope.as_of
        return None if moment is None else _EPOCH + timedelta(microseconds=moment.instant)

    def _score(self, data: Dataset) -> Scores:
        return self.workspace().score(self._scorer(), data, as_of=self._moment())

    def _some(self, data: Dataset, places: Array) -> Dataset:
        table = data[self._scorer().table]
        return Dataset.of(dict(data.tables) | {table.name: table.select(places)})

    def _with(self, data: Dataset, columns: Mapping[str, Column]) -> Dataset:
        table = data[self._scorer().table]
        return Dataset.of(dict(data.tables) | {table.name: table.replace(columns)})

    def _alike(self, expected: Scores, found: Scores, when: str = "") -> None:
        assert found.ids.tolist() == expected.ids.tolist(), f"scores of rows {found.ids.tolist()} {when}".rstrip()
        for one, other in zip(expected.each(), found.each(), strict=True):
            _same(other, one, when)

    def _refused(self, data: Dataset, kind: type[Exception], what: str) -> None:
        try:
            self._score(data)
        except kind as error:
            said = str(error)
        else:
            raise AssertionError(f"without {what}, which it needs, it scores all the same; is it one that it `wants`?")
        assert repr(self._scorer().name) in said, f"the error does not name the scorer: {said}"


def _same(found: Score, expected: Score, when: str = "") -> None:
    assert found == expected, f"{expected.id!r} {when}:\n{expected.to_dict()}\nbecomes\n{found.to_dict()}"


def _ids(table: Table) -> list[Any]:
    return [plain_row(table, i)["id"] for i in range(len(table))]


def _contents(data: Dataset) -> dict[str, Any]:
    return {
        f"{t.name}.{n}": (repr(c.data.tolist()), repr(c.labels)) for t in data.values() for n, c in t.columns.items()
    }


def _table(table: Table, columns: Mapping[str, Column]) -> Table:
    references = {n: t for n, t in table.references.items() if n in columns}
    return Table(table.name, columns, length=len(table), references=references, excluded=table.excluded)


def _only(table: Table, names: tuple[str, ...] | None) -> Table:
    """Return a table with its id, what says when a row came to be, and these columns; None for all."""
    if names is None:
        return table
    heads = {"id", *(n.partition(".")[0] for n in names)}
    made = existence(table)
    return _table(table, {n: c for n, c in table.columns.items() if n in heads or c is made})


def _referred(name: str, data: Dataset, read: Mapping[str, tuple[str, ...]]) -> bool:
    """Is the table one that a dotted column leads to?"""
    heads = {(t, n.partition(".")[0]) for t, names in read.items() if t in data for n in names if "." in n}
    found = {data[t].references.get(head) for t, head in heads}
    return name in found or any("." in n.partition(".")[2] for names in read.values() for n in names)


def _filled(column: Column) -> Column:
    """Return a column with a value in every row."""
    n = len(column)
    if column.kind in ("key", "text"):
        word = "won" if column.kind == "key" and "won" in column.labels else "filled in afterwards"
        labels = [*column.labels, *([] if word in column.labels else [word])]
        if column.kind == "text":
            return column.replace(data=np.full(n, word, object))
        return column.replace(data=np.full(n, labels.index(word), np.int32), labels=labels)
    value = column.bounds[1] if column.kind in ("instant", "day") else 1
    return column.replace(data=np.full(n, value, column.data.dtype), valid=None)
