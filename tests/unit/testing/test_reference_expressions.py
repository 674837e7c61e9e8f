"""The reference on column expressions: two-valued logic, elapsed time, classes, and what does not compare."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import sqrt

import pytest

from crmcore.algebra import (
    as_of,
    bins,
    coalesce,
    col,
    count,
    day,
    distinct,
    each,
    elapsed,
    lit,
    mean,
    period,
    smallest,
    square_root,
    squares,
    total,
)
from crmcore.domain import Money
from crmcore.errors import DataError, DefinitionError
from crmcore.metric import Metric
from crmcore.testing import measure

ROWS = [
    {
        "id": 1,
        "kind": "call",
        "at": datetime(2026, 1, 31, 23, 30, tzinfo=UTC),
        "due": date(2026, 2, 1),
        "quantity": 3,
        "subject": "价格",
        "done": None,
        "duration": timedelta(hours=36),
        "hot": True,
    },
    {
        "id": 2,
        "kind": None,
        "at": datetime(2026, 1, 2, 8, tzinfo=UTC),
        "due": None,
        "quantity": None,
        "subject": None,
        "done": datetime(2026, 1, 1, 8, tzinfo=UTC),
        "duration": None,
        "hot": None,
    },
    {
        "id": 3,
        "kind": "visit",
        "at": datetime(2026, 1, 4, tzinfo=UTC),
        "due": date(2026, 1, 4),
        "quantity": 10,
        "subject": "demo",
        "done": datetime(2026, 1, 5, 12, tzinfo=UTC),
        "duration": timedelta(hours=12),
        "hot": False,
    },
]
NOW = datetime(2026, 2, 2, tzinfo=UTC)


def number(formula, unit="number", **query):
    """Return a formula over the three activities."""
    metric = Metric("x", formula, unit=unit, anchor="stock", table="activity")
    return measure(metric, {"activity": ROWS}, as_of=NOW, **query).total["x"]


def ids(condition, **query):
    """Return the ids of the activities for which a condition is true: each is a digit of the sum."""
    value = number(total(col("id_value"), where=condition), **query)
    return {int(d) for d in str(int(value)) if d != "0"}


@pytest.fixture(autouse=True)
def _with_value(monkeypatch) -> None:
    """Give each activity a number that shows in a sum which ones are in it."""
    for row, value in zip(ROWS, (1, 20, 300), strict=True):
        monkeypatch.setitem(row, "id_value", value)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (col("kind") == "call", {1}),
        (col("kind") != "call", {2, 3}),  # the plain negation: a blank is not a call
        (~(col("kind") == "call"), {2, 3}),
        (col("kind") < "d", {1}),
        (col("kind").is_null(), {2}),
        (col("kind") == None, {2}),  # noqa: E711 - builds a condition
        (col("kind").not_null(), {1, 3}),
        (col("kind").isin(["call", None]), {1, 2}),
        (col("kind").isin([]), set()),
        (col("subject") == "价格", {1}),
        (col("quantity") > 3, {3}),
        (col("quantity") >= 3, {1, 3}),
        (col("quantity") < Decimal("3.5"), {1}),
        (col("quantity") <= Fraction(10), {1, 3}),
        (lit(3) < col("quantity"), {3}),
        (col("quantity").isin([3, Decimal("10.0")]), {1, 3}),
        (col("hot") == True, {1}),  # noqa: E712
        (col("hot") == False, {3}),  # noqa: E712
        (col("hot"), {1}),
        (~col("hot"), {2, 3}),
        (col("due") == date(2026, 1, 4), {3}),
        (col("at") == date(2026, 1, 4), {3}),  # an instant and a date compare local days
        (col("at") <= datetime(2026, 1, 4, tzinfo=UTC), {2, 3}),
        (col("at") < datetime(2026, 1, 4, tzinfo=UTC), {2}),
        (col("due") < datetime(2026, 1, 31, 12, tzinfo=UTC), {3}),
        (col("at") < col("due"), {1}),
        (col("done") > col("at"), {3}),
        ((col("kind") == "call") | (col("quantity") == 10), {1, 3}),
        ((col("kind") != "call") & col("quantity").not_null(), {3}),
        (col("duration") < 1, {3}),  # a bare number beside a duration is days
        (col("duration").isin([Decimal("1.5")]), {1}),
        (elapsed("at", "done") == Decimal("1.5"), {3}),
        (elapsed("at", "done").is_null(), {1, 2}),
        (elapsed("at", as_of()) > 28, {2, 3}),
    ],
    ids=repr,
)
def test_conditions(condition, expected) -> None:
    """A condition is true or false for each row, a comparison with a blank is false, negation is plain."""
    assert ids(condition) == expected


def test_local_day_decides() -> None:
    """T1: 31 January 23:30 UTC is 1 February in Shanghai, the day it is due."""
    assert ids(col("at") == col("due")) == {3}
    assert ids(col("at") == col("due"), timezone="Asia/Shanghai") == {1, 3}
    assert ids(day("at") == date(2026, 2, 1), timezone="Asia/Shanghai") == {1}
    assert ids(period("at", "month") == "2026-02", timezone="Asia/Shanghai") == {1}


def test_elapsed_time_is_exact_between_instants() -> None:
    """T2: from 4 January 00:00 to 5 January 12:00 it is 1.5 days, 36 hours; the unit is that of the metric."""
    assert number(mean(elapsed("at", "done")), "days") == 1.5
    assert number(total(elapsed("at", "done")), "hours") == 36.0
    assert number(total(elapsed("at", "done")), "minutes") == 2160.0


def test_elapsed_time_is_calendar_days_when_a_side_is_a_date() -> None:
    """T2: from 31 January 23:30 to the date 1 February it is one day in UTC and none in Shanghai."""
    assert number(total(elapsed("at", "due"), where=col("kind") == "call"), "days") == 1.0
    assert number(total(elapsed("at", "due"), where=col("kind") == "call"), "days", timezone="Asia/Shanghai") == 0.0
    assert number(total(elapsed(date(2026, 1, 1), "due"), where=col("kind") == "visit"), "days") == 3.0


def test_negative_time_is_left_out_and_counted() -> None:
    """T3: activity 2 was done a day before it began: the mean of the others is 1.5 days, over one row."""
    answer = measure(
        Metric("x", mean(elapsed("at", "done")), unit="days", anchor="stock", table="activity"),
        {"activity": ROWS},
        as_of=NOW,
    )

    assert answer.details[0]["x"]["n"] == 1
    assert answer.excluded == {"negative duration": 1}


def test_the_least_negative_time_is_left_out() -> None:
    """T3: a microsecond backwards is backwards."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"id": 1, "at": moment, "done": moment - timedelta(microseconds=1)},
        {"id": 2, "at": moment, "done": moment},
    ]
    cycles = Metric("x", count(elapsed("at", "done")), unit="count", anchor="stock", table="activity")

    assert measure(cycles, {"activity": rows}).total == {"x": 1.0}


