"""Days sales outstanding by counting back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.dso import count_back
from crmcore.errors import ArgumentError, CurrencyError, TableNotFound

AMOUNT = st.integers(1, 10**6)


def dataset(invoices, payments=(), currency=None) -> cc.Dataset:
    """Return invoices (issued, amount) and payments (at, amount)."""
    how = {f"{t}.amount": {"currency": currency} for t in ("invoice", "payment")} if currency else {}
    return cc.Dataset(
        invoice=(["id", "issued_at", "amount"], [(f"i{n}", *row) for n, row in enumerate(invoices)]),
        payment=(["at", "amount"], list(payments)),
        how=how,
    )


def test_the_published_example(vector) -> None:
    """ar-dso: 212,000 are the 30 days of 100,000, the 30 of 80,000, and 32,000 of 70,000: 73.71 days."""
    given, expected = vector("ar-dso")["input"], vector("ar-dso")["expected"]

    found = count_back(given["ar"], given["sales"], [given["days"]] * 3)

    assert found.fact("dso_days") == pytest.approx(expected["countback"], abs=1e-9)
    assert found.fact("dso_days") == float(60 + Fraction(32_000 * 30, 70_000))
    assert found.rows() == [
        {"place": 2, "invoiced": 100_000.0, "counted": 100_000.0, "days": 30.0},
        {"place": 1, "invoiced": 80_000.0, "counted": 80_000.0, "days": 30.0},
        {"place": 0, "invoiced": 70_000.0, "counted": 32_000.0, "days": 32_000 * 30 / 70_000},
    ]


@pytest.mark.parametrize(
    ("receivables", "invoiced", "days", "expected"),
    [
        (0, [10, 10], [30, 31], 0.0),
        (10, [99, 10], [30, 31], 31.0),  # exactly the last period: the one before is not begun
        (5, [10], [30], 15.0),
        (15, [10, 0, 10], [28, 31, 30], 30 + 31 + 14.0),  # a period without invoices counts its days
        (15, [20, -5, 10], [28, 31, 30], 30 + 31 + 14.0),  # 5 are left, credit notes of 5 make them 10 of 20
        (Decimal("0.30"), [Decimal("0.10")] * 3, [10, 10, 10], 30.0),  # exact where it is given exactly (Q3)
        (21, [10, 10], [30, 31], None),  # older than all that is given (R2)
        (-1, [10, 10], [30, 31], None),
        (0, [], [], 0.0),
        (1, [], [], None),
    ],
)
def test_by_hand(receivables, invoiced, days, expected) -> None:
    """Whole periods while they last, then a share of one; undefined is None, with a note that says why."""
    found = count_back(receivables, invoiced, days)

    assert found.fact("dso_days") == expected
    assert len(found.notes) == (1 if expected is not None else 2)
    assert "Undefined" not in str(found) or expected is None


def test_arrays_are_taken_as_they_are() -> None:
    """Numpy numbers count as the numbers they are."""
    found = count_back(np.float64(15.0), np.array([10, 10]), np.array([30, 31], np.int32))

    assert found.fact("dso_days") == 46.0


@given(st.lists(AMOUNT, min_size=1, max_size=8), st.data())
def test_what_is_counted_adds_up_to_the_receivables(invoiced, data) -> None:
    """Law: the amounts counted sum to the receivables, and days grow with them."""
    receivables = data.draw(st.integers(0, sum(invoiced)))
    days = [30] * len(invoiced)

    found = count_back(receivables, invoiced, days)

    assert sum(map(Fraction, found["counted"].tolist())) == receivables
    assert 0 <= found.fact("dso_days") <= sum(days)
    assume(receivables < sum(invoiced))
    assert count_back(receivables + 1, invoiced, days).fact("dso_days") > found.fact("dso_days")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((10, [1, 2], [30]), "invoiced has 2 periods and days has 1"),
        ((10, [1], [0]), r"at least 1, got \[0\]"),
        ((10, [None], [30]), "invoiced takes numbers, got None"),
        ((float("nan"), [1], [30]), "receivables takes numbers, got nan"),
        ((True, [1], [30]), "receivables takes numbers, got True"),
    ],
)
def test_what_is_no_number_is_refused(arguments, message) -> None:
    """Blank is not zero (M3)."""
    with pytest.raises(ArgumentError, match=message):
        count_back(*arguments)


# 31 + 28 days and half of the 31 of January, as of the end of March
BOOKS = [(date(2026, 1, 5), 100), (date(2026, 1, 20), 100), (date(2026, 2, 10), 300), (date(2026, 3, 3), 500)]


def test_months_of_a_dataset() -> None:
    """Receivables of 900 are March's 500, February's 300 and 100 of January's 200: 31 + 28 + 15.5 days."""
    found = cc.analyse("dso_count_back", dataset(BOOKS, [(date(2026, 2, 1), 100)]), as_of=date(2026, 3, 31))

    assert found.fact("receivables") == 900
    assert found.fact("dso_days") == 31 + 28 + 15.5
    assert found.rows() == [
        {"period": "2026-03", "invoiced": 500.0, "counted": 500.0, "days": 31.0},
        {"period": "2026-02", "invoiced": 300.0, "counted": 300.0, "days": 28.0},
        {"period": "2026-01", "invoiced": 200.0, "counted": 100.0, "days": 15.5},
    ]


