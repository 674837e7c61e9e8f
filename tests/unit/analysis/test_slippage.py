"""Pushes, pulls, changed amounts, overdue deals and slip rates, by hand and against plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.algebra import col
from crmcore.domain import Rate
from crmcore.errors import ArgumentError, CurrencyError, HistoryUnavailable, TableNotFound

JAN, FEB, MAR = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)


def change(deal, field, old, new, at, **more):
    plain = [None if v is None else str(v) for v in (old, new)]
    return {"table": "opportunity", "record": deal, "field": field, "old": plain[0], "new": plain[1], "at": at, **more}


def deals(*records):
    usual = {"created_at": date(2026, 1, 1), "outcome": "open", "amount": 100, "owner": "Anna", "expected_close": None}
    return [usual | record for record in records]


def dataset():
    """Return a deal that was pushed twice and pulled once, one that was given a date, and one that was moved as it closed."""
    return cc.Dataset(
        opportunity=deals(
            {"id": "A", "expected_close": date(2026, 4, 20), "amount": 130},
            {"id": "B", "expected_close": date(2026, 3, 1), "owner": "Bo"},
            {"id": "C", "expected_close": FEB, "outcome": "won", "closed_at": FEB, "amount": 5},
            {"id": "D", "expected_close": date(2026, 12, 1)},
        ),
        change=[
            change("A", "expected_close", date(2026, 2, 1), date(2026, 2, 20), JAN),
            change("A", "expected_close", date(2026, 2, 20), date(2026, 4, 25), FEB),
            change("A", "expected_close", date(2026, 4, 25), date(2026, 4, 20), MAR),
            change("A", "amount", 100, 150, FEB),
            change("A", "amount", 150, 130, FEB + timedelta(1)),
            change("B", "expected_close", None, date(2026, 3, 1), JAN),
            change("C", "outcome", "open", "won", FEB),
            change("C", "expected_close", date(2026, 3, 31), FEB, FEB),
            change("C", "amount", 9, 5, MAR),
        ],
    )


def test_moves_by_month() -> None:
    """T13, O7, T7: January has a push of 19 days, February one of 64 and an amount up and down, March a pull of 5."""
    found = cc.analyse("close_date_moves", dataset(), as_of=date(2026, 4, 2))

    assert found["period"].tolist() == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert found["pushes"].tolist() == [1, 1, 0, 0]
    assert found["pulls"].tolist() == [0, 0, 1, 0]
    assert found["deals_pushed"].tolist() == [1, 1, 0, 0]
    assert found["days_pushed"].tolist() == [19, 64, 0, 0]
    assert found["days_pulled"].tolist() == [0, 0, 5, 0]
    assert found.plain("mean_days") == [19, 64, -5, None]
    assert found["increases"].tolist() == [0, 1, 0, 0]
    assert found["decreases"].tolist() == [0, 1, 0, 0]
    assert found["increased"].tolist() == [0, 50, 0, 0]
    assert found["decreased"].tolist() == [0, 20, 0, 0]
    assert [found.fact(name) for name in ("pushes", "pulls", "deals_pushed")] == [2, 1, 1]


def test_a_push_to_a_later_month() -> None:
    """T13: as Salesforce counts, only a move to a later month is a push; the one within February is none."""
    found = cc.analyse("close_date_moves", dataset(), across="month", per="quarter", as_of=date(2026, 3, 31))

    assert found["pushes"].tolist() == [1]
    assert found["days_pushed"].tolist() == [64]
    assert found["pulls"].tolist() == [0]


def test_groups_and_conditions() -> None:
    """Moves count for the deal as it is at as_of: by owner, and only for the rows that the condition keeps."""
    found = cc.analyse("close_date_moves", dataset(), by="owner", per="year")
    assert found["owner"].tolist() == ["Anna"]
    assert len(cc.analyse("close_date_moves", dataset(), where=col("owner") == "Bo")) == 0
    assert cc.analyse("slipping_deals", dataset(), where=col("owner") == "Bo")["id"].tolist() == ["B"]


def test_what_was_not_yet_known_is_no_move() -> None:
    """O8: seen from the end of January there is one push."""
    found = cc.analyse("close_date_moves", dataset(), as_of=date(2026, 1, 31))

    assert found["pushes"].tolist() == [1]


def test_slipping_deals() -> None:
    """T13, E56: pushed deals first, then those overdue; a day that has come is not overdue; D was never moved."""
    found = cc.analyse("slipping_deals", dataset(), as_of=date(2026, 3, 11))

    assert found.rows() == [
        {
            "id": "A", "pushes": 2, "pulls": 1, "days_pushed": 83, "days_pulled": 5, "expected_close": "2026-04-20",
            "days_overdue": 0, "value": 130.0,
        },
        {
            "id": "B", "pushes": 0, "pulls": 0, "days_pushed": 0, "days_pulled": 0, "expected_close": "2026-03-01",
            "days_overdue": 10, "value": 100.0,
        },
    ]  # fmt: skip
    assert [found.fact(name) for name in ("open", "pushed", "overdue")] == [3, 1, 1]
    assert cc.analyse("slipping_deals", dataset(), as_of=date(2026, 3, 1))["id"].tolist() == ["A"]


def test_slip_rates_of_quarters() -> None:
    """Q11, W1: of three deals due in the first quarter, worth 209 at its start, one was pushed out, worth 130 then."""
    data = dataset()
    found = cc.analyse("slip_rate", data, last=2, as_of=date(2026, 4, 30))

    assert found["period"].tolist() == ["2026-Q1", "2026-Q2"]
    assert found["due"].tolist() == [0, 1]
    older = deals({"id": "A", "expected_close": date(2026, 4, 20), "amount": 130, "created_at": date(2025, 12, 1)})
    rest = [
        {"id": "B", "expected_close": date(2026, 3, 1), "created_at": date(2025, 12, 1)},
        {"id": "C", "expected_close": FEB, "outcome": "won", "closed_at": FEB, "amount": 9, "created_at": date(2025, 12, 1)},
    ]  # fmt: skip
    changes = [
        change("A", "expected_close", date(2026, 2, 1), date(2026, 4, 20), FEB),
        change("A", "amount", 100, 130, FEB),
        change("C", "outcome", "open", "won", FEB),
    ]
    found = cc.analyse("slip_rate", cc.Dataset(opportunity=[*older, *deals(*rest)], change=changes), last=1, as_of=MAR)

    assert found.rows() == [
        {
            "period": "2026-Q1", "due": 3, "closed": 1, "slipped": 1, "pulled_out": 0, "still_open": 1, "due_value": 209.0,
            "slipped_value": 130.0, "slip_rate": 1 / 3, "slip_rate_by_value": 130 / 209,
        }
    ]  # fmt: skip
    assert "not over" in str(found)


def test_nothing_due_has_no_rate() -> None:
    """R2: a period in which no deal was to close has no slip rate."""
    found = cc.analyse("slip_rate", dataset(), last=1, as_of=date(2025, 6, 30))

    assert found.plain("slip_rate") == [None]
    assert found["due"].tolist() == [0]


def test_currencies() -> None:
    """M2: amounts that changed in two currencies need rates, those of the day of the change."""
    rows = deals({"id": "A", "currency": "EUR", "amount": 20}, {"id": "B", "currency": "USD", "amount": 30})
    changes = [change("A", "amount", "10 EUR", "20 EUR", JAN), change("B", "amount", "10 USD", "30 USD", FEB)]
    data = cc.Dataset(opportunity=rows, change=changes)
    rates = [
        Rate(from_currency="USD", to_currency="EUR", valid_from=day, rate=Decimal(rate))
        for day, rate in ((date(2026, 1, 1), "0.5"), (FEB, "0.8"))
    ]

    with pytest.raises(CurrencyError, match=r"several currencies \(EUR, USD\)"):
        cc.analyse("close_date_moves", data)
    found = cc.Workspace(currency="EUR", rates=rates).analyse("close_date_moves", data)
    assert found["increased"].tolist() == [10, 16]


def test_what_cannot_be_told() -> None:
    """S5: without changes, or with the last ones alone, how often a date was moved is unavailable; choices are checked."""
    with pytest.raises(TableNotFound, match="S5"):
        cc.analyse("slipping_deals", cc.Dataset(opportunity=deals({"id": "A"})))
    last = cc.Dataset(
        opportunity=deals({"id": "A", "expected_close": FEB}),
        change=[change("A", "expected_close", JAN, FEB, JAN, last_only=True)],
    )
    for name in ("close_date_moves", "slipping_deals"):
        with pytest.raises(HistoryUnavailable, match=r"last change of opportunity\.expected_close"):
            cc.analyse(name, last)
    with pytest.raises(HistoryUnavailable, match=r"opportunity\.expected_close"):
        cc.analyse("pipeline_waterfall", last, closing="2026-Q1")
    with pytest.raises(HistoryUnavailable, match=r"opportunity\.expected_close"):
        cc.analyse("slip_rate", last)
    with pytest.raises(ArgumentError, match="moonth"):
        cc.analyse("close_date_moves", dataset(), per="moonth")
    with pytest.raises(ArgumentError, match="last is a whole number"):
        cc.analyse("slip_rate", dataset(), last=0)


days = st.integers(0, 80).map(lambda n: date(2026, 1, 1) + timedelta(n))
histories = st.lists(
    st.tuples(
        st.lists(st.tuples(days, st.none() | days), max_size=5),
        st.none() | days,
        st.none() | days,
    ),
    min_size=1,
    max_size=5,
)


@given(histories, st.sampled_from(["day", "month"]), days)
def test_moves_are_those_of_a_replay(deals_of, across, today) -> None:
    """O4, O7, O8, S4: every move of an open deal up to as_of, in whatever order the changes are given."""
    records, changes, wanted, by_deal = [], [], defaultdict(lambda: [0, 0, 0, 0]), defaultdict(int)
    for number, (events, closed, first) in enumerate(deals_of):
        name, before = f"D{number}", first
        if closed is not None:
            changes.append(change(name, "outcome", "open", "won", closed))
        for place, (at, value) in enumerate(sorted(events, key=lambda e: e[0])):
            changes.append(change(name, "expected_close", before, value, at, sequence=place))
            moved = before is not None and value is not None and before != value and at <= today
            other = across == "day" or (moved and (before.year, before.month) != (value.year, value.month))
            if moved and other and (closed is None or at < closed):
                cell = wanted[f"{at:%Y-%m}"]
                cell[0 if value > before else 1] += 1
                cell[2 if value > before else 3] += abs((value - before).days)
                by_deal[name] += value > before
            before = value
        record = {"id": name, "expected_close": before, "outcome": "open" if closed is None else "won"}
        records.append(record | ({} if closed is None else {"closed_at": closed}))
    data = cc.Dataset(
        opportunity=deals(*records), change=changes[::-1] or {n: [] for n in ("table", "record", "field", "at")}
    )

    found = cc.analyse("close_date_moves", data, across=across, as_of=today)
    slipping = cc.analyse("slipping_deals", data, across=across, as_of=today)

    names = ("pushes", "pulls", "days_pushed", "days_pulled")
    assert {row["period"]: [row[n] for n in names] for row in found.rows() if row["pushes"] or row["pulls"]} == dict(
        wanted
    )
    closed_by = {f"D{n}" for n, (_, closed, _) in enumerate(deals_of) if closed is not None and closed <= today}
    assert {r["id"]: r["pushes"] for r in slipping.rows() if r["pushes"]} == {
        name: count for name, count in by_deal.items() if count and name not in closed_by
    }


def test_a_rate_is_of_what_was_due_alone() -> None:
    """Q11: of two deals due, one was pulled forward and one is open; what came or was pulled in since is in no number."""
    made = date(2025, 12, 1)
    due, later = date(2026, 5, 20), date(2026, 8, 1)
    rows = deals(
        {"id": "A", "expected_close": date(2026, 3, 30), "created_at": made},
        {"id": "B", "expected_close": due, "created_at": made},
        {"id": "new", "expected_close": due, "created_at": date(2026, 4, 10)},
        {"id": "quick", "expected_close": due, "created_at": date(2026, 4, 10), "outcome": "won", "closed_at": date(2026, 4, 12)},
        {"id": "in", "expected_close": due, "created_at": made},
    )  # fmt: skip
    april = date(2026, 4, 15)
    changes = [
        change("A", "expected_close", due, date(2026, 3, 30), april),
        change("in", "expected_close", later, due, april),
    ]
    found = cc.analyse("slip_rate", cc.Dataset(opportunity=rows, change=changes), last=1, as_of=date(2026, 6, 30))

    assert {n: found[n].tolist() for n in ("due", "closed", "slipped", "pulled_out", "still_open", "slip_rate")} == {
        "due": [2], "closed": [0], "slipped": [0], "pulled_out": [1], "still_open": [1], "slip_rate": [0.0],
    }  # fmt: skip
    assert "not over" not in str(found)


def test_a_deal_pushed_twice_in_a_month_is_one_deal() -> None:
    """T13: two pushes, one deal pushed."""
    changes = [
        change("A", "expected_close", date(2026, 2, 1), date(2026, 3, 1), JAN),
        change("A", "expected_close", date(2026, 3, 1), date(2026, 4, 1), JAN + timedelta(3)),
    ]
    data = cc.Dataset(opportunity=deals({"id": "A", "expected_close": date(2026, 4, 1)}), change=changes)

    found = cc.analyse("close_date_moves", data)

    assert (found["pushes"].tolist(), found["deals_pushed"].tolist()) == ([2], [1])


def test_what_changes_with_the_close_is_no_move() -> None:
    """O4: without changes of outcomes the record's own date of closing tells which moves came before it."""
    rows = deals({"id": "A", "expected_close": MAR, "outcome": "won", "closed_at": FEB})
    moves = [(JAN, date(2026, 3, 1)), (date(2026, 3, 1), MAR)]
    changes = [change("A", "expected_close", *moves[0], JAN), change("A", "expected_close", *moves[1], FEB)]

    assert cc.analyse("close_date_moves", cc.Dataset(opportunity=rows, change=changes)).fact("pushes") == 1


