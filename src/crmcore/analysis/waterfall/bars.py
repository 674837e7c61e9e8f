"""Bars: each deal booked where it came from and where it went, so that start and end agree to the last unit (W1)."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from ...errors import CurrencyError
from ...state.operand import reach
from ...state.sums import sums_by
from ...table.column import Array, Mask
from .states import OPEN, State, States

__all__ = ["BARS", "IN", "OUT", "Ledger", "booked"]

IN = ("start", "new", "reopened", "moved_in", "increased")
OUT = ("decreased", "moved_out", "won", "lost", "abandoned", "removed", "end")
BARS = (*IN, *OUT)
"""The bars in the order of the identity: those of IN add up to the same as those of OUT."""
CREATED, RESTORED = "created", "restored"
CAUSES = (
    "",
    CREATED,
    RESTORED,
    "pulled_in",
    "pushed_in",
    "dated",
    "pushed_out",
    "pulled_out",
    "undated",
    "transferred",
)
"""Causes by number; behind them those of what deals are grouped and kept by."""
_NUMBER = {cause: number for number, cause in enumerate(CAUSES)}
_LIMIT = 2**63


@attrs.frozen(slots=True, eq=False)
class Ledger:
    """One entry per deal and bar.

    Args:
        bar: a number of `BARS`.
        cause: a number of `causes`; 0 where the bar has none.
        deal: its number among the states.
        group: the number of the group.
        count: 1, or 0 where the entry is of a deal that another entry counts: a change of its amount.
        value: whole, at the scale of the states.
        causes: their names.
    """

    bar: Array
    cause: Array
    deal: Array
    group: Array
    count: Array
    value: Array
    causes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.bar)

    def sums(self, groups: int) -> tuple[Array, Array, Array]:
        """Return count, entries and value by group, bar and cause."""
        shape = (groups, len(BARS), len(self.causes))
        keys = (self.group * shape[1] + self.bar) * shape[2] + self.cause
        size = shape[0] * shape[1] * shape[2]
        count, entries = (sums_by(keys, v, size).reshape(shape) for v in (self.count, np.ones(len(self), np.int64)))
        return count, entries, sums_by(keys, self.value, size).reshape(shape)


def booked(states: States) -> Ledger:
    """Book each deal: first the change of its amount, then its move, then its outcome.

    A deal that closes in another group or window than it was open in moves there first, and closes there. One whose outcome is
    another closed one than at the start was reopened in between.

    Raises:
        CurrencyError: amounts of several currencies in one group (M2).

    Rules: W1, M2, M3
    """
    start, end = states.start, states.end
    same = start.group == end.group
    before, after = start.pool, end.mine
    was_open, was_closed = start.outcome == OPEN, start.outcome > OPEN
    closed = after & (end.outcome > OPEN) & (end.outcome != start.outcome)
    new, reopened = after & ~start.there, after & was_closed & (end.outcome != start.outcome)
    leaves, comes = before & end.there & ~(after & same), after & was_open & ~(before & same)
    entries = zip(*_entries(states, before, new, reopened, comes, leaves, closed), strict=True)
    bar, cause, deal, group, count, value = (np.concatenate(parts) for parts in entries)
    causes = (*CAUSES, *(f"transferred_{name}" for name, _, _ in states.marks))
    found = Ledger(bar, cause, deal, group, count, value, causes)
    _check_currencies(states, found)
    _check(found, len(states.groups))
    return found


def _entries(
    states: States, before: Mask, new: Mask, reopened: Mask, comes: Mask, leaves: Mask, closed: Mask
) -> Iterator[tuple[Array, ...]]:
    start, end = states.start, states.end
    change = _difference(end.amount, start.amount)
    stays = before & end.there

    def book(
        bar: str, which: Mask, side: State, value: Array, cause: Array | None = None, count: int = 1
    ) -> tuple[Array, ...]:
        deals = np.flatnonzero(which)
        size = len(deals)
        return (
            np.full(size, BARS.index(bar)),
            np.zeros(size, np.int64) if cause is None else cause[deals],
            deals,
            side.group[deals],
            np.full(size, count),
            value[deals],
        )

    yield book("start", before, start, start.amount)
    yield book("new", new, end, end.amount, np.where(states.made, _NUMBER[RESTORED], _NUMBER[CREATED]))
    yield book("reopened", reopened, end, end.amount)
    yield book("moved_in", comes, end, end.amount, _moved(states, start, inwards=True))
    yield book("increased", stays & (change > 0), start, change, count=0)
    yield book("decreased", stays & (change < 0), start, -change, count=0)
    yield book("moved_out", leaves, start, end.amount, _moved(states, end, inwards=False))
    for number, bar in enumerate(("won", "lost", "abandoned"), OPEN + 1):
        yield book(bar, closed & (end.outcome == number), end, end.amount)
    yield book("removed", before & ~end.there, start, start.amount)
    yield book("end", end.pool, end, end.amount)


def _difference(late: Array, early: Array) -> Array:
    if reach(late) + reach(early) >= _LIMIT:
        late = late.astype(object)
    found: Array = late - early
    return found


def _moved(states: States, other: State, *, inwards: bool) -> Array:
    """Return why each deal moved: its closing day where that lies outside at the other end, else what else has changed."""
    start, end = states.start, states.end
    found = np.full(len(states), _NUMBER["transferred"])
    for place, (_, early, late) in reversed(list(enumerate(states.marks))):
        found[early != late] = len(CAUSES) + place
    words = ("dated", "pushed_in", "pulled_in") if inwards else ("undated", "pushed_out", "pulled_out")
    none, later, earlier = (_NUMBER[word] for word in words)
    direction = np.where(~other.dated, none, np.where(end.day > start.day, later, earlier))
    return np.where(other.due, found, direction)


def _check(found: Ledger, groups: int) -> None:
    """Assert the identity, by group, in count and in value."""
    count, _, value = found.sums(groups)
    into, out = (np.array([BARS.index(bar) for bar in side]) for side in (IN, OUT))
    for sums in (count, value):
        left, right = (sums[:, side].astype(object).sum(axis=(1, 2)) for side in (into, out))
        assert (left == right).all(), "W1: the bars of a waterfall do not lead from its start to its end"


def _check_currencies(states: States, found: Ledger) -> None:
    """Refuse a group with amounts of several currencies."""
    used = []
    changes = np.isin(found.bar, [BARS.index("increased"), BARS.index("decreased")])
    at_start = np.isin(found.bar, [BARS.index("start"), BARS.index("removed")])
    for side, entries in ((states.start, at_start | changes), (states.end, ~at_start)):
        deals, groups = found.deal[entries], found.group[entries]
        priced = side.priced[deals]
        used.append(groups[priced] * len(states.currencies) + side.currency[deals[priced]])
    pairs = np.stack(np.divmod(np.unique(np.concatenate(used)), len(states.currencies)), axis=1)
    several = np.flatnonzero(np.diff(pairs[:, 0]) == 0)
    if several.size:
        group = int(pairs[several[0], 0])
        names = [str(states.currencies[c] or "none") for g, c in pairs.tolist() if g == group]
        where = f" in group {', '.join(map(str, states.groups[group]))}" if states.groups[group] else ""
        raise CurrencyError(
            f"the deals have amounts in several currencies ({', '.join(sorted(names))}){where}; give rates to a workspace "
            "with a currency, or keep one of them by a condition on it, such as col('currency') == 'EUR' (M2)"
        )
