"""The benchmarks' expected results, worked out again row by row with fractions, and what they refuse."""

from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from benchmarks.agreement import Disagreement, check
from benchmarks.data import LOST, OPEN, WON, bytes_read, clustered, derive, generate
from benchmarks.reference import expected

ROWS = 700


@pytest.fixture(scope="module")
def data():
    return generate(ROWS, seed=3)


@pytest.fixture(scope="module")
def wanted(data):
    return expected(data)


def deals(data):
    """Give each opportunity as a dict of plain Python values."""
    names = ("owner", "source", "outcome", "amount", "priced", "created_at", "first_contact_at", "closed_at")
    columns = [getattr(data, name).tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def cycle(deal):
    return (deal["closed_at"].date() - deal["created_at"].date()).days


def linear(values, q):
    """Type 7: the point q of the way from the first to the last sorted value."""
    values = sorted(values)
    at = (len(values) - 1) * q
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def ratio(above, below):
    return None if below == 0 else Fraction(above, below)


def mean(values):
    return ratio(sum(values), len(values))


def found(wanted, query):
    """Read an expected result as {key: {column: fraction or None}}."""
    result = wanted[query]
    rows = list(zip(*(k.tolist() for k in result.keys.values()), strict=True)) or [()]
    return {
        row: {name: ratio(int(c.num[at]), int(c.den[at])) for name, c in result.columns.items()}
        for at, row in enumerate(rows)
    }


def test_scorecard_is_the_row_by_row_one(data, wanted):
    """Q1 equals counts, sums and medians collected deal by deal (R1, R2, M3, Q1)."""
    groups = defaultdict(list)
    for deal in deals(data):
        if deal["outcome"] != OPEN:
            closed = deal["closed_at"]
            groups[deal["owner"], (closed.year - 1970) * 12 + closed.month - 1].append(deal)
    by_hand = {}
    for key, members in groups.items():
        won = [d for d in members if d["outcome"] == WON]
        priced = [d["amount"] for d in won if d["priced"]]
        by_hand[key] = {
            "won": len(won),
            "closed": len(members),
            "win_rate": ratio(len(won), len(members)),
            "won_value": sum(priced),
            "mean_won_deal": mean(priced),
            "mean_cycle_days": mean([cycle(d) for d in won]),
            "median_cycle_days": linear([cycle(d) for d in won], Fraction(1, 2)) if won else None,
        }
    assert found(wanted, "Q1") == by_hand


def test_twelve_figures_are_the_row_by_row_ones(data, wanted):
    """Q2 equals twelve figures collected deal by deal, response in exact microseconds (T2)."""
    every = deals(data)
    won = [d for d in every if d["outcome"] == WON]
    waits = [d["first_contact_at"] - d["created_at"] for d in every if d["first_contact_at"]]
    microseconds = [w.days * 86_400_000_000 + w.seconds * 1_000_000 + w.microseconds for w in waits]
    by_year = {y: sum(d["amount"] for d in won if d["closed_at"].year == y) for y in (2023, 2024)}
    lost = sum(d["outcome"] == LOST for d in every)
    by_hand = {
        "open": sum(d["outcome"] == OPEN for d in every),
        "won": len(won),
        "lost": lost,
        "win_rate": ratio(len(won), len(won) + lost),
        "won_value": sum(d["amount"] for d in won),
        "mean_won_deal": mean([d["amount"] for d in won if d["priced"]]),
        "open_value": sum(d["amount"] for d in every if d["outcome"] == OPEN),
        "mean_cycle_days": mean([cycle(d) for d in won]),
        "median_cycle_days": linear([cycle(d) for d in won], Fraction(1, 2)),
        "mean_response_hours": mean(microseconds) / 3_600_000_000,
        "unpriced_share": ratio(sum(not d["priced"] for d in every), ROWS),
        "won_value_change": ratio(by_year[2024] - by_year[2023], by_year[2023]),
    }
    assert found(wanted, "Q2") == {(): by_hand}


def test_acquisition_is_the_row_by_row_one(data, wanted):
    """Q4 equals conversion and spend per won deal collected source by source."""
    spend = defaultdict(int)
    for source, amount in zip(data.spend_source.tolist(), data.spend.tolist(), strict=True):
        spend[source] += amount
    by_hand = {}
    for source in {d["source"] for d in deals(data)}:
        members = [d for d in deals(data) if d["source"] == source]
        won = sum(d["outcome"] == WON for d in members)
        by_hand[source,] = {
            "opportunities": len(members),
            "won": won,
            "conversion": ratio(won, len(members)),
            "spend": spend[source],
            "cac": ratio(spend[source], won),
        }
    assert found(wanted, "Q4") == by_hand


def test_quantiles_are_the_row_by_row_ones(data, wanted):
    """Q6 equals linear quantiles of each owner's won cycles, as fractions (Q1)."""
    cycles = defaultdict(list)
    for deal in deals(data):
        if deal["outcome"] == WON:
            cycles[deal["owner"],].append(cycle(deal))
    by_hand = {
        owner: {"p50_cycle_days": linear(days, Fraction(1, 2)), "p90_cycle_days": linear(days, Fraction(9, 10))}
        for owner, days in cycles.items()
    }
    assert found(wanted, "Q6") == by_hand


def rounded(wanted, query, scale=1):
    result = wanted[query]
    return result.keys | {name: column.rounded(scale) for name, column in result.columns.items()}


@pytest.mark.parametrize("query", ["Q1", "Q2", "Q4", "Q6"])
def test_correctly_rounded_results_pass(wanted, query):
    """The correctly rounded quotients agree strictly, in any order of rows, in minor and in major units."""
    for scale in (1, 100):
        columns = {name: column[::-1] for name, column in rounded(wanted, query, scale).items()}
        assert check("x", query, columns, wanted[query], strict=True, money_scale=scale).ulps == 0


@pytest.mark.parametrize(
    ("query", "column", "change"),
    [
        ("Q1", "won", lambda v: v + 1),
        ("Q1", "won_value", lambda v: v - 1),
        ("Q1", "mean_won_deal", lambda v: np.nan_to_num(v)),
        ("Q1", "median_cycle_days", lambda v: v + 0.5),
        ("Q1", "owner", lambda v: v + 1),
        ("Q2", "mean_cycle_days", lambda v: v * (1 + 1e-3)),
        ("Q2", "mean_response_hours", lambda v: v * (1 + 1e-12)),
        ("Q4", "cac", lambda v: v * 1.0001),
        ("Q6", "p90_cycle_days", lambda v: v + 0.1),
        ("Q6", "p50_cycle_days", lambda v: v[:-1]),
    ],
)
def test_a_wrong_number_is_refused(wanted, query, column, change):
    """A count off by one, a sum off by a cent, a quantile off by a step, 0 for undefined, a lost group: none passes."""
    columns = rounded(wanted, query)
    columns[column] = change(columns[column])
    with pytest.raises(Disagreement, match=r"^x: "):
        check("x", query, columns, wanted[query])


def test_strict_asks_for_the_last_digit(wanted):
    """One unit in the last place is reported for a peer, and refused for crmcore (Q4)."""
    columns = rounded(wanted, "Q2")
    columns["win_rate"] = np.nextafter(columns["win_rate"], 1)
    assert check("x", "Q2", columns, wanted["Q2"]).ulps == 1
    with pytest.raises(Disagreement, match="'win_rate' of Q2"):
        check("x", "Q2", columns, wanted["Q2"], strict=True)


def test_a_missing_column_is_named(wanted):
    """A result without a column says which."""
    columns = rounded(wanted, "Q4")
    del columns["cac"]
    with pytest.raises(Disagreement, match="'cac'"):
        check("x", "Q4", columns, wanted["Q4"])


def test_division_beyond_53_bits_is_python_s():
    """Quotients of numerators beyond 2**53 are rounded as Python rounds int / int (Q4)."""
    data = generate(200)
    exact = expected(data)["Q2"].columns["mean_response_hours"]
    big = type(exact)(exact.num * 2**20 + 1, exact.den * 3)
    assert int(big.num[0]) > 2**53
    assert big.rounded()[0] == int(big.num[0]) / int(big.den[0])


def test_workload_is_the_described_one():
    """Shares, nulls, periods and skew are those that the targets were set on; a seed repeats."""
    data = generate(100_000)
    share = np.bincount(data.outcome) / data.rows
    assert share.round(2).tolist() == [0.21, 0.26, 0.53]
    assert round(1 - data.priced.mean(), 2) == 0.03
    assert np.isnat(data.closed_at).tolist() == (data.outcome == OPEN).tolist()
    assert (np.diff(data.created_at.view(np.int64)) >= 0).all()
    assert np.bincount(data.owner, minlength=500).argmax() < 20
    assert data.spend.size == 12 * 36
    assert (generate(50, seed=1).amount == generate(50, seed=1).amount).all()
    assert bytes_read(data) == {"Q1": 28e5, "Q2": 34e5, "Q4": 2e5, "Q6": 19e5, "dashboard": 37e5}


def test_clustering_and_derived_columns_change_nothing(data, wanted):
    """Rows ordered by outcome give the same results; derived month and cycle are those of each closed deal."""
    ordered = clustered(data)
    assert (np.diff(ordered.outcome) >= 0).all()
    again = expected(ordered)
    for query in wanted:
        check("x", query, rounded(again, query), wanted[query], strict=True)
    derived = derive(data)
    for at, deal in enumerate(deals(data)):
        closed = deal["closed_at"]
        days, month = (0, 0) if closed is None else (cycle(deal), (closed.year - 2022) * 12 + closed.month - 1)
        assert (derived.cycle[at], derived.month[at], derived.key[at]) == (days, month, deal["owner"] * 64 + month)
