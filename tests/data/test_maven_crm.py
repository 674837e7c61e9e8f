"""maven_crm: 8,800 opportunities of a sales team, measured and held against the published figures."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import crmcore as cc

PROFILE = Path(__file__).parent / "profiles" / "maven_crm.toml"
OPEN = cc.col("outcome") == "open"
NAMES = {
    "won_deals": "won",
    "lost_deals": "lost",
    "win_rate": "win_rate",
    "won_value": "won_revenue",
    "mean_won_deal": "avg_won_deal",
    "median_won_deal": "median_won_deal",
    "sales_cycle_days": "mean_cycle_days_won",
    "median_sales_cycle_days": "median_cycle_days_won",
    "days_to_close": "mean_cycle_days_closed",
}
"""Metric of the catalogue -> name of the figure."""
EXACT = {"won_deals", "lost_deals", "won_value", "median_won_deal", "median_sales_cycle_days"}
OF_ALL = {"win_rate_of_all": "win_rate_of_all_created", "opportunities_created": "deals", "open_deals": "open"}


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set."""
    return read_set("maven_crm")


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("maven_crm")


def list_value(*, at="stock"):
    """Return what the open deals are worth at list price: they carry no amount of their own."""
    return cc.Metric("list_value", cc.total("product.price", where=OPEN, at=at), unit="money")


def test_overall(data, figures, agree) -> None:
    """R1, R2, R5: 4,238 won of 6,711 decided of 8,800; 10,005,534 won; the quotients are exact ones, rounded once (Q4)."""
    result = cc.measure([*NAMES, *OF_ALL], data)
    (row,) = result.rows()

    agree(row, figures["overall"], names=NAMES | OF_ALL, exact=EXACT | {"opportunities_created", "open_deals"})
    assert (row["won_deals"], row["lost_deals"], row["open_deals"]) == (4238, 2473, 2089)
    assert (row["won_value"], row["median_won_deal"]) == (10_005_534, 1117)
    assert row["win_rate"] == 4238 / 6711
    assert row["win_rate_of_all"] == 4238 / 8800
    assert row["mean_won_deal"] == 10_005_534 / 4238
    assert result.total == row


def test_where_it_is_looked_from(data) -> None:
    """T8: the newest recorded date is a close date; the 500 deals without a date of creation are undated (O9)."""
    result = cc.measure("win_rate", data)

    assert result.settings["as_of"] == "2017-12-31"
    assert result.settings["as_of_source"] == "opportunity.closed_at"
    assert data["opportunity"]["created_at"].nulls == 500
    assert result.used == {"opportunity": 6711}


@pytest.mark.parametrize(
    ("by", "figure", "blanks"),
    [
        ("owner", "by_sales_agent", False),
        ("owner.manager", "by_manager", False),
        ("owner.regional_office", "by_regional_office", False),
        ("product", "by_product", False),
        ("product.family", "by_series", False),
        ("account", "by_account", True),
        ("account.sector", "by_sector", True),
        ("account.country", "by_office_location", True),
    ],
)
def test_groups(data, figures, agree, by, figure, blanks) -> None:
    """R1: every group along every reference; the figures leave out deals without an account, which are a group of ours."""
    rows = {row[by]: row for row in cc.measure([*NAMES, *OF_ALL], data, by=by).rows()}

    assert rows.keys() - {None} == figures[figure].keys()
    assert (None in rows) is blanks
    for label, expected in figures[figure].items():
        agree(rows[label], expected, names=NAMES | OF_ALL, exact=EXACT | {"opportunities_created", "open_deals"})


def test_the_blank_group_is_what_the_others_leave(data, figures) -> None:
    """A blank account is a group of its own, never dropped: 1,425 open deals, and nothing decided, so no win rate (R2)."""
    by_sector = cc.measure(
        ["won_deals", "lost_deals", "open_deals", "win_rate", "won_value"], data, by="account.sector"
    )
    blank = by_sector.rows()[-1]

    assert blank == {
        "account.sector": None,
        "won_deals": 0,
        "lost_deals": 0,
        "open_deals": figures["open_pipeline"]["without_account"],
        "win_rate": None,
        "won_value": 0.0,
    }
    assert by_sector["win_rate"].reason(len(by_sector) - 1) == "denominator is zero"
    assert sum(row["open_deals"] for row in by_sector.rows()) == figures["overall"]["open"]


