"""latest(): one row of each entity, the newest."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.errors import ArgumentError, ColumnNotFound, TableNotFound

NAMES = ["contact", "score", "at"]
ANSWERS = [
    ("安娜", 3, date(2026, 3, 1)),
    ("ben", 7, date(2026, 3, 2)),
    ("安娜", 9, date(2026, 3, 8)),
    ("ben", 5, date(2026, 3, 2)),
    (None, 1, date(2026, 3, 9)),
    ("ben", 2, None),
    ("cora", 8, date(2026, 2, 1)),
]


def scores(data: cc.Dataset, table: str = "response") -> list[int]:
    """Return the scores that a table holds."""
    return data[table]["score"].data.tolist()


@pytest.fixture
def data() -> cc.Dataset:
    """Return answers of three contacts, one of them not named and one without a date."""
    return cc.Dataset(response=(NAMES, ANSWERS), lead=[{"id": "l1", "created_at": date(2026, 1, 1)}])


def test_the_newest_stays_and_of_one_date_the_last_of_the_input(data) -> None:
    """安娜's 9 is newer than her 3; of ben's two answers of one day the later row, 5; cora has but one."""
    found = cc.latest(data, "response", by="contact")

    assert scores(found) == [9, 5, 8]
    assert scores(data) == [3, 7, 9, 5, 1, 2, 8], "the caller's data stays"
    assert found["lead"] is data["lead"]


def test_the_last_of_the_input_is_not_the_last_of_a_table_kept_in_another_order() -> None:
    """A large table lies in the order of its owners; of ann's two answers of one day the later of the input stays, 9."""
    day = date(2026, 3, 1)
    rows = [("zoe", "anna", 1, day), ("ann", "ben", 3, day), ("ann", "anna", 9, day)]
    table = cc.Dataset(response=(["contact", "owner", "score", "at"], rows))["response"].cluster("owner")

    found = cc.latest(cc.Dataset.of({"response": table}), "response", by="contact")

    assert table["score"].data.tolist() == [1, 9, 3]
    assert scores(found) == [1, 9]


def test_what_is_left_out_is_counted(data) -> None:
    """M3: rows of nobody and rows without a date are left out and counted, not taken for the newest."""
    found = cc.latest(data, "response", by="contact")

    assert found["response"].excluded == {"no contact": 1, "no at": 1, "not the latest": 2}
    counted = cc.measure(cc.Metric("answers", cc.count(table="response"), unit="count"), found).to_dict()
    assert counted["excluded"]["response: not the latest"] == 2


def test_rows_after_as_of_are_ignored(data) -> None:
    """O8: on 2 March the 9 of 安娜 is not known yet; a date is its end (T8)."""
    assert scores(cc.latest(data, "response", by="contact", as_of=date(2026, 3, 2))) == [3, 5, 8]
    assert scores(cc.latest(data, "response", by="contact", as_of=date(2026, 3, 1))) == [3, 8]
    assert scores(cc.latest(data, "response", by="contact", as_of=datetime(2026, 3, 2, 12, tzinfo=UTC))) == [3, 8]


def test_as_of_ends_in_its_time_zone() -> None:
    """T1, E14: 17:00 in UTC on 1 March is past the end of that day in Shanghai."""
    data = cc.Dataset(
        response=(
            NAMES,
            [("a", 1, datetime(2026, 3, 1, 10, tzinfo=UTC)), ("a", 2, datetime(2026, 3, 1, 17, tzinfo=UTC))],
        )
    )

    assert scores(cc.latest(data, "response", by="contact", as_of=date(2026, 3, 1))) == [2]
    assert scores(cc.latest(data, "response", by="contact", as_of=date(2026, 3, 1), timezone="Asia/Shanghai")) == [1]
    assert scores(cc.latest(data, "response", by="contact", as_of=datetime(2026, 3, 1, 16, 59, 59, tzinfo=UTC))) == [1]


