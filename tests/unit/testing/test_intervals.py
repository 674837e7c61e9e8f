"""Intervals of proportions and means, against published figures and by hand (R3)."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from crmcore.errors import ArgumentError
from crmcore.testing import mean_interval, wilson


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_reaches_the_published_figures(k, n, low, high) -> None:
    """R3: the Wilson intervals of Newcombe (1998), table I, to their four decimals."""
    found = wilson(k, n, 0.95)

    assert found is not None
    assert tuple(round(bound, 4) for bound in found) == (low, high)


def test_wilson_reaches_the_vectors(shared_data) -> None:
    """R3: the vector rate-binomial-ci, to its tolerance of 1e-6."""
    vectors = json.loads((shared_data.parent / "vectors" / "vectors.json").read_text(encoding="utf-8"))
    listed = vectors["vectors"] if isinstance(vectors, dict) else vectors
    (vector,) = [v for v in listed if v["id"] == "rate-binomial-ci"]

    for k, n in vector["input"]["cases"]:
        expected = vector["expected"][f"{k}/{n}"]["wilson"]
        assert wilson(k, n, vector["input"]["confidence"]) == pytest.approx(expected, abs=vector["tolerance"])


def test_wilson_at_the_ends() -> None:
    """R3: none of n starts at 0 exactly, all of n ends at 1 exactly, mirrored; nothing has no interval."""
    none, every = wilson(0, 5), wilson(5, 5)

    assert none is not None
    assert every is not None
    assert (none[0], every[1]) == (0.0, 1.0)
    assert every[0] == pytest.approx(1 - none[1], abs=1e-15)
    assert wilson(0, 0) is None


def test_mean_interval_by_hand() -> None:
    """R3: 2, 4, 4, 4, 5, 5, 7, 9: mean 5, s^2 = 32/7, 5 -+ 1.959964 x sqrt(32/7/8) = 5 -+ 1.481593."""
    low, high = mean_interval(8, Fraction(40), Fraction(232)) or (0, 0)

    assert low == pytest.approx(3.518407, abs=1e-6)
    assert high == pytest.approx(6.481593, abs=1e-6)


def test_mean_interval_needs_two_values() -> None:
    """R3: one value has no spread; two equal ones have none either, and say so."""
    assert mean_interval(1, Fraction(5), Fraction(25)) is None
    assert mean_interval(2, Fraction(10), Fraction(50)) == (5.0, 5.0)


@pytest.mark.parametrize(("k", "n", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0), (1, 2, 0.0)])
def test_what_no_interval_can_be_made_of(k, n, confidence) -> None:
    """More successes than trials, and a confidence of 0 or 1, are errors."""
    with pytest.raises(ArgumentError):
        wilson(k, n, confidence)
