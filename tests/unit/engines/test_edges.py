"""Edges of the engine, each a question that once could have gone wrong without notice, through `measure`."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

import crmcore as cc

DAY = date(2026, 1, 1)


def deal(n, **more):
    """Return a won deal."""
    return {"id": f"d{n}", "outcome": "won", "created_at": DAY, "closed_at": DAY, "amount": 1, **more}


def measured(metric, rows, **question):
    """Return the rows of a result."""
    return cc.measure(metric, cc.Dataset(opportunity=rows), **question).rows()


@pytest.mark.parametrize("days", [126, 127, 128, 129, 300])
def test_as_many_periods_as_a_byte_holds_and_more(days) -> None:
    """T7: one deal a day: each day has one, whatever type of integer numbers the days."""
    rows = [deal(n, closed_at=DAY + timedelta(days=n)) for n in range(days)]

    assert [r["won_deals"] for r in measured("won_deals", rows, per="day")] == [1] * days


@pytest.mark.parametrize("large", [2**10, 2**18, 2**30])
@pytest.mark.parametrize("groups", [1, 2, 127, 128, 300])
def test_large_values_in_many_groups_are_packed_apart(groups, large) -> None:
    """Q1: medians of values up to 2^30 in up to 300 groups: cell and value share one integer that is wide enough."""
    rows = [deal(3 * g + i, owner=f"o{g:03}", amount=large * (i + 1) + g) for g in range(groups) for i in range(3)]
    found = measured("median_won_deal", rows, by="owner")

    assert [r["median_won_deal"] for r in found] == [2 * large + g for g in range(groups)]


def test_keys_whose_combinations_leave_64_bits() -> None:
    """Five keys of 9,000 values each make more combinations than an integer tells; every row stays its own group."""
    size, names = 9000, "abcde"
    columns = {name: [f"{name}{(i * (7 + 2 * k)) % size}" for i in range(size)] for k, name in enumerate(names)}
    assert (size + 1) ** len(names) > 2**63

    result = cc.measure("won_deals", cc.Dataset(opportunity={"outcome": ["won"] * size, **columns}), by=list(names))

    assert {tuple(r[n] for n in names) for r in result.rows()} == set(zip(*columns.values(), strict=True))


@pytest.mark.parametrize("as_of", [date(2026, 2, 1), date(2026, 3, 1)])
def test_undated_rows_wait_for_the_newest_recorded_date(as_of) -> None:
    """O9: all that is dated was created in January, the last close was on 1 March: before it, the undated deal is absent."""
    rows = [deal(1, closed_at=date(2026, 3, 1)), {"id": "u", "outcome": "open", "created_at": None, "closed_at": None}]

    found = cc.measure(["open_deals", "won_deals"], cc.Dataset(opportunity=rows), as_of=as_of).total
    assert (
        found
        == {
            date(2026, 2, 1): {"open_deals": 1, "won_deals": 0},
            date(2026, 3, 1): {"open_deals": 1, "won_deals": 1},
        }[as_of]
    )


def test_amounts_without_a_currency_are_not_converted() -> None:
    """M2: where rates are given, an amount of no declared currency stays what it is."""
    rates = [cc.Rate(from_currency="EUR", to_currency="USD", valid_from=DAY, rate=Decimal(2))]

    total = (
        cc.Workspace(currency="USD", rates=rates)
        .measure("won_value", cc.Dataset(opportunity=[deal(1, amount=7)]))
        .total
    )
    assert total == {"won_value": 7.0}


def test_conversions_of_large_amounts_are_exact() -> None:
    """M2, Q3: 10^16 euros and a cent at 1.081123 leave 64 bits at their common scale."""
    amount, rate = Decimal("10000000000000000.01"), Decimal("1.081123")
    rates = [cc.Rate(from_currency="EUR", to_currency="USD", valid_from=DAY, rate=rate)]
    rows = [deal(n, amount=a, amount_currency="EUR") for n, a in enumerate((amount, amount, amount, Decimal("-0.01")))]

    total = cc.Workspace(currency="USD", rates=rates).measure("won_value", cc.Dataset(opportunity=rows)).total
    assert total == {"won_value": float((3 * Fraction(amount) - Fraction(1, 100)) * Fraction(rate))}


def test_entities_without_a_value_are_left_out_of_the_outer_aggregate() -> None:
    """R2: A has a mean of 4, B none at all: the median of the means is 4, over one entity; two entities have deals."""
    rows = [deal(1, account="A", amount=4), deal(2, account="B", amount=None)]
    means = cc.each("account", cc.mean("amount"))
    metrics = [
        cc.Metric("middle", cc.median(means), unit="money"),
        cc.Metric("known", cc.count(means), unit="count"),
        cc.Metric("all", cc.count(cc.each("account", cc.count()) >= 1), unit="count"),
    ]

    assert measured(metrics, rows) == [{"middle": 4.0, "known": 1, "all": 2}]


def test_a_day_of_a_window_is_the_windows_own() -> None:
    """`span` inside a window counts the days of the range that the window makes: February had 28, March has 31."""
    per_day = cc.Metric("pace", cc.count(at="closed_at") / cc.span("length"), unit="count/day")
    rows = [deal(n, closed_at=date(2026, 2 + n % 2, 1)) for n in range(4)]
    found = measured([per_day, per_day.previous("month")], rows, per="month", as_of=date(2026, 3, 31))

    assert found == [
        {"period": "2026-02", "pace": 2 / 28, "pace_previous_month": 0.0},
        {"period": "2026-03", "pace": 2 / 31, "pace_previous_month": 2 / 28},
    ]


def test_days_of_a_period_that_has_not_begun() -> None:
    """Of a coming quarter no day has elapsed, and all of it remains; nor has one of the quarter before, also to come."""
    quota = {
        "id": "q",
        "scope": "seller",
        "metric": "won_value",
        "amount": 90,
        "start": date(2026, 4, 1),
        "end": date(2026, 7, 1),
    }
    spans = [
        cc.Metric(kind, cc.span(kind) * cc.count(table="target", at="start"), unit="days")
        for kind in ("length", "elapsed", "remaining")
    ]
    rows = cc.measure(spans, cc.Dataset(target=[quota]), per="quarter", as_of=date(2026, 1, 31)).rows()

    assert rows == [{"period": "2026-Q2", "length": 91.0, "elapsed": 0.0, "remaining": 91.0}]
    gone = cc.Metric(
        "gone", cc.span("elapsed") + 0 * cc.span("length") * cc.count(table="target", at="start"), unit="days"
    )
    before = [gone, gone.previous("month"), gone.previous("quarter")]
    rows = cc.measure(before, cc.Dataset(target=[quota]), per="quarter", as_of=date(2026, 1, 31)).rows()
    assert [list(r.values())[1:] for r in rows] == [[0.0, 0.0, 31.0]]


def test_rates_per_day_of_many_owners_in_many_months() -> None:
    """Cells that are listed one by one know the days of their month too."""
    rows = [deal(n, owner=f"o{n}", closed_at=DAY + timedelta(days=31 * n)) for n in range(12)]
    per_day = cc.Metric("pace", cc.count(at="closed_at") / cc.span("length"), unit="count/day")
    found = measured(per_day, rows, by="owner", per="month", as_of=date(2026, 12, 31))

    assert len(found) == 12 * 12
    assert {(r["owner"], r["period"]): r["pace"] for r in found if r["pace"]} == {
        (f"o{n}", f"2026-{n + 1:02}"): 1 / [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][n] for n in range(12)
    }


def test_a_target_of_the_next_period_makes_no_group_of_this_one() -> None:
    """M8: Bo's target starts when the month ends: looked at over January, there is no Bo."""
    quotas = [
        {"id": f"q{o}", "scope": "seller", "metric": "won_value", "owner": o, "amount": 9, "start": s, "end": e}
        for o, s, e in (("Anna", DAY, date(2026, 2, 1)), ("Bo", date(2026, 2, 1), date(2026, 3, 1)))
    ]
    trailing = cc.Metric("t", cc.total("amount", table="target", at="start").trailing(31), unit="money")

    rows = cc.measure(trailing, cc.Dataset(target=quotas), by="owner", as_of=date(2026, 1, 31)).rows()
    assert rows == [{"owner": "Anna", "t": 9.0}]


