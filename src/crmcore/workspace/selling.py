"""Selling: scorers that learn and are judged, and what to do next, on the datasets of a workspace."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, TableNotFound
from ..evaluate.pricing import priced
from ..evaluate.rows import rows_of
from ..table.views import newest
from .arguments import check_condition, check_keywords
from .scoring import score_table

if TYPE_CHECKING:
    from ..algebra.columns import Expr
    from ..evaluate import Scope
    from ..evaluate.rows import Rows
    from ..scoring.backtest import Learner
    from ..scoring.evaluation import Evaluation
    from ..scoring.scorer import Scorer
    from ..scoring.scores import Scores
    from ..scoring.signals import Steps
    from ..table.dataset import Dataset

__all__ = ["Selling"]


GIVEN = ("where", "probabilities", "scores", "today", "unread", "language")
"""Arguments of the functions that the workspace gives itself."""


def _check(function: Callable[..., Any], choices: Iterable[str]) -> None:
    check_keywords(f"{function.__name__}()", function, choices, GIVEN)


def _unread(data: Dataset, table: str) -> int:
    """Return how many rows of a table could not be read."""
    return sum(r.table == table for r in data.rejected)


class Selling:
    """What a workspace does with scorers that learn, and with the scores."""

    language: str

    @abstractmethod
    def scorer(self, name: str | Scorer) -> Scorer:
        """Return a scorer by name."""

    @abstractmethod
    def _scope(self, data: Dataset, as_of: date | None) -> Scope:
        """Return the dataset as seen from an instant."""

    @abstractmethod
    def _data(self, data: Dataset | None, tables: Iterable[str] | None = None, *, history: bool = False) -> Dataset:
        """Return what is given, else what the store has."""

    def fit(
        self, learner: Learner, data: Dataset | None = None, *, where: Expr | None = None, as_of: date | None = None
    ) -> Scorer:
        """Return the scorer that the decided rows of a dataset teach.

        Each row is seen as of its decision: what its own dates place later is blank. What learns from histories, such as
        `StageChain`, is given all rows instead, open ones too, with their changes up to as_of.

        Args:
            learner: what learns, such as `NaiveBayes(name="lead_win", features=["source", "region"])`.
            data: the tables; by default those of the store.
            where: a condition on the rows that teach.
            as_of: the date (its end, local) or aware datetime looked from; by default the newest recorded instant (T8).

        Raises:
            ArgumentError: what learns nothing.
            CrmCoreError: rows that teach nothing, and why.
        """
        from ..scoring.backtest import learned

        return learned(learner, self._rows(learner, self._data(data, history=True), where, as_of))

    def evaluate_scorer(
        self,
        scorer: str | Scorer | Learner,
        data: Dataset | None = None,
        *,
        split: date,
        where: Expr | None = None,
        as_of: date | None = None,
        **choices: Any,
    ) -> Evaluation:
        """Judge a scorer by the rows that were decided after an instant.

        One that learns is fitted anew on the rows decided up to it. No row is seen with what its own dates place after the
        split, or after its decision; a scorer that reads what is filled after the outcome is refused.

        Args:
            scorer: a name, a scorer, or what learns one.
            data: the tables; by default those of the store.
            split: the date (its end, local) or aware datetime at which the rows are parted.
            where: a condition on the rows.
            as_of: up to when outcomes are known; by default the newest recorded instant (T8).
            choices: `won`, `lost`, `decided`, `known`, `quantiles`, `bins` of `crmcore.scoring.backtest`.

        Returns: AUC, Brier score, gain and the rest, as `evaluate` gives them; in the language of the workspace.

        Raises:
            DefinitionError: a column that is filled after the outcome.
            DataError: no row was decided after the split.
        """
        from ..scoring.backtest import backtest, learner_of

        chosen: Any = scorer
        if learner_of(chosen) is None:
            chosen = self.scorer(chosen)
        _check(backtest, choices)
        seen = self._data(data, history=True)
        now = self._rows(chosen, seen, where, as_of)
        if split is None:
            raise ArgumentError("split is a date or an aware datetime, got None")
        then = self._scope(seen, split)
        if then.as_of is None or now.scope.as_of is None:
            raise ArgumentError("a dataset without any recorded date cannot be split in time; evaluate() takes arrays")
        return backtest(chosen, now, then.as_of, then, **choices).told(self.language)

    def next_steps(
        self,
        data: Dataset | None = None,
        *,
        where: Expr | None = None,
        as_of: date | None = None,
        scorer: str | Scorer | None = None,
        **choices: Any,
    ) -> Steps:
        """Rank open deals by expected value, urgency and risk, each with the next step it lacks.

        Args:
            data: the tables; opportunities, and activities, contacts, stages where there are any; by default those of the store.
            where: a condition on the deals.
            as_of: the date (its end, local) or aware datetime looked from; by default the newest recorded instant (T8).
            scorer: of opportunities, whose probabilities count in place of the deals' own.
            choices: of `crmcore.scoring.next_steps`, such as idle_days=7.

        Raises:
            CurrencyError: amounts in several currencies, and no rates (M2).
            CrmCoreError: what else cannot be ranked, and why.
        """
        from ..scoring.guidance import next_steps

        _check(next_steps, choices)
        held = self._data(data, ("opportunity",), history=as_of is not None)
        scope, today, scores = self._looked_at(held, as_of, scorer, "opportunity")
        check_condition(where)
        return next_steps(
            scope,
            where=where,
            probabilities=scores,
            today=today,
            unread=_unread(held, "opportunity"),
            language=self.language,
            **choices,
        )

    def follow_up(
        self,
        data: Dataset | None = None,
        *,
        where: Expr | None = None,
        as_of: date | None = None,
        scorer: str | Scorer | None = None,
        **choices: Any,
    ) -> Steps:
        """Rank open leads for follow-up, each with the next step it lacks.

        Args:
            data: the tables; leads, and activities where there are any; by default those of the store.
            where: a condition on the leads.
            as_of: the date (its end, local) or aware datetime looked from; by default the newest recorded instant (T8).
            scorer: of leads, whose scores count in place of their column `score`.
            choices: of `crmcore.scoring.follow_up`, such as answer_hours=1.

        Raises:
            CrmCoreError: what cannot be ranked, and why.
        """
        from ..scoring.followup import follow_up

        _check(follow_up, choices)
        held = self._data(data, ("lead",), history=as_of is not None)
        scope, today, scores = self._looked_at(held, as_of, scorer, "lead")
        check_condition(where)
        return follow_up(
            scope,
            where=where,
            scores=scores,
            today=today,
            unread=_unread(held, "lead"),
            language=self.language,
            **choices,
        )

    def _rows(self, what: Any, data: Dataset, where: Expr | None, as_of: date | None) -> Rows:
        check_condition(where)
        table = getattr(what, "table", None)
        if not isinstance(table, str):
            raise ArgumentError(f"{what!r} is no scorer, and nothing that learns one: it names no table")
        scope = self._scope(data, as_of)
        if table not in scope.tables:
            raise TableNotFound(table, scope.tables, where=f"in the dataset; {getattr(what, 'name', table)!r} needs it")
        return rows_of(priced(scope.tables[table], None, scope), scope, where)

    def _looked_at(
        self, data: Dataset, as_of: date | None, scorer: str | Scorer | None, table: str
    ) -> tuple[Scope, bool, Scores | None]:
        """Return the tables as seen from an instant, whether it is the present, and a scorer's scores."""
        scope = self._scope(data, as_of)
        last = newest(data.tables, scope.zone)
        today = scope.as_of is None or last is None or scope.as_of.instant >= last[0]
        if scorer is None:
            return scope, today, None
        chosen = self.scorer(scorer)
        if chosen.table != table:
            raise ArgumentError(f"scorer {chosen.name!r} scores {chosen.table!r}; rows of {table!r} are ranked here")
        return scope, today, score_table(chosen, scope, None)
