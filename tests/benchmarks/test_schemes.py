"""The benchmark of rule schemes: polars and ours give every lead the same points and the same grade."""

from __future__ import annotations

import re

import pytest
from benchmarks.schemes import Ours, Polars, generate, hold, main


@pytest.mark.parametrize("rows", [1, 7, 5_000])
def test_both_sides_agree(rows) -> None:
    """Score, points for fit and for engagement, and grade of each lead are equal, whatever is drawn."""
    leads = generate(rows, seed=rows)
    ours, theirs = Ours(leads), Polars(leads)

    assert len(ours.scheme.rules) == 30
    assert hold(ours.read(ours.call()), theirs.read(theirs.call())) == 4 * rows


def test_a_difference_is_found() -> None:
    """One point more for one lead stops the program."""
    leads = generate(100)
    ours = Ours(leads)
    wrong = ours.read(ours.call())
    right = {name: column.copy() for name, column in wrong.items()}
    wrong["fit"][3] += 1

    with pytest.raises(AssertionError, match=r"fit\[3\]"):
        hold(wrong, right)


def test_it_reports_the_ratio(capsys) -> None:
    """The program prints how many values were equal, and how long polars takes beside ours."""
    main(["--rows", "2000", "--rounds", "1"])

    out = capsys.readouterr().out
    assert "30 rules: 8,000 values equal" in out
    assert re.search(r"polars takes \d+\.\d\d x our time", out)
