"""Explain: a metric's definition with the numbers of one row in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import TYPE_CHECKING, Any

from ..algebra.aggregates import STOCK
from ..algebra.render import text
from ..algebra.walk import aggregates_of
from ..locales import Locale, locale
from ..metric import Metric
from .filled import fill, leaves_within
from .present.numbers import places_of, shown
from .present.sheet import language_of, tally
from .present.width import clean, padded, width

if TYPE_CHECKING:
    from .measured import Measured
    from .result import Result

__all__ = ["defined", "explained"]

Lines = list[tuple[str, str]]


def explained(result: Result, metric: str, group: Mapping[str, Any], *, language: str | None = None) -> str:
    """Return what a number of a result means and rests on.

    Args:
        result: the numbers.
        metric: name of one of its metrics.
        group: the row, by its keys and "period".
        language: "en" or "zh"; by default that of the workspace.

    Raises:
        MetricNotFound, GroupNotFound, ArgumentError: no such number in the result.
    """
    chosen = language_of(result, language)
    words = locale(chosen)
    measured = result[metric]
    row = result.find(group)
    labels = {key: result.column(key)[row] for key in result.axes}
    facts = [
        *_meaning(measured.metric, words),
        *_basis(result, measured, row, words),
        *_left_out(result, metric, labels, words),
    ]
    return "\n".join(
        [
            _heading(measured.metric, labels, words, chosen),
            *([measured.metric.summary] if measured.metric.summary else []),
            "",
            f"  {metric} = {text(measured.metric.formula)}",
            f"  {metric} = {_worked(result, measured, row, words)}",
            "",
            *_beside(facts, words),
            *_tail(measured.metric, words),
        ]
    )


def defined(metric: Metric, *, language: str = "en") -> str:
    """Return the definition of a metric alone, without numbers."""
    words = locale(language)
    lines = [_heading(metric, {}, words, language), *([metric.summary] if metric.summary else []), ""]
    lines += [f"  {metric.name} = {text(metric.formula)}", "", *_beside(_meaning(metric, words), words)]
    return "\n".join([*lines, *_tail(metric, words)])


def _heading(metric: Metric, labels: Mapping[str, Any], words: Locale, language: str) -> str:
    blank = words.words["blank"]
    named = ", ".join(
        f"{words.words['period'].lower() if k == 'period' else k} {blank if x is None else clean(str(x))}"
        for k, x in labels.items()
    )
    label = metric.label(language)
    name = metric.name if label == metric.name else f"{label} ({metric.name})"
    return f"{name} {words.words['for'].format(row=named)}" if named else name


def _meaning(metric: Metric, words: Locale) -> Lines:
    say = words.words
    anchors: dict[str, None] = {}
    for a in aggregates_of(metric.formula):
        kind = "stock" if a.at == STOCK else "undated" if a.at is None else "flow"
        anchors[say[kind].format(table=a.table, column=a.at)] = None
    return [
        (say["unit"], words.units[metric.unit]),
        (say["direction"], words.better[metric.better]),
        (say["counted"], "; ".join(anchors)),
    ]


def _worked(result: Result, measured: Measured, row: int, words: Locale) -> str:
    """Return the formula with numbers in it, and what comes out: 208 / 336 = 0.6190 (61.9 %)."""
    metric = measured.metric
    leaves = leaves_within(metric.formula)
    numbers = dict(zip((x.key for x in leaves), result.parts(metric, leaves, row), strict=True))
    filled = fill(metric.formula, lambda leaf: _number(numbers[leaf.key], words))
    value = result.plain(metric.name)[row]
    if value is None:
        reason = words.reason(measured.reason(row) or "")
        outcome = words.words["because"].format(what=words.words["undefined"], why=reason)
    elif metric.unit == "ratio":
        outcome = f"{value:,.4f} ({shown(value, 'ratio', 1)})"
    elif metric.unit == "label":
        outcome = str(value)
    else:
        outcome = _number(value, words)
    alone = [x.key for x in leaves] == [metric.formula.key]
    return outcome if alone or filled == outcome else f"{filled} = {outcome}"


def _number(value: Any, words: Locale) -> str:
    """Return a number with up to four decimals: whole ones without, others with two at least."""
    if value is None:
        return words.words["undefined"]
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) < 0.001:  # four decimals would show next to nothing of it
        return f"{value:.4g}"
    whole, _, decimals = f"{value:,.4f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _basis(result: Result, measured: Measured, row: int, words: Locale) -> Lines:
    say, settings = words.words, result.settings
    if settings.get("as_of") is None:
        as_of = say["none"]
    else:
        source = settings["as_of_source"]
        as_of = say["because"].format(what=settings["as_of"], why=say["given"] if source == "given" else source)
    n = float(measured.n[row])
    known = [] if settings.get("known") is None else [(say["known heading"], settings["known"])]
    lines = [
        (say["as of heading"], as_of),
        *known,
        (say["rows used"], say["n rows"].format(n=f"{0 if isnan(n) else int(n):,}")),
    ]
    if result.confidence is not None:
        heading = say["interval"].format(confidence=f"{result.confidence * 100:g}")
        lines.append((heading, _interval(measured, row, words)))
    return lines


def _interval(measured: Measured, row: int, words: Locale) -> str:
    if measured.low is None or measured.high is None:
        return words.words["no interval"]
    low, high = float(measured.low[row]), float(measured.high[row])
    if isnan(low) or isnan(high):
        return words.words["small"]
    unit = measured.metric.unit
    places = places_of(unit, [low, high])
    return words.words["from to"].format(low=shown(low, unit, places), high=shown(high, unit, places))


def _left_out(result: Result, metric: str, labels: Mapping[str, Any], words: Locale) -> Lines:
    """Return the rows of this group and period that were left out, and those of the whole measurement, by reason."""
    here = {reason: len(ids) for reason, ids in result.records(metric, **labels)["left out"].items()}
    return [
        (words.words["row left out"], tally(here, words)),
        (words.words["all left out"], tally(result.excluded, words)),
    ]


def _beside(facts: Lines, words: Locale) -> Iterator[str]:
    """Yield headings and facts, the facts below each other."""
    colon = words.words["colon"].rstrip()
    room = max(width(heading) for heading, _ in facts) + width(colon)
    for heading, fact in facts:
        yield f"{padded(heading + colon, room, right=False)} {fact}".rstrip()


def _tail(metric: Metric, words: Locale) -> Iterator[str]:
    say = words.words
    if metric.rules:
        yield f"{say['rules']}{say['colon']}".rstrip()
        for rule in metric.rules:
            yield f"  {rule}  {words.rules.get(rule, '')}".rstrip()
    facts = [(say["source"], metric.source)] if metric.source else []
    yield from _beside([*facts, (say["revision"], str(metric.revision))], words)
