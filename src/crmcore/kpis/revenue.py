"""Money won and lost, the size of deals, and the speed at which the pipeline brings money.

`amount` is the amount of a deal. Hosts that keep the amount made beside the expected one have it in `won_amount`:
the metrics over it say `made` in their names, so that no number mixes the two (M5, E41).
"""

from __future__ import annotations

from ..algebra import STOCK, col, count, mean, median, root, total
from ..metric import Metric
from .choices import plural, whole
from .cycle import sales_cycle_days
from .outcome import win_rate
from .populations import LOST, OPEN, OPEN_OR_WON, WON

__all__ = ["METRICS", "mean_won_deal", "won_value", "won_value_cagr"]

won_value = Metric(
    "won_value",
    total("amount", where=WON),
    unit="money",
    better="higher",
    anchor="closed_at",
    summary="Amount of the deals won in the period, by close date.",
    source="M13; all CRMs",
    rules=("O1", "O7", "M2", "M3", "M5", "M7"),
    labels={"en": "Won value", "zh": "赢单金额"},
    subject="revenue",
)

won_value_made = Metric(
    "won_value_made",
    total("won_amount", where=WON),
    unit="money",
    better="higher",
    anchor="closed_at",
    summary="Amount made with the deals won in the period, for hosts that keep it apart from the expected amount.",
    source="M13; creme, Frappe, HubSpot",
    rules=("O1", "O7", "R4", "M2", "M3", "M5", "M7"),
    labels={"en": "Won value, as made", "zh": "实际成交金额"},
    subject="revenue",
)

made_to_expected_ratio = Metric(
    "made_to_expected_ratio",
    total("won_amount", where=WON & col("amount").not_null())
    / total("amount", where=WON & col("won_amount").not_null()),
    unit="ratio",
    better="target",
    anchor="closed_at",
    summary="Amount made over the amount expected, over the deals won in the period that have both; 1 is as expected.",
    source="M5; creme",
    rules=("R1", "M3", "M5"),
    labels={"en": "Made to expected amount", "zh": "实际与预期金额比"},
    subject="revenue",
)

lost_value = Metric(
    "lost_value",
    total("amount", where=LOST),
    unit="money",
    better="lower",
    anchor="closed_at",
    summary="Amount of the deals lost in the period, by close date.",
    source="F06, F16; Krayin",
    rules=("O1", "O7", "M2", "M3"),
    labels={"en": "Lost value", "zh": "输单金额"},
    subject="revenue",
)

unpriced_won_deals = Metric(
    "unpriced_won_deals",
    count(WON & col("amount").is_null()),
    unit="count",
    better="lower",
    anchor="closed_at",
    summary="Deals won in the period that have no amount, and so are missing from every value.",
    source="E36; margince",
    rules=("M3",),
    labels={"en": "Won deals without amount", "zh": "无金额赢单数"},
    subject="revenue",
)

mean_won_deal = Metric(
    "mean_won_deal",
    mean("amount", where=WON),
    unit="money",
    better="higher",
    anchor="closed_at",
    summary="Mean amount of the deals won in the period that have one.",
    source="M04; Frappe",
    rules=("R1", "R2", "R3", "M3"),
    labels={"en": "Mean won deal", "zh": "平均赢单金额"},
    subject="revenue",
)

median_won_deal = Metric(
    "median_won_deal",
    median("amount", where=WON),
    unit="money",
    better="higher",
    anchor="closed_at",
    summary="Median amount of the deals won in the period that have one.",
    source="M04; variant of ours",
    rules=("R2", "M3", "Q1"),
    labels={"en": "Median won deal", "zh": "赢单金额中位数"},
    subject="revenue",
)

mean_open_deal = Metric(
    "mean_open_deal",
    mean("amount", where=OPEN),
    unit="money",
    better="higher",
    anchor="stock",
    summary="Mean amount of the deals open at the end of the period that have one.",
    source="M04; Frappe",
    rules=("R1", "R2", "R3", "T4", "M3"),
    labels={"en": "Mean open deal", "zh": "平均在手商机金额"},
    subject="revenue",
)

mean_deal = Metric(
    "mean_deal",
    mean("amount", where=OPEN_OR_WON),
    unit="money",
    better="higher",
    anchor="created_at",
    summary="Mean amount of the deals created in the period that are open or won and have one.",
    source="M04; Frappe: non-lost deals",
    rules=("O1", "R1", "R2", "R3", "M3"),
    labels={"en": "Mean deal", "zh": "平均商机金额"},
    subject="revenue",
)

sales_velocity = Metric(
    "sales_velocity",
    count(OPEN, at=STOCK) * win_rate * mean_won_deal / sales_cycle_days,
    unit="money/day",
    better="higher",
    anchor="closed_at",
    summary="Open deals x win rate x mean won deal / mean sales cycle: what the open pipeline brings a day "
    "if it is won like the deals of the period.",
    source="M09; four-factor formula of several vendors",
    rules=("R1", "R2", "T4", "M3"),
    labels={"en": "Sales velocity", "zh": "销售速度"},
    subject="revenue",
)

sales_velocity_closed = Metric(
    "sales_velocity_closed",
    won_value / sales_cycle_days,
    unit="money/day",
    better="higher",
    anchor="closed_at",
    summary="Amount of the deals won in the period over their mean sales cycle.",
    source="M09; the four factors over closed deals, which reduce to this",
    rules=("R1", "R2", "R4", "M3"),
    labels={"en": "Sales velocity, closed deals", "zh": "销售速度（按已成交）"},
    subject="revenue",
)


def won_value_cagr(years: int) -> Metric:
    """Return the compound annual growth rate of the won value, named `won_value_cagr_<years>_years`.

    (won value of the last 365 days / that of the same days `years` years before) ^ (1 / years) - 1.

    Args:
        years: between the two, at least 2; over one year it is the plain change.

    Raises:
        ArgumentError: no whole number of years, at least 2.

    Rules: R2, R4, T5, T6.

    Source: C01; article A0.
    """
    words = plural(whole("years", years, least=2), "year")
    now = won_value.formula.trailing(365)
    return Metric(
        f"won_value_cagr_{words.replace(' ', '_')}",
        root(now / now.previous("year", years), years) - 1,
        unit="ratio",
        better="higher",
        anchor="closed_at",
        summary=f"Compound annual growth of the amount won: the last 365 days against the same days {words} before.",
        source="C01; article A0",
        rules=("R2", "R4", "T5", "T6", "M3"),
        labels={"en": f"Won value, compound annual growth over {words}", "zh": f"赢单金额{years}年复合增长率"},
        subject="revenue",
    )


METRICS = (
    won_value,
    won_value_made,
    made_to_expected_ratio,
    lost_value,
    unpriced_won_deals,
    mean_won_deal,
    median_won_deal,
    mean_open_deal,
    mean_deal,
    sales_velocity,
    sales_velocity_closed,
    won_value_cagr(3),
)
