"""Journeys from touches: rows in any order, joined to conversions by a key and a look-back window."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ...calendars import Zone
from ...errors import ArgumentError, RangeError
from ...evaluate import local_day
from ...state.listing import Fact
from ...table.column import Array, Column
from ..choices import whole
from .columns import amounts, column
from .journeys import Journeys, exact_sum, in_order, runs
from .timeline import Timeline

__all__ = ["Conversions", "Touches", "from_touches", "joined"]

_MOST = 2**31
_WINDOW = {"en": "Days looked back", "zh": "回溯天数"}


@attrs.frozen(slots=True, eq=False)
class Touches:
    """Touches as columns: whose journey each belongs to, over which channel it went, when, and for how many it stands."""

    key: Column
    channel: Column
    at: Column
    quantity: Column | None = None


@attrs.frozen(slots=True, eq=False)
class Conversions:
    """Conversions as columns: of which journey, when, for how much, and when its lead and opportunity were made.

    Args:
        others: keys that converted too, but whose conversions are not asked for; without one they would be nulls.
    """

    key: Column
    at: Column
    value: Column | None = None
    lead: Column | None = None
    opportunity: Column | None = None
    others: Column | None = None


def from_touches(
    *,
    key: Any,
    channel: Any,
    at: Any,
    converted: Any,
    converted_at: Any,
    value: Any = None,
    lead_at: Any = None,
    opportunity_at: Any = None,
    quantity: Any = None,
    within_days: int | None = None,
    timezone: str = "UTC",
) -> Journeys:
    """Return the journeys that touches, in any order, and conversions make.

    Each conversion has a journey of its own: the touches of its key up to its instant, those of the same instant
    included; a second conversion of a key looks back over the first. A key that never converted is one journey without
    conversion, which ends at its last touch. Touches after the last conversion of their key are in no journey.

    Args:
        key: per touch, whose journey it belongs to: a customer, a deal, a person.
        channel: per touch; a blank channel is a channel.
        at: per touch, its date or timestamp.
        converted: per conversion, its key.
        converted_at: per conversion, its date or timestamp.
        value: per conversion, its amount.
        lead_at: per conversion, when its lead was created: the touch before made it, else the first one.
        opportunity_at: the same of its opportunity.
        quantity: per touch, for how many touches it stands; 1 when left out or blank.
        within_days: only touches in the n local days that end with the day of the conversion, as a trailing window
            counts them (T6), or with that of the last touch where there is none; None for all.
        timezone: zone in which days are local, and of timestamps that have none.

    Raises:
        ArgumentError: arrays of different lengths, or a window of no day.
        DataError: a value that cannot be read.

    Rules: T1, T2, T6, M3, W3.

    Examples:
        >>> from_touches(
        ...     key=["a", "a", "b"],
        ...     channel=["search", "mail", "mail"],
        ...     at=["2026-03-02", "2026-01-07", "2026-02-01"],
        ...     converted=["a"],
        ...     converted_at=["2026-03-09"],
        ...     value=[1200],
        ... )
        Journeys(2; 3 touches of 2 channels, 1 conversions, 1 without)
    """
    zone = Zone(timezone)

    def moments(name: str, values: Any) -> Column | None:
        return None if values is None else column(name, "moment", values, timezone=timezone)

    touches = Touches(
        column("key", "key", key),
        column("channel", "key", channel),
        column("at", "moment", at, timezone=timezone),
        None if quantity is None else column("quantity", "count", quantity),
    )
    conversions = Conversions(
        column("converted", "key", converted),
        column("converted_at", "moment", converted_at, timezone=timezone),
        None if value is None else amounts("value", value),
        moments("lead_at", lead_at),
        moments("opportunity_at", opportunity_at),
    )
    for rows in (touches, conversions):
        sizes = {n: len(c) for n, c in attrs.asdict(rows, recurse=False).items() if c is not None}
        if len(set(sizes.values())) > 1:
            raise ArgumentError(f"{type(rows).__name__.lower()} have columns of different lengths: {sizes}")
    return joined(touches, conversions, zone=zone, within_days=within_days)


def joined(touches: Touches, conversions: Conversions, *, zone: Zone, within_days: int | None = None) -> Journeys:
    """Return the journeys of conversions, and one without conversion for each key that never converted."""
    window = None if within_days is None else whole("within_days", within_days, least=1)
    line, labels, left_out = _line(touches, zone)

    dated = conversions.at.present()
    keys = _codes_in(conversions.key, touches.key)
    rows = np.argsort(keys, kind="stable")  # neighbours are looked up faster
    rows = rows[dated[rows]]
    keys, at = keys[rows], conversions.at.take(rows)
    low, high = line.window(local_day(at, zone).data, window), line.ends(at)
    starts, stops = line.slices(keys, low, high)
    there = np.flatnonzero(stops > starts)
    value = None if conversions.value is None else conversions.value.take(rows)

    first, past = _unconverted(line, touches, conversions, window)
    begin, end = np.concatenate([starts[there], first]), np.concatenate([stops[there], past])
    left_out["touches_in_no_journey"] = len(line) - line.covered(begin, end)
    left_out["conversions_without_date"] = int(np.count_nonzero(~dated))
    lengths = end - begin
    places = runs(begin, lengths)
    won = np.repeat([1, 0], [there.size, first.size])

    def made(moments: Column | None) -> Array | None:
        """Return the touch of each journey that made the lead or opportunity."""
        if moments is None:
            return None
        chosen = moments.take(rows[there])
        place = np.clip(line.last_by(keys[there], line.ends(chosen)), starts[there], stops[there] - 1) - starts[there]
        return np.concatenate([np.where(chosen.present(), place, -1), np.full(first.size, -1)])

    return Journeys(
        labels,
        line.channel[places],
        np.concatenate([[0], np.cumsum(lengths)]),
        won,
        1 - won,
        value=None if value is None else _and_blank(value.take(there), first.size),
        ages=line.ages(places, lengths, at.take(there), past - 1),
        lead=made(conversions.lead),
        opportunity=made(conversions.opportunity),
        untouched=int(rows.size - there.size),
        untouched_value=0 if value is None else sum(value.data[stops == starts].tolist()),
        unpriced=0 if value is None else value.nulls,
        left_out=left_out,
        choices=() if window is None else (Fact("within_days", window, "count", _WINDOW),),
    )


def _line(touches: Touches, zone: Zone) -> tuple[Timeline, list[Any], dict[str, int]]:
    """Return the touches on a timeline, the labels of their channels, and how many rows are left out and why."""
    owned, dated = touches.key.present(), touches.at.present()
    rows = np.flatnonzero(owned & dated)
    none = 0
    if touches.quantity is not None:
        times = np.where(touches.quantity.present(), touches.quantity.data, 1)[rows]
        none = int(np.count_nonzero(times < 1))
        times = np.maximum(times, 0)
        if exact_sum(times) >= _MOST:
            raise RangeError(f"touches stand for {exact_sum(times):,} together; fewer than {_MOST:,} can be joined")
        rows = np.repeat(rows, times)
    channel = touches.channel.data[rows]
    names = touches.channel.labels
    used = np.flatnonzero(np.bincount(channel, minlength=len(names))).tolist()
    labels = in_order(names[code] for code in used)
    rank = np.zeros(len(names), np.int64)
    index = {label: place for place, label in enumerate(labels)}
    rank[used] = [index[names[code]] for code in used]
    line = Timeline.of(touches.key.data[rows], touches.at.take(rows), rank[channel], len(labels), zone)
    return (
        line,
        labels,
        {
            "touches_without_key": int(np.count_nonzero(~owned)),
            "touches_without_date": int(np.count_nonzero(owned & ~dated)),
            "touches_of_no_quantity": none,
        },
    )


def _unconverted(line: Timeline, touches: Touches, conversions: Conversions, window: int | None) -> tuple[Array, Array]:
    """Return where the journeys of the keys that never converted start and stop."""
    asked = [c for c in (conversions.key, conversions.others) if c is not None]
    keys, first, past = line.whole()
    never = ~np.isin(keys, np.concatenate([_codes_in(c, touches.key) for c in asked]))
    keys, first, past = keys[never], first[never], past[never]
    last = line.moments(past - 1)
    return line.slices(keys, line.window(local_day(last, line.zone).data, window), last.data)


def _codes_in(keys: Column, other: Column) -> Array:
    """Return keys as codes of another key column; -1 for blank ones and for those it does not have."""
    if keys.labels is other.labels:
        found = np.arange(len(keys.labels))
    else:
        found = np.array([other.index.get(label, -1) for label in keys.labels], np.int64)
    found[0] = -1
    return found[keys.data]


def _and_blank(column: Column, more: int) -> Column:
    """Return a column followed by so many blank rows."""
    return column.replace(
        data=np.concatenate([column.data, np.zeros(more, column.data.dtype)]),
        valid=np.concatenate([column.present(), np.zeros(more, bool)]),
    )
