"""Chances of then by hand: were deals won as often as it was said?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError, HistoryUnavailable, TableNotFound

TODAY = date(2026, 7, 5)
MADE, Q1, Q2 = date(2025, 12, 1), date(2026, 3, 1), date(2026, 5, 1)


def deal(number, chance, outcome, closed=None, expected=Q1, **more):
    return {
        "id": number,
        "outcome": outcome,
        "amount": 100,
        "probability": None if chance is None else Decimal(chance),
        "created_at": MADE,
        "expected_close": expected,
        "closed_at": closed,
    } | more


def change(record, field, at, old, new, recorded=None):
    return {
        "table": "opportunity",
        "record": record,
        "field": field,
        "at": at,
        "old": old,
        "new": new,
        "recorded_at": recorded,
    }


def ended(deals):
    """Return the changes by which deals ended."""
    return [change(d["id"], "outcome", d["closed_at"], "open", d["outcome"]) for d in deals if d["closed_at"]]


DEALS = [
    deal(1, "0.9", "won", date(2026, 2, 1)),
    deal(2, "0.9", "lost", date(2026, 2, 2)),
    deal(3, "0.8", "won", date(2026, 4, 20)),  # later than expected
    deal(4, "0.5", "won", date(2026, 3, 31)),
    deal(5, "0.2", "open"),
    deal(6, "0.1", "abandoned", date(2026, 5, 5)),
    deal(7, "0.0", "lost", date(2026, 1, 9)),
    deal(8, None, "won", date(2026, 1, 9)),
    deal(9, "0.6", "won", date(2026, 1, 9), expected=Q2),
]
CHANGES = [*ended(DEALS), change(5, "probability", date(2025, 12, 2), Decimal("0.1"), Decimal("0.2"))]


def calibration(deals=DEALS, changes=CHANGES, where=None, as_of=TODAY, **choices):
    data = cc.Dataset(opportunity=deals, change=changes)
    return cc.analyse("forecast_calibration", data, as_of=as_of, where=where, **choices)


def test_by_hand() -> None:
    """F3, R5: what was expected in Q1 on 31 December, in two bands.

    Below 50 %: deals 5, 6 and 7 at 20, 10 and 0 %: none won, 2 of them ended, 1 open. From 50 %: 1, 2, 3 and 4 at 90, 90, 80 and
    50 %, on average 77.5 %: two won in the quarter, and one later: 3 of the 4. Deal 8 has no chance, and 9 was
    expected in Q2, by when it was won. Q2 has no deals, as 3, 5 and 6 are expected before.
    """
    found = calibration(bands=2)

    assert [(r["chance_from"], r["chance_to"], r["deals"]) for r in found] == [(0, 0.5, 3), (0.5, 1, 4)]
    assert found.plain("mean_chance") == [0.1, 0.775]
    assert (found.plain("won"), found.plain("won_share")) == ([0, 2], [0, 0.5])
    assert (found.plain("ended"), found.plain("ever_won")) == ([2, 4], [0, 3])
    assert found.plain("ever_won_share") == [0, 0.75]
    assert found.plain("open") == [1, 0]
    assert (found.fact("deals"), found.fact("wins"), found.fact("expected_wins")) == (7, 2, 3.4)
    assert (found.fact("open"), found.fact("deals_without_probability"), found.fact("removed")) == (1, 1, 0)
    assert "Deals still open: what becomes of them is not final (R5): 1" in str(found)


def test_undecided_is_not_failed() -> None:
    """R5: of two deals at 50 % one was won and one is open: half of them in the quarter, all of those that ended; low 1/(1 + z^2)."""
    deals = [deal(1, "0.5", "won", date(2026, 2, 1)), deal(2, "0.5", "open")]
    changes = [*ended(deals), change(2, "probability", MADE, None, Decimal("0.5"))]
    found = calibration(deals, changes, bands=1).rows()[0]

    assert (found["won_share"], found["ever_won_share"], found["open"]) == (0.5, 1, 1)
    assert found["ever_low"] == pytest.approx(1 / 4.8415, abs=5e-5)


def test_intervals_by_hand() -> None:
    """R3: Wilson at 95 %, z^2 = 3.8415: of 2 in 4 from 0.1500 to 0.8500, of 0 in 3 up to 3.8415/6.8415 = 0.5615, of 3 in 4 from 0.3006."""
    found = calibration(bands=2)

    assert found.plain("low") == [0, pytest.approx(0.15, abs=5e-5)]
    assert found.plain("high") == [pytest.approx(0.5615, abs=5e-5), pytest.approx(0.85, abs=5e-5)]
    assert found.plain("ever_high")[0] == pytest.approx(3.8415 / 5.8415, abs=5e-5)
    assert found.plain("ever_low")[1] == pytest.approx(0.3006, abs=5e-5)


def test_brier_scores_by_hand() -> None:
    """Q12: in the quarter .1^2 + .9^2 + .8^2 + .5^2 + .2^2 + .1^2 + 0 = 1.76 of 7 deals; the plain share 2/7 has 2/7 x 5/7.

    Of the six that have ended, deal 3 being won: .1^2 + .9^2 + .2^2 + .5^2 + .1^2 + 0 = 1.12.
    """
    found = calibration()

    assert found.fact("brier") == pytest.approx(1.76 / 7, rel=1e-15)
    assert found.fact("brier_of_share") == pytest.approx(10 / 49, rel=1e-15)
    assert found.fact("brier_ever") == pytest.approx(1.12 / 6, rel=1e-15)


def test_bands() -> None:
    """A chance on the edge of a band is in the upper one, and 1 in the last; bands without deals have no share (R2)."""
    deals = [deal(n, chance, "won", date(2026, 2, 1)) for n, chance in enumerate(["0", "0.1", "0.2999", "0.3", "1"])]
    changes = [*ended(deals), change(0, "probability", MADE, None, Decimal(0))]
    found = calibration(deals, changes)

    assert found.plain("deals") == [1, 1, 1, 1, 0, 0, 0, 0, 0, 1]
    assert found.plain("chance_from") == [n / 10 for n in range(10)]
    assert found.plain("mean_chance")[2:5] == [0.2999, 0.3, None]
    assert found.plain("won_share")[3:5] == [1, None]
    assert found.plain("high")[4] is None
    assert calibration(deals, changes, bands=1).plain("deals") == [5]


def test_chances_of_then() -> None:
    """F3, O8: a chance told later is not used, nor one set when the deal ended; periods are taken together.

    Deal 1 was said on 9 January to have been 90 % since 5 December; known by December were 30 %. Deal 2 had 40 % until it was won,
    which set it to 100 %. In Q2 it is no longer open.
    """
    deals = [deal(1, "0.9", "open", expected=Q2), deal(2, "1", "won", date(2026, 2, 1))]
    changes = [
        change(1, "probability", date(2025, 12, 5), Decimal("0.3"), Decimal("0.9"), date(2026, 1, 9)),
        change(1, "expected_close", date(2026, 3, 2), Q1, Q2),
        change(2, "probability", date(2026, 2, 1), Decimal("0.4"), Decimal(1)),
        *ended(deals),
    ]
    found = calibration(deals, changes)

    assert {r["chance_from"]: (r["deals"], r["won"], r["open"]) for r in found if r["deals"]} == {
        0.3: (1, 0, 1),
        0.4: (1, 1, 0),
        0.9: (1, 0, 1),
    }
    assert [r["deals"] for r in calibration(deals, changes, periods=1)][9] == 1
    assert calibration(deals, changes, periods=1).fact("deals") == 1


def test_what_came_is_known_later() -> None:
    """F3: that deal 1 was won in March was written down in April: it is open as of 5 April as known then, and won as of July."""
    deals = [deal(1, "0.3", "won", date(2026, 3, 30))]
    told = change(1, "outcome", date(2026, 3, 30), "open", "won", date(2026, 4, 20))
    changes = [told, change(1, "probability", MADE, None, Decimal("0.3"))]

    early, late = (calibration(deals, changes, as_of=day, bands=1).rows()[0] for day in (date(2026, 4, 5), TODAY))

    assert (early["mean_chance"], early["won"], early["open"]) == (0.3, 0, 1)
    assert (late["mean_chance"], late["won"], late["open"]) == (0.3, 1, 0)


def test_deals_that_are_gone() -> None:
    """O3: a deal deleted since is no deal that was not won; it is left out, and counted."""
    deals = [*DEALS[:2], DEALS[3] | {"deleted": True}]
    changes = [*ended(DEALS[:2]), change(4, "deleted", date(2026, 2, 9), "false", "true"), CHANGES[-1]]
    changes.append(change(1, "probability", MADE, None, Decimal("0.9")))
    found = calibration(deals, changes)

    assert (found.fact("deals"), found.fact("removed")) == (2, 1)


def test_a_condition_is_one_of_then() -> None:
    """M7: Ann's deal that is Bea's now is one of Ann's forecast, and won."""
    deals = [d | {"owner": "Bea" if d["id"] == 1 else "Ann"} for d in DEALS]
    changes = [*CHANGES, change(1, "owner", date(2026, 1, 20), "Ann", "Bea")]

    found = calibration(deals, changes, where=cc.col("owner") == "Ann")

    assert (found.fact("deals"), found.fact("wins")) == (7, 2)


