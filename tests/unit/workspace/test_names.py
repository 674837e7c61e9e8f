"""Names of metrics: plain ones, and those that a window, a change or a share makes."""

from __future__ import annotations

from datetime import date

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError, MetricNotFound
from crmcore.kpis import CATALOGUE

WORKSPACE = cc.Workspace()


@pytest.mark.parametrize(
    ("called", "named", "made"),
    [
        ("won_value.trailing(90)", "won_value_trailing_90_days", lambda m: m.trailing(90)),
        ("won_value.trailing(3, month)", "won_value_trailing_3_months", lambda m: m.trailing(3, "month")),
        ("won_value.trailing(2, 'fiscal_quarter')", "won_value_trailing_2_fiscal_quarters", lambda m: m.trailing(2, "fiscal_quarter")),
        ("won_value.to_date(year)", "won_value_year_to_date", lambda m: m.to_date("year")),
        ("won_value.to_date(fiscal_year)", "won_value_fiscal_year_to_date", lambda m: m.to_date("fiscal_year")),
        ("won_value.previous(quarter)", "won_value_previous_quarter", lambda m: m.previous("quarter")),
        ("won_value.year_ago()", "won_value_year_ago", lambda m: m.year_ago()),
        ('won_value.change("year")', "won_value_change_year", lambda m: m.change("year")),
        ("won_value.difference(month)", "won_value_difference_month", lambda m: m.difference("month")),
        ("won_value.share()", "won_value_share", lambda m: m.share()),
        (
            "win_rate.trailing(90).change(year)",
            "win_rate_trailing_90_days_change_year",
            lambda m: CATALOGUE["win_rate"].trailing(90).change("year"),
        ),
    ],
)  # fmt: skip
def test_a_call_and_a_name_are_the_same_metric(called, named, made) -> None:
    """`won_value.trailing(90)` and `won_value_trailing_90_days` name the metric that the method makes, also nested."""
    expected = made(CATALOGUE["won_value"])

    assert expected.name == named
    assert WORKSPACE.metric(called) == WORKSPACE.metric(named) == expected


def test_a_plain_name_is_preferred_to_a_reading_of_it() -> None:
    """A metric of that very name comes before the windowed reading of it."""
    own = cc.Metric("won_value_share", cc.count(), unit="count", anchor="closed_at")

    assert cc.Workspace(metrics=[own]).metric("won_value_share") is own
    assert WORKSPACE.metric(own) is own


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("win_rat", MetricNotFound, r"did you mean 'win_rate'"),
        ("win_rat_trailing_90_days", MetricNotFound, r"no metric named 'win_rat_trailing_90_days'"),
        ("win_rat.trailing(90)", MetricNotFound, r"no metric named 'win_rat'; did you mean 'win_rate'"),
        ("win_rate.median()", ArgumentError, r"a metric has no median\(\); it has change\(\), difference\(\)"),
        ("win_rate.trailing(0)", ValueError, r"at least 1, got 0"),
        ("win_rate.trailing(90, fortnight)", ArgumentError, r"'fortnight' is no period; use day, week"),
        ("win_rate.change()", ArgumentError, r"has the wrong arguments"),
        ("win_rate.trailing(year, year)", ValueError, r"year"),
        ("", MetricNotFound, r"no metric named ''"),
    ],
)
def test_a_name_that_nothing_answers_to(name, error, message) -> None:
    """Each error says what there is, or what would be right."""
    with pytest.raises(error, match=message):
        WORKSPACE.metric(name)


def test_names_made_this_way_measure() -> None:
    """Two deals of 10 and 30 in January and February: the trailing year, the change, the share, by name."""
    deals = [
        {"outcome": "won", "amount": 10, "owner": "A", "created_at": date(2024, 1, 1), "closed_at": date(2024, 1, 9)},
        {"outcome": "won", "amount": 30, "owner": "B", "created_at": date(2024, 1, 1), "closed_at": date(2024, 2, 9)},
    ]
    names = ["won_value.trailing(365)", "won_value_change_month", "won_value_month_to_date"]
    rows = cc.measure(names, cc.Dataset(opportunity=deals), per="month", as_of=date(2024, 2, 29)).rows()

    assert rows == [
        {"period": "2024-01", "won_value_trailing_365_days": 10.0, "won_value_change_month": None, "won_value_month_to_date": 10.0},
        {"period": "2024-02", "won_value_trailing_365_days": 40.0, "won_value_change_month": 2.0, "won_value_month_to_date": 30.0},
    ]  # fmt: skip
    shares = cc.measure("won_value_share", cc.Dataset(opportunity=deals), by="owner").rows()
    assert [r["won_value_share"] for r in shares] == [0.25, 0.75]


def test_a_windowed_metric_says_what_it_is() -> None:
    """Its label, unit, direction and rules follow from the metric it is made of."""
    change = CATALOGUE["sales_cycle_days"].change("year")

    assert (change.unit, change.better, change.anchor) == ("ratio", "lower", "closed_at")
    assert change.label("en") == "Sales cycle (days), relative change against one year earlier"
    assert change.label("zh") == "销售周期（天）（较上一年变化率）"
    assert {"T5", "R1"} <= set(change.rules)


def test_two_metrics_of_one_name_in_one_question() -> None:
    """They are refused, unless they are one and the same."""
    data = cc.Dataset(opportunity=[])
    one, other = (cc.Metric("m", f, unit="count", anchor="closed_at") for f in (cc.count(), cc.count("amount")))

    with pytest.raises(ValueError, match="two different metrics are called 'm'; rename one"):
        cc.measure([one, other], data)
    assert cc.measure([one, one], data).names == ("m",)


def test_a_window_cites_the_rules_of_periods_and_a_share_that_of_ratios() -> None:
    """Each derived metric cites the rules of what was done to it, beside those of the metric."""
    own = WORKSPACE.metric("won_value").rules

    assert WORKSPACE.metric("won_value.trailing(90)").rules == (*own, "T5", "T6")
    assert WORKSPACE.metric("won_value.share()").rules == (*(r for r in own if r != "R1"), "R1")
