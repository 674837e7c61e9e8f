"""Past forecasts by hand: as things stood, as they were known, beside what came."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError, ColumnNotFound, CurrencyError, HistoryUnavailable, TableNotFound

TODAY = date(2026, 7, 5)


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


DEALS = [
    {
        "id": 1,
        "outcome": "won",
        "amount": 300,
        "probability": Decimal("0.9"),
        "created_at": date(2025, 12, 1),
        "expected_close": date(2026, 3, 15),
        "closed_at": date(2026, 3, 1),
    },
    {
        "id": 2,
        "outcome": "lost",
        "amount": 200,
        "probability": Decimal("0.25"),
        "created_at": date(2025, 12, 5),
        "expected_close": date(2026, 5, 1),
        "closed_at": date(2026, 5, 2),
    },
    {
        "id": 3,
        "outcome": "won",
        "amount": 50,
        "probability": None,
        "created_at": date(2026, 1, 10),
        "expected_close": date(2026, 2, 20),
        "closed_at": date(2026, 2, 10),
    },
]
CHANGES = [
    change(1, "amount", date(2026, 2, 1), 100, 300),
    # what was so since December was told in April
    change(1, "probability", date(2025, 12, 20), Decimal("0.5"), Decimal("0.9"), date(2026, 4, 1)),
    change(1, "outcome", date(2026, 3, 1), "open", "won"),
    change(2, "expected_close", date(2026, 1, 20), date(2026, 2, 1), date(2026, 5, 1)),
    change(2, "outcome", date(2026, 5, 2), "open", "lost"),
    change(3, "outcome", date(2026, 2, 10), "open", "won"),
]


def backtest(deals=DEALS, changes=CHANGES, **choices):
    return cc.analyse("forecast_backtest", cc.Dataset(opportunity=deals, change=changes), as_of=TODAY, **choices)


def test_by_hand() -> None:
    """F3, O8: on 31 December the first deal was 100 at 50 %, as the 90 % were not known yet, and the second expected in February.

    Q1: 100/2 + 200/4 = 100; 0, 100, 200 and 300 come with 3/8, 3/8, 1/8 and 1/8; won were 300 and 50. Q2: 200/4, and nothing.
    """
    first, second = backtest().rows()

    assert first == {
        "period": "2026-Q1",
        "made_on": "2025-12-31",
        "forecast": 100,
        "p10": 0,
        "p90": 300,
        "actual": 350,
        "error": -250,
        "accuracy": 100 / 350,
        "deals": 2,
        "expected_wins": 0.75,
        "wins": 1,
        "slipped": 1,
        "visible": 300,
    }
    assert (second["period"], second["made_on"], second["forecast"], second["actual"]) == (
        "2026-Q2",
        "2026-03-31",
        50,
        0,
    )
    assert (second["p10"], second["p90"], second["deals"], second["wins"]) == (0, 200, 1, 0)


def test_accuracy_by_hand() -> None:
    """F2: misses of 250 and 50 over 350; they offset each other to -200; one of two between P10 and P90; 300 of 350 was in sight."""
    found = backtest()

    assert found.fact("periods") == 2
    assert found.fact("wape") == pytest.approx(300 / 350)
    assert found.fact("bias") == pytest.approx(-200 / 350)
    assert found.fact("inside") == 1 / 2
    assert found.fact("visibility") == pytest.approx(300 / 350)


def test_kin_of_accuracy_by_hand() -> None:
    """F2, R2, R3: 100 + 50 were forecast and 350 + 0 won: 150/350 of the total, misses of 250 and 50, 150 a quarter.

    The accuracy of Q1 is 100/350, and Q2, in which nothing was won, has none, so one value has no spread. Of one in two the
    Wilson interval at 95 % is 0.0945 to 0.9055 (z^2 = 3.8415; centre 1/2, half width 1.96 sqrt(1/8 + 3.8415/16) / 2.9207).
    """
    found = backtest()

    assert found.plain("accuracy") == [100 / 350, None]
    assert found.fact("accuracy") == pytest.approx(150 / 350, rel=1e-15)
    assert found.fact("accuracy_symmetric") == pytest.approx(150 / 350, rel=1e-15)
    assert found.fact("attainment") == pytest.approx(350 / 150, rel=1e-15)
    assert (found.fact("mae"), found.fact("mape")) == (150, None)
    assert found.fact("rmse") == pytest.approx(((250**2 + 50**2) / 2) ** 0.5)
    assert (found.fact("accuracy_mean"), found.fact("accuracy_standard_deviation")) == (100 / 350, None)
    assert found.fact("inside_low") == pytest.approx(0.0945, abs=5e-5)
    assert found.fact("inside_high") == pytest.approx(0.9055, abs=5e-5)


def test_predictability_by_hand() -> None:
    """F2: with another deal won in Q2 for 80 the accuracies are 100/350 and 50/80: mean 0.4554, deviation 0.2399, quotient 0.5268."""
    more = DEALS[2] | {"id": 4, "amount": 80, "created_at": date(2026, 4, 5), "closed_at": date(2026, 4, 10)}
    found = backtest([*DEALS, more], [*CHANGES, change(4, "outcome", date(2026, 4, 10), "open", "won")])

    assert found.plain("accuracy") == [100 / 350, 50 / 80]
    assert found.fact("accuracy_mean") == pytest.approx((2 / 7 + 5 / 8) / 2, rel=1e-15)
    assert found.fact("accuracy_standard_deviation") == pytest.approx((5 / 8 - 2 / 7) / 2**0.5, rel=1e-12)
    assert found.fact("accuracy_variation") == pytest.approx(
        (5 / 8 - 2 / 7) / 2**0.5 / ((2 / 7 + 5 / 8) / 2), rel=1e-12
    )


def test_slips_by_hand() -> None:
    """Q11: of two deals of Q1 and one of Q2 the second slipped in Q1, to May: 1/3, and 200 of 100 + 200 and 200."""
    found = backtest()

    assert found.plain("slipped") == [1, 0]
    assert found.fact("slip_rate") == 1 / 3
    assert found.fact("slip_rate_by_value") == 200 / 500


def test_a_deal_slips_at_its_last_amount_or_without_a_date() -> None:
    """Q11: left without a date, and grown to 260 in February: 260 of 500, as `slip_rate` says it of the waterfall."""
    moves = [
        change(2, "expected_close", date(2026, 1, 20), date(2026, 2, 1), None),
        change(2, "expected_close", date(2026, 4, 2), None, date(2026, 5, 1)),
        change(2, "amount", date(2026, 2, 10), 200, 260),
    ]
    deals = [DEALS[0], DEALS[1] | {"amount": 260}, DEALS[2]]
    changes = [*(c for c in CHANGES if c["field"] != "expected_close"), *moves]
    found = backtest(deals, changes)

    assert found.plain("slipped") == [1, 0]
    assert found.fact("slip_rate_by_value") == 260 / 300  # of Q2 it is not: on 31 March it had no date


def test_whoever_has_the_deal_now() -> None:
    """M7: the first deal was Ann's when it was forecast and is Bea's now: of Ann's forecast it is won, and of what she won it is not."""
    deals = [DEALS[0] | {"owner": "Bea"}, *(d | {"owner": "Ann"} for d in DEALS[1:])]
    changes = [*CHANGES, change(1, "owner", date(2026, 2, 15), "Ann", "Bea")]
    data = cc.Dataset(opportunity=deals, change=changes)
    first = cc.analyse("forecast_backtest", data, where=cc.col("owner") == "Ann", as_of=TODAY).rows()[0]

    assert (first["forecast"], first["deals"], first["wins"], first["actual"]) == (100, 2, 1, 50)


