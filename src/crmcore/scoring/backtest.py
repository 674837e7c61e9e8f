"""Backtest: a scorer judged by rows that were decided after everything it learned from."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..algebra.columns import Expr, col
from ..errors import ArgumentError, DataError
from ..evaluate import Moment, Scope
from ..evaluate.pricing import priced
from ..evaluate.rows import Rows
from ..state.listing import Fact
from .evaluation import Evaluation, evaluate
from .outcomes import Decision, check_features, decision_of
from .scorer import Scorer, scored
from .split import hindsight, time_split

__all__ = ["Learner", "backtest", "learned", "learner_of"]


@runtime_checkable
class Learner(Protocol):
    """What learns a scorer from decided rows: `NaiveBayes`, `LogisticRegression`, or one of a plugin.

    One with `from_history = True`, such as `StageChain`, learns from how rows went, open ones too: it is given all rows as
    they are seen from the instant that it learns at, and `rows.scope` has their changes up to it.
    """

    @property
    def name(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def decision(self) -> Decision: ...

    def fit(self, rows: Rows) -> Scorer:
        """Return the scorer that the decided rows teach."""
        ...


def learner_of(scorer: Any) -> Learner | None:
    """Return what learns a scorer anew: itself, or the definition it was fitted by; None for one that learns nothing."""
    for candidate in (scorer, getattr(scorer, "spec", None)):
        if isinstance(candidate, Learner):
            return candidate
    return None


def learned(learner: Learner, now: Rows) -> Scorer:
    """Return the scorer that decided rows teach, each seen as of its decision; or all rows with their history.

    Raises:
        ArgumentError: what learns nothing.
        CrmCoreError: rows that teach nothing, and why.
    """
    if not isinstance(learner, Learner):
        raise ArgumentError(f"fit() takes what learns, such as NaiveBayes(name=..., features=[...]), got {learner!r}")
    return learner.fit(now if _from_history(learner) else hindsight(now, learner.decision))


def _from_history(learner: Learner) -> bool:
    return bool(getattr(learner, "from_history", False))


def _as_they_were(now: Rows, then: Scope) -> Rows:
    """Return the rows that there were then, those of `now` alone where it has not all, with all that was known of them."""
    rows = Rows(priced(then.tables[now.table.name], None, then), then, None)
    if now.places is None:
        return rows
    kept = set(now.ids())
    return rows.at(np.flatnonzero([i in kept for i in rows.ids()]))


def backtest(
    scorer: Any,
    now: Rows,
    at: Moment,
    then: Scope,
    *,
    won: Expr | None = None,
    lost: Expr | None = None,
    decided: Expr | str | None = None,
    known: tuple[str, ...] = (),
    quantiles: int = 10,
    bins: int = 10,
) -> Evaluation:
    """Judge a scorer by the rows decided after an instant.

    One that learns is fitted anew on the rows decided up to it, or on the history of all rows up to it. Rows are seen as
    `time_split` says; a scorer that reads what is filled after the outcome is refused.

    Args:
        scorer: a scorer, or what learns one.
        now: the rows as they are known now.
        at: the split.
        then: the tables as of the split.
        won: which rows are won, for a scorer that learns nothing; by default as usual for the table.
        lost: which are lost.
        decided: when that was decided.
        known: columns that are known before the outcome in this data, though they usually are filled after it.
        quantiles: parts of the gain, 10 for deciles.
        bins: classes of the calibration.

    Raises:
        DefinitionError: a column that is filled after the outcome.
        DataError: no row was decided after the split.
    """
    learner = learner_of(scorer)
    if learner is None:
        decision = decision_of(now.table.name, won, lost, decided)
        check_features(scorer.name, [col(c) for c in scorer.needs + scorer.wants], decision, known)
    elif won is not None or lost is not None:
        raise ArgumentError(f"which rows are won or lost stands in the definition of {learner.name!r}; state it there")
    else:
        own = learner.decision
        decision = decision_of(own.table, own.won, own.lost, own.at if decided is None else decided)
    split = time_split(now, decision, at, then)
    if not len(split.test):
        raise DataError(
            f"no row of {now.table.name!r} was decided after the split: {len(split.train):,} were before, "
            f"{split.undecided:,} are undecided and {split.undated:,} have no date; choose an earlier split"
        )
    taught = split.train if learner is None or not _from_history(learner) else _as_they_were(now, then)
    judged: Scorer = scorer if learner is None else learner.fit(taught)
    return evaluate(
        scored(judged, split.test),
        split.won,
        quantiles=quantiles,
        bins=bins,
        facts=[
            Fact(
                "trained_on",
                len(taught) if learner is not None else 0,
                "count",
                {"en": "Learned from", "zh": "训练样本数"},
                quiet=True,
            ),
            Fact(
                "created_later",
                split.created_later,
                "count",
                {"en": "Created after the split", "zh": "分割后创建"},
                quiet=True,
            ),
            Fact(
                "undecided_yet",
                split.undecided,
                "count",
                {"en": "Left out, not decided yet", "zh": "尚未决定（已排除）"},
                quiet=True,
            ),
            Fact(
                "undated",
                split.undated,
                "count",
                {"en": "Left out, decided without a date", "zh": "无决定日期（已排除）"},
                quiet=True,
            ),
        ],
    )
