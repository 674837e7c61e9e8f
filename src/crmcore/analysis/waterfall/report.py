"""Report: the waterfall of a view, from an earlier instant to its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ...algebra.columns import Expr, col
from ...algebra.walk import columns_of
from ...calendars import date_of
from ...errors import ArgumentError, HistoryUnavailable
from ...state.listing import Fact
from ..instants import instant_of, window_of
from .bars import booked
from .listing import Parts, Waterfall
from .states import States, states_of

if TYPE_CHECKING:
    from ...evaluate import Scope
    from ..view import View

__all__ = ["check_history", "pipeline_waterfall"]

_RATES = {
    "en": "Open deals are priced at the rates of each end: what the rates changed is among increased and decreased.",
    "zh": "在手商机按期初、期末各自汇率折算：汇率变动计入金额增加或减少。",
}


def pipeline_waterfall(
    view: View,
    *,
    since: date | str | None = None,
    closing: str | tuple[date | str, date | str] | None = None,
    by: str | Expr | tuple[str | Expr, ...] = (),
    value: str | Expr = "amount",
) -> Waterfall:
    """Lead from the open pipeline of one instant to that of another.

    start + new + reopened + moved in + increased = end + decreased + moved out + won + lost + abandoned + removed

    The two states of each deal are compared net, as known at the later instant. Amounts change first, so that a deal enters
    and leaves at its end amount; a removed one has no end, and leaves at its start amount. Where a deal is closed in another
    group or window than it was open in, it moves there first. A move that both the closing date and a change of group explain
    bears the cause of the closing date.

    Args:
        view: from the later instant.
        since: the earlier instant: a date (its end, local) or an aware datetime, or the text of one; by default the end of the
            quarter before as_of.
        closing: only deals expected to close in a period: its label such as "2026-Q2", or a first and a last day; a closed deal
            without such a date, on the day on which it was closed.
        by: columns or expressions to group by; blank is a group.
        value: the amount of a deal: a column or expression.

    Returns: for each group a row per bar, and one per cause below it; `deals` gives the deals of a bar. A deal without an
        amount counts, and adds 0 (M3).

    Raises:
        ArgumentError: an instant after as_of, a window that is none, or an amount that is not exact.
        NotFoundError: no table of opportunities, or a column that is not there.
        CurrencyError: amounts of several currencies in one group.
        HistoryUnavailable: a source that knows the last change alone of what is read (S5).

    Rules: W1, O3, O5, O8, O9, S5, M2, M3, T1, T8

    Source: policies of Atrium, Salesforce, Clari, Gong, Reevo and Weflow.
    """
    names, keys = _keys(by)
    early = view.at(_since(view, since))
    window = None if closing is None else window_of("closing", closing, view.scope.calendar)
    late = view.scope.as_of
    first = early.scope.as_of
    if first is not None and late is not None and first.instant > late.instant:
        raise ArgumentError(
            f"since is {date_of(first.day)}, after as_of {date_of(late.day)}; the waterfall leads from since to as_of"
        )
    read = [*(["expected_close"] if window else []), *columns_of(_expr(value)), *_heads(keys, view.where)]
    check_history(view, read)
    states = states_of(early, view, window, keys, value)
    ledger = booked(states)
    deals = np.unique(ledger.deal)
    bare = int(np.count_nonzero(~_priced(states)[deals]))
    told = [_RATES] if view.scope.rates is not None else []
    assumed = _assumed(view, read)
    return Waterfall(
        Parts(states, ledger, names),
        facts=[
            Fact("since", _day(early.scope), "label", {"en": "Since", "zh": "起始"}),
            Fact("as_of", _day(view.scope), "label", {"en": "As of", "zh": "截至"}),
            Fact(
                "closing",
                "" if window is None else window.label,
                "label",
                {"en": "Closing", "zh": "预计成交期"},
                quiet=True,
            ),
            Fact("deals_without_amount", bare, "count", {"en": "Deals without amount", "zh": "无金额商机"}, quiet=True),
            Fact(
                "undated",
                states.undated,
                "count",
                {"en": "Deals without creation date, left out", "zh": "无创建日期而未计入的商机"},
                quiet=True,
            ),
        ],
        notes=[*told, *assumed],
    )


def _since(view: View, since: Any) -> date:
    if since is not None:
        return instant_of("since", since)
    moment = view.scope.as_of
    day = 0 if moment is None else view.scope.calendar.period(moment.day, "quarter").start - 1
    return date_of(day)


def _keys(by: Any) -> tuple[tuple[str, ...], tuple[Expr, ...]]:
    listed = (by,) if isinstance(by, str | Expr) or not isinstance(by, Iterable) else tuple(by)
    keys = tuple(_expr(key) for key in listed)
    names = tuple(key if isinstance(key, str) else repr(key) for key in listed)
    taken = {"bar", "cause", "count", "value", "deals", "id", "before", "after"}
    wrong = [n for n in names if n in taken] or [n for n in names if names.count(n) > 1]
    if wrong:
        raise ArgumentError(
            f"by names {wrong[0]!r}, which is a column of the waterfall already; give the key another name"
        )
    return names, keys


def _expr(given: Any) -> Expr:
    if not isinstance(given, str | Expr):
        raise ArgumentError(f"{given!r} is no column, such as 'owner', and no expression, such as col('owner.team')")
    return col(given) if isinstance(given, str) else given


def _heads(keys: Iterable[Expr], where: Expr | None) -> list[str]:
    named = [name for expr in (*keys, *([] if where is None else [where])) for name in columns_of(expr)]
    return [name.partition(".")[0] for name in named]


def _priced(states: States) -> Any:
    """Return which deals have an amount at every end at which they are there."""
    start, end = states.start, states.end
    return (start.priced | ~start.pool) & (end.priced | ~end.mine)


def _day(scope: Scope) -> str:
    return "" if scope.as_of is None else date_of(scope.as_of.day).isoformat()


def check_history(view: View, names: Iterable[str]) -> None:
    """Refuse a source that has forgotten how the deals were (S5)."""
    changes = view.scope.tables.get("change")
    if changes is None:
        return
    for name in ("stage", "outcome", *names):
        if f"opportunity.{name}" in changes.last_only:
            raise HistoryUnavailable(
                f"what deals were at the start is not known: the source keeps only the last change of 'opportunity.{name}' "
                "(S5); give the table change with every change",
                field=f"opportunity.{name}",
            )


def _assumed(view: View, names: Iterable[str]) -> list[Mapping[str, str]]:
    """Return what nothing tells the past of: it is as on the record (O8)."""
    known: set[Any] = set()
    if "change" in view.scope.tables:
        changes = view.scope.tables["change"]
        table, field = changes["table"], changes["field"]
        mine = table.data == table.index.get("opportunity", -1)
        known = {field.labels[c] for c in np.unique(field.data[mine]).tolist()}
    missing = list(dict.fromkeys(name for name in names if name not in known))
    if not missing:
        return []
    listed = ", ".join(missing)
    return [
        {
            "en": f"No change of {listed} is recorded: taken as on the record, at both ends (O8).",
            "zh": f"未记录{listed}的变更：期初与期末均按现有记录（O8）。",
        }
    ]
