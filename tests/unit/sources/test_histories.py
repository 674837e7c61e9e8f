"""Constructors of the table of changes: each shape by hand with its traps, and the same deals in all shapes."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore import histories
from crmcore.calendars import Zone
from crmcore.errors import ArgumentError, ColumnNotFound, HistoryUnavailable, IngestError
from crmcore.table.history import ENDED, visits_of

DAY = timedelta(days=1)
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
STAGES = [
    {"id": "S1", "order": 1, "kind": "open"},
    {"id": "S2", "order": 2, "kind": "open"},
    {"id": "S3", "order": 3, "kind": "open"},
    {"id": "won", "order": 4, "kind": "won"},
    {"id": "lost", "order": 5, "kind": "lost"},
]
LAST = START + 100 * DAY


def micros(at):
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def told(history, *names):
    """Return some columns of the changes, as tuples."""
    return [tuple(change[name] for name in names) for change in history]


def stays(data):
    """Return the stays of deals in open stages, as plain values, without saying which were made up."""
    found = visits_of(data.tables, Zone("UTC"), micros(LAST))
    ids = data["opportunity"]["id"].data
    return sorted(
        (ids[row], found.labels[stage], since, until, ENDED[how], found.labels[into] or "")
        for row, stage, since, until, how, into in zip(
            found.rows.tolist(), found.stage.tolist(), found.entered.tolist(), found.left.tolist(),
            found.ended.tolist(), found.into.tolist(), strict=True,
        )
    )  # fmt: skip


# --- the same deals in every shape

DEALS = {
    "D1": [("S1", 0), ("S2", 4), ("S3", 9), ("won", 20)],
    "D2": [("S1", 1), ("S3", 3), ("lost", 8)],  # a stage was skipped
    "D3": [("S2", 2), ("S1", 5)],  # a step back; still open
    "D4": [("S3", 7)],  # never moved
}
BACK = {"D5": [("S1", 0), ("S2", 2), ("S1", 6), ("S2", 9), ("won", 11)]}  # stages were entered again


def dated(day):
    return START + day * DAY


def records(deals):
    return [
        {
            "id": deal,
            "created_at": dated(moves[0][1]),
            "stage": moves[-1][0],
            "outcome": moves[-1][0] if moves[-1][0] in {"won", "lost"} else "open",
            "closed_at": dated(moves[-1][1]) if moves[-1][0] in {"won", "lost"} else None,
        }
        for deal, moves in deals.items()
    ]


def expected(deals):
    """Return the stays, worked out from the list of moves alone."""
    found = []
    for deal, moves in deals.items():
        for place, (stage, day) in enumerate(moves):
            if stage in {"won", "lost"}:
                continue
            if place + 1 == len(moves):
                found.append((deal, stage, micros(dated(day)), micros(LAST), "still there", ""))
            else:
                into, end = moves[place + 1]
                how = into if into in {"won", "lost"} else "moved"
                found.append((deal, stage, micros(dated(day)), micros(dated(end)), how, into))
    return sorted(found)


def steps(deals):
    return [(d, *a, *b) for d, moves in deals.items() for a, b in pairwise(moves)]


def as_field_changes(deals):
    return [
        {"OpportunityId": d, "Field": "StageName", "OldValue": a, "NewValue": b, "CreatedDate": dated(at)}
        for d, a, _, b, at in steps(deals)
    ]


def as_messages(deals):
    return [
        {"res_id": d, "field": "stage_id", "old_value_char": f"~{a}", "new_value_char": f"~{b}", "date": dated(at)}
        for d, a, _, b, at in steps(deals)
    ]


def as_diffs(deals):
    made = [
        {"id": n, "entity_id": d, "date": dated(m[0][1]), "value": '["new"]'} for n, (d, m) in enumerate(deals.items())
    ]
    return made + [
        {"id": 100 + n, "entity_id": d, "date": dated(at), "value": json.dumps([d, ["sales_phase_id", a, b]])}
        for n, (d, a, _, b, at) in enumerate(steps(deals))
    ]


def as_versions(deals):
    return [
        {
            "__id": 10 * n + place,
            "id": d,
            "state": stage,
            "write_date": dated(at) if place else None,
            "create_date": dated(moves[0][1]),
        }
        for n, (d, moves) in enumerate(deals.items())
        for place, (stage, at) in enumerate(moves)
    ]


def as_intervals(deals):
    return [
        {
            "parent": d,
            "from": f"the {stage}",
            "from_date": dated(at) - (timedelta(0) if place else timedelta(minutes=-1)),
            "to": None if place + 1 == len(moves) else f"the {moves[place + 1][0]}",
            "to_date": None if place + 1 == len(moves) else dated(moves[place + 1][1]),
        }
        for d, moves in deals.items()
        for place, (stage, at) in enumerate(moves)
    ]


def as_columns(deals):
    return [
        {"id": d}
        | {f"hs_date_entered_{s.lower()}": dated(at) for s, at in moves}
        | {f"hs_date_exited_{a[0].lower()}": dated(b[1]) for a, b in pairwise(moves)}
        for d, moves in deals.items()
    ]


IDS = ["S1", "S2", "S3", "won", "lost"]
SHAPES = {
    "field changes": lambda rows: histories.from_field_changes(rows(as_field_changes)),
    "messages": lambda rows: histories.from_messages(rows(as_messages), values={"stage": {f"~{s}": s for s in IDS}}),
    "diffs": lambda rows: histories.from_diffs(rows(as_diffs)),
    "versions": lambda rows: histories.from_row_versions(rows(as_versions), fields={"state": "stage"}),
    "intervals": lambda rows: histories.from_intervals(
        rows(as_intervals), values={"stage": {f"the {s}": s for s in IDS}}
    ),
    "columns": lambda rows: histories.from_entered_and_left(
        rows(as_columns), values={"stage": {s.lower(): s for s in IDS}}
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_same_deals_in_every_shape_give_the_same_stays(shape, seed) -> None:
    """S4, S5: whatever shape a host keeps, and in whatever order its rows come, the stays are those of the moves."""
    deals = DEALS if shape == "columns" else DEALS | BACK  # columns hold one stay for each stage

    def rows(make):
        found = make(deals)
        if seed is not None:
            random.Random(seed).shuffle(found)
        return found

    history = SHAPES[shape](rows)
    data = cc.Dataset(opportunity=records(deals), stage=STAGES, change=history)

    assert history.issues == history.rejected == ()
    assert stays(data) == expected(deals)
    assert data.rejected == ()


moves = st.lists(st.tuples(st.sampled_from(IDS[:3]), st.integers(1, 9)), min_size=1, max_size=6).map(
    lambda drawn: [(s, sum(n for _, n in drawn[: i + 1])) for i, (s, _) in enumerate(drawn)]
)


@given(st.lists(moves, min_size=1, max_size=4), st.randoms(use_true_random=False), st.sampled_from([*SHAPES][:5]))
def test_any_deals_in_any_shape(drawn, chance, shape) -> None:
    """S4, S5: steps on, back and again: five shapes that hold every stay give the stays of the moves."""
    deals = {
        f"D{n}": [m for i, m in enumerate(some) if not i or some[i - 1][0] != m[0]] for n, some in enumerate(drawn)
    }

    def rows(make):
        found = make(deals)
        chance.shuffle(found)
        return found

    data = cc.Dataset(opportunity=records(deals), stage=STAGES, change=SHAPES[shape](rows))

    assert stays(data) == expected(deals)


WAYS = {
    "dicts": lambda rows: rows,
    "a generator": iter,
    "names and tuples": lambda rows: (list(rows[0]), [tuple(row.values()) for row in rows]),
    "columns": lambda rows: {name: [row[name] for row in rows] for name in rows[0]},
}


@pytest.mark.parametrize("way", WAYS)
def test_rows_come_in_any_way_a_dataset_takes(way) -> None:
    """Dicts, a stream, tuples with their names and columns give the same changes."""
    rows = as_field_changes(DEALS)

    assert list(histories.from_field_changes(WAYS[way](rows))) == list(histories.from_field_changes(rows))


def test_a_dataframe_of_rows() -> None:
    """A frame of pandas gives what the dicts give; its times without zone need one."""
    pandas = pytest.importorskip("pandas")
    rows = as_intervals(DEALS)

    found = histories.from_intervals(pandas.DataFrame(rows))

    assert list(found) == list(histories.from_intervals(rows))


@pytest.mark.parametrize(
    "make",
    [
        histories.from_field_changes,
        histories.from_messages,
        histories.from_diffs,
        histories.from_row_versions,
        histories.from_intervals,
        histories.from_entered_and_left,
    ],
)
@pytest.mark.parametrize("rows", [[], iter(())])
def test_no_rows_are_a_history_without_changes(make, rows) -> None:
    """Nothing changed, and deals are in their stage since their creation."""
    history = make(rows)
    data = cc.Dataset(opportunity=records({"D4": DEALS["D4"]}), stage=STAGES, change=history)

    assert (len(history), list(history), history.issues) == (0, [], ())
    assert stays(data) == expected({"D4": DEALS["D4"]})


# --- field changes


def test_the_first_stage_is_the_old_value_of_the_first_change_else_that_of_today() -> None:
    """S5: nothing tells the first stage of A but its first change, and that of B but the deal itself."""
    log = [
        ("A", "StageName", "S2", "S3", START + 5 * DAY),
        ("A", "StageName", "S1", "S2", START + 2 * DAY),
        ("A", "Amount", None, "90", START + 3 * DAY),
        ("A", "created", None, None, START),
    ]
    history = histories.from_field_changes((["OpportunityId", "Field", "OldValue", "NewValue", "CreatedDate"], log))
    deals = [
        {"id": "A", "created_at": START, "stage": "S3", "amount": 90},
        {"id": "B", "created_at": START, "stage": "S2", "amount": 5},
    ]
    data = cc.Dataset(opportunity=deals, stage=STAGES, change=history)
    found = visits_of(data.tables, Zone("UTC"), micros(LAST))

    assert [(row[0], row[1]) for row in stays(data)] == [("A", "S1"), ("A", "S2"), ("A", "S3"), ("B", "S2")]
    assert found.made.tolist() == [True, False, False, True]
    assert history.draft.excluded == {"other field": 1}
    assert cc.measure("open_value", data.as_of(START + 2 * DAY), by="stage").rows() == [
        {"stage": "S2", "open_value": 5.0}
    ]


def test_changes_of_one_instant_are_ordered_by_the_column_that_says_so_as_numbers() -> None:
    """S4: the tenth edit comes after the ninth, though its text sorts before."""
    log = [
        {
            "OpportunityId": "A",
            "Field": "StageName",
            "OldValue": "S2",
            "NewValue": "S1",
            "CreatedDate": START,
            "Id": "10",
        },
        {
            "OpportunityId": "A",
            "Field": "StageName",
            "OldValue": "S1",
            "NewValue": "S2",
            "CreatedDate": START,
            "Id": "9",
        },
    ]
    for rows in (log, log[::-1]):
        found = {c["new"]: c["sequence"] for c in histories.from_field_changes(rows, sequence="Id")}
        assert found == {"S2": 0, "S1": 1}
    assert {c["sequence"] for c in histories.from_field_changes(log)} == {0}


def test_several_columns_of_old_and_new_and_labels_in_two_languages() -> None:
    """The first value that says something counts; one label by its old name, one in another language, one unknown."""
    log = [
        {"res_id": 1, "field": "stage_id", "o": None, "oi": "7", "n": "Offerte", "date": "2026-02-01"},
        {"res_id": 1, "field": "stage_id", "o": "Offerte", "oi": "8", "n": "Verloren?", "date": "2026-02-03"},
    ]
    history = histories.from_messages(
        log, old=["o", "oi"], new="n", values={"stage": {"Offerte": "S2", "Proposal": "S2", 7: "S1"}}
    )

    assert told(history, "old", "new") == [("S1", "S2"), ("S2", "Verloren?")]


def test_a_log_without_old_values_takes_them_from_the_change_before() -> None:
    """O5: reopened once, though no row says what was before; without the order of time this would not be seen."""
    log = [("A", "StageName", s, START + d * DAY) for s, d in [("won", 3), ("S1", 1), ("S2", 5), ("lost", 9)]]
    history = histories.from_field_changes((["OpportunityId", "Field", "NewValue", "CreatedDate"], log))
    deal = {"id": "A", "created_at": START, "stage": "lost", "outcome": "lost", "closed_at": START + 9 * DAY}
    data = cc.Dataset(opportunity=[deal], stage=STAGES, change=history)

    assert [row[1:] for row in stays(data)] == [
        ("S1", micros(START + 1 * DAY), micros(START + 3 * DAY), "won", "won"),
        ("S2", micros(START + 5 * DAY), micros(START + 9 * DAY), "lost", "lost"),
    ]


def test_rows_that_cannot_be_read_are_rejected_with_what_they_said() -> None:
    """Five rows of six: no record, no field, no date, what is no date, a value that is none; none is lost."""
    row = {
        "OpportunityId": "A",
        "Field": "Probability",
        "OldValue": "10",
        "NewValue": "20",
        "CreatedDate": "2026-02-01",
    }
    rows = [
        row,
        row | {"OpportunityId": None},
        row | {"Field": ""},
        row | {"CreatedDate": None},
        row | {"CreatedDate": "soon"},
        row | {"NewValue": "much"},
    ]
    history = histories.from_field_changes(
        rows, fields={"Probability": "probability"}, values={"probability": histories.percent}
    )
    data = cc.Dataset(opportunity=[{"id": "A"}], change=history)

    assert told(history, "old", "new") == [("0.1", "0.2")]
    assert [(r.row, r.reason) for r in data.rejected] == [
        (2, "OpportunityId: blank"),
        (3, "Field: blank"),
        (4, "CreatedDate: blank"),
        (5, "CreatedDate: not a date 'soon'"),
        (6, "NewValue: not a value of probability 'much'"),
    ]
    assert data.rejected[0].record == {**row, "OpportunityId": None, "CreatedDate": date(2026, 2, 1)} | {
        "CreatedDate": data.rejected[0].record["CreatedDate"]
    }
    assert sum(i.count for i in data.issues if i.rejected) == 5
    assert {i.table for i in data.issues if i.rejected} == {"change"}


def test_what_is_not_there_is_named() -> None:
    """A column that is missing, with the nearest; rows that are none; a history as another table."""
    with pytest.raises(
        ColumnNotFound, match=r"no column named 'NewValue' in the rows of the history; did you mean 'Newvalue'"
    ):
        histories.from_field_changes([{"OpportunityId": 1, "Field": "x", "Newvalue": 1, "CreatedDate": START}])
    with pytest.raises(ColumnNotFound, match="no column named 'state'"):
        histories.from_row_versions([{"id": 1, "write_date": START, "stage": "x"}])
    with pytest.raises(IngestError, match="cannot read int 3"):
        histories.from_intervals(3)
    with pytest.raises(IngestError, match=r"History\(0 changes; 0 issues, 0 rows rejected\) is the table 'change'"):
        cc.Dataset(opportunity=histories.from_intervals([]))
    with pytest.raises(ArgumentError, match=r"'entered' names no columns; \{\} stands once for the stage"):
        histories.from_entered_and_left([], entered="entered")
    with pytest.raises(ColumnNotFound, match=r"no column named 'hs_date_entered_\.\.\.'"):
        histories.from_entered_and_left([{"id": 1, "stage": "x"}])


# --- diffs


def test_a_line_with_several_fields_and_lines_without_any() -> None:
    """Two fields of one edit, one of them blank before; the name of a deal, a creation and another field give nothing."""
    lines = [
        {"id": 3, "entity_id": 7, "date": START, "value": '["Deal", ["sales_phase_id", 1, 2], ["chance_to_win", 30]]'},
        {"id": 1, "entity_id": 7, "date": START - DAY, "value": '["Deal"]'},
        {"id": 2, "entity_id": 7, "date": START - DAY, "value": None},
        {
            "id": 4,
            "entity_id": 7,
            "date": START + DAY,
            "value": '["Deal", ["name", "a", "b"], ["estimated_sales", 5, null]]',
        },
        {"id": 5, "entity_id": 7, "date": START + DAY, "value": "{broken"},
        {"id": 6, "entity_id": 7, "date": START + DAY, "value": '["Deal", ["chance_to_win", 30, "x"]]'},
    ]
    history = histories.from_diffs(lines)

    assert told(history, "field", "old", "new", "at") == [
        ("stage", "1", "2", START),
        ("probability", None, "0.3", START),
        ("amount", "5", None, START + DAY),
    ]
    assert history.draft.excluded == {"other field": 1}
    assert [(r.row, r.reason) for r in history.rejected] == [
        (5, "value: not a diff '{broken'"),
        (6, "value: not a value of probability 'x'"),
    ]


# --- row versions


def test_versions_of_one_instant_are_ordered_by_their_number() -> None:
    """S4: three versions of one instant; the numbers are text, and 10 comes after 9."""
    rows = [
        {"__id": i, "id": 7, "state": s, "write_date": at, "create_date": START}
        for i, s, at in [("10", "S3", START + DAY), ("9", "S2", START + DAY), ("8", "S1", None)]
    ]
    history = histories.from_row_versions(rows, fields={"state": "stage"})
    data = cc.Dataset(opportunity=[{"id": 7, "created_at": START, "stage": "S3"}], stage=STAGES, change=history)

    assert told(history, "old", "new", "at") == [("S1", "S2", START + DAY), ("S2", "S3", START + DAY)]
    assert [(row[1], (row[3] - row[2]) // 3_600_000_000) for row in stays(data)][:2] == [("S1", 24), ("S2", 0)]


def test_versions_that_nothing_orders_are_listed_and_do_not_depend_on_the_input() -> None:
    """S4: the issue names them; both orders of the input give the same changes."""
    rows = [
        {"id": 7, "state": "S1", "write_date": START},
        {"id": 7, "state": "S3", "write_date": START + DAY},
        {"id": 7, "state": "S2", "write_date": START + DAY},
    ]
    found = [histories.from_row_versions(some, fields={"state": "stage"}) for some in (rows, rows[::-1])]

    assert list(found[0]) == list(found[1])
    assert [(i.kind, i.count) for i in found[0].issues] == [("versions not ordered", 1)]


def test_versions_without_any_date_are_rejected_and_equal_ones_say_nothing() -> None:
    """Two columns of dates are blank: rejected. Only what differs is a change, of each field on its own."""
    rows = [
        {"id": 1, "state": "S1", "amount": Decimal("10.5"), "write_date": START},
        {"id": 1, "state": "S1", "amount": Decimal("10.5"), "write_date": START + DAY},
        {"id": 1, "state": "S1", "amount": Decimal(12), "write_date": START + 2 * DAY},
        {"id": 1, "state": "S2", "amount": None, "write_date": None},
    ]
    history = histories.from_row_versions(rows)

    assert told(history, "field", "old", "new", "at") == [("amount", "10.5", "12", START + 2 * DAY)]
    assert [(r.row, r.reason) for r in history.rejected] == [(4, "write_date: blank")]


def test_dates_beside_instants_in_one_shape_become_dates() -> None:
    """T2: the creation has no time, so the times of the edits are left out, and this is listed."""
    rows = [
        {"id": 1, "state": "S1", "write_date": None, "create_date": date(2026, 1, 5)},
        {"id": 1, "state": "S2", "write_date": START + DAY, "create_date": date(2026, 1, 5)},
    ]
    history = histories.from_row_versions(rows, fields={"state": "stage"})

    assert told(history, "old", "new", "at") == [("S1", "S2", date(2026, 1, 6))]
    assert [(i.kind, i.column, i.count) for i in history.issues] == [("time of day left out", "write_date", 1)]


def test_who_made_a_change_and_when_it_was_written_down() -> None:
    """O8: actor and date of recording ride along in every shape that has them; the beginning of a stay is nobody's."""
    version = {"id": 1, "write_date": START, "write_uid": "Anna", "learnt": START + 3 * DAY}
    versions = [version | {"state": "S1"}, version | {"state": "S2", "write_date": START + DAY}]
    stay = {"parent": 1, "from": "S1", "from_date": dated(0), "to_date": dated(2), "to": "S2", "log_owner": "Boris"}
    log = {"OpportunityId": 1, "Field": "Amount", "NewValue": 5, "CreatedDate": START, "CreatedById": "Chen"}

    edited = histories.from_row_versions(versions, fields={"state": "stage"}, recorded_at="learnt")
    moved = histories.from_intervals([stay], since_creation=False)
    priced = histories.from_field_changes([log, log | {"CreatedById": None}])
    assert told(edited, "at", "actor", "recorded_at") == [(START + DAY, "Anna", START + 3 * DAY)]
    assert told(moved, "new", "actor", "recorded_at") == [("S1", None, None), ("S2", "Boris", None)]
    assert told(priced, "new", "actor") == [("5", "Chen"), ("5", None)]


