"""The edge cases of history: what was true then, what was known then, and what was taken back, through the public faces.

Where it takes one line, the number that a wrong implementation gives is worked out beside the right one.
`docs/reference/edge-cases.md` says who was seen to get each of them wrong.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import crmcore as cc
from crmcore.domain import Lead, Money, Opportunity, Pipeline, Rate, Stage

PIPELINE = Pipeline(
    "sales",
    stages=(
        Stage("new", order=1),
        Stage("offer", order=2),
        Stage("won", order=3, kind="won"),
        Stage("lost", order=4, kind="lost"),
    ),
)


def day(month: int, number: int) -> date:
    """Return a day of 2026."""
    return date(2026, month, number)


def noon(month: int, number: int) -> datetime:
    """Return an instant of 2026."""
    return datetime(2026, month, number, 12, tzinfo=UTC)


def change(
    record: Any, field: str, old: Any, new: Any, at: Any, table: str = "opportunity", **more: Any
) -> dict[str, Any]:
    """Return a row of the table of changes."""
    return {"table": table, "record": record, "field": field, "old": old, "new": new, "at": at, **more}


def deals(*rows: dict[str, Any], **tables: Any) -> cc.Dataset:
    """Return a dataset of open deals created on 1 January, unless they say otherwise, numbered from 1."""
    usual = {"created_at": day(1, 1), "outcome": "open", "closed_at": None}
    return cc.Dataset(opportunity=[{"id": n, **usual, **row} for n, row in enumerate(rows, 1)], **tables)


def number(name: str, data: cc.Dataset, **question: Any) -> Any:
    """Return the number of the only row."""
    ((_, value),) = cc.measure(name, data, **question).rows()[0].items()
    return value


def by(name: str, key: str, data: cc.Dataset, **question: Any) -> dict[Any, Any]:
    """Return the numbers by one key."""
    return {row[key]: row[name] for row in cc.measure(name, data, by=key, **question).rows()}


# --- outcome and dates


def test_both_dates_are_kept_each_with_its_history(tmp_path: Any) -> None:
    """E12, O4: expected for 30 June, pushed to 31 July, won on 10 March: closing overwrites no forecast, and what was expected in
    January, in February and at the end is there. A host with one field for both is read into two."""
    host = cc.Workspace(store="memory:")
    host.put(PIPELINE, at=noon(1, 1))
    host.create("D", pipeline="sales", at=noon(1, 1), expected_close=day(6, 30), amount=Money(10))
    host.change("opportunity", "D", {"expected_close": day(7, 31)}, at=noon(2, 1))
    host.win("D", at=noon(3, 10))
    won = host.get("opportunity", "D")

    def seen(at: date) -> list[Any]:
        table = host.dataset(history=True).as_of(at)["opportunity"]
        return [
            str(table[name].data[0]) if table[name].present()[0] else None for name in ("expected_close", "closed_at")
        ]

    assert (won.expected_close, won.closed_at) == (day(7, 31), noon(3, 10))
    days = {n: str((day(*n) - date(1970, 1, 1)).days) for n in ((6, 30), (7, 31))}
    assert [seen(day(1, 31))[0], seen(day(2, 28))[0], seen(day(3, 31))[0]] == [days[6, 30], days[7, 31], days[7, 31]]
    assert [seen(at)[1] is None for at in (day(1, 31), day(2, 28), day(3, 31))] == [True, True, False]

    (tmp_path / "deals.csv").write_text("id,state,close\n1,open,2026-06-30\n2,won,2026-03-10\n", "utf-8")
    (tmp_path / "one_date.toml").write_text(
        'name = "one_date"\n[[file]]\nmatch = "deals.csv"\ntable = "opportunity"\n[file.columns]\nid = "id"\noutcome = "state"\n'
        'expected_close = { column = "close", kind = "day", when = { column = "state", equals = "open" } }\n'
        'closed_at = { column = "close", kind = "day", when = { column = "state", not_in = ["open"] } }\n',
        "utf-8",
    )
    read = cc.read(tmp_path, profile=tmp_path / "one_date.toml")["opportunity"]
    assert [read[n].present().tolist() for n in ("expected_close", "closed_at")] == [[True, False], [False, True]]


def test_what_happens_later_has_not_happened() -> None:
    """E21, O8: on 31 March nobody knows of the stage, the amount, the loss and the deal of April."""
    data = deals(
        {"stage": "lost", "outcome": "lost", "closed_at": day(4, 20), "amount": 90},
        {"stage": "new", "amount": 7, "created_at": day(4, 1)},
        stage=PIPELINE.stages,
        change=[
            change(1, "stage", "new", "offer", day(2, 1)),
            change(1, "stage", "offer", "lost", day(4, 20)),
            change(1, "amount", "50", "90", day(4, 2)),
        ],
    )

    then = {"as_of": day(3, 31)}
    assert [number(n, data, **then) for n in ("open_deals", "open_value", "lost_deals")] == [1, 50, 0]
    assert by("open_deals", "stage", data, **then) == {"offer": 1}
    assert cc.analyse("funnel", data, **then)["deals"].tolist() == [1, 1, 0]
    flow = cc.analyse("stage_flow", data, **then)
    assert (flow["lost"].sum(), flow["period"].tolist()[-1]) == (0, "2026-03")
    assert cc.analyse("time_in_stage", data, **then)["still_there"].tolist() == [0, 1]
    assert cc.analyse("outcome_events", data, **then)["lost"].sum() == 0
    fall = cc.analyse("pipeline_waterfall", data, since=day(1, 31), **then)
    assert {r["bar"]: r["value"] for r in fall.rows() if r["deals"]} == {"start": 50, "end": 50}
    assert [number(n, data) for n in ("open_deals", "open_value", "lost_deals")] == [1, 7, 1]


def test_an_amount_that_changes_after_the_win_restates_the_bookings() -> None:
    """E38, O8, M5: won at 100 in March, 120 since 5 April: March is 100 for who looks from its end and 120 from April on, in
    March both times; lines of an order that come and go leave the amount alone."""
    data = deals(
        {"stage": "won", "outcome": "won", "closed_at": day(3, 10), "amount": 120},
        change=[
            change(1, "amount", "100", "120", day(4, 5)),
            change(1, "outcome", "open", "won", day(3, 10)),
        ],
        order_line={name: [] for name in ("id", "opportunity", "amount")},
    )

    for as_of, worth in ((day(3, 31), 100), (day(4, 30), 120)):
        rows = cc.measure("won_value", data, per="month", as_of=as_of).rows()
        assert {r["period"]: r["won_value"] for r in rows if r["won_value"]} == {"2026-03": worth}
    # between the ends of March and April nothing moved in the pipeline: what was won stays won
    fall = cc.analyse("pipeline_waterfall", data, since=day(3, 31), as_of=day(4, 30))
    assert not any(r["deals"] for r in fall.rows())


# --- people


def test_the_hierarchy_is_that_of_the_time_and_counts_each_deal_once() -> None:
    """E47, M7: Mia leads Ann until 1 March, Noa afterwards. Mia's pipeline is her own 10 and Ann's 5, once each, and 10 in April."""
    data = deals(
        {"owner": "mia", "amount": 10},
        {"owner": "ann", "amount": 5},
        {"owner": "noa", "amount": 2},
        seller=[{"id": "mia", "manager": None}, {"id": "noa", "manager": None}, {"id": "ann", "manager": "noa"}],
        change=[change("ann", "manager", "mia", "noa", day(3, 1), table="seller")],
    )
    hers = (cc.col("owner") == "mia") | (cc.col("owner.manager") == "mia")

    for as_of, under, mine in ((day(2, 10), {"mia": 5, None: 12}, 15), (day(4, 10), {"noa": 5, None: 12}, 10)):
        assert by("open_value", "owner.manager", data, as_of=as_of) == under
        assert sum(under.values()) == number("open_value", data, as_of=as_of) == 17
        assert number("open_value", data, where=hers, as_of=as_of) == mine


# --- population


def test_a_merge_takes_the_loser_out_and_leaves_the_survivor_as_it_was() -> None:
    """E32, O3: lead 2 is merged into 1 in March: of three leads of January one was converted, 1/3, and since then 1 of 2, and who
    looks from February still finds three. Of two deals that are merged the win counts once, and the survivor's time in its stage is
    its own 20 days; the 9 of the loser are in no number."""
    host = cc.Workspace(store="memory:")
    for n in (1, 2, 3):
        at = noon(1, n)
        host.put(Lead(n, created_at=at, converted=n == 1, converted_at=noon(1, 20) if n == 1 else None), at=at)
    host.change("lead", 2, {"merged_into": 1}, at=noon(3, 1))
    assert [number("lead_conversion_rate", host.dataset(history=True), as_of=d) for d in (day(2, 10), day(3, 10))] == [
        1 / 3,
        1 / 2,
    ]
    assert [number("leads_created", host.dataset(history=True), as_of=d) for d in (day(2, 10), day(3, 10))] == [3, 2]
    assert host.get("lead", 2).merged_into == 1

    host.put(PIPELINE, at=noon(1, 1))
    for name, moved, closed in (("A", noon(1, 21), noon(2, 1)), ("B", noon(1, 10), noon(2, 2))):
        host.create(name, pipeline="sales", at=noon(1, 1), amount=Money(100))
        host.move(name, "offer", at=moved)
        host.win(name, at=closed)
    host.change("opportunity", "B", {"merged_into": "A"}, at=noon(3, 1))
    data = host.dataset(history=True)
    assert [number("won_value", data, as_of=d) for d in (day(2, 10), day(3, 10))] == [200, 100]
    in_new = [cc.analyse("time_in_stage", data, as_of=d).only(stage="new").rows()[0] for d in (day(2, 10), day(3, 10))]
    assert [(r["deals"], r["mean_days"]) for r in in_new] == [(2, (20 + 9) / 2), (1, 20.0)]


def test_deleted_sample_and_test_records_enter_no_number() -> None:
    """E48, O3: deleted in April, it counts up to then and not since; samples and tests never; archived and private ones do."""
    host = cc.Workspace(store="memory:")
    more: dict[str, dict[str, Any]] = {
        "kept": {},
        "gone": {},
        "sample": {"sample": True},
        "test": {"test": True},
        "old": {"archived": True},
    }
    for name, fields in more.items():
        host.put(Opportunity(name, created_at=noon(1, 5), amount=Money(10), **fields), at=noon(1, 5))
    host.remove("opportunity", "gone", at=noon(4, 2))
    data = host.dataset(history=True)

    assert [number("open_value", data, as_of=d) for d in (day(3, 31), day(4, 30))] == [30, 20]
    result = cc.measure("open_value", data, as_of=day(4, 30))
    assert {k.split(": ")[-1]: n for k, n in result.excluded.items()} == {"deleted": 1, "sample": 1, "test": 1}
    private = deals({"amount": 5, "private": True}, {"amount": 6})
    assert number("open_value", private) == 11


def test_a_duplicate_counts_until_it_is_merged() -> None:
    """E50, O3: two leads of one person are a duplicate to be seen, and two leads until one of them is merged."""
    host = cc.Workspace(store="memory:")
    for n, name in ((1, "Wang Fang"), (2, "Wang Fang"), (3, "Anna Berg")):
        host.put(Lead(n, name=name, created_at=noon(1, n)), at=noon(1, n))

    def doubles() -> list[Any]:
        found = cc.analyse("duplicate_records", host.dataset(), table="lead", fields="name")
        return [row["id"] for row in found.rows()]

    assert (doubles(), number("leads_created", host.dataset())) == ([1, 2], 3)
    host.change("lead", 2, {"merged_into": 1}, at=noon(2, 1))
    assert (doubles(), number("leads_created", host.dataset())) == ([], 2)


# --- the past


def test_a_view_of_the_past_has_the_values_known_then() -> None:
    """E55, O8: amount, stage, owner, close date and rate of 15 February; and a correction of the amount that was true since 1
    February and was written down on 1 April, which only those know who ask later."""
    data = deals(
        {"stage": "offer", "owner": "bo", "amount": 300, "currency": "USD", "expected_close": day(9, 30)},
        stage=PIPELINE.stages,
        change=[
            change(1, "amount", "100 USD", "200 USD", day(2, 1), recorded_at=day(4, 1)),
            change(1, "amount", "200 USD", "300 USD", day(3, 1), recorded_at=day(3, 1)),
            change(1, "stage", "new", "offer", day(3, 1)),
            change(1, "owner", "ann", "bo", day(3, 1)),
            change(1, "expected_close", "2026-06-30", "2026-09-30", day(3, 1)),
        ],
    )
    rates = [
        Rate(from_currency="USD", to_currency="EUR", valid_from=since, rate=Decimal(rate))
        for since, rate in ((day(1, 1), "0.8"), (day(3, 1), "0.5"))
    ]
    workspace = cc.Workspace(currency="EUR", rates=rates)

    def seen(at: date, known: date | None = None) -> tuple[Any, ...]:
        found = workspace.measure("open_value", data, by=["stage", "owner"], as_of=at, known=known)
        ((stage, owner, value),) = (tuple(row.values()) for row in found.rows())
        due = data.as_of(at, known=known)["opportunity"]["expected_close"].data[0]
        return stage, owner, value, int(due)

    june, september = ((day(*d) - date(1970, 1, 1)).days for d in ((6, 30), (9, 30)))
    assert seen(day(2, 15)) == ("new", "ann", 80, june)  # 100 x 0.8: the 200 were not written down yet
    assert seen(day(2, 15), day(4, 30)) == ("new", "ann", 160, june)
    assert seen(day(3, 15)) == ("offer", "bo", 150, september)
    assert 300 * 0.5 == 150 != 300 * 0.8


def test_an_overdue_deal_is_in_the_period_it_was_expected_in() -> None:
    """E56, R5, F3: expected for 20 March and open in April, it is overdue and not lost: no win rate has it, but the one that says so.
    It is in the forecast of the first quarter; that of the second leaves it out and says so, until it is pushed in from the past."""
    won = {"outcome": "won", "closed_at": day(3, 5), "expected_close": day(3, 5), "amount": 8}
    late = {"expected_close": day(5, 10), "amount": 5, "probability": 1}
    soon = {"expected_close": day(5, 20), "amount": 3, "probability": 1, "created_at": day(3, 1)}
    pushed = change(2, "expected_close", "2026-03-20", "2026-05-10", day(4, 20))
    data = deals(won, late, soon, change=[pushed])
    then, now = {"as_of": day(4, 10)}, {"as_of": day(4, 30)}

    assert [number(n, data, **then) for n in ("overdue_open_deals", "open_deals", "win_rate")] == [1, 2, 1]
    assert [number("win_rate_stale_as_lost", data, **then), number("overdue_open_deals", data, **now)] == [0.5, 0]
    assert cc.analyse("slipping_deals", data, **then)["days_overdue"].tolist() == [21]
    first = cc.analyse("pipeline_waterfall", data, since=day(1, 31), closing="2026-Q1", **then)
    assert {r["bar"]: r["value"] for r in first.rows() if r["deals"]} == {"start": 13, "won": 8, "end": 5}
    second = cc.analyse("pipeline_waterfall", data, since=day(4, 10), closing="2026-Q2", **now)
    assert {(r["bar"], r["cause"]): r["value"] for r in second.rows() if r["deals"] and r["cause"]} == {
        ("moved_in", "pushed_in"): 5
    }
    forecast = [cc.analyse("revenue_forecast", data, **at) for at in (then, now)]
    assert [f.fact("deals_expected_before") for f in forecast] == [1, 0]


def test_an_instant_and_a_day_agree_on_what_was_known() -> None:
    """E21, E55: recorded at noon of 5 March, it is unknown at 11 and known at the end of the day."""
    noon = datetime(2026, 3, 5, 12, tzinfo=UTC)
    data = deals({"amount": 9}, change=[change(1, "amount", "4", "9", day(2, 1), recorded_at=noon)])

    for known, worth in ((noon.replace(hour=11), 4), (noon, 9), (day(3, 4), 4), (day(3, 5), 9)):
        assert number("open_value", data, as_of=day(2, 10), known=known) == worth
