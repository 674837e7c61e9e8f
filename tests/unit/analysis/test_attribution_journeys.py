"""Journeys: from paths, from touches in any order, by key and look-back window; what does not fit is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis import attribution as at
from crmcore.analysis.attribution import timeline
from crmcore.analysis.attribution.timeline import Ticks, Timeline
from crmcore.calendars import Zone
from crmcore.errors import ArgumentError, CurrencyError, DataError, RangeError
from crmcore.table.column import Column

DAY = 86_400_000_000
START = 1_700_000_000_123_456


def told(journeys: at.Journeys) -> list[tuple[tuple[Any, ...], int, int]]:
    """Return each journey as its channels, conversions and nulls."""
    paths = np.split(journeys.codes, journeys.offsets[1:-1])
    named = [tuple(journeys.channels[c] for c in path.tolist()) for path in paths if path.size]
    return list(zip(named, journeys.conversions.tolist(), journeys.nulls.tolist(), strict=True))


# -- paths --------------------------------------------------------------------------------------------


def test_paths_are_text_or_sequences() -> None:
    """Cut at '>' and stripped; a repeat stays, a part without a name is blank; Chinese is text like any other."""
    text = at.from_paths(["mail > mail>展会", " mail ", "mail > > 展会"], [1, 2, 0], nulls=[0, 5, 1])
    parts = at.from_paths([("mail", "mail", "展会"), ["mail"], ("mail", None, "展会")], [1, 2, 0], nulls=[0, 5, 1])

    assert told(text) == told(parts)
    assert told(text) == [(("mail", "mail", "展会"), 1, 0), (("mail",), 2, 5), (("mail", None, "展会"), 0, 1)]
    assert text.channels == ("mail", "展会", None)
    assert at.from_paths(["a - b"], [1], separator=" - ").channels == ("a", "b")
    assert at.from_paths([[3, 20, 100]], [1]).channels == (3, 20, 100)


def test_columns_of_a_dataset_are_taken_as_they_are() -> None:
    """A host's own table needs no conversion; its path may be read as key or as text."""
    data = cc.Dataset(
        journey={"path": ["a > b", "b", "a > b"], "n": [1, 2, 3], "worth": [Decimal("1.50"), None, Decimal(2)]},
        how={"journey.worth": {"kind": "money", "currency": "EUR"}},
    )["journey"]
    journeys = at.from_paths(data["path"], data["n"], value=data["worth"])
    text = Column("text", np.array(["a > b", "b", "a > b"], object))

    assert told(journeys) == [(("a", "b"), 1, 0), (("b",), 2, 0), (("a", "b"), 3, 0)]
    assert told(journeys) == told(at.from_paths(text, data["n"]))
    assert told(journeys) == told(at.from_paths(text, Column("number", data["n"].data * 10, scale=10)))
    assert float(journeys.worth) == 3.5
    assert journeys.value.currency == "EUR"
    assert journeys.unpriced == 2  # M3: both conversions of the second row


def test_a_blank_path_is_a_conversion_that_no_touch_came_before() -> None:
    """W3: nobody is credited for it, and it is counted with its value."""
    journeys = at.from_paths(["a", "", None, "  "], [1, 2, 3, 0], nulls=[0, 9, 9, 9], value=[10, 20, "30.50", None])

    assert told(journeys) == [(("a",), 1, 0)]
    assert journeys.untouched == 5
    assert journeys.untouched_value == 5050
    listing = at.linear(journeys).listing()
    assert listing.fact("conversions_without_touch") == 5
    assert listing.fact("value_without_touch") == 50.5
    assert listing.fact("value") == 10


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((["a"], [1, 2]), ArgumentError, "conversions has 2 values, there are 1 paths"),
        ((["a"], [-1]), DataError, r"conversions\[0\] is '-1'"),
        ((["a", "b"], [1, None]), DataError, r"conversions\[1\] is blank; write 0"),
        ((["a"], ["x"]), DataError, r"conversions\[0\] is 'x'"),
        (("a > b", [1]), ArgumentError, "paths are many, one a row; put 'a > b' into a list"),
        ((["a"], Column("flag", np.array([True]))), ArgumentError, "kind 'flag'; count or number is needed"),
        ((["a"], Column("number", np.array([15]), scale=10)), DataError, "conversions are whole numbers; row 0 is not"),
    ],
)
def test_paths_that_cannot_be_meant(arguments, error, message) -> None:
    """Wrong counts and shapes are errors with their place."""
    with pytest.raises(error, match=message):
        at.from_paths(*arguments)


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        ({"separator": ""}, ArgumentError, "separator is what stands between channels"),
        ({"value": [1, 2]}, ArgumentError, "value has 2 values, there are 1 paths"),
        ({"value": ["ten"]}, DataError, r"value\[0\] is 'ten'"),
        ({"lead": [2]}, ArgumentError, r"lead\[0\] is 2; it is the place of a touch of the journey, which has 2"),
        ({"opportunity": [-2]}, ArgumentError, r"opportunity\[0\] is -2"),
        ({"nulls": [1, 1]}, ArgumentError, "nulls has 2 values"),
    ],
)
def test_choices_that_cannot_be_meant(choices, error, message) -> None:
    """What a keyword cannot mean is an error that names it."""
    with pytest.raises(error, match=message):
        at.from_paths(["a > b"], [1], **choices)


