"""Standing: best in class, average and laggard; rankings that few cases do not win; norms and published figures."""

from __future__ import annotations

from ..metric import Metric
from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

METRICS: tuple[Metric, ...] = ()

best_prospectors = Analysis(
    "best_prospectors",
    "ranking.best_prospectors",
    needs={"lead": ("created_at", "converted", "owner")},
    unit="ratio",
    better="higher",
    anchor="created_at",
    summary="Sellers or teams by the share of their leads that converted, each shrunk towards the share of all the more, "
    "the fewer leads it rests on.",
    source="A01, F02; article A1",
    rules=("R1", "R2", "R3", "R5"),
    labels={"en": "Best prospectors", "zh": "最佳线索开拓者"},
    subject="tiers",
)

contacts_per_meeting_ranking = Analysis(
    "contacts_per_meeting_ranking",
    "ranking.contacts_per_meeting_ranking",
    needs={"activity": ("kind", "quantity", "at", "owner")},
    unit="number",
    better="lower",
    anchor="at",
    summary="Sellers or teams by their calls and e-mails per meeting, each shrunk towards the ratio of all the more, the "
    "fewer meetings it rests on.",
    source="A01; article A1",
    rules=("R1", "R2", "R3"),
    labels={"en": "Ranking by contacts per meeting", "zh": "每次会议联系次数排名"},
    subject="tiers",
)

visits_per_day_norm = Analysis(
    "visits_per_day_norm",
    "norms.visits_per_day_norm",
    needs={
        "activity": ("kind", "quantity", "at", "owner"),
        "opportunity": ("outcome", "closed_at", "amount", "owner"),
    },
    unit="count/day",
    better="neutral",
    anchor="at",
    summary="Quartiles and mean of the visits on a day with visits of the best fifth of the sellers by won value, and each "
    "seller's own figure beside them.",
    source="A01; article A1",
    rules=("R1", "R2", "T1", "M2", "M7", "Q1"),
    labels={"en": "Visits a day, the norm of the best", "zh": "最佳销售人员的日拜访量基准"},
    subject="tiers",
)

seller_tiers = Analysis(
    "seller_tiers",
    "tiers.seller_tiers",
    needs={"opportunity": ("outcome", "closed_at", "amount", "owner")},
    unit="label",
    better="neutral",
    anchor="closed_at",
    summary="Sellers by won value as best in class, the first fifth, average, the next half, and laggards, the rest.",
    source="C02; article A0 (Aberdeen)",
    rules=("R2", "M2", "M3", "M7"),
    labels={"en": "Tiers of sellers", "zh": "销售人员等级"},
    subject="tiers",
)

best_in_class = Analysis(
    "best_in_class",
    "best.best_in_class",
    needs={
        "opportunity": ("outcome", "created_at", "closed_at", "amount", "owner"),
        "activity": ("kind", "at", "duration", "owner"),
        "target": ("kind", "scope", "metric", "amount", "start", "end", "owner"),
    },
    unit="label",
    better="neutral",
    anchor="closed_at",
    summary="Sellers or teams by the mean of their ranks in the change over the year before of quota attainment, sales cycle, "
    "win rate and time on administration, as best in class, average and laggards.",
    source="C02, C01; article A0 (Aberdeen)",
    rules=("R1", "R2", "T5", "T6", "M7", "M8"),
    labels={"en": "Best in class", "zh": "行业领先评级"},
    subject="tiers",
)

benchmark = Analysis(
    "benchmark",
    "benchmark.benchmark",
    needs={
        "opportunity": ("outcome", "closed_at", "amount", "owner"),
        "target": ("kind", "scope", "metric", "amount", "start", "end"),
    },
    unit="ratio",
    better="neutral",
    anchor="closed_at",
    summary="Own team quota attainment, change of the mean deal and share of the best sellers over the last 365 days beside "
    "published figures of best-in-class, average and laggard firms.",
    source="C02; articles A0, A2",
    rules=("R1", "R2", "T6", "M8"),
    labels={"en": "Benchmark against published figures", "zh": "与公开调查数据对标"},
    subject="tiers",
)

ANALYSES = (
    best_prospectors,
    contacts_per_meeting_ranking,
    visits_per_day_norm,
    seller_tiers,
    best_in_class,
    benchmark,
)
