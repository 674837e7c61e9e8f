"""Forecasts that people submit, judged by what came: attainment, accuracy, error, bias (F2).

What is forecast is the amount of category commit for the days from its start until the day before its end; a finer period
takes its share by days (M8). Sellers, teams and the organisation forecast apart: a forecast with an owner is a seller's,
one with a team alone is a team's, one with neither the organisation's, and no metric adds two of these. To submit again
takes nothing back: `crmcore.latest(data, "forecast", by=["owner", "start", "end", "category"], at="submitted_at")` leaves
the forecasts that stand.
"""

from __future__ import annotations

from ..algebra import Expr, absolute, col, count, each, greatest, least, maybe, mean, positive, total
from ..metric import Metric
from .entry import Analysis
from .quota import SCOPES, Scope
from .revenue import won_value

__all__ = ["ANALYSES", "METRICS"]

COMMITTED = col("category") == "commit"
_OWNED, _OF_TEAM = maybe("owner").not_null(), maybe("team").not_null()
_WHOSE: dict[str, Expr] = {
    "seller": COMMITTED & _OWNED,
    "team": COMMITTED & ~_OWNED & _OF_TEAM,
    "organisation": COMMITTED & ~_OWNED & ~_OF_TEAM,
}
NONE = "no forecast"
"""Nothing was forecast, which is no forecast of nothing (M3): what is judged by it is undefined."""
_PEOPLE = tuple(scope for scope in SCOPES if scope.name in _WHOSE)


def forecast_value(scope: Scope) -> Metric:
    """Return what one population has forecast."""
    return Metric(
        f"{scope.prefix}forecast_value",
        total("amount", where=_WHOSE[scope.name]),
        unit="money",
        better="neutral",
        anchor="start",
        table="forecast",
        summary=f"Amount that was committed by {scope.whose} for the period; a finer period takes its share by days.",
        source="Q01; article A4",
        rules=("F1", "M2", "M3", "M8"),
        labels={"en": scope.en("forecast"), "zh": f"{scope.zh}预测金额"},
        subject="forecast",
    )


def judged(scope: Scope) -> tuple[Metric, ...]:
    """Return the forecasts of one population with what they are judged by."""
    forecast = forecast_value(scope)
    submitted = positive(forecast, NONE)
    missed = absolute(won_value - submitted)
    return (
        forecast,
        Metric(
            f"{scope.prefix}forecast_attainment",
            won_value / forecast,
            unit="ratio",
            better="target",
            anchor="closed_at",
            summary=f"Amount of the deals won in the period over what {scope.whose} had forecast; 1 is as forecast, more is more.",
            source="Q01; article A4, which calls it accuracy",
            rules=("F2", "R1", "R2", "R4", "M8"),
            labels={"en": scope.en("forecast attainment"), "zh": f"{scope.zh}预测达成率"},
            subject="forecast",
        ),
        Metric(
            f"{scope.prefix}forecast_accuracy",
            # 1 - |A - F| / A, as one quotient that is rounded once (Q4)
            (won_value - missed) / won_value,
            unit="ratio",
            better="higher",
            anchor="closed_at",
            summary=f"Accuracy 1 - |A - F| / A of the amount won A and the forecast F of {scope.whose}: at most 1, "
            "below 0 where the miss is larger than what was won, undefined without a forecast.",
            source="Q02; RevenueGrid",
            rules=("F2", "R1", "R2", "R4", "M8", "Q4"),
            labels={"en": scope.en("forecast accuracy"), "zh": f"{scope.zh}预测准确率"},
            subject="forecast",
        ),
        Metric(
            f"{scope.prefix}forecast_bias",
            (submitted - won_value) / won_value,
            unit="ratio",
            better="target",
            anchor="closed_at",
            summary=f"What {scope.whose} had forecast less the amount won, over the amount won; above 0 the forecast was too high.",
            source="Q05; bias",
            rules=("F2", "R1", "R2", "M8"),
            labels={"en": scope.en("forecast bias"), "zh": f"{scope.zh}预测偏差率"},
            subject="forecast",
        ),
    )


FORECAST = forecast_value(SCOPES[0])
SUBMITTED = positive(FORECAST, NONE)

forecast_accuracy_symmetric = Metric(
    "forecast_accuracy_symmetric",
    # 1 - |A - F| / max(A, F), which is the smaller over the larger
    least(won_value, SUBMITTED) / greatest(won_value, FORECAST),
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="The smaller over the larger of the amount won and what the sellers had forecast: 1 - |A - F| / max(A, F).",
    source="Q03; symmetric variant",
    rules=("F2", "R1", "R2", "R4", "M8"),
    labels={"en": "Forecast accuracy, symmetric", "zh": "预测准确率（对称）"},
    subject="forecast",
)

