"""A table of changes says what columns were; expected values are worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

import crmcore as cc
from crmcore.domain import Money
from crmcore.errors import ArgumentError
from crmcore.table.history import order
from crmcore.table.values import values_of

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def day(number):
    return NEW_YEAR + timedelta(days=number - 1)


def change(field, old, new, at, record="D1", **more):
    return {"table": "opportunity", "record": record, "field": field, "old": old, "new": new, "at": at, **more}


def column(data, name, at, **kwargs):
    return values_of(data.as_of(at, **kwargs)["opportunity"][name])


def test_values_are_those_of_the_time() -> None:
    """O8: text, money, whole numbers, dates and flags of then; a missing first value is the old one of the first change (S5)."""
    deal = {
        "id": 1, "created_at": day(1), "stage": "赢单", "amount": Money("90", "CNY"), "term_months": 24, "expected_close": date(2026, 6, 1),
        "archived": True, "probability": Decimal("0.8"),
    }  # fmt: skip
    data = cc.Dataset(
        opportunity=[deal],
        change=[
            change("stage", "报价", "赢单", day(10), record=1),
            change("amount", "12.505 CNY", "90 CNY", day(10), record=1),
            change("term_months", "12", "24", day(10), record=1),
            change("expected_close", "2026-03-01", "2026-06-01", day(10), record=1),
            change("archived", "false", "true", day(10), record=1),
            change("probability", None, "0.8", day(10), record=1),
        ],
    )

    before, after = ({n: column(data, n, day(d))[0] for n in deal} for d in (9, 10))

    assert before == deal | {
        "stage": "报价", "amount": Money("12.505", "CNY"), "term_months": 12, "expected_close": date(2026, 3, 1), "archived": False,
        "probability": None,
    }  # fmt: skip
    assert after == deal


def test_a_date_counts_from_the_end_of_its_day() -> None:
    """T8: a change of 10 January is there at the end of that local day, and not at its noon."""
    data = cc.Dataset(
        opportunity=[{"id": "D1", "created_at": date(2026, 1, 1), "stage": "b"}],
        change=[change("stage", "a", "b", date(2026, 1, 10))],
    )

    assert column(data, "stage", date(2026, 1, 9)) == ["a"]
    assert column(data, "stage", datetime(2026, 1, 10, 12, tzinfo=UTC)) == ["a"]
    assert column(data, "stage", date(2026, 1, 10)) == ["b"]
    assert column(data, "stage", datetime(2026, 1, 10, 17, tzinfo=UTC), timezone="Asia/Shanghai") == ["b"]


def test_ties_are_settled_by_sequence_then_by_the_pipeline() -> None:
    """S4, E11: changes of one instant, in whatever order they come, end in the same stage."""
    stages = [{"id": "z", "order": 1}, {"id": "m", "order": 2}, {"id": "a", "order": 3}]
    deals = [{"id": "D1", "created_at": day(1), "stage": "end"}]
    moves = [change("stage", None, "z", day(5)), change("stage", "z", "m", day(5)), change("stage", "m", "a", day(5))]
    last = change("stage", "a", "end", day(9))
    for some in permutations([*moves, last]):
        assert column(cc.Dataset(opportunity=deals, stage=stages, change=some), "stage", day(5)) == ["a"]

    numbered = [{**m, "sequence": n} for m, n in zip(moves, (3, 1, 2), strict=True)]
    for some in permutations([*numbered, last]):
        assert column(cc.Dataset(opportunity=deals, stage=stages, change=some), "stage", day(6)) == ["z"]


def test_what_was_learnt_late_was_not_known() -> None:
    """O8, E55: a change of 5 January that was written down on 20 January."""
    data = cc.Dataset(
        opportunity=[{"id": "D1", "created_at": day(1), "amount": 300}],
        change=[
            change("amount", "100", "200", day(5), recorded_at=day(20)),
            change("amount", "100", "300", day(10), recorded_at=day(10)),
        ],
    )

    seen = {(at, by): column(data, "amount", day(at), known=day(by))[0].amount for at in (4, 7, 12) for by in (12, 25)}

    assert seen == {(4, 12): 100, (4, 25): 100, (7, 12): 100, (7, 25): 200, (12, 12): 300, (12, 25): 300}
    assert column(data, "amount", day(7))[0].amount == 100


def test_deleted_and_merged_records_are_there_while_they_were() -> None:
    """O3, E05, E32: a deletion ends a record, and takes nothing from the time before it."""
    data = cc.Dataset(
        opportunity=[
            {"id": "D1", "created_at": day(1), "deleted": False, "merged_into": None},
            {"id": "D2", "created_at": day(1), "deleted": True, "merged_into": None},
            {"id": "D3", "created_at": day(1), "deleted": False, "merged_into": "D1"},
            {"id": "D4", "created_at": day(1), "deleted": True, "merged_into": None},
        ],
        change=[
            change("deleted", "false", "true", day(8), record="D2"),
            change("merged_into", None, "D1", day(9), record="D3"),
        ],
    )

    assert [column(data, "id", day(d)) for d in (7, 8, 9)] == [["D1", "D2", "D3"], ["D1", "D3"], ["D1"]]
    assert values_of(data["opportunity"]["id"]) == ["D1"]


def test_without_changes_that_fit_nothing_differs() -> None:
    """Changes of records or tables that are not there, and an empty table of changes, change nothing."""
    deals = [{"id": "D1", "created_at": day(1), "stage": "a"}]
    for some in (
        [],
        [change("stage", "x", "y", day(3), record="D9")],
        [{**change("stage", "x", "y", day(3)), "table": "planet"}],
    ):
        assert column(cc.Dataset(opportunity=deals, change=some), "stage", day(2)) == ["a"]


def test_a_value_that_cannot_be_read_is_rejected_and_quoted() -> None:
    """Nothing is guessed, and nothing left out silently."""
    data = cc.Dataset(
        opportunity=[{"id": "D1", "created_at": day(1), "amount": 300}],
        change=[change("amount", "viel", "300", day(5))],
    )

    (issue,) = [i for i in data.issues if i.table == "change"]
    assert issue.rejected
    assert "'viel'" in issue.detail
    assert column(data, "amount", day(3)) == [Money(300)]
    with pytest.raises(ArgumentError, match=r"valid datetime.* has no time zone"):
        data.as_of(datetime(2026, 1, 1))


def test_the_result_names_what_is_assumed_only() -> None:
    """O8: columns with a log are known, those without are today's."""
    deals = [{"id": "D1", "created_at": day(1), "stage": "b", "owner": "Anna", "amount": 10, "outcome": "open"}]
    data = cc.Dataset(opportunity=deals, change=[change("stage", "a", "b", day(5))])

    found = cc.measure("open_value", data, by=["stage", "owner"], as_of=day(3))

    assert found.rows() == [{"stage": "a", "owner": "Anna", "open_value": 10.0}]
    assert sorted(found.settings["assumed"]) == ["opportunity.amount", "opportunity.owner"]


