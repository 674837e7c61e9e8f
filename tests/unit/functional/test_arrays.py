"""Raw arrays in, numbers out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import crmcore as cc
from crmcore import functional as fn
from crmcore.domain.schema import RECORDS, fields_of
from crmcore.errors import ArgumentError, ColumnNotFound, CurrencyError, DataError, DefinitionError
from crmcore.functional.function import MetricFunction

OUTCOME = ["won", "lost", "won", "open", "lost", "won"]
GONE = {"deleted", "test", "sample", "merged_into"}  # what a host leaves out before it has arrays (O3)
OWNER = ["Anna", "Anna", "Anna", "Ben", "Ben", None]


def arrays_of(function: MetricFunction, records: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the arrays that a function takes, out of records."""
    found = {}
    for argument in function.arguments.listed:
        rows = records[argument.table]
        values = [along(argument.table, argument.column, row, records) for row in rows]
        if not rows or argument.dates or any(argument.column in row for row in rows) or "." in argument.column:
            found[argument.keyword] = values
    return found


def along(table: str, path: str, row: dict[str, Any], records: dict[str, list[dict[str, Any]]]) -> Any:
    """Return the value of a column of a row, looked up along references."""
    head, _, rest = path.partition(".")
    if not rest:
        return row.get(head)
    (other,) = (field.references for field in fields_of(RECORDS[table]) if field.name == head)
    found = next((r for r in records.get(other, []) if r["id"] == row.get(head)), None)
    return None if found is None else along(other, rest, found, records)


def test_the_same_numbers_as_measure(case: Any) -> None:
    """On the rows of each worked case the function gives what `measure` gives, to the last bit (Q4)."""
    function = MetricFunction(case.metric)
    tables = function.arguments.tables
    records = {
        name: [dict(row) for row in rows if not GONE & {k for k, v in row.items() if v}]
        for name, rows in case.records.items()
    }
    if function.arguments.needs_period and "per" not in case.kwargs:
        with pytest.raises(ArgumentError, match="measures its period"):
            function(**arrays_of(function, records))
        return
    options = {k: v for k, v in case.kwargs.items() if k in ("per", "as_of")}
    given = arrays_of(function, records)
    keys = case.kwargs.get("by", [])
    by: Any = (
        {table: {key: [row.get(key) for row in records[table]] for key in keys} for table in tables} if keys else None
    )
    if by is not None and len(tables) == 1:
        by = by[tables[0]]
    expected = cc.measure(case.metric, cc.Dataset(**records), **case.kwargs)
    as_of = options.get("as_of")
    if as_of is None and expected.settings["as_of"] is not None:
        as_of = date.fromisoformat(expected.settings["as_of"])

    found = function(by=by, per=options.get("per"), as_of=as_of, **given)

    if isinstance(found, cc.Result):
        assert found.rows() == expected.rows()
    else:
        (value,) = [row[case.metric.name] for row in expected.rows()]
        assert found == value or (value is None and (found is None or np.isnan(found)))


def test_the_same_numbers_as_measure_on_a_whole_organisation() -> None:
    """On 2,000 generated deals, dirty rows among them, rates, cycles, medians and shares by owner are the same numbers."""
    from crmcore import demo

    table = dict(demo.generate(2000, 11)["opportunity"])
    _, first = np.unique(table["id"], return_index=True)
    counted = np.isin(np.arange(len(table["id"])), first) & ~table["deleted"] & ~table["test"]  # O3
    euros = counted & (table["currency"] == "EUR")
    columns = {name: table[name] for name in ("outcome", "amount", "created_at", "closed_at", "owner", "account")}
    data = cc.Dataset(timezone="UTC", opportunity=table)

    for name in (
        "win_rate",
        "sales_cycle_days",
        "median_won_deal",
        "won_value",
        "top_accounts_share",
        "lost_reason_share",
    ):
        function: MetricFunction = getattr(fn, name)
        given = {a.keyword: columns[a.keyword] for a in function.arguments.listed}
        found = function(**given, by={"owner": table["owner"]}, where=euros, timezone="UTC")
        assert found.rows() == cc.measure(name, data, by="owner", where=cc.col("currency") == "EUR").rows(), name
        assert len(found) > 5


def test_one_number() -> None:
    """Three won of five decided deals: a float (R5)."""
    rate = fn.win_rate(outcome=OUTCOME)

    assert rate == 3 / 5
    assert isinstance(rate, float)


