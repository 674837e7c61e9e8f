"""Targets shared out over periods by largest remainder, and credit for what was sold (M7, M8)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore.domain.money import minor_units
from crmcore.table.shares import by_largest_remainder


def quota(n=1, *, amount="300.00", start=date(2026, 1, 1), end=date(2026, 4, 1), owner="Anna", **more):
    """Return a quota of a seller for the won value."""
    return {
        "id": f"q{n}", "scope": "seller", "kind": "quota", "metric": "won_value", "owner": owner,
        "amount": Decimal(amount), "start": start, "end": end, **more,
    }  # fmt: skip


def shares(targets, per, *, metric="quota_value", **question):
    """Return the target of each period."""
    data = cc.Dataset(target=targets)
    return {r["period"]: r[metric] for r in cc.measure(metric, data, per=per, **question).rows()}


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (0, [31, 28], [0, 0]),
        (1, [1, 2], [0, 1]),
        (10, [31, 28, 31], [4, 3, 3]),
        # 15/7, 10/7 and 10/7: the remainders are 1, 3 and 3
        (5, [3, 2, 2], [2, 2, 1]),
        (7, [0, 1], [0, 7]),
    ],
)
def test_largest_remainder_by_hand(amount, weights, parts) -> None:
    """What is left over goes where the remainder is largest, the earlier of equals first; the parts sum to the whole."""
    assert by_largest_remainder(amount, weights) == parts
    assert sum(parts) == amount


def test_a_quarter_by_months() -> None:
    """M8: 300.00 over 31, 28 and 31 of 90 days: 103.333, 93.333 and 103.333; the odd cent goes to January."""
    found = shares([quota()], "month")

    assert found == {"2026-01": 103.34, "2026-02": 93.33, "2026-03": 103.33}
    assert sum(Decimal(str(v)) for v in found.values()) == 300


def test_a_currency_without_minor_units_has_none() -> None:
    """M8: 100 yen are 34, 31 and 35 yen, never a fraction of one."""
    found = shares([quota(amount="100", amount_currency="JPY")], "month")

    # 34.44, 31.11, 34.44: one yen is left over, and January comes first
    assert found == {"2026-01": 35.0, "2026-02": 31.0, "2026-03": 34.0}
    assert (minor_units("JPY"), minor_units("EUR"), minor_units("KWD")) == (0, 2, 3)


def test_a_target_inside_a_period_counts_whole() -> None:
    """M8: the quarter's target in its year and in its quarter; two targets in one quarter are added."""
    targets = [quota(), quota(2, amount="50.00", start=date(2026, 2, 1), end=date(2026, 3, 1))]

    assert shares(targets, "year") == {"2026": 350.0}
    assert shares(targets, "quarter") == {"2026-Q1": 350.0}
    assert cc.measure("quota_value", cc.Dataset(target=targets)).total == {"quota_value": 350.0}


@pytest.mark.parametrize("per", ["day", "week", "month", "quarter", "year", "fiscal_quarter"])
@pytest.mark.parametrize("amount", ["1000.01", "0.05", "-99.99", "100"])
def test_shares_add_up_whatever_the_period(per, amount) -> None:
    """M8: the parts of a target over any grain sum to it, to the cent, also where it starts and ends in mid-period."""
    target = quota(amount=amount, start=date(2026, 1, 15), end=date(2026, 8, 3))
    workspace = cc.Workspace(calendar=cc.Calendar(fiscal_start=2))
    rows = workspace.measure("quota_value", cc.Dataset(target=[target]), per=per).rows()

    assert sum(Decimal(str(r["quota_value"])) for r in rows) == Decimal(amount)


def test_the_result_says_that_it_is_pro_rata() -> None:
    """M8: a finer period than the target's is a share, and said to be one; a whole target is not."""
    data = cc.Dataset(target=[quota()])

    assert cc.measure("quota_value", data, per="month").settings["pro_rata"] is True
    assert cc.measure("quota_value", data, per="quarter").settings["pro_rata"] is False
    assert cc.measure("quota_value", data).settings["pro_rata"] is False


