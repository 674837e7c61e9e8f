"""Metric names: plain ones, and those made by a window, a change or a share.

`won_value.trailing(90)` and `won_value_trailing_90_days` name the same metric.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..calendars import GRAINS
from ..errors import ArgumentError, MetricNotFound
from ..kpis import ANALYSES
from ..metric import Metric

__all__ = ["metric_named"]

_CALL = re.compile(r"^(?P<base>.+)\.(?P<verb>[a-z_]+)\((?P<args>[^()]*)\)$")
_GRAINS = "|".join(GRAINS)
_SUFFIXES: tuple[tuple[re.Pattern[str], Callable[[Metric, re.Match[str]], Metric]], ...] = (
    (
        re.compile(rf"^(?P<base>.+)_trailing_(?P<n>\d+)_(?P<unit>{_GRAINS})s$"),
        lambda m, x: m.trailing(int(x["n"]), x["unit"]),
    ),
    (re.compile(rf"^(?P<base>.+)_change_(?P<unit>{_GRAINS})$"), lambda m, x: m.change(x["unit"])),
    (re.compile(rf"^(?P<base>.+)_difference_(?P<unit>{_GRAINS})$"), lambda m, x: m.difference(x["unit"])),
    (re.compile(rf"^(?P<base>.+)_previous_(?P<unit>{_GRAINS})$"), lambda m, x: m.previous(x["unit"])),
    # the shortest base leaves the longest unit: fiscal_year, not year
    (re.compile(rf"^(?P<base>.+?)_(?P<unit>{_GRAINS})_to_date$"), lambda m, x: m.to_date(x["unit"])),
    (re.compile(r"^(?P<base>.+)_year_ago$"), lambda m, _: m.year_ago()),
    (re.compile(r"^(?P<base>.+)_share$"), lambda m, _: m.share()),
)
_VERBS = ("change", "difference", "previous", "share", "to_date", "trailing", "year_ago")


def metric_named(name: str, known: Mapping[str, Metric]) -> Metric:
    """Return the metric of a name.

    Raises:
        MetricNotFound: no such metric, with the nearest names.
        ArgumentError: a window that is not one.
    """
    if name in known:
        return known[name]
    call = _CALL.match(name.strip())
    if call:
        return _called(metric_named(call["base"], known), call["verb"], call["args"], name)
    for pattern, make in _SUFFIXES:
        found = pattern.match(name)
        if found and _base(found["base"], known) is not None:
            return make(metric_named(found["base"], known), found)
    hint = f"{name!r} is an analysis; crmcore.analyse({name!r}, data) runs it" if name in ANALYSES else ""
    raise MetricNotFound(name, known, hint=hint)


def _base(name: str, known: Mapping[str, Metric]) -> Metric | None:
    try:
        return metric_named(name, known)
    except MetricNotFound:
        return None


def _called(metric: Metric, verb: str, args: str, text: str) -> Metric:
    if verb not in _VERBS:
        raise ArgumentError(f"{text!r}: a metric has no {verb}(); it has {', '.join(v + '()' for v in _VERBS)}")
    parts = [p.strip().strip("'\"") for p in args.split(",") if p.strip()]
    values: list[str | int] = [int(p) if p.isdigit() else p for p in parts]
    units = [v for v in values if isinstance(v, str)]
    if any(u not in GRAINS for u in units):
        raise ArgumentError(f"{text!r}: {units[0]!r} is no period; use {', '.join(GRAINS)}")
    try:
        made = getattr(metric, verb)(*values)
    except TypeError:
        raise ArgumentError(
            f"{text!r}: {verb}({args}) has the wrong arguments; write e.g. trailing(90) or change(year)"
        ) from None
    assert isinstance(made, Metric)
    return made
