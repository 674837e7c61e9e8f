"""Submitted forecasts by hand: what was in force by certain days of a period, beside what came."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore.domain import Rate
from crmcore.errors import ArgumentError, ColumnNotFound, CurrencyError, HistoryUnavailable, TableNotFound

TODAY = date(2026, 7, 5)
QUARTERS = {1: (date(2026, 1, 1), date(2026, 4, 1)), 2: (date(2026, 4, 1), date(2026, 7, 1))}


def said(owner, amount, on, quarter=1, **more):
    start, end = QUARTERS[quarter]
    return {
        "owner": owner,
        "category": "commit",
        "amount": amount,
        "start": start,
        "end": end,
        "submitted_at": on,
    } | more


def won(number, owner, amount, day, **more):
    return {
        "id": number,
        "outcome": "won",
        "owner": owner,
        "amount": amount,
        "created_at": date(2025, 12, 1),
        "closed_at": day,
    } | more


def change(record, field, at, old, new, recorded=None):
    return {
        "table": "forecast",
        "record": record,
        "field": field,
        "at": at,
        "old": old,
        "new": new,
        "recorded_at": recorded,
    }


FORECASTS = [
    said("Ann", 100, date(2025, 12, 20)),
    said("Ann", 150, date(2026, 1, 31)),
    said("Ben", 80, date(2026, 1, 10)),
    said("Ben", 60, date(2026, 2, 20)),
    said("Ben", 500, date(2025, 12, 20), category="best_case"),
    said("Ann", 200, date(2026, 3, 30), 2),
]
DEALS = [
    won(1, "Ann", 120, date(2026, 2, 1)),
    won(2, "Ben", 70, date(2026, 3, 31)),
    won(3, "Cem", 10, date(2026, 1, 2)),
    won(4, "Ann", 250, date(2026, 6, 30)),
    {
        "id": 5,
        "outcome": "lost",
        "owner": "Ann",
        "amount": 999,
        "created_at": date(2026, 1, 1),
        "closed_at": date(2026, 2, 2),
    },
]


def snapshots(forecasts=FORECASTS, deals=DEALS, changes=None, name="forecast_snapshots", where=None, **choices):
    tables = {"forecast": forecasts, "opportunity": deals}
    if changes is not None:
        tables["change"] = changes
    return cc.analyse(name, cc.Dataset(**tables), as_of=TODAY, where=where, **choices)


def test_by_hand() -> None:
    """F2, F3, T1: what was in force on the evenings before day 1, 31 and 61 of each quarter.

    Q1 brought 200. On 31 December Ann's 100 stood: 100 short, half of it; she won 120, so she alone misses 20 of 120. On 30
    January Ben's 80 has come, hers of the 31st has not: 180; misses of 20 and 10 over 120 + 70. On 1 March 150 + 60: 10 too
    much; misses of 30 and 10. Q2 brought 250, and Ann's 200 stood all the time.
    """
    found = snapshots()

    assert found.plain("period") == ["2026-Q1"] * 3 + ["2026-Q2"] * 3
    assert found.plain("after") == [0, 30, 60] * 2
    assert found.plain("made_on") == [
        "2025-12-31",
        "2026-01-30",
        "2026-03-01",
        "2026-03-31",
        "2026-04-30",
        "2026-05-30",
    ]
    assert found.plain("forecast") == [100, 180, 210, 200, 200, 200]
    assert found.plain("actual") == [200, 200, 200, 250, 250, 250]
    assert found.plain("error") == [-100, -20, 10, -50, -50, -50]
    assert found.plain("accuracy") == [0.5, 0.9, 0.95, 0.8, 0.8, 0.8]
    assert found.plain("wape_by_entity") == [20 / 120, 30 / 190, 40 / 190, 0.2, 0.2, 0.2]
    assert found.plain("forecasts") == [1, 2, 2, 1, 1, 1]
    assert (found.fact("periods"), found.fact("undated"), found.fact("unpriced")) == (2, 0, 0)


def test_errors_by_day_by_hand() -> None:
    """F2: over both quarters: misses 150, 70 and 60 of 450, in sum -150, -70, -40; accuracies 1/2 and 4/5 have a mean of 0.65.

    Their deviation is 0.3/sqrt(2), over 0.65 it is 0.3264.
    """
    found = snapshots(name="forecast_snapshot_errors")

    assert found.plain("after") == [0, 30, 60]
    assert found.plain("periods") == [2, 2, 2]
    assert found.plain("forecast") == [300, 380, 410]
    assert found.plain("actual") == [450, 450, 450]
    assert found.plain("wape") == pytest.approx([150 / 450, 70 / 450, 60 / 450], rel=1e-15)
    assert found.plain("bias") == pytest.approx([-150 / 450, -70 / 450, -40 / 450], rel=1e-15)
    assert found.plain("accuracy") == pytest.approx([300 / 450, 380 / 450, 410 / 450], rel=1e-15)
    assert found.plain("wape_by_entity") == pytest.approx([70 / 370, 80 / 440, 90 / 440], rel=1e-15)
    assert found.plain("accuracy_mean") == pytest.approx([0.65, 0.85, 0.875], rel=1e-15)
    assert found.plain("accuracy_standard_deviation") == pytest.approx([0.3 / 2**0.5, 0.1 / 2**0.5, 0.15 / 2**0.5])
    assert found.plain("accuracy_variation")[0] == pytest.approx(0.3 / 2**0.5 / 0.65)


def test_a_period_without_a_forecast_by_then_is_in_no_error() -> None:
    """R2, M3: before 20 December nothing was forecast; then only Q2 is judged, 50 short of 250."""
    late = [f for f in FORECASTS if f["submitted_at"] > date(2025, 12, 31)]
    rows, errors = snapshots(late).rows(), snapshots(late, name="forecast_snapshot_errors").rows()

    assert (rows[0]["forecast"], rows[0]["error"], rows[0]["accuracy"], rows[0]["wape_by_entity"]) == (None,) * 4
    assert (rows[0]["actual"], rows[0]["forecasts"]) == (200, 0)
    assert (errors[0]["periods"], errors[0]["forecast"], errors[0]["actual"], errors[0]["wape"]) == (1, 200, 250, 0.2)
    assert (errors[0]["accuracy_mean"], errors[0]["accuracy_standard_deviation"]) == (0.8, None)


def test_a_forecast_of_nothing_is_one() -> None:
    """M3: 0 was said, and 200 came: accuracy 0; who gave no amount said nothing, and is counted."""
    nil = snapshots([said("Ann", 0, date(2025, 12, 20)), said("Ben", None, date(2025, 12, 20))], after=0)

    assert (nil.plain("forecast"), nil.plain("accuracy"), nil.plain("forecasts")) == ([0, None], [0, None], [1, 0])
    assert nil.plain("wape_by_entity")[0] == 1.0
    assert nil.fact("unpriced") == 1


def test_forecasts_that_were_changed() -> None:
    """F3, O8: one row whose amount is changed is what resubmitting is: 100, from 10 January 130, from 20 February 90.

    The last change was written down on 5 March alone, and so it was not known on 1 March.
    """
    rows = [said("Ann", 90, date(2025, 12, 20), id=7)]
    changes = [
        change(7, "amount", date(2026, 1, 10), 100, 130),
        change(7, "amount", date(2026, 2, 20), 130, 90, date(2026, 3, 5)),
    ]

    assert snapshots(rows, changes=changes).plain("forecast")[:3] == [100, 130, 130]
    assert snapshots(rows, changes=changes, after=(60, 70)).plain("forecast")[:2] == [130, 90]
    data = cc.Dataset(forecast=rows, opportunity=DEALS, change=changes)
    less = cc.analyse("forecast_snapshots", data, as_of=TODAY, known=date(2026, 2, 25), after=70)
    assert less.plain("forecast")[0] == 130  # a question that knows what was known in February knows no more of March
    told = [change(7, "amount", date(2026, 1, 10), 100, 130), change(7, "amount", date(2026, 2, 20), 130, 90)]
    assert snapshots(rows, changes=told).plain("forecast")[:3] == [100, 130, 90]


def test_a_host_that_moves_the_date_of_submission_on() -> None:
    """O8: where the row bears the date of its last submission, and the changes tell the one before, it was there before, too."""
    rows = [said("Ann", 130, date(2026, 1, 10), id=7)]
    changes = [
        change(7, "amount", date(2026, 1, 10), 100, 130),
        change(7, "submitted_at", date(2026, 1, 10), date(2025, 12, 20), date(2026, 1, 10)),
    ]

    assert snapshots(rows, changes=changes).plain("forecast") == [100, 130, 130, None, None, None]
    assert snapshots(rows, changes=changes[:1]).plain("forecast")[:2] == [None, 130]  # nothing tells of it


def test_what_came_later_changes_no_forecast() -> None:
    """F3: corrections told in April of a forecast and of a deal: the forecast of March stays, and what came is the corrected."""
    rows = [said("Ann", 170, date(2025, 12, 20), id=7)]
    deals = [DEALS[0] | {"amount": 160}, *DEALS[1:]]
    changes = [
        change(7, "amount", date(2025, 12, 25), 100, 170, date(2026, 4, 9)),
        change(1, "amount", date(2026, 1, 15), 120, 160, date(2026, 4, 9)) | {"table": "opportunity"},
    ]
    found = snapshots(rows, deals, changes)

    assert found.plain("forecast")[:3] == [100, 100, 100]
    assert found.plain("actual")[:3] == [240, 240, 240]
    before = cc.Dataset(forecast=rows, opportunity=deals, change=changes)
    early = cc.analyse("forecast_snapshots", before, as_of=date(2026, 4, 5))
    assert (early.plain("forecast"), early.plain("actual")) == ([100, 100, 100], [200, 200, 200])


def test_ends_of_months() -> None:
    """T1: after="month" looks on the evening before the quarter, and at the end of its first and second month."""
    found = snapshots(after="month")

    assert found.plain("after") == [0, 1, 2] * 2
    assert found.plain("made_on")[:3] == ["2025-12-31", "2026-01-31", "2026-02-28"]
    assert found.plain("forecast")[:3] == [100, 150 + 80, 150 + 60]
    assert snapshots(after="quarter").plain("made_on") == ["2025-12-31", "2026-03-31"]
    weeks = snapshots(after="week", periods=1).plain("made_on")
    assert weeks[:3] == ["2026-03-31", "2026-04-05", "2026-04-12"]  # 5 April is a Sunday
    assert weeks[-1] == "2026-06-28"
    assert "Parts over" in str(found)


def test_days_outside_the_period_are_not_looked_at() -> None:
    """T1: February has 28 days: its day 28 is its end, when nothing is left to forecast; January and March have it.

    M8: of Ann's 100 January takes 31 of 90 days, 3444.44 cents, February 3111.11, March 3444.44; the cent that is left goes to
    the largest remainder, of two the earlier.
    """
    found = snapshots(per="month", after=(27, 28), periods=6).rows()

    assert [(r["period"], r["after"]) for r in found][:5] == [
        ("2026-01", 27),
        ("2026-01", 28),
        ("2026-02", 27),
        ("2026-03", 27),
        ("2026-03", 28),
    ]
    first = snapshots(FORECASTS[:1], per="month", after=0).plain("forecast")
    assert first == [34.45, 31.11, 34.44, None, None, None]


def test_a_longer_forecast_of_days_to_come_waits() -> None:
    """T8: the year's forecast is judged by quarter, and only those quarters that are over: 90, 91 of 365 days of 3,650."""
    year = [said("Ann", 3650, date(2025, 12, 20)) | {"end": date(2027, 1, 1)}]
    found = snapshots(year, after=0)

    assert found.plain("period") == ["2026-Q1", "2026-Q2"]
    assert found.plain("forecast") == [900, 910]


