"""The edge cases of money and people, each over records that a wrong implementation adds up wrongly."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import crmcore as cc
from crmcore.domain import Money, Opportunity, Pipeline, Split, Stage, split_amount
from crmcore.errors import CurrencyError, DefinitionError

CLOSED = date(2026, 3, 20)
WON = {"outcome": "won", "created_at": date(2026, 3, 1), "closed_at": CLOSED}
LOST = {**WON, "outcome": "lost"}
OPEN = {"outcome": "open", "created_at": date(2026, 3, 1)}


def deals(*rows: dict[str, Any], **tables: Any) -> cc.Dataset:
    """Return a dataset of numbered opportunities, with other tables beside them."""
    return cc.Dataset(opportunity=[{"id": n, **row} for n, row in enumerate(rows)], **tables)


def number(name: str | cc.Metric, data: cc.Dataset, **question: Any) -> Any:
    """Return the number of the only row."""
    ((_, value),) = cc.measure(name, data, **question).rows()[0].items()
    return value


def groups(name: str | cc.Metric, data: cc.Dataset, by: str, **question: Any) -> dict[Any, Any]:
    """Return the numbers by group."""
    result = cc.measure(name, data, by=by, **question)
    return dict(zip(result.column(by), result.plain(result.names[0]), strict=True))


def quota(start: date, end: date, amount: int, **whose: Any) -> dict[str, Any]:
    """Return a quota for the won value from a day until the day before another."""
    return {"kind": "quota", "metric": "won_value", "start": start, "end": end, "amount": amount, **whose}


# --- money


def test_a_weighted_value_is_weighed_deal_by_deal() -> None:
    """E34, M4: 100 at 99 % and 200 at 0 % are 99 and not 300 x 49.5 % = 148.5."""
    data = deals({**OPEN, "amount": 100, "probability": "0.99"}, {**OPEN, "amount": 200, "probability": 0})

    assert number("open_value", data) * 0.495 == 148.5
    assert number("weighted_value", data) == 99


def test_a_ratio_of_sums_is_no_mean_of_ratios() -> None:
    """E35, R1: 10 of 10 and 20 of 90: attainment 0.3, where the mean of the two is 0.61; calls per lead likewise."""
    spring = (date(2026, 1, 1), date(2026, 4, 1))
    data = deals(
        {**WON, "amount": 10, "owner": "anna"},
        {**WON, "amount": 20, "owner": "ben"},
        target=[
            quota(*spring, 10, id=1, scope="seller", owner="anna"),
            quota(*spring, 90, id=2, scope="seller", owner="ben"),
        ],
        lead=[{"id": n, "created_at": date(2026, 3, 1), "owner": "anna" if n else "ben"} for n in range(4)],
        activity=[
            {"id": 1, "kind": "call", "at": CLOSED, "quantity": 3, "owner": "anna"},
            {"id": 2, "kind": "call", "at": CLOSED, "quantity": 5, "owner": "ben"},
        ],
    )
    asked = {"per": "quarter"}

    by_seller = cc.measure("quota_attainment", data, by="owner", **asked)
    assert by_seller.plain("quota_attainment") == [1, float(Fraction(20, 90))]
    assert number("quota_attainment", data) == by_seller.total["quota_attainment"] == 0.3
    assert groups("calls_per_lead", data, "owner") == {"anna": 1, "ben": 5}
    assert number("calls_per_lead", data) == 2  # not 3


def test_no_amount_is_not_zero() -> None:
    """E36, M3, M4: of 100, 0 and nothing the mean is 50, not 33.3 and not NaN; without a probability 100 counts whole, not
    as 0, and both are counted as what they are."""
    blank = deals({**WON, "amount": 100}, {**WON, "amount": 0}, {**WON, "amount": None})
    result = cc.measure(["won_value", "mean_won_deal", "won_deals", "unpriced_won_deals"], blank)
    unsure = deals({**OPEN, "amount": 100, "probability": None}, {**OPEN, "amount": None, "probability": "0.5"})

    assert list(result.rows()[0].values()) == [100, 50, 3, 1]
    assert result["mean_won_deal"].n.tolist() == [2]
    assert (number("weighted_value", unsure), number("unweighted_open_deals", unsure)) == (100, 1)
    assert (number("unpriced_open_deals", unsure), number("mean_open_deal", unsure)) == (1, 100)


def test_currencies_are_converted_and_never_mixed() -> None:
    """E37, M1, M2: 1.39 holds to 31 January, 1.42 from 1 February; a rate that is missing, or would need a third currency,
    leaves the deal unpriced; halves are rounded once, at the end, and yen have no decimals."""
    rows = [
        {**WON, "amount": "100", "currency": "EUR", "closed_at": date(2026, 1, 31)},
        {**WON, "amount": "100", "currency": "EUR", "closed_at": date(2026, 2, 1)},
        {**WON, "amount": "100", "currency": "EUR", "closed_at": date(2025, 12, 31)},  # before the first rate
        {**WON, "amount": "100", "currency": "GBP", "closed_at": date(2026, 2, 1)},  # only by way of the euro
        {**WON, "amount": "50", "currency": "USD", "closed_at": date(2026, 2, 1)},
    ]
    rates = [
        cc.Rate(from_currency="EUR", to_currency="USD", valid_from=date(2026, 1, 1), rate=Decimal("1.39")),
        cc.Rate(from_currency="EUR", to_currency="USD", valid_from=date(2026, 2, 1), rate=Decimal("1.42")),
        cc.Rate(from_currency="GBP", to_currency="EUR", valid_from=date(2026, 1, 1), rate=Decimal("1.15")),
    ]
    data = deals(*({**row, "created_at": date(2025, 1, 1)} for row in rows))
    with pytest.raises(CurrencyError, match="EUR, GBP, USD"):
        cc.measure("won_value", data)

    result = cc.Workspace(currency="USD", rates=rates).measure(["won_value", "won_deals"], data)
    assert list(result.rows()[0].values()) == [139 + 142 + 50, 5]
    assert result.excluded == {"opportunity: no rate": 2}
    # three times 0.125 is 0.375: rounded row by row to cents it would be 0.36
    eighth = [cc.Rate(from_currency="EUR", to_currency="USD", valid_from=date(2026, 1, 1), rate=Decimal("0.125"))]
    three = deals(*[{**WON, "amount": 1, "currency": "EUR"}] * 3)
    assert cc.Workspace(currency="USD", rates=eighth).measure("won_value", three).plain("won_value") == [0.375]
    assert Money("0.125", "USD").quantize() == Money("0.12", "USD")
    assert Money("100.5", "JPY").quantize() == Money(100, "JPY")


def test_recurring_and_one_time_parts_are_two_numbers() -> None:
    """E39, M5: 10 a month for 24 months and 60 once: 300 in total, 120 a year, 10 a month; no term of 12 is assumed, so that of
    an amount with no known term nothing is known, and a plan of 0 months is refused."""
    deal = {**WON, "amount": 300, "won_amount": 300, "recurring": 240, "term_months": 24}
    span = {"start": date(2026, 3, 1), "end": None, "account": "acme"}
    data = deals(
        deal,
        subscription=[
            {"id": 1, "recurring": 240, "term_months": 24, **span},
            {"id": 2, "recurring": 240, "term_months": None, **span},
        ],
    )

    assert (number("won_value", data), number("arr", data), number("mrr", data)) == (300, 120, 10)
    assert number("active_subscriptions", data) == 2
    with pytest.raises(DefinitionError, match="term_months"):
        Opportunity("1", recurring=Money(10), term_months=0)


def test_amounts_may_be_negative() -> None:
    """E40, M3: a credit of 40 lowers what was won, and the rate by value, 60 of 120, with it; a lost credit raises the rate above
    1. Of a total that credits have eaten up nobody has a share, and a class A, B or C is nobody's either."""
    credit = deals({**WON, "amount": 100}, {**WON, "amount": -40}, {**LOST, "amount": 60})
    given_up = deals({**WON, "amount": 100}, {**LOST, "amount": -20})
    eaten, owed = (
        deals(
            {**WON, "amount": 100, "owner": "anna", "account": "acme"},
            {**WON, "amount": amount, "owner": "ben", "account": "beta"},
        )
        for amount in (-100, -130)
    )

    assert (number("won_value", credit), number("win_rate_by_value", credit)) == (60, 0.5)
    assert (number("mean_won_deal", credit), number("unpriced_won_deals", credit)) == (30, 0)
    assert number("win_rate_by_value", given_up) == 1.25
    for rest in (eaten, owed):
        measures = cc.measure(["top_sellers_share", "seller_gini", "seller_hhi"], rest)
        assert [m for name in measures.names for m in measures.plain(name)] == [None] * 3
        assert {measures[name].reason(0) for name in measures.names} == {"total not above zero"}
    classes = cc.analyse("abc_classes", eaten)
    assert [(row["account"], row["won_value"], row["class"]) for row in classes.rows()] == [
        ("acme", 100, None),
        ("beta", -100, None),
    ]


