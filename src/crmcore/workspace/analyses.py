"""Analyses by name, and what may be chosen of each."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from inspect import Parameter, signature
from typing import Any

from ..errors import AnalysisNotFound
from ..kpis import ANALYSES
from ..kpis.entry import Analysis
from .arguments import check_keywords

__all__ = ["analysis_named", "check_choices", "choices_of", "written"]


def analysis_named(name: str, metrics: Container[str] = ()) -> Analysis:
    """Return the analysis of a name.

    Args:
        name: of an entry of `crmcore.kpis.ANALYSES`.
        metrics: names that are metrics, to which the error points.

    Raises:
        AnalysisNotFound: no such analysis, with the nearest names.
    """
    found = ANALYSES.get(name)
    if found is None:
        hint = f"{name!r} is a metric; crmcore.measure({name!r}, data) gives its numbers" if name in metrics else ""
        raise AnalysisNotFound(name, ANALYSES, hint=hint)
    return found


def choices_of(analysis: Analysis) -> dict[str, Any]:
    """Return the choices of an analysis with what they are by default, as plain data."""
    parameters = signature(analysis.run).parameters.values()
    return {p.name: None if p.default is p.empty else _plain(p.default) for p in parameters if _chosen(p)}


def _chosen(parameter: Parameter) -> bool:
    return parameter.kind is Parameter.KEYWORD_ONLY


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def written(value: Any) -> str:
    """Return a plain value as `--choose` takes it, items parted by commas; a mapping in braces."""
    if isinstance(value, Mapping):
        return "{" + "; ".join(f"{k}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return ",".join(map(written, value)) or "none"
    return "none" if value is None else str(value)


def check_choices(analysis: Analysis, names: Iterable[str]) -> None:
    """Check that these are choices of an analysis.

    Raises:
        ArgumentError: one of them is none, with the nearest name.
    """
    check_keywords(analysis.name, analysis.run, names)
