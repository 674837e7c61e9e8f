"""Forecasts of a period: by category, weight, run rate and distribution, by hand and beside the catalogue's metrics."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore.domain import Rate
from crmcore.errors import ArgumentError, ColumnNotFound, CurrencyError, TableNotFound

TODAY = date(2026, 2, 15)
COLUMNS = ("id", "outcome", "stage", "amount", "probability", "forecast_category", "expected_close", "closed_at")
DEALS = [
    ("won", "won", "offer", 100, None, "commit", date(2026, 2, 1), date(2026, 2, 3)),
    ("won before", "won", "offer", 7_000, None, None, date(2025, 12, 1), date(2025, 12, 3)),
    ("lost", "lost", "offer", 900, Decimal("0.9"), "commit", date(2026, 3, 1), date(2026, 2, 4)),
    ("abandoned", "abandoned", "offer", 800, Decimal("0.9"), "best_case", date(2026, 3, 1), date(2026, 2, 5)),
    ("a", "open", "offer", 200, Decimal("0.5"), "commit", date(2026, 3, 31), None),
    ("b", "open", "offer", 400, None, None, date(2026, 1, 1), None),
    ("c", "open", "new", 1_000, None, "best_case", date(2026, 3, 1), None),
    ("d", "open", "new", None, Decimal("0.5"), "pipeline", date(2026, 3, 1), None),
    ("e", "open", "offer", 50, Decimal(0), "omitted", date(2026, 3, 1), None),
    ("f", "open", "offer", 30, Decimal(1), "pipeline", date(2026, 3, 1), None),
    ("next", "open", "offer", 600, Decimal("0.5"), "commit", date(2026, 4, 1), None),
    ("undated", "open", "offer", 5_000, Decimal("0.5"), "commit", None, None),
    ("overdue", "open", "offer", 6_000, Decimal("0.5"), "commit", date(2025, 12, 31), None),
]
"""As of mid-February: one won in the quarter, six open in it, and one each of what does not belong there."""
STAGES = [
    {"id": "new", "order": 1, "probability": None, "forecast_category": None},
    {"id": "offer", "order": 2, "probability": Decimal("0.25"), "forecast_category": "commit"},
]
QUOTA = {"kind": "quota", "metric": "won_value", "start": date(2026, 1, 1), "end": date(2026, 4, 1)}
TARGETS = [
    QUOTA | {"id": 1, "scope": "seller", "amount": 300},
    QUOTA | {"id": 2, "scope": "seller", "amount": 200},
    QUOTA | {"id": 3, "scope": "team", "amount": 1_100},
    QUOTA | {"id": 4, "scope": "seller", "metric": "deals_won", "amount": 9},
    QUOTA | {"id": 5, "scope": "seller", "kind": "budget", "amount": 8},
]


def dataset(deals=None, **more):
    rows = [dict(zip(COLUMNS, row, strict=True)) | {"created_at": date(2025, 11, 1)} for row in DEALS if deals is None]
    return cc.Dataset(opportunity=rows if deals is None else deals, stage=STAGES, **{"target": TARGETS} | more)


def forecast(data=None, /, **choices):
    return cc.analyse("revenue_forecast", dataset() if data is None else data, as_of=TODAY, **choices)


def by_method(listing, column="value"):
    return dict(zip(listing["method"].tolist(), listing.plain(column), strict=True))


# --- by category


def test_categories_as_published(vector) -> None:
    """F1: the single and the cumulative figures of the vector; open pipeline is without closed, omitted in nothing."""
    case = vector("fc-salesforce-rollup")
    names = {"Commit": "commit", "BestCase": "best_case", "Pipeline": "pipeline", "Omitted": "omitted"}
    deals = [
        {"id": n, "outcome": "open", "amount": case["input"][n], "forecast_category": c} for n, c in names.items()
    ] + [{"id": "x", "outcome": "won", "amount": case["input"]["Closed"], "closed_at": TODAY}]
    data = dataset([{"created_at": date(2026, 1, 1), "expected_close": TODAY, "stage": None, **d} for d in deals])
    found = cc.analyse("forecast_rollup", data)
    rows = {row["category"]: row for row in found}
    single, rolled = case["expected"]["single"], case["expected"]["cumulative"]

    assert list(rows) == ["closed", "commit", "best_case", "pipeline", "omitted"]
    assert rows["closed"]["value"] == single["Closed"]
    assert {n: rows[names[n]]["value"] for n in ("Commit", "BestCase", "Pipeline")} == {
        n: single[n] for n in ("Commit", "BestCase", "Pipeline")
    }
    assert [rows[c]["cumulative"] for c in rows] == [
        rolled["ClosedOnly"],
        rolled["CommitForecast"],
        rolled["BestCaseForecast"],
        None,
        None,
    ]
    assert found.fact("open_pipeline") == rolled["OpenPipeline"]


def test_categories_by_hand() -> None:
    """F1, O2, M3: own category, else that of the stage; lost, abandoned, other quarters and undated deals in none."""
    found = cc.analyse("forecast_rollup", dataset(), as_of=TODAY)

    assert [tuple(row.values()) for row in found] == [
        ("closed", 1, 100, 100),
        ("commit", 2, 600, 700),  # a, and b by its stage
        ("best_case", 1, 1_000, 1_700),
        ("pipeline", 2, 30, None),  # d has no amount
        ("omitted", 1, 50, None),
    ]
    assert found.fact("open_pipeline") == 1_630
    assert found.fact("deals_without_amount") == 1
    assert found.fact("deals_without_expected_close") == 1
    assert found.fact("deals_expected_before") == 1
    assert found.fact("period") == "2026-Q1"


def test_an_open_deal_is_not_closed() -> None:
    """O2, F1: an open deal of category closed, and one without any, stand apart and are rolled up into nothing."""
    deals = [
        {"id": n, "outcome": "open", "amount": 10, "forecast_category": c, "expected_close": TODAY}
        for n, c in (("a", "closed"), ("b", None), ("c", "commit"))
    ]
    data = dataset([d | {"closed_at": None, "created_at": TODAY, "stage": None} for d in deals])
    found = cc.analyse("forecast_rollup", data, as_of=TODAY)

    assert found.rows()[0] == {"category": "closed", "deals": 0, "value": 0, "cumulative": 0}
    assert found.rows()[-1] == {"category": None, "deals": 2, "value": 20, "cumulative": None}
    assert found.fact("open_pipeline") == 10


# --- revenue


def test_methods_by_hand() -> None:
    """M4, E42: lost deals are in none, the one won counts fully and not among the open; a deal without probability takes its stage's.

    weighted: 100 + 200/2 + 400/4 + 1,000 unweighted + 50 x 0 + 30 x 1; run rate: 100 x 90 / 46 days.
    """
    found = forecast()

    assert by_method(found) == {
        "won": 100,
        "commit": 700,
        "best_case": 1_700,
        "weighted": 1_330,
        "all_open": 1_780,
        "run_rate": pytest.approx(100 * 90 / 46, abs=1e-9),
        "p10": 1_130,
        "p50": 1_330,
        "p90": 1_730,
    }
    assert by_method(found, "of_quota")["weighted"] == 1_330 / 500
    assert found.fact("deals_without_probability") == 1
    assert found.fact("deals_without_amount") == 1
    assert found.fact("open_deals") == 6
    assert found.fact("quota") == 500
    assert found.fact("quota_gap") == 400
    assert found.fact("expected_wins") == pytest.approx(0.5 + 0.25 + 1 + 0.5 + 0 + 1)
    assert found.fact("standard_deviation") == 200  # of 200 x 200 / 4 + 400 x 400 x 3 / 16


def test_weighted_value_is_the_metric() -> None:
    """M4: over all open deals it is what `weighted_value` says; the run rate uses the days that quota pace does."""
    data = dataset()

    assert (
        by_method(forecast(data, per=None))["weighted"]
        == cc.measure("weighted_value", data, as_of=TODAY).plain("weighted_value")[0]
    )
    assert (
        by_method(forecast(data, per=None))["all_open"]
        == cc.measure("open_value", data, as_of=TODAY).plain("open_value")[0]
    )
    paced = cc.measure("pace", data, per="quarter", as_of=TODAY).plain("pace")[-1]
    assert by_method(forecast(data), "of_quota")["run_rate"] == pytest.approx(paced, rel=1e-12)


def test_product_of_averages_is_not_the_average_of_products() -> None:
    """E34: 100 at 99 % and 200 at 0 % weigh 99; the chance of 100 is 99 %, of 101 nothing."""
    deals = [
        {"id": i, "outcome": "open", "amount": a, "probability": p, "expected_close": TODAY, "closed_at": None}
        for i, a, p in ((1, 100, Decimal("0.99")), (2, 200, 0))
    ]
    data = dataset([d | {"created_at": TODAY} for d in deals])

    assert by_method(forecast(data))["weighted"] == 99
    assert forecast(data, quota=100).fact("chance_to_hit") == pytest.approx(0.99)
    assert forecast(data, quota=101).fact("chance_to_hit") == 0
    assert forecast(data, quota=0).fact("chance_to_hit") == 1


def test_chance_to_hit_by_hand() -> None:
    """What is won and certain is 1,130; with a (1/2, 200) and b (1/4, 400): 1,330 with 5/8, 1,530 with 1/4, 1,730 with 1/8."""
    for quota, chance in ((1_130, 1), ("1330.00", 5 / 8), (1_331, 1 / 4), (1_530, 1 / 4), (1_730, 1 / 8), (1_731, 0)):
        assert forecast(quota=quota).fact("chance_to_hit") == pytest.approx(chance, abs=1e-12), quota
    assert forecast(quota="team").fact("quota") == 1_100
    assert forecast(quota="product").fact("quota") is None
    assert forecast(quota="product").fact("chance_to_hit") is None
    assert forecast(quota=None).plain("of_quota") == [None] * 9


def test_coverage_and_generation_by_hand() -> None:
    """Open in the quarter 1,680 over 400 that are missing; once the quota is met there is no coverage.

    Created in the quarter: 30 won in it, 50 open, 7 lost, and one without an amount; won in it, but created before: 100.
    """
    rows = [dict(zip(COLUMNS, row, strict=True)) | {"created_at": date(2025, 11, 1)} for row in DEALS]
    new = {"created_at": date(2026, 1, 1), "expected_close": date(2026, 8, 1), "closed_at": None, "probability": None}
    more = [
        {"id": 1, "outcome": "won", "amount": 30, "closed_at": date(2026, 2, 14)},
        {"id": 2, "outcome": "open", "amount": 50},
        {"id": 3, "outcome": "lost", "amount": 7, "closed_at": date(2026, 2, 14)},
        {"id": 4, "outcome": "open", "amount": None},
    ]
    found = forecast(dataset())
    both = forecast(dataset(rows + [new | {"stage": None, "forecast_category": None} | d for d in more]))

    assert found.fact("coverage") == 1_680 / 400
    assert (found.fact("pipeline_generated"), found.fact("created_and_won")) == (0, 0)
    assert both.fact("coverage") == 1_680 / 370
    assert (both.fact("pipeline_generated"), both.fact("created_and_won")) == (87, 30)
    assert "Created and won in the period: 30" in str(both)
    for quota in (None, 100, 99, 0):
        assert forecast(quota=quota).fact("coverage") is None
    assert forecast(quota=101).fact("coverage") == 1_680
    assert forecast(dataset(), per=None).fact("pipeline_generated") is None
    assert "Created" not in str(forecast(dataset(), per=None))


def test_generation_is_the_metric() -> None:
    """M11: what is created in the period is what `pipeline_generated` says; in several currencies it is undefined."""
    rows = [
        {"id": i, "outcome": o, "amount": a, "created_at": c, "expected_close": TODAY, "closed_at": d}
        for i, o, a, c, d in (
            (1, "open", 10, date(2026, 1, 1), None),
            (2, "open", 300, date(2025, 12, 31), None),
            (3, "won", 5_000, date(2026, 2, 15), date(2026, 2, 15)),
            (4, "lost", 70_000, date(2026, 1, 9), date(2026, 2, 1)),
            (5, "won", 9, date(2026, 1, 2), date(2025, 12, 30)),  # entered late: not won in the quarter
        )
    ]
    measured = cc.measure("pipeline_generated", dataset(rows), per="quarter", as_of=TODAY)
    found = forecast(dataset(rows))
    euros = [r | {"currency": "USD" if r["id"] == 4 else "EUR"} for r in rows]
    mixed = forecast(dataset(euros), quota=None)

    assert found.fact("pipeline_generated") == measured.plain("pipeline_generated")[-1] == 75_019
    assert found.fact("created_and_won") == 5_000
    assert (mixed.fact("pipeline_generated"), mixed.fact("created_and_won")) == (None, 5_000)
    other = forecast(
        dataset([r for r in euros if r["id"] in (2, 4)]), quota=None
    )  # 300 euros open, 70,000 dollars created
    assert (by_method(other)["all_open"], other.fact("pipeline_generated")) == (300, None)
    bare = dataset([{k: v for k, v in r.items() if k != "created_at"} for r in rows])
    assert (forecast(bare).fact("pipeline_generated"), by_method(forecast(bare))["all_open"]) == (None, 5_310)


def test_methods_and_categories_in_words() -> None:
    """What is printed says what is in a figure, in both languages; rows keep the short names."""
    revenue, rollup = forecast(quantiles=(0.25,)), cc.analyse("forecast_rollup", dataset(), as_of=TODAY)

    assert [line.split("  ")[0] for line in str(revenue).splitlines()[2:9]] == [
        "Won so far",
        "Won + commit",
        "Won + commit + best case",
        "Won + weighted open deals",
        "Won + all open deals",
        "Run rate of what is won",
        "P25",
    ]
    assert "已赢单＋承诺＋最佳情况" in str(revenue.told("zh"))
    assert "\nP25 " in str(revenue.told("zh"))
    assert [line.split("  ")[0] for line in str(rollup).splitlines()[2:7]] == [
        "Closed (won)",
        "Commit",
        "Best case",
        "Pipeline",
        "Omitted",
    ]
    assert [line.split(" ")[0] for line in str(rollup.told("zh")).splitlines()[2:7]] == [
        "已赢单",
        "承诺",
        "最佳情况",
        "管道",
        "不计入",
    ]


def test_next_quarter_and_months() -> None:
    """T1: one period ahead has the deals expected then, and no run rate; a month has the share of the quota that its days have."""
    ahead = by_method(forecast(ahead=1))
    month = forecast(per="month")

    assert (ahead["won"], ahead["all_open"], ahead["run_rate"]) == (0, 600, None)
    assert month.fact("period") == "2026-02"
    assert by_method(month)["all_open"] == 100
    # 28 of 90 days of 300 and of 200, to the cent
    assert month.fact("quota") == pytest.approx(93.33 + 62.22, abs=0.011)


def test_quantiles_are_chosen() -> None:
    """Any levels, as numbers or text; names say which."""
    found = by_method(forecast(quantiles=("0.25", 0.625, 0.99)))

    assert [*by_method(forecast(quantiles=0.25))][-2:] == ["run_rate", "p25"]
    assert [*by_method(forecast(quantiles="0.25"))][-2:] == ["run_rate", "p25"]
    assert [*by_method(forecast(quantiles=()))][-1] == "run_rate"
    assert list(found)[-3:] == ["p25", "p62.5", "p99"]
    assert [found[n] for n in ("p25", "p62.5", "p99")] == [1_130, 1_330, 1_730]


def test_a_grid_is_reported() -> None:
    """20 open deals of amounts without a common divisor: the step is the open total over the cells; the weighted value is exact."""
    draw = random.Random(5)
    amounts = [Decimal(draw.randrange(10_000_000, 99_999_999)) / 100 for _ in range(20)]
    deals = [
        {
            "id": i,
            "outcome": "open",
            "amount": a,
            "probability": Decimal("0.3"),
            "expected_close": TODAY,
            "closed_at": None,
        }
        for i, a in enumerate(amounts)
    ]
    found = forecast(dataset([d | {"created_at": TODAY} for d in deals]), cells=1_000)

    assert found.fact("grid_step") == pytest.approx(float(sum(amounts) / 1_000), rel=1e-15)
    assert 0 < found.fact("grid_moved") <= found.fact("grid_step")
    assert by_method(found)["weighted"] == float(sum(amounts) * 3 / 10)
    assert forecast().fact("grid_step") == 0


def test_correlated_deals() -> None:
    """Simulated with a stated seed: the weighted value stays exact, the same seed gives the same listing, and it says so."""
    one, same, other = (forecast(quota=1_331, correlation=0.3, seed=s) for s in (0, 0, 8))

    assert by_method(one)["weighted"] == 1_330
    assert (one.fact("correlation"), one.fact("draws"), one.fact("seed")) == (0.3, 20_000, 0)
    assert one.to_dict() == same.to_dict()
    assert other.fact("chance_to_hit") != one.fact("chance_to_hit")
    chance = one.fact("chance_to_hit")
    assert one.fact("chance_error") == pytest.approx((chance * (1 - chance) / 20_000) ** 0.5)
    once = by_method(forecast(correlation=0.3, draws=1))
    assert once["p10"] == once["p50"] == once["p90"]
    assert abs(forecast(quota=1_331, correlation=0.0001).fact("chance_to_hit") - 1 / 4) < 0.013
    assert "共同因素" in str(one.told("zh"))


def test_wins() -> None:
    """The six open deals are won with 1/2, 1/4, 1, 1/2, 0 and 1: two are certain, one cannot be, three may be."""
    found = cc.analyse("win_forecast", dataset(), as_of=TODAY)

    assert found["wins"].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert found["chance"] == pytest.approx([0, 0, 3 / 16, 7 / 16, 5 / 16, 1 / 16, 0])
    assert found["chance_of_at_least"] == pytest.approx([1, 1, 1, 13 / 16, 6 / 16, 1 / 16, 0])
    assert found.fact("mean") == pytest.approx(3.25)
    assert found.fact("standard_deviation") == pytest.approx((1 / 4 + 3 / 16 + 1 / 4) ** 0.5)


def test_wins_need_no_amounts_and_no_rates() -> None:
    """M2: deals are counted whatever their currency; amounts are not looked at, nor missed. One period ahead has its own."""
    base = {"created_at": TODAY, "expected_close": TODAY, "closed_at": None, "outcome": "open", "probability": "0.5"}
    mixed = [base | {"id": i, "amount": 5 * i, "currency": c} for i, c in enumerate(("EUR", "USD", "GBP"))]
    later = base | {"id": 9, "expected_close": date(2026, 5, 1), "probability": "0.1"}
    found = cc.analyse("win_forecast", dataset(mixed), as_of=TODAY)
    bare = cc.analyse("win_forecast", dataset([base | {"id": 1}, later]), as_of=TODAY)
    ahead = cc.analyse("win_forecast", dataset([base | {"id": 1}, later]), as_of=TODAY, ahead=1)

    equal = [base | {"id": i, "probability": "0.3"} for i in range(30)]
    sure = cc.analyse("win_forecast", dataset(equal), as_of=TODAY)["chance_of_at_least"]

    assert sure[0] == 1.0 >= max(sure)  # whatever the last digits of the sum
    assert found["chance"] == pytest.approx([1 / 8, 3 / 8, 3 / 8, 1 / 8])
    assert bare["chance"] == pytest.approx([1 / 2, 1 / 2])
    assert ahead["chance"] == pytest.approx([0.9, 0.1])
    assert "amount" not in str(found)


def test_categories_of_the_next_quarter() -> None:
    """T1: one period ahead is the deal of 600 in commit; a blank category is shown where its deals have no amount, too."""
    found = cc.analyse("forecast_rollup", dataset(), as_of=TODAY, ahead=1)
    blank = [
        {"id": 1, "outcome": "open", "amount": None, "expected_close": TODAY, "closed_at": None, "created_at": TODAY}
    ]

    assert [row["value"] for row in found] == [0, 600, 0, 0, 0]
    assert found.fact("open_pipeline") == 600
    assert cc.analyse("forecast_rollup", dataset(blank), as_of=TODAY).rows()[-1] == {
        "category": None,
        "deals": 1,
        "value": 0,
        "cumulative": None,
    }


# --- rates of stages


def test_rates_learnt_from_stages() -> None:
    """Of four deals in a stage three were won: an open one counts 3/4; a stage without an outcome takes the deal's own."""
    created = datetime(2025, 1, 1, tzinfo=UTC)
    deals = [
        {"id": i, "outcome": "lost" if i == 0 else "won", "stage": "offer", "amount": 1, "closed_at": date(2025, 6, 1)}
        for i in range(4)
    ] + [
        {"id": 10, "outcome": "open", "stage": "offer", "amount": 1_000, "probability": Decimal("0.1")},
        {"id": 11, "outcome": "open", "stage": "new", "amount": 100, "probability": Decimal("0.1")},
        {"id": 12, "outcome": "open", "stage": "new", "amount": 5},
    ]
    changes = [
        {
            "table": "opportunity",
            "record": i,
            "field": "outcome",
            "old": "open",
            "new": deals[i]["outcome"],
            "at": date(2025, 6, 1),
        }
        for i in range(4)
    ]
    data = dataset([{"created_at": created, "expected_close": TODAY} | d for d in deals], change=changes)
    own, learnt = forecast(data), forecast(data, rates="stages")

    assert by_method(own)["weighted"] == 115
    assert by_method(learnt)["weighted"] == 765
    assert learnt.fact("deals_without_chain") == 2
    assert learnt.fact("deals_without_probability") == 1


