"""Deals: the open deals whose closing date was pushed, or has passed (E56)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...algebra.columns import col
from ...calendars import date_of
from ...state.listing import Fact, Heading, Listing
from ...state.operand import NOTHING, Operand
from ...state.sums import sums_by
from ...table.column import Array, sort_key
from .dates import DAYS_PULLED, DAYS_PUSHED, PULLS, PUSHES, later_period
from .moves import date_moves

if TYPE_CHECKING:
    from ..view import View

__all__ = ["slipping_deals"]

ID = Heading("id", "label", {"en": "Deal", "zh": "商机"})
EXPECTED = Heading("expected_close", "label", {"en": "Expected close", "zh": "预计成交日期"})
OVERDUE = Heading("days_overdue", "count", {"en": "Days overdue", "zh": "逾期天数"})
VALUE = Heading("value", "money", {"en": "Value", "zh": "金额"})
_ORDER = {
    "en": "Most pushed first, then longest overdue; deals that were never pushed and are not overdue are not listed.",
    "zh": "按推迟次数、逾期天数降序；从未推迟且未逾期的商机不列出。",
}


def slipping_deals(view: View, *, across: str = "day") -> Listing:
    """List the open deals whose closing date was pushed or has passed.

    Args:
        view: with opportunities and changes.
        across: a push leads to a later period of this kind: "day" for any later date, "month" as Salesforce counts pushes.

    Returns: a row per deal, most pushed first, then longest overdue, then by id; a day of today is not overdue.

    Raises:
        TableNotFound: no opportunities, or no changes.
        HistoryUnavailable: a source that knows the last change alone.
        ArgumentError: no such kind of period.
        CurrencyError: amounts of several currencies.

    Rules: O4, O8, S5, T2, M2, M3

    Source: T13; Salesforce.
    """
    view.scope.calendar.axis(across)
    rows = view.rows("opportunity", where=col("outcome") == "open")
    size = len(rows)
    moves = date_moves(view, rows)
    moves = moves.select(np.flatnonzero(later_period(moves, view, across)))
    shift = moves.new - moves.old
    pushes, pulls, pushed, pulled = (
        sums_by(moves.deal, values.astype(np.int64), size)
        for values in (shift > 0, shift < 0, np.maximum(shift, 0), np.maximum(-shift, 0))
    )
    due = rows.days("expected_close")
    today = None if view.scope.as_of is None else view.scope.as_of.day
    late = np.zeros(size, np.int64) if today is None else np.where(due.present(), today - due.data.astype(np.int64), 0)
    late = np.maximum(late, 0)
    amounts = rows.amounts() if "amount" in rows.table else None
    ids = rows.ids()
    listed = [i for i in range(size) if pushes[i] or late[i]]
    listed.sort(key=lambda i: (-int(pushes[i]), -int(late[i]), sort_key(ids[i])))
    order: Array = np.array(listed, np.int64)
    dated = due.present()
    value = (
        Operand(np.zeros(len(order), np.int64)).because(np.ones(len(order), bool), NOTHING)
        if amounts is None
        else Operand(amounts.data[order], amounts.scale).because(~amounts.present()[order], NOTHING)
    )
    overdue = int(np.count_nonzero(late))
    facts = [
        Fact("open", size, "count", {"en": "Open deals", "zh": "在手商机"}),
        Fact("pushed", int(np.count_nonzero(pushes)), "count", {"en": "Pushed at least once", "zh": "曾推迟"}),
        Fact("overdue", overdue, "count", {"en": "Overdue", "zh": "已逾期"}),
    ]
    return Listing(
        [
            (ID, [ids[i] for i in listed]),
            (PUSHES, pushes[order]),
            (PULLS, pulls[order]),
            (DAYS_PUSHED, pushed[order]),
            (DAYS_PULLED, pulled[order]),
            (EXPECTED, [date_of(int(due.data[i])).isoformat() if dated[i] else None for i in listed]),
            (OVERDUE, late[order]),
            (VALUE, value),
        ],
        facts=facts,
        notes=[_ORDER],
    )
