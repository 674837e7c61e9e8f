"""Explanations: a definition with the numbers of a row in it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError, GroupNotFound, MetricNotFound
from crmcore.kpis import CATALOGUE
from crmcore.state.explain import defined, explained
from crmcore.state.filled import fill, leaves_within
from crmcore.table.dataset import Dataset


def test_a_proportion_is_explained_whole(deals: Dataset) -> None:
    """R3: definition, numbers, unit, anchor, as_of, rows, interval, what was left out, rules, source, revision."""
    metric = cc.Metric(
        "win_share",
        cc.count(cc.col("outcome") == "won") / cc.count(cc.col("outcome").isin(["won", "lost"])),
        unit="ratio",
        better="higher",
        anchor="closed_at",
        summary="Won of decided.",
        source="our own",
        rules=("R1", "X9"),
        labels={"en": "Win share", "zh": "赢单占比"},
        revision=3,
    )
    result = cc.measure(metric, deals, by="owner", interval=True)

    # Anna decided three deals and won two of them; Wilson by hand: 20.8 to 93.9 %
    assert result.explain("win_share", owner="Anna").split("\n") == [
        "Win share (win_share) for owner Anna",
        "Won of decided.",
        "",
        "  win_share = count(outcome == 'won') / count(outcome in ('won', 'lost'))",
        "  win_share = 2 / 3 = 0.6667 (66.7 %)",
        "",
        "Unit:                        ratio",
        "Direction:                   higher is better",
        "Counted:                     opportunity at closed_at",
        "As of:                       2026-06-20 (opportunity.closed_at)",
        "Rows used:                   3",
        "Interval, 95 %:              20.8 % to 93.9 %",
        "Left out of this row:        none",
        "Left out of the measurement: none",
        "Rules:",
        "  R1  a ratio is the ratio of the sums, never a mean of ratios",
        "  X9",
        "Source:   our own",
        "Revision: 3",
    ]


def test_an_explanation_in_chinese(deals: Dataset) -> None:
    """M3: headings, reasons and rules are Chinese; the deal without an amount is counted in its own row."""
    result = cc.Workspace(language="zh").measure("won_value", deals, by="owner", per="quarter")
    lines = result.explain("won_value", owner="王芳", period="2026-Q2").split("\n")

    assert lines[0] == "赢单金额 (won_value) （owner 王芳, 期间 2026-Q2）"
    assert "  won_value = 0" in lines
    assert "单位：           金额" in lines
    assert "计入时点：       opportunity 按 closed_at" in lines
    assert "截至：           2026-06-20（opportunity.closed_at）" in lines
    assert "本行未计入：     无金额 1" in lines
    assert "整次计量未计入： opportunity: 无金额 1" in lines
    assert "  M3  没有金额不等于零：不计入，并计为无金额" in lines


@pytest.mark.parametrize(
    ("name", "group", "line"),
    [
        ("mean_won_deal", "Anna", "mean_won_deal = 2,000.50 / 2 = 1,000.25"),
        ("won_value", "Anna", "won_value = 2,000.50"),
        ("won_deals", "Anna", "won_deals = 2"),
        ("median_won_deal", "王芳", "median_won_deal = undefined (nothing to measure)"),
        ("win_rate_by_value", "王芳", "win_rate_by_value = 0 / 300 = 0.0000 (0.0 %)"),
        ("sales_cycle_days", None, "sales_cycle_days = 0 / 0 = undefined (nothing to measure)"),
        # one deal open, one of two won, nothing priced among the won ones
        (
            "sales_velocity",
            "王芳",
            "sales_velocity = ((1 * (1 / 2)) * (0 / 0)) / (90 / 1) = undefined (nothing to measure)",
        ),
        # won in the second quarter 0, in the first 2000.50
        (
            "won_value_change_quarter",
            "Anna",
            "won_value_change_quarter = (0 - 2,000.50) / |2,000.50| = -1.0000 (-100.0 %)",
        ),
        ("won_deals.share()", "Anna", "won_deals_share = 0.6667 (66.7 %)"),
    ],
)
def test_the_formula_has_the_numbers_of_the_row(deals: Dataset, name: str, group: str | None, line: str) -> None:
    """Each aggregate stands as its number in the row, and the value as the result has it."""
    result = cc.measure([name, "win_rate"], deals, by="owner")

    assert f"  {line}" in result.explain(result.names[0], owner=group).split("\n")


def test_days_of_the_period_and_labels_have_numbers_too(deals: Dataset) -> None:
    """T8: 81 days of the second quarter are gone at its running as_of, 10 remain; a label follows its number."""
    pace = cc.Metric(
        "pace_left", cc.span("elapsed") - cc.span("remaining") + 0 * cc.total("age"), unit="days", anchor="closed_at"
    )
    with pytest.raises(cc.CrmCoreError):
        cc.measure(pace, deals, per="quarter")
    pace = cc.Metric("days_a_deal", cc.span("elapsed") / cc.count(), unit="days", anchor="closed_at")
    size = cc.Metric("size", cc.classify(cc.count(), [4], ["small", "large"]), unit="label", anchor="closed_at")
    result = cc.measure([pace, size], deals, per="quarter")

    # 1 April to 20 June are 81 days; four deals closed in them
    assert "  days_a_deal = 81 / 4 = 20.25" in result.explain("days_a_deal", period="2026-Q2").split("\n")
    assert "  size = 4 = large" in result.explain("size", period="2026-Q2").split("\n")


def test_what_has_no_interval_says_why(deals: Dataset) -> None:
    """R3: a sum has no interval; a mean of one row none either."""
    result = cc.measure(["won_value", "sales_cycle_days"], deals, by="owner", interval=0.9)

    assert "none: only a proportion, a difference of two, or a mean has one (R3)" in result.explain(
        "won_value", owner="王芳"
    )
    text = result.explain("sales_cycle_days", owner="王芳")
    assert "Interval, 90 %:" in text
    assert "none: too few rows" in text


def test_a_row_has_to_be_named(deals: Dataset) -> None:
    """No metric, no group and no single row of that name are errors that say what there is."""
    result = cc.measure("win_rate", deals, by="owner")

    with pytest.raises(MetricNotFound, match="did you mean 'win_rate'"):
        result.explain("win_rat", owner="Anna")
    with pytest.raises(GroupNotFound, match="did you mean 'Anna'"):
        result.explain("win_rate", owner="Ana")
    with pytest.raises(ArgumentError, match="the result has 3 rows; name one row by owner"):
        result.explain("win_rate")


def test_the_order_of_rows_does_not_change_an_explanation(deals: Dataset) -> None:
    """Sorted and cut, a row keeps its numbers."""
    result = cc.measure("win_rate", deals, by="owner")

    assert result.sorted("win_rate", descending=False).top(2).explain("win_rate", owner="王芳") == result.explain(
        "win_rate", owner="王芳"
    )


def test_a_definition_stands_alone() -> None:
    """Without data there is the definition: a stock says so, and a metric without words has its name."""
    bare = cc.Metric("open_now", cc.count(), anchor="stock")
    lines = defined(bare).split("\n")

    assert lines == [
        "open_now",
        "",
        "  open_now = count()",
        "",
        "Unit:      number",
        "Direction: neither direction is better",
        "Counted:   opportunity as it stands at the end (stock)",
        "Revision: 1",
    ]
    assert "Counted:   opportunity at no date" in defined(cc.Metric("all_rows", cc.count()))
    assert defined(CATALOGUE["win_rate"], language="zh").startswith("赢率 (win_rate)\n")


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_formula_of_the_catalogue_takes_numbers(name: str) -> None:
    """Each part of each formula gets a number of its own: the filled text names no column any more."""
    formula = CATALOGUE[name].formula
    leaves = leaves_within(formula)

    assert leaves
    assert not any(
        c.isalpha()
        for c in fill(formula, lambda _: "7")
        .replace("min", "")
        .replace("max", "")
        .replace("sqrt", "")
        .replace("root", "")
    )


def test_operators_are_written_as_in_the_formula() -> None:
    """Brackets keep the order of the formula; functions have their own."""
    a, b = cc.count(), cc.count(cc.col("x") == "y")
    numbers: dict[Any, str] = {a.key: "5", b.key: "3"}
    formula = cc.square_root(abs(a - b) * 2) / cc.least(-(a + b), cc.positive(b, "why"))

    assert fill(formula, lambda leaf: numbers[leaf.key]) == "sqrt(|5 - 3| * 2) / min(-(5 + 3), 3)"


def test_small_numbers_keep_their_digits() -> None:
    """Below a thousandth there are four significant digits instead of four decimals."""
    rows = [{"id": str(i), "outcome": "won" if i else "lost", "closed_at": date(2026, 1, 1)} for i in range(2)]
    metric = cc.Metric(
        "tiny", cc.count(cc.col("outcome") == "lost") / (cc.count() * 2500), unit="number", anchor="closed_at"
    )
    result = cc.measure(metric, cc.Dataset(opportunity=rows))

    # 1 / (2 x 2500)
    assert "  tiny = 1 / (2 * 2500) = 0.0002" in explained(result, "tiny", {}).split("\n")
