"""An attribution as a listing: one row per channel, and beside them what was credited and what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from ...state.listing import Fact, Heading, Listing, Values
from .result import Attribution

__all__ = ["listed"]

_HEADINGS = {
    "channel": ("label", "Channel", "渠道"),
    "conversions": ("number", "Conversions", "转化"),
    "conversion_share": ("ratio", "Share of conversions", "转化占比"),
    "removal_effect": ("ratio", "Removal effect", "移除效应"),
    "value": ("money", "Value", "金额"),
    "value_share": ("ratio", "Share of value", "金额占比"),
    "allocated": ("money", "Allocated", "分摊金额"),
}
_FACTS = {
    "conversions": ("count", "Conversions credited", "已归因转化"),
    "value": ("money", "Value credited", "已归因金额"),
    "currency": ("label", "Currency", "币种"),
    "journeys_without_conversion": ("count", "Journeys without conversion", "未转化旅程"),
    "conversions_without_touch": ("count", "Conversions without a touch, credited to nobody", "无触点转化（未归因）"),
    "value_without_touch": ("money", "Their value", "无触点转化的金额"),
    "conversions_without_amount": ("count", "Conversions without amount", "无金额转化"),
    "conversions_without_date": ("count", "Left out: conversions without date", "剔除：无日期的转化"),
    "touches_without_key": ("count", "Left out: touches without key", "剔除：无旅程键的触点"),
    "touches_without_date": ("count", "Left out: touches without date", "剔除：无日期的触点"),
    "touches_of_no_quantity": ("count", "Left out: touches of quantity 0 or less", "剔除：数量不为正的触点"),
    "touches_in_no_journey": (
        "count",
        "Left out: touches after the conversion or before the window",
        "剔除：窗口之外的触点",
    ),
}


def listed(found: Attribution, language: str = "en") -> Listing:
    """Return an attribution as a listing."""
    return Listing(
        [(_heading(name), values) for name, values in _columns(found)],
        facts=[*_facts(found), *found.journeys.choices, *found.choices],
        notes=[found.says],
        language=language,
    )


def _columns(found: Attribution) -> Iterator[tuple[str, Values]]:
    yield "channel", found.channels
    yield "conversions", found.conversions
    yield "conversion_share", found.conversion_share
    if found.removal_effect is not None:
        yield "removal_effect", found.removal_effect
    if found.value is not None and found.value_share is not None:
        yield "value", found.value
        yield "value_share", found.value_share
        yield "allocated", np.array([float(m.amount) for m in found.allocated().values()], np.float64)


def _facts(found: Attribution) -> Iterator[Fact]:
    journeys = found.journeys
    value = journeys.value
    yield _fact("conversions", journeys.credited)
    if value is not None:
        yield _fact("value", float(journeys.worth))
    if value is not None and value.currency is not None:
        yield _fact("currency", value.currency)
    yield _fact("journeys_without_conversion", int(journeys.nulls.sum()))
    yield _fact("conversions_without_touch", journeys.untouched, quiet=True)
    if value is not None:
        yield _fact("value_without_touch", float(Fraction(journeys.untouched_value, value.scale)), quiet=True)
        yield _fact("conversions_without_amount", journeys.unpriced, quiet=True)
    for reason, rows in journeys.left_out.items():
        yield _fact(reason, rows, quiet=True)


def _heading(name: str) -> Heading:
    unit, en, zh = _HEADINGS[name]
    return Heading(name, unit, {"en": en, "zh": zh})


def _fact(name: str, value: Any, *, quiet: bool = False) -> Fact:
    unit, en, zh = _FACTS[name]
    return Fact(name, value, unit, {"en": en, "zh": zh}, quiet)
