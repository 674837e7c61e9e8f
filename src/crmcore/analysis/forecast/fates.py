"""Fates: what became of the deals of a forecast, as far as it is known now."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ...calendars import date_of
from .deals import OPEN

if TYPE_CHECKING:
    from ...calendars import Period
    from ..view import View
    from .past import Made

__all__ = ["ELSEWHERE", "ENDS", "REMOVED", "WON_IN", "Fate", "Fates"]

WON_IN, ELSEWHERE, REMOVED = "won", "won_elsewhere", "removed"
ENDS = (WON_IN, ELSEWHERE, "lost", "abandoned", "open", REMOVED)
"""What can have become of a deal: won in the period or outside of it, lost, abandoned, still open, deleted or merged away."""


@attrs.frozen(slots=True)
class Fate:
    """What became of a deal.

    Args:
        end: one of `ENDS`.
        slipped: what it was worth at the end of the period where it was open then and expected later or on no day; else None.
    """

    end: str
    slipped: Fraction | None


@attrs.frozen(slots=True, eq=False)
class Fates:
    """What became of all deals, whoever owns them now: a condition chooses deals of then.

    Args:
        view: without its condition.
        ends: id -> outcome and day of closing, as known now.
    """

    view: View
    ends: dict[Any, tuple[str | None, int | None]]

    @classmethod
    def of(cls, view: View) -> Fates:
        """Return what is known in a view."""
        everything = attrs.evolve(view, where=None)
        rows = everything.rows("opportunity")
        outcomes, days = rows.key("outcome"), rows.days("closed_at")
        labels = [outcomes.labels[code] for code in outcomes.data.tolist()]
        closed = [d if there else None for d, there in zip(days.data.tolist(), days.present().tolist(), strict=True)]
        return cls(everything, dict(zip(rows.ids(), zip(labels, closed, strict=True), strict=True)))

    def of_forecast(self, made: Made) -> list[Fate]:
        """Return what became of each open deal of a forecast."""
        slipped = self._slipped(made)
        return [Fate(self._end(id_, made.period), slipped.get(id_)) for id_ in made.deals.ids]

    def _end(self, id_: Any, period: Period) -> str:
        outcome, day = self.ends.get(id_, (REMOVED, None))
        if outcome != "won":
            return outcome or "open"
        return WON_IN if day is not None and period.start <= day < period.stop else ELSEWHERE

    def _slipped(self, made: Made) -> dict[Any, Fraction]:
        """Return the deals that were open at the end of the period and expected after it or on no day, with their amounts."""
        rows = self.view.at(date_of(made.period.stop - 1)).rows("opportunity", where=OPEN)
        days = rows.days("expected_close")
        rows = rows.at(np.flatnonzero(~days.present() | (days.data >= made.period.stop)))
        mine = {*made.deals.ids}
        rows = rows.at(np.array([i for i, id_ in enumerate(rows.ids()) if id_ in mine], np.int64))
        amounts = rows.amounts()
        values = amounts.data.tolist()  # a blank is 0
        return {id_: Fraction(value, amounts.scale) for id_, value in zip(rows.ids(), values, strict=True)}
