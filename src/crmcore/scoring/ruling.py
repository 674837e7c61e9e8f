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

from ..errors import RangeError
from ..evaluate.rows import Rows
from ..state.listing import Heading
from ..table.column import Array, Column, Mask, code_type
from .gains import Gain, gains_of
from .inputs import Inputs, inputs_of
from .points import LARGEST, SCALE, milli
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
        found.values(),
        defined=_known_enough(scheme, inputs),
        reasons=_reasons(scheme),
        parts=detail,
        scale=SCALE,
        grade=_graded(scheme, found),
        beside=[(_heading(name), found.shown(name)) for name in found.dimensions],
    )


@attrs.frozen(slots=True, eq=False)
class _Points:
    """Points per row, in total and by dimension, in multiples of `unit` thousandths."""

    total: Array
    dimensions: dict[str, Array]
    unit: int

    def of(self, dimension: str) -> Array:
        """Return the points of a dimension; "" for the total."""
        return self.dimensions[dimension] if dimension else self.total

    def values(self) -> Array:
        """Return the totals as the nearest floats."""
        return _floats(self.total, self.unit)

    def shown(self, dimension: str) -> Array:
        """Return the points of a dimension: whole numbers where all points of the scheme are."""
        whole, rest = divmod(self.unit, SCALE)
        if rest:
            return _floats(self.of(dimension), self.unit)
        return self.of(dimension) if whole == 1 else self.of(dimension).astype(np.int64) * whole


def _floats(values: Array, unit: int) -> Array:
    whole, rest = divmod(unit, SCALE)
    if not rest:
        return np.multiply(values, whole, dtype=np.float64)
    return np.multiply(values, unit, dtype=np.float64) / SCALE


def _points(scheme: Scheme, inputs: Inputs) -> _Points:
    unit = _unit(scheme)
    gains = [(group, [*gains_of(group.rules, inputs, unit)]) for group in scheme.groups]
    kind = _narrowest(scheme, gains, unit)
    total = np.zeros(len(inputs), kind)
    dimensions: dict[str, Array] = {}
    for group, listed in gains:
        points = np.zeros(len(inputs), kind)
        for gain in listed:
            gain.add_to(points)
        _limit(points, group, unit)
        total += points
        if group.dimension in dimensions:
            dimensions[group.dimension] = dimensions[group.dimension] + points
        elif group.dimension:
            dimensions[group.dimension] = points
    _limit(total, scheme, unit)
    return _Points(total, dimensions, unit)


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
    if reach > LARGEST:
        raise RangeError(f"scheme {scheme.name!r}: its rules may give more points to a row than can be added exactly")
    return next(kind for kind in (np.int16, np.int32, np.int64) if reach <= np.iinfo(kind).max)


def _pull(limits: Group | Scheme, unit: int) -> int:
    """Return how far limits may pull a sum away from 0."""
    return max(0, -milli(limits.cap) // unit, milli(limits.floor) // unit)


def _limit(values: Array, limits: Group | Scheme, unit: int) -> None:
    """Bring values within a cap and a floor, in their place."""
    bounds = np.iinfo(values.dtype)
    if limits.cap is not None and milli(limits.cap) // unit < bounds.max:
        np.minimum(values, values.dtype.type(milli(limits.cap) // unit), out=values)
    if limits.floor is not None and milli(limits.floor) // unit > bounds.min:
        np.maximum(values, values.dtype.type(milli(limits.floor) // unit), out=values)


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
    return Heading(name, "number", _DIMENSIONS.get(name, {}))


def _graded(scheme: Scheme, found: _Points) -> Column | None:
    """Return the grade of each row: those of all gradings side by side; none where one of them gives none."""
    if not scheme.grades:
        return None
    codes: Array | None = None
    labels = [""]
    graded: Mask | None = None
    for grading in scheme.grades:
        steps, last = _step(grading, found), len(grading.steps)
        if grading.steps[-1].start is not None:
            some: Mask = steps < last
            graded = some if graded is None else graded & some
        labels = [before + step for before in labels for step in (*(s.grade for s in grading.steps), "")]
        kind = code_type(len(labels) + 1)
        codes = steps.astype(kind) if codes is None else codes.astype(kind) * kind(last + 1) + steps
    assert codes is not None
    codes += 1
    return Column("key", codes if graded is None else np.where(graded, codes, 0), labels=[None, *labels])


def _step(grading: Grading, found: _Points) -> Array:
    """Return the number of the first step that points reach; their number where they reach none."""
    values = found.of(grading.of)
    low, high = np.iinfo(values.dtype).min, np.iinfo(values.dtype).max
    number = np.zeros(values.size, code_type(len(grading.steps) + 1))
    for step in grading.steps:
        if step.start is not None:
            start = -(-milli(step.start) // found.unit)  # the first multiple of the unit that reaches it
            number += values < values.dtype.type(start) if low <= start <= high else start > high
    return number
