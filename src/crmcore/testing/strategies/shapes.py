"""The tables that the strategies fill and ask about, and the words they use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import attrs

from ...algebra import STOCK
from ...domain import Rate

__all__ = ["COMMON", "CURRENCIES", "LABELS", "RATES", "SELLERS", "SHAPES", "WORDS", "Records", "Shape", "kinds_of"]

Records = dict[str, list[dict[str, object]]]

LABELS = ("North", "South", "华东", "华南", "a b", "Ünïcode")
SELLERS = ("s1", "s2", "s3", "李雷", "s9")
"""The last one is no seller: a reference to nobody."""
CURRENCIES = ("EUR", "USD", "JPY")
RATES = tuple(
    Rate(from_currency=code, to_currency="USD", valid_from=first, rate=Decimal(rate))
    for code, first, rate in (
        ("EUR", date(2022, 1, 1), "1.0811"), ("EUR", date(2024, 1, 1), "1.1"), ("JPY", date(2024, 2, 29), "0.0067"),
    )
)  # fmt: skip


@attrs.frozen
class Shape:
    """The columns of a table that the strategies fill and ask about, by what they hold."""

    words: tuple[str, ...]
    dates: tuple[str, ...]
    anchors: tuple[str, ...]
    money: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    durations: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()


SHAPES: Mapping[str, Shape] = {
    "opportunity": Shape(
        words=("owner", "region", "source", "outcome", "owner.team", "lead.source"),
        dates=("created_at", "closed_at", "expected_close", "lead.created_at"),
        anchors=("created_at", "closed_at", "expected_close", STOCK),
        money=("amount", "won_amount"),
        numbers=("reopened", "probability"),
        flags=("archived", "lead.converted"),
        counts=("reopened",),
    ),
    "lead": Shape(
        words=("owner", "region", "source", "owner.team"),
        dates=("created_at", "converted_at", "first_response_at"),
        anchors=("created_at", "converted_at", STOCK),
        money=("expected_amount",),
        flags=("converted",),
    ),
    "activity": Shape(
        words=("kind", "owner", "owner.team", "opportunity.outcome"),
        dates=("at", "done", "due"),
        anchors=("at", "done", "due", STOCK),
        numbers=("quantity",),
        durations=("duration",),
        counts=("quantity",),
    ),
    "cost": Shape(
        words=("kind", "category", "owner", "owner.team"), dates=("date",), anchors=("date",), money=("amount",)
    ),
    "target": Shape(
        words=("owner", "region", "owner.team"),
        dates=("start", "end"),
        anchors=("start",),
        money=("amount",),
        numbers=("quantity",),
    ),
}
COMMON = ("owner", "owner.team", "owner.region")
"""Keys that every one of these tables has."""


_OUTCOMES = ("won", "won", "lost", "open", "abandoned")
_SOURCES = ("web", "推荐", "fair")
WORDS: Mapping[str, tuple[str, ...]] = {
    "owner": SELLERS,
    "owner.team": ("t1", "t2", "销售部"),
    "owner.region": ("EMEA", "APAC"),
    "region": LABELS,
    "source": _SOURCES,
    "lead.source": _SOURCES,
    "outcome": _OUTCOMES,
    "opportunity.outcome": _OUTCOMES,
    "kind": ("call", "visit", "administration", "spend", "expense"),
    "category": ("media", "差旅"),
}
"""What the columns of words hold."""


def kinds_of(table: str) -> tuple[str, ...]:
    """Return which of money, number and time the table has."""
    if table == "target":
        return ("money", "number")
    return ("money", "number", "time") if SHAPES[table].money else ("number", "time")
