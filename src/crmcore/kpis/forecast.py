"""Forecasts that people submit, judged by what came: attainment, accuracy, error, bias."""

from __future__ import annotations

from ..metric import Metric
from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

METRICS: tuple[Metric, ...] = ()
ANALYSES: tuple[Analysis, ...] = ()
