"""Sweeps: stocks of many periods, with numbers worked by hand, and which stocks are not swept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

import crmcore as cc
from crmcore.algebra import as_of, col, count, distinct, elapsed, median, total
from crmcore.engines import compute
from crmcore.testing.reference import measure

OPEN = col("outcome") == "open"
DEALS = [
    {"id": 1, "outcome": "won", "created_at": date(2026, 1, 2), "closed_at": date(2026, 1, 4), "expected_close": date(2026, 1, 3), "amount": 5, "owner": "a"},
    {"id": 2, "outcome": "open", "created_at": date(2026, 1, 3), "closed_at": None, "expected_close": date(2026, 1, 6), "amount": 7, "owner": "b"},
]  # fmt: skip
SELLERS = [{"id": "a", "active": False, "left": date(2026, 1, 3)}, {"id": "b", "active": True, "left": None}]
AS_OF = date(2026, 1, 6)


@pytest.fixture
def swept(monkeypatch) -> list[str]:
    """Return a list that gets the tables that are swept."""
    tables: list[str] = []

    def watched(layout, view, given, scope):
        tables.append(layout.views[view].table)
        return original(layout, view, given, scope)

    original = compute.swept
    monkeypatch.setattr(compute, "swept", watched)
    return tables


def by_day(formula, *, rows=None, unit="number", by=(), **options):
    """Return a stock on each day from 2 to 6 January, which is that of the reference."""
    records = {"opportunity": rows or DEALS, "seller": SELLERS}
    metric = cc.Metric("m", formula, unit=unit, anchor="stock")
    kwargs = {"per": "day", "as_of": AS_OF, "by": by, **options}
    found = [row["m"] for row in cc.measure(metric, cc.Dataset(**records), **kwargs).rows()]
    assert found == [row["m"] for row in measure(metric, records, **kwargs).rows]
    return found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # deal 1 is open on the 2nd and 3rd, deal 2 from the 3rd
        (OPEN, [1, 2, 1, 1, 1]),
        (col("outcome") == "won", [0, 0, 1, 1, 1]),
        # 1 was expected on the 3rd and is won on the 4th; 2 is expected on the 6th
        (OPEN & (col("expected_close") <= as_of()), [0, 1, 0, 0, 1]),
        (OPEN & (col("expected_close") < as_of()), [0, 0, 0, 0, 0]),
        (col("expected_close") == as_of(), [0, 1, 0, 0, 1]),
        (as_of() > col("expected_close"), [0, 0, 1, 1, 1]),
        # 1 is two days old from the 4th, 2 from the 5th
        (elapsed("created_at", as_of()) >= 2, [0, 0, 1, 2, 2]),
        (elapsed("created_at", as_of()) > 2, [0, 0, 0, 1, 2]),
        (elapsed("created_at", as_of()) < Fraction(5, 2), [1, 2, 2, 1, 0]),
        # one day before its expected close and on it; past it there is no time left (T3)
        (elapsed(as_of(), "expected_close") <= 1, [1, 1, 0, 1, 1]),
        (elapsed(as_of(), "expected_close").is_null(), [0, 0, 1, 1, 1]),
    ],
)
def test_conditions_turn_at_the_dates_of_the_row(swept, condition, expected) -> None:
    """T2, T3, T4, O8: what holds on each day, in one pass."""
    assert by_day(count(condition)) == expected
    assert swept == ["opportunity"]


def test_instants_turn_to_the_microsecond(swept) -> None:
    """O8: created at midnight after the 3rd, it is there on the 4th; a day later, to the microsecond, it is a day old."""
    rows = [{"id": 1, "outcome": "open", "created_at": datetime(2026, 1, 2, tzinfo=UTC), "amount": 1}]
    rows.append({"id": 2, "outcome": "open", "created_at": datetime(2026, 1, 4, tzinfo=UTC), "amount": 2})
    day_old = elapsed("created_at", as_of()) >= Fraction(86_400_000_000 - 1, 86_400_000_000)

    assert by_day(total("amount"), rows=rows, unit="money") == [1, 1, 3, 3, 3]
    assert by_day(count(day_old), rows=rows) == [1, 1, 2, 2, 2]
    assert swept == ["opportunity", "opportunity"]


def test_undated_rows_are_there_from_the_newest_record_on(swept) -> None:
    """O9: the newest record is of the 4th; from its end on the deal without a date counts."""
    rows = [*DEALS, {"id": 3, "outcome": "open", "created_at": None, "closed_at": None, "amount": 1, "owner": "b"}]

    assert by_day(count(), rows=rows) == [1, 2, 3, 3, 3]
    assert swept == ["opportunity"]


def test_groups_that_are_gone_before_the_first_period_shown_are_not_shown() -> None:
    """T7: the flow shows the 5th and 6th alone; on them no deal of a is open, and none of a is shown."""
    rows = [*DEALS, {"id": 4, "outcome": "won", "created_at": date(2026, 1, 2), "closed_at": date(2026, 1, 5), "amount": 1, "owner": "c"},
            {"id": 5, "outcome": "lost", "created_at": date(2026, 1, 2), "closed_at": date(2026, 1, 6), "amount": 1, "owner": "c"}]  # fmt: skip
    rows[0] = {**rows[0], "closed_at": date(2026, 1, 4)}
    shown = [
        cc.Metric("open", count(OPEN), anchor="stock"),
        cc.Metric("closed", count(col("owner") == "c", at="closed_at"), anchor="closed_at"),
    ]
    kwargs = {"per": "day", "as_of": AS_OF, "by": ["owner"], "where": None}
    records = {"opportunity": rows}
    # the open deals of yesterday and the day before make it three instants
    shown.append(cc.Metric("before", count(OPEN, at="stock").previous("day"), anchor="stock"))
    result = cc.measure(shown, cc.Dataset(**records), **kwargs)

    expected = measure(shown, records, **kwargs).rows
    assert [(r["owner"], r["period"], r["open"]) for r in result.rows()] == [
        (r["owner"], r["period"], r["open"]) for r in expected
    ]


@pytest.mark.parametrize(
    ("formula", "unit", "by"),
    [
        (median(elapsed("created_at", as_of())), "days", ()),
        (total(elapsed("created_at", as_of())), "days", ()),
        (distinct("owner"), "number", ()),
        (count(col("owner.active") == cc.lit(True)), "number", ()),  # whoever left later was active then
        (count(), "number", ("owner.active",)),
        (count((col("closed_at") < as_of()) | OPEN), "number", ()),  # a date that is undone itself
    ],
)
def test_what_may_change_at_any_time_is_looked_at_each_time(swept, formula, unit, by) -> None:
    """Ages, multisets and columns of other tables that the past undoes are measured instant by instant."""
    assert len(by_day(formula, unit=unit, by=by)) >= 5
    assert swept == []


def test_few_instants_are_looked_at_one_by_one(swept) -> None:
    """Below three a sweep is not worth it."""
    assert by_day(count(OPEN), as_of=date(2026, 1, 3)) == [1, 2]
    assert swept == []
