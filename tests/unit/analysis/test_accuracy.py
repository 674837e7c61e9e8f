"""Errors of forecasts on plain arrays."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.analysis.accuracy import forecast_errors, pinball_loss
from crmcore.errors import ArgumentError

# ours -> theirs, and how many of ours make one of theirs
NAMES = {
    "mean_error": ("ME", 1),
    "rmse": ("RMSE", 1),
    "mae": ("MAE", 1),
    "mpe": ("MPE", 100),
    "mape": ("MAPE", 100),
    "smape_200": ("sMAPE_0_200", 1),
    "wape": ("WAPE", 100),
    "mase": ("MASE", 1),
    "bias": ("bias_sum_pct", 100),
    "attainment": ("seed_accuracy_pct", 100),
}
PAIRS = st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), min_size=1, max_size=12)


@pytest.mark.parametrize("method", ["mean", "naive", "snaive"])
def test_the_published_table_of_beer(vector, method) -> None:
    """fc-accuracy-beer: four printed measures of three forecasts of Australian beer, and six more to 1e-6."""
    published = vector("fc-accuracy-beer")
    train, test, m = (published["input"][k] for k in ("train", "test", "m"))
    n = len(test)
    forecasts = {
        "mean": [sum(train) / len(train)] * n,
        "naive": [train[-1]] * n,
        "snaive": [train[len(train) - m + i % m] for i in range(n)],
    }

    found = forecast_errors(test, forecasts[method], train=train, season=m)

    for ours, (theirs, times) in NAMES.items():
        expected = published["expected"][method][theirs]
        assert found.fact(ours) * times == pytest.approx(expected, abs=1e-6), ours
    printed = {
        "mean": (38.45, 34.83, 8.28, 2.44),
        "naive": (62.69, 57.40, 14.18, 4.01),
        "snaive": (14.31, 13.40, 3.17, 0.94),
    }
    for ours, expected in zip(("rmse", "mae", "mape", "mase"), printed[method], strict=True):
        assert found.fact(ours) * NAMES[ours][1] == pytest.approx(expected, abs=0.0051), ours


def test_the_conventions_of_one_quarter(vector) -> None:
    """fc-accuracy-conventions: of 80 where 100 were forecast each accuracy has a name of its own (R4, F2)."""
    published = vector("fc-accuracy-conventions")
    given, expected = published["input"], published["expected"]

    found = forecast_errors([given["actual"]], [given["forecast"]])

    assert found.fact("attainment") * 100 == expected["seed_pct"]
    assert found.fact("accuracy") == expected["one_minus_ape_actual"]
    assert found.fact("accuracy_of_forecast") == expected["one_minus_ape_forecast"]
    assert found.fact("accuracy_symmetric") == expected["min_max"]
    assert found.fact("bias") == expected["bias"]


def test_pinball_loss_of_the_published_example(vector) -> None:
    """fc-pinball: scikit-learn's four cases."""
    published = vector("fc-pinball")
    y = published["input"]["y"]

    found = [pinball_loss(y, case["f"], case["alpha"]) for case in published["input"]["cases"]]

    assert found == pytest.approx(published["expected"], abs=1e-12)


def test_rows_are_the_pairs() -> None:
    """Each pair with its error and relative error, which a zero has none of (R2)."""
    found = forecast_errors([80, 0], [100, 5])

    assert found.rows() == [
        {"actual": 80.0, "forecast": 100.0, "error": -20.0, "relative_error": -0.25},
        {"actual": 0.0, "forecast": 5.0, "error": -5.0, "relative_error": None},
    ]
    assert (found.fact("mape"), found.fact("mpe")) == (None, None)
    assert found.fact("wape") == 25 / 80
    assert found.fact("mase") is None
    assert found.fact("n") == 2


def test_misses_offset_each_other_in_the_total_alone() -> None:
    """F2: two forecasts off by 500 in either direction are perfect in total, and wrong by half one by one."""
    found = forecast_errors([1500, 500], [1000, 1000])

    assert (found.fact("accuracy"), found.fact("bias")) == (1.0, 0.0)
    assert found.fact("wape") == 0.5


