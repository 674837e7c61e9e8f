"""Entries as text: types kept, canonical, chained."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from types import MappingProxyType

import pytest

from crmcore.domain import Money
from crmcore.errors import StoreCorrupt
from crmcore.stores import Entry, Write
from crmcore.stores.codec import EMPTY, digest, dump, entry_of, link, load, row_of

VALUES = {
    "text": "商机 \"x\" \n\u2028 'y' \\",
    "int": 2**70,
    "negative": -1,
    "true": True,
    "none": None,
    "float": 0.1,
    "decimal": Decimal("1.50"),
    "tiny": Decimal("1E-40"),
    "third": Fraction(-1, 3),
    "money": Money("12.50", "EUR"),
    "plain money": Money("0"),
    "day": date(1969, 12, 31),
    "instant": datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
    "span": timedelta(days=-1, microseconds=1),
}


def entry(**changes):
    facts = {"number": 3, "table": "lead", "id": "L1", "version": 2, "values": {"b": 1, "a": Money("1", "EUR")}, "old": {"b": 2}, "at": date(2026, 1, 2),
                 "recorded_at": datetime(2026, 1, 3, tzinfo=UTC), "actor": "Anna", "sequence": 1, "source": "crm", "key": "k"}  # fmt: skip
    return Entry(**(facts | changes))


def test_values_come_back_as_they_were() -> None:
    """Each value is equal and of its type; text is JSON in one line (K11)."""
    found = load(dump(VALUES))

    assert found == VALUES
    assert {k: type(v) for k, v in found.items()} == {k: type(v) for k, v in VALUES.items()}
    assert str(found["decimal"]) == "1.50"
    assert "\n" not in dump(VALUES)


def test_text_is_canonical() -> None:
    """The order of fields does not matter; letters of every script stand as they are."""
    assert dump({"b": 1, "a": "预算"}) == dump(MappingProxyType({"a": "预算", "b": 1})) == '{"a":"预算","b":1}'


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"a":{"$d":"2026-13-01"}}', '{"a":{"$m":[]}}', '{"a":{"$n":"x"}}', '"x"', "[" * 99999]
)
def test_text_that_was_altered(text: str) -> None:
    """What `dump` has not written is an error, whatever is wrong with it."""
    with pytest.raises(StoreCorrupt):
        load(text)


def test_entry_and_row() -> None:
    """An entry is the same after its cells."""
    for at in (date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5, 6, UTC)):
        first = row_of(entry(at=at))
        assert row_of(entry_of(first)) == first
        assert entry_of(first).at == at


def test_links_differ_with_every_cell() -> None:
    """The chain is blake2b over the link before and the cells; any cell that changes changes it (K12)."""
    row = row_of(entry())
    cells = '[3,"lead","L1",2,"{\\"a\\":{\\"$m\\":[\\"1\\",\\"EUR\\"]},\\"b\\":1}","{\\"b\\":2}","2026-01-02",1767398400000000,"Anna",1,"crm","k"]'
    expected = blake2b(EMPTY + cells.encode(), digest_size=16).digest()
    others = [
        entry(**c)
        for c in (
            {"number": 4},
            {"table": "leads"},
            {"id": 1},
            {"version": 3},
            {"values": {"b": 1}},
            {"old": {}},
            {"at": date(2026, 1, 3)},
            {"recorded_at": datetime(2026, 1, 4, tzinfo=UTC)},
            {"actor": None},
            {"sequence": 2},
            {"source": ""},
            {"key": None},
        )
    ]

    assert link(EMPTY, row) == expected
    assert len({link(EMPTY, row_of(e)) for e in others} | {expected, link(expected, row)}) == len(others) + 2


def test_digest_is_of_content() -> None:
    """When it was recorded, by whom and over which version is no content; what, whose and when it became true is (K4)."""
    at = datetime(2026, 1, 2, 12, tzinfo=UTC)
    base = {"table": "lead", "id": 1, "values": {"a": 1}, "at": at, "recorded_at": at, "key": "k"}

    def of(**changes):
        write = Write(**(base | changes))
        return digest(write, dict(write.values))

    later = at + timedelta(hours=1)
    assert (
        of()
        == of(recorded_at=later)
        == of(actor="Ben")
        == of(expected=3)
        == of(at=at.astimezone(timezone(timedelta(hours=8))))
    )
    assert (
        len(
            {
                of(),
                of(id="1"),
                of(table="deal"),
                of(values={"a": 2}),
                of(values={"a": True}),
                of(at=later),
                of(sequence=1),
            }
        )
        == 7
    )
