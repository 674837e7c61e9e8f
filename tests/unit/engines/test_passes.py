"""A pass over a table: counts, sums and multisets per cell, whichever way the rows are reached."""

from __future__ import annotations

import numpy as np
import pytest

from crmcore.algebra import col, count, distinct, quantile, squares, total
from crmcore.calendars import Calendar
from crmcore.engines import arrays, cells
from crmcore.engines.arrays import run
from crmcore.evaluate import Scope
from crmcore.plan.frames import Frame
from crmcore.plan.layout import Anchors, lay_out
from crmcore.table.column import Column
from crmcore.table.table import Table

OWNERS = [1, 2, 1, 2, 1, 2, 1, 3, 3, 1]
OUTCOMES = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2]
DAYS = [0, 0, 1, 1, 2, 2, 3, 3, 3, 9]
AMOUNTS = [5, 7, 11, 0, 13, 17, 19, 23, 29, 31]
PRICED = [True, True, True, False, True, True, True, True, True, True]
WON = col("outcome") == "won"


def deals(amounts=AMOUNTS, *, clustered=False, kind="money"):
    """Return ten deals of three owners on four days and a late one; eight won, two lost; one has no amount."""
    table = Table(
        "opportunity",
        {
            "outcome": Column("key", np.array(OUTCOMES, np.int8), labels=[None, "won", "lost"]),
            "owner": Column("key", np.array(OWNERS, np.int8), labels=[None, "Anna", "Bo", "Cem"]),
            "closed_at": Column("day", np.array(DAYS, np.int32)),
            "amount": Column(kind, np.where(PRICED, amounts, 0), np.array(PRICED)),
        },
    )
    return table.cluster("outcome") if clustered else table


def state(table, aggregates, *, by=(), frames=None, where=None):
    """Return the layout and the state of these aggregates."""
    shown = frames or [Frame(None, None, None)]
    anchors = Anchors(lambda *_: True, lambda *_: None)
    layout = lay_out(aggregates, shown, tuple(map(col, by)), where, Calendar(), None, anchors=anchors)
    return layout, run(layout, layout.together, {0: Scope({"opportunity": table}, {})})


def asked(aggregate):
    """Return the aggregate with table and anchor."""
    import attrs

    return attrs.evolve(aggregate, table="opportunity", at="closed_at")


def number(table, aggregate, **question):
    """Return the one number of an aggregate per row of the grid, as rows of buckets."""
    layout, found = state(table, [asked(aggregate)], **question)
    need = layout.places[0].needs[0]
    grid = found[need.grid]
    return grid.dense(grid.numbers[need.value].data).tolist()


