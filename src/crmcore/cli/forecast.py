"""`crmcore forecast`: what a period will bring, how it may come out, and the chance to meet its quota."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import ArgumentError
from .analyse import analysed

__all__ = ["run"]

_OF_WINS = ("rates", "segment", "prior")
_OF_REVENUE = ("quota", *_OF_WINS, "cells", "correlation", "draws", "seed")


def run(args: argparse.Namespace) -> int:
    """Forecast and print.

    Raises:
        ArgumentError: an option of the forecast beside --categories or --wins, or one of the simulation without one.
    """
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


def _only(allowed: Any, given: dict[str, Any], says: str, whose: str = "a forecast of revenue") -> None:
    for name in given:
        if name not in allowed:
            raise ArgumentError(f"--{name} is of {whose}; {says}")
