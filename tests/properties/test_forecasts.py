"""Laws of forecasts: misses that offset each other hide in the total, and conventions agree where they have to."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc

START, MIDDLE, END = date(2026, 1, 1), date(2026, 2, 1), date(2026, 4, 1)
AMOUNT = st.integers(1, 10**6)
SELLERS = st.dictionaries(st.sampled_from(["anna", "ben", "cora", "王芳"]), st.tuples(AMOUNT, AMOUNT), min_size=1)
NAMES = [
    "forecast_attainment",
    "forecast_accuracy",
    "forecast_bias",
    "forecast_error",
    "forecast_accuracy_symmetric",
    "forecast_wape",
    "forecast_mape",
]


def dataset(sellers: dict[str, tuple[int, int]]) -> cc.Dataset:
    """Return what each seller won and had forecast in a quarter."""
    return cc.Dataset(
        opportunity=(
            ["id", "outcome", "owner", "created_at", "closed_at", "amount"],
            [(f"d {who}", "won", who, START, MIDDLE, won) for who, (won, _) in sellers.items()],
        ),
        forecast=(
            ["owner", "category", "amount", "start", "end"],
            [(who, "commit", said, START, END) for who, (_, said) in sellers.items()],
        ),
    )


@given(SELLERS)
def test_against_fractions(sellers: dict[str, tuple[int, int]]) -> None:
    """F2, R1, Q4: each is one quotient of exact sums, rounded once; the mean of rates alone is a mean of rounded ones."""
    a, f = (sum(Fraction(pair[i]) for pair in sellers.values()) for i in (0, 1))
    misses = [abs(Fraction(won - said)) for won, said in sellers.values()]
    rates = [miss / won for miss, (won, _) in zip(misses, sellers.values(), strict=True)]

    total = cc.measure(NAMES, dataset(sellers)).total

    assert total["forecast_attainment"] == float(a / f)
    assert total["forecast_accuracy"] == float(1 - abs(a - f) / a)
    assert total["forecast_bias"] == float((f - a) / a)
    assert total["forecast_error"] == float(abs(a - f) / a)
    assert total["forecast_accuracy_symmetric"] == float(1 - abs(a - f) / max(a, f))
    assert total["forecast_wape"] == float(sum(misses) / a)
    assert abs(total["forecast_mape"] - float(sum(rates) / len(rates))) <= 1e-12 * float(sum(rates))


@given(SELLERS)
def test_the_total_never_misses_by_more_than_the_sellers(sellers: dict[str, tuple[int, int]]) -> None:
    """F2: |sum of misses| <= sum of |misses|; of one seller both are the same."""
    total = cc.measure(NAMES, dataset(sellers)).total

    assert total["forecast_error"] <= total["forecast_wape"]
    assert len(sellers) > 1 or total["forecast_error"] == total["forecast_wape"]


@given(SELLERS)
def test_months_of_a_forecast_add_up_to_it(sellers: dict[str, tuple[int, int]]) -> None:
    """M8: a quarter's forecast is shared out by days, and nothing of it is lost."""
    data = dataset(sellers)

    months = cc.measure("forecast_value", data, per="month").plain("forecast_value")

    assert sum(Fraction(str(v)) for v in months) == sum(said for _, said in sellers.values())
