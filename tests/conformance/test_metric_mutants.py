"""MetricSuite catches what breaks its laws: metrics that are declared wrong, and engines that measure wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar

import pytest

import crmcore as cc
from crmcore.domain import Money
from crmcore.errors import ArgumentError, ColumnNotFound
from crmcore.testing import MetricSuite
from crmcore.testing.metrics.business import Records
from crmcore.testing.suite import sentence

WON, OPEN = cc.col("outcome") == "won", cc.col("outcome") == "open"
LABELS = {"en": "A metric", "zh": "指标"}


def metric(name: str, formula: Any, **more: Any) -> cc.Metric:
    """Return a metric with all that one needs."""
    return cc.Metric(name, formula, **{"anchor": "created_at", "labels": LABELS, "summary": "What it is.", **more})


DEALS = metric("deals", cc.count(table="opportunity"), unit="count")
VALUE = metric("value", cc.total("amount"), unit="money")
RATE = metric("rate", cc.count(WON) / cc.count(), unit="ratio")
MEAN = metric("mean", cc.mean("amount"), unit="money")


def day(n: int) -> datetime:
    """Return an instant of March."""
    return datetime(2026, 3, n, 12, tzinfo=UTC)


class Small(MetricSuite):
    """A few metrics over a few deals."""

    metrics: ClassVar[Any] = [DEALS, VALUE, RATE, MEAN]

    def records(self) -> Records:
        return {
            "opportunity": [
                {
                    "id": f"d{n}",
                    "outcome": "won" if n % 3 else "open",
                    "created_at": day(n + 1),
                    "amount": None if n % 4 == 3 else Money(n * n + 1, "USD"),
                }
                for n in range(20)
            ]
        }


def test_sound_metrics_pass(judge: Any) -> None:
    """The metrics that are broken below have no fault themselves."""
    assert list(judge(Small, Small.checks())) == []


# -- metrics that measure wrong --------------------------------------------------------------------------


class Altered:
    """A result whose numbers were changed."""

    def __init__(self, result: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.result, self.change = result, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self.result, name)

    def __len__(self) -> int:
        return len(self.result)

    def __getitem__(self, name: str) -> Any:
        return self.result[name]

    def rows(self) -> list[dict[str, Any]]:
        """Return changed rows."""
        return [self.change(row) for row in self.result.rows()]

    def plain(self, name: str) -> list[Any]:
        """Return changed numbers."""
        return [row[name] for row in self.rows()]

    @property
    def total(self) -> dict[str, Any]:
        """Return the total as it is."""
        return dict(self.result.total)


def to(name: str, change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a change of one metric's number."""
    return lambda row: {**row, name: change(row[name])} if name in row else row


Deals = list[dict[str, Any]]
Wrong = Callable[[dict[str, Any], Deals, Mapping[str, Any]], dict[str, Any]]


def first_id(row: dict[str, Any], deals: Deals, _: Mapping[str, Any]) -> dict[str, Any]:
    """Return a number that depends on which row comes first."""
    return to("deals", lambda v: v + (deals[0]["id"] == "d0"))(row) if len(deals) > 3 else row


CALLS = count()
MUTANTS: dict[str, tuple[str, Wrong]] = {
    "test_order_of_rows": ("deals", first_id),
    "test_parts_and_the_whole": (
        "value",
        lambda row, _, asked: to("value", lambda v: v + 1)(row) if asked.get("where") is not None else row,
    ),
    "test_no_rows": ("mean", lambda row, deals, _: row if deals else to("mean", lambda _: 7.0)(row)),
    "test_two_businesses": (
        "value",
        lambda row, deals, _: to("value", lambda v: min(v, 1500.0))(row) if deals else row,
    ),
    "test_bounds": ("rate", lambda row, *_: to("rate", lambda v: v and v * 2)(row)),
    "test_money_of_another_size": ("mean", lambda row, *_: to("mean", lambda v: v and v + 5)(row)),
    "test_more_rows": ("deals", lambda row, *_: to("deals", lambda v: 100 - v)(row)),
    "test_the_reference_agrees": ("value", lambda row, *_: to("value", lambda v: v * (1 + 2**-50))(row)),
    "test_again": ("deals", lambda row, *_: to("deals", lambda v: v + next(CALLS))(row)),
}
"""Check -> the metric that it has to name, and what the engine does wrong."""


@pytest.mark.parametrize("check", MUTANTS)
def test_an_engine_that_measures_wrong_is_caught(check: str, judge: Any) -> None:
    """Each law finds the engine that breaks it, and says which metric, what was expected, and on which few rows."""
    name, wrong = MUTANTS[check]

    class Broken(cc.Workspace):
        def measure(self, metrics: Any, data: Any = None, **asked: Any) -> Any:
            table = data["opportunity"]
            deals = [{"id": key} for key in table["id"].data.tolist()] if "id" in table.columns and len(table) else []
            return Altered(super().measure(metrics, data, **asked), lambda row: wrong(row, deals, asked))

    class TestBroken(Small):
        def workspace(self) -> cc.Workspace:
            return Broken()

    ((found, error),) = judge(TestBroken, [check])

    assert found == check
    assert str(error).startswith(f"{name}: ") or check == "test_again"
    assert error.__notes__ == [f"TestBroken.{check}: {sentence(getattr(Small, check))}"]
    assert len(str(error).splitlines()) < 12, "the example is not small"


