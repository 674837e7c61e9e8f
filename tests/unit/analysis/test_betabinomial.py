"""The beta prior by maximum likelihood: the published groups, a brute search, and the edges of the family."""

from __future__ import annotations

from math import comb, inf, isnan, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.analysis import betabinomial
from crmcore.analysis.betabinomial import beta_prior, log_likelihood
from crmcore.analysis.rates import Prior
from crmcore.errors import ArgumentError

PAIR = st.integers(1, 25).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
GROUPS = st.lists(PAIR, min_size=1, max_size=6)


def likelihood(groups, a, b) -> float:
    """Return the beta-binomial log-likelihood from products of the rising factorials alone."""
    whole = 0.0
    for k, n in groups:
        whole += log(comb(n, k)) + sum(log(a + j) for j in range(k)) + sum(log(b + j) for j in range(n - k))
        whole -= sum(log(a + b + j) for j in range(n))
    return whole


def test_the_vector_is_reached(vector) -> None:
    """R3: of 71 groups of rats alpha 2.3416, beta 14.1148, log-likelihood -156.5689; the last, 4 of 14, is 0.2082."""
    known = vector("rate-beta-binomial-eb")
    k, n, expected = known["input"]["k"], known["input"]["n"], known["expected"]

    prior = beta_prior(k, n)

    assert prior.a == pytest.approx(expected["mle_alpha"], rel=1e-6)
    assert prior.b == pytest.approx(expected["mle_beta"], rel=1e-6)
    assert log_likelihood(k, n, prior) == pytest.approx(expected["mle_loglik"], abs=1e-9)
    assert prior.shrunken(k, n)[-1] == pytest.approx(expected["mle_shrunk_last"], rel=1e-7)
    assert log_likelihood(k, n, prior) == pytest.approx(likelihood(zip(k, n, strict=True), prior.a, prior.b), abs=1e-9)


def test_the_slopes_vanish_there() -> None:
    """At the maximum both derivatives are 0: sums of 1 / (a + j), which are finite as the counts are whole."""
    groups = [(1, 9), (7, 10), (4, 30), (0, 3), (25, 40)]
    prior = beta_prior(*zip(*groups, strict=True))
    a, b = prior.a, prior.b

    by_a = sum(sum(1 / (a + j) for j in range(k)) - sum(1 / (a + b + j) for j in range(n)) for k, n in groups)
    by_b = sum(sum(1 / (b + j) for j in range(n - k)) - sum(1 / (a + b + j) for j in range(n)) for k, n in groups)

    assert (by_a, by_b) == pytest.approx((0, 0), abs=1e-10)


@given(GROUPS)
def test_nothing_on_a_grid_is_more_likely(groups) -> None:
    """No mean and strength on a grid, nor one rate for all, has a larger likelihood than what is found."""
    k, n = (list(x) for x in zip(*groups, strict=True))
    prior = beta_prior(k, n)
    if prior.strength == 0 or prior.mean in (0, 1):
        return
    best = log_likelihood(k, n, prior)

    for strength in (*10.0 ** np.arange(-2, 6), inf):
        for mean in np.linspace(0.02, 0.98, 25):
            assert log_likelihood(k, n, Prior(float(mean), float(strength))) <= best + 1e-9


@given(GROUPS, st.randoms())
def test_order_and_side_do_not_matter(groups, random) -> None:
    """The order of the groups decides nothing, and counting the others instead mirrors the mean."""
    shuffled = [*groups]
    random.shuffle(shuffled)
    prior = beta_prior(*zip(*groups, strict=True))
    other = beta_prior(*zip(*shuffled, strict=True))
    mirror = beta_prior([n - k for k, n in groups], [n for _, n in groups])

    assert other.mean == pytest.approx(prior.mean, rel=1e-9)
    assert mirror.mean == pytest.approx(1 - prior.mean, rel=1e-6, abs=1e-9)
    for found in (other, mirror):
        assert 1 / (1 + found.strength) == pytest.approx(1 / (1 + prior.strength), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(
    ("k", "n", "expected"),
    [
        ([5, 5, 5], [10, 10, 10], Prior(0.5, inf)),  # alike: one rate is the most likely
        ([1, 0, 1], [1, 1, 1], Prior(2 / 3, inf)),  # one case each says nothing of how groups differ
        ([0, 0], [3, 4], Prior(0.0, inf)),  # nobody has one
        ([3, 4], [3, 4], Prior(1.0, inf)),  # everybody has all
        ([3, 0, 1], [3, 2, 1], Prior(2 / 3, 0.0)),  # all or nothing, by group: groups share nothing
        ([0, 7, 0], [0, 9, 0], Prior(7 / 9, inf)),  # one group alone is its own rate
    ],
)
def test_the_ends_of_the_family(k, n, expected) -> None:
    """R2, R3: no difference between groups is an infinite strength, no likeness within them a strength of 0."""
    assert beta_prior(k, n) == expected


def test_all_or_nothing_is_not_shrunk() -> None:
    """A strength of 0 leaves each rate as it is; who has no case has none (R2)."""
    rates = beta_prior([3, 0, 1], [3, 2, 1]).shrunken([3, 0, 0], [3, 2, 0])

    assert rates.tolist()[:2] == [1.0, 0.0]
    assert isnan(rates[2])


def test_nothing_has_no_prior() -> None:
    """R2, E52: no group with a case, no mean."""
    assert isnan(beta_prior([0], [0]).mean)


def test_large_groups_are_found() -> None:
    """40 groups of up to 50,000 cases from a beta distribution of mean 1/4 and strength 80: both are found again."""
    random = np.random.default_rng(11)
    n = random.integers(1_000, 50_000, 40)
    k = random.binomial(n, random.beta(20, 60, 40))

    prior = beta_prior(k, n)

    assert prior.mean == pytest.approx(0.25, abs=0.02)
    assert 50 < prior.strength < 130


def test_a_search_cut_short_still_ends(monkeypatch) -> None:
    """With three steps allowed in place of two hundred the prior is rough, and a little less likely."""
    k, n = [1, 7, 4, 0, 25], [9, 10, 30, 3, 40]
    exact = beta_prior(k, n)
    monkeypatch.setattr(betabinomial, "_STEPS", 3)

    rough = beta_prior(k, n)

    assert rough != exact
    assert log_likelihood(k, n, exact) - 1 < log_likelihood(k, n, rough) < log_likelihood(k, n, exact)


@pytest.mark.parametrize("prior", [Prior(0.0, 4.0), Prior(0.5, 0.0), Prior(1.0, inf)])
def test_no_beta_distribution_has_no_likelihood(prior) -> None:
    """A prior at an end of the family is refused, with what would be right."""
    with pytest.raises(ArgumentError, match="a mean between 0 and 1 and a strength above 0"):
        log_likelihood([1], [2], prior)
