"""What is odd about the rows of a history is an error that says what would be right, or is listed; nothing is lost silently."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmcore as cc
from crmcore import histories
from crmcore.calendars import Zone
from crmcore.errors import ArgumentError, ColumnNotFound
from crmcore.sources.histories.lines import order_of
from crmcore.table.dataset import Dataset
from crmcore.table.history import visits_of
from crmcore.table.values import values_of

CHANGE = {
    "OpportunityId": "A",
    "Field": "StageName",
    "OldValue": "new",
    "NewValue": "offer",
    "CreatedDate": "2026-02-01",
}
DIFF = {"id": 1, "entity_id": "A", "date": "2026-02-01", "value": '["A", ["sales_phase_id", 1, 2]]'}
VERSION = {"__id": 1, "id": "A", "state": "new", "write_date": "2026-02-01", "create_date": "2026-01-05"}
STAY = {"parent": "A", "from": "new", "from_date": "2026-01-05", "to_date": "2026-02-01", "to": "offer"}
COLUMNS = {"id": "A", "hs_date_entered_new": "2026-01-05", "hs_date_exited_new": "2026-02-01"}
LAST = {"id": "A", "stage": "offer", "stage_changed_at": "2026-02-01"}
MAKERS = {
    "field changes": (histories.from_field_changes, CHANGE),
    "messages": (
        histories.from_messages,
        {"res_id": "A", "field": "stage_id", "old_value_char": "new", "new_value_char": "offer", "date": "2026-02-01"},
    ),
    "diffs": (histories.from_diffs, DIFF),
    "versions": (
        lambda rows, **how: histories.from_row_versions(rows, **{"fields": {"state": "stage"}} | how),
        VERSION,
    ),
    "intervals": (histories.from_intervals, STAY),
    "columns": (histories.from_entered_and_left, COLUMNS),
    "last change": (histories.from_last_change, LAST),
}
DATED = {"field changes": "CreatedDate", "messages": "date", "diffs": "date", "versions": "write_date"}
DATED |= {"intervals": "from_date", "columns": "hs_date_entered_new", "last change": "stage_changed_at"}


def kinds(history):
    return {issue.kind: issue.count for issue in history.issues}


@pytest.mark.parametrize("shape", MAKERS)
def test_a_time_without_a_zone_is_rejected_until_one_is_stated(shape) -> None:
    """T2: 10:00 in Berlin in winter is 9:00 UTC; without a zone the row is rejected, and says so."""
    make, row = MAKERS[shape]
    column = DATED[shape]
    row = {name: None if "date" in name.lower() else value for name, value in row.items()} | {
        column: "2026-02-01 10:00"
    }

    refused = make([row])
    assert [(r.row, r.reason) for r in refused.rejected] == [(1, f"{column}: naive timestamp '2026-02-01T10:00:00'")]
    assert len(refused) == 0
    rows = [row, row | {"state": "offer", "__id": 2, column: "2026-02-01 11:00"}] if shape == "versions" else [row]
    if shape == "intervals":
        rows = [row, row | {"from": "offer", column: "2026-02-01 11:00"}]
    hour = 10 if len(rows) == 2 else 9
    found = make(rows, timezone="Europe/Berlin")
    assert [change["at"] for change in found] == [datetime(2026, 2, 1, hour, tzinfo=UTC)]


@pytest.mark.parametrize("shape", MAKERS)
def test_values_of_a_column_that_the_history_does_not_tell_of_are_refused(shape) -> None:
    """A slip of the pen in `values` would do nothing, and leave the labels as they are."""
    make, row = MAKERS[shape]
    with pytest.raises(ArgumentError, match="values speak of 'stages', but the history tells of 'stage'"):
        make([row], values={"stages": {"new": "N"}})


@pytest.mark.parametrize("shape", MAKERS)
def test_one_row_in_chinese(shape) -> None:
    """Stages, ids and names of people in Chinese come through as they are."""
    make, row = MAKERS[shape]
    row = {
        name: {
            "A": "商机一",
            "new": "报价",
            "offer": "赢单",
            '["A", ["sales_phase_id", 1, 2]]': '["商机", ["sales_phase_id", "报价", "赢单"]]',
        }.get(value, value)
        for name, value in row.items()
    }
    rows = [row, row | {"__id": 2, "state": "赢单", "write_date": "2026-02-02"}] if shape == "versions" else [row]
    words = {"报价", "赢单"} if shape != "columns" else {None, "new"}

    (change,) = make(rows)
    assert change["record"] == "商机一"
    assert {change["old"], change["new"]} <= words | {None}


@pytest.mark.parametrize(
    ("shape", "how", "name"),
    [
        ("field changes", {"old": "Oldvalue"}, "Oldvalue"),
        ("field changes", {"actor": "Who"}, "Who"),
        ("messages", {"new": ["new_value_char", "label"]}, "label"),
        ("diffs", {"sequence": "nr"}, "nr"),
        ("versions", {"version": "nr"}, "nr"),
        ("versions", {"created": "made"}, "made"),
        ("intervals", {"end": "till"}, "till"),
        ("intervals", {"into": "next"}, "next"),
        ("columns", {"left": "left {}"}, r"left \.\.\."),
    ],
)
def test_a_column_that_is_named_has_to_be_there(shape, how, name) -> None:
    """One of the defaults may be missing; one that the caller names and that is not there is a slip, and would change the figures."""
    make, row = MAKERS[shape]
    with pytest.raises(ColumnNotFound, match=f"no column named '{name}' in the rows of the history"):
        make([row], **how)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("{", "not a diff '{'"),
        ('{"sales_phase_id": [1, 2]}', "not a diff"),
        ("[" * 100_000, "not a diff"),
        ('["A", ["estimated_sales", 1, NaN]]', "not a diff"),
        ('["A", ["sales_phase_id", 1, 2, 3]]', "not the old and new value of a field"),
        ('["A", ["chance_to_win", 3], ["sales_phase_id"]]', "not the old and new value of a field"),
        ('["A", ["sales_phase_id", [1], [2]]]', "not the old and new value of a field"),
        (["A", ["sales_phase_id", 1, 2]], "not a diff"),
    ],
)
def test_a_diff_that_cannot_be_understood_is_rejected(value, reason) -> None:
    """Broken, of another shape, nested too deeply, or one of our fields without its values; the other line is taken."""
    history = histories.from_diffs([DIFF | {"value": value}, DIFF | {"id": 2}])

    assert [(r.row, r.reason[: len(f"value: {reason}")]) for r in history.rejected] == [(1, f"value: {reason}")]
    assert [(c["old"], c["new"]) for c in history] == [("1", "2")]


def test_other_things_in_a_diff_are_passed_over() -> None:
    """The record's name, a field that is not ours without its values, and what is no list at all."""
    value = '["A", ["description"], 7, null, {"a": 1}, [], [3, 4], ["sales_phase_id", null, 2]]'

    (change,) = histories.from_diffs([DIFF | {"value": value}])
    assert (change["field"], change["old"], change["new"]) == ("stage", None, "2")