# -- metrics that are declared wrong ---------------------------------------------------------------------

BARE = cc.Metric("bare", cc.count(), anchor="created_at")
SILENT = metric("silent", cc.mean("amount", where=cc.col("outcome") == "abandoned"), unit="money")
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"metrics": [BARE]}, "test_labels bare: labels have no name in en"),
    "no Chinese name": (
        {"metrics": metric("m", cc.count(), labels={"en": "M"}), "languages": ("en", "zh")},
        "test_labels m: labels have no name in zh",
    ),
    "no summary": ({"metrics": [metric("m", cc.count(), summary="")]}, "test_labels m: summary is empty"),
    "a revision of 0": ({"metrics": metric("m", cc.count(), revision=0)}, "test_declaration m: revision 0 is below 1"),
    "bounds of another": ({"bounds": {"dels": (0, 1)}}, "test_declaration bounds of what is no metric here: dels"),
    "never a value": ({"metrics": [DEALS, SILENT]}, "test_the_rows_measure_it no value of silent"),
    "too narrow bounds": ({"bounds": {"value": (0, 10)}}, "test_bounds value: "),
    "a number in place of money": (
        {"metrics": metric("large", cc.count(cc.col("amount") > 50), unit="count")},
        "test_money_of_another_size large: ",
    ),
    "what should rise falls": (
        {"rises": {"rate": {"opportunity": [{"id": "x", "outcome": "open", "created_at": day(1)}]}}},
        "test_more_rows rate: ",
    ),
    "what should fall rises": (
        {"falls": {"deals": {"opportunity": [{"id": "x", "outcome": "open", "created_at": day(1)}]}}},
        "test_more_rows deals: 1 with further rows, 0 without",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake: str, judge: Any) -> None:
    """An author who forgets or confuses something is told what, by one check and no other."""
    given, said = MISTAKES[mistake]
    suite = type("TestMine", (Small,), given)
    found = [f"{name} {error}" for name, error in judge(suite, suite.checks())]

    assert len(found) == 1, found
    assert found[0].startswith(said)


def test_rows_are_made_few(judge: Any) -> None:
    """Of twenty deals that show a rate above its bound one is left, which shows it as well."""

    class TestMine(Small):
        metrics = metric("per_open", cc.count(WON) / (cc.count(OPEN) + 1), unit="number")
        bounds: ClassVar = {"per_open": (0, 0.5)}

    ((_, error),) = judge(TestMine, ["test_bounds"])

    said = str(error).splitlines()
    assert said[0] == "per_open: 1.0 is not from 0 to 0.5"
    assert "count(outcome == 'won')" in said[1]
    assert [line.split("=")[0] for line in said[2:]] == ["  opportunity: id"]
    assert "outcome='won'" in said[2]


def test_what_is_no_metric_is_refused() -> None:
    """An object that is no metric, a name that is none, a flag that is none: the message says what would be right."""
    with pytest.raises(ArgumentError, match=r"TestMine\.metrics are Metric objects or their names, got 7"):
        type("TestMine", (Small,), {"metrics": [7]})().test_labels()
    with pytest.raises(ArgumentError, match=r"TestMine\.metrics: give a Metric, its name, or a list of them"):
        type("TestMine", (Small,), {"metrics": []})().test_labels()
    with pytest.raises(ArgumentError, match=r"TestMine\.metrics: two are called deals"):
        type("TestMine", (Small,), {"metrics": [DEALS, metric("deals", cc.count(WON))]})().test_labels()
    with pytest.raises(cc.errors.MetricNotFound, match="win_rate"):
        type("TestMine", (Small,), {"metrics": "win_rat"})().test_labels()
    with pytest.raises(ArgumentError, match="did you mean 'follows_money'"):
        type("TestMine", (Small,), {"follow_money": False})


def test_a_metric_that_raises_is_named(judge: Any) -> None:
    """A metric that reads a column of nobody fails with an error that names both, in the words of the workspace."""
    suite = type("TestMine", (Small,), {"metrics": [DEALS, metric("typo", cc.total("amuont"), unit="money")]})
    found = dict(judge(suite, ["test_bounds"]))

    assert isinstance(found["test_bounds"], ColumnNotFound)
    assert "'amuont' is needed by 'typo'" in str(found["test_bounds"])
    assert "did you mean 'amount'" in str(found["test_bounds"])


def test_names_are_enough(judge: Any) -> None:
    """`metrics = "win_rate"` is a whole subclass: the rows are those of a small organisation."""
    suite = type("TestMine", (MetricSuite,), {"metrics": "win_rate"})

    assert list(judge(suite, suite.checks())) == []


def test_columns_of_a_hosts_own(judge: Any) -> None:
    """A metric of a column that no CRM has of itself, money or text, obeys the same laws on rows that have it."""

    class TestMine(MetricSuite):
        metrics: ClassVar[Any] = [
            metric("deposits", cc.total("deposit"), unit="money"),
            metric("sealed_rate", cc.count(cc.col("seal") == "赤") / cc.count(), unit="ratio"),
        ]

        def records(self) -> Records:
            return {
                "opportunity": [
                    {
                        "id": n,
                        "created_at": day(n % 5 + 1),
                        "seal": "赤" if n % 2 else None,
                        "deposit": Money(n, "EUR") if n % 3 else None,
                    }
                    for n in range(12)
                ]
            }

    assert list(judge(TestMine, TestMine.checks())) == []