def test_targets_that_only_tell_the_periods_make_no_group() -> None:
    """A windowed target beside one with a condition: an owner whom neither counts is not there."""
    quota = {
        "id": "q",
        "scope": "seller",
        "metric": "won_value",
        "owner": "Anna",
        "amount": 9,
        "start": date(2027, 1, 1),
        "end": date(2028, 1, 1),
    }
    target = cc.total("amount", table="target", at="start")
    metrics = [
        cc.Metric("windowed", target.trailing(7), unit="money"),
        cc.Metric("bo", cc.total("amount", table="target", at="start", where=cc.col("owner") == "Bo"), unit="money"),
    ]

    assert cc.measure(metrics, cc.Dataset(target=[quota]), by="owner", as_of=date(2026, 1, 31)).rows() == []


def test_a_filter_on_dates_shows_fewer_periods_and_shortens_no_window() -> None:
    """T6: deals of January and February; asked for February alone, its trailing 60 days still see January."""
    rows = [deal(1, closed_at=date(2026, 1, 20), amount=10), deal(2, closed_at=date(2026, 2, 10), amount=5)]
    found = measured(
        ["won_value", "won_value.trailing(60)"], rows, per="month", where=cc.col("closed_at") >= date(2026, 2, 1)
    )

    assert found == [{"period": "2026-02", "won_value": 5.0, "won_value_trailing_60_days": 15.0}]


