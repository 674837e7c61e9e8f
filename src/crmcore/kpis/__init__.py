"""The catalogue: every KPI that is one formula, as data, one module per subject.

`CATALOGUE` holds them by name. A definition with a choice in it that the host makes - how many days, which columns - is
a function here that builds the metric for that choice, under a name of its own (R4); the catalogue lists the usual ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ..errors import DefinitionError
from ..metric import Metric
from . import (
    acquisition,
    activity,
    concentration,
    conversion,
    cycle,
    data_quality,
    outcome,
    pipeline,
    profile,
    quota,
    revenue,
)
from .acquisition import cac, customer_lifetime_value
from .cycle import response_sla_rate
from .data_quality import completeness
from .outcome import win_rate_stale_as_lost
from .pipeline import open_value_closing_within, stalled_deals
from .profile import won_trait_lift_of, won_trait_ratio_of

__all__ = [
    "CATALOGUE",
    "cac",
    "completeness",
    "customer_lifetime_value",
    "open_value_closing_within",
    "response_sla_rate",
    "stalled_deals",
    "win_rate_stale_as_lost",
    "won_trait_lift_of",
    "won_trait_ratio_of",
]


def _by_name(metrics: Iterable[Metric]) -> Mapping[str, Metric]:
    """Return metrics by name, in their order; a name stands for one definition (R4)."""
    found: dict[str, Metric] = {}
    for metric in metrics:
        if metric.name in found:
            raise DefinitionError(f"two metrics of the catalogue are called {metric.name!r}", name=metric.name)
        found[metric.name] = metric
    return MappingProxyType(found)


_SUBJECTS = (
    conversion,
    outcome,
    cycle,
    pipeline,
    revenue,
    quota,
    acquisition,
    activity,
    profile,
    concentration,
    data_quality,
)

CATALOGUE: Mapping[str, Metric] = _by_name(metric for subject in _SUBJECTS for metric in subject.METRICS)
"""Every KPI that is one formula, by name; it cannot be changed."""