def test_a_method_by_category_needs_its_past() -> None:
    """S5, F3: deals won are closed today, whatever they were: only what their category, or that of their stage, was then counts."""
    deals = [d | {"stage": "offer", "forecast_category": "closed"} for d in DEALS]
    stages = [{"id": "new", "forecast_category": "pipeline"}, {"id": "offer", "forecast_category": "commit"}]
    moved = change(1, "stage", date(2026, 1, 20), "new", "offer")
    named = [change(n, "forecast_category", date(2026, 1, 25), "best_case", "closed") for n in (1, 2)]

    def first(method, *more):
        data = cc.Dataset(opportunity=deals, change=[*CHANGES, *more], stage=stages)
        return cc.analyse("forecast_backtest", data, method=method, as_of=TODAY).rows()[0]["forecast"]

    assert [first(m, moved) for m in ("commit", "best_case")] == [200, 200]  # the first deal was in the stage new
    assert [first(m, *named) for m in ("commit", "best_case")] == [0, 300]
    with pytest.raises(HistoryUnavailable, match="changes of the stage or of the forecast category"):
        first("commit")


def test_what_came_later_changes_no_forecast() -> None:
    """F3: whatever happens after a forecast - stages, amounts, outcomes, deals - the forecast stays; only what came is another."""
    lost = [DEALS[0] | {"outcome": "lost", "amount": 999}, *DEALS[1:]]
    changes = [
        *(c for c in CHANGES if not (c["record"] == 1 and c["field"] in ("outcome", "amount"))),
        change(1, "amount", date(2026, 2, 1), 100, 999),
        change(1, "outcome", date(2026, 3, 1), "open", "lost"),
    ]
    there, other = backtest().rows()[0], backtest(lost, changes).rows()[0]
    keys = ("forecast", "p10", "p90", "deals", "expected_wins")

    assert [there[k] for k in keys] == [other[k] for k in keys]
    assert other["actual"] == 50


