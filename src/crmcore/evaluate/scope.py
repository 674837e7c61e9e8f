"""Scope: what a column expression may look at besides its own table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import attrs

from ..calendars import Calendar, Zone
from ..table.rates import Rates
from ..table.table import Table
from ..table.views import Seen

__all__ = ["Moment", "Scope"]


@attrs.frozen(slots=True)
class Moment:
    """The instant a measurement looks from: microseconds UTC, its local day, and where it came from (T8).

    Args:
        instant: what was true by then counts.
        day: its local day.
        source: where it came from.
        known: what was recorded by then counts; None for the same instant (O8).
    """

    instant: int
    day: int
    source: str = "given"
    known: int | None = None

    @property
    def learnt(self) -> int:
        """The instant by which a fact has to be recorded to count."""
        return self.instant if self.known is None else self.known

    @property
    def informed(self) -> bool:
        """Does the knowledge reach up to the instant?"""
        return self.learnt >= self.instant


@attrs.frozen(slots=True)
class Scope:
    """The tables, zone, calendar, instant and rates that give names and dates their meaning.

    References are looked up in `known`, which also has rows that were still to come at the instant.
    """

    tables: Mapping[str, Table]
    known: Mapping[str, Table]
    zone: Zone = Zone("UTC")
    calendar: Calendar = Calendar()
    as_of: Moment | None = None
    rates: Rates | None = None
    world: tuple[Hashable, ...] = attrs.field(init=False)

    @world.default
    def _world(self) -> tuple[Hashable, ...]:
        """Identify the tables that references are looked up in."""
        if isinstance(self.known, Seen):
            return self.known.world
        return tuple(table.serial for table in self.known.values())

    def at(self, moment: Moment | None, tables: Mapping[str, Table], known: Mapping[str, Table]) -> Scope:
        """Return the scope as seen from another instant."""
        return attrs.evolve(self, as_of=moment, tables=tables, known=known)
