"""The waterfall of the pipeline: the published examples, and each bar by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import attrs
import pytest

import crmcore as cc
from crmcore.algebra import col
from crmcore.analysis.waterfall import BARS, bars, booked, pipeline_waterfall
from crmcore.domain import Money, Opportunity, Rate
from crmcore.errors import ArgumentError, ColumnNotFound, CurrencyError, HistoryUnavailable, TableNotFound

SINCE, UNTIL = date(2026, 1, 31), date(2026, 3, 31)
BEFORE, BETWEEN, AFTER = date(2026, 1, 10), date(2026, 2, 20), date(2026, 4, 5)
SOON, LATER = date(2026, 3, 15), date(2026, 5, 15)


def deal(name, then=None, now=None, *, created=BEFORE, at=BETWEEN):
    """Return a deal as it is now, and the changes from what it was then."""
    usual = {"created_at": created, "outcome": "open", "amount": 100, "owner": "Anna", "expected_close": SOON}
    record = {"id": name} | usual | (now or {})
    if record["outcome"] != "open":
        record.setdefault("closed_at", at)
    changes = [
        {"table": "opportunity", "record": name, "field": field, "old": plain(old), "new": plain(record.get(field)), "at": at}
        for field, old in (then or {}).items()
    ]  # fmt: skip
    return record, changes


def plain(value):
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def dataset(*deals, **tables):
    changes = [c for _, made in deals for c in made]
    blank = {n: [] for n in ("table", "record", "field", "at")}
    return cc.Dataset(opportunity=[record for record, _ in deals], change=changes or blank, **tables)


def waterfall(data, workspace=None, *, where=None, as_of=UNTIL, known=None, since=SINCE, **choices):
    return (workspace or cc.Workspace()).analyse(
        "pipeline_waterfall", data, where=where, as_of=as_of, known=known, since=since, **choices
    )


def shown(found, **group):
    """Return count and value of the bars in which there is something."""
    rows = found.only(cause=None, **group).rows()
    return {row["bar"]: (row["count"], row["value"]) for row in rows if row["deals"]}


def causes(found):
    return {(row["bar"], row["cause"]): (row["count"], row["value"]) for row in found.rows() if row["cause"]}


# --- published examples


def test_the_vector(vector) -> None:
    """W1: the published example: start 1,000, end 780, and one created and won in between is in new and in won."""
    given = vector("kpi-waterfall")
    days = {"Q1": SOON, "Q2": LATER}
    deals = []
    for name, (amount, outcome, quarter) in given["input"]["end"].items():
        now = {"amount": amount, "outcome": outcome, "expected_close": days[quarter]}
        before = given["input"]["start"].get(name)
        then = {} if before is None else dict(zip(now, (before[0], before[1], days[before[2]]), strict=True))
        changed = {field: value for field, value in then.items() if value != now[field]}
        deals.append(deal(name, changed, now, created=BEFORE if then else BETWEEN))

    found = waterfall(dataset(*deals), closing="2026-Q1")

    expected = given["expected"]
    assert {bar: value for bar, (_, value) in shown(found).items()} == {
        "start": expected["start_open"],
        "new": expected["new"],
        "reopened": expected["reopened"],
        "moved_in": expected["pulled_in"],
        "decreased": expected["decreased"],
        "moved_out": expected["pushed_out"],
        "won": expected["won"],
        "lost": expected["lost"],
        "end": expected["end_open"],
    }
    assert expected["increased"] == 0
    assert causes(found) == {
        ("new", "created"): (2, 570),
        ("moved_in", "pulled_in"): (1, 50),
        ("moved_out", "pushed_out"): (1, 400),
    }
    assert found.deals("won")["id"].tolist() == ["1", "8"]


def test_the_example_of_weflow() -> None:
    """W1: 1,257,559 + 1,501,878 + 180,171 + 149,382 - 0 - 271,125 - 556,292 - 287,487 = 1,974,086."""
    rest = 1_257_559 - 271_125 - 556_292 - 287_487
    found = waterfall(
        dataset(
            deal("out", {"expected_close": SOON}, {"amount": 271_125, "expected_close": LATER}),
            deal("lost", {"outcome": "open"}, {"amount": 556_292, "outcome": "lost"}),
            deal("won", {"outcome": "open"}, {"amount": 287_487, "outcome": "won"}),
            deal("up", {"amount": rest}, {"amount": rest + 149_382}),
            deal("in", {"expected_close": LATER}, {"amount": 180_171}),
            deal("new", {}, {"amount": 1_501_878}, created=BETWEEN),
        ),
        closing=("2026-01-01", "2026-03-31"),
    )

    assert {bar: value for bar, (_, value) in shown(found).items()} == {
        "start": 1_257_559,
        "new": 1_501_878,
        "moved_in": 180_171,
        "increased": 149_382,
        "moved_out": 271_125,
        "lost": 556_292,
        "won": 287_487,
        "end": 1_974_086,
    }


# --- moves


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        (LATER, SOON, ("moved_in", "pulled_in")),
        (BEFORE, SOON, ("moved_in", "pushed_in")),
        (None, SOON, ("moved_in", "dated")),
        (SOON, LATER, ("moved_out", "pushed_out")),
        (SOON, BEFORE, ("moved_out", "pulled_out")),
        (SOON, None, ("moved_out", "undated")),
    ],
)
def test_closing_dates_move_deals_in_and_out(then, now, expected) -> None:
    """E13, W1: four ways over the ends of the window, and two of deals that have no date at one end."""
    found = waterfall(
        dataset(deal("D", {"expected_close": then}, {"expected_close": now})), closing=(date(2026, 2, 1), UNTIL)
    )

    assert causes(found) == {expected: (1, 100)}
    assert set(shown(found)) == {expected[0], "end" if expected[0] == "moved_in" else "start"}


def test_a_move_and_its_return_show_nothing() -> None:
    """E13: pushed out of the window and pulled back: the two states are compared net."""
    record, away = deal("D", {"expected_close": SOON}, {"expected_close": LATER}, at=date(2026, 2, 5))
    _, back = deal("D", {"expected_close": LATER}, {"expected_close": SOON}, at=date(2026, 2, 6))

    found = waterfall(dataset((record | {"expected_close": SOON}, [*away, *back])), closing="2026-Q1")

    assert shown(found) == {"start": (1, 100), "end": (1, 100)}


def test_transfers_by_owner() -> None:
    """E43, W1: a deal leaves Anna at its new amount and comes to Bo at it; what it grew by is Anna's."""
    data = dataset(deal("D", {"owner": "Anna", "amount": 60}, {"owner": "Bo", "amount": 90}), deal("E"))

    found = waterfall(data, by="owner")

    assert shown(found, owner="Anna") == {
        "start": (2, 160), "increased": (0, 30), "moved_out": (1, 90), "end": (1, 100),
    }  # fmt: skip
    assert shown(found, owner="Bo") == {"moved_in": (1, 90), "end": (1, 90)}
    assert causes(found) == {("moved_out", "transferred_owner"): (1, 90), ("moved_in", "transferred_owner"): (1, 90)}
    assert found.deals("moved_in", owner="Bo")["id"].tolist() == ["D"]


