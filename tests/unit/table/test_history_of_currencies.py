"""Amounts of the past are in the currency of the past; expected values are worked out by hand, or replayed in plain Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

import crmcore as cc
from crmcore.calendars import Zone
from crmcore.domain import Money, Pipeline, Stage
from crmcore.errors import CurrencyError
from crmcore.table.history import logs_of
from crmcore.table.values import values_of

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
FEBRUARY = date(2026, 2, 10)
RATES = cc.Workspace(
    currency="EUR",
    rates=[
        cc.Rate(from_currency="CNY", to_currency="EUR", rate=Decimal("0.125"), valid_from=date(2025, 1, 1)),
    ],
)


def day(number):
    return NEW_YEAR + timedelta(days=number - 1)


def deal(name, amount, currency, **more):
    return {"id": name, "created_at": day(1), "stage": "new", "outcome": "open", "amount": amount, "currency": currency, **more}  # fmt: skip


def change(field, old, new, at=FEBRUARY, record="A", **more):
    return {"table": "opportunity", "record": record, "field": field, "old": old, "new": new, "at": at, **more}


def open_value(data, at, **kwargs):
    return RATES.measure("open_value", data, as_of=date(2026, *at), **kwargs).rows()


IN_CNY = [change("currency", "EUR", "CNY")]


def test_an_amount_was_in_the_currency_that_its_record_had_then() -> None:
    """M2, O8: 1000, in EUR until 10 February and in CNY since: 1000 EUR, then 125; as a view, by currency, and by month."""
    data = cc.Dataset(opportunity=[deal("A", 1000, "CNY")], change=IN_CNY)

    assert open_value(data, (2, 5)) == [{"open_value": 1000}]
    assert open_value(data, (2, 15)) == [{"open_value": 125}]
    assert open_value(data, (2, 5), by="currency") == [{"currency": "EUR", "open_value": 1000}]
    assert open_value(data, (3, 15), per="month") == [
        {"period": "2026-01", "open_value": 1000},
        {"period": "2026-02", "open_value": 125},
        {"period": "2026-03", "open_value": 125},
    ]
    assert [(row["currency"], row["period"], row["open_value"]) for row in open_value(data, (2, 15), per="month", by="currency")] == [
        ("CNY", "2026-01", 0), ("CNY", "2026-02", 125), ("EUR", "2026-01", 1000), ("EUR", "2026-02", 0),
    ]  # fmt: skip


def test_amounts_that_were_all_in_one_currency_are_added_without_rates() -> None:
    """M2: of A, 1000, in EUR until February, and B, 10 EUR, 1010 EUR are open in January; today they do not add up."""
    data = cc.Dataset(opportunity=[deal("A", 1000, "CNY"), deal("B", 10, "EUR")], change=IN_CNY)

    assert cc.measure("open_value", data, as_of=date(2026, 2, 5)).rows() == [{"open_value": 1010}]
    with pytest.raises(CurrencyError):
        cc.measure("open_value", data, as_of=date(2026, 2, 15)).rows()


def test_an_amount_of_which_only_the_currency_changed_is_still_assumed() -> None:
    """O8: changes of the currency do not tell what the number was: it is that of today, and named."""
    data = cc.Dataset(opportunity=[deal("A", 1000, "CNY")], change=IN_CNY)
    told = cc.Dataset(opportunity=[deal("A", 1000, "CNY")], change=[*IN_CNY, change("amount", "900", "1000")])

    for some, assumed in ((data, ["opportunity.amount"]), (told, [])):
        assert RATES.measure("open_value", some, as_of=date(2026, 2, 5)).settings["assumed"] == assumed


@pytest.mark.parametrize("at", [date(2026, 1, 20), FEBRUARY, date(2026, 3, 1)])
def test_an_amount_and_its_currency_change_on_their_own_days(at) -> None:
    """M2: 900 becomes 1000 before, with, or after EUR becomes CNY on 10 February."""
    data = cc.Dataset(opportunity=[deal("A", 1000, "CNY")], change=[*IN_CNY, change("amount", "900", "1000", at)])
    marks = [date(2026, 1, 10), date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]

    found = [RATES.measure("open_value", data, as_of=mark).rows()[0]["open_value"] for mark in marks]

    expected = {1: [900, 1000, 125, 125], 2: [900, 900, 125, 125], 3: [900, 900, 112.5, 125]}
    assert found == expected[at.month]
    monthly = [row["open_value"] for row in open_value(data, (3, 31), per="month")]
    assert monthly == found[1:]


def test_an_amount_that_names_its_currency_takes_the_column_with_it() -> None:
    """M2: 1000 EUR until February, 8000 CNY since: January is EUR by currency too, kept in a store or told as text."""
    store = cc.Workspace(store="memory://")
    store.put(Pipeline("p", stages=(Stage("new"),)), at=day(1))
    store.create("A", pipeline="p", at=day(5), amount=Money(1000, "EUR"))
    store.change("opportunity", "A", {"amount": Money(8000, "CNY")}, at=day(41))
    texts = cc.Dataset(opportunity=[deal("A", 8000, "CNY")], change=[change("amount", "1000 EUR", "8000 CNY")])

    for data in (store.dataset(history=True), texts):
        for at, expected in (((1, 31), {"currency": "EUR", "open_value": 1000}), ((2, 28), {"currency": "CNY", "open_value": 8000})):  # fmt: skip
            assert cc.measure("open_value", data, by="currency", as_of=date(2026, *at)).rows() == [expected]
        found = cc.measure("open_value", data, by="currency", per="month", as_of=date(2026, 2, 28)).rows()
        assert {(row["currency"], row["period"]): row["open_value"] for row in found if row["open_value"]} == {
            ("EUR", "2026-01"): 1000,
            ("CNY", "2026-02"): 8000,
        }


def test_an_amount_that_names_another_currency_than_its_record_keeps_it() -> None:
    """M2: what the amount itself says counts: "900 USD" is not EUR because the record's currency was EUR then."""
    told = [*IN_CNY, change("amount", "900 USD", "1000")]
    data = cc.Dataset(opportunity=[deal("A", 1000, "CNY")], change=told)

    assert values_of(data.as_of(day(20))["opportunity"]["amount"]) == [Money("900", "USD")]


