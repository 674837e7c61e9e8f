"""Definition: a metric or an analysis as plain data, for lists, pages and programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..algebra.aggregates import STOCK, Aggregate
from ..algebra.columns import Col, Maybe
from ..algebra.node import Node
from ..algebra.render import text
from ..algebra.walk import walk
from ..domain.schema import RECORDS, fields_of
from ..kpis.entry import Analysis
from ..locales import locale
from ..metric import Metric
from ..plan.requests import each_of, leaves_of, reading
from ..table.shares import SPANNED
from .analyses import choices_of, written

__all__ = ["analysis_definition", "columns_needed", "definition", "described"]


def definition(metric: Metric) -> dict[str, Any]:
    """Return everything that says what a metric is, ready for JSON."""
    return {
        "name": metric.name,
        "labels": dict(metric.labels),
        "summary": metric.summary,
        "formula": text(metric.formula),
        "unit": metric.unit,
        "better": metric.better,
        "anchor": metric.anchor,
        "rules": list(metric.rules),
        "source": metric.source,
        "subject": metric.subject,
        "revision": metric.revision,
        "columns": columns_needed(metric),
    }


def columns_needed(metric: Metric) -> list[str]:
    """Return the columns that a metric cannot do without, as "table.column", those of referenced tables included."""
    found: dict[str, None] = {}
    for node in walk(metric.formula):
        if isinstance(node, Aggregate) and node.rolls_up:
            for each in each_of(node):
                for inner in (a for leaf in leaves_of(each.formula) for a in reading(leaf.aggregate)):
                    for name in _columns(each.by):
                        found.update(dict.fromkeys(_path(str(inner.table), name)))
        elif isinstance(node, Aggregate) and node.table is not None:
            names = _columns(node)
            if node.at not in (None, STOCK):
                names.append(str(node.at))
                if node.table in SPANNED and node.at == "start":  # it belongs to the days until its end (M8)
                    names.append("end")
            for name in names:
                found.update(dict.fromkeys(_path(node.table, name)))
    return list(found)


def _columns(node: Node) -> list[str]:
    """Return the columns that a node cannot do without."""
    if isinstance(node, Maybe):
        return []
    return [node.name] if isinstance(node, Col) else [name for child in node.children() for name in _columns(child)]


def _path(table: str, name: str) -> Iterator[str]:
    """Yield the columns on the way: `owner.team` of opportunity is opportunity.owner and seller.team."""
    head, _, rest = name.partition(".")
    target = _referenced(table, head) if rest else None
    if target is None:
        yield f"{table}.{name}"
        return
    yield f"{table}.{head}"
    yield from _path(target, rest)


def _referenced(table: str, column: str) -> str | None:
    fields = fields_of(RECORDS[table]) if table in RECORDS else ()
    return next((f.references for f in fields if f.name == column), None)


def analysis_definition(analysis: Analysis) -> dict[str, Any]:
    """Return everything that says what an analysis is, ready for JSON."""
    return {
        "name": analysis.name,
        "labels": dict(analysis.labels),
        "summary": analysis.summary,
        "function": f"crmcore.analysis.{analysis.function}",
        "choices": choices_of(analysis),
        "unit": analysis.unit,
        "better": analysis.better,
        "anchor": analysis.anchor,
        "rules": list(analysis.rules),
        "source": analysis.source,
        "subject": analysis.subject,
        "revision": analysis.revision,
        "columns": [f"{table}.{column}" for table, listed in analysis.needs.items() for column in listed],
    }


def described(analysis: Analysis, language: str = "en") -> str:
    """Return the definition of an analysis as text."""
    words = locale(language)
    say = words.words
    facts = analysis_definition(analysis)
    pairs = [
        (say["unit"], words.units[analysis.unit]),
        (say["direction"], words.better[analysis.better]),
        (say["columns"], ", ".join(facts["columns"]) or say["any"]),
        (say["choices"], " ".join(f"{k}={written(v)}" for k, v in facts["choices"].items()) or say["none"]),
        (say["rules"], ", ".join(analysis.rules)),
        (say["source"], analysis.source),
    ]
    return "\n".join(
        [
            f"{analysis.label(language)} ({analysis.name})",
            analysis.summary,
            "",
            f'  crmcore.analyse("{analysis.name}", data)',
            "",
            *(f"{name}{say['colon']}{value}" for name, value in pairs),
        ]
    )
