"""Cohorts: counted by hand, by a brute force over sets, and under the laws they obey."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis import cohort_counts
from crmcore.analysis.cohort_counts import cohorts
from crmcore.analysis.cohorts import triangle
from crmcore.errors import ArgumentError, ColumnNotFound, CurrencyError, TableNotFound

LINES = [
    ("acme", "2026-01-05", 100),
    ("acme", "2026-01-20", 50),
    ("acme", "2026-03-02", 10),
    ("beta", "2026-01-31", 30),
    ("beta", "2026-02-01", 5),
    ("客户", "2026-03-10", None),
    ("delta", "2026-03-31", Decimal("0.10")),
    (None, "2026-03-01", 7),
    ("acme", None, 8),
]
"""acme and beta come in January, nobody in February, two in March; one line has no customer and one no date."""

purchases = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(-9, 9)), max_size=40)


def dataset(lines=LINES, **more):
    """Return order lines as a dataset."""
    rows = [
        {"account": who, "at": None if at is None else date.fromisoformat(at), "amount": amount, **more}
        for who, at, amount in lines
    ]
    return cc.Dataset(order_line=rows)


def test_by_hand() -> None:
    """R1, R2, T7: who came when, who came back, what they spent; February is a cohort without customers."""
    found = cc.analyse("cohort_retention", dataset(), as_of=date(2026, 4, 10))
    by_cohort = {c: found.only(cohort=c) for c in dict.fromkeys(found["cohort"].tolist())}

    assert list(by_cohort) == ["2026-01", "2026-02", "2026-03"]
    assert by_cohort["2026-01"]["period"].tolist() == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert by_cohort["2026-01"]["age"].tolist() == [0, 1, 2, 3]
    assert by_cohort["2026-01"]["active"].tolist() == [2, 1, 1, 0]
    assert by_cohort["2026-01"]["retention"].tolist() == [1.0, 0.5, 0.5, 0.0]
    assert by_cohort["2026-01"]["value"].tolist() == [180.0, 5.0, 10.0, 0.0]
    assert by_cohort["2026-02"]["customers"].tolist() == [0, 0, 0]
    assert by_cohort["2026-02"].plain("retention") == [None, None, None]
    assert by_cohort["2026-03"]["active"].tolist() == [2, 0]
    assert by_cohort["2026-03"]["value"].tolist() == [0.1, 0.0]
    assert found["days_to_come"].tolist() == [0, 0, 0, 20, 0, 0, 20, 0, 20]


def test_what_is_left_out_is_counted() -> None:
    """M3: a line without a customer or a date is in no cohort; one without an amount is, and adds nothing."""
    found = cc.analyse("cohort_retention", dataset())

    assert {f.name: f.value for f in found.facts} == {
        "customers": 4,
        "lines": 7,
        "lines_without_customer": 1,
        "lines_without_date": 1,
        "lines_without_amount": 1,
        "per": "month",
    }


def test_a_running_period_is_marked() -> None:
    """R5: up to 30 March, March has one day to come and says so; at the end of the month nothing does."""
    running = cc.analyse("cohort_retention", dataset(LINES[:6]), as_of=date(2026, 3, 30))
    over = cc.analyse("cohort_retention", dataset(LINES[:6]), as_of=date(2026, 3, 31))

    assert [row["days_to_come"] for row in running if row["period"] == "2026-03"] == [1, 1, 1]
    assert "can still grow" in str(running)
    assert "can still grow" in str(triangle(running))
    assert set(over["days_to_come"].tolist()) == {0}
    assert over.notes == triangle(over).notes == ()


def test_the_past_is_as_it_was() -> None:
    """O8, T8: as of February the lines of March have not happened."""
    found = cc.analyse("cohort_retention", dataset(), as_of=date(2026, 2, 28))

    assert found["active"].tolist() == [2, 1]
    assert found["cohort"].tolist() == ["2026-01", "2026-01"]


def test_days_are_local() -> None:
    """T1, E14: half past midnight in Shanghai is still January in UTC."""
    lines = [
        {"account": "acme", "at": datetime(2026, 1, 31, 16, 30, tzinfo=UTC), "amount": 1},
        {"account": "acme", "at": datetime(2026, 2, 10, 12, tzinfo=UTC), "amount": 1},
    ]
    data = cc.Dataset(order_line=lines)

    assert cc.analyse("cohort_retention", data)["active"].tolist() == [1, 1]
    assert cc.Workspace(timezone="Asia/Shanghai").analyse("cohort_retention", data)["active"].tolist() == [1]


def test_triangle() -> None:
    """One row per cohort, one column per age; a cell that is still to come is undefined, in both languages."""
    table = triangle(cc.analyse("cohort_retention", dataset()))

    assert [h.name for h in table.headings] == ["cohort", "customers", "age_0", "age_1", "age_2"]
    assert table["customers"].tolist() == [2, 0, 2]
    assert table.rows()[0] == {"cohort": "2026-01", "customers": 2, "age_0": 1.0, "age_1": 0.5, "age_2": 0.5}
    assert table.rows()[2] == {"cohort": "2026-03", "customers": 2, "age_0": 1.0, "age_1": None, "age_2": None}
    assert str(table.told("zh")).startswith("同期群")
    assert triangle(cc.analyse("cohort_retention", dataset()), "value")["age_2"][0] == 10.0


def test_grains_and_expressions() -> None:
    """T7: quarters and fiscal years are periods too; customer and value may be expressions."""
    quarters = cc.analyse("cohort_retention", dataset(), per="quarter")
    fiscal = cc.Workspace(calendar=cc.Calendar(fiscal_start=4)).analyse(
        "cohort_retention", dataset(), per="fiscal_year", value=cc.col("amount") * 2
    )

    assert quarters.rows()[0] | {"value": 0} == {
        "cohort": "2026-Q1",
        "age": 0,
        "period": "2026-Q1",
        "customers": 4,
        "active": 4,
        "retention": 1.0,
        "value": 0,
        "days_to_come": 0,
    }
    assert (fiscal["cohort"].tolist(), fiscal["value"].tolist()) == (["FY2026"], [390.2])


def test_nothing_and_one() -> None:
    """R2: no line gives no row, one line one cohort of one customer."""
    empty = cc.analyse("cohort_retention", cc.Dataset(order_line=[]))
    one = cc.analyse("cohort_retention", dataset(LINES[:1]))

    assert (len(empty), empty.fact("customers"), len(triangle(empty))) == (0, 0, 0)
    assert one.rows()[0]["retention"] == 1.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cc.analyse("cohort_retention", dataset(), per="fortnight"), ArgumentError, "fortnight"),
        (lambda: cc.analyse("cohort_retention", cc.Dataset(order_line=[]), per="fortnight"), ArgumentError, "month"),
        (lambda: cc.analyse("cohort_retention", cc.Dataset(lead=[])), TableNotFound, "order_line"),
        (lambda: cc.analyse("cohort_retention", dataset(), customer="acount"), ColumnNotFound, "account"),
        (lambda: cc.analyse("cohort_retention", dataset(), value="account"), ArgumentError, "holds key, not amounts"),
        (lambda: triangle(cc.analyse("cohort_retention", dataset()), "period"), ArgumentError, "holds labels"),
        (lambda: triangle(cc.analyse("cohort_retention", dataset()), "reach"), ColumnNotFound, "reach"),
        (lambda: triangle(triangle(cc.analyse("cohort_retention", dataset()))), ArgumentError, "cohort_retention"),
        (lambda: cohorts(["a"], [0, 1]), ArgumentError, "got 1 customers and 2 periods"),
        (lambda: cohorts(["a"], [0], [1, 2]), ArgumentError, "and 2 amounts"),
        (lambda: cohorts(["a"], [-1]), ArgumentError, "whole numbers from 0"),
        (lambda: cohorts(["a"], [0.5]), ArgumentError, "whole numbers from 0"),
        (lambda: cohorts(["a"], [1_000_000]), ArgumentError, "at most 5,000 periods, got period 1,000,000"),
        (lambda: cohorts(["a", None], [0, 0]), ArgumentError, r"customers\[1\] is None; leave out purchases of nobody"),
        (lambda: cohorts(np.array([1.5, np.nan]), [0, 0]), ArgumentError, r"customers\[1\] is nan"),
    ],
)
def test_wrong_arguments(call, error, message: str) -> None:
    """What cannot be followed is refused with what would be right."""
    with pytest.raises(error, match=message):
        call()


def test_an_impossible_date_makes_no_endless_table() -> None:
    """A day of the year 1900 among those of 2026: 46,023 daily cohorts are refused, 1,513 monthly ones are not."""
    lines = [
        {"account": "a", "at": date(1900, 1, 1), "amount": 1},
        {"account": "b", "at": date(2026, 1, 2), "amount": 1},
    ]
    data = cc.Dataset(order_line=lines)

    with pytest.raises(
        ArgumentError, match=r"per='day' makes 46,023 periods from 1900-01-01 to 2026-01-02; .*longer periods"
    ):
        cc.analyse("cohort_retention", data, per="day")
    assert cc.analyse("cohort_retention", data).fact("customers") == 2


def test_currencies_do_not_mix() -> None:
    """M2, E37: amounts in two currencies have no sum."""
    rows = [{"account": "a", "at": date(2026, 1, 1), "amount": 1, "currency": currency} for currency in ("EUR", "USD")]
    with pytest.raises(CurrencyError, match="EUR, USD"):
        cc.analyse("cohort_retention", cc.Dataset(order_line=rows))


@given(purchases)
def test_brute_force_over_sets(rows) -> None:
    """R2, Q3: the cohort of a customer is the least period; active are different customers; values add up to the total."""
    first: dict[int, int] = {}
    for who, period, _ in rows:
        first[who] = min(period, first.get(who, period))
    count = max((p for _, p, _ in rows), default=-1) + 1
    spent = [[0] * count for _ in range(count)]
    for who, period, amount in rows:
        spent[first[who]][period] += amount
    found = cohorts(*zip(*rows, strict=True)) if rows else cohorts([], [], [])

    assert found.customers.tolist() == [sum(f == c for f in first.values()) for c in range(count)]
    assert found.active.tolist() == [
        [len({w for w, q, _ in rows if q == p and first[w] == c}) for p in range(count)] for c in range(count)
    ]
    assert found.value is not None
    assert found.value.tolist() == spent
    for c in range(count):
        for p in range(count):
            share, size = found.retention[c, p], found.customers[c]
            assert isnan(share) if p < c or not size else share == found.active[c, p] / size


@given(purchases, st.randoms())
def test_laws(rows, shuffle: random.Random) -> None:
    """The order of rows and the names of customers decide nothing; all are active at age 0; a repetition changes nothing."""
    found = cohorts([w for w, _, _ in rows], [p for _, p, _ in rows])
    mixed = [*rows, *rows[:3]]
    shuffle.shuffle(mixed)
    again = cohorts(np.array([f"客户 {w}" for w, _, _ in mixed], "U"), np.array([p for _, p, _ in mixed], np.int64))

    assert again.active.tolist() == found.active.tolist()
    assert np.diag(found.active).tolist() == found.customers.tolist()
    assert (again.value, again.scale) == (None, 1)


def test_many_customers_and_periods_are_counted_by_sorting(monkeypatch) -> None:
    """Where a table of customers x periods would be too large, and over blocks of rows, the counts are the same."""
    rng = np.random.default_rng(7)
    who, when, spent = rng.integers(0, 40, 500), rng.integers(0, 12, 500), rng.integers(0, 9, 500)
    known = cohorts(who, when, spent)
    assert known.value is not None
    monkeypatch.setattr(cohort_counts, "_BLOCK", 7)
    for cells, size in ((1 << 28, 40), (0, 10**6)):
        monkeypatch.setattr(cohort_counts, "_BITMAP", cells)
        found = cohort_counts.counted(who, size, when, np.arange(12), 12, spent, 1)

        assert found.active.tolist() == known.active.tolist()
        assert found.value is not None
        assert found.value.tolist() == known.value.tolist()
