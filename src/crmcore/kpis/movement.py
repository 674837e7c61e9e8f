"""What moved the open pipeline: from one instant to another, and how closing dates and amounts were moved."""

from __future__ import annotations

from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

METRICS = ()

pipeline_waterfall = Analysis(
    "pipeline_waterfall",
    "waterfall.report.pipeline_waterfall",
    needs={"opportunity": ("amount", "outcome", "created_at")},
    unit="money",
    anchor="stock",
    history=True,
    summary="From the open pipeline of one instant to that of another: new, reopened, moved in, increased, decreased, moved "
    "out, won, lost, abandoned and removed, in count and value, each with its deals.",
    source="E13, E43; Atrium, Salesforce, Clari, Gong, Reevo, Weflow",
    rules=("W1", "O3", "O5", "O8", "O9", "S5", "M2", "M3", "T1", "T8"),
    labels={"en": "Pipeline waterfall", "zh": "商机瀑布分析"},
    subject="pipeline",
)

_MOVES = {
    "opportunity": ("expected_close", "amount", "outcome", "created_at"),
    "change": ("table", "record", "field", "old", "new", "at"),
}

close_date_moves = Analysis(
    "close_date_moves",
    "slippage.dates.close_date_moves",
    needs=_MOVES,
    unit="count",
    better="lower",
    anchor="at",
    summary="How often, and by how many days, the closing dates of open deals were pushed and pulled in each period, and how "
    "often, and by how much, their amounts were changed.",
    source="T13; Salesforce",
    rules=("O4", "O7", "O8", "S5", "T1", "T7", "M2", "M3"),
    labels={"en": "Moves of closing dates and amounts", "zh": "成交日期与金额变动"},
    subject="pipeline",
)

slipping_deals = Analysis(
    "slipping_deals",
    "slippage.deals.slipping_deals",
    needs=_MOVES,
    unit="count",
    better="lower",
    anchor="stock",
    summary="The open deals whose closing date was pushed or has passed: how often it was moved, by how many days, and how long "
    "it is overdue.",
    source="T13; Salesforce",
    rules=("O4", "O8", "S5", "T2", "M2", "M3"),
    labels={"en": "Slipping deals", "zh": "推迟及逾期商机"},
    subject="pipeline",
)

slip_rate = Analysis(
    "slip_rate",
    "slippage.rate.slip_rate",
    needs={"opportunity": ("expected_close", "amount", "outcome", "created_at")},
    unit="ratio",
    better="lower",
    anchor="expected_close",
    history=True,
    summary="Of the deals open at the start of a period and expected to close in it, the share that was pushed out of it, in "
    "count and in value.",
    source="Q11",
    rules=("W1", "S5", "R1", "R2", "R5", "T1", "M2", "M3"),
    labels={"en": "Slip rate", "zh": "推迟率"},
    subject="pipeline",
)

ANALYSES = (pipeline_waterfall, close_date_moves, slipping_deals, slip_rate)
