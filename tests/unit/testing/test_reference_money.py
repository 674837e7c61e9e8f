"""The reference on money: currencies, rates, missing amounts, targets shared out over their days (M2, M3, M8)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crmcore.algebra import bins, col, count, distinct, mean, total
from crmcore.domain import Money, Rate
from crmcore.errors import CurrencyError
from crmcore.metric import Metric
from crmcore.testing import measure
from crmcore.testing.reference.targets import allocate

WON_VALUE = Metric("won_value", total("amount", where=col("outcome") == "won"), unit="money", anchor="closed_at")
PIPELINE = Metric("pipeline", total("amount"), unit="money", anchor="stock")
TARGET = Metric("target", total("amount"), unit="money", anchor="start", table="target")

RATES = [
    Rate(from_currency="EUR", to_currency="USD", valid_from=date(2025, 1, 1), rate=Decimal("1.39")),
    Rate(from_currency="EUR", to_currency="USD", valid_from=date(2026, 2, 1), rate=Decimal("1.42")),
    Rate(from_currency="USD", to_currency="EUR", valid_from=date(2025, 1, 1), rate=Decimal("0.70")),
]


def won(*rows):
    """Return won deals from (amount, currency, day of closing)."""
    return {
        "opportunity": [
            {
                "id": i,
                "outcome": "won",
                "amount": amount,
                "amount_currency": code,
                "created_at": date(2025, 1, 1),
                "closed_at": day,
            }
            for i, (amount, code, day) in enumerate(rows)
        ]
    }


JANUARY, FEBRUARY = date(2026, 1, 31), date(2026, 2, 1)


def test_currencies_are_never_added() -> None:
    """M2: euros and dollars without rates are an error that names both; each alone is a sum."""
    mixed = won((Decimal(10), "EUR", JANUARY), (Decimal(20), "USD", JANUARY))

    with pytest.raises(CurrencyError, match="amounts in EUR, USD"):
        measure(WON_VALUE, mixed)
    assert measure(WON_VALUE, mixed, where=col("amount_currency") == "USD").total == {"won_value": 20.0}
    assert measure(Metric("n", count("amount"), anchor="closed_at"), mixed).total == {"n": 2.0}
    assert measure(Metric("n", distinct("amount"), anchor="closed_at"), mixed).total == {"n": 2.0}


def test_no_currency_never_meets_another() -> None:
    """M2: an amount without a currency is not added to euros; blank amounts have none to meet."""
    with pytest.raises(CurrencyError, match="amounts in EUR, no currency"):
        measure(WON_VALUE, won((Decimal(10), "EUR", JANUARY), (Decimal(20), None, JANUARY)))
    assert measure(WON_VALUE, won((Decimal(10), "EUR", JANUARY), (None, "USD", JANUARY))).total == {"won_value": 10.0}


def test_amounts_of_one_row_in_two_currencies_are_not_added() -> None:
    """M2: nor are an amount and a list price of one row."""
    rows = {"quote": [{"id": 1, "amount": Money(5, "EUR"), "discount": Money(1, "USD")}]}

    with pytest.raises(CurrencyError, match="not added"):
        measure(Metric("x", total(col("amount") + col("discount")), unit="money", anchor="stock", table="quote"), rows)


def test_currencies_are_not_added_across_aggregates_either() -> None:
    """M2: revenue in euros less cost in dollars is an error; revenue by deals is not, nor a rate of each."""
    records = won((Decimal(10), "EUR", JANUARY)) | {"cost": [{"date": JANUARY, "amount": Money(4, "USD")}]}
    cost = total("amount", table="cost", at="date")

    for formula, unit in ((WON_VALUE.formula - cost, "money"), (WON_VALUE.formula / cost, "ratio")):
        with pytest.raises(CurrencyError, match="EUR, USD"):
            measure(Metric("x", formula, unit=unit, anchor="closed_at"), records)
    euro_rate, dollar_rate = WON_VALUE.formula / WON_VALUE.formula, cost / cost
    assert measure(Metric("x", euro_rate + dollar_rate, unit="ratio"), records).total == {"x": 2.0}
    assert measure(Metric("x", WON_VALUE.formula / count(), unit="money", anchor="closed_at"), records).total == {
        "x": 10.0
    }


def test_rate_of_the_anchor_day() -> None:
    """M2: 100 EUR won on 31 January are 139 USD, on 1 February, the new rate's first day, 142; 50 USD stay: 331."""
    rows = won((Decimal(100), "EUR", JANUARY), (Decimal(100), "EUR", FEBRUARY), (Decimal(50), "USD", FEBRUARY))
    answer = measure(WON_VALUE, rows, currency="USD", rates=RATES, per="month")

    assert [(r["period"], r["won_value"]) for r in answer.rows] == [("2026-01", 139.0), ("2026-02", 192.0)]
    assert answer.total == {"won_value": 331.0}