def test_a_value_needs_a_conversion() -> None:
    """An amount on a path that never converted contradicts itself."""
    with pytest.raises(ArgumentError, match="journey 1 has a value and no conversion"):
        at.from_paths(["a", "b"], [1, 0], value=[5, 7])


def test_several_currencies_are_refused() -> None:
    """M2: credits of different currencies are not added."""
    currency = Column("key", np.array([1, 2]), labels=[None, "EUR", "USD"])
    mixed = Column("money", np.array([100, 200]), scale=100, currency=currency)

    with pytest.raises(CurrencyError, match=r"value has amounts in several currencies \(EUR, USD\)"):
        at.from_paths(["a", "b"], [1, 1], value=mixed)
    assert at.from_paths(["a"], [1], value=mixed.take(np.array([1]))).value.currency == "USD"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"offsets": np.array([0, 2, 2])}, "every journey has at least one touch"),
        ({"offsets": np.array([0, 1, 3])}, "offsets rise from 0 to the number of touches"),
        ({"codes": np.array([0, 9])}, "codes are places in channels, 0 to 1"),
        ({"nulls": np.array([0, -1])}, "nulls are counts, at least 0, got -1"),
        ({"conversions": np.array([1])}, "conversions has 1 values, there are 2 journeys"),
    ],
)
def test_arrays_that_do_not_fit_together(changes, message) -> None:
    """The compact form is checked where it is made."""
    sound = {
        "channels": ("a", "b"),
        "codes": np.array([0, 1]),
        "offsets": np.array([0, 1, 2]),
        "conversions": np.array([1, 1]),
        "nulls": np.array([0, 0]),
    }
    assert len(at.Journeys(**sound)) == 2
    with pytest.raises(ArgumentError, match=message):
        at.Journeys(**{**sound, **changes})


# -- touches ------------------------------------------------------------------------------------------

TOUCHES = {
    "key": ["a", "b", "a", "a", None, "c", "a", "b"],
    "channel": ["mail", "fair", "search", "mail", "mail", None, "ad", "ad"],
    "at": ["2026-02-01", "2026-01-31", "2026-01-05", "2026-03-02", "2026-01-01", "2026-02-02", "2026-01-05", None],
}
WON = {"converted": ["a", "a", "d"], "converted_at": ["2026-02-01", "2026-03-10", "2026-03-01"]}


def test_touches_in_any_order_become_journeys() -> None:
    """Each conversion looks back over all touches of its key up to its day; keys that never converted are nulls.

    Touches of one day stand in the order of their channels, so that no order of input decides (S4).
    """
    journeys = at.from_touches(**TOUCHES, **WON)

    assert set(told(journeys)) == {
        ((None,), 0, 1),  # c
        (("ad", "search", "mail"), 1, 0),  # a, first conversion: the touch of the day of closing counts
        (("ad", "search", "mail", "mail"), 1, 0),  # a, second conversion
        (("fair",), 0, 1),  # b
    }
    assert len(journeys) == 4
    assert journeys.untouched == 1  # d
    assert dict(journeys.left_out) == {
        "touches_without_key": 1,
        "touches_without_date": 1,
        "touches_of_no_quantity": 0,
        "touches_in_no_journey": 0,
        "conversions_without_date": 0,
    }


