"""What follows a deal in the generated organisation hangs together: quotes, orders, subscriptions, money, answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from crmcore import demo
from crmcore.demo.company import CAMPAIGNS, LAST_DAY, PRODUCTS, QUARTERS, SELLERS, TEAMS

ROWS, SEED = 3000, 7
Row = dict[str, Any]


def plain(table: Any) -> list[Row]:
    """Return a table as dicts of Python values, whatever it came as."""
    if isinstance(table, list):
        return table
    columns = {name: values.tolist() if isinstance(values, np.ndarray) else values for name, values in table.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.fixture(scope="module")
def tables() -> dict[str, list[Row]]:
    """Return all tables of one organisation as lists of dicts."""
    return {name: plain(table) for name, table in demo.generate(ROWS, SEED).items()}


@pytest.fixture(scope="module")
def deals(tables: dict[str, list[Row]]) -> dict[int, Row]:
    """Return the deals by id; of one that was entered twice, either row."""
    return {deal["id"]: deal for deal in tables["opportunity"]}


@pytest.fixture(scope="module")
def won(deals: dict[int, Row]) -> dict[int, Row]:
    """Return the won deals that count (O3), by id."""
    return {i: d for i, d in deals.items() if d["outcome"] == "won" and not d["deleted"] and not d["test"]}


def grouped(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    """Return rows by the value of a column, in their order; blanks are left out."""
    found = defaultdict(list)
    for row in rows:
        if row[key] is not None:
            found[row[key]].append(row)
    return dict(found)


def by_id(rows: Iterable[Row]) -> dict[Any, Row]:
    """Return rows by id, of which there is one each."""
    listed = list(rows)
    found = {row["id"]: row for row in listed}
    assert len(found) == len(listed)
    return found


def test_a_won_deal_is_one_order_of_the_amount_agreed_on(tables: dict[str, list[Row]], won: dict[int, Row]) -> None:
    """Each won deal that counts has one order, at the instant it closed, whose lines add up to its made amount (M5)."""
    lines = grouped(tables["order_line"], "opportunity")

    assert lines.keys() == won.keys()
    for number, mine in lines.items():
        deal = won[number]
        assert len({line["order"] for line in mine}) == 1
        assert {line["at"] for line in mine} == {deal["closed_at"]}
        assert {line["currency"] for line in mine} == {deal["currency"]}
        if deal["won_amount"] is not None:
            assert sum(line["amount"] for line in mine) == deal["won_amount"]
            assert sum(line["amount"] + line["discount"] for line in mine) == deal["amount"]


def test_lines_are_pieces_times_price(tables: dict[str, list[Row]]) -> None:
    """M1: a line is its pieces at its price, to the cent; what is one-time has no term (M5)."""
    for line in tables["order_line"]:
        assert line["quantity"] * line["price"] == line["amount"]
        assert line["quantity"] * line["list_price"] == line["amount"] + line["discount"]
        assert line["discount"] >= 0
        assert isinstance(line["price"], Decimal)
        assert (line["term_months"] is None) == (line["kind"] == "one_time")
    assert {line["product"] for line in tables["order_line"]} == {p.id for p in PRODUCTS}


def test_customers_come_back(tables: dict[str, list[Row]]) -> None:
    """Orders without a deal are placed by customers, after they became one, and some place several."""
    accounts = by_id(tables["account"])
    later = grouped((line for line in tables["order_line"] if line["opportunity"] is None), "order")
    per = defaultdict(set)
    for order, lines in later.items():
        (account,) = {line["account"] for line in lines}
        per[account].add(order)
        assert all(line["at"].date() > accounts[account]["customer_since"] for line in lines)

    assert len(per) > 300
    assert max(len(orders) for orders in per.values()) > 3


def test_quotes_lead_to_the_decision(tables: dict[str, list[Row]], deals: dict[int, Row], won: dict[int, Row]) -> None:
    """A quote is sent within the life of its deal; the last one of a won deal is accepted at the close, for what was made."""
    quotes = grouped(tables["quote"], "opportunity")
    for number, mine in quotes.items():
        deal = deals[number]
        backwards = deal["closed_at"] and deal["created_at"] and deal["closed_at"] < deal["created_at"]
        for quote in mine:
            if quote["sent_at"] is not None:
                assert quote["created_at"] < quote["sent_at"]
                assert quote["sent_at"].date() <= LAST_DAY
                assert deal["closed_at"] is None or quote["sent_at"] <= deal["closed_at"]
                assert backwards or deal["created_at"] is None or deal["created_at"] <= quote["created_at"]
            assert quote["amount"] + quote["discount"] == quote["list_amount"]
            assert quote["decided_at"] in (None, deal["closed_at"])
        assert [q["status"] == "revised" for q in mine] == [n < len(mine) - 1 for n in range(len(mine))]
        accepted = [q for q in mine if q["status"] == "accepted"]
        assert len(accepted) == (deal["outcome"] == "won")
        if accepted and deal["won_amount"] is not None:
            assert accepted[0]["amount"] == deal["won_amount"]
    lines = {line["quote"] for line in tables["order_line"]} - {None}
    assert lines == {q["id"] for q in tables["quote"] if q["status"] == "accepted" and q["opportunity"] in won}
    assert {q["status"] for q in tables["quote"]} == {"draft", "sent", "revised", "declined", "expired", "accepted"}


def test_invoices_add_up_to_orders(tables: dict[str, list[Row]], won: dict[int, Row]) -> None:
    """What is invoiced of a deal never exceeds its order, and is all of it once the last part could be issued."""
    ordered = {n: sum(x["amount"] for x in lines) for n, lines in grouped(tables["order_line"], "opportunity").items()}
    invoices = grouped(tables["invoice"], "opportunity")
    parts = set()
    for number, deal in won.items():
        mine = invoices.get(number, [])
        parts.add(len(mine))
        billed = sum(x["amount"] for x in mine)
        assert billed <= ordered[number]
        if deal["closed_at"].date() < LAST_DAY - timedelta(days=4 * 30 + 8):
            assert billed == ordered[number]
        for invoice in mine:
            assert deal["closed_at"].date() <= invoice["issued_at"] <= LAST_DAY
            assert invoice["due"] - invoice["issued_at"] in {timedelta(days=n) for n in (14, 30, 60)}
    assert {1, 2, 3, 4} <= parts


def test_payments_follow_invoices(tables: dict[str, list[Row]]) -> None:
    """Payments come after the issue, never exceed the invoice, and pay it in full on the day it says; some are late or missing."""
    payments = grouped(tables["payment"], "invoice")
    behaviour = defaultdict(int)
    for invoice in tables["invoice"]:
        mine = payments.get(invoice["id"], [])
        paid = sum(x["amount"] for x in mine)
        assert paid <= invoice["amount"]
        assert all(invoice["issued_at"] < x["at"] <= LAST_DAY for x in mine)
        assert all(x["account"] == invoice["account"] and x["currency"] == invoice["currency"] for x in mine)
        assert (invoice["paid_at"] is not None) == (paid == invoice["amount"])
        assert invoice["status"] == ("paid" if paid == invoice["amount"] else "partly paid" if paid else "open")
        if invoice["paid_at"] is not None:
            assert max(x["at"] for x in mine) == invoice["paid_at"]
            behaviour["in time" if invoice["paid_at"] <= invoice["due"] else "late"] += 1
        elif invoice["due"] < LAST_DAY - timedelta(days=200):
            behaviour["in part" if paid else "never"] += 1
        behaviour["in two"] += len(mine) == 2
    assert sum(len(x) for x in payments.values()) == len(tables["payment"])
    assert all(behaviour[name] > 5 for name in ("in time", "late", "in part", "never", "in two")), dict(behaviour)


def test_subscriptions_belong_to_customers(tables: dict[str, list[Row]], won: dict[int, Row]) -> None:
    """They begin on the first of a month after the customer's first purchase; terms differ (M5), some end, change, come back."""
    accounts = by_id(tables["account"])
    seen = defaultdict(int)
    for mine in grouped(tables["subscription"], "opportunity").values():
        before: Row | None = None
        for one in mine:
            assert accounts[one["account"]]["customer_since"] < one["start"]
            assert won[one["opportunity"]]["closed_at"].date() < one["start"]
            assert one["start"].day == 1
            assert one["recurring"] >= one["term_months"]
            seen[one["term_months"]] += 1
            if one["end"] is not None:
                assert one["end"].day == 1
                assert one["start"] <= one["cancelled_at"] < one["end"]
                assert one["cancelled_at"] <= LAST_DAY
                assert (one["status"] == "ended") == (one["end"] <= LAST_DAY)
                months = (one["end"].year - one["start"].year) * 12 + one["end"].month - one["start"].month
                assert months % one["term_months"] == 0
            if before is not None:
                assert before["end"] is not None
                assert before["end"] <= one["start"] <= LAST_DAY
                grown = one["recurring"] > before["recurring"]
                seen["back" if before["end"] < one["start"] else "more" if grown else "less"] += 1
            before = one
        seen["gone"] += before is not None and before["status"] == "ended"
    assert set(seen) == {1, 3, 12, "back", "more", "less", "gone"}
    assert all(n > 3 for n in seen.values()), dict(seen)


