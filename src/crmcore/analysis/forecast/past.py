"""Past: forecasts of the deals of periods that are over, made of what was known at their time (F3, O8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

import attrs

from ...algebra.columns import Expr
from ...calendars import date_of
from ...errors import HistoryUnavailable, TableNotFound
from ...table.history import logs_of
from ..choices import whole
from .deals import CATEGORY, CATEGORY_OF_STAGE, OF_STAGE, OWN, Deals, deals_of

if TYPE_CHECKING:
    from ...calendars import Period
    from ...state.listing import Fact
    from ..view import View

__all__ = ["AS_KNOWN", "OPEN_STILL", "Made", "left_out", "made_in_the_past", "periods_over", "told_of"]

AS_KNOWN = {
    "en": "Each forecast is made from the data as they stood on its day and as they were known on it; what was won is what is "
    "known now.",
    "zh": "每个预测均基于当日状态及当日已知的数据；实际赢单金额以当前所知为准。",
}
OPEN_STILL = {
    "en": "Deals still open: what becomes of them is not final (R5)",
    "zh": "仍未关闭的商机：结局尚未确定 (R5)",
}
_AS_TODAY = {
    "en": "No changes are known of: {names}. What these are today stands for what they were.",
    "zh": "未知变更历史：{names}。以当前值代替当时的值。",
}
_NOTHING_TOLD = (
    "a forecast of the past needs the changes of the stage or of the {of} of opportunities, and the table change has none; "
    "those of today know how deals ended (S5)"
)


@attrs.frozen(slots=True, eq=False)
class Made:
    """A forecast of a period, as it would have been made.

    Args:
        period: of the forecast.
        day: at whose end it was made.
        then: the data as they stood and as they were known at that time.
        deals: those open by then and expected to close in the period, and what was won in it by then.
        ahead: 1 where the period had not begun, else 0.
    """

    period: Period
    day: date
    then: View
    deals: Deals
    ahead: int


def made_in_the_past(
    view: View,
    *,
    per: str,
    periods: int,
    after: int,
    rates: str,
    segment: str | Expr | None,
    prior: float,
    reads: Sequence[str] = ("probability",),
) -> tuple[Iterator[Made], list[dict[str, str]]]:
    """Return the forecasts of past periods one after the other, and what a listing of them has to say.

    Args:
        view: with opportunities and their changes.
        per: the kind of period.
        periods: how many of those that are over, at most.
        after: days of the period that are over when its forecast is made.
        rates: of `deals_of`.
        segment: of the chain.
        prior: of the chain.
        reads: what has to be known of the deals of then, of "probability" and "forecast_category".

    Raises:
        TableNotFound: no opportunities.
        ArgumentError: a choice that means nothing.
        HistoryUnavailable: a past that nothing tells of (S5).
    """
    whole("periods", periods, least=1)
    whole("after", after)
    if "opportunity" not in view:
        raise TableNotFound("opportunity", view.scope.tables, where="in the dataset")
    over = periods_over(view, per, after)[-periods:]
    if not over:
        return iter(()), []
    told = told_of(view)
    for name in reads:
        if not {name, "stage"} & told:
            raise HistoryUnavailable(_NOTHING_TOLD.format(of=name.replace("_", " ")))
    unknown = ", ".join(name for name in ("amount", "expected_close") if name not in told)
    notes = [AS_KNOWN, *([{k: v.format(names=unknown) for k, v in _AS_TODAY.items()}] if unknown else [])]
    own = OWN if "probability" in told else OF_STAGE
    category = CATEGORY if "forecast_category" in told else CATEGORY_OF_STAGE
    ahead = 0 if after else 1

    def made() -> Iterator[Made]:
        for period in over:
            day = date_of(period.start - 1 + after)
            then = view.known_at(day)
            deals = deals_of(
                then, per=per, ahead=ahead, rates=rates, by=segment, prior=prior, own=own, category=category
            )
            yield Made(period, day, then, deals, ahead)

    return made(), notes


def left_out(facts: Iterable[Sequence[Fact]], without: Sequence[str] = ()) -> list[Fact]:
    """Return how many deals were left out of forecasts, or had to take another value, over all of them."""
    found: dict[str, Fact] = {}
    for fact in (f for made in facts for f in made if f.quiet and f.name not in without):
        before = found.get(fact.name)
        found[fact.name] = fact if before is None else attrs.evolve(fact, value=before.value + fact.value)
    return list(found.values())


def periods_over(view: View, per: str, after: int) -> list[Period]:
    """Return the periods that are over, of which a forecast was made before they were, and not before the first deal."""
    calendar, moment = view.scope.calendar, view.scope.as_of
    calendar.axis(per)
    days = view.rows("opportunity").days("created_at")
    created = days.data[days.present()]
    if moment is None or not created.size:
        return []
    first = int(created.min())
    return [
        p
        for p in calendar.periods(first, moment.day, per)
        if p.stop <= moment.day + 1 and first < p.start + after < p.stop
    ]


def told_of(view: View, table: str = "opportunity") -> set[str]:
    """Return the columns of a table all of whose changes are known; of some a source keeps the last change only."""
    logs = logs_of(view.scope.tables, view.scope.zone).get(table, {})
    told = {name for name, log in logs.items() if log.told}
    last_only = view.scope.tables["change"].last_only if told else ()
    return {name for name in told if f"{table}.{name}" not in last_only}
