"""maven_crm: sales_pipeline.csv and its three reference tables become opportunities, sellers, accounts and products."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from crmcore.sources import parse_profile, read
from crmcore.table.values import values_of

PROFILE = Path(__file__).parent / "profiles" / "maven_crm.toml"


@pytest.fixture(scope="module", params=["python", "arrow"])
def data(request, shared_data):
    """Return the dataset, read by each parser."""
    return read(shared_data / "maven_crm", profile=PROFILE, parser=request.param)


@pytest.fixture(scope="module")
def facts(shared_data):
    """Return what was computed of the files elsewhere: rows, blanks and distinct values of each column."""
    profile = json.loads((shared_data / "maven_crm/reference/profile.json").read_text())
    return {Path(file["file"]).name: file for file in profile}


def test_every_row_becomes_a_record(data, facts):
    """8,800 deals, 35 sellers, 85 accounts, 7 products; no row is rejected."""
    files = ("sales_pipeline.csv", "sales_teams.csv", "accounts.csv", "products.csv")
    tables = ("opportunity", "seller", "account", "product")
    assert [len(data[t]) for t in tables] == [facts[f]["rows"] for f in files] == [8800, 35, 85, 7]
    assert data.rejected == ()


@pytest.mark.parametrize(
    ("column", "source"),
    [
        ("owner", "sales_agent"),
        ("product", "product"),
        ("account", "account"),
        ("stage", "deal_stage"),
        ("created_at", "engage_date"),
        ("closed_at", "close_date"),
        ("amount", "close_value"),
    ],
)
def test_blanks_and_distinct_values_are_those_of_the_file(data, facts, column, source):
    """Nothing is filled in and nothing merged."""
    fact = facts["sales_pipeline.csv"]["columns"][source]
    found = data["opportunity"][column]
    assert found.nulls == fact["empty"]
    assert len({v for v in values_of(found) if v is not None}) == fact["distinct"]


def test_outcomes_are_mapped_and_amounts_are_as_they_stand(data, shared_data):
    """Lost deals carry an amount of 0 and open ones none (M3); the won ones add up to the published revenue."""
    reference = json.loads((shared_data / "maven_crm/reference/reference.json").read_text())
    table = data["opportunity"]
    outcome, amount = np.array(values_of(table["outcome"])), table["amount"]
    stages = reference["stage_counts"]
    expected = {"won": stages["Won"], "lost": stages["Lost"], "open": stages["Engaging"] + stages["Prospecting"]}
    assert {word: int((outcome == word).sum()) for word in expected} == expected
    assert not amount.present()[outcome == "open"].any()
    assert amount.present()[outcome != "open"].all()
    assert not amount.data[outcome == "lost"].any()
    assert amount.data[outcome == "won"].sum() == reference["overall"]["won_revenue"] * amount.scale
    assert int((~table["created_at"].present()).sum()) == 500
    assert values_of(table["closed_at"], np.array([0])) == [date(2017, 3, 1)]


def test_references_lead_to_sellers_accounts_and_products(data):
    """A deal knows its seller's manager and office, its account's sector, and its product's price and series."""
    table = data["opportunity"]
    assert dict(table.references) == {"owner": "seller", "account": "account", "product": "product"}
    seller = data["seller"]
    anna = values_of(seller["id"]).index("Anna Snelling")
    row = np.array([anna])
    assert values_of(seller["manager"], row) == ["Dustin Brinkmann"]
    assert values_of(seller["regional_office"], row) == ["Central"]
    assert len(set(values_of(seller["regional_office"]))) == 3
    assert len(set(values_of(data["account"]["sector"]))) == 10
    prices = dict(zip(values_of(data["product"]["id"]), values_of(data["product"]["price"]), strict=True))
    assert (prices["GTX Pro"].amount, prices["GTK 500"].amount, len(prices)) == (4821, 26768, 7)
    assert set(values_of(data["product"]["family"])) == {"GTX", "MG", "GTK"}


def test_the_alias_is_mapped(data):
    """'GTXPro' is 'GTX Pro' in the profile: 1,480 deals, and no other product of that name in the file."""
    products = values_of(data["opportunity"]["product"])
    assert (products.count("GTX Pro"), products.count("GTXPro")) == (1480, 0)


def test_issues_are_those_that_are_there(data):
    """The managers are no sellers; there is nothing else to say."""
    assert [(i.kind, i.table, i.column, i.count) for i in data.issues] == [
        ("unknown reference", "seller", "manager", 35)
    ]


def test_an_alias_that_is_not_mapped_is_caught(shared_data):
    """Without the mapping of 'GTXPro' to 'GTX Pro' the issue list names it, with its 1,480 rows."""
    text = PROFILE.read_text().replace(
        'product = { column = "product", values = { "GTXPro" = "GTX Pro" } }', 'product = "product"'
    )
    assert "GTXPro" not in text
    data = read(shared_data / "maven_crm", profile=parse_profile(text))
    (issue,) = [i for i in data.issues if i.column == "product"]
    assert (issue.kind, issue.table, issue.count, issue.rejected) == ("unknown reference", "opportunity", 1480, False)
    assert issue.detail == "no product 'GTXPro' (1480)"
    assert values_of(data["opportunity"]["product"]).count("GTXPro") == 1480
