"""The generated organisation: the same everywhere, believable, and as dirty as it says."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from typing import Any

import numpy as np
import pytest

from crmcore import demo
from crmcore.demo.company import LAST_DAY, PIPELINES, PRODUCTS, QUARTERS, RATES, SELLERS, TEAMS
from crmcore.errors import ArgumentError
from crmcore.table.dataset import Dataset

ROWS, SEED = 3000, 7


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    """Return one organisation."""
    return dict(demo.generate(ROWS, SEED))


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Return the same organisation, taken in."""
    return demo.dataset(ROWS, SEED)


def plain(table: Any) -> list[dict[str, Any]]:
    """Return a table as dicts of Python values, whatever it came as."""
    if isinstance(table, list):
        return table
    columns = {name: values.tolist() if isinstance(values, np.ndarray) else values for name, values in table.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def deals_that_count(tables: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the opportunities that count: neither deleted nor test, and the first of each id (O3)."""
    seen: set[int] = set()
    found = []
    for deal in plain(tables["opportunity"]):
        if deal["id"] not in seen and not deal["deleted"] and not deal["test"]:
            found.append(deal)
        seen.add(deal["id"])
    return found


def euros(deal: dict[str, Any]) -> Fraction:
    """Return the amount of a deal at the rate in force on its close day (M2)."""
    currency = deal["currency"]
    if currency == "EUR":
        return Fraction(deal["amount"])
    starts = [date(2024, 1, 1), *QUARTERS[:-1]]
    rate = [r for start, r in zip(starts, RATES[currency], strict=True) if start <= deal["closed_at"].date()][-1]
    return Fraction(deal["amount"]) * Fraction(Decimal(rate))


def test_the_same_seed_gives_the_same_rows() -> None:
    """Nothing but rows and seed decides; this fingerprint holds on every machine and for every version of numpy."""
    text = repr([(name, plain(table)) for name, table in demo.generate(400, 7).items()])
    again = repr([(name, plain(table)) for name, table in demo.generate(400, 7).items()])
    other = repr([(name, plain(table)) for name, table in demo.generate(400, 8).items()])

    assert text == again
    assert text != other
    assert blake2b(text.encode(), digest_size=8).hexdigest() == "b996afbaf69bf095"


def test_rates_and_cycles_by_hand(tables: dict[str, Any], data: Dataset) -> None:
    """Win rate, won value in euros and mean cycle of each team in a quarter, recomputed row by row in plain Python.

    R1, M2, M3, T2, T3: ratio of sums, the rate of the close day, no amount is left out, a negative cycle too.
    """
    start, stop = date(2025, 4, 1), date(2025, 7, 1)
    result = demo.workspace().measure(["win_rate", "won_value", "sales_cycle_days"], data, by="team", per="quarter")
    found = {r["team"]: r for r in result.rows() if r["period"] == "2025-Q2"}
    for team in TEAMS:
        mine = [
            d
            for d in deals_that_count(tables)
            if d["team"] == team.name and d["outcome"] in {"won", "lost"} and start <= d["closed_at"].date() < stop
        ]
        won = [d for d in mine if d["outcome"] == "won"]
        value = sum((euros(d) for d in won if d["amount"] is not None), Fraction(0))
        cycles = [
            d["closed_at"] - d["created_at"] for d in won if d["created_at"] and d["closed_at"] >= d["created_at"]
        ]
        micros = sum(c.days * 86_400_000_000 + c.seconds * 1_000_000 + c.microseconds for c in cycles)

        assert found[team.name]["win_rate"] == len(won) / len(mine)
        assert found[team.name]["won_value"] == float(value)
        assert found[team.name]["sales_cycle_days"] == float(Fraction(micros, 86_400_000_000 * len(cycles)))


def test_conversion_and_quota_by_hand(tables: dict[str, Any], data: Dataset) -> None:
    """The cohort of a quarter converts as its rows say (R5), and a quota is the sum of the targets of its quarter (M8)."""
    leads = [x for x in plain(tables["lead"]) if not x["deleted"] and not x["test"] and x["created_at"]]
    cohort = [x for x in leads if date(2025, 1, 1) <= x["created_at"].date() < date(2025, 4, 1)]
    quota = sum(
        t["amount"]
        for t in tables["target"]
        if (t["scope"], t["kind"], t["start"]) == ("seller", "quota", date(2025, 1, 1))
    )
    result = demo.workspace().measure(
        ["lead_conversion_rate", "quota_value", "quota_attainment", "won_value"], data, per="quarter"
    )
    (row,) = [r for r in result.rows() if r["period"] == "2025-Q1"]

    assert row["lead_conversion_rate"] == sum(x["converted"] for x in cohort) / len(cohort)
    assert row["quota_value"] == quota
    assert row["quota_attainment"] == pytest.approx(row["won_value"] / quota, rel=1e-12)


def test_dirty_rows_are_noticed(tables: dict[str, Any], data: Dataset) -> None:
    """Each mistake that was put in is in the list of issues, as often as it is in the rows; nothing else is (T3, M3)."""
    counted = deals_that_count(tables)
    ids = Counter(d["id"] for d in plain(tables["opportunity"]))
    early = sum(1 for d in counted if d["created_at"] and d["closed_at"] and d["closed_at"] < d["created_at"])
    found = {(i.table, i.column, i.kind): (i.count, i.rejected) for i in data.issues}

    assert found == {
        ("opportunity", "id", "duplicate id"): (sum(n - 1 for n in ids.values()), True),
        ("opportunity", "product", "unknown reference"): (sum(d["product"] == "CROE" for d in counted), False),
        ("opportunity", "closed_at", "closed before created"): (early, False),
        ("opportunity", "amount", "unpriced"): (
            sum(d["outcome"] == "won" and d["amount"] is None for d in counted),
            False,
        ),
        ("cost", "amount", "not a number"): (1, True),
    }
    assert 1 <= early <= 4
    assert [r.reason for r in data.rejected if r.table == "cost"] == ["amount: not a number 'ca. 4200'"]
    assert data["opportunity"].excluded["deleted"] > 0
    assert any(d["owner"] is None for d in counted)
    assert any(d["source"] is None for d in counted)
    assert any(d["created_at"] is None for d in counted)
    assert any(line["date"] is None for line in tables["cost"])


def test_names_point_somewhere(tables: dict[str, Any]) -> None:
    """Owners, teams, stages, products, leads and accounts are those of the other tables."""
    people, accounts = {s.name for s in SELLERS}, set(tables["account"]["id"].tolist())
    leads, deals = set(tables["lead"]["id"].tolist()), set(tables["opportunity"]["id"].tolist())
    stages = {s.id for p in PIPELINES for s in p.stages}
    for deal in plain(tables["opportunity"]):
        assert deal["owner"] is None or deal["owner"] in people
        assert deal["stage"] in stages
        assert deal["account"] in accounts
        assert deal["lead"] is None or deal["lead"] in leads
        assert deal["product"] == "CROE" or deal["product"] in {p.id for p in PRODUCTS}
    for lead in plain(tables["lead"]):
        assert lead["opportunity"] is None or lead["opportunity"] in deals
        assert lead["converted"] == (lead["opportunity"] is not None)
        assert lead["duplicate_of"] is None or lead["duplicate_of"] in leads


def test_nothing_happens_after_the_export(tables: dict[str, Any]) -> None:
    """No record was made, closed or done after the last day; sellers take no deals before they come or after they left."""
    for name, columns in {
        "opportunity": ["created_at", "closed_at", "first_contact_at", "assigned_at", "last_activity_at"],
        "lead": ["created_at", "converted_at", "assigned_at", "first_response_at", "lost_at"],
        "activity": ["done"],
    }.items():
        for row in plain(tables[name]):
            for column in columns:
                # of the deals that were put wrong on purpose, one end lies where it should not
                late = row[column] is not None and row[column].date() > LAST_DAY
                assert not late or (name == "opportunity" and row["closed_at"] < row["created_at"]), (
                    name,
                    row["id"],
                    column,
                )
    hired = {s.name: s.hired for s in SELLERS}
    fresh = [d for d in deals_that_count(tables) if d["owner"] and d["created_at"] and d["outcome"] != "lost"]
    assert all(d["created_at"].date() > hired[d["owner"]] for d in fresh)


@pytest.mark.parametrize("seed", [1, 7, 2026])
def test_it_looks_like_a_sales_organisation(seed: int) -> None:
    """Every team sells in every quarter, rates and attainment are in the usual ranges, December beats August."""
    made = demo.dataset(4000, seed)
    ws = demo.workspace()
    quarters = ws.measure(
        ["won_deals", "win_rate", "sales_cycle_days", "organisation_quota_attainment", "lead_conversion_rate"],
        made,
        per="quarter",
    ).rows()
    full = [r for r in quarters if "2024-Q2" <= r["period"] <= "2026-Q1"]

    assert len(full) == 8
    assert all(0.30 < r["win_rate"] < 0.60 for r in full)
    assert all(35 < r["sales_cycle_days"] < 80 for r in full)
    assert all(0.5 < r["organisation_quota_attainment"] < 1.5 for r in full)
    assert all(0.18 < r["lead_conversion_rate"] < 0.38 for r in full)
    teams = ws.measure("won_deals", made, by="team", per="quarter").rows()
    assert all(r["won_deals"] > 5 for r in teams if "2024-Q2" <= r["period"] <= "2026-Q1")
    months = {r["period"]: r["won_deals"] for r in ws.measure("won_deals", made, per="month").rows()}
    assert months["2025-12"] > 1.5 * months["2025-08"]
    profile = {
        r["source"]: r["lead_conversion_rate"] for r in ws.measure("lead_conversion_rate", made, by="source").rows()
    }
    assert profile["referral"] > profile["website"] > profile["advertising"]


@pytest.mark.parametrize("rows", [1, 2, 99])
def test_small_organisations(rows: int) -> None:
    """A handful of deals makes an organisation too; below a hundred it is clean."""
    made = demo.dataset(rows, 3)

    assert sum(len(t) for t in made.values()) > rows
    assert [i for i in made.issues if i.kind != "unpriced"] == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"rows": 0}, "rows is a whole number, at least 1, got 0"),
        ({"rows": True}, "rows"),
        ({"seed": 1.5}, "seed is a whole number, got 1.5"),
    ],
)
def test_wrong_sizes(given: dict[str, Any], says: str) -> None:
    """Rows and seed are whole numbers."""
    with pytest.raises(ArgumentError, match=says):
        demo.generate(**given)