def test_a_filtered_group_says_what_brought_its_deals() -> None:
    """W1: for the deals of one pipeline and team, one that comes from another pipeline was transferred by pipeline."""
    data = dataset(
        deal("D", {"pipeline": "old"}, {"pipeline": "new", "team": "T"}),
        deal("E", {"team": "T"}, {"pipeline": "new", "team": "U"}),
        pipeline=[{"id": "new"}, {"id": "old"}], team=[{"id": "T"}, {"id": "U"}],
    )  # fmt: skip

    found = waterfall(data, where=(col("pipeline") == "new") & (col("team") == "T"))

    assert causes(found) == {
        ("moved_in", "transferred_pipeline"): (1, 100),
        ("moved_out", "transferred_team"): (1, 100),
    }


def test_the_team_of_an_owner_who_moved() -> None:
    """E43: nobody touched the deal; its owner went to another team, and the deal with her."""
    moves = [{"table": "seller", "record": "Anna", "field": "team", "old": "north", "new": "south", "at": BETWEEN}]
    record, _ = deal("D")
    data = cc.Dataset(opportunity=[record], seller=[{"id": "Anna", "team": "south"}], change=moves)

    found = waterfall(data, by="owner.team")

    assert shown(found, **{"owner.team": "north"}) == {"start": (1, 100), "moved_out": (1, 100)}
    assert causes(found)["moved_in", "transferred_owner.team"] == (1, 100)
    assert "transferred: team" in str(found)
    assert "转移：团队" in str(found.told("zh"))


