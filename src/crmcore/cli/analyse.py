"""`crmcore analyse`: an analysis of the catalogue on data."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from ..errors import AnalysisNotFound, ArgumentError
from ..kpis import ANALYSES
from .conditions import condition_of, moment
from .question import data_of, workspace_of
from .screen import show

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Analyse and print."""
    workspace = workspace_of(args)
    if args.name not in ANALYSES:  # a wrong name is said before anything is read
        raise AnalysisNotFound(args.name, ANALYSES)
    choices = _choices(args.choose, args.name)
    data = data_of(args)
    found = workspace.analyse(
        args.name,
        data,
        where=condition_of(args.where, [t for t in ANALYSES[args.name].needs if t in data], data, workspace),
        as_of=moment(args.as_of, "--as-of") if args.as_of else None,
        **choices,
    )
    if args.top is not None:
        found = found.top(args.top)
    show(found.to_json(indent=2) if args.format == "json" else str(found), table=args.format == "table")
    return 0


def _choices(given: Iterable[str], name: str) -> dict[str, Any]:
    """Return the choices of an analysis by name: whole numbers as such, lists parted by commas, other values as text.

    Raises:
        ArgumentError: no NAME=VALUE, or a choice that the analysis has not.
    """
    known = [p.name for p in inspect.signature(ANALYSES[name].run).parameters.values() if p.kind is p.KEYWORD_ONLY]
    found: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not value:
            raise ArgumentError(f"--choose takes NAME=VALUE, got {text!r}")
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(known) or 'none'}"
            raise ArgumentError(f"{name} has no choice {key!r}{hint}")
        parts = [_value(part) for part in value.split(",")]
        found[key] = parts[0] if len(parts) == 1 else tuple(parts)
    return found


def _value(text: str) -> str | int:
    return int(text) if text.lstrip("-").isdigit() else text