def test_columns_that_share_their_labels_are_joined_by_code() -> None:
    """Keys of one table of references need no look-up of labels; a blank key meets no other."""
    labels = [None, "x", "y"]
    journeys = at.from_touches(
        key=Column("key", np.array([1, 2, 0]), labels=labels),
        channel=["a", "b", "c"],
        at=["2026-01-01"] * 3,
        converted=Column("key", np.array([2, 0]), labels=labels),
        converted_at=["2026-01-01"] * 2,
    )

    assert sorted(told(journeys)) == [(("a",), 0, 1), (("b",), 1, 0)]
    assert journeys.untouched == 1


def test_a_window_is_the_days_that_end_with_the_conversion() -> None:
    """T6: 28 days up to 1 February start on 5 January; 27 leave that day out. Nulls look back from their last touch."""
    longer, shorter = (at.from_touches(**TOUCHES, **WON, within_days=n) for n in (28, 27))

    assert (("ad", "search", "mail"), 1, 0) in told(longer)
    assert (("mail",), 1, 0) in told(shorter)
    assert longer.choices[0].value == 28
    null = at.from_touches(
        key=["x"] * 3,
        channel=["a", "b", "c"],
        at=["2026-01-01", "2026-01-09", "2026-01-10"],
        converted=[],
        converted_at=[],
        within_days=2,
    )
    assert told(null) == [(("b", "c"), 0, 1)]
    assert null.left_out["touches_in_no_journey"] == 1


def test_touches_after_the_conversion_are_ignored() -> None:
    """What comes after the last conversion of a key is in no journey, and counted; it makes no null of the key."""
    journeys = at.from_touches(
        key=["x", "x", "y"],
        channel=["a", "b", "a"],
        at=["2026-01-01", "2026-01-03", "2026-02-01"],
        converted=["x", "y"],
        converted_at=["2026-01-02", "2026-01-02"],
    )

    assert told(journeys) == [(("a",), 1, 0)]
    assert journeys.untouched == 1
    assert journeys.left_out["touches_in_no_journey"] == 2


def test_instants_are_compared_to_the_microsecond() -> None:
    """T2: between two timestamps the instant decides; the same instant still counts, one microsecond later does not."""
    noon = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)
    tick = dt.timedelta(microseconds=1)
    journeys = at.from_touches(
        key=["x"] * 3,
        channel=["before", "same", "after"],
        at=[noon - tick, noon, noon + tick],
        converted=["x"],
        converted_at=[noon],
    )

    assert told(journeys) == [(("before", "same"), 1, 0)]
    assert journeys.ages.data.tolist() == [1, 0]
    assert journeys.ages.scale == DAY


def test_a_date_of_conversion_lasts_to_its_end() -> None:
    """T1, T2: a touch on the local day of closing counts, whatever its time; ages are then whole local days.

    23:30 in Berlin on 1 January is still that day there; half an hour before UTC midnight of the next it is the 2nd.
    """
    berlin = {"timezone": "Europe/Berlin"}
    touches = {
        "key": ["x", "x", "x"],
        "channel": ["a", "b", "c"],
        "at": [dt.datetime(2026, 1, 1, 22, 30, tzinfo=dt.UTC), "2026-01-02T00:30", "2026-01-03T00:00"],
    }
    first = at.from_touches(**touches, converted=["x"], converted_at=["2026-01-01"], **berlin)
    second = at.from_touches(**touches, converted=["x"], converted_at=[dt.date(2026, 1, 2)], **berlin, within_days=1)
    both = at.from_touches(**touches, converted=["x"], converted_at=[dt.date(2026, 1, 2)], **berlin)

    assert told(first) == [(("a",), 1, 0)]
    assert told(second) == [(("b",), 1, 0)]
    assert told(both) == [(("a", "b"), 1, 0)]
    assert (both.ages.data.tolist(), both.ages.scale) == ([1, 0], 1)