def test_by_an_array() -> None:
    """Anna 2 of 3, Ben 0 of 1, nobody 1 of 1; blank is a group of its own, last."""
    result = fn.win_rate(outcome=OUTCOME, by=OWNER)

    assert result.rows() == [
        {"by": "Anna", "win_rate": 2 / 3},
        {"by": "Ben", "win_rate": 0.0},
        {"by": None, "win_rate": 1.0},
    ]
    assert result["win_rate"].n.tolist() == [3, 1, 1]
    assert result.total == {"win_rate": 3 / 5}
    assert (result.settings["timezone"], result.settings["as_of"]) == ("UTC", None)
    assert result.records("win_rate", by="Anna")["numerator"] == [1, 3]


def test_by_several_named_arrays() -> None:
    """A dict of arrays groups by all of them, under their names, also where a column has the same name."""
    quarter = ["Q1", "Q1", "Q2", "Q2", "Q2", "Q2"]
    result = fn.top_sellers_share(
        amount=[1, 2, 3, 4, 5, 6], outcome=OUTCOME, owner=OWNER, by={"owner": OWNER, "quarter": quarter}
    )

    assert result.keys == ("owner", "quarter")
    assert result.column("owner")[:2] == ["Anna", "Anna"]


def test_where_is_a_mask() -> None:
    """Only the rows of the mask count: of the first three deals two are won; the inputs stay as they are."""
    mask = np.array([True, True, True, False, False, False])
    before = mask.copy()

    assert fn.win_rate(outcome=OUTCOME, where=mask) == 2 / 3
    assert fn.leads_created(where=mask) == 3.0
    assert (mask == before).all()


def test_several_tables() -> None:
    """Cost 500 + 700 of spend over one new customer; single values stand for all rows; by and where go by table."""
    costs = {"cost__amount": [500, 700, 90], "cost__kind": ["spend", "spend", "expense"]}
    since = [date(2026, 4, 1), None, date(2026, 5, 1), None]

    assert fn.cac(**costs, account__customer_since=since) == 600.0
    assert fn.cac(cost__amount=[500, 700], cost__kind="spend", account__customer_since=since) == 600.0
    masked = fn.cac(**costs, account__customer_since=since, where={"account": [True, True, False, False]})
    assert masked == 1200.0
    result = fn.cac(
        **costs,
        account__customer_since=since,
        by={"cost": ["web", "fair", "web"], "account": ["web", "web", "fair", "fair"]},
    )
    assert result.rows() == [{"by": "fair", "cac": 700.0}, {"by": "web", "cac": 500.0}]


def test_referenced_columns() -> None:
    """`lead__created_at` is the creation of each deal's lead; where it is blank, or not given, the deal's own counts (T2)."""
    created, closed = [date(2026, 3, 1), date(2026, 3, 1)], [date(2026, 3, 11), date(2026, 3, 5)]
    given = {"outcome": ["won", "won"], "created_at": created, "closed_at": closed}

    assert fn.lead_to_close_days(**given) == (10 + 4) / 2
    assert fn.lead_to_close_days(**given, lead__created_at=[date(2026, 2, 27), None]) == (12 + 4) / 2


def test_what_may_be_left_out() -> None:
    """A column that a definition can do without is blank where it is not given: a call without quantity is one call."""
    assert fn.calls(kind=["call", "call", "visit"]) == 2.0
    assert fn.calls(kind=["call", "call", "visit"], quantity=[3, None, 1]) == 4.0
    assert fn.weighted_value(amount=[100, 50], outcome=["open", "open"]) == 150.0


def test_per_period() -> None:
    """With dates there is a period axis; an empty month between two others is shown (T7)."""
    closed = [date(2026, 1, 5), date(2026, 1, 9), date(2026, 3, 2), None, date(2026, 3, 3), date(2026, 3, 9)]
    result = fn.win_rate(outcome=OUTCOME, closed_at=closed, per="month")

    assert [(r["period"], r["win_rate"]) for r in result.rows()] == [
        ("2026-01", 1 / 2),
        ("2026-02", None),
        ("2026-03", 2 / 3),
    ]


def test_as_of_looks_back() -> None:
    """What closed after the day has not closed yet (T8, O8): of the two deals of January one is won."""
    closed = [date(2026, 1, 5), date(2026, 1, 9), date(2026, 3, 2), None, date(2026, 3, 3), date(2026, 3, 9)]

    assert fn.win_rate(outcome=OUTCOME, closed_at=closed, as_of=date(2026, 1, 31)) == 1 / 2


def test_as_of_an_instant() -> None:
    """An aware datetime cuts at that instant: at noon only the first of two leads of the day is there."""
    created = [datetime(2026, 3, 1, 11, tzinfo=UTC), datetime(2026, 3, 1, 13, tzinfo=UTC)]

    assert fn.leads_created(created_at=created, as_of=datetime(2026, 3, 1, 12, tzinfo=UTC)) == 1.0