def test_who_closed_has_not_slipped() -> None:
    """Q11: of three due in April two closed in it, though July or March stand in them as the expected close; the third slipped."""
    made, due, july = date(2026, 3, 1), date(2026, 4, 20), date(2026, 7, 20)
    closed = {"outcome": "won", "closed_at": date(2026, 4, 9), "created_at": made}
    rows = deals(
        {"id": "A", "expected_close": july} | closed,
        {"id": "B", "expected_close": date(2026, 3, 30)} | closed | {"outcome": "lost"},
        {"id": "C", "expected_close": july, "created_at": made, "amount": 30},
    )
    moves = [change(r["id"], "expected_close", due, r["expected_close"], date(2026, 4, 2)) for r in rows]
    ends = [change(r["id"], "outcome", "open", r["outcome"], date(2026, 4, 9)) for r in rows[:2]]
    data = cc.Dataset(opportunity=rows, change=[*moves, *ends])
    found = cc.analyse("slip_rate", data, per="month", last=2, as_of=date(2026, 5, 31)).rows()[0]

    assert (found["due"], found["closed"], found["slipped"], found["pulled_out"]) == (3, 2, 1, 0)
    assert (found["slip_rate"], found["slipped_value"], found["due_value"]) == (1 / 3, 30, 230)


