"""`crmcore scorecard`: every metric that the data has the inputs for, and what the others lack."""

from __future__ import annotations

import argparse

from .conditions import condition_of, moment
from .question import data_of, workspace_of
from .screen import show

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    workspace = workspace_of(args)
    data = data_of(args)
    card = workspace.scorecard(
        data if args.store is None else None,  # of a store, the columns that are kept
        per=args.per,
        where=condition_of(args.where, list(data.tables), data, workspace),
        as_of=moment(args.as_of, "--as-of") if args.as_of else None,
        subjects=args.subject,
    )
    show(card.to_json(indent=2) if args.format == "json" else str(card))
    return 0