def test_expected_and_achieved_are_two_columns() -> None:
    """E41, M5: won for nothing where 500 were expected: achieved is 0, and does not fall back to the estimate; where nobody
    said what was achieved, that is unknown, and the expected amount stays what it is."""
    data = deals({**WON, "amount": 500, "won_amount": 0}, {**WON, "amount": 200, "won_amount": None})
    pipeline = Pipeline("sales", stages=(Stage("new"), Stage("won", kind="won")))
    deal = pipeline.win(pipeline.create("1", at=date(2026, 3, 1), amount=Money(500))[0], at=CLOSED)[0]

    assert (number("won_value_made", data), number("won_value", data)) == (0, 700)
    assert number("made_to_expected_ratio", data) == 0
    assert (deal.amount, deal.won_amount) == (Money(500), None)


def test_a_forecast_has_neither_lost_nor_won_deals() -> None:
    """E42, M4: open 100 at one half is 50; the lost 1,000 and the won 400 are in no pipeline, at whatever probability."""
    data = deals(
        {**OPEN, "amount": 100, "probability": "0.5"},
        {**LOST, "amount": 1000, "probability": "0.5"},
        {**WON, "amount": 400, "probability": 1},
    )

    assert (number("weighted_value", data), number("open_value", data)) == (50, 100)
    assert number("won_value", data) == 400