def test_populations_are_apart() -> None:
    """M8: a forecast with a team alone is the team's, one with neither the organisation's; each is judged by what was won by all.

    Of the teams the north missed 100 - 120, and the south nothing forecast.
    """
    rows = [
        *FORECASTS,
        said(None, 100, date(2025, 12, 21), team="north"),
        said(None, 300, date(2025, 12, 20)),
        said("Ann", 7, date(2025, 12, 20), team="north", start=date(2026, 2, 1), end=date(2026, 3, 1)),
    ]
    teams = {"Ann": "north", "Ben": "south", "Cem": "south"}
    deals = [d | {"team": teams[d["owner"]]} for d in DEALS]

    def first(population, with_teams=deals):
        row = snapshots(rows, with_teams, population=population).rows()[0]
        return row["forecast"], row["actual"], row["wape_by_entity"]

    assert first("seller") == (107, 200, 13 / 120)
    assert first("team") == (100, 200, 20 / 120)
    assert first("organisation") == (300, 200, 100 / 200)
    assert first("team", DEALS) == (100, 200, None)  # nothing says whose deals are the north's


def test_what_a_forecast_is_about() -> None:
    """A later forecast takes the place of one of the same person about the same product, region and days; others are added."""
    rows = [
        said("Ann", 100, date(2025, 12, 1), product="x"),
        said("Ann", 30, date(2025, 12, 2), product="y"),
        said("Ann", 5, date(2025, 12, 3)),
        said("Ann", 40, date(2025, 12, 4), product="y"),
        said("Ann", 2, date(2025, 12, 5), product="y", region="west"),
        said("Ann", 0.5, date(2025, 12, 6), end=date(2026, 2, 1)),
        said("Ann", 0.25, date(2025, 12, 7), start=date(2026, 3, 1)),
    ]

    assert snapshots(rows, after=0).plain("forecast")[0] == 100 + 40 + 5 + 2 + 0.5 + 0.25


