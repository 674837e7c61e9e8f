"""Guided selling: open deals by expected value, urgency and risk, and the next step that each one lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import Any

import numpy as np

from ..algebra.columns import Expr, coalesce, col, maybe
from ..errors import ArgumentError
from ..evaluate import Scope
from ..evaluate.pricing import priced
from ..evaluate.rows import Rows, rows_of
from ..state.listing import Fact, Heading
from ..table.column import Array, Mask
from ..table.table import table_named
from ..units import DAY
from .checks import weight, whole
from .lookups import NEVER, days_since, has_planned, keys_with, labels_of, last_done, moments, optional
from .scores import Scores
from .signals import Findings, Signal, Steps, Weights, percent_rank, pointed, unreadable

__all__ = ["DEALS", "DECISION_MAKERS", "next_steps"]

DEALS: tuple[Signal, ...] = (
    Signal(
        *("overdue_close", "urgency", 40),
        {"en": "overdue", "zh": "已逾期"},
        {"en": "Agree on a new close date, or close it", "zh": "约定新的成交日期或关闭商机"},
    ),
    Signal(*("closes_soon", "urgency", 25), {"en": "closes soon", "zh": "即将成交"}),
    Signal(
        *("no_activity", "urgency", 25),
        {"en": "no activity", "zh": "无活动"},
        {"en": "Plan the next activity", "zh": "安排下一次活动"},
    ),
    Signal(
        *("stuck_in_stage", "urgency", 20),
        {"en": "stuck in stage", "zh": "阶段停滞"},
        {"en": "Move it on, or disqualify it", "zh": "推进阶段或判定不合格"},
    ),
    Signal(
        *("no_decision_maker", "risk", 30),
        {"en": "no decision maker", "zh": "缺少决策人"},
        {"en": "Find the decision maker", "zh": "找到决策人"},
    ),
    Signal(*("aged", "risk", 30), {"en": "aged", "zh": "超龄"}),
    Signal(*("pushed", "risk", 20), {"en": "pushed", "zh": "多次推迟"}),
    Signal(
        *("no_amount", "risk", 20),
        {"en": "no amount", "zh": "无金额"},
        {"en": "Estimate the amount", "zh": "估算金额"},
    ),
    Signal(
        *("no_close_date", "risk", 20),
        {"en": "no expected close", "zh": "无预计成交日"},
        {"en": "Agree on a close date", "zh": "约定成交日期"},
    ),
    Signal(
        *("no_next_step", "risk", 10),
        {"en": "no next step", "zh": "无下一步"},
        {"en": "Write down the next step", "zh": "填写下一步计划"},
    ),
)
"""What is looked at in open deals, with its points; the first that asks for a step is the next step."""

DECISION_MAKERS = (
    *(
        "chief",
        "ceo",
        "cfo",
        "coo",
        "cto",
        "cio",
        "founder",
        "owner",
        "president",
        "vp",
        "director",
        "managing",
        "head",
    ),
    *("总经理", "总裁", "董事", "总监", "首席", "创始人", "负责人", "厂长", "院长"),
)
"""Words in a contact's title that tell of somebody who decides; whole words in Latin script."""

_NAME = Heading("name", "label", {"en": "Opportunity", "zh": "商机"})
_ID = Heading("id", "label", {"en": "Id", "zh": "编号"})
_OWNER = Heading("owner", "label", {"en": "Owner", "zh": "负责人"})
_STAGE = Heading("stage", "label", {"en": "Stage", "zh": "阶段"})
_AMOUNT = Heading("amount", "money", {"en": "Amount", "zh": "金额"})
_PROBABILITY = Heading("probability", "ratio", {"en": "Probability", "zh": "概率"})
_EXPECTED = Heading("expected_value", "money", {"en": "Expected value", "zh": "期望金额"})


