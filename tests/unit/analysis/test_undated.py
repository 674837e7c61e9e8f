"""Rows without a date are left out of a view of the past (O9), and counted all the same."""

from __future__ import annotations

from datetime import date

import pytest

import crmcore as cc

EARLY, LATE = date(2026, 1, 5), date(2026, 3, 5)
THEN = date(2026, 2, 1)


@pytest.fixture(scope="module")
def data() -> cc.Dataset:
    """Return, of each table, an early row, a late one, two without a date, and one of these without an owner either."""
    dates = (EARLY, LATE, None, None)
    return cc.Dataset(
        opportunity=[{"id": 1, "account": "a", "owner": "Anna", "outcome": "won", "amount": 1, "closed_at": EARLY}],
        order_line=[{"order": i, "account": "aaa-"[i].strip("-") or None, "at": d, "amount": 1} for i, d in enumerate(dates)],
        touch=[{"account": "aaa-"[i].strip("-") or None, "channel": "mail", "at": d} for i, d in enumerate(dates)],
        activity=[{"owner": "Anna", "kind": k, "at": d} for d in dates for k in ("visit", "call")],
        invoice=[{"id": i, "issued_at": d, "amount": 10} for i, d in enumerate(dates)],
        payment=[{"invoice": 0, "at": LATE, "amount": 1}],
    )  # fmt: skip


@pytest.mark.parametrize("as_of", [None, LATE, THEN])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rfm_ntile", {"lines_without_customer": 1, "lines_without_date": 1}),
        ("cohort_retention", {"lines_without_customer": 1, "lines_without_date": 1}),
        ("attribution_linear", {"touches_without_key": 1, "touches_without_date": 1}),
        ("visits_per_day_norm", {"undated": 2}),
        ("dso_count_back", {"undated_invoices": 2}),
    ],
)
def test_they_are_counted_whenever_one_looks(data, name, expected, as_of) -> None:
    """O9, M3: of four rows two have no date, today and looked at from February, when the late one was still to come."""
    found = cc.analyse(name, data, as_of=as_of)

    assert {fact: found.fact(fact) for fact in expected} == expected


def test_they_meet_the_conditions(data) -> None:
    """Calls without a date are no visits without one, and what a condition leaves out is not counted."""
    assert cc.analyse("visits_per_day_norm", data, as_of=THEN, kind="call").fact("undated") == 2
    assert cc.analyse("rfm_ntile", data, as_of=THEN, where=cc.col("order") == 2).fact("lines_without_date") == 1
    assert cc.analyse("rfm_ntile", data, as_of=THEN, where=cc.col("order") == 0).fact("lines_without_date") == 0


def test_what_cannot_be_dated_is_not_found(data) -> None:
    """A table of the host's own has no date of existence: nothing of it is left out of the past."""
    view = cc.Workspace().view(cc.Dataset(**{n: data[n] for n in data.tables}, site=[{"id": 1}]), as_of=THEN)

    assert len(view.undated("site")) == 0
    assert len(view.undated("order_line")) == 2
