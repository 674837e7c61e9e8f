"""Numbers beyond 64 bits stay exact, whatever they stand in (Q3)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

import crmcore as cc

HUGE = 10**25
DATA = cc.Dataset(
    opportunity=[
        {"id": 1, "owner": "A", "outcome": "won", "amount": 1, "closed_at": date(2026, 1, 1)},
        {"id": 2, "owner": "A", "outcome": "won", "amount": 2, "closed_at": date(2026, 2, 1)},
        {"id": 3, "owner": "B", "outcome": "won", "amount": None, "closed_at": date(2026, 3, 1)},
    ]
)
PRICE = cc.col("amount") * HUGE


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (cc.total(PRICE), 3e25),
        (cc.median(PRICE), 1.5e25),
        (cc.total(cc.col("amount") * Fraction(HUGE, 3)), 1e25),
        (cc.total(cc.each("owner", cc.total(PRICE))), 3e25),
    ],
)
def test_a_large_constant_is_exact(formula: cc.Formula, value: float):
    """Q3: a constant of 10**25 fits no column of 64 bits; sums and medians of its products are rounded once."""
    result = cc.measure(cc.Metric("value", formula, unit="money", anchor="closed_at"), DATA)

    assert result["value"].values.tolist() == [value]


def test_conditions_compare_with_large_numbers():
    """Of amounts 1 and 2, both are below 10**25, and one times 10**25 is above 1.5 times 10**25."""
    assert cc.measure("won_deals", DATA, where=cc.col("amount") < cc.lit(HUGE))["won_deals"].values.tolist() == [2.0]
    assert cc.measure("won_deals", DATA, where=PRICE > 15 * 10**24)["won_deals"].values.tolist() == [1.0]


def test_groups_of_large_amounts_are_labelled_in_major_units():
    """The groups are 10**25, 2 times that, and blank for the deal without an amount, not 0."""
    result = cc.measure("won_deals", DATA, by=PRICE)

    assert result.column(result.axes[0]) == [HUGE, 2 * HUGE, None]
