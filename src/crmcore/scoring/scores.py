"""Scores: one score per row, with the reasons that add up to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from math import isnan
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..errors import ArgumentError, DefinitionError, RowNotFound
from ..evaluate.rows import Rows
from ..locales import locale
from ..locales.labels import label_in, read_only
from ..state.listing import SHOWN, Heading, Listing
from ..table.column import Array, Column, Mask
from .words import said

if TYPE_CHECKING:
    from .scorer import Scorer

__all__ = ["LINKS", "Because", "Parts", "Reason", "Score", "Scores"]

LINKS = ("identity", "logistic", "none")
"""identity: base + parts = score x scale; logistic: base + parts = log-odds of the score; none: they do not add up."""

MAIN = 3
"""Reasons that a listing shows of a row."""


@attrs.frozen(slots=True)
class Reason:
    """What may add to a score or take from it: a rule, a column, a trait, a cap.

    Args:
        name: snake_case, or the host's own word.
        labels: the name by language.
    """

    name: str
    labels: Mapping[str, str] = attrs.field(factory=dict, converter=read_only, hash=False)

    def label(self, language: str = "en") -> str:
        """Return the name in a language, in English, or as it is."""
        return label_in(language, self.labels, self.name)


@attrs.frozen(slots=True, eq=False)
class Parts:
    """What each reason gives some rows.

    Args:
        amounts: rows x reasons: whole numbers (points x scale), or float64.
        missing: rows x reasons: where a reason gives nothing because a value it reads is not there; None where none is.
    """

    amounts: Array
    missing: Mask | None = None


@attrs.frozen(slots=True)
class Because:
    """What one reason gives one row; `missing` where it gives nothing because a value is not there."""

    reason: Reason
    amount: int | float
    missing: bool = False


@attrs.frozen(slots=True, kw_only=True)
class Score:
    """The score of one row.

    Args:
        value: None where it is undefined.
        base: what every row has before any reason, in the unit of the reasons' amounts.
        reasons: what counted, the largest first whatever its sign, then what is missing; no reason that gives nothing else.
        link: how the reasons make the value; see `LINKS`.
    """

    scorer: str
    revision: int
    table: str
    id: Any
    value: float | None
    grade: str | None
    base: int | float
    reasons: tuple[Because, ...]
    link: str
    beside: Mapping[str, Any] = attrs.field(factory=dict, converter=read_only)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "scorer": self.scorer,
            "revision": self.revision,
            "table": self.table,
            **self.as_row(),
            "base": self.base,
            "link": self.link,
        }

    def as_row(self) -> dict[str, Any]:
        """Return what differs from row to row."""
        return {
            "id": self.id,
            "score": self.value,
            **({} if self.grade is None else {"grade": self.grade}),
            **self.beside,
            "reasons": [{"name": b.reason.name, "amount": b.amount, "missing": b.missing} for b in self.reasons],
        }

    def text(self, language: str = "en") -> str:
        """Return the score and its reasons, one a line."""
        return said(self, language)

    def __str__(self) -> str:
        return self.text()


Detail = Callable[[Array], Parts]
"""Positions of rows -> what each reason gives them."""


@attrs.frozen(slots=False, eq=False, kw_only=True, repr=False)
class Scores:
    """The scores of some rows of a table; make them by `Scores.of_rows`.

    Args:
        scorer: name of the scorer; `revision` and `fingerprint` say which version of it.
        table: whose rows are scored.
        ids: of the rows, in their order.
        values: float64, nan where undefined.
        reasons: all reasons there can be, in the order of the columns of `parts`.
        link: how base and parts make the value; see `LINKS`.
        base: what every row has before any reason.
        scale: amounts of the parts (and the base) are whole numbers of 1 / scale.
        unit: of the values: "points", "ratio" (a probability), "score", "money" ...
        grade: a key column of grades; None where the scorer gives none.
        beside: further values per row, such as the points for fit alone.
        labels: the name of the score by language.
        language: of what is printed.
    """

    scorer: str
    revision: int
    fingerprint: str = ""
    table: str
    ids: Array
    values: Array
    reasons: tuple[Reason, ...] = ()
    link: str = "none"
    base: int | float = 0
    scale: int = 1
    unit: str = "points"
    grade: Column | None = None
    beside: tuple[tuple[Heading, Array], ...] = ()
    labels: Mapping[str, str] = attrs.field(factory=dict, converter=read_only)
    language: str = "en"
    _detail: Detail | None = None

    @classmethod
    def of_rows(
        cls,
        scorer: Scorer,
        rows: Rows,
        values: Array,
        *,
        defined: Mask | None = None,
        reasons: Sequence[Reason] = (),
        parts: Array | Parts | Detail | None = None,
        link: str | None = None,
        base: int | float = 0,
        scale: int = 1,
        unit: str = "points",
        grade: Column | None = None,
        beside: Iterable[tuple[Heading, Array]] = (),
    ) -> Scores:
        """Return scores of rows.

        Args:
            scorer: gives name, revision, labels, and a `fingerprint` where it has one.
            rows: what was scored.
            values: one per row; nan is undefined.
            defined: where a value is; None for wherever it is not nan.
            reasons: one per column of `parts`.
            parts: rows x reasons; or a function that finds them for some rows when they are asked for.
            link: None is "identity" where there are parts, else "none".
            base: see the class, as for what follows.
            scale: 1000 where parts are in thousandths.
            unit: of the values.
            grade: one per row; a row without a score has none.
            beside: headings, each with one value per row.

        Raises:
            DefinitionError: not one value per row, an infinite one, or parts that do not fit the reasons.
        """
        found = np.asarray(values, np.float64)
        name = scorer.name
        if found.shape != (len(rows),):
            raise DefinitionError(
                f"scorer {name!r} gave values of shape {found.shape} for {len(rows)} rows; it owes one each"
            )
        if defined is not None:
            found = np.where(defined, found, np.nan)
        if np.isinf(found).any():
            row = int(np.flatnonzero(np.isinf(found))[0])
            raise DefinitionError(
                f"scorer {name!r} gave row {row} the score {found[row]}; a score is finite, or nan: undefined"
            )
        how = link if link is not None else "none" if parts is None else "identity"
        if how not in LINKS:
            raise DefinitionError(f"scorer {name!r}: link is one of {', '.join(LINKS)}, got {link!r}")
        return cls(
            scorer=name,
            revision=scorer.revision,
            fingerprint=str(getattr(scorer, "fingerprint", "")),
            table=rows.table.name,
            ids=ids_of(rows),
            values=found,
            reasons=tuple(reasons),
            link=how,
            base=base,
            scale=scale,
            unit=unit,
            grade=_graded(grade, found),
            beside=tuple(beside),
            labels=scorer.labels,
            detail=None if parts is None else _detail(parts, name, len(rows), len(reasons)),
        )

    def __len__(self) -> int:
        return int(self.values.size)

    def __iter__(self) -> Iterator[Score]:
        return iter(self.each())

    def __repr__(self) -> str:
        return f"Scores({self.scorer!r}, revision {self.revision}, {len(self)} rows of {self.table!r})"

    def __str__(self) -> str:
        found, hidden = str(self.listing(top=SHOWN)), len(self) - SHOWN
        return found if hidden <= 0 else f"{found}\n{locale(self.language).words['more'].format(n=f'{hidden:,}')}"

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.listing(reasons=0).__arrow_c_stream__(requested_schema)

    @cached_property
    def defined(self) -> Mask:
        """Which rows have a score."""
        found: Mask = ~np.isnan(self.values)
        return found

    @property
    def grades(self) -> list[str | None]:
        """The grade of each row; None where it has none."""
        if self.grade is None:
            return [None] * len(self)
        labels = self.grade.labels
        return [labels[code] for code in self.grade.data.tolist()]

    # -- reasons -------------------------------------------------------------------------------------

    @property
    def parts(self) -> Array:
        """What each reason gives each row (rows x reasons); found anew at each call."""
        return self.parts_of(np.arange(len(self))).amounts

    def parts_of(self, places: Array) -> Parts:
        """Return what each reason gives the rows at these positions."""
        if self._detail is None:
            return Parts(np.zeros((places.size, len(self.reasons)), np.int64))
        return self._detail(places)

    def each(self, places: Sequence[int] | None = None) -> list[Score]:
        """Return the score of each row, or of those at these positions, with its reasons."""
        chosen = np.arange(len(self)) if places is None else np.array([*places], np.int64)
        found = self.parts_of(chosen)
        amounts = found.amounts.tolist()
        missing = [()] * chosen.size if found.missing is None else found.missing.tolist()
        grades = self.grades if places is None else [self._grade(p) for p in chosen.tolist()]
        beside = {h.name: v[chosen].tolist() for h, v in self.beside}
        return [
            Score(
                scorer=self.scorer,
                revision=self.revision,
                table=self.table,
                id=_plain(self.ids[place]),
                value=_defined(self.values[place].item()),
                grade=grades[i],
                base=self.amount(self.base),
                reasons=self._because(amounts[i], missing[i]),
                link=self.link,
                beside={n: _defined(v[i]) for n, v in beside.items()},
            )
            for i, place in enumerate(chosen.tolist())
        ]

    def of(self, id: Any) -> Score:  # noqa: A002 - the column it looks in is called so
        """Return the score of one row with its reasons, the largest first.

        Raises:
            RowNotFound: no row with this id was scored.
        """
        place = self._places.get(id)
        if place is None:
            some = [str(x) for x in self.ids[:1000].tolist()]
            raise RowNotFound(str(id), some, where=f"among the {self.table} ids scored with {self.scorer!r}")
        return self.each([place])[0]

    def explain(self, id: Any, language: str | None = None) -> str:  # noqa: A002 - as above
        """Return the score of one row as text, with its reasons."""
        return self.of(id).text(language or self.language)

    # -- order ---------------------------------------------------------------------------------------

    def sorted(self) -> Scores:
        """Return the scores with the best first, equal ones in the order they stand in, undefined ones last."""
        return self.at(np.argsort(-self.values, kind="stable"))

    def top(self, n: int) -> Scores:
        """Return the best `n` scores, the best first."""
        if n < 0:
            raise ArgumentError(f"top() takes a number of rows, got {n!r}")
        return self.at(np.argsort(-self.values, kind="stable")[:n])

    def at(self, places: Array) -> Scores:
        """Return the scores of the rows at these positions."""
        detail = self._detail
        return attrs.evolve(
            self,
            ids=self.ids.take(places),
            values=self.values.take(places),
            grade=None if self.grade is None else self.grade.take(places),
            beside=tuple((h, v.take(places)) for h, v in self.beside),
            detail=None if detail is None else lambda chosen: detail(places.take(chosen)),
        )

    def told(self, language: str) -> Scores:
        """Return the scores with labels in another language when they are printed."""
        return attrs.evolve(self, language=language)

    # -- plain data ----------------------------------------------------------------------------------

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per row: id, score, grade, what stands beside, and the reasons."""
        return [score.as_row() for score in self.each()]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON."""
        return {
            "scorer": self.scorer,
            "revision": self.revision,
            "fingerprint": self.fingerprint,
            "table": self.table,
            "link": self.link,
            "base": self.amount(self.base),
            "reasons": {r.name: r.label(self.language) for r in self.reasons},
            "rows": self.rows(),
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return everything as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent, default=str, allow_nan=False)

    def listing(self, *, reasons: int = MAIN, top: int | None = None) -> Listing:
        """Return the scores as a table, in the order they stand in; below it, how many rows there are of each grade.

        Args:
            reasons: how many of the reasons of each row are told; 0 for none.
            top: only the first so many rows; what stands below counts all.
        """
        from .listed import listed

        return listed(self, reasons, top)

    # -- inside --------------------------------------------------------------------------------------

    @cached_property
    def _places(self) -> dict[Any, int]:
        return {key: place for place, key in enumerate(self.ids.tolist())}

    def _grade(self, place: int) -> str | None:
        found: str | None = None if self.grade is None else self.grade.labels[int(self.grade.data[place])]
        return found

    def _because(self, amounts: Sequence[Any], missing: Sequence[bool]) -> tuple[Because, ...]:
        lacking = {i for i, m in enumerate(missing) if m}
        counted = [i for i, a in enumerate(amounts) if a]
        counted.sort(key=lambda i: -abs(amounts[i]))
        left = [i for i in sorted(lacking) if not amounts[i]]
        return tuple(Because(self.reasons[i], self.amount(amounts[i]), i in lacking) for i in (*counted, *left))

    def amount(self, amount: Any) -> int | float:
        """Return an amount of the parts in the unit of the score."""
        if not isinstance(amount, int):
            return float(amount)
        return amount // self.scale if amount % self.scale == 0 else amount / self.scale


def ids_of(rows: Rows) -> Array:
    """Return the id of each row, as an array of whole numbers or of objects."""
    column = rows.values("id")
    if column.kind != "key":
        return column.data
    labels = np.empty(len(column.labels), object)
    labels[:] = column.labels
    return labels[column.data]


def _detail(parts: Array | Parts | Detail, name: str, n: int, k: int) -> Detail:
    if callable(parts):
        return parts
    known = parts if isinstance(parts, Parts) else Parts(np.asarray(parts))
    if known.amounts.shape != (n, k):
        raise DefinitionError(
            f"scorer {name!r} gave parts of shape {known.amounts.shape}; {n} rows and {k} reasons make {(n, k)}"
        )
    missing = known.missing
    return lambda places: Parts(known.amounts.take(places, 0), None if missing is None else missing.take(places, 0))


def _graded(grade: Column | None, values: Array) -> Column | None:
    undefined = np.isnan(values)
    if grade is None or not undefined.any():
        return grade
    return grade.replace(data=np.where(undefined, 0, grade.data).astype(grade.data.dtype))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _defined(value: Any) -> Any:
    return None if isinstance(value, float) and isnan(value) else value
