"""Duplicates: which records say the same in chosen fields."""

from __future__ import annotations

import unicodedata
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.duplicates import Repeats, normalised, repeats_in, same_records
from crmcore.errors import ArgumentError, ColumnNotFound, TableNotFound

CONTACTS = [
    ("id", "name", "email", "phone", "account"),
    ("k1", "Anna Berg", "anna@example.org", "+49 30 1234", "a1"),
    ("k2", "anna  berg ", "Anna@Example.org ", "49-30-1234", "a2"),
    ("k3", "欧阳娜", "ouyang@example.org", None, "a1"),
    ("k4", "Ben", None, "49301234", "a1"),
    ("k5", "ＡＮＮＡ ＢＥＲＧ", "ａｎｎａ@example.org", "none", "a1"),
    ("k6", "欧阳娜", "ouyang@example.org", "1", "a3"),
    ("k7", " ", "  ", "1 ", "a4"),
]
"""By e-mail k1 k2 k5 are one person and k3 k6 another; by name too; by the digits of the phone k1 k2 k4 and k6 k7."""


@pytest.fixture(scope="module")
def data() -> cc.Dataset:
    names, *rows = CONTACTS
    return cc.Dataset(contact=(names, rows))


@pytest.mark.parametrize(
    ("text", "digits", "expected"),
    [
        ("  Anna\tBERG\n", False, "anna berg"),
        ("ＡＣＭＥ（上海）", False, "acme(上海)"),
        ("STRASSE", False, "strasse"),
        ("Straße", False, "strasse"),
        ("ﬁrm", False, "firm"),
        ("+1 (20) 3", True, "1203"),
        ("１２-３", True, "123"),
        ("n/a", True, ""),
        ("", False, ""),
    ],
)
def test_texts_are_compared_apart_from_case_width_and_spaces(text: str, digits: bool, expected: str) -> None:
    """NFKC and case folding as Unicode defines them; spaces are one; digits alone where that is asked for."""
    assert normalised(text, digits=digits) == expected


@given(st.text() | st.text("αΑᾳᾼ\u0345\u0331\u0301ßẞİı"))
def test_what_is_normalised_stays_as_it_is(text: str) -> None:
    """Normalising twice is normalising once; case and compatible forms make no difference."""
    once = normalised(text)

    assert normalised(once) == once
    assert normalised(unicodedata.normalize("NFD", text)) == once
    assert normalised(unicodedata.normalize("NFC", text)) == once


def test_records_are_numbered_by_their_values() -> None:
    """Numbers run in the order of the values, -1 where one is blank; values that are no text are compared as text."""
    names = ["B", "a", "b", None, "A", ""]
    years = [1, 2, 1, 1, 2, 2]

    assert same_records(names).tolist() == [1, 0, 1, -1, 0, -1]
    assert same_records(names, years).tolist() == [1, 0, 1, -1, 0, -1]
    assert same_records(np.array([3, 1, 3])).tolist() == [1, 0, 1]
    assert same_records([float("nan"), "x"]).tolist() == [-1, 0]
    assert same_records(["1-2", "12", "-"], digits=[0]).tolist() == [0, 0, -1]
    assert same_records([]).tolist() == []


FIELD = st.lists(st.sampled_from(["a", "A", "ａ", "b", " b ", "", None, "赢"]), min_size=12, max_size=12)


@given(FIELD, FIELD, st.permutations(range(12)))
def test_the_counts_are_those_of_every_pair(first, second, order) -> None:
    """Pairs, groups and repeats by comparing each record with each other; the order of the records changes no number."""
    keys = [
        tuple(unicodedata.normalize("NFKC", x or "").casefold().strip() for x in pair)
        for pair in zip(first, second, strict=True)
    ]
    there = [k for k in keys if all(k)]
    sizes = Counter(there).values()
    numbers = same_records(first, second)
    moved = same_records([first[i] for i in order], [second[i] for i in order])

    assert repeats_in(numbers) == Repeats(
        records=12,
        compared=len(there),
        groups=sum(n > 1 for n in sizes),
        repeats=len(there) - len(set(there)),
        pairs=sum(there[i] == there[j] for i in range(len(there)) for j in range(i)),
    )
    assert [numbers[i] for i in order] == moved.tolist()


