"""Signals: what makes a deal or a lead urgent or risky, as data, and the step that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from difflib import get_close_matches
from functools import cached_property
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..state.listing import Fact, Heading, Listing, Values
from ..table.column import Array, Mask, sort_key
from .checks import weight

__all__ = ["Findings", "Signal", "Step", "Steps", "Weights", "percent_rank", "pointed", "unreadable"]


def _words(labels: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(labels))


@attrs.frozen(slots=True)
class Signal:
    """One thing that may be noticed of a deal or lead.

    Args:
        name: snake_case.
        side: "urgency" or "risk".
        points: what it adds to its side, which ends at 100.
        labels: what was noticed, by language.
        step: what is to be done about it, by language; empty where it only sets the order.
    """

    name: str
    side: str
    points: float
    labels: Mapping[str, str] = attrs.field(converter=_words, hash=False)
    step: Mapping[str, str] = attrs.field(factory=dict, converter=_words, hash=False)


@attrs.frozen(slots=True)
class Weights:
    """How many of the 100 points of a priority each side has."""

    value: float = 40
    urgency: float = 40
    risk: float = 20

    def __attrs_post_init__(self) -> None:
        total = sum(weight(f"the weight of {n}", getattr(self, n)) for n in ("value", "urgency", "risk"))
        if total != 100:
            raise ArgumentError(f"the weights of value, urgency and risk add up to 100, got {total:g}")


@attrs.frozen(slots=True)
class Step:
    """What is to be done about one record, and why.

    Args:
        priority: 0 to 100.
        because: what adds up to it: "value" and names of signals -> points, the largest first.
        next_step: name of the signal whose step comes first; None where nothing is lacking.
        lacks: names of all signals that ask for a step, in the order of the rules.
    """

    id: Any
    priority: float
    because: Mapping[str, float] = attrs.field(converter=_words, hash=False)
    next_step: str | None
    lacks: tuple[str, ...]


def pointed(rules: Sequence[Signal], points: Mapping[str, float]) -> tuple[Signal, ...]:
    """Return rules with other points for some of them.

    Raises:
        ArgumentError: a name that is no rule's, with the nearest, or points that are no number from 0 on.
    """
    known = [r.name for r in rules]
    for name in points:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
            raise ArgumentError(f"points: no signal is called {name!r}{hint}")
    return tuple(
        attrs.evolve(r, points=weight(f"the points of {r.name!r}", points[r.name])) if r.name in points else r
        for r in rules
    )


def unreadable(n: int) -> Fact:
    """Return the fact that rows could not be read; it is told where there are any."""
    return Fact("unread", n, "count", {"en": "Left out, could not be read", "zh": "无法读取（已排除）"}, quiet=True)


def percent_rank(values: Array) -> Array:
    """Return for each value the share of all values below it, and half of those equal to it; 0 where it is nan."""
    known = values[~np.isnan(values)]
    found = np.zeros(values.size)
    if known.size:
        _, at, equal = np.unique(known, return_inverse=True, return_counts=True)
        below = np.cumsum(equal) - equal
        found[~np.isnan(values)] = ((2 * below + equal) / (2 * known.size))[at]
    return found


class Findings:
    """What was noticed of some records: a mask per signal, and what could not be looked at."""

    def __init__(self, n: int, rules: Sequence[Signal]) -> None:
        self.n, self.rules = n, tuple(rules)
        self.noticed: dict[str, Mask] = {}
        self.unseen: dict[str, str] = {}

    def add(self, name: str, mask: Mask | None, lacking: str = "") -> None:
        """Note where a signal was noticed, or what is lacking to look."""
        if mask is None:
            self.unseen[name] = lacking
        else:
            self.noticed[name] = mask

    def side(self, side: str) -> Array:
        """Return the points of a side, at most 100."""
        found = np.zeros(self.n)
        for rule in self.rules:
            if rule.side == side and rule.name in self.noticed:
                found += rule.points * self.noticed[rule.name]
        return np.minimum(found, 100.0)


class Steps(Listing):
    """Records by priority, each with why and what it lacks: a listing; `steps` holds the same as objects."""

    def __init__(
        self,
        ids: Sequence[Any],
        findings: Findings,
        value: Array,
        weights: Weights,
        columns: Sequence[tuple[Heading, Values]],
        facts: Sequence[Fact],
        notes: Sequence[Mapping[str, str]],
        *,
        language: str = "en",
    ) -> None:
        self._given = (ids, findings, value, weights, columns, facts, notes)
        urgency, risk = findings.side("urgency"), findings.side("risk")
        self._priority = (weights.value * value * 100 + weights.urgency * urgency + weights.risk * risk) / 100
        self._brings = weights.value * value
        self._patterns, self._pattern = _patterns(findings, weights)
        self._places = order = np.lexsort((_order_of(ids), -self._priority))
        super().__init__(
            [
                (_RANK, np.arange(1, order.size + 1)),
                *((heading, _taken(values, order)) for heading, values in columns),
                (_VALUE, value[order] * 100),
                (_URGENCY, urgency[order]),
                (_RISK, risk[order]),
                (_PRIORITY, self._priority[order]),
                (_NEXT, _texts([p.next_step(language) for p in self._patterns])[self._pattern[order]]),
                (_REASONS, self._reasons(order, language)),
            ],
            facts=facts,
            notes=[*notes, *_unseen(findings, {r.name: r for r in findings.rules})],
            language=language,
        )

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """One per row, in the order of the rows."""
        return tuple(self._step(i) for i in self._places.tolist())

    def told(self, language: str) -> Steps:
        """Return the same in another language, its reasons and steps too."""
        whole = Steps(*self._given, language=language)
        rank = np.empty(len(whole), np.int64)
        rank[whole._places] = np.arange(len(whole))
        return whole._taken(rank[self._places].tolist())

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per row; `because` and `lacks` hold the reasons by name, for programs."""
        return [
            {**row, "because": dict(step.because), "lacks": list(step.lacks)}
            for row, step in zip(super().rows(), self.steps, strict=True)
        ]

    def of(self, id: Any) -> Step:  # noqa: A002 - the column it looks in is called so
        """Return what is to be done about one record.

        Raises:
            ArgumentError: it is not among them.
        """
        ids = self._given[0]
        found = next((i for i in self._places.tolist() if ids[i] == id), None)
        if found is None:
            raise ArgumentError(
                f"{id!r} is not among the {len(self):,} that are ranked: closed, left out, or not there"
            )
        return self._step(found)

    # -- inside --------------------------------------------------------------------------------------

    def _taken(self, rows: Sequence[int]) -> Steps:
        places = np.array([*rows], np.int64)
        found = copy(self)
        found.__dict__.pop("steps", None)
        found._values = {n: v[places] for n, v in self._values.items()}
        found._length = places.size
        found._places = self._places[places]
        return found

    def _step(self, i: int) -> Step:
        pattern = self._patterns[int(self._pattern[i])]
        value = float(self._brings[i])
        because = {"value": value} if value else {}
        because |= {rule.name: amount for rule, amount in pattern.amounts}
        ordered = dict(sorted(because.items(), key=lambda p: -p[1]))
        lacks = tuple(r.name for r in pattern.lacks)
        return Step(self._given[0][i], float(self._priority[i]), ordered, lacks[0] if lacks else None, lacks)

    def _reasons(self, order: Array, language: str) -> Array:
        """Return the reasons of each row as text; rows with the same signals and about the same value share theirs."""
        tenths = np.round(self._brings * 10).astype(np.int64)  # of points, at most 1000
        above = np.zeros(self._brings.size, np.int64)
        for code, pattern in enumerate(self._patterns):
            mine = self._pattern == code
            for _, amount in pattern.amounts:
                above[mine] += amount > self._brings[mine]
        some = self._brings != 0
        keys = ((self._pattern * 64 + above) * 2 + some) * 2048 + tenths
        found, first, at = np.unique(keys, return_index=True, return_inverse=True)
        texts = [
            self._patterns[int(self._pattern[i])].text(
                int(above[i]), int(tenths[i]) / 10 if some[i] else None, language
            )
            for i in first.tolist()
        ]
        return _texts(texts)[at[order]] if found.size else _texts([])


