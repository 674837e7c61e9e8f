"""Change explained: what of a difference is mix, what is rate, and which groups moved the number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from typing import Any

import attrs

from ..algebra.walk import aggregates_of
from ..errors import ArgumentError, GroupNotFound
from ..locales import locale
from ..metric import Metric
from ..plan.parts import quotient_of
from ..state.listing import Fact, Heading, Listing
from ..state.present.numbers import places_of, shown
from ..state.result import Result
from ..units import unit as unit_named
from .mix import Groups, Part, parts_of, whole_of

__all__ = ["Change", "Part", "Side", "explain_change", "explain_periods"]

Exact = int | Decimal | Fraction
Pair = tuple[Exact, Exact]
Side = Mapping[Any, Pair | Exact]

ADDED = frozenset({"count", "total", "distinct", "squares"})
"""Aggregates whose groups may add up; of distinct counts only where no group shares anything with another."""
NAMED = 3
"""Groups that the note names."""
_RATE = {
    "denominator_before": {"en": "Denominator before", "zh": "前期分母"},
    "denominator_after": {"en": "Denominator after", "zh": "后期分母"},
    "weight_before": {"en": "Weight before", "zh": "前期权重"},
    "weight_after": {"en": "Weight after", "zh": "后期权重"},
    "before": {"en": "Before", "zh": "前期"},
    "after": {"en": "After", "zh": "后期"},
    "difference": {"en": "Difference", "zh": "差异"},
    "mix": {"en": "Mix", "zh": "结构效应"},
    "rate": {"en": "Rate", "zh": "组内效应"},
    "contribution": {"en": "Contribution", "zh": "贡献"},
}
_MIX_NOTE = {
    "en": "Mix is weight that moved between groups above and below the average; rate is change inside the groups.",
    "zh": "结构效应：权重在高于与低于平均的组之间转移；组内效应：各组自身的变化。",
}


class Change(Listing):
    """The difference of a number by group: a listing, with the exact numbers beside it.

    Args:
        parts: the groups, those that moved the number most first.
        before: the number before, exact; None where undefined.
        after: the same afterwards.
        difference: after - before.
        mix: what of the difference is mix, exact; None for sums, which have none.
        rate: the rest of it; None for sums.
    """

    def __init__(self, metric: _Subject, keys: Sequence[str], before: Groups, after: Groups) -> None:
        self.parts = parts_of(before, after, sums=metric.sums)
        self.before = whole_of(before.values(), sums=metric.sums)
        self.after = whole_of(after.values(), sums=metric.sums)
        known = self.before is not None and self.after is not None
        self.difference = None if self.before is None or self.after is None else self.after - self.before
        split = known and not metric.sums
        self.mix = sum((p.mix for p in self.parts if p.mix is not None), Fraction(0)) if split else None
        self.rate = sum((p.rate for p in self.parts if p.rate is not None), Fraction(0)) if split else None
        facts = ("before", "after", "difference") if metric.sums else ("before", "after", "difference", "mix", "rate")
        super().__init__(
            [
                *((Heading(key), [part.group[i] for part in self.parts]) for i, key in enumerate(keys)),
                *_columns(self.parts, metric),
            ],
            facts=[Fact(name, _float(getattr(self, name)), metric.unit, _RATE[name]) for name in facts],
            notes=[
                _told(metric, self),
                *([] if metric.sums else [_MIX_NOTE]),
            ],
        )

    def told(self, language: str) -> Change:
        """Return the same with headings and notes in another language."""
        locale(language)
        found = copy(self)
        found.language = language
        return found


@attrs.frozen(slots=True)
class _Subject:
    """What the change is of: its name by language, its unit, and whether it is a sum and no quotient."""

    labels: Mapping[str, str]
    unit: str
    sums: bool


def explain_change(
    metric: str | Metric,
    before: Result | Side,
    after: Result | Side,
    *,
    keys: str | Sequence[str] = "group",
    unit: str | None = None,
) -> Change:
    """Split the difference of a ratio or mean into mix and rate, group by group, exactly.

    mix = sum (w1 - w0) x ((r0 + r1) / 2 - (R0 + R1) / 2), rate = sum (r1 - r0) x (w0 + w1) / 2, where r is the number
    of a group, w its share of the denominators, and R the number of the whole. The weights add up to 1 on both sides,
    so the sum of the mix is the same without R; with R, a group that is worse than the average and grows pulls down. A
    group that is absent on one side is all mix. The difference of a sum or a count is that of its groups.

    Args:
        metric: its name in the results; for mappings, any name.
        before: a result by group, or group -> (numerator, denominator), or group -> amount for sums; exact numbers.
        after: the same of the later side.
        keys: for mappings, the names of the keys; several when the groups are tuples.
        unit: for mappings, the unit of the number; "ratio" when left out, for amounts "number".

    Returns: a listing, one row per group, the largest contribution first and ties by label; mix + rate = difference.

    Undefined when: the denominators of a side add up to 0; then there is no difference to split.

    Raises:
        ArgumentError: sides that do not go together, numbers that are not exact, or a metric whose groups do not add
            up to the whole, such as a median or a distinct count.

    Rules: R1, R2, R4, Q4
    """
    if isinstance(before, Result) and isinstance(after, Result):
        name = metric if isinstance(metric, str) else metric.name
        if before[name].metric != after[name].metric or before.axes != after.axes:
            raise ArgumentError(
                f"before and after measure different things: {before[name].metric!r} by {before.axes or 'nothing'} "
                f"and {after[name].metric!r} by {after.axes or 'nothing'}"
            )
        for side in (before, after):
            if side.periodic:
                raise ArgumentError(
                    f"{side!r} has periods; measure each side without per=, or name two periods: "
                    "crmcore.explain_change(metric, '2026-Q1', '2026-Q2', data=..., per='quarter', by=...)"
                )
        groups = [_checked(_groups_of(side, name), side.total[name], side[name].metric) for side in (before, after)]
        return Change(_subject(before[name].metric), before.keys, *groups)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        sums = {not isinstance(v, tuple) for v in (*before.values(), *after.values())}
        if len(sums) > 1:
            raise ArgumentError(
                "before and after have either (numerator, denominator) or one amount per group, not both"
            )
        name = metric if isinstance(metric, str) else metric.name
        names = (keys,) if isinstance(keys, str) else tuple(keys)
        exact = [_exact_groups(side, names) for side in (before, after)]
        shown_in = unit_named(unit).name if unit is not None else "number" if True in sums else "ratio"
        return Change(_Subject({"en": name}, shown_in, True in sums), names, *exact)
    raise ArgumentError(
        "before and after are two results of crmcore.measure(..., by=...), or two mappings group -> (numerator, "
        f"denominator), got {type(before).__name__} and {type(after).__name__}"
    )


def explain_periods(metric: Metric, measured: Result, whole: Result, before: str, after: str) -> Change:
    """Split the difference between two periods of one result.

    Args:
        metric: one of its metrics.
        measured: by group and period.
        whole: the same without groups.
        before: label of the earlier period.
        after: label of the later one.

    Raises:
        GroupNotFound: no such period, with the nearest.
        ArgumentError: a metric whose groups do not add up to the whole.

    Rules: R1, R2, R4, Q4
    """
    totals = dict(zip(whole.column("period"), whole.plain(metric.name), strict=True))
    sides = []
    for period in (before, after):
        if period not in totals:
            raise GroupNotFound(period, totals, where="among the periods")
        sides.append(_checked(_groups_of(measured, metric.name, period), totals[period], metric))
    return Change(_subject(metric), measured.keys, *sides)


# -- the two sides ------------------------------------------------------------------------------------


def _subject(metric: Metric) -> _Subject:
    return _Subject({"en": metric.name, **metric.labels}, metric.unit, quotient_of(metric.formula) is None)


def _groups_of(result: Result, metric: str, period: str | None = None) -> Groups:
    """Return numerator and denominator of each group; undefined ones are absent."""
    labels = [result.column(key) for key in result.keys]
    groups = [*zip(*labels, strict=True)] if labels else [()] * len(result)
    periods = result.column("period") if period is not None else [None] * len(result)
    pairs = zip(groups, periods, result.fractions(metric), strict=True)
    return {group: pair for group, at, pair in pairs if at == period and pair is not None}


def _checked(groups: Groups, total: Any, metric: Metric) -> Groups:
    """Return the groups, which have to add up to the number of the whole (R1)."""
    sums = quotient_of(metric.formula) is None
    added = _float(whole_of(groups.values(), sums=sums))
    # a median of one group is that of the whole, and still no sum
    if added != total or not all(a.op in ADDED for a in aggregates_of(metric.formula)):
        numbers = f" ({added!r} and {total!r})" if added != total else ""
        raise ArgumentError(
            f"the groups of {metric.name!r} do not add up to the whole{numbers}, so its change has no "
            "parts: a median, a distinct count, a share, amounts of several currencies or a part of the groups cannot "
            "be split; explain a ratio, a mean, a sum or a count over all groups (R1)"
        )
    return groups


def _exact_groups(side: Side, keys: Sequence[str]) -> Groups:
    found: Groups = {}
    for label, value in side.items():
        group = label if isinstance(label, tuple) else (label,)
        if len(group) != len(keys):
            raise ArgumentError(f"group {label!r} has {len(group)} labels for the {len(keys)} keys {', '.join(keys)}")
        pair = value if isinstance(value, tuple) else (value, 1)
        if len(pair) != 2:
            raise ArgumentError(f"group {label!r}: give (numerator, denominator), got {value!r}")
        found[group] = (_fraction(pair[0], label), _fraction(pair[1], label))
    return found


def _fraction(value: object, label: object) -> Fraction:
    if isinstance(value, Integral) and not isinstance(value, bool):
        return Fraction(int(value))
    if isinstance(value, Fraction) or (isinstance(value, Decimal) and value.is_finite()):
        return Fraction(value)
    raise ArgumentError(
        f"group {label!r}: {value!r} is not exact, so the parts would not add up; give int, Decimal or Fraction"
    )


# -- how it is shown ----------------------------------------------------------------------------------


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _columns(parts: Sequence[Part], metric: _Subject) -> list[tuple[Heading, list[Any]]]:
    def column(name: str, unit: str, values: Iterable[Fraction | None]) -> tuple[Heading, list[Any]]:
        return Heading(name, unit, _RATE[name]), [_float(v) for v in values]

    def numbers(pairs: Iterable[tuple[Fraction, Fraction]]) -> list[Fraction | None]:
        return [n if metric.sums else n / d if d else None for n, d in pairs]

    own = [
        column("before", metric.unit, numbers(p.before for p in parts)),
        column("after", metric.unit, numbers(p.after for p in parts)),
    ]
    contribution = column("contribution", metric.unit, (p.contribution for p in parts))
    if metric.sums:
        return [*own, contribution]
    return [
        column("denominator_before", "number", (p.before[1] for p in parts)),
        column("denominator_after", "number", (p.after[1] for p in parts)),
        column("weight_before", "ratio", (p.weights[0] for p in parts)),
        column("weight_after", "ratio", (p.weights[1] for p in parts)),
        *own,
        column("mix", metric.unit, (p.mix for p in parts)),
        column("rate", metric.unit, (p.rate for p in parts)),
        contribution,
    ]


def _told(metric: _Subject, change: Change) -> dict[str, str]:
    """Return the sentence that says how the number moved and which groups moved it, by language."""
    name = metric.labels["en"]
    if change.difference is None:
        side = ("before", "前期") if change.before is None else ("after", "后期")
        return {
            "en": f"{name} is undefined {side[0]}: its denominator is zero.",
            "zh": f"{metric.labels.get('zh', name)}{side[1]}无定义：分母为零。",
        }
    first, last = (_text(x, metric.unit) for x in (change.before, change.after))
    if change.difference:
        up = change.difference > 0
        en = f"{name} {'rose' if up else 'fell'} from {first} to {last}"
        zh = f"{metric.labels.get('zh', name)}由 {first} {'升至' if up else '降至'} {last}"
    else:
        en, zh = f"{name} stayed at {last}", f"{metric.labels.get('zh', name)}仍为 {last}"
    moved = [part for part in change.parts if part.contribution and part.group][:NAMED]
    if moved:
        en += "; moved most by " + ", ".join(f"{_name(p, 'en')} ({_signed(p, metric.unit, 'pp')})" for p in moved)
        zh += "；主要来自" + "、".join(f"{_name(p, 'zh')}（{_signed(p, metric.unit, '个百分点')}）" for p in moved)
    return {"en": f"{en}.", "zh": f"{zh}。"}


def _name(part: Part, language: str) -> str:
    blank = locale(language).words["blank"]
    return " / ".join(blank if label is None else str(label) for label in part.group)


def _signed(part: Part, unit: str, points: str) -> str:
    assert part.contribution is not None
    size = _text(part.contribution, unit).replace("%", points)
    return f"+{size}" if part.contribution > 0 else size


def _text(value: Fraction | None, unit: str) -> str:
    number = _float(value)
    return shown(number, unit, places_of(unit, [number]))
