"""Time zones: local days of instants, and instants of local days."""

from __future__ import annotations

import sys
import zoneinfo
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.calendars import MAX_DAY, MIN_DAY, Calendar, Zone, day_of
from crmcore.errors import ArgumentError, MissingLibraryError, RangeError

HOUR = 3_600_000_000
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAMES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia"]
NAMES += ["America/Sao_Paulo", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns"]


def instant(text):
    """Microseconds of an instant written in UTC, or with its offset."""
    moment = datetime.fromisoformat(text)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // timedelta(microseconds=1)


def day(text):
    return day_of(date.fromisoformat(text))


@pytest.mark.parametrize(
    ("zone", "when", "local"),
    [
        ("UTC", "2026-06-30T23:59:59.999999", "2026-06-30"),
        ("UTC", "2026-07-01T00:00:00", "2026-07-01"),
        ("UTC", "1969-12-31T23:59:59.999999", "1969-12-31"),
        ("Asia/Shanghai", "2026-06-30T15:59:59.999999", "2026-06-30"),
        ("Asia/Shanghai", "2026-06-30T16:00:00", "2026-07-01"),
        ("America/Los_Angeles", "2026-07-01T06:59:59.999999", "2026-06-30"),
        ("America/Los_Angeles", "2026-07-01T07:00:00", "2026-07-01"),
        ("Pacific/Kiritimati", "2026-06-30T10:00:00", "2026-07-01"),
        ("Asia/Kathmandu", "2026-06-30T18:15:00", "2026-07-01"),
        ("Asia/Kathmandu", "2026-06-30T18:14:59.999999", "2026-06-30"),
    ],
)
def test_the_local_day_of_an_instant(zone, when, local):
    """T1, E14: the day of an instant is that of its own time zone, east and west of UTC, to the microsecond."""
    assert Zone(zone).local_day(instant(when)) == day(local)


def test_one_instant_in_two_quarters():
    """T1, E14: a deal closed at 18:00 UTC on 30 June is in the third quarter in Shanghai, in the second in New York."""
    closed = instant("2026-06-30T18:00")
    quarter = {
        z: Calendar().period(Zone(z).local_day(closed), "quarter").label for z in ("Asia/Shanghai", "America/New_York")
    }
    assert quarter == {"Asia/Shanghai": "2026-Q3", "America/New_York": "2026-Q2"}


@pytest.mark.parametrize(
    ("zone", "local", "start", "hours"),
    [
        ("UTC", "2026-03-29", "2026-03-29T00:00", 24),
        ("Asia/Shanghai", "2026-03-29", "2026-03-28T16:00", 24),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", 25),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00", 23),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00", 25),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
        # the clock went from 00:00 to 01:00: the day started at one o'clock
        ("America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00", 23),
        ("America/Sao_Paulo", "2017-10-14", "2017-10-14T03:00", 24),
        ("Asia/Beirut", "2022-03-27", "2022-03-26T22:00", 23),
        # the clock went back at midnight: 23:00 to 24:00 twice, the day before has 25 hours
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00", 25),
        # the clock went back at one o'clock: midnight twice, the first one starts the day
        ("America/Havana", "2025-11-02", "2025-11-02T04:00", 25),
        # the clock went from 23:30 to 00:30: both days lose half an hour
        ("America/Toronto", "1919-03-30", "1919-03-30T05:00", 23.5),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30", 23.5),
        # Samoa went over the date line and left out 30 December 2011
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00", 24),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", 24),
        # one minute after midnight back to 23:01: the day has started once already
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30", 25),
    ],
)
def test_days_of_23_and_25_hours(zone, local, start, hours):
    """T1, T8, E18: a local day starts and ends with its own clock; most have 24 hours, not all."""
    zone, local = Zone(zone), day(local)
    assert zone.start_of_day(local) == instant(start)
    assert zone.end_of_day(local) == instant(start) + hours * HOUR - 1
    if hours:
        assert zone.local_day(instant(start)) == local


@pytest.mark.parametrize(
    ("naive", "expected"),
    [
        (datetime(2026, 6, 30, 12, 30, 15, 7), "2026-06-30T12:30:15.000007+02:00"),
        (datetime(2026, 1, 1), "2026-01-01T00:00+01:00"),
        # occurs twice: the first, or what fold says
        (datetime(2026, 10, 25, 2, 30), "2026-10-25T02:30+02:00"),
        (datetime(2026, 10, 25, 2, 30, fold=1), "2026-10-25T02:30+01:00"),
        # does not occur: as much later as the clock skips
        (datetime(2026, 3, 29, 2, 30), "2026-03-29T03:30+02:00"),
        (datetime(2026, 3, 29, 2, 30, fold=1), "2026-03-29T03:30+02:00"),
        (datetime(2026, 6, 30, 12, fold=1), "2026-06-30T12:00+02:00"),
    ],
)
def test_readings_of_the_local_clock(naive, expected):
    """T1: a naive time with a stated zone; ambiguous is the first occurrence, skipped moves forward."""
    assert Zone("Europe/Berlin").instant(naive) == instant(expected)


