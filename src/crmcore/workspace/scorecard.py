"""Scorecard: every metric of the catalogue that a dataset has the inputs for, and what the others lack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isnan
from typing import Any

import attrs

from ..errors import CrmCoreError
from ..locales import locale
from ..metric import Metric
from ..state.listing import Heading, Listing
from ..state.present.numbers import places_of, shown, shown_range
from ..state.present.sheet import footer
from ..state.present.width import aligned
from ..state.result import Result
from ..table.dataset import Dataset
from .arguments import subject_of
from .inputs import missing_inputs

__all__ = ["Scorecard", "card_of"]

Measure = Callable[[Sequence[Metric]], Result]


@attrs.frozen(slots=True, eq=False)
class Line:
    """One metric of a scorecard: its number, and the one of the period before where there are periods."""

    metric: Metric
    value: float | str | None
    before: float | str | None
    n: int | None
    low: float | None
    high: float | None
    reason: str | None


@attrs.frozen(slots=True, eq=False)
class Scorecard:
    """What a dataset tells by the definitions of the catalogue.

    Args:
        lines: one per metric that can be measured, in the order of the catalogue.
        missing: metric -> the tables and columns that it lacks, or why else it cannot be measured.
        period: label of the period shown; None where all periods are measured together.
        before: label of the period before it.
        language: in which it is printed.
        note: what the numbers look at.
    """

    lines: tuple[Line, ...]
    missing: Mapping[Metric, tuple[str, ...]]
    period: str | None
    before: str | None
    language: str
    note: str

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def measured(self) -> Listing:
        """One row per metric: subject, name, label, unit, value, value of the period before, n, interval, reason."""
        numbers = [ln for ln in self.lines if ln.metric.unit != "label"]
        return Listing(
            [
                (Heading("subject"), [ln.metric.subject for ln in numbers]),
                (Heading("metric"), [ln.metric.name for ln in numbers]),
                (Heading("label"), [ln.metric.label(self.language) for ln in numbers]),
                (Heading("unit"), [ln.metric.unit for ln in numbers]),
                (Heading("value", "number"), [ln.value for ln in numbers]),
                (Heading("before", "number"), [ln.before for ln in numbers]),
                (Heading("n", "count"), [ln.n for ln in numbers]),
                (Heading("low", "number"), [ln.low for ln in numbers]),
                (Heading("high", "number"), [ln.high for ln in numbers]),
                (Heading("reason"), [ln.reason for ln in numbers]),
            ],
            language=self.language,
        )

    @property
    def unavailable(self) -> Listing:
        """One row per metric that cannot be measured: subject, name, label, and what is missing."""
        return Listing(
            [
                (Heading("subject"), [m.subject for m in self.missing]),
                (Heading("metric"), [m.name for m in self.missing]),
                (Heading("label"), [m.label(self.language) for m in self.missing]),
                (Heading("missing"), [", ".join(what) for what in self.missing.values()]),
            ],
            language=self.language,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON."""
        return {
            "period": self.period,
            "before": self.before,
            "metrics": {
                ln.metric.name: {
                    "subject": ln.metric.subject,
                    "unit": ln.metric.unit,
                    "better": ln.metric.better,
                    "value": ln.value,
                    "n": ln.n,
                    **({} if self.before is None else {"before": ln.before}),
                    **({} if ln.low is None else {"low": ln.low, "high": ln.high}),
                    **({} if ln.reason is None else {"reason": ln.reason}),
                }
                for ln in self.lines
            },
            "unavailable": {m.name: list(what) for m, what in self.missing.items()},
            "note": self.note,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return everything as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent, allow_nan=False)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.measured.__arrow_c_stream__(requested_schema)

    def __str__(self) -> str:
        words = locale(self.language)
        say = words.words
        parts: list[str] = []
        for subject in dict.fromkeys(ln.metric.subject for ln in self.lines):
            parts += [*self._block(subject, [ln for ln in self.lines if ln.metric.subject == subject]), ""]
        parts.append(self.note)
        if self.missing:
            parts += ["", say["unavailable"].format(n=len(self.missing), all=len(self.missing) + len(self.lines))]
            rows = [[m.name, ", ".join(words.reason(w) for w in what)] for m, what in self.missing.items()]
            parts += aligned([say["name"], say["missing"]], rows, [False, False])
        return "\n".join(parts)

    def _block(self, subject: str, lines: Sequence[Line]) -> list[str]:
        words = locale(self.language)
        say = words.words
        headers = [words.subjects.get(subject, subject), self.period or say["value"]]
        right = [False, True]
        if self.before is not None:
            headers.append(self.before)
            right.append(True)
        rows = []
        for ln in lines:
            unit, numbers = (
                ln.metric.unit,
                [v for v in (ln.value, ln.before, ln.low, ln.high) if not isinstance(v, str)],
            )
            places = places_of(unit, numbers)
            row = [ln.metric.label(self.language), shown_range(ln.value, ln.low, ln.high, unit, places)]
            if self.before is not None:
                row.append(shown(ln.before, unit, places))
            because = f"  {words.reason(ln.reason)}" if ln.reason else ""
            rows.append([*row, ("" if ln.n is None else f"{ln.n:,}"), because])
        table = aligned([*headers, "n"], [row[:-1] for row in rows], [*right, True])
        return [*table[:2], *(line + row[-1] for line, row in zip(table[2:], rows, strict=True))]


