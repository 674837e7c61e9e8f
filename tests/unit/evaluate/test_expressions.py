"""Column expressions on tables: what each row's value is, worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

import crmcore as cc
from crmcore.algebra import as_of, bins, coalesce, col, count, day, distinct, each, elapsed, lit, maybe, period, total
from crmcore.calendars import Calendar, Zone, day_of
from crmcore.errors import ColumnNotFound, CurrencyError, DefinitionError, UnitError
from crmcore.evaluate import Moment, Scope, as_key, evaluate, holds
from crmcore.table.values import values_of

ROWS = [
    {
        "id": "a", "outcome": "won", "owner": "Anna", "amount": Decimal("10.50"), "won_amount": Decimal(9),
        "created_at": date(2024, 2, 28), "closed_at": date(2024, 3, 1), "reopened": 0, "probability": Decimal("0.5"),
        "score": 0.5, "vip": True, "note": "x",
    },
    {
        "id": "b", "outcome": "lost", "owner": "Bo", "amount": None, "won_amount": Decimal(3),
        "created_at": date(2024, 2, 28), "closed_at": date(2024, 2, 20), "reopened": 2, "probability": None,
        "score": None, "vip": False, "note": "y",
    },
    {
        "id": "c", "outcome": "open", "owner": None, "amount": Decimal(-4), "won_amount": None,
        "created_at": None, "closed_at": None, "reopened": 1, "probability": Decimal(1), "score": 2.0, "vip": None, "note": None,
    },
]  # fmt: skip
SELLERS = [{"id": "Anna", "team": "north", "hired": date(2020, 1, 1)}, {"id": "Bo", "team": None, "hired": None}]


@pytest.fixture(scope="module")
def scope():
    """Return three deals and two sellers, looked at on 10 March 2024 in Shanghai."""
    data = cc.Dataset(opportunity=ROWS, seller=SELLERS)
    zone = Zone("Asia/Shanghai")
    today = day_of(date(2024, 3, 10))
    return Scope(data.tables, data.tables, zone, Calendar(), Moment(zone.end_of_day(today), today))


@pytest.fixture(scope="module")
def value(scope):
    """Return a function that gives the value of an expression for each row."""

    def of(expr):
        column = evaluate(expr, scope.tables["opportunity"], scope)
        return [plain(v, column) for v in values_of(column)]

    return of


def plain(value, column):
    """Return a stored value as a plain one: money as a fraction, durations in days."""
    if value is None or column.kind in {"key", "text", "day", "flag", "score"}:
        return value
    if column.kind == "duration":
        return Fraction(value.days) + Fraction(value.seconds, 86_400) if hasattr(value, "days") else Fraction(value)
    return Fraction(getattr(value, "amount", value))


@pytest.fixture(scope="module")
def true(scope):
    """Return a function that gives the ids for which a condition holds."""

    def of(condition):
        mask = holds(condition, scope.tables["opportunity"], scope)
        return "".join(r["id"] for r, yes in zip(ROWS, mask.tolist(), strict=True) if yes)

    return of


AMOUNT, OWNER = col("amount"), col("owner")


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        (OWNER == "Anna", "a"),
        (OWNER != "Anna", "bc"),
        (OWNER > "Anna", "b"),
        (OWNER.isin(["Anna", "Bo"]), "ab"),
        (OWNER.isin(["Anna", None]), "ac"),
        (OWNER.isin([]), ""),
        (OWNER.is_null(), "c"),
        (OWNER == None, "c"),  # noqa: E711 - a column expression
        (AMOUNT.not_null(), "ac"),
        (AMOUNT > 10, "a"),
        (AMOUNT >= Decimal("10.50"), "a"),
        (AMOUNT > Decimal("10.50"), ""),
        (AMOUNT < Fraction(21, 2), "c"),
        (AMOUNT <= Fraction(1, 3), "c"),
        (AMOUNT == Decimal("10.5"), "a"),
        (AMOUNT == Fraction(1, 3), ""),
        (~(AMOUNT > 0), "bc"),
        (10 < AMOUNT, "a"),
        (AMOUNT < col("won_amount"), ""),
        (AMOUNT > col("won_amount"), "a"),
        (col("vip") == True, "a"),  # noqa: E712 - a column expression
        (col("vip") == False, "b"),  # noqa: E712 - a column expression
        (col("vip") != True, "bc"),  # noqa: E712 - a column expression
        (col("probability") >= Decimal("0.5"), "ac"),
        (col("score") > 0.5, "c"),
        (col("closed_at") >= date(2024, 3, 1), "a"),
        (col("closed_at") < col("created_at"), "b"),
        (col("closed_at") == datetime(2024, 2, 29, 16, 30, tzinfo=UTC), "a"),
        (elapsed("created_at", "closed_at") >= 2, "a"),
        ((OWNER == "Anna") | (AMOUNT < 0), "ac"),
        ((OWNER == "Anna") & (AMOUNT < 0), ""),
        (col("owner.team") == "north", "a"),
        (col("owner.team").is_null(), "bc"),
        (col("owner.hired") < col("created_at"), "a"),
        (OWNER == lit("Anna"), "a"),
        (OWNER > col("outcome"), ""),
        (OWNER < col("outcome"), "ab"),
        (col("id") < OWNER, ""),
        (col("note") == "x", "a"),
        (col("note") == col("note"), "ab"),
        (col("vip") == (AMOUNT > 0), "ab"),
        (col("reopened") > col("score"), ""),
        (col("probability") < col("reopened"), ""),
        (col("reopened").isin([0, 2]), "ab"),
        (col("closed_at").isin([date(2024, 3, 1), date(2020, 1, 1)]), "a"),
        (col("score").isin([0.5]), "a"),
        (AMOUNT > Decimal(10) ** 30, ""),
        (AMOUNT > -(Decimal(10) ** 30), "ac"),
    ],
)
def test_conditions_are_true_or_false_never_unknown(true, condition, ids) -> None:
    """A comparison with a blank is false, and `!=` and `~` are its plain negation; dates compare as local days (T1)."""
    assert true(condition) == ids
    assert true(~condition) == "".join(i for i in "abc" if i not in ids)


@pytest.mark.parametrize(
    ("expr", "values"),
    [
        (AMOUNT + col("won_amount"), [Fraction(39, 2), None, None]),
        (AMOUNT - col("won_amount"), [Fraction(3, 2), None, None]),
        (AMOUNT * col("reopened"), [0, None, -4]),
        (AMOUNT * col("probability"), [Fraction(21, 4), None, -4]),
        (2 - col("reopened"), [2, 0, 1]),
        (col("reopened") * Decimal("0.1"), [0, Fraction(1, 5), Fraction(1, 10)]),
        ((AMOUNT > 0) * 1 + (OWNER == "Bo") * 1, [1, 1, 0]),
        (coalesce(AMOUNT, col("won_amount")), [Fraction(21, 2), 3, -4]),
        (coalesce(AMOUNT, 0), [Fraction(21, 2), 0, -4]),
        (coalesce(OWNER, "nobody"), ["Anna", "Bo", "nobody"]),
        (coalesce(maybe("nothing"), AMOUNT), [Fraction(21, 2), None, -4]),
        (coalesce(col("score"), 1), [0.5, 1.0, 2.0]),
        (elapsed("created_at", "closed_at"), [2, None, None]),
        (coalesce(elapsed("created_at", "closed_at"), 300), [2, 300, 300]),
        (elapsed("created_at", as_of()), [11, 11, None]),
        (day("closed_at"), [date(2024, 3, 1), date(2024, 2, 20), None]),
        (period("closed_at", "month"), ["2024-03", "2024-02", None]),
        (period("closed_at", "quarter"), ["2024-Q1", "2024-Q1", None]),
        (bins("amount", [0, 10]), [">= 10", None, "< 0"]),
        (bins("amount", [0, 10], ["less", "some", "more"]), ["more", None, "less"]),
        (bins("reopened", [1, 2]), ["< 1", ">= 2", "1 - 2"]),
        (bins("closed_at", [date(2024, 3, 1)], ["winter", "spring"]), ["spring", "winter", None]),
        (col("owner.team"), ["north", None, None]),
        (col("score") * 2, [1.0, None, 4.0]),
    ],
)
def test_values_row_by_row(value, expr, values) -> None:
    """Blank with a blank is blank; 29 February is a day (T2); what runs backwards is blank (T3); classes are half-open."""
    assert value(expr) == values


def test_columns_without_any_value_are_of_the_kind_of_the_first_that_is_there() -> None:
    """Of a column that is not there and one of dates without any value the first is taken: blank dates, and no quarrel."""
    data = cc.Dataset(lead=[{"id": 1, "lost_at": None}, {"id": 2, "lost_at": None}])
    scope = Scope(data.tables, data.tables)
    for expr in (coalesce(maybe("converted_at"), maybe("lost_at")), coalesce(maybe("lost_at"), maybe("converted_at"))):
        column = evaluate(expr, data["lead"], scope)
        assert (column.kind, column.nulls) == (data["lead"]["lost_at"].kind, 2)
    assert evaluate(coalesce(maybe("x"), maybe("y")), data["lead"], scope).nulls == 2


def test_a_probability_beside_a_large_constant(value) -> None:
    """A term is as wide as the widest: 300,000 in the place of a blank probability is not cut to 32 bits."""
    assert value(coalesce(col("probability"), 300_000)) == [Fraction(1, 2), 300_000, 1]


@pytest.mark.parametrize(
    ("expr", "error", "message"),
    [
        (AMOUNT + 1, UnitError, r"money \+ number has no meaning"),
        (AMOUNT + elapsed("created_at", "closed_at"), UnitError, r"money \+ time has no meaning"),
        (AMOUNT * AMOUNT, UnitError, r"money x money has no meaning in a column"),
        (OWNER * 2, UnitError, r"cannot calculate with a key column"),
        (coalesce(AMOUNT, "none"), UnitError, r"need one kind of value"),
        (coalesce(AMOUNT, col("reopened")), UnitError, r"need one kind of value"),
        (elapsed("amount", "closed_at"), DefinitionError, r"money column is no date"),
        (day("owner"), DefinitionError, r"key is no date"),
        (period("amount", "month"), DefinitionError, r"money is no date"),
        (bins("owner", [1]), DefinitionError, r"cuts numbers and dates, not a key column"),
        (each("owner", count()), DefinitionError, r"is a roll-up"),
        (col("amont"), ColumnNotFound, r"did you mean 'amount'"),
        (col("owner.tem"), ColumnNotFound, r"did you mean 'team'"),
    ],
)
def test_what_has_no_meaning_says_so(value, expr, error, message) -> None:
    """Each error shows the expression, and what kind of column stood where another belongs."""
    with pytest.raises(error, match=message):
        value(expr)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (AMOUNT == 0.5, r"0\.5 is a float; compare exact numbers"),
        (AMOUNT == "10", r"money column compares with a number, not '10'"),
        (OWNER == 5, r"holds str values such as 'Anna', not 5"),
        (col("vip") == 1, r"a flag compares with True or False, not 1"),
        (col("closed_at") > 5, r"a date compares with a date or an aware datetime, not 5"),
        (AMOUNT > elapsed("created_at", "closed_at"), r"money and duration"),
        (OWNER > AMOUNT, r"a key and a money column do not compare"),
        (OWNER == col("closed_at"), r"a key and a day column do not compare"),
        (AMOUNT > col("closed_at"), r"a money and a day column do not compare"),
        (AMOUNT == True, r"compares with a number, not True"),  # noqa: E712 - a column expression
        (AMOUNT, r"is a value \(money\), not a condition"),
    ],
)
def test_comparisons_of_unlike_things_say_so(true, condition, message) -> None:
    """A float with exact numbers, text with numbers, a flag with 1: each is an error, not an empty answer."""
    with pytest.raises(DefinitionError, match=message):
        true(condition)


@pytest.mark.parametrize(
    ("key", "labels"),
    [
        (OWNER, ["Anna", "Bo", None]),
        (col("vip"), [True, False, None]),
        (col("closed_at"), ["2024-03-01", "2024-02-20", None]),
        (col("reopened"), [0, 2, 1]),
        (AMOUNT, [10.5, None, -4]),
        (AMOUNT > 0, [True, False, False]),
        (elapsed("created_at", "closed_at"), [2, None, None]),
    ],
)
def test_what_rows_can_be_grouped_by(scope, key, labels) -> None:
    """Flags, dates, numbers and conditions become labels; blank is one of its own."""
    column = as_key(evaluate(key, scope.tables["opportunity"], scope), scope.tables["opportunity"], key.key)

    assert [column.labels[code] for code in column.data.tolist()] == labels


def test_floats_make_no_groups(scope) -> None:
    """Inexact numbers would make accidental groups: the error says to cut them into classes."""
    table = scope.tables["opportunity"]

    with pytest.raises(DefinitionError, match=r"inexact numbers; cut it into classes with bins\(\)"):
        as_key(evaluate(col("score"), table, scope), table, "score")
    assert values_of(evaluate(bins("score", [Fraction(1)]), table, scope)) == ["< 1", None, ">= 1"]


# -- time ----------------------------------------------------------------------------------------------


def instants():
    """Return two deals whose instants straddle midnight in Shanghai, eight hours ahead of UTC."""
    return cc.Dataset(
        opportunity=[
            {
                "id": "x",
                "created_at": datetime(2024, 2, 28, 15, 59, 59, 999_999, tzinfo=UTC),
                "closed_at": datetime(2024, 2, 28, 16, 0, tzinfo=UTC),
                "expected_close": date(2024, 3, 1),
            }
        ]
    )


@pytest.mark.parametrize(
    ("expr", "shanghai", "utc"),
    [
        (elapsed("created_at", "closed_at"), Fraction(1, 86_400_000_000), Fraction(1, 86_400_000_000)),
        (elapsed("created_at", "expected_close"), 2, 2),
        (elapsed("closed_at", "expected_close"), 1, 2),
        (elapsed(day("created_at"), day("closed_at")), 1, 0),
    ],
)
def test_instants_are_exact_and_dates_are_calendar_days(expr, shanghai, utc) -> None:
    """T1, T2: between instants microseconds, with a date on either side local calendar days: a microsecond is a day apart."""
    metric = cc.Metric("m", total(expr), unit="days")

    for zone, expected in (("Asia/Shanghai", shanghai), ("UTC", utc)):
        assert cc.Workspace(timezone=zone).measure(metric, instants()).total == {"m": float(expected)}


def test_days_are_local_to_the_workspace() -> None:
    """T1: the same instant is the 28th in UTC and the 29th in Shanghai."""
    metric = cc.Metric("m", distinct(day("closed_at")), unit="count")
    by_day = {
        zone: cc.Workspace(timezone=zone).measure(metric, instants(), by=day("closed_at")).rows()[0]
        for zone in ("UTC", "Asia/Shanghai")
    }

    assert [next(iter(row.values())) for row in by_day.values()] == ["2024-02-28", "2024-02-29"]


@pytest.mark.parametrize(
    ("instant", "zone", "label"),
    [
        (datetime(2024, 3, 10, 4, 59, tzinfo=UTC), "America/New_York", "2024-03-09"),
        (datetime(2024, 3, 10, 5, 0, tzinfo=UTC), "America/New_York", "2024-03-10"),
        # from that day on the clock is an hour ahead: midnight is at four
        (datetime(2024, 3, 11, 3, 59, tzinfo=UTC), "America/New_York", "2024-03-10"),
        (datetime(2024, 3, 11, 4, 0, tzinfo=UTC), "America/New_York", "2024-03-11"),
        (datetime(2024, 11, 4, 4, 59, tzinfo=UTC), "America/New_York", "2024-11-03"),
        (datetime(2024, 7, 1, 18, 30, tzinfo=UTC), "Asia/Kolkata", "2024-07-02"),
        (datetime(2024, 7, 1, 18, 29, tzinfo=UTC), "Asia/Kolkata", "2024-07-01"),
    ],
)
def test_local_days_follow_the_clock(instant, zone, label) -> None:
    """T1: among instants of all seasons, each falls on the day that a clock on the wall shows."""
    others = [datetime(2024, m, 15, 12, tzinfo=UTC) for m in (1, 6, 12)]
    data = cc.Dataset(opportunity=[{"id": str(i), "closed_at": t} for i, t in enumerate([instant, *others])])
    metric = cc.Metric("n", count(), unit="count")

    rows = cc.Workspace(timezone=zone).measure(metric, data, by=day("closed_at")).rows()
    assert {next(iter(r.values())) for r in rows} == {label, "2024-01-15", "2024-06-15", "2024-12-15"}


# -- currencies ----------------------------------------------------------------------------------------


def test_coalesce_takes_the_currency_of_what_it_takes() -> None:
    """M2: an amount in euros and, where there is none, one in dollars: these are two currencies, and are not added."""
    deals = [
        {"amount": None, "amount_currency": "EUR", "won_amount": 5, "won_amount_currency": "USD"},
        {"amount": 3, "amount_currency": "EUR", "won_amount": None, "won_amount_currency": "EUR"},
    ]
    both = cc.Metric("m", total(coalesce(AMOUNT, col("won_amount"))), unit="money")

    with pytest.raises(CurrencyError, match=r"EUR.*USD|USD.*EUR"):
        cc.measure(both, cc.Dataset(opportunity=deals))
    assert cc.measure(both, cc.Dataset(opportunity=deals), where=AMOUNT.not_null()).total == {"m": 3.0}


def test_a_bare_number_beside_amounts_is_an_amount() -> None:
    """`coalesce(amount, 0)` is money, in the currency of the others."""
    deals = [{"amount": None, "amount_currency": None}, {"amount": 3, "amount_currency": "EUR"}]
    metric = cc.Metric("m", cc.mean(coalesce(AMOUNT, 1)), unit="money")

    assert cc.measure(metric, cc.Dataset(opportunity=deals)).total == {"m": 2.0}


@pytest.mark.parametrize("op", [cc.total, cc.smallest, cc.largest, cc.median])
def test_dates_hold_no_numbers(op) -> None:
    """The smallest date is no number, nor is the median of words: an error, not a count of days since 1970."""
    data = cc.Dataset(opportunity=ROWS)

    for name in ("closed_at", "owner"):
        with pytest.raises(UnitError, match=r"column"):
            cc.measure(cc.Metric("m", op(name), unit="number"), data)
    assert cc.measure(cc.Metric("m", distinct("closed_at"), unit="count"), data).total == {"m": 2}


def test_a_reference_to_a_table_that_is_not_there_says_which() -> None:
    """The owner is a seller's id also where there is no table of sellers."""
    data = cc.Dataset(opportunity=[{"id": "a", "owner": "Anna", "amount": 1}])

    with pytest.raises(ColumnNotFound, match="'owner' refers to table 'seller', which the dataset does not have"):
        cc.measure("open_value", data, by="owner.team")