@attrs.frozen(slots=True, eq=False)
class Pattern:
    """What all records share of which the same was noticed.

    Args:
        amounts: signal and what it brings to the priority, the largest first.
        lacks: the signals that ask for a step, in the order of the rules.
    """

    amounts: tuple[tuple[Signal, float], ...]
    lacks: tuple[Signal, ...]

    def next_step(self, language: str) -> str | None:
        """Return the step that comes first."""
        return _say(self.lacks[0].step, language) if self.lacks else None

    def text(self, place: int, value: float | None, language: str) -> str:
        """Return the reasons as text, with what the value brings at its place among them."""
        said = [f"{_say(r.labels, language)} +{round(a, 1):g}" for r, a in self.amounts]
        if value is not None:
            said.insert(place, f"{_say(_WORDS['value'], language)} +{value:g}")
        return ", ".join(said)


def _patterns(findings: Findings, weights: Weights) -> tuple[list[Pattern], Array]:
    """Return what there is to be noticed together, and which of it each record has."""
    bits = np.zeros(findings.n, np.int64)
    for i, rule in enumerate(findings.rules):
        if rule.name in findings.noticed:
            bits |= findings.noticed[rule.name].astype(np.int64) << i
    found, at = np.unique(bits, return_inverse=True)
    patterns = []
    for code in found.tolist():
        rules = [r for i, r in enumerate(findings.rules) if code >> i & 1]
        total = {s: sum(r.points for r in rules if r.side == s) for s in ("urgency", "risk")}
        amounts = [
            (
                r,
                float(
                    r.points * (getattr(weights, r.side) / 100 * (100 / total[r.side] if total[r.side] > 100 else 1.0))
                ),
            )
            for r in rules
            if r.points
        ]
        patterns.append(Pattern(tuple(sorted(amounts, key=lambda p: -p[1])), tuple(r for r in rules if r.step)))
    return patterns, at.astype(np.int64)