def test_within_the_period_and_other_methods() -> None:
    """45 days into the quarter the third deal is won and the amount of the first known; the second has been pushed out."""
    day = backtest(after=45, periods=2).rows()[0]
    methods = {m: backtest(method=m).rows()[0]["forecast"] for m in ("all_open", "won", "run_rate", "p50")}

    assert (day["made_on"], day["forecast"], day["deals"], day["visible"]) == ("2026-02-14", 50 + 150, 1, 350)
    assert methods == {"all_open": 300, "won": 0, "run_rate": None, "p50": 100}
    assert backtest(method="run_rate").fact("wape") is None
    assert [r["period"] for r in backtest(periods=1)] == ["2026-Q2"]
    assert [r["period"] for r in backtest(per="month", periods=3)] == ["2026-04", "2026-05", "2026-06"]


def test_a_chain_learns_nothing_of_later() -> None:
    """F3: with rates of stages, Q1 knows no outcome and takes the deals' own probabilities; Q2 has seen two deals won."""
    deals = [d | {"stage": "offer"} for d in DEALS]
    found = backtest(deals, rates="stages").rows()

    assert [r["forecast"] for r in found] == [100, 200]


def test_what_is_won_later_is_of_its_own_period() -> None:
    """T1: the third deal won in April is in the second quarter, not in the first."""
    deals = [*DEALS[:2], DEALS[2] | {"closed_at": date(2026, 4, 10)}]
    found = backtest(deals, [*CHANGES[:-1], change(3, "outcome", date(2026, 4, 10), "open", "won")])

    assert found.plain("actual") == [300, 50]


def test_probabilities_of_today_do_not_leak() -> None:
    """S5, F3: where only stages have a history, the probability of the stage then counts, not the 90 % and 25 % of today."""
    stages = [{"id": "new", "probability": Decimal("0.1")}, {"id": "offer", "probability": Decimal("0.4")}]
    deals = [d | {"stage": "offer", "probability": Decimal(d["outcome"] == "won")} for d in DEALS]
    moved = change(1, "stage", date(2026, 1, 20), "new", "offer")
    told = [*(c for c in CHANGES if c["field"] not in ("probability", "expected_close")), moved]
    data = cc.Dataset(opportunity=deals, change=told, stage=stages)
    found = cc.analyse("forecast_backtest", data, as_of=TODAY)

    assert found.rows()[0]["forecast"] == 100 * 0.1
    assert found.rows()[1]["forecast"] == 200 * 0.4
    assert "No changes are known of: expected_close." in str(found)
    with pytest.raises(HistoryUnavailable, match="changes of the stage or of the probability"):
        backtest(changes=[c for c in CHANGES if c["field"] != "probability"])