def next_steps(
    scope: Scope,
    *,
    where: Expr | None = None,
    probabilities: Scores | None = None,
    today: bool = True,
    unread: int = 0,
    closing_days: int = 14,
    idle_days: int = 14,
    stage_days: int | None = None,
    pushes: int = 2,
    aging: float = 2,
    cases: int = 20,
    decision_makers: Iterable[str] = DECISION_MAKERS,
    points: Mapping[str, float] | None = None,
    weights: Weights | None = None,
    language: str = "en",
) -> Steps:
    """Rank open deals by expected value, urgency and risk, with the reasons and the next step each one lacks.

    priority = 40 x value + 40 x urgency / 100 + 20 x risk / 100, where value is the share of the ranked deals whose expected
    value (amount x probability) is lower, equal ones half; urgency and risk are the points of their signals, at most 100

    The signals, with points that `points` changes: `overdue_close` the expected close has passed; `closes_soon` it lies at
    most `closing_days` ahead; `no_activity` none within `idle_days` and none planned, counted from creation where there
    never was one; `stuck_in_stage` longer there than `stage_days`, or the stage's `rotting_days` or `expected_days`;
    `no_decision_maker` neither its contact nor any of its account has a title that decides; `aged` open for longer than
    `aging` x the median cycle of the won deals of its pipeline; `pushed` at least `pushes` times; `no_amount`,
    `no_close_date`, `no_next_step` nothing is there. What the data cannot say is not looked at, and a note says so.

    Args:
        scope: the tables as of an instant.
        where: a condition on the deals.
        probabilities: a scorer's, for each deal it has one; else the deal's own, else that of its stage, else none: then the
            amount stands unweighted (M4).
        today: whether the view is of the present, in which planned activities are known.
        unread: rows that could not be read, which a fact tells.
        closing_days: how near an expected close is urgent.
        idle_days: without an activity for longer is idle.
        stage_days: longer in a stage is stuck; without, what each stage says.
        pushes: from how many pushes on.
        aging: how many median cycles are too long.
        cases: won deals that a median cycle takes; where a pipeline has fewer, all pipelines together.
        decision_makers: words in titles.
        points: signal -> points in place of those of `DEALS`.
        weights: of value, urgency and risk, 100 together.
        language: of the reasons and steps.

    Returns: one row per open deal, the most pressing first, ties by id; `steps` has the reasons as numbers, which add up to
        the priority.

    Raises:
        TableNotFound: no opportunities.
        CurrencyError: amounts in several currencies without rates (M2).
        ArgumentError: a choice that means nothing.

    Rules: M2, M3, M4, O4, T2, T8.
    """
    for name, given in (("closing_days", closing_days), ("idle_days", idle_days), ("pushes", pushes), ("cases", cases)):
        whole(name, given)
    if stage_days is not None:
        whole("stage_days", stage_days)
    if not weight("aging", aging):
        raise ArgumentError("aging is a number of median cycles, above 0")
    table = priced(table_named(scope.tables, "opportunity", hint="next steps are those of opportunities"), None, scope)
    every = rows_of(table, scope)
    deals = rows_of(table, scope, where, col("outcome") == "open")
    found = Findings(len(deals), pointed(DEALS, points or {}))
    amount, probability, expected = _expected(deals, probabilities)
    _look_at_dates(found, deals, closing_days)
    _look_at_activity(found, deals, idle_days, today=today)
    _look_at_stage(found, deals, stage_days)
    _look_at_people(found, deals, decision_makers)
    _look_at_age(found, deals, every, aging, cases)
    pushed = optional(deals, "push_count")
    found.add("pushed", None if pushed is None else pushed.data >= pushes, "push_count")
    found.add("no_amount", np.isnan(amount) if "amount" in table else None, "amount")
    written = optional(deals, "next_step")
    found.add("no_next_step", None if written is None else ~written.present(), "next_step")
    columns = [
        (_ID, deals.ids()),
        *labels_of(deals, [(_NAME, "name"), (_OWNER, "owner"), (_STAGE, "stage")]),
        (_AMOUNT, amount),
        (_PROBABILITY, probability),
        (_EXPECTED, expected),
    ]
    value = percent_rank(expected)
    return Steps(
        deals.ids(),
        found,
        value,
        weights or Weights(),
        columns,
        [*_facts(deals, amount, probability, expected), unreadable(unread)],
        [],
        language=language,
    )


def _expected(deals: Rows, scores: Scores | None) -> tuple[Array, Array, Array]:
    """Return amount, probability and their product per deal; nan where there is none (M3, M4)."""
    found = optional(deals, "amount")
    amount = np.full(len(deals), np.nan)
    if found is not None:
        money = deals.amounts("amount")
        amount = np.where(money.present(), money.data / money.scale, np.nan)
    own = deals.values(coalesce(maybe("probability"), maybe("stage.probability")))
    probability = np.where(own.present(), own.data / own.scale, np.nan)
    if scores is not None:
        at = {k: i for i, k in enumerate(scores.ids.tolist())}
        given = np.array([scores.values[at[i]] if i in at else np.nan for i in deals.ids()], np.float64)
        if bool(((given < 0) | (given > 1)).any()):
            raise ArgumentError(
                f"scorer {scores.scorer!r} gives no probabilities but {float(np.nanmax(given)):g} and the like; "
                "expected values need numbers from 0 to 1"
            )
        probability = np.where(np.isnan(given), probability, given)
    return amount, probability, amount * np.where(np.isnan(probability), 1.0, probability)


def _look_at_dates(found: Findings, deals: Rows, closing_days: int) -> None:
    column = optional(deals, "expected_close")
    now = deals.scope.as_of
    if column is None or column.kind not in ("instant", "day") or now is None:
        for name in ("overdue_close", "closes_soon", "no_close_date"):
            found.add(name, None, "expected_close")
        return
    ahead = deals.days("expected_close").data.astype(np.int64) - now.day
    there = column.present()
    found.add("overdue_close", there & (ahead < 0))
    found.add("closes_soon", there & (ahead >= 0) & (ahead <= closing_days))
    found.add("no_close_date", ~there)