def _order_of(ids: Sequence[Any]) -> Array:
    """Return the place of each id among all in order."""
    kinds = {type(i) for i in ids}
    keys: Sequence[Any] = ids if kinds in ({str}, {int}) else [sort_key(i) for i in ids]
    found = np.empty(len(ids), np.int64)
    found[sorted(range(len(ids)), key=keys.__getitem__)] = np.arange(len(ids))
    return found


def _texts(values: Sequence[str | None]) -> Array:
    found = np.empty(len(values), object)
    found[:] = values
    return found


_RANK = Heading("rank", "count", {"en": "Rank", "zh": "排名"})
_VALUE = Heading("value", "points", {"en": "Value", "zh": "价值"})
_URGENCY = Heading("urgency", "points", {"en": "Urgency", "zh": "紧急度"})
_RISK = Heading("risk", "points", {"en": "Risk", "zh": "风险"})
_PRIORITY = Heading("priority", "points", {"en": "Priority", "zh": "优先级"})
_NEXT = Heading("next_step", "label", {"en": "Next step", "zh": "下一步"})
_REASONS = Heading("reasons", "label", {"en": "Because", "zh": "原因"})
_WORDS = {"value": {"en": "value", "zh": "价值"}}


def _unseen(findings: Findings, rules: Mapping[str, Signal]) -> list[Mapping[str, str]]:
    """Return one sentence about what could not be looked at."""
    if not findings.unseen:
        return []

    def listed(language: str, join: str) -> str:
        return join.join(
            f"{_say(rules[name].labels, language)} ({lacking})"
            for name, lacking in findings.unseen.items()
            if name in rules
        )

    return [{"en": f"Not looked at: {listed('en', '; ')}.", "zh": f"未检查：{listed('zh', '；')}。"}]


def _say(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or words["en"]


def _taken(values: Any, order: Array) -> Array:
    return (values if isinstance(values, np.ndarray) else _texts(values))[order]
