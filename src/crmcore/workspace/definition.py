"""Definition: a metric as plain data, for lists, pages and programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..algebra.aggregates import STOCK, Aggregate
from ..algebra.columns import Col, Maybe
from ..algebra.node import Node
from ..algebra.render import text
from ..algebra.walk import walk
from ..domain.schema import RECORDS, fields_of
from ..metric import Metric

__all__ = ["columns_needed", "definition"]


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
        if isinstance(node, Aggregate) and node.table is not None:
            names = _columns(node)
            if node.at not in (None, STOCK):
                names.append(str(node.at))
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
