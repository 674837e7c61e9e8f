"""Five deals as each host writes them, and their figures, worked out by hand.

The deals, all times in UTC, in 2026; a stage was called Quote until 12 February, and Offer since:
    A  100   made 01-05 09:00 in new; 02-09 10:00 offer; 03-02 10:00 won
    B  200   made 01-12 09:00 in new; 02-20 10:00 offer; 03-09 10:00 lost; 03-16 10:00 offer again: reopened
    C  400   made 01-20 09:00 in new; never moved
    D  800   made 02-03 09:00 in new; 02-16 12:00 offer and back in new within one second; 03-20 10:00 offer; 500 until 03-03 10:00
    E  1600  made 01-07 09:00 in new; 01-28 10:00 offer; deleted

So, with C and D made in the months they were made in, and E nowhere:
    open at the end of January    A B C      100 + 200 + 400 = 700        all in new
    open at the end of February   A B C D    100 + 200 + 400 + 500 = 1200  (800, where amounts have no past: 1500); A and B in offer
    open at the end of March      B C D      200 + 400 + 800 = 1400       B and D in offer
    in new    4 deals, 5 visits (D came again), 3 have left: A 35 d 1 h, B 39 d 1 h, D 13 d 3 h + 31 d 22 h = 45 d 1 h
              mean 119 d 3 h / 3 = 39 d 17 h; with C, there since 70 d 15 h: 189 d 18 h / 4 = 47 d 10 h 30 min
    in offer  3 deals, 5 visits, A has left: 21 d; B 17 d + 15 d 14 h = 32 d 14 h, D 0 + 11 d 14 h: 65 d 4 h / 3
    funnel    4 at new, of which 3 went on; 3 at offer, of which 1 went on; 1 won
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest

import crmcore as cc
import crmcore_profiles
from crmcore.table.values import values_of

RENAMED = {"Quote": "Offer"}
CONFIG = {
    "profiles": {
        "renamed_stages": dict.fromkeys(
            ("salesforce", "fivetran_salesforce", "frappe", "suitecrm", "espocrm"), RENAMED
        ),
        "closed_stages": {"suitecrm": ["Won", "Lost"], "espocrm": ["Won", "Lost"]},
    }
}
LAST = date(2026, 3, 31)
DAY = 24
IN_NEW = (4, 5, 3, (39 * DAY + 17) / DAY, (47 * DAY + 10.5) / DAY)
IN_OFFER = (3, 5, 1, 21.0, (65 * DAY + 4) / 3 / DAY)

MADE = {
    "A": "2026-01-05 09:00:00",
    "B": "2026-01-12 09:00:00",
    "C": "2026-01-20 09:00:00",
    "D": "2026-02-03 09:00:00",
    "E": "2026-01-07 09:00:00",
}
NOW = {"A": "won", "B": "offer", "C": "new", "D": "offer", "E": "offer"}
SUM = {"A": 100, "B": 200, "C": 400, "D": 800, "E": 1600}
MOVES = [
    ("E", "new", "offer", "2026-01-28 10:00:00"),
    ("A", "new", "offer", "2026-02-09 10:00:00"),
    ("D", "new", "offer", "2026-02-16 12:00:00"),
    ("D", "offer", "new", "2026-02-16 12:00:00"),
    ("B", "new", "offer", "2026-02-20 10:00:00"),
    ("A", "offer", "won", "2026-03-02 10:00:00"),
    ("B", "offer", "lost", "2026-03-09 10:00:00"),
    ("B", "lost", "offer", "2026-03-16 10:00:00"),
    ("D", "new", "offer", "2026-03-20 10:00:00"),
]
RAISED = ("D", 500, 800, "2026-03-03 10:00:00")
STAGES = ["new", "offer", "won", "lost"]
OURS = [{"id": s.title(), "order": n, "kind": s if s in {"won", "lost"} else "open"} for n, s in enumerate(STAGES)]


def label(stage: str, at: str = "2026-12-31") -> str:
    """Return what people called a stage at a time."""
    return "Quote" if stage == "offer" and at < "2026-02-12" else stage.title()


def closed(deal: str) -> str:
    """Return the day on which a deal that is closed now was closed, or that on which it is expected to close."""
    return "2026-03-02" if deal == "A" else "2026-06-30"


@pytest.fixture(params=[False, True], ids=["as they came", "turned round"])
def export(request, tmp_path):
    """Return a function that writes files, their rows in one order or another, and reads them with a profile."""

    def read(profile: str, config: Mapping[str, Any] = CONFIG, **files: Iterable[Mapping[str, Any]]) -> cc.Dataset:
        for name, found in files.items():
            rows = list(found)[:: -1 if request.param else 1]
            with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, list(dict.fromkeys(k for row in rows for k in row)))
                writer.writeheader()
                writer.writerows(rows)
        return cc.Workspace(plugins=[crmcore_profiles], config=config).read(tmp_path, profile=profile)

    return read


def open_value(data: cc.Dataset) -> list[float]:
    """Return the open value at three month-ends, in one pass, and see that the second by itself gives the same."""
    workspace = cc.Workspace()
    found = [row["open_value"] for row in workspace.measure("open_value", data, per="month", as_of=LAST).rows()]
    middle = date(2026, 2, 28)
    assert found[1] == workspace.measure("open_value", data, as_of=middle).total["open_value"]
    assert found[1] == workspace.measure("open_value", data.as_of(middle)).total["open_value"]
    return found


def _id(stage: Any) -> str | None:
    """Return the id of a stage as text, as hosts number them or name them."""
    return None if stage is None else str(stage)


def by_stage(data: cc.Dataset, day: date) -> dict[Any, float]:
    """Return the open value by stage on a day."""
    return {
        _id(row["stage"]): row["open_value"] for row in cc.measure("open_value", data, by="stage", as_of=day).rows()
    }


def in_stages(data: cc.Dataset) -> dict[Any, tuple[Any, ...]]:
    """Return deals, visits, how many have left, and both means of the days, by stage."""
    rows = cc.analyse("time_in_stage", data, as_of=LAST).rows()
    names = ("deals", "visits", "ended", "ended_mean_days", "mean_days")
    return {_id(row["stage"]): tuple(pytest.approx(row[n], abs=1e-6) for n in names) for row in rows}


def funnel(data: cc.Dataset) -> list[tuple[Any, ...]]:
    """Return deals and how many went on, by stage."""
    return [(_id(row["stage"]), row["deals"], row["went_on"]) for row in cc.analyse("funnel", data, as_of=LAST).rows()]


def told(
    data: cc.Dataset, new: str, offer: str, *, february: int = 1200, named: tuple[str, str] = ("New", "Offer")
) -> None:
    """See that a dataset tells the story; these are the ids of its open stages, and their names."""
    assert open_value(data) == [700, february, 1400]
    assert by_stage(data, date(2026, 1, 31)) == {new: 700}
    assert by_stage(data, date(2026, 2, 28)) == {new: february - 300, offer: 300}
    assert by_stage(data, LAST) == {new: 400, offer: 1000}
    assert in_stages(data) == {named[0]: IN_NEW, named[1]: IN_OFFER}
    assert funnel(data) == [(named[0], 4, 3), (named[1], 3, 1), ("won", 1, None)]
    assert cc.measure(["won_deals", "won_value"], data, as_of=LAST).total == {"won_deals": 1, "won_value": 100}
    assert data.rejected == ()
    assert "changes do not follow" not in kinds(data)


def kinds(data: cc.Dataset) -> dict[str, int]:
    """Return the issues by kind, with their counts."""
    return {issue.kind: issue.count for issue in data.issues}


# --- Salesforce


def salesforce_deals() -> list[dict[str, Any]]:
    """Return the opportunities."""
    return [
        {
            "Id": f"006{d}", "Name": d, "StageName": NOW[d].title(), "Amount": SUM[d], "CloseDate": closed(d),
            "IsClosed": d == "A", "IsWon": d == "A", "IsDeleted": d == "E", "AccountId": "001", "OwnerId": "005",
            "CreatedDate": made, "Probability": 50, "ForecastCategory": "Pipeline",
        }
        for d, made in MADE.items()
    ]  # fmt: skip


SALESFORCE_STAGES = [
    {"MasterLabel": s.title(), "SortOrder": n, "IsClosed": s in {"won", "lost"}, "IsWon": s == "won", "DefaultProbability": 50}
    for n, s in enumerate(STAGES)
]  # fmt: skip


def pictures() -> list[dict[str, Any]]:
    """Return OpportunityHistory: a picture at the creation, and one after each change, with ids in the order of writing."""
    events = sorted(
        [(made, -1, d, "new", None) for d, made in MADE.items()]
        + [(at, n, d, new, None) for n, (d, _, new, at) in enumerate(MOVES)]
        + [(RAISED[3], 99, "D", None, 800)]
    )
    now: dict[str, tuple[str, int]] = {}
    found = []
    for number, (at, _, d, stage, amount) in enumerate(events):
        last = now.get(d, ("new", 500 if d == "D" else SUM[d]))
        now[d] = (stage or last[0], amount or last[1])
        row = {
            "Id": f"008{number:03}",
            "OpportunityId": f"006{d}",
            "StageName": label(now[d][0], at),
            "Amount": now[d][1],
        }
        row |= {"CloseDate": "2026-06-30", "CreatedById": "005", "CreatedDate": at, "Probability": 50}
        found.append(row | {"ForecastCategory": "Pipeline"})
    return [row for row in found if row["OpportunityId"] != "006E"]  # the history goes with the deal


def tracked() -> list[dict[str, Any]]:
    """Return OpportunityFieldHistory: a row for each field that changed; that of the creation says nothing."""
    rows = [("created", f"006{d}", None, None, made) for d, made in MADE.items()]
    rows += [("StageName", f"006{d}", label(a, at), label(b, at), at) for d, a, b, at in MOVES]
    rows += [("Amount", "006D", 500, 800, RAISED[3]), ("NextStep", "006D", None, "call", RAISED[3])]
    names = ("Field", "OpportunityId", "OldValue", "NewValue", "CreatedDate")
    return [
        {"Id": f"017{n:03}", "CreatedById": "005"} | dict(zip(names, row, strict=True)) for n, row in enumerate(rows)
    ]


def test_salesforce_pictures(export) -> None:
    """OpportunityHistory alone."""
    data = export(
        "salesforce", Opportunity=salesforce_deals(), OpportunityStage=SALESFORCE_STAGES, OpportunityHistory=pictures()
    )

    told(data, "New", "Offer")


def test_salesforce_tracked_fields(export) -> None:
    """OpportunityFieldHistory alone: five rows of creations and one of another field are counted as such."""
    data = export(
        "salesforce",
        Opportunity=salesforce_deals(),
        OpportunityStage=SALESFORCE_STAGES,
        OpportunityFieldHistory=tracked(),
    )

    told(data, "New", "Offer")
    assert data["change"].excluded == {"other field": 6}


def test_salesforce_with_both(export) -> None:
    """Both objects tell the same changes: those that are told twice count once, and are counted."""
    files = {"OpportunityHistory": pictures(), "OpportunityFieldHistory": tracked()}
    data = export("salesforce", Opportunity=salesforce_deals(), OpportunityStage=SALESFORCE_STAGES, **files)

    told(data, "New", "Offer")
    assert data["change"].excluded == {"other field": 6, "told twice": 9}
    assert len(data["change"]) == 10


def test_without_the_rename_a_stage_is_two(export) -> None:
    """S1: Quote is a stage that no list knows, so A's stay of 21 days in offer is one in Quote, and is seen as such."""
    files = {"Opportunity": salesforce_deals(), "OpportunityStage": SALESFORCE_STAGES, "OpportunityHistory": pictures()}
    raw = export("salesforce", {}, **files)

    assert by_stage(raw, date(2026, 2, 28)) == {"New": 900, "Offer": 200, "Quote": 100}


