"""Sheet: a result as cells of text with notes below, before it becomes a table of some kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from math import isnan
from typing import TYPE_CHECKING, Any

import attrs

from ...locales import Locale, locale
from .numbers import places_of, shown, shown_range

if TYPE_CHECKING:
    from ..measured import Measured
    from ..result import Result

__all__ = ["Sheet", "footer", "language_of", "sheet_of", "tally"]


@attrs.frozen(slots=True)
class Sheet:
    """Cells of text: one header and alignment per column, rows, perhaps a total, and lines that stand below."""

    headers: list[str]
    right: list[bool]
    rows: list[list[str]]
    total: list[str] | None
    notes: list[str]


def language_of(result: Result, language: str | None) -> str:
    """Return the language asked for, else that of the workspace the result was measured in."""
    return language if language is not None else str(result.settings.get("language") or "en")


def sheet_of(result: Result, language: str | None = None, *, total: bool = False, limit: int | None = None) -> Sheet:
    """Return a result as cells of text.

    Args:
        result: the numbers.
        language: of labels and notes; None for that of the workspace.
        total: give the total over all groups and periods as a last row.
        limit: rows that are shown; a note says how many more there are.
    """
    chosen = language_of(result, language)
    words = locale(chosen)
    hidden = 0 if limit is None else max(len(result) - limit, 0)
    part = result.top(len(result) - hidden) if hidden else result
    totals = result.total if total and result.axes else None
    columns, headers, right = [], [], []
    ends = []
    for key in result.axes:
        periods = key == "period" and result.periodic
        headers.append(words.words["period"] if periods else key)
        right.append(False)
        columns.append([words.words["blank"] if x is None else str(x) for x in part.column(key)])
        ends.append("")
    for name in result.names:
        measured = part[name]
        cells, end = _cells(measured, part.plain(name), None if totals is None else totals[name], part)
        headers.append(measured.metric.label(chosen))
        right.append(measured.metric.unit != "label")
        columns.append(cells)
        ends.append(end)
    if ends:
        ends[0] = words.words["total"] if totals is not None else ends[0]
    notes = [words.words["more"].format(n=f"{hidden:,}")] if hidden else []
    notes += [*_undefined(part, words, chosen), footer(result, words, chosen)]
    return Sheet(headers, right, [list(r) for r in zip(*columns, strict=True)], None if totals is None else ends, notes)


def _cells(measured: Measured, values: list[Any], total: Any, result: Result) -> tuple[list[str], str]:
    """Return the cells of a metric and that of its total, all with as many decimals."""
    unit = measured.metric.unit
    if unit == "label":
        return [shown(v, unit, 0) for v in values], shown(total, unit, 0)
    low, high = (measured.low, measured.high) if result.confidence is not None else (None, None)
    if low is None or high is None:
        places = places_of(unit, [*values, total])
        return [shown(v, unit, places) for v in values], shown(total, unit, places)
    bounds = [(_known(a), _known(b)) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    places = places_of(unit, [*values, total, *(x for pair in bounds for x in pair)])
    cells = [shown_range(v, a, b, unit, places) for v, (a, b) in zip(values, bounds, strict=True)]
    return cells, shown(total, unit, places)


def _known(value: float) -> float | None:
    return None if isnan(value) else value


def _undefined(result: Result, words: Locale, language: str) -> Iterator[str]:
    """Yield one note that says why numbers are undefined, if some are."""
    found: Counter[tuple[str, str]] = Counter()
    for name in result.names:
        measured = result[name]
        for row in (~measured.defined).nonzero()[0].tolist():
            found[measured.metric.label(language), words.reason(measured.reason(row) or "")] += 1
    if found:
        colon = words.words["colon"]
        yield words.words["undefined at"].format(
            where="; ".join(f"{label}{colon}{reason} ({n:,})" for (label, reason), n in found.items())
        )


def footer(result: Result, words: Locale, language: str) -> str:
    """Return the line that says what the numbers look at: as_of and its source, rows used, rows left out, issues."""
    settings, say = result.settings, words.words
    source = settings.get("as_of_source")
    as_of = (
        say["no as of"]
        if settings.get("as_of") is None
        else say["as of"].format(day=settings["as_of"], source=say["given"] if source == "given" else source)
    )
    if settings.get("known") is not None:
        as_of += " " + say["known by"].format(day=settings["known"])
    excluded = result.excluded
    left = say["left out"].format(rows=tally(excluded, words)) if excluded else say["nothing left out"]
    issues = say["issues"].format(n=len(result.issues))
    ranked = []
    if result.ranking is not None:
        label = result[result.ranking.metric].metric.label(language)
        ranked.append(say[f"ranked {result.ranking.bound}"].format(label=label))
    return " ".join((*ranked, as_of, say["used"].format(rows=tally(result.used, words)), left, issues))


def tally(counts: Mapping[str, int], words: Locale) -> str:
    """Return counts by what they count, on one line."""
    return ", ".join(f"{words.reason(what)} {n:,}" for what, n in counts.items()) or words.words["none"]
