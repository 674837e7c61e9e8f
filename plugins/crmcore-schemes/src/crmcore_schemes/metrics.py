"""Metrics that go with the schemes. A metric is data: every engine runs it, and it has every window at once."""

from __future__ import annotations

from functools import reduce
from itertools import combinations
from operator import and_, or_

import crmcore as cc

ASKED = ("budget", "authority", "need", "timeline")

THREE_MET = reduce(
    or_,
    (reduce(and_, (cc.col(name) == True for name in three)) for three in combinations(ASKED, 3)),  # noqa: E712 - a condition on a column
)
ANSWERED = reduce(or_, (cc.col(name).not_null() for name in ASKED))

METRICS = (
    cc.Metric(
        "bant_validated_rate",
        cc.count(THREE_MET) / cc.count(ANSWERED),
        unit="ratio",
        better="higher",
        anchor="created_at",
        table="lead",
        summary="Share of the leads with any answer that meet at least three of the four BANT questions.",
        source="crmcore-schemes; IBM's rule of three in four",
        labels={"en": "BANT validated rate", "zh": "BANT 合格率"},
    ),
    cc.Metric(
        "meddic_champion_rate",
        cc.count((cc.col("outcome") == "open") & (cc.col("champion") == True))  # noqa: E712 - as above
        / cc.count(cc.col("outcome") == "open"),
        unit="ratio",
        better="higher",
        anchor="stock",
        summary="Share of the open deals for which a champion is known.",
        source="crmcore-schemes; MEDDIC",
        labels={"en": "Open deals with a champion", "zh": "有内部支持者的在途商机占比"},
    ),
    cc.Metric(
        "mean_lead_score",
        cc.mean("score"),
        unit="score",
        better="higher",
        anchor="created_at",
        table="lead",
        summary="Mean of the scores kept with the leads of the period; leads without one are left out.",
        source="crmcore-schemes",
        labels={"en": "Mean lead score", "zh": "线索平均评分"},
    ),
)
