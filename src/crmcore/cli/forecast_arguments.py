"""Arguments of `crmcore forecast`."""

from __future__ import annotations

import argparse

__all__ = ["add_forecast"]


def add_forecast(forecast: argparse.ArgumentParser) -> None:
    """Add the options."""
    when = forecast.add_mutually_exclusive_group()
    when.add_argument(
        "--per", metavar="PERIOD", default="quarter", help="month, quarter, fiscal_quarter ...; quarter by default"
    )
    when.add_argument("--all", action="store_true", help="all open deals, whenever they are expected to close")
    forecast.add_argument("--ahead", type=int, default=0, metavar="N", help="how many periods after the running one")
    forecast.add_argument(
        "--quota",
        metavar="WHOSE",
        help="a number, or the targets of seller, team, organisation or product; seller by default",
    )
    forecast.add_argument(
        "--rates",
        metavar="RATES",
        help="own: the probability of a deal or its stage; stages: learnt from what became of deals in the stage",
    )
    forecast.add_argument(
        "--segment", metavar="DIM", help="learn the rates of stages apart by this column; with --rates stages"
    )
    forecast.add_argument(
        "--prior", type=float, metavar="N", help="moves of all deals that stand beside those of a segment"
    )
    forecast.add_argument("--cells", type=int, metavar="N", help="steps of the money grid; 65536 by default")
    forecast.add_argument(
        "--correlation", type=float, metavar="R", help="simulate deals that share a good or bad period, 0 to below 1"
    )
    forecast.add_argument("--draws", type=int, metavar="N", help="of the simulation; 20000 by default")
    forecast.add_argument("--seed", type=int, metavar="S", help="of the simulation")
    instead = forecast.add_mutually_exclusive_group()
    instead.add_argument("--categories", action="store_true", help="the roll-up by forecast category instead")
    instead.add_argument("--wins", action="store_true", help="how many deals will be won instead")
    instead.add_argument(
        "--judge",
        choices=("backtest", "chances", "categories", "submitted"),
        help="judge past forecasts by what came instead: those of the deals, their chances or categories, or those that people "
        "submitted",
    )
    forecast.add_argument("--periods", type=int, metavar="N", help="judge the last N that are over; 8 by default")
    forecast.add_argument(
        "--after", metavar="DAYS", help="days of a period that are over when the forecast that is judged was made"
    )
    forecast.add_argument("--format", choices=("table", "json"), default="table")
    forecast.set_defaults(top=None)