def test_a_rename_that_the_log_shows_is_listed(export) -> None:
    """S1: A went from new to Quote and then from Offer to won; D's and E's Quotes show nothing, by themselves or tied."""
    files = {
        "Opportunity": salesforce_deals(),
        "OpportunityStage": SALESFORCE_STAGES,
        "OpportunityFieldHistory": tracked(),
    }
    data = export("salesforce", {}, **files)

    assert kinds(data)["changes do not follow"] == 1


def test_salesforce_versions_in_a_warehouse(export) -> None:
    """Rows of the history mode: of D's two versions that begin at 12:00:00 the first ends when the second begins."""

    def snake(row: Mapping[str, Any]) -> dict[str, Any]:
        return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): value for name, value in row.items()}

    deals = [snake(row) for row in salesforce_deals()]
    found = sorted(pictures(), key=lambda row: row["Id"])
    versions = []
    for row in found:
        later = [
            other["CreatedDate"]
            for other in found
            if other["OpportunityId"] == row["OpportunityId"] and other["Id"] > row["Id"]
        ]
        deal = next(deal for deal in deals if deal["id"] == row["OpportunityId"])
        span = {"_fivetran_start": row["CreatedDate"], "_fivetran_end": min(later, default="9999-12-31 23:59:59")}
        versions.append(deal | span | {"stage_name": row["StageName"], "amount": row["Amount"], "is_deleted": "false"})
    stages = [snake(row) for row in SALESFORCE_STAGES]
    data = export("fivetran_salesforce", opportunity=deals, opportunity_stage=stages, opportunity_history=versions)

    told(data, "New", "Offer")
    assert "versions not ordered" not in kinds(data)


