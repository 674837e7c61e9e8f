"""The reference on roll-ups: a value per entity inside each group, and what is counted or measured of those."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crmcore.algebra import (
    col,
    count,
    distinct,
    each,
    elapsed,
    gini,
    largest,
    mean,
    median,
    number,
    quantile,
    smallest,
    top_share,
    total,
)
from crmcore.errors import CurrencyError, DefinitionError
from crmcore.metric import Metric
from crmcore.testing import measure

DAY = date(2026, 3, 1)
ROWS = [
    # account A: 10 + 20 won, B: 50 won, C: 20 won and 1 lost, D: lost only, none: 7 won
    {"id": 1, "account": "A", "owner": "Ann", "region": "N", "outcome": "won", "amount": Decimal(10)},
    {"id": 2, "account": "A", "owner": "Ann", "region": "N", "outcome": "won", "amount": Decimal(20)},
    {"id": 3, "account": "B", "owner": "Bob", "region": "N", "outcome": "won", "amount": Decimal(50)},
    {"id": 4, "account": "C", "owner": "Ann", "region": "S", "outcome": "won", "amount": Decimal(20)},
    {"id": 5, "account": "C", "owner": "Cid", "region": "S", "outcome": "lost", "amount": Decimal(1)},
    {"id": 6, "account": "D", "owner": "Cid", "region": "S", "outcome": "lost", "amount": None},
    {"id": 7, "account": None, "owner": "Bob", "region": "S", "outcome": "won", "amount": Decimal(7)},
]
ROWS = [{**r, "created_at": date(2026, 2, 1), "closed_at": DAY} for r in ROWS]
WON, LOST = col("outcome") == "won", col("outcome") == "lost"
VALUE = each("account", total("amount", where=WON))


def of(formula, rows=ROWS, unit="number", **query):
    """Return a formula over all deals."""
    return measure(Metric("x", formula, unit=unit, anchor="closed_at"), {"opportunity": rows}, **query).total["x"]


def test_entities_with_a_property_are_counted() -> None:
    """Accounts with two or more won deals: A; with any deal: A, B, C, D; nobody's deal makes no entity."""
    assert of(count(each("account", count(WON)) >= 2)) == 1.0
    assert of(count(each("account", count()) >= 1)) == 4.0


def test_values_of_entities_are_measured() -> None:
    """Won by account: A 30, B 50, C 20; D has no row that takes part. Sum 100, median 30, largest 50, three values."""
    assert of(total(VALUE), unit="money") == 100.0
    assert of(median(VALUE), unit="money") == 30.0
    assert of(quantile(VALUE, "0.75"), unit="money") == 40.0
    assert of(largest(VALUE), unit="money") == 50.0
    assert of(count(VALUE)) == 3.0
    assert of(distinct(VALUE)) == 3.0


def test_top_share_takes_at_least_one() -> None:
    """M27: the top fifth of three accounts is one: 50 of 100; the top half is two: 80 of 100."""
    assert of(top_share(VALUE, "0.2")) == 0.5
    assert of(top_share(VALUE, "0.5")) == 0.8
    assert of(top_share(VALUE, "0")) == 0.5
    assert of(top_share(VALUE, "1")) == 1.0


def test_gini() -> None:
    """M27: of 20, 30, 50 it is (-2 x 20 + 0 x 30 + 2 x 50) / (3 x 100) = 0.2."""
    assert of(gini(VALUE)) == 0.2


def test_concentration_of_nothing_is_undefined() -> None:
    """R2, E40: without an account there is nothing to measure; accounts that sum to 0 or less have no shares in it."""
    metrics = [
        Metric("top", top_share(VALUE, "0.2"), unit="ratio", anchor="closed_at"),
        Metric("gini", gini(VALUE), unit="ratio", anchor="closed_at"),
    ]
    zero, less = ([ROWS[0], {**ROWS[2], "amount": Decimal(amount)}] for amount in (-10, -11))

    empty = measure(metrics, {"opportunity": []})
    assert [d["reason"] for d in empty.details[0].values()] == ["nothing to measure"] * 2
    for rows in (zero, less):
        found = measure(metrics, {"opportunity": rows}).details[0]
        assert [d["reason"] for d in found.values()] == ["total not above zero"] * 2


