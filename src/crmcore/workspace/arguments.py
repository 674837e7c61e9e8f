"""Arguments of a question, checked where they are given, so that none fails deep inside."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from difflib import get_close_matches
from inspect import Parameter, signature
from numbers import Real
from typing import Any

from ..algebra.columns import Expr, col
from ..calendars import GRAINS
from ..errors import ArgumentError
from ..locales import LANGUAGES, Language
from ..metric import Metric
from ..table.dataset import Dataset

__all__ = [
    "check_condition",
    "check_data",
    "check_grain",
    "check_keywords",
    "confidence_of",
    "keys_of",
    "language_of",
    "listed_metrics",
    "subject_of",
]

CONFIDENCE = 0.95


def check_data(data: object) -> Dataset:
    """Return a dataset; raise where something else stands in its place."""
    if not isinstance(data, Dataset):
        raise ArgumentError(
            f"data is a Dataset, from crmcore.Dataset(...) or crmcore.read(...), got {type(data).__name__}"
        )
    return data


def check_condition(where: object) -> None:
    """Raise where something else stands in place of a condition."""
    if where is not None and not isinstance(where, Expr):
        raise ArgumentError(f"where takes a condition such as col('region') == 'EMEA', got {where!r}")


def check_grain(per: object) -> None:
    """Raise where there is no such kind of period."""
    if per is not None and per not in GRAINS:
        raise ArgumentError(f"per is one of {', '.join(GRAINS)}, got {per!r}")


def check_keywords(what: str, function: Callable[..., Any], names: Iterable[str], given: Container[str] = ()) -> None:
    """Check that these are choices of a function: keyword-only arguments, but for those that are given anyway.

    Raises:
        ArgumentError: one of them is none, with the nearest name.
    """
    parameters = signature(function).parameters.values()
    known = [p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY and p.name not in given]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
            raise ArgumentError(f"{what} has no choice {name!r}; {hint}")


def confidence_of(interval: object) -> float | None:
    """Return the confidence that is asked for; None where no interval is.

    Raises:
        ArgumentError: neither True or False nor a number between 0 and 1.
    """
    if isinstance(interval, bool):
        return CONFIDENCE if interval else None
    if not isinstance(interval, Real) or not 0 < float(interval) < 1:
        raise ArgumentError(f"interval is True, or a confidence between 0 and 1 such as 0.9, got {interval!r}")
    return float(interval)


def keys_of(by: Any) -> tuple[tuple[str, ...], tuple[Expr, ...]]:
    """Return the names of the keys of a question, and their expressions.

    Raises:
        ArgumentError: what is no column or expression, one named twice, or one with the name of the axis.
    """
    if not isinstance(by, (str, Expr, Iterable)):
        raise _no_column(by)
    names, keys = [], []
    for key in (by,) if isinstance(by, (str, Expr)) else by:
        if not isinstance(key, (str, Expr)):
            raise _no_column(key)
        keys.append(col(key) if isinstance(key, str) else key)
        names.append(key if isinstance(key, str) else repr(key))
    if len(set(names)) != len(names):
        raise ArgumentError(f"by names a column twice: {', '.join(names)}")
    if "period" in names:
        raise ArgumentError("'period' is the name of the period axis (per=...); group by a column of another name")
    return tuple(names), tuple(keys)


def language_of(language: str, known: Sequence[str]) -> str:
    """Return a language that the workspace can speak.

    Raises:
        ArgumentError: another one; the message lists those there are.
    """
    if language not in known:
        raise ArgumentError(f"no language {language!r}; there are {', '.join(known)}")
    return language if language in LANGUAGES else Language(language)


def subject_of(subject: object, known: Iterable[str], what: str) -> str:
    """Return a subject that is known.

    Args:
        subject: what is asked for.
        known: the subjects there are.
        what: what has a subject: "metric" or "entry".

    Raises:
        ArgumentError: no such subject, with the nearest or all of them.
    """
    there = list(known)
    if subject not in there:
        near = get_close_matches(str(subject).lower(), there, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(there)}"
        raise ArgumentError(f"no {what} has the subject {subject!r}; {hint}")
    return str(subject)


def _no_column(key: object) -> ArgumentError:
    return ArgumentError(f"by takes columns such as 'owner', or expressions such as day('closed_at'), got {key!r}")


def listed_metrics(metrics: Any) -> tuple[str | Metric, ...]:
    """Return what is to be measured, one or several.

    Raises:
        ArgumentError: nothing, or what is neither a name nor a metric.
    """
    if not isinstance(metrics, (str, Metric, Iterable)):
        raise ArgumentError(f"measure() takes names of metrics, or Metric objects, got {metrics!r}")
    listed: tuple[Any, ...] = (metrics,) if isinstance(metrics, (str, Metric)) else tuple(metrics)
    if not listed:
        raise ArgumentError("measure() needs at least one metric")
    for metric in listed:
        if not isinstance(metric, (str, Metric)):
            raise ArgumentError(f"measure() takes names of metrics, or Metric objects, got {metric!r}")
    return listed