def test_a_definition_that_looks_from_a_date() -> None:
    """The age of open deals is counted to as_of: 30 and 20 days (T2)."""
    created = np.array(["2026-01-01", "2026-01-11", "2026-01-02"], "M8[D]")
    age = fn.open_deal_age_days(outcome=["open", "open", "won"], created_at=created, as_of=date(2026, 1, 31))

    assert age == 25.0


def test_labels_are_text() -> None:
    """50 of 100 won at the middle of a quarter is on pace; a label is text, and without a quota there is none."""
    given = {
        "opportunity__outcome": ["won"],
        "opportunity__closed_at": [date(2026, 1, 20)],
        "target__amount": [100],
        "target__kind": "quota",
        "target__scope": "seller",
        "target__metric": "won_value",
        "target__start": [date(2026, 1, 1)],
        "target__end": [date(2026, 4, 1)],
    }
    middle = date(2026, 2, 14)  # 45 of 90 days

    assert (
        fn.pace_status(**given, opportunity__amount=[50], per="quarter", as_of=middle).rows()[0]["pace_status"]
        == "on track"
    )
    assert (
        fn.pace_status(**given, opportunity__amount=[39], per="quarter", as_of=middle).rows()[0]["pace_status"]
        == "behind"
    )


@pytest.mark.parametrize(
    "make",
    [list, tuple, np.array, pd.Series, pl.Series, pa.array, lambda v: pd.Series(v, dtype="category"), iter],
    ids=["list", "tuple", "numpy", "pandas", "polars", "arrow", "categorical", "iterator"],
)
def test_columns_of_any_library(make: Any) -> None:
    """A column may come from any library; the number is the same."""
    decided = [o for o in OUTCOME if o != "open"]

    assert fn.win_rate(outcome=make(decided)) == 3 / 5


@pytest.mark.parametrize(
    "created",
    [
        [datetime(2026, 3, 1, 12, tzinfo=UTC), None],
        pd.Series([pd.Timestamp("2026-03-01T12:00Z"), pd.NaT]),
        pl.Series([datetime(2026, 3, 1, 12, tzinfo=UTC), None], dtype=pl.Datetime("us", "UTC")),
    ],
    ids=["python", "pandas", "polars"],
)
def test_instants_of_any_library(created: Any) -> None:
    """12:00 to 18:00 are six hours, in whatever column the instants stand; blanks are left out (T2)."""
    response = [datetime(2026, 3, 1, 18, tzinfo=UTC), datetime(2026, 3, 1, 19, tzinfo=UTC)]

    assert fn.first_response_hours(created_at=created, first_response_at=response) == 6.0


def test_numbers_of_any_kind() -> None:
    """Whole numbers, Decimals, floats and pandas' own blanks are amounts; a missing one is no zero (M3)."""
    outcome = ["won", "won", "lost"]

    assert fn.mean_won_deal(amount=np.array([1, 2, 9]), outcome=outcome) == 1.5
    assert fn.mean_won_deal(amount=[Decimal("0.10"), Decimal("0.20"), None], outcome=outcome) == 0.15
    assert fn.mean_won_deal(amount=np.array([0.1, np.nan, 9.0]), outcome=outcome) == 0.1
    assert fn.mean_won_deal(amount=pd.Series([1, None, 9], dtype="Int64"), outcome=outcome) == 1.0
    assert fn.face_time_hours(duration=[timedelta(minutes=90), None], kind="meeting") == 1.5


