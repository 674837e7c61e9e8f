"""A history that comes typed, in codes and in order, says what the same history says as plain texts in any order."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.calendars import Zone
from crmcore.table.column import Column
from crmcore.table.history import ENDED, Flows, Visits, flows_of, logs_of, visits_of
from crmcore.table.history.order import ordered
from crmcore.table.history.visits import ALWAYS
from crmcore.table.values import values_of

UTC_ZONE = Zone("UTC")
START = datetime(2026, 1, 1, tzinfo=UTC)
STAGES = ("new", "offer", "talks", "won", "lost")
KINDS = ("open", "open", "open", "won", "lost")
NAMES = ("rows", "stage", "entered", "left", "ended", "into", "made")

times = st.one_of(st.integers(0, 3), st.integers(-(2**40), 2**50), st.just(ALWAYS))


@given(st.lists(st.tuples(st.integers(0, 4) | st.just(2**22), times, st.integers(0, 2)), max_size=40), st.booleans())
def test_one_number_orders_as_all_keys_do(changes, in_time):
    """S4: changes in the order of one packed number, with ties looked at, stand as numpy sorts them by every key."""
    if in_time:
        changes = sorted(changes, key=lambda c: c[1])
    rows, at, other = np.array(changes, np.int64).reshape(-1, 3).T

    tied = ordered(rows, at, lambda places: [other[places]])
    plain = ordered(rows, at, None)

    assert tied.places.tolist() == np.lexsort((other, at, rows)).tolist()
    assert plain.places.tolist() == np.lexsort((at, rows)).tolist()
    for found in (tied, plain):
        assert found.rows.tolist() == rows[found.places].tolist()
        assert found.at.tolist() == at[found.places].tolist()


change = st.fixed_dictionaries(
    {
        "record": st.integers(1, 6),  # of some there is no deal
        "field": st.sampled_from(["stage", "stage", "amount", "owner"]),
        "hour": st.integers(0, 30),
        "old": st.integers(0, 4),
        "new": st.integers(0, 5),
    }
)
VALUES = {
    "stage": [*STAGES, None],
    "amount": ["1", "2", "30.5", "4", "5", None],
    "owner": ["A", "B", "C", "D", "E", ""],
}


def table_of(changes):
    said = {
        "table": ["opportunity"] * len(changes),
        "record": [c["record"] for c in changes],
        "field": [c["field"] for c in changes],
        "at": [START + timedelta(hours=c["hour"]) for c in changes],
        "old": [VALUES[c["field"]][c["old"]] for c in changes],
        "new": [VALUES[c["field"]][c["new"]] for c in changes],
    }
    return said, [dict(zip(said, row, strict=True)) for row in zip(*said.values(), strict=True)]


def typed(said, other):
    """Return the columns as Arrow has them: texts in codes of dictionaries that also hold what stands nowhere."""
    found = {"record": pa.array(np.array(said["record"], np.int64)), "at": pa.array(said["at"])}
    for name in ("table", "field", "old", "new"):
        words = [*other, *dict.fromkeys(v for v in said[name] if v is not None)]
        codes = [None if v is None else words.index(v) for v in said[name]]
        found[name] = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words, pa.string()))
    return pa.table(found)


def tables_of(change):
    deals = [{"id": i, "created_at": START, "stage": STAGES[i % 5], "amount": i, "owner": "A"} for i in (4, 1, 3, 2)]
    stages = [{"id": s, "name": s, "order": i, "kind": k} for i, (s, k) in enumerate(zip(STAGES, KINDS, strict=True))]
    return cc.Dataset(opportunity=deals, change=change, stage=stages).tables


def read(tables):
    """Return what logs and visits say, in words."""
    logs = logs_of(tables, UTC_ZONE)["opportunity"] if len(tables["change"]) else {}
    told = {}
    for name, log in logs.items():
        values = values_of(log.pool)
        sides = ([values[p] for p in side.tolist()] for side in (log.before, log.old, log.new))
        told[name] = [*sides, *(x.tolist() for x in (log.rows, log.at, log.known, log.sequence))]
    visits = visits_of(tables, UTC_ZONE, 10**18)
    stays = [getattr(visits, n).tolist() for n in NAMES]
    for at in (1, 5):
        stays[at] = [visits.labels[code] for code in stays[at]]
    return told, stays


@given(st.lists(change, min_size=1, max_size=25), st.randoms(use_true_random=False), st.booleans())
def test_codes_say_what_texts_say(changes, random, in_time):
    """S4, S5, O8: the logs and stays of a change table in codes, in order of time or not, are those of one of texts."""
    if in_time:
        changes = sorted(changes, key=lambda c: c["hour"])
    said, rows = table_of(changes)
    coded = tables_of(typed(said, ["never said", "新"]))
    random.shuffle(rows)

    assert "coded" in coded["change"]["new"].__dict__ or not any(said["new"])
    assert read(coded) == read(tables_of(rows))


def test_texts_in_codes_are_texts():
    """A text column that came in codes has the values, blanks and rows that it has as a list."""
    words = pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 2, 3, 1], pa.int8()), pa.array(["b", " a ", "", "b "]))
    listed = ["a", None, "b", None, "b", "a"]
    at = [START] * 6
    made = [
        cc.Dataset(change={"table": ["x"] * 6, "record": [1] * 6, "field": ["f"] * 6, "at": at, "new": new}).tables
        for new in (words, listed)
    ]
    coded, plain = (tables["change"]["new"] for tables in made)

    assert coded.data.tolist() == plain.data.tolist() == listed
    assert coded.nulls == plain.nulls == 2
    assert coded.present().tolist() == plain.present().tolist()
    for column in (coded, plain, coded.take(np.array([4, 1])), plain.take(np.array([4, 1]))):
        codes, texts = column.coded
        assert [texts[c] if c >= 0 else None for c in codes.tolist()] == column.data.tolist()


def test_whole_numbers_find_their_rows_as_text_does():
    """Records that are whole numbers, in any order and also of no row, belong to the rows that their text belongs to."""
    ids, records = [50, 7, -3, 2**40], [7, 2**40, 8, -3, 7, 50]
    at = [START + timedelta(hours=h) for h in range(6)]
    found = []
    for named in (np.array(records), [str(r) for r in records]):
        tables = cc.Dataset(
            opportunity={"id": np.array(ids), "owner": ["A"] * 4, "created_at": [START] * 4},
            change={"table": ["opportunity"] * 6, "record": named, "field": ["owner"] * 6, "at": at, "new": ["A"] * 6},
        ).tables
        found.append(logs_of(tables, UTC_ZONE)["opportunity"]["owner"].rows.tolist())

    assert found[0] == found[1] == [0, 1, 1, 2, 3]


stay = st.tuples(st.integers(1, 3), st.integers(0, 3), st.integers(0, len(ENDED) - 1), st.integers(0, 2**41))


@pytest.mark.parametrize("unit", [1, 1_000_000])
@given(st.lists(stay, max_size=30), st.sets(st.integers(0, 29)), st.sets(st.integers(0, 29)))
def test_flows_are_added_up_stay_by_stay(unit, stays, timeless, wrong):
    """S1, S3, T3: counts, and times of what has ended, are those of a loop in whole numbers, of any size, also in parts."""
    told, timed, spent = Counter(), Counter(), Counter()
    entered, left = [], []
    for number, (stage, into, end, length) in enumerate(stays):
        length *= 1 if number // 4 % 2 else 1_000_000 // unit  # some parts are of whole seconds
        entered.append(ALWAYS if number in timeless else 5)
        left.append(5 - unit if number in wrong else 5 + length * unit)
        told[stage, into, end] += 1
        if end and number not in timeless | wrong:
            timed[stage, into, end] += 1
            spent[stage, into, end] += length * unit
    columns = [np.array([s[i] for s in stays], np.int64) for i in range(3)]
    rows = np.arange(len(stays))
    visits = Visits(
        rows,
        columns[0],
        (None, "a", "b", "c"),
        np.array(entered, np.int64),
        np.array(left, np.int64),
        columns[2],
        columns[1],
        np.zeros(len(stays), bool),
        len(stays),
    )
    parts = [visits.select(np.arange(first, min(first + 4, len(stays)))) for first in range(0, max(len(stays), 1), 4)]

    for flows in (Flows.of(visits), Flows.joined([Flows.of(part) for part in parts])):
        matrix = flows.matrix()
        for found, wanted in ((matrix.stays, told), (matrix.timed, timed), (matrix.time, spent)):
            assert found.shape == (4, 4, len(ENDED))
            assert {spot: found[spot] for spot in np.ndindex(found.shape) if found[spot]} == {
                k: v for k, v in wanted.items() if v
            }


def test_flows_are_made_once():
    """The flows of one view are derived once, those of another instant anew."""
    said, rows = table_of([{"record": 1, "field": "stage", "hour": 5, "old": 0, "new": 1}])
    del said
    tables = tables_of(rows)
    first = flows_of(tables, UTC_ZONE, 10**18)

    assert flows_of(tables, UTC_ZONE, 10**18) is first
    assert flows_of(tables, UTC_ZONE, 2 * 10**18) is not first
    assert int(first.matrix().stays.sum()) == len(visits_of(tables, UTC_ZONE, 10**18))


def test_a_column_of_blanks_has_no_codes():
    """A text column without a value has no texts, and its codes say so."""
    column = Column("text", np.full(3, None, object))

    assert column.coded[0].tolist() == [-1, -1, -1]
    assert column.coded[1] == []
    assert column.nulls == 3
