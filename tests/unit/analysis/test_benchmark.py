"""Published figures, and an organisation's own beside them."""

from __future__ import annotations

from datetime import date

import pytest

import crmcore as cc
from crmcore.analysis.benchmark import PUBLISHED, Published, benchmark, nearest, published

# the 365 days up to 2025-12-31 are 2025; the year before is 2024
DEALS = [
    {"id": 1, "owner": "a", "team": "T", "outcome": "won", "amount": 80, "closed_at": date(2025, 5, 1)},
    {"id": 2, "owner": "b", "team": "T", "outcome": "won", "amount": 12, "closed_at": date(2025, 6, 1)},
    {"id": 3, "owner": "a", "team": "T", "outcome": "won", "amount": 46, "closed_at": date(2024, 6, 1)},
]
QUOTA = [
    {"kind": "quota", "scope": s, "metric": "won_value", "amount": a, "start": date(2025, 1, 1), "end": date(2026, 1, 1)} | of
    for s, a, of in (("team", 100, {"team": "T"}), ("organisation", 999, {}))
]  # fmt: skip
AS_OF = date(2025, 12, 31)


def test_the_figures_are_those_of_the_articles() -> None:
    """Article A0 and C02: spot values of the survey as it is reported; None where nothing was published."""
    rows = {(r["figure"], r["year"]): r for r in published()}

    groups = ("best_in_class", "average", "laggard")
    assert [rows["team_quota_attainment", "2010"][g] for g in groups] == [1.06, 0.76, 0.22]
    assert [rows["team_quota_attainment", "2012"][g] for g in groups] == [0.92, 0.56, 0.13]
    assert [rows["deal_size_change", "2010"][g] for g in groups] == [0.053, 0.002, -0.029]
    assert [rows["channel_time_fell", ""][g] for g in groups] == [0.59, 0.09, 0.04]
    assert [rows["metrics_defined", ""][g] for g in groups] == [0.76, 0.45, None]
    assert rows["top_sellers_share", ""]["everyone"] == 0.8
    assert [rows["team_quota_attainment", y]["firms"] for y in ("2010", "2012")] == [531, 295]
    assert rows["documented_process", ""]["firms"] == 218
    assert len(rows) == len(PUBLISHED)


def test_better_groups_have_better_figures() -> None:
    """Where several groups are published, the best is above the average and that above the laggards, as the survey says."""
    for figure in PUBLISHED:
        if figure.name != "measured_less_than_monthly":
            known = [v for v in (figure.best, figure.average, figure.laggard) if v is not None]
            assert known == sorted(known, reverse=True), figure.name


def test_own_numbers_by_hand() -> None:
    """T6, M8: 92 of a team quota of 100, not of the organisation's; 46 a deal as the year before; the best of two brings 80 of 92."""
    found = cc.analyse("benchmark", cc.Dataset(opportunity=DEALS, target=QUOTA), as_of=AS_OF)
    first, second, third, fourth, *rest = found.rows()

    assert (first["own"], first["nearest"], first["year"]) == (
        0.92,
        "best_in_class",
        "2010",
    )  # 0.14 off 1.06, 0.16 off 0.76
    assert (second["own"], second["nearest"], second["year"]) == (0.92, "best_in_class", "2012")
    assert (third["figure"], third["own"], third["nearest"]) == ("deal_size_change", 0.0, "average")
    assert (fourth["own"], fourth["nearest"], fourth["lacks"]) == (80 / 92, "", "")
    assert {(r["own"], r["nearest"], r["lacks"]) for r in rest} == {(None, "", "a practice of the firm")}
    assert found.fact("measured") == 4


def test_what_cannot_be_measured_says_why() -> None:
    """R2: a missing table, no date at all, and nothing in the year before are different reasons."""
    without = cc.analyse("benchmark", cc.Dataset(opportunity=DEALS[:2]), as_of=AS_OF).rows()
    nothing = cc.analyse("benchmark", cc.Dataset(opportunity=[], target=[])).rows()

    assert "no table named 'target'" in without[0]["lacks"]
    assert (without[2]["own"], without[2]["lacks"]) == (None, "nothing to measure")
    assert [r["lacks"] for r in nothing][:4] == ["nothing is dated"] * 4
    assert benchmark(cc.Workspace().view(cc.Dataset(opportunity=[]))).fact("measured") == 0


@pytest.mark.parametrize(
    ("value", "group"),
    [
        (9.0, "best_in_class"),
        (0.75, "average"),
        (0.5, "average"),
        (0.25, "laggard"),
        (-3.0, "laggard"),
        (0.625, "average"),
    ],
)
def test_nearest_by_hand(value, group) -> None:
    """Of 1, 1/2 and 0 the nearest; half-way between two it is the worse one."""
    assert nearest(value, Published("x", {}, 1.0, 0.5, 0.0)) == group


def test_groups_that_are_not_published_are_near_nobody() -> None:
    """Only groups with a figure are compared."""
    assert nearest(0.1, Published("x", {}, 0.8, None, None)) == "best_in_class"
    assert nearest(0.1, Published("x", {}, everyone=0.8)) is None
