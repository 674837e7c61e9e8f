"""The reference on a real pipeline of 8,800 opportunities, against figures that were computed elsewhere."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crmcore.algebra import col, count, each, elapsed, gini, largest, mean, median, quantile, smallest, top_share, total
from crmcore.metric import Metric
from crmcore.testing import measure

WON, LOST, OPEN = (col("outcome") == outcome for outcome in ("won", "lost", "open"))
CYCLE = elapsed("created_at", "closed_at")
OUTCOMES = {"Won": "won", "Lost": "lost", "Engaging": "open", "Prospecting": "open"}


def closing(name, formula, unit="number"):
    """Return a metric that counts at the day of closing."""
    return Metric(name, formula, unit=unit, anchor="closed_at")


METRICS = [
    closing("won", count(WON), "count"),
    closing("lost", count(LOST), "count"),
    closing("win_rate", count(WON) / count(WON | LOST), "ratio"),
    closing("won_revenue", total("amount", where=WON), "money"),
    closing("avg_won_deal", mean("amount", where=WON), "money"),
    closing("median_won_deal", median("amount", where=WON), "money"),
    closing("mean_cycle_days_won", mean(CYCLE, where=WON), "days"),
    closing("median_cycle_days_won", median(CYCLE, where=WON), "days"),
    closing("mean_cycle_days_closed", mean(CYCLE, where=WON | LOST), "days"),
]
EXACT = {"won", "lost", "won_revenue", "median_won_deal", "median_cycle_days_won"}


def rows_of(path):
    """Return the rows of a file, blank cells as None."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: cell or None for name, cell in row.items()} for row in csv.DictReader(file)]


def day(text):
    """Return a date, or None."""
    return None if text is None else date.fromisoformat(text)