def test_rates_of_segments_are_drawn_to_that_of_all() -> None:
    """Of 6 deals 4 were won, all 3 of Anna and 1 of 3 of Bo; with 6 moves of all beside: 7/9 and 5/9, in 1/10,000.

    Without segments both are 2/3; with a prior near 0 the one is sure and the other 1/3.
    """
    ends = {"Anna": ("won", "won", "won"), "Bo": ("won", "lost", "lost")}
    past = [(owner, outcome) for owner, all_of in ends.items() for outcome in all_of]
    base = {"stage": "new", "created_at": datetime(2025, 1, 1, tzinfo=UTC), "expected_close": TODAY}
    rows = [
        base | {"id": i, "owner": o, "outcome": x, "amount": 1, "closed_at": date(2025, 6, 1)}
        for i, (o, x) in enumerate(past)
    ] + [base | {"id": o, "owner": o, "outcome": "open", "amount": 10_000} for o in ends]
    changes = [
        {"table": "opportunity", "record": i, "field": "outcome", "old": "open", "new": x, "at": date(2025, 6, 1)}
        for i, (_, x) in enumerate(past)
    ]
    data = dataset(rows, change=changes)
    found = forecast(data, rates="stages", segment="owner", prior=6)

    assert by_method(found)["weighted"] == 7_778 + 5_556
    assert by_method(forecast(data, rates="stages"))["weighted"] == 2 * 6_667
    assert by_method(forecast(data, rates="stages", segment="owner", prior=1e-9))["weighted"] == 10_000 + 3_333
    assert (found.fact("deals_without_chain"), found.fact("deals_without_probability")) == (0, 0)
    assert by_method(forecast(data))["weighted"] == 20_000
    wins = cc.analyse("win_forecast", data, as_of=TODAY, rates="stages", segment="owner", prior=6)
    assert wins["chance"] == pytest.approx([0.2222 * 0.4444, 0.7778 * 0.4444 + 0.2222 * 0.5556, 0.7778 * 0.5556])


