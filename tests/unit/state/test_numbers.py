"""Numbers for human eyes."""

from __future__ import annotations

import numpy as np
import pytest

from crmcore.state.present.numbers import places_of, shown, shown_range


@pytest.mark.parametrize(
    ("value", "unit", "places", "text"),
    [
        (0.632, "ratio", 1, "63.2 %"),
        (1.5, "ratio", 1, "150.0 %"),
        (0.0, "ratio", 1, "0.0 %"),
        (4966215, "money", 0, "4,966,215"),
        (4966215.5, "money", 2, "4,966,215.50"),
        (-1200.5, "money", 2, "-1,200.50"),
        (48.500594530321045, "days", 1, "48.5"),
        (6711, "count", 0, "6,711"),
        (None, "ratio", 1, "-"),
        ("on track", "label", 0, "on track"),
        (1e30, "money", 0, "1,000,000,000,000,000,000,000,000,000,000"),
        (float("inf"), "money", 2, "inf"),
        (np.float64(0.25), "ratio", 1, "25.0 %"),
    ],
)
def test_numbers_read_as_their_unit(value: object, unit: str, places: int, text: str) -> None:
    """A ratio is a percentage, money has thousands separators, undefined is a dash."""
    assert shown(value, unit, places) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.675, "2.68"), (2.665, "2.66"), (0.125, "0.12"), (0.135, "0.14"), (-0.001, "0.00")],
)
def test_ties_are_rounded_half_to_even(value: float, text: str) -> None:
    """M1: rounding is half to even in the decimals that a reader sees, and there is no minus zero."""
    assert shown(value, "money", 2) == text


@pytest.mark.parametrize(
    ("unit", "values", "places"),
    [
        ("money", [1200.0, None, 800.0], 0),
        ("money", [1200.5, 800.0], 2),
        ("money", [], 0),
        ("count", [1, 2], 0),
        ("count", [1.5], 2),
        ("number", [3], 0),
        ("days", [3.0], 1),
        ("ratio", [1.0], 1),
        ("money", [float("inf"), 2.0], 0),
    ],
)
def test_a_column_has_one_number_of_decimals(unit: str, values: list[float | None], places: int) -> None:
    """Money is whole when all of it is; ratios and days have one decimal always."""
    assert places_of(unit, values) == places


def test_an_interval_stands_behind_its_number() -> None:
    """The bounds have the decimals of the number; without bounds there is none."""
    assert shown_range(0.619, 0.566, 0.669, "ratio", 1) == "61.9 % [56.6, 66.9]"
    assert shown_range(2397.6, 2100.0, 2700.25, "money", 2) == "2,397.60 [2,100.00, 2,700.25]"
    assert shown_range(90.0, None, None, "days", 1) == "90.0"
    assert shown_range(None, 0.1, 0.2, "ratio", 1) == "-"