def test_customers_are_asked_and_some_answer(tables: dict[str, list[Row]]) -> None:
    """Scores are on the scale of their question; whoever is asked is a contact of a customer; most do not answer."""
    accounts, contacts = by_id(tables["account"]), by_id(tables["contact"])
    scales = {"nps": range(11), "csat": range(1, 6), "ces": range(1, 8)}
    scores = defaultdict(set)
    for response in tables["response"]:
        assert contacts[response["contact"]]["account"] == response["account"]
        assert accounts[response["account"]]["customer_since"] <= response["at"].date() <= LAST_DAY
        assert (response["opportunity"] is None) == (response["kind"] == "nps")
        scores[response["kind"]].add(response["score"])
    for kind, scale in scales.items():
        assert scores[kind] == {None, *scale}
    silent = sum(r["score"] is None for r in tables["response"])
    assert 0.5 < silent / len(tables["response"]) < 0.8


def test_forecasts_are_one_commit_a_month(tables: dict[str, list[Row]]) -> None:
    """M8: sellers, teams and the company commit once for each month, in its first days, so that months add up to a quarter."""
    commits = [f for f in tables["forecast"] if f["category"] == "commit"]
    keys = [(f["owner"], f["team"], f["start"]) for f in commits]
    months = sorted({f["start"] for f in commits})

    assert len(set(keys)) == len(keys)
    assert months[0] == QUARTERS[0]
    assert all(f["end"] == (f["start"] + timedelta(days=32)).replace(day=1) for f in commits)
    assert all(f["start"] <= f["submitted_at"] <= f["start"] + timedelta(days=6) for f in commits)
    whole = [k for k in keys if k[0] is None]
    assert sorted(map(str, whole)) == sorted(
        str((None, t, m)) for m in months for t in [None, *(t.name for t in TEAMS)]
    )
    hired, left = {s.name: s.hired for s in SELLERS}, {s.name: s.left or date.max for s in SELLERS}
    assert all(hired[owner] < start < left[owner] for owner, _, start in keys if owner is not None)
    best = [f for f in tables["forecast"] if f["category"] == "best_case"]
    amounts = {(f["owner"], f["start"]): f["amount"] for f in commits}
    assert all(f["amount"] >= amounts[f["owner"], f["start"]] for f in best)


