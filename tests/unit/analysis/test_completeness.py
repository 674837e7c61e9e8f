"""Completeness of each field."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.errors import ColumnNotFound, TableNotFound

LEADS = [
    {
        "id": 1,
        "created_at": date(2026, 1, 1),
        "source": "web",
        "owner": None,
        "converted": False,
        "note": "x",
        "seats": 0,
    },
    {"id": 2, "created_at": None, "source": None, "owner": None, "converted": True, "note": "y", "seats": None},
    {
        "id": 3,
        "created_at": date(2026, 1, 3),
        "source": "网站",
        "owner": "anna",
        "converted": False,
        "note": "z",
        "seats": 5,
    },
]


@pytest.fixture(scope="module")
def data() -> cc.Dataset:
    return cc.Dataset(
        lead=LEADS,
        opportunity=[{"id": "d", "amount": None, "owner": "anna"}, {"id": "e", "amount": 0, "owner": None}],
        parcel=[{"weight": 3}],
    )


def test_every_field_of_every_table_by_hand(data: cc.Dataset) -> None:
    """A09, M3: of three leads and two deals; False and 0 are values, the id is not listed; the emptiest field first."""
    listed = cc.analyse("field_completeness", data)

    assert [(r["table"], r["field"], r["filled"], r["records"]) for r in listed if r["share"] < 1] == [
        ("lead", "owner", 1, 3),
        ("opportunity", "amount", 1, 2),
        ("opportunity", "owner", 1, 2),
        ("lead", "created_at", 2, 3),
        ("lead", "seats", 2, 3),
        ("lead", "source", 2, 3),
    ]
    full = [(r["table"], r["field"], r["blank"], r["share"]) for r in listed if r["share"] == 1]
    assert ("parcel", "weight", 0, 1.0) in full
    assert {("lead", "converted", 0, 1.0), ("lead", "note", 0, 1.0)} <= set(full)
    assert listed["share"][0] == 1 / 3
    assert all(r["field"] != "id" for r in listed)


def test_the_share_of_all_is_that_of_the_sums(data: cc.Dataset) -> None:
    """R1: filled / (records x fields) over all fields; 13 of 18 cells of the leads are filled."""
    listed = cc.analyse("field_completeness", data, tables="lead")

    assert (listed.fact("cases"), listed.fact("filled")) == (18, 1 * 3 + 3 + 2 * 3 + 1)
    assert listed.fact("share") == 13 / 18


def test_condition_and_choice_of_tables_count(data: cc.Dataset) -> None:
    """Only the rows that the condition keeps are looked at; of no rows there is no share (R2)."""
    some = cc.analyse(
        "field_completeness", data, tables=["lead", "lead"], where=cc.col("converted") == cc.lit(value=True)
    )
    none = cc.analyse("field_completeness", data, tables=["opportunity"], where=cc.col("owner") == "nobody")

    assert {r["field"]: r["filled"] for r in some} == {
        "created_at": 0, "source": 0, "owner": 0, "seats": 0, "converted": 1, "note": 1,
    }  # fmt: skip
    assert set(none.plain("share")) == {None}
    assert none.fact("share") is None
    with pytest.raises(TableNotFound, match="did you mean 'lead'"):
        cc.analyse("field_completeness", data, tables=["leads"])
    with pytest.raises(ColumnNotFound, match="converted"):
        cc.analyse("field_completeness", data, where=cc.col("converted") == cc.lit(value=True))


def test_an_empty_dataset_has_no_fields() -> None:
    """Nothing to list is an empty listing, in either language."""
    listed = cc.Workspace(language="zh").analyse("field_completeness", cc.Dataset())

    assert (len(listed), listed.fact("share")) == (0, None)
    assert "字段" in str(listed)


@given(st.lists(st.tuples(st.sampled_from(["a", None]), st.sampled_from([1, None])), min_size=1, max_size=20))
def test_filled_and_blank_are_the_records(rows) -> None:
    """Filled values counted one by one; the order of the rows changes nothing."""
    tables = [[{"id": i, "k": k, "n": n} for i, (k, n) in enumerate(r)] for r in (rows, rows[::-1])]
    one, other = (cc.analyse("field_completeness", cc.Dataset(own=t)) for t in tables)

    assert {r["field"]: r["filled"] for r in one} == {
        "k": sum(k is not None for k, _ in rows), "n": sum(n is not None for _, n in rows)
    }  # fmt: skip
    assert all(r["filled"] + r["blank"] == r["records"] == len(rows) for r in one)
    assert one.to_dict() == other.to_dict()
