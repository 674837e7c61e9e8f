"""Passages: when each deal first was in each stage, reached it, and passed it in order (S2)."""

from __future__ import annotations

import attrs
import numpy as np

from ..table.column import Array, Mask
from ..table.history import Visits
from ..table.stages import Stages

__all__ = ["NEVER", "POLICIES", "Passages"]

POLICIES = ("reached", "visited", "strict")
NEVER = np.iinfo(np.int64).max


@attrs.frozen(slots=True, eq=False)
class Passages:
    """What happened to deals, numbered from 0.

    Args:
        visits: of deals that count.
        stages: in which they were.
        pipeline: number of the pipeline in which each deal is, or was won.
        open: which are open now.
        first_won: when each was won for the first time, microseconds; `NEVER` for others.
        last_won: when each was won that is won now.
    """

    visits: Visits
    stages: Stages
    pipeline: Array
    open: Mask
    first_won: Array
    last_won: Array
    entry: Array = attrs.field(init=False)

    @entry.default
    def _entry(self) -> Array:
        """Return the version in force when each visit began."""
        return self.stages.version(self.visits.entered)

    @property
    def size(self) -> int:
        """Number of deals."""
        return len(self.open)

    def entered(self, places: Array) -> Array:
        """Return when visits began, given by their places; never for those that are not."""
        found = np.full(len(places), NEVER)
        some = np.flatnonzero(places != NEVER)
        found[some] = self.visits.entered[places[some]]
        return found

    def visited(self, code: int) -> Array:
        """Return for each deal the place of its first visit to a stage."""
        return self._firsts(self.visits.stage == code)

    def reached(self, code: int) -> Array:
        """Return when each deal first was in a stage, or further on: also by being won."""
        stages = self.stages
        number, own = int(stages.pipeline[code]), stages.rank[:, [code]]
        further = (stages.pipeline == number) & (own >= 0) & (stages.rank >= own)
        further[:, code] = True
        there = further[0][self.visits.stage] if len(further) == 1 else further[self.entry, self.visits.stage]
        found = self.entered(self._firsts(there))
        for wins in (self.first_won, self.last_won):
            deals = np.flatnonzero((wins != NEVER) & (self.pipeline == number))
            deals = deals[own[stages.version(wins[deals]), 0] >= 0]
            found[deals] = np.minimum(found[deals], wins[deals])
        return found

    def won(self, number: int) -> Array:
        """Return when each deal was won that is won now, in this pipeline."""
        return np.where(self.pipeline == number, self.last_won, NEVER)

    def strict(self, number: int) -> tuple[dict[int, Array], Array]:
        """Return when each deal first was in each stage, if it was in all before it in order, and was won after all.

        Each of them was entered for the first time after the one before it; which ones there are, the version says
        that was in force when the stage was entered.
        """
        stages, won = self.stages, self.won(number)
        codes = np.flatnonzero(stages.pipeline == number).tolist()
        first = {code: self.visited(code) for code in codes}
        began = {code: self.entered(first[code]) for code in codes}
        ranked = [code for code in codes if (stages.rank[:, code] >= 0).any()]
        # a stage without a place has none that could come before
        found = {code: np.full(self.size, NEVER) if code in ranked else began[code] for code in codes}
        ended = np.full(self.size, NEVER)
        of = {code: stages.version(began[code]) for code in ranked}
        last = stages.version(won)
        for version, ranks in enumerate(stages.rank):
            before, passed = np.full(self.size, -1), np.ones(self.size, bool)
            since = before
            for code in sorted((c for c in ranked if ranks[c] >= 0), key=lambda c: int(ranks[c])):
                here = first[code]
                passed &= (here != NEVER) & (here > before)
                before, since = here, began[code]
                hit = passed & (of[code] == version)
                found[code][hit] = since[hit]
            hit = passed & (won != NEVER) & (won >= since) & (last == version)
            ended[hit] = won[hit]
        return found, ended

    def steps_back(self) -> Mask:
        """Return which visits began by a step back: out of a stage that then stood further on in the same pipeline."""
        visits, stages = self.visits, self.stages
        found = np.zeros(len(visits), bool)
        if len(visits) < 2:
            return found
        to, out, entry = visits.stage[1:], visits.stage[:-1], self.entry[1:]
        here, there = stages.rank_at(to, entry), stages.rank_at(out, entry)
        found[1:] = (
            (visits.rows[1:] == visits.rows[:-1])
            & (stages.pipeline[to] == stages.pipeline[out])
            & (here >= 0)
            & (there > here)
        )
        return found

    def _firsts(self, there: Mask) -> Array:
        found = np.full(self.size, NEVER)
        places = np.flatnonzero(there)
        rows = self.visits.rows[places]
        firsts = np.flatnonzero(np.diff(rows, prepend=-1))
        found[rows[firsts]] = places[firsts]
        return found