def test_entities_are_found_inside_each_group() -> None:
    """By region: the north has A 30 and B 50, the south C 20; the total is over accounts, not over regions."""
    answer = measure(Metric("x", median(VALUE), unit="money", anchor="closed_at"), {"opportunity": ROWS}, by="region")

    assert [(r["region"], r["x"]) for r in answer.rows] == [("N", 40.0), ("S", 20.0)]
    assert answer.total == {"x": 30.0}


def test_several_roll_ups_see_the_union_of_their_entities() -> None:
    """Accounts won more often than lost: A, B; as often: C, 1 each; D has no won row and counts as 0 won, 1 lost."""
    won, lost = each("account", count(WON)), each("account", count(LOST))

    assert of(count(won > lost)) == 2.0
    assert of(count(won == lost)) == 1.0
    assert of(count(won < lost)) == 1.0
    assert of(total(won - lost)) == 2 + 1 + 0 - 1


def test_entity_without_a_value_is_left_out() -> None:
    """The largest lost amount is 1 for C, and blank for D, whose loss has no amount: one value, one blank."""
    biggest = each("account", largest("amount", where=LOST))

    assert of(count(biggest)) == 1.0
    assert of(count(biggest.is_null())) == 1.0
    assert of(count(biggest < 10)) == 1.0
    assert of(total(biggest), unit="money") == 1.0


def test_key_of_the_roll_up_can_be_asked_for() -> None:
    """The accounts but A with at least one deal are B, C and D."""
    assert of(count((each("account", count()) >= 1) & (col("account") != "A"))) == 3.0


def test_condition_of_the_question_narrows_the_rows_of_entities() -> None:
    """Of Ann's deals: A 30, C 20."""
    assert of(median(VALUE), unit="money", where=col("owner") == "Ann") == 25.0


def test_roll_ups_nest() -> None:
    """Regions by the most won by one account of theirs: N 50, S 20; together 70."""
    best = each("region", largest(each("account", total("amount", where=WON))))

    assert of(total(best), unit="money") == 70.0


def test_entities_have_formulas() -> None:
    """Win rates by account: A 2/2, B 1/1, C 1/2, D 0/1; half or better are three; median 0.75, mean 0.625."""
    rate = each("account", count(WON) / count())

    assert of(count(rate >= Fraction(1, 2))) == 3.0
    assert of(median(rate)) == 0.75
    assert of(mean(rate)) == 0.625
    assert of(count(each("account", total("amount", where=WON) / total("amount", where=WON)))) == 3.0


def test_ratios_of_entities_are_floats() -> None:
    """Q4: one of ten deals won is the float 0.1; plus the exact 0.2 it is what floats make of it."""
    rows = [{**ROWS[4], "id": i} for i in range(9)] + [{**ROWS[4], "id": 9, "outcome": "won"}]

    assert of(smallest(each("account", count(WON) / count())) + number(Decimal("0.2")), rows) == 0.1 + 0.2


def test_entities_of_several_tables() -> None:
    """M15: of a quota of 40, Ann won 50, Bob 57 of 60, Cid nothing of 5, Dan has no quota; one of three reached theirs.

    Whoever has a row in either table is an entity; Dan's attainment is undefined, so he has reached nothing.
    """
    quotas = [("Ann", 40), ("Bob", 60), ("Cid", 5)]
    records = {
        "opportunity": [*ROWS, {"id": 9, "owner": "Dan", "outcome": "won", "amount": Decimal(1), "closed_at": DAY}],
        "target": [
            {"owner": o, "amount": Decimal(a), "start": date(2026, 1, 1), "end": date(2026, 4, 1)} for o, a in quotas
        ],
    }
    won, quota = total("amount", where=WON), total("amount", table="target", at="start")
    metrics = [
        Metric(
            "reached",
            count(each("owner", won / quota) >= 1) / count(each("owner", quota) > 0),
            unit="ratio",
            anchor="closed_at",
        ),
        Metric("entities", count(each("owner", won - quota)), unit="count", anchor="closed_at"),
        Metric("rated", count(each("owner", won / quota)), unit="count", anchor="closed_at"),
    ]

    assert measure(metrics, records, as_of=DAY).total == {"reached": 1 / 3, "entities": 4.0, "rated": 3.0}


