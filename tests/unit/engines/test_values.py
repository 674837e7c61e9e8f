"""Multisets of values: quantiles, extremes, distinct counts and concentration, per cell and over windows (Q1, Q2)."""

from __future__ import annotations

from fractions import Fraction
from statistics import median

import numpy as np
import pytest

import crmcore as cc
from crmcore.state.operand import NO_WHOLE, NOTHING
from crmcore.state.runs import collapsed, evaluate_run, ranged
from crmcore.state.state import Run

BITS = 9


def run_of(cells, *, low=0, scale=1, lookup=None):
    """Return the run of cells: rows of buckets of values."""
    counts = np.array([[len(bucket) for bucket in row] for row in cells])
    flat = [sorted(bucket) for row in cells for bucket in row]
    packed = [(i << BITS) | (v - low) for i, bucket in enumerate(flat) for v in bucket]
    return Run(np.array(packed, np.int64), BITS, low, counts, scale, "money", lookup)


def exact(operand):
    """Return the numbers of an operand as fractions, None where undefined."""
    why = np.zeros(operand.data.shape, np.int8) if operand.why is None else operand.why
    return [
        [None if code else Fraction(value) / operand.scale for value, code in zip(values, codes, strict=True)]
        for values, codes in zip(operand.data.tolist(), why.tolist(), strict=True)
    ]


def quantile(run, q, method="linear"):
    """Return the exact quantile per cell."""
    return exact(evaluate_run("quantile", run, Fraction(q), method))


@pytest.mark.parametrize(
    ("q", "linear", "discrete"),
    [
        ("0", 1, 1),
        ("1/4", 2, 2),
        ("1/3", Fraction(7, 3), 2),
        ("1/2", 3, 3),
        ("3/5", Fraction(17, 5), 3),
        ("9/10", Fraction(44, 5), 12),
        ("1", 12, 12),
    ],
)
def test_quantiles_of_five_values(q, linear, discrete) -> None:
    """Q1: of 1 2 3 4 12, type 7 lies at 4q between neighbours; type 1 is the first value that q of them do not exceed."""
    run = run_of([[[12, 1, 3, 2, 4]]])

    assert quantile(run, q) == [[linear]]
    assert quantile(run, q, "discrete") == [[discrete]]


def test_medians_of_even_and_odd_cells_and_of_none() -> None:
    """The middle, the mean of the two middles, the only one, and undefined of nothing (R2)."""
    cells = [[[1, 2, 10], [1, 2, 10, 20]], [[7], []]]
    operand = evaluate_run("quantile", run_of(cells), Fraction(1, 2), "linear")

    assert exact(operand) == [[2, 6], [7, None]]
    assert operand.why.tolist() == [[0, 0], [0, NOTHING]]
    assert all(exact(operand)[r][b] == median(v) for r, row in enumerate(cells) for b, v in enumerate(row) if v)


def test_negative_values_and_scales_come_back() -> None:
    """Values are kept as a distance from the lowest, in hundredths: -1.50, -0.50 and 2.00 have the median -0.50."""
    run = run_of([[[-150, -50, 200]]], low=-200, scale=100)

    assert quantile(run, "1/2") == [[Fraction(-1, 2)]]
    assert exact(evaluate_run("smallest", run, None, "")) == [[Fraction(-3, 2)]]
    assert exact(evaluate_run("largest", run, None, "")) == [[2]]


def test_quantiles_far_apart_do_not_overflow() -> None:
    """Q3: between -2^62 and 2^62 the ninth tenth is 2^62 * 8/10, which no 64-bit product reaches."""
    lookup = np.array([-(2**62), 2**62])
    run = run_of([[[0, 1]]], lookup=lookup)

    assert quantile(run, "9/10") == [[Fraction(2**62) * 8 / 10]]


def test_quantiles_of_floats_are_interpolated_exactly_and_rounded_once() -> None:
    """Scores: between 0.1 and 0.7 a third of the way is the float next to the exact value of those two floats."""
    lookup = np.array([0.1, 0.7])
    operand = evaluate_run("quantile", run_of([[[0, 1]]], lookup=lookup), Fraction(1, 3), "linear")

    assert operand.data.tolist() == [[float(Fraction(0.1) + (Fraction(0.7) - Fraction(0.1)) / 3)]]
    assert operand.exact is False


