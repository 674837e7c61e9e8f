"""Histories that a profile declares: files of the shapes in which hosts keep history become the table of changes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import crmcore as cc
from crmcore.calendars import Zone
from crmcore.errors import HistoryUnavailable, ProfileError
from crmcore.table.history import visits_of
from crmcore.table.values import values_of

DEALS = "id,created_at,stage,outcome\nD1,2026-01-05,S3,open\nD2,2026-01-06,S1,open\n"
PROFILE = {
    "timezone": "UTC",
    "file": [{"match": "deals.csv", "table": "opportunity"}],
}
VERSIONS = {
    "match": "versions.csv",
    "table": "change",
    "history": "row_versions",
    "columns": {"record": "deal", "at": "since", "version": "no", "created": "made", "stage": "phase"},
}

LOG = {
    "history": "field_changes",
    "columns": {"record": "deal", "field": "what", "old": "was", "new": "is", "at": "on"},
}


def read(folder, entries, **files):
    """Write files and read them with the deals."""
    for name, text in {"deals": DEALS, **files}.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return cc.read(folder, profile=PROFILE | {"file": [*PROFILE["file"], *entries]})


def told(data, *names):
    return list(zip(*(values_of(data["change"][name]) for name in names), strict=True))


def test_versions_of_rows(tmp_path) -> None:
    """S4, S5: ties by their number, a blank date by that of the creation; a row filter, and rows as they came."""
    text = "deal,no,since,made,phase,live\nD1,10,2026-02-09,2026-01-05,S3,y\nD1,9,2026-02-09,2026-01-05,S2,y\nD1,1,,2026-01-05,S1,y\n"
    text += "D2,2,,,S9,y\nD2,1,2026-01-06,,S1,n\nD2,3,soon,,S1,y\n"
    entry = VERSIONS | {"where": {"column": "live", "equals": "y"}}
    data = read(tmp_path, [entry], versions=text)

    assert told(data, "record", "field", "old", "new", "at") == [
        ("D1", "stage", "S1", "S2", date(2026, 2, 9)),
        ("D1", "stage", "S2", "S3", date(2026, 2, 9)),
    ]
    assert [(r.table, r.row, r.reason, r.record["phase"], r.record["deal"]) for r in data.rejected] == [
        ("change", 4, "at: blank", "S9", "D2"),
        ("change", 6, "at: not a date 'soon'", "S1", "D2"),
    ]
    assert data["change"].excluded == {"row filter": 1}
    assert set(data) == {"opportunity", "change"}


def test_intervals_and_a_log_are_joined(tmp_path) -> None:
    """Names of stages become ids by `values`; the log has ids and more columns, the intervals are numbered below."""
    log = "key,deal,amount,at,who\nA1,D1,90,2026-02-01,Anna\nA2,D2,,2026-02-02,Boris\nA2,D2,3,2026-02-03,Boris\n"
    stays = "deal,was,from,to,then\nD1,Neu,2026-01-05,2026-02-09,Offerte\nD1,Offerte,2026-02-09,,\n"
    names = {"Neu": "S1", "Offerte": "S3"}
    entries = [
        {
            "match": "log.csv",
            "table": "change",
            "rest": False,
            "columns": {"id": "key", "table": {"value": "opportunity"}, "field": {"value": "amount"}, "record": "deal"}
            | {"new": "amount", "at": "at", "actor": "who"},
        },
        {
            "match": "stays.csv",
            "table": "change",
            "history": "intervals",
            "columns": {
                "record": "deal",
                "value": {"column": "was", "values": names},
                "begin": "from",
                "end": "to",
                "into": {"column": "then", "values": names},
            },
        },
    ]
    data = read(tmp_path, entries, log=log, stays=stays)

    assert told(data, "id", "record", "field", "old", "new", "at", "actor") == [
        ("A1", "D1", "amount", None, "90", date(2026, 2, 1), "Anna"),
        ("A2", "D2", "amount", None, None, date(2026, 2, 2), "Boris"),
        ("history:1", "D1", "stage", "S1", "S3", date(2026, 2, 9), None),
    ]
    assert [(r.table, r.row, r.reason) for r in data.rejected] == [("change", 3, "id: duplicate id 'A2'")]


def test_columns_with_when_a_stage_was_entered_and_left(tmp_path) -> None:
    """Each pair of columns is named for its stage; a zone is stated for times without one."""
    text = "deal,new in,new out,offer in\nD1,2026-01-05 09:00,2026-02-09 10:30,2026-02-09 10:30\n"
    entry = {
        "match": "stages.csv",
        "table": "change",
        "history": "entered_and_left",
        "timezone": "Europe/Berlin",
        "columns": {"record": "deal", "entered_S1": "new in", "left_S1": "new out", "entered_S3": "offer in"},
    }
    data = read(tmp_path, [entry], stages=text)

    assert told(data, "old", "new", "at") == [
        (None, "S1", datetime(2026, 1, 5, 8, tzinfo=UTC)),
        ("S1", "S3", datetime(2026, 2, 9, 9, 30, tzinfo=UTC)),
    ]


def test_columns_of_stages_by_their_pattern(tmp_path) -> None:
    """Each stage that the header names, but for a column that is dropped; a pattern that fits nothing is an error."""
    text = "deal,in new,out new,in S3,in all\nD1,2026-01-05,2026-02-09,2026-02-09,2026-01-01\n"
    entry = {
        "match": "stages.csv",
        "table": "change",
        "history": "entered_and_left",
        "drop": ["in all"],
        "columns": {"record": "deal", "entered": "in {}", "left": {"column": "out {}", "optional": True}},
    }
    assert told(read(tmp_path, [entry], stages=text), "old", "new", "at") == [
        (None, "new", date(2026, 1, 5)),
        ("new", "S3", date(2026, 2, 9)),
    ]
    with pytest.raises(ProfileError, match=r"stages\.csv has no column that is called like 'since \{\}'"):
        read(tmp_path, [entry | {"columns": {"record": "deal", "entered": "since {}"}}], stages=text)


def test_a_log_of_field_changes(tmp_path) -> None:
    """S4: ties by a text of numbers; ids before labels; percentages; another field is counted, a wrong value rejected."""
    lines = [
        "D1,phase,7,1,Quote,Proposal,2026-02-09,9",
        "D1,phase,,,Quote,Proposal,2026-02-09,10",
        "D1,chance,,,10 %,25%,2026-02-09,10",
        "D1,colour,,,red,blue,2026-02-09,10",
        "D1,chance,,,25 %,many,2026-02-10,11",
        "D1,sum,,,90,95,2026-02-10,11",
    ]
    entry = LOG | {
        "match": "log.csv",
        "table": "change",
        "columns": LOG["columns"]
        | {"old": "id was", "old_else": "was", "new": "id is", "new_else": "is", "sequence": "no"},
        "fields": {
            "phase": {"field": "stage", "values": {"7": "S1", "1": "S2", "Quote": "S2", "Proposal": "S3"}},
            "chance": {"field": "probability", "percent": "text"},
            "sum": "amount",
        },
    }
    for rows in (lines, lines[::-1]):
        data = read(tmp_path, [entry], log="\n".join(["deal,what,id was,id is,was,is,on,no", *rows]) + "\n")
        assert sorted(told(data, "at", "field", "old", "new", "sequence")) == [
            (date(2026, 2, 9), "probability", "0.1", "0.25", 1),
            (date(2026, 2, 9), "stage", "S1", "S2", 0),
            (date(2026, 2, 9), "stage", "S2", "S3", 1),
            (date(2026, 2, 10), "amount", "90", "95", 0),
        ]
        assert data["change"].excluded == {"other field": 1}
        assert [(r.reason, r.record["is"]) for r in data.rejected] == [
            ("new: not a value of probability 'many'", "many")
        ]


def test_json_diffs(tmp_path) -> None:
    """A line of two fields is two changes; what is no diff is rejected with its line."""
    lines = ['D1,"[""D1"", [""phase"", 1, 3], [""chance"", 30]]",2026-02-09,4', "D2,broken [,2026-02-09,5"]
    entry = {
        "match": "log.csv",
        "table": "change",
        "history": "diffs",
        "columns": {"record": "deal", "diff": "value", "at": "on", "sequence": "no"},
        "fields": {
            "phase": {"field": "stage", "values": {"1": "S1", "3": "S3"}},
            "chance": {"field": "probability", "percent": 100},
        },
    }
    data = read(tmp_path, [entry], log="\n".join(["deal,value,on,no", *lines]) + "\n")

    assert told(data, "record", "field", "old", "new") == [
        ("D1", "stage", "S1", "S3"),
        ("D1", "probability", None, "0.3"),
    ]
    assert [(r.row, r.reason) for r in data.rejected] == [(2, "diff: not a diff 'broken ['")]


def test_what_two_histories_tell_counts_once(tmp_path) -> None:
    """Three of the versions' four changes are in the log too, one written in another way; twice within the log is twice."""
    versions = "deal,no,since,phase,sum\nD1,1,2026-01-05,S1,90\nD1,2,2026-02-09,S2,90\nD1,3,2026-02-10,S3,95\nD2,4,2026-01-06,S2,1\n"
    versions += "D2,5,2026-02-10,S1,1\n"
    log = "deal,what,was,is,on\nD1,phase,S1,S2,2026-02-09\nD1,sum,90.00,95.00,2026-02-10\nD1,phase,S2,S3,2026-02-10\n"
    log += "D1,phase,S2,S3,2026-02-10\nD1,phase,S3,S2,2026-02-11\n"
    entries = [
        VERSIONS | {"columns": {"record": "deal", "at": "since", "version": "no", "stage": "phase", "amount": "sum"}},
        LOG | {"match": "log.csv", "table": "change", "fields": {"phase": "stage", "sum": "amount"}},
    ]
    for some in (entries, entries[::-1]):
        data = read(tmp_path, some, versions=versions, log=log)
        assert data["change"].excluded == {"told twice": 3}
        assert len(data["change"]) == 4 + 5 - 3


