"""Ruling: a scheme applied to rows, in whole numbers.

Points are added in the largest unit that all points of the scheme are multiples of, in the narrowest integers that hold the
sum. What each rule gave a row is found again when it is asked for, so that a million scores take a few bytes each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import gcd
from typing import Any

import attrs
import numpy as np

from ..evaluate.rows import Rows
from ..state.listing import Heading
from ..table.column import Array, Column, Mask, code_type
from .gains import Gain, gains_of
from .inputs import Inputs, inputs_of
from .points import SCALE, milli
from .scheme import Grading, Group, Scheme
from .scores import Parts, Reason, Scores

__all__ = ["ruled"]

_DIMENSIONS: Mapping[str, Mapping[str, str]] = {
    "fit": {"en": "Fit", "zh": "匹配度"},
    "engagement": {"en": "Engagement", "zh": "互动度"},
}
_LIMITS = {"cap": {"en": "cap of {name}", "zh": "{name}上限"}, "floor": {"en": "floor of {name}", "zh": "{name}下限"}}
_WHOLE = {"en": "the score", "zh": "总分"}


def ruled(scheme: Scheme, rows: Rows) -> Scores:
    """Return the points of each row under a scheme."""
    inputs = inputs_of(scheme, rows)
    found = _points(scheme, inputs)

    def detail(places: Array) -> Parts:
        return _parts(scheme, inputs_of(scheme, rows.at(places)))

    return Scores.of_rows(
        scheme,
        rows,
        found.total / SCALE,
        defined=_known_enough(scheme, inputs),
        reasons=_reasons(scheme),
        parts=detail,
        scale=SCALE,
        grade=_graded(scheme, found),
        beside=[(_heading(name), values / SCALE) for name, values in found.dimensions.items()],
    )


@attrs.frozen(slots=True, eq=False)
class _Points:
    """Thousandths of points per row: in total, and by dimension."""

    total: Array
    dimensions: dict[str, Array]


def _points(scheme: Scheme, inputs: Inputs) -> _Points:
    unit = _unit(scheme)
    gains = [(group, [*gains_of(group.rules, inputs, unit)]) for group in scheme.groups]
    kind = _narrowest(scheme, gains, unit)
    total = np.zeros(len(inputs), kind)
    dimensions: dict[str, Array] = {}
    for group, listed in gains:
        points = total if len(gains) == 1 and not group.dimension else np.zeros(len(inputs), kind)
        for gain in listed:
            gain.add_to(points)
        points = _limited(points, group, unit)
        if group.dimension:
            known = dimensions.get(group.dimension)
            dimensions[group.dimension] = points if known is None else known + points
        total = points if points is total else total + points
    total = _limited(total, scheme, unit)
    return _Points(_thousandths(total, unit), {d: _thousandths(v, unit) for d, v in dimensions.items()})


def _thousandths(values: Array, unit: int) -> Array:
    found: Array = values.astype(np.int64)
    found *= unit
    return found


def _unit(scheme: Scheme) -> int:
    """Return the largest number of thousandths that all points of a scheme are multiples of."""
    listed: list[Decimal | None] = [scheme.cap, scheme.floor]
    for group in scheme.groups:
        listed += [group.cap, group.floor]
        for rule in group.rules:
            if rule.count is not None and rule.count.half_life_days is not None:
                return 1
            listed += [rule.points, rule.cap, rule.floor, *(b.points for b in rule.bands)]
    return gcd(*map(milli, listed)) or 1


def _narrowest(scheme: Scheme, gains: Sequence[tuple[Group, list[Gain]]], unit: int) -> Any:
    """Return the narrowest integers that hold every sum on the way."""
    reach = sum(sum(g.reach for g in listed) + _pull(group, unit) for group, listed in gains)
    reach += _pull(scheme, unit)
    return next(kind for kind in (np.int16, np.int32, np.int64) if reach <= np.iinfo(kind).max)


def _pull(limits: Group | Scheme, unit: int) -> int:
    """Return how far limits may pull a sum away from 0."""
    return max(0, -milli(limits.cap) // unit, milli(limits.floor) // unit)


def _limited(values: Array, limits: Group | Scheme, unit: int) -> Array:
    """Return values within a cap and a floor."""
    bounds = np.iinfo(values.dtype)
    if limits.cap is not None and milli(limits.cap) // unit < bounds.max:
        values = np.minimum(values, values.dtype.type(milli(limits.cap) // unit))
    if limits.floor is not None and milli(limits.floor) // unit > bounds.min:
        values = np.maximum(values, values.dtype.type(milli(limits.floor) // unit))
    return values


def _known_enough(scheme: Scheme, inputs: Inputs) -> Mask | None:
    if not scheme.least_known:
        return None
    known = np.zeros(len(inputs), np.int32)
    for rule in scheme.rules:
        known += inputs.known(rule)
    enough: Mask = known >= scheme.least_known
    return enough


# -- reasons ------------------------------------------------------------------------------------------


def _limits_of(scheme: Scheme) -> Iterator[tuple[Group | Scheme, str]]:
    """Yield the caps and floors there are, in the order in which they take effect."""
    both: tuple[Group | Scheme, ...] = (*scheme.groups, scheme)
    for limits in both:
        for side in ("cap", "floor"):
            if getattr(limits, side) is not None:
                yield limits, side


def _reasons(scheme: Scheme) -> list[Reason]:
    found = [Reason(r.name, r.labels) for r in scheme.rules]
    for limits, side in _limits_of(scheme):
        if isinstance(limits, Group):
            name = {language: limits.label(language) for language in _WHOLE}
            found.append(Reason(f"{limits.name}.{side}", _told(side, name)))
        else:
            found.append(Reason(f"total.{side}", _told(side, _WHOLE)))
    return found


def _told(side: str, name: Mapping[str, str]) -> dict[str, str]:
    return {language: text.format(name=name[language]) for language, text in _LIMITS[side].items()}


def _parts(scheme: Scheme, inputs: Inputs) -> Parts:
    """Return what each rule gives each row, in thousandths, and after the rules what each limit takes or adds."""
    n, rules = len(inputs), scheme.rules
    amounts = np.zeros((n, len(rules) + len([*_limits_of(scheme)])), np.int64)
    missing = np.zeros(amounts.shape, bool)
    for k, rule in enumerate(rules):
        column = np.zeros(n, np.int64)
        for gain in gains_of([rule], inputs, 1):
            gain.add_to(column)
        amounts[:, k] = column
        missing[:, k] = (column == 0) & inputs.blank(rule)
    place, start = len(rules), 0
    total = np.zeros(n, np.int64)
    both: tuple[Group | Scheme, ...] = (*scheme.groups, scheme)
    for limits in both:
        if isinstance(limits, Group):
            values = amounts[:, start : start + len(limits.rules)].sum(1)
            start += len(limits.rules)
        else:
            values = total
        for side in ("cap", "floor"):
            bound = getattr(limits, side)
            if bound is not None:
                within = (np.minimum if side == "cap" else np.maximum)(values, milli(bound))
                amounts[:, place] = within - values
                values, place = within, place + 1
        total = total + values if isinstance(limits, Group) else values
    return Parts(amounts, missing)


# -- grades -------------------------------------------------------------------------------------------


def _heading(name: str) -> Heading:
    return Heading(name, "points", _DIMENSIONS.get(name, {}))


def _graded(scheme: Scheme, found: _Points) -> Column | None:
    """Return the grade of each row: those of all gradings side by side; none where one of them gives none."""
    if not scheme.grades:
        return None
    n = found.total.size
    codes, labels = np.zeros(n, np.int64), [""]
    graded = np.ones(n, bool)
    for grading in scheme.grades:
        steps = _step(grading, found.dimensions[grading.of] if grading.of else found.total)
        graded &= steps < len(grading.steps)
        codes = codes * (len(grading.steps) + 1) + steps
        labels = [before + step for before in labels for step in (*(s.grade for s in grading.steps), "")]
    data = np.where(graded, codes + 1, 0).astype(code_type(len(labels) + 1))
    return Column("key", data, labels=[None, *labels])


def _step(grading: Grading, values: Array) -> Array:
    """Return the number of the first step that a value reaches; their number where it reaches none."""
    found = np.zeros(values.size, np.int64)
    for step in grading.steps:
        if step.start is not None:
            found += values < milli(step.start)
    return found
