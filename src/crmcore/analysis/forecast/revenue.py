"""Revenue forecast: what a period will bring by each method, how it may come out, and the chance to meet the quota."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING, Any

import attrs

from ...algebra.columns import Expr
from ...errors import ArgumentError
from ...state.listing import Fact, Heading, Listing
from ..choices import whole
from ..stage_chain import PRIOR
from .convolution import CERTAIN, revenue_outcomes
from .deals import Deals, deals_of, quota_of
from .generation import generated
from .grid import CELLS, MOST_CELLS
from .rollup import cumulative, single
from .simulation import DRAWS, simulated_outcomes

if TYPE_CHECKING:
    from ..view import View
    from .outcomes import Outcomes

__all__ = ["QUANTILES", "methods_of", "revenue_forecast"]

QUANTILES = (0.1, 0.5, 0.9)
_METHOD = {"en": "Method", "zh": "方法"}
METHODS = {
    "won": {"en": "Won so far", "zh": "已赢单"},
    "commit": {"en": "Won + commit", "zh": "已赢单＋承诺"},
    "best_case": {"en": "Won + commit + best case", "zh": "已赢单＋承诺＋最佳情况"},
    "weighted": {"en": "Won + weighted open deals", "zh": "已赢单＋加权在手"},
    "all_open": {"en": "Won + all open deals", "zh": "已赢单＋全部在手"},
    "run_rate": {"en": "Run rate of what is won", "zh": "按当前赢单进度推算"},
}
"""The methods in words."""
_VALUE = Heading("value", "money", {"en": "Revenue", "zh": "收入"})
_OF_QUOTA = Heading("of_quota", "ratio", {"en": "Of the quota", "zh": "占配额"})
_INDEPENDENT = {
    "en": "P10, P50 and P90 take each deal as won or lost by itself. Deals that share a good or bad quarter spread wider: "
    "choose a correlation.",
    "zh": "P10、P50、P90假定各商机相互独立。若商机受同一因素影响，波动会更大：请设置correlation。",
}
_CORRELATED = {
    "en": "P10, P50 and P90 are of a simulation in which deals share a good or bad quarter; the weighted value is exact.",
    "zh": "P10、P50、P90来自共同因素模拟；加权金额为精确值。",
}


def revenue_forecast(
    view: View,
    *,
    per: str | None = "quarter",
    ahead: int = 0,
    quota: Any = "seller",
    rates: str = "own",
    segment: str | Expr | None = None,
    prior: float = PRIOR,
    quantiles: Any = QUANTILES,
    cells: int = CELLS,
    correlation: float = 0.0,
    draws: int = DRAWS,
    seed: int = 0,
) -> Listing:
    """Return what a period will bring: by what is won, by category, by weight, by run rate, and as a distribution.

    All methods but the run rate are what is won in the period so far and something of what is open and expected to close
    in it: `commit` and `best_case` by category (F1), `weighted` amount x probability deal by deal (M4), `all_open` all of it.
    The run rate is won x days of the period / days so far. P10 is not passed in one case of ten, P90 in nine.

    The distribution is that of the sum of independent deals, exact up to 16 of them or where amounts are multiples of a
    coarse enough number, else by convolution on a grid of `cells` steps over the open total; the fact `grid_step` is that
    step, and 0 where no amount was moved, `grid_moved` how far any sum of them is moved at most. With a correlation it is
    simulated.

    Args:
        view: with opportunities; with targets for the quota, and with changes of stage for `rates="stages"`.
        per: the kind of period: month, quarter, fiscal_quarter ...; None for all open deals, whenever they are expected.
        ahead: how many periods after that of as_of.
        quota: a number, or whose targets for the won value: "seller", "team", "organisation" or "product"; None for none.
        rates: "own" takes the probability of the deal, else of its stage; "stages" learns it from the stage chain.
        segment: a column or expression by which the chain is learnt apart, shrunk to that of all deals.
        prior: of that chain; see `stage_chain`.
        quantiles: of the distribution, one or several, between 0 and 1.
        cells: of the grid, at most 2^24.
        correlation: of what stands behind any two deals, at least 0 and below 1.
        draws: of the simulation.
        seed: of the simulation; the same seed gives the same numbers.

    Returns: one row per method, with its share of the quota; none where the data has no instant, and so no period. Facts: the
        quota, what of it is missing, the open deals over that (coverage), the chance to meet it, the amount of the deals created
        in the period and of those of them that are won, the expected wins, the standard deviation of independent deals, the grid or the
        simulation, and what was left out.

    Undefined when: share of the quota and chance without a quota; coverage without one and once it is met; run rate in a period
        to come, and without a period; what was created in the period without one, without `created_at`, and in several
        currencies.

    Raises:
        TableNotFound, ColumnNotFound: what is missing.
        ArgumentError: a choice that means nothing.
        CurrencyError: amounts of several currencies.

    Rules: F1, O2, O4, R1, R2, T1, M2, M3, M4, M8, Q4.

    Source: M02; Salesforce, Odoo.
    """
    one = isinstance(quantiles, str) or not isinstance(quantiles, Iterable)
    levels = [_level(q) for q in ([quantiles] if one else quantiles)]
    if whole("cells", cells, least=2) > MOST_CELLS:
        raise ArgumentError(f"cells is at most {MOST_CELLS:,}, got {cells!r}")
    whole("draws", draws, least=1)
    whole("seed", seed)
    shared = _correlation(correlation)
    deals = deals_of(view, per=per, ahead=ahead, rates=rates, by=segment, prior=prior)
    goal = quota_of(view, deals, quota)
    if shared:
        found = simulated_outcomes(deals.amounts, deals.chances, correlation=shared, draws=draws, seed=seed)
    else:
        found = revenue_outcomes(deals.amounts, deals.chances, cells=cells)
    found = attrs.evolve(found, base=found.base + deals.won)
    methods = methods_of(view, deals, ahead)
    methods.update({f"p{100 * q:g}": found.quantile(q) for q in levels})
    if deals.nowhere:
        methods = {}
    values = {name: None if v is None else v / deals.scale for name, v in methods.items()}
    words = METHODS | {name: {"en": name.upper()} for name in values if name not in METHODS}
    chance = None if goal is None or deals.nowhere else found.at_least(goal * deals.scale)
    return Listing(
        [
            (Heading("method", "label", _METHOD, words), [*values]),
            (_VALUE, [None if v is None else float(v) for v in values.values()]),
            (_OF_QUOTA, [None if v is None or not goal else float(v / goal) for v in values.values()]),
        ],
        facts=[
            *_of_goal(deals, goal, chance),
            *generated(view, deals),
            *_of_spread(deals),
            *(_of_draws(shared, draws, seed, chance) if shared else _of_grid(found, deals.scale)),
            *deals.facts,
        ],
        notes=[_CORRELATED if shared else _INDEPENDENT],
    )


def _level(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = 0.0
    if isinstance(value, bool) or not 0 < found < 1:
        raise ArgumentError(f"quantiles are numbers between 0 and 1, such as 0.9, got {value!r}")
    return found


def _correlation(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = -1.0
    if isinstance(value, bool) or not 0 <= found < 1:
        raise ArgumentError(f"correlation is a number from 0 to below 1, got {value!r}")
    return found


def methods_of(view: View, deals: Deals, ahead: int) -> dict[str, Fraction | None]:
    """Return the revenue by each method that needs no distribution, in minor units."""
    won = Fraction(deals.won)
    rolled = cumulative(single(deals)[1])
    weighted = Fraction(sum(a * c for a, c in zip(deals.amounts, deals.chances, strict=True)), CERTAIN)
    found: dict[str, Fraction | None] = {
        "won": won,
        "commit": Fraction(rolled["commit"]),
        "best_case": Fraction(rolled["best_case"]),
        "weighted": won + weighted,
        "all_open": won + sum(deals.amounts),
        "run_rate": None,
    }
    if deals.period is not None and view.scope.as_of is not None and not ahead:
        elapsed = view.scope.as_of.day - deals.period.start + 1
        found["run_rate"] = won * (deals.period.stop - deals.period.start) / elapsed
    return found


def _of_goal(deals: Deals, goal: Fraction | None, chance: float | None) -> list[Fact]:
    period = "" if deals.period is None else deals.period.label
    gap = None if goal is None else goal - Fraction(deals.won, deals.scale)
    cover = None if gap is None or gap <= 0 else float(Fraction(sum(deals.amounts), deals.scale) / gap)
    return [
        Fact("period", period, "label", {"en": "Period", "zh": "期间"}, quiet=True),
        Fact("quota", None if goal is None else float(goal), "money", {"en": "Quota", "zh": "配额"}),
        Fact(
            "quota_gap",
            None if gap is None else float(gap),
            "money",
            {"en": "Missing to the quota", "zh": "距配额差额"},
        ),
        Fact(
            "coverage",
            cover,
            "number",
            {"en": "Open deals over what is missing", "zh": "在手商机覆盖率（占距配额差额）"},
        ),
        Fact("chance_to_hit", chance, "ratio", {"en": "Chance to meet the quota", "zh": "达成配额的概率"}),
    ]


def _of_spread(deals: Deals) -> list[Fact]:
    spread = sum(a * a * c * (CERTAIN - c) for a, c in zip(deals.amounts, deals.chances, strict=True))
    return [
        Fact(
            "expected_wins",
            sum(deals.chances) / CERTAIN,
            "number",
            {"en": "Wins expected of the open deals", "zh": "在手商机预计赢单数"},
        ),
        Fact(
            "standard_deviation",
            sqrt(Fraction(spread, CERTAIN**2 * deals.scale**2)),
            "money",
            {"en": "Standard deviation, deals independent", "zh": "标准差（商机相互独立）"},
        ),
    ]


def _of_grid(found: Outcomes, scale: int) -> list[Fact]:
    return [
        Fact("grid_step", float(found.step / scale), "money", {"en": "Grid step", "zh": "网格步长"}),
        Fact(
            "grid_moved",
            float(found.moved / scale),
            "money",
            {"en": "No sum of deals is moved by more than", "zh": "任一组合的最大偏移"},
            quiet=True,
        ),
    ]


def _of_draws(correlation: float, draws: int, seed: int, chance: float | None) -> list[Fact]:
    error = None if chance is None else sqrt(chance * (1 - chance) / draws)
    return [
        Fact("correlation", correlation, "number", {"en": "Correlation", "zh": "相关系数"}),
        Fact("draws", draws, "count", {"en": "Draws", "zh": "模拟次数"}),
        Fact("seed", seed, "count", {"en": "Seed", "zh": "随机种子"}),
        Fact("chance_error", error, "ratio", {"en": "Standard error of the chance", "zh": "概率的标准误"}),
    ]