# --- people

SELLERS = [{"id": "anna", "team": "north"}, {"id": "ben", "team": "north"}, {"id": "cora", "team": "south"}]


def shared() -> cc.Dataset:
    """Return a deal of 100 in thirds, with an overlay of a half on top, and one of 50 that is Ben's alone."""
    third = Fraction(1, 3)
    return cc.Dataset(
        opportunity=[
            {"id": 1, **WON, "amount": "100.00", "owner": "anna"},
            {"id": 2, **WON, "amount": "50.00", "owner": "ben"},
        ],
        split=[
            *(Split(opportunity=1, seller=name, share=third) for name in ("anna", "ben", "cora")),
            Split(opportunity=1, seller="dora", share=Decimal("0.5"), kind="overlay"),
            Split(opportunity=2, seller="ben", share=Decimal(1)),
        ],
        seller=[*SELLERS, {"id": "dora", "team": "overlay"}],
    )


REVENUE = cc.col("kind") == "revenue"
CREDIT = cc.Metric(
    "credited_value",
    cc.total(cc.col("opportunity.amount") * cc.col("share"), where=REVENUE),
    unit="money",
    anchor="opportunity.closed_at",
    table="split",
)
SHARED = cc.Metric(
    "deals_shared",
    cc.distinct("opportunity", where=REVENUE),
    unit="count",
    anchor="opportunity.closed_at",
    table="split",
)


