"""Results: rows, details, intervals, order, and the records behind a number."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from math import isnan
from pathlib import Path
from statistics import NormalDist, stdev

import numpy as np
import pytest

import crmcore as cc
from crmcore.errors import ArgumentError, GroupNotFound, MetricNotFound

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "vectors.json"
DEALS = [
    ("d1", "won", "Anna", "EMEA", date(2026, 1, 5), 100),
    ("d2", "won", "Anna", "EMEA", date(2026, 2, 5), None),
    ("d3", "lost", "Anna", "APAC", date(2026, 2, 6), 50),
    ("d4", "lost", "Bo", "APAC", date(2026, 1, 7), 70),
    ("d5", "open", "Bo", "APAC", None, 30),
    ("d6", "won", None, "EMEA", date(2026, 2, 9), 20),
    ("d7", "won", "陈", None, None, 40),
]


@pytest.fixture(scope="module")
def data():
    """Return seven deals of three owners and of nobody; one won deal has no close date."""
    names = ("id", "outcome", "owner", "region", "closed_at", "amount")
    rows = [dict(zip(names, deal, strict=True)) | {"created_at": date(2026, 1, 1)} for deal in DEALS]
    return cc.Dataset(opportunity=rows)


@pytest.fixture(scope="module")
def card(data):
    """Return win rate and won value by owner."""
    return cc.measure(["win_rate", "won_value", "mean_won_deal"], data, by="owner")


# -- rows ----------------------------------------------------------------------------------------------


def test_rows_are_plain_data_in_label_order(card) -> None:
    """Groups by label, blank last; None for blank and for undefined (R2)."""
    assert card.rows() == list(card) == [
        {"owner": "Anna", "win_rate": 2 / 3, "won_value": 100.0, "mean_won_deal": 100.0},
        {"owner": "Bo", "win_rate": 0.0, "won_value": 0.0, "mean_won_deal": None},
        {"owner": "陈", "win_rate": 1.0, "won_value": 40.0, "mean_won_deal": 40.0},
        {"owner": None, "win_rate": 1.0, "won_value": 20.0, "mean_won_deal": 20.0},
    ]  # fmt: skip
    assert (len(card), card.keys, card.axes, card.names[0]) == (4, ("owner",), ("owner",), "win_rate")
    assert "win_rate" in card
    assert "loss_rate" not in card


def test_numbers_are_numpy_arrays(card) -> None:
    """nan where undefined, with the mask and the reason beside them."""
    mean = card["mean_won_deal"]

    assert mean.values.tolist()[:1] == [100.0]
    assert isnan(mean.values[1])
    assert mean.defined.tolist() == [True, False, True, True]
    assert [mean.reason(i) for i in range(4)] == [None, "nothing to measure", None, None]
    assert np.asarray(card["win_rate"]).dtype == np.float64
    assert list(card["win_rate"]) == [2 / 3, 0.0, 1.0, 1.0]
    with pytest.raises(MetricNotFound, match="in this result; did you mean 'win_rate'"):
        card["win_rat"]


def test_n_numerator_and_denominator_stand_beside(card) -> None:
    """R3: of a rate won and decided; of a sum and a mean the deals with an amount."""
    assert card["win_rate"].n.tolist() == card["win_rate"].denominator.tolist() == [3, 1, 1, 1]
    assert card["win_rate"].numerator.tolist() == [2, 0, 1, 1]
    assert card["won_value"].n.tolist() == [1, 0, 1, 1]
    assert card["won_value"].numerator is None
    assert card["mean_won_deal"].n.tolist() == [1, 0, 1, 1]


def test_the_total_is_that_of_the_rows_not_of_the_rates(card, data) -> None:
    """R1: 4 of 6 decided are won; the mean of the owners' rates would be 2/3 by chance of nothing."""
    assert card.total == cc.measure(["win_rate", "won_value", "mean_won_deal"], data).rows()[0]
    assert card.total["win_rate"] == 4 / 6
    assert card.total["mean_won_deal"] == 160 / 3


def test_what_was_used_and_what_was_left_out(card) -> None:
    """Six decided deals; one won deal has no amount (M3)."""
    assert card.used == {"opportunity": 6}
    assert card.excluded == {"opportunity: unpriced": 1}