def test_who_does_not_know_of_a_change_sees_the_currency_of_before() -> None:
    """O8: the amount of 20 January is recorded on 1 March; on 15 February only the new currency of the 10th is known."""
    late = change("amount", "900", "1000", day(20), recorded_at=day(60))
    data = cc.Dataset(opportunity=[deal("A", 1000, "CNY")], change=[{**IN_CNY[0], "recorded_at": day(41)}, late])

    def seen(at, known):
        return values_of(data.as_of(day(at), known=day(known))["opportunity"]["amount"])

    assert seen(45, 46) == [Money("900", "CNY")]
    assert seen(45, 61) == [Money("1000", "CNY")]
    assert seen(30, 46) == [Money("900", "EUR")]
    assert seen(30, 61) == [Money("1000", "EUR")]


def test_the_bridge_of_the_pipeline_shows_what_a_new_currency_does() -> None:
    """W1, M2: 1000 EUR become 1000 CNY, that is 125 EUR: 875 less, and one move of the amount, not two, where it went to 800 too."""
    data = cc.Dataset(opportunity=[deal("A", 1000, "CNY")], change=IN_CNY)
    both = cc.Dataset(opportunity=[deal("A", 800, "CNY")], change=[*IN_CNY, change("amount", "1000", "800")])

    for some, fell in ((data, 875), (both, 900)):
        found = RATES.analyse("pipeline_waterfall", some, since=date(2026, 2, 5), as_of=date(2026, 2, 15)).rows()
        assert {row["bar"]: row["value"] for row in found if row["value"]} == {
            "start": 1000,
            "decreased": fell,
            "end": 1000 - fell,
        }
        assert len(logs_of(some.tables, Zone("UTC"))["opportunity"]["amount"]) == 1


