"""Money after the sale: invoiced, collected, outstanding, overdue, and how long it takes to come in."""

from __future__ import annotations

from ..metric import Metric
from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

METRICS: tuple[Metric, ...] = ()
ANALYSES: tuple[Analysis, ...] = ()
