"""Rates of few cases: priors by moments, shrunken rates, comparisons of two proportions."""

from __future__ import annotations

from fractions import Fraction
from math import inf, isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.analysis.rates import (
    Comparison,
    Prior,
    beta_prior_by_moments,
    compared,
    gamma_prior_by_moments,
    newcombe,
)
from crmcore.errors import ArgumentError
from crmcore.state.interval import wilson

PAIR = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
GROUPS = st.lists(PAIR, min_size=1, max_size=8)


def test_moments_reach_the_published_ones(vector) -> None:
    """R3: of 70 groups of rats mean 0.136, sd 0.103, (1.4, 8.6); a new group of 4 in 14 is 0.223 (BDA3, section 5.1)."""
    known = vector("rate-beta-binomial-eb")
    k, n = (known["input"][name][:70] for name in ("k", "n"))
    expected = known["expected"]

    prior = beta_prior_by_moments(k, n)

    assert prior.mean == pytest.approx(expected["moment_mean"], rel=1e-9)
    assert (prior.a, prior.b) == pytest.approx((expected["moment_alpha"], expected["moment_beta"]), rel=1e-9)
    assert prior.shrunken([4], [14])[0] == pytest.approx(expected["posterior_mean_4_of_14"], rel=1e-9)
    assert [round(x, 1) for x in (prior.a, prior.b)] == [1.4, 8.6]


def test_two_proportions_reach_the_vector(vector) -> None:
    """56 of 70 against 48 of 80: z 2.650, p 0.0080."""
    known = vector("rate-two-prop-z")

    found = compared(*(tuple(known["input"][side]) for side in "ab"))

    assert found.z == pytest.approx(known["expected"]["z"], abs=known["tolerance"])
    assert found.p == pytest.approx(known["expected"]["p"], abs=known["tolerance"])
    assert found.difference == pytest.approx(0.2, abs=1e-15)


def test_wilson_reaches_the_vector(vector) -> None:
    """R3: the Wilson bounds of four published proportions (Newcombe 1998, table I), to 1e-6."""
    known = vector("rate-binomial-ci")
    cases = np.array(known["input"]["cases"])

    low, high = wilson(cases[:, 0], cases[:, 1], known["input"]["confidence"])

    for (k, n), *bounds in zip(cases.tolist(), low.tolist(), high.tolist(), strict=True):
        assert bounds == pytest.approx(known["expected"][f"{k}/{n}"]["wilson"], abs=known["tolerance"])


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_reaches_the_published_intervals(a, b, low, high) -> None:
    """R3: the hybrid score interval of the difference, all eight cases of Newcombe (1998), table II, to four decimals."""
    found = newcombe([a[0]], [a[1]], [b[0]], [b[1]])

    assert [round(float(x[0]), 4) for x in found] == [low, high]


@given(PAIR, PAIR)
def test_newcombe_contains_the_difference_and_turns_round(a, b) -> None:
    """R3: the interval holds the difference, stays in [-1, 1], and that of b - a is its mirror image."""
    low, high = (float(x[0]) for x in newcombe([a[0]], [a[1]], [b[0]], [b[1]]))
    back = [float(x[0]) for x in newcombe([b[0]], [b[1]], [a[0]], [a[1]])]

    assert -1 - 1e-12 <= low <= a[0] / a[1] - b[0] / b[1] <= high <= 1 + 1e-12
    assert back == pytest.approx([-high, -low], abs=1e-12)


@given(PAIR, PAIR)
def test_z_and_p_go_together(a, b) -> None:
    """R2: the z of b against a is the opposite; p is within 0 and 1; all alike has neither."""
    there, back = compared(a, b), compared(b, a)

    if there.z is None:
        assert a[0] + b[0] in (0, a[1] + b[1])
        assert there.p is None
    else:
        assert back.z == pytest.approx(-there.z, abs=1e-12)
        assert 0 <= there.p <= 1


def test_without_cases_nothing_is_compared() -> None:
    """R2, E52: a side without a case has no rate, so no difference."""
    assert compared((0, 0), (3, 4)) == Comparison(None, None, None)
    assert all(np.isnan(x).all() for x in newcombe([0], [0], [3], [4]))


