"""Recurring revenue moves without a rest, whatever the subscriptions."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc

FIRST = date(2025, 12, 1)
days = st.integers(0, 120).map(lambda n: FIRST + timedelta(n))


@st.composite
def subscriptions(draw):
    """Return the rows of some accounts' subscriptions."""
    rows = []
    for number in range(draw(st.integers(0, 12))):
        start = draw(days)
        end = draw(st.none() | st.integers(1, 100).map(lambda n, start=start: start + timedelta(n)))
        rows.append(
            {
                "id": number,
                "account": draw(st.sampled_from("abcd")),
                "start": start,
                "end": end,
                "recurring": draw(st.none() | st.integers(0, 500)),
                "term_months": draw(st.sampled_from([1, 3, 7, 12])),
            }
        )
    return rows


@given(subscriptions(), days)
def test_what_moved_is_the_difference(rows, as_of) -> None:
    """Start + new + reactivated + expansion - contraction - churned = end (M23), and GRR <= min(1, NRR)."""
    names = [f"{kind}_mrr_month" for kind in ("new", "reactivated", "expansion", "contraction", "churned")]
    rates = ["net_revenue_retention_month", "gross_revenue_retention_month"]
    metrics = ["mrr", "mrr.previous(month)", *names, *rates]
    columns = ("id", "account", "start", "end", "recurring", "term_months")
    data = cc.Dataset(subscription={c: [r[c] for r in rows] for c in columns} if rows else {c: [] for c in columns})

    (row,) = cc.measure(metrics, data, as_of=as_of).rows()

    gained = row["new_mrr_month"] + row["reactivated_mrr_month"] + row["expansion_mrr_month"]
    lost = row["contraction_mrr_month"] + row["churned_mrr_month"]
    # sums of exact quotients, each rounded once
    assert abs(row["mrr_previous_month"] + gained - lost - row["mrr"]) < 1e-9
    net, gross = (row[name] for name in rates)
    assert (net is None) == (gross is None) == (row["mrr_previous_month"] == 0)
    if net is not None:
        assert gross <= min(1, net)