# --- what is odd


def test_amounts_below_zero_and_one_deal() -> None:
    """A credit of 80 at one half beside nothing: -80 or 0; P90 is 0."""
    deals = [{"id": 1, "outcome": "open", "amount": -80, "probability": Decimal("0.5"), "expected_close": TODAY}]
    found = by_method(forecast(dataset([d | {"created_at": TODAY, "closed_at": None} for d in deals])))

    assert (found["weighted"], found["all_open"], found["p10"], found["p50"], found["p90"]) == (-40, -80, -80, -80, 0)


def test_what_has_no_amount_or_no_date() -> None:
    """M3: won and open deals without an amount are counted; a missing date is in no period, not even in that of 1 January 1970."""
    then, base = date(1970, 1, 1), {"created_at": date(1970, 1, 1), "expected_close": None, "closed_at": None}
    deals = [
        {"id": 1, "outcome": "won", "amount": None, "closed_at": then},
        {"id": 2, "outcome": "won", "amount": 70, "closed_at": then},
        {"id": 3, "outcome": "open", "amount": None, "expected_close": date(1970, 1, 31)},
        {"id": 4, "outcome": "open", "amount": 9},
    ]
    found = forecast(dataset([base | d for d in deals]), per="month", quota=70)
    early = cc.analyse("revenue_forecast", dataset([base | d for d in deals]), per="month", as_of=date(1970, 1, 20))

    assert [found.fact(n) for n in ("won_deals", "open_deals", "deals_without_amount")] == [0, 0, 0]
    assert [early.fact(n) for n in ("won_deals", "open_deals", "deals_without_amount")] == [2, 1, 2]
    assert early.fact("deals_without_expected_close") == 1
    assert (by_method(early)["won"], by_method(early)["all_open"]) == (70, 70)