def test_one_more_won_and_one_more_lost() -> None:
    """A prior of mean 1/2 that weighs two cases is (k + 1) / (n + 2); without a case the rate is the mean."""
    prior = Prior(0.5, 2.0)

    assert prior.shrunken([0, 3, 7, 0], [0, 3, 10, 4]).tolist() == [1 / 2, 4 / 5, 8 / 12, 1 / 6]
    assert (prior.a, prior.b) == (1.0, 1.0)


def test_alike_groups_are_shrunk_fully() -> None:
    """Rates that do not differ are the pooled rate, which any group then has."""
    prior = beta_prior_by_moments([5, 10, 0], [10, 20, 0])

    assert prior == Prior(0.5, inf)
    assert prior.shrunken([1, 0], [1, 0]).tolist() == [0.5, 0.5]


def test_moments_that_no_beta_has_are_shrunk_fully() -> None:
    """Rates 0 and 1 have variance 1/2, more than 1/4, the most there is for the mean 1/2: the pooled rate, 1/3."""
    assert beta_prior_by_moments([1, 0], [1, 2]) == Prior(1 / 3, inf)
    assert beta_prior_by_moments([2], [3]) == Prior(2 / 3, inf)


def test_nothing_has_no_prior() -> None:
    """R2, E52: without a case there is no mean."""
    for prior in (beta_prior_by_moments([], []), gamma_prior_by_moments([0, 0], [0, 0])):
        assert isnan(prior.mean)
        assert prior.shrunken([], []).size == 0


def test_counts_by_exposure_by_hand() -> None:
    """Marshall's global moments of 30 / 10, 10 / 10, 50 / 20, in fractions, on paper.

    mean 90 / 40 = 9/4; weighted variance (10 x 9/16 + 10 x 25/16 + 20 x 1/16) / 40 = 360 / 640 = 9/16;
    less mean / (40 / 3) = 27/160: 63/160; strength (9/4) / (63/160) = 40/7; 30 of 10 becomes (30 + 90/7) / (10 + 40/7).
    """
    prior = gamma_prior_by_moments([30, 10, 50], [10, 10, 20])

    assert prior.mean == 9 / 4
    assert prior.strength == pytest.approx(40 / 7, rel=1e-14)
    expected = [Fraction(30 * 7 + 90, 10 * 7 + 40), Fraction(10 * 7 + 90, 110), Fraction(50 * 7 + 90, 180)]
    assert prior.shrunken([30, 10, 50], [10, 10, 20]).tolist() == pytest.approx([float(x) for x in expected], rel=1e-14)


def test_counts_that_differ_by_chance_are_shrunk_fully() -> None:
    """5 in 10 and 6 in 10 vary less than Poisson counts of mean 5.5 do: both are 11 / 20."""
    assert gamma_prior_by_moments([5, 6], [10, 10]) == Prior(11 / 20, inf)


@given(GROUPS, st.randoms())
def test_the_order_of_groups_does_not_matter(groups, random) -> None:
    """Priors are those of the set of groups, and each shrunken rate lies between the group's own and the mean."""
    shuffled = [*groups]
    random.shuffle(shuffled)
    for estimate in (beta_prior_by_moments, gamma_prior_by_moments):
        prior, other = (estimate(*zip(*g, strict=True)) for g in (groups, shuffled))
        assert other.mean == pytest.approx(prior.mean, rel=1e-12)
        assert 1 / other.strength == pytest.approx(1 / prior.strength, rel=1e-6, abs=1e-9)
        for (k, n), rate in zip(groups, prior.shrunken(*zip(*groups, strict=True)), strict=True):
            low, high = sorted((k / n, prior.mean))
            assert low - 1e-12 <= rate <= high + 1e-12


@pytest.mark.parametrize(
    ("k", "n", "message"),
    [
        ([1, 2], [3], r"one number per group, of one length, got shapes \(2,\) and \(1,\)"),
        ([1, 5], [3, 4], "group 1 has k = 5 of n = 4"),
        ([-1], [3], "k holds counts, whole and not below 0; group 0 has -1"),
        ([1], [2.5], "n holds counts, whole and not below 0; group 0 has 2.5"),
        ([float("nan")], [2], "k holds counts.* group 0 has nan"),
    ],
)
def test_what_is_no_count_is_refused(k, n, message) -> None:
    """An error names the group and what it has."""
    with pytest.raises(ArgumentError, match=message):
        beta_prior_by_moments(k, n)
