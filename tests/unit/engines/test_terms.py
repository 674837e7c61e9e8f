"""What a segment leaves of a condition, once the column it is ordered by has decided its part."""

from __future__ import annotations

import numpy as np
import pytest

from crmcore.algebra import col
from crmcore.algebra.walk import terms_of
from crmcore.engines.terms import residual
from crmcore.evaluate import Scope
from crmcore.table.column import Column
from crmcore.table.table import Table

LABELS = [None, "won", "lost", "open"]
CODES = [1, 1, 1, 1, 2, 2, 3, 3, 3]
AMOUNTS = [10, 20, 30, 0, 10, 0, 10, 20, 0]
PRICED = [True, True, True, False, True, False, True, True, False]


@pytest.fixture
def table():
    """Return nine deals ordered by outcome: four won, two lost, three open."""
    return Table(
        "opportunity",
        {
            "outcome": Column("key", np.array(CODES, np.int8), labels=LABELS),
            "amount": Column("money", np.array(AMOUNTS), np.array(PRICED)),
        },
        clustered="outcome",
    )


def left(condition, table, segment):
    """Return the residual of a condition in a segment, by the segment's number."""
    return residual(terms_of(condition), table, Scope({"opportunity": table}, {}), table.segments[segment])


def test_segments_are_runs_of_one_outcome(table) -> None:
    """Three segments, in the order of the codes."""
    assert [(s.code, s.start, s.stop) for s in table.segments] == [(1, 0, 4), (2, 4, 6), (3, 6, 9)]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        (col("outcome") == "won", [4, None, None]),
        (col("outcome").isin(["won", "lost"]), [4, 2, None]),
        (col("outcome") != "won", [None, 2, 3]),
        (~col("outcome").isin(["won", "lost"]), [None, None, 3]),
        (col("outcome").not_null(), [4, 2, 3]),
        (col("outcome").is_null(), [None, None, None]),
        (None, [4, 2, 3]),
    ],
)
def test_conditions_on_the_outcome_need_no_mask(table, condition, kept) -> None:
    """Such a condition keeps all rows of a segment, without a mask, or the segment vanishes."""
    found = [left(condition, table, i) for i in range(3)]

    assert [None if r is None else r.rows for r in found] == kept
    assert all(r is None or (r.mask is None and r.density == 1.0) for r in found)


def test_what_else_is_asked_stays_as_a_mask(table) -> None:
    """Won and above 15: of the four won deals two; the lost ones vanish whatever their amount."""
    condition = (col("outcome") == "won") & (col("amount") > 15)
    won = left(condition, table, 0)

    assert (won.rows, won.density) == (2, 0.5)
    assert won.mask[:4].tolist() == [False, True, True, False]
    assert left(condition, table, 1) is None


def test_a_mask_that_keeps_all_of_a_segment_is_none(table) -> None:
    """`amount < 100` holds for every priced deal; a segment in which all rows have it needs no mask."""
    priced = table.select(np.flatnonzero(table["amount"].present()), clustered="outcome")

    assert left(col("amount") < 100, priced, 0).mask is None
    assert left(col("amount") < 100, table, 0).rows == 3


def test_an_or_across_columns_is_not_decided_by_one(table) -> None:
    """Won or above 15 is a mask everywhere: all four won, none lost, one open."""
    condition = (col("outcome") == "won") | (col("amount") > 15)

    assert [None if (r := left(condition, table, i)) is None else r.rows for i in range(3)] == [4, None, 1]


def test_the_others_are_the_complement_within_the_segment(table) -> None:
    """Of the open deals two are above 5; the other one is the third."""
    kept = left(col("amount") > 5, table, 2)
    others = kept.others(table.segments[2])

    assert (kept.rows, others.rows) == (2, 1)
    assert np.flatnonzero(others.mask).tolist() == [8]


def test_also_narrows_and_may_leave_nothing(table) -> None:
    """A further mask is and-ed to the first; where no row is left, there is nothing to compute."""
    segment = table.segments[0]
    kept = left(col("amount") > 5, table, 0)
    some, none = np.zeros(9, bool), np.zeros(9, bool)
    some[[1, 3, 8]] = True

    assert np.flatnonzero(kept.also(some, "some", segment).mask).tolist() == [1]
    assert kept.also(none, "none", segment) is None
    assert left(None, table, 0).also(some, "some", segment).rows == 2


def test_a_table_that_is_not_clustered_is_one_segment(table) -> None:
    """Then every condition is a mask over all rows."""
    plain = Table("opportunity", table.columns)

    found = left(col("outcome") == "won", plain, 0)

    assert len(plain.segments) == 1
    assert (found.rows, found.mask.tolist()) == (4, [True] * 4 + [False] * 5)
