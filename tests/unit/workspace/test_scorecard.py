"""The scorecard: what can be measured is, and what cannot says what is missing."""

from __future__ import annotations

import json
from datetime import date

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError
from crmcore.kpis import CATALOGUE
from crmcore.kpis.entry import Analysis
from crmcore.workspace.inputs import missing_inputs

DEALS = [
    {"id": 1, "outcome": "won", "owner": "Anna", "amount": 10, "created_at": date(2026, 1, 5), "closed_at": date(2026, 2, 1)},
    {"id": 2, "outcome": "lost", "owner": "王芳", "amount": 30, "created_at": date(2026, 1, 5), "closed_at": date(2026, 3, 1)},
    {"id": 3, "outcome": "won", "owner": "Anna", "amount": 20, "created_at": date(2026, 1, 5), "closed_at": date(2026, 5, 1)},
]  # fmt: skip


@pytest.fixture(scope="module")
def data() -> cc.Dataset:
    """Return three deals and nothing else."""
    return cc.Dataset(opportunity=DEALS)


def test_every_metric_is_measured_or_says_what_is_missing(data) -> None:
    """What the inputs exist for has the number that measure gives; the rest names its tables and columns."""
    card = cc.scorecard(data)
    measured = {ln.metric.name: ln for ln in card.lines}

    assert {*measured, *(m.name for m in card.missing)} == set(CATALOGUE)
    assert len(card) == len(measured) > 20
    assert (measured["win_rate"].value, measured["win_rate"].n) == (2 / 3, 3)
    assert measured["win_rate"].low < 2 / 3 < measured["win_rate"].high
    assert measured["won_value"].value == 30
    missing = {m.name: what for m, what in card.missing.items()}
    assert missing["leads_created"] == ("lead",)
    assert missing["weighted_value"] == ("opportunity.probability",)
    assert missing["quota_attainment"] == ("target",)


def test_periods_stand_side_by_side(data) -> None:
    """Of two quarters the last and the one before it: 20 of 20 won, then 10 with a loss beside."""
    card = cc.scorecard(data, per="quarter", subjects=["outcome", "revenue"])
    lines = {ln.metric.name: ln for ln in card.lines}

    assert (card.period, card.before) == ("2026-Q2", "2026-Q1")
    assert (lines["won_value"].value, lines["won_value"].before) == (20, 10)
    assert (lines["win_rate"].value, lines["win_rate"].before) == (1, 0.5)
    assert {ln.metric.subject for ln in card.lines} == {"outcome", "revenue"}


def test_subjects_are_one_or_several(data) -> None:
    """A name stands for itself; a misspelt one is told its nearest, and none of a list is taken letter by letter."""
    assert {ln.metric.subject for ln in cc.scorecard(data, subjects="revenue").lines} == {"revenue"}
    with pytest.raises(ArgumentError, match="no metric has the subject 'Revenues'; did you mean 'revenue'"):
        cc.scorecard(data, subjects="Revenues")
    with pytest.raises(ArgumentError, match="no metric has the subject 'x'; there are conversion, outcome"):
        cc.scorecard(data, subjects=["x"])


def test_the_last_period_is_the_one_looked_from() -> None:
    """T8: a target until the end of the year, and an invoice due next quarter, do not move the scorecard into the future."""
    quota = {"scope": "organisation", "kind": "quota", "metric": "won_value", "amount": 120,
             "start": date(2026, 1, 1), "end": date(2027, 1, 1)}  # fmt: skip
    invoice = {"id": 1, "issued_at": date(2026, 4, 1), "due": date(2026, 8, 1), "paid_at": None, "amount": 5}
    data = cc.Dataset(opportunity=DEALS, target=[quota], invoice=[invoice])
    card = cc.scorecard(data, per="quarter")

    assert (card.period, card.before) == ("2026-Q2", "2026-Q1")
    assert {ln.metric.name: ln.value for ln in card.lines}["won_value"] == 20
    assert cc.scorecard(data, per="quarter", as_of=date(2026, 3, 31)).period == "2026-Q1"
    assert cc.scorecard(data, per="month", as_of=date(2025, 3, 31)).period is None