def test_elapsed_of_nothing_is_zero_and_stays() -> None:
    """E16: a cycle of zero length is a cycle."""
    assert number(smallest(elapsed("at", "at")), "days") == 0.0


def test_durations_are_read_in_the_unit() -> None:
    """Units: 36 + 12 hours are 2 days; the root of the sum of their squares is that of 2.25 + 0.25."""
    assert number(total("duration"), "hours") == 48.0
    assert number(total("duration"), "days") == 2.0
    assert number(square_root(squares("duration")), "days") == sqrt(2.5)
    assert number(total(col("duration") + elapsed("at", "done")), "hours") == 48.0


def test_flags_are_zero_or_one_in_sums() -> None:
    """A flag counts 1 where it is true, 0 where it is not, and nothing where it is blank; so does a condition."""
    assert number(total("hot")) == 1.0
    assert number(mean("hot")) == 0.5
    assert number(total(col("quantity") > 3)) == 1.0
    assert number(total(col("hot") * col("quantity"))) == 3.0


def test_arithmetic_with_a_blank_is_blank() -> None:
    """Quantities 3, blank, 10: each plus one is 4 and 11; nothing comes of the blank one."""
    assert number(total(col("quantity") + 1)) == 15.0
    assert number(total(2 - col("quantity"))) == -9.0
    assert number(total(3 * col("quantity") - col("id_value"))) == -262.0


def test_coalesce_takes_the_first_that_is_there() -> None:
    """Blank quantities as zero: (3 + 0 + 10) / 3; a bare number beside a duration is days; constants stand for keys."""
    assert number(mean(coalesce(col("quantity"), 0))) == 13 / 3
    assert number(total(coalesce(col("duration"), 2)), "days") == 4.0
    assert number(distinct(coalesce(col("kind"), "none"))) == 3.0
    assert number(count(coalesce(col("kind"), col("subject")))) == 2.0


def test_classes_are_half_open() -> None:
    """An edge belongs to the class it opens: 3 is in 3 - 10, 10 in >= 10; dates are cut alike; blank has none."""
    answer = measure(
        Metric("n", count(), anchor="stock", table="activity"),
        {"activity": ROWS},
        as_of=NOW,
        by=[bins("quantity", [3, 10])],
    )
    assert [list(r.values())[0::2] for r in answer.rows] == [["3 - 10", 1.0], [">= 10", 1.0], [None, 1.0]]
    assert ids(bins("due", [date(2026, 1, 5)], ["early", "late"]) == "late") == {1}
    assert ids(bins("duration", [1], ["short", "long"]) == "short") == {3}


