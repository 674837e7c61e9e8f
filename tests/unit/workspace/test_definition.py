"""A metric as plain data."""

from __future__ import annotations

import json

import crmcore as cc
from crmcore.kpis import CATALOGUE
from crmcore.workspace import columns_needed, definition


def test_a_definition_says_everything() -> None:
    """Name, labels, formula, unit, direction, anchor, rules, source and columns are there, as JSON can hold them."""
    found = definition(CATALOGUE["win_rate"])

    assert json.loads(json.dumps(found)) == found
    assert found["name"] == "win_rate"
    assert found["labels"] == {"en": "Win rate", "zh": "赢率"}
    assert found["formula"] == "count(outcome == 'won') / count(outcome in ('won', 'lost'))"
    assert (found["unit"], found["better"], found["anchor"]) == ("ratio", "higher", "closed_at")
    assert {"R1", "R5"} <= set(found["rules"])
    assert found["source"]
    assert found["revision"] == 1
    assert found["columns"] == ["opportunity.outcome", "opportunity.closed_at"]


def test_columns_follow_references_and_tables() -> None:
    """A path through references names each column on its way; aggregates of other tables and roll-ups count too."""
    metric = cc.Metric(
        "mixed",
        cc.total("product.price", where=cc.col("owner.team") == "north")
        - cc.total("amount", table="cost", at="day")
        + cc.count(cc.each("account", cc.count(cc.col("outcome") == "won")) >= 2)
        + cc.count(at="stock"),
        anchor="lead.created_at",
    )

    assert columns_needed(metric) == [
        "opportunity.product", "product.price", "opportunity.owner", "seller.team", "opportunity.lead", "lead.created_at",
        "cost.amount", "cost.day", "opportunity.account", "opportunity.outcome",
    ]  # fmt: skip


def test_a_path_through_a_column_of_the_hosts_own_stays_as_it_is() -> None:
    """Which table a host's own reference leads to is known with the data only."""
    metric = cc.Metric("own", cc.count(cc.col("machine.kind") == "drill"), table="repair")

    assert columns_needed(metric) == ["repair.machine.kind"]


def test_a_column_that_may_lack_is_not_needed() -> None:
    """What a metric can do without is not listed."""
    metric = cc.Metric(
        "deals", cc.count(cc.coalesce(cc.maybe("stage"), cc.col("outcome")) == "won"), anchor="closed_at"
    )

    assert columns_needed(metric) == ["opportunity.outcome", "opportunity.closed_at"]


def test_every_metric_of_the_catalogue_needs_some_column() -> None:
    """A metric that reads none would measure nothing but rows at no date."""
    assert [m.name for m in CATALOGUE.values() if not columns_needed(m)] == []
