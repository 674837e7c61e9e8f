"""`crmcore waterfall`: what moved the open pipeline between two instants."""

from __future__ import annotations

import argparse

from ..analysis.waterfall import Waterfall
from ..workspace.analyses import analysis_named
from .conditions import condition_of, moment
from .question import data_of, workspace_of
from .screen import show

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Compute the waterfall and print its bars, or the deals of one."""
    analysis = analysis_named("pipeline_waterfall")
    workspace, data = workspace_of(args), data_of(args)
    chosen = {"since": moment(args.since, "--from")} if args.since else {}
    closing = tuple(args.closing.split(",")) if args.closing and "," in args.closing else args.closing
    found = workspace.analyse(
        analysis.name,
        data if args.store is None else None,  # of a store, its changes are there too
        where=condition_of(args.where, analysis.needs, data, workspace),
        as_of=moment(args.as_of, "--to") if args.as_of else None,
        known=moment(args.known, "--known") if args.known else None,
        closing=closing,
        by=tuple(args.by),
        **chosen,
    )
    if args.deals is not None and isinstance(found, Waterfall):
        bar, _, cause = args.deals.partition("/")
        found = found.deals(bar, cause or None)
    show(found.to_json(indent=2) if args.format == "json" else str(found), table=args.format == "table")
    return 0
