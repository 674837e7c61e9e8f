"""Follow-up: open leads by score, by how long they have waited for an answer, and by what was left lying."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..algebra.columns import Expr, col, lit
from ..evaluate import Scope
from ..evaluate.rows import Rows, rows_of
from ..state.listing import Fact, Heading
from ..table.column import Array, Mask
from ..table.table import table_named
from .checks import weight, whole
from .lookups import NEVER, days_since, has_planned, labels_of, last_done, moments, optional
from .scores import Scores
from .signals import Findings, Signal, Steps, Weights, percent_rank, pointed, unreadable

__all__ = ["LEADS", "follow_up"]

LEADS: tuple[Signal, ...] = (
    Signal(
        *("no_owner", "urgency", 30),
        {"en": "no owner", "zh": "无负责人"},
        {"en": "Assign it", "zh": "分配负责人"},
    ),
    Signal(
        *("answer_overdue", "urgency", 60),
        {"en": "not answered in time", "zh": "超时未响应"},
        {"en": "Make the first contact", "zh": "立即首次联系"},
    ),
    Signal(
        *("waits_for_answer", "urgency", 40),
        {"en": "waits for an answer", "zh": "等待首次响应"},
        {"en": "Make the first contact", "zh": "尽快首次联系"},
    ),
    Signal(*("fresh", "urgency", 20), {"en": "new", "zh": "新线索"}),
    Signal(
        *("no_activity", "risk", 50),
        {"en": "no activity", "zh": "无活动"},
        {"en": "Follow up", "zh": "跟进"},
    ),
    Signal(
        *("stale", "risk", 50),
        {"en": "stale", "zh": "长期未决"},
        {"en": "Convert it, or close it", "zh": "转化或关闭"},
    ),
)
"""What is looked at in open leads, with its points; the first that asks for a step is the next step."""

_NO_SCORE = {
    "en": "No lead has a score, so the order is that of urgency and risk; a scorer, or a column score, gives them one.",
    "zh": "线索均无评分，仅按紧急度和风险排序；可指定评分器或提供score列。",
}
_ID = Heading("id", "label", {"en": "Id", "zh": "编号"})
_NAME = Heading("name", "label", {"en": "Lead", "zh": "线索"})
_OWNER = Heading("owner", "label", {"en": "Owner", "zh": "负责人"})
_SOURCE = Heading("source", "label", {"en": "Source", "zh": "来源"})
_SCORE = Heading("score", "number", {"en": "Score", "zh": "评分"})
_AGE = Heading("age_days", "days", {"en": "Age", "zh": "存续天数"})
_WAITING = Heading("waiting_hours", "hours", {"en": "Waiting", "zh": "等待小时"})


def follow_up(
    scope: Scope,
    *,
    where: Expr | None = None,
    scores: Scores | None = None,
    today: bool = True,
    unread: int = 0,
    answer_hours: float = 24,
    fresh_days: int = 7,
    idle_days: int = 14,
    stale_days: int = 90,
    points: Mapping[str, float] | None = None,
    weights: Weights | None = None,
    language: str = "en",
) -> Steps:
    """Rank open leads for follow-up, with the reasons and the next step each one lacks.

    priority = 40 x value + 40 x urgency / 100 + 20 x risk / 100, where value is the share of the ranked leads with a lower
    score, equal ones half; urgency and risk are the points of their signals, at most 100

    A lead is open that is neither converted nor lost. The signals, with points that `points` changes: `no_owner`;
    `answer_overdue` no first response for more than `answer_hours` since it was created, `waits_for_answer` none yet, but
    in time; `fresh` created at most `fresh_days` ago; `no_activity` none within `idle_days` and none planned, once it was
    answered; `stale` older than `stale_days`. What the data cannot say is not looked at, and a note says so.

    Args:
        scope: the tables as of an instant.
        where: a condition on the leads.
        scores: a scorer's; else the leads' own column `score`, else all have the same value.
        today: whether the view is of the present, in which planned activities are known.
        unread: rows that could not be read, which a fact tells.
        answer_hours: how long a first response may take.
        fresh_days: how long a lead is new.
        idle_days: without an activity for longer is idle.
        stale_days: older is stale.
        points: signal -> points in place of those of `LEADS`.
        weights: of value, urgency and risk, 100 together.
        language: of the reasons and steps.

    Returns: one row per open lead, the most pressing first, ties by id; `steps` has the reasons as numbers, which add up to
        the priority. Leads that repeat another are left out and counted.

    Raises:
        TableNotFound: no leads.
        ArgumentError: a choice that means nothing.

    Rules: T2, T8.
    """
    weight("answer_hours", answer_hours)
    for name, given in (("fresh_days", fresh_days), ("idle_days", idle_days), ("stale_days", stale_days)):
        whole(name, given)
    table = table_named(scope.tables, "lead", hint="who is followed up stands in the table of leads")
    opened = [col("converted") != lit(True)] if "converted" in table else []
    opened += [col(c).is_null() for c in ("converted_at", "lost_at") if c in table]
    every = rows_of(table, scope, where, *opened)
    leads = rows_of(table, scope, where, *opened, col("duplicate_of").is_null() if "duplicate_of" in table else None)
    found = Findings(len(leads), pointed(LEADS, points or {}))
    score = _scores(leads, scores)
    owner = optional(leads, "owner")
    found.add("no_owner", None if owner is None else ~owner.present(), "owner")
    created = moments(leads, "created_at")
    age = np.full(len(leads), np.nan) if created is None or scope.as_of is None else days_since(created, scope)
    dated = bool((~np.isnan(age)).any()) or not len(leads)
    answered = _answered(leads)
    waiting = np.where(np.zeros(len(leads), bool) if answered is None else ~answered, age * 24, np.nan)
    lacking = "first_response_at, first_contact_at" if answered is None else "created_at"
    seen = dated and answered is not None
    found.add("answer_overdue", waiting > answer_hours if seen else None, lacking)
    found.add("waits_for_answer", waiting <= answer_hours if seen else None, lacking)
    found.add("fresh", age <= fresh_days if dated else None, "created_at")
    last = last_done(leads, "lead")
    if last is None or scope.as_of is None:
        found.add("no_activity", None, "activity")
    else:
        start = np.full(len(leads), NEVER) if created is None else created
        idle = ~(days_since(np.where(last == NEVER, start, last), scope) <= idle_days)
        planned = has_planned(leads, "lead", today=today)
        idle = idle if planned is None else idle & ~planned
        found.add("no_activity", idle if answered is None else idle & answered)
    found.add("stale", age > stale_days if dated else None, "created_at")
    columns = [
        (_ID, leads.ids()),
        *labels_of(leads, [(_NAME, "name"), (_OWNER, "owner"), (_SOURCE, "source")]),
        (_SCORE, score),
        (_AGE, age),
        (_WAITING, waiting),
    ]
    facts = [
        Fact("leads", len(leads), "count", {"en": "Open leads", "zh": "未决线索数"}),
        Fact(
            "duplicates",
            len(every) - len(leads),
            "count",
            {"en": "Left out, repeat another", "zh": "重复线索（已排除）"},
            quiet=True,
        ),
        unreadable(unread),
    ]
    notes = [_NO_SCORE] if len(leads) and np.isnan(score).all() else []
    return Steps(
        leads.ids(), found, percent_rank(score), weights or Weights(), columns, facts, notes, language=language
    )


def _scores(leads: Rows, given: Scores | None) -> Array:
    if given is not None:
        at = {k: i for i, k in enumerate(given.ids.tolist())}
        return np.array([given.values[at[i]] if i in at else np.nan for i in leads.ids()], np.float64)
    own = optional(leads, "score")
    if own is None:
        return np.full(len(leads), np.nan)
    return np.where(own.present(), own.data / own.scale, np.nan)


def _answered(leads: Rows) -> Mask | None:
    """Return which leads somebody has answered or contacted; None where nothing says."""
    found = [m for m in (moments(leads, c) for c in ("first_response_at", "first_contact_at")) if m is not None]
    return np.maximum.reduce(found) > NEVER if found else None