def test_blank_amounts_have_no_currency_to_differ() -> None:
    """M2, M3: from nothing to 10 euros is an increase of 10, and no second currency."""
    rows = deals({"id": "A", "currency": "EUR", "amount": 10}, {"id": "B", "currency": "EUR", "amount": 6})
    changes = [change("A", "amount", None, "10 EUR", JAN), change("B", "amount", "5 EUR", "6 EUR", date(2026, 2, 1))]
    found = cc.analyse("close_date_moves", cc.Dataset(opportunity=rows, change=changes))

    assert found["period"].tolist() == ["2026-01", "2026-02"]  # the first of a month is of that month
    assert found["increased"].tolist() == [10, 1]
    abroad = deals({"id": "C", "currency": "USD", "amount": 2})
    mixed = cc.Dataset(opportunity=[*rows, *abroad], change=[*changes, change("C", "amount", "1 USD", "2 USD", JAN)])
    assert cc.analyse("close_date_moves", mixed, where=col("currency") == "EUR")["increased"].tolist() == [10, 1]


def test_deals_that_do_not_slip_are_not_listed() -> None:
    """E56: one that was only pulled, and one without a date, are not; of one without an amount the value is unknown."""
    rows = deals(
        {"id": "pulled", "expected_close": date(2026, 5, 1)},
        {"id": "undated"},
        {"id": "late", "expected_close": date(2026, 2, 1), "amount": None},
    )
    changes = [change("pulled", "expected_close", date(2026, 6, 1), date(2026, 5, 1), JAN)]
    found = cc.analyse("slipping_deals", cc.Dataset(opportunity=rows, change=changes), as_of=MAR)

    assert [(r["id"], r["days_overdue"], r["value"]) for r in found.rows()] == [("late", 37, None)]