def test_entities_have_windows() -> None:
    """T5: won in March less in February by account: A 30, B 10 - 20, C - 20: one gained, the sum is 0, C is seen."""
    rows = [
        {"id": 1, "account": "A", "outcome": "won", "amount": Decimal(30), "closed_at": DAY},
        {"id": 2, "account": "B", "outcome": "won", "amount": Decimal(10), "closed_at": DAY},
        {"id": 3, "account": "B", "outcome": "won", "amount": Decimal(20), "closed_at": date(2026, 2, 1)},
        {"id": 4, "account": "C", "outcome": "won", "amount": Decimal(20), "closed_at": date(2026, 2, 1)},
    ]
    gained = each("account", total("amount", where=WON).difference("month"))
    metrics = [
        Metric("better", count(gained > 0), unit="count", anchor="closed_at"),
        Metric("gained", total(gained), unit="money", anchor="closed_at"),
        Metric("known", count(gained), unit="count", anchor="closed_at"),
    ]

    assert measure(metrics, {"opportunity": rows}).total == {"better": 1.0, "gained": 0.0, "known": 3.0}


def test_durations_of_entities_stay_durations() -> None:
    """The mean cycle of each account is 28 days: its median is 28 days, 672 hours, and above 27 days for all four."""
    cycle = each("account", mean(elapsed("created_at", "closed_at")))

    assert of(median(cycle), unit="days") == 28.0
    assert of(median(cycle), unit="hours") == 672.0
    assert of(count(cycle > 27)) == 4.0


def test_share_inside_a_roll_up_is_of_all_entities() -> None:
    """Account B holds 50 of the 107 won: the largest share."""
    part = each("account", total("amount", where=WON).share())

    assert of(largest(part)) == 50 / 107


def test_rows_of_nobody_make_no_entity() -> None:
    """Bob's one deal in the south has no account: he is shown, with no account."""
    metric = Metric("n", count(each("account", count())), unit="count", anchor="closed_at")
    answer = measure(metric, {"opportunity": ROWS}, by="owner", where=col("region") == "S")

    assert [(r["owner"], r["n"]) for r in answer.rows] == [("Ann", 1.0), ("Bob", 0.0), ("Cid", 2.0)]


def test_roll_ups_in_periods_and_windows() -> None:
    """T6: accounts with two won deals in the trailing 60 days: one in March, seen from April too, as A's two count."""
    again = Metric("again", count(each("account", count(WON)) >= 2), unit="count", anchor="closed_at")
    rows = [*ROWS, {"id": 8, "account": "E", "outcome": "won", "created_at": DAY, "closed_at": date(2026, 4, 1)}]

    assert [r["again"] for r in measure(again, {"opportunity": rows}, per="month").rows] == [1.0, 0.0]
    windowed = measure(again.trailing(60), {"opportunity": rows}, per="month", as_of=date(2026, 4, 20)).rows
    assert [r["again_trailing_60_days"] for r in windowed] == [1.0, 1.0]


def test_roll_up_of_a_stock() -> None:
    """T4: at the end of February all deals were open: A had two, C had two."""
    loaded = Metric(
        "loaded", count(each("account", count(col("outcome") == "open")) >= 2), unit="count", anchor="stock"
    )
    answer = measure(loaded, {"opportunity": ROWS}, per="month")

    assert [(r["period"], r["loaded"]) for r in answer.rows] == [("2026-02", 2.0), ("2026-03", 0.0)]


def test_durations_of_entities_keep_their_unit() -> None:
    """The cycle of each deal is 28 days; A has two: 56 days, 1344 hours."""
    cycle = each("account", total(elapsed("created_at", "closed_at"), where=WON))

    assert of(largest(cycle), unit="days") == 56.0
    assert of(largest(cycle), unit="hours") == 1344.0
    assert of(count(cycle > 30)) == 1.0


def test_keys_must_agree() -> None:
    """Values per account and values per owner have no common entity; columns of rows have no value for an entity."""
    with pytest.raises(DefinitionError, match="several keys"):
        of(count(each("account", count()) > each("owner", count())))
    with pytest.raises(DefinitionError, match="column of rows"):
        of(total("amount", where=each("account", count()) > 0), unit="money")


def test_currencies_of_entities_are_not_added() -> None:
    """M2: one account pays in euros, another in dollars; each has its sum, both together have none."""
    rows = [{**ROWS[0], "amount_currency": "EUR"}, {**ROWS[2], "amount_currency": "USD"}]

    assert of(count(VALUE), rows) == 2.0
    with pytest.raises(CurrencyError, match="EUR, USD"):
        of(total(VALUE), rows, unit="money")