forecast_error = Metric(
    "forecast_error",
    absolute(won_value - SUBMITTED) / won_value,
    unit="ratio",
    better="lower",
    anchor="closed_at",
    summary="Miss |A - F| / A of the amount won A and the forecast F of all sellers together, whose misses may offset each other.",
    source="Q06; error of the total",
    rules=("F2", "R1", "R2", "R4", "M8"),
    labels={"en": "Forecast error of the total", "zh": "预测总体误差率"},
    subject="forecast",
)

HAS_FORECAST = each("owner", count(COMMITTED, table="forecast", at="start")) > 0
_MISSED = absolute(won_value - FORECAST)

forecast_wape = Metric(
    "forecast_wape",
    total(each("owner", _MISSED), where=HAS_FORECAST) / total(each("owner", won_value), where=HAS_FORECAST),
    unit="ratio",
    better="lower",
    anchor="closed_at",
    summary="Misses of the sellers who submitted a forecast, each taken as an amount above 0, over what these sellers won.",
    source="Q04, Q06; WAPE by seller",
    rules=("F2", "R1", "R2", "R4", "M3", "M7", "M8"),
    labels={"en": "Weighted forecast error by seller (WAPE)", "zh": "预测加权误差率（WAPE，按销售）"},
    subject="forecast",
)

forecast_mape = Metric(
    "forecast_mape",
    mean(each("owner", _MISSED / absolute(won_value)), where=HAS_FORECAST),
    unit="ratio",
    better="lower",
    anchor="closed_at",
    summary="Mean over the sellers who submitted a forecast and won something of their miss over what they won; "
    "each seller weighs the same.",
    source="Q04; MAPE by seller",
    rules=("F2", "R1", "R2", "R3", "R4", "M3", "M7", "M8"),
    labels={"en": "Mean forecast error by seller (MAPE)", "zh": "预测平均误差率（MAPE，按销售）"},
    subject="forecast",
)

METRICS: tuple[Metric, ...] = (
    *(metric for scope in _PEOPLE for metric in judged(scope)),
    forecast_accuracy_symmetric,
    forecast_error,
    forecast_wape,
    forecast_mape,
)

_SUBMITTED = {
    "forecast": ("amount", "category", "start", "end", "submitted_at"),
    "opportunity": ("outcome", "amount", "closed_at"),
}
_IN_PERIOD = {"opportunity": ("outcome", "amount", "closed_at", "expected_close")}

