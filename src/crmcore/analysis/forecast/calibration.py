"""Calibration: whether deals were won as often as their chances said when the forecast was made (F3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ...algebra.columns import Expr
from ...state.listing import Fact, Heading, Listing
from ..choices import whole
from ..stage_chain import PRIOR
from .convolution import CERTAIN
from .fates import ELSEWHERE, REMOVED, WON_IN, Fates
from .judging import between, nothing_judged, share
from .past import OPEN_STILL, left_out, made_in_the_past

if TYPE_CHECKING:
    from ..view import View

__all__ = ["forecast_calibration"]

_HEADINGS = (
    Heading("chance_from", "ratio", {"en": "Chance from", "zh": "概率下界"}),
    Heading("chance_to", "ratio", {"en": "Below", "zh": "概率上界"}),
    Heading("deals", "count", {"en": "Deals", "zh": "商机数"}),
    Heading("mean_chance", "ratio", {"en": "Mean chance", "zh": "平均概率"}),
    Heading("won", "count", {"en": "Won in the period", "zh": "本期赢单数"}),
    Heading("won_share", "ratio", {"en": "Share", "zh": "本期赢单占比"}),
    Heading("low", "ratio", {"en": "Low", "zh": "下限"}),
    Heading("high", "ratio", {"en": "High", "zh": "上限"}),
    Heading("ended", "count", {"en": "Ended so far", "zh": "至今已关闭"}),
    Heading("ever_won", "count", {"en": "Of these won", "zh": "其中赢单数"}),
    Heading("ever_won_share", "ratio", {"en": "Share ever won", "zh": "最终赢单占比"}),
    Heading("ever_low", "ratio", {"en": "Low, ever", "zh": "最终占比下限"}),
    Heading("ever_high", "ratio", {"en": "High, ever", "zh": "最终占比上限"}),
    Heading("open", "count", {"en": "Still open", "zh": "仍未关闭"}),
)
_NOTE = {
    "en": "A deal counts in each period it was forecast for. The chance is one to be won, whenever: a deal that slips and is won "
    "later is in the second share alone.",
    "zh": "商机在每个被预测的期间各计一次。概率指最终赢单；推迟后赢得的商机仅计入最终占比。",
}


@attrs.frozen(slots=True)
class _Case:
    """A deal of a forecast: its chance in 1/10,000, and what became of it."""

    chance: int
    end: str

    @property
    def won(self) -> bool:
        return self.end == WON_IN

    @property
    def ever(self) -> bool:
        return self.end in (WON_IN, ELSEWHERE)


def forecast_calibration(
    view: View,
    *,
    per: str = "quarter",
    periods: int = 8,
    after: int = 0,
    bands: int = 10,
    rates: str = "own",
    segment: str | Expr | None = None,
    prior: float = PRIOR,
) -> Listing:
    """Compare the chances that deals had when past periods were forecast with how often they were won.

    The deals are those of `forecast_backtest`: open by then and expected to close in the period, with the chances of then. What
    became of them is what is known now, whoever owns them.

    Args:
        view: with opportunities, and the changes of their stages or probabilities.
        per: the kind of period: month, quarter, fiscal_quarter ...
        periods: how many of those that are over, at most.
        after: days of the period that are over when its forecast is made; 0 for the evening before.
        bands: in how many bands of the same width chances are put; the last includes 1.
        rates: "own" for the probability of the deal or its stage, "stages" for what the chain had learnt by then.
        segment: by which that chain is learnt apart.
        prior: of that chain.

    Returns: one row per band of chances: the deals in it, their mean chance, those won in the period and, of those that have
        ended since, those won at all, each share with its Wilson interval; those still open are in no such share, as nothing is
        decided (R5). Facts: the Brier score = mean (chance - won)^2, of the wins in the period and of the deals that ended; that
        of the plain share of wins for all deals, which a useful chance is below; the wins expected and those that came; and what
        was left out: deals without a chance, and those deleted or merged since.

    Undefined when: no deal is in the band (mean and share), none of them ended (share ever won); no deal is there (scores).

    Raises:
        TableNotFound, ColumnNotFound: what is missing.
        ArgumentError: a choice that means nothing.
        HistoryUnavailable: no changes of stages and probabilities are known (S5).

    Rules: F3, O3, O8, S5, R2, R3, R5, T1, M4.

    Source: Q12; Brier 1950.
    """
    width = whole("bands", bands, least=1)
    past, notes = made_in_the_past(
        view, per=per, periods=periods, after=after, rates=rates, segment=segment, prior=prior
    )
    fates, cases, left, sizes = Fates.of(view), [], [], []
    for made in past:
        sizes.append(len(made.deals.ids))
        left.append(made.deals.facts)
        chances = zip(made.deals.chances, made.deals.told.tolist(), fates.of_forecast(made), strict=True)
        cases += [_Case(chance, fate.end) for chance, told, fate in chances if told]
    kept = [case for case in cases if case.end != REMOVED]
    rows: list[list[_Case]] = [[] for _ in range(width)] if cases else []
    for case in kept:
        rows[min(case.chance * width // CERTAIN, width - 1)].append(case)
    found = [[n / width, (n + 1) / width, *_row(band)] for n, band in enumerate(rows)]
    columns = [[row[n] for row in found] for n in range(len(_HEADINGS))]
    return Listing(
        list(zip(_HEADINGS, columns, strict=True)),
        facts=[*_facts(kept), _removed(len(cases) - len(kept)), *left_out(left)],
        notes=[*notes, *nothing_judged(sizes), _NOTE],
    )


def _row(band: Sequence[_Case]) -> list[Any]:
    n, won, ever = len(band), sum(c.won for c in band), sum(c.ever for c in band)
    waiting = sum(c.end == "open" for c in band)
    ended = n - waiting
    return [
        n,
        share(sum(c.chance for c in band), n * CERTAIN),
        won,
        share(won, n),
        *between(won, n),
        ended,
        ever,
        share(ever, ended),
        *between(ever, ended),
        waiting,
    ]


def _facts(cases: Sequence[_Case]) -> list[Fact]:
    ended = [c for c in cases if c.end != "open"]
    n, won = len(cases), sum(c.won for c in cases)
    brier = _brier([(c.chance, c.won) for c in cases])
    plain = share(won * (n - won), n * n)
    ever = _brier([(c.chance, c.ever) for c in ended])
    expected = sum(c.chance for c in cases) / CERTAIN
    return [
        Fact("deals", n, "count", {"en": "Deals judged", "zh": "已评估商机数"}),
        Fact("expected_wins", expected, "number", {"en": "Wins expected", "zh": "预计赢单数"}),
        Fact("wins", won, "count", {"en": "Won in their period", "zh": "本期赢单数"}),
        Fact("brier", brier, "number", {"en": "Brier score", "zh": "布里尔分数"}),
        Fact(
            "brier_of_share", plain, "number", {"en": "Brier score of the plain share", "zh": "布里尔分数（统一占比）"}
        ),
        Fact("brier_ever", ever, "number", {"en": "Brier score, won whenever", "zh": "布里尔分数（最终赢单）"}),
        Fact("open", n - len(ended), "count", OPEN_STILL, quiet=True),
    ]


def _brier(cases: Sequence[tuple[int, bool]]) -> float | None:
    """Return the mean of (chance - came)^2, exact until it is rounded once."""
    return share(sum((chance - CERTAIN * came) ** 2 for chance, came in cases), len(cases) * CERTAIN**2)


def _removed(count: int) -> Fact:
    return Fact(
        "removed",
        count,
        "count",
        {"en": "Deals deleted or merged since, left out", "zh": "之后被删除或合并的商机（未计入）"},
        quiet=True,
    )