# --- intervals


def test_stays_that_overlap_touch_or_leave_gaps() -> None:
    """One that began last wins; after it the deal is back; between stays that do not touch it is in no stage."""
    rows = [("A", "S1", 0, 10), ("A", "S2", 3, 5), ("A", "S3", 12, 12), ("A", "S2", 12, None)]
    history = histories.from_intervals(
        (
            ["parent", "from", "from_date", "to_date"],
            [(d, s, dated(a), None if b is None else dated(b)) for d, s, a, b in rows],
        )
    )

    assert told(history, "old", "new", "at") == [
        ("S1", "S2", dated(3)),
        ("S2", "S1", dated(5)),
        ("S1", None, dated(10)),
        (None, "S3", dated(12)),
        ("S3", "S2", dated(12)),
    ]


def test_beginnings_that_are_made_up_or_missing() -> None:
    """Frappe makes up the first beginning: the deal was there since its creation, unless the host says otherwise."""
    rows = [
        {"parent": "A", "from": "S1", "from_date": dated(8), "to_date": dated(9), "to": "S2"},
        {"parent": "A", "from": "S2", "from_date": dated(9), "to_date": None, "to": None},
        {"parent": "B", "from": "S1", "from_date": None, "to_date": dated(3), "to": "S2"},
        {"parent": "B", "from": "S2", "from_date": None, "to_date": dated(5), "to": "won"},
        {"parent": "C", "from": "S1", "from_date": None, "to_date": None, "to": None},
        {"parent": "C", "from": "S1", "from_date": dated(3), "to_date": dated(2), "to": None},
    ]
    history = histories.from_intervals(rows)

    assert told(history, "record", "old", "new", "at") == [
        ("A", "S1", "S2", dated(9)),
        ("B", "S1", "S2", dated(3)),
        ("B", "S2", "won", dated(5)),
    ]
    assert told(histories.from_intervals(rows[:2], since_creation=False), "old", "new", "at") == [
        (None, "S1", dated(8)),
        ("S1", "S2", dated(9)),
    ]
    assert [(r.row, r.reason.split(" '")[0]) for r in history.rejected] == [
        (5, "from_date: no beginning and no end"),
        (6, "to_date: ends before it begins"),
    ]


