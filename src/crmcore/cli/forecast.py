"""`crmcore forecast`: what a period will bring, the chance to meet its quota, and whether past forecasts came true."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import ArgumentError
from .analyse import analysed, choice_of

__all__ = ["run"]

_OF_WINS = ("rates", "segment", "prior")
_OF_REVENUE = ("quota", *_OF_WINS, "cells", "correlation", "draws", "seed")
_JUDGED = {
    "backtest": "forecast_backtest",
    "chances": "forecast_calibration",
    "categories": "category_conversion",
    "submitted": "forecast_snapshots",
}


def run(args: argparse.Namespace) -> int:
    """Forecast and print.

    Raises:
        ArgumentError: an option of the forecast beside --categories, --wins or --judge, one of the simulation without one, or
            one of --judge without it.
    """
    if args.judge:
        return _judged(args)
    for name in ("periods", "after"):
        if getattr(args, name) is not None:
            raise ArgumentError(f"--{name} is of a judgement; give --judge, too")
    choices: dict[str, Any] = {"per": None if args.all else args.per, "ahead": args.ahead}
    more = {name: value for name in _OF_REVENUE if (value := getattr(args, name)) is not None}
    if args.categories:
        _only((), more, "--categories takes --per and --ahead")
        return analysed(args, "forecast_rollup", choices)
    if args.wins:
        _only(_OF_WINS, more, "--wins takes --per, --ahead, --rates, --segment and --prior")
        return analysed(args, "win_forecast", choices | more)
    if not args.correlation:
        _only([n for n in _OF_REVENUE if n not in ("draws", "seed")], more, "give --correlation, too", "a simulation")
    return analysed(args, "revenue_forecast", choices | more)


def _judged(args: argparse.Namespace) -> int:
    """Judge past forecasts and print."""
    learnt = args.judge in ("backtest", "chances")
    allowed = _OF_WINS if learnt else ()
    more = {name: value for name in _OF_REVENUE if (value := getattr(args, name)) is not None}
    takes = ["--per", "--periods", "--after", *(f"--{name}" for name in allowed)]
    says = f"--judge {args.judge} takes {', '.join(takes[:-1])} and {takes[-1]}"
    _only(allowed, more, says)
    if args.all or args.ahead:
        raise ArgumentError(f"{'--all' if args.all else '--ahead'} is of a forecast to come; {says}")
    choices: dict[str, Any] = {"per": args.per} | more
    if args.periods is not None:
        choices["periods"] = args.periods
    if args.after is not None:
        choices["after"] = choice_of(args.after)
    return analysed(args, _JUDGED[args.judge], choices)


def _only(allowed: Any, given: dict[str, Any], says: str, whose: str = "a forecast of revenue") -> None:
    for name in given:
        if name not in allowed:
            raise ArgumentError(f"--{name} is of {whose}; {says}")
