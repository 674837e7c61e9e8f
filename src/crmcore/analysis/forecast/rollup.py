"""Roll-up: what is won, committed, likely and open in a period, by forecast category (F1)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ...domain.opportunity import FORECAST_CATEGORIES
from ...state.listing import Fact, Heading, Listing
from .deals import Deals, deals_of

if TYPE_CHECKING:
    from ..view import View

__all__ = ["CATEGORIES", "CLOSED", "cumulative", "forecast_rollup", "single"]

CLOSED = "closed"
_ROLLED = (CLOSED, "commit", "best_case")
"""Each holds those before it, too (F1)."""
_OPEN = ("commit", "best_case", "pipeline")
_ORDER = (*_ROLLED, "pipeline", "omitted")
assert sorted(_ORDER) == sorted(FORECAST_CATEGORIES)
CATEGORIES = {
    CLOSED: {"en": "Closed (won)", "zh": "已赢单"},
    "commit": {"en": "Commit", "zh": "承诺"},
    "best_case": {"en": "Best case", "zh": "最佳情况"},
    "pipeline": {"en": "Pipeline", "zh": "管道"},
    "omitted": {"en": "Omitted", "zh": "不计入"},
}
"""The categories in words."""
_CATEGORY = Heading("category", "label", {"en": "Forecast category", "zh": "预测类别"}, CATEGORIES)
_DEALS = Heading("deals", "count", {"en": "Deals", "zh": "商机数"})
_VALUE = Heading("value", "money", {"en": "Value", "zh": "金额"})
_SUM = Heading("cumulative", "money", {"en": "Cumulative", "zh": "累计金额"})


def forecast_rollup(view: View, *, per: str | None = "quarter", ahead: int = 0) -> Listing:
    """Return the deals of a period by forecast category, each alone and rolled up.

    What is won in the period is closed, whatever category it still bears; an open deal is in its own category, else in that
    of its stage. Lost and abandoned deals are in none. Cumulative: closed, closed + commit, those + best case.

    Args:
        view: with opportunities.
        per: the kind of period: month, quarter, fiscal_quarter ...; None for all open deals.
        ahead: how many periods after that of as_of.

    Returns: one row per category, and one for open deals without a category, or with that of closed ones, where there are any;
        none where the data has no instant, and so no period.
        The fact `open_pipeline` is commit + best case + pipeline, without closed.

    Undefined when: cumulative of pipeline, omitted and blank: they are rolled up into nothing.

    Raises:
        TableNotFound, ColumnNotFound: what is missing.
        ArgumentError: no such kind of period.
        CurrencyError: amounts of several currencies.

    Rules: F1, O2, T1, M2, M3, M4.

    Source: Q10; Salesforce forecast categories.
    """
    deals = deals_of(view, per=per, ahead=ahead)
    counts, values = single(deals)
    rolled = cumulative(values)
    scale = deals.scale

    def money(value: int | None) -> float | None:
        return None if value is None else float(Fraction(value, scale))

    rows = [] if deals.nowhere else [*_ORDER, *([None] if counts.get(None) else [])]
    period = "" if deals.period is None else deals.period.label
    return Listing(
        [
            (_CATEGORY, rows),
            (_DEALS, [counts.get(c, 0) for c in rows]),
            (_VALUE, [money(values.get(c, 0)) for c in rows]),
            (_SUM, [money(rolled.get(c)) for c in rows]),
        ],
        facts=[
            Fact("period", period, "label", {"en": "Period", "zh": "期间"}, quiet=True),
            Fact(
                "open_pipeline",
                money(sum(values.get(c, 0) for c in _OPEN)),
                "money",
                {"en": "Open pipeline (commit, best case, pipeline)", "zh": "在手管道（承诺、最佳情况、管道）"},
            ),
            *deals.facts,
        ],
    )


def single(deals: Deals) -> tuple[dict[Any, int], dict[Any, int]]:
    """Return the number of deals and the amount of each category; None is that of open deals without one."""
    counts: dict[Any, int] = {CLOSED: deals.won_deals}
    values: dict[Any, int] = {CLOSED: deals.won}
    labels = deals.categories.labels
    for code, amount in zip(deals.categories.data.tolist(), deals.amounts, strict=True):
        # an open deal is not closed, whatever is said of it (O2)
        category = None if labels[code] == CLOSED else labels[code]
        counts[category] = counts.get(category, 0) + 1
        values[category] = values.get(category, 0) + amount
    return counts, values


def cumulative(values: dict[Any, int]) -> dict[Any, int]:
    """Return the amounts of closed, closed + commit, and those + best case (F1)."""
    found, total = {}, 0
    for category in _ROLLED:
        total += values.get(category, 0)
        found[category] = total
    return found
