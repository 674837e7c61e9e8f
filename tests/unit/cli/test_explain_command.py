"""`crmcore explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_the_number_of_a_group(crmcore: Any, folder: Path) -> None:
    """R3: the key of --group is grouped by; the formula has the numbers of the row in it."""
    run = crmcore("explain", "win_rate", "--data", folder, "--group", "owner=Anna", "--interval")

    assert run.status == 0
    assert run.lines[0] == "Win rate (win_rate) for owner Anna"
    assert "  win_rate = 2 / 3 = 0.6667 (66.7 %)" in run.lines
    assert "Interval, 95 %:              20.8 % to 93.9 %" in run.lines
    assert "  R5  undecided is not failed" in run.lines


def test_a_period_says_its_own_grain(crmcore: Any, folder: Path) -> None:
    """--group period=2026-Q2 measures by quarter; the other language has its own headings."""
    run = crmcore(
        "explain", "win_rate", "--data", folder, "--group", "owner=王芳", "period=2026-Q2", "--language", "zh"
    )

    assert run.lines[0] == "赢率 (win_rate) （owner 王芳, 期间 2026-Q2）"
    assert "  win_rate = 1 / 2 = 0.5000 (50.0 %)" in run.lines


def test_the_blank_group_and_several_metrics(crmcore: Any, folder: Path) -> None:
    """KEY= is the blank group; each metric has its explanation, parted by an empty line."""
    run = crmcore("explain", "win_rate", "lost_value", "--data", folder, "--by", "owner", "--group", "owner=")

    assert "  win_rate = 0 / 1 = 0.0000 (0.0 %)" in run.lines
    assert "  lost_value = 100" in run.lines


def test_the_whole_business_needs_no_group(crmcore: Any, folder: Path) -> None:
    """Without groups there is one row, which needs no name."""
    run = crmcore("explain", "won_value", "--data", folder, "--where", "region=EMEA")

    assert run.lines[0] == "Won value (won_value)"
    assert "  won_value = 2,000.50" in run.lines


def test_without_data_there_is_the_definition(crmcore: Any) -> None:
    """Definition, formula, unit, direction, anchor, rules, source and revision; no number."""
    run = crmcore("explain", "win_rate", "won_value.trailing(90)")

    assert run.status == 0
    assert run.lines[0] == "Win rate (win_rate)"
    assert "  win_rate = count(outcome == 'won') / count(outcome in ('won', 'lost'))" in run.lines
    assert "  won_value_trailing_90_days = total(amount, where outcome == 'won') over trailing 90 days" in run.lines
    assert not any(line.startswith("As of") for line in run.lines)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--group", "owner=Ana"], "no group named 'Ana' under 'owner'; did you mean 'Anna'"),
        (["--by", "owner"], "the result has 3 rows; name one row by owner"),
        (["--group", "period=2026-Q9"], "'2026-Q9'"),
        (["--group", "owner"], "--group takes NAME=VALUE, got 'owner'"),
    ],
)
def test_a_row_that_is_not_there(crmcore: Any, folder: Path, arguments: list[str], says: str) -> None:
    """One line that says what there is."""
    run = crmcore("explain", "win_rate", "--data", folder, *arguments)

    assert (run.status, run.out) == (2, "")
    assert says in run.err


def test_a_group_without_data_is_refused(crmcore: Any) -> None:
    """A question about a number takes data."""
    run = crmcore("explain", "win_rate", "--group", "owner=Anna")

    assert run.status == 2
    assert "takes --data PATH" in run.err
