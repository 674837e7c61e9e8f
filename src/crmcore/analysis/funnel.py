"""Funnel: how many deals come to each stage of a pipeline, how many go on, and what is skipped or taken back (S2, S6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..algebra.columns import Expr
from ..calendars import Period
from ..state.interval import wilson
from ..state.listing import Fact, Heading, Listing, Values
from ..state.operand import NOTHING, Operand, ratio
from ..state.sums import sums_by
from .coded import WON
from .passages import NEVER, POLICIES, Passages
from .travels import PIPELINE, STAGE, STATUS, Travels, one_of, periods_over, travels_of

if TYPE_CHECKING:
    from ..table.column import Array, Mask
    from .view import View

__all__ = ["funnel"]

PERIOD = Heading("period", "label", {"en": "Period", "zh": "期间"})
_ROW = attrs.evolve(STAGE, values=WON)
DEALS = Heading("deals", "count", {"en": "Deals", "zh": "商机数"})
VALUE = Heading("value", "money", {"en": "Value", "zh": "金额"})
SHARE = Heading("share", "ratio", {"en": "Of all", "zh": "占全部"})
WENT_ON = Heading("went_on", "count", {"en": "Went on", "zh": "进入下一阶段"})
CONVERSION = Heading("conversion", "ratio", {"en": "Conversion", "zh": "阶段转化率"})
LOW = Heading("low", "ratio", {"en": "Low", "zh": "下限"})
HIGH = Heading("high", "ratio", {"en": "High", "zh": "上限"})
BY_VALUE = Heading("value_conversion", "ratio", {"en": "By value", "zh": "按金额转化率"})
PENDING = Heading("pending", "count", {"en": "Still open", "zh": "仍在跟进"})
SKIPPED = Heading("skipped", "count", {"en": "Skipped", "zh": "跳过"})
BACK = Heading("back", "count", {"en": "Stepped back", "zh": "退回"})
AGAIN = Heading("again", "count", {"en": "Came again", "zh": "再次进入"})
_MATURING = {
    "en": "Deals still open can go on: a conversion with such deals is not final (R5).",
    "zh": "仍在跟进的商机还可能进入下一阶段，相应的转化率尚未定型 (R5)。",
}
_WORDS = {
    "reached": {
        "en": "A deal counts at each stage in which it was or beyond which it came; a lost one as far as it was (S2).",
        "zh": "商机计入其到过或越过的每个阶段；输单商机只计到其实际到达的阶段 (S2)。",
    },
    "visited": {
        "en": "A deal counts at each stage in which it was (S2).",
        "zh": "商机只计入其实际到过的阶段 (S2)。",
    },
    "strict": {
        "en": "A deal counts at a stage if it was in all stages before it, in order (S2).",
        "zh": "商机须依次经过此前所有阶段才计入该阶段 (S2)。",
    },
}


def funnel(
    view: View,
    *,
    policy: str = "reached",
    of: str = "created",
    per: str | None = None,
    pipeline: str | None = None,
    stages: tuple[str, ...] | str | None = None,
    value: str | Expr | None = "amount",
    confidence: float = 0.95,
) -> Listing:
    """Count the deals at each stage of a pipeline, and how many of them go on to the next one.

    conversion = deals of the stage that also came to the next one / deals of the stage

    Args:
        view: with opportunities and their changes.
        policy: when a deal counts at a stage. "reached": it was in it or further on, so that skipped stages are filled in;
            being won is further on than every stage, being lost is not. "visited": it was in it. "strict": it was in all
            stages before it and in it, each for the first time after the one before.
        of: whose funnel. "created" follows the deals created in a period, wherever they came since; "entered" takes at
            each stage the deals that came to it in the period, wherever they were created.
        per: one funnel for each period of this kind; by default one for all.
        pipeline: only this one; by default each by itself.
        stages: these stages in this order instead of those of the pipelines.
        value: the amount of a deal: a column or expression; None for counts alone.
        confidence: of the interval of a conversion.

    Returns: one row per period, pipeline and stage, in the order of the newest version, then one for the deals that are won
        as of the view. `skipped` are deals that came further without being in the stage, `back` the entries by a step back,
        `again` the entries after a deal's first; all three count whatever the policy. `pending` are deals still open
        that have not gone on. `status` tells a stage that was retired, or that no version of a pipeline knows; such a
        one has no place among the others and counts the deals that were in it.

    Undefined when: no deal is at the stage, nor is there a next one (R2).

    Raises:
        ArgumentError: another policy, kind of funnel, pipeline, stage, kind of period or confidence.
        NotFoundError: no opportunities, or no changes of them: without a history there is no funnel (S5).
        CurrencyError: amounts of several currencies.

    Rules: S1, S2, S4, S5, S6, R1, R2, R3, R5, O3, O9, M2, M3.

    Source: F09, F10, F12; policies of HubSpot, Pipedrive and Bitrix24 as documented.
    """
    one_of("policy", policy, POLICIES)
    one_of("of", of, ("created", "entered"))
    travels = travels_of(view, stages)
    passages = travels.passages
    if of == "created":
        groups, periods = _cohorts(view, travels, per)
    else:
        groups, periods = None, periods_over(view, travels, per)
    amounts = _amounts(travels, value)
    leaps = np.zeros(passages.size, bool)
    blocks = [
        block
        for number in travels.stages.chosen(pipeline)
        for block in _of_pipeline(passages, number, policy, groups, _Span(view, periods), amounts, leaps)
    ]
    return _listing(travels, blocks, periods, groups, policy, confidence, amounts, leaps)


@attrs.frozen(slots=True, eq=False)
class _Amounts:
    data: Array
    scale: int
    bound: int
    blank: Mask


@attrs.frozen(slots=True, eq=False)
class _Span:
    """The periods as instants: from the first one's start, each up to its end."""

    view: View
    periods: list[Period] | None

    @property
    def size(self) -> int:
        return 1 if self.periods is None else len(self.periods)

    def of(self, at: Array) -> Array:
        """Return the period of each instant; -1 outside of all."""
        if self.periods is None:
            return np.where(at == NEVER, -1, 0)
        zone = self.view.scope.zone
        days = [*(p.start - 1 for p in self.periods[:1]), *(p.stop - 1 for p in self.periods)]
        edges = np.array([zone.end_of_day(day) for day in days], np.int64)
        found = np.searchsorted(edges, at, side="left") - 1
        return np.where((found < 0) | (found >= len(self.periods)), -1, found)


