"""Survival curves beside published cases, and beside fractions counted one by one."""

from __future__ import annotations

from fractions import Fraction
from math import exp, isclose, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.analysis.survival import incidence, kaplan_meier, log_rank, risk_table
from crmcore.errors import ArgumentError

UNITS = (1, 86_400_000_000, 7_000_001, 1.0, 0.5)
"""Times in whole numbers, in days of microseconds, in what has no unit, and in floats: counted one by one, or sorted."""


def curve_of(time, event, entry=None):
    return kaplan_meier(risk_table(np.array(time), np.array(event), entry=None if entry is None else np.array(entry)))


def test_remission_times_of_1963(vector) -> None:
    """E54: shares, standard errors and median as published; who is censored at the time of an event is still at risk."""
    case = vector("surv-km-6mp")
    for unit in UNITS:
        curve = curve_of(np.array(case["input"]["time"]) * unit, case["input"]["event"])
        places = np.searchsorted(curve.times, np.array(case["input"]["at"]) * unit)

        assert curve.share[places] == pytest.approx(case["expected"]["survival"], abs=1e-9)
        assert curve.error[places] == pytest.approx(case["expected"]["greenwood_se"], abs=1e-9)
        assert curve.median == case["expected"]["median"] * unit


def test_the_restricted_mean(vector) -> None:
    """E54: the area below the curve up to a limit, as R prints it."""
    case = vector("surv-rmst")
    for name, wanted in case["expected"].items():
        given_ = case["input"][name]

        assert curve_of(given_["time"], given_["event"]).restricted_mean(given_["tau"]) == pytest.approx(
            wanted, abs=1e-8
        )


def test_won_and_lost_compete(vector) -> None:
    """The shares won and lost by each time; with those who last they add up to 1, and 1 - S of the won alone overstates."""
    case = vector("surv-aalen-johansen")
    time, cause = np.array(case["input"]["time"]), np.array(case["input"]["cause"])
    risk = risk_table(time, cause, causes=2)

    won, lost = incidence(risk)

    shown = np.searchsorted(risk.times, case["expected"]["time"], side="right") - 1
    assert won[shown] == pytest.approx(case["expected"]["cif_won"], abs=1e-9)
    assert lost[shown] == pytest.approx(case["expected"]["cif_lost"], abs=1e-9)
    assert (won + lost + kaplan_meier(risk).share)[shown] == pytest.approx(np.ones(len(shown)), abs=1e-12)
    alone = curve_of(time, cause == 1)
    assert 1 - alone.at(20) == pytest.approx(case["expected"]["naive_1_minus_KM_won_at_20"], abs=1e-9)


def test_two_groups_are_told_apart(vector) -> None:
    """The chi-square of the log-rank test and its p, as published."""
    case = vector("surv-logrank-6mp")["input"]
    time = np.array(case["time_a"] + case["time_b"])
    event = np.array(case["event_a"] + case["event_b"])
    group = np.repeat([0, 1], [len(case["time_a"]), len(case["time_b"])])

    found = log_rank(time, event, group)

    assert found.statistic == pytest.approx(16.792940989217, abs=1e-6)
    assert found.p == pytest.approx(4.1688091e-05, rel=1e-6)
    assert found.freedom == 1


def test_tails_of_chi_square() -> None:
    """Critical values of the printed tables: 3.841, 5.991, 7.815, 9.488 and 11.070 leave 5 %."""
    from crmcore.analysis.survival.compare import chi_square_tail

    for freedom, value in enumerate((3.841459, 5.991465, 7.814728, 9.487729, 11.070498), 1):
        assert chi_square_tail(value, freedom) == pytest.approx(0.05, abs=1e-7)


@st.composite
def lives(draw):
    size = draw(st.integers(0, 25))
    time = draw(st.lists(st.integers(0, 12), min_size=size, max_size=size))
    cause = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    entry = draw(st.none() | st.lists(st.integers(0, 8), min_size=size, max_size=size))
    return time, cause, entry


