"""xedu_leads: 9,240 leads of an online school; conversion, and completeness with 'Select' as no value."""

from __future__ import annotations

import pytest

import crmcore as cc
from crmcore import kpis

OURS = {
    "Prospect ID": "id",
    "Lead Source": "source",
    "Converted": "converted",
    "TotalVisits": "visits",
    "Total Time Spent on Website": "seconds_on_site",
    "Page Views Per Visit": "views_per_visit",
    "Country": "country",
}
"""Column of the file -> column of ours, where the profile gives it another name."""


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set."""
    return read_set("xedu_leads")


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("xedu_leads")


def test_overall(data) -> None:
    """3,561 of 9,240 leads converted."""
    result = cc.measure(["leads_created", "lead_conversion_rate"], data)

    assert result.total == {"leads_created": 9240, "lead_conversion_rate": 3561 / 9240}
    assert result["lead_conversion_rate"].numerator.tolist() == [3561]


@pytest.mark.parametrize(
    "column",
    [
        "Lead Origin", "Lead Source", "Last Activity", "Last Notable Activity", "Lead Quality", "City",
        "Specialization", "What is your current occupation", "Tags", "Do Not Email", "Do Not Call", "Country",
    ],
)  # fmt: skip
def test_conversion_by_every_dimension(data, figures, column) -> None:
    """Columns that the profile does not name are dimensions all the same; 'Select' is blank, other spellings stay apart."""
    by = OURS.get(column, column)
    rows = cc.measure(["leads_created", "leads_converted", "lead_conversion_rate"], data, by=by).rows()
    expected: dict[str | None, tuple[int, int]] = {}
    for label, f in figures[f"by_{column}"].items():
        ours = None if label in ("(blank)", "Select") else _shown(label)
        n, won = expected.get(ours, (0, 0))
        expected[ours] = n + f["n"], won + f["converted"]

    assert {_shown(r[by]): (r["leads_created"], r["leads_converted"]) for r in rows} == expected
    for row in rows:
        n, won = expected[_shown(row[by])]
        assert row["lead_conversion_rate"] == won / n


def _shown(label):
    """Return a flag of the file as its word."""
    return {True: "Yes", False: "No"}.get(label, label)


def test_completeness_of_each_column(data, figures) -> None:
    """A09: the share of values that are there, 'Select' being none; over each column of the file."""
    expected = figures["completeness_strict"]
    metrics = [kpis.completeness("lead", [OURS.get(c, c)], name=f"c{i}") for i, c in enumerate(expected)]
    total = cc.measure(metrics, data).total

    for name, (column, share) in zip(total, expected.items(), strict=True):
        assert total[name] == pytest.approx(share, rel=1e-12, abs=0), column


def test_completeness_of_all_cells(data, figures) -> None:
    """R1: over all columns it is the quotient of the sums: 84 %, where 'Select' as a value would make it 88 %."""
    columns = [OURS.get(c, c) for c in figures["completeness_strict"]]
    total = cc.measure(kpis.completeness("lead", columns, name="all_cells"), data).total

    assert total["all_cells"] == pytest.approx(figures["completeness_all_cells_strict"], rel=1e-12)
    assert total["all_cells"] < figures["completeness_all_cells"] - 0.03


def test_completeness_listed_by_field(data, figures) -> None:
    """The analysis lists the same shares field by field; the file's 38th column has no name and is blank throughout."""
    listed = cc.analyse("field_completeness", data)
    shares = {r["field"]: r["share"] for r in listed}
    expected = {OURS.get(c, c): share for c, share in figures["completeness_strict"].items()}
    ids = len(data["lead"])

    assert (listed["field"][0], shares.pop("column 38")) == ("column 38", 0.0)
    assert expected.pop("id") == 1.0
    assert shares == pytest.approx(expected, rel=1e-12, abs=0)
    assert (listed.fact("filled") + ids) / listed.fact("cases") == pytest.approx(
        figures["completeness_all_cells_strict"], rel=1e-12
    )


def test_numbers_of_visits(data, figures) -> None:
    """Q1, R2: mean, median and largest of visits, seconds and pages; the 137 blanks are left out and counted."""
    for column, name in (
        ("TotalVisits", "visits"),
        ("Total Time Spent on Website", "seconds_on_site"),
        ("Page Views Per Visit", "views_per_visit"),
    ):
        expected = figures["numeric"][column]
        result = cc.measure(
            [
                cc.Metric("mean", cc.mean(name), unit="number", table="lead"),
                cc.Metric("median", cc.median(name), unit="number", table="lead"),
                cc.Metric("max", cc.largest(name), unit="number", table="lead"),
            ],
            data,
        )
        assert result.total["mean"] == pytest.approx(expected["mean"], rel=1e-12)
        assert (result.total["median"], result.total["max"]) == (expected["median"], expected["max"])
        assert result["mean"].n.tolist() == [expected["n"]]
        assert result.excluded.get(f"lead: no {name}", 0) == 9240 - expected["n"]