def test_the_closing_date_names_the_cause_before_a_transfer() -> None:
    """W1: what left the window as well as the group was pushed out."""
    data = dataset(deal("D", {"owner": "Anna", "expected_close": SOON}, {"owner": "Bo", "expected_close": LATER}))

    assert causes(waterfall(data, by="owner", closing="2026-Q1")) == {("moved_out", "pushed_out"): (1, 100)}


def test_the_first_key_that_changed_names_a_transfer() -> None:
    """W1: where owner and pipeline both changed, the cause is the key that stands first."""
    data = dataset(deal("D", {"owner": "Anna", "region": "A"}, {"owner": "Bo", "region": "B"}))

    assert causes(waterfall(data, by=("region", "owner"))).keys() == {
        ("moved_in", "transferred_region"), ("moved_out", "transferred_region"),
    }  # fmt: skip
    assert ("moved_out", "transferred_owner") in causes(waterfall(data, by="owner", where=col("region").not_null()))


def test_a_key_that_is_an_expression_names_a_transfer_where_its_own_value_changed() -> None:
    """W1: grouped by whether the region is A, a deal that goes from B to C stays where it was; that it became Anna's brought it in."""
    data = dataset(deal("D", {"owner": "Bo", "region": "B"}, {"owner": "Anna", "region": "C"}))
    found = waterfall(data, by=col("region") == "A", where=(col("region") != "X") & (col("owner") == "Anna"))

    assert causes(found) == {("moved_in", "transferred_owner"): (1, 100)}


@pytest.mark.parametrize(
    ("day", "inside"), [("2026-01-31", 0), ("2026-02-01", 1), ("2026-02-28", 1), ("2026-03-01", 0)]
)
def test_a_window_has_its_first_and_its_last_day(day, inside) -> None:
    """T1, W1: February is all of its days and no other."""
    data = dataset(deal("D", now={"expected_close": date.fromisoformat(day)}))

    for closing in ("2026-02", ("2026-02-01", "2026-02-28")):
        assert len(waterfall(data, closing=closing).deals("end")) == inside


def test_a_win_counts_where_it_was_won() -> None:
    """W1, M7: transferred and then won, a deal moves first; the won bar of each owner is won_value."""
    data = dataset(
        deal("D", {"owner": "Anna", "outcome": "open"}, {"owner": "Bo", "outcome": "won"}),
        deal("E", {"outcome": "open", "amount": 40}, {"outcome": "won", "amount": 70}),
        deal("F", {"outcome": "lost"}, {"outcome": "won", "amount": 5}),
        deal("G", {}, {"outcome": "won", "owner": "Bo", "amount": 1}, created=BETWEEN),
    )

    found = waterfall(data, by="owner")
    won = cc.measure("won_value", data, by="owner", as_of=UNTIL, where=col("closed_at") > SINCE)

    assert shown(found, owner="Anna") == {
        "start": (2, 140), "reopened": (1, 5), "increased": (0, 30), "moved_out": (1, 100), "won": (2, 75),
    }  # fmt: skip
    assert shown(found, owner="Bo") == {"new": (1, 1), "moved_in": (1, 100), "won": (2, 101)}
    assert {r["owner"]: r["won_value"] for r in won.rows()} == {"Anna": 75, "Bo": 101}