def test_of_one_instant_the_last_of_the_input_stands() -> None:
    """Two submissions on one day, as `crmcore.latest` takes them; with times of the day the later one, in whatever order."""
    rows = [said("Ann", 100, date(2025, 12, 20)), said("Ann", 110, date(2025, 12, 20))]
    nine, ten = (datetime(2025, 12, 20, hour, tzinfo=UTC) for hour in (9, 10))

    assert snapshots(rows, after=0).plain("forecast")[0] == 110
    assert snapshots([said("Ann", 1, ten), said("Ann", 2, nine)], after=0).plain("forecast")[0] == 1


def test_undated_forecasts_are_in_no_past() -> None:
    """O9: who does not say when it was submitted may have said it afterwards; it is left out, and counted."""
    found = snapshots([*FORECASTS, said("Cem", 50, None), said("Cem", 50, None, category="pipeline")])

    assert found.plain("forecast")[0] == 100
    assert found.fact("undated") == 1
    assert "Forecasts that say not when they were submitted, left out: 1" in str(found)


def test_another_category_and_a_condition() -> None:
    """F1: best case is judged as it was given; a condition keeps forecasts and deals of Ben alone."""
    assert snapshots(category="best_case").plain("forecast") == [500, 500, 500, None, None, None]
    ben = snapshots(where=cc.col("owner") == "Ben", periods=2).rows()
    assert [(r["period"], r["forecast"], r["actual"]) for r in ben] == [
        ("2026-Q1", None, 70),
        ("2026-Q1", 80, 70),
        ("2026-Q1", 60, 70),
        ("2026-Q2", None, 0),
        ("2026-Q2", None, 0),
        ("2026-Q2", None, 0),
    ]
    assert [r["period"] for r in snapshots(periods=1, after=(30, 0, 30))] == ["2026-Q2"] * 2