def card_of(
    metrics: Iterable[Metric],
    data: Dataset,
    measure: Measure,
    *,
    subjects: str | Iterable[str] = (),
    running: str | None = None,
    language: str = "en",
) -> Scorecard:
    """Return the scorecard of a dataset.

    Args:
        metrics: what is asked for, in the order in which it is shown.
        data: the tables.
        measure: measures metrics on them, with their intervals.
        subjects: only metrics of this one, or of these; none for all.
        running: the last period that is shown, though targets and due dates reach beyond it; None for any.
        language: of labels and notes.

    Raises:
        ArgumentError: a subject that no metric has.
    """
    asked = _of_subjects(tuple(metrics), (subjects,) if isinstance(subjects, str) else tuple(subjects))
    missing = {m: lacking for m in asked if (lacking := missing_inputs(m, data.tables))}
    found: dict[Metric, Result] = {}
    _measured([m for m in asked if m not in missing], measure, found, missing)
    order = {m: i for i, m in enumerate(asked)}
    results = list(dict.fromkeys(found.values()))
    periods = [r.column("period") for r in results if r.periodic and len(r)]
    labels = sorted({p for listed in periods for p in listed if running is None or p <= running})[-2:]
    period, before = (None, None) if not labels else (labels[-1], labels[-2] if len(labels) > 1 else None)
    lines = [_line(m, found[m], period, before) for m in sorted(found, key=order.__getitem__)]
    return Scorecard(
        tuple(lines),
        {m: missing[m] for m in sorted(missing, key=order.__getitem__)},
        period,
        before,
        language,
        footer(results[0], locale(language), language) if results else "",
    )


def _of_subjects(metrics: Sequence[Metric], subjects: Sequence[str]) -> list[Metric]:
    known = [s for s in dict.fromkeys(m.subject for m in metrics) if s]
    for subject in subjects:
        subject_of(subject, known, "metric")
    return [m for m in metrics if not subjects or m.subject in subjects]


def _measured(
    metrics: Sequence[Metric], measure: Measure, found: dict[Metric, Result], missing: dict[Metric, tuple[str, ...]]
) -> None:
    """Measure metrics together; where some cannot be measured, they are told apart by halves and say why."""
    if not metrics:
        return
    try:
        result = measure(metrics)
        result.details  # noqa: B018 - what is counted beside the numbers may fail as well
    except CrmCoreError as error:
        if len(metrics) == 1:
            missing[metrics[0]] = (str(error),)
            return
        half = len(metrics) // 2
        _measured(metrics[:half], measure, found, missing)
        _measured(metrics[half:], measure, found, missing)
        return
    found.update(dict.fromkeys(metrics, result))


def _line(metric: Metric, result: Result, period: str | None, before: str | None) -> Line:
    rows: dict[str | None, int] = (
        {p: i for i, p in enumerate(result.column("period"))} if result.periodic else {None: 0} if len(result) else {}
    )
    row, earlier = rows.get(period), None if before is None else rows.get(before)
    values, details = result.plain(metric.name), result.details[metric.name]

    def at(data: Any) -> float | None:
        return None if row is None or data is None or isnan(data[row]) else float(data[row])

    n = at(details.n)
    return Line(
        metric,
        None if row is None else values[row],
        None if earlier is None else values[earlier],
        None if n is None else int(n),
        at(details.low),
        at(details.high),
        None if row is None else result[metric.name].reason(row),
    )
