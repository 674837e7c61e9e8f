"""`crmcore kpis`: the metrics there are, and what each means."""

from __future__ import annotations

import argparse
import json

from ..locales import locale
from ..metric import Metric
from ..state.explain import defined
from ..state.present.width import aligned
from ..workspace import columns_needed, definition
from .question import workspace_of
from .screen import show

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """List the metrics, or show one."""
    workspace = workspace_of(args)
    found = [workspace.metric(args.name)] if args.name else list(workspace.metrics.values())
    if args.search:
        found = [m for m in found if _matches(m, args.search)]
    if args.format == "json":
        show(json.dumps([definition(m) for m in found], ensure_ascii=False, indent=2))
    elif args.name:
        needed = ", ".join(columns_needed(found[0])) if found else ""
        words = locale(workspace.language).words
        show(
            "\n".join(
                f"{defined(m, language=workspace.language)}\n{words['columns']}{words['colon']}{needed}" for m in found
            )
        )
    else:
        _listed(found, workspace.language)
    return 0


def _listed(metrics: list[Metric], language: str) -> None:
    words = locale(language)
    headers = [words.words[h] for h in ("name", "label", "unit", "better", "anchor")]
    rows = [[m.name, m.label(language), words.units[m.unit], words.better[m.better], m.anchor or ""] for m in metrics]
    show("\n".join(aligned(headers, rows, [False] * len(headers))), table=True)


def _matches(metric: Metric, text: str) -> bool:
    places = (metric.name, *metric.labels.values(), metric.summary, metric.source, metric.subject)
    return any(text.casefold() in place.casefold() for place in places)