def test_an_amount_that_is_blank_today_takes_its_currency_along() -> None:
    """M2: an amount of 7 USD that was removed in February was one in USD in January."""
    deals = [{**deal("A", None, None), "amount": None}, {**deal("B", 1, None), "amount": Money(1, "EUR")}]
    for one in deals:
        del one["currency"]
    data = cc.Dataset(opportunity=deals, change=[change("amount", "7 USD", None)])

    found = {
        row["currency"]: row["open_value"]
        for row in cc.measure("open_value", data, by="currency", as_of=date(2026, 1, 31)).rows()
    }

    assert found == {"USD": 7, "EUR": 1}


def test_what_the_record_says_twice_and_differently_is_left_so() -> None:
    """M2: an amount in USD beside a column that says CNY: neither takes the other along."""
    odd = deal("A", Money(1000, "USD"), "CNY")
    column = cc.Dataset(opportunity=[odd], change=IN_CNY).as_of(day(20))["opportunity"]
    amount = cc.Dataset(opportunity=[odd], change=[change("amount", "900 USD", "1000 USD")]).as_of(day(20))[
        "opportunity"
    ]

    assert (values_of(column["amount"]), values_of(column["currency"])) == ([Money(1000, "USD")], ["EUR"])
    assert (values_of(amount["amount"]), values_of(amount["currency"])) == ([Money(900, "USD")], ["CNY"])


def test_two_changes_of_an_amount_at_one_instant_stay_two() -> None:
    """S4: 700 became 800 and 800 became 1000 at one instant, the currency later: three changes, each with what it was before."""
    steps = [change("amount", "700", "800", day(20), sequence=1), change("amount", "800", "1000", day(20), sequence=2)]
    data = cc.Dataset(opportunity=[deal("A", 1000, "CNY")], change=[*steps, change("currency", "EUR", "CNY", day(30))])

    log = logs_of(data.tables, Zone("UTC"))["opportunity"]["amount"]

    assert values_of(log.pool.take(log.old)) == [Money(700, "EUR"), Money(800, "EUR"), Money(1000, "EUR")]
    assert values_of(log.pool.take(log.new)) == [Money(800, "EUR"), Money(1000, "EUR"), Money(1000, "CNY")]


def test_changes_of_one_instant_are_known_each_from_its_own_time() -> None:
    """O8: amount and currency changed on day 20; the amount is recorded at once, the currency on day 50."""
    steps = [
        change("amount", "900", "1000", day(20), recorded_at=day(20)),
        change("currency", "EUR", "CNY", day(20), recorded_at=day(50)),
    ]
    data = cc.Dataset(opportunity=[deal("A", 1000, "CNY")], change=steps)

    seen = [values_of(data.as_of(day(20), known=day(known))["opportunity"]["amount"]) for known in (30, 50)]

    assert seen == [[Money(1000, "EUR")], [Money(1000, "CNY")]]


def test_the_currency_is_that_of_the_amounts_that_were_known() -> None:
    """O8: of 1000 EUR, 2000 CNY on day 20 and 8000 CNY on day 30 the second is recorded on day 60: until then all was CNY."""
    steps = [
        change("amount", "1000 EUR", "2000 CNY", day(20), recorded_at=day(60)),
        change("amount", "2000 CNY", "8000 CNY", day(30), recorded_at=day(30)),
    ]
    data = cc.Dataset(opportunity=[deal("A", 8000, "CNY")], change=steps)

    def seen(at, known):
        table = data.as_of(day(at), known=day(known))["opportunity"]
        return values_of(table["amount"]) + values_of(table["currency"])

    assert seen(10, 46) == [Money(2000, "CNY"), "CNY"]
    assert seen(45, 46) == [Money(8000, "CNY"), "CNY"]
    assert seen(10, 61) == [Money(1000, "EUR"), "EUR"]


