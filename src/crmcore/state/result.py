"""Result: finished numbers by group and period, which explain themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import isnan
from typing import Any

import attrs
import numpy as np

from ..algebra.formulas import Formula, Number
from ..errors import ArgumentError, GroupNotFound, MetricNotFound
from ..metric import Metric
from ..plan.frames import Frame
from ..plan.parts import quotient_of
from ..plan.question import Asked
from ..table.column import Array, sort_key
from ..table.issue import Issue
from ..units import unit
from .finish import Label
from .groups import Groups, Spread
from .inquiry import Details, Inquiry
from .measured import Measured
from .operand import Operand

__all__ = ["SHOWN", "Details", "Inquiry", "Measured", "Result"]

SHOWN = 200
"""Rows of a result that `print` and a notebook show."""


_CONFIDENCE = 0.95


@attrs.frozen(slots=True)
class Ranking:
    """What rows are ranked by: a metric's lower ("low") or upper ("high") bound, or its "value" where it has none."""

    metric: str
    bound: str


class Result:
    """Numbers by group and period. Rows run over groups in label order, and within a group over periods.

    `result["win_rate"].values` is a numpy array; `rows()`, `to_dict()`, `to_json()` are plain data; any
    dataframe library reads the result through Arrow; `print(result)` is a table.
    """

    def __init__(
        self,
        metrics: Sequence[Metric],
        keys: Sequence[str],
        groups: Groups,
        frames: Sequence[Frame],
        values: Mapping[str, Operand | Label],
        reasons: tuple[str, ...],
        inquiry: Inquiry,
        *,
        confidence: float | None = None,
        order: Array | None = None,
        spread: Spread | None = None,
        ranking: Ranking | None = None,
    ) -> None:
        self.metrics = tuple(metrics)
        self.keys = tuple(keys)
        self._groups, self._frames, self._values, self._reasons = groups, tuple(frames), values, reasons
        self._inquiry, self._confidence, self._order = inquiry, confidence, order
        self._spread = spread
        self.ranking = ranking
        self._index: Array | None = None
        self._details: dict[str, Details] | None = None
        self._total: dict[str, Any] | None = None

    # -- shape ---------------------------------------------------------------------------------------

    @property
    def periodic(self) -> bool:
        """Has the result a period axis?"""
        return not (len(self._frames) == 1 and self._frames[0].start is None)

    def __len__(self) -> int:
        return self._groups.size * len(self._frames) if self._order is None else int(self._order.size)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows())

    def __contains__(self, name: object) -> bool:
        return any(m.name == name for m in self.metrics)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the metrics."""
        return tuple(m.name for m in self.metrics)

    def __getitem__(self, name: str) -> Measured:
        for metric in self.metrics:
            if metric.name == name:
                return Measured(metric, self._placed(self._floats(name)), self._why(name), self._reasons, self)
        raise MetricNotFound(name, self.names, where="in this result")

    def _pick(self, data: Array) -> Array:
        """Return groups x frames as rows in order."""
        flat = data.reshape(-1)
        return flat if self._order is None else flat[self._order]

    def _placed(self, data: Array) -> Array:
        """Return finished numbers as rows in order: listed cells are put in their places first."""
        if self._spread is None:
            return self._pick(data)
        if self._index is None:
            self._index = self._spread.index()
        return self._pick(data[self._index])

    def _floats(self, name: str) -> Array:
        value = self._values[name]
        if isinstance(value, Label):
            names = np.array([*value.names], object)
            data = names[value.data]
            blank: Any = None
            return data if value.why is None else np.where(value.why == 0, data, blank)
        data = value.floats()
        return data if value.why is None else np.where(value.why == 0, data, np.nan)

    def _why(self, name: str) -> Array | None:
        why = self._values[name].why
        return None if why is None else self._placed(why)

    def column(self, key: str) -> list[Any]:
        """Return the label of a key for each row; "period" gives the period's label."""
        if key == "period" and self.periodic:
            labels: list[Any] = [f.label for f in self._frames] * self._groups.size
        elif key in self.keys:
            per = len(self._frames)
            labels = [label for label in self._groups.column(self.keys.index(key)) for _ in range(per)]
        else:
            raise ArgumentError(f"no key named {key!r}; this result has {', '.join(self.axes) or 'none'}")
        return labels if self._order is None else [labels[i] for i in self._order.tolist()]

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the keys, and "period" when there is one."""
        return (*self.keys, "period") if self.periodic else self.keys

    # -- plain data ----------------------------------------------------------------------------------

    def plain(self, name: str) -> list[Any]:
        """Return a metric's numbers as plain values: None where undefined, whole numbers for counts."""
        measured = self[name]
        values = measured.values.tolist()
        if measured.metric.unit == "count":
            values = [int(v) if float(v).is_integer() else v for v in values]
        return (
            values
            if measured.why is None
            else [v if ok else None for v, ok in zip(values, measured.defined.tolist(), strict=True)]
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per row: keys, period, metrics; None stands for blank and for undefined."""
        columns = {k: self.column(k) for k in self.axes} | {n: self.plain(n) for n in self.names}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    @property
    def details(self) -> dict[str, Details]:
        """What each number rests on: n, numerator, denominator, interval (R3)."""
        if self._details is None:
            self._details = {n: d.reordered(self._pick) for n, d in self._inquiry.details(self._confidence).items()}
        return self._details

    @property
    def total(self) -> dict[str, Any]:
        """The same metrics over all groups and the whole span of the periods, from states, never from rates (R1)."""
        if self._total is None:
            self._total = self._inquiry.total()
        return dict(self._total)

    @property
    def confidence(self) -> float | None:
        """Confidence of the intervals; None when none were asked for."""
        return self._confidence

    @property
    def excluded(self) -> dict[str, int]:
        """Rows left out, by reason."""
        return self._inquiry.excluded()

    @property
    def used(self) -> dict[str, int]:
        """Rows that take part in some number, by table."""
        return self._inquiry.used()

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What ingest noticed about the data."""
        return self._inquiry.issues()

    @property
    def settings(self) -> dict[str, Any]:
        """What the numbers were measured with: as_of and where it came from, time zone, calendar, currency."""
        return self._inquiry.settings()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON."""
        return {
            "keys": list(self.axes),
            "rows": self.rows(),
            "details": self._detail_rows(),
            "total": self.total,
            "metrics": {
                m.name: {"unit": m.unit, "better": m.better, "anchor": m.anchor, "revision": m.revision}
                for m in self.metrics
            },
            "n": self.used,
            "excluded": self.excluded,
            "issues": [i.to_dict() for i in self.issues],
            "settings": self.settings | ({} if self.ranking is None else {"ranked_by": attrs.asdict(self.ranking)}),
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return everything as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent, default=str, allow_nan=False)

    def _detail_rows(self) -> list[dict[str, dict[str, Any]]]:
        rows: list[dict[str, dict[str, Any]]] = [{} for _ in range(len(self))]
        for name in self.names:
            measured, found = self[name], self.details[name]
            members = {role: _plain(data) for role, data in found.members().items()}
            for i, row in enumerate(rows):
                row[name] = {k: v[i] for k, v in members.items() if v[i] is not None}
                reason = measured.reason(i)
                if reason is not None:
                    row[name]["reason"] = reason
        return rows

    # -- order ---------------------------------------------------------------------------------------

    def sorted(self, by: str, *, descending: bool = True) -> Result:
        """Return the rows ordered by a metric or key; undefined numbers and blanks come last."""
        if by in self.axes:
            labels = self.column(by)
            order = sorted(range(len(labels)), key=lambda i: (labels[i] is None, sort_key(labels[i])), reverse=False)
            if descending:
                order = [i for i in order if labels[i] is not None][::-1] + [i for i in order if labels[i] is None]
        else:
            values = self.plain(by)
            known = [i for i, v in enumerate(values) if v is not None]
            order = sorted(known, key=lambda i: values[i], reverse=descending) + [
                i for i, v in enumerate(values) if v is None
            ]
        return self._ordered(np.array(order, np.int64))

    def ranked(self, metric: str) -> Result:
        """Return the rows from best to worst by the unfavourable bound of a metric's interval (R3).

        That is the lower bound where more is better and the upper one where less is, so that few rows do not make
        a winner. A metric without an interval ranks by the number itself. `ranking` and the printed table say which.

        Raises:
            ArgumentError: a metric of which neither more nor less is better.
        """
        measured = self[metric]
        better = measured.metric.better
        if better not in ("higher", "lower"):
            raise ArgumentError(
                f"{metric!r} has no better direction to rank by; sorted({metric!r}) orders by the number"
            )
        sure = self if self._confidence is not None else self._with(confidence=_CONFIDENCE)
        details = sure.details[metric]
        found = details.low if better == "higher" else details.high
        bound = "value" if found is None else "low" if better == "higher" else "high"
        scores = measured.values if found is None else found
        worst = -np.inf if better == "higher" else np.inf
        known = np.where(measured.defined, np.where(np.isnan(scores), worst, scores), np.nan)
        order = np.argsort(-known if better == "higher" else known, kind="stable")
        return sure._ordered(order, Ranking(metric, bound))

    def top(self, n: int) -> Result:
        """Return the first `n` rows."""
        if n < 0:
            raise ArgumentError(f"top() takes a number of rows, got {n!r}")
        return self._ordered(np.arange(min(n, len(self))), self.ranking)

    def _ordered(self, order: Array, ranking: Ranking | None = None) -> Result:
        now = order if self._order is None else self._order[order]
        return self._with(order=now, ranking=ranking)

    def _with(self, **changes: Any) -> Result:
        kept = {"confidence": self._confidence, "order": self._order, "spread": self._spread, "ranking": self.ranking}
        return Result(
            self.metrics,
            self.keys,
            self._groups,
            self._frames,
            self._values,
            self._reasons,
            self._inquiry,
            **(kept | changes),
        )

    # -- what is behind a number ---------------------------------------------------------------------

    def find(self, group: Mapping[str, Any]) -> int:
        """Return the row of a group, named by its keys and "period".

        Raises:
            GroupNotFound: no such row, with the nearest labels.
        """
        unknown = [k for k in group if k not in self.axes]
        if unknown:
            raise ArgumentError(f"no key named {unknown[0]!r}; this result has {', '.join(self.axes) or 'none'}")
        rows = np.ones(len(self), bool)
        for key, label in group.items():
            labels = self.column(key)
            hit = np.array([x == label for x in labels], bool)
            if not hit.any():
                raise GroupNotFound(label, {str(x) for x in labels if x is not None}, where=f"under {key!r}")
            rows &= hit
        found = np.flatnonzero(rows)
        if found.size != 1:
            named = ", ".join(f"{k}={v!r}" for k, v in group.items())
            there = f"{named} names {found.size} rows" if named else f"the result has {found.size} rows"
            how = f"; name one row by {', '.join(self.axes)}" if self.axes else ""
            raise ArgumentError(there + how, rows=int(found.size))
        return int(found[0])

    def records(self, metric: str, **group: Any) -> dict[str, Any]:
        """Return the ids behind a number by role: numerator and denominator (or rows), and those left out and why.

        Args:
            metric: name of one of the result's metrics.
            group: the row, by its keys and `period`.
        """
        measured = self[metric]
        row = self.find(group)
        position = row if self._order is None else int(self._order[row])
        g, p = divmod(position, len(self._frames))
        labels = tuple(self._groups.column(k)[g] for k in range(len(self.keys)))
        return self._inquiry.records(measured.metric, labels, self._frames[p])

    def parts(self, metric: Metric, formulas: Sequence[Formula], row: int) -> list[Any]:
        """Return the numbers that parts of a metric's formula have in one row, None where undefined."""
        names = [f"{metric.name} {i}" for i in range(len(formulas))]
        asked = [Asked(n, x, unit(metric.unit), checked=False) for n, x in zip(names, formulas, strict=True)]
        answer = self._inquiry._compute(asked)
        position = row if self._order is None else int(self._order[row])
        if answer.spread is not None:
            position = int(answer.spread.index()[position])
        return [_at(answer.values[name], position) for name in names]

    def fractions(self, metric: str) -> list[tuple[Fraction, Fraction] | None]:
        """Return the exact numerator and denominator behind a number, row by row; a sum or count stands over 1.

        None where either is undefined; a denominator of zero is given as it is.

        Raises:
            ArgumentError: a metric whose number is no quotient of exact sums, such as a root or a share.
        """
        of = self[metric].metric
        quotient = quotient_of(of.formula) or (of.formula, Number(Fraction(1)))
        asked = [Asked(f"{metric} / {i}", x, unit(of.unit), checked=False) for i, x in enumerate(quotient)]
        answer = self._inquiry._compute(asked)
        place = np.arange(self._groups.size * len(self._frames)) if answer.spread is None else answer.spread.index()
        top, below = (_exact(answer.values[a.name], self._pick(place), metric) for a in asked)
        return [None if x is None or y is None else (x, y) for x, y in zip(top, below, strict=True)]

    def explain(self, metric: str, **group: Any) -> str:
        """Return the definition of a metric with the numbers of one row in it: rows used, rows left out and why, rules."""
        from .explain import explained

        return explained(self, metric, group)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        from .arrow import stream

        return stream(self, requested_schema)

    def __str__(self) -> str:
        from .present import text_table

        return text_table(self, limit=SHOWN)

    def __repr__(self) -> str:
        return f"Result({', '.join(self.names)}; {len(self)} rows by {', '.join(self.axes) or 'nothing'})"

    def _repr_html_(self) -> str:
        from .present import html_table

        return html_table(self, limit=SHOWN)


def _exact(value: Operand | Label, places: Array, metric: str) -> list[Fraction | None]:
    """Return the cells at these places as fractions, None where undefined."""
    if isinstance(value, Label) or not value.exact:
        raise ArgumentError(
            f"metric {metric!r} is no sum, count or mean and no quotient of such: it has no exact parts"
        )
    numbers = value.data.reshape(-1)[places].tolist()
    whys = [0] * len(numbers) if value.why is None else value.why.reshape(-1)[places].tolist()
    return [None if why else Fraction(x, value.scale) for x, why in zip(numbers, whys, strict=True)]


def _at(value: Operand | Label, position: int) -> Any:
    """Return one cell of a value as a plain number or label; None where undefined."""
    if value.why is not None and value.why.flat[position] != 0:
        return None
    if isinstance(value, Label):
        return value.names[int(value.data.flat[position])]
    return _plain(value.floats().reshape(-1)[position : position + 1])[0]


def _plain(data: Array) -> list[Any]:
    return [None if isnan(v) else int(v) if float(v).is_integer() and abs(v) < 2**53 else v for v in data.tolist()]
