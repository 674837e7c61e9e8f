"""Forecasts judged as they were known then agree with a replay of the events in plain Python (F2, F3, O8)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc

FIRST, TODAY = date(2025, 11, 1), date(2026, 7, 5)
QUARTERS = [(date(2026, 1, 1), date(2026, 4, 1)), (date(2026, 4, 1), date(2026, 7, 1))]
DAYS = st.integers(0, (TODAY - FIRST).days).map(lambda n: FIRST + timedelta(n))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "amount": st.none() | st.integers(0, 500),
    "expected_close": st.none() | st.sampled_from([date(2026, m, 20) for m in range(1, 10)]),
    "probability": st.none() | st.integers(0, 10).map(lambda n: Decimal(n) / 10),
    "forecast_category": st.none() | st.sampled_from(["commit", "best_case", "pipeline", "omitted", "closed"]),
    "outcome": st.sampled_from(["open", "won", "lost", "abandoned"]),
}


@attrs.frozen
class Deal:
    """A deal: when it was created, what it was first, and its events: (day, field, value, day on which it was written down)."""

    created: date
    first: dict[str, Any]
    events: list[tuple[date, str, Any, date]]

    def was(self, field: str, valid: date, known: date) -> Any:
        """Return what a field was by a day, as far as it was known by another."""
        told = [value for at, name, value, learnt in self.events if name == field and at <= valid and learnt <= known]
        return told[-1] if told else self.first[field]

    def closed(self, known: date) -> date | None:
        """Return the day on which it closed, if it is closed, as of that day."""
        told = [(at, v) for at, name, v, learnt in self.events if name == "outcome" and max(at, learnt) <= known]
        found = None
        for number, (at, value) in enumerate(told):
            before = told[number - 1][1] if number else "open"
            found = None if value == "open" else found if before == value else at
        return found


@st.composite
def deals(draw: st.DrawFn) -> list[Deal]:
    found = []
    for _ in range(draw(st.integers(1, 5))):
        created = draw(DAYS)
        first = {name: draw(values) for name, values in VALUES.items()} | {"outcome": "open"}
        days = sorted(draw(st.lists(DAYS.filter(lambda d, c=created: d > c), max_size=6, unique=True)))
        now, events = dict(first), []
        for day in days:
            field = draw(st.sampled_from([*VALUES, "outcome"]))
            value = draw(VALUES[field])
            if value == now[field]:
                continue
            now[field] = value
            # outcomes are written down at once here: what is known of them in another order is not what this test is about
            late = 0 if field == "outcome" else draw(st.sampled_from([0, 0, 30, 100]))
            events.append((day, field, value, min(day + timedelta(late), TODAY)))
        found.append(Deal(created, first, events))
    return found


def dataset(some: list[Deal]) -> cc.Dataset:
    """Return the deals as they are today, and their changes; one deal without a date tells that all columns have a history."""
    told: dict[str, Any] = {"amount": 7, "probability": Decimal("0.7"), "forecast_category": "commit"}
    rows: list[dict[str, Any]] = [{"id": 0, "created_at": FIRST, "outcome": "open", "expected_close": None} | told]
    changes = [
        {"table": "opportunity", "record": 0, "field": name, "at": FIRST, "old": None, "new": value}
        for name, value in told.items()
    ]
    for number, deal in enumerate(some, 1):
        now = {name: deal.was(name, TODAY, TODAY) for name in VALUES}
        rows.append({"id": number, "created_at": deal.created, "closed_at": deal.closed(TODAY)} | now)
        before = dict(deal.first)
        for at, field, value, learnt in deal.events:
            changes.append(
                {
                    "table": "opportunity",
                    "record": number,
                    "field": field,
                    "at": at,
                    "old": before[field],
                    "new": value,
                    "recorded_at": learnt,
                }
            )
            before[field] = value
    return cc.Dataset(opportunity=rows, change=changes)


def forecasts(some: list[Deal], after: int) -> list[dict[str, Any]]:
    """Return the deals of each forecast by replaying: what they were then, and what became of them."""
    found = []
    for start, stop in QUARTERS:
        day, last = start + timedelta(after - 1), stop - timedelta(1)
        for deal in some:
            expected = deal.was("expected_close", day, day)
            if (
                deal.created > day
                or deal.was("outcome", day, day) != "open"
                or not expected
                or not start <= expected < stop
            ):
                continue
            end, closed = deal.was("outcome", TODAY, TODAY), deal.closed(TODAY)
            late = deal.was("expected_close", last, TODAY)
            found.append(
                {
                    "period": start,
                    "amount": deal.was("amount", day, day),
                    "chance": deal.was("probability", day, day),
                    "category": deal.was("forecast_category", day, day),
                    "end": end if end != "won" or (closed and start <= closed < stop) else "won_elsewhere",
                    "slipped": deal.was("outcome", last, TODAY) == "open" and (late is None or late >= stop),
                }
            )
    return found


AFTER = st.sampled_from([0, 1, 45, 89])


@given(deals(), AFTER)
def test_category_conversion_is_that_of_a_replay(some: list[Deal], after: int) -> None:
    """F1, F3, O8: each category of then: deals, value, and what became of them."""
    cases = forecasts(some, after)
    for case in cases:
        case["category"] = None if case["category"] == "closed" else case["category"]

    listing = cc.analyse("category_conversion", dataset(some), after=after, as_of=TODAY, periods=2)

    for row in listing:
        mine = [case for case in cases if case["category"] == row["category"]]
        won = [case["amount"] or 0 for case in mine if case["end"] == "won"]
        assert (row["deals"], row["value"]) == (len(mine), sum(case["amount"] or 0 for case in mine))
        assert (row["won"], row["won_value"]) == (len(won), sum(won))
        for end in ("won_elsewhere", "lost", "abandoned", "open"):
            assert row[end] == sum(case["end"] == end for case in mine), end
        assert row["slipped"] == sum(case["slipped"] for case in mine)
    assert sum(row["deals"] for row in listing) == len(cases)


@given(deals(), AFTER, st.sampled_from([1, 3, 10]))
def test_calibration_is_that_of_a_replay(some: list[Deal], after: int, bands: int) -> None:
    """F3, O8, R5: the chances of then by band, and the Brier score as an exact fraction, rounded once."""
    cases = [case for case in forecasts(some, after) if case["chance"] is not None]

    listing = cc.analyse("forecast_calibration", dataset(some), after=after, bands=bands, as_of=TODAY, periods=2)

    for number, row in enumerate(listing):
        mine = [case for case in cases if min(int(case["chance"] * bands), bands - 1) == number]
        ended = [case for case in mine if case["end"] != "open"]
        assert (row["deals"], row["won"], row["open"]) == (
            len(mine),
            sum(case["end"] == "won" for case in mine),
            len(mine) - len(ended),
        )
        assert row["ever_won"] == sum(case["end"].startswith("won") for case in ended)
        if mine:
            assert row["mean_chance"] == float(Fraction(sum(Fraction(case["chance"]) for case in mine), len(mine)))
    square = sum(((Fraction(case["chance"]) - (case["end"] == "won")) ** 2 for case in cases), Fraction(0))
    assert listing.fact("brier") == (float(square / len(cases)) if cases else None)


@given(deals(), AFTER)
def test_a_backtest_is_that_of_a_replay(some: list[Deal], after: int) -> None:
    """F3, M4: the weighted value of then, what was won by then in the period beside it, and what slipped; slips as `slip_rate` has them."""
    data = dataset(some)
    cases = forecasts(some, after)

    listing = cc.analyse("forecast_backtest", data, after=after, as_of=TODAY, periods=2)

    for (start, stop), row in zip(QUARTERS, listing, strict=True):
        mine = [case for case in cases if case["period"] == start]
        day = start + timedelta(after - 1)
        sums = {
            who: sum(
                deal.was("amount", who, who) or 0
                for deal in some
                if deal.created <= who
                and deal.was("outcome", who, who) == "won"
                and start <= (deal.closed(who) or FIRST) < stop
            )
            for who in (day, TODAY)
        }
        weighted = sum(
            (case["amount"] or 0) * Fraction(1 if case["chance"] is None else case["chance"]) for case in mine
        )
        assert row["forecast"] == float(sums[day] + weighted)
        assert row["actual"] == sums[TODAY]
        assert (row["deals"], row["wins"]) == (len(mine), sum(case["end"] == "won" for case in mine))
        assert row["slipped"] == sum(case["slipped"] for case in mine)


@given(deals())
def test_slips_are_those_of_the_waterfall(some: list[Deal]) -> None:
    """Q11, W1: where everything was written down at once, what slips out of the forecast of the eve is what the waterfall moves out."""
    at_once = [attrs.evolve(d, events=[(at, name, value, at) for at, name, value, _ in d.events]) for d in some]
    data = dataset(at_once)

    test = cc.analyse("forecast_backtest", data, as_of=TODAY, periods=2)
    rates = cc.analyse("slip_rate", data, as_of=TODAY, last=3).rows()[:2]

    assert test.plain("deals") == [row["due"] for row in rates]
    assert test.plain("slipped") == [row["slipped"] for row in rates]
    due, slipped = (sum(row[name] for row in rates) for name in ("due_value", "slipped_value"))
    assert test.fact("slip_rate_by_value") == (pytest.approx(slipped / due, rel=1e-15) if due else None)


NONE_YET = {"id": -1, "outcome": "open", "created_at": FIRST, "owner": "ben", "closed_at": None, "amount": None}
SUBMITTED = st.builds(
    lambda owner, quarter, part, amount, day, category: {
        "owner": owner,
        "category": category,
        "amount": amount,
        "start": QUARTERS[quarter][0],
        "end": QUARTERS[quarter][0] + timedelta(28) if part else QUARTERS[quarter][1],
        "submitted_at": day,
    },
    st.sampled_from(["anna", "ben", None]),
    st.integers(0, 1),
    st.booleans(),
    st.none() | st.integers(0, 500),
    st.none() | DAYS,
    st.sampled_from(["commit", "commit", "best_case"]),
)


@given(st.lists(SUBMITTED, max_size=8, unique_by=lambda f: f["submitted_at"]), deals(), AFTER)
def test_snapshots_are_those_of_a_replay(said: list[dict[str, Any]], some: list[Deal], after: int) -> None:
    """F2, F3: for each seller and span the last of those submitted by then; and `forecast_value` of what `latest` leaves says the same."""
    won = [deal for deal in some if deal.was("outcome", TODAY, TODAY) == "won"]
    rows = [
        {
            "id": n,
            "owner": "ben" if n % 2 else "anna",
            "outcome": "won",
            "created_at": deal.created,
            "closed_at": deal.closed(TODAY),
            "amount": deal.was("amount", TODAY, TODAY),
        }
        for n, deal in enumerate(won)
    ]
    data = cc.Dataset(forecast=said, opportunity=[*rows, NONE_YET])

    listing = cc.analyse("forecast_snapshots", data, after=after, as_of=TODAY)

    shown = {row["period"]: row for row in listing}
    for number, (start, stop) in enumerate(QUARTERS):
        day = start + timedelta(after - 1)
        mine = [f for f in said if f["owner"] and f["category"] == "commit" and f["start"] == start]
        dated = sorted(
            (f for f in mine if f["submitted_at"] and f["submitted_at"] <= day), key=lambda f: f["submitted_at"]
        )
        last = {(f["owner"], f["end"]): f["amount"] for f in dated}
        amounts = {key: v for key, v in last.items() if v is not None}
        each: dict[str, int] = {}
        for (owner, _), amount in amounts.items():
            each[owner] = each.get(owner, 0) + amount
        came = dict.fromkeys(("anna", "ben"), 0)
        for row in rows:
            if start <= row["closed_at"] < stop:
                came[row["owner"]] += row["amount"] or 0
        label = f"2026-Q{number + 1}"
        if label not in shown:  # before the first forecast
            assert not mine
            continue
        row, total = shown[label], sum(came.values())
        assert row["forecast"] == (sum(amounts.values()) if amounts else None)
        assert (row["actual"], row["forecasts"]) == (total, len(amounts))
        theirs = sum(came[who] for who in each)
        missed = sum(abs(each[who] - came[who]) for who in each)
        assert row["wape_by_entity"] == (missed / theirs if theirs else None)
        assert row["accuracy"] == (
            float(1 - Fraction(abs(total - sum(amounts.values())), total)) if amounts and total else None
        )
        if amounts:
            left = cc.latest(data, "forecast", by=["owner", "start", "end", "category"], at="submitted_at", as_of=day)
            measured = cc.measure("forecast_value", left, per="quarter", as_of=TODAY).rows()
            assert next(r["forecast_value"] for r in measured if r["period"] == label) == row["forecast"]