def test_a_reading_in_utc_is_the_instant():
    """T1: in UTC every reading occurs once."""
    assert Zone("UTC").instant(datetime(2026, 3, 29, 2, 30, fold=1)) == instant("2026-03-29T02:30")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "has a zone of its own"),
        (date(2026, 1, 1), r"is not a datetime; a date gets no time made up \(T2\)"),
        ("2026-01-01", "'2026-01-01' is not a datetime"),
    ],
)
def test_only_naive_times_are_read(value, message):
    """T2: a date is given no time, a time with a zone is not given another one."""
    with pytest.raises(ArgumentError, match=message):
        Zone("Europe/Berlin").instant(value)


def test_when_offsets_start():
    """T1: New York in 2026: winter time, summer time from 8 March, winter time from 1 November."""
    starts, offsets = Zone("America/New_York").offsets(instant("2026-01-01"), instant("2026-12-31"))
    assert starts == (instant("2026-01-01"), instant("2026-03-08T07:00"), instant("2026-11-01T06:00"))
    assert offsets == (-5 * HOUR, -4 * HOUR, -5 * HOUR)


def test_offsets_of_a_short_span():
    """T1: the span may start or end at the very second of a change, or hold none."""
    change = instant("2026-03-08T07:00")
    zone = Zone("America/New_York")
    assert zone.offsets(change, change) == ((change,), (-4 * HOUR,))
    assert zone.offsets(change - 1, change) == ((change - 1, change), (-5 * HOUR, -4 * HOUR))
    assert zone.offsets(change - 2, change - 1) == ((change - 2,), (-5 * HOUR,))
    assert Zone("UTC").offsets(5, 10**17) == ((5,), (0,))