def _told(random, name, field, values, days):
    """Return changes of one field on some days, and the value of today."""
    now, found = random.choice(values), []
    for at in sorted(days):
        old, now = now, random.choice([v for v in values if v != now])
        found.append(change(field, old, now, day(at), name, recorded_at=day(at + random.choice([0, 0, 0, 9, 30]))))
    return found, now


def _replayed(told, now, at, known):
    """Return what a field was: after the last change that was known, or before the first of them."""
    seen = [c for c in told if c["recorded_at"] <= known]
    past = [c for c in seen if c["at"] <= at]
    if past:
        return past[-1]["new"]
    return seen[0]["old"] if seen else told[0]["old"] if told else now


@pytest.mark.parametrize("seed", range(6))
def test_amounts_and_currencies_are_those_of_a_replay(seed) -> None:
    """O8, M2: of 40 deals with changes of both, looked at with every knowledge, each field is what its own changes tell."""
    random = Random(seed)
    told, deals, changes = {}, [], []
    for number in range(40):
        name, now = f"D{number}", {}
        for field, values in (("amount", ["10", "20", "30"]), ("currency", ["EUR", "CNY", "USD"])):
            days = random.sample(range(2, 40), random.choice([0, 1, 3]))
            told[name, field], now[field] = _told(random, name, field, values, days)
            changes += told[name, field]
        deals.append(deal(name, int(now["amount"]), now["currency"]))
    random.shuffle(changes)
    data = cc.Dataset(opportunity=deals, change=changes)

    for at in (1, 12, 25, 39, 80):
        for known in (at, 30, 80):
            if known < at:
                continue
            table = data.as_of(day(at), known=day(known))["opportunity"]
            expected = {
                d["id"]: tuple(_replayed(told[d["id"], f], str(d[f]), day(at), day(known)) for f in ("amount", "currency"))
                for d in deals
            }  # fmt: skip
            names = values_of(table["id"])
            amounts = {name: Money(*values) for name, values in expected.items()}
            assert dict(zip(names, values_of(table["amount"]), strict=True)) == amounts
            assert dict(zip(names, values_of(table["currency"]), strict=True)) == {
                name: currency for name, (_, currency) in expected.items()
            }


@pytest.mark.parametrize("seed", range(3))
def test_a_row_of_days_is_each_of_them_alone(seed) -> None:
    """T4, O8: open value by day and currency, in one pass, is that of the view from the end of each day."""
    random = Random(seed)
    deals, changes = [], []
    for number in range(15):
        name, now = f"D{number}", {}
        for field, values in (("amount", ["10", "20", "30"]), ("currency", ["EUR", "CNY"])):
            some, now[field] = _told(random, name, field, values, random.sample(range(2, 28), random.choice([0, 1, 3])))
            changes += [{**c, "recorded_at": c["at"]} for c in some]
        deals.append(deal(name, int(now["amount"]), now["currency"]))
    data = cc.Dataset(opportunity=deals, change=changes)
    end = date(2026, 1, 30)

    rows = cc.measure("open_value", data, by="currency", per="day", as_of=end).rows()

    for number in (1, 5, 11, 17, 23, 30):
        at = date(2026, 1, number)
        alone = cc.measure("open_value", data, by="currency", as_of=at).rows()
        assert {row["currency"]: row["open_value"] for row in rows if row["period"] == at.isoformat() and row["open_value"]} == {
            row["currency"]: row["open_value"] for row in alone
        }  # fmt: skip


def test_the_currency_of_one_amount_has_a_column_of_its_own() -> None:
    """M2: `amount_currency` says of the amount alone what it was in."""
    one = {**deal("A", 1000, "USD"), "amount_currency": "CNY"}
    data = cc.Dataset(opportunity=[one], change=[change("amount_currency", "EUR", "CNY")])

    assert values_of(data.as_of(day(20))["opportunity"]["amount"]) == [Money(1000, "EUR")]
    assert values_of(data.as_of(day(50))["opportunity"]["amount"]) == [Money(1000, "CNY")]
