"""Distributions of revenue and of wins beside full enumeration in fractions, closed forms and a published vector."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmcore.analysis.forecast.convolution import revenue_outcomes, win_chances
from crmcore.analysis.forecast.grid import Grid, put_on_grid
from crmcore.analysis.forecast.simulation import simulated_outcomes
from crmcore.errors import ArgumentError

deals = st.lists(st.tuples(st.integers(-3_000, 50_000), st.integers(0, 10_000)), max_size=8)
LEVELS = (Fraction(1, 10), Fraction(1, 2), Fraction(9, 10))


def enumerated(pairs):
    """Return every sum with its exact chance, by going through all ways to win."""
    found: dict[int, Fraction] = {}
    for ways in product((0, 1), repeat=len(pairs)):
        chance, total = Fraction(1), 0
        for won, (amount, p) in zip(ways, pairs, strict=True):
            chance *= Fraction(p if won else 10_000 - p, 10_000)
            total += amount * won
        found[total] = found.get(total, Fraction(0)) + chance
    return {value: found[value] for value in sorted(found) if found[value]}


def quantile(exact, q):
    below = Fraction(0)
    for value, chance in exact.items():
        below += chance
        if below >= q:
            return value
    raise AssertionError


def at_least(exact, value):
    return sum((c for v, c in exact.items() if v >= value), Fraction(0))


def split(pairs):
    return [a for a, _ in pairs], [p for _, p in pairs]


@given(deals)
def test_few_deals_are_enumerated(pairs) -> None:
    """M4: up to 16 deals that may or may not come: quantiles to the minor unit, chances to the last digits."""
    exact = enumerated(pairs)
    found = revenue_outcomes(*split(pairs))

    assert [found.quantile(float(q)) for q in LEVELS] == [quantile(exact, q) for q in LEVELS]
    for value in [*exact, 1, 10_000, -(10**30), 10**30]:
        assert found.at_least(value) == pytest.approx(float(at_least(exact, value)), abs=1e-12)
    assert found.step == found.moved == 0


def test_sixteen_deals_are_as_enumerated() -> None:
    """With 16 deals of amounts that no coarse number divides, all figures are those of the 65,536 ways to win."""
    draw = np.random.default_rng(7)
    pairs = [(int(a), int(p)) for a, p in zip(draw.integers(1, 10**9, 16), draw.integers(1, 10_000, 16), strict=True)]
    sums, chances = np.zeros(1, np.int64), np.ones(1)
    for amount, p in pairs:
        sums = np.concatenate([sums, sums + amount])
        chances = np.concatenate([chances * (1 - p / 10_000), chances * (p / 10_000)])
    order = np.argsort(sums)
    running = np.cumsum(chances[order])
    found = revenue_outcomes(*split(pairs))

    for q in (0.1, 0.5, 0.9):
        assert found.quantile(q) == sums[order][np.searchsorted(running, q)]
    goal = int(sums.mean())
    assert found.at_least(goal) == pytest.approx(chances[sums >= goal].sum(), abs=1e-12)
    assert found.step == 0


@given(st.lists(st.tuples(st.integers(-(10**9), 10**12), st.integers(0, 10_000)), max_size=7), st.integers(2, 40))
@example([(10**12 + 7 * n, 1_000 * n + 500) for n in range(9)], 2)
def test_on_a_grid_figures_are_within_a_step(pairs, cells) -> None:
    """On a grid as coarse as 2 cells: quantiles within a step, and the chance between those a step off; the mean to a unit."""
    exact = enumerated(pairs)
    found = revenue_outcomes(*split(pairs), cells=cells)
    mean = float(found.values @ found.chances) * float(found.unit) + float(found.base)

    assert found.moved <= found.step <= Fraction(sum(abs(a) for a, _ in pairs), cells)
    for q in LEVELS:
        assert abs(found.quantile(float(q)) - quantile(exact, q)) <= found.moved
    for goal in (0, 1, 700, *exact, sum(exact) // len(exact)):
        low, high = at_least(exact, goal + found.moved), at_least(exact, goal - found.moved)
        assert float(low) - 1e-9 <= found.at_least(goal) <= float(high) + 1e-9
    assert abs(mean - sum(a * p for a, p in pairs) / 10_000) <= found.unit + 1e-9 * sum(abs(a) for a, _ in pairs)


def test_sixteen_deals_on_a_grid() -> None:
    """2^16 cells less one put 16 deals on the grid: P10, P50, P90 and chances are within a step of the 65,536 ways to win."""
    draw = np.random.default_rng(11)
    for top in (10**9, 10**13):
        pairs = list(zip(draw.integers(1, top, 16).tolist(), draw.integers(1, 10_000, 16).tolist(), strict=True))
        sums, chances = np.zeros(1, np.int64), np.ones(1)
        for amount, p in pairs:
            sums = np.concatenate([sums, sums + amount])
            chances = np.concatenate([chances * (1 - p / 10_000), chances * (p / 10_000)])
        order = np.argsort(sums)
        running = np.cumsum(chances[order])
        found = revenue_outcomes(*split(pairs), cells=2**16 - 1)
        step = float(found.step)

        assert found.step == Fraction(sum(a for a, _ in pairs), 2**16 - 1)
        for q in (0.05, 0.1, 0.5, 0.9, 0.95):
            assert abs(float(found.quantile(q)) - sums[order][np.searchsorted(running, q)]) <= step
        for goal in np.quantile(sums, (0.1, 0.4, 0.5, 0.6, 0.9)).astype(int).tolist():
            low, high = chances[sums >= goal + step].sum(), chances[sums >= goal - step].sum()
            assert low - 1e-9 <= found.at_least(goal) <= high + 1e-9
        assert found.at_least(sum(a for a, _ in pairs)) == pytest.approx(chances[-1], rel=1e-9)  # the total stays


@pytest.mark.parametrize("deals", [200, 1_000])
@pytest.mark.parametrize("kind", ["few chances", "any chance", "larger is less likely"])
def test_many_deals_are_within_a_step(deals, kind) -> None:
    """More deals than any bound holds for: P10, P50 and P90 are within a step of those on a grid 16 times as fine."""
    draw = np.random.default_rng(deals)
    amounts = np.sort(draw.lognormal(13, 1.2, deals)).astype(int).tolist()
    chances = {
        "few chances": draw.choice([1_000, 2_500, 6_000, 9_000], deals),
        "any chance": draw.integers(1, 10_000, deals),
        "larger is less likely": np.linspace(9_500, 500, deals).astype(int),
    }[kind].tolist()
    found, fine = revenue_outcomes(amounts, chances), revenue_outcomes(amounts, chances, cells=2**20)

    assert found.step == Fraction(sum(amounts), 2**16)
    for q in (0.1, 0.5, 0.9):
        assert abs(found.quantile(q) - fine.quantile(q)) <= found.step


def test_many_small_deals_are_not_rounded_away() -> None:
    """4,000 deals on 1,024 cells: the many small ones are a quarter of a step each, and count. P50 is near the weighted value."""
    amounts, chances = [1_001, 1_003] * 1_900 + [20_011] * 200, [9_000] * 3_800 + [1_000] * 200
    found = revenue_outcomes(amounts, chances, cells=1_024)
    weighted = sum(a * c for a, c in zip(amounts, chances, strict=True)) / 10_000
    spread = sum(a * a * c * (10_000 - c) for a, c in zip(amounts, chances, strict=True)) ** 0.5 / 10_000

    assert abs(float(found.quantile(0.5)) - weighted) < 0.1 * spread
    assert float(found.quantile(0.9)) == pytest.approx(weighted + 1.2816 * spread, rel=2e-3)


@given(
    st.lists(st.tuples(st.integers(0, 10**15), st.sampled_from([1, 2_500, 2_501, 9_999])), min_size=1, max_size=30),
    st.integers(2, 1000),
)
def test_the_total_and_the_weighted_value_stay(pairs, cells) -> None:
    """Amounts on the grid add up to the total, amount x chance to half a unit; each is within a unit, which is no finer than 1."""
    amounts, chances = split(pairs)
    grid = put_on_grid(amounts, chances, cells)
    shifts = [k * grid.unit - a for k, a in zip(grid.amounts, amounts, strict=True)]

    assert sum(shifts) == 0
    assert all(abs(s) < grid.unit for s in shifts)
    assert abs(sum(s * c for s, c in zip(shifts, chances, strict=True))) <= grid.unit * 5_000
    assert grid.moved == sum(max(s, 0) for s in shifts)
    assert grid.unit >= 1
    assert grid.step == 0 or (grid.moved <= grid.step == Fraction(sum(amounts), cells) and grid.step % grid.unit == 0)


def test_largest_remainders_by_hand() -> None:
    """Steps of 10^12: 7.6, 3.7 and 0.7 of equal chance are 7, 4 and 1, with what is left over at the two largest remainders.

    With chances 0.1, 0.5 and 0.9 the running sums 7.6, 11.3 and 12 are 8, 11 and 12: 8, 3 and 1. Weighted they are moved by
    0.04 - 0.35 + 0.27 = -0.04 steps; 7, 4 and 1 would be by 0.36.
    """
    amounts = [7_600_000_000_001, 3_700_000_000_001, 699_999_999_998]

    alike = put_on_grid(amounts, [5_000] * 3, 12)
    apart = put_on_grid(amounts, [1_000, 5_000, 9_000], 12)
    assert alike.amounts == (7, 4, 1)
    assert alike.unit == alike.step == 10**12
    assert alike.moved == 600_000_000_001
    assert apart.amounts == (8, 3, 1)
    assert apart.moved == 700_000_000_001
    assert put_on_grid(amounts[::-1], [9_000, 5_000, 1_000], 12).amounts == (1, 3, 8)


def test_amounts_below_zero_on_a_grid_by_hand() -> None:
    """Steps of 10^12: 2.4, -1.3 and 8.3 are 9.4, which is 9: 2, -1 and 8, down by 0.7 at worst and up by 0.3.

    2.6, -1.1 and 8.3 are 9.8, which is 10: 3, -1 and 8, up by 0.5 at worst and down by 0.3.
    """
    down = put_on_grid([2_400_000_000_001, -1_300_000_000_000, 8_299_999_999_999], [5_000] * 3, 12)
    up = put_on_grid([2_600_000_000_001, -1_100_000_000_000, 8_299_999_999_999], [5_000] * 3, 12)

    assert (down.amounts, down.unit, down.moved) == ((2, -1, 8), 10**12, 700_000_000_000)
    assert (up.amounts, up.unit, up.moved) == ((3, -1, 8), 10**12, 499_999_999_999)


def test_steps_are_parted_until_no_sum_is_moved_by_more() -> None:
    """Six deals of 3.5 and 4.5 steps would be 3 x half a step off; in half steps they are not. Multiples are not moved at all."""
    amounts = [a * 10**12 + d for a, d in ((3.5, 1), (4.5, 2), (3.5, -1), (4.5, 0), (3.5, 3), (4.5, -5))]
    grid = put_on_grid([int(a) for a in amounts], [5_000] * 6, 24)

    assert (grid.amounts, grid.unit, grid.step, grid.moved) == ((7, 9, 7, 9, 7, 9), 5 * 10**11, 10**12, 6)
    assert put_on_grid([300, 600], [1, 1], 3) == Grid((1, 2), Fraction(300), Fraction(0), Fraction(0))
    assert put_on_grid([0, 0], [1, 1], 3) == Grid((0, 0), Fraction(1), Fraction(0), Fraction(0))
    assert put_on_grid([], [], 3).amounts == ()
    # few deals of small amounts need no grid: it would be finer than the minor unit
    assert put_on_grid([7, 8, 4], [1, 1, 1], 2) == Grid((7, 8, 4), Fraction(1), Fraction(0), Fraction(0))


def test_many_equal_deals_are_binomial() -> None:
    """40 deals of 5,000.01 at 30 %: multiples of one amount are exact, with the chances of the binomial distribution."""
    found = revenue_outcomes([500_001] * 40, [3_000] * 40)
    wanted = [comb(40, k) * 0.3**k * 0.7 ** (40 - k) for k in range(41)]

    assert found.step == 0
    for k in range(41):
        assert found.at_least(k * 500_001) == pytest.approx(sum(wanted[k:]), abs=1e-12)
    running = np.cumsum(wanted)
    assert [found.quantile(q) for q in (0.1, 0.5, 0.9)] == [
        500_001 * int(np.searchsorted(running, q)) for q in (0.1, 0.5, 0.9)
    ]


def test_a_thousand_deals() -> None:
    """Mean and spread of the distribution are those of the deals, to the grid; on 65,536 cells of the total."""
    draw = np.random.default_rng(1)
    amounts, chances = draw.integers(100, 10**7, 1000).tolist(), draw.integers(0, 10_001, 1000).tolist()
    found = revenue_outcomes(amounts, chances)
    values = found.values * float(found.unit) + float(found.base)
    p = np.array(chances) / 10_000
    mean, spread = (np.array(amounts) * p).sum(), np.sqrt((np.array(amounts, float) ** 2 * p * (1 - p)).sum())

    assert found.chances.sum() == pytest.approx(1, abs=1e-12)
    assert found.step <= Fraction(sum(amounts), 2**16)
    assert (values * found.chances).sum() == pytest.approx(mean, rel=1e-3)
    assert np.sqrt((values**2 * found.chances).sum() - (values * found.chances).sum() ** 2) == pytest.approx(
        spread, rel=1e-3
    )
    # near enough to normal: P90 is the mean and 1.2816 standard deviations
    assert float(found.quantile(0.9)) == pytest.approx(mean + 1.2816 * spread, rel=5e-3)


@given(
    st.permutations(
        [(5, 100), (7, 9_012), (7, 5_678), (7, 1_234), (12, 0), (-7, 3_333), (90, 10_000), (1, 1), (1, 7_777)]
    )
)
def test_the_order_of_deals_does_not_matter(pairs) -> None:
    """The same digits, enumerated, on a grid and simulated, in whatever order deals stand."""
    ordered = sorted(pairs)
    for make in (
        revenue_outcomes,
        lambda a, c: revenue_outcomes(a, c, cells=8),
        lambda a, c: simulated_outcomes(a, c, correlation=0.3, draws=50),
    ):
        one, other = make(*split(pairs)), make(*split(ordered))
        assert (one.values.tolist(), one.chances.tolist(), one.base) == (
            other.values.tolist(),
            other.chances.tolist(),
            other.base,
        )
    assert win_chances(split(pairs)[1]).tolist() == win_chances(split(ordered)[1]).tolist()


def test_certain_and_impossible_deals() -> None:
    """Chance 1 is there in every outcome, chance 0 in none; nothing open is one outcome of 0."""
    nothing = revenue_outcomes([], [])
    sure = revenue_outcomes([100, 200, 50], [10_000, 0, 10_000])

    assert (nothing.quantile(0.5), nothing.at_least(0), nothing.at_least(1)) == (0, 1.0, 0.0)
    assert (sure.quantile(0.01), sure.quantile(0.99)) == (150, 150)
    assert (sure.at_least(150), sure.at_least(151)) == (1.0, 0.0)
    nearly = revenue_outcomes([100, 7], [1, 9_999])
    assert [nearly.at_least(v) for v in (7, 8, 107)] == pytest.approx([0.9999 + 0.0001**2, 0.0001, 0.9999e-4])


def test_amounts_below_zero() -> None:
    """A credit of 100 at 25 % beside a deal of 300 at 50 %: -100, 0, 200 and 300 at 1/8, 3/8, 1/8 and 3/8, grid or not."""
    for cells in (2**16, 4):
        found = revenue_outcomes([-100, 300], [2_500, 5_000], cells=cells)

        assert [found.at_least(v) for v in (-100, -99, 0, 1, 200, 201, 301)] == pytest.approx(
            [1, 7 / 8, 7 / 8, 1 / 2, 1 / 2, 3 / 8, 0]
        )
        assert [found.quantile(q) for q in (0.125, 0.126, 0.5, 0.51, 0.7)] == [-100, 0, 0, 200, 300]


def test_a_quantile_is_between_0_and_1() -> None:
    """Anything else is refused with what would be right."""
    for q in (0, 1, -0.1, 2):
        with pytest.raises(ArgumentError, match=r"between 0 and 1, such as 0\.9"):
            revenue_outcomes([1], [5_000]).quantile(q)


def test_chances_of_wins(vector) -> None:
    """The Poisson binomial distribution of the vector: all chances, their mean and variance, and four wins or more."""
    case = vector("fc-poisson-binomial")
    found = win_chances([round(p * 10_000) for p in case["input"]["p"]])
    k = np.arange(len(found))
    wanted = case["expected"]

    assert found == pytest.approx(wanted["pmf"], abs=1e-12)
    assert (k * found).sum() == pytest.approx(wanted["mean"], abs=1e-12)
    assert ((k - wanted["mean"]) ** 2 * found).sum() == pytest.approx(wanted["var"], abs=1e-12)
    assert found[4:].sum() == pytest.approx(wanted["P_ge_4"], abs=1e-12)


def test_wins_of_no_deals_and_of_equal_ones() -> None:
    """None of none is sure; equal chances are binomial."""
    assert win_chances([]).tolist() == [1.0]
    assert win_chances([2_500] * 6) == pytest.approx(
        [comb(6, k) * 0.25**k * 0.75 ** (6 - k) for k in range(7)], abs=1e-15
    )


def test_wins_of_many_deals() -> None:
    """3,000 deals at 2 %: the binomial chances, and what is out of all likelihood is 0; as many numbers as deals and one."""
    found = win_chances([200] * 3_000)
    chance = 0.98**3_000
    for k in range(120):
        assert found[k] == pytest.approx(chance, rel=1e-9, abs=1e-29), k
        chance *= (3_000 - k) / (k + 1) * 0.02 / 0.98
    assert len(found) == 3_001
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert found[2_000:].max() < 1e-30


# --- the common factor


def test_a_simulation_without_correlation_is_the_convolution() -> None:
    """Quantiles and chances of 20,000 draws of independent deals: within four standard errors of the exact ones."""
    amounts, chances = [100, 250, 400, 900, 1_300], [2_000, 5_000, 7_000, 1_000, 4_000]
    exact = revenue_outcomes(amounts, chances)
    found = simulated_outcomes(amounts, chances, correlation=0.0)

    for goal in (100, 500, 900, 1_700, 2_500):
        p = exact.at_least(goal)
        assert abs(found.at_least(goal) - p) < 4 * np.sqrt(p * (1 - p) / 20_000)


def test_two_deals_that_hang_together() -> None:
    """At one half each and correlation 1/2, both are won with 1/4 + arcsin(1/2) / (2 pi) = 1/3."""
    found = simulated_outcomes([1, 1], [5_000, 5_000], correlation=0.5, draws=40_000)

    assert found.at_least(2) == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / 40_000))
    assert found.at_least(1) == pytest.approx(2 / 3, abs=4 * np.sqrt(2 / 9 / 40_000))


def test_three_deals_of_unlike_chances_that_hang_together() -> None:
    """Each is won with its own chance, and two at 1/4 and 1/2 both with that of two normal draws of correlation 0.6.

    That is the mean over the quarter z of F(z, 1/4) F(z, 1/2), here by 4,000 strips of the normal density.
    """
    normal = NormalDist()
    strips = [(n + 0.5) / 250 - 8 for n in range(4_000)]
    both = sum(
        normal.pdf(z)
        / 250
        * normal.cdf((normal.inv_cdf(0.25) - 0.6**0.5 * z) / 0.4**0.5)
        * normal.cdf(-(0.6**0.5) * z / 0.4**0.5)
        for z in strips
    )
    found = simulated_outcomes([100, 10, 1], [2_500, 5_000, 9_000], correlation=0.6, draws=40_000)
    won = {
        place: sum(c for v, c in zip(found.values, found.chances, strict=True) if v // place % 10)
        for place in (1, 10, 100)
    }

    assert won[100] == pytest.approx(0.25, abs=0.009)
    assert won[10] == pytest.approx(0.5, abs=0.01)
    assert won[1] == pytest.approx(0.9, abs=0.006)
    assert found.at_least(110) == pytest.approx(both, abs=0.009)


def test_correlation_widens_and_keeps_the_mean() -> None:
    """P10 falls and P90 rises with the correlation; the mean of the draws stays that of the deals."""
    amounts, chances = [1_000] * 60, [4_000] * 60
    found = [simulated_outcomes(amounts, chances, correlation=r) for r in (0.0, 0.1, 0.4)]

    low, high = [f.quantile(0.1) for f in found], [f.quantile(0.9) for f in found]
    assert low == sorted(low, reverse=True)
    assert high == sorted(high)
    assert low[0] > low[1] > low[2]
    for f in found:
        assert (f.values * f.chances).sum() == pytest.approx(24_000, rel=0.02)


@settings(max_examples=5)
@given(st.integers(0, 2**40))
def test_a_seed_gives_the_same_numbers(seed) -> None:
    """Twice the same seed, twice the same outcomes; a sure deal is in all of them."""
    one, other = (
        simulated_outcomes([5, 9, 20], [3_000, 6_000, 10_000], correlation=0.2, draws=200, seed=seed) for _ in "ab"
    )

    assert one.chances.tolist() == other.chances.tolist()
    assert one.base == 20


def test_amounts_beyond_64_bits() -> None:
    """Amounts whose sum is no int64 are added as they are."""
    huge = 2**61
    found = simulated_outcomes([huge, huge, huge], [5_000] * 3, correlation=0.0, draws=500)

    assert found.quantile(0.999) == 3 * huge
    assert revenue_outcomes([huge, huge, huge], [5_000] * 3).quantile(0.999) == 3 * huge
    assert revenue_outcomes([2 * huge] * 4, [5_000] * 4).quantile(0.999) == 8 * huge
    assert simulated_outcomes([2 * huge] * 4, [5_000] * 4, correlation=0.0, draws=500).quantile(0.999) == 8 * huge
