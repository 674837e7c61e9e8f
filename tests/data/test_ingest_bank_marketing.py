"""bank_marketing: one file of persons and calls feeds two tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from crmcore.sources import read
from crmcore.table.values import values_of

PROFILE = Path(__file__).parent / "profiles" / "bank_marketing.toml"


@pytest.fixture(scope="module", params=["python", "arrow"])
def data(request, shared_data):
    """Return the dataset, read by each parser."""
    return read(shared_data / "bank_marketing" / "bank-full.csv", profile=PROFILE, parser=request.param)


def test_both_tables_have_every_row(data):
    """45,211 persons, and as many rows of calls; their ids are the numbers of the rows, the references too."""
    lead, activity = data["lead"], data["activity"]
    assert (len(lead), len(activity)) == (45_211, 45_211)
    assert lead["id"].data.tolist() == list(range(1, 45_212))
    assert dict(activity.references) == {"lead": "lead"}
    assert values_of(activity["lead"], np.array([0, 45_210])) == [1, 45_211]
    assert set(values_of(activity["kind"])) == {"call"}
    assert (data.issues, data.rejected) == ((), ())


@pytest.mark.parametrize("by", ["job", "contact", "housing"])
def test_calls_and_conversions_are_those_computed_elsewhere(data, shared_data, by):
    """Persons, conversions and calls for each job, way of contact and housing loan."""
    groups = json.loads((shared_data / "bank_marketing/reference/reference.json").read_text())["bank-full"][f"by_{by}"]
    lead, activity = data["lead"], data["activity"]
    column = np.array(values_of(lead["contact_by" if by == "contact" else by]))
    found = {
        word: {
            "n": int((column == word).sum()),
            "yes": int(lead["converted"].data[column == word].sum()),
            "calls": int(activity["quantity"].data[column == word].sum()),
        }
        for word in groups
    }
    assert found == {word: {k: figures[k] for k in ("n", "yes", "calls")} for word, figures in groups.items()}
    assert (lead["calls"].data == activity["quantity"].data).all()


def test_quoted_cells_and_negative_numbers_are_read(data):
    """The file quotes its texts and parts cells by semicolons: the first row, by hand."""
    first = np.array([0])
    lead = data["lead"]
    row = {
        n: values_of(lead[n], first)[0] for n in ("age", "job", "marital", "balance", "contact_by", "month", "pdays")
    }
    assert row == {
        "age": 58, "job": "management", "marital": "married", "balance": 2143, "contact_by": "unknown", "month": "may",
        "pdays": "-1",
    }  # fmt: skip
    assert int(lead["balance"].data.min()) == -8019
