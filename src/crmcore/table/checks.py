"""What ingest looks for in whole tables: oddities that are kept as they are, and listed.

Each check returns the rows it found, so that the issue can quote them. None changes a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ..calendars import Zone
from .column import Array, Column, Mask
from .dates import local_days

__all__ = ["Finding", "backwards", "check_table"]


class Finding(NamedTuple):
    """Rows, by position, in which something is odd."""

    kind: str
    column: str
    rows: Array
    detail: str = ""


_ORDERS = {
    "lead": (
        ("created_at", "converted_at", "converted before created"),
        ("created_at", "lost_at", "lost before created"),
    ),
    "opportunity": (("created_at", "closed_at", "closed before created"),),
    "quote": (("sent_at", "decided_at", "decided before sent"),),
    "invoice": (("issued_at", "paid_at", "paid before issued"),),
    "subscription": (("start", "end", "end before start"),),
    "membership": (("start", "end", "end before start"),),
    "target": (("start", "end", "end before start"),),
    "forecast": (("start", "end", "end before start"),),
    "cost": (("start", "end", "end before start"),),
    "campaign": (("start", "end", "end before start"),),
}
"""Table -> columns that do not run backwards (T3)."""


def check_table(name: str, columns: Mapping[str, Column], keep: Mask | None, zone: Zone) -> Iterator[Finding]:
    """Yield what is odd in a table.

    Args:
        name: name of the table.
        columns: its columns.
        keep: rows that are looked at; None for all.
        zone: in which instants are compared with dates.

    Rules: O4, T3, M3, M6
    """
    for first, then, kind in _ORDERS.get(name, ()):
        if first in columns and then in columns:
            yield _found(kind, then, backwards(columns[first], columns[then], zone), keep)
    if name == "opportunity":
        yield from _outcomes(columns, keep)
    elif name == "lead" and {"converted", "converted_at"} <= columns.keys():
        unconverted = ~columns["converted"].data & columns["converted_at"].present()
        yield _found("converted_at on a lead not converted", "converted_at", unconverted, keep)
    elif name == "response" and {"kind", "score"} <= columns.keys():
        yield _found("nps score outside 0 to 10", "score", _off_the_scale(columns["kind"], columns["score"]), keep)
    elif name == "split" and {"opportunity", "share"} <= columns.keys():
        yield from _splits(columns, keep)


def _found(kind: str, column: str, odd: Mask, keep: Mask | None) -> Finding:
    return Finding(kind, column, np.flatnonzero(odd if keep is None else odd & keep))


def backwards(first: Column, then: Column, zone: Zone) -> Mask:
    """Return where `then` lies before `first`; by local days as soon as one of them is a date (T2)."""
    a, b = first.data, then.data
    if first.kind != then.kind:
        a, b = (c.data if c.kind == "day" else local_days(c.data, zone) for c in (first, then))
    late: Mask = b < a
    for column in (first, then):
        if column.valid is not None:
            late &= column.valid
    return late


def _off_the_scale(kind: Column, score: Column) -> Mask:
    """Return the answers to the question of recommendation that it cannot have; a record of the domain refuses them."""
    asked = kind.data == (kind.labels.index("nps") if "nps" in kind.labels else -1)
    off: Mask = asked & score.present() & ((score.data < 0) | (score.data > 10 * score.scale))
    return off


def _outcomes(columns: Mapping[str, Column], keep: Mask | None) -> Iterator[Finding]:
    outcome, closed_at = columns.get("outcome"), columns.get("closed_at")
    if outcome is None:
        return
    code = {label: i for i, label in enumerate(outcome.labels)}
    is_open = outcome.data == code.get("open", -1)
    yield _found("no outcome", "outcome", outcome.data == 0, keep)
    if closed_at is not None:
        there = closed_at.present()
        yield _found("closed_at on an open opportunity", "closed_at", is_open & there, keep)  # O4
        yield _found("closed without closed_at", "closed_at", ~is_open & (outcome.data != 0) & ~there, keep)
    priced = [columns[n].present() for n in ("amount", "won_amount") if n in columns]
    if priced:
        won = outcome.data == code.get("won", -1)
        for there in priced:
            won &= ~there
        yield _found("unpriced", "amount" if "amount" in columns else "won_amount", won, keep)  # M3


def _splits(columns: Mapping[str, Column], keep: Mask | None) -> Iterator[Finding]:
    """Yield revenue splits that do not sum to one (M6); overlays may sum to anything."""
    opportunity, share, kind = columns["opportunity"], columns["share"], columns.get("kind")
    counted = share.present() & (opportunity.data != 0 if opportunity.kind == "key" else True)
    if keep is not None:
        counted = counted & keep
    if kind is not None and "overlay" in kind.labels:
        counted = counted & (kind.data != kind.labels.index("overlay"))
    rows = np.flatnonzero(counted)
    totals = np.zeros(len(opportunity.labels), np.int64)
    np.add.at(totals, opportunity.data[rows].astype(np.int64), share.data[rows].astype(np.int64))
    wrong = totals != share.scale
    odd = rows[wrong[opportunity.data[rows].astype(np.int64)]]
    if odd.size:
        codes = list(dict.fromkeys(opportunity.data[odd].tolist()))
        shown = ", ".join(f"{opportunity.labels[c]!r}: {totals[c] / share.scale:g}" for c in codes[:5])
        more = f" and {len(codes) - 5} more" if len(codes) > 5 else ""
        yield Finding("shares do not sum to one", "share", odd, shown + more)