def test_amounts_that_name_no_currency_have_that_of_their_record() -> None:
    """M2: hosts keep amount and currency in fields apart; an amount of the past is in the currency of its deal, or in its own."""
    rows = [
        {"id": "A", "created_at": date(2026, 1, 1), "outcome": "open", "amount": 20, "currency": "EUR"},
        {"id": "B", "created_at": date(2026, 1, 1), "outcome": "open", "amount": 30, "currency": "EUR"},
    ]
    usd = {"id": "C", "created_at": date(2026, 1, 1), "outcome": "open", "amount": 50, "currency": "USD"}

    def raised(*deals, text="10"):
        return [
            {"table": "opportunity", "record": d["id"], "field": "amount", "old": text, "new": str(d["amount"]), "at": date(2026, 2, 1)}
            for d in deals
        ]  # fmt: skip

    def then(*deals, text="10"):
        data = cc.Dataset(opportunity=deals, change=raised(*deals, text=text))
        found = cc.measure("open_value", data, by="currency", as_of=date(2026, 1, 15))
        return {row["currency"]: row["open_value"] for row in found.rows()}

    assert then(*rows) == {"EUR": 20}
    assert then(*rows, usd) == {"EUR": 20, "USD": 10}
    assert then(*rows, usd, text=None) == {"EUR": 0, "USD": 0}
    assert then(*rows, text="10 EUR") == {"EUR": 20}