def _look_at_activity(found: Findings, deals: Rows, idle_days: int, *, today: bool) -> None:
    last = last_done(deals, "opportunity")
    if last is None or deals.scope.as_of is None:
        found.add("no_activity", None, "activity, last_activity_at")
        return
    created = moments(deals, "created_at")
    since = np.where((last == NEVER) & (created is not None), NEVER if created is None else created, last)
    idle = ~(days_since(since, deals.scope) <= idle_days)
    planned = has_planned(deals, "opportunity", today=today)
    found.add("no_activity", idle if planned is None else idle & ~planned)


def _look_at_stage(found: Findings, deals: Rows, stage_days: int | None) -> None:
    entered = moments(deals, "stage_entered_at")
    if entered is None or not (entered > NEVER).any():
        found.add("stuck_in_stage", None, "stage_entered_at")
        return
    limit = np.full(len(deals), np.nan if stage_days is None else float(stage_days))
    if stage_days is None:
        usual = deals.values(coalesce(maybe("stage.rotting_days"), maybe("stage.expected_days")))
        limit = np.where(usual.present(), usual.data / usual.scale, np.nan)
        if np.isnan(limit).all():
            found.add("stuck_in_stage", None, "stage.rotting_days, stage_days=")
            return
    found.add("stuck_in_stage", days_since(entered, deals.scope) > limit)


def _look_at_people(found: Findings, deals: Rows, words: Iterable[str]) -> None:
    contacts = deals.scope.tables.get("contact")
    if contacts is None or "title" not in contacts or not {"contact", "account"} & set(deals.table.columns):
        found.add("no_decision_maker", None, "contact.title")
        return
    people = rows_of(contacts, deals.scope)
    key = people.key("title")
    decides = np.array([_decides(label, tuple(words)) for label in key.labels], bool)[key.data]
    known = np.zeros(len(deals), bool)
    if "contact" in deals.table.columns:
        ids = people.ids()
        known |= keys_with(deals, "contact", [ids[i] for i in np.flatnonzero(decides).tolist()])
    if "account" in deals.table.columns and "account" in contacts:
        account = people.key("account")
        known |= keys_with(deals, "account", [account.labels[c] for c in np.unique(account.data[decides]).tolist()])
    found.add("no_decision_maker", ~known)


def _decides(title: Any, words: Sequence[str]) -> bool:
    if title is None:
        return False
    said = str(title).casefold()
    return any(
        re.search(rf"\b{re.escape(w.casefold())}\b", said) is not None if w.isascii() else w in said for w in words
    )


def _look_at_age(found: Findings, deals: Rows, every: Rows, aging: float, cases: int) -> None:
    created, now = moments(deals, "created_at"), deals.scope.as_of
    won = every.at(np.flatnonzero(_is(every, "won")))
    start, end = moments(won, "created_at"), moments(won, "closed_at")
    if created is None or start is None or end is None or now is None:
        found.add("aged", None, "created_at, closed_at")
        return
    cycle = np.where((start > NEVER) & (end >= start), (end - start) / DAY, np.nan)
    if int((~np.isnan(cycle)).sum()) < max(cases, 1):
        found.add("aged", None, f"closed_at x {max(cases, 1)}")
        return
    limit = np.full(len(deals), float(np.nanmedian(cycle)))
    if "pipeline" in deals.table.columns:
        own, theirs = deals.key("pipeline"), won.key("pipeline")
        for code in np.unique(own.data).tolist():
            part = cycle[(theirs.data == code) & ~np.isnan(cycle)]
            if part.size >= max(cases, 1):
                limit[own.data == code] = float(np.median(part))
    found.add("aged", days_since(created, deals.scope) > aging * limit)


def _is(rows: Rows, outcome: str) -> Mask:
    column = rows.values(col("outcome") == outcome)
    found: Mask = column.data & column.present()
    return found


def _facts(deals: Rows, amount: Array, probability: Array, expected: Array) -> list[Fact]:
    return [
        Fact("deals", len(deals), "count", {"en": "Open deals", "zh": "在手商机数"}),
        Fact(
            "expected_value",
            fsum(expected[~np.isnan(expected)]) if (~np.isnan(expected)).any() else None,
            "money",
            {"en": "Expected value", "zh": "期望金额"},
        ),
        Fact("unpriced", int(np.isnan(amount).sum()), "count", {"en": "Without an amount", "zh": "无金额"}, quiet=True),
        Fact(
            "unweighted",
            int((np.isnan(probability) & ~np.isnan(amount)).sum()),
            "count",
            {"en": "Without a probability, unweighted", "zh": "无概率（未加权）"},
            quiet=True,
        ),
    ]
