"""`crmcore analyse`: an analysis of the catalogue on data."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from ..errors import ArgumentError
from ..locales import locale
from ..workspace.analyses import analysis_named, check_choices
from .conditions import condition_of, moment
from .question import data_of, workspace_of
from .screen import show

__all__ = ["analysed", "choice_of", "run"]


def run(args: argparse.Namespace) -> int:
    """Analyse and print."""
    return analysed(args, args.name, _choices(args.choose))


def analysed(args: argparse.Namespace, name: str, choices: dict[str, Any]) -> int:
    """Run an analysis with these choices, on the data and with the options of the arguments, and print it."""
    workspace = workspace_of(args)
    analysis = analysis_named(name, workspace.metrics)  # a wrong name is said before anything is read
    check_choices(analysis, choices)
    data = data_of(args)
    found = workspace.analyse(
        name,
        data if args.store is None else None,  # of a store, what its records were before is there too
        where=condition_of(args.where, [t for t in analysis.needs or data if t in data], data, workspace),
        as_of=moment(args.as_of, "--as-of") if args.as_of else None,
        **choices,
    )
    if args.top is not None:
        found = found.top(args.top)
    show(found.to_json(indent=2) if args.format == "json" else str(found), table=args.format == "table")
    if data.issues and args.format == "table":
        print(locale(workspace.language).words["issues"].format(n=len(data.issues)))
    return 0


def _choices(given: Iterable[str]) -> dict[str, Any]:
    """Return choices by name: whole numbers as such, lists parted by commas, other values as text.

    Raises:
        ArgumentError: no NAME=VALUE.
    """
    found: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not value:
            raise ArgumentError(f"--choose takes NAME=VALUE, got {text!r}")
        found[key] = choice_of(value)
    return found


def choice_of(text: str) -> Any:
    """Return a choice: a whole number as such, a list parted by commas, another value as text."""
    parts = [_value(part) for part in text.split(",")]
    return parts[0] if len(parts) == 1 else tuple(parts)


def _value(text: str) -> str | int:
    return int(text) if text.lstrip("-").isdigit() else text
