"""Scorer: what gives one score per row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ..errors import ArgumentError, ColumnNotFound, CrmCoreError, DefinitionError, TableNotFound
from ..evaluate import resolve
from ..evaluate.rows import Rows
from .scores import Scores

if TYPE_CHECKING:
    from ..table.table import Table

__all__ = ["Scorer", "check_needs", "check_scorer", "scored"]


@runtime_checkable
class Scorer(Protocol):
    """Gives each row of one table a score, with reasons.

    What it gives a row depends on nothing but that row, the rows it refers to, the tables in `others` and the instant
    that is looked from: never on which other rows are scored with it, nor on their order.

    Args:
        name: snake_case.
        table: the table whose rows it scores: lead, opportunity, account ...
        needs: the columns of that table it cannot do without; `owner.team` follows a reference.
        wants: columns it uses where they are there.
        others: other tables that it reads, each with the columns it needs of it.
        revision: raised whenever the same input gives another score.
        labels: the name by language.
        summary: what the score means, in one sentence.
        source: where the definition comes from.
    """

    @property
    def name(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def wants(self) -> tuple[str, ...]: ...
    @property
    def others(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def revision(self) -> int: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def summary(self) -> str: ...
    @property
    def source(self) -> str: ...

    def score(self, rows: Rows) -> Scores:
        """Return the scores of the rows, in their order."""
        ...


_MEMBERS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "name": (str, "text such as 'lead_fit'"),
    "table": (str, "the name of a table such as 'lead'"),
    "needs": (tuple, "a tuple of columns such as ('source', 'created_at')"),
    "wants": (tuple, "a tuple of columns, () for none"),
    "others": (Mapping, "a mapping from tables to tuples of columns, {} for none"),
    "revision": (int, "a whole number from 1"),
    "labels": (Mapping, "a mapping such as {'en': 'Lead fit', 'zh': '线索匹配度'}"),
    "summary": (str, "one sentence"),
    "source": (str, "where the definition comes from"),
}


def check_scorer(scorer: Any) -> Scorer:
    """Return the scorer, or say what it lacks.

    Raises:
        ArgumentError: no scorer, with the first member that is missing or of another type.
        DefinitionError: a name that is none, or a revision below 1.
    """
    if isinstance(scorer, type) or not callable(getattr(scorer, "score", None)):
        raise ArgumentError(f"{scorer!r} is no scorer: it needs score(rows) that returns Scores")
    said = getattr(scorer, "name", type(scorer).__name__)
    for member, (kind, meaning) in _MEMBERS.items():
        if not hasattr(scorer, member):
            raise ArgumentError(f"scorer {said!r} has no {member}: {meaning}")
        value = getattr(scorer, member)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ArgumentError(f"scorer {said!r}: {member} is {meaning}, got {value!r}")
    for table, columns in {scorer.table: scorer.needs + scorer.wants, **scorer.others}.items():
        if not isinstance(columns, tuple) or not all(isinstance(c, str) for c in columns):
            raise ArgumentError(f"scorer {said!r}: columns of table {table!r} are a tuple of names, got {columns!r}")
    if not scorer.name.isidentifier():
        raise DefinitionError(f"scorer name {scorer.name!r} is no snake_case name", name=scorer.name)
    if scorer.revision < 1:
        raise DefinitionError(f"scorer {said!r}: revision is a whole number from 1, got {scorer.revision!r}")
    found: Scorer = scorer
    return found


def check_needs(scorer: Scorer, rows: Rows) -> None:
    """Raise where the rows lack what a scorer needs.

    Raises:
        TableNotFound: a table that it reads.
        ColumnNotFound: a column, with the scorer and what there is.
    """
    _check_columns(scorer, rows.table, scorer.needs, rows)
    for name, columns in scorer.others.items():
        if name not in rows.scope.tables:
            raise TableNotFound(name, rows.scope.tables, where=f"in the dataset; scorer {scorer.name!r} needs it")
        _check_columns(scorer, rows.scope.tables[name], columns, rows)


def _check_columns(scorer: Scorer, table: Table, columns: tuple[str, ...], rows: Rows) -> None:
    for column in columns:
        try:
            resolve(column, table, rows.scope)
        except ColumnNotFound as error:
            raise _needed_by(scorer, column, error) from None


def _needed_by(scorer: Scorer, column: str, error: ColumnNotFound) -> ColumnNotFound:
    error.message = f"column {column!r} is needed by scorer {scorer.name!r}: {error.message}"
    error.args = (error.message,)
    return error


def scored(scorer: Scorer, rows: Rows) -> Scores:
    """Return the scores of the rows, checked against the contract.

    Raises:
        NotFoundError: a table or column that the scorer needs and the rows have not.
        DefinitionError: what the scorer returns is no `Scores` of these rows.
    """
    check_needs(scorer, rows)
    try:
        found: object = scorer.score(rows)
    except CrmCoreError as error:
        error.add_note(f"while scoring {rows.table.name!r} with {scorer.name!r}")
        raise
    if not isinstance(found, Scores):
        raise DefinitionError(
            f"scorer {scorer.name!r} returned {type(found).__name__}, not Scores; see Scores.of_rows()"
        )
    if len(found) != len(rows):
        raise DefinitionError(f"scorer {scorer.name!r} gave {len(found)} scores for {len(rows)} rows; it owes one each")
    return found