def test_our_column_from_two_of_theirs_is_refused() -> None:
    """One of the two would be lost."""
    with pytest.raises(ArgumentError, match="'stage' comes from two columns"):
        histories.from_row_versions([VERSION], fields={"state": "stage", "phase": "stage"})
    with pytest.raises(ArgumentError, match="fields names none"):
        histories.from_row_versions([VERSION], fields={})


def test_stays_that_overlap_or_leave_a_gap_are_listed() -> None:
    """By hand: the second begins within the first, the third after a gap, the fourth beside one that has no end."""
    begun = [
        ("a", "01-01", "02-01"),
        ("b", "01-20", "02-10"),
        ("c", "02-20", None),
        ("d", "03-01", "03-05"),
        ("e", "03-05", None),
    ]
    rows = [{"parent": "A", "from": v, "from_date": f"2026-{b}", "to_date": e and f"2026-{e}"} for v, b, e in begun]
    for some in (rows, rows[::-1]):
        history = histories.from_intervals(some)
        numbers = {issue.kind: [some[row - 1]["from"] for row in issue.rows] for issue in history.issues}
        assert {kind: sorted(found) for kind, found in numbers.items()} == {
            "stays overlap": ["b", "d"],
            "time in no stay": ["c"],
        }
        assert [(c["old"], c["new"], c["at"].isoformat()[5:]) for c in history] == [
            ("a", "b", "01-20"),
            ("b", None, "02-10"),
            (None, "c", "02-20"),
            ("c", "d", "03-01"),
            ("d", "e", "03-05"),
        ]
    assert kinds(histories.from_intervals([{k: v for k, v in row.items() if k != "to_date"} for row in rows])) == {}