@given(lives(), st.sampled_from(UNITS))
def test_curves_are_those_of_fractions_counted_one_by_one(life, unit) -> None:
    """S(t) is the product of 1 - d/n, F(t) the sum of S(t-) d/n, over those who had entered before t and not left before it."""
    time, cause, entry = life
    risk = risk_table(
        np.array(time, np.int64) * unit,
        np.array(cause, np.int64),
        causes=2,
        entry=None if entry is None else np.array(entry, np.int64) * unit,
    )
    people = [
        (t, c, e or -1)  # who enters at 0 was there from the beginning, and counts at 0 too
        for t, c, e in zip(time, cause, entry or [0] * len(time), strict=True)
        if e == 0 or e < t
    ]
    share, shares, ended, ends = Fraction(1), [], [Fraction(0), Fraction(0)], []
    times = sorted({t for t, c, _ in people if c})
    for t in times:
        n = sum(e < t <= stop for stop, _, e in people)
        d = [sum(stop == t and c == k for stop, c, _ in people) for k in (1, 2)]
        ended = [f + share * Fraction(dk, n) for f, dk in zip(ended, d, strict=True)]
        share *= 1 - Fraction(sum(d), n)
        shares.append(share)
        ends.append(list(ended))

    curve = kaplan_meier(risk)

    assert risk.times.tolist() == [t * unit for t in times]
    assert risk.last == max((t for t, _, _ in people), default=0) * unit
    assert curve.share == pytest.approx([float(s) for s in shares], abs=1e-12)
    assert incidence(risk).T.tolist() == [pytest.approx([float(f) for f in pair], abs=1e-12) for pair in ends]
    half = next((t for t, s in zip(times, shares, strict=True) if s <= Fraction(1, 2)), None)
    assert curve.median == (None if half is None else half * unit)


def test_intervals_are_on_the_log_log_scale() -> None:
    """6-MP at 10 weeks: S = 0.7529, its error 0.0963; the bounds worked out by hand from log(-log S)."""
    time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    event = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = curve_of(time, event)
    share, error = curve.share[2], curve.error[2]
    width = 1.959963984540054 * error / (share * abs(log(share)))

    low, high = curve.interval()

    assert isclose(low[2], share**2.718281828459045**width, rel_tol=1e-12)
    assert isclose(high[2], share**2.718281828459045**-width, rel_tol=1e-12)
    assert isclose(error, share * sqrt(3 / (21 * 18) + 1 / (17 * 16) + 1 / (15 * 14)), rel_tol=1e-12)


def test_nobody_and_nothing() -> None:
    """R2: without events the curve stays at 1, and the median has no value; without anybody there is nothing to tell."""
    for curve in (curve_of([], []), curve_of([3, 5], [0, 0])):
        assert (curve.times.size, curve.median, curve.at(99), curve.restricted_mean(10)) == (0, None, 1.0, 10.0)
    assert curve_of([2, 4], [1, 1]).median == 2
    assert curve_of([2, 4], [1, 0]).quantile(0.75) is None
    same = log_rank(np.array([1, 2, 1, 2]), np.array([1, 1, 1, 1]), np.array([0, 0, 1, 1]))
    assert (same.statistic, same.p) == (pytest.approx(0), pytest.approx(1))
    empty = np.zeros(0, np.int64)
    assert log_rank(empty, empty, empty).p == 1


def test_rounding_makes_no_degree_of_freedom() -> None:
    """Of 20 and 1 followed, where 19 of the 20 end at 0, one of each at 1: O - E = 1/21 x 19, chi-square 361/38 = 9.5."""
    time = np.array([0] * 19 + [1, 1])

    found = log_rank(time, time == 0, np.array([0] * 20 + [1]))

    assert found.freedom == 1
    assert found.statistic == pytest.approx(float(Fraction(19, 21) ** 2 / Fraction(38, 441)), rel=1e-12)


