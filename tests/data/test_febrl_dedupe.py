"""febrl_dedupe: 1,000 and 5,000 made-up persons with known repeats; completeness, and equal records by exact keys."""

from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path

import pytest

import crmcore as cc
from crmcore.analysis.duplicates import repeats_in, same_records

PROFILE = Path(__file__).parent / "profiles" / "febrl_dedupe.toml"
FILES = ["dataset1.csv", "dataset2.csv"]
RULES = {
    "soc_sec_id": ["soc_sec_id"],
    "surname+given": ["surname", "given_name"],
    "surname+given+dob": ["surname", "given_name", "date_of_birth"],
    "surname+postcode+dob": ["surname", "postcode", "date_of_birth"],
}


@pytest.fixture(scope="module", params=FILES)
def file(request, shared_data):
    """Return the name of a file and its dataset."""
    path = shared_data / "febrl_dedupe" / request.param
    return path, cc.read(path, profile=PROFILE)


@pytest.fixture(scope="module")
def figures(published, file):
    """Return the figures of the file."""
    return published("febrl_dedupe")[file[0].name]


def entity(identity: str) -> str:
    """Return the person a record is of: rec-N-org and rec-N-dup-k are the same."""
    return identity.split("-")[1]


def test_every_record_is_read(file, figures) -> None:
    """1,000 and 5,000 rows of 500 and 4,000 persons."""
    data = file[1]

    assert len(data["contact"]) == figures["rows"]
    assert len({entity(x) for x in data["contact"]["id"].data.tolist()}) == figures["entities"]
    assert data.rejected == ()


def test_completeness_by_field(file, figures) -> None:
    """A09: the share of cells that are not blank after stripping, by field and over all."""
    listed = cc.analyse("field_completeness", file[1], tables="contact")

    assert {r["field"]: r["share"] for r in listed} == figures["completeness"]
    assert listed.fact("share") == figures["completeness_all"]


@pytest.mark.parametrize("rule", RULES)
def test_equal_records_by_each_rule(file, figures, rule: str) -> None:
    """Pairs whose fields are all filled and equal; how many of them are of one person."""
    listed = cc.analyse("duplicate_records", file[1], fields=RULES[rule])
    groups: dict[int, list[str]] = {}
    for row in listed:
        groups.setdefault(row["group"], []).append(entity(row["id"]))
    expected = figures["rules"][rule]

    assert listed.fact("pairs") == expected["predicted"]
    assert sum(a == b for group in groups.values() for a, b in combinations(group, 2)) == expected["true"]
    assert len(groups) == listed.fact("groups")


@pytest.mark.parametrize("rule", RULES)
def test_equal_records_of_arrays(file, figures, rule: str) -> None:
    """The same pairs from columns as the csv module reads them."""
    with file[0].open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, skipinitialspace=True))
    numbers = same_records(*([row[field] for row in rows] for field in RULES[rule]))

    assert repeats_in(numbers).pairs == figures["rules"][rule]["predicted"]
