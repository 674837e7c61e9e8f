"""`crmcore measure`: numbers by group and period."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import ArgumentError
from ..state.present import csv_text, jsonl, markdown, text_table
from ..state.result import Result
from .question import data_of, measured, workspace_of
from .screen import show

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Measure, order, and print or write."""
    workspace = workspace_of(args)
    for name in args.metrics:
        workspace.metric(name)  # a wrong name is said before anything is read
    result = _ordered(measured(args, workspace, data_of(args, blank=True), by=args.by, per=args.per), args)
    text = _written(result, args)
    if args.output:
        Path(args.output).write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8", newline="")
    else:
        show(text.removesuffix("\n"), table=args.format == "table")
    return 0


def _ordered(result: Result, args: argparse.Namespace) -> Result:
    if args.top is not None and args.top < 0:
        raise ArgumentError(f"--top takes a number of rows, got {args.top}")
    if args.sort:
        # best first: the largest, unless less is better; keys run from first to last
        is_key = args.sort in result.axes
        better = "" if is_key else result[args.sort].metric.better
        if args.interval and better in ("higher", "lower"):
            result = result.ranked(args.sort)  # R3
        else:
            result = result.sorted(args.sort, descending=not is_key and better != "lower")
    return result if args.top is None else result.top(args.top)


def _written(result: Result, args: argparse.Namespace) -> str:
    if args.format == "json":
        return result.to_json(indent=2)
    if args.format == "jsonl":
        return jsonl(result, total=args.total)
    if args.format == "csv":
        return csv_text(result, total=args.total, formulas=args.formulas)
    return (markdown if args.format == "markdown" else text_table)(result, total=args.total)
