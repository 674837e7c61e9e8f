"""Stage chains: the absorbing chain of the stages, of all deals and of each segment, learnt from their moves."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import attrs
import numpy as np

from ..evaluate.rows import Rows
from ..table.column import Array, Column, Mask
from ..table.history import ALWAYS, visits_of
from ..table.stages import Stages, stages_of
from .absorbing import Absorbing, absorbing, reaching
from .steps import ENDS, Steps, Walk, walk_of

__all__ = ["PRIOR", "Chain", "StageChains", "stage_chains"]

PRIOR = 20
"""Transitions of all deals that stand beside those of a segment."""
WON, LOST = ENDS.index("won"), ENDS.index("lost")


@attrs.frozen(slots=True, eq=False)
class Chain:
    """What was seen, the days of a stay, and what follows from both."""

    steps: Steps
    days: Array
    solved: Absorbing

    @property
    def known(self) -> Mask:
        """Which stages have a chain: those from which an outcome was ever reached."""
        found: Mask = ~np.isnan(self.solved.ends[:, WON])
        return found


@attrs.frozen(slots=True, eq=False)
class StageChains:
    """The chain of all deals and of each segment.

    Args:
        labels: the stages, as deals name them, in the order of their pipelines.
        codes: of the same stages in `known`.
        known: the stages of the history.
        segments: code -> label; code 0 is blank.
        walk: the stays that were seen.
        whole: the chain of all deals.
        parts: the chain of each segment.
        of: the segment of each opportunity of the table.
    """

    labels: tuple[Any, ...]
    codes: tuple[int, ...]
    known: Stages
    segments: tuple[Any, ...]
    walk: Walk
    whole: Chain
    parts: tuple[Chain, ...]
    of: Array

    @property
    def names(self) -> tuple[Any, ...]:
        """The names of the stages."""
        return tuple(self.known.names[code] for code in self.codes)

    def chances(self, stage: Column) -> Array:
        """Return the chance to win of each opportunity of the table by its stage; nan where there is none."""
        place = {label: i for i, label in enumerate(self.labels)}
        where = np.array([place.get(label, len(place)) for label in stage.labels])[stage.data]
        chains = self.parts or (self.whole,)
        table = np.stack([np.append(c.solved.ends[:, WON], np.nan) for c in chains])
        found: Array = table[self.of, where]
        return found


def stage_chains(
    rows: Rows, segments: Column | None = None, *, prior: float = PRIOR, smoothing: float = 0.0
) -> StageChains:
    """Learn the chain of the stages from the moves of deals, up to the instant that their scope is seen from.

    A step is as likely as it was frequent among the stays that ended. The chain of a segment stands on its own steps
    and on `prior` steps of all deals from each stage, so the fewer it has the more it is like all.

    Args:
        rows: opportunities of `rows.scope`, open and closed ones; their changes are in it.
        segments: a key column, one value per row; None for one chain of all.
        prior: above 0.
        smoothing: added to the times that a deal was won, and lost, straight from each stage that has a chain, so that
            no end is impossible.

    Rules: R2, S1, S3, S4, S5, S6, O5, O8.
    """
    table, scope = rows.table, rows.scope
    places = np.arange(len(table)) if rows.places is None else rows.places
    of = np.zeros(len(table), np.int64)
    if segments is not None:
        of[places] = segments.data
    moment = scope.as_of
    visits = visits_of(scope.tables, scope.zone, ALWAYS if moment is None else moment.instant)
    kept = np.zeros(len(table), bool)
    kept[places] = True
    visits = visits.select(np.flatnonzero(kept[visits.rows]))
    until = np.iinfo(np.int64).max if moment is None else moment.instant
    known = stages_of(scope.tables, scope.zone, visits.labels, until=until)
    codes = _seen(known, visits.stage)
    walk = walk_of(visits, known, codes)
    n = len(codes)
    whole, step, end = _whole(walk.steps(n), smoothing)
    names = () if segments is None else tuple(segments.labels)
    parts = [
        _part(walk.select(some).steps(n), whole, step, end, prior) for some in _by_code(of[visits.rows], len(names))
    ]
    labels = tuple(visits.labels[code] for code in codes)
    return StageChains(labels, codes, known, names, walk, whole, tuple(parts), of)


def _seen(known: Stages, stage: Array) -> tuple[int, ...]:
    """Return the codes of the stages in which some deal was, in the order in which they are shown."""
    been = np.zeros(len(known.names), bool)
    been[stage] = True
    return tuple(code for number in range(len(known.pipelines)) for code in known.shown(number, been) if been[code])


def _whole(steps: Steps, smoothing: float) -> tuple[Chain, Array, Array]:
    """Return the chain of all deals, and how likely each of its steps and ends is, of stages that have a chain."""
    sure = reaching(steps.moves, steps.ends.sum(axis=1) > 0)
    ends = steps.ends.astype(np.float64)
    ends[:, [WON, LOST]] += smoothing * sure[:, None]
    days = steps.days()
    moves, ended = np.where(sure & sure[:, None], steps.moves, 0), np.where(sure[:, None], ends, 0)
    out = np.where(sure, moves.sum(axis=1) + ended.sum(axis=1), 1)[:, None]
    return Chain(steps, days, absorbing(steps.moves, ends, days)), moves / out, ended / out


def _part(steps: Steps, whole: Chain, step: Array, end: Array, prior: float) -> Chain:
    """Return the chain of a segment, with so many steps of all deals beside its own."""
    days = steps.days(whole.days, prior)
    return Chain(steps, days, absorbing(steps.moves + prior * step, steps.ends + prior * end, days))


def _by_code(codes: Array, size: int) -> list[Array]:
    """Return the places of each code, in their order."""
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(size + 1))
    return [order[a:b] for a, b in pairwise(ends.tolist())]
