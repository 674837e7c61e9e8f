"""Categories: what became of the deals that stood in each forecast category when the forecast was made (F1, F3)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs

from ...domain.opportunity import FORECAST_CATEGORIES
from ...state.listing import Fact, Heading, Listing
from ..stage_chain import PRIOR
from .deals import alone
from .fates import ENDS, WON_IN, Fate, Fates
from .judging import between, nothing_judged, share
from .past import OPEN_STILL, Made, left_out, made_in_the_past
from .rollup import CATEGORIES, CLOSED

if TYPE_CHECKING:
    from ..view import View

__all__ = ["category_conversion"]

_ORDER = ("commit", "best_case", "pipeline", "omitted")
assert sorted((CLOSED, *_ORDER)) == sorted(FORECAST_CATEGORIES)
_HEADINGS = (
    Heading("category", "label", {"en": "Forecast category", "zh": "预测类别"}, CATEGORIES),
    Heading("deals", "count", {"en": "Deals", "zh": "商机数"}),
    Heading("value", "money", {"en": "Value", "zh": "金额"}),
    Heading(WON_IN, "count", {"en": "Won in the period", "zh": "本期赢单数"}),
    Heading("won_value", "money", {"en": "Value won", "zh": "赢单金额"}),
    Heading("conversion", "ratio", {"en": "Conversion", "zh": "转化率"}),
    Heading("low", "ratio", {"en": "Low", "zh": "下限"}),
    Heading("high", "ratio", {"en": "High", "zh": "上限"}),
    Heading("conversion_by_value", "ratio", {"en": "Conversion by value", "zh": "转化率（按金额）"}),
    Heading("won_elsewhere", "count", {"en": "Won in another period", "zh": "其他期间赢单数"}),
    Heading("lost", "count", {"en": "Lost", "zh": "输单数"}),
    Heading("abandoned", "count", {"en": "Abandoned", "zh": "放弃数"}),
    Heading("open", "count", {"en": "Still open", "zh": "仍未关闭"}),
    Heading("removed", "count", {"en": "Deleted or merged", "zh": "已删除或合并"}),
    Heading("slipped", "count", {"en": "Slipped", "zh": "推迟商机数"}),
)
_NOTE = {
    "en": "Values are those of the forecast. A deal counts in each period it was forecast for, and under one of won, won in another "
    "period, lost, abandoned, still open and deleted; slipped are those of them that were open at the end of the period and "
    "expected later or on no day.",
    "zh": "金额为预测时的金额。商机在每个被预测的期间各计一次，且仅属于一种结局；推迟指期末仍未关闭且预计更晚或无预计日期成交的商机。",
}


@attrs.frozen(slots=True)
class _Case:
    """A deal of a forecast: its category and amount of then, and what became of it."""

    category: str | None
    amount: Fraction
    fate: Fate


def category_conversion(view: View, *, per: str = "quarter", periods: int = 8, after: int = 0) -> Listing:
    """Follow the deals that stood in each forecast category when past periods were forecast: how many were won in them.

    conversion = deals won in the period / deals of the category; by value, at the amounts of the forecast

    The deals are those that were open by then and expected to close in the period, in the category of then, else in that of
    the stage of then. What became of them is what is known now, whoever owns them. What was already won by then is no open deal.

    Args:
        view: with opportunities, and the changes of their forecast categories or stages.
        per: the kind of period: month, quarter, fiscal_quarter ...
        periods: how many of those that are over, at most, taken together.
        after: days of the period that are over when its forecast is made; 0 for the evening before.

    Returns: one row per category, and one for deals without any where there are such: the deals and their value, those won in
        the period with the conversion and its Wilson interval, and those won outside of it, lost, abandoned, still open (R5),
        and deleted or merged; together all deals. Slipped are those that were open at the end of the period and expected later
        or on no day. Facts: the periods, deals still open, and what was left out.

    Undefined when: no deal stood in the category; by value, where they are worth nothing.

    Raises:
        TableNotFound, ColumnNotFound: what is missing.
        ArgumentError: a choice that means nothing.
        CurrencyError: amounts of several currencies.
        HistoryUnavailable: no changes of categories and stages are known (S5).

    Rules: F1, F3, O2, O8, S5, R1, R2, R3, R5, T1, M2, M3.

    Source: Q10; Salesforce forecast categories.
    """
    past, notes = made_in_the_past(
        view,
        per=per,
        periods=periods,
        after=after,
        rates="own",
        segment=None,
        prior=PRIOR,
        reads=("forecast_category",),
    )
    fates, used = Fates.of(view), set[Any]()
    cases: dict[str | None, list[_Case]] = {name: [] for name in _ORDER}
    left, sizes = [], []
    for made in past:
        sizes.append(len(made.deals.ids))
        used |= made.deals.currency
        left.append(made.deals.facts)
        for case in _cases(made, fates):
            cases.setdefault(case.category, []).append(case)
    alone(used)
    rows = [[name, *_row(found)] for name, found in cases.items()] if sizes else []
    waiting = sum(case.fate.end == "open" for found in cases.values() for case in found)
    return Listing(
        [(heading, [row[place] for row in rows]) for place, heading in enumerate(_HEADINGS)],
        facts=[
            Fact("periods", len(sizes), "count", {"en": "Periods", "zh": "期间数"}),
            Fact("open", waiting, "count", OPEN_STILL, quiet=True),
            *left_out(left, without=("deals_without_probability",)),
        ],
        notes=[*notes, *nothing_judged(sizes), _NOTE],
    )


def _cases(made: Made, fates: Fates) -> list[_Case]:
    deals = made.deals
    labels = [deals.categories.labels[code] for code in deals.categories.data.tolist()]
    # an open deal is not closed, whatever is said of it (O2)
    return [
        _Case(None if label == CLOSED else label, Fraction(amount, deals.scale), fate)
        for label, amount, fate in zip(labels, deals.amounts, fates.of_forecast(made), strict=True)
    ]


def _row(found: Sequence[_Case]) -> list[Any]:
    counts = dict.fromkeys(ENDS, 0)
    for case in found:
        counts[case.fate.end] += 1
    n, won = len(found), counts.pop(WON_IN)
    value = sum((case.amount for case in found), Fraction(0))
    gained = sum((case.amount for case in found if case.fate.end == WON_IN), Fraction(0))
    slipped = sum(case.fate.slipped is not None for case in found)
    return [
        n,
        float(value),
        won,
        float(gained),
        share(won, n),
        *between(won, n),
        share(gained, value),
        *counts.values(),
        slipped,
    ]
