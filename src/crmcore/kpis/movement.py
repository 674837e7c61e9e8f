"""What moved the open pipeline: from one instant to another."""

from __future__ import annotations

from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

METRICS = ()

pipeline_waterfall = Analysis(
    "pipeline_waterfall",
    "waterfall.pipeline_waterfall",
    needs={"opportunity": ("amount", "outcome", "created_at")},
    unit="money",
    anchor="stock",
    history=True,
    summary="From the open pipeline of one instant to that of another: new, reopened, moved in, increased, decreased, moved "
    "out, won, lost, abandoned and removed, in count and value, each with its deals.",
    source="E13, E43; Atrium, Salesforce, Clari, Gong, Reevo, Weflow",
    rules=("W1", "O3", "O5", "O8", "O9", "M2", "M3", "T1", "T8"),
    labels={"en": "Pipeline waterfall", "zh": "商机瀑布分析"},
    subject="pipeline",
)

ANALYSES = (pipeline_waterfall,)