def test_all_open_deals_need_no_dates() -> None:
    """Without a period neither the expected close nor the close is looked at."""
    rows = [{"id": i, "outcome": "open", "amount": 10 * i, "created_at": TODAY} for i in (1, 2)]
    found = cc.analyse("forecast_rollup", dataset(rows), per=None)

    assert found.fact("open_deals") == 2


def test_currencies_do_not_mix() -> None:
    """M2: among the open, between won and open, with the quota; with rates all are converted, and what has no rate is counted."""
    base = {"created_at": TODAY, "expected_close": TODAY, "closed_at": None, "outcome": "open", "amount": 100}
    mixed = [base | {"id": 1, "currency": "EUR"}, base | {"id": 2, "currency": "USD"}]
    apart = [mixed[0], mixed[1] | {"outcome": "won", "closed_at": TODAY}]
    unpriced = [mixed[0], mixed[1] | {"amount": None}, apart[1] | {"id": 3, "amount": None}]
    assert by_method(forecast(dataset(unpriced, target=[])))["all_open"] == 100
    for deals in (mixed, apart):
        with pytest.raises(CurrencyError, match="EUR, USD"):
            forecast(dataset(deals, target=[]))
    dollars = [QUOTA | {"id": 1, "scope": "seller", "amount": 300, "currency": "USD"}]
    with pytest.raises(CurrencyError, match="EUR, USD"):
        forecast(dataset([mixed[0]], target=dollars))
    workspace = cc.Workspace(
        currency="EUR",
        rates=[Rate(from_currency="USD", to_currency="EUR", rate=Decimal("0.5"), valid_from=date(2026, 1, 1))],
    )
    more = [*mixed, base | {"id": 3, "currency": "GBP"}]
    found = workspace.analyse("revenue_forecast", dataset(more, target=dollars), as_of=TODAY)

    assert by_method(found)["all_open"] == 150
    assert found.fact("deals_without_amount") == 1
    assert found.fact("quota") == 150