def test_a_period_ends_before_its_end() -> None:
    """T1: what was won on 1 April came in the second quarter; what has no date of closing, in none."""
    found = snapshots(deals=[*DEALS, won(6, "Ann", 1000, date(2026, 4, 1)), won(7, "Ann", 5000, None)], after=0)

    assert found.plain("actual") == [200, 1250]


def test_periods_that_are_over() -> None:
    """T8: on the last day of June its end counts: the second quarter is over; the day before it is not."""
    data = cc.Dataset(forecast=FORECASTS, opportunity=DEALS)

    def labels(day):
        return cc.analyse("forecast_snapshots", data, as_of=day, after=0).plain("period")

    assert labels(date(2026, 6, 30)) == ["2026-Q1", "2026-Q2"]
    assert labels(date(2026, 6, 29)) == ["2026-Q1"]
    assert labels(date(2026, 1, 5)) == []


def test_where_nothing_tells_of_the_past() -> None:
    """S5: without dates of submission and without changes of amounts nobody knows what stood then; with changes it is known."""
    rows = [{k: v for k, v in f.items() if k != "submitted_at"} | {"id": n} for n, f in enumerate(FORECASTS)]

    with pytest.raises(HistoryUnavailable, match=r"needs forecast\.submitted_at, or the changes of forecast\.amount"):
        snapshots(rows)
    with pytest.raises(HistoryUnavailable):
        snapshots(rows, changes=[change(0, "category", date(2026, 1, 10), "pipeline", "commit")])
    with pytest.raises(HistoryUnavailable):
        snapshots(rows[1:2], changes=[change(1, "amount", date(2026, 1, 10), 70, 150) | {"last_only": True}])
    found = snapshots(rows[1:2], changes=[change(1, "amount", date(2026, 1, 10), 70, 150)])
    assert (found.plain("forecast")[:2], found.fact("undated")) == ([70, 150], 0)


