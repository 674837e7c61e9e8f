"""Changes that a column cannot take are rejected when they are read; those from before their record was are listed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

import crmcore as cc
from crmcore.errors import IngestError

DEAL = {
    "id": "A",
    "created_at": date(2026, 1, 5),
    "stage": "offer",
    "amount": 100,
    "outcome": "open",
    "expected_close": date(2026, 3, 1),
}


def change(field: str, old: Any, new: Any, at: Any, record: str = "A") -> dict[str, Any]:
    return {"table": "opportunity", "record": record, "field": field, "old": old, "new": new, "at": at}


def told(data: cc.Dataset, column: str) -> list[tuple[str, int, bool, tuple[int, ...], str]]:
    found = [i for i in data.issues if i.table == "change" and i.column == column]
    return [(i.kind, i.count, i.rejected, i.rows, i.detail) for i in found]


def test_a_change_to_what_its_column_cannot_take_is_rejected_and_all_else_is_answered() -> None:
    """Row 1 and 3 name no amounts. What is left: new before 2 February, and 90 before the 6th."""
    data = cc.Dataset(
        opportunity=[DEAL],
        change=[
            change("amount", "1,000.50", "100", date(2026, 2, 1)),
            change("stage", "new", "offer", date(2026, 2, 2)),
            change("amount", "abc", "xyz", date(2026, 2, 3)),
            change("amount", "90", "100", date(2026, 2, 6)),
        ],
    )

    assert [(r.row, r.reason, r.record["old"], r.record["new"]) for r in data.rejected] == [
        (1, "old: not a number '1,000.50', for opportunity.amount", "1,000.50", "100"),
        (3, "old: not a number 'abc', for opportunity.amount", "abc", "xyz"),
    ]
    assert told(data, "old") == [
        (
            "not a number",
            2,
            True,
            (1, 3),
            "opportunity.amount cannot be '1,000.50' (record 'A'), 'abc' (record 'A')",
        )
    ]
    assert told(data, "new") == [
        ("not a number", 1, True, (3,), "opportunity.amount cannot be 'xyz' (record 'A')"),
    ]
    assert len(data["change"]) == 2
    found = {day: cc.measure("open_value", data, by="stage", as_of=date(2026, 2, day)).rows() for day in (1, 5, 6)}
    assert found == {
        1: [{"stage": "new", "open_value": 90.0}],
        5: [{"stage": "offer", "open_value": 90.0}],
        6: [{"stage": "offer", "open_value": 100.0}],
    }


@pytest.mark.parametrize(
    ("field", "bad", "good", "kind"),
    [
        ("outcome", "opne", "open", "unknown outcome"),
        ("expected_close", "31/31/2026", "2026-03-01", "not a date"),
        ("probability", "high", "0.4", "not a number"),
        ("deleted", "perhaps", "false", "not a flag"),
        ("size", "large", "12", "not a number"),
    ],
)
@pytest.mark.parametrize("side", ["old", "new"])
def test_each_kind_of_column_says_what_it_cannot_take(field: str, bad: str, good: str, kind: str, side: str) -> None:
    """Dates, choices, chances, flags and numbers of the host's own; also where the records do not name the column."""
    sides = {"old": good, "new": good} | {side: bad}
    data = cc.Dataset(
        opportunity=[DEAL | {"size": 3}],
        change=[change(field, **sides, at=date(2026, 2, 1)), change(field, good, good, date(2026, 2, 2))],
    )

    assert [(k, count, rejected, rows) for k, count, rejected, rows, _ in told(data, side)] == [(kind, 1, True, (1,))]
    assert len(data["change"]) == 1
    data.as_of(date(2026, 2, 1))


def test_any_text_is_a_label_and_blanks_fit_everywhere() -> None:
    """Owners and stages may be called anything; nothing before, or after, is no fault."""
    data = cc.Dataset(
        opportunity=[DEAL | {"owner": "Anna"}],
        change=[
            change("owner", "1,000.50", "Anna", date(2026, 2, 1)),
            change("stage", "abc", "offer", date(2026, 2, 1)),
            change("amount", None, "100", date(2026, 2, 1)),
            change("expected_close", "2026-02-01", None, date(2026, 2, 1)),
        ],
    )

    assert data.rejected == ()
    assert told(data, "old") == told(data, "new") == []


def test_amounts_with_their_currency_fit() -> None:
    """M2: "90 EUR" is an amount; "EUR 90" and "many EUR" are none."""
    data = cc.Dataset(
        opportunity=[DEAL | {"currency": "EUR"}],
        change=[
            change("amount", "90 EUR", "100 EUR", date(2026, 2, 1)),
            change("amount", "many EUR", "100 EUR", date(2026, 2, 2)),
            change("amount", "EUR 90", "100", date(2026, 2, 3)),
        ],
    )

    assert [r.row for r in data.rejected] == [2, 3]