def test_won_at_the_rate_of_its_close() -> None:
    """M2: 100 dollars won on the 3rd are 50 euros, 100 open ones are 80 by the rate of the day that is looked from.

    The quota of 300 is 150 by the rate of its start, and what was created on 5 January is 50 each by that of its creation.
    """
    base = {"created_at": date(2026, 1, 5), "expected_close": TODAY, "amount": 100, "currency": "USD"}
    deals = [
        base | {"id": 1, "outcome": "won", "closed_at": date(2026, 2, 3)},
        base | {"id": 2, "outcome": "open", "closed_at": None},
    ]
    rates = [
        Rate(from_currency="USD", to_currency="EUR", rate=Decimal(rate), valid_from=start)
        for rate, start in (("0.5", date(2026, 1, 1)), ("0.8", date(2026, 2, 10)))
    ]
    workspace = cc.Workspace(currency="EUR", rates=rates)
    dollars = [QUOTA | {"id": 1, "scope": "seller", "amount": 300, "currency": "USD"}]
    told = workspace.analyse("revenue_forecast", dataset(deals, target=dollars), as_of=TODAY)
    found = by_method(told)

    assert (found["won"], found["all_open"]) == (50, 130)
    assert [told.fact(n) for n in ("quota", "pipeline_generated", "created_and_won")] == [150, 100, 50]