def test_nothing_is_undefined_not_zero() -> None:
    """R2: over no pair every measure is undefined, and n is 0."""
    found = forecast_errors([], [])

    assert found.fact("n") == 0
    assert {f.value for f in found.facts if f.name != "n"} == {None}
    assert pinball_loss([], [], 0.5) is None


@pytest.mark.parametrize(
    ("name", "actual", "forecast"),
    [
        ("attainment", [5], [0]),
        ("accuracy", [0], [5]),
        ("bias", [0], [5]),
        ("smape_200", [0, 1], [0, 1]),
        ("accuracy_symmetric", [0], [0]),
    ],
)
def test_a_divisor_of_zero_is_undefined(name, actual, forecast) -> None:
    """R2: never 0 and never infinite."""
    assert forecast_errors(actual, forecast).fact(name) is None


def test_a_series_that_never_changes_has_no_scale() -> None:
    """R2: the mean change of a constant series is zero."""
    assert forecast_errors([1], [2], train=[5, 5, 5]).fact("mase") is None
    assert forecast_errors([1], [2], train=[5, 7]).fact("mase") == 0.5


def test_numbers_of_any_kind() -> None:
    """Decimal, Fraction and numpy are numbers."""
    found = forecast_errors([Decimal("0.5"), Fraction(1, 2)], np.array([1, 0]))

    assert found.fact("mae") == 0.5


@given(st.lists(st.tuples(st.floats(0.01, 1e6), st.floats(0, 1e6)), min_size=1, max_size=12), st.randoms())
def test_the_order_of_pairs_decides_nothing(pairs, random) -> None:
    """Law: sums are exact before they are rounded, so that any order gives the same bits."""
    mixed = [*pairs]
    random.shuffle(mixed)
    one, other = (forecast_errors([a for a, _ in p], [f for _, f in p]) for p in (pairs, mixed))

    assert [f.value for f in one.facts] == [f.value for f in other.facts]


@given(PAIRS)
def test_sums_against_fractions(pairs) -> None:
    """WAPE, bias, attainment and the accuracies are the quotients of exact sums, rounded once or twice."""
    a, f = (sum(map(Fraction, side)) for side in zip(*pairs, strict=True))
    found = forecast_errors([x for x, _ in pairs], [y for _, y in pairs])

    assert found.fact("wape") == float(sum(Fraction(abs(x - y)) for x, y in pairs) / a)
    assert found.fact("bias") == float((f - a) / a)
    assert found.fact("accuracy") == float(1 - abs(a - f) / a)
    assert found.fact("attainment") == (float(a / f) if f else None)
    assert found.fact("mape") == pytest.approx(
        float(sum(abs(1 - Fraction(y, x)) for x, y in pairs) / len(pairs)), rel=1e-12
    )


@given(PAIRS)
def test_half_of_the_absolute_error_is_the_loss_of_the_median(pairs) -> None:
    """Law: the loss of the median is half the mean absolute error."""
    a, f = [x for x, _ in pairs], [y for _, y in pairs]

    assert pinball_loss(a, f, 0.5) == pytest.approx(forecast_errors(a, f).fact("mae") / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: forecast_errors([1, 2], [1]), "actual has 2 values and forecast has 1"),
        (lambda: forecast_errors([1, None], [1, 2]), r"actual\[1\] is None"),
        (lambda: forecast_errors([1], [float("nan")]), r"forecast\[0\] is nan"),
        (lambda: forecast_errors(["1"], [1]), r"actual\[0\] is '1'"),
        (lambda: forecast_errors([1], [1], train=[1, 2], season=2), "train has 2 values; a season of 2 needs more"),
        (lambda: forecast_errors([1], [1], season=0), "at least 1, got 0"),
        (lambda: pinball_loss([1], [1], 1.5), "q lies between 0 and 1, got 1.5"),
        (lambda: pinball_loss([1], [1], "0.5"), "q lies between 0 and 1, got '0.5'"),
    ],
)
def test_what_cannot_be_compared_is_refused(call, message) -> None:
    """A blank is not zero (M3), and every mistake says what would be right."""
    with pytest.raises(ArgumentError, match=message):
        call()
