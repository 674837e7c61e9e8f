"""Arguments of `crmcore waterfall`."""

from __future__ import annotations

import argparse

__all__ = ["add_waterfall"]


def add_waterfall(parser: argparse.ArgumentParser) -> None:
    """Add the options of the waterfall."""
    parser.add_argument(
        "--from", dest="since", metavar="DATE", help="from the end of this day; by default, of the quarter before"
    )
    parser.add_argument(
        "--to", dest="as_of", metavar="DATE", help="to the end of this day; by default the newest recorded one"
    )
    parser.add_argument(
        "--closing", metavar="PERIOD", help="only deals expected to close in it: 2026-Q2, or 2026-04-01,2026-05-15"
    )
    parser.add_argument("--by", nargs="+", default=[], metavar="DIM", help="group by columns, e.g. owner.team")
    parser.add_argument(
        "--where",
        nargs="+",
        action="extend",
        default=[],
        metavar="COLUMN=VALUE",
        help="only these deals; COLUMN= is blank",
    )
    parser.add_argument("--known", metavar="DATE", help="as it was known at the end of this day")
    parser.add_argument("--deals", metavar="BAR[/CAUSE]", help="list the deals of a bar, e.g. moved_out/pushed_out")
    parser.add_argument("--format", choices=("table", "json"), default="table")
