"""Dates stay dates, instants are UTC, and a clock without a zone is never trusted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.errors import ArgumentError
from crmcore.table.builders import Block, Builder, ColumnSpec, builder
from crmcore.table.column import Column
from crmcore.table.values import values_of

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def made(kind: str, *blocks: Any, text: bool = False, **how: Any) -> tuple[Column, Builder]:
    """Return the column of these blocks, and its builder."""
    target = builder(ColumnSpec("at", kind, **how))
    for block in blocks:
        if isinstance(block, Block):
            target.add_block(block)
        else:
            (target.add_text if text else target.add)(block)
    return target.finish(), target


def kinds(target: Builder) -> list[tuple[int, str, str]]:
    """Return what a builder refused, in row order."""
    return sorted((b.row, b.kind, b.text) for b in target.bad)


def test_a_date_stays_a_date() -> None:
    """Dates make a column of days since 1970, blanks 0 (T2)."""
    column, _ = made("moment", [date(1970, 1, 1), None, date(2026, 7, 1)])

    assert (column.kind, column.data.dtype) == ("day", np.int32)
    assert column.data.tolist() == [0, 0, 20635]
    assert column.valid is not None
    assert column.valid.tolist() == [True, False, True]


def test_instants_are_utc() -> None:
    """18:00 in Shanghai and 10:00 UTC are one instant (T1)."""
    moment = datetime(2026, 1, 1, 10, 0, 0, 250, tzinfo=UTC)
    column, _ = made("moment", [moment, moment.astimezone(timezone(timedelta(hours=8))), None])

    assert column.kind == "instant"
    assert column.data.tolist() == [1767261600000250, 1767261600000250, 0]


def test_naive_timestamps_need_a_stated_zone() -> None:
    """Without a zone the row is rejected, with one the reading is local to it (T1)."""
    reading = datetime(2026, 1, 1, 8)
    column, target = made("moment", [reading])
    local, _ = made("moment", [reading], timezone=SHANGHAI)

    assert kinds(target) == [(0, "naive timestamp", "2026-01-01T08:00:00")]
    assert column.nulls == 1
    assert values_of(local) == [datetime(2026, 1, 1, 0, tzinfo=UTC)]


def test_zones_of_rows_and_of_the_column_can_stand_together() -> None:
    """In one chunk: aware, naive, text with and without a zone, blank (T1)."""
    values = [
        datetime(2026, 7, 1, 12, tzinfo=UTC),
        datetime(2026, 7, 1, 12),
        "2026-07-01T12:00:00+02:00",
        "2026-07-01 12:00",
        None,
    ]
    column, target = made("moment", values, timezone=BERLIN)

    ten, twelve = datetime(2026, 7, 1, 10, tzinfo=UTC), datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert values_of(column) == [twelve, ten, ten, ten, None]
    assert target.bad == []


def test_hours_that_the_clock_repeats_or_skips_are_counted() -> None:
    """02:30 occurs twice on 25 October 2026 in Berlin, and not at all on 29 March: first occurrence, and moved forward."""
    twice, never, plain = datetime(2026, 10, 25, 2, 30), datetime(2026, 3, 29, 2, 30), datetime(2026, 6, 1, 2, 30)
    column, target = made("moment", [twice, never, plain, twice.replace(fold=1)], timezone=BERLIN)

    assert values_of(column) == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        datetime(2026, 6, 1, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]
    assert (target.notes["unclear local time"].count, target.notes["unclear local time"].rows) == (2, [0, 1])


@given(
    st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)), min_size=1, max_size=30),
    st.sampled_from([BERLIN, SHANGHAI, "America/New_York", "Australia/Lord_Howe"]),
)
def test_readings_agree_with_the_standard_library(readings: list[datetime], zone: str) -> None:
    """Whatever the zone, a reading is the instant that zoneinfo says it is."""
    column, _ = made("instant", np.array(readings, "M8[us]"), timezone=zone)

    # an array cannot say which of two occurrences it means: the first
    wanted = [r.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC) for r in readings]
    assert values_of(column) == wanted


def test_a_date_is_never_given_a_time() -> None:
    """In a column of instants a date rejects its row (T2)."""
    column, target = made("instant", [date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)])

    assert kinds(target) == [(0, "date without a time", "2026-01-01")]
    assert column.nulls == 1


def test_times_of_day_are_left_out_of_days_and_counted() -> None:
    """A column of days takes the date of a reading, and the local day of an instant only where a zone is stated (T1, T2)."""
    late = datetime(2026, 1, 1, 23, tzinfo=UTC)
    values = [date(2026, 1, 1), datetime(2026, 1, 2), datetime(2026, 1, 3, 17)]
    column, target = made("day", values)
    local, noted = made("day", [late], timezone=SHANGHAI)

    assert values_of(column) == [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)]
    assert (target.notes["time of day left out"].rows, target.bad) == ([2], [])
    assert values_of(local) == [date(2026, 1, 2)]
    assert noted.notes["time of day left out"].count == 1
    assert kinds(made("day", [late])[1]) == [(0, "timestamp where a date is due", "2026-01-01T23:00:00+00:00")]


def test_dates_and_timestamps_in_one_column_become_days() -> None:
    """One date among timestamps makes the column one of days; whose time is lost is counted (T2)."""
    column, target = made("moment", [datetime(2026, 1, 1, 20, tzinfo=UTC)], [date(2026, 1, 5), None], timezone=SHANGHAI)

    assert column.kind == "day"
    assert values_of(column) == [date(2026, 1, 2), date(2026, 1, 5), None]
    assert target.notes["time of day left out"].rows == [0]


def test_midnights_without_a_zone_are_the_dates_of_a_frame() -> None:
    """pandas has no dates: a column of naive midnights is one of days, told; with a stated zone it is one of instants."""
    days = np.array(["2026-01-01", "NaT", "2026-01-02"], "M8[ns]")
    column, target = made("moment", days)
    local, _ = made("moment", days, timezone="UTC")

    assert values_of(column) == [date(2026, 1, 1), None, date(2026, 1, 2)]
    assert target.notes["midnight read as a date"].rows == [0, 2]
    assert local.kind == "instant"
    assert kinds(made("moment", [datetime(2026, 1, 1), datetime(2026, 1, 1, 5)])[1])[0][1] == "naive timestamp"


@pytest.mark.parametrize(
    "value", [date(1899, 12, 30), date(9999, 12, 31), "0001-01-01", datetime(2200, 1, 1, tzinfo=UTC)]
)
def test_placeholders_for_dates_are_out_of_range(value: Any) -> None:
    """Dates before 1900 or after 2199 reject their row, alone and in a mixed chunk."""
    for values in ([value], [value, "2026-01-01", None, date(2026, 1, 1)]):
        _, target = made("moment", values)
        assert [(b.row, b.kind) for b in target.bad] == [(0, "date out of range")], values


def test_the_first_and_last_day_are_in_range() -> None:
    """1900-01-01 and 2199-12-31 are dates, also as instants up to the last microsecond."""
    ends = [date(1900, 1, 1), date(2199, 12, 31)]
    last = [datetime(1900, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]

    assert (values_of(made("moment", ends)[0]), made("moment", ends)[1].bad) == (ends, [])
    assert (values_of(made("moment", last)[0]), made("moment", last)[1].bad) == (last, [])


def test_text_is_read_as_iso_8601() -> None:
    """Dates of ten characters, timestamps with T or space; what is none rejects the row."""
    days, target = made("moment", ["2026-01-31", "", " 2026-02-01 ", "2026-02-30", "31/01/2026", "soon"], text=True)
    times, _ = made("moment", ["2026-01-31T10:00:00Z", "", "2026-01-31 10:00:00.5+01:00"], text=True)

    assert values_of(days) == [date(2026, 1, 31), None, date(2026, 2, 1), None, None, None]
    assert [(row, kind) for row, kind, _ in kinds(target)] == [(3, "not a date"), (4, "not a date"), (5, "not a date")]
    assert values_of(times) == [
        datetime(2026, 1, 31, 10, tzinfo=UTC),
        None,
        datetime(2026, 1, 31, 9, 0, 0, 500_000, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("text", "formats", "wanted"),
    [
        ("5/1/2026", ("%d/%m/%Y",), date(2026, 1, 5)),
        ("5/1/2026", ("%m/%d/%Y",), date(2026, 5, 1)),
        ("2026年3月7日", ("%Y年%m月%d日",), date(2026, 3, 7)),
        ("07-Mar-26", ("%Y-%m-%d", "%d-%b-%y"), date(2026, 3, 7)),
        ("March 7, 1999", ("%B %d, %Y",), date(1999, 3, 7)),
        ("7.3.69", ("%d.%m.%y",), date(1969, 3, 7)),
        ("07.03.2026 12:05 am", ("%d.%m.%Y %I:%M %p",), datetime(2026, 3, 6, 16, 5, tzinfo=UTC)),
        ("07.03.2026 01:05 pm", ("%d.%m.%Y %I:%M %p",), datetime(2026, 3, 7, 5, 5, tzinfo=UTC)),
        ("20260307 010203.25+0130", ("%Y%m%d %H%M%S.%f%z",), datetime(2026, 3, 6, 23, 32, 3, 250_000, tzinfo=UTC)),
        ("2026-03-07T01:02:03Z", ("%Y-%m-%dT%H:%M:%S%z",), datetime(2026, 3, 7, 1, 2, 3, tzinfo=UTC)),
    ],
)
def test_declared_formats(text: str, formats: tuple[str, ...], wanted: Any) -> None:
    """Formats are those of strptime, without its locale; the first that fits counts; the zone is the stated one."""
    column, target = made("moment", [text], text=True, formats=formats, timezone=SHANGHAI)

    assert (values_of(column), target.bad) == ([wanted], [])


def test_text_that_fits_no_format_is_refused() -> None:
    """With a format declared, ISO 8601 is text like any other; days that do not exist are no dates."""
    _, target = made(
        "moment", ["2026-01-05", "31.02.2026", "5.1.2026", "25.12.2026 x"], text=True, formats=("%d.%m.%Y",)
    )

    assert [b.row for b in target.bad] == [0, 1, 3]
    assert [
        b.kind for b in made("moment", ["1.1.2026 13:00 pm"], text=True, formats=("%d.%m.%Y %I:%M %p",))[1].bad
    ] == ["not a date"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("%d.%m.%Q", "%Q is not supported"),
        ("%d.%m", "needs a year, a month and a day"),
        ("%d.%m.%Y %Y", "names a part twice"),
    ],
)
def test_formats_that_cannot_be_read_fail_at_once(form: str, words: str) -> None:
    """A wrong format is an error before the first row is read."""
    with pytest.raises(ArgumentError, match=words):
        made("moment", ["1.1.2026"], text=True, formats=(form,))


def test_values_that_are_no_dates() -> None:
    """Numbers are never taken for dates, in any form."""
    assert kinds(made("moment", [5, "5"])[1])[0][1] == "not a date"
    assert [b.kind for b in made("moment", np.array([1735689600]))[1].bad] == ["not a date"]
    assert [b.kind for b in made("day", [timedelta(1)])[1].bad] == ["not a date"]


def test_numbers_count_from_1970_where_their_unit_is_declared() -> None:
    """1767261600000 milliseconds, as a number, text, float or array, are 10:00 UTC on 1 January 2026."""
    ten = datetime(2026, 1, 1, 10, tzinfo=UTC)
    milliseconds = 1_767_261_600_000
    for values, text in (
        ([milliseconds, None], False),
        (["1767261600000", ""], True),
        ([float(milliseconds), float("nan")], False),
        (np.ma.MaskedArray([milliseconds, 5], [False, True]), False),
    ):
        column, target = made("moment", values, text=text, unit="milliseconds")
        assert (values_of(column), target.bad) == ([ten, None], []), values
    assert values_of(made("moment", ["1767261600.25"], text=True, unit="seconds")[0]) == [
        ten.replace(microsecond=250_000)
    ]
    assert values_of(made("day", [milliseconds], unit="milliseconds", timezone=SHANGHAI)[0]) == [date(2026, 1, 1)]
    assert values_of(made("moment", np.array([milliseconds * 1000]), unit="microseconds")[0]) == [ten]
    assert [b.kind for b in made("moment", ["2026-01-01"], text=True, unit="seconds")[1].bad] == ["not a number"]
    for far in (2**62, 10**40):
        assert [b.kind for b in made("moment", [far], unit="seconds")[1].bad] == ["date out of range"]


def test_maps_of_values_apply_before_parsing() -> None:
    """A map may name a date, or a blank."""
    column, _ = made(
        "moment", ["today", "never", "2026-01-01"], text=True, value_map={"today": "2026-06-30", "never": None}
    )
    stamped, _ = made("moment", ["now", "2026-01-01T00:00:00Z"], text=True, value_map={"now": "2026-06-30T10:00:00Z"})

    assert values_of(column) == [date(2026, 6, 30), None, date(2026, 1, 1)]
    assert values_of(stamped) == [datetime(2026, 6, 30, 10, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)]


def test_blank_chunks_do_not_decide_what_a_column_is() -> None:
    """A column of blanks only is one of instants, whatever the blanks look like; dates behind them make it one of days."""
    for chunks in ([[None]], [[float("nan")], [""]], [[""]], [[None], ["9999-12-31"]]):
        assert made("moment", *chunks)[0].kind == "instant", chunks
    assert made("moment", [""], [datetime(2026, 1, 1, tzinfo=UTC)])[0].kind == "instant"
    assert made("moment", [None], [date(2026, 1, 1)])[0].kind == "day"


def test_blanks_of_dataframe_libraries() -> None:
    """NaT, pd.NA and NaN are blank in any chunk."""
    pd = pytest.importorskip("pandas")
    stamp = pd.Timestamp("2026-01-01T10:00:00Z")
    column, target = made("moment", [stamp, pd.NaT, None], [pd.NaT, pd.NA, float("nan")], [stamp])

    ten = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert (values_of(column), target.bad) == ([ten, None, None, None, None, None, ten], [])


@pytest.mark.parametrize("unit", ["D", "s", "ms", "us", "ns"])
def test_arrays_of_any_unit(unit: str) -> None:
    """Days are days; anything finer is a reading without zone, down to microseconds."""
    column, _ = made("moment", np.array(["2026-01-02", "NaT"], f"M8[{unit}]"), timezone="UTC")

    assert values_of(column) == [date(2026, 1, 2) if unit == "D" else datetime(2026, 1, 2, tzinfo=UTC), None]


def test_arrays_of_the_caller_are_not_kept() -> None:
    """Changing an array after it was handed over does not change the column."""
    data = np.array(["2026-01-02"], "M8[us]")
    column, _ = made("moment", data, timezone="UTC")
    data[0] = np.datetime64("1999-01-01")

    assert values_of(column) == [datetime(2026, 1, 2, tzinfo=UTC)]


_PARTS = st.sampled_from(
    [
        "2026-01-31",
        "2024-02-29",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-01-00",
        "1969-12-31",
        "0000-01-01",
        "2O26-01-31",
    ]
)
_TIMES = st.sampled_from(
    ["T09:30:00", " 23:59:59", "t10:00:00", "T24:00:00", "T10:60:00", "T10:00:60", "T10-00:00", "T1 :00:00", "T09:30"]
)
_TAILS = st.sampled_from(
    [
        "",
        "Z",
        ".5",
        ".123456",
        ".123456Z",
        ".1234567",
        ".",
        "+01:00",
        "-05:30",
        ".25+14:00",
        "+24:00",
        "+0a:00",
        "+01:60",
        "z",
        "+0100",
        " ",
        "é",
    ]
)


@given(
    st.lists(st.one_of(st.just(""), st.none(), st.tuples(_PARTS, _TIMES, _TAILS).map("".join)), min_size=1, max_size=6)
)
def test_timestamps_of_a_chunk_are_read_like_single_ones(texts: list[str | None]) -> None:
    """Whatever the shape of a timestamp, a chunk of them gives what each on its own gives."""
    alone = [made("moment", [t, "2000-01-01T00:00:00"], timezone=BERLIN) for t in texts]
    column, target = made("moment", [*texts, "2000-01-01T00:00:00"], timezone=BERLIN)

    if all(c.kind == "instant" for c, _ in alone):
        assert values_of(column)[:-1] == [values_of(c)[0] for c, _ in alone]
        assert [b.row for b in target.bad] == [i for i, (_, t) in enumerate(alone) if t.bad]


@given(
    st.lists(st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30)), min_size=1, max_size=20),
    st.sampled_from(["T", " "]),
    st.sampled_from(["auto", "seconds", "milliseconds", "microseconds"]),
    st.sampled_from([None, UTC, timezone(timedelta(hours=-5, minutes=-30))]),
)
def test_written_timestamps_are_read_back(moments: list[datetime], sign: str, spec: str, zone: timezone | None) -> None:
    """What Python writes is what is read, for every precision, sign and zone."""
    moments = [m.replace(tzinfo=zone, fold=0) for m in moments]
    texts = [m.isoformat(sign, spec) for m in moments]
    column, _ = made("instant", texts, timezone="UTC")

    assert values_of(column) == [
        (t if t.tzinfo else t.replace(tzinfo=UTC)).astimezone(UTC) for t in map(datetime.fromisoformat, texts)
    ]
