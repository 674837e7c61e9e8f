"""`crmcore next`: which deals, or leads, to look after next, why, and what each one lacks."""

from __future__ import annotations

import argparse
from typing import Any

from ..algebra.columns import Expr
from ..algebra.walk import conjunction
from ..errors import ArgumentError
from ..table.dataset import Dataset
from ..workspace import Workspace
from .conditions import condition_of, moment
from .question import data_of, workspace_of
from .rates import rates_told
from .screen import show

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Rank and print."""
    if args.top is not None and args.top < 0:
        raise ArgumentError(f"--top takes a number of rows, got {args.top}")
    workspace = workspace_of(args)
    if args.scorer:
        workspace.scorer(args.scorer)  # a wrong name is said before anything is read
    data = data_of(args)
    table = "lead" if args.leads else "opportunity"
    given: dict[str, Any] = {
        "where": _where(args, table, data, workspace),
        "as_of": moment(args.as_of, "--as-of") if args.as_of else None,
        "scorer": args.scorer,
    }
    with rates_told(args):
        found = (workspace.follow_up if args.leads else workspace.next_steps)(data, **given)
    shown = found if args.top is None else found.top(args.top)
    show(shown.to_json(indent=2) if args.format == "json" else str(shown), table=args.format == "table")
    return 0


def _where(args: argparse.Namespace, table: str, data: Dataset, workspace: Workspace) -> Expr | None:
    """Return the conditions of --where and --owner together."""
    owners = [f"owner={name}" for name in args.owner]
    mine = [condition_of([text], [table], data, workspace) for text in owners]
    chosen = None
    for term in mine:
        assert term is not None
        chosen = term if chosen is None else chosen | term
    return conjunction(condition_of(args.where, [table], data, workspace), chosen)
