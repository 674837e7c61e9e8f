"""What won customers have in common: how much a trait speaks for winning.

By a column (`by=["industry"]`) the catalogue's metrics compare each of its values; for any other trait, a function
builds the metric from a condition.
"""

from __future__ import annotations

from ..algebra import Expr, count, share
from ..metric import Metric
from .entry import Analysis
from .populations import DECIDED, LOST, WON

__all__ = ["ANALYSES", "METRICS", "won_trait_lift_of", "won_trait_ratio_of"]

won_trait_ratio = Metric(
    "won_trait_ratio",
    share(count(WON)) / share(count(LOST)),
    unit="number",
    better="neutral",
    anchor="closed_at",
    summary="The group's share of the deals won in the period over its share of those lost: P(trait | won) / P(trait | lost).",
    source="F18; article A1, Odoo",
    rules=("R1", "R2"),
    labels={"en": "Won trait ratio", "zh": "赢单特征比"},
    subject="profile",
)

won_trait_lift = Metric(
    "won_trait_lift",
    share(count(WON)) / share(count(DECIDED)),
    unit="number",
    better="neutral",
    anchor="closed_at",
    summary="The group's share of the deals won in the period over its share of those decided, "
    "which is its win rate over that of all: P(won | trait) / P(won).",
    source="F18; article A1, Odoo",
    rules=("R1", "R2", "R4"),
    labels={"en": "Won trait lift", "zh": "赢单特征提升度"},
    subject="profile",
)


def won_trait_ratio_of(name: str, trait: Expr) -> Metric:
    """Return P(trait | won) / P(trait | lost), named `won_trait_ratio_of_<name>`.

    Args:
        name: what the trait is called in the metric's name, in snake_case.
        trait: the condition that a deal has the trait: `col("account.size") == "large"`.

    Rules: R1, R2.

    Source: F18; article A1, Odoo.
    """
    words = name.replace("_", " ")
    return Metric(
        f"won_trait_ratio_of_{name}",
        (count(WON & trait) / count(WON)) / (count(LOST & trait) / count(LOST)),
        unit="number",
        better="neutral",
        anchor="closed_at",
        summary=f"How much more frequent {words} is among the deals won in the period than among those lost: "
        "P(trait | won) / P(trait | lost).",
        source="F18; article A1, Odoo",
        rules=("R1", "R2", "R4"),
        labels={"en": f"Won trait ratio of {words}", "zh": f"赢单特征比（{words}）"},
        subject="profile",
    )


def won_trait_lift_of(name: str, trait: Expr) -> Metric:
    """Return P(won | trait) / P(won), named `won_trait_lift_of_<name>`.

    Args:
        name: what the trait is called in the metric's name, in snake_case.
        trait: the condition that a deal has the trait: `col("account.size") == "large"`.

    Rules: R1, R2.

    Source: F18; article A1, Odoo.
    """
    words = name.replace("_", " ")
    return Metric(
        f"won_trait_lift_of_{name}",
        (count(WON & trait) / count(DECIDED & trait)) / (count(WON) / count(DECIDED)),
        unit="number",
        better="neutral",
        anchor="closed_at",
        summary=f"Win rate of the deals with {words} over the win rate of all deals decided in the period: P(won | trait) / P(won).",
        source="F18; article A1, Odoo",
        rules=("R1", "R2", "R4"),
        labels={"en": f"Won trait lift of {words}", "zh": f"赢单特征提升度（{words}）"},
        subject="profile",
    )


METRICS = (won_trait_ratio, won_trait_lift)

won_traits = Analysis(
    "won_traits",
    "traits.won_traits",
    needs={"opportunity": ("outcome", "closed_at", "amount")},
    unit="ratio",
    better="neutral",
    anchor="closed_at",
    summary="For each value of some traits the win rate of the deals that have it with its interval, its difference from "
    "the win rate of all others, P(value | won) / P(value | lost), and its share of the won value.",
    source="F18, F17; articles A1, A4",
    rules=("R1", "R2", "R3", "M2", "M3"),
    labels={"en": "Traits of won deals", "zh": "赢单特征分析"},
    subject="profile",
)

ANALYSES = (won_traits,)
