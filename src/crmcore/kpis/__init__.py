"""The catalogue: every KPI that is one formula, as data, one module per subject.

`CATALOGUE` holds them by name. A definition with a choice in it that the host makes - how many days, which columns - is
a function here that builds the metric for that choice, under a name of its own (R4); the catalogue lists the usual ones.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from ..errors import DefinitionError
from ..metric import Metric
from . import (
    acquisition,
    activity,
    attribution,
    concentration,
    conversion,
    cycle,
    data_quality,
    experience,
    forecast,
    marketing,
    movement,
    orders,
    outcome,
    pipeline,
    profile,
    quota,
    quotes,
    receivables,
    retention,
    revenue,
    segments,
    tiers,
)
from .acquisition import cac, customer_lifetime_value
from .cycle import response_sla_rate
from .data_quality import completeness, stale_open_deals_share
from .entry import Analysis
from .outcome import win_rate_stale_as_lost
from .pipeline import open_value_closing_within, stalled_deals
from .profile import won_trait_lift_of, won_trait_ratio_of
from .retention import lifetime_value, recurring_movements, recurring_retention, returning_customers
from .revenue import won_value_cagr

__all__ = [
    "ANALYSES",
    "CATALOGUE",
    "cac",
    "completeness",
    "customer_lifetime_value",
    "lifetime_value",
    "open_value_closing_within",
    "recurring_movements",
    "recurring_retention",
    "response_sla_rate",
    "returning_customers",
    "stale_open_deals_share",
    "stalled_deals",
    "win_rate_stale_as_lost",
    "won_trait_lift_of",
    "won_trait_ratio_of",
    "won_value_cagr",
]


Entry = TypeVar("Entry", Metric, Analysis)


def _by_name(entries: Iterable[Entry], others: Container[str] = ()) -> Mapping[str, Entry]:
    """Return entries by name, in their order; a name stands for one definition (R4)."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.name in found or entry.name in others:
            raise DefinitionError(f"two metrics of the catalogue are called {entry.name!r}", name=entry.name)
        found[entry.name] = entry
    return MappingProxyType(found)


_SUBJECTS = (
    conversion,
    outcome,
    cycle,
    quotes,
    pipeline,
    movement,
    revenue,
    quota,
    forecast,
    acquisition,
    marketing,
    attribution,
    retention,
    orders,
    segments,
    concentration,
    profile,
    experience,
    receivables,
    activity,
    tiers,
    data_quality,
)

CATALOGUE: Mapping[str, Metric] = _by_name(metric for subject in _SUBJECTS for metric in subject.METRICS)
"""Every KPI that is one formula, by name; it cannot be changed."""

ANALYSES: Mapping[str, Analysis] = _by_name(
    (analysis for subject in _SUBJECTS for analysis in getattr(subject, "ANALYSES", ())), CATALOGUE
)
"""What is not one formula, by name; it cannot be changed. `crmcore.analyse` runs them."""
