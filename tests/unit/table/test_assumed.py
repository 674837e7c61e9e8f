"""Columns that a source leaves out and that have one usual meaning, or follow from another."""

from __future__ import annotations

from datetime import date

from crmcore import Dataset, measure


def test_an_activity_without_quantity_counts_once():
    """A source that lists calls one by one has no quantity: each row is one call."""
    data = Dataset(activity=[{"id": i, "kind": "call", "at": date(2026, 1, i)} for i in (1, 2, 3)])

    assert data["activity"]["quantity"].data.tolist() == [1, 1, 1]


def test_a_target_without_kind_is_a_quota():
    """Targets of a source that knows no other kind are quotas."""
    target = {
        "id": 1, "scope": "organisation", "metric": "won_value", "amount": 200,
        "start": date(2026, 1, 1), "end": date(2026, 4, 1),
    }  # fmt: skip
    deal = {"id": 1, "outcome": "won", "amount": 50, "closed_at": date(2026, 2, 1), "created_at": date(2026, 1, 2)}

    result = measure("organisation_quota_attainment", Dataset(target=[target], opportunity=[deal]))

    assert result["organisation_quota_attainment"].values.tolist() == [0.25]


def test_leads_with_a_conversion_date_are_converted():
    """Without a flag, whoever has a conversion date is converted; that it was derived is said."""
    leads = [
        {"id": 1, "created_at": date(2026, 1, 1), "converted_at": date(2026, 1, 9)},
        {"id": 2, "created_at": date(2026, 1, 1), "converted_at": None},
    ]
    data = Dataset(lead=leads)

    assert measure("lead_conversion_rate", data)["lead_conversion_rate"].values.tolist() == [0.5]
    assert [(i.kind, i.column, i.count, i.rejected) for i in data.issues] == [
        ("converted derived", "converted", 2, False)
    ]
