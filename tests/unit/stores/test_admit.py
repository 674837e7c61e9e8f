"""Versions, differences and late corrections: the rules that every backend takes from one place."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from crmcore.domain import Change
from crmcore.errors import VersionConflict
from crmcore.stores import Cut, Write
from crmcore.stores.admit import admit
from crmcore.stores.fold import fold
from crmcore.stores.values import check_write


def day(n: int) -> date:
    return date(2026, 1, n)


class Log:
    """A record written step by step."""

    def __init__(self) -> None:
        self.entries, self.held = [], None

    def put(self, at, values, **facts):
        write = Write("opportunity", "D1", values, at, datetime(2026, 2, 1, len(self.entries), tzinfo=UTC), **facts)
        found = admit(write, check_write(write), self.held, lambda: self.entries, len(self.entries) + 1)
        self.held = found.held
        if found.entry is not None:
            self.entries.append(found.entry)
        return found.entry


def test_only_differences_are_kept() -> None:
    """A value that stands already, or a default of a new record, is no change; without any there is no entry (K5)."""
    log = Log()
    first = log.put(day(1), {"outcome": "open", "name": "a", "deleted": False})

    assert dict(first.values) == {"name": "a"}
    assert log.put(day(2), {"name": "a", "outcome": "open"}) is None
    assert dict(log.put(day(3), {"name": None, "outcome": "won"}).values) == {"name": None, "outcome": "won"}
    assert dict(log.entries[-1].old) == {"name": "a", "outcome": "open"}
    assert (log.held.version, log.held.values) == (2, {"outcome": "won"})


def test_a_write_with_a_key_leaves_an_entry() -> None:
    """Also where it changes nothing: the key has to be remembered (K4, K5)."""
    log = Log()
    log.put(day(1), {})
    entry = log.put(day(2), {}, key="k")

    assert (entry.version, dict(entry.values)) == (2, {})


def test_a_late_correction() -> None:
    """What became true earlier does not replace what became true later, field by field (K6, K7)."""
    log = Log()
    log.put(day(1), {"name": "a", "region": "north"})
    log.put(day(10), {"name": "c"})
    late = log.put(day(5), {"name": "b", "region": "south"})

    assert dict(late.old) == {"name": "a", "region": "north"}
    assert log.held.values == {"name": "c", "region": "south"}
    assert log.held == fold(log.entries)["opportunity", "D1"]
    past = [
        fold(log.entries, at=Cut(0, (day(n) - date(1970, 1, 1)).days))["opportunity", "D1"].values
        for n in (1, 5, 9, 10)
    ]
    assert past == [
        {"name": "a", "region": "north"},
        {"name": "b", "region": "south"},
        {"name": "b", "region": "south"},
        {"name": "c", "region": "south"},
    ]
    known = fold(log.entries, known=datetime(2026, 2, 1, 1, tzinfo=UTC))["opportunity", "D1"].values
    assert known == {"name": "c", "region": "north"}
    assert log.put(day(5), {"name": "b"}) is None


def test_of_one_instant_the_sequence_decides_then_the_number() -> None:
    """S4: a sequence of its own, else the later entry."""
    log = Log()
    log.put(day(1), {"name": "second"}, sequence=2)
    log.put(day(1), {"name": "first"}, sequence=1)
    assert log.held.values == {"name": "second"}
    log.put(day(1), {"name": "third"}, sequence=2)
    assert log.held.values == {"name": "third"}


def test_a_date_comes_before_the_instants_of_its_day() -> None:
    """T2: a date has no time; it is ordered before every instant of its UTC day, and counts by its day."""
    log = Log()
    log.put(datetime(2026, 1, 2, 0, tzinfo=UTC), {"name": "instant"})
    log.put(day(2), {"name": "date"})
    assert log.held.values == {"name": "instant"}


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_versions(expected: int) -> None:
    """Another version than the one expected is a conflict that names both (K3)."""
    log = Log()
    log.put(day(1), {"name": "a"}, expected=0)
    log.put(day(2), {"name": "b"}, expected=1)
    with pytest.raises(VersionConflict, match="has version 2") as caught:
        log.put(day(3), {"name": "c"}, expected=expected)
    assert caught.value.version == 2


def test_changes() -> None:
    """An entry is one change of the domain for each field, with what it replaced (O8)."""
    log = Log()
    log.put(day(1), {"name": "a"})
    entry = log.put(day(2), {"name": "b", "outcome": "lost"}, actor="Anna", sequence=3)
    recorded = datetime(2026, 2, 1, 1, tzinfo=UTC)

    assert list(entry.changes()) == [
        Change("2:name", table="opportunity", record="D1", field="name", old="a", new="b", at=day(2), recorded_at=recorded, sequence=3, actor="Anna"),
        Change("2:outcome", table="opportunity", record="D1", field="outcome", old="open", new="lost", at=day(2), recorded_at=recorded, sequence=3, actor="Anna"),
    ]  # fmt: skip