# --- HubSpot: columns for each stage


def test_hubspot_stages_entered_and_left(export) -> None:
    """One stay for each stage: of B and D, which came back to offer, the earlier one is lost, and D's first in new too.

    By hand: A 35 d 1 h in new and B 39 d 1 h, D from 02-16 12:00 to 03-20 10:00, 31 d 22 h; C there since its creation. In offer A
    21 d, B since 03-16 10:00, D since 03-20 10:00: 15 d 14 h and 11 d 14 h. In February B is in no stage: it left new, and its
    first stay in offer is gone.
    """
    entered = {
        "A": {"new": MADE["A"], "offer": "2026-02-09 10:00:00", "won": "2026-03-02 10:00:00"},
        "B": {"new": MADE["B"], "offer": "2026-03-16 10:00:00", "lost": "2026-03-09 10:00:00"},
        "C": {"new": MADE["C"]},
        "D": {"new": "2026-02-16 12:00:00", "offer": "2026-03-20 10:00:00"},
        "E": {"new": MADE["E"], "offer": "2026-01-28 10:00:00"},
    }
    left = {
        "A": {"new": "2026-02-09 10:00:00", "offer": "2026-03-02 10:00:00"},
        "B": {"new": "2026-02-20 10:00:00", "offer": "2026-03-09 10:00:00", "lost": "2026-03-16 10:00:00"},
        "D": {"new": "2026-03-20 10:00:00", "offer": "2026-02-16 12:00:00"},
        "E": {"new": "2026-01-28 10:00:00"},
    }
    deals = [
        {
            "hs_object_id": "ABCDE".index(d) + 1, "dealname": d, "createdate": made, "pipeline": "default", "dealstage": NOW[d],
            "hs_is_closed": str(d == "A").lower(), "hs_is_closed_won": str(d == "A").lower(), "closedate": f"{closed(d)} 10:00:00",
            "amount": SUM[d], "archived": str(d == "E").lower(), "hs_v2_date_entered_current_stage": made,
        }
        | {f"hs_v2_date_entered_{s}": entered[d].get(s) for s in STAGES}
        | {f"hs_v2_date_exited_{s}": left.get(d, {}).get(s) for s in STAGES}
        for d, made in MADE.items()
    ]  # fmt: skip
    data = export("hubspot", deals=deals, stage=[{**row, "id": row["id"].lower()} for row in OURS])
    day = timedelta(days=1)
    offer = [21 * day, 15 * day + timedelta(hours=14), 11 * day + timedelta(hours=14)]

    assert kinds(data)["earlier stay not kept"] == 2
    assert open_value(data) == [700, 1500, 1400]
    assert by_stage(data, date(2026, 2, 28)) == {None: 200, "new": 1200, "offer": 100}
    assert by_stage(data, LAST) == {"new": 400, "offer": 1000}
    assert in_stages(data)["offer"] == (3, 3, 1, 21.0, sum(offer, timedelta()) / day / 3)
    assert in_stages(data)["new"][:3] == (4, 4, 3)
    assert data.rejected == ()