@attrs.frozen(slots=True, eq=False)
class _Block:
    """One stage in all periods; `code` is 0 for the won."""

    pipeline: int
    code: int
    deals: Array
    value: Array | None
    went_on: Array | None
    value_on: Array | None
    pending: Array | None
    skipped: Array
    back: Array
    again: Array


def _cohorts(view: View, travels: Travels, per: str | None) -> tuple[Array, list[Period] | None]:
    """Return the number of the cohort of each deal, -1 for none (O9), and the periods of the cohorts."""
    table = travels.rows.table
    if "created_at" not in table and per is None:
        return np.zeros(len(travels.rows), np.int64), None  # they were there always
    days = travels.rows.days("created_at")
    there = days.present()
    if per is None:
        return np.where(there, 0, -1), None
    if not there.any():
        view.scope.calendar.axis(per)
        return np.full(len(there), -1), []
    known = days.data[there]
    periods = view.scope.calendar.periods(int(known.min()), int(known.max()), per)
    starts = np.array([p.start for p in periods])
    return np.where(there, np.searchsorted(starts, days.data, side="right") - 1, -1), periods


def _amounts(travels: Travels, value: str | Expr | None) -> _Amounts | None:
    if value is None or (value == "amount" and "amount" not in travels.rows.table):
        return None
    column = travels.rows.amounts(value)
    data = np.where(column.present(), column.data, 0)
    return _Amounts(data, column.scale, column.magnitude, ~column.present())


def _of_pipeline(
    passages: Passages,
    number: int,
    policy: str,
    groups: Array | None,
    span: _Span,
    amounts: _Amounts | None,
    leaps: Mask,
) -> list[_Block]:
    """Return the stages of one pipeline, and the won; deals that skipped one are marked in `leaps`."""
    visits, stages = passages.visits, passages.stages
    been = np.zeros(len(stages.names), bool)
    been[visits.stage] = True
    codes = stages.shown(number, been)
    strict, won = passages.strict(number) if policy == "strict" else ({}, passages.won(number))
    size = span.size
    came = span.of(visits.entered) if groups is None else groups[visits.rows]
    back = passages.steps_back()

    def tally(group: Array, where: Mask) -> Array:
        kept = group[where & (group >= 0)]
        return np.bincount(kept, minlength=size)

    def worth(group: Array, where: Mask) -> Array | None:
        if amounts is None:
            return None
        kept = np.flatnonzero(where & (group >= 0))
        return sums_by(group[kept], amounts.data[kept], size, amounts.bound)

    found: list[_Block] = []
    ahead = won
    for code in reversed(codes):
        place, reached = passages.visited(code), passages.reached(code)
        first = passages.entered(place)
        mine = {"reached": reached, "visited": first, "strict": strict.get(code, first)}[policy]
        ranked = stages.rank[-1][code] >= 0 or stages.status[code] == "retired"
        group = groups if groups is not None else span.of(mine)
        reach = groups if groups is not None else span.of(reached)
        here, on, over = mine != NEVER, ahead != NEVER, (reached != NEVER) & (first == NEVER)
        leaps |= over
        entries = visits.stage == code
        renewed = entries & (place[visits.rows] != np.arange(len(visits)))
        found.append(
            _Block(
                number,
                code,
                tally(group, here),
                worth(group, here),
                tally(group, here & on) if ranked else None,
                worth(group, here & on) if ranked else None,
                tally(group, here & ~on & passages.open) if ranked else None,
                tally(reach, over),
                tally(came, entries & back),
                tally(came, renewed),
            )
        )
        if stages.rank[-1][code] >= 0:
            ahead = mine
    group = groups if groups is not None else span.of(won)
    nobody = np.zeros(size, np.int64)
    there = won != NEVER
    if not codes and not there.any():
        return []
    found.insert(
        0, _Block(number, 0, tally(group, there), worth(group, there), None, None, None, nobody, nobody, nobody)
    )
    return found[::-1]


