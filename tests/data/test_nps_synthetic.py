"""nps_synthetic: 1,825 answers of 1,340 users in 2023, one of whom answers every day."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import pytest

import crmcore as cc

METRICS = [
    "nps_answers",
    "nps",
    "nps_promoters_share",
    "nps_passives_share",
    "nps_detractors_share",
    "survey_response_rate",
]


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set."""
    return read_set("nps_synthetic")


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("nps_synthetic")


def check(row, expected) -> None:
    """Hold a row against the published counts: shares and score are their exact quotients (Q4)."""
    n = expected["n"]
    assert row["nps_answers"] == n
    assert row["nps_promoters_share"] == expected["promoters"] / n == expected["csat_top2_share"]
    assert row["nps_passives_share"] == expected["passives"] / n
    assert row["nps_detractors_share"] == expected["detractors"] / n
    assert row["nps"] == 100 * (expected["promoters"] - expected["detractors"]) / n
    assert row["nps"] == pytest.approx(expected["nps"], rel=1e-12)
    assert row["survey_response_rate"] == 1


def test_all_answers(data, figures) -> None:
    """R1, R3: the score of all answers, where whoever answers every day counts every day."""
    check(cc.measure(METRICS, data).total, figures["all"])


def test_without_the_user_of_every_day(data, figures) -> None:
    """A condition takes out the 365 answers of one user."""
    check(cc.measure(METRICS, data, where=cc.col("user") != "testuser").total, figures["without_testuser"])


@pytest.mark.parametrize(("per", "figure"), [("month", "by_month"), ("quarter", "by_quarter")])
def test_periods(data, figures, per, figure) -> None:
    """T4: an answer counts in the period in which it was given."""
    rows = {row["period"].replace("-Q", "Q"): row for row in cc.measure(METRICS, data, per=per).rows()}

    assert rows.keys() == figures[figure].keys()
    for label, expected in figures[figure].items():
        check(rows[label], expected)


def test_last_answer_of_each_user(data, figures) -> None:
    """Of each user the newest answer, of one day the later row; what is left out is counted."""
    last = cc.latest(data, "response", by="user", at="at")

    check(cc.measure(METRICS, last).total, figures["last_answer_per_user"])
    assert last["response"].excluded == {"not the latest": 1825 - 1340}


def test_interval_of_the_score(data, figures) -> None:
    """R3: adjusted Wald, with three made-up answers of which 3/4 of one are promoters and 3/4 of one detractors."""
    counts = figures["all"]
    n = counts["n"] + 3
    p, d = (counts["promoters"] + 0.75) / n, (counts["detractors"] + 0.75) / n
    error = NormalDist().inv_cdf(0.975) * sqrt((p + d - (p - d) ** 2) / n)

    (row,) = cc.measure("nps", data, interval=True).to_dict()["details"]

    assert row["nps"]["low"] == pytest.approx(100 * (p - d - error), rel=1e-12)
    assert row["nps"]["high"] == pytest.approx(100 * (p - d + error), rel=1e-12)
