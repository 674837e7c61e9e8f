"""Forecasts of random deals beside plain Python in fractions, deal by deal and through all ways to win."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmcore as cc

TODAY = date(2026, 2, 15)
START, STOP = date(2026, 1, 1), date(2026, 4, 1)
STAGES = [
    {"id": "new", "order": 1, "probability": None, "forecast_category": "pipeline"},
    {"id": "offer", "order": 2, "probability": Decimal("0.25"), "forecast_category": None},
]
cents = st.integers(-(10**6), 10**13).map(lambda n: Decimal(n) / 100)
days = st.integers(-60, 60).map(lambda n: date(2026, 2, 14) + timedelta(n))
deals = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(["open", "open", "open", "won", "lost", "abandoned"]),
        "stage": st.sampled_from([None, "new", "offer"]),
        "amount": st.none() | cents,
        "probability": st.none() | st.integers(0, 10_000).map(lambda n: Decimal(n) / 10_000),
        "forecast_category": st.sampled_from([None, "commit", "best_case", "pipeline", "omitted", "closed"]),
        "expected_close": st.none() | days,
        "created_at": st.dates(date(2025, 10, 1), date(2026, 2, 1)),
    }
)


def replayed(rows, quota):
    """Return the methods, the distribution and the counts of the first quarter, by going through the deals."""
    own = {s["id"]: s for s in STAGES}
    won = [r for r in rows if r["outcome"] == "won" and START <= r["closed_at"] < STOP]
    due = [r for r in rows if r["outcome"] == "open" and r["expected_close"] and START <= r["expected_close"] < STOP]
    told = []
    for r in due:
        stage = own.get(r["stage"], {})
        chance = next((p for p in (r["probability"], stage.get("probability")) if p is not None), 1)
        category = r["forecast_category"] or stage.get("forecast_category")
        told.append((Fraction(r["amount"] or 0), Fraction(chance), category))
    base = sum((Fraction(r["amount"] or 0) for r in won), Fraction(0))
    commit = base + sum((a for a, _, c in told if c == "commit"), Fraction(0))
    sums: dict[Fraction, Fraction] = {}
    for ways in product((0, 1), repeat=len(told)):
        total, chance = base, Fraction(1)
        for way, (amount, p, _) in zip(ways, told, strict=True):
            total, chance = total + way * amount, chance * (p if way else 1 - p)
        sums[total] = sums.get(total, Fraction(0)) + chance
    methods = {
        "won": base,
        "commit": commit,
        "best_case": commit + sum((a for a, _, c in told if c == "best_case"), Fraction(0)),
        "weighted": base + sum((a * p for a, p, _ in told), Fraction(0)),
        "all_open": base + sum((a for a, _, _ in told), Fraction(0)),
        "run_rate": base * 90 / 46,
    }
    for name, level in (("p10", Fraction(1, 10)), ("p50", Fraction(1, 2)), ("p90", Fraction(9, 10))):
        below = Fraction(0)
        for value in sorted(sums):
            below += sums[value]
            if below >= level:
                methods[name] = value
                break
    gap = quota - base
    facts = {
        "quota_gap": gap,
        "coverage": (methods["all_open"] - base) / gap if gap > 0 else None,
        "chance_to_hit": sum((c for v, c in sums.items() if v >= quota), Fraction(0)),
        "pipeline_generated": sum((Fraction(r["amount"] or 0) for r in rows if r["created_at"] >= START), Fraction(0)),
        "created_and_won": sum((Fraction(r["amount"] or 0) for r in won if r["created_at"] >= START), Fraction(0)),
        "expected_wins": sum((p for _, p, _ in told), Fraction(0)),
        "standard_deviation": float(sum(a * a * p * (1 - p) for a, p, _ in told)) ** 0.5,
        "won_deals": len(won),
        "open_deals": len(told),
        "deals_without_amount": sum(r["amount"] is None for r in won + due),
    }
    return methods, facts, told


@settings(max_examples=60)
@given(st.lists(deals, max_size=9), st.integers(0, 10**11))
def test_a_forecast_is_what_plain_python_says(rows, quota) -> None:
    """F1, M3, M4: all methods, the distribution, the chance, coverage and counts, to the last digits of a float."""
    rows = [
        r | {"id": i, "closed_at": None if r["outcome"] == "open" else r["created_at"] + timedelta(14)}
        for i, r in enumerate(rows)
    ]
    columns = ["id", "closed_at", *STAGES[0], "outcome", "stage", "amount", "expected_close", "created_at"]
    empty = {name: [] for name in columns if name != "order"}
    data = cc.Dataset(opportunity=rows or empty, stage=STAGES)
    found = cc.analyse("revenue_forecast", data, as_of=TODAY, quota=quota)
    rollup = cc.analyse("forecast_rollup", data, as_of=TODAY)
    wins = cc.analyse("win_forecast", data, as_of=TODAY)
    methods, facts, told = replayed(rows, quota)

    assert dict(zip(found["method"].tolist(), found.plain("value"), strict=True)) == pytest.approx(
        {name: float(value) for name, value in methods.items()}, rel=1e-12
    )
    for name, value in facts.items():
        assert found.fact(name) == (None if value is None else pytest.approx(float(value), rel=1e-9, abs=1e-9)), name
    for row in rollup:
        if row["category"] != "closed":
            inside = [a for a, _, c in told if (None if c == "closed" else c) == row["category"]]
            assert (row["deals"], row["value"]) == (len(inside), pytest.approx(float(sum(inside)), rel=1e-12))
    assert sum(rollup["deals"]) == facts["won_deals"] + facts["open_deals"]
    assert wins.fact("mean") == pytest.approx(float(facts["expected_wins"]), abs=1e-12)
    assert wins["chance"] @ wins["wins"] == pytest.approx(float(facts["expected_wins"]), abs=1e-9)
