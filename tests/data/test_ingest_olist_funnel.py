"""olist_funnel: qualified leads, and the deals they became as a lookup."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from crmcore.sources import read
from crmcore.table.values import values_of

PROFILE = Path(__file__).parent / "profiles" / "olist_funnel.toml"


@pytest.fixture(scope="module", params=["python", "arrow"])
def lead(request, shared_data):
    """Return the leads and what was noticed, read by each parser."""
    data = read(shared_data / "olist_funnel", profile=PROFILE, parser=request.param)
    return data["lead"], data


def test_every_lead_is_there_with_its_origin(lead, shared_data):
    """8,000 leads; a blank origin and the origin 'unknown' are two things."""
    table, data = lead
    origins = json.loads((shared_data / "olist_funnel/reference/reference.json").read_text())["by_origin"]
    found = values_of(table["source"])
    assert len(table) == len(set(values_of(table["id"]))) == 8000
    assert {word: found.count(None if word == "(blank)" else word) for word in origins} == {
        word: figures["mqls"] for word, figures in origins.items()
    }
    assert (found.count(None), found.count("unknown")) == (60, 1099)
    assert data.rejected == ()


def test_conversion_is_the_presence_of_a_deal(lead, shared_data):
    """842 leads stand in the file of deals; per origin as computed elsewhere."""
    table, _ = lead
    origins = json.loads((shared_data / "olist_funnel/reference/reference.json").read_text())["by_origin"]
    converted, found = table["converted"].data, np.array([v or "(blank)" for v in values_of(table["source"])])
    assert int(converted.sum()) == 842
    assert {w: int(converted[found == w].sum()) for w in origins} == {w: f["won"] for w, f in origins.items()}
    assert (table["converted_at"].present() == converted).all()


def test_a_date_stays_a_date_and_a_timestamp_an_instant(lead, shared_data):
    """First contact is a day, the deal an instant in the stated zone; blanks are those of the deals' file (T2)."""
    table, _ = lead
    assert (table["created_at"].kind, table["converted_at"].kind) == ("day", "instant")
    with (shared_data / "olist_funnel/olist_closed_deals_dataset.csv").open(newline="") as file:
        deals = {row["mql_id"]: row for row in csv.DictReader(file)}
    ids, moments = values_of(table["id"]), values_of(table["converted_at"])
    shown = {i: f"{m:%Y-%m-%d %H:%M:%S}" for i, m in zip(ids, moments, strict=True) if m is not None}
    assert shown == {i: row["won_date"] for i, row in deals.items()}
    segments = dict(zip(ids, values_of(table["segment"]), strict=True))
    assert all((segments[i] or "") == row["business_segment"] for i, row in deals.items())


def test_the_one_negative_duration_is_listed(lead):
    """One deal was won before the first contact; it is kept and named (T3), and there is no other issue."""
    _, data = lead
    assert [(i.kind, i.table, i.column, i.count, i.rejected) for i in data.issues] == [
        ("converted before created", "lead", "converted_at", 1, False)
    ]