def test_touches_come_before_what_they_led_to(tables: dict[str, list[Row]], deals: dict[int, Row]) -> None:
    """The first touch of a converted lead comes before the lead, all of them before the deal closes; campaigns ran then."""
    leads = by_id(tables["lead"])
    ran = {c.id: (c.start, c.end) for c in CAMPAIGNS}
    touched = grouped(tables["touch"], "lead")
    for number, mine in touched.items():
        lead = leads[number]
        if lead["created_at"] is not None:
            assert mine[0]["at"] <= lead["created_at"]
        assert all((touch["account"] is None) == (lead["opportunity"] is None) for touch in mine)
        deal = deals.get(lead["opportunity"])
        if deal is not None and deal["closed_at"] is not None:
            assert all(touch["at"] <= deal["closed_at"] for touch in mine)
        if lead["campaign"] is not None:
            assert mine[0]["campaign"] == lead["campaign"]
    for touch in tables["touch"]:
        assert touch["at"].date() <= LAST_DAY
        if touch["campaign"] is not None and touch["quantity"] == 1:
            start, end = ran[touch["campaign"]]
            assert start - timedelta(days=1) <= touch["at"].date() < end
    nothing = [n for n in touched if not leads[n]["converted"]]
    assert len(nothing) > 1000
    earlier = [mine[0]["at"] < leads[n]["created_at"] for n, mine in touched.items() if leads[n]["created_at"]]
    assert sum(earlier) > 0.95 * len(earlier)