def test_missing_rate_is_counted_not_priced() -> None:
    """M2: pounds have no rate, and euros none before 2025: neither is priced, both are counted; the mean is of one."""
    rows = won((Decimal(100), "EUR", JANUARY), (Decimal(9), "GBP", JANUARY), (Decimal(9), "EUR", date(2024, 12, 31)))
    answer = measure(
        Metric("deal", mean("amount"), unit="money", anchor="closed_at"), rows, currency="USD", rates=RATES
    )

    assert answer.total == {"deal": 139.0}
    assert answer.details[0]["deal"]["n"] == 1
    assert answer.excluded == {"no rate": 2}


def test_stock_is_converted_on_its_own_day() -> None:
    """M2: 100 EUR of pipeline are worth 139 USD at the end of January and 142 at the end of February."""
    rows = {"opportunity": [{"id": 1, "amount": Money(100, "EUR"), "created_at": date(2026, 1, 5)}]}
    answer = measure(PIPELINE, rows, currency="USD", rates=RATES, per="month", as_of=date(2026, 2, 28))

    assert [r["pipeline"] for r in answer.rows] == [139.0, 142.0]


def test_conditions_see_the_converted_amount() -> None:
    """M2: above 140 USD is the deal of February only."""
    rows = won((Decimal(100), "EUR", JANUARY), (Decimal(100), "EUR", FEBRUARY))
    big = Metric("big", count(col("amount") > 140), unit="count", anchor="closed_at")

    assert measure(big, rows, currency="USD", rates=RATES).total == {"big": 1.0}


def test_groups_see_the_amount_of_their_day() -> None:
    """M2: the deal of 100 EUR is in the class below 140 USD when it was created, and above when it was closed."""
    rows = {
        "opportunity": [
            {"id": 1, "outcome": "won", "amount": Money(100, "EUR"), "created_at": JANUARY, "closed_at": FEBRUARY}
        ]
    }
    metrics = [Metric("new", count(), anchor="created_at"), Metric("closed", count(), anchor="closed_at")]
    answer = measure(metrics, rows, by=bins("amount", [140]), currency="USD", rates=RATES)

    assert [(r["new"], r["closed"]) for r in answer.rows] == [(1.0, 0.0), (0.0, 1.0)]


def test_column_without_currencies_is_not_converted() -> None:
    """M2: amounts that name no currency anywhere stay what they are; beside others, a blank currency has no rate."""
    bare = won((Decimal(100), None, JANUARY))
    mixed = won((Decimal(100), None, JANUARY), (Decimal(1), "USD", JANUARY))

    assert measure(WON_VALUE, bare, currency="USD", rates=RATES).total == {"won_value": 100.0}
    answer = measure(WON_VALUE, mixed, currency="USD", rates=RATES)
    assert (answer.total, answer.excluded) == ({"won_value": 1.0}, {"no rate": 1})


def test_unpriced_is_not_zero() -> None:
    """M3: of 0, -5 and no amount the sum is -5, the mean -2.5, and one is unpriced."""
    rows = won((Decimal(0), "EUR", JANUARY), (Decimal(-5), "EUR", JANUARY), (None, "EUR", JANUARY))
    answer = measure([WON_VALUE, Metric("deal", mean("amount"), unit="money", anchor="closed_at")], rows)

    assert answer.total == {"won_value": -5.0, "deal": -2.5}
    assert answer.excluded == {"unpriced": 1}


# -- targets -------------------------------------------------------------------------------------------


def targets(*rows):
    """Return targets from (amount, first day, first day after)."""
    return {"target": [{"metric": "won_value", "amount": a, "start": start, "end": end} for a, start, end in rows]}


QUARTER = targets((Money("100.00", "EUR"), date(2026, 1, 1), date(2026, 4, 1)))


def shares(records, per, **query):
    """Return period -> share of the targets."""
    return {r["period"]: r["target"] for r in measure(TARGET, records, per=per, **query).rows}


def test_target_counts_whole_in_the_periods_that_contain_it() -> None:
    """M8: a target of the first quarter counts whole in the quarter, in the year, and without periods."""
    assert shares(QUARTER, "quarter") == {"2026-Q1": 100.0}
    assert shares(QUARTER, "year") == {"2026": 100.0}
    assert measure(TARGET, QUARTER).total == {"target": 100.0}


def test_finer_periods_take_their_share_by_days() -> None:
    """M8: 100.00 over 31 + 28 + 31 days are 34.44, 31.11 and 34.44, and the cent left over goes to the first: 34.45."""
    assert shares(QUARTER, "month") == {"2026-01": 34.45, "2026-02": 31.11, "2026-03": 34.44}
    assert measure(TARGET, QUARTER, per="month").total == {"target": 100.0}


