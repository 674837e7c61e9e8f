"""Experience: how likely customers recommend, how satisfied they are, how many answer.

A response without a score is a question that was sent and not answered: it is in the response rate and in nothing else.
Who answers often weighs more; `crmcore.latest(data, "response", by="contact", at="at")` leaves one answer of each.
"""

from __future__ import annotations

from ..algebra import col, count, mean
from ..metric import Metric
from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

ANSWERED = col("score").not_null()
NPS_ANSWER = (col("kind") == "nps") & (col("score") > -1) & (col("score") < 11)
"""What is off the scale is no answer to this question; ingest lists it."""
PROMOTER = NPS_ANSWER & (col("score") >= 9)
PASSIVE = NPS_ANSWER & col("score").isin([7, 8])
DETRACTOR = NPS_ANSWER & (col("score") <= 6)
CSAT_ANSWER = (col("kind") == "csat") & ANSWERED
SATISFIED = CSAT_ANSWER & (col("score") >= 4)

nps = Metric(
    "nps",
    100 * (count(PROMOTER) - count(DETRACTOR)) / count(NPS_ANSWER),
    unit="points",
    better="higher",
    anchor="at",
    table="response",
    summary="Net promoter score, from -100 to 100: 100 times promoters (9, 10) less detractors (0 to 6), over the answers of the period.",
    source="A07; article A3",
    rules=("R1", "R2", "R3", "T4"),
    labels={"en": "Net promoter score", "zh": "净推荐值（NPS）"},
    subject="experience",
)

nps_answers = Metric(
    "nps_answers",
    count(NPS_ANSWER),
    unit="count",
    better="higher",
    anchor="at",
    table="response",
    summary="Answers to the question of recommendation in the period.",
    source="A07; article A3",
    rules=("T4",),
    labels={"en": "NPS answers", "zh": "NPS有效答卷数"},
    subject="experience",
)

nps_promoters_share = Metric(
    "nps_promoters_share",
    count(PROMOTER) / count(NPS_ANSWER),
    unit="ratio",
    better="higher",
    anchor="at",
    table="response",
    summary="Share of promoters, who choose 9 or 10, among the answers of the period.",
    source="A07; article A3",
    rules=("R1", "R2", "R3"),
    labels={"en": "Share of promoters", "zh": "推荐者占比"},
    subject="experience",
)

nps_passives_share = Metric(
    "nps_passives_share",
    count(PASSIVE) / count(NPS_ANSWER),
    unit="ratio",
    better="neutral",
    anchor="at",
    table="response",
    summary="Share of passives, who choose 7 or 8, among the answers of the period.",
    source="A07; article A3",
    rules=("R1", "R2", "R3"),
    labels={"en": "Share of passives", "zh": "中立者占比"},
    subject="experience",
)

nps_detractors_share = Metric(
    "nps_detractors_share",
    count(DETRACTOR) / count(NPS_ANSWER),
    unit="ratio",
    better="lower",
    anchor="at",
    table="response",
    summary="Share of detractors, who choose 0 to 6, among the answers of the period.",
    source="A07; article A3",
    rules=("R1", "R2", "R3"),
    labels={"en": "Share of detractors", "zh": "贬损者占比"},
    subject="experience",
)

csat = Metric(
    "csat",
    count(SATISFIED) / count(CSAT_ANSWER),
    unit="ratio",
    better="higher",
    anchor="at",
    table="response",
    summary="Share of the satisfied, who choose 4 or 5 on a scale from 1 to 5, among the answers of the period.",
    source="A07; article A3",
    rules=("R1", "R2", "R3"),
    labels={"en": "Customer satisfaction", "zh": "客户满意度（CSAT）"},
    subject="experience",
)

csat_mean = Metric(
    "csat_mean",
    mean("score", where=col("kind") == "csat"),
    unit="score",
    better="higher",
    anchor="at",
    table="response",
    summary="Mean score of the answers of the period to the question of satisfaction.",
    source="A07; variant of ours",
    rules=("R1", "R2", "R3", "R4"),
    labels={"en": "Customer satisfaction, mean score", "zh": "客户满意度平均分"},
    subject="experience",
)

ces = Metric(
    "ces",
    mean("score", where=col("kind") == "ces"),
    unit="score",
    better="target",
    anchor="at",
    table="response",
    summary="Customer effort score: mean score of the answers of the period to the question of effort, on the host's own scale.",
    source="A07; variant of ours",
    rules=("R1", "R2", "R3"),
    labels={"en": "Customer effort score", "zh": "客户费力度（CES）"},
    subject="experience",
)

survey_response_rate = Metric(
    "survey_response_rate",
    count(ANSWERED) / count(),
    unit="ratio",
    better="higher",
    anchor="at",
    table="response",
    summary="Share of the questions of the period, of any kind, that were answered with a score.",
    source="A07; variant of ours",
    rules=("R1", "R2", "R3"),
    labels={"en": "Survey response rate", "zh": "调查回复率"},
    subject="experience",
)

METRICS: tuple[Metric, ...] = (
    nps,
    nps_answers,
    nps_promoters_share,
    nps_passives_share,
    nps_detractors_share,
    csat,
    csat_mean,
    ces,
    survey_response_rate,
)
ANALYSES: tuple[Analysis, ...] = ()
