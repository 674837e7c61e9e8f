"""What a store takes and what it refuses, before anything is written (K13)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum

import numpy as np
import pandas as pd
import pytest

from crmcore.domain import Money
from crmcore.errors import ArgumentError, CrmCoreError, DefinitionError
from crmcore.stores import Write
from crmcore.stores.values import check_write, checked, defaults_of, same

AT = datetime(2026, 1, 2, tzinfo=UTC)


def write(**changes):
    return Write(**({"table": "opportunity", "id": "D1", "values": {}, "at": AT, "recorded_at": AT} | changes))


class Word(str, Enum):  # noqa: UP042 - what hosts have had for long
    WON = "won"


class Size(IntEnum):
    LARGE = 3


def test_values_become_plain() -> None:
    """Subclasses of text, numbers and datetimes are kept as what they are at heart; datetimes are UTC."""
    east = timezone(timedelta(hours=8))
    given = {
        "outcome": Word.WON,
        "created_at": pd.Timestamp("2026-01-02 08:00", tz="Asia/Shanghai"),
        "closed_at": datetime(2026, 1, 2, 9, tzinfo=east),
        "score": np.float64(0.5),
        "预算": Decimal("1.50"),
        "size": Size.LARGE,
    }
    found = checked("opportunity", "D1", given)

    assert found == {
        "outcome": "won",
        "created_at": datetime(2026, 1, 2, 0, tzinfo=UTC),
        "closed_at": datetime(2026, 1, 2, 1, tzinfo=UTC),
        "score": 0.5,
        "预算": Decimal("1.50"),
        "size": 3,
    }
    assert [type(v) for v in found.values()] == [str, datetime, datetime, float, Decimal, int]
    assert found["closed_at"].tzinfo is UTC


def test_a_cleared_field_has_its_default() -> None:
    """None is the record's default: an outcome is then open."""
    assert checked("opportunity", 1, {"outcome": None, "amount": None}) == {"outcome": "open", "amount": None}
    assert defaults_of("lead")["converted"] is False
    assert defaults_of("a table of the host") == {}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amount": 12.5}, "is not Money"),
        ({"amount": Decimal("12.5")}, "is not Money"),
        ({"outcome": "wonn"}, "did you mean 'won'"),
        ({"created_at": datetime(2026, 1, 2)}, "has no time zone"),
        ({"created_at": "2026-01-02"}, "is not a date"),
        ({"created_at": pd.NaT}, "NaT has no time zone"),
        ({"probability": Decimal(2)}, "from 0 to 1"),
        ({"score": float("nan")}, "is not a number"),
        ({"own": float("inf")}, "not finite"),
        ({"own": Decimal("NaN")}, "not finite"),
        ({"own": datetime(2026, 1, 2)}, "no time zone"),
        ({"own": [1]}, "is a list"),
        ({"own": b"x"}, "is a bytes"),
        ({"own": np.int64(1)}, "is a int64"),
        ({"name": "a\0b"}, "no text"),
        ({"name": "\ud800"}, "no text"),
        ({"own": 10**1001}, "1000 digits"),
        ({"push_count": True}, "whole number"),
    ],
)
def test_values_that_are_refused(values: dict, words: str) -> None:
    """A value that its field does not take is an error that names record, field and value."""
    with pytest.raises(DefinitionError, match=words):
        check_write(write(values=values))


@pytest.mark.parametrize(
    "changes",
    [
        {"table": ""}, {"table": "a\nb"}, {"table": "x" * 201}, {"table": None}, {"table": "change", "values": {"old": 1, "x": 1}},
        {"id": ""}, {"id": None}, {"id": True}, {"id": 1.5}, {"id": "a\0"}, {"id": 2**63},
        {"at": datetime(2026, 1, 2)}, {"at": None}, {"at": "2026-01-02"}, {"recorded_at": None}, {"recorded_at": date(2026, 1, 2)},
        {"sequence": -1}, {"sequence": True}, {"expected": -1}, {"expected": "1"}, {"key": ""}, {"key": 7}, {"source": None},
        {"values": {"": 1}}, {"values": {"id": 2}}, {"values": {"version": 2}}, {"values": {"$m": 1}}, {"values": {1: 1}},
        {"table": "pipeline", "values": {"stages": 1}}, {"actor": 1.5},
    ],
)  # fmt: skip
def test_writes_that_are_refused(changes: dict) -> None:
    """A name, id, date or number that is none is refused."""
    with pytest.raises((DefinitionError, ArgumentError)):
        check_write(write(**changes))


def test_what_is_no_write() -> None:
    """A dict is no write."""
    with pytest.raises(CrmCoreError, match=r"takes crmcore\.stores\.Write"):
        check_write({"table": "lead"})  # type: ignore[arg-type]


def test_same() -> None:
    """One and True, or a date and an instant, are two values; 1.0 and 1.00 are one."""
    assert not same(1, True)
    assert not same(date(2026, 1, 2), AT)
    assert not same(1, Decimal(1))
    assert same(Money("1.0", "EUR"), Money("1.00", "EUR"))
