"""Survival: how long deals last until they are won or lost, with those that are still open told right (E54)."""

from __future__ import annotations

from .compare import LogRank, log_rank
from .curve import Curve, incidence, kaplan_meier
from .risk import Risk, risk_table

__all__ = ["Curve", "LogRank", "Risk", "incidence", "kaplan_meier", "log_rank", "risk_table"]