def test_several_columns_tell_entities_apart() -> None:
    """Of forecasts that were submitted again for one seller and period the newest stays, whatever the order of the rows."""
    names = ["owner", "amount", "start", "end", "category", "submitted_at"]
    march, april, may = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
    rows = [
        ("anna", 90, march, april, "commit", date(2026, 3, 20)),
        ("anna", 100, march, april, "commit", date(2026, 2, 25)),
        ("anna", 120, march, april, "best_case", date(2026, 2, 25)),
        ("anna", 70, april, may, "commit", date(2026, 3, 25)),
        ("ben", 50, march, april, "commit", date(2026, 2, 25)),
    ]
    data = cc.Dataset(forecast=(names, rows))

    found = cc.latest(data, "forecast", by=["owner", "start", "end", "category"], at="submitted_at")

    amounts = found["forecast"]["amount"]
    assert (amounts.data // amounts.scale).tolist() == [90, 120, 70, 50]


def test_texts_and_numbers_tell_entities_apart() -> None:
    """Ids, texts and dates are as good as keys; each deal has a row of its own."""
    rows = [("d1", "open", date(2026, 1, 1)), ("d2", "open", date(2026, 1, 2)), ("d3", "open", date(2026, 1, 2))]
    data = cc.Dataset(opportunity=(["id", "outcome", "created_at"], rows))

    assert len(cc.latest(data, "opportunity", by="id", at="created_at")["opportunity"]) == 3
    by_day = cc.latest(data, "opportunity", by="created_at", at="created_at")["opportunity"]
    assert by_day["id"].data.tolist() == ["d1", "d3"]


def test_tables_without_rows_work() -> None:
    """Nothing has no latest row."""
    data = cc.Dataset(response=(NAMES, []))

    assert len(cc.latest(data, "response", by="contact")["response"]) == 0


def test_twice_is_once(data) -> None:
    """What is the latest already stays as it is; what was left out before is still counted."""
    once = cc.latest(data, "response", by="contact")
    twice = cc.latest(once, "response", by="contact")

    assert scores(twice) == scores(once)
    assert twice["response"].excluded == once["response"].excluded


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"table": "respones", "by": "contact"}, TableNotFound, "did you mean 'response'"),
        ({"table": "response", "by": "contct"}, ColumnNotFound, "did you mean 'contact'"),
        ({"table": "response", "by": []}, ArgumentError, "by is empty"),
        (
            {"table": "response", "by": "contact", "at": "score"},
            ArgumentError,
            "at is a date column of 'response', but 'score'",
        ),
        ({"table": "response", "by": "contact", "as_of": "2026-03-01"}, ArgumentError, "got '2026-03-01'"),
        ({"table": "response", "by": "contact", "as_of": datetime(2026, 3, 1)}, ArgumentError, "no time zone"),
        ({"table": "response", "by": 3}, ArgumentError, "by names a column, or several, .*got 3"),
        ({"table": "response", "by": ["contact", None]}, ArgumentError, "by names a column, or several"),
    ],
)
def test_what_cannot_be_meant_is_refused(data, arguments, error, message) -> None:
    """Each wrong argument is an error that says what would be right."""
    with pytest.raises(error, match=message):
        cc.latest(data, **arguments)


def test_latest_of_no_dataset() -> None:
    """A dict of tables is not a dataset yet."""
    with pytest.raises(ArgumentError, match=r"data is a Dataset, .*got dict"):
        cc.latest({}, "response", by="contact")


ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, "a", "b", "丙"]),
        st.sampled_from([None, 1, 2]),
        st.integers(1, 4) | st.none(),
        st.integers(0, 99),
    ),
    max_size=12,
)


@given(ROWS)
def test_it_is_what_a_dict_keeps_when_rows_are_put_in_by_date(rows) -> None:
    """Law: writing the rows into a dict, older first and equal ones in their order, leaves the same rows."""
    table = [(who, what, None if day is None else date(2026, 3, day), score) for who, what, day, score in rows]
    data = cc.Dataset(
        reply={
            "who": [r[0] for r in table],
            "what": [r[1] for r in table],
            "at": [r[2] for r in table],
            "score": [r[3] for r in table],
        }
        if table
        else (["who", "what", "at", "score"], []),
        how={
            "reply.who": {"kind": "key"},
            "reply.what": {"kind": "count"},
            "reply.at": {"kind": "day"},
            "reply.score": {"kind": "count"},
        },
    )
    known = [(r[2], i) for i, r in enumerate(table) if None not in r[:3]]
    kept = {table[i][:2]: i for _, i in sorted(known)}

    found = cc.latest(data, "reply", by=["who", "what"])["reply"]

    assert found.row_numbers(np.arange(len(found))).tolist() == sorted(kept.values())
    assert sum(found.excluded.values()) == len(table) - len(kept)
