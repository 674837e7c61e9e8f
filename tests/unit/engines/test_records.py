"""The records behind a number, and the rows counted as used, are those the number was computed from."""

from __future__ import annotations

from datetime import date

import crmcore as cc

DEALS = [
    {"id": i, "outcome": "won", "amount": 10 * i, "account": "AB"[i % 2], "closed_at": date(2026, i, 5)}
    for i in range(1, 8)
]
DATA = cc.Dataset(opportunity=[*DEALS, {"id": 8, "outcome": "won", "amount": 1000}])


def test_a_condition_on_dates_does_not_shorten_the_window_of_the_records():
    """T6: ninety days before the end of June hold the deals of 5 April, May and June, of which June's alone is shown."""
    since = cc.col("closed_at") >= date(2026, 6, 1)

    result = cc.measure("won_value.trailing(90)", DATA, per="month", where=since)

    assert result.rows()[0] == {"period": "2026-06", "won_value_trailing_90_days": 150.0}
    assert result.records("won_value_trailing_90_days", period="2026-06")["rows"] == [4, 5, 6]
    assert result.used == {"opportunity": 4}  # April to July


def test_rows_outside_a_window_are_not_used():
    """T6: thirty days up to 5 July hold that day's deal alone; what has no date is left out and counted."""
    result = cc.measure("won_value.trailing(30)", DATA)

    assert result.rows() == [{"won_value_trailing_30_days": 70.0}]
    assert result.used == {"opportunity": 1}
    assert result.excluded == {"opportunity: no closed_at": 1}


def test_windows_inside_a_roll_up_are_those_of_its_records():
    """T5: July runs up to the fifth, and in the same days of June there was the sixth deal, of one account."""
    before = cc.count(cc.each("account", cc.count().previous("month")) >= 1)
    active = cc.Metric("active_before", before, unit="count", anchor="closed_at")

    result = cc.measure(active, DATA, per="month")

    assert result.rows()[-1] == {"period": "2026-07", "active_before": 1}
    assert result.records("active_before", period="2026-07")["rows"] == [6]


def test_rows_of_no_account_are_not_behind_a_number_of_accounts():
    """The eighth deal belongs to no account, and the two accounts have the other seven."""
    accounts = cc.Metric("accounts", cc.count(cc.each("account", cc.count()) >= 1), unit="count", anchor="closed_at")

    result = cc.measure(accounts, DATA)

    assert result.rows() == [{"accounts": 2}]
    assert sorted(result.records("accounts")["rows"]) == [1, 2, 3, 4, 5, 6, 7]
    assert result.records("accounts")["left out"] == {"no account": [8]}
    assert result.used == {"opportunity": 7}
    assert result.excluded == {"opportunity: no account": 1}


def test_rows_used_by_a_stock_are_those_of_all_its_instants():
    """T4: the deal was open at the end of January and of February and won in March, where no deal is open any more."""
    deal = {"id": 1, "outcome": "won", "created_at": date(2026, 1, 5), "closed_at": date(2026, 3, 5)}

    result = cc.measure("open_deals", cc.Dataset(opportunity=[deal]), per="month")

    assert result["open_deals"].values.tolist() == [1.0, 1.0, 0.0]
    assert result.used == {"opportunity": 1}
    assert result.records("open_deals", period="2026-02")["rows"] == [1]
    assert result.records("open_deals", period="2026-03")["rows"] == []