WAYS = {
    "short segments": {},
    "masks as weights": {"CHUNK": 4, "SELECT_BELOW": 0.0},
    "rows picked out": {"CHUNK": 4, "SELECT_BELOW": 1.1},
    "complements": {"COMPLEMENT_ABOVE": 0.0},
    "multisets sorted aside": {"SORT_ASIDE": 0},
    "complements in chunks": {"COMPLEMENT_ABOVE": 0.0, "CHUNK": 3},
}


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Make the engine reach rows in one of its ways."""
    for name, value in WAYS[request.param].items():
        monkeypatch.setattr(arrays, name, value)
    return request.param


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("listed", [False, True])
def test_counts_and_sums_by_owner(way, clustered, listed, monkeypatch) -> None:
    """Anna won 4 of 48, Bo 3 of 24 (one without amount), Cem 1 of 23; lost: Cem 29, Anna 31."""
    if listed:
        monkeypatch.setattr(cells, "_all_kept", lambda *_: False)
    table = deals(clustered=clustered)

    assert number(table, count(WON), by=["owner"]) == [[4], [3], [1]]
    assert number(table, total("amount", where=WON), by=["owner"]) == [[48], [24], [23]]
    assert number(table, total("amount"), by=["owner"]) == [[79], [24], [52]]
    assert number(table, squares("amount", where=col("owner") == "Bo")) == [[7**2 + 17**2]]
    assert number(table, count(col("amount").not_null()), by=["owner"]) == [[5], [2], [2]]


def test_counts_of_nearly_all_rows_share_a_pass_with_those_of_all(way) -> None:
    """Nine of ten rows have an amount: counted beside all rows, and alone, it is nine."""
    table = deals()
    both = [asked(count()), asked(count(col("amount").not_null()))]
    layout, found = state(table, both, by=["owner"])
    numbers = [found[p.needs[0].grid].numbers[p.needs[0].value].data.ravel().tolist() for p in layout.places]

    assert numbers == [[5, 3, 2], [5, 2, 2]]


@pytest.mark.parametrize("clustered", [False, True])
def test_buckets_are_cut_at_the_edges_of_the_frames(way, clustered) -> None:
    """Days 0-1 and 2-3 are two frames: bucket 0 has what lies outside, the sums of the others are by hand."""
    frames = [Frame(0, 2, 2), Frame(2, 4, 4)]
    found = number(deals(clustered=clustered), total("amount", where=WON), by=["owner"], frames=frames)

    assert [row[1:] for row in found] == [[16, 32], [7, 17], [0, 23]]


def test_keys_and_buckets_together_that_do_not_occur_are_not_listed(monkeypatch) -> None:
    """Ten deals in three owners times five buckets: eleven cells at most are kept, and one empty one."""
    monkeypatch.setattr(cells, "_all_kept", lambda *_: False)
    frames = [Frame(d, d + 1, d + 1) for d in range(4)]
    layout, found = state(deals(), [asked(count(WON))], by=["owner"], frames=frames)
    grid = found[0]

    assert grid.listed is not None
    assert len(grid.listed) <= 10
    assert grid.numbers[layout.places[0].needs[0].value].data[-1] == 0
    assert grid.dense(grid.numbers[0].data).sum() == 8


@pytest.mark.parametrize("clustered", [False, True])
def test_values_of_a_cell_are_sorted_in_a_run(way, clustered) -> None:
    """The won amounts of each owner, ascending, with how many there are."""
    layout, found = state(deals(clustered=clustered), [asked(quantile("amount", "0.5", where=WON))], by=["owner"])
    run_ = found[0].runs[layout.places[0].needs[0].value]

    assert run_.values().tolist() == [5, 11, 13, 19, 7, 17, 23]
    assert run_.counts.ravel().tolist() == [4, 2, 1]


# -- width ---------------------------------------------------------------------------------------------

HUGE = 10**18 - 1


@pytest.mark.parametrize("clustered", [False, True])
def test_sums_beyond_64_bits_are_added_in_two_halves(way, clustered) -> None:
    """Q3: amounts of nearly 10^18 in either direction: 4, -2 and 5 of them, exactly, though eleven leave 64 bits."""
    amounts = [HUGE, -HUGE, HUGE, 0, HUGE, -HUGE, HUGE, HUGE, HUGE, HUGE]
    table = deals(amounts, clustered=clustered)

    assert table["amount"].magnitude >= 2**63
    assert number(table, total("amount", where=WON), by=["owner"]) == [[4 * HUGE], [-2 * HUGE], [HUGE]]
    assert number(table, total("amount", where=col("owner") != "Bo")) == [[7 * HUGE]]
    assert number(table, total("amount")) == [[5 * HUGE]]


def test_a_sum_beyond_64_bits_is_a_python_integer() -> None:
    """Q3: ten times nearly 10^18 is more than 2^63."""
    found = number(deals([HUGE] * 10), total("amount"))

    assert found == [[9 * HUGE]]
    assert 10 * HUGE > 2**63
    assert number(deals([9 * HUGE // 10 * 9] * 10), total("amount")) == [[9 * (9 * HUGE // 10 * 9)]]


def test_squares_beyond_64_bits_are_python_integers(way) -> None:
    """Q3: squares of 5 * 10^9 leave 64 bits one by one."""
    amounts = [5 * 10**9] * 10

    assert number(deals(amounts), squares("amount"), by=["owner"]) == [
        [5 * 25 * 10**18],
        [2 * 25 * 10**18],
        [2 * 25 * 10**18],
    ]


def test_columns_of_python_integers_are_summed_as_such(way) -> None:
    """Q3: a product beyond 64 bits is an object column; its sums and multisets are exact as well."""
    table = deals([10**15] * 10)
    product_ = col("amount") * 10**9

    assert number(table, total(product_), by=["owner"]) == [[5 * 10**24], [2 * 10**24], [2 * 10**24]]
    layout, found = state(table, [asked(quantile(product_, "0.5"))])
    assert found[0].runs[layout.places[0].needs[0].value].values().tolist() == [10**24] * 9


def test_values_too_far_apart_to_be_packed_are_ranked() -> None:
    """Cell and value do not fit 62 bits: the different values are numbered, and come back as they were."""
    amounts = [-(2**62), 2**62, -(2**62), 0, 1, 2**62, 3, 4, 5, 6]
    layout, found = state(deals(amounts), [asked(distinct("amount")), asked(quantile("amount", "0.5"))], by=["owner"])
    run_ = found[0].runs[layout.places[1].needs[0].value]

    assert run_.lookup is not None
    assert run_.values().tolist() == [-(2**62), -(2**62), 1, 3, 6, 2**62, 2**62, 4, 5]


def test_flags_are_summed_as_zero_and_one(way) -> None:
    """A flag column is a number once it is summed."""
    table = deals([True, False, True, False, True, True, False, True, True, True], kind="flag")

    assert number(table, total("amount"), by=["owner"]) == [[4], [1], [2]]