@given(lives(), st.data(), st.sampled_from(UNITS))
def test_two_groups_with_late_entries_one_by_one(life, data, unit) -> None:
    """Chi-square of two groups is (O - E)^2 / V, with E and V of the hypergeometric law of those at risk at each time."""
    time, cause, entry = life
    group = data.draw(st.lists(st.integers(0, 1), min_size=len(time), max_size=len(time)))
    people = [
        (t, c > 0, g, e or -1)
        for t, c, g, e in zip(time, cause, group, entry or [0] * len(time), strict=True)
        if e == 0 or e < t
    ]
    gap = variance = Fraction(0)
    for t in {t for t, ended, _, _ in people if ended}:
        n = sum(e < t <= stop for stop, _, _, e in people)
        here = sum(e < t <= stop and g == 0 for stop, _, g, e in people)
        d = sum(stop == t and ended for stop, ended, _, _ in people)
        gap += sum(stop == t and ended and g == 0 for stop, ended, g, _ in people) - Fraction(here * d, n)
        variance += Fraction(here * (n - here) * d * (n - d), n * n * (n - 1)) if n > 1 else 0

    found = log_rank(
        np.array(time, np.int64) * unit,
        np.array(cause, np.int64) > 0,
        np.array(group, np.int64),
        entry=None if entry is None else np.array(entry, np.int64) * unit,
    )

    assert found.freedom == (variance > 0)
    assert found.statistic == pytest.approx(float(gap * gap / variance) if variance else 0.0, abs=1e-9)


def test_the_log_rank_test_in_blocks_of_times(monkeypatch) -> None:
    """Times are looked at in blocks; the statistic is the same however many stand in one."""
    rng = np.random.default_rng(7)
    time, event, group = rng.integers(0, 60, 300), rng.integers(0, 2, 300), rng.integers(0, 3, 300)
    whole = log_rank(time, event, group)

    monkeypatch.setattr("crmcore.analysis.survival.compare._BLOCK", 7)

    assert log_rank(time, event, group).statistic == pytest.approx(whole.statistic, rel=1e-12)
    assert whole.freedom == 2


def test_the_interval_of_a_median() -> None:
    """6-MP: the lower bound of the curve is at most one half from week 13 on, the upper one never is (Brookmeyer, Crowley)."""
    time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    event = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    # at week 13, S = 0.6902 and its error 0.1068: exp(-exp(log(-log S) + 1.96 error / (S |log S|)))
    low, before = (
        s ** exp(1.959963984540054 * e / (s * abs(log(s)))) for s, e in ((0.690196, 0.106815), (0.752941, 0.09635))
    )

    assert low < 0.5 < before
    assert curve_of(time, event).quantile_interval() == (13, None)
    assert curve_of([], []).quantile_interval() == (None, None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: curve_of([1], [1]).quantile_interval(0), "between 0 and 1"),
        (lambda: risk_table(np.array([1, -2]), np.array([1, 1])), "from 0"),
        (lambda: risk_table(np.array([1.0, np.nan]), np.array([1, 1])), "from 0"),
        (lambda: risk_table(np.array([1, 2]), np.array([1, 3]), causes=2), "from 0 .none yet. to 2"),
        (lambda: risk_table(np.array([1, 2]), np.array([1])), "one length"),
        (lambda: curve_of([1], [1]).quantile(1), "between 0 and 1"),
        (lambda: curve_of([1], [1]).restricted_mean(-1), "from 0"),
        (lambda: curve_of([1], [1]).interval(95), "between 0 and 1"),
        (lambda: log_rank(np.array([1]), np.array([1]), np.array([-1])), "one code from 0"),
    ],
)
def test_what_cannot_be_is_refused(call, message) -> None:
    """T3: nothing is taken for its absolute value, and nothing guessed."""
    with pytest.raises(ArgumentError, match=message):
        call()
