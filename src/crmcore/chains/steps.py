"""Steps: how often deals went from each stage to another or to an end, and how long they stayed."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from ..state.sums import sums_by
from ..table.column import Array, Mask
from ..table.history import ALWAYS, ENDED, Visits
from ..table.stages import Stages
from ..units import DAY

__all__ = ["ENDS", "Steps", "Walk", "walk_of"]

_STAYS, _MOVED, _FIRST_END = 0, 1, 2
ENDS = ENDED[_FIRST_END:-1]
"""How a deal ends, in the order in which ends are counted: won, lost, abandoned."""


@attrs.frozen(slots=True, eq=False)
class Steps:
    """What was seen in each stage: moves to others, ends by outcome, and time.

    Args:
        moves: [from, to].
        ends: [from, one of `ENDS`].
        stays: how many.
        still: of those, how many last.
        back: how often a deal went from it to an earlier one.
        left: stays that ended and whose beginning is known.
        spent: microseconds of all stays whose beginning is known, as exact whole numbers.
    """

    moves: Array
    ends: Array
    stays: Array
    still: Array
    back: Array
    left: Array
    spent: Array

    def days(self, prior: Array | float = np.nan, weight: float = 0.0) -> Array:
        """Return the days of a stay in each stage: of all stays, over the number of those that ended.

        Args:
            prior: the days of a stay elsewhere.
            weight: how many stays of so many days stand beside those that were seen.

        Undefined when: no stay with a known beginning has ended, and none stands beside.
        """
        spent, left = np.array([s / DAY for s in self.spent.tolist()]), self.left.astype(np.float64)
        if weight:
            spent, left = spent + weight * prior, left + weight
        found: Array = np.full(len(left), np.nan)
        np.divide(spent, left, out=found, where=left > 0)
        return found


@attrs.frozen(slots=True, eq=False)
class Walk:
    """The stays of deals in the stages of a chain, in the order of each deal.

    Args:
        visits: the stays.
        at: the stage of each, by its place in the chain.
        to: the stage that follows it; -1 where the deal went to none of which anything is known.
        back: whether the deal went to one that stood before it in the same pipeline.
    """

    visits: Visits
    at: Array
    to: Array
    back: Mask

    def select(self, kept: Array) -> Walk:
        """Return some of the stays."""
        return Walk(self.visits.select(kept), self.at[kept], self.to[kept], self.back[kept])

    def steps(self, n: int) -> Steps:
        """Count what was seen in each of n stages."""
        visits, at, k = self.visits, self.at, len(ENDS)
        moved, ended = self.to >= 0, visits.ended >= _FIRST_END
        timed = visits.entered != ALWAYS

        def number(mask: Mask) -> Array:
            return np.bincount(at[mask], minlength=n)

        return Steps(
            np.bincount(at[moved] * n + self.to[moved], minlength=n * n).reshape(n, n),
            np.bincount(at[ended] * k + visits.ended[ended] - _FIRST_END, minlength=n * k).reshape(n, k),
            np.bincount(at, minlength=n),
            number(visits.ended == _STAYS),
            number(self.back),
            number(timed & (visits.ended != _STAYS)),
            sums_by(at[timed], (visits.left - visits.entered)[timed], n),
        )


def walk_of(visits: Visits, stages: Stages, codes: Sequence[int]) -> Walk:
    """Return stays as those in a chain of stages.

    Args:
        visits: by deal, in their order.
        stages: in which they are.
        codes: of the stages of the chain, all that were visited among them, in its order.

    Rules: S1, S4, S6
    """
    place = np.full(len(stages.names), -1)
    place[[*codes]] = np.arange(len(codes))
    at = place[visits.stage]
    to = np.full(len(visits), -1)
    if len(visits) > 1:
        goes_on = (visits.rows[1:] == visits.rows[:-1]) & (visits.ended[:-1] == _MOVED)
        goes_on &= visits.entered[1:] == visits.left[:-1]
        to[:-1][goes_on] = at[1:][goes_on]
    back, _ = stages.turns(visits)
    return Walk(visits, at, to, back)