def test_a_closed_deal_without_an_expected_close() -> None:
    """O4: where a host keeps one date for both, a win belongs to the window in which it closed."""
    data = dataset(
        deal("D", {"outcome": "open", "expected_close": SOON}, {"outcome": "won", "expected_close": None}),
        deal("E", {"outcome": "open", "expected_close": LATER}, {"outcome": "won", "expected_close": None}),
    )

    found = waterfall(data, closing="2026-Q1")

    assert shown(found) == {"start": (1, 100), "moved_in": (1, 100), "won": (2, 200)}


# --- what comes and goes


def test_deleted_and_merged_deals_are_removed() -> None:
    """E05, O3, W1: a deal that was deleted or merged leaves; a won one that is deleted later is in no bar; one comes back."""
    data = dataset(
        deal("D", {"deleted": False, "amount": 30}, {"deleted": True, "amount": 50}),
        deal("E", {"merged_into": None}, {"merged_into": "F"}),
        deal("F"),
        deal("G", {"deleted": False}, {"deleted": True, "outcome": "won", "closed_at": BEFORE}),
        deal("H", {"deleted": True}, {"deleted": False}),
    )

    found = waterfall(data)

    assert shown(found) == {"start": (3, 230), "new": (1, 100), "removed": (2, 130), "end": (2, 200)}
    assert causes(found) == {("new", "restored"): (1, 100)}
    assert found.deals("removed").rows() == [
        {"bar": "removed", "cause": None, "id": "D", "value": 30.0, "before": 30.0, "after": None},
        {"bar": "removed", "cause": None, "id": "E", "value": 100.0, "before": 100.0, "after": None},
    ]


def test_a_deal_that_was_split() -> None:
    """E33: one becomes two: what the first loses is decreased, what the second has is new, and the end is the start."""
    data = dataset(deal("D", {"amount": 100}, {"amount": 70}), deal("D2", {}, {"amount": 30}, created=BETWEEN))

    assert shown(waterfall(data)) == {"start": (1, 100), "new": (1, 30), "decreased": (0, 30), "end": (2, 100)}


def test_won_and_lost_deals_are_in_no_pipeline() -> None:
    """E42: what was lost or won before the start is in neither end."""
    data = dataset(
        deal("D", now={"outcome": "lost", "closed_at": BEFORE}), deal("E", now={"outcome": "won", "closed_at": BEFORE})
    )

    assert shown(waterfall(data)) == {}
    assert len(waterfall(data)) == len(BARS)


def test_restored_or_created() -> None:
    """W1, T8: a deal that comes back was there before: one created at the very instant of the start was, one created on that day, a
    date, which is its end, was not."""
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    for created, cause in ((noon, "restored"), (date(2026, 1, 31), "created"), (date(2026, 1, 30), "restored")):
        data = dataset(deal("D", {"deleted": True}, {"deleted": False}, created=created))
        assert causes(waterfall(data, since=noon)) == {("new", cause): (1, 100)}


def test_where_the_window_of_a_deal_is() -> None:
    """O4: an expected close of the record goes before the date of closing, and a date of closing of an open deal is none."""
    data = dataset(
        deal("won", {"outcome": "open"}, {"outcome": "won", "expected_close": LATER}),
        deal("open", {}, {"expected_close": None, "closed_at": SOON}),
    )

    assert shown(waterfall(data, closing="2026-Q1")) == {}
    assert shown(waterfall(data, closing="2026-Q2")) == {"start": (1, 100), "won": (1, 100)}


def test_reopened_and_abandoned() -> None:
    """O5, O1: a lost deal that is open again was reopened; abandonment has a bar of its own."""
    data = dataset(deal("D", {"outcome": "lost"}), deal("E", {"outcome": "open"}, {"outcome": "abandoned"}))

    assert shown(waterfall(data)) == {"start": (1, 100), "reopened": (1, 100), "abandoned": (1, 100), "end": (1, 100)}


