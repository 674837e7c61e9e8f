"""kag_ads: ads as a table of the host's own, with amounts of nine decimals."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from crmcore.sources import read
from crmcore.table.values import values_of

PROFILE = Path(__file__).parent / "profiles" / "kag_ads.toml"


@pytest.fixture(scope="module", params=["python", "arrow"])
def data(request, shared_data):
    """Return the dataset, read by each parser."""
    return read(shared_data / "kag_ads", profile=PROFILE, parser=request.param)


def test_amounts_keep_all_nine_decimals(data, shared_data):
    """The sum of the column is the sum of the texts in the file, to the last digit (M1)."""
    spend = data["ad"]["spend"]
    with (shared_data / "kag_ads/KAG_conversion_data.csv").open(newline="") as file:
        texts = [row["Spent"] for row in csv.DictReader(file)]
    assert (spend.kind, spend.scale, spend.nulls) == ("money", 10**9, 0)
    assert Decimal(int(spend.data.sum())) / spend.scale == sum(map(Decimal, texts))


def test_totals_are_those_computed_elsewhere(data, shared_data):
    """Ads, impressions, clicks, enquiries and purchases; spend to the precision of a float."""
    overall = json.loads((shared_data / "kag_ads/reference/reference.json").read_text())["overall"]
    table = data["ad"]
    assert len(table) == overall["ads"]
    for name in ("impressions", "clicks", "enquiries", "purchases"):
        assert int(table[name].data.sum()) == overall[name]
    assert int(table["spend"].data.sum()) / table["spend"].scale == pytest.approx(overall["spend"], rel=1e-14)


def test_other_columns_are_dimensions_and_the_foreign_date_is_left_out(data, shared_data):
    """Age, gender and interest are keys; `Date` was added by somebody else and is dropped by the profile."""
    reference = json.loads((shared_data / "kag_ads/reference/reference.json").read_text())
    table = data["ad"]
    assert "Date" not in table
    assert {table[n].kind for n in ("age", "gender", "interest", "campaign")} == {"key"}
    assert len(table["interest"].labels) - 1 == len(reference["by_interest"])
    genders = values_of(table["gender"])
    assert {g: genders.count(g) for g in "FM"} == {g: f["ads"] for g, f in reference["by_gender"].items()}
    assert (data.issues, data.rejected) == ((), ())
