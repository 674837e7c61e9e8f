"""Signals: what makes a deal or a lead urgent or risky, as data, and the step that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..state.listing import Fact, Heading, Listing, Values
from ..table.column import Array, Mask, sort_key
from .checks import weight

__all__ = ["Findings", "Signal", "Step", "Steps", "Weights", "percent_rank", "pointed"]


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


def percent_rank(values: Array) -> Array:
    """Return for each value the share of all values below it, and half of those equal to it; 0 where it is nan."""
    known = values[~np.isnan(values)]
    found = np.zeros(values.size)
    if known.size:
        ordered = np.sort(known)
        low, high = np.searchsorted(ordered, known), np.searchsorted(ordered, known, side="right")
        found[~np.isnan(values)] = (low + high) / (2 * known.size)
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
    """Records by priority, each with why and what it lacks: a listing; `steps` holds the same as objects.

    Args:
        steps: one per row, in the order of the rows.
    """

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
        self._places: list[int] | None = None
        urgency, risk = findings.side("urgency"), findings.side("risk")
        priority = (weights.value * value * 100 + weights.urgency * urgency + weights.risk * risk) / 100
        order = np.array(sorted(range(len(ids)), key=lambda i: (-priority[i], sort_key(ids[i]))), np.int64)
        scale = {s: _scaled(findings, s, getattr(weights, s)) for s in ("urgency", "risk")}
        self.steps = tuple(self._step(i, ids, findings, value, weights, scale, priority) for i in order.tolist())
        rules = {r.name: r for r in findings.rules}
        super().__init__(
            [
                (_RANK, np.arange(1, order.size + 1)),
                *((heading, _taken(values, order)) for heading, values in columns),
                (_VALUE, value[order] * 100),
                (_URGENCY, urgency[order]),
                (_RISK, risk[order]),
                (_PRIORITY, priority[order]),
                (_NEXT, [None if s.next_step is None else _say(rules[s.next_step].step, language) for s in self.steps]),
                (_REASONS, [_reasons(s, rules, language) for s in self.steps]),
            ],
            facts=facts,
            notes=[*notes, *_unseen(findings, rules)],
            language=language,
        )

    @staticmethod
    def _step(
        i: int,
        ids: Sequence[Any],
        findings: Findings,
        value: Array,
        weights: Weights,
        scale: Mapping[str, Array],
        priority: Array,
    ) -> Step:
        because = {"value": float(weights.value * value[i])} if value[i] else {}
        because |= {
            r.name: float(r.points * scale[r.side][i])
            for r in findings.rules
            if r.points and r.name in findings.noticed and findings.noticed[r.name][i]
        }
        ordered = dict(sorted(because.items(), key=lambda p: -p[1]))
        lacks = tuple(
            r.name for r in findings.rules if r.step and r.name in findings.noticed and findings.noticed[r.name][i]
        )
        return Step(ids[i], float(priority[i]), ordered, lacks[0] if lacks else None, lacks)

    def told(self, language: str) -> Steps:
        """Return the same in another language, its reasons and steps too."""
        whole = Steps(*self._given, language=language)
        return whole if self._places is None else whole._taken(self._places)

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per row; `because` and `lacks` hold the reasons by name, for programs."""
        return [
            {**row, "because": dict(step.because), "lacks": list(step.lacks)}
            for row, step in zip(super().rows(), self.steps, strict=True)
        ]

    def _taken(self, rows: Sequence[int]) -> Steps:
        places = [*rows]
        found = copy(self)
        found._values = {n: v[np.array(places, np.int64)] for n, v in self._values.items()}
        found._length = len(places)
        found.steps = tuple(self.steps[i] for i in places)
        found._places = places if self._places is None else [self._places[i] for i in places]
        return found

    def of(self, id: Any) -> Step:  # noqa: A002 - the column it looks in is called so
        """Return what is to be done about one record.

        Raises:
            ArgumentError: it is not among them.
        """
        found = next((s for s in self.steps if s.id == id), None)
        if found is None:
            raise ArgumentError(
                f"{id!r} is not among the {len(self.steps):,} that are ranked: closed, left out, or not there"
            )
        return found


_RANK = Heading("rank", "count", {"en": "Rank", "zh": "排名"})
_VALUE = Heading("value", "points", {"en": "Value", "zh": "价值"})
_URGENCY = Heading("urgency", "points", {"en": "Urgency", "zh": "紧急度"})
_RISK = Heading("risk", "points", {"en": "Risk", "zh": "风险"})
_PRIORITY = Heading("priority", "points", {"en": "Priority", "zh": "优先级"})
_NEXT = Heading("next_step", "label", {"en": "Next step", "zh": "下一步"})
_REASONS = Heading("reasons", "label", {"en": "Because", "zh": "原因"})
_WORDS = {"value": {"en": "value", "zh": "价值"}}


def _scaled(findings: Findings, side: str, share: float) -> Array:
    """Return what one point of a side brings to the priority: less where its points had to end at 100."""
    total = np.zeros(findings.n)
    for rule in findings.rules:
        if rule.side == side and rule.name in findings.noticed:
            total += rule.points * findings.noticed[rule.name]
    return share / 100 * np.where(total > 100, 100 / np.maximum(total, 1), 1.0)


def _reasons(step: Step, rules: Mapping[str, Signal], language: str) -> str:
    words = {**_WORDS, **{n: r.labels for n, r in rules.items()}}
    return ", ".join(f"{_say(words[n], language)} +{round(p, 1):g}" for n, p in step.because.items())


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


def _taken(values: Any, order: Array) -> Any:
    if isinstance(values, np.ndarray):
        return values[order]
    return [values[i] for i in order.tolist()]
