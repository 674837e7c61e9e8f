"""bank_marketing: 45,211 persons called for a campaign, conversions and calls held against the published figures."""

from __future__ import annotations

import pytest

import crmcore as cc

METRICS = [
    "leads_created",
    "leads_converted",
    "calls",
    "lead_conversion_rate",
    "calls_per_lead",
    "calls_per_converted_lead",
]
NAMES = dict(zip(METRICS, ("n", "yes", "calls", "conversion", "calls_per_lead", "calls_per_conversion"), strict=True))
COUNTS = {"leads_created", "leads_converted", "calls"}


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set: the rows of the file as persons, and again as their calls."""
    return read_set("bank_marketing")


@pytest.fixture(scope="module")
def figures(published):
    """Return the figures of the full file."""
    return published("bank_marketing")["bank-full"]


def test_overall(data, figures, agree) -> None:
    """R1: 5,289 of 45,211 persons, 124,956 calls: 23.6 calls a conversion, over all calls, not those of the converted."""
    result = cc.measure(METRICS, data)
    (row,) = result.rows()

    agree(row, figures["overall"], names=NAMES, exact=COUNTS)
    assert row["calls_per_converted_lead"] == 124_956 / 5_289
    assert row["calls_per_lead"] == 124_956 / 45_211
    assert result.settings["as_of"] is None  # nothing in the file has a date (T8)


@pytest.mark.parametrize(("by", "figure"), [("month", "by_month"), ("job", "by_job"), ("contact_by", "by_contact")])
def test_groups(data, figures, agree, by, figure) -> None:
    """R1: two tables under one key: conversion is of persons, calls are of calls, the quotient of the two sums."""
    result = cc.measure(METRICS, data, by=by)
    rows = {row[by]: row for row in result.rows()}

    assert rows.keys() == figures[figure].keys()
    for label, expected in figures[figure].items():
        agree(rows[label], expected, names=NAMES, exact=COUNTS)
    agree(result.total, figures["overall"], names=NAMES, exact=COUNTS)


def test_by_number_of_calls(data, figures) -> None:
    """bins(): conversion by how often a person was called, in the classes of the figures."""
    labels = ("none", "1", "2", "3", "4-5", "6-10", "11+")
    band = cc.bins("calls", [1, 2, 3, 4, 6, 11], labels)
    rows = cc.measure(["leads_created", "leads_converted", "lead_conversion_rate"], data, by=band).rows()
    found = {next(v for k, v in row.items() if k not in METRICS): row for row in rows}

    assert found.keys() == figures["by_calls_band"].keys()
    for label, expected in figures["by_calls_band"].items():
        assert (found[label]["leads_created"], found[label]["leads_converted"]) == (expected["n"], expected["yes"])
        assert found[label]["lead_conversion_rate"] == pytest.approx(expected["conversion"], rel=1e-12)


def test_calls_of_a_person_through_the_reference(data, figures) -> None:
    """A call knows its person: calls grouped by a column of the referenced table are the same calls."""
    through = cc.measure("calls", data, by="lead.marital").rows()

    assert {row["lead.marital"]: row["calls"] for row in through} == {
        label: f["calls"] for label, f in figures["by_marital"].items()
    }


def test_most_calls_and_median(data, figures) -> None:
    """Q1, Q3: the largest number of calls to one person, and the sum over all rows, exactly."""
    metrics = [
        cc.Metric("most", cc.largest("calls"), unit="number", table="lead"),
        cc.Metric("sum", cc.total("calls"), unit="number", table="lead"),
    ]

    assert cc.measure(metrics, data).total == {
        "most": figures["overall"]["max_calls"],
        "sum": figures["overall"]["calls"],
    }