def test_deals_without_an_amount() -> None:
    """M3, W1: they count as one and add 0; an amount that comes later is an increase; both are reported."""
    data = dataset(deal("D", {"amount": None}, {"amount": 25}), deal("E", now={"amount": None}), deal("F"))

    found = waterfall(data)

    assert shown(found) == {"start": (3, 100), "increased": (0, 25), "end": (3, 125)}
    assert found.fact("deals_without_amount") == 2
    assert found.deals("start").plain("before") == [None, None, 100]
    new = dataset(deal("G", now={"amount": None}, created=BETWEEN), deal("H", created=BETWEEN))
    assert waterfall(new).fact("deals_without_amount") == 1
    assert causes(waterfall(new))["new", "created"] == (2, 100)
    moved = dataset(deal("I", {"expected_close": LATER}, {"expected_close": SOON, "amount": None}))
    assert causes(waterfall(moved, closing="2026-Q1")) == {("moved_in", "pulled_in"): (1, 0)}


def test_negative_amounts() -> None:
    """M3: an amount below zero is one; what falls from 10 to -5 decreased by 15 and leaves at -5."""
    data = dataset(deal("D", {"amount": 10, "outcome": "open"}, {"amount": -5, "outcome": "won"}))

    assert shown(waterfall(data)) == {"start": (1, 10), "decreased": (0, 15), "won": (1, -5)}


def test_undated_deals_are_left_out() -> None:
    """O9: a deal without a date of creation is in neither end, today or in the past, and is counted."""
    data = dataset(deal("D", created=None), deal("E"))

    for as_of in (UNTIL, date(2026, 3, 1)):
        found = waterfall(data, as_of=as_of)
        assert shown(found) == {"start": (1, 100), "end": (1, 100)}
        assert found.fact("undated") == 1
    later = dataset(
        deal("D", created=None), deal("E", {"amount": 7}, at=AFTER)
    )  # with something to come it is a view of the past
    assert waterfall(later).fact("undated") == 1
    assert shown(waterfall(later)) == {"start": (1, 7), "end": (1, 7)}


def test_what_was_learnt_later_is_unknown_at_both_ends() -> None:
    """O8: an amount of January that was written down in April counts at both ends only for who knows it."""
    record, changes = deal("D", {"amount": 10}, {"amount": 80}, at=BEFORE)
    data = dataset((record, [{**c, "recorded_at": AFTER} for c in changes]))

    assert shown(waterfall(data)) == {"start": (1, 10), "end": (1, 10)}
    assert shown(waterfall(data, known=AFTER)) == {"start": (1, 80), "end": (1, 80)}


def test_without_changes_what_is_assumed_is_said() -> None:
    """O8: from the dates of the records alone come new and won; amounts, dates and owners are as on the record."""
    data = cc.Dataset(opportunity=[deal("D", now={"outcome": "won"})[0], deal("E", created=BETWEEN)[0]])

    found = waterfall(data, by="owner", closing="2026-Q1")

    assert shown(found) == {"start": (1, 100), "new": (1, 100), "won": (1, 100), "end": (1, 100)}
    assert "No change of expected_close, amount, owner is recorded" in str(found)


# --- money


def test_several_currencies_need_rates_or_groups() -> None:
    """M2: they are not added; each by itself can be, and with rates all are, at the rates of each end and of closing."""
    deals = [deal("D", now={"currency": "EUR"})[0], deal("E", now={"currency": "USD"})[0]]
    won = deal("F", now={"currency": "USD", "outcome": "won", "closed_at": date(2026, 2, 10)})[0]
    data = cc.Dataset(opportunity=[*deals, won])
    rates = [
        Rate(from_currency="USD", to_currency="EUR", valid_from=day, rate=Decimal(rate))
        for day, rate in ((date(2026, 1, 1), "0.8"), (date(2026, 3, 1), "0.9"))
    ]
    workspace = cc.Workspace(currency="EUR", rates=rates)

    with pytest.raises(CurrencyError, match=r"several currencies \(EUR, USD\)"):
        waterfall(data)
    assert shown(waterfall(data, by="owner", where=col("currency") == "EUR")) == {
        "start": (1, 100),
        "end": (1, 100),
    }
    found = waterfall(data, workspace)
    assert shown(found) == {"start": (3, 260), "increased": (0, 10), "won": (1, 80), "end": (2, 190)}
    assert "at the rates of each end" in str(found)


