"""maven_crm: tiers of its agents, against the published lists and against the files themselves."""

from __future__ import annotations

import csv
from collections import defaultdict

import pytest

import crmcore as cc
from crmcore.analysis.tiers import tiered

TIERS = {"best": "best_in_class", "average": "average", "laggard": "laggard"}


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set."""
    return read_set("maven_crm")


@pytest.mark.parametrize("figure", TIERS)
def test_tiers_by_win_rate(data, published, figure) -> None:
    """C02: 6 agents are best in class, 15 average, 9 laggards, in the published order and with the published means."""
    known = published("maven_crm")["tiers_by_win_rate"][figure]

    found = tiered(cc.measure("win_rate", data, by="owner"), "win_rate").only(tier=TIERS[figure])

    assert list(found["owner"]) == known["agents"]
    assert found["win_rate"].mean() == pytest.approx(known["mean_of_win_rates"], rel=1e-12)
    pooled = cc.measure("win_rate", data, where=cc.col("owner").isin(known["agents"])).total["win_rate"]
    assert pooled == pytest.approx(known["pooled_win_rate"], rel=1e-12)


def test_tiers_by_won_value(data, shared_data, published) -> None:
    """C02, M7: sums of the file in plain integers, sorted; the best fifth brings the published 34.2 % of the whole."""
    won: dict[str, int] = defaultdict(int)
    with (shared_data / "maven_crm" / "sales_pipeline.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            won[row["sales_agent"]] += int(row["close_value"] or 0) if row["deal_stage"] == "Won" else 0
    order = sorted(won, key=lambda agent: (-won[agent], agent))

    found = cc.analyse("seller_tiers", data)

    assert list(found["owner"]) == order
    assert found["won_value"].tolist() == [float(won[agent]) for agent in order]
    assert list(found["tier"]) == ["best_in_class"] * 6 + ["average"] * 15 + ["laggard"] * 9
    share = found["won_value"][:6].sum() / found["won_value"].sum()
    assert share == pytest.approx(published("maven_crm")["concentration"]["agents_active"]["top_share"], rel=1e-12)