def test_the_running_period_has_its_elapsed_days() -> None:
    """T4, T8: on 10 March ten days of March have gone; the payment of the 20th has not come yet."""
    data = dataset(BOOKS, [(date(2026, 3, 20), 900)])

    found = cc.analyse("dso_count_back", data, as_of=date(2026, 3, 10))

    assert found.fact("receivables") == 1000
    assert found.plain("days") == [10.0, 28.0, 31.0]


def test_quarters_and_the_local_day() -> None:
    """T1, E14: an invoice of 23:00 in UTC on 31 December is of January, and of the first quarter, in Shanghai."""
    stamp = "2025-12-31T23:00:00+00:00"
    data = cc.Dataset(invoice=[{"id": "i", "issued_at": stamp, "amount": 10}], payment=(["at", "amount"], []))

    labels = [
        cc.Workspace(timezone=zone).analyse("dso_count_back", data, per="quarter").plain("period")
        for zone in ("UTC", "Asia/Shanghai")
    ]

    assert labels == [["2025-Q4"], ["2026-Q1"]]


def test_what_is_left_out_is_counted() -> None:
    """O9, M3: an invoice without a date is outstanding today and of no period; one without an amount is in neither."""
    data = dataset([*BOOKS, (None, 7), (date(2026, 3, 3), None)], [(date(2026, 3, 4), None)])

    found = cc.analyse("dso_count_back", data)

    assert found.fact("receivables") == 1007
    assert found.fact("dso_days") is None, "7 are in no period"
    assert [found.fact(f"{n}") for n in ("undated_invoices", "unpriced_invoices", "unpriced_payments")] == [1, 1, 1]


def test_nothing_invoiced_works() -> None:
    """No rows: nothing is outstanding, and that for no days."""
    found = cc.analyse("dso_count_back", dataset([]))

    assert (len(found), found.fact("receivables"), found.fact("dso_days")) == (0, 0.0, 0.0)


def test_currencies_do_not_mix() -> None:
    """M2: euros invoiced and dollars paid have no difference."""
    data = cc.Dataset(
        invoice=[{"id": "i", "issued_at": date(2026, 1, 1), "amount": 10}],
        payment=[{"at": date(2026, 1, 1), "amount": 10}],
        how={"invoice.amount": {"currency": "EUR"}, "payment.amount": {"currency": "USD"}},
    )
    with pytest.raises(CurrencyError, match=r"\(EUR, USD\)"):
        cc.analyse("dso_count_back", data)

    by_row = cc.Dataset(
        invoice=[{"id": "i", "issued_at": date(2026, 1, 1), "amount": 10, "currency": "EUR"}],
        payment=[{"at": date(2026, 1, 1), "amount": 10, "currency": "USD"}],
    )
    with pytest.raises(CurrencyError, match=r"\(EUR, USD\)"):
        cc.analyse("dso_count_back", by_row)

    assert cc.analyse("dso_count_back", dataset(BOOKS, currency="EUR")).fact("receivables") == 1000


def test_sums_past_int64_stay_exact() -> None:
    """Q3: invoices of 9e18 minor units each are more than int64 holds; less payments of nearly as much, 1 is left."""
    invoices, payments = (
        [(date(2026, 1, 1), 9 * 10**16), (date(2026, 1, 2), 9 * 10**16 + 1)],
        [(date(2026, 1, 3), 9 * 10**16)],
    )

    whole = cc.analyse("dso_count_back", dataset(invoices), per="year")
    paid = cc.analyse("dso_count_back", dataset(invoices, payments * 2), per="year")

    assert whole.fact("receivables") == whole["invoiced"][0] == 18 * 10**16
    assert paid.fact("receivables") == 1


def test_wrong_questions_say_so() -> None:
    """A table that is missing, and a period that is none, are named."""
    with pytest.raises(TableNotFound, match="payment"):
        cc.analyse("dso_count_back", cc.Dataset(invoice=[{"id": "i", "issued_at": date(2026, 1, 1), "amount": 10}]))
    with pytest.raises(ArgumentError, match="'moon'"):
        cc.analyse("dso_count_back", dataset([]), per="moon")


def test_it_speaks_chinese() -> None:
    """Headings, facts and notes have Chinese words."""
    text = str(cc.Workspace(language="zh").analyse("dso_count_back", dataset(BOOKS), as_of=date(2026, 3, 31)))

    assert "计入应收账款" in text
    assert "应收账款周转天数：90" in text