def test_labels_of_groups_are_plain() -> None:
    """Dates, instants, numbers and flags make groups, shown in ISO form or as plain numbers, durations in days."""
    answer = measure(
        Metric("n", count(), anchor="stock", table="activity"),
        {"activity": ROWS},
        as_of=NOW,
        by=["due", "done", "quantity", "hot", col("duration")],
    )

    assert [tuple(r.values())[:5] for r in answer.rows] == [
        ("2026-01-04", "2026-01-05T12:00:00+00:00", 10, False, 0.5),
        ("2026-02-01", None, 3, True, 1.5),
        (None, "2026-01-01T08:00:00+00:00", None, None, None),
    ]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (col("kind") == 3, "do not compare"),
        (col("quantity") == "3", "do not compare"),
        (col("hot") == 1, "do not compare"),
        (col("at") > 5, "do not compare"),
        (col("quantity"), "not a condition"),
        (period("quantity", "month") == "2026-01", "is no date"),
        (each("kind", count()) > 1, "is a roll-up"),
    ],
    ids=repr,
)
def test_what_does_not_compare_is_an_error(condition, message) -> None:
    """Text and numbers, flags and numbers, dates and numbers do not compare; a value is no condition."""
    with pytest.raises(DefinitionError, match=message):
        measure(Metric("n", count(), anchor="stock", table="activity"), {"activity": ROWS}, as_of=NOW, where=condition)


def test_text_is_no_number() -> None:
    """A sum of text is an error."""
    with pytest.raises(DefinitionError, match="'call' is no number"):
        number(total("kind"))


def test_naive_timestamps_and_floats_are_refused() -> None:
    """T1, Q3: a timestamp needs a zone, and money is no float."""
    deals = Metric("n", count(), anchor="stock")

    with pytest.raises(DataError, match="no time zone"):
        measure(deals, {"opportunity": [{"id": 1, "created_at": datetime(2026, 1, 1)}]})
    with pytest.raises(DataError, match=r"0\.1 is a float"):
        measure(deals, {"opportunity": [{"id": 1, "amount": 0.1}]})
    with pytest.raises(DataError, match="is no value"):
        measure(deals, {"opportunity": [{"id": 1, "custom": object()}]})


def test_scores_compare_and_calculate_as_floats() -> None:
    """Q3: a score times an exact number is a float; one that is not a number is blank."""
    rows = [{"id": 1, "score": 0.5, "amount": Decimal(3)}, {"id": 2, "score": float("nan"), "amount": Decimal(5)}]
    weighed = Metric("x", total(col("score") * col("amount")), unit="money", anchor="stock")
    above = Metric("y", count(col("score") >= Decimal("0.5")), anchor="stock")

    assert measure([weighed, above], {"opportunity": rows}).total == {"x": 1.5, "y": 1.0}


def test_column_that_may_be_missing() -> None:
    """Where no record has a first answer, the second stands for it; where one has, it counts."""
    from crmcore.algebra import maybe

    score = Metric("x", total(coalesce(maybe("grade"), col("score"))), unit="number", anchor="stock", table="response")
    rows = [{"id": 1, "score": 3}, {"id": 2, "score": 4}]

    assert measure(score, {"response": rows}).total == {"x": 7.0}
    assert measure(score, {"response": [{**rows[0], "grade": 10}, rows[1]]}).total == {"x": 14.0}


def test_columns_that_no_record_knows_are_told_by_their_values() -> None:
    """Custom columns hold flags, words, money, dates, instants, floats, durations and numbers by what is in them."""
    custom = {
        "vip": True, "grade": "a", "fee": Money("2.50", "EUR"), "extra": Decimal(3), "extra_currency": "EUR",
        "due_on": date(2026, 1, 5), "seen_at": datetime(2026, 1, 4, tzinfo=UTC), "ratio": 0.5,
        "took": timedelta(hours=6), "pieces": 4,
    }  # fmt: skip
    rows = [dict.fromkeys(custom), {"pieces": None, "ratio": 1}, {"id": 1, **custom}]

    def summed(expr, unit="number"):
        metric = Metric("x", total(expr), unit=unit, anchor="stock", table="custom")
        return measure(metric, {"custom": rows}).total["x"]

    assert summed("vip") == 1.0
    assert summed(col("grade") == "a") == 1.0
    assert summed(col("fee") + col("extra"), "money") == 5.5
    assert summed(elapsed("seen_at", "due_on"), "days") == 1.0
    assert summed("ratio") == 1.5
    assert summed("took", "hours") == 6.0
    assert summed(col("pieces") * 2) == 8.0
    with pytest.raises(DefinitionError, match="is no date"):
        measure(Metric("x", count(), anchor="grade", table="custom"), {"custom": rows}, per="month", as_of=NOW)


def test_target_without_an_end_in_decimals_is_refused() -> None:
    """M8: a third cannot be shared out over days in whole units."""
    rows = [{"quantity": Fraction(1, 3), "start": date(2026, 1, 1), "end": date(2026, 3, 1)}]

    with pytest.raises(DataError, match="no end in decimals"):
        measure(Metric("x", total("quantity"), anchor="start", table="target"), {"target": rows}, per="month")