def test_a_change_that_does_not_begin_where_the_one_before_led_is_listed() -> None:
    """S1: by hand: Quote was renamed between the second and the third change of A, and B's middle change is missing.

    Nothing is said of a blank old value, of what nothing orders, of the first change, or of another field.
    """
    moves = [
        ("A", "new", "Quote", "02-01"), ("A", "Quote", "sent", "02-02"), ("A", "Sent", "won", "02-03"), ("B", "new", "Offer", "02-01"),
        ("B", "sent", "won", "02-03"), ("C", "new", "x", "02-01"), ("C", None, "y", "02-03"), ("D", "a", "b", "02-01"),
        ("D", "c", "a", "02-01"), ("D", "b", "c", "02-02"), ("E", "sent", "won", "02-09"),
    ]  # fmt: skip
    rows = [
        CHANGE | {"OpportunityId": r, "OldValue": a, "NewValue": b, "CreatedDate": f"2026-{d}"} for r, a, b, d in moves
    ]
    rows += [
        CHANGE | {"Field": "Amount", "OldValue": str(n), "NewValue": "7", "CreatedDate": f"2026-02-0{n}"}
        for n in (1, 2)
    ]

    for some in (rows, rows[::-1]):
        (issue,) = histories.from_field_changes(some).issues
        assert (issue.kind, issue.count) == ("changes do not follow", 2)
        assert sorted(some[row - 1]["OldValue"] for row in issue.rows) == ["Sent", "sent"]
    renamed = histories.from_field_changes(rows, values={"stage": {"sent": "Sent", "Quote": "Offer"}})
    assert [some.count for some in renamed.issues] == [1]
    ordered = [dict(row, nr=n) for n, row in enumerate([CHANGE | {"NewValue": "a"}, CHANGE | {"OldValue": "b"}])]
    assert kinds(histories.from_field_changes(ordered, sequence="nr")) == {"changes do not follow": 1}
    assert kinds(histories.from_field_changes(ordered)) == {}


def test_a_short_stay_within_a_long_one_does_not_end_it() -> None:
    """The third begins after the second has ended, and while the first still lasts: they overlap, and there is no gap."""
    spans = [("a", "01-01", "03-01"), ("b", "01-20", "01-25"), ("c", "02-01", "03-01"), ("d", "03-02", None)]
    rows = [{"parent": "A", "from": v, "from_date": f"2026-{b}", "to_date": e and f"2026-{e}"} for v, b, e in spans]

    assert kinds(histories.from_intervals(rows)) == {"stays overlap": 2, "time in no stay": 1}


def test_a_stay_that_the_one_before_did_not_lead_to_is_listed() -> None:
    """S1: b was called B when a ended; of stays that take no time nothing is said, and what is translated follows."""
    spans = [
        ("a", "01-01", "02-01", "B"),
        ("b", "02-01", "03-01", "c"),
        ("x", "03-01", "03-01", "y"),
        ("c", "03-01", None, None),
    ]
    rows = [
        {"parent": "A", "from": v, "from_date": f"2026-{b}", "to_date": e and f"2026-{e}", "to": to}
        for v, b, e, to in spans
    ]
    for some in (rows, rows[::-1]):
        (issue,) = histories.from_intervals(some).issues
        assert (issue.kind, [some[row - 1]["from"] for row in issue.rows]) == ("changes do not follow", ["b"])
    assert kinds(histories.from_intervals(rows, values={"stage": {"B": "b"}})) == {}


@pytest.mark.parametrize("shape", ["columns", "last change"])
def test_a_record_that_has_two_rows_is_listed(shape) -> None:
    """A row is a record there; what both say is taken, and that there are two is said."""
    make, row = MAKERS[shape]

    assert kinds(make([row, row | {"id": "B"}])) == {}
    assert kinds(make([row, row | {"id": "B"}, row]))["record twice"] == 1