def _listing(
    travels: Travels,
    blocks: list[_Block],
    periods: list[Period] | None,
    groups: Array | None,
    policy: str,
    confidence: float,
    amounts: _Amounts | None,
    leaps: Mask,
) -> Listing:
    size = 1 if periods is None else len(periods)
    stages = travels.stages
    nobody = np.zeros(size, np.int64)

    def flat(name: str) -> Array:
        """Return a column, period after period, in each of these stage after stage; 0 where there is no next stage."""
        listed = [getattr(b, name) for b in blocks]
        stacked = np.array([nobody if v is None else v for v in listed]).reshape(len(blocks), size)
        found: Array = stacked.T.reshape(-1)
        return found

    ends = np.tile(np.array([b.went_on is None for b in blocks], bool), size)
    deals, went_on = flat("deals"), flat("went_on")
    low, high = wilson(went_on, np.where(ends, 0, deals), confidence)
    columns: list[tuple[Heading, Values]] = []
    if periods is not None:
        columns.append((PERIOD, [p.label for p in periods for _ in blocks]))
    if len(stages.pipelines) > 1:
        columns.append((PIPELINE, [stages.pipelines[b.pipeline] for b in blocks] * size))
    columns += [
        (_ROW, [stages.names[b.code] if b.code else "won" for b in blocks] * size),
        (STATUS, [stages.status[b.code] if b.code else "won" for b in blocks] * size),
        (DEALS, deals),
    ]
    if amounts is not None:
        columns.append((VALUE, Operand(flat("value"), amounts.scale)))
    if groups is not None:
        everyone = np.bincount(groups[groups >= 0], minlength=size)
        columns.append((SHARE, ratio(Operand(deals), Operand(np.repeat(everyone, len(blocks))))))
    columns += [
        (WENT_ON, _where(ends, went_on)),
        (CONVERSION, ratio(Operand(went_on), Operand(deals)).because(ends, NOTHING)),
        (LOW, np.where(ends, np.nan, low)),
        (HIGH, np.where(ends, np.nan, high)),
    ]
    if amounts is not None:
        worth = Operand(flat("value"))
        columns.append((BY_VALUE, ratio(Operand(flat("value_on")), worth).because(ends, NOTHING)))
    pending = flat("pending")
    columns += [
        (PENDING, _where(ends, pending)),
        (SKIPPED, flat("skipped")),
        (BACK, flat("back")),
        (AGAIN, flat("again")),
    ]
    notes = [_WORDS[policy], *([_MATURING] if pending.any() else [])]
    return Listing(columns, facts=_facts(travels, groups, amounts, leaps), notes=notes)


def _where(ends: Mask, counts: Array) -> Array:
    return np.where(ends, np.nan, counts) if ends.any() else counts


def _facts(travels: Travels, groups: Array | None, amounts: _Amounts | None, leaps: Mask) -> list[Fact]:
    visits, size = travels.visits, len(travels.rows)
    turned = np.zeros(size, bool)
    turned[visits.rows[travels.passages.steps_back()]] = True
    counted = np.ones(size, bool) if groups is None else groups >= 0
    been = np.zeros(size, bool)
    been[visits.rows] = True

    def fact(name: str, value: int, en: str, zh: str, *, quiet: bool = True) -> Fact:
        return Fact(name, value, "count", {"en": en, "zh": zh}, quiet=quiet)

    return [
        fact("deals", int(counted.sum()), "Deals", "商机数", quiet=False),
        fact("skipping", int((counted & leaps).sum()), "Deals that skipped a stage", "跳过阶段的商机"),
        fact("stepping_back", int((counted & turned).sum()), "Deals that stepped back", "退回过的商机"),
        fact("never_in_a_stage", int((counted & ~been).sum()), "Deals never open in a stage", "从未处于任何阶段的商机"),
        fact("undated", int((~counted).sum()), "Deals without a creation date, left out", "无创建日期的商机（未计入）"),
        fact(
            "made_up",
            int((visits.made & counted[visits.rows]).sum()),
            "First stays made up at the creation (S5)",
            "按创建时间补记的首个阶段 (S5)",
        ),
        *(
            []
            if amounts is None
            else [fact("unpriced", int((amounts.blank & counted).sum()), "Deals without an amount", "无金额商机")]
        ),
    ]
