"""Arguments of `crmcore funnel`."""

from __future__ import annotations

import argparse

__all__ = ["add_funnel"]


def add_funnel(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument(
        "--policy",
        metavar="WORD",
        help="when a deal counts at a stage: reached (it was in it or further on; the default), visited or strict",
    )
    command.add_argument(
        "--of", metavar="WORD", help="deals created in a period (the default), or stages entered in it"
    )
    command.add_argument("--per", metavar="PERIOD", help="one funnel for each day, week, month, quarter, year ...")
    command.add_argument("--pipeline", metavar="NAME", help="only this pipeline; by default each by itself")
    command.add_argument(
        "--stages", metavar="A,B,C", help="these stages in this order instead of those of the pipelines"
    )
    command.add_argument("--top", type=int, metavar="N", help="only the first N rows")
    command.add_argument("--format", choices=("table", "json"), default="table")