def test_naive_timestamps_need_a_zone() -> None:
    """numpy has no zones: the error says how to state one, and with it the local day decides (T1)."""
    created = np.array(["2026-03-01T00:00", "2026-03-01T02:00"], "M8[m]")
    response = np.array(["2026-03-01T01:00", "2026-03-01T05:00"], "M8[m]")

    with pytest.raises(DataError, match=r"created_at\[0\].*naive timestamp.*timezone='UTC'"):
        fn.first_response_hours(created_at=created, first_response_at=response)
    assert fn.first_response_hours(created_at=created, first_response_at=response, timezone="UTC") == 2.0
    days = fn.leads_created(created_at=["2026-02-28T23:30:00Z"], per="day", timezone="Asia/Shanghai")
    assert days.rows() == [{"period": "2026-03-01", "leads_created": 1}]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: fn.win_rate(), ArgumentError, "win_rate needs outcome; it takes outcome, closed_at"),
        (lambda: fn.win_rate(outcom=OUTCOME), ColumnNotFound, "no column named 'outcom' among the arrays of win_rate; did you mean 'outcome'"),
        (lambda: fn.win_rate(outcome=OUTCOME, by=["a"]), ArgumentError, r"by \(by\) has 1 values, outcome has 6"),
        (lambda: fn.win_rate(outcome=["won", "wun"]), DataError, r"outcome\[1\] is 'wun'"),
        (lambda: fn.win_rate(outcome="won"), ArgumentError, "no array for table 'opportunity', so it has no rows"),
        (lambda: fn.leads_created(), ArgumentError, "no array for table 'lead'"),
        (lambda: fn.win_rate(outcome=OUTCOME, where=[1, 0, 1, 1, 0, 1]), ArgumentError, "where is a mask of True and False"),
        (lambda: fn.win_rate(outcome={"a": 1}), ArgumentError, "an array is needed, got a mapping"),
        (lambda: fn.win_rate(outcome=object()), ArgumentError, "an array is needed, got <object"),
        (lambda: fn.win_rate(outcome=OUTCOME, per="month"), ArgumentError, "win_rate needs closed_at too, to tell the periods apart"),
        (lambda: fn.win_rate(outcome=OUTCOME, per="moon"), ArgumentError, "per is one of day, week"),
        (lambda: fn.win_rate(outcome=OUTCOME, as_of=date(2026, 1, 1)), ArgumentError, "needs closed_at too, to tell what had happened"),
        (lambda: fn.win_rate(outcome=OUTCOME, closed_at=[None] * 6, as_of=datetime(2026, 1, 1)), ArgumentError, "with a time zone"),
        (lambda: fn.open_deals(outcome=["open"], per="month"), ArgumentError, "is a stock, which the last period measures at a date"),
        (lambda: fn.open_deals(outcome=["open"], per="month", as_of=date(2026, 1, 1)), ArgumentError, "needs created_at too"),
        (lambda: fn.lead_conversion_rate(converted=[True], created_at=[None], as_of=date(2026, 1, 1)), ArgumentError, "needs converted_at too"),
        (lambda: fn.overdue_open_deals(outcome=["open"], expected_close=[None]), ArgumentError, "looks from a date; give as_of"),
        (lambda: fn.cac(cost__amount=[1], cost__kind="spend", account__customer_since=[None], by=[1]), ArgumentError, "give by by table: by={'cost'"),
        (
            lambda: fn.cac(cost__amount=[1], cost__kind="spend", account__customer_since=[None], by={"cost": ["a"]}),
            ArgumentError,
            "by lacks table 'account'",
        ),
        (
            lambda: fn.cac(
                cost__amount=[1],
                cost__kind="spend",
                account__customer_since=[None],
                by={"cost": {"source": ["a"]}, "account": {"channel": ["a"]}},
            ),
            ArgumentError,
            "by names channel for table 'account', source for another",
        ),
        (lambda: fn.win_rate(outcome=["won"], by=[0.5]), DefinitionError, "inexact"),
    ],
)  # fmt: skip
def test_wrong_arguments(call: Any, error: type[Exception], says: str) -> None:
    """Each wrong argument is refused by name, and the message says what would be right."""
    with pytest.raises(error, match=says):
        call()


def test_a_period_measure_needs_its_period() -> None:
    """What divides by the days of a period cannot be computed without one."""
    given = {a.keyword: [None] for a in fn.pace.arguments.listed}

    with pytest.raises(ArgumentError, match="pace measures its period; give per="):
        fn.pace(**given)


def test_currencies_do_not_mix() -> None:
    """Amounts of two currencies are not added without rates (M2)."""
    from crmcore.domain import Money

    amounts = [Money("1", "EUR"), Money("1", "USD")]
    with pytest.raises(CurrencyError):
        fn.won_value(amount=amounts, outcome=["won", "won"])


def test_what_was_noticed_rides_along() -> None:
    """Amounts that came as floats are kept, and listed as an issue of the result."""
    result = fn.won_value(amount=np.array([0.1, 0.2]), outcome=["won", "won"], by=["a", "a"])

    assert list(result["won_value"]) == [0.3]
    assert [(i.kind, i.column) for i in result.issues] == [("float amount", "amount")]


def test_one_s_own_metric() -> None:
    """Any metric becomes a function, columns of the host's own included."""
    heads = cc.Metric("mean_heads", cc.mean("heads", where=cc.col("open") == cc.lit(True)), table="office")
    function = fn.MetricFunction(heads)

    assert function(heads=[3, 5, 90], open=[True, True, False]) == 4.0
    assert function.of(open_heads=8, open_with_heads=2) == 4.0


def test_signature_and_docstring() -> None:
    """help() shows the columns, those that are needed without a default, and the definition."""
    assert (
        str(signature(fn.win_rate))
        == "(*, outcome, closed_at=None, by=None, where=None, per=None, as_of=None, timezone=None)"
    )
    assert fn.win_rate.__name__ == "win_rate"
    assert "count(outcome == 'won') / count(outcome in ('won', 'lost'))" in str(fn.win_rate.__doc__)
    assert repr(fn.win_rate).startswith("<function of arrays: win_rate(*, outcome,")
    assert "as_of" in str(signature(fn.overdue_open_deals)).split("by=")[1].split("timezone")[0]