def test_beginnings_alone_are_enough() -> None:
    """A list of (stage, date), as text appended to a deal holds it: each stay lasts until the next."""
    rows = [{"deal": 1, "stage": s, "on": date(2026, 2, d)} for s, d in [("S2", 9), ("S1", 2), ("S3", 11)]]
    history = histories.from_intervals(rows, record="deal", value="stage", begin="on", end=None, into=None)

    assert told(history, "old", "new", "at") == [("S1", "S2", date(2026, 2, 9)), ("S2", "S3", date(2026, 2, 11))]


def test_the_end_of_the_last_stay_and_a_stay_in_two_rows() -> None:
    """Closing ends the last stay, so its end is no change; two rows of one stage that touch are one stay."""
    rows = [
        {"parent": "A", "from": s, "from_date": dated(a), "to_date": dated(b)}
        for s, a, b in [("S1", 0, 2), ("S1", 2, 4), ("S2", 4, 9)]
    ]

    assert told(histories.from_intervals(rows), "old", "new", "at") == [("S1", "S2", dated(4))]


def test_changes_are_told_by_record_and_numbered_within_an_instant() -> None:
    """S4: two records, each with its own first version; of a zero-long stay the number says that it came first."""
    rows = [{"__id": n, "id": n // 2, "state": f"S{n}", "write_date": dated(0)} for n in range(4)]
    log = [
        {"OpportunityId": d, "Field": "Amount", "NewValue": n, "CreatedDate": dated(n // 2), "nr": n}
        for d in "AB"
        for n in range(4)
    ]
    stays = [
        {"parent": 1, "from": s, "from_date": dated(a), "to_date": dated(b)}
        for s, a, b in [("S1", 0, 1), ("S3", 1, 1), ("S2", 1, 2)]
    ]

    versions = histories.from_row_versions(rows, fields={"state": "stage"})
    assert told(versions, "record", "old", "new") == [(0, "S0", "S1"), (1, "S2", "S3")]
    assert versions.issues == ()
    assert [c["sequence"] for c in histories.from_field_changes(log, sequence="nr")] == [0, 1, 0, 1] * 2
    moved = {c["new"]: c["sequence"] for c in histories.from_intervals(stays)}
    assert moved["S3"] < moved["S2"]


def test_versions_are_tied_only_where_nothing_orders_them() -> None:
    """S4: equal versions of one instant say nothing, and with a column of versions none is tied."""
    rows = [
        {"id": 7, "state": s, "write_date": dated(d), "__id": n}
        for n, (s, d) in enumerate([("S1", 0), ("S1", 0), ("S2", 1), ("S3", 1)])
    ]

    assert histories.from_row_versions(rows, fields={"state": "stage"}).issues == ()
    assert histories.from_row_versions(rows[:2], version=None, fields={"state": "stage"}).issues == ()


# --- entered and left


def test_a_deal_that_came_back_left_before_it_entered() -> None:
    """It is in S1 again since the ninth day; that its first stay there is not kept is listed."""
    rows = [
        {
            "id": 1,
            "in_S1": dated(9),
            "out_S1": dated(2),
            "in_S2": dated(2),
            "out_S2": dated(9),
            "in_S3": None,
            "out_S3": None,
        }
    ]
    history = histories.from_entered_and_left(rows, entered="in_{}", left="out_{}")

    assert told(history, "old", "new", "at") == [(None, "S2", dated(2)), ("S2", "S1", dated(9))]
    assert [(i.kind, i.count, i.rows) for i in history.issues] == [("earlier stay not kept", 1, (1,))]


def test_a_stage_that_was_left_but_never_entered_is_the_first() -> None:
    """S5: the deal was in S1 since its creation; a record without an id is rejected."""
    rows = [{"id": 1, "in_S1": None, "out_S1": dated(4), "in_S2": dated(4)}, {"id": None, "in_S1": dated(1)}]
    history = histories.from_entered_and_left(rows, entered="in_{}", left="out_{}")

    assert told(history, "old", "new", "at") == [("S1", "S2", dated(4))]
    assert [r.reason for r in history.rejected] == ["id: blank"]


def test_stages_entered_at_one_instant_go_by_the_pipeline() -> None:
    """S4: nothing but the order of stages tells that S1 came before S2."""
    rows = [{"id": "A", "in_S2": START, "in_S1": START}]
    for some in (rows, [dict(reversed(rows[0].items()))]):
        history = histories.from_entered_and_left(some, entered="in_{}", left=None)
        data = cc.Dataset(opportunity=[{"id": "A", "created_at": START, "stage": "S2"}], stage=STAGES, change=history)
        assert [(row[1], row[4]) for row in stays(data)] == [("S1", "moved"), ("S2", "still there")]


# --- the last change only


def test_of_a_source_that_keeps_the_last_change_alone_history_is_unavailable() -> None:
    """S5: an error with the reason, also in a view of the past, and where no deal ever moved; today's stocks are right."""
    deals = [
        {"id": "A", "created_at": START, "stage": "S2", "stage_changed_at": START + 9 * DAY, "amount": 5},
        {"id": "B", "created_at": START, "stage": "S1", "stage_changed_at": None, "amount": 7},
    ]
    history = histories.from_last_change(deals)
    data = cc.Dataset(opportunity=deals, stage=STAGES, change=history)
    never = cc.Dataset(opportunity=deals[1:], stage=STAGES, change=histories.from_last_change(deals[1:]))

    assert told(history, "record", "new", "at", "last_only") == [("A", "S2", START + 9 * DAY, True)]
    for some in (data, data.as_of(START + DAY), never, cc.Dataset(**{n: data[n] for n in data})):
        with pytest.raises(HistoryUnavailable, match=r"keeps only the last change of 'opportunity\.stage' \(S5\)"):
            stays(some)
    assert {r["stage"]: r["open_value"] for r in cc.measure("open_value", data, by="stage").rows()} == {
        "S1": 7,
        "S2": 5,
    }
    with pytest.raises(HistoryUnavailable, match=r"what opportunity\.stage was then is not known.*\(S5\)"):
        cc.measure("open_value", data.as_of(START + DAY), by="stage")
    then = cc.measure("open_value", data.as_of(START + 9 * DAY), by="stage").rows()
    assert {r["stage"]: r["open_value"] for r in then} == {"S1": 7, "S2": 5}


def test_the_mark_is_a_column_so_files_can_carry_it() -> None:
    """S5: a row that says `last_only` does what the constructor does; another field is not touched by it."""
    change = {"table": "opportunity", "record": "A", "at": START, "last_only": True}
    deal = [{"id": "A", "created_at": START, "stage": "S1", "owner": "x"}]
    staged = cc.Dataset(opportunity=deal, stage=STAGES, change=[change | {"field": "stage", "new": "S1"}])
    owned = cc.Dataset(opportunity=deal, stage=STAGES, change=[change | {"field": "owner", "new": "x"}])

    with pytest.raises(HistoryUnavailable):
        stays(staged)
    assert len(stays(owned)) == 1


# --- several histories, and the table itself


def test_histories_are_added() -> None:
    """Stages from intervals and amounts from a log are one table, with the issues of both."""
    staged = histories.from_intervals(as_intervals(DEALS))
    priced = histories.from_field_changes(
        [
            {"OpportunityId": "D1", "Field": "Amount", "NewValue": 5, "CreatedDate": dated(3)},
            {"OpportunityId": None, "Field": "Amount", "NewValue": 5, "CreatedDate": dated(3)},
        ]
    )
    both = staged + priced
    data = cc.Dataset(opportunity=records(DEALS), change=both)

    assert len(both) == len(staged) + 1 == len(data["change"])
    assert list(both)[-1]["field"] == "amount"
    assert [r.reason for r in both.rejected] == ["OpportunityId: blank"]
    assert (staged + histories.from_last_change([])).draft.last_only == {"opportunity.stage"}


def test_dates_and_instants_together_become_dates_and_it_is_said() -> None:
    """T2: a date is never given a time."""
    dates = histories.from_intervals(
        [{"parent": 1, "from": s, "from_date": d} for s, d in [("a", "2026-01-05"), ("b", "2026-01-07")]]
    )
    instants = histories.from_field_changes(as_field_changes({"D1": DEALS["D1"]}))

    assert {type(c["at"]) for c in dates + instants} == {date}
    assert [(i.kind, i.count) for i in (dates + instants).issues] == [("time of day left out", 3)]


def test_changes_that_do_not_say_of_what_or_when_are_rejected() -> None:
    """A change without a date did not happen in 1970: the row is listed and changes nothing."""
    good = {"table": "opportunity", "record": "A", "field": "stage", "old": "S1", "new": "S2", "at": START + DAY}
    rows = [good, *(good | {name: None} for name in ("table", "record", "field", "at"))]
    data = cc.Dataset(opportunity=[{"id": "A", "created_at": START, "stage": "S2"}], stage=STAGES, change=rows)

    assert [r.reason for r in data.rejected] == ["table: blank", "record: blank", "field: blank", "at: blank"]
    assert len(data["change"]) == 1
    assert [row[1] for row in stays(data)] == ["S1", "S2"]


def test_numbers_as_times_need_their_unit() -> None:
    """Milliseconds since 1970, as HubSpot gives them."""
    rows = [{"id": 1, "in_a": 1_767_603_600_000, "in_b": 1_767_690_000_000}]
    history = histories.from_entered_and_left(rows, entered="in_{}", left=None, unit="milliseconds")

    assert told(history, "new", "at") == [("a", START), ("b", START + DAY)]


def test_a_large_log_is_read_in_chunks_and_keeps_its_row_numbers() -> None:
    """10,000 rows from a stream, one of them wrong."""
    rows = (
        {"OpportunityId": n % 50, "Field": "StageName", "NewValue": f"S{n}", "CreatedDate": START + n * DAY / 1000}
        if n != 7777
        else {"OpportunityId": 1, "Field": "StageName", "NewValue": "x", "CreatedDate": "?"}
        for n in range(10_000)
    )
    history = histories.from_field_changes(rows)

    assert len(history) == 9999
    assert [r.row for r in history.rejected] == [7778]
    assert np.diff([int(c["new"][1:]) for c in history]).max() == 2
