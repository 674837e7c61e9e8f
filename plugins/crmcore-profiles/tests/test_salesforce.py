"""Plain exports of Salesforce, made by hand in the ways that its tools write times and flags."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import crmcore as cc
import crmcore_profiles
from crmcore.table.values import values_of

WAYS = {
    "API": ("2026-0{}-05T09:30:00.000Z", "true", "false"),
    "offset": ("2026-0{}-05T11:30:00+0200", "TRUE", "FALSE"),
    "weekly": ("2026-0{}-05 09:30:00", "1", "0"),
}
"""How an export writes the fifth day of a month at half past nine, yes and no."""

HEADER = (
    "Id,IsDeleted,AccountId,Name,StageName,Amount,Probability,CloseDate,Type,LeadSource,IsClosed,IsWon,"
    "ForecastCategory,OwnerId,CreatedDate,Region__c"
)


def written(folder: Path, way: str, *, without: tuple[str, ...] = ()) -> Path:
    """Write an export: four opportunities, two leads, two tasks, an event and a little history."""
    time, yes, no = WAYS[way]
    files = {
        "Opportunity": [
            HEADER,
            f"006A,{no},001A,Alpha,Closed Won,1000.50,1000,2026-03-20,New,Web,{yes},{yes},Closed,005A,{time.format(1)},EMEA",
            f"006B,{no},001A,Beta,Closed Lost,400,0,2026-04-02,New,Web,{yes},{no},Omitted,005A,{time.format(2)},EMEA",
            f"006C,{no},001B,Gamma,Proposal,700,75,2026-09-30,Renewal,,{no},{no},BestCase,005B,{time.format(3)},NA",
            f"006D,{yes},001B,Delta,Closed Won,9999,100,2026-04-02,New,Web,{yes},{yes},Closed,005B,{time.format(1)},NA",
        ],
        "Lead": [
            "Id,IsDeleted,Name,Status,LeadSource,OwnerId,IsConverted,ConvertedDate,ConvertedOpportunityId,CreatedDate",
            f"00QA,{no},Li,Converted,Web,005A,{yes},2026-01-05,006A,{time.format(1)}",
            f"00QB,{no},Wang,New,Event,005A,{no},,,{time.format(2)}",
        ],
        "Task": [
            "Id,TaskSubtype,ActivityDate,OwnerId,WhatId,WhoId,Subject",
            "00TA,Call,2026-02-01,005A,006A,00QA,first call",
            "00TB,Email,2026-02-02,005A,001A,003A,about the account",
        ],
        "Event": [
            "Id,EventSubtype,ActivityDate,DurationInMinutes,OwnerId,WhatId,WhoId",
            "00UA,Event,2026-02-10,45,005B,006C,",
        ],
        "User": ["Id,Name,ManagerId,IsActive", f"005A,Anna,005B,{yes}", f"005B,Boris,,{no}"],
        "OpportunityFieldHistory": [
            "Id,OpportunityId,Field,OldValue,NewValue,CreatedById,CreatedDate",
            f"017A,006C,created,,,005B,{time.format(3)}",
            f"017B,006C,StageName,Discovery,Proposal,005B,{time.format(5)}",
        ],
    }
    for name, lines in files.items():
        if name not in without:
            (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same_data(tmp_path, way) -> None:
    """Times with Z, with an offset and without one, yes as true, TRUE and 1: values worked out by hand."""
    workspace = cc.Workspace(plugins=[crmcore_profiles])
    data = workspace.read(written(tmp_path, way), profile="salesforce")
    table = data["opportunity"]

    assert values_of(table["id"]) == ["006A", "006B", "006C"]
    assert values_of(table["outcome"]) == ["won", "lost", "open"]
    assert values_of(table["closed_at"]) == [date(2026, 3, 20), date(2026, 4, 2), None]
    assert values_of(table["expected_close"]) == [None, None, date(2026, 9, 30)]
    assert [m.amount for m in values_of(table["amount"])] == [Decimal("1000.5"), Decimal(400), Decimal(700)]
    assert values_of(table["probability"]) == [None, None, Decimal("0.75")]
    assert values_of(table["forecast_category"]) == ["closed", "omitted", "best_case"]
    assert values_of(table["created_at"]) == [datetime(2026, m, 5, 9, 30, tzinfo=UTC) for m in (1, 2, 3)]
    assert values_of(table["Region__c"]) == ["EMEA", "EMEA", "NA"]
    assert table.excluded == {"deleted": 1}
    assert data.rejected == ()
    assert values_of(data["lead"]["converted"]) == [True, False]
    assert values_of(data["lead"]["opportunity"]) == ["006A", None]
    assert values_of(data["seller"]["active"]) == [True, False]


def test_activities_belong_to_what_has_their_id(tmp_path) -> None:
    """A task about an account, or with a contact, is of no opportunity and of no lead."""
    data = cc.Workspace(plugins=[crmcore_profiles]).read(written(tmp_path, "API"), profile="salesforce")
    table = data["activity"]

    assert values_of(table["kind"]) == ["call", "email", "meeting"]
    assert values_of(table["opportunity"]) == ["006A", None, "006C"]
    assert values_of(table["lead"]) == ["00QA", None, None]
    assert values_of(table["duration"]) == [None, None, timedelta(minutes=45)]


def test_numbers_of_the_export(tmp_path) -> None:
    """One won and one lost: a half; 1,000.50 won; by seller and by a custom field; the deleted win is left out."""
    workspace = cc.Workspace(plugins=[crmcore_profiles])
    data = workspace.read(written(tmp_path, "weekly"), profile="salesforce")

    assert workspace.measure(["win_rate", "won_value"], data).total == {
        "win_rate": 0.5,
        "won_value": Decimal("1000.50"),
    }
    assert workspace.measure("won_value", data, by="Region__c").rows()[0]["won_value"] == Decimal("1000.50")


def test_history_of_stages(tmp_path) -> None:
    """What the field history says is a table of changes; rows of other fields are left out, and counted."""
    data = cc.Workspace(plugins=[crmcore_profiles]).read(written(tmp_path, "API"), profile="salesforce")
    table = data["change"]

    assert [values_of(table[n])[0] for n in ("record", "field", "old", "new", "actor")] == [
        "006C",
        "stage",
        "Discovery",
        "Proposal",
        "005B",
    ]
    assert table.excluded == {"other field": 1}


def test_opportunities_and_leads_are_enough(tmp_path) -> None:
    """The other files may be missing; opportunities may not, and leads not where there are tasks or events."""
    workspace = cc.Workspace(plugins=[crmcore_profiles])
    small = written(tmp_path, "API", without=("Task", "Event", "User", "OpportunityFieldHistory", "Lead"))
    assert list(workspace.read(small, profile="salesforce").tables) == ["opportunity"]

    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(cc.CrmCoreError, match=r"profile 'salesforce': no file matches 'Opportunity\.csv'"):
        workspace.read(written(other, "API", without=("Opportunity",)), profile="salesforce")
    third = tmp_path / "third"
    third.mkdir()
    with pytest.raises(cc.CrmCoreError, match=r"no file 'Lead\.csv' for lookup 'lead'"):
        workspace.read(written(third, "API", without=("Lead",)), profile="salesforce")
