"""Stage chain: the chance to win an open deal by where it stands, learnt from how deals went on from there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Any, ClassVar

import attrs
import numpy as np

from ..algebra.columns import Expr, col
from ..chains.stage_chains import PRIOR, WON, Chain, StageChains, stage_chains
from ..errors import ArgumentError, DataError, DefinitionError, TableNotFound
from ..evaluate.rows import Rows
from ..state.listing import Heading
from ..table.column import Array, Column, sort_key
from .calibration import probability_of
from .checks import known_columns, scorer_name, weight, whole
from .features import Feature
from .fitted import Fitted, read_fitted
from .outcomes import Decision, check_features, decision_of
from .readings import key_of
from .scores import Parts, Reason, Scores

__all__ = ["FittedStageChain", "StageChain"]

FORMAT = "crmcore stage chain 1"
TABLE = "opportunity"
STAGE = Reason("stage", {"en": "Stage", "zh": "阶段"})
_LABELS = MappingProxyType({"en": "Chance to win", "zh": "赢单概率"})
_STAGE = Heading("stage", "label", STAGE.labels)
_STAYS = Heading("stays", "count", {"en": "Stays", "zh": "停留次数"})
_HINT = "the chain is learnt from the changes of stages; without them it is unavailable (S5)"


def _segment(value: Any) -> Feature | None:
    return value if value is None or isinstance(value, Feature) else Feature(value)


@attrs.frozen(slots=False, eq=False, kw_only=True)
class StageChain:
    """What a scorer by stages looks at; `fit` learns the chain from the moves of deals and returns the scorer.

    The stages, with won, lost and abandoned, are an absorbing Markov chain: a step is as likely as it was frequent
    among the stays that have ended, those of open deals and steps back included. A deal's score is the chance to be won
    some time from its stage: the number of `stage_chain`, but for the smoothing.

    Args:
        name: snake_case.
        by: segments, each with a chain of its own: a column, an expression or a `Feature`. Blank is a segment; one that
            was never seen goes by the chain of all.
        prior: how many steps of all deals stand beside those of a segment in each stage; the fewer a segment has, the more
            it is like all.
        smoothing: added to how often deals were won, and lost, straight from each stage that has a chain. No stage is then
            sure to win or to lose, as no open deal is.
        known: columns that are known before the outcome in this data, though they usually are filled after it.
        revision: raised whenever the definition changes.
        labels: the name by language, by default the chance to win.

    Raises:
        DefinitionError: a name that is none, or segments by what is filled after the outcome.
        ArgumentError: segments, a prior or a smoothing that mean nothing.

    Rules: R2, R5, S1, S3, S4, S5, S6, O5, O8.

    Source: F13; Kemeny and Snell.
    """

    table: ClassVar[str] = TABLE
    from_history: ClassVar[bool] = True

    name: str = attrs.field(converter=scorer_name)
    by: Feature | None = attrs.field(default=None, converter=_segment)
    prior: float = PRIOR
    smoothing: float = 0.1
    known: tuple[str, ...] = attrs.field(default=(), converter=known_columns)
    revision: int = 1
    labels: Mapping[str, str] = _LABELS

    def __attrs_post_init__(self) -> None:
        whole("revision", self.revision, least=1)
        for argument in ("prior", "smoothing"):
            if not weight(argument, getattr(self, argument)):
                raise ArgumentError(f"{argument} is a number above 0, got {getattr(self, argument)!r}")
        if self.by is not None:
            if self.by.split is not None or self.by.least:
                raise DefinitionError(
                    f"segments of {self.name!r}: a deal is in one, so they take no split and no least"
                )
            check_features(self.name, [self.by.column], self.decision, self.known)

    @property
    def decision(self) -> Decision:
        """How deals are decided: won, or ended otherwise; an abandoned deal was not won, and the chance says so."""
        return decision_of(TABLE, lost=col("outcome").isin(("lost", "abandoned")))

    @property
    def inputs(self) -> list[Expr]:
        """What it reads of a deal."""
        return [col("stage"), *([] if self.by is None else [self.by.column])]

    def fit(self, rows: Rows) -> FittedStageChain:
        """Learn the chain from the deals and their changes up to the instant that they are seen from.

        Args:
            rows: open deals and closed ones, as they stand in their dataset.

        Raises:
            TableNotFound: no changes.
            HistoryUnavailable: the source keeps only the last change of a stage.
            DefinitionError: rows of another table, or rows taken out of their dataset.
            DataError: no stay in a stage has come to an end.
        """
        tables = rows.scope.tables
        if rows.table.name != TABLE:
            raise DefinitionError(f"scorer {self.name!r} learns from rows of {TABLE!r}, got {rows.table.name!r}")
        if TABLE not in tables or len(tables[TABLE]) != len(rows.table):
            raise DefinitionError(
                f"scorer {self.name!r} learns from deals as they stand in their dataset, beside their changes, as Workspace.fit "
                "gives them; these are rows of their own"
            )
        if "change" not in tables:
            raise TableNotFound("change", tables, where="in the dataset", hint=_HINT)
        segments = None if self.by is None else key_of(rows, self.by.column)
        found = stage_chains(rows, segments, prior=self.prior, smoothing=self.smoothing)
        if not found.whole.known.any():
            raise DataError(
                f"scorer {self.name!r} learns from deals that were won, lost or abandoned out of a stage, and of {len(rows):,} "
                f"deals with {len(found.walk.visits):,} stays in stages none was"
            )
        return _fitted(self, found)

    def load(self, text: str) -> FittedStageChain:
        """Return the scorer that `FittedStageChain.to_json` wrote.

        Raises:
            ArgumentError: no such JSON, or that of another definition.
        """
        data = read_fitted(text, self, FORMAT, "stage chain")
        stages, names, segments = (tuple(data[key]) for key in ("stages", "names", "segments"))
        odds = np.array(data["log_odds"], np.float64).reshape(-1, len(stages))
        stays = np.array(data["stays"], np.int64).reshape(odds.shape)
        return FittedStageChain(self, float(data["base"]), stages, names, segments, odds, stays)

    @property
    def definition(self) -> dict[str, Any]:
        """What the chain depends on, as plain data."""
        return {
            "name": self.name,
            "revision": self.revision,
            "by": None if self.by is None else [self.by.name, repr(self.by.column)],
            "prior": self.prior,
            "smoothing": self.smoothing,
        }


@attrs.frozen(slots=False, eq=False)
class FittedStageChain(Fitted):
    """A scorer that has learnt a chain; it scores every deal as if it were open, and never looks at the outcome.

    Args:
        spec: what it looks at.
        base: log-odds of the share of ends at which a deal was won.
        stages: as deals name them.
        names: of the stages.
        segments: that have a chain of their own.
        log_odds: to win, of all deals and of each segment by stage; nan where the stage has no chain.
        stays: that were seen, the same.
    """

    spec: StageChain
    base: float
    stages: tuple[Any, ...]
    names: tuple[Any, ...]
    segments: tuple[Any, ...]
    log_odds: Array
    stays: Array

    source = "F13; Kemeny and Snell"

    @property
    def reads(self) -> list[Expr]:
        """The expressions that it looks at."""
        return self.spec.inputs

    @property
    def summary(self) -> str:
        """What the score means."""
        return f"Probability of being won from the stage, by the chain of {int(self.stays[0].sum()):,} stays in stages."

    @cached_property
    def fingerprint(self) -> str:
        """Text that differs where what was learned does."""
        return sha256(self.to_json().encode()).hexdigest()[:16]

    def score(self, rows: Rows) -> Scores:
        """Return the probability of each deal; beside it its stage, and how many stays there it rests on.

        Undefined when: the deal has no stage, or from its stage no end was ever reached (R2).
        """
        stage, segment = key_of(rows, col("stage")), self._segments(rows)
        places = {label: i for i, label in enumerate(self.stages)}
        at = np.array([places.get(label, len(places)) for label in stage.labels])[stage.data]
        own = {label: i for i, label in enumerate(self.segments, 1)}
        group = np.array([own.get(label, 0) for label in segment.labels])[segment.data]
        odds = np.pad(self.log_odds, ((0, 0), (0, 1)), constant_values=np.nan)
        stays = np.pad(self.stays, ((0, 0), (0, 1)))
        names = np.array([self._name(label, places) for label in stage.labels], object)
        reasons = [STAGE, *([] if self.spec.by is None else [self.spec.by.reason])]

        def detail(some: Array) -> Parts:
            of_all, mine = odds[0, at[some]], odds[group[some], at[some]]
            amounts = np.nan_to_num(np.stack([of_all - self.base, mine - of_all], 1), nan=0.0)
            missing = np.stack([np.isnan(of_all), segment.data[some] == 0], 1) & (amounts == 0)
            return Parts(amounts[:, : len(reasons)], missing[:, : len(reasons)])

        return Scores.of_rows(
            self,
            rows,
            probability_of(odds[group, at]),
            reasons=reasons,
            parts=detail,
            link="logistic",
            base=self.base,
            unit="ratio",
            beside=[(_STAGE, names[stage.data]), (_STAYS, stays[group, at])],
        )

    def to_json(self, *, indent: int | None = None) -> str:
        """Return what was learnt, and by what definition, as JSON, which `StageChain.load` reads."""
        data = {
            "format": FORMAT,
            "definition": self.spec.definition,
            "base": self.base,
            "stages": self.stages,
            "names": self.names,
            "segments": self.segments,
            "log_odds": [[None if x != x else x for x in row] for row in self.log_odds.tolist()],  # noqa: PLR0124
            "stays": self.stays.tolist(),
        }
        return json.dumps(data, ensure_ascii=False, indent=indent, allow_nan=False)

    def _segments(self, rows: Rows) -> Column:
        if self.spec.by is None:
            return Column("key", np.zeros(len(rows), np.int8), labels=[None])
        return key_of(rows, self.spec.by.column)

    def _name(self, label: Any, places: Mapping[Any, int]) -> Any:
        return self.names[places[label]] if label in places else label


def _fitted(spec: StageChain, found: StageChains) -> FittedStageChain:
    """Return the scorer, its segments those that deals were in, by label."""
    there = sorted(
        (c for c, part in enumerate(found.parts) if part.steps.stays.any()),
        key=lambda c: (found.segments[c] is not None, sort_key(found.segments[c])),
    )
    chains = [found.whole, *(found.parts[c] for c in there)]
    ends = found.whole.steps.ends.sum(axis=0)
    won = float(ends[WON]) + spec.smoothing
    base = np.log(won) - np.log(float(ends.sum() - ends[WON]) + spec.smoothing)
    return FittedStageChain(
        spec,
        float(base),
        found.labels,
        found.names,
        tuple(found.segments[c] for c in there),
        np.stack([_log_odds(chain) for chain in chains]),
        np.stack([chain.steps.stays for chain in chains]),
    )


def _log_odds(chain: Chain) -> Array:
    won, others = chain.solved.ends[:, WON], np.delete(chain.solved.ends, WON, axis=1)
    return np.asarray(np.log(won) - np.log(others.sum(axis=1)))