def test_changes_of_what_is_not_there_are_listed() -> None:
    """O8: of an unknown record, of a column with a slip of the pen, of a table that is none; a deleted record is known."""
    changes = [
        {"table": "opportunity", "record": record, "field": field, "new": "x", "at": "2026-02-01"}
        for record, field in [
            ("A", "stage"),
            ("Z", "stage"),
            ("Z", "owner"),
            ("Y", "stage"),
            ("B", "stge"),
            ("B", "Region"),
        ]
    ]
    changes += [{"table": "oportunity", "record": "A", "field": "stage", "new": "x", "at": "2026-02-01"}]
    changes += [{"table": "lead", "record": "L", "field": "owner", "new": "x", "at": "2026-02-01"}]
    deals = [{"id": "A", "Region": "N"}, {"id": "B", "Region": "S", "deleted": True}]
    data = cc.Dataset(opportunity=deals, change=changes)

    assert [(i.kind, i.column, i.count, i.rows, i.detail) for i in data.issues if i.table == "change"] == [
        ("unknown column", "field", 1, (5,), "opportunity has no 'stge'; did you mean 'stage'?"),
        ("unknown reference", "record", 3, (2, 3, 4), "no opportunity 'Z' (2), 'Y' (1)"),
        ("unknown table", "table", 1, (7,), "no 'oportunity'; did you mean 'opportunity'?"),
    ]
    assert len(data["change"]) == 8


@pytest.mark.parametrize(("kind", "other"), [(int, str), (str, int), (int, int), (str, str)])
def test_records_are_known_whether_ids_are_numbers_or_texts(kind, other) -> None:
    """A log says 7 where the deals have the number 7, and the other way round."""
    change = {"table": "opportunity", "field": "stage", "new": "x", "at": "2026-02-01"}
    data = Dataset(
        opportunity=[{"id": kind(7)}, {"id": kind(8)}],
        change=[change | {"record": other(7)}, change | {"record": other(9)}],
    )

    assert [(i.kind, i.rows) for i in data.issues if i.table == "change"] == [("unknown reference", (2,))]


def test_values_in_bytes_are_text() -> None:
    """SQLite gives amounts as bytes."""
    rows = [VERSION | {"amount": b"1080.00"}, VERSION | {"amount": b"90.00", "__id": 2, "write_date": "2026-02-02"}]

    (change,) = histories.from_row_versions(rows, fields={"amount": "amount"})
    assert (change["old"], change["new"]) == ("1080.00", "90.00")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "viel", ""])
def test_a_percentage_that_is_no_number_is_refused(text) -> None:
    """It would be a probability of no value."""
    with pytest.raises((ValueError, ArithmeticError)):
        histories.percent(text)


@pytest.mark.parametrize(
    ("texts", "places"),
    [
        (["10", "9", None, "-1"], [3, 2, 0, 1]),
        (["10.0", "9.0", "9.5"], [2, 0, 1]),  # a frame makes numbers with blanks fractions
        (["1" * 5000, "2"], [0, 1]),
        (["²", "1"], [1, 0]),
        (["b10", "b9", ""], [1, 2, 0]),
        (["123456789012345678901", "9"], [1, 0]),
        ([None, None], [0, 0]),
        ([], []),
    ],
)
def test_what_orders_the_changes_of_an_instant(texts, places) -> None:
    """S4: numbers as numbers, however they are written; what is none as text; blank is first."""
    assert order_of(texts) == places


# --- changes of one instant, in any order of the rows (S4)