def test_mailings_lose_on_the_way(tables: dict[str, list[Row]]) -> None:
    """Of the messages of a month fewer are opened than sent, fewer clicked than opened; nobody in particular is touched."""
    mailed = defaultdict(dict)
    for touch in tables["touch"]:
        if touch["kind"] in ("sent", "opened", "clicked", "bounced", "opted_out"):
            mailed[touch["campaign"], touch["at"]][touch["kind"]] = touch["quantity"]
            assert touch["account"] is touch["lead"] is touch["contact"] is None
    assert len(mailed) > 50
    assert all(m["sent"] > m["opened"] > m["clicked"] > m["opted_out"] >= 0 for m in mailed.values())


def test_visits_take_nothing_from_the_travelling() -> None:
    """M1: what travelling cost a team in a month stays to the euro, however it is shared over accounts."""
    from crmcore.demo.accounts import make_accounts
    from crmcore.demo.budgets import visited
    from crmcore.demo.deals import make_deals
    from crmcore.demo.plans import make_costs

    deals = make_deals(SEED, 800)
    accounts, account = make_accounts(SEED, deals)
    before, after = make_costs(SEED, 800), make_costs(SEED, 800)
    visited(SEED, deals, account, after)

    def sums(lines: list[Row]) -> dict[Any, int]:
        found: dict[Any, int] = defaultdict(int)
        for line in lines:
            found[line["kind"], line["team"], line["source"], line["date"]] += line["amount"]
        return found

    shared = [line for line in after if line["account"] is not None]
    since = dict(zip(accounts["id"].tolist(), accounts["customer_since"].tolist(), strict=True))
    assert sums(before) == sums(after)
    assert len(shared) > 50
    assert all(line["amount"] >= 0 and line["kind"] == "expense" for line in after if line["team"] and line["account"])
    assert all(since[line["account"]] <= line["date"] + timedelta(days=4) for line in shared)


def test_plans_beside_the_quotas(tables: dict[str, list[Row]]) -> None:
    """M8: a target per population and period, each naming whose it is; nothing reaches beyond the running quarter."""
    targets = tables["target"]
    whose = {"seller": "owner", "team": "team", "product": "product", "account": "account"}
    kinds = {(t["kind"], t["scope"], t["metric"]) for t in targets}

    assert kinds == {
        ("quota", "seller", "won_value"),
        ("quota", "team", "won_value"),
        ("quota", "organisation", "won_value"),
        ("quota", "product", "won_value"),
        ("budget", "team", "won_value"),
        ("budget", "organisation", "won_value"),
        ("budget", "product", "won_value"),
        ("budget", "team", "expense_value"),
        ("budget", "organisation", "expense_value"),
        ("plan", "account", "won_value"),
    }
    keys = [(t["kind"], t["scope"], t["metric"], t[whose.get(t["scope"], "scope")], t["start"]) for t in targets]
    assert len(set(keys)) == len(keys)
    assert all(key[3] is not None for key in keys)
    assert max(t["end"] for t in targets) == QUARTERS[-1]
    assert {t["start"].month for t in targets if t["kind"] == "plan"} == {1, 7}
    by_id(targets)


def test_contacts_and_sources(tables: dict[str, list[Row]], deals: dict[int, Row]) -> None:
    """Each account has a contact; a few are in twice (E50); accounts come from the source of their first new business."""
    accounts = by_id(tables["account"])
    contacts = grouped(tables["contact"], "account")
    first: dict[int, Row] = {}
    for deal in sorted(deals.values(), key=lambda d: str(d["created_at"] or "")):
        dirty = deal["created_at"] is None or (deal["closed_at"] and deal["closed_at"] < deal["created_at"])
        if deal["pipeline"] == "new-business" and not dirty:
            first.setdefault(deal["account"], deal)

    assert contacts.keys() == accounts.keys()
    mails = [c["email"] for c in tables["contact"] if c["email"]]
    assert 5 < len(mails) - len(set(mails)) < 100
    matching = [accounts[a]["source"] == d["source"] for a, d in first.items() if d["source"]]
    assert sum(matching) > len(matching) - 12  # the deals with a date that was spoilt
    assert [d["campaign"] for d in deals.values() if d["lead"] is None] == [None] * sum(
        d["lead"] is None for d in deals.values()
    )
