"""Numbers of any kind as whole numbers, and sums of them that cannot overflow."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.analysis.exact import whole_numbers
from crmcore.errors import ArgumentError
from crmcore.state.sums import sums_by

numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9),
    st.fractions(max_denominator=1000),
)


@given(st.lists(numbers))
def test_scale_times_number_is_whole(values) -> None:
    """Q3: value = number / scale, exactly, whatever kinds are mixed."""
    found, scale = whole_numbers(values)

    assert [Fraction(v, scale) for v in found.tolist()] == [Fraction(v) for v in values]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_a_float_is_its_shortest_decimal(values) -> None:
    """0.1 is a tenth, not 0.1000000000000000055; arrays and lists are read alike."""
    wanted = [Fraction(repr(v)) for v in values]

    for given_as in (values, np.array(values)):
        found, scale = whole_numbers(given_as)
        assert [Fraction(v, scale) for v in found.tolist()] == wanted


def test_arrays_of_cents_stay_arrays() -> None:
    """Amounts with two decimals take no detour; what is too long for a float's 15 digits does."""
    found, scale = whole_numbers(np.array([0.1, 12.34, -5.0]))

    assert (found.tolist(), found.dtype, scale) == ([10, 1234, -500], np.int64, 100)
    assert whole_numbers(np.array([1e18, 0.5]))[0].tolist() == [2 * 10**18, 1]
    assert whole_numbers(np.array([7], np.uint64)) == (np.array([7]), 1)
    assert whole_numbers(np.array([7], np.int8))[0].dtype == np.int64


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, None], r"values\[1\] is None"),
        ([float("nan")], r"values\[0\] is nan"),
        (np.array([1.0, np.inf]), r"values\[1\] is inf"),
        ([True], r"values\[0\] is True"),
        (["5"], r"values\[0\] is '5'"),
        ([Decimal("NaN")], r"values\[0\] is Decimal\('NaN'\)"),
        (np.zeros((2, 2), np.int64), r"values has shape \(2, 2\)"),
    ],
)
def test_what_is_no_number_is_refused(values, message: str) -> None:
    """M3: a blank is not zero; the error names it and its place."""
    with pytest.raises(ArgumentError, match=message):
        whole_numbers(values)


@example([(0, 2**63 - 1), (0, 2**63 - 1), (1, -5)])
@example([(0, 2**62), (0, 2**62), (1, 2**62 + 1), (0, -(2**62)), (0, -5)])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-(2**63) + 1, 2**63 - 1)), max_size=20))
def test_sums_do_not_overflow(rows) -> None:
    """Q3: sums past 2**63 are right, as are those that only pass it on the way."""
    wanted = [sum(v for k, v in rows if k == key) for key in range(4)]
    keys = np.array([k for k, _ in rows], np.int64)

    for kind in (np.int64, object):
        assert sums_by(keys, np.array([v for _, v in rows], kind), 4).tolist() == wanted
