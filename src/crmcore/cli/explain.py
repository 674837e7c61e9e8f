"""`crmcore explain`: what a number means and rests on."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from ..calendars import parse_period
from ..errors import ArgumentError, GroupNotFound
from ..state.explain import defined, explained
from ..state.result import Result
from ..workspace import Workspace
from .conditions import pair
from .question import data_of, measured, workspace_of
from .screen import show

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Explain each metric in the row that --group names; without data, define it."""
    workspace = workspace_of(args)
    metrics = [workspace.metric(name) for name in args.metrics]
    if args.data is None and args.store is None:
        given = (
            args.group,
            args.by,
            args.per,
            args.where,
            args.as_of,
            args.known,
            args.interval,
            args.profile,
            args.tenant,
        )
        if any(given):
            raise ArgumentError(
                "explaining a number takes --data PATH or --store STORE; without it only the definition is shown"
            )
        show("\n\n".join(defined(m, language=workspace.language) for m in metrics))
        return 0
    group = dict(pair(text, "--group") for text in args.group)
    by = [*args.by, *(key for key in group if key not in args.by and key != "period")]
    result = measured(args, workspace, data_of(args, blank=True), by=by, per=args.per or _grain(group, workspace))
    row = _row(result, group)
    show("\n\n".join(explained(result, m.name, row) for m in metrics))
    return 0


def _grain(group: Mapping[str, str], workspace: Workspace) -> str | None:
    """Return the kind of period that --group period=2026-Q2 speaks of."""
    return parse_period(group["period"], workspace.calendar).grain if "period" in group else None


def _row(result: Result, group: Mapping[str, str]) -> dict[str, Any]:
    """Return the labels that the texts of --group stand for; KEY= is the blank group."""
    found: dict[str, Any] = {}
    for key, text in group.items():
        labels = {"" if x is None else str(x): x for x in result.column(key)}
        if text not in labels:
            raise GroupNotFound(text, (x for x in labels if x), where=f"under {key!r}")
        found[key] = labels[text]
    return found
