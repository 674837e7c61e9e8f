"""Our scorers that learn, through the suite that every scorer has to pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import ClassVar

import crmcore as cc
from crmcore.scoring import Feature, LogisticRegression, NaiveBayes, StageChain
from crmcore.testing import ScorerSuite

START = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = {"en": "Chance to win", "zh": "赢单概率"}


def leads(n):
    """Return leads with blanks, several tags in a cell, Chinese values, and one in eleven undecided."""
    found = []
    for i in range(n):
        won, decided = bool(i % 11) and i % (2 + i % 3) == 0, START + timedelta(hours=6 * i, days=3)
        found.append(
            {
                "id": f"l{i}",
                "owner": ("Anna", "王芳", None, "Bo")[i % 4],
                "source": ("web", "伙伴", None)[i % 3],
                "region": ("EMEA", "APAC", "APAC", "LATAM")[i * 7 % 4],
                "employees": i * 37 % 101 if i % 5 else None,
                "interest": ("a; b", "b", "c;a", None, "a;a")[i % 5],
                "step": ("new", "talk", "offer", "new")[i * 3 % 4],
                "created_at": START + timedelta(hours=6 * i),
                "converted": won,
                "converted_at": decided if won else None,
                "lost_at": decided if i % 11 and not won else None,
            }
        )
    return cc.Dataset(lead=found)


def deals(n):
    """Return deals that walk through stages, back too, with what each step changed; some open, some without stage or seller."""
    found, changes = [], []
    for i in range(n):
        path = ["new", *("talk offer", "talk", "offer talk offer", "talk new talk", "")[i % 5].split()]
        outcome = ("won", "lost", "open", "abandoned", "lost", "won")[i * 5 % 6]
        created = START + timedelta(hours=6 * i)
        at = [created + timedelta(days=d) for d in range(len(path))]
        found.append(
            {
                "id": f"d{i}",
                "owner": ("Anna", "王芳", None, "Bo")[i % 4],
                "amount": i * 37 % 101 if i % 5 else None,
                "stage": path[-1] if i % 13 else None,
                "outcome": outcome,
                "created_at": created,
                "closed_at": None if outcome == "open" else at[-1] + timedelta(days=1),
            }
        )
        steps = [("stage", old, new, day) for old, new, day in zip(path, path[1:], at[1:], strict=False)]
        steps += [] if outcome == "open" else [("outcome", "open", outcome, at[-1] + timedelta(days=1))]
        changes += [
            {"table": "opportunity", "record": f"d{i}", "field": f, "old": old, "new": new, "at": day}
            for f, old, new, day in steps
        ]
    stages = [{"id": s, "name": s.title(), "order": k} for k, s in enumerate(("new", "talk", "offer"))]
    return cc.Dataset(opportunity=found, change=changes, stage=stages)


SPECS = {
    "plain": NaiveBayes(name="nb", features=["source", "region"], labels=LABELS),
    "teams": NaiveBayes(
        name="nb",
        features=[
            Feature("source", blank=True),
            Feature("interest", split=";", least=3),
            Feature(cc.bins("employees", [20, 50]), "size_class"),
        ],
        scope="owner",
        labels=LABELS,
    ),
    "stages": NaiveBayes(
        name="nb", features=["region"], stage="step", stages=["new", "talk", "offer"], labels=LABELS
    ),
    "ages": NaiveBayes(
        name="nb",
        features=[Feature(cc.bins(cc.elapsed("created_at", cc.as_of()), [10, 30]), "age"), "source"],
        labels=LABELS,
    ),
    "chain": StageChain(name="sc", labels=LABELS),
    "chains": StageChain(name="sc", by=Feature(cc.bins("amount", [50]), "size"), labels=LABELS),
    "logistic": LogisticRegression(name="lr", features=["source", "region", "employees"], ridge=1, labels=LABELS),
}  # fmt: skip


@cache
def fitted(which):
    """Return a scorer that learned from 200 leads, or deals."""
    spec = SPECS[which]
    return cc.Workspace().fit(spec, leads(200) if spec.table == "lead" else deals(200))


class _Suite(ScorerSuite):
    __test__ = False
    which: ClassVar[str]

    @property
    def scorer(self):
        return fitted(self.which)

    def data(self):
        return leads(40) if self.scorer.table == "lead" else deals(40)


class TestPlainBayes(_Suite):
    __test__ = True
    which = "plain"


class TestBayesOfTeams(_Suite):
    __test__ = True
    which = "teams"


class TestBayesOfStages(_Suite):
    __test__ = True
    which = "stages"


class TestBayesOfAges(_Suite):
    __test__ = True
    which = "ages"


class TestLogistic(_Suite):
    __test__ = True
    which = "logistic"


class TestStageChain(_Suite):
    __test__ = True
    which = "chain"


class TestStageChainOfSegments(_Suite):
    __test__ = True
    which = "chains"