def test_hubspot_in_a_warehouse(export) -> None:
    """Every stay is there, but nothing orders D's two of 02-16 12:00: the pipeline does (S4), new before offer.

    So D is in offer since 02-16 12:00, one visit: in new 4 deals, 4 visits, D 13 d 3 h; in offer D 43 d 12 h until 03-31 24:00.
    """
    deals = [
        {
            "deal_id": "ABCDE".index(d) + 1, "is_deleted": str(d == "E").lower(), "deal_pipeline_id": "p", "owner_id": 7,
            "deal_pipeline_stage_id": NOW[d], "property_dealname": d, "property_amount": SUM[d], "property_createdate": made,
            "property_closedate": f"{closed(d)} 10:00:00",
        }
        for d, made in MADE.items()
    ]  # fmt: skip
    stages = [
        {
            "stage_id": s, "label": s.title(), "pipeline_id": "p", "display_order": n, "probability": 0.5,
            "is_closed": s in {"won", "lost"}, "closed_won": s == "won",
        }
        for n, s in enumerate(STAGES)
    ]  # fmt: skip
    entered = [(d, "new", made) for d, made in MADE.items()] + [(d, new, at) for d, _, new, at in MOVES]
    log = [{"deal_id": "ABCDE".index(d) + 1, "value": s, "date_entered": at} for d, s, at in entered]
    amounts = [("D", "500", MADE["D"]), ("D", "800", RAISED[3])]
    properties = [{"deal_id": 4, "name": "amount", "value": v, "timestamp": at} for _, v, at in amounts]
    properties += [{"deal_id": 4, "name": "dealname", "value": "D", "timestamp": MADE["D"]}]
    data = export(
        "fivetran_hubspot", {"profiles": {"closed_stages": {"fivetran_hubspot": ["won", "lost"]}}}, deal=deals,
        deal_pipeline_stage=stages, deal_stage=log, deal_property_history=properties, merged_deal=[{"deal_id": 9, "merged_deal_id": 8}],
        deal_company=[{"company_id": 5, "deal_id": 1}], deal_contact=[{"contact_id": 6, "deal_id": 1}],
    )  # fmt: skip

    assert open_value(data) == [700, 1200, 1400]
    assert by_stage(data, date(2026, 2, 28)) == {"new": 400, "offer": 800}
    hours = {"A": 35 * DAY + 1, "B": 39 * DAY + 1, "D": 13 * DAY + 3}
    assert in_stages(data)["New"][:4] == (4, 4, 3, sum(hours.values()) / DAY / 3)
    assert in_stages(data)["Offer"][4] == (21 + 32 + 14 / DAY + 43.5) / 3
    assert data.rejected == ()


