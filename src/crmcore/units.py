"""Units of measure: what may be added, what a quotient is called, how a number is shown.

A unit is a dimension (powers of money and of time) with a name. Durations are kept in
microseconds or in calendar days; a metric's unit says in which unit of time they are read.
"""

from __future__ import annotations

import attrs

from .errors import UnitError

__all__ = ["DAY", "NUMBER", "UNITS", "Dimension", "Unit", "unit"]

DAY = 86_400_000_000
"""Microseconds in a day."""


@attrs.frozen(slots=True)
class Dimension:
    """Powers of money and of time: money per day is (1, -1), a ratio (0, 0)."""

    money: int = 0
    time: int = 0

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(self.money + other.money, self.time + other.time)

    def __truediv__(self, other: Dimension) -> Dimension:
        return Dimension(self.money - other.money, self.time - other.time)

    def __str__(self) -> str:
        top = [n for n, p in (("money", self.money), ("time", self.time)) for _ in range(max(p, 0))]
        low = [n for n, p in (("money", self.money), ("time", self.time)) for _ in range(max(-p, 0))]
        return (" x ".join(top) or "number") + "".join(f" / {n}" for n in low)


NUMBER = Dimension()


@attrs.frozen(slots=True)
class Unit:
    """A named unit; `microseconds` is the length of its unit of time."""

    name: str
    dimension: Dimension = NUMBER
    microseconds: int = DAY


UNITS: dict[str, Unit] = {
    u.name: u
    for u in (
        Unit("ratio"),
        Unit("count"),
        Unit("number"),
        Unit("points"),
        Unit("score"),
        Unit("label"),
        Unit("money", Dimension(money=1)),
        Unit("days", Dimension(time=1)),
        Unit("hours", Dimension(time=1), DAY // 24),
        Unit("minutes", Dimension(time=1), DAY // 1440),
        Unit("money/day", Dimension(money=1, time=-1)),
        Unit("money/hour", Dimension(money=1, time=-1), DAY // 24),
        Unit("count/day", Dimension(time=-1)),
    )
}


def unit(name: str) -> Unit:
    """Return the unit called `name`.

    Raises:
        UnitError: no such unit; the message lists them.
    """
    try:
        return UNITS[name]
    except KeyError:
        raise UnitError(f"no unit named {name!r}; available: {', '.join(sorted(UNITS))}", name=name) from None