def test_periods_without_rows_between_others() -> None:
    """T7, R2: January and March have deals: February is shown, with 0 and undefined; nothing before or after."""
    rows = [deal(1), deal(2, closed_at=date(2026, 3, 9))]
    found = measured(["won_deals", "won_value", "win_rate"], rows, per="month", as_of=date(2026, 6, 30))

    assert [(r["period"], r["won_deals"], r["won_value"], r["win_rate"]) for r in found] == [
        ("2026-01", 1, 1.0, 1.0),
        ("2026-02", 0, 0.0, None),
        ("2026-03", 1, 1.0, 1.0),
    ]


def test_dates_to_come_are_not_cut_by_as_of() -> None:
    """T4, T8: what is expected to close counts in the month it is expected in, also after the day looked from."""
    rows = [
        {"id": "a", "outcome": "open", "created_at": DAY, "expected_close": date(2026, 3, 10)},
        {"id": "b", "outcome": "open", "created_at": DAY, "expected_close": date(2026, 1, 20)},
    ]
    expected = cc.Metric("expected", cc.count(), unit="count", anchor="expected_close")
    found = measured(expected, rows, per="month", as_of=date(2026, 1, 10))

    assert [(r["period"], r["expected"]) for r in found] == [("2026-01", 1), ("2026-02", 0), ("2026-03", 1)]


def test_columns_of_different_scales_compare_exactly() -> None:
    """Q3: 10^14 with two decimals against four decimals: at one scale they leave 64 bits, and still compare."""
    rows = [
        deal(1, amount=Decimal("100000000000000.01"), won_amount=Decimal("100000000000000.0099")),
        deal(2, amount=Decimal("1.00"), won_amount=Decimal("1.0000")),
    ]
    above = cc.Metric("above", cc.count(cc.col("amount") > cc.col("won_amount")), unit="count")
    same = cc.Metric("same", cc.count(cc.col("amount") == cc.col("won_amount")), unit="count")

    assert measured([above, same], rows) == [{"above": 1, "same": 1}]
