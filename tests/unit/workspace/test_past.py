"""What was there at an instant, as it was then: pasts rebuilt from the records' own dates (O4-O9, T4, T8)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import crmcore as cc

# a: open since January, won in March; b: lost in February; c: created in April; d: nobody knows when; e: created won
DEALS = [
    ("a", "won", date(2026, 1, 10), date(2026, 3, 20), 100, "price"),
    ("b", "lost", date(2026, 1, 20), date(2026, 2, 15), 50, "price"),
    ("c", "open", date(2026, 4, 2), None, 70, None),
    ("d", "open", None, None, 30, None),
    ("e", "won", date(2026, 2, 10), date(2026, 2, 10), 10, None),
]
METRICS = ["open_deals", "won_deals", "lost_deals", "win_rate_of_all", "opportunities_created"]


def dataset(extra=()):
    """Return five deals: won, lost, young, undated, and won on the day it was created."""
    names = ("id", "outcome", "created_at", "closed_at", "amount", "lost_reason")
    return cc.Dataset(opportunity=[dict(zip(names, deal, strict=True)) for deal in [*DEALS, *extra]])


DATA = dataset()


@pytest.mark.parametrize(
    ("as_of", "open_", "won", "lost", "created"),
    [
        (date(2026, 1, 9), 0, 0, 0, 0),
        (date(2026, 1, 10), 1, 0, 0, 1),
        (date(2026, 1, 31), 2, 0, 0, 2),
        (date(2026, 2, 14), 2, 1, 0, 3),
        (date(2026, 2, 15), 1, 1, 1, 3),
        (date(2026, 3, 19), 1, 1, 1, 3),
        (date(2026, 3, 20), 0, 2, 1, 3),
        # the undated deal is there from the newest recorded date on
        (date(2026, 4, 1), 0, 2, 1, 3),
        (date(2026, 4, 2), 2, 2, 1, 5),
        (date(2026, 12, 31), 2, 2, 1, 5),
    ],
)
def test_looked_at_from_any_day(as_of, open_, won, lost, created) -> None:
    """O7, O8, O9: not created yet is absent, closed later is open, undated is in no past; a date is its end (T8)."""
    total = cc.measure(METRICS, DATA, as_of=as_of).total

    assert (total["open_deals"], total["won_deals"], total["lost_deals"]) == (open_, won, lost)
    assert total["opportunities_created"] == created
    assert total["win_rate_of_all"] == (won / created if created else None)


def test_without_an_as_of_it_is_the_newest_recorded_date() -> None:
    """T8: the creation of c; the result says so. Dates to come, such as expected closes, do not count."""
    later = {"id": "f", "outcome": "open", "created_at": date(2026, 1, 1), "expected_close": date(2027, 1, 1)}
    data = cc.Dataset(
        opportunity=[*(dict(zip(("id", "outcome", "created_at", "closed_at"), d, strict=False)) for d in DEALS), later]
    )
    settings = cc.measure("open_deals", data).settings

    assert (settings["as_of"], settings["as_of_source"]) == ("2026-04-02", "opportunity.created_at")
    given = cc.measure("open_deals", data, as_of=date(2026, 5, 1)).settings
    assert (given["as_of"], given["as_of_source"]) == ("2026-05-01", "given")


def test_an_instant_cuts_within_a_day() -> None:
    """T8: an aware datetime is that very microsecond; a record's date means the end of its day, so it is later."""
    deals = [
        {
            "id": "x",
            "outcome": "won",
            "created_at": date(2026, 1, 1),
            "closed_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        },
        {"id": "y", "outcome": "open", "created_at": date(2026, 3, 1), "closed_at": None},
    ]
    data = cc.Dataset(opportunity=deals)

    def seen(hour, micro=0):
        total = cc.measure(
            ["won_deals", "open_deals"], data, as_of=datetime(2026, 3, 1, hour, 0, 0, micro, tzinfo=UTC)
        ).total
        return total["won_deals"], total["open_deals"]

    assert seen(11) == (0, 1)
    assert seen(12) == (1, 0)
    # y was created on 1 March, which at noon has not ended
    assert cc.measure("open_deals", data, as_of=date(2026, 3, 1)).total["open_deals"] == 1


def test_stocks_at_the_ends_of_months_are_those_pasts() -> None:
    """T4, O8: open deals at the end of each month, the running one at as_of; they are not added."""
    rows = cc.measure(["open_deals", "won_deals"], DATA, per="month", as_of=date(2026, 4, 10)).rows()

    assert [(r["period"], r["open_deals"], r["won_deals"]) for r in rows] == [("2026-02", 1, 1), ("2026-03", 0, 1)]
    stocks = cc.measure("open_deals", DATA, per="month", as_of=date(2026, 4, 10)).rows()
    assert [(r["period"], r["open_deals"]) for r in stocks] == [
        ("2026-01", 2), ("2026-02", 1), ("2026-03", 0), ("2026-04", 2),
    ]  # fmt: skip


def test_ages_are_those_of_then() -> None:
    """T2, T4: at the end of February a is 49 days old; on 2 April c is 0 days old, and d has no age."""
    metric = "open_deal_age_days"

    assert cc.measure(metric, DATA, as_of=date(2026, 2, 28)).total == {metric: 49.0}
    today = cc.measure(metric, DATA, as_of=date(2026, 4, 2))
    assert today.total == {metric: 0.0}
    assert today[metric].n.tolist() == [1]


def test_reasons_and_amounts_of_later_have_not_happened() -> None:
    """O4, O8: before it was lost, b has no reason; its amount is today's, and the result says that it is assumed."""
    before = cc.measure(["open_value", "open_deals"], DATA, by="lost_reason", as_of=date(2026, 1, 31))
    after = cc.measure("lost_deals", DATA, by="lost_reason", as_of=date(2026, 2, 28))

    assert before.rows() == [{"lost_reason": None, "open_value": 150.0, "open_deals": 2}]
    assert after.rows() == [{"lost_reason": "price", "lost_deals": 1}]
    assert "opportunity.amount" in before.settings["assumed"]


def test_undated_records_are_told() -> None:
    """O9: they belong to today's stocks, to no cohort, and the result counts them."""
    result = cc.measure(["open_deals", "opportunities_created"], DATA, per="year")

    assert result.rows() == [{"period": "2026", "open_deals": 2, "opportunities_created": 4}]
    assert result.excluded["opportunity: no created_at"] == 1


def test_created_won_counts_with_a_cycle_of_zero() -> None:
    """O6: e was created and won on one day: its cycle of zero stays in the mean of 69 and 0."""
    assert cc.measure("sales_cycle_days", DATA).total == {"sales_cycle_days": 69 / 2}


def test_deleted_merged_sample_and_test_records_count_nowhere() -> None:
    """O3: they are in no number, and the result says how many were left out, and why."""
    flags = [{"deleted": True}, {"sample": True}, {"test": True}, {"merged_into": "g0"}, {}]
    deals = [{"id": f"g{i}", "outcome": "won", "amount": 1, **flag} for i, flag in enumerate(flags)]
    result = cc.measure(["won_deals", "won_value"], cc.Dataset(opportunity=deals))

    assert result.total == {"won_deals": 1, "won_value": 1.0}
    assert result.excluded == {f"opportunity: {why}": 1 for why in ("deleted", "sample", "test", "merged")}


def test_a_lead_converted_later_is_a_lead_not_converted() -> None:
    """O8, R4: by 31 January one of two leads was converted; the other one by the end of February."""
    leads = [
        {"id": "l1", "created_at": date(2026, 1, 1), "converted": True, "converted_at": date(2026, 1, 20)},
        {"id": "l2", "created_at": date(2026, 1, 5), "converted": True, "converted_at": date(2026, 2, 20)},
    ]
    data = cc.Dataset(lead=leads)

    for as_of, rate in ((date(2026, 1, 19), 0.0), (date(2026, 1, 31), 0.5), (date(2026, 2, 20), 1.0)):
        assert cc.measure("lead_conversion_rate", data, as_of=as_of).total["lead_conversion_rate"] == rate


def test_a_reference_knows_what_comes_later() -> None:
    """O8: who refers to a record knows it, but knows of it only what was true by then."""
    data = cc.Dataset(
        opportunity=[{"id": "o", "outcome": "open", "lead": "l", "created_at": date(2026, 1, 1)}],
        lead=[
            {
                "id": "l",
                "created_at": date(2026, 6, 1),
                "source": "web",
                "converted": True,
                "converted_at": date(2026, 7, 1),
            }
        ],
    )
    by = ["lead.source", "lead.converted"]
    rows = cc.measure("open_deals", data, by=by, as_of=date(2026, 3, 1)).rows()

    assert rows == [{"lead.source": "web", "lead.converted": False, "open_deals": 1}]
