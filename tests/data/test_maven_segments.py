"""maven_crm: concentration, classes of accounts and realised prices, against the published figures."""

from __future__ import annotations

import pytest

import crmcore as cc


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set."""
    return read_set("maven_crm")


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("maven_crm")


@pytest.mark.parametrize(("who", "figure"), [("seller", "agents_active"), ("account", "accounts")])
def test_concentration(data, figures, who: str, figure: str) -> None:
    """R2: top fifth, Gini and Herfindahl index of the 30 sellers with a won deal and of the 85 accounts."""
    wanted = figures["concentration"][figure]
    (row,) = cc.measure([f"top_{who}s_share", f"{who}_gini", f"{who}_hhi"], data).rows()

    assert row[f"top_{who}s_share"] == pytest.approx(wanted["top_share"], rel=1e-12, abs=0)
    assert row[f"{who}_gini"] == pytest.approx(wanted["gini"], rel=1e-12, abs=0)
    assert row[f"{who}_hhi"] == pytest.approx(10_000 * wanted["hhi"], rel=1e-12, abs=0)


def test_classes_of_accounts(data, figures) -> None:
    """M28: the accounts of each class, the largest first, two that bring the same by label; what each class brings."""
    found = cc.analyse("abc_classes", data)
    won = {label: f["won_revenue"] for label, f in figures["by_account"].items()}

    for letter, wanted in figures["abc_accounts"].items():
        rows = found.only(**{"class": letter})
        assert rows["account"].tolist() == sorted(wanted["accounts"], key=lambda label: (-won[label], label))
        assert (len(rows), rows["won_value"].sum()) == (wanted["count"], wanted["revenue"])
        assert found.fact(f"class_{letter.lower()}") == wanted["count"]
    assert found.fact("total") == figures["overall"]["won_revenue"]


def test_price_realisation(data, figures) -> None:
    """R1: what won deals came to over the list prices of their products, in all and by product."""
    wanted = figures["price_realisation"]
    result = cc.measure("price_realisation", data, by="product", interval=True)

    assert result.total["price_realisation"] == 10_005_534 / 10_023_482 == pytest.approx(wanted["ratio"], rel=1e-12)
    assert {row["product"]: row["price_realisation"] for row in result.rows()} == {
        k: pytest.approx(v, rel=1e-12, abs=0) for k, v in wanted["by_product"].items()
    }