# --- Odoo: a log of tracked values


def test_odoo_tracked_values(export) -> None:
    """A lost deal keeps its stage and is archived: won_status tells when it was lost. The row of E is gone, its messages are not."""
    ids = {"new": 1, "offer": 2, "won": 4}
    deals = [
        {
            "id": "ABCDE".index(d) + 1, "name": d, "type": "opportunity", "create_date": made, "stage_id": ids[NOW[d]],
            "won_status": "won" if d == "A" else "pending", "active": "true", "probability": 50, "expected_revenue": SUM[d],
            "date_closed": "2026-03-02 10:00:00" if d == "A" else None, "date_deadline": closed(d), "user_id": 7, "team_id": 3,
        }
        for d, made in MADE.items() if d != "E"
    ]  # fmt: skip
    lead = deals[0] | {"id": 9, "type": "lead", "won_status": "pending"}
    stages = [
        {"id": ids[s], "name": s.title(), "sequence": 10 * n, "is_won": str(s == "won").lower()}
        for n, s in enumerate(ids)
    ]
    rows: list[tuple[Any, ...]] = []
    for d, old, new, at in MOVES:
        if "lost" in (old, new):
            rows.append((d, "won_status", None, None, *(("pending", "lost")[:: 1 if new == "lost" else -1]), at))
        else:
            rows.append((d, "stage_id", ids[old], ids[new], label(old, at), label(new, at), at))
        if new == "won":
            rows.append((d, "won_status", None, None, "pending", "won", at))
    rows += [
        ("D", "expected_revenue", 0, 0, "500.0", "800.0", RAISED[3]),
        ("D", "phone", None, None, "1", "2", RAISED[3]),
    ]
    names = ("field", "old_value_integer", "new_value_integer", "old_value_char", "new_value_char", "create_date")
    log = [
        {"id": n, "res_id": "ABCDE".index(d) + 1, "author_id": 7} | dict(zip(names, row, strict=True))
        for n, (d, *row) in enumerate(rows)
    ]
    data = export("odoo", crm_lead=[*deals, lead], crm_stage=stages, mail_tracking_value=log)

    told(data, "1", "2")
    assert data["opportunity"].excluded == {"row filter": 1}
    assert data["change"].excluded == {"other field": 1}


# --- Frappe: stays with names


