"""Metric: a named formula with everything a reader needs to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import attrs

from .algebra.aggregates import STOCK, Aggregate
from .algebra.columns import Each
from .algebra.formulas import Formula, number
from .algebra.node import Node
from .algebra.walk import aggregates_of, rewrite
from .errors import DefinitionError
from .locales.labels import label_in, read_only
from .units import unit as unit_named

__all__ = ["BETTER", "Metric"]

BETTER = ("higher", "lower", "target", "neutral")


def texts(values: Any) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


@attrs.frozen(eq=False, repr=False, slots=True)
class Metric:
    """A named formula with its unit, direction, anchor, definition, source, rules and revision.

    Args:
        name: snake_case, with the unit last when it is not a ratio.
        formula: built from `count`, `total`, `mean` ... with + - * /.
        unit: "ratio", "count", "money", "days", "hours", "money/day", "label" ...
        better: "higher", "lower", "target" (best at its target) or "neutral".
        anchor: the date column at which rows count, or "stock" for what exists at an instant (T4).
        table: the table of aggregates that name none.
        summary: the definition in one sentence.
        labels: the name by language: {"en": "Win rate", "zh": "赢率"}.
        revision: raised whenever the same input gives another number.

    Raises:
        DefinitionError: the name, direction or formula cannot mean anything.
    """

    name: str
    formula: Formula = attrs.field(converter=number)
    unit: str = attrs.field(default="number", kw_only=True)
    better: str = attrs.field(default="neutral", kw_only=True)
    anchor: str | None = attrs.field(default=None, kw_only=True)
    table: str = attrs.field(default="opportunity", kw_only=True)
    summary: str = attrs.field(default="", kw_only=True)
    source: str = attrs.field(default="", kw_only=True)
    rules: tuple[str, ...] = attrs.field(default=(), converter=texts, kw_only=True)
    labels: Mapping[str, str] = attrs.field(factory=dict, converter=read_only, kw_only=True)
    subject: str = attrs.field(default="", kw_only=True)
    revision: int = attrs.field(default=1, kw_only=True)
    key: tuple[Any, ...] = attrs.field(init=False, default=())
    _hash: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        if not self.name.replace(".", "_").isidentifier():
            raise DefinitionError(f"metric name {self.name!r} is no snake_case name", name=self.name)
        if self.better not in BETTER:
            raise DefinitionError(f"metric {self.name!r}: better is one of {', '.join(BETTER)}, got {self.better!r}")
        unit_named(self.unit)
        formula = rewrite(self.formula, self._complete)
        if not aggregates_of(formula):
            raise DefinitionError(f"metric {self.name!r} has no aggregate in it: {formula!r}")
        object.__setattr__(self, "formula", formula)
        object.__setattr__(self, "key", (self.name, self.unit, formula.key))
        object.__setattr__(self, "_hash", hash(self.key))

    def _complete(self, node: Node) -> Node | None:
        """Give an aggregate the metric's table and anchor where it names none."""
        if not isinstance(node, Aggregate):
            return None
        return complete(node, node.table or self.table, node.at or self.anchor)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Metric) and self.key == other.key)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Metric({self.name!r}, {self.formula!r}, unit={self.unit!r})"

    def label(self, language: str = "en") -> str:
        """Return the name in `language`, in English, or the metric's own name."""
        return label_in(language, self.labels, self.name)

    @property
    def stock(self) -> bool:
        """Is the metric made of stocks only?"""
        return all(a.at == STOCK for a in aggregates_of(self.formula))

    # -- sugar: each is one line over the formula's own method -------------------------------------

    def renamed(self, name: str, formula: Formula, **changes: Any) -> Metric:
        """Return a metric of this one's making with another name and formula."""
        return attrs.evolve(self, name=name, formula=formula, **changes)

    def worded(self, *, labels: Mapping[str, str], summary: str) -> Metric:
        """Return the metric in other words: the same formula, the same numbers."""
        made = copy(self)
        object.__setattr__(made, "labels", read_only(labels))
        object.__setattr__(made, "summary", summary)
        return made

    def trailing(self, n: int, unit: str = "day") -> Metric:
        """Return the metric over the trailing `n` days or periods, named `<name>_trailing_<n>_<unit>s` (T6)."""
        return self._windowed(
            f"trailing_{n}_{unit}s",
            self.formula.trailing(n, unit),
            f"over the trailing {n} {unit}s",
            f"近{n}{_ZH[unit]}",
        )

    def to_date(self, unit: str) -> Metric:
        """Return the metric from the start of the `unit` to the period's last day, `<name>_<unit>_to_date`."""
        return self._windowed(f"{unit}_to_date", self.formula.to_date(unit), f"{unit} to date", f"本{_ZH[unit]}至今")

    def previous(self, unit: str) -> Metric:
        """Return the metric one `unit` earlier, `<name>_previous_<unit>` (T5)."""
        return self._windowed(
            f"previous_{unit}", self.formula.previous(unit), f"one {unit} earlier", f"上一{_ZH[unit]}"
        )

    def year_ago(self) -> Metric:
        """Return the metric a year earlier, `<name>_year_ago` (T5)."""
        return self._windowed("year_ago", self.formula.year_ago(), "a year earlier", "去年同期")

    def change(self, unit: str) -> Metric:
        """Return the relative change against one `unit` earlier, `<name>_change_<unit>` (C01, R2, T5)."""
        return self._windowed(
            f"change_{unit}",
            self.formula.change(unit),
            f"relative change against one {unit} earlier",
            f"较上一{_ZH[unit]}变化率",
            unit="ratio",
        )

    def difference(self, unit: str) -> Metric:
        """Return the difference to one `unit` earlier in the metric's own unit, `<name>_difference_<unit>` (T5)."""
        return self._windowed(
            f"difference_{unit}",
            self.formula.difference(unit),
            f"difference to one {unit} earlier",
            f"较上一{_ZH[unit]}差额",
        )

    def share(self) -> Metric:
        """Return each group's share of the total, `<name>_share` (R1)."""
        return self._derived(
            "share", self.formula.share(), "share of the total", "占比", ("R1",), unit="ratio", better="neutral"
        )

    def _windowed(self, suffix: str, formula: Formula, words: str, zh: str, **changes: Any) -> Metric:
        return self._derived(suffix, formula, words, zh, ("T5", "T6"), **changes)

    def _derived(
        self, suffix: str, formula: Formula, words: str, zh: str, rules: tuple[str, ...], **changes: Any
    ) -> Metric:
        labels = {"en": f"{self.label('en')}, {words}"}
        if "zh" in self.labels:
            labels["zh"] = f"{self.labels['zh']}（{zh}）"
        summary = f"{self.summary.rstrip('.')}; {words}." if self.summary else f"{words}."
        cited = tuple(dict.fromkeys((*self.rules, *rules)))
        return self.renamed(f"{self.name}_{suffix}", formula, summary=summary, labels=labels, rules=cited, **changes)

    def __add__(self, other: object) -> Formula:
        return self.formula + other

    def __sub__(self, other: object) -> Formula:
        return self.formula - other

    def __mul__(self, other: object) -> Formula:
        return self.formula * other

    def __truediv__(self, other: object) -> Formula:
        return self.formula / other

    def __radd__(self, other: object) -> Formula:
        return number(other) + self.formula

    def __rsub__(self, other: object) -> Formula:
        return number(other) - self.formula

    def __rmul__(self, other: object) -> Formula:
        return number(other) * self.formula

    def __rtruediv__(self, other: object) -> Formula:
        return number(other) / self.formula


_ZH = {
    "day": "天",
    "week": "周",
    "month": "个月",
    "quarter": "季度",
    "year": "年",
    "fiscal_period": "财务期间",
    "fiscal_quarter": "财季",
    "fiscal_year": "财年",
}


def complete(aggregate: Aggregate, table: str, at: str | None) -> Aggregate:
    """Return the aggregate, and those inside its roll-ups, with a table and an anchor."""

    def inside(node: Node) -> Node | None:
        return complete(node, node.table or table, node.at or at) if isinstance(node, Aggregate) else None

    def each(node: Node) -> Node | None:
        return attrs.evolve(node, formula=rewrite(node.formula, inside)) if isinstance(node, Each) else None

    done = rewrite(aggregate, lambda n: None if n is aggregate else each(n))
    return attrs.evolve(done, table=table, at=at)