@pytest.mark.parametrize(("per", "figure"), [("quarter", "by_close_quarter"), ("month", "by_close_month")])
def test_periods_of_the_close_date(data, figures, agree, per, figure) -> None:
    """T1, T7: the flows of each quarter and month of closing; no period is made up before the first or after the last."""
    rows = cc.measure(list(NAMES), data, per=per).rows()
    labels = [label if per == "month" else f"{label[:4]}-{label[4:]}" for label in figures[figure]]

    assert [row["period"] for row in rows] == labels
    for row, expected in zip(rows, figures[figure].values(), strict=True):
        agree(row, expected, names=NAMES, exact=EXACT)


def test_regions_in_quarters(data, figures, agree) -> None:
    """R1, T7: groups times periods; the total over both is that of the rows, not of the rates."""
    result = cc.measure(list(NAMES), data, by="owner.regional_office", per="quarter")
    expected = figures["by_region_and_close_quarter"]

    assert len(result) == len(expected) == 12
    for row in result.rows():
        label = f"{row['owner.regional_office']}|{row['period'].replace('-', '')}"
        agree(row, expected[label], names=NAMES, exact=EXACT)
    agree(result.total, figures["overall"], names=NAMES, exact=EXACT)


def test_cohorts_by_quarter_of_engagement(data, figures, agree) -> None:
    """R4, O9: win_rate_of_all counts by date of creation; deals without one are in no cohort, and listed."""
    result = cc.measure(["win_rate_of_all", "opportunities_created"], data, per="quarter")
    expected = {f"{k[:4]}-{k[4:]}": v for k, v in figures["by_engage_quarter"].items()}
    names = {"win_rate_of_all": "win_rate_of_all_created", "opportunities_created": "deals"}

    assert [row["period"] for row in result.rows()] == list(expected)
    for row in result.rows():
        agree(row, expected[row["period"]], names=names, exact={"opportunities_created"})
    assert result.excluded["opportunity: no created_at"] == 500
    assert result["win_rate_of_all"].n.tolist() == [v["deals"] for v in expected.values()]


def test_change_against_the_quarter_before(data, figures) -> None:
    """C01, R2, T5: won value against the quarter before; the first has none before it and is undefined."""
    rows = cc.measure("won_value.change(quarter)", data, per="quarter").rows()
    expected = figures["quarter_on_quarter"]

    assert rows[0] == {"period": "2017-Q1", "won_value_change_quarter": None}
    for row in rows[1:]:
        published = expected[row["period"].replace("-", "")]["won_revenue_change"]
        assert row["won_value_change_quarter"] == pytest.approx(published, rel=1e-12)


def test_spread_of_cycle_and_value(data, figures) -> None:
    """Q1: smallest, largest and the 10, 25, 75 and 90 % quantiles of cycle and value of the won deals, all exact."""
    won = cc.col("outcome") == "won"
    cycle = cc.elapsed("created_at", "closed_at")
    quantiles = {"p10": "0.1", "p25": "0.25", "p75": "0.75", "p90": "0.9"}
    for expr, unit, expected in (
        (cycle, "days", figures["cycle_days"]["won"]),
        ("amount", "money", figures["won_value"]),
    ):
        metrics = [
            cc.Metric("min", cc.smallest(expr, where=won), unit=unit, anchor="closed_at"),
            cc.Metric("max", cc.largest(expr, where=won), unit=unit, anchor="closed_at"),
            *(
                cc.Metric(n, cc.quantile(expr, q, where=won), unit=unit, anchor="closed_at")
                for n, q in quantiles.items()
            ),
        ]
        assert cc.measure(metrics, data).total == {m.name: expected[m.name] for m in metrics}


