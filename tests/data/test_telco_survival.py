"""telco_churn as deals: Kaplan-Meier by contract through the public functions and through the analyses (E54)."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

import crmcore as cc
from crmcore.analysis.survival import kaplan_meier, log_rank, risk_table
from crmcore.table.values import values_of

NOW = date(2026, 6, 30)
AGES = (1, 6, 12, 24, 36, 48, 60, 72)


@pytest.fixture(scope="module")
def customers(read_set):
    """Return the months of each customer, whether it left, and its contract."""
    table = read_set("telco_churn")["plan_holder"]
    months, left, contract = (values_of(table[name]) for name in ("months", "left", "contract"))
    return np.array(months), np.array([v == "Yes" for v in left]), contract


@pytest.fixture(scope="module")
def deals(customers):
    """Return a deal per customer, of as many days as it has months: lost where it left, else still open."""
    months, left, contract = customers
    return cc.Dataset(
        opportunity={
            "id": [*range(len(months))],
            "created_at": [NOW - timedelta(n) for n in months.tolist()],
            "closed_at": [NOW if gone else None for gone in left],
            "outcome": ["lost" if gone else "open" for gone in left],
            "team": contract,
        }
    )


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("telco_churn")


def test_curves_of_arrays(customers, figures) -> None:
    """The curve of all 7,043 and those of the three contracts, at eight ages, and their medians."""
    months, left, contract = customers
    for name, expected in {None: figures["km_all"], **figures["km_by_contract"]}.items():
        rows = np.array([name is None or c == name for c in contract])
        curve = kaplan_meier(risk_table(months[rows], left[rows].astype(np.int64)))

        assert [curve.at(age) for age in AGES] == pytest.approx([expected["S"][str(a)] for a in AGES], rel=1e-12)
        assert curve.median == expected["median"]


def test_curves_of_deals(deals, figures) -> None:
    """The analyses give the same of deals: the share still open, and the age by which half are closed."""
    curve = cc.analyse("sales_cycle_curve", deals, as_of=NOW, by="team", ages=AGES)
    cycle = cc.analyse("sales_cycle", deals, as_of=NOW, by="team")

    assert cycle["deals"].tolist() == [figures["by_Contract"][name]["n"] for name in cycle["team"]]
    for name, expected in figures["km_by_contract"].items():
        shares = [1 - v for v in curve.only(team=name)["lost_share"].tolist()]
        assert curve.only(team=name)["open_share"].tolist() == pytest.approx([*expected["S"].values()], rel=1e-12)
        assert shares == pytest.approx([*expected["S"].values()], rel=1e-12)
        assert cycle.only(team=name).plain("median_days") == [expected["median"]]
    whole = cc.analyse("sales_cycle_curve", deals, as_of=NOW, ages=AGES)
    assert whole["open_share"].tolist() == pytest.approx([*figures["km_all"]["S"].values()], rel=1e-12)


def test_contracts_are_told_apart(customers) -> None:
    """Contracts of one month are left sooner than those of two years, far beyond chance; of a draw of labels nothing is told."""
    months, left, contract = customers
    codes = np.unique(contract, return_inverse=True)[1]
    shuffled = np.random.default_rng(1).permutation(codes)

    assert log_rank(months, left, codes).p < 1e-300
    assert log_rank(months, left, shuffled).p > 0.001