def test_dated_touches_go_by_the_local_day_of_an_instant() -> None:
    """T1: a conversion at 23:30 UTC on 1 January is on the 2nd in Berlin; touches of that day count."""
    touches = {"key": ["x", "x"], "channel": ["a", "b"], "at": ["2026-01-01", "2026-01-02"]}
    won = {"converted": ["x"], "converted_at": [dt.datetime(2026, 1, 1, 23, 30, tzinfo=dt.UTC)]}

    assert told(at.from_touches(**touches, **won, timezone="Europe/Berlin")) == [(("a", "b"), 1, 0)]
    assert told(at.from_touches(**touches, **won)) == [(("a",), 1, 0)]


def test_quantity_is_how_many_touches_a_row_stands_for() -> None:
    """A row of three is three touches; blank is one; 0 is none and is counted."""
    journeys = at.from_touches(
        key=["x"] * 4,
        channel=["a", "b", "c", "d"],
        at=["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"],
        quantity=[3, None, 0, 1],
        converted=["x"],
        converted_at=["2026-02-01"],
    )

    assert told(journeys) == [(("a", "a", "a", "b", "d"), 1, 0)]
    assert journeys.left_out["touches_of_no_quantity"] == 1
    assert journeys.channels == ("a", "b", "d")


def test_a_quantity_beyond_memory_is_refused() -> None:
    """A campaign's million million impressions are no touches of one customer."""
    with pytest.raises(RangeError, match="touches stand for 1,000,000,000,000 together; fewer than"):
        at.from_touches(key=["x"], channel=["a"], at=["2026-01-01"], quantity=[10**12], converted=[], converted_at=[])


def test_milestones_are_made_by_the_touch_before() -> None:
    """The last touch up to the creation made it; before any touch it is the first, after the conversion the last."""
    days = ["2026-01-01", "2026-01-05", "2026-01-09", "2026-02-01"]
    touches = {"key": ["x"] * 4, "channel": ["a", "b", "c", "d"], "at": days}
    leads = ["2026-01-04", "2026-01-05", "2025-12-01", "2026-03-01", None]
    found = at.from_touches(
        **touches,
        converted=["x"] * 5,
        converted_at=["2026-01-20"] * 5,
        lead_at=leads,
        opportunity_at=[dt.date(2026, 1, 8)] * 5,
    )

    assert found.lead.tolist() == [0, 1, 0, 2, -1]
    assert found.opportunity.tolist() == [1] * 5


def test_value_and_what_is_missing_is_counted() -> None:
    """M3: a conversion without amount counts and has no value; one without a date can be placed nowhere."""
    journeys = at.from_touches(
        key=["x", "y"],
        channel=["a", "a"],
        at=["2026-01-01", "2026-01-01"],
        converted=["x", "x", "y", "z", None],
        converted_at=["2026-01-05", "2026-01-06", None, "2026-01-05", "2026-01-05"],
        value=["10.00", None, "99", "5", "7"],
    )

    assert told(journeys) == [(("a",), 1, 0), (("a",), 1, 0)]
    assert float(journeys.worth) == 10
    assert (journeys.untouched, journeys.untouched_value, journeys.unpriced) == (2, 1200, 1)
    assert journeys.left_out["conversions_without_date"] == 1


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"at": ["2026-01-01"]}, ArgumentError, "touches have columns of different lengths: {'key': 2"),
        ({"converted_at": []}, ArgumentError, "conversions have columns of different lengths"),
        ({"at": ["2026-01-01", "someday"]}, DataError, r"at\[1\] is 'someday'"),
        ({"at": ["2026-01-01T10:00", "2026-01-01T10:00"], "timezone": "Mars"}, ArgumentError, "Mars"),
        ({"within_days": 0}, ArgumentError, "within_days is a whole number, at least 1, got 0"),
        ({"within_days": 1.5}, ArgumentError, "within_days is a whole number, at least 1, got 1.5"),
    ],
)
def test_touches_that_cannot_be_meant(changes, error, message) -> None:
    """Wrong shapes, dates, zones and windows are errors at the call."""
    sound = {
        "key": ["x", "y"],
        "channel": ["a", "b"],
        "at": ["2026-01-01", "2026-01-02"],
        "converted": ["x"],
        "converted_at": ["2026-01-03"],
    }
    assert len(at.from_touches(**sound)) == 2
    with pytest.raises(error, match=message):
        at.from_touches(**{**sound, **changes})