def test_each_period_is_judged_from_its_own_end() -> None:
    """Q11: of four deals due in the first quarter A was pushed out of it at 10.01, B lost its date at 7, C was pulled out at 50, and D
    was still open in it: that D was pushed in April changes nothing of March. Due were 10.005 + 7 + 50 + 3. A slipped again in June.
    """
    made, march = date(2025, 12, 1), date(2026, 3, 20)
    rows = deals(
        {"id": "A", "expected_close": date(2026, 9, 1), "created_at": made, "amount": "10.01"},
        {"id": "B", "expected_close": None, "created_at": made, "amount": 7},
        {"id": "C", "expected_close": date(2025, 12, 20), "created_at": made, "amount": 50},
        {"id": "D", "expected_close": date(2026, 9, 1), "created_at": made, "amount": 3},
    )
    changes = [
        change("A", "amount", "10.005", "10.01", FEB),
        change("A", "expected_close", march, date(2026, 6, 1), date(2026, 3, 31)),
        change("A", "expected_close", date(2026, 6, 1), date(2026, 9, 1), date(2026, 4, 15)),
        change("B", "expected_close", march, None, FEB),
        change("C", "expected_close", march, date(2025, 12, 20), FEB),
        change("D", "expected_close", march, date(2026, 9, 1), date(2026, 4, 15)),
    ]
    found = cc.analyse("slip_rate", cc.Dataset(opportunity=rows, change=changes), last=2, as_of=date(2026, 6, 30))
    names = ("period", "due", "slipped", "pulled_out", "still_open", "due_value", "slipped_value")

    assert [tuple(r[n] for n in names) for r in found.rows()] == [
        ("2026-Q1", 4, 2, 1, 1, 70.005, 17.01), ("2026-Q2", 1, 1, 0, 0, 10.01, 10.01),
    ]  # fmt: skip
