"""The scorers of the core pass the suite that plugin authors run: learned ones, and schemes of rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, ClassVar

import crmcore as cc
from crmcore.algebra import bins, col
from crmcore.domain import Money
from crmcore.scoring import Count, Feature, Grading, Group, LogisticRegression, NaiveBayes, Rule, Scheme, age_in_days
from crmcore.testing import ScorerSuite

SOURCES = ("web", "fair", "推荐", None)
SOME = Feature(bins("visits", [1, 5]), "some_visits")


@cache
def leads() -> cc.Dataset:
    """Return sixty leads, with blanks, of which two thirds are decided."""
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    return cc.Dataset(
        lead=[
            {
                "id": f"L{n}",
                "source": SOURCES[n * n % 7 % 4],
                "visits": (0, 3, 12, None)[n * 3 % 11 % 4],
                "team": ("north", "south", None)[n % 3],
                "created_at": start + timedelta(hours=7 * n),
                "converted": n % 3 == 0 if n % 7 else None,
                "converted_at": start + timedelta(hours=7 * n + 50) if n % 3 == 0 and n % 7 else None,
                "lost_at": start + timedelta(hours=7 * n + 90) if n % 3 == 1 else None,
                "expected_amount": Money(100 * (n % 9), "EUR") if n % 4 else None,
            }
            for n in range(60)
        ],
        activity=[
            {"id": n, "kind": "call", "lead": f"L{n % 20}", "at": start + timedelta(hours=9 * n), "done": n % 4 > 0}
            for n in range(40)
        ],
    )


class OfLeads(ScorerSuite):
    """A scorer of the leads above."""

    __test__ = False
    as_of: date | None = datetime(2026, 3, 1, tzinfo=UTC)

    def data(self) -> cc.Dataset:
        return leads()


LABELS = {"en": "Lead win", "zh": "线索成交"}


@cache
def fitted(learner: Any) -> Any:
    """Return the scorer that the leads teach."""
    return cc.Workspace().fit(learner, leads(), as_of=OfLeads.as_of)


class TestNaiveBayes(OfLeads):
    """Counted by value, a team by its own."""

    __test__ = True
    scorer: ClassVar = fitted(NaiveBayes(name="lead_win", features=["source", SOME], scope="team", labels=LABELS))


class TestLogistic(OfLeads):
    """Coefficients of a category, of a number behind a reference and of a time."""

    __test__ = True
    scorer: ClassVar = fitted(
        LogisticRegression(name="lead_odds", features=["source", "visits"], ridge=1.0, labels=LABELS)
    )


class TestScheme(OfLeads):
    """Points, caps, a negative rule, a decay, grades."""

    __test__ = True
    scorer: ClassVar = Scheme(
        "lead_fit",
        "lead",
        groups=(
            Group(
                "fit",
                [
                    Rule("known", when=col("source").isin(["推荐", "fair"]), points=30),
                    Rule("seen", value="visits", bands={1: 5, 4: "12.5"}),
                    Rule("valued", when=col("expected_amount") > 300, points=40),
                ],
                cap=60,
                dimension="fit",
            ),
            Group(
                "interest",
                [
                    Rule("calls", count=Count("activity", at="at", half_life_days=7), points=4, cap=20),
                    Rule("old", when=age_in_days("created_at") > 30, points=-15),
                ],
                dimension="engagement",
            ),
        ),
        floor=0,
        currency="EUR",
        grades=[Grading({"A": 40, "B": None}, of="fit"), Grading({"1": 5, "2": None}, of="engagement")],
        labels={"en": "Fit", "zh": "匹配度"},
        summary="How well a lead fits.",
    )
