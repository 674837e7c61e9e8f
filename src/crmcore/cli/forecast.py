"""`crmcore forecast`: what a period will bring, how it may come out, and the chance to meet its quota."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import ArgumentError
from .analyse import analysed

__all__ = ["run"]

_OF_REVENUE = ("quota", "rates", "segment", "correlation", "seed")


def run(args: argparse.Namespace) -> int:
    """Forecast and print.

    Raises:
        ArgumentError: an option of the forecast beside --categories.
    """
    choices: dict[str, Any] = {"per": None if args.all else args.per, "ahead": args.ahead}
    more = {name: value for name in _OF_REVENUE if (value := getattr(args, name)) is not None}
    if not args.categories:
        return analysed(args, "revenue_forecast", choices | more)
    if more:
        raise ArgumentError(f"--{next(iter(more))} is of a forecast; --categories takes --per and --ahead")
    return analysed(args, "forecast_rollup", choices)