def test_offsets_before_standard_time_and_far_ahead():
    """T1: local mean time of New York until 18 November 1883; the rule of 2007 holds on to the year 9999."""
    starts, offsets = Zone("America/New_York").offsets(instant("0001-01-02"), instant("9999-12-30"))
    assert offsets[0] == -(4 * HOUR + 56 * HOUR // 60 + 2_000_000)
    assert starts[1] == instant("1883-11-18T17:00")
    assert starts[-2:] == (instant("9999-03-14T07:00"), instant("9999-11-07T06:00"))
    assert starts == tuple(sorted(starts))


@given(
    name=st.sampled_from(NAMES),
    seconds=st.lists(st.integers(-62_135_400_000, 253_402_100_000), min_size=1, max_size=20),
    fraction=st.integers(0, 999_999),
)
def test_offsets_are_those_of_the_standard_library(name, seconds, fraction):
    """T1: looked up in the table, one by one, or asked of zoneinfo, the offset at any instant is the same."""
    instants = [s * 1_000_000 + fraction for s in seconds]
    zone = Zone(name)
    starts, offsets = zone.offsets(min(instants), max(instants))
    assert starts[0] <= min(instants)
    for moment in instants:
        local = (EPOCH + timedelta(microseconds=moment)).astimezone(ZoneInfo(name))
        expected = local.utcoffset() // timedelta(microseconds=1)
        assert offsets[bisect_right(starts, moment) - 1] == expected
        assert zone.offset(moment) == expected
        assert zone.local_day(moment) == day_of(local.date())


@pytest.mark.parametrize("name", NAMES)
def test_every_change_of_the_standard_library_is_found(name):
    """T1: hour by hour from 2006 to 2013, the table changes where zoneinfo does and nowhere else."""
    zone, tz = Zone(name), ZoneInfo(name)
    low, high = instant("2006-01-01"), instant("2014-01-01")
    starts, offsets = zone.offsets(low, high)
    moment, before, found = EPOCH.replace(year=2006), None, []
    while moment.year < 2014:
        offset = moment.astimezone(tz).utcoffset()
        if offset != before:
            found.append(((moment - EPOCH) // timedelta(microseconds=1), offset // timedelta(microseconds=1)))
            before = offset
        moment += timedelta(hours=1)
    # some changes fall within an hour of UTC: Lord Howe, St John's
    assert [(-(-s // HOUR) * HOUR, o) for s, o in zip(starts, offsets, strict=True)] == found


@given(
    st.sampled_from(NAMES), st.lists(st.datetimes(datetime(1850, 1, 1), datetime(2150, 1, 1)), min_size=1, max_size=20)
)
def test_a_table_of_readings_equals_one_by_one(name, readings):
    """T1: readings converted by the table are the instants that `instant` gives."""
    zone, zero = Zone(name), datetime(1970, 1, 1)
    clocks = [(r - zero) // timedelta(microseconds=1) for r in readings]
    starts, offsets = zone.wall_offsets(min(clocks), max(clocks))
    for reading, clock in zip(readings, clocks, strict=True):
        assert clock - offsets[bisect_right(starts, clock) - 1] == zone.instant(reading)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_readings_around_the_changes(name):
    """T1: ambiguous and skipped readings too, minute by minute around each change of 2000 to 2030."""
    zone, zero = Zone(name), datetime(1970, 1, 1)
    changes, _ = zone.offsets(instant("2000-01-01"), instant("2030-01-01"))
    table = zone.wall_offsets(instant("1999-12-01"), instant("2030-02-01"))
    for change in changes:
        middle = change + zone.offset(change)
        for clock in range(middle - 26 * HOUR, middle + 26 * HOUR, 30 * HOUR // 60):
            reading = zero + timedelta(microseconds=clock)
            assert clock - table[1][bisect_right(table[0], clock) - 1] == zone.instant(reading)


@given(st.sampled_from(NAMES), st.integers(day_of(date(1850, 1, 1)), day_of(date(2150, 1, 1))))
def test_a_day_starts_where_the_day_before_ends(name, local):
    """T1, T8, E17: days of a zone touch each other, and the first instant of a day is the first that falls on it."""
    zone = Zone(name)
    start = zone.start_of_day(local)
    assert zone.end_of_day(local - 1) == start - 1
    if zone.start_of_day(local + 1) > start:
        assert zone.local_day(start) == local
        assert zone.local_day(start - 1) < local


@pytest.mark.parametrize("name", NAMES)
def test_the_ends_of_the_range(name):
    """The first and the last day that a date can be start and end in every zone; beyond them is an error."""
    zone = Zone(name)
    assert zone.local_day(zone.start_of_day(MIN_DAY)) == MIN_DAY
    assert zone.local_day(zone.end_of_day(MAX_DAY)) == MAX_DAY
    for ask in (
        lambda: zone.start_of_day(MIN_DAY - 1),
        lambda: zone.end_of_day(MAX_DAY + 1),
        lambda: zone.local_day(zone.end_of_day(MAX_DAY) + 1),
        lambda: zone.local_day(zone.start_of_day(MIN_DAY) - 1),
    ):
        with pytest.raises(RangeError, match="out of range"):
            ask()


def test_a_midnight_skipped_in_the_far_future():
    """T1: where the rule changes the clock at midnight, it does so in the year 9999 too (Cairo's last Friday of April)."""
    zone = Zone("Africa/Cairo")
    friday = day("9999-04-30")
    assert zone.start_of_day(friday) == instant("9999-04-29T22:00")
    assert zone.end_of_day(friday) - zone.start_of_day(friday) == 23 * HOUR - 1


def test_instants_in_another_unit_are_noticed():
    """Nanoseconds taken for microseconds are out of range, and the error says what to check; fractions are refused."""
    with pytest.raises(RangeError, match="is outside the years 1 to 9999; is its unit microseconds"):
        Zone("Europe/Berlin").local_day(1_782_000_000_000_000_000)
    with pytest.raises(ArgumentError, match=r"whole number of microseconds since 1970, not 1\.5"):
        Zone("UTC").offset(1.5)
    with pytest.raises(ArgumentError, match="the last instant 1 is before the first one 2"):
        Zone("UTC").offsets(2, 1)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("shanghai", "Asia/Shanghai"),
    ],
)
def test_an_unknown_zone_names_the_nearest(name, nearest):
    """A misspelt zone, a city alone or another case is answered with the name that is meant."""
    with pytest.raises(ArgumentError, match=f"no time zone named '{name}'; did you mean '{nearest}'") as caught:
        Zone(name)
    assert caught.value.nearest[0] == nearest


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "/etc/localtime", "Nowhere", "America", "a\0b", "localtime", None, 8]
)
def test_what_is_no_zone_is_refused(name):
    """A path, a folder, the machine's own zone and other things are no zones."""
    with pytest.raises(ArgumentError, match="no time zone named"):
        Zone(name)


def test_a_machine_without_time_zone_data(monkeypatch):
    """Without data the error names the package to install, and UTC works all the same."""
    for module in [m for m in sys.modules if m.partition(".")[0] == "tzdata"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tzdata", None)
    ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath(to=[])
    try:
        with pytest.raises(MissingLibraryError, match=r"install the package tzdata \(pip install tzdata\)"):
            Zone("Europe/Berlin")
        assert Zone("UTC").local_day(DAY) == 1
    finally:
        zoneinfo.reset_tzpath()
        ZoneInfo.clear_cache()


def test_zones_compare_by_name():
    """Zones are values."""
    assert Zone("Asia/Shanghai") == Zone("Asia/Shanghai") != Zone("UTC")
    assert len({Zone("UTC"), Zone("UTC")}) == 1