def test_an_open_deal_is_priced_at_the_end_whatever_date_it_bears() -> None:
    """M2, O4: a date of closing on an open deal is a fault of the data, and no day of a rate."""
    rates = [
        Rate(from_currency="USD", to_currency="EUR", valid_from=day, rate=Decimal(rate))
        for day, rate in ((date(2026, 1, 1), "0.8"), (date(2026, 3, 1), "0.9"))
    ]
    data = dataset(deal("D", now={"currency": "USD", "closed_at": BETWEEN}))

    found = waterfall(data, cc.Workspace(currency="EUR", rates=rates))
    assert shown(found) == {"start": (1, 80), "increased": (0, 10), "end": (1, 90)}


def test_sums_past_int64_stay_exact() -> None:
    """Q3, W1: ten amounts of 2**62 cents add up exactly."""
    large = Decimal(2**62) / 100
    data = dataset(*(deal(f"D{n}", {"owner": "Bo"}, {"amount": large}) for n in range(10)))

    found = waterfall(data, where=col("owner") == "Anna")

    assert found.only(bar="end", cause=None)["value"].tolist() == [float(10 * large)]
    leap = waterfall(dataset(deal("D", {"amount": -large}, {"amount": large})))
    assert shown(leap)["increased"] == (0, float(2 * large))


def test_a_fault_in_the_books_is_found(monkeypatch) -> None:
    """W1: where a deal is booked wrongly the identity fails, whatever the data."""
    data = dataset(deal("D", {"amount": 60}), deal("E", {"outcome": "open"}, {"outcome": "won"}))
    good = waterfall(data).parts.states
    moved = attrs.evolve(good, end=attrs.evolve(good.end, amount=good.end.amount + 1))
    booked(moved)  # another amount is another waterfall, and holds
    monkeypatch.setattr(bars, "_difference", lambda late, early: late - early + 1)

    with pytest.raises(AssertionError, match="W1"):
        booked(good)


# --- how it is asked


def test_instants_and_windows() -> None:
    """T1, T8: dates mean their end; text and instants do too; by default it begins with the quarter of as_of."""
    data = dataset(deal("D"), deal("E", created=SINCE), deal("F", created=date(2026, 1, 1)))
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)

    assert shown(waterfall(data))["start"] == (3, 300)
    assert shown(waterfall(data, since=noon))["start"] == (2, 200)
    assert shown(waterfall(data, since="2026-01-31T12:00+00:00"))["start"] == (2, 200)
    assert shown(waterfall(data, since=None))["new"] == (3, 300)
    assert waterfall(data, since=None).fact("since") == "2025-12-31"


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"since": AFTER}, "since is 2026-04-05, after as_of 2026-03-31"),
        ({"since": "soon"}, "since is a date such as 2026-06-30"),
        ({"since": datetime(2026, 1, 1)}, "aware datetime"),
        ({"closing": "2026-Q5"}, "there is no 5"),
        ({"closing": ("2026-01-02", "2026-01-01")}, "before it begins"),
        ({"closing": ("2026-01-02",)}, "label of a period"),
        ({"by": 3}, "3 is no column"),
        ({"by": "value"}, "a column of the waterfall already"),
        ({"by": ("owner", "owner")}, "'owner'"),
        ({"value": "owner"}, "value is an amount"),
    ],
)
def test_choices_that_mean_nothing(choices, message) -> None:
    """An error says what was wrong and what would be right."""
    with pytest.raises(ArgumentError, match=message):
        waterfall(dataset(deal("D")), **choices)


