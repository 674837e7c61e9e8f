"""44 deals, 71 stages and 104 activities in HubSpot's shape: every value beside the standard library's csv."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

import crmcore as cc
import crmcore_profiles
from crmcore.table.values import values_of

NAME = "fivetran_hubspot"


def instant(text: str) -> datetime:
    """Return a time as the set writes it: hours of one digit, with and without fractions."""
    day, _, clock = text.partition(" ")
    hour, minute, second = clock.split(":")
    return datetime.fromisoformat(f"{day} {int(hour):02}:{minute}:{second}").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def data(workspace, shared_data) -> cc.Dataset:
    """Return the set."""
    return workspace.read(shared_data / NAME, profile=NAME)


def test_every_deal_is_read_as_it_stands(data, rows, published) -> None:
    """44 deals, half of them owned, none with an amount or a stage; ids are numbers and stay whole."""
    found, figures = rows(f"{NAME}/deal_data.csv"), published(NAME)
    table = data["opportunity"]

    assert len(table) == len(found) == figures["deals"] == 44
    assert [str(i) for i in values_of(table["id"])] == [row["deal_id"] for row in found]
    assert values_of(table["name"]) == [row["property_dealname"] for row in found]
    assert values_of(table["created_at"]) == [instant(row["property_createdate"]) for row in found]
    owners = values_of(table["owner"])
    assert [None if o is None else str(o) for o in owners] == [row["owner_id"] or None for row in found]
    assert sum(o is not None for o in owners) == figures["deals_with_owner"]
    assert sum(m is not None for m in values_of(table["amount"])) == figures["deals_with_amount"] == 0
    assert sum(s is not None for s in values_of(table["stage"])) == figures["deals_with_stage"] == 0
    assert data.rejected == ()


def test_what_cannot_be_known_is_undefined(data, workspace) -> None:
    """No deal has a stage, so none has an outcome: a win rate of nothing is undefined, and the issue says why."""
    card = workspace.measure(["win_rate", "won_deals"], data)

    assert card.total == {"win_rate": None, "won_deals": 0}
    assert [i.count for i in data.issues if i.kind == "no outcome"] == [44]


def test_stages_say_what_is_won(data, rows, published) -> None:
    """71 stages, 5 of them won; closed ones that are not won are lost (O2)."""
    found, figures = rows(f"{NAME}/deal_pipeline_stage_data.csv"), published(NAME)
    table = data["stage"]

    assert len(table) == figures["stages"]
    assert values_of(table["id"]) == [row["stage_id"] for row in found]
    assert values_of(table["order"]) == [int(row["display_order"]) for row in found]
    assert values_of(table["probability"]) == [Decimal(row["probability"]) for row in found]
    assert sum(values_of(table["is_won"])) == figures["stages_closed_won"] == 5


def test_history_of_stages_is_a_table_of_changes(data, rows, published) -> None:
    """14 entries into a stage, of deals that the set does not have."""
    found = rows(f"{NAME}/deal_stage_data.csv")
    table = data["change"]

    assert len(table) == len(found) == published(NAME)["stage_history_rows"]
    assert values_of(table["at"]) == [instant(row["date_entered"]) for row in found]
    assert [str(i) for i in values_of(table["record"])] == [row["deal_id"] for row in found]
    assert values_of(table["new"]) == [row["value"] for row in found]
    assert set(values_of(table["field"])) == {"stage"}


def test_engagements_are_activities(data, rows, published) -> None:
    """100 meetings, a call, an e-mail and two tasks."""
    meetings = rows(f"{NAME}/engagement_meeting_data.csv")
    kinds = values_of(data["activity"]["kind"])

    assert {k: kinds.count(k) for k in set(kinds)} == {
        "meeting": published(NAME)["meetings"],
        **{k: len(rows(f"{NAME}/engagement_{k}_data.csv")) for k in ("call", "email", "task")},
    }
    ids = [str(i) for i in values_of(data["activity"]["id"])]
    at = dict(zip(ids, values_of(data["activity"]["at"]), strict=True))
    assert {row["engagement_id"]: instant(row["start_time"]) for row in meetings}.items() <= at.items()


def test_companies_contacts_and_owners(data, rows) -> None:
    """24, 22 and 100, with their ids."""
    for table, file, key in (
        ("account", "company", "id"),
        ("contact", "contact", "id"),
        ("seller", "owner", "owner_id"),
    ):
        assert [str(i) for i in values_of(data[table]["id"])] == [row[key] for row in rows(f"{NAME}/{file}_data.csv")]


def test_closed_and_expected_dates_and_merged_deals(tmp_path) -> None:
    """Made by hand: one won, one lost, one open deal and one merged into the first, which counts nowhere."""
    files = {
        "deal": "deal_id,is_deleted,deal_pipeline_id,deal_pipeline_stage_id,owner_id,property_dealname,property_amount,"
        "property_closedate,property_createdate\n"
        "1,false,default,closedwon,7,A,100.50,2026-03-01 10:00:00,2026-01-01 0:00:00\n"
        "2,false,default,closedlost,7,B,40,2026-03-02 10:00:00,2026-01-02 0:00:00\n"
        "3,false,default,appointment,7,C,30,2026-09-01 10:00:00,2026-01-03 0:00:00\n"
        "4,false,default,closedwon,7,D,100.50,2026-03-01 10:00:00,2026-01-01 0:00:00\n",
        "deal_pipeline_stage": "stage_id,label,pipeline_id,display_order,probability,is_closed,closed_won\n"
        "appointment,Appointment,default,0,0.2,FALSE,FALSE\nclosedwon,Won,default,1,1.0,TRUE,TRUE\n"
        "closedlost,Lost,default,2,0.0,TRUE,FALSE\n",
        "merged_deal": "deal_id,merged_deal_id\n1,4\n",
        "deal_company": "company_id,deal_id\n55,1\n",
        "deal_contact": "contact_id,deal_id\n66,1\n",
        "company": "id,is_deleted,property_name\n55,false,Acme\n",
        "contact": "id,_fivetran_deleted,property_lastname,property_createdate\n66,false,Li,2026-01-01 0:00:00\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    workspace = cc.Workspace(plugins=[crmcore_profiles])
    data = workspace.read(tmp_path, profile=NAME)
    table = data["opportunity"]

    assert values_of(table["outcome"]) == ["won", "lost", "open"]
    assert values_of(table["closed_at"]) == [instant("2026-03-01 10:00:00"), instant("2026-03-02 10:00:00"), None]
    assert values_of(table["expected_close"]) == [None, None, instant("2026-09-01 10:00:00")]
    assert [str(v) for v in values_of(table["account"])] == ["55", "None", "None"]
    assert [str(v) for v in values_of(table["contact"])] == ["66", "None", "None"]
    assert table.excluded == {"merged": 1}
    assert workspace.measure(["win_rate", "won_value"], data).total == {"win_rate": 0.5, "won_value": Decimal("100.50")}