STAGES = [
    {"id": "A", "order": 1, "kind": "open"},
    {"id": "B", "order": 2, "kind": "open"},
    {"id": "won", "order": 3, "kind": "won"},
    {"id": "paid", "order": 4, "kind": "won"},
    {"id": "lost", "order": 5, "kind": "lost"},
]


@pytest.mark.parametrize(
    ("late", "then", "seen", "told"),
    [
        # lost on the 5th and back in A on the 8th: who does not know of the loss has never seen it lost
        ("lost", "A", "AABBBA", "oooooo"),
        # won on the 5th and paid on the 8th: who knows of the payment alone knows that it is won since then
        ("won", "paid", "AABBBp", "ooooow"),
    ],
)
@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_outcomes_follow_from_the_stages_that_were_known(late, then, seen, told, piece, monkeypatch) -> None:
    """O2, O8: a closing of the 5th that was written down on the 30th, between moves that were written down at once; derived in
    parts of any length."""
    monkeypatch.setattr(order, "_PIECE", piece)
    moves = [("A", "B", 3, 3), ("B", late, 5, 30), (late, then, 8, 8)]
    deal = {"id": "D1", "created_at": day(1), "stage": then, "outcome": "won" if then == "paid" else "open"}
    data = cc.Dataset(
        opportunity=[deal],
        stage=STAGES,
        change=[change("stage", old, new, day(at), recorded_at=day(known)) for old, new, at, known in moves],
    )
    for number, stage, outcome in zip((1, 2, 3, 4, 6, 9), seen, told, strict=True):
        stages, outcomes = (column(data, name, day(number), known=day(10)) for name in ("stage", "outcome"))
        assert [s[0] for s in stages] == [stage], number
        assert [o[0] for o in outcomes] == [outcome], number
        swept = cc.measure("open_deals", data, per="day", as_of=day(number), known=day(10)).rows()
        assert swept[-1]["open_deals"] == (outcome == "o"), number
    assert column(data, "outcome", day(6), known=day(30)) == [late]
    flow = cc.analyse("stage_flow", data, as_of=day(9), known=day(10))
    assert sorted(r["stage"] for r in flow.rows()) == ["A", "B"]  # nobody was ever at work in the stage of what is paid
    assert {r["stage"]: r["end"] for r in flow.rows()} == {"A": int(then == "A"), "B": 0}


def test_a_date_of_closing_tells_nothing_of_a_loss_that_was_not_known() -> None:
    """O4, O8: lost on the 5th, as the record says too, and written down on the 30th; another deal that moved since is no news of it."""
    data = cc.Dataset(
        opportunity=[
            {"id": "D1", "created_at": day(1), "stage": "lost", "outcome": "lost", "closed_at": day(5)},
            {"id": "D2", "created_at": day(1), "stage": "B", "outcome": "open", "closed_at": None},
        ],
        stage=STAGES,
        change=[
            change("stage", "A", "lost", day(5), recorded_at=day(30)),
            change("stage", "A", "B", day(8), record="D2"),
        ],
    )

    assert column(data, "outcome", day(9), known=day(10)) == ["open", "open"]
    assert column(data, "outcome", day(9), known=day(30)) == ["lost", "open"]


def test_two_moves_of_one_instant_of_which_one_was_known() -> None:
    """O2, O8, S4: won from its creation, reopened and moved on in one save, of which the reopening was written down days later: who
    sees it in B sees it open."""
    moves = [("won", "A", 9, 1), ("A", "B", 3, 2)]
    data = cc.Dataset(
        opportunity=[{"id": "D1", "created_at": day(1), "stage": "B", "outcome": "open"}],
        stage=STAGES,
        change=[change("stage", a, b, day(3), recorded_at=day(known), sequence=n) for a, b, known, n in moves],
    )

    assert [column(data, name, day(4), known=day(5)) for name in ("stage", "outcome")] == [["B"], ["open"]]
    assert [column(data, "outcome", day(d), known=day(9)) for d in (2, 4)] == [["won"], ["open"]]