def test_a_deal_won_after_its_period_is_no_win_of_it() -> None:
    """T1: the first deal is won on 1 April: it was in the forecast of Q1, in sight, and is no win of that quarter."""
    deals = [DEALS[0] | {"closed_at": date(2026, 4, 1)}, *DEALS[1:]]
    changes = [*(c for c in CHANGES if c != CHANGES[2]), change(1, "outcome", date(2026, 4, 1), "open", "won")]
    first, second = backtest(deals, changes).rows()

    assert (first["deals"], first["wins"], first["actual"], first["visible"]) == (2, 0, 50, 0)
    assert (second["wins"], second["actual"]) == (
        0,
        300,
    )  # it was expected in March, so it is in no forecast of Q2 (E56)


def test_currencies_of_periods_are_not_added() -> None:
    """M2: euros that were won in one quarter and dollars forecast for the next are no sum."""
    deals = [d | {"currency": "USD" if d["id"] == 2 else "EUR"} for d in DEALS]
    late = [c for c in CHANGES if c["field"] != "expected_close"]  # the second deal was expected in May all the time

    with pytest.raises(CurrencyError, match=r"\(EUR, USD\)"):
        backtest(deals, late)


def test_the_last_change_alone_is_no_past() -> None:
    """S5: of what a source keeps the last change only, nothing tells what it was before that one."""
    last = [c | {"last_only": c["field"] in ("probability", "amount")} for c in CHANGES]

    with pytest.raises(HistoryUnavailable, match="changes of the stage or of the probability"):
        backtest(changes=last)
    amounts = [c | {"last_only": c["field"] == "amount"} for c in CHANGES]
    with pytest.raises(HistoryUnavailable, match=r"what opportunity\.amount was then is not known"):
        backtest(changes=amounts)
    assert "No changes" not in str(backtest())


def test_the_last_day_of_a_period() -> None:
    """T8: at the end of 30 June the second quarter is over, a day before it is not; each is forecast on the eve (T1)."""
    data = cc.Dataset(opportunity=DEALS, change=CHANGES)

    for day, labels in ((date(2026, 6, 30), ["2026-Q1", "2026-Q2"]), (date(2026, 6, 29), ["2026-Q1"])):
        assert cc.analyse("forecast_backtest", data, as_of=day).plain("period") == labels


def test_no_forecast_before_the_first_deal() -> None:
    """O9: the first deal is of 1 December: the month of December cannot be forecast on its eve, and can after its first day."""
    first = {after: backtest(per="month", after=after, periods=50).plain("period")[0] for after in (0, 1)}

    assert first == {0: "2026-01", 1: "2025-12"}


def test_the_order_of_rows_does_not_matter() -> None:
    """Deals and changes the other way round: the same listing."""
    assert backtest(DEALS[::-1], CHANGES[::-1]).to_dict() == backtest().to_dict()


def test_little_and_nothing() -> None:
    """R2: without a period that is over no row, and no accuracy; deals without a creation have no past."""
    none = cc.analyse("forecast_backtest", cc.Dataset(opportunity=DEALS[:1]), as_of=date(2025, 12, 31))

    assert (len(none), none.fact("wape"), none.fact("inside")) == (0, None, None)
    with pytest.raises(TableNotFound, match="opportunity"):
        cc.analyse("forecast_backtest", cc.Dataset(stage=[{"id": 1}]))
    with pytest.raises(ColumnNotFound, match="expected_close"):
        backtest(
            [{k: v for k, v in d.items() if k != "expected_close"} for d in DEALS],
            [c for c in CHANGES if c["field"] != "expected_close"],
        )


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"method": "weight"}, "method is one of weighted, commit"),
        ({"periods": 0}, "periods is a whole number, at least 1"),
        ({"after": -1}, "after is a whole number, at least 0"),
        ({"per": "fortnight"}, "fortnight"),
    ],
)
def test_wrong_choices_are_named(choices, says) -> None:
    """Each error says what was given and what would be right."""
    with pytest.raises(ArgumentError, match=says):
        backtest(**choices)