def test_periods_make_an_axis(data) -> None:
    """T7: every group shows every period; a deal won without a date is in none, and counted."""
    result = cc.measure(["won_deals", "win_rate"], data, by="region", per="month")

    assert result.axes == ("region", "period")
    assert [(r["region"], r["period"], r["won_deals"], r["win_rate"]) for r in result.rows()] == [
        ("APAC", "2026-01", 0, 0.0),
        ("APAC", "2026-02", 0, 0.0),
        ("EMEA", "2026-01", 1, 1.0),
        ("EMEA", "2026-02", 2, 1.0),
    ]
    assert result.excluded == {"opportunity: no closed_at": 1}
    assert result.column("period") == ["2026-01", "2026-02"] * 2
    with pytest.raises(ArgumentError, match="no key named 'owner'; this result has region, period"):
        result.column("owner")


def test_to_dict_has_the_shape_that_programs_rely_on(data) -> None:
    """Keys, rows, details with the members that apply, total, metrics, n, exclusions, issues, settings; all of it JSON."""
    found = cc.measure(["win_rate", "won_value"], data, by="region", interval=True).to_dict()

    assert list(found) == [
        "keys", "rows", "details", "total", "metrics", "n", "excluded", "issues", "settings",
    ]  # fmt: skip
    assert found["keys"] == ["region"]
    assert found["rows"][2] == {"region": None, "win_rate": 1.0, "won_value": 40.0}
    assert found["details"][0]["won_value"] == {"n": 0}
    assert {k: v for k, v in found["details"][0]["win_rate"].items() if k not in {"low", "high"}} == {
        "n": 2, "numerator": 0, "denominator": 2,
    }  # fmt: skip
    assert {"low", "high"} < found["details"][0]["win_rate"].keys()
    assert found["metrics"]["win_rate"] == {"unit": "ratio", "better": "higher", "anchor": "closed_at", "revision": 1}
    assert found["settings"]["as_of"] == "2026-02-09"
    again = json.loads(cc.measure(["win_rate", "won_value"], data, by="region", interval=True).to_json())
    assert again == json.loads(json.dumps(found))


def test_a_reason_stands_where_a_number_does_not(data) -> None:
    """R2: an undefined number has its reason among the details, and null in the row."""
    found = cc.measure("win_rate", data, by="owner", where=cc.col("outcome") == "open").to_dict()

    assert found["rows"] == []
    found = cc.measure(["win_rate", "open_deals"], data, by="owner", where=cc.col("outcome") == "open").to_dict()
    assert found["rows"] == [{"owner": "Bo", "win_rate": None, "open_deals": 1}]
    assert found["details"][0]["win_rate"] == {
        "n": 0,
        "numerator": 0,
        "denominator": 0,
        "reason": "denominator is zero",
    }


# -- intervals -----------------------------------------------------------------------------------------


def rate_of(successes, n):
    """Return the win rate of n deals, with its interval."""
    rows = [{"outcome": "won" if i < successes else "lost"} for i in range(n)]
    return cc.measure("win_rate", cc.Dataset(opportunity=rows), interval=True)["win_rate"]


def test_proportions_have_the_published_wilson_interval() -> None:
    """R3: 81 of 263, 15 of 148, 0 of 20 and 1 of 29 at 95 %, against the shared vectors."""
    if not VECTORS.is_file():
        pytest.skip("the shared vectors are not here")
    vector = next(v for v in json.loads(VECTORS.read_text(encoding="utf-8")) if v["id"] == "rate-binomial-ci")

    for successes, n in vector["input"]["cases"]:
        rate = rate_of(successes, n)
        low, high = vector["expected"][f"{successes}/{n}"]["wilson"]
        assert (rate.low[0], rate.high[0]) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))


def test_intervals_at_the_ends() -> None:
    """None of n starts at exactly 0, all of n ends at exactly 1, and of nothing there is none."""
    assert (rate_of(0, 20).low[0], rate_of(20, 20).high[0]) == (0.0, 1.0)
    empty = rate_of(0, 0)
    assert isnan(empty.low[0])
    assert isnan(empty.high[0])


def test_a_mean_has_the_normal_interval_of_its_exact_sums(data) -> None:
    """R3: of 100, 40 and 20: mean plus and minus z times the standard error; of one value none."""
    result = cc.measure("mean_won_deal", data, interval=True)
    z = NormalDist().inv_cdf(0.975)
    error = z * stdev([100, 40, 20]) / 3**0.5

    assert result["mean_won_deal"].low[0] == pytest.approx(160 / 3 - error, rel=1e-12)
    assert result["mean_won_deal"].high[0] == pytest.approx(160 / 3 + error, rel=1e-12)
    by_owner = cc.measure("mean_won_deal", data, by="owner", interval=True)["mean_won_deal"]
    assert all(map(isnan, by_owner.low.tolist()))


