"""Choices of analyses that mean nothing are refused where they are given, whatever their kind."""

from __future__ import annotations

from datetime import date

import pytest

import crmcore as cc
from crmcore.analysis.choices import mapping_of, names_of, several
from crmcore.errors import ArgumentError

DAY = date(2026, 1, 5)


@pytest.fixture(scope="module")
def data() -> cc.Dataset:
    """Return a row of each table that is read."""
    return cc.Dataset(
        opportunity=[{"id": 1, "account": "a", "owner": "Anna", "outcome": "won", "amount": 1, "created_at": DAY,
                      "closed_at": DAY}],
        order_line=[{"order": 1, "account": "a", "at": DAY, "amount": 1}],
        touch=[{"account": "a", "channel": "mail", "at": DAY}],
        contact=[{"id": 1, "name": "n", "email": "a@b.c"}],
        lead=[{"id": 1, "owner": "Anna", "created_at": DAY, "converted": True, "converted_at": DAY}],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "choices", "message"),
    [
        ("seller_tiers", {"cuts": 0.5}, r"cuts are two shares, of the best and of the average, got 0\.5"),
        ("seller_tiers", {"cuts": None}, r"cuts are two shares, of the best and of the average, got None"),
        ("seller_tiers", {"cuts": "12"}, r"cuts are two shares, of the best and of the average, got '12'"),
        ("abc_classes", {"cuts": 0.8}, r"cuts are ascending shares of the total, such as .*, got 0\.8"),
        ("field_completeness", {"tables": 3}, r"tables takes a name, or several in a list, got 3"),
        ("field_completeness", {"tables": ["lead", None]}, r"tables takes a name, or several in a list, got \['lead', None\]"),
        ("duplicate_records", {"fields": 3}, r"fields takes a name, or several in a list, got 3"),
        ("data_quality_score", {"weights": 3}, r"weights is a mapping such as \{'accuracy': 2.*, got 3"),
        ("data_quality_score", {"checks": ["win_rate"]}, r"checks is a mapping such as \{'accuracy'.*, got \['win_rate'\]"),
        ("data_quality_score", {"unique": "email"}, r"unique is a mapping such as \{'contact': 'email'\}, got 'email'"),
        ("data_quality_score", {"unique": {"contact": []}}, r"unique names at least one field of table 'contact', got \[\]"),
        ("rfm_ntile", {"customer": 3}, r"3 is no column, such as 'account', and no expression"),
        ("attribution_linear", {"touches": "clicked"}, r"a condition is such as .*, got 'clicked'"),
        ("best_prospectors", {"confidence": 95}, r"confidence is a share from 0 to 1, such as '0\.95', got 95"),
        ("won_traits", {"traits": "owner", "confidence": "95 %"}, r"such as '0\.95', got '95 %'"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(data, name, choices, message) -> None:
    """A number in place of a list, a list in place of a mapping, a text in place of a condition."""
    with pytest.raises(ArgumentError, match=message):
        cc.analyse(name, data, **choices)


def test_one_name_stands_for_itself(data) -> None:
    """A metric and a field by name, where several may stand in a list; none is taken letter by letter."""
    checked = cc.analyse(
        "data_quality_score", data, checks={"accuracy": "won_without_amount_share"}, unique={"contact": "email"}
    )

    assert checked["check"].tolist() == ["won_without_amount_share", "contact: email"]


def test_names_items_and_mappings() -> None:
    """One name or several; items of lists and of nothing else; mappings as they are."""
    assert names_of("fields", "email") == ("email",)
    assert names_of("fields", iter(["a", "b"])) == ("a", "b")
    assert names_of("fields", ()) == ()
    assert several([1, 2]) == (1, 2)
    assert several("ab") == several(7) == several(None) == ()
    assert mapping_of("weights", {"a": 1}, "{}") == {"a": 1}
