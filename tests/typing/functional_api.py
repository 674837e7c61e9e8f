"""What a type checker makes of crmcore.functional: read by mypy, never run."""

from __future__ import annotations

from datetime import date
from typing import Any, assert_type

import numpy as np

import crmcore as cc
from crmcore import functional as fn

assert_type(fn.win_rate(outcome=["won"]), float)
assert_type(cc.functional.win_rate.of(won=8, lost=3), float)
assert_type(fn.win_rate(outcome=np.array(["won"]), by=["a"]), cc.Result)
assert_type(fn.win_rate(outcome=["won"], closed_at=[None], per="month", as_of=date(2026, 1, 1)), cc.Result)
assert_type(fn.win_rate.of(won=np.array([1]), lost=2), Any)
assert_type(fn.pace_status.of(won_value=1, days_in_period=2, quota_value=3, days_elapsed=1), str | None)
assert_type(fn.cac(cost__amount=[1], cost__kind="spend", account__customer_since=[None]), float)
fn.MetricFunction(cc.kpis.CATALOGUE["cac"])

# each of these is refused; an ignored error that is none is an error itself
fn.win_rate()  # type: ignore[call-overload]
fn.win_rate(outcome=["won"], owner=["a"])  # type: ignore[call-overload]
fn.win_rate.of(won=1)  # type: ignore[call-overload]
fn.won_deals.of(won=1)  # type: ignore[attr-defined]
fn.overdue_open_deals(outcome=["open"], expected_close=[None])  # type: ignore[call-overload]
fn.pace()  # type: ignore[call-arg]
fn.win_rat  # type: ignore[attr-defined]
