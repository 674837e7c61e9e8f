"""What a table keeps never answers another question: other references, other filters, other rates."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

import crmcore as cc
from crmcore.domain import Rate
from crmcore.errors import CurrencyError

DEALS = [
    {"id": 1, "outcome": "won", "owner": "A", "amount": 1, "currency": "EUR", "closed_at": date(2026, 1, 1)},
    {"id": 2, "outcome": "lost", "owner": "B", "amount": 2, "currency": "USD", "closed_at": date(2026, 2, 1)},
    {"id": 3, "outcome": "won", "owner": "B", "amount": 5, "currency": "USD", "closed_at": date(2026, 2, 1)},
]
KEPT = cc.Dataset(opportunity=DEALS)


def sellers(a: str, b: str) -> list[dict[str, str]]:
    """Return the two sellers in these teams."""
    return [{"id": "A", "team": a}, {"id": "B", "team": b}]


def test_a_table_in_two_datasets_looks_up_the_references_of_each():
    """A is in X, B in Y; in the other dataset it is the other way round. A has 1 of 1 won, B 1 of 2."""
    one = cc.Dataset(opportunity=DEALS, seller=sellers("X", "Y"))
    other = cc.Dataset(opportunity=one["opportunity"], seller=sellers("Y", "X"))
    workspace = cc.Workspace()
    in_x = cc.col("owner.team") == "X"

    for data, x, y in ((one, 1.0, 0.5), (other, 0.5, 1.0), (one, 1.0, 0.5)):
        by_team = workspace.measure("win_rate", data, by="owner.team")
        assert by_team["win_rate"].values.tolist() == [x, y]
        assert workspace.measure("win_rate", data, where=in_x)["win_rate"].values.tolist() == [x]


def test_currencies_are_looked_at_for_each_question():
    """M2: dollars alone add up; asked without the filter, or by owner where euros meet dollars, nothing does."""
    workspace = cc.Workspace()
    dollars = workspace.measure("won_value", KEPT, where=cc.col("currency") == "USD")
    assert dollars["won_value"].values.tolist() == [5.0]

    with pytest.raises(CurrencyError, match="EUR, USD"):
        workspace.measure("won_value", KEPT)
    by_currency = workspace.measure("won_value", KEPT, by="currency")

    assert by_currency.rows() == [{"currency": "EUR", "won_value": 1.0}, {"currency": "USD", "won_value": 5.0}]
    assert by_currency.total == {"won_value": None}


@pytest.mark.parametrize(("rate", "euros"), [("0.5", 3.5), ("0.9", 5.5)])
def test_rates_of_one_workspace_do_not_price_for_another(rate: str, euros: float):
    """M2: 1 euro and 5 dollars at the workspace's own rate."""
    rates = [Rate(from_currency="USD", to_currency="EUR", valid_from=date(2026, 1, 1), rate=Decimal(rate))]

    result = cc.Workspace(currency="EUR", rates=rates).measure("won_value", KEPT)

    assert result["won_value"].values.tolist() == [euros]


def test_groups_of_instants_are_labelled_by_time():
    """A key of instants shows each as ISO 8601 in UTC."""
    row = {"id": 1, "outcome": "won", "closed_at": datetime(2026, 1, 1, 12, 30, tzinfo=UTC)}

    result = cc.measure("won_deals", cc.Dataset(opportunity=[row]), by="closed_at")

    assert result.column("closed_at") == ["2026-01-01T12:30:00+00:00"]


APRIL = cc.Workspace(calendar=cc.Calendar(fiscal_start=4))
JANUARY = cc.Workspace()


def monthly(rows: int = 12) -> cc.Dataset:
    """Return deals won on the fifth of January, February ... 2026, month after month."""
    days = [date(2026, i % 12 + 1, 5) for i in range(rows)]
    return cc.Dataset(opportunity=[{"id": i, "outcome": "won", "closed_at": day} for i, day in enumerate(days)])


def test_a_condition_on_fiscal_periods_is_that_of_each_calendar():
    """T7: of twelve months three are in the fourth quarter of 2026, of a year from January as of one from April."""
    data = monthly()
    spring = cc.period("closed_at", "fiscal_quarter") == "FY2026-Q1"

    assert JANUARY.measure("won_deals", data, where=spring)["won_deals"].values.tolist() == [3.0]
    assert APRIL.measure("won_deals", data, where=spring)["won_deals"].values.tolist() == [0.0]


def test_fiscal_years_are_counted_by_each_calendar():
    """T7: the calendar year 2026 is one fiscal year from January, and parts of two from April."""
    data = monthly()
    years = cc.Metric("years", cc.distinct(cc.period("closed_at", "fiscal_year")), unit="count", anchor="closed_at")

    assert JANUARY.measure(years, data)["years"].values.tolist() == [1.0]
    assert APRIL.measure(years, data)["years"].values.tolist() == [2.0]


def test_what_outcomes_meet_is_asked_anew_from_each_instant():
    """A condition on outcome and as_of, on a table ordered by outcome: won deals meet it in 2028, not before."""
    data = monthly(70_000)
    late = (cc.col("outcome") == "open") | (cc.as_of() >= date(2028, 1, 1))

    for day, found in ((date(2028, 1, 1), 70_000.0), (date(2027, 12, 31), 0.0)):
        assert JANUARY.measure("won_deals", data, where=late, as_of=day)["won_deals"].values.tolist() == [found]


def test_a_time_that_the_clock_shows_twice_is_two_instants():
    """T1: in New York 1:30 comes at 5:30 and at 6:30 UTC on the first of November; deals close at 5:45 and 6:15."""
    clock = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    closed = [datetime(2026, 11, 1, 5, 45, tzinfo=UTC), datetime(2026, 11, 1, 6, 15, tzinfo=UTC)]
    data = cc.Dataset(opportunity=[{"id": i, "outcome": "won", "closed_at": at} for i, at in enumerate(closed)])

    for fold, won in ((0, 0.0), (1, 2.0)):
        at = clock.replace(fold=fold)
        looked_from = JANUARY.measure("won_deals", data, as_of=at)
        before = JANUARY.measure("won_deals", data, where=cc.col("closed_at") <= at)
        assert looked_from["won_deals"].values.tolist() == before["won_deals"].values.tolist() == [won]


def test_targets_that_were_all_rejected_leave_periods_to_measure():
    """M8, R2: without a single valid target there is no attainment in any month, and no error either."""
    data = cc.Dataset(
        opportunity=[{"id": 1, "outcome": "won", "amount": 5, "owner": "A", "closed_at": date(2026, 1, 5)}],
        target=[
            {"id": 1, "scope": "person", "owner": "A", "amount": "much", "start": "2026-01-01", "end": "2026-02-01"}
        ],
    )
    ratio = cc.total("amount", where=cc.col("outcome") == "won") / cc.total("amount", table="target", at="start")

    for as_of in (None, date(2026, 1, 31)):
        result = cc.measure(
            cc.Metric("attained", ratio, unit="ratio", anchor="closed_at"), data, per="month", as_of=as_of
        )
        assert result.rows() == [{"period": "2026-01", "attained": None}]