def test_frappe_stays(export) -> None:
    """The first row begins a minute before the first change and lasts from the creation; the last one is open, and A's is missing; C has no row."""
    deals = [
        {
            "name": f"CRM-DEAL-{d}", "creation": made, "status": NOW[d].title(), "deal_value": SUM[d],
            "closed_date": "2026-03-02" if d == "A" else None, "expected_closure_date": "2026-06-30", "probability": 50,
        }
        for d, made in MADE.items() if d != "E"
    ]  # fmt: skip
    kind = {"new": "Open", "offer": "Ongoing", "won": "Won", "lost": "Lost"}
    statuses = [
        {"deal_status": s.title(), "position": n, "type": kind[s], "probability": 50} for n, s in enumerate(STAGES)
    ]
    log: list[dict[str, Any]] = []
    for d in MADE:
        mine = [(old, new, at) for who, old, new, at in MOVES if who == d]
        since = None
        for old, new, at in mine:
            before = str(datetime.fromisoformat(at) - timedelta(minutes=1)) if since is None else since
            log.append({"from": label(old, at), "to": label(new, at), "from_date": before, "to_date": at, "parent": d})
            since = at
        if mine and d != "A":
            log.append(
                {"from": label(mine[-1][1], mine[-1][2]), "to": None, "from_date": since, "to_date": None, "parent": d}
            )
    log = [row | {"idx": n, "parent": f"CRM-DEAL-{row['parent']}", "log_owner": "a"} for n, row in enumerate(log)]
    data = export("frappe", **{"CRM Deal": deals, "CRM Deal Status": statuses, "CRM Status Change Log": log})

    told(data, "New", "Offer", february=1500)


def test_a_won_deal_that_was_reopened_keeps_its_closing_date_in_frappe(export) -> None:
    """O5: closed_date is not cleared; the log says that the deal is open again, and was won on 5 March alone."""
    deal = {"name": "F", "creation": MADE["A"], "status": "Offer", "deal_value": 90, "closed_date": "2026-03-02"}
    kind = {"new": "Open", "offer": "On Hold", "won": "Won", "lost": "Lost"}
    statuses = [{"deal_status": s.title(), "position": n, "type": kind[s]} for n, s in enumerate(STAGES)]
    names = ("from", "to", "from_date", "to_date")
    spans = [
        ("Quote", "Won", "2026-03-02 09:59:00", "2026-03-02 10:00:00"),
        ("Won", "Offer", "2026-03-02 10:00:00", "2026-03-09 10:00:00"),
        ("Offer", "", "2026-03-09 10:00:00", ""),
    ]
    log = [{"parent": "F", "idx": n} | dict(zip(names, span, strict=True)) for n, span in enumerate(spans)]
    data = export("frappe", **{"CRM Deal": [deal], "CRM Deal Status": statuses, "CRM Status Change Log": log})

    assert kinds(data)["closed_at on an open opportunity"] == 1
    days = [date(2026, 3, 1), date(2026, 3, 5), LAST]
    totals = [cc.measure(["open_value", "won_deals"], data, as_of=day).total for day in days]
    assert [(t["open_value"], t["won_deals"]) for t in totals] == [(90, 0), (0, 1), (90, 0)]
    assert in_stages(data)["Offer"][:3] == (1, 2, 0)


# --- Tryton: versions of rows


def test_tryton_versions(export) -> None:
    """Versions of one second are ordered by their number; the first has no date of writing; some say nothing new."""
    states = {"new": "lead", "offer": "opportunity", "won": "won", "lost": "lost"}
    number = dict(zip(MADE, (11, 12, 13, 14, 15), strict=True))

    def row(d: str, stage: str, amount: float) -> dict[str, Any]:
        end = closed(d) if stage == "won" else None
        return {
            "id": number[d], "state": states[stage], "amount": f"{amount}.00", "conversion_probability": 0.5, "employee": 3,
            "end_date": end, "create_date": MADE[d], "party": 8,
        }  # fmt: skip

    deals = [row(d, NOW[d], SUM[d]) for d in MADE if d != "E"]
    versions = [row(d, "new", 500 if d == "D" else SUM[d]) | {"write_date": None} for d in MADE]
    steps = [(at, n, d, new, None) for n, (d, _, new, at) in enumerate(MOVES)] + [(RAISED[3], 99, "D", None, 800)]
    now: dict[str, tuple[str, int]] = {}
    for at, _, d, stage, amount in sorted(steps):
        last = now.get(d, ("new", 500 if d == "D" else SUM[d]))
        now[d] = (stage or last[0], amount or last[1])
        versions += [row(d, *now[d]) | {"write_date": at}] * 2  # it writes a version where nothing changed, too
    versions = [version | {"__id": n, "write_uid": 1} for n, version in enumerate(versions)]
    stages = [
        {"id": states[s], "order": n, "kind": s if s in {"won", "lost"} else "open"} for n, s in enumerate(STAGES)
    ]
    data = export("tryton", sale_opportunity=deals, sale_opportunity__history=versions, stage=stages)

    told(data, "lead", "opportunity", named=("lead", "opportunity"))
    assert "versions not ordered" not in kinds(data)