@pytest.mark.parametrize("op", ["smallest", "largest", "quantile", "distinct"])
def test_windows_are_slices_of_neighbouring_buckets(op) -> None:
    """Ranges [low, high) of the buckets of a row: the values in them, sorted anew, also where ranges overlap or are empty."""
    cells = [[[5, 1], [3, 3], [], [9]], [[], [2], [2, 8], [4]]]
    ranges = [(0, 2), (1, 4), (2, 3), (0, 4), (3, 3)]
    low, high = (np.array(part) for part in zip(*ranges, strict=True))
    found = exact(evaluate_run(op, ranged(run_of(cells), low, high), Fraction(1, 2), "linear"))

    def expected(values):
        if op == "distinct":
            return len(set(values))
        if not values:
            return None
        return {"smallest": min, "largest": max, "quantile": median}[op](values)

    assert found == [[expected([v for bucket in row[a:b] for v in bucket]) for a, b in ranges] for row in cells]


def test_all_rows_together_bucket_by_bucket() -> None:
    """A total over groups is of all their values, never of their medians."""
    run = collapsed(run_of([[[5, 1], [9]], [[3, 3], []], [[100], [1]]]))

    assert run.counts.tolist() == [[5, 2]]
    assert quantile(run, "1/2") == [[3, 5]]


def test_distinct_does_not_run_on_from_cell_to_cell() -> None:
    """Q2: the same value at the end of one cell and the start of the next counts in both."""
    run = run_of([[[1, 7, 7]], [[7, 7]], [[]], [[7, 8]]])

    assert exact(evaluate_run("distinct", run, None, "")) == [[2], [1], [0], [2]]


def test_top_share_takes_the_next_whole_number_of_entities() -> None:
    """Of 10 20 30 40: a quarter is one holding 40 %, 0.3 are two with 70 %; of one it is all; of zeros undefined."""
    run = run_of([[[10, 20, 30, 40], [7], [0, 0], []]])

    for q, expected in (("1/4", Fraction(2, 5)), ("3/10", Fraction(7, 10)), ("1", 1)):
        operand = evaluate_run("top_share", run, Fraction(q), "")
        assert exact(operand) == [[expected, 1, None, None]]
        assert operand.why.tolist() == [[0, 0, NO_WHOLE, NOTHING]]


def test_gini_by_hand() -> None:
    """Sum of (2i - n - 1) x / (n sum x): 1 2 3 4 have 1/4, equal shares 0, all in one hand 3/4 of four."""
    run = run_of([[[1, 2, 3, 4], [5, 5, 5], [0, 0, 0, 9]]])

    assert exact(evaluate_run("gini", run, None, "")) == [[Fraction(1, 4), 0, Fraction(3, 4)]]


# -- through measure -----------------------------------------------------------------------------------


def test_distinct_accounts_over_trailing_months() -> None:
    """Q2, T6: an account that wins in two months counts once in the window over both."""
    from datetime import date

    closes = [("A", 1), ("B", 1), ("A", 2), (None, 2), ("C", 3), ("A", 3)]
    deals = [{"outcome": "won", "account": a, "closed_at": date(2026, m, 5)} for a, m in closes]
    metric = cc.Metric("accounts", cc.distinct("account"), unit="count", anchor="closed_at")
    rows = cc.measure([metric, metric.trailing(2, "month")], cc.Dataset(opportunity=deals), per="month").rows()

    assert [(r["accounts"], r["accounts_trailing_2_months"]) for r in rows] == [(2, 2), (1, 2), (2, 2)]


def test_a_mean_of_each_account_keeps_its_unit() -> None:
    """Roll-ups over a mean are money again: A has a mean of 20, B of 5, C of 8: the median account 8, their sum 33."""
    deals = [{"outcome": "won", "account": a, "amount": v} for a, v in (("A", 10), ("A", 30), ("B", 5), ("C", 8))]
    means = cc.each("account", cc.mean("amount"))
    metrics = [
        cc.Metric("middle", cc.median(means), unit="money"),
        cc.Metric("sum", cc.total(means), unit="money"),
        cc.Metric("above", cc.count(means > 6), unit="count"),
    ]

    assert cc.measure(metrics, cc.Dataset(opportunity=deals)).total == {"middle": 8.0, "sum": 33.0, "above": 2}