def test_it_prints_by_subject_in_both_languages(data) -> None:
    """Headings, numbers with intervals and n, why a number is undefined, and what is missing."""
    text = str(cc.scorecard(data))
    chinese = str(cc.Workspace(language="zh").scorecard(data))

    assert "\nRevenue " in text
    win_rate = next(line for line in text.splitlines() if line.startswith("Win rate  "))
    assert win_rate.split() == ["Win", "rate", "66.7", "%", "[20.8,", "93.9]", "3"]
    assert "Mean open deal" in text
    assert "nothing to measure" in text
    assert f"Unavailable: {len(cc.scorecard(data).missing)} of {len(CATALOGUE)}." in text
    assert "赢率" in chinese
    assert "收入" in chinese
    assert "无法计算" in chinese


def test_it_goes_into_programs(data) -> None:
    """As JSON, as listings, through Arrow."""
    card = cc.scorecard(data)
    plain = json.loads(card.to_json())

    assert plain["metrics"]["won_value"]["value"] == 30
    assert plain["unavailable"]["leads_created"] == ["lead"]
    assert card.measured.only(metric="won_value").plain("value") == [30]
    assert card.unavailable.only(metric="leads_created").plain("missing") == ["lead"]
    pa = pytest.importorskip("pyarrow")
    assert pa.table(card).num_rows == len(card.measured)


def test_no_rows_and_no_tables() -> None:
    """R2: of no deals counts are 0 and rates undefined; of no tables everything is missing."""
    empty = cc.scorecard(cc.Dataset(opportunity={"id": [], "outcome": [], "closed_at": []}))
    values = {ln.metric.name: ln.value for ln in empty.lines}

    assert (values["won_deals"], values["win_rate"]) == (0, None)
    assert cc.scorecard(cc.Dataset(opportunity={"id": [], "outcome": [], "closed_at": []}), per="month").period is None
    nothing = cc.scorecard(cc.Dataset())
    assert len(nothing) == 0
    assert len(nothing.missing) == len(CATALOGUE)
    assert f"Unavailable: {len(CATALOGUE)} of {len(CATALOGUE)}." in str(nothing)


def test_what_fails_is_told_apart(data) -> None:
    """M2: amounts in two currencies cannot be added; what counts deals is measured all the same."""
    rows = [{**deal, "amount_currency": code} for deal, code in zip(DEALS, ("EUR", "USD", "EUR"), strict=True)]
    card = cc.scorecard(cc.Dataset(opportunity=rows), subjects=["outcome", "revenue"])
    missing = {m.name: what for m, what in card.missing.items()}

    assert {ln.metric.name: ln.value for ln in card.lines}["win_rate"] == 2 / 3
    assert "EUR" in missing["win_rate_by_value"][0]


def test_wrong_arguments_are_refused(data) -> None:
    """A subject and a period that are none."""
    with pytest.raises(ArgumentError, match="no metric has the subject 'sport'"):
        cc.scorecard(data, subjects=["sport"])
    with pytest.raises(ArgumentError, match="per is one of"):
        cc.scorecard(data, per="fortnight")


def test_inputs_of_references_and_analyses(data) -> None:
    """A path needs the reference and the column behind it; an analysis says what it needs."""
    metric = cc.Metric("m", cc.count(cc.col("owner.team") == "north"), anchor="closed_at")
    tables = {**data.tables, "seller": cc.Dataset(seller=[{"id": "Anna"}])["seller"]}
    analysis = Analysis(
        "a", "rfm.by_tiles", needs={"order_line": ("at",), "opportunity": ("owner", "stage")}, summary="", source="",
        rules=(), labels={}, subject="",
    )  # fmt: skip

    assert missing_inputs(metric, data.tables) == ("seller",)
    assert missing_inputs(metric, tables) == ("seller.team",)
    assert missing_inputs(analysis, data.tables) == ("order_line", "opportunity.stage")