# --- Creme: JSON diffs


def test_creme_diffs(export) -> None:
    """Phases are ids; a line holds several fields, and names the record; creations and other records' lines say nothing of deals."""
    ids = {"new": 1, "offer": 2, "won": 5, "lost": 6}
    number = dict(zip(MADE, (21, 22, 23, 24, 25), strict=True))
    deals = [
        {
            "cremeentity_ptr_id": number[d], "name": d, "reference": "", "estimated_sales": SUM[d], "made_sales": 100 if d == "A" else "",
            "chance_to_win": 50, "expected_closing_date": "2026-06-30", "closing_date": "2026-03-02" if d == "A" else "",
            "first_action_date": "", "currency_id": 1, "origin_id": "", "sales_phase_id": ids[NOW[d]],
        }
        for d in MADE
    ]  # fmt: skip
    entities = [
        {"id": number[d], "created": f"{made}+00:00", "modified": made, "is_deleted": int(d == "E"), "user_id": 4}
        for d, made in MADE.items()
    ]
    phases = [
        {"id": ids[s], "name": s.title(), "order": n, "won": int(s == "won"), "lost": int(s == "lost")}
        for n, s in enumerate(STAGES)
    ]
    lines: list[tuple[Any, ...]] = [(number[d], 1, made, json.dumps([d])) for d, made in MADE.items()]
    lines += [
        (number[d], 2, at, json.dumps([d, ["sales_phase_id", ids[a], ids[b]], ["chance_to_win", 30], ["description"]]))
        for d, a, b, at in MOVES
    ]
    lines += [(number["D"], 2, RAISED[3], json.dumps(["D", ["estimated_sales", 500, 800]]))]
    lines += [
        (99, 2, RAISED[3], json.dumps(["a person", ["first_name", "Li", "Wang"]])),
        (number["E"], 14, RAISED[3], '["E"]'),
    ]
    log = [
        dict(zip(("id", "entity_id", "type", "date", "value", "username"), (n, e, t, at, v, "root"), strict=True))
        for n, (e, t, at, v) in enumerate(lines)
    ]
    files = {"opportunities_opportunity": deals, "creme_core_cremeentity": entities, "opportunities_salesphase": phases}
    data = export("creme", **files, creme_core_historyline=log)

    told(data, "1", "2")
    assert data["opportunity"].excluded == {"deleted": 1}
    assert data["change"].excluded == {"row filter": 6, "other field": 1}


# --- SuiteCRM and EspoCRM: an audit


def audited(stage: str, amount: str) -> list[dict[str, Any]]:
    """Return a log of audited fields."""
    rows: list[tuple[Any, ...]] = [(d, stage, label(a, at), label(b, at), at) for d, a, b, at in MOVES]
    rows += [("D", amount, "500.00", "800.00", RAISED[3]), ("D", "name", "d", "D", RAISED[3])]
    names = ("opportunity", "field", "before", "after", "date")
    return [{"sequence": n} | dict(zip(names, row, strict=True)) for n, row in enumerate(rows)]


def test_suitecrm_audit(export) -> None:
    """Stages are names; one date is the expected close, and of A the actual one."""
    deals = [
        {
            "id": d, "name": d, "date_entered": made, "sales_stage": NOW[d].title(), "amount": SUM[d], "date_closed": closed(d),
            "probability": 50, "deleted": int(d == "E"),
        }
        for d, made in MADE.items()
    ]  # fmt: skip
    data = export("suitecrm", opportunities=deals, stage=OURS, opportunities_audit=audited("sales_stage", "amount"))

    told(data, "New", "Offer")
    assert values_of(data["opportunity"]["closed_at"]).count(date(2026, 3, 2)) == 1
    assert data["change"].excluded == {"other field": 1}