def test_a_confidence_may_be_given(data) -> None:
    """R3: 99 % is wider than 95 %, 50 % narrower; without asking there is none."""
    widths = {}
    for confidence in (0.5, True, 0.99):
        result = cc.measure("win_rate", data, interval=confidence)
        widths[result.confidence] = result["win_rate"].high[0] - result["win_rate"].low[0]

    assert list(widths) == [0.5, 0.95, 0.99]
    assert sorted(widths.values()) == list(widths.values())
    assert cc.measure("win_rate", data)["win_rate"].low is None
    with pytest.raises(ArgumentError, match=r"a confidence between 0 and 1 such as 0\.9, got 1\.0"):
        cc.measure("win_rate", data, interval=1.0)


def test_other_numbers_have_no_interval(data) -> None:
    """R3: neither a sum, nor a median, nor a ratio of sums."""
    result = cc.measure(["won_value", "median_won_deal", "win_rate_by_value"], data, interval=True)

    assert [result[name].low for name in result.names] == [None, None, None]


# -- order ---------------------------------------------------------------------------------------------


def test_rows_sort_by_metric_or_key_undefined_last(card) -> None:
    """Descending by default; undefined numbers and blank labels come last either way; ties keep label order."""

    def owners(by, **how):
        return card.sorted(by, **how).column("owner")

    assert owners("win_rate") == ["陈", None, "Anna", "Bo"]
    assert owners("win_rate", descending=False) == ["Bo", "Anna", "陈", None]
    assert owners("mean_won_deal") == ["Anna", "陈", None, "Bo"]
    assert owners("mean_won_deal", descending=False) == [None, "陈", "Anna", "Bo"]
    assert owners("owner") == ["陈", "Bo", "Anna", None]
    assert owners("owner", descending=False) == ["Anna", "Bo", "陈", None]


def test_the_first_rows(card) -> None:
    """top() takes rows as they stand; details, reasons and records follow them."""
    first = card.sorted("mean_won_deal", descending=False).top(3)

    assert first.column("owner") == [None, "陈", "Anna"]
    assert first["mean_won_deal"].n.tolist() == [1, 1, 1]
    assert first["win_rate"].n.tolist() == [1, 1, 3]
    assert first.records("win_rate", owner="Anna")["numerator"] == ["d1", "d2"]
    assert (
        card.sorted("mean_won_deal").top(9).to_dict()["details"][-1]["mean_won_deal"]["reason"] == "nothing to measure"
    )
    assert len(card.top(0)) == 0
    assert first.total == card.total
    with pytest.raises(ArgumentError, match="takes a number of rows, got -1"):
        card.top(-1)


# -- records -------------------------------------------------------------------------------------------


def test_records_by_role(card) -> None:
    """Of a rate numerator and denominator; of a sum its rows; what was left out, and why (M3)."""
    assert card.records("win_rate", owner="Anna") == {
        "numerator": ["d1", "d2"],
        "denominator": ["d1", "d2", "d3"],
        "left out": {},
    }
    assert card.records("won_value", owner="Anna") == {"rows": ["d1"], "left out": {"unpriced": ["d2"]}}
    assert card.records("win_rate", owner=None)["denominator"] == ["d6"]


def test_records_of_a_period(data) -> None:
    """The deals won in February in EMEA."""
    result = cc.measure("won_deals", data, by="region", per="month")

    assert result.records("won_deals", region="EMEA", period="2026-02")["rows"] == ["d2", "d6"]


@pytest.mark.parametrize(
    ("group", "error", "message"),
    [
        ({"owner": "Ana"}, GroupNotFound, r"no group named 'Ana' under 'owner'; did you mean 'Anna'\?"),
        ({"region": "EMEA"}, ArgumentError, r"no key named 'region'; this result has owner"),
        ({}, ArgumentError, r"the result has 4 rows; name one row by owner"),
    ],
)
def test_a_row_that_is_not_named(card, group, error, message) -> None:
    """Which labels are near, which keys there are, how many rows are meant."""
    with pytest.raises(error, match=message):
        card.records("win_rate", **group)


def test_a_group_that_matches_several_rows(data) -> None:
    """With periods, an owner alone names one row per month."""
    result = cc.measure("won_deals", data, by="owner", per="month")

    with pytest.raises(ArgumentError, match=r"owner='Anna' names 2 rows; name one row by owner, period"):
        result.records("won_deals", owner="Anna")


def test_exact_numbers_of_any_size_survive_json(data) -> None:
    """Counts are whole numbers; money and ratios are numbers; nothing is nan."""
    text = cc.measure(["won_deals", "won_value", "mean_won_deal"], data, by="owner").to_json()

    assert "NaN" not in text
    assert '"won_deals": 2' in text
    assert Fraction(160, 3) == Fraction(json.loads(text)["total"]["mean_won_deal"]).limit_denominator(3)
