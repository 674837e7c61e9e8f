"""xedu_leads: a form whose untouched fields say 'Select', and a header that ends in a delimiter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crmcore.sources import read
from crmcore.table.values import values_of

PROFILE = Path(__file__).parent / "profiles" / "xedu_leads.toml"


@pytest.fixture(scope="module", params=["python", "arrow"])
def data(request, shared_data):
    """Return the dataset, read by each parser."""
    return read(shared_data / "xedu_leads", profile=PROFILE, parser=request.param)


def test_every_lead_is_there(data, shared_data):
    """9,240 leads, 3,561 converted, by origin as computed elsewhere."""
    reference = json.loads((shared_data / "xedu_leads/reference/reference.json").read_text())
    table = data["lead"]
    converted = table["converted"].data
    assert (len(table), int(converted.sum())) == (reference["overall"]["n"], reference["overall"]["converted"])
    origins = values_of(table["Lead Origin"])
    found = {}
    for word, won in zip(origins, converted.tolist(), strict=True):
        n, yes = found.get(word, (0, 0))
        found[word] = n + 1, yes + won
    assert found == {word: (f["n"], f["converted"]) for word, f in reference["by_Lead Origin"].items()}
    assert data.rejected == ()


def test_select_is_blank_and_unknown_is_a_value(data, shared_data):
    """Blanks of every column are the empty cells and those that say 'Select', counted elsewhere."""
    (facts,) = json.loads((shared_data / "xedu_leads/reference/profile.json").read_text())
    table = data["lead"]
    ours = {
        "Prospect ID": "id", "Lead Source": "source", "Converted": "converted", "TotalVisits": "visits",
        "Total Time Spent on Website": "seconds_on_site", "Page Views Per Visit": "views_per_visit", "Country": "country",
    }  # fmt: skip
    for name, fact in facts["columns"].items():
        if name != "Unnamed: 37":  # what the facts call the column without a name
            blank = fact["empty"] + fact.get("null_like_words", {}).get("Select", 0)
            assert (name, table[ours.get(name, name)].nulls) == (name, blank)
    assert table["Specialization"].nulls == 1438 + 1942
    assert values_of(table["country"]).count("unknown") == 5


def test_spelling_is_kept(data):
    """'google' and 'Google' are two sources: nothing is repaired silently."""
    found = values_of(data["lead"]["source"])
    assert (found.count("google"), found.count("Google"), found.count(None)) == (5, 2868, 36)


def test_the_column_without_a_name_is_listed(data):
    """The header ends in a comma: a column without a name, blank in every row."""
    assert [(i.kind, i.table, i.column, i.count) for i in data.issues] == [
        ("column without a name", "lead", "column 38", 1)
    ]
    assert data["lead"]["column 38"].nulls == 9240