def test_espocrm_stream(export) -> None:
    """The same, under the names of EspoCRM."""
    deals = [
        {
            "id": d, "name": d, "createdAt": made, "stage": NOW[d].title(), "amount": SUM[d], "amountCurrency": "EUR",
            "closeDate": closed(d), "probability": 50, "deleted": str(d == "E").lower(),
        }
        for d, made in MADE.items()
    ]  # fmt: skip
    data = export("espocrm", opportunity=deals, stage=OURS, opportunity_audit=audited("stage", "amount"))

    told(data, "New", "Offer")


# --- hosts that keep the last change alone, or nothing


CHANGED = {d: at for d, _, _, at in MOVES}


def test_django_crm_last_change(export) -> None:
    """The stages have their kind in a table; B's reopening is its last change, and nothing tells that it was lost."""
    codes = {"new": "NEW", "offer": "OFFER", "won": "CLOSED_WON", "lost": "CLOSED_LOST"}
    deals = [
        {
            "id": d, "name": d, "created_at": made, "pipeline_id": "p", "stage": codes[NOW[d]], "stage_changed_at": CHANGED.get(d),
            "closed_on": closed(d), "amount": SUM[d], "currency": "EUR", "probability": 50, "is_sample": str(d == "E").lower(),
        }
        for d, made in MADE.items()
    ]  # fmt: skip
    stages = [
        {
            "code": codes[s],
            "label": s.title(),
            "kind": s if s in {"won", "lost"} else "open",
            "order": n,
            "expected_days": 14,
        }
        for n, s in enumerate(STAGES)
    ]
    data = export("django_crm", opportunity=deals, opportunity_pipeline_stage=stages)

    with pytest.raises(cc.CrmCoreError, match="keeps only the last change"):
        cc.analyse("time_in_stage", data, as_of=LAST)
    assert by_stage(data, LAST) == {"NEW": 400, "OFFER": 1000}
    assert open_value(data) == [700, 1500, 1400]


def test_pipedrive_last_change(export) -> None:
    """Won and lost are a status of the deal, so A's stage is the last open one; deleted deals count nowhere."""
    ids = {"new": 1, "offer": 2, "won": 2}
    deals = [
        {
            "id": "ABCDE".index(d) + 1, "add_time": made, "pipeline_id": 1, "stage_id": ids[NOW[d]], "stage_change_time": CHANGED.get(d),
            "status": "won" if d == "A" else "deleted" if d == "E" else "open", "close_time": "2026-03-02 10:00:00" if d == "A" else None,
            "value": SUM[d], "currency": "EUR", "is_deleted": str(d == "E").lower(),
        }
        for d, made in MADE.items()
    ]  # fmt: skip
    stages = [
        {"id": ids[s], "name": s.title(), "pipeline_id": 1, "order_nr": n} for n, s in enumerate(["new", "offer"])
    ]
    data = export("pipedrive", deals=deals, stages=stages)

    with pytest.raises(cc.CrmCoreError, match="keeps only the last change"):
        cc.analyse("funnel", data, as_of=LAST)
    assert by_stage(data, LAST) == {"1": 400, "2": 1000}
    assert open_value(data) == [700, 1500, 1400]
    assert data.rejected == ()


def test_krayin_without_history(export) -> None:
    """Stages say by their code what is won and lost; without a table of changes the past is unavailable."""
    ids = {"new": 1, "offer": 2, "won": 3, "lost": 4}
    deals = [
        {
            "id": "ABCDE".index(d) + 1, "created_at": made, "lead_pipeline_id": 1, "lead_pipeline_stage_id": ids[NOW[d]],
            "closed_at": "2026-03-02 10:00:00" if d == "A" else None, "lead_value": SUM[d], "user_id": 1,
        }
        for d, made in MADE.items() if d != "E"
    ]  # fmt: skip
    stages = [
        {"id": ids[s], "name": s, "lead_pipeline_id": 1, "sort_order": n, "code": s} for n, s in enumerate(STAGES)
    ]
    data = export("krayin", leads=deals, stages=stages)

    with pytest.raises(cc.CrmCoreError, match="unavailable"):
        cc.analyse("time_in_stage", data, as_of=LAST)
    assert by_stage(data, LAST) == {"1": 400, "2": 1000}
    assert cc.measure("won_value", data, as_of=LAST).total == {"won_value": 100}
