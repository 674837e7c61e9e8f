"""The plugin and its scorers keep their contracts: the lines that every author writes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import crmcore as cc
import crmcore_schemes
from crmcore.scoring import Scheme
from crmcore.testing import MetricSuite, PluginSuite, ScorerSuite
from crmcore_schemes import HERE, METRICS
from crmcore_schemes.abc_grading import AbcGrading


class TestPlugin(PluginSuite):
    """It loads alone, declares the same twice, and says who it is."""

    plugin = crmcore_schemes


class TestMetrics(MetricSuite):
    """The laws of metrics, on leads and deals with the columns of our schemes."""

    metrics = METRICS
    languages = ("en", "zh")
    rises = {  # noqa: RUF012 - as an author would write it
        "bant_validated_rate": {
            "lead": [{"id": "new", "created_at": date(2026, 3, 1), "budget": True, "authority": True, "need": True}]
        },
        "meddic_champion_rate": {
            "opportunity": [{"id": "new", "created_at": date(2026, 3, 1), "outcome": "open", "champion": True}]
        },
    }

    def records(self) -> dict[str, list[dict[str, object]]]:
        """Return leads with all, some and no answers, and deals with and without a champion."""
        some = [True, False, None]
        leads: list[dict[str, object]] = [
            {
                "id": f"L{i}",
                "created_at": date(2026, 1 + i % 5, 3),
                "budget": some[i % 3],
                "authority": some[i // 3 % 3],
                "need": some[i // 9 % 3],
                "timeline": some[i // 2 % 3],
                "score": float(i) if i % 4 else None,
                "owner": ["Anna", "Ben", None][i % 3],
            }
            for i in range(27)
        ]
        deals: list[dict[str, object]] = [
            {
                "id": f"D{i}",
                "created_at": date(2026, 1, 5 + i),
                "outcome": ["open", "won"][i % 2],
                "closed_at": date(2026, 4, 5) if i % 2 else None,
                "champion": some[i % 3],
                "owner": ["Anna", "Ben"][i % 2],
            }
            for i in range(12)
        ]
        return {"lead": leads, "opportunity": deals}


class TestBant(ScorerSuite):
    """One score per row, whichever rows are scored with it, with reasons that add up to it."""

    scorer = Scheme.load(HERE / "bant.toml")

    def data(self) -> cc.Dataset:
        """Return leads with all, some and no answers."""
        answers = [
            (True, True, True, True),
            (True, None, True, False),
            (None, None, None, None),
            (False, True, None, None),
        ]
        names = ("budget", "authority", "need", "timeline")
        return cc.Dataset(lead=[{"id": f"L{i}", **dict(zip(names, a, strict=True))} for i, a in enumerate(answers)])


class TestMeddic(ScorerSuite):
    """As above."""

    scorer = Scheme.load(HERE / "meddic.toml")

    def data(self) -> cc.Dataset:
        """Return deals with all, half and none of the elements."""
        names = ("metrics", "economic_buyer", "decision_criteria", "decision_process", "pain", "champion")
        deals = [(True,) * 6, (True, False) * 3, (None,) * 6, (False,) * 5 + (None,)]
        return cc.Dataset(
            opportunity=[
                {"id": f"D{i}", "outcome": "open", "created_at": date(2026, 5, 1), **dict(zip(names, d, strict=True))}
                for i, d in enumerate(deals)
            ]
        )


class TestCustomerHealth(ScorerSuite):
    """As above."""

    scorer = Scheme.load(HERE / "customer_health.toml")
    as_of = date(2026, 6, 30)

    def data(self) -> cc.Dataset:
        """Return accounts of which much, little and nothing is known, and one that leaves."""
        return cc.Dataset(
            account=[
                {"id": "well", "usage_percent": 90, "last_contact_at": date(2026, 6, 20), "nps": 9, "open_tickets": 0},
                {"id": "leaves", "usage_percent": 10, "last_contact_at": None, "nps": 3, "notice_given": True},
                {"id": "unknown", "usage_percent": 55, "last_contact_at": date(2026, 1, 1)},
                {"id": "nothing"},
            ]
        )


class TestAbc(ScorerSuite):
    """As above."""

    scorer = AbcGrading()

    def data(self) -> cc.Dataset:
        """Return accounts with much, little, equal and no revenue, and deals without amount, account or end."""
        deals = [
            ("a", 700, "won"),
            ("b", 100, "won"),
            ("c", 100, "won"),
            ("d", 60, "won"),
            ("d", None, "won"),
            (None, 9, "won"),
        ]
        return cc.Dataset(
            account=[{"id": x, "name": x} for x in "abcde"],
            opportunity=[
                {
                    "id": f"D{i}",
                    "account": account,
                    "amount": None if amount is None else Decimal(amount),
                    "outcome": outcome,
                    "closed_at": date(2026, 3, 1),
                }
                for i, (account, amount, outcome) in enumerate([*deals])
            ]
            + [{"id": "open", "account": "e", "amount": Decimal(5000), "outcome": "open", "closed_at": None}],
        )