def test_splits_add_up_and_overlays_stand_apart() -> None:
    """E44, M6: three thirds of 100 are 100, which three times 33.33 is not; the overlay is in no total, and a deal with four
    lines of credit is one deal of 100 all the same."""
    data = shared()
    lines = [Split(opportunity=1, seller=name, share=Fraction(1, 3)) for name in ("cora", "anna", "ben")]
    hundredths = [Split(opportunity=1, seller=name, share=Decimal("0.3333")) for name in ("anna", "ben", "cora")]

    assert (number("won_value", data), number("won_deals", data)) == (150, 2)
    assert number(CREDIT, data) == 150
    assert groups(CREDIT, data, "seller") == {"anna": 100 / 3, "ben": float(50 + Fraction(100, 3)), "cora": 100 / 3}
    parts = split_amount(Money("100.00", "EUR"), lines)
    assert {who: part.amount for who, part in parts.items()} == {
        "anna": Decimal("33.34"), "ben": Decimal("33.33"), "cora": Decimal("33.33")
    }  # fmt: skip
    with pytest.raises(DefinitionError, match="sum to 9999/10000, not to 1"):
        split_amount(Money("100.00", "EUR"), hundredths)
    (issue,) = cc.Dataset(split=hundredths).issues
    assert issue.kind == "shares do not sum to one"


def test_a_shared_deal_counts_once_in_all() -> None:
    """E45, R1, M6: North has two deals, one of them by two of its people, and South one, which is the same: two in all, not
    three; an account that two sellers sold to is likewise one account."""
    data = shared()
    result = cc.measure(SHARED, data, by="seller.team")
    line = {"account": "acme", "order": 1, "at": CLOSED}
    lines = cc.Dataset(order_line=[{"id": 1, **line, "owner": "anna"}, {"id": 2, **line, "owner": "ben"}])
    buying = cc.measure("customers_buying", lines, by="owner")

    assert groups(SHARED, data, "seller.team") == {"north": 2, "south": 1}
    assert result.total["deals_shared"] == number(SHARED, data) == 2
    assert (buying.plain("customers_buying"), buying.total["customers_buying"]) == ([1, 1], 1)


def test_quotas_are_missing_or_zero_and_change() -> None:
    """E46, M8, R2: of a quota of 10 a day that doubles on 16 February that month has 15 x 10 + 13 x 20, of one that starts with
    a hire on 16 March its 16 days. Without a quota, or with one of 0, attainment is undefined, and whose it is no seller at
    or below quota; above 100 % it is not capped, and quotas of products are another population."""
    sellers = ["anna", "anna", "ben", "cora"]
    spans = [
        (date(2026, 1, 1), date(2026, 2, 16), 460),  # 10 a day
        (date(2026, 2, 16), date(2026, 4, 1), 880),  # 20 a day
        (date(2026, 3, 16), date(2026, 4, 1), 16),  # hired on 16 March
        (date(2026, 1, 1), date(2026, 4, 1), 0),
    ]
    targets = [
        quota(*span, id=n, scope="seller", owner=who) for n, (who, span) in enumerate(zip(sellers, spans, strict=True))
    ]
    product = quota(date(2026, 3, 1), date(2026, 4, 1), 5000, id=9, scope="product", product="crane")
    won = [("anna", 310), ("ben", 40), ("cora", 7), ("dora", 9)]
    data = deals(*({**WON, "amount": amount, "owner": who} for who, amount in won), target=[*targets, product])
    march = {"per": "month", "as_of": date(2026, 3, 31)}

    by_month = cc.measure("quota_value", data, where=cc.col("owner") == "anna", **march)
    assert by_month.rows() == [
        {"period": "2026-01", "quota_value": 310},
        {"period": "2026-02", "quota_value": 15 * 10 + 13 * 20},
        {"period": "2026-03", "quota_value": 620},
    ]
    found = cc.measure("quota_attainment", data, by="owner", **march)
    of_march = {row["owner"]: row["quota_attainment"] for row in found.rows() if row["period"] == "2026-03"}
    assert of_march == {"anna": 0.5, "ben": 2.5, "cora": None, "dora": None}
    share = cc.measure("sellers_at_quota_share", data, **march)
    assert share.rows()[-1] == {"period": "2026-03", "sellers_at_quota_share": 0.5}
    assert cc.measure("product_quota_value", data, **march).rows()[-1]["product_quota_value"] == 5000