def test_a_rate_of_nothing_is_undefined() -> None:
    """R2: the share of repeats among no compared records is not 0."""
    assert repeats_in(same_records([None, ""])) == Repeats(2, 0, 0, 0, 0)
    assert repeats_in(same_records([None])).rate is None
    assert repeats_in(same_records(["a", "A", "b"])).rate == Fraction(1, 3)


@pytest.mark.parametrize(("fields", "message"), [((), "at least one field"), ((["a"], []), r"lengths \[1, 0\]")])
def test_fields_have_one_length(fields, message: str) -> None:
    """No field, or two that cannot be of the same records, is an error."""
    with pytest.raises(ArgumentError, match=message):
        same_records(*fields)


def test_duplicates_of_a_table_by_hand(data: cc.Dataset) -> None:
    """E50: the largest group first, ties by value, records by id; blank fields are left out and counted."""
    listed = cc.analyse("duplicate_records", data)

    assert [(r["group"], r["id"], r["email"], r["records"]) for r in listed] == [
        (1, "k1", "anna@example.org", 3),
        (1, "k2", "Anna@Example.org", 3),
        (1, "k5", "ａｎｎａ@example.org", 3),
        (2, "k3", "ouyang@example.org", 2),
        (2, "k6", "ouyang@example.org", 2),
    ]
    assert listed.to_dict()["facts"] == {
        "records": 7,
        "compared": 5,
        "blank": 2,
        "groups": 2,
        "repeats": 3,
        "pairs": 4,
        "duplicate_rate": 3 / 5,
    }
    assert "Equal in email of contact, apart from case, width and spaces." in str(listed)
    assert "重复率：60.0 %" in str(listed.told("zh"))


def test_several_fields_have_to_agree_all(data: cc.Dataset) -> None:
    """k1 and k2 share name, e-mail and digits of the phone; k5 has no digit in its own."""
    both = cc.analyse("duplicate_records", data, fields=["name", "phone"], digits="phone")
    phone = cc.analyse("duplicate_records", data, fields="phone", digits=["phone"])

    assert [r["id"] for r in both] == ["k1", "k2"]
    assert [(r["group"], r["id"]) for r in phone] == [(1, "k1"), (1, "k2"), (1, "k4"), (2, "k6"), (2, "k7")]
    assert phone.fact("blank") == 2


def test_conditions_ids_and_keys_count(data: cc.Dataset) -> None:
    """A condition chooses the rows; key columns and other tables are compared alike."""
    some = cc.analyse("duplicate_records", data, where=cc.col("account") == "a1")
    accounts = cc.analyse("duplicate_records", data, fields="account")
    deals = cc.Dataset(opportunity=[{"id": i, "name": f" Deal {i % 2}"} for i in (12, 2, 1)])

    assert some.fact("records") == 4
    assert [r["id"] for r in some] == ["k1", "k5"]
    assert [r["id"] for r in accounts] == ["k1", "k3", "k4", "k5"]
    assert [r["id"] for r in cc.analyse("duplicate_records", deals, table="opportunity", fields="name")] == [2, 12]
    assert cc.analyse("duplicate_records", data, where=cc.col("account") == "?").fact("duplicate_rate") is None


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        ({"fields": []}, ArgumentError, "at least one, and not the id, got \\(\\)"),
        ({"fields": ["email", "email"]}, ArgumentError, "different columns"),
        ({"fields": ["id"]}, ArgumentError, "not the id"),
        ({"digits": "phone"}, ArgumentError, "digits are some of the fields email, got \\('phone',\\)"),
        ({"fields": "emial"}, ColumnNotFound, "did you mean 'email'"),
        ({"table": "contacts"}, TableNotFound, "did you mean 'contact'"),
    ],
)
def test_wrong_choices_are_errors(data: cc.Dataset, choices, error, message: str) -> None:
    """What cannot be compared says what would be right."""
    with pytest.raises(error, match=message):
        cc.analyse("duplicate_records", data, **choices)
