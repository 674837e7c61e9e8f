"""The comparison of cohorts and RFM runs, and stops where two numbers differ."""

import numpy as np
import pytest

from benchmarks import orders


def test_both_sides_agree(capsys):
    """Every cell of the cohorts and every score of both schemes is the same on both sides."""
    orders.main(["--rows", "3000", "--rounds", "1"])
    out = capsys.readouterr().out

    assert out.count("numbers equal") == 3
    assert out.count("x our time") == 3


def test_a_wrong_number_is_found():
    """A number that is off by one unit in the last place, or missing, stops the run."""
    held = {"value": np.array([1.0, 2.0])}

    assert orders.hold(held, held) == 2
    with pytest.raises(AssertionError, match=r"value\[1\]: .*2\.0.* against .*2\.0000000000000004"):
        orders.hold(held, {"value": np.array([1.0, np.nextafter(2.0, 3.0)])})
    with pytest.raises(AssertionError, match=r"value: \(2,\) against \(1,\)"):
        orders.hold(held, {"value": np.array([1.0])})