@pytest.mark.parametrize("step", [1_000_000, 1_000, 1])
def test_moments_are_told_apart_whatever_their_precision(step) -> None:
    """Ticks of seconds, milliseconds and microseconds, and the list of moments where no tick is small enough."""
    moments = np.array([7, 3, 5, 3]) * step + START
    for bits in (62, 2):
        ticks = Ticks.of(moments, bits)
        again = ticks.moments(ticks.last_by(moments))
        assert again.tolist() == moments.tolist()
        assert bool(ticks.unit) == (bits == 62)
        for other in (moments.min() - 1, moments.min() + 1, moments.max() - 1, moments.max(), moments.max() + 1):
            first, last = ticks.first_from(np.array([other])), ticks.last_by(np.array([other]))
            assert ((ticks.last_by(moments) >= first) == (moments >= other)).all()
            assert ((ticks.last_by(moments) <= last) == (moments <= other)).all()


touch = st.tuples(st.integers(0, 3), st.sampled_from([None, "a", "b", "c"]), st.integers(0, 9))
won = st.tuples(st.integers(0, 4), st.integers(0, 9))


def by_hand(
    touches: Sequence[tuple[int, Any, int]], conversions: Sequence[tuple[int, int]], within: int | None
) -> list[tuple[tuple[Any, ...], int, int]]:
    """Return the journeys of touches, found one by one."""
    found = []
    for key, end in conversions:
        rows = [(t, c) for k, c, t in touches if k == key and t <= end and (within is None or t > end - within)]
        found += [(rows, 1, 0)] if rows else []
    for key in {k for k, _, _ in touches} - {k for k, _ in conversions}:
        last = max(t for k, _, t in touches if k == key)
        rows = [(t, c) for k, c, t in touches if k == key and (within is None or t > last - within)]
        found.append((rows, 0, 1))
    order = [sorted(rows, key=lambda r: (r[0], r[1] is None, str(r[1]))) for rows, _, _ in found]
    return sorted(((tuple(c for _, c in r), a, b) for r, (_, a, b) in zip(order, found, strict=True)), key=repr)


@given(
    touches=st.lists(touch, max_size=15),
    conversions=st.lists(won, max_size=5),
    within=st.none() | st.integers(1, 10),
    exact=st.booleans(),
    bits=st.sampled_from([62, 12, 0]),
)
def test_joining_equals_looking_one_by_one(touches, conversions, within, exact, bits) -> None:
    """Brute force over every touch and conversion, for dates and timestamps, whatever fits into one number (T6)."""
    start = dt.date(2026, 1, 1)

    def day(n: int) -> Any:
        found = start + dt.timedelta(days=n)
        return dt.datetime(found.year, found.month, found.day, 9, 0, 0, n, tzinfo=dt.UTC) if exact else found

    with mock.patch.object(timeline, "_BITS", bits):
        found = at.from_touches(
            key=[k for k, _, _ in touches],
            channel=[c for _, c, _ in touches],
            at=[day(t) for _, _, t in touches],
            converted=[k for k, _ in conversions],
            converted_at=[day(t) for _, t in conversions],
            within_days=within,
        )
    expected = by_hand(touches, conversions, within)

    assert sorted(told(found), key=repr) == expected
    assert found.untouched == len(conversions) - sum(n for _, n, _ in expected)


def test_keys_and_channels_too_many_for_one_number_are_ordered_all_the_same() -> None:
    """Wide keys, many channels and moments of microseconds fit no 62 bits together: two columns are ordered instead."""
    rng = np.random.default_rng(7)
    n = 4_000
    key, moments = rng.permutation(n) << 35, rng.integers(0, 2**52, n)
    line = Timeline.of(key, Column("instant", moments), np.arange(n), n, Zone("UTC"))
    keys, starts, stops = line.whole()
    order = np.argsort(key)

    assert keys.tolist() == key[order].tolist()
    assert (stops - starts).tolist() == [1] * n
    assert line.channel.tolist() == order.tolist()
    assert line.moments(starts).data.tolist() == moments[order].tolist()