def test_many_are_counted_and_three_are_quoted() -> None:
    """The issue quotes three of five, and five row numbers; each is in the rejected rows."""
    some = [change("amount", f"x{n}", "100", date(2026, 2, n + 1)) for n in range(5)]
    data = cc.Dataset(opportunity=[DEAL], change=some)

    [(_, count, _, rows, detail)] = told(data, "old")
    assert (count, rows) == (5, (1, 2, 3, 4, 5))
    assert detail == ("opportunity.amount cannot be 'x0' (record 'A'), 'x1' (record 'A'), 'x2' (record 'A') and 2 more")
    assert [r.record["old"] for r in data.rejected] == ["x0", "x1", "x2", "x3", "x4"]


def test_tables_that_are_put_together_without_ingest_raise() -> None:
    """Nothing is guessed where nobody checked: the amounts are of one dataset, the changes of one without opportunities."""
    deals = cc.Dataset(opportunity=[DEAL])
    changes = cc.Dataset(change=[change("amount", "viel", "100", date(2026, 2, 1))])
    data = cc.Dataset.of({**deals.tables, **changes.tables})

    with pytest.raises(IngestError, match=r"'viel' cannot be a value of opportunity.amount: not a number"):
        data.as_of(date(2026, 1, 31))


def test_changes_from_before_the_creation_are_listed_and_kept() -> None:
    """T3, E20: a deal was in no stage before it was. Dates and instants are compared by local days (T2)."""
    evening = datetime(2026, 1, 4, 23, 30, tzinfo=UTC)  # the 5th in Berlin
    data = cc.Dataset(
        timezone="Europe/Berlin",
        opportunity=[DEAL, DEAL | {"id": "B", "amount": 200}],
        change=[
            change("stage", "new", "offer", date(2025, 1, 1)),
            change("stage", "new", "offer", date(2026, 1, 5)),
            change("stage", "new", "offer", date(2026, 1, 4), "B"),
            change("amount", "1", "200", date(2026, 1, 3), "B"),
            change("stage", "new", "offer", date(2025, 1, 1), "nobody"),
        ],
    )

    assert told(data, "at") == [
        ("changed before created", 3, False, (1, 3, 4), "opportunity 'B' (2), 'A' (1)"),
    ]
    assert len(data["change"]) == 5
    data = cc.Dataset(
        timezone="Europe/Berlin",
        opportunity=[DEAL],
        change=[
            change("stage", "new", "offer", evening),
            change("stage", "offer", "new", evening.replace(hour=22)),
        ],
    )
    assert [(count, rows) for _, count, _, rows, _ in told(data, "at")] == [(1, (2,))]


def test_instants_are_compared_to_the_microsecond() -> None:
    """T3: a change in the instant of the creation is in order; a second earlier is not."""
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    data = cc.Dataset(
        opportunity=[{"id": 7, "created_at": noon, "stage": "b"}],
        change=[
            change("stage", "a", "b", noon, "7"),
            change("stage", "a", "b", noon.replace(hour=11, minute=59, second=59), "7"),
        ],
    )

    assert [(count, rows) for _, count, _, rows, _ in told(data, "at")] == [(1, (2,))]


def test_a_record_without_creation_was_always_there() -> None:
    """A blank creation is before nothing."""
    data = cc.Dataset(
        opportunity=[
            {"id": "A", "created_at": None, "stage": "b"},
            {"id": "B", "created_at": date(2026, 1, 1), "stage": "b"},
        ],
        change=[change("stage", "a", "b", date(2020, 1, 1))],
    )

    assert told(data, "at") == []


def test_each_reason_is_an_issue_of_its_own() -> None:
    """A text that is no date, and a date far off: two issues, one row each."""
    data = cc.Dataset(
        opportunity=[DEAL],
        change=[
            change("expected_close", "soon", "2026-03-01", date(2026, 2, 1)),
            change("expected_close", "2300-01-01", "2026-03-01", date(2026, 2, 2)),
        ],
    )

    assert [(kind, rows) for kind, _, _, rows, _ in told(data, "old")] == [
        ("not a date", (1,)),
        ("date out of range", (2,)),
    ]


def test_a_row_is_rejected_once() -> None:
    """A change that says of no time is rejected for that; what else is wrong with it adds nothing."""
    data = cc.Dataset(opportunity=[DEAL], change=[change("amount", "abc", "100", None)])

    assert [(r.row, r.reason) for r in data.rejected] == [(1, "at: blank")]
    assert told(data, "old") == []


def test_creations_are_those_of_the_own_table_and_of_the_row_that_is_kept() -> None:
    """The lead A of 2025 has nothing to do with the deal A of 2026; of two rows of one id the first is kept."""
    data = cc.Dataset(
        opportunity=[DEAL, DEAL | {"created_at": date(2024, 1, 1)}],
        lead=[{"id": "A", "created_at": date(2025, 1, 1), "status": "new"}],
        change=[
            {"table": "lead", "record": "A", "field": "status", "old": "x", "new": "new", "at": date(2025, 6, 1)},
            change("stage", "new", "offer", date(2025, 6, 1)),
        ],
    )

    assert told(data, "at") == [("changed before created", 1, False, (2,), "opportunity 'A' (1)")]