def test_open_pipeline_is_unpriced(data, figures) -> None:
    """M3: the 2,089 open deals carry no amount: worth 0 and said so, not an average; at list price 4,966,215."""
    result = cc.measure(["open_deals", "open_value", "unpriced_open_deals", list_value()], data)

    assert result.rows() == [
        {"open_deals": 2089, "open_value": 0.0, "unpriced_open_deals": 2089, "list_value": 4_966_215.0}
    ]
    assert result.excluded == {"opportunity: unpriced": 2089, "opportunity: undated": 500}
    assert figures["open_pipeline"]["list_value"] == 4_966_215.0
    for by, figure in (("stage", "by_stage"), ("owner.regional_office", "by_region")):
        rows = cc.measure(["open_deals", list_value()], data, by=by, where=OPEN).rows()
        assert {r[by]: {"count": r["open_deals"], "list_value": r["list_value"]} for r in rows} == figures[
            "open_pipeline"
        ][figure]


def test_age_of_the_open_deals(data, figures) -> None:
    """T2, T4: days from creation to the last day known, of the 1,589 open deals that have a date of creation."""
    result = cc.measure(["open_deal_age_days", "median_open_deal_age_days"], data)
    expected = figures["open_pipeline"]["age_days_engaging_at_snapshot"]

    assert result.total == {
        "open_deal_age_days": expected["sum"] / expected["n"],
        "median_open_deal_age_days": expected["median"],
    }
    assert result["open_deal_age_days"].n.tolist() == [1589]


def test_open_deals_at_the_ends_of_months(data, figures) -> None:
    """T4, O8, O9: stocks are measured at each month's end and rebuilt from the deals' own dates; undated ones are in today's only."""
    rows = cc.measure(["open_deals", list_value()], data, per="month").rows()
    expected = {day[:7]: f for day, f in figures["open_as_of_month_end"].items()}
    undated = figures["open_pipeline"]["by_stage"]["Prospecting"]

    assert [row["period"] for row in rows] == list(expected)
    for row in rows[:-1]:
        known = expected[row["period"]]
        assert (row["open_deals"], row["list_value"]) == (known["open"], known["list_value"])
    last = expected["2017-12"]
    assert rows[-1]["open_deals"] == last["open"] + undated["count"] == 2089
    assert rows[-1]["list_value"] == last["list_value"] + undated["list_value"]


@pytest.mark.parametrize("month", ["2017-03", "2017-07", "2017-11"])
def test_a_past_as_of_sees_what_was_then(data, figures, month) -> None:
    """O8, O9: looked from the end of a past month, later closings have not happened and undated deals are not there."""
    day, known = next((d, f) for d, f in figures["open_as_of_month_end"].items() if d.startswith(month))
    result = cc.measure(["open_deals", "won_deals", "lost_deals"], data, as_of=date.fromisoformat(day))
    closed = sum(f["deals"] for m, f in figures["by_close_month"].items() if m <= month)

    assert result.total["open_deals"] == known["open"]
    assert result.total["won_deals"] + result.total["lost_deals"] == closed
    assert result.settings["as_of_source"] == "given"


def test_velocity(data, figures) -> None:
    """Open deals x win rate x mean won deal / mean won cycle; of the closed, won value / mean cycle."""
    total = cc.measure(["sales_velocity", "sales_velocity_closed"], data).total

    assert total["sales_velocity"] == pytest.approx(figures["velocity"]["open"], rel=1e-12)
    assert total["sales_velocity_closed"] == pytest.approx(figures["velocity"]["closed"], rel=1e-12)


