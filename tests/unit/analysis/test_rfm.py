"""RFM: both schemes by hand, by a brute force, and what they do with ties, blanks and orders of two customers."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.errors import ColumnNotFound, TableNotFound

LINES = [
    ("acme", "o1", "2026-01-01", 100),
    ("acme", "o1", "2026-01-01", 20),
    ("acme", "o2", "2026-03-30", 1),
    ("beta", "o3", "2026-03-01", 500),
    ("客户", "o4", "2026-03-01", 40),
    ("delta", "o5", "2026-02-01", 40),
    ("eta", "o6", "2026-01-01", 10),
    (None, "o7", "2026-01-01", 10),
    ("eta", "o8", None, 10),
]
"""Days up to 31 March: acme 1, beta and 客户 30, delta 58, eta 89; orders 2 1 1 1 1; value 121, 500, 40, 40, 10."""

lines = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 12), st.integers(0, 40), st.one_of(st.none(), st.integers(-20, 20))),
    max_size=30,
)
SCHEMES = ("rfm_ntile", "rfm_quintile")


def dataset(rows=LINES):
    """Return order lines as a dataset."""
    return cc.Dataset(
        order_line=[
            {"account": who, "order": order, "at": None if at is None else date.fromisoformat(at), "amount": amount}
            for who, order, at, amount in rows
        ]
    )


def table(found, *names):
    """Return columns by customer."""
    return {row["customer"]: tuple(row[n] for n in names) for row in found}


def test_what_is_scored() -> None:
    """T8, Q2: days up to as_of, different orders, exact sums, one row per customer in the order of their ids."""
    for scheme in SCHEMES:
        found = cc.analyse(scheme, dataset(), as_of=date(2026, 3, 31))

        assert table(found, "recency_days", "orders", "value") == {
            "acme": (1, 2, 121.0),
            "beta": (30, 1, 500.0),
            "delta": (58, 1, 40.0),
            "eta": (89, 1, 10.0),
            "客户": (30, 1, 40.0),
        }
        assert found["customer"].tolist() == ["acme", "beta", "delta", "eta", "客户"]
        assert {f.name: f.value for f in found.facts} == {
            "customers": 5,
            "as_of": "2026-03-31",
            "lines": 7,
            "lines_without_customer": 1,
            "lines_without_date": 1,
            "lines_without_amount": 0,
            "lines_without_order": 0,
        }


def test_by_rank() -> None:
    """R4: five customers are five fifths; equal ones stand in the order of their ids, the first with the better score."""
    found = cc.analyse("rfm_ntile", dataset(), as_of=date(2026, 3, 31))

    # days: acme, beta, 客户, delta, eta; orders: acme, then beta, delta, eta, 客户; value: beta, acme, delta, 客户, eta
    assert table(found, "rfm") == {
        "acme": ("554",),
        "beta": ("445",),
        "客户": ("312",),
        "delta": ("233",),
        "eta": ("121",),
    }


def test_by_quintile() -> None:
    """Q1, R4: edges of days at 24.2, 30, 41.2, 64.2, of orders at 1, 1, 1, 1.2, of value at 34, 40, 72.4, 196.8."""
    found = cc.analyse("rfm_quintile", dataset(), as_of=date(2026, 3, 31))

    # days 1 30 30 58 89: above 0, 1, 1, 3, 4 edges; value 10 40 40 121 500: above 0, 1, 1, 3, 4
    assert table(found, "rfm") == {
        "acme": ("554",),
        "beta": ("415",),
        "客户": ("412",),
        "delta": ("212",),
        "eta": ("111",),
    }


def test_without_an_amount_there_is_no_m() -> None:
    """M3, R2: who only has lines without an amount has no value and no M, and takes no place among those who have one."""
    data = dataset([*LINES, ("zeta", "o9", "2026-03-31", None)])
    for scheme in SCHEMES:
        found = cc.analyse(scheme, data, as_of=date(2026, 3, 31))
        without = cc.analyse(scheme, dataset(), as_of=date(2026, 3, 31))

        assert table(found, "value", "m", "rfm")["zeta"] == (None, None, None)
        assert {k: v for k, v in table(found, "m").items() if k != "zeta"} == table(without, "m")
        assert found.fact("lines_without_amount") == 1
        assert "-" in str(found)


@pytest.mark.parametrize("block", [2, 1 << 18])
def test_orders_are_counted_once_per_customer(monkeypatch, block: int) -> None:
    """Q2: an order of two customers is one of each; a line without an order number is no order; days may be counted."""
    monkeypatch.setattr("crmcore.analysis.purchases._BLOCK", block)
    rows = [
        ("a", "o1", "2026-01-01", 1),
        ("b", "o1", "2026-01-01", 1),
        ("b", "o1", "2026-01-02", 1),
        ("b", "o2", "2026-01-02", 1),
        ("c", None, "2026-01-03", 1),
        ("a", "o1", "2026-01-01", 1),
        ("d", None, "2026-01-03", 1),
    ]
    found = cc.analyse("rfm_ntile", dataset(rows))
    by_day = cc.analyse("rfm_ntile", dataset(rows), order=cc.day("at"))

    assert table(found, "orders") == {"a": (1,), "b": (2,), "c": (0,), "d": (0,)}
    assert found.fact("lines_without_order") == 2
    assert table(by_day, "orders") == {"a": (1,), "b": (2,), "c": (1,), "d": (1,)}


def test_what_counts_as_an_order_may_be_any_column() -> None:
    """Q2: text, whole numbers near to each other or far apart, and products are counted alike."""
    for values in (
        ["x", "y", "x"],
        [5, 6, 5],
        [10**12, 5, 10**12],
        [date(2026, 1, 5), date(2026, 1, 9), date(2026, 1, 5)],
    ):
        rows = [{"account": "a", "at": date(2026, 1, 1), "amount": 1, "mark": v, "product": str(v)} for v in values]
        data = cc.Dataset(order_line=rows)

        for column in ("mark", "product"):
            assert cc.analyse("rfm_quintile", data, order=column)["orders"].tolist() == [2]


def test_days_are_local() -> None:
    """T1, E14: bought half past midnight of 2 January in Shanghai, looked at on the 3rd: one day, and two in UTC."""
    at = datetime(2026, 1, 1, 16, 30, tzinfo=UTC)
    data = cc.Dataset(order_line=[{"account": 7, "order": 1, "at": at, "amount": 1}])

    for zone, days in (("UTC", 2), ("Asia/Shanghai", 1)):
        found = cc.Workspace(timezone=zone).analyse("rfm_ntile", data, as_of=date(2026, 1, 3))
        assert found["recency_days"].tolist() == [days]


def test_the_newest_instant_is_as_of() -> None:
    """T8: without as_of it is the newest date of all tables, here of a lead."""
    data = cc.Dataset(
        order_line=[{"account": "a", "order": 1, "at": date(2026, 1, 1), "amount": 1}],
        lead=[{"id": 1, "created_at": date(2026, 1, 31)}],
    )

    assert cc.analyse("rfm_ntile", data)["recency_days"].tolist() == [30]


def test_a_condition_keeps_some_lines() -> None:
    """The condition is on the lines: customers without one of these are not there."""
    found = cc.analyse("rfm_ntile", dataset(), where=cc.col("amount") > 40)

    assert table(found, "value") == {"acme": (100.0,), "beta": (500.0,)}


def test_nothing_and_one() -> None:
    """R2: no line gives no row; one customer is in the first fifth by rank, and above no edge."""
    for scheme, code in (("rfm_ntile", "555"), ("rfm_quintile", "511")):
        empty = cc.analyse(scheme, cc.Dataset(order_line=[]))
        one = cc.analyse(scheme, dataset(LINES[:1]))

        assert (len(empty), empty.fact("customers")) == (0, 0)
        assert one["rfm"].tolist() == [code]


def test_chinese() -> None:
    """Headings, facts and notes are told in Chinese."""
    text = str(cc.Workspace(language="zh").analyse("rfm_quintile", dataset()))

    assert text.startswith("客户")
    assert "分位数" in text


def test_missing_tables_and_columns() -> None:
    """What is not there is named, with what is."""
    with pytest.raises(TableNotFound, match="order_line"):
        cc.analyse("rfm_ntile", cc.Dataset(lead=[]))
    with pytest.raises(ColumnNotFound, match="order"):
        cc.analyse("rfm_ntile", cc.Dataset(order_line=[{"account": 1, "at": date(2026, 1, 1), "amount": 1}]))


def expected(rows, today):
    """Return the scores of both schemes, in fractions, customer by customer."""
    customers = sorted({who for who, *_ in rows})
    last = {c: max(at for who, _, at, _ in rows if who == c) for c in customers}
    orders = {c: len({o for who, o, *_ in rows if who == c}) for c in customers}
    value = {c: sum(a for who, *_, a in rows if who == c and a is not None) for c in customers}
    priced = [c for c in customers if any(a is not None for who, *_, a in rows if who == c)]
    numbers = ({c: today - last[c] for c in customers}, orders, {c: value[c] for c in priced})
    by_rank, by_edges = [], []
    for known, best in zip(numbers, (1, -1, -1), strict=True):
        order = sorted(known, key=lambda c: (best * known[c], c))
        sizes = [len(order) // 5 + (k < len(order) % 5) for k in range(5)]
        by_rank.append(dict(zip(order, [5 - k for k, n in enumerate(sizes) for _ in range(n)], strict=True)))
        ordered, edges = sorted(known.values()), []
        for k in range(1, 5) if ordered else ():
            place = Fraction((len(ordered) - 1) * k, 5)
            low, high = ordered[floor(place)], ordered[min(floor(place) + 1, len(ordered) - 1)]
            edges.append(low + (high - low) * (place - floor(place)))
        below = {c: sum(e < v for e in edges) for c, v in known.items()}
        by_edges.append({c: 5 - n if best == 1 else 1 + n for c, n in below.items()})
    return [{c: tuple(scores.get(c) for scores in scheme) for c in customers} for scheme in (by_rank, by_edges)]


@given(lines, st.randoms())
def test_brute_force(rows, shuffle: random.Random) -> None:
    """R4, Q1, Q2, M3: both schemes customer by customer; the order of the lines decides nothing."""
    start = date(2026, 1, 1)
    given_rows = [
        {"account": who, "order": order, "at": start + timedelta(at), "amount": amount}
        for who, order, at, amount in rows
    ]
    shuffle.shuffle(given_rows)
    data = cc.Dataset(order_line=given_rows)

    for scheme, wanted in zip(SCHEMES, expected(rows, 45), strict=True):
        found = cc.analyse(scheme, data, as_of=start + timedelta(45))

        assert table(found, "r", "f", "m") == wanted
        assert table(found, "rfm") == {
            c: (None if None in scores else "".join(map(str, scores)),) for c, scores in wanted.items()
        }
