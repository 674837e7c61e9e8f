"""The score of data quality: its checks, parts, weights, and what is left out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.quality import CHECKS, Check, weighed
from crmcore.errors import ArgumentError, ColumnNotFound, MetricNotFound
from crmcore.kpis import CATALOGUE

DAY = date(2026, 3, 31)
LEADS = [
    ("id", "created_at", "owner", "source", "status", "duplicate_of"),
    (1, date(2026, 1, 1), "anna", "web", "new", None),
    (2, date(2026, 1, 2), "ben", None, "new", 1),
    (3, date(2026, 1, 3), "ben", "web", "lost", None),
    (4, date(2026, 2, 1), None, None, None, None),
]
DEALS = [
    ("id", "outcome", "created_at", "closed_at", "expected_close", "last_activity_at", "amount", "owner", "source"),
    ("d1", "won", date(2026, 1, 10), date(2026, 1, 5), None, None, 10, "anna", "web"),
    ("d2", "won", date(2026, 1, 1), date(2026, 2, 1), None, None, None, "anna", "web"),
    ("d3", "lost", date(2026, 1, 1), None, None, None, 5, "ben", None),
    ("d4", "open", date(2026, 1, 1), None, date(2026, 3, 1), None, 5, None, "web"),
    ("d5", "open", date(2026, 3, 30), None, date(2026, 6, 1), None, 5, "ben", "web"),
]
CONTACTS = [("id", "email"), (1, "a@example.org"), (2, "A@example.org "), (3, "b@example.org"), (4, None)]
TABLES = {"lead": (LEADS[0], LEADS[1:]), "opportunity": (DEALS[0], DEALS[1:]), "contact": (CONTACTS[0], CONTACTS[1:])}
"""Completeness: 8 of 12 values of the leads, 12 of 15 of the deals. Uniqueness: 3 of 4 leads, 2 of 3 e-mails. Accuracy:
2 of 3 closed deals are not backwards, 2 of 3 have a date, 1 of 2 won ones an amount, 1 of 2 open ones is not overdue,
5 of 5 deals and 4 of 4 leads have a date of creation. Freshness: 1 of 2 open deals."""
RIGHT = {
    "lead_completeness": (8, 12),
    "opportunity_completeness": (12, 15),
    "duplicate_lead_rate": (3, 4),
    "contact: email": (2, 3),
    "closed_before_created_share": (2, 3),
    "closed_without_date_share": (2, 3),
    "won_without_amount_share": (1, 2),
    "overdue_open_share": (1, 2),
    "undated_deals_share": (5, 5),
    "undated_leads_share": (4, 4),
    "stale_open_deals_share_30_days": (1, 2),
}
PARTS = {
    "completeness": Fraction(20, 27),
    "uniqueness": Fraction(5, 7),
    "accuracy": Fraction(15, 19),
    "freshness": Fraction(1, 2),
}


@pytest.fixture(scope="module")
def data() -> cc.Dataset:
    return cc.Dataset(**TABLES)


def test_score_and_parts_by_hand(data: cc.Dataset) -> None:
    """R1: each part is a quotient of sums, the score 100 x the mean of the four."""
    listed = cc.analyse("data_quality_score", data, as_of=DAY)

    assert {r["check"]: (r["right"], r["cases"]) for r in listed} == RIGHT
    assert [*dict.fromkeys(listed["part"].tolist())] == list(PARTS)
    assert listed.to_dict()["facts"] == {
        "score": float(100 * sum(PARTS.values()) / 4),
        **{part: float(number) for part, number in PARTS.items()},
    }
    assert listed["weight"][0] == float(Fraction(12, 27) / 4)
    assert listed["points"][0] == float(Fraction(100 * 8, 27 * 4))
    assert sum(listed["points"]) == pytest.approx(listed.fact("score"), rel=1e-12)


def test_every_number_is_that_of_its_metric(data: cc.Dataset) -> None:
    """R4: a check says what the metric of its name says, turned round where lower is better."""
    for row in cc.analyse("data_quality_score", data, as_of=DAY):
        if row["check"] in CATALOGUE:
            value = cc.measure(row["check"], data, as_of=DAY).plain(row["check"])[0]
            lower = CATALOGUE[row["check"]].better == "lower"
            assert row["share"] == pytest.approx(1 - value if lower else value, rel=1e-12)


def test_what_is_missing_is_left_out_and_said(data: cc.Dataset) -> None:
    """Checks without their table, column or cases are named, and the weights of the others add up to 1."""
    listed = cc.analyse("data_quality_score", cc.Dataset(lead=TABLES["lead"]), as_of=DAY)

    assert set(listed["part"]) == {"completeness", "uniqueness", "accuracy"}
    assert listed.fact("score") == float(100 * (Fraction(8, 12) + Fraction(3, 4) + 1) / 3)
    left = listed.to_dict()["notes"][1]
    assert left.startswith("Left out: opportunity_completeness (no table opportunity), ")
    assert "converted_before_created_share (no column converted" in left
    assert "contact: email (no table contact)" in left
    plain = cc.Dataset(contact=(["id", "name"], [(1, "x")]), opportunity=(DEALS[0], []))
    none = cc.Workspace(language="zh").analyse("data_quality_score", plain, as_of=DAY)
    assert (len(none), none.fact("score")) == (0, None)
    assert "contact: email（无列 email）" in str(none)
    assert "overdue_open_share（无可检查记录）" in str(none)
    assert "contact_completeness（无列" in str(none)


def test_weights_are_a_choice_and_stated(data: cc.Dataset) -> None:
    """Weights of 2, 1, 1 and 0 make halves and quarters; they stand in the note with the day that is looked from."""
    weights = {"completeness": 2, "uniqueness": Decimal(1), "accuracy": Fraction(1), "freshness": 0}
    listed = cc.analyse("data_quality_score", data, weights=weights, as_of=DAY)

    expected = 100 * (PARTS["completeness"] / 2 + PARTS["uniqueness"] / 4 + PARTS["accuracy"] / 4)
    assert listed.fact("score") == float(expected)
    assert listed.to_dict()["notes"][0] == (
        "Score = 100 x sum of weight x share; weights of the parts: completeness 1/2, uniqueness 1/4, accuracy 1/4, "
        "freshness 0. As of 2026-03-31."
    )
    assert "完整性 1/2、唯一性 1/4、准确性 1/4、时效性 0。截至 2026-03-31。" in str(listed.told("zh"))


def test_checks_and_unique_fields_are_a_choice(data: cc.Dataset) -> None:
    """Metrics of the host's own under parts of its own; a condition holds for every check."""
    sourced = cc.Metric(
        "sourced", cc.count("source") / cc.count(), unit="ratio", better="higher", anchor="stock", table="opportunity"
    )
    host = cc.Workspace(metrics=[sourced])
    checks = {"origin": ["sourced"], "uniqueness": []}
    listed = host.analyse(
        "data_quality_score", data, checks=checks, unique={"opportunity": ["owner", "source"]}, as_of=DAY
    )
    some = host.analyse("data_quality_score", data, checks=checks, unique={}, where=cc.col("owner") == "ben", as_of=DAY)

    assert {r["check"]: (r["right"], r["cases"]) for r in listed} == {
        "sourced": (4, 5),
        "opportunity: owner, source": (2, 3),
    }
    assert listed.fact("score") == float(50 * (Fraction(4, 5) + Fraction(2, 3)))
    assert listed.fact("origin") == 4 / 5
    assert some.fact("score") == 50.0


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        ({"weights": {"completeness": 1}}, ArgumentError, "part 'uniqueness' has no weight"),
        ({"weights": dict.fromkeys(CHECKS, 0)}, ArgumentError, "needs a weight above 0"),
        ({"weights": dict.fromkeys(CHECKS, 0.5)}, ArgumentError, "an int, Decimal or Fraction, at least 0, got 0.5"),
        ({"weights": dict.fromkeys(CHECKS, -1)}, ArgumentError, "at least 0, got -1"),
        ({"weights": {"speed": 1}}, ArgumentError, "weights are of the parts completeness, .*, got 'speed'"),
        ({"checks": {"accuracy": ["win_rate_"]}}, MetricNotFound, "did you mean 'win_rate'"),
        ({"checks": {"accuracy": ["open_deals"]}}, ArgumentError, "'open_deals' is no proportion of cases"),
        ({"checks": {"accuracy": ["mean_deal"]}}, ArgumentError, "'mean_deal' is no proportion"),
        ({"where": cc.col("region") == "north", "unique": {}}, ColumnNotFound, "region"),
    ],
)
def test_wrong_choices_are_errors(data: cc.Dataset, choices, error, message: str) -> None:
    """A weight, metric or condition that means nothing is refused; a condition is never silently left out."""
    with pytest.raises(error, match=message):
        cc.analyse("data_quality_score", data, as_of=DAY, **choices)


CASES = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(0, 9)).map(
        lambda x: Check(x[0], f"{x}", Fraction(min(x[1:])), Fraction(max(x[1:])))
    ),
    max_size=8,
)


@given(CASES, st.fixed_dictionaries(dict.fromkeys("abc", st.integers(1, 5))), st.randoms(use_true_random=False))
def test_points_add_up_exactly(checks, weights, random) -> None:
    """Points add up to the score and weights to 1, in fractions; the order of the checks changes nothing."""
    score = weighed(checks, weights)
    parts = {p: [c for c in checks if c.part == p and c.cases] for p in "abc"}
    numbers = {p: Fraction(sum(c.right for c in cs), sum(c.cases for c in cs)) for p, cs in parts.items() if cs}
    shuffled = random.sample(checks, len(checks))

    assert score.numbers == numbers
    assert weighed(shuffled, weights).score == score.score
    if numbers:
        whole = sum(weights[p] for p in numbers)
        assert score.score == sum(score.points) == 100 * sum(weights[p] * x for p, x in numbers.items()) / whole
        assert 0 <= score.score <= 100
        assert sum(score.weights) == 1
    else:
        assert score.score is None
