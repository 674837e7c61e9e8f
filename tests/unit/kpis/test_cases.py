"""Every KPI gives the number that was worked by hand."""

from __future__ import annotations

from crmcore.kpis import CATALOGUE
from crmcore.testing.reference import measure


def test_reference_gives_the_number_worked_by_hand(case) -> None:
    """The interpreter of the algebra finds, for each worked case, what its comment derives (R1-R5, O7-O9, T2-T4, M3-M5, M8)."""
    result = measure([case.metric], case.records, **case.kwargs)

    assert case.agrees(result.rows), f"{case.metric.formula!r} gave {result.rows}, by hand it is {case.expected}"


def test_every_metric_of_the_catalogue_has_a_case(cases) -> None:
    """No definition stands in the catalogue without a number worked by hand."""
    worked = {case.metric.key for case in cases}

    assert [name for name, metric in CATALOGUE.items() if metric.key not in worked] == []


def test_tables_are_small_enough_to_check_by_eye(cases) -> None:
    """A worked table has at most ten rows, except the two vectors that state larger numbers."""
    large = {case.label for case in cases if max(len(rows) for rows in case.records.values()) > 10}

    assert {label.split("-")[-1] for label in large} == {
        "sales_velocity",
        "lead_to_customer_rate",
        "cac",
        "customer_lifetime_value_3_years",
        "sales_cycle_from_first_contact_days",
    }
