"""Standing: best in class, average and laggard; rankings that few cases do not win."""

from __future__ import annotations

from ..metric import Metric
from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

METRICS: tuple[Metric, ...] = ()
ANALYSES: tuple[Analysis, ...] = ()