def test_learnt_chances() -> None:
    """F3: with rates of stages, Q2 learns from what ended by March, and Q1, when nothing had, takes the deals' own.

    Of three deals in stage offer one was won and one lost by March: the chain says 1/2 for the third, expected in May,
    and for the fifth, which has no chance of its own; the fourth has neither.
    """
    deals = [
        deal(1, "0.9", "won", date(2026, 2, 1), stage="offer"),
        deal(2, "0.9", "lost", date(2026, 2, 2), stage="offer"),
        deal(3, "0.2", "won", date(2026, 5, 2), expected=Q2, stage="offer"),
        deal(4, None, "open", expected=Q2, stage="other"),
        deal(5, None, "lost", date(2026, 4, 4), expected=Q2, stage="offer"),
    ]
    changes = [*ended(deals), change(3, "probability", MADE, None, Decimal("0.2"))]
    changes.append(change(1, "stage", MADE, "new", "offer"))
    found = calibration(deals, changes, rates="stages")

    assert {r["chance_from"]: (r["deals"], r["won"]) for r in found if r["deals"]} == {0.9: (2, 1), 0.5: (2, 1)}
    assert found.fact("deals_without_probability") == 1


def test_within_the_period_and_by_month() -> None:
    """After 40 days of the quarter deals 3, 4, 5 and 6 are open yet; by month those expected in March are judged by March."""
    assert calibration(after=40).fact("deals") == 4
    months = calibration(per="month", periods=6)
    assert (months.fact("deals"), months.fact("wins")) == (
        4,
        1,
    )  # on 28 February 3, 4, 5, 6 are open; in March 4 is won
    assert calibration(DEALS[::-1], CHANGES[::-1]).to_dict() == calibration().to_dict()


def test_little_and_nothing() -> None:
    """R2, S5: without a period that is over no row and no score; where nothing tells of the past, that is said."""
    none = calibration(as_of=date(2025, 12, 31))

    assert (len(none), none.fact("brier"), none.fact("brier_ever"), none.fact("deals")) == (0, None, None, 0)
    with pytest.raises(HistoryUnavailable, match="changes of the stage or of the probability"):
        calibration(changes=ended(DEALS))
    with pytest.raises(TableNotFound, match="opportunity"):
        cc.analyse("forecast_calibration", cc.Dataset(stage=[{"id": 1}]))
    with pytest.raises(ArgumentError, match="bands is a whole number, at least 1"):
        calibration(bands=0)
