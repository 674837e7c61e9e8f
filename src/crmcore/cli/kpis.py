"""`crmcore kpis`: the metrics and analyses there are, and what each means."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from ..kpis import ANALYSES
from ..kpis.entry import Analysis
from ..locales import locale
from ..metric import Metric
from ..state.explain import defined
from ..state.present.width import aligned
from ..workspace import columns_needed, definition
from ..workspace.arguments import subject_of
from ..workspace.definition import analysis_definition, described
from .question import workspace_of
from .screen import show

__all__ = ["run"]

Entry = Metric | Analysis


def run(args: argparse.Namespace) -> int:
    """List the entries, or show one."""
    workspace = workspace_of(args)
    if args.name:
        found: list[Entry] = [ANALYSES[args.name] if args.name in ANALYSES else workspace.metric(args.name)]
    else:
        found = _by_subject([*workspace.metrics.values(), *ANALYSES.values()])
    if args.subject:
        found = _of_subject(found, args.subject)
    if args.search:
        found = [e for e in found if _matches(e, args.search)]
    if args.format == "json":
        plain = [definition(e) if isinstance(e, Metric) else analysis_definition(e) for e in found]
        show(json.dumps(plain, ensure_ascii=False, indent=2))
    elif not found:
        show(locale(workspace.language).words["nothing found"])
    elif args.name:
        show("\n".join(_shown(e, workspace.language) for e in found))
    else:
        show(_listed(found, workspace.language))
    return 0


def _by_subject(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries with those of one subject together, subjects in the order of their first entry."""
    order = {s: i for i, s in enumerate(dict.fromkeys(e.subject for e in entries))}
    return sorted(entries, key=lambda e: order[e.subject])


def _of_subject(entries: Sequence[Entry], subject: str) -> list[Entry]:
    subject_of(subject, [s for s in dict.fromkeys(e.subject for e in entries) if s], "entry")
    return [e for e in entries if e.subject == subject]


def _shown(entry: Entry, language: str) -> str:
    if isinstance(entry, Analysis):
        return described(entry, language)
    words = locale(language).words
    return f"{defined(entry, language=language)}\n{words['columns']}{words['colon']}{', '.join(columns_needed(entry))}"


def _listed(entries: Sequence[Entry], language: str) -> str:
    """Return one table per subject, all with the same columns."""
    words = locale(language)
    say = words.words
    headers = [say[h] for h in ("name", "label", "kind", "unit", "better", "anchor")]
    rows = [
        [
            e.name,
            e.label(language),
            say["analysis" if isinstance(e, Analysis) else "metric"],
            words.units[e.unit],
            words.better[e.better],
            e.anchor or "",
        ]
        for e in entries
    ]
    head, rule, *lines = aligned(headers, rows, [False] * len(headers))
    parts, before = [head, rule], None
    for entry, line in zip(entries, lines, strict=True):
        if entry.subject != before:
            parts += ["", words.subjects.get(entry.subject, entry.subject)]
            before = entry.subject
        parts.append(line)
    return "\n".join(parts)


def _matches(entry: Entry, text: str) -> bool:
    places = (entry.name, *entry.labels.values(), entry.summary, entry.source, entry.subject)
    return any(text.casefold() in place.casefold() for place in places)