@pytest.mark.parametrize(
    ("then", "known", "outcome", "closed", "first", "reopened"),
    [
        (6, 30, "won", day(5), day(5), 0),
        (9, 30, "open", None, day(5), 1),
        (13, 30, "lost", day(12), day(5), 1),
        # as of what is told alone, it was won until the 8th, and nothing says that it was not so from its creation (O6)
        (6, 10, "won", day(1), day(1), 0),
        (9, 10, "open", None, day(1), 1),
        (13, 14, "lost", day(12), day(1), 1),
        (13, 11, "open", None, day(1), 1),
    ],
)
def test_dates_that_follow_are_those_that_were_known(then, known, outcome, closed, first, reopened) -> None:
    """O5, O8: won on the 5th, which was written down on the 30th; open again on the 8th and lost on the 12th, both told at once."""
    deal = {"id": "D1", "created_at": day(1), "stage": "lost", "outcome": "lost"}
    data = cc.Dataset(
        opportunity=[{**deal, "closed_at": day(12), "first_won_at": day(5), "reopened": 1}],
        stage=STAGES,
        change=[
            change("stage", "A", "paid", day(5), recorded_at=day(30)),
            change("stage", "paid", "B", day(8)),
            change("stage", "B", "lost", day(12)),
        ],
    )
    found = [
        column(data, name, day(then), known=day(known)) for name in ("outcome", "closed_at", "first_won_at", "reopened")
    ]

    assert found == [[outcome], [closed], [first], [reopened]]


def test_who_was_created_closed_was_closed_at_the_creation() -> None:
    """O5, O6: created won on the 3rd and reopened on the 8th, it was won on the 3rd, with a cycle of 0 days, and still is its first win."""
    data = cc.Dataset(
        opportunity=[
            {
                "id": "D1", "created_at": day(3), "stage": "A", "outcome": "open", "closed_at": None, "first_won_at": day(3),
                "reopened": 1, "amount": 100,
            }
        ],
        stage=STAGES,
        change=[change("stage", "paid", "A", day(8))],
    )  # fmt: skip
    found = {
        n: [column(data, n, day(at)) for at in (5, 9)] for n in ("closed_at", "first_won_at", "reopened", "outcome")
    }
    card = cc.measure(["won_deals", "won_value", "sales_cycle_days"], data, as_of=day(5))

    assert found == {
        "closed_at": [[day(3)], [None]],
        "first_won_at": [[day(3)], [day(3)]],
        "reopened": [[0], [1]],
        "outcome": [["won"], ["open"]],
    }
    assert card.rows() == [{"won_deals": 1, "won_value": 100, "sales_cycle_days": 0.0}]


def test_a_row_is_what_it_is_today_since_its_last_change() -> None:
    """O8: the record says A, its only change made it B on the 5th; it is A since then, whether another deal changes later or not."""
    moves = [change("stage", "A", "B", day(5)), change("stage", "A", "B", day(20), record="D2")]
    deals = [
        {"id": name, "created_at": day(1), "stage": stage, "outcome": "open"}
        for name, stage in (("D1", "A"), ("D2", "B"))
    ]
    for told in (moves[:1], moves):
        data = cc.Dataset(opportunity=deals, stage=STAGES, change=told)

        assert [column(data, "stage", day(at))[0] for at in (3, 9, 25)] == ["A", "A", "A"]
        assert next(r["stage"] for r in cc.analyse("stage_flow", data, as_of=day(9)).rows() if r["end"]) == "A"


def test_a_record_is_not_known_before_its_creation() -> None:
    """O8: known by the 10th, D2 of the 20th is not there on the 25th, and D1 that was won on the 20th is still open; so at every month-end."""
    deals = [
        {"id": "D1", "created_at": day(1), "outcome": "won", "closed_at": day(20), "amount": 7},
        {"id": "D2", "created_at": day(20), "outcome": "open", "closed_at": None, "amount": 100},
    ]
    told = [change("owner", "Anna", "Bo", day(5))]
    for changes in ({}, {"change": told}):
        data = cc.Dataset(opportunity=deals, **changes)

        assert cc.measure("open_value", data, as_of=day(25), known=day(10)).rows() == [{"open_value": 7}]
        assert cc.measure("open_value", data, as_of=day(25)).rows() == [{"open_value": 100}]
        weeks = cc.measure("open_value", data, as_of=day(25), known=day(10), per="week")
        assert [row["open_value"] for row in weeks.rows()] == [7.0] * len(weeks.rows())