def test_nothing_at_all() -> None:
    """R2: without deals everything is 0 and nothing is sure to be met but a quota of nothing; without an instant there is no period."""
    columns = {c: [] for c in (*COLUMNS, "created_at")}
    found = forecast(dataset(columns))

    assert by_method(found) == dict.fromkeys(
        ("won", "commit", "best_case", "weighted", "all_open", "run_rate", "p10", "p50", "p90"), 0
    )
    assert (found.fact("chance_to_hit"), forecast(dataset(columns), quota=0).fact("chance_to_hit")) == (0, 1)
    for name in ("revenue_forecast", "forecast_rollup", "win_forecast"):
        assert len(cc.analyse(name, cc.Dataset(opportunity=columns))) == 0
    assert cc.analyse("revenue_forecast", cc.Dataset(opportunity=columns), quota=5).fact("chance_to_hit") is None


def test_as_it_was() -> None:
    """O8: on 1 February the deal won on the 3rd was open, with the probability of its stage, and expected that day."""
    found = cc.analyse("revenue_forecast", dataset(), as_of=date(2026, 2, 1))

    assert by_method(found)["won"] == 0
    assert by_method(found)["weighted"] == 1_230 + 25 + 900 * 0.9 + 800 * 0.9


def test_one_seller_and_the_order_of_rows() -> None:
    """A condition looks at some deals; rows in another order give the same."""
    rows = [dict(zip(COLUMNS, row, strict=True)) | {"created_at": date(2025, 11, 1)} for row in DEALS]
    found = forecast(dataset(rows))

    assert forecast(dataset(rows[::-1])).to_dict() == found.to_dict()
    some = cc.analyse("revenue_forecast", dataset(rows), as_of=TODAY, quota=None, where=cc.col("amount") >= 200)
    assert by_method(some)["all_open"] == 1_600


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"per": "fortnight"}, "fortnight"),
        ({"ahead": -1}, "ahead is a whole number, at least 0, got -1"),
        ({"quota": "sellers"}, "quota is a number, or the targets of one of seller, team"),
        ({"quota": True}, "quota is a number"),
        ({"quota": float("inf")}, "quota is a number.* got inf"),
        ({"quota": "nan"}, "quota is a number.* got 'nan'"),
        ({"rates": "stage"}, "rates is one of 'own', 'stages', got 'stage'"),
        ({"segment": "owner"}, "a segment is of rates='stages'.* got 'owner' beside 'own'"),
        ({"quantiles": (0.5, 1)}, "quantiles are numbers between 0 and 1"),
        ({"quantiles": None}, "quantiles are numbers between 0 and 1"),
        ({"quantiles": 90}, "quantiles are numbers between 0 and 1"),
        ({"cells": 2**24 + 1}, "cells is at most 16,777,216, got 16777217"),
        ({"correlation": True}, "correlation is a number"),
        ({"correlation": float("nan")}, "correlation is a number"),
        ({"correlation": 1}, "correlation is a number from 0 to below 1"),
        ({"cells": 1}, "cells is a whole number, at least 2"),
        ({"draws": 0}, "draws is a whole number, at least 1"),
        ({"seed": "x"}, "seed is a whole number"),
    ],
)
def test_wrong_choices_are_named(choices, says) -> None:
    """Each error says what was given and what would be right."""
    with pytest.raises(ArgumentError, match=says):
        forecast(**choices)


def test_what_is_missing_is_named() -> None:
    """No opportunities, or no expected close where a period is asked for; without a period it is not needed."""
    with pytest.raises(TableNotFound, match="opportunity"):
        cc.analyse("revenue_forecast", cc.Dataset(target=TARGETS))
    bare = cc.Dataset(opportunity=[{"id": 1, "outcome": "open", "amount": 9, "closed_at": None, "created_at": TODAY}])
    with pytest.raises(ColumnNotFound, match="expected_close"):
        cc.analyse("revenue_forecast", bare)
    assert by_method(cc.analyse("revenue_forecast", bare, per=None))["weighted"] == 9