@pytest.fixture(scope="module")
def figures(shared_data):
    """Return the figures of the set."""
    return json.loads((shared_data / "maven_crm" / "reference" / "reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def records(shared_data):
    """Return the set as plain records; the alias of one product is mapped to its name."""
    folder = shared_data / "maven_crm"
    return {
        "opportunity": [
            {
                "id": r["opportunity_id"],
                "owner": r["sales_agent"],
                "product": {"GTXPro": "GTX Pro"}.get(r["product"], r["product"]),
                "account": r["account"],
                "outcome": OUTCOMES[r["deal_stage"]],
                "stage": r["deal_stage"],
                "created_at": day(r["engage_date"]),
                "closed_at": day(r["close_date"]),
                "amount": None if r["close_value"] is None else Decimal(r["close_value"]),
            }
            for r in rows_of(folder / "sales_pipeline.csv")
        ],
        "seller": [
            {"id": r["sales_agent"], "manager": r["manager"], "region": r["regional_office"]}
            for r in rows_of(folder / "sales_teams.csv")
        ],
        "product": [
            {"id": r["product"], "family": r["series"], "price": Decimal(r["sales_price"])}
            for r in rows_of(folder / "products.csv")
        ],
        "account": [{"id": r["account"], "sector": r["sector"]} for r in rows_of(folder / "accounts.csv")],
    }


def agree(row, figures):
    """Assert that a row is equal to the figures: counts, money and medians exactly, ratios to 1e-12."""
    for name, value in row.items():
        if name in EXACT:
            assert value == figures[name], name
        elif name in figures:
            assert value == pytest.approx(figures[name], rel=1e-12), name


def test_overall(records, figures) -> None:
    """R2, R5, M3: won 4238 of 6711 decided, 10,005,534 won; the quotients are the exact ones, rounded once (Q4)."""
    answer = measure(METRICS, records)

    agree(answer.total, figures["overall"])
    assert answer.details[0]["win_rate"] == {"n": 6711, "numerator": 4238, "denominator": 6711, "reason": None}
    assert answer.total["win_rate"] == 4238 / 6711
    assert answer.total["mean_cycle_days_won"] == 109726 / 2119
    assert (answer.as_of.date(), answer.source) == (date(2017, 12, 31), "opportunity.closed_at")
    assert answer.excluded == {"undated": 500}


@pytest.mark.parametrize(
    ("by", "figure"),
    [
        ("owner", "by_sales_agent"),
        ("owner.region", "by_regional_office"),
        ("account.sector", "by_sector"),
    ],
)
def test_groups(records, figures, by, figure) -> None:
    """R1: the figures by agent, and along references by region and sector."""
    answer = measure(METRICS, records, by=by)
    rows = {r[by]: r for r in answer.rows}

    assert rows.keys() - {None} == figures[figure].keys()
    for label, expected in figures[figure].items():
        agree(rows[label], expected)


def test_quarters(records, figures) -> None:
    """T1, T7: the figures by quarter of closing, and their change against the quarter before (C01)."""
    change = closing("change", total("amount", where=WON).change("quarter"), "ratio")
    answer = measure([*METRICS, change], records, per="quarter")

    assert [r["period"] for r in answer.rows] == ["2017-Q1", "2017-Q2", "2017-Q3", "2017-Q4"]
    for row in answer.rows:
        label = row["period"].replace("-", "")
        agree(row, figures["by_close_quarter"][label])
        expected = figures["quarter_on_quarter"].get(label, {}).get("won_revenue_change")
        assert row["change"] == (None if expected is None else pytest.approx(expected, rel=1e-12))


def test_regions_in_quarters(records, figures) -> None:
    """R1, T7: the figures by region and quarter."""
    answer = measure(METRICS, records, by="owner.region", per="quarter")

    assert len(answer.rows) == len(figures["by_region_and_close_quarter"])
    for row in answer.rows:
        agree(row, figures["by_region_and_close_quarter"][f"{row['owner.region']}|{row['period'].replace('-', '')}"])


def test_cohorts_by_quarter_of_engagement(records, figures) -> None:
    """R4, O9: of the deals engaged in a quarter; those without a date are in none."""
    cohort = Metric("win_rate_of_all_created", count(WON) / count(), unit="ratio", anchor="created_at")
    answer = measure(cohort, records, per="quarter")
    expected = figures["by_engage_quarter"]

    assert {r["period"].replace("-", ""): r["win_rate_of_all_created"] for r in answer.rows} == {
        label: pytest.approx(f["win_rate_of_all_created"], rel=1e-12) for label, f in expected.items()
    }
    assert [d["win_rate_of_all_created"]["n"] for d in answer.details] == [f["deals"] for f in expected.values()]


def test_spread_of_cycles_and_values(records, figures) -> None:
    """Q1: smallest, largest and the 10, 25, 75 and 90 % quantiles of cycle and value of won deals."""
    for name, expr, unit, expected in (
        ("cycle", CYCLE, "days", figures["cycle_days"]["won"]),
        ("value", col("amount"), "money", figures["won_value"]),
    ):
        metrics = [
            closing("min", smallest(expr, where=WON), unit),
            closing("max", largest(expr, where=WON), unit),
            *(closing(f"p{q}", quantile(expr, Fraction(q, 100), where=WON), unit) for q in (10, 25, 75, 90)),
        ]
        assert measure(metrics, records).total == {m.name: expected[m.name] for m in metrics}, name


def test_open_pipeline(records, figures) -> None:
    """M3: 2,089 open deals are all unpriced; at list price they are worth 4,966,215."""
    metrics = [
        Metric("count", count(OPEN), unit="count", anchor="stock"),
        Metric("value", total("amount", where=OPEN), unit="money", anchor="stock"),
        Metric("list_value", total("product.price", where=OPEN), unit="money", anchor="stock"),
    ]
    answer = measure(metrics, records, by="stage", where=OPEN)

    assert answer.total == {"count": 2089.0, "value": 0.0, "list_value": 4966215.0}
    assert answer.excluded["unpriced"] == 2089
    assert {r["stage"]: {"count": r["count"], "list_value": r["list_value"]} for r in answer.rows} == figures[
        "open_pipeline"
    ]["by_stage"]


def test_open_deals_at_the_ends_of_months(records, figures) -> None:
    """T4, O8, O9: open deals at each month's end are rebuilt from their dates; the 500 undated are in today's."""
    metrics = [
        Metric("open", count(OPEN), unit="count", anchor="stock"),
        Metric("list_value", total("product.price", where=OPEN), unit="money", anchor="stock"),
    ]
    answer = measure(metrics, records, per="month")
    expected = {day[:7]: f for day, f in figures["open_as_of_month_end"].items()}
    undated = figures["open_pipeline"]["by_stage"]["Prospecting"]

    assert [r["period"] for r in answer.rows] == list(expected)
    for row in answer.rows[:-1]:
        assert (row["open"], row["list_value"]) == (
            expected[row["period"]]["open"],
            expected[row["period"]]["list_value"],
        )
    last = answer.rows[-1]
    assert last["open"] == expected[last["period"]]["open"] + undated["count"]
    assert last["list_value"] == expected[last["period"]]["list_value"] + undated["list_value"]


def test_concentration(records, figures) -> None:
    """M27: the share of the best fifth, and the Gini coefficient, of agents and of accounts."""
    for key, figure in (("owner", "agents_active"), ("account", "accounts")):
        won = each(key, total("amount", where=WON))
        found = measure([closing("top", top_share(won, "0.2")), closing("gini", gini(won))], records).total

        assert found["top"] == pytest.approx(figures["concentration"][figure]["top_share"], rel=1e-12)
        assert found["gini"] == pytest.approx(figures["concentration"][figure]["gini"], rel=1e-12)


def test_velocity(records, figures) -> None:
    """Open deals x win rate x mean won deal / mean cycle, of stock and flow together."""
    rate, deal, cycle = count(WON) / count(WON | LOST), mean("amount", where=WON), mean(CYCLE, where=WON)
    velocity = closing("velocity", count(OPEN, at="stock") * rate * deal / cycle, "money/day")

    assert measure(velocity, records).total["velocity"] == pytest.approx(figures["velocity"]["open"], rel=1e-12)
