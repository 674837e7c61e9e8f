"""Retention and recurring revenue: who stays, what they pay, how it moves."""

from __future__ import annotations

from ..metric import Metric
from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

METRICS: tuple[Metric, ...] = ()
ANALYSES: tuple[Analysis, ...] = ()