STAGES = [{"id": s, "order": n, "kind": "open"} for n, s in enumerate(["S1", "S2", "S3"])]
LATER = int(datetime(2026, 2, 5, tzinfo=UTC).timestamp()) * 10**6
DAYS = st.integers(1, 3).map(lambda n: date(2026, 2, n))
stages = st.sampled_from(["S1", "S2", "S3"])
TIED = {
    "field changes": lambda rows: histories.from_field_changes(
        [
            {"OpportunityId": r, "Field": "StageName", "OldValue": a, "NewValue": b, "CreatedDate": d}
            for r, a, b, d in rows
        ]
    ),
    "messages": lambda rows: histories.from_messages(
        [{"res_id": r, "field": "stage_id", "new_value_char": b, "date": d} for r, _, b, d in rows]
    ),
    "diffs": lambda rows: histories.from_diffs(
        [
            {"entity_id": r, "value": f'[["sales_phase_id", "{a}", "{b}"], ["chance_to_win", 5]]', "date": d}
            for r, a, b, d in rows
        ]
    ),
    "versions": lambda rows: histories.from_row_versions(
        [{"id": r, "state": b, "write_date": d, "create_date": None} for r, _, b, d in rows], fields={"state": "stage"}
    ),
    "intervals": lambda rows: histories.from_intervals(
        [{"parent": r, "from": b, "from_date": d} for r, _, b, d in rows]
    ),
    "intervals with ends": lambda rows: histories.from_intervals(
        [{"parent": r, "from": a, "from_date": d, "to_date": d.replace(day=d.day + 1), "to": b} for r, a, b, d in rows]
    ),
    "columns": lambda rows: histories.from_entered_and_left(
        [{"id": r, f"hs_date_entered_{b}": d, f"hs_date_exited_{a}": d} for r, a, b, d in rows]
    ),
    "last change": lambda rows: histories.from_last_change(
        [{"id": r, "stage": b, "stage_changed_at": d} for r, _, b, d in rows]
    ),
}


@pytest.mark.parametrize("shape", TIED)
@settings(max_examples=max(settings.default.max_examples // 4, 1))
@given(st.lists(st.tuples(st.sampled_from("AB"), stages, stages, DAYS), max_size=8), st.randoms(use_true_random=False))
def test_ties_in_any_order_of_the_rows_give_the_same_figures(shape, rows, chance) -> None:
    """S4: three days for eight changes, and nothing that orders those of one day: the order of the rows changes no figure."""
    deals = [
        {"id": r, "created_at": "2026-01-31", "stage": "S2", "amount": n, "outcome": "open"}
        for n, r in enumerate("AB", 1)
    ]
    shuffled = rows[:]
    chance.shuffle(shuffled)

    def figures(some):
        history = TIED[shape](some)
        data = cc.Dataset(opportunity=deals, stage=STAGES, change=history)
        if shape == "last change":  # of the days before it nothing is known
            seen = cc.measure("open_value", data, by="stage", as_of=date(2026, 2, 4)).rows()
            return seen, kinds(history), len(history)
        seen = cc.measure("open_value", data, by="stage", per="day", as_of=date(2026, 2, 4)).rows()
        stays = visits_of(data.tables, Zone("UTC"), LATER)
        told = [getattr(stays, name).tolist() for name in ("rows", "entered", "left", "ended", "made")]
        named = [[stays.labels[code] for code in codes.tolist()] for codes in (stays.stage, stays.into)]
        return seen, told, named, kinds(history), len(history.rejected), len(history)

    assert figures(rows) == figures(shuffled)


def test_the_first_of_equal_files_decides_nothing() -> None:
    """The changes of two sources at one instant: added in either order they give the same figures."""
    log = histories.from_field_changes([CHANGE, CHANGE | {"Field": "Amount", "OldValue": "1", "NewValue": "2"}])
    stays = histories.from_intervals(
        [STAY, STAY | {"from": "offer", "from_date": "2026-02-01", "to_date": None, "to": None}]
    )
    deal = {"id": "A", "created_at": "2026-01-05", "stage": "offer", "outcome": "open", "amount": 2}
    found = [
        cc.Dataset(opportunity=[deal], stage=[{"id": "new", "order": 1}, {"id": "offer", "order": 2}], change=h)
        for h in (log + stays, stays + log)
    ]

    assert [values_of(data["change"]["field"]) for data in found] == [["stage", "amount"], ["stage", "amount"]]
    assert [data["change"].excluded for data in found] == [{"told twice": 1}] * 2
    for data in found:
        assert cc.measure("open_value", data, by="stage", as_of=date(2026, 1, 20)).rows() == [
            {"stage": "new", "open_value": 1.0}
        ]