def test_the_last_change_alone(tmp_path) -> None:
    """S5: stays are unavailable, also where the file has no rows."""
    entry = {
        "match": "moved.csv",
        "table": "change",
        "history": "last_change",
        "columns": {"record": "deal", "value": "phase", "at": "moved"},
    }
    for text in ("deal,phase,moved\nD1,S3,2026-02-09\nD2,S1,\n", "deal,phase,moved\n"):
        data = read(tmp_path, [entry], moved=text)
        with pytest.raises(HistoryUnavailable):
            visits_of(data.tables, Zone("UTC"), 0)


def test_what_a_history_says_stays_when_it_is_joined(tmp_path) -> None:
    """S5: issues and the mark of the last change alone; rows of the history are numbered after those of the log."""
    log = "deal,amount,at\nD1,90,2026-02-01\nD1,,soon\nD2,95,2026-02-03\n"
    entries = [
        {
            "match": "log.csv",
            "table": "change",
            "rest": False,
            "columns": {"table": {"value": "opportunity"}, "field": {"value": "amount"}, "record": "deal"}
            | {"new": "amount", "at": "at"},
        },
        {
            "match": "moved.csv",
            "table": "change",
            "history": "last_change",
            "columns": {"record": "deal", "value": "phase", "at": "moved"},
        },
    ]
    data = read(tmp_path, entries, log=log, moved="deal,phase,moved\nD1,S3,2026-02-09\n,S1,2026-02-09\n")

    assert data["change"].last_only == {"opportunity.stage"}
    assert sorted((i.kind, i.column) for i in data.issues if i.rejected) == [("blank", "record"), ("not a date", "at")]
    assert sorted((r.row, r.reason) for r in data.rejected) == [(2, "at: not a date 'soon'"), (2, "record: blank")]
    assert told(data, "record", "field", "last_only") == [
        ("D1", "amount", False),
        ("D2", "amount", False),
        ("D1", "stage", True),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"history": "row_version"}, "unknown shape of a history 'row_version'; did you mean 'row_versions'"),
        ({"table": "deal changes"}, "a history becomes the table \"change\", not 'deal changes'"),
        ({"columns": {"record": "deal", "stage": "phase"}}, "history = 'row_versions' needs 'at'"),
        ({"columns": {"record": "deal", "at": "since"}}, "needs at least one of our columns, such as stage"),
        ({"history": "intervals"}, "history = 'intervals' needs 'value' and 'begin'"),
        (
            {"history": "last_change", "columns": {"record": "a", "value": "b", "at": "c", "old": "d"}},
            "history = 'last_change' has no column 'old'; there are record, value, at",
        ),
        (
            {"history": "entered_and_left", "columns": {"record": "a"}},
            "needs columns such as entered_NAME and left_NAME",
        ),
        (
            {"history": "entered_and_left", "columns": {"record": "a", "entered_S1": "b", "at": "c"}},
            "history = 'entered_and_left' has no column 'at'; there are record, entered_, left_, entered, left",
        ),
        (
            {"history": "entered_and_left", "columns": {"record": "a", "entered": "since"}},
            "entered = 'since' names no columns; {} stands once for the stage",
        ),
        ({"history": "diffs", "columns": {"record": "a", "at": "b"}}, "history = 'diffs' needs 'diff'"),
        (LOG | {"fields": {}}, "history = 'field_changes' needs fields, such as"),
        (LOG | {"fields": {"Phase": {"values": {"a": "b"}}}}, "field 'Phase' needs field, one of our columns"),
        (LOG | {"fields": {"Phase": {"field": "stage", "vals": {}}}}, "unknown key of field 'Phase' 'vals'"),
        (LOG | {"fields": {"P": {"field": "probability", "percent": 7}}}, "percent = 7 is not 1 (for 0-1), 100"),
        (
            LOG | {"fields": {"P": {"field": "probability", "percent": 100, "values": {"a": "1"}}}},
            "'P': one way to read 'probability', please",
        ),
        (
            LOG | {"fields": {"P": {"field": "probability", "percent": 100}, "Q": "probability"}},
            "'P' and 'Q': one way to read 'probability', please",
        ),
        ({"fields": {"Phase": "stage"}}, "fields are said of a history that is one of field_changes, diffs"),
    ],
)
def test_a_profile_that_is_wrong_says_what_would_be_right(tmp_path, change, message) -> None:
    """The shape, the table and the columns of a history are checked before any file is read."""
    with pytest.raises(ProfileError) as error:
        read(tmp_path, [VERSIONS | change])
    assert message in str(error.value)