def test_concentration(data, figures) -> None:
    """Share of won value held by the top fifth of agents and accounts, and its Gini coefficient."""
    published = figures["concentration"]
    won = cc.total("amount", where=cc.col("outcome") == "won")
    for key, figure in (("owner", "agents_active"), ("account", "accounts")):
        metrics = [
            cc.Metric("top", cc.top_share(cc.each(key, won), "0.2"), unit="ratio", anchor="closed_at"),
            cc.Metric("gini", cc.gini(cc.each(key, won)), unit="ratio", anchor="closed_at"),
        ]
        expected = published[figure]
        total = cc.measure(metrics, data, where=cc.col("outcome") == "won").total
        assert total["top"] == pytest.approx(expected["top_share"], rel=1e-12)
        assert total["gini"] == pytest.approx(expected["gini"], rel=1e-12)


def test_the_alias_of_a_product_is_caught(shared_data, tmp_path) -> None:
    """Without the mapping of the profile, 'GTXPro' is listed as a product nobody knows, and 1,480 deals have no price."""
    text = PROFILE.read_text(encoding="utf-8")
    mapped = 'product = { column = "product", values = { "GTXPro" = "GTX Pro" } }'
    assert mapped in text
    path = tmp_path / "plain.toml"
    path.write_text(text.replace(mapped, 'product = "product"'), encoding="utf-8")
    plain = cc.read(shared_data / "maven_crm", profile=path)

    (issue,) = [i for i in plain.issues if i.column == "product"]
    assert (issue.kind, issue.table, issue.count, issue.rejected) == ("unknown reference", "opportunity", 1480, False)
    assert "'GTXPro' (1480)" in issue.detail
    assert cc.measure(list_value(), plain).total["list_value"] < 4_966_215
    assert "GTX Pro" not in cc.measure("won_deals", plain, by="product").column("product")


def test_records_behind_a_number(data, shared_data) -> None:
    """A number names the ids behind it: the 208 deals that Anna Snelling won and the 336 decided, as in the file."""
    import csv

    result = cc.measure("win_rate", data, by="owner")
    found = result.records("win_rate", owner="Anna Snelling")
    with (shared_data / "maven_crm" / "sales_pipeline.csv").open(newline="", encoding="utf-8") as file:
        hers = [row for row in csv.DictReader(file) if row["sales_agent"] == "Anna Snelling"]

    won = {row["opportunity_id"] for row in hers if row["deal_stage"] == "Won"}
    decided = {row["opportunity_id"] for row in hers if row["deal_stage"] in ("Won", "Lost")}
    assert (len(won), len(decided)) == (208, 336)
    assert set(found["numerator"]) == won
    assert set(found["denominator"]) == decided
    assert len(found["denominator"]) == 336
    assert "208 / 336" in result.explain("win_rate", owner="Anna Snelling")


def test_the_command_line_gives_the_same_numbers(shared_data, figures, tmp_path) -> None:
    """`python -m crmcore measure` on the files prints JSON with the published numbers, n, details and issues."""
    command = [
        sys.executable, "-m", "crmcore", "measure", "win_rate", "won_value", "median_won_deal",
        "--data", str(shared_data / "maven_crm"), "--profile", str(PROFILE),
        "--by", "owner.regional_office", "--format", "json",
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, check=False, cwd=tmp_path, encoding="utf-8", timeout=120)

    assert (run.returncode, run.stderr) == (0, "")
    found = json.loads(run.stdout)
    published = figures["by_regional_office"]
    assert found["keys"] == ["owner.regional_office"]
    assert found["rows"] == [
        {
            "owner.regional_office": region,
            "win_rate": f["won"] / (f["won"] + f["lost"]),
            "won_value": f["won_revenue"],
            "median_won_deal": f["median_won_deal"],
        }
        for region, f in published.items()
    ]
    assert [d["win_rate"] for d in found["details"]] == [
        {"n": f["won"] + f["lost"], "numerator": f["won"], "denominator": f["won"] + f["lost"]}
        for f in published.values()
    ]
    assert found["total"] == {"win_rate": 4238 / 6711, "won_value": 10_005_534, "median_won_deal": 1117}
    assert found["n"] == {"opportunity": 6711}
    assert found["metrics"]["win_rate"] == {"unit": "ratio", "better": "higher", "anchor": "closed_at", "revision": 1}
