"""Stocks at many instants in one pass are those of each instant by itself (T4, O8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.algebra import as_of, coalesce, col, count, each, elapsed, total
from crmcore.engines import inquiry
from crmcore.plan import layout
from crmcore.testing.reference import measure

FIRST = date(2026, 1, 28)
days = st.integers(0, 70).map(lambda n: FIRST + timedelta(n))
instants = st.integers(0, 70 * 24).map(lambda n: datetime(2026, 1, 28, tzinfo=UTC) + timedelta(hours=n))
ANCHORED = {"anchor": "stock", "table": "opportunity"}
OPEN, WON = col("outcome") == "open", col("outcome") == "won"
CONDITIONS = (
    OPEN,
    WON,
    OPEN | WON,
    OPEN & (col("expected_close") < as_of()),
    OPEN & (col("expected_close") >= as_of()),
    as_of() == col("expected_close"),
    elapsed("created_at", as_of()) > 10,
    OPEN & (elapsed("created_at", as_of()) <= Fraction(21, 2)),
    elapsed(as_of(), "expected_close") <= 5,
    elapsed("expected_close", as_of()).is_null(),
    OPEN & (elapsed(coalesce(col("last_activity_at"), col("created_at")), as_of()) > 7),
    col("closed_at").is_null() & ~(col("owner") == "Anna"),
    col("owner.team") == "north",
)


@contextmanager
def one_by_one() -> Iterator[None]:
    """Look at each instant by itself."""
    before = layout.SWEEP_FROM
    layout.SWEEP_FROM = inquiry.SWEEP_FROM = 10**9
    try:
        yield
    finally:
        layout.SWEEP_FROM = inquiry.SWEEP_FROM = before


@st.composite
def businesses(draw):
    """Return deals with dates of days or of instants, some of them blank or in no order, and their sellers."""
    moments = draw(st.sampled_from([days, instants]))
    rows = []
    for number in range(draw(st.integers(0, 12))):
        outcome = draw(st.sampled_from(["open", "won", "lost", "abandoned"]))
        rows.append(
            {
                "id": number,
                "outcome": outcome,
                "created_at": draw(st.none() | moments),
                "closed_at": None if outcome == "open" else draw(st.none() | moments),
                "expected_close": draw(st.none() | days),
                "last_activity_at": draw(st.none() | moments),
                "amount": draw(st.none() | st.integers(-50, 500)),
                "reopened": draw(st.integers(0, 2)),
                "owner": draw(st.sampled_from(["Anna", "王芳", "nobody", None])),
                "account": draw(st.sampled_from(["a", "b", None])),
            }
        )
    sellers = [{"id": "Anna", "team": "north"}, {"id": "王芳", "team": None}]
    return {"opportunity": rows, "seller": sellers}


@st.composite
def stocks(draw, name):
    """Return a stock: a count or a sum of money under a condition, plain, earlier, as a difference, or by account."""
    where, money = draw(st.sampled_from(CONDITIONS)), draw(st.booleans())
    if money:
        formula = total(draw(st.sampled_from([col("amount"), col("amount") * 2])), where=where)
    else:
        formula = draw(
            st.sampled_from([count(where), count("amount", where=where), total(col("reopened") + 1, where=where)])
        )
    found = draw(
        st.sampled_from(
            [
                formula,
                formula.previous("month"),
                formula.difference("week"),
                total(each("account", formula), where=each("account", formula.previous("week")) > 0),
            ]
        )
    )
    return cc.Metric(name, found, unit="money" if money else "number", **ANCHORED)


@given(
    businesses(),
    stocks("one"),
    stocks("other"),
    st.none() | days | instants,
    st.sampled_from(["day", "week", "month"]),
    st.sampled_from([(), ("owner",), ("owner.team", "account")]),
    st.sampled_from([None, col("owner") == "Anna", OPEN]),
    st.sampled_from(["UTC", "Asia/Shanghai"]),
)
def test_a_sweep_is_one_look_after_another(records, one, other, moment, per, by, where, zone) -> None:
    """T4, O8, O9: the numbers of the reference, to the last bit, and those of looking at every instant by itself; so are the
    rows used and left out."""
    kwargs = {"by": by, "per": per, "where": where, "as_of": moment}
    data = (
        cc.Dataset(**records)
        if records["opportunity"]
        else cc.Dataset(opportunity={n: [] for n in COLUMNS}, seller=records["seller"])
    )
    workspace = cc.Workspace(timezone=zone)
    swept = workspace.measure([one, other], data, **kwargs)
    with one_by_one():
        looked = cc.Workspace(timezone=zone).measure([one, other], data, **kwargs)
    expected = measure([one, other], records, timezone=zone, **kwargs).rows

    assert swept.rows() == looked.rows()
    assert [(r["one"], r["other"]) for r in swept.rows()] == [(r["one"], r["other"]) for r in expected]
    assert swept.total == looked.total
    with one_by_one():
        counted = looked.used, looked.excluded
    assert (swept.used, swept.excluded) == counted


COLUMNS = (
    "id", "outcome", "created_at", "closed_at", "expected_close", "last_activity_at", "amount", "reopened", "owner", "account",
)  # fmt: skip
