"""The history of deals through the profiles: what the standard library's csv says, and some stays worked by hand."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import crmcore as cc
import crmcore_profiles
from crmcore.calendars import Zone
from crmcore.table.history import ENDED, visits_of
from crmcore.table.values import values_of

SALESFORCE, HUBSPOT = "fivetran_salesforce", "fivetran_hubspot"
LAST = datetime(2021, 2, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stays(data: cc.Dataset) -> list[tuple[Any, ...]]:
    """Return the stays of deals: deal, stage, from, to, how it ended."""
    found = visits_of(data.tables, Zone("UTC"), (LAST - EPOCH) // timedelta(microseconds=1))
    ids = values_of(data["opportunity"]["id"])
    return [
        (
            str(ids[row]),
            found.labels[stage],
            EPOCH + timedelta(microseconds=since),
            EPOCH + timedelta(microseconds=until),
            ENDED[how],
        )
        for row, stage, since, until, how in zip(
            *(getattr(found, name).tolist() for name in ("rows", "stage", "entered", "left", "ended")), strict=True
        )
    ]


def told(data: cc.Dataset, *names: str) -> list[tuple[Any, ...]]:
    """Return columns of the changes."""
    return list(zip(*(values_of(data["change"][name]) for name in names), strict=True))


def written(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    """Write rows as a file."""
    with (folder / name).open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)


# --- Salesforce in a warehouse


def test_ten_versions_of_ten_deals_tell_no_change(workspace, shared_data, rows) -> None:
    """Each deal has one version, so nothing that follows another differs, and each deal has its stage since its creation."""
    found = sorted(rows(f"{SALESFORCE}/sf_opportunity_history_data.csv"), key=lambda r: (r["id"], r["_fivetran_start"]))
    differ = [
        (a, b) for a, b in pairwise(found) if a["id"] == b["id"] and any(a[n] != b[n] for n in ("stage_name", "amount"))
    ]
    data = workspace.read(shared_data / SALESFORCE, profile=SALESFORCE)

    assert (len(found), len({row["id"] for row in found}), len(differ)) == (10, 10, 0)
    assert len(data["change"]) == len(differ)
    assert data["change"].excluded == {}
    assert data.rejected == ()


def test_stays_of_deals_with_one_earlier_version_more(workspace, rows, tmp_path) -> None:
    """S5: 106 days, 40 minutes and a second from the creation to the version that the set has; then it is in that stage."""
    deals, versions = (rows(f"{SALESFORCE}/sf_opportunity{part}_data.csv") for part in ("", "_history"))
    mine = next(row for row in versions if row["id"] == "006q000000HdOhuAAF")
    before = mine | {"_fivetran_start": "2018-12-18 17:56:05", "stage_name": "Prospecting", "amount": "100000"}
    written(tmp_path, "sf_opportunity_data.csv", [row | {"is_deleted": "false"} for row in deals])
    written(tmp_path, "sf_opportunity_history_data.csv", [mine, *versions[:3], before])
    data = workspace.read(tmp_path, profile=SALESFORCE)
    edited = datetime(2019, 4, 3, 18, 36, 6, tzinfo=UTC)

    assert told(data, "record", "field", "old", "new", "at") == [
        ("006q000000HdOhuAAF", "stage", "Prospecting", mine["stage_name"], edited),
        ("006q000000HdOhuAAF", "amount", "100000", "210000", edited),
    ]
    found = [stay for stay in stays(data) if stay[0] == "006q000000HdOhuAAF"]
    assert [(stage, how) for _, stage, _, _, how in found] == [
        ("Prospecting", "moved"),
        (mine["stage_name"], "still there"),
    ]
    assert found[0][3] - found[0][2] == timedelta(days=106, minutes=40, seconds=1)
    assert found[1][2:4] == (edited, LAST)
    assert workspace.measure("open_value", data, as_of=date(2019, 1, 31)).total == {"open_value": 100_000}
    assert workspace.measure("open_value", data, as_of=date(2019, 4, 30)).total == {"open_value": 210_000}


# --- HubSpot in a warehouse


def test_stages_that_deals_entered(workspace, shared_data, rows) -> None:
    """14 deals entered one stage each and are in it still; two of them by hand. The set lacks the deals: they are given here."""
    found = rows(f"{HUBSPOT}/deal_stage_data.csv")
    history = workspace.read(shared_data / HUBSPOT, profile=HUBSPOT)["change"]
    data = cc.Dataset(
        opportunity=[{"id": row["deal_id"], "stage": row["value"], "outcome": "open"} for row in found], change=history
    )
    by_hand = {
        "3954699413": ("f66ca9bc5a02c2f1513ce83f0a0e117d", datetime(2021, 1, 7, 6, 49, 18, tzinfo=UTC)),
        "3964918501": ("6e81db225a3757a3fc20cc9b1b3d9e1b", datetime(2021, 1, 9, 10, 49, 26, tzinfo=UTC)),
    }
    seen = stays(data)

    assert {(deal, stage) for deal, stage, *_ in seen} == {(row["deal_id"], row["value"]) for row in found}
    assert len(seen) == 14
    assert {deal: (stage, since) for deal, stage, since, *_ in seen if deal in by_hand} == by_hand
    assert {(until, how) for *_, until, how in seen} == {(LAST, "still there")}


def test_other_properties_of_deals(workspace, shared_data, rows, tmp_path) -> None:
    """The set writes the names of properties as hashes, so none is ours and all 100 are counted as filtered; a name is ours."""
    found = rows(f"{HUBSPOT}/deal_property_history_data.csv")
    data = workspace.read(shared_data / HUBSPOT, profile=HUBSPOT)
    assert data["change"].excluded == {"row filter": len(found)} == {"row filter": 100}

    for file in (shared_data / HUBSPOT).glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    hashed = found[0]["name"]
    named = [row | {"name": "hubspot_owner_id" if row["name"] == hashed else row["name"]} for row in found]
    written(tmp_path, "deal_property_history_data.csv", named)
    changes = workspace.read(tmp_path, profile=HUBSPOT)
    mine = [row for row in found if row["name"] == hashed]

    assert [(r, n) for r, f, n in told(changes, "record", "field", "new") if f == "owner"] == [
        (row["deal_id"], row["value"]) for row in mine
    ]
    assert len(mine) == 60


def test_a_history_of_properties_by_its_constructor(rows) -> None:
    """All 100 rows, whatever their property is called: counts by property as csv gives them."""
    found = rows(f"{HUBSPOT}/deal_property_history_data.csv")
    history = cc.histories.from_field_changes(
        found, record="deal_id", field="name", new="value", at="timestamp", fields=None, timezone="UTC"
    )

    assert Counter(c["field"] for c in history) == Counter(row["name"] for row in found)
    assert len(history) == 100
    assert history.rejected == ()


# --- plain exports of Salesforce


@pytest.mark.parametrize("turned", [False, True])
def test_pictures_of_an_opportunity_after_each_change(tmp_path, turned) -> None:
    """OpportunityHistory: three pictures; two of one second are ordered by their id, whatever the order of the rows."""
    lines = [
        "008A,006A,Discovery,100,2026-03-31,005A,2026-01-05T09:00:00.000Z",
        "008B,006A,Proposal,100,2026-03-31,005A,2026-02-09T10:00:00.000Z",
        "008C,006A,Closed Won,120,2026-02-09,005B,2026-02-09T10:00:00.000Z",
    ]
    rows = lines[::-1] if turned else lines
    header = "Id,OpportunityId,StageName,Amount,CloseDate,CreatedById,CreatedDate"
    (tmp_path / "OpportunityHistory.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    (tmp_path / "Opportunity.csv").write_text(
        "Id,Name,StageName,Amount,CloseDate,IsClosed,IsWon,AccountId,OwnerId,CreatedDate\n"
        "006A,Alpha,Closed Won,120,2026-02-09,true,true,001A,005A,2026-01-05T09:00:00.000Z\n",
        "utf-8",
    )
    data = cc.Workspace(plugins=[crmcore_profiles]).read(tmp_path, profile="salesforce")
    at = datetime(2026, 2, 9, 10, tzinfo=UTC)

    assert told(data, "field", "old", "new", "at", "actor") == [
        ("stage", "Discovery", "Proposal", at, "005A"),
        ("stage", "Proposal", "Closed Won", at, "005B"),
        ("amount", "100", "120", at, "005B"),
        ("expected_close", "2026-03-31", "2026-02-09", at, "005B"),
    ]
