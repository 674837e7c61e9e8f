"""olist_funnel: 8,000 leads of a marketplace, of which 842 became sellers, held against the published figures."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date

import pytest

import crmcore as cc

DAYS = cc.elapsed("created_at", "converted_at")
"""From the first contact, which is a date, to the deal, an instant: calendar days (T2)."""
DAYS_TO_WIN = [
    cc.Metric("days", cc.mean(DAYS), unit="days", anchor="created_at", table="lead"),
    cc.Metric("median_days", cc.median(DAYS), unit="days", anchor="created_at", table="lead"),
    cc.Metric("longest", cc.largest(DAYS), unit="days", anchor="created_at", table="lead"),
    cc.Metric("shortest", cc.smallest(DAYS), unit="days", anchor="created_at", table="lead"),
]


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set."""
    return read_set("olist_funnel")


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("olist_funnel")


@pytest.fixture(scope="module")
def waits(shared_data):
    """Return (cohort month, calendar days to the deal) of each won lead, from the files, by a plain loop."""
    folder = shared_data / "olist_funnel"
    with (folder / "olist_marketing_qualified_leads_dataset.csv").open(newline="", encoding="utf-8") as file:
        first = {row["mql_id"]: date.fromisoformat(row["first_contact_date"]) for row in csv.DictReader(file)}
    with (folder / "olist_closed_deals_dataset.csv").open(newline="", encoding="utf-8") as file:
        won = {row["mql_id"]: date.fromisoformat(row["won_date"][:10]) for row in csv.DictReader(file)}
    return [(f"{first[k]:%Y-%m}", (won[k] - first[k]).days) for k in won]


def test_overall(data, figures) -> None:
    """R2, R4: 842 of 8,000 leads became customers."""
    total = cc.measure(["leads_created", "leads_converted", "lead_conversion_rate"], data).total

    assert total == {"leads_created": 8000, "leads_converted": 842, "lead_conversion_rate": 842 / 8000}
    assert total["lead_conversion_rate"] == figures["overall"]["conversion"]


def test_by_origin_blank_and_unknown_stay_apart(data, figures) -> None:
    """A blank origin is a group of its own beside the origin 'unknown'; every origin has its published conversion."""
    result = cc.measure(["leads_created", "leads_converted", "lead_conversion_rate"], data, by="source")
    rows = {row.pop("source"): row for row in result.rows()}

    assert {label or "(blank)" for label in rows} == figures["by_origin"].keys()
    for label, row in rows.items():
        expected = figures["by_origin"][label or "(blank)"]
        assert (row["leads_created"], row["leads_converted"]) == (expected["mqls"], expected["won"])
        assert row["lead_conversion_rate"] == pytest.approx(expected["conversion"], rel=1e-12)
    assert (rows[None]["leads_created"], rows["unknown"]["leads_created"]) == (60, 1099)
    assert result.column("source")[-1] is None


def test_by_cohort_month(data, figures) -> None:
    """R4: by month of first contact, whenever the deal came; the first month has none and its rate is 0, not undefined."""
    rows = cc.measure(["leads_created", "lead_conversion_rate"], data, per="month").rows()
    expected = {
        month: {"leads_created": f["mqls"], "lead_conversion_rate": pytest.approx(f["conversion"], rel=1e-12)}
        for month, f in figures["by_first_contact_month"].items()
    }

    assert {row.pop("period"): row for row in rows} == expected
    assert rows[0]["lead_conversion_rate"] == 0.0


def test_by_month_of_the_deal(data, figures) -> None:
    """O7, T4: the flow counts deals in the month they were won in."""
    rows = cc.measure("leads_converted", data, per="month").rows()

    assert {row["period"]: row["leads_converted"] for row in rows} == figures["won_by_won_month"]


def test_days_to_win_leave_out_the_negative_one(data) -> None:
    """T2, T3: 841 leads in calendar days; the one that was won before its first contact is left out and counted."""
    result = cc.measure(DAYS_TO_WIN, data)

    assert result["days"].n.tolist() == [841]
    assert result.total == {"days": 40789 / 841, "median_days": 14.0, "longest": 427.0, "shortest": 0.0}
    assert result.total["days"] == pytest.approx(48.500594530321045, rel=1e-15)
    assert result.excluded["lead: negative duration"] == 1


def test_days_to_win_by_cohort(data, waits) -> None:
    """T2, T3, Q1: mean and median of each cohort, against a plain loop over the files."""
    rows = cc.measure(DAYS_TO_WIN, data, per="month").rows()
    cohorts: dict[str, list[int]] = {}
    for month, days in waits:
        if days >= 0:
            cohorts.setdefault(month, []).append(days)

    assert len(waits) - sum(map(len, cohorts.values())) == 1
    for row in rows:
        days = sorted(cohorts.get(row["period"], []))
        if not days:
            assert (row["days"], row["median_days"]) == (None, None)
            continue
        middle = days[(len(days) - 1) // 2] + days[len(days) // 2]
        assert (row["days"], row["median_days"]) == (sum(days) / len(days), middle / 2)
        assert (row["shortest"], row["longest"]) == (days[0], days[-1])


def test_the_negative_one_has_a_name(data) -> None:
    """T3: the record that runs backwards is named among those left out, and in the issues of the reading."""
    left_out = cc.measure(DAYS_TO_WIN, data).records("days")["left out"]
    (issue,) = data.issues

    assert len(left_out["negative duration"]) == 1
    assert (issue.kind, issue.count, issue.rejected) == ("converted before created", 1, False)


def test_won_by_segment_and_seller(data, figures) -> None:
    """Deals by business segment and by sales representative; a deal without a segment is in the blank one."""
    won = cc.col("converted") == True  # noqa: E712 - a column expression
    by_segment = cc.measure("leads_converted", data, by="segment", where=won).rows()
    by_seller = cc.measure("leads_converted", data, by="owner", where=won).rows()

    expected = figures["won_by_business_segment"]
    assert {r["segment"] or "(blank)": r["leads_converted"] for r in by_segment} == expected
    assert {r["owner"]: r["leads_converted"] for r in by_seller} == {k: f["won"] for k, f in figures["by_sr"].items()}


def test_conversion_within_days(data, waits) -> None:
    """R4: a cohort variant of the test's own: won within n calendar days of the first contact."""
    found = cc.measure(
        [
            cc.Metric(f"within_{n}", cc.count(DAYS <= n) / cc.count(), unit="ratio", anchor="created_at", table="lead")
            for n in (7, 30, 90, 365)
        ],
        data,
    ).total
    counted = Counter(n for _, days in waits for n in (7, 30, 90, 365) if 0 <= days <= n)

    assert found == {f"within_{n}": counted[n] / 8000 for n in (7, 30, 90, 365)}