def test_shares_are_whole_minor_units() -> None:
    """M8: 100 yen are 35, 31 and 34 yen; 10 deals are 4, 3 and 3; -100.00 is shared like its positive twin."""
    yen = targets((Money(100, "JPY"), date(2026, 1, 1), date(2026, 4, 1)))
    less = targets((Decimal(-100), date(2026, 1, 1), date(2026, 4, 1)))
    ten = {"target": [{"metric": "won", "quantity": Decimal(10), "start": date(2026, 1, 1), "end": date(2026, 4, 1)}]}
    number = Metric("target", total("quantity"), unit="count", anchor="start", table="target")

    assert list(shares(yen, "month").values()) == [35.0, 31.0, 34.0]
    assert list(shares(less, "month").values()) == [-34.45, -31.11, -34.44]
    assert [r["target"] for r in measure(number, ten, per="month").rows] == [4.0, 3.0, 3.0]


def test_target_over_a_border_is_split_at_it() -> None:
    """M8: 31.00 from 16 January to 15 February are 16 days of January and 15 of February."""
    across = targets((Decimal("31.00"), date(2026, 1, 16), date(2026, 2, 16)))

    assert shares(across, "month") == {"2026-01": 16.0, "2026-02": 15.0}
    assert shares(across, "quarter") == {"2026-Q1": 31.0}


@pytest.mark.parametrize("per", ["day", "week", "month", "quarter", "year"])
def test_shares_add_up(per) -> None:
    """M8: whatever the periods, their shares sum to the amount, to the minor unit."""
    odd = targets(
        (Decimal("1000.01"), date(2025, 11, 20), date(2026, 2, 3)),
        (Decimal("0.07"), date(2026, 1, 1), date(2026, 3, 1)),
    )

    assert round(sum(shares(odd, per).values()), 6) == 1000.08


def test_targets_are_not_cut_by_as_of() -> None:
    """M8, T8: in mid February the targets of February and March stand whole in their months."""
    assert shares(QUARTER, "month", as_of=date(2026, 2, 14)) == {"2026-01": 34.45, "2026-02": 31.11, "2026-03": 34.44}


def test_target_to_date() -> None:
    """M8: by the end of each month 34.45, 65.56 and 100; to 14 February, half of 90 days, 50; 45 days to then, 50."""
    to_date = Metric("target", TARGET.formula.to_date("quarter"), unit="money", anchor="start", table="target")
    trailing = Metric("target", TARGET.formula.trailing(45), unit="money", anchor="start", table="target")
    middle = date(2026, 2, 14)

    done = measure(to_date, QUARTER, per="month", as_of=date(2026, 3, 31))
    assert [r["target"] for r in done.rows] == [34.45, 65.56, 100.0]
    assert measure(to_date, QUARTER, as_of=middle).total == {"target": 50.0}
    assert measure(trailing, QUARTER, as_of=middle).total == {"target": 50.0}


def test_running_attainment_compares_whole_targets() -> None:
    """M8, T5: to 14 February 20 of 40 are won; a month before, by the 14th, 15 of a target of 30: both 50 %."""
    records = targets(
        (Decimal(30), date(2026, 1, 1), date(2026, 2, 1)), (Decimal(40), date(2026, 2, 1), date(2026, 3, 1))
    )
    records |= won(
        (Decimal(15), None, date(2026, 1, 14)),
        (Decimal(9), None, date(2026, 1, 15)),
        (Decimal(20), None, date(2026, 2, 14)),
    )
    attainment = WON_VALUE.formula / TARGET.formula
    metrics = [
        Metric("now", attainment, unit="ratio"),
        Metric("before", attainment.previous("month"), unit="ratio"),
        Metric("change", attainment.change("month"), unit="ratio"),
    ]
    answer = measure(metrics, records, per="month", as_of=date(2026, 2, 14))

    assert answer.rows[-1] == {"period": "2026-02", "now": 0.5, "before": 0.5, "change": 0.0}


def test_largest_remainders() -> None:
    """M8: 0.10 in thirds is 0.04, 0.03, 0.03; in parts of 1 to 2 to 4 it is 0.014, 0.028, 0.057: 0.01, 0.03, 0.06."""
    assert allocate(Fraction(1, 10), 2, [1, 1, 1]) == [Fraction(4, 100), Fraction(3, 100), Fraction(3, 100)]
    assert allocate(Fraction(1, 10), 2, [1, 2, 4]) == [Fraction(1, 100), Fraction(3, 100), Fraction(6, 100)]
    assert [Fraction(m.amount) for m in Money("0.10").allocate([1, 2, 4])] == allocate(Fraction(1, 10), 2, [1, 2, 4])
