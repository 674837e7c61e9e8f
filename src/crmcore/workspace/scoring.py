"""Scoring: scorers by name, and the rows they score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, DataError, DefinitionError, ScorerNotFound, TableNotFound
from ..evaluate.pricing import priced
from ..evaluate.rows import rows_of
from ..scoring.scorer import Scorer, check_scorer, scored
from ..table.dataset import Dataset

if TYPE_CHECKING:
    from ..algebra.columns import Expr
    from ..evaluate import Scope
    from ..scoring.scores import Score, Scores

__all__ = ["alone", "only_score", "score_table", "scorer_named", "scorers_of"]


def scorers_of(given: Iterable[Scorer], origin: str = "scorers") -> Mapping[str, Scorer]:
    """Return scorers by name.

    Raises:
        ArgumentError: something else among them.
        DefinitionError: two of one name.
    """
    found: dict[str, Scorer] = {}
    for scorer in given:
        check_scorer(scorer)
        if scorer.name in found and found[scorer.name] is not scorer:
            raise DefinitionError(f"two scorers from {origin} are called {scorer.name!r}; rename one")
        found[scorer.name] = scorer
    return MappingProxyType(found)


def scorer_named(name: str | Scorer, known: Mapping[str, Scorer]) -> Scorer:
    """Return a scorer by name; a scorer passes through.

    Raises:
        ScorerNotFound: no such scorer, with the nearest names.
        ArgumentError: what is neither a name nor a scorer.
    """
    if not isinstance(name, str):
        return check_scorer(name)
    if name not in known:
        hint = "" if known else "this workspace has none; give it some: Workspace(scorers=[...]), or a plugin with some"
        raise ScorerNotFound(name, known, hint=hint)
    return known[name]


def score_table(scorer: Scorer, scope: Scope, where: Expr | None) -> Scores:
    """Return the scores of the rows of the scorer's table that a condition keeps.

    Raises:
        NotFoundError: a table or column that the scorer needs.
    """
    if scorer.table not in scope.tables:
        raise TableNotFound(scorer.table, scope.tables, where=f"in the dataset; scorer {scorer.name!r} scores it")
    table = priced(scope.tables[scorer.table], None, scope)
    return scored(scorer, rows_of(table, scope, where))


def alone(scorer: Scorer, record: Any, others: Dataset | None) -> Dataset:
    """Return a dataset in which one record is the whole table that a scorer scores.

    Args:
        scorer: whose table it is.
        record: a record of the domain, an object of any attrs class, or a dict.
        others: gives the other tables.

    Raises:
        ArgumentError: several records, or what is none.
        DataError: a record that a dataset rejects, or leaves out since it is deleted, a sample or a test.
    """
    if isinstance(record, (str, bytes, int, float, Dataset)) or (
        isinstance(record, Iterable) and not isinstance(record, Mapping)
    ):
        raise ArgumentError(
            f"score_one() takes one record, or a dict such as {{'id': 'L1', 'source': 'web'}}, got {type(record).__name__}; "
            "score() takes a dataset"
        )
    tables: dict[str, Any] = {} if others is None else dict(others.tables)
    found = Dataset(**(tables | {scorer.table: [record]}))
    if len(found[scorer.table]) == 1:
        return found
    rejected = [str(i) for i in found.issues if i.rejected and i.table == scorer.table]
    why = "; ".join(rejected) or ", ".join(found[scorer.table].excluded) or "it was left out"
    raise DataError(f"this record of {scorer.table!r} cannot be scored: {why}")


def only_score(scores: Scores) -> Score:
    """Return the one score there is.

    Raises:
        DataError: the record did not exist yet at the instant that is looked from.
    """
    if len(scores) != 1:
        raise DataError(f"this record of {scores.table!r} did not exist yet at as_of, so it has no score")
    return scores.each()[0]
