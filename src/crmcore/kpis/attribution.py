"""Attribution: which channels the won deals are credited to; each model is an analysis with a name of its own (R4)."""

from __future__ import annotations

from ..metric import Metric
from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

METRICS: tuple[Metric, ...] = ()

_TOUCH = ("channel", "at", "account")
_DEAL = ("account", "outcome", "closed_at", "amount")
_BY_DEAL = {"touch": _TOUCH, "opportunity": _DEAL}
_BY_MILESTONE = {"touch": _TOUCH, "opportunity": (*_DEAL, "created_at", "lead"), "lead": ("created_at",)}
_RULES = ("R4", "T1", "T2", "T6", "M2", "M3", "W3")


def _model(name: str, summary: str, en: str, zh: str, source: str, *, milestones: bool = False) -> Analysis:
    return Analysis(
        f"attribution_{name}",
        f"attribution.deals.{name}",
        needs=_BY_MILESTONE if milestones else _BY_DEAL,
        unit="money",
        better="neutral",
        anchor="closed_at",
        summary=summary,
        source=source,
        rules=_RULES,
        labels={"en": en, "zh": zh},
        subject="attribution",
    )


ANALYSES = (
    _model(
        "first_touch",
        "Won deals and their amount per channel, each credited to the first touch of its journey.",
        "Attribution, first touch",
        "首次触点归因",
        "A13; article A4; Google Analytics, HubSpot",
    ),
    _model(
        "last_touch",
        "Won deals and their amount per channel, each credited to the last touch of its journey.",
        "Attribution, last touch",
        "末次触点归因",
        "A13; article A4; Google Analytics, HubSpot",
    ),
    _model(
        "last_non_direct",
        "Won deals and their amount per channel, each credited to the last touch that is not direct, or to the last one where "
        "all are.",
        "Attribution, last non-direct touch",
        "末次非直接触点归因",
        "A13; article A4; Google Analytics",
    ),
    _model(
        "linear",
        "Won deals and their amount per channel, each credited in equal parts to all touches of its journey.",
        "Attribution, linear",
        "线性归因",
        "A13; article A4; Google Analytics, HubSpot",
    ),
    _model(
        "position_based",
        "Won deals and their amount per channel, each credited 40 % to the first touch, 40 % to the last and 20 % to those "
        "between.",
        "Attribution, position-based",
        "基于位置归因",
        "A13; article A4; Google Analytics",
    ),
    _model(
        "u_shaped",
        "Won deals and their amount per channel, each credited 40 % to the first touch, 40 % to the one that made the lead and "
        "20 % to the others.",
        "Attribution, U-shaped",
        "U形归因",
        "A13; article A4; HubSpot",
        milestones=True,
    ),
    _model(
        "w_shaped",
        "Won deals and their amount per channel, each credited 30 % to the first touch, 30 % to the one that made the lead, "
        "30 % to the one that made the opportunity and 10 % to the others.",
        "Attribution, W-shaped",
        "W形归因",
        "A13; article A4; HubSpot",
        milestones=True,
    ),
    _model(
        "full_path",
        "Won deals and their amount per channel, each credited 22.5 % to the first touch, the last one and those that made the "
        "lead and the opportunity, and 10 % to the others.",
        "Attribution, full path",
        "全路径归因",
        "A13; article A4; HubSpot",
        milestones=True,
    ),
    _model(
        "time_decay_by_age",
        "Won deals and their amount per channel, each credited to the touches of its journey, half as much for each half-life "
        "in days that one is older.",
        "Attribution, time decay by age",
        "按时间衰减归因",
        "A13; article A4; Google Analytics",
    ),
    _model(
        "time_decay_by_step",
        "Won deals and their amount per channel, each credited to the touches of its journey, half as much for each half-life "
        "in touches that came after one.",
        "Attribution, time decay by step",
        "按步数衰减归因",
        "A13; article A4; marketing-attribution-models",
    ),
    _model(
        "markov",
        "Won deals and their amount per channel, in proportion to the share of won deals that would be lost without it in a "
        "Markov chain over all journeys.",
        "Attribution, Markov chain",
        "马尔可夫链归因",
        "A13; article A4; ChannelAttribution, mta",
    ),
    _model(
        "shapley",
        "Won deals and their amount per channel, each credited in equal parts to the different channels of its journey, which "
        "is their Shapley value.",
        "Attribution, Shapley value",
        "夏普利值归因",
        "A13; article A4; mta",
    ),
)
