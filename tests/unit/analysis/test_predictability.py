"""How much the accuracy of forecasts varies from period to period."""

from __future__ import annotations

from datetime import date
from statistics import mean, stdev

import pytest

import crmcore as cc
from crmcore.analysis.predictability import MEASURES
from crmcore.errors import ArgumentError, TableNotFound
from crmcore.kpis import CATALOGUE

STARTS = [date(2026, m, 1) for m in range(1, 7)]


def dataset(*pairs, team=None) -> cc.Dataset:
    """Return won amounts and forecasts of the months from January; None where nothing was won or forecast."""
    deals = [
        (f"d{i}", "won", "anna", date(2026, 1, 1), STARTS[i].replace(day=10), won)
        for i, (won, _) in enumerate(pairs)
        if won is not None
    ]
    forecasts = [
        ("anna", "commit", said, STARTS[i], STARTS[i + 1]) for i, (_, said) in enumerate(pairs) if said is not None
    ]
    return cc.Dataset(
        opportunity=(["id", "outcome", "owner", "created_at", "closed_at", "amount"], deals),
        forecast=(["owner", "category", "amount", "start", "end"], forecasts),
    )


DATA = dataset((100, 80), (80, 100), (50, 50), (None, 40))


def test_accuracies_of_months_and_their_spread() -> None:
    """F2: 0.8, 0.75 and 1 have a mean of 0.85, a standard deviation of 0.1323, and 0.1556 as their quotient."""
    found = cc.analyse("forecast_predictability", DATA, as_of=date(2026, 3, 31))

    assert found.rows() == [
        {"period": "2026-01", "forecast_accuracy": 0.8},
        {"period": "2026-02", "forecast_accuracy": 0.75},
        {"period": "2026-03", "forecast_accuracy": 1.0},
    ]
    assert (found.fact("periods"), found.fact("undefined_periods")) == (3, 0)
    assert found.fact("mean") == pytest.approx(0.85, rel=1e-15)
    assert found.fact("standard_deviation") == pytest.approx(((0.05**2 + 0.1**2 + 0.15**2) / 2) ** 0.5, rel=1e-12)
    assert found.fact("variation") == pytest.approx(stdev([0.8, 0.75, 1]) / mean([0.8, 0.75, 1]), rel=1e-12)


def test_a_period_that_runs_or_is_to_come_is_not_judged() -> None:
    """T8: on 30 March neither March, whose deals may still be won, nor April is over."""
    found = cc.analyse("forecast_predictability", DATA, as_of=date(2026, 3, 30))

    assert found.plain("period") == ["2026-01", "2026-02"]


def test_periods_without_a_judgment_are_counted() -> None:
    """R2: in April nothing was won, so that nothing is undefined by as much; it is left out and counted."""
    found = cc.analyse("forecast_predictability", DATA, as_of=date(2026, 4, 30))

    assert found.plain("forecast_accuracy") == [0.8, 0.75, 1.0, None]
    assert (found.fact("periods"), found.fact("undefined_periods")) == (3, 1)


def test_another_measure_and_period() -> None:
    """R4: the measure is named; of the quarter 230 of 230 came."""
    found = cc.analyse(
        "forecast_predictability", DATA, measure="forecast_attainment", per="quarter", as_of=date(2026, 3, 31)
    )

    assert found.rows() == [{"period": "2026-Q1", "forecast_attainment": 1.0}]
    assert (found.fact("mean"), found.fact("standard_deviation"), found.fact("variation")) == (1.0, None, None)


def test_a_mean_of_zero_has_no_variation() -> None:
    """R2: biases of 1/4 and -1/4 vary around nothing."""
    data = dataset((80, 100), (80, 60))

    found = cc.analyse("forecast_predictability", data, measure="forecast_bias", as_of=date(2026, 2, 28))

    assert found.plain("forecast_bias") == [0.25, -0.25]
    assert (found.fact("mean"), found.fact("variation")) == (0.0, None)
    assert found.fact("standard_deviation") == pytest.approx(0.125**0.5, rel=1e-12)


def test_a_condition_holds_for_both_tables() -> None:
    """Another seller has neither forecast nor deal."""
    assert (
        len(cc.analyse("forecast_predictability", DATA, where=cc.col("owner") == "ben", as_of=date(2026, 3, 31))) == 0
    )


def test_nothing_works() -> None:
    """No rows at all: no period, and nothing defined."""
    found = cc.analyse("forecast_predictability", dataset(), as_of=date(2026, 3, 31))

    assert len(found) == 0
    assert (found.fact("periods"), found.fact("mean")) == (0, None)
    assert cc.analyse("forecast_predictability", dataset()).fact("mean") is None


def test_measures_are_those_of_the_catalogue() -> None:
    """Each name that is offered is a metric, a ratio about forecasts."""
    assert {(CATALOGUE[name].subject, CATALOGUE[name].unit) for name in MEASURES} == {("forecast", "ratio")}
    assert set(MEASURES) == {n for n, m in CATALOGUE.items() if m.subject == "forecast" and m.unit == "ratio"}


def test_wrong_questions_say_so() -> None:
    """Another metric, a period that is none, and a table that is missing are named."""
    with pytest.raises(ArgumentError, match=r"measure is one of forecast_accuracy, .*got 'win_rate'"):
        cc.analyse("forecast_predictability", DATA, measure="win_rate")
    with pytest.raises(ArgumentError, match="'moon'"):
        cc.analyse("forecast_predictability", DATA, per="moon")
    with pytest.raises(TableNotFound, match="forecast"):
        cc.analyse("forecast_predictability", cc.Dataset(opportunity=[]))


def test_it_speaks_chinese() -> None:
    """Headings, facts and notes have Chinese words."""
    text = str(cc.Workspace(language="zh").analyse("forecast_predictability", DATA, as_of=date(2026, 3, 31)))

    assert "预测准确率" in text
    assert "变异系数：15.6 %" in text