def test_a_window_takes_its_days_of_a_target() -> None:
    """M8, T6: of 90.00 over 90 days, the 30 days to 28 February are 30.00; those to 9 January only the nine since it began."""
    data = cc.Dataset(target=[quota(amount="90.00")])
    metric = "quota_value.trailing(30)"

    for as_of, value in (
        (date(2026, 2, 28), 30.0),
        (date(2026, 1, 9), 9.0),
        (date(2026, 4, 29), 1.0),
        (date(2026, 4, 30), 0.0),
    ):
        assert cc.measure(metric, data, as_of=as_of).total == {"quota_value_trailing_30_days": value}
    assert cc.measure(metric, data, by="owner", as_of=date(2026, 4, 30)).rows() == []
    assert len(cc.measure(metric, data, by="owner", as_of=date(2026, 4, 29))) == 1


def test_populations_are_never_added() -> None:
    """M8: a quota of the team is none of the sellers'; each metric names one population."""
    targets = [
        quota(),
        quota(2, scope="team", team="north", amount="1000"),
        quota(3, scope="organisation", amount="5000"),
    ]
    names = ["quota_value", "team_quota_value", "organisation_quota_value"]

    assert cc.measure(names, cc.Dataset(target=targets)).total == dict(zip(names, (300.0, 1000.0, 5000.0), strict=True))


def test_conditions_and_groups_go_by_the_whole_target() -> None:
    """M8: a target above 200 stays above 200 in each of its months, though its share of them is below."""
    targets = [quota(), quota(2, amount="90.00")]
    chosen = cc.col("amount") > 200
    size = cc.bins("amount", [200], ["small", "large"])

    assert shares(targets, "month", where=chosen) == {"2026-01": 103.34, "2026-02": 93.33, "2026-03": 103.33}
    rows = cc.measure("quota_value", cc.Dataset(target=targets), by=size, per="month").rows()
    assert [next(iter(r.values())) for r in rows] == ["large"] * 3 + ["small"] * 3


def test_attainment_of_a_month_and_of_the_quarter() -> None:
    """M8, R1: 51.67 of 103.34 in January, 62.00 of 300 in the quarter so far."""
    deals = [
        {"id": "a", "outcome": "won", "owner": "Anna", "amount": Decimal("51.67"), "closed_at": date(2026, 1, 20)},
        {"id": "b", "outcome": "won", "owner": "Anna", "amount": Decimal("10.33"), "closed_at": date(2026, 2, 20)},
    ]
    data = cc.Dataset(opportunity=deals, target=[quota()])

    rows = cc.measure("quota_attainment", data, by="owner", per="month").rows()
    assert [(r["period"], r["quota_attainment"]) for r in rows] == [
        ("2026-01", 51.67 / 103.34), ("2026-02", 1033 / 9333), ("2026-03", 0.0),
    ]  # fmt: skip
    assert cc.measure("quota_attainment", data, by="owner", per="quarter").rows()[0]["quota_attainment"] == 62 / 300


def test_a_target_to_come_is_not_cut_by_as_of() -> None:
    """T4: targets are not recorded: the quota of a running quarter is all of it, what was sold is up to as_of."""
    deals = [
        {
            "id": "a",
            "outcome": "won",
            "owner": "Anna",
            "amount": 30,
            "created_at": date(2026, 1, 1),
            "closed_at": date(2026, 1, 10),
        },
        {
            "id": "b",
            "outcome": "won",
            "owner": "Anna",
            "amount": 70,
            "created_at": date(2026, 1, 1),
            "closed_at": date(2026, 3, 10),
        },
    ]
    data = cc.Dataset(opportunity=deals, target=[quota()])
    row = cc.measure(["quota_value", "won_value"], data, per="quarter", as_of=date(2026, 1, 31)).rows()[0]

    assert row == {"period": "2026-Q1", "quota_value": 300.0, "won_value": 30.0}


def test_credit_is_the_owners() -> None:
    """M7: a won deal counts for its owner, once; grouping by the owner's team counts it once for the team."""
    deals = [
        {"id": f"d{i}", "outcome": "won", "owner": o, "amount": a}
        for i, (o, a) in enumerate((("A", 1), ("B", 2), ("C", 4)))
    ]
    sellers = [{"id": "A", "team": "north"}, {"id": "B", "team": "north"}, {"id": "C", "team": "south"}]
    data = cc.Dataset(opportunity=deals, seller=sellers)

    assert [r["won_value"] for r in cc.measure("won_value", data, by="owner").rows()] == [1.0, 2.0, 4.0]
    assert [r["won_value"] for r in cc.measure("won_value", data, by="owner.team").rows()] == [3.0, 4.0]