def test_a_condition_on_what_is_forgotten_is_refused() -> None:
    """S5: of owners the source keeps the last change alone: who asks for Anna's deals of then, or by owner, is told so."""
    record, changes = deal("D", {"owner": "Bo"})
    data = cc.Dataset(opportunity=[record], change=[{**c, "last_only": True} for c in changes])

    assert shown(waterfall(data)) == {"start": (1, 100), "end": (1, 100)}
    for choices in ({"where": col("owner") == "Anna"}, {"by": "owner"}):
        with pytest.raises(HistoryUnavailable, match=r"last change of 'opportunity\.owner'"):
            waterfall(data, **choices)


def test_the_deals_are_listed_group_by_group() -> None:
    """Within a group bar by bar; a blank group comes last."""
    data = dataset(
        deal("D", {"outcome": "open"}, {"outcome": "won", "owner": None}),
        deal("E", {"outcome": "open"}, {"outcome": "lost"}),
        deal("F", now={"owner": "Zoe"}),
    )

    assert [(r["owner"], r["bar"]) for r in waterfall(data, by="owner").deals().rows()] == [
        ("Anna", "start"), ("Anna", "lost"), ("Zoe", "start"), ("Zoe", "end"), (None, "start"), (None, "won"),
    ]  # fmt: skip


def test_what_is_not_there() -> None:
    """A table or column that is missing is named."""
    with pytest.raises(TableNotFound):
        cc.analyse("pipeline_waterfall", cc.Dataset(lead=[]))
    with pytest.raises(ColumnNotFound, match="regoin"):
        waterfall(dataset(deal("D")), by="regoin")


def test_deals_of_a_bar_that_is_none() -> None:
    """Bar, cause and key are checked."""
    found = waterfall(dataset(deal("D")), by="owner")
    with pytest.raises(ArgumentError, match="bar is one of start, new"):
        found.deals("win")
    with pytest.raises(ArgumentError, match="cause is one of created"):
        found.deals("new", "made")
    with pytest.raises(ArgumentError, match="'team' is no key of this waterfall; it is by owner"):
        found.deals("new", team="T")


def test_a_listing_that_is_cut_has_its_deals_still() -> None:
    """Sorted, cut or told in another language it is a waterfall."""
    found = waterfall(dataset(deal("D"))).told("zh").top(2)

    assert "期初" in str(found)
    assert found.deals("start")["id"].tolist() == ["D"]
    assert "期初" in found._repr_html_()


def test_no_deals() -> None:
    """Without deals there are no bars; before all of them, bars of nothing."""
    empty = cc.Dataset(opportunity={"id": [], "amount": [], "outcome": [], "created_at": []})
    assert len(cc.analyse("pipeline_waterfall", empty)) == 0
    early = waterfall(dataset(deal("D")), as_of=date(2025, 6, 30), since=date(2025, 1, 1))
    assert shown(early) == {}
    assert pipeline_waterfall(cc.Workspace().view(empty)).names == ("bar", "cause", "count", "value", "deals")


def test_a_store_tells_its_changes() -> None:
    """O8: a workspace on a store needs no dataset: its log is the history."""
    workspace = cc.Workspace(store="memory://")
    at = [datetime(2026, month, 15, tzinfo=UTC) for month in (1, 2, 3)]
    for name, made, amount in (("D", at[0], "10"), ("E", at[2], "5")):
        record = Opportunity(name, created_at=made, amount=Money(amount, "EUR"))
        workspace.put(record, at=made, recorded_at=made)
    changed = Opportunity("D", created_at=at[0], amount=Money("25", "EUR"))
    workspace.put(changed, at=at[1], recorded_at=at[1])

    found = workspace.analyse("pipeline_waterfall", since=date(2026, 1, 31))

    assert shown(found) == {"start": (1, 10), "new": (1, 5), "increased": (0, 15), "end": (2, 30)}
