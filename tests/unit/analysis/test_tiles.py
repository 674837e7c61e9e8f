"""Tiles and ranks against the published vector, a brute force in fractions, and their laws."""

from __future__ import annotations

import random
from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.analysis.tiles import above_edges, label_order, ntile, quantile_edges, ranks
from crmcore.errors import ArgumentError

values_and_parts = st.tuples(st.lists(st.integers(-50, 50), max_size=30), st.integers(1, 7))


def test_published_vector(vector) -> None:
    """NTILE(5), RANK, PERCENT_RANK and CUME_DIST of eleven recencies, as SQL has them: tiles of 3, 2, 2, 2, 2."""
    known = vector("rfm-ntile")
    days, wanted = known["input"]["days"], known["expected"]
    found, place = ntile(days, 5, range(len(days))), ranks(days)

    assert found.tolist() == wanted["ntile"]
    assert (6 - found).tolist() == wanted["r_score"]
    assert place.rank.tolist() == wanted["rank"]
    assert place.percent_rank.tolist() == pytest.approx(wanted["percent_rank"], abs=known["tolerance"])
    assert place.cume_dist.tolist() == pytest.approx(wanted["cume_dist"], abs=known["tolerance"])


@given(values_and_parts)
def test_tiles_are_cut_from_the_sorted_rows(given_values) -> None:
    """R4: rows sorted by value and id, dealt out in tiles that differ by one at most, the larger ones first."""
    values, n = given_values
    for descending in (False, True):
        rows = sorted(range(len(values)), key=lambda i: (-values[i] if descending else values[i], i))
        sizes = [len(values) // n + (k < len(values) % n) for k in range(n)]
        wanted = dict(zip(rows, [k + 1 for k, size in enumerate(sizes) for _ in range(size)], strict=True))

        found = ntile(values, n, range(len(values)), descending=descending)

        assert found.tolist() == [wanted[i] for i in range(len(values))]


@given(values_and_parts, st.randoms())
def test_order_of_rows_does_not_matter(given_values, shuffle: random.Random) -> None:
    """The id decides a tie, never the place of the row."""
    values, n = given_values
    ids = [f"id {i}" for i in range(len(values))]
    order = list(range(len(values)))
    shuffle.shuffle(order)

    found = ntile(values, n, ids).tolist()
    edges = above_edges(values, n).tolist()

    assert ntile([values[i] for i in order], n, [ids[i] for i in order]).tolist() == [found[i] for i in order]
    assert above_edges([values[i] for i in order], n).tolist() == [edges[i] for i in order]


@given(st.lists(st.fractions(max_denominator=12), min_size=1, max_size=30), st.integers(1, 7))
def test_edges_are_the_linear_quantiles(values, n: int) -> None:
    """Q1: type 7 in fractions; a value counts the edges strictly below it, so that equal ones get the same."""
    ordered, edges = sorted(values), []
    for k in range(1, n):
        place = Fraction((len(values) - 1) * k, n)
        low, high = ordered[floor(place)], ordered[min(floor(place) + 1, len(values) - 1)]
        edges.append(low + (high - low) * (place - floor(place)))

    assert quantile_edges(values, n) == tuple(edges)
    assert above_edges(values, n).tolist() == [sum(e < v for e in edges) for v in values]


def test_a_value_on_an_edge_is_not_above_it() -> None:
    """Q1: of 0.1, 0.2 ... 1.1 the edges of five parts are 0.3, 0.5, 0.7 and 0.9, which floats would miss."""
    values = [k / 10 for k in range(1, 12)]

    assert quantile_edges(values, 5) == (Fraction(3, 10), Fraction(5, 10), Fraction(7, 10), Fraction(9, 10))
    assert above_edges(values, 5).tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert above_edges(np.array(values), 5).tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_numbers_past_int64() -> None:
    """Q3: numbers whose multiples do not fit int64 are compared as Python integers."""
    values = [2**62, 2**62 + 1, -(2**62), 2**70]

    assert ntile(values, 2, "abcd").tolist() == [1, 2, 1, 2]
    assert ntile(values[:3], 3, "abc").tolist() == [2, 3, 1]
    assert above_edges(values, 2).tolist() == [0, 1, 0, 1]
    assert above_edges(values[:3], 3).tolist() == [1, 2, 0]
    least = np.array([-(2**63), 5])
    assert ntile(least, 2, "ab", descending=True).tolist() == [2, 1]
    assert ranks(least, descending=True).rank.tolist() == [2, 1]


def test_nothing_and_one() -> None:
    """R2: of nothing there are no tiles, edges or ranks; one value is in the first tile and above no edge."""
    assert [len(x) for x in (ntile([], 5, []), quantile_edges([], 5), above_edges([], 5), ranks([]).rank)] == [0] * 4
    assert (ntile([7], 5, ["a"]).tolist(), above_edges([7], 5).tolist()) == ([1], [0])
    assert (ranks([7]).percent_rank.tolist(), ranks([7]).cume_dist.tolist()) == ([0.0], [1.0])


def test_ranks_from_the_largest() -> None:
    """Equal values share the first of their ranks."""
    place = ranks([5, 9, 9, 1], descending=True)

    assert place.rank.tolist() == [3, 1, 1, 4]
    assert place.cume_dist.tolist() == [0.75, 0.5, 0.5, 1.0]


def test_labels_of_mixed_kinds() -> None:
    """Numbers stand before text, Chinese after Latin letters, as everywhere in results."""
    assert label_order(["b", 10, "客户", 9, "a"]).tolist() == [3, 1, 4, 0, 2]
    assert label_order(np.array([30, 10, 20])).tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ntile([1, 2], 0, "ab"), "at least 1, got 0"),
        (lambda: ntile([1, 2], True, "ab"), "at least 1, got True"),
        (lambda: ntile([1, 2], 2, "a"), "2 values need as many ids, got 1"),
        (lambda: ntile([1, 2], 2, "aa"), "id 'a' stands for two subjects"),
        (lambda: quantile_edges([1], 2.5), "at least 1, got 2.5"),
        (lambda: above_edges([1, None], 5), r"values\[1\] is None"),
    ],
)
def test_wrong_arguments(call, message: str) -> None:
    """A call that means nothing says what would be right."""
    with pytest.raises(ArgumentError, match=message):
        call()