ANALYSES: tuple[Analysis, ...] = (
    Analysis(
        "forecast_predictability",
        "predictability.forecast_predictability",
        needs={
            "forecast": ("amount", "category", "start", "end"),
            "opportunity": ("outcome", "amount", "closed_at"),
        },
        unit="ratio",
        better="lower",
        anchor="closed_at",
        summary="How much the accuracy of forecasts varies from period to period: its mean, standard deviation and coefficient "
        "of variation over the periods that are over.",
        source="Q08; article A3",
        rules=("F2", "R2", "R4", "T7", "M8"),
        labels={"en": "Forecast predictability", "zh": "预测可预测性"},
        subject="forecast",
    ),
    Analysis(
        "forecast_rollup",
        "forecast.rollup.forecast_rollup",
        needs=_IN_PERIOD,
        unit="money",
        anchor="stock",
        summary="What is won in a period and what is open and expected to close in it by forecast category, each alone and "
        "rolled up: closed, closed and commit, those and best case.",
        source="Q10; Salesforce forecast categories",
        rules=("F1", "O2", "T1", "M2", "M3", "M4"),
        labels={"en": "Forecast by category", "zh": "预测类别汇总"},
        subject="forecast",
    ),
    Analysis(
        "revenue_forecast",
        "forecast.revenue.revenue_forecast",
        needs=_IN_PERIOD,
        unit="money",
        anchor="stock",
        history=True,
        summary="What a period will bring by category, by weight, by run rate and as P10, P50 and P90 of its distribution, with "
        "the chance to meet the quota.",
        source="M02; Salesforce, Odoo",
        rules=("F1", "O2", "O4", "R1", "R2", "T1", "M2", "M3", "M4", "M8", "Q4"),
        labels={"en": "Revenue forecast", "zh": "收入预测"},
        subject="forecast",
    ),
    Analysis(
        "win_forecast",
        "forecast.wins.win_forecast",
        needs={"opportunity": ("outcome", "closed_at", "expected_close")},
        unit="count",
        anchor="stock",
        history=True,
        summary="How many of the deals that are open and expected to close in a period will be won, each number with its "
        "chance.",
        source="M02; Hong 2013",
        rules=("O2", "O4", "T1", "M4"),
        labels={"en": "Forecast of wins", "zh": "赢单数预测"},
        subject="forecast",
    ),
    Analysis(
        "forecast_backtest",
        "forecast.backtest.forecast_backtest",
        needs={"opportunity": ("outcome", "amount", "created_at", "closed_at", "expected_close")},
        unit="money",
        anchor="closed_at",
        history=True,
        summary="What would have been forecast for past periods by what was known then, beside what was won in them, with WAPE, "
        "bias, accuracy and its spread, coverage of P10 to P90, slip rate and visibility.",
        source="Q07; backtest at points in time",
        rules=("F2", "F3", "O8", "S5", "R2", "R3", "T1", "M2", "M3", "M4"),
        labels={"en": "Backtest of forecasts", "zh": "预测回测"},
        subject="forecast",
    ),
    Analysis(
        "forecast_calibration",
        "forecast.calibration.forecast_calibration",
        needs={"opportunity": ("outcome", "created_at", "closed_at", "expected_close", "amount")},
        unit="ratio",
        anchor="closed_at",
        history=True,
        summary="How often deals were won, in the period and at all, beside the chances they had when past periods were forecast, by "
        "band of chances, with the Brier score.",
        source="Q12; Brier 1950",
        rules=("F3", "O3", "O8", "S5", "R2", "R3", "R5", "T1", "M4"),
        labels={"en": "Calibration of chances", "zh": "概率校准"},
        subject="forecast",
    ),
    Analysis(
        "category_conversion",
        "forecast.categories.category_conversion",
        needs={"opportunity": ("outcome", "amount", "created_at", "closed_at", "expected_close")},
        unit="ratio",
        anchor="closed_at",
        history=True,
        summary="Of the deals that stood in each forecast category when past periods were forecast, the share that was won in the "
        "period, by count and by value, and what became of the others.",
        source="Q10; Salesforce forecast categories",
        rules=("F1", "F3", "O2", "O8", "S5", "R1", "R2", "R3", "R5", "T1", "M2", "M3"),
        labels={"en": "Conversion of forecast categories", "zh": "预测类别转化率"},
        subject="forecast",
    ),
    Analysis(
        "forecast_snapshots",
        "forecast.snapshots.forecast_snapshots",
        needs=_SUBMITTED,
        unit="money",
        anchor="closed_at",
        history=True,
        summary="What people had forecast by certain days of each period, as it was known then, beside what was won in it, with the "
        "error, the accuracy and WAPE over the people.",
        source="Q07; lock-in snapshot accuracy",
        rules=("F1", "F2", "F3", "O8", "O9", "S5", "R2", "T1", "M2", "M3", "M8"),
        labels={"en": "Snapshots of submitted forecasts", "zh": "已提交预测快照"},
        subject="forecast",
    ),
    Analysis(
        "forecast_snapshot_errors",
        "forecast.snapshots.forecast_snapshot_errors",
        needs=_SUBMITTED,
        unit="ratio",
        anchor="closed_at",
        history=True,
        summary="How good the forecasts of people are by the day of the period on which they are looked at: WAPE, bias, accuracy and "
        "its spread over the periods that are over.",
        source="Q04; Q05, Q07 and Q08 by snapshot",
        rules=("F1", "F2", "F3", "O8", "O9", "S5", "R1", "R2", "T1", "M2", "M3", "M8"),
        labels={"en": "Errors of submitted forecasts by day", "zh": "已提交预测误差（按时点）"},
        subject="forecast",
    ),
    Analysis(
        "stage_chain",
        "stage_chain.stage_chain",
        needs={
            "opportunity": ("outcome", "stage", "created_at"),
            "change": ("table", "record", "field", "old", "new", "at"),
        },
        unit="ratio",
        anchor="stock",
        history=True,
        summary="The chance to win and the days until then from each stage, by the absorbing chain of the transitions that were "
        "seen, steps back included.",
        source="F13; Kemeny and Snell",
        rules=("R2", "S1", "S3", "S4", "S5", "S6", "O5"),
        labels={"en": "Stage chain", "zh": "阶段转移链"},
        subject="forecast",
    ),
)