def test_currencies_are_not_added() -> None:
    """M2: dollars that were forecast are not judged by euros that were won; with rates they are, by that of their first day."""
    rows = [f | {"currency": "USD"} for f in FORECASTS]
    deals = [d | {"currency": "EUR"} for d in DEALS]

    with pytest.raises(CurrencyError, match=r"what was forecast .* \(EUR, USD\)"):
        snapshots(rows, deals)
    rates = [
        Rate(from_currency="USD", to_currency="EUR", rate=Decimal(rate), valid_from=day)
        for rate, day in (("0.5", date(2025, 1, 1)), ("0.25", date(2026, 2, 1)))
    ]
    found = cc.Workspace(currency="EUR", rates=rates).analyse(
        "forecast_snapshots", cc.Dataset(forecast=rows, opportunity=deals), as_of=TODAY, after=(0, 60)
    )
    assert found.plain("forecast") == [50, 105, 50, 50]
    assert found.plain("actual") == [200, 200, 250, 250]


def test_little_and_nothing() -> None:
    """R2: no forecast, no row; a table or column that is missing is named."""
    none = snapshots([])

    assert (len(none), none.fact("periods")) == (0, 0)
    assert len(snapshots([], name="forecast_snapshot_errors")) == 0
    with pytest.raises(TableNotFound, match="forecast"):
        cc.analyse("forecast_snapshots", cc.Dataset(opportunity=DEALS), as_of=TODAY)
    with pytest.raises(ColumnNotFound, match="amount"):
        snapshots([{k: v for k, v in f.items() if k != "amount"} for f in FORECASTS])


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"population": "sellers"}, "population is one of seller, team, organisation, got 'sellers'"),
        ({"category": "comit"}, "category is one of .*commit.*, got 'comit'"),
        ({"after": -1}, "after is a whole number, at least 0, got -1"),
        ({"after": ()}, "after is a number of days, several, or a kind of period"),
        ({"after": None}, "after is a number of days"),
        ({"after": True}, "after is a whole number"),
        ({"after": "fortnight"}, "fortnight"),
        ({"periods": 0}, "periods is a whole number, at least 1"),
        ({"per": "fortnight"}, "fortnight"),
    ],
)
def test_wrong_choices_are_named(choices, says) -> None:
    """Each error says what was given and what would be right."""
    with pytest.raises(ArgumentError, match=says):
        snapshots(**choices)
