"""Attribution: which channels the won value is credited to."""

from __future__ import annotations

from ..metric import Metric
from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

METRICS: tuple[Metric, ...] = ()
ANALYSES: tuple[Analysis, ...] = ()
