"""`crmcore score`: the rows of a table by their scores, the best first, each with its reasons."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ..errors import ArgumentError, ScorerNotFound
from ..scoring import Scheme, Scorer, Scores
from ..state.present import listing_csv
from ..workspace import Workspace
from .conditions import condition_of, moment
from .question import data_of, workspace_of
from .rates import rates_told
from .screen import show

__all__ = ["run"]

_HINT = "give the path of a TOML scheme, or --discover, --plugin or --workspace with a plugin that has it"


def run(args: argparse.Namespace) -> int:
    """Score and print or write."""
    if args.top is not None and args.top < 0:
        raise ArgumentError(f"--top takes a number of rows, got {args.top}")
    if args.formulas and args.format != "csv":
        raise ArgumentError("--formulas is for --format csv")
    workspace = workspace_of(args)
    scorer = _scorer(args.name, workspace)  # a wrong name is said before anything is read
    data = data_of(args)
    with rates_told(args):
        found = workspace.score(
            scorer,
            data if args.store is None else None,  # of a store, tables without records are there too
            where=condition_of(args.where, [scorer.table], data, workspace),
            as_of=moment(args.as_of, "--as-of") if args.as_of else None,
        ).sorted()
    text = _written(found, args)
    if args.output:
        Path(args.output).write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8", newline="")
    else:
        show(text.removesuffix("\n"), table=args.format == "table" and not args.id)
    return 0


def _scorer(name: str, workspace: Workspace) -> Scorer:
    """Return the scorer of the workspace with a name, or the scheme in a TOML file."""
    if name.lower().endswith(".toml"):
        return Scheme.load(name)
    if name not in workspace.scorers:
        raise ScorerNotFound(name, workspace.scorers, hint="" if workspace.scorers else _HINT)
    return workspace.scorer(name)


def _written(found: Scores, args: argparse.Namespace) -> str:
    if args.id:
        return _of_ids(found, args)
    if args.format == "table":
        return str(found) if args.top is None else str(found.listing(top=args.top))
    chosen = found if args.top is None else found.top(args.top)
    return chosen.to_json(indent=2) if args.format == "json" else listing_csv(chosen.listing(), formulas=args.formulas)


def _of_ids(found: Scores, args: argparse.Namespace) -> str:
    """Return the scores of single rows, each with all its reasons."""
    if args.format == "csv" or args.top is not None:
        raise ArgumentError("--id shows single rows, as text or with --format json; it goes without --top")
    listed = {str(i): place for place, i in enumerate(found.ids.tolist())}
    for i in args.id:
        if i not in listed:
            found.of(i)  # raises, with the nearest ids
    chosen = found.at(np.array([listed[i] for i in args.id]))
    if args.format == "json":
        return chosen.to_json(indent=2)
    return "\n\n".join(score.text(found.language) for score in chosen)
