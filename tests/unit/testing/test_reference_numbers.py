"""The reference on tables small enough to work out by hand: counts, ratios, means, quantiles, and what is undefined."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import sqrt

import pytest

from crmcore.algebra import (
    col,
    count,
    distinct,
    elapsed,
    greatest,
    largest,
    least,
    mean,
    median,
    number,
    positive,
    quantile,
    smallest,
    square_root,
    squares,
    total,
    weighted_mean,
    weighted_total,
)
from crmcore.algebra.formulas import Classify
from crmcore.errors import ColumnNotFound, UnitError
from crmcore.metric import Metric
from crmcore.testing import measure

WON, LOST = col("outcome") == "won", col("outcome") == "lost"
WIN_RATE = Metric("win_rate", count(WON) / count(WON | LOST), unit="ratio", anchor="closed_at")


def deals(*rows):
    """Return opportunities from (owner, outcome, amount); all closed on 1 March unless open."""
    return {
        "opportunity": [
            {
                "id": f"d{i}",
                "owner": owner,
                "outcome": outcome,
                "amount": None if amount is None else Decimal(amount),
                "created_at": date(2026, 1, 1),
                "closed_at": None if outcome == "open" else date(2026, 3, 1),
            }
            for i, (owner, outcome, amount) in enumerate(rows)
        ]
    }


def of(formula, records, **query):
    """Return the one value of a formula over all rows."""
    unit = query.pop("unit", "number")
    answer = measure(Metric("x", formula, unit=unit, anchor=query.pop("anchor", "closed_at")), records, **query)
    assert len(answer.rows) == 1
    assert answer.rows[0]["x"] == answer.total["x"]
    return answer.rows[0]["x"]


def reason(formula, records, **query):
    """Return why the one value of a formula is undefined."""
    answer = measure(Metric("x", formula, anchor="closed_at"), records, **query)
    assert answer.rows[0]["x"] is None
    return answer.details[0]["x"]["reason"]


SIX = deals(
    ("Ann", "won", 100),
    ("Ann", "won", 300),
    ("Ann", "lost", 50),
    ("Bob", "lost", 70),
    ("Bob", "open", 900),
    ("Bob", "abandoned", 10),
)


def test_open_and_abandoned_deals_are_in_no_denominator() -> None:
    """R5: of two won, two lost, one open and one abandoned deal, the win rate is 2 / 4, and says so."""
    answer = measure(WIN_RATE, SIX)

    assert answer.rows == [{"period": None, "win_rate": 0.5}]
    assert answer.details == [{"win_rate": {"n": 4, "numerator": 2, "denominator": 4, "reason": None}}]


def test_total_is_the_ratio_of_sums() -> None:
    """R1: Ann wins 2 of 3 and Bob 0 of 1; together 2 of 4, which is not the mean of 2/3 and 0 (1/3)."""
    answer = measure(WIN_RATE, SIX, by="owner")

    assert answer.rows == [
        {"owner": "Ann", "period": None, "win_rate": 2 / 3},
        {"owner": "Bob", "period": None, "win_rate": 0.0},
    ]
    assert answer.total == {"win_rate": 0.5}


def test_mean_leaves_blanks_out() -> None:
    """M3: the mean of 100, 300 and no amount is 400 / 2 = 200; the blank one is counted as unpriced."""
    answer = measure(
        Metric("deal", mean("amount"), unit="money", anchor="closed_at"),
        deals(("Ann", "won", 100), ("Ann", "won", 300), ("Bob", "won", None)),
    )

    assert answer.total == {"deal": 200.0}
    assert answer.details[0]["deal"] == {"n": 2, "numerator": 400, "denominator": 2, "reason": None}
    assert answer.excluded == {"unpriced": 1}


def test_quantiles_interpolate_exactly() -> None:
    """Q1: of 10, 20, 40, 80, 90 the median is 40; 9/10 lies at place 3.6: 80 + 0.6 x 10 = 86; 1/3 at 4/3: 20 + 20/3."""
    five = deals(*(("Ann", "won", a) for a in (90, 10, 80, 20, 40)))

    assert of(median("amount"), five, unit="money") == 40.0
    assert of(quantile("amount", "0.9"), five, unit="money") == 86.0
    assert of(quantile("amount", Fraction(1, 3)), five, unit="money") == float(Fraction(80, 3))
    assert of(quantile("amount", 0), five, unit="money") == 10.0
    assert of(quantile("amount", 1), five, unit="money") == 90.0


def test_median_of_an_even_number_is_the_mean_of_the_two_in_the_middle() -> None:
    """Q1: the median of 10, 20, 40, 90 is 30."""
    assert of(median("amount"), deals(*(("Ann", "won", a) for a in (90, 10, 20, 40))), unit="money") == 30.0


@pytest.mark.parametrize(
    ("q", "expected"), [("0", 10), ("0.25", 10), ("0.26", 20), ("0.5", 20), ("0.51", 40), ("1", 80)]
)
def test_discrete_quantile_is_a_value_of_the_data(q, expected) -> None:
    """Q1: of 10, 20, 40, 80 the discrete quantile is the first value at which a share q of the rows is reached."""
    four = deals(*(("Ann", "won", a) for a in (80, 20, 10, 40)))

    assert of(quantile("amount", q, method="discrete"), four, unit="money") == expected


def test_distinct_ignores_blank() -> None:
    """Q2: the owners Ann, Bob, Ann and nobody are two."""
    four = deals(("Ann", "won", 1), ("Bob", "won", 1), ("Ann", "won", 1), (None, "won", 1))

    assert of(distinct("owner"), four) == 2.0


def test_counts_over_no_row_are_zero_and_the_rest_is_undefined() -> None:
    """R2: over no row count, sum and distinct are 0; mean, quantile, smallest, largest and ratio are undefined."""
    empty = {"opportunity": []}

    for formula in (count(), total("reopened"), squares("reopened"), distinct("owner")):
        assert of(formula, empty) == 0.0
    for formula in (mean("reopened"), median("reopened"), smallest("reopened"), largest("reopened")):
        assert reason(formula, empty) == "nothing to measure"
    assert reason(count(WON) / count(), empty) == "denominator is zero"
    assert reason(total("amount") / total("amount"), empty) == "denominator is zero"
    assert measure(WIN_RATE, {}).rows == [{"period": None, "win_rate": None}]


def test_change_against_zero_is_undefined() -> None:
    """R2: one deal won now and none a year ago: the change has no base, and is not 100 %."""
    one = deals(("Ann", "won", 5))

    assert reason(count(WON).change("year"), one) == "denominator is zero"


def test_undefined_propagates_with_the_leftmost_reason() -> None:
    """R2: an undefined operand makes the formula undefined, for the reason that stands leftmost."""
    empty = {"opportunity": []}
    nothing, zero = mean("reopened"), count(WON) / count()

    assert reason(nothing + zero, empty) == "nothing to measure"
    assert reason(zero + nothing, empty) == "denominator is zero"
    assert reason(count() + nothing, empty) == "nothing to measure"
    assert reason(nothing / count(), empty) == "nothing to measure"
    assert reason(-(1 - nothing), empty) == "nothing to measure"


def test_positive_has_a_reason_of_its_own() -> None:
    """A guard passes what is above zero, and leaves zero undefined for the reason it was given."""
    missing = positive(2 - count(WON), "target met")

    assert of(missing, deals(("Ann", "won", 1))) == 1.0
    assert reason(missing, deals(("Ann", "won", 1), ("Ann", "won", 1))) == "target met"
    assert reason(count() / missing, deals(*[("Ann", "won", 1)] * 3)) == "target met"


def test_arithmetic_of_formulas() -> None:
    """Of won 3 and lost 1: 3 - 1 = 2, 3 x 1 = 3, min 1, max 3, -3, |1 - 3| = 2, sqrt(1 + 3) = 2."""
    four = deals(("A", "won", 1), ("A", "won", 1), ("A", "won", 1), ("B", "lost", 1))
    won, lost = count(WON), count(LOST)

    assert of(won - lost, four) == 2.0
    assert of(won * lost, four) == 3.0
    assert of(least(won, lost), four) == 1.0
    assert of(greatest(won, lost), four) == 3.0
    assert of(-won, four) == -3.0
    assert of(abs(lost - won), four) == 2.0
    assert of(square_root(won + lost), four) == 2.0
    assert of(number(Decimal("0.5")) * won, four) == 1.5
    assert reason(square_root(lost - won), four) == "negative"


def test_formula_of_exact_numbers_is_rounded_once() -> None:
    """Q4: 1/10 + 2/10 of exact numbers is 3/10, which floats added one by one miss; a ratio is a float."""
    one = deals(("A", "won", 1))

    assert of(count() * number(Decimal("0.1")) + number(Decimal("0.2")), one) == 0.3
    assert of(count() / 10 + count() / 5, one) == 0.1 + 0.2 == 0.30000000000000004


def test_quotient_is_rounded_once_beyond_2_53() -> None:
    """Q4: (2^53 + 1) / 3 is 3002399751580331; rounded to a float before it is divided it would be ...330.5."""
    big = deals(("A", "won", 2**53), ("A", "won", 1), ("A", "lost", 3))

    assert of(total("amount", where=WON) / total("amount", where=LOST), big) == 3002399751580331.0
    assert float(2**53 + 1) / 3 == 3002399751580330.5


def test_sums_beyond_2_63_stay_exact() -> None:
    """Q3: 10^15 + 0.0001 ten times over is 10^16 + 0.001 exactly; minus 10^16 leaves 0.001."""
    ten = deals(*(("A", "won", "1000000000000000.0001") for _ in range(10)))

    ten["opportunity"] += deals(("B", "won", 10**16))["opportunity"]
    ours, theirs = ({"where": col("owner") == owner} for owner in "AB")

    assert of(total("amount", **ours) - total("amount", **theirs), ten, unit="money") == 0.001
    one = Fraction("1000000000000000.0001")
    assert of(square_root(squares("amount", **ours)), ten, unit="money") == sqrt(10 * one**2)


def test_scores_are_floats() -> None:
    """Q3: a score is a float: 0.1 + 0.2 + 0.3 summed without error growth is 0.6; its median is a float of the data."""
    records = {"lead": [{"id": i, "created_at": date(2026, 1, 1), "score": s} for i, s in enumerate((0.1, 0.2, 0.3))]}
    score = Metric("score", total("score"), unit="score", anchor="created_at", table="lead")
    middle = Metric("middle", median("score"), unit="score", anchor="created_at", table="lead")

    assert measure([score, middle], records).total == {"score": 0.6, "middle": 0.2}
    assert 0.1 + 0.2 + 0.3 != 0.6


def test_formula_of_a_float_is_a_float() -> None:
    """Q4: the smallest score is the float 0.1; plus the exact 0.2 it is what floats make of it."""
    records = {"lead": [{"id": 1, "created_at": date(2026, 1, 1), "score": 0.1}]}
    sums = Metric("x", median("score") + number(Decimal("0.2")), unit="score", anchor="created_at", table="lead")

    assert measure(sums, records).total == {"x": 0.1 + 0.2}


def test_weights() -> None:
    """M4: 100 at 99 % and 200 at 0 % weigh 99, not 300 x 49.5 %; the weighted mean is 99 / 0.99 = 100 (E34)."""
    two = {
        "opportunity": [
            {"id": 1, "amount": Decimal(100), "probability": Decimal("0.99")},
            {"id": 2, "amount": Decimal(200), "probability": Decimal(0)},
            {"id": 3, "amount": Decimal(500), "probability": None},
        ]
    }

    assert of(weighted_total("amount", "probability"), two, unit="money", anchor="stock") == 99.0
    assert of(weighted_mean("amount", "probability"), two, unit="money", anchor="stock") == 100.0


def test_classes_are_half_open() -> None:
    """A class holds its lower edge: 0.8 of 0.8 is on track."""
    pace = Classify(count(WON) / count(), (Fraction(1, 2), Fraction(1)), ("behind", "on track", "done"))

    assert of(pace, deals(("A", "won", 1), ("A", "lost", 1)), unit="label") == "on track"
    assert of(pace, deals(("A", "won", 1)), unit="label") == "done"
    assert of(pace, deals(("A", "lost", 1)), unit="label") == "behind"
    assert reason(pace, {"opportunity": []}) == "denominator is zero"


def test_label_is_no_number() -> None:
    """A label cannot be calculated with."""
    pace = Classify(count(), (Fraction(1),), ("none", "some"))

    with pytest.raises(UnitError, match="labels, which cannot be calculated with"):
        of(pace + 1, deals(("A", "won", 1)))


def test_groups_sort_numbers_then_text_and_blank_last() -> None:
    """Blank is a group of its own, and the last one; numbers come before text."""
    mixed = {"opportunity": [{"id": i, "size": s} for i, s in enumerate(("b", None, 10, "a", 9))]}
    answer = measure(Metric("n", count(), anchor="stock"), mixed, by="size")

    assert [r["size"] for r in answer.rows] == [9, 10, "a", "b", None]


def test_groups_by_expression_bear_its_text() -> None:
    """An expression makes groups too: two deals under 100 and one above, by their class."""
    from crmcore.algebra import bins

    answer = measure(
        Metric("n", count(), anchor="stock"),
        deals(("A", "won", 1), ("A", "won", 99), ("A", "won", 100)),
        by=bins("amount", [100]),
    )

    assert answer.rows == [
        {"class of amount cut at 100": "< 100", "period": None, "n": 2.0},
        {"class of amount cut at 100": ">= 100", "period": None, "n": 1.0},
    ]


def test_where_applies_to_every_aggregate() -> None:
    """A condition of the question narrows numerator and denominator: Ann alone wins 2 of 3, and her share is all."""
    metrics = [WIN_RATE, Metric("part", count(WON).share(), unit="ratio", anchor="closed_at")]
    answer = measure(metrics, SIX, where=col("owner") == "Ann", by="owner")

    assert answer.rows == [{"owner": "Ann", "period": None, "win_rate": 2 / 3, "part": 1.0}]


def test_share_is_of_all_groups() -> None:
    """Ann won 400 of 500, Bob 100, and the shares are computed from the rows; a share of nothing is undefined."""
    three = deals(("Ann", "won", 100), ("Ann", "won", 300), ("Bob", "won", 100))
    part = Metric("part", total("amount").share(), unit="ratio", anchor="closed_at")
    answer = measure(part, three, by="owner")

    assert [r["part"] for r in answer.rows] == [0.8, 0.2]
    assert answer.total == {"part": 1.0}
    assert reason(total("amount").share(), {"opportunity": []}) == "denominator is zero"


def test_references_lead_to_columns_of_other_tables() -> None:
    """`owner.team` is the team of the seller a deal names; an unknown seller and nobody make the blank group."""
    records = {
        "opportunity": [{"id": i, "owner": o} for i, o in enumerate(("s1", "s2", "s1", "s9", None))],
        "seller": [{"id": "s1", "team": "华东"}, {"id": "s2", "team": "North"}],
    }
    answer = measure(Metric("n", count(), anchor="stock"), records, by="owner.team")

    assert answer.rows == [
        {"owner.team": "North", "period": None, "n": 1.0},
        {"owner.team": "华东", "period": None, "n": 2.0},
        {"owner.team": None, "period": None, "n": 2.0},
    ]


def test_formula_over_two_tables_aligns_by_label() -> None:
    """CAC by region: 300 spent in EMEA for 2 new deals is 150; in APAC 100 for none is undefined; both appear."""
    records = {
        "opportunity": [{"id": i, "region": "EMEA", "outcome": "won", "closed_at": date(2026, 1, 5)} for i in (1, 2)],
        "cost": [
            {"region": "EMEA", "amount": Decimal(300), "date": date(2026, 1, 3)},
            {"region": "APAC", "amount": Decimal(100), "date": date(2026, 1, 4)},
        ],
    }
    cac = Metric("cac", total("amount", table="cost", at="date") / count(WON), unit="money", anchor="closed_at")
    answer = measure(cac, records, by="region", as_of=date(2026, 1, 31))

    assert [(r["region"], r["cac"]) for r in answer.rows] == [("APAC", None), ("EMEA", 150.0)]
    assert answer.total == {"cac": 200.0}


def test_unknown_column_is_an_error_with_the_nearest_name() -> None:
    """A group that one of the tables lacks is an error, not a blank group."""
    with pytest.raises(ColumnNotFound, match="'ownr' in table 'opportunity'; did you mean 'owner'"):
        measure(WIN_RATE, SIX, by="ownr")
    with pytest.raises(ColumnNotFound, match="refers to another table"):
        measure(WIN_RATE, SIX, by="outcome.team")


@pytest.mark.parametrize(
    "expr",
    [
        col("amount") + elapsed("created_at", "closed_at"),
        col("amount") * col("amount"),
        col("amount") + 1,
        col("owner") * 2,
        col("amount") > elapsed("created_at", "closed_at"),
    ],
)
def test_units_are_checked_also_without_rows(expr) -> None:
    """Money + days, money x money, money + a bare number, text x number and money > days mean nothing."""
    with pytest.raises(UnitError):
        of(total(expr), {"opportunity": []})


@pytest.mark.parametrize(
    ("formula", "unit"),
    [
        (total("amount") + 1, "money"),
        (total("amount") - mean(elapsed("created_at", "closed_at")), "money"),
        (least(count(), total("amount")), "number"),
        (total("amount"), "ratio"),
        (total("amount") / mean(elapsed("created_at", "closed_at")), "money"),
        (square_root(total("amount")), "money"),
        (square_root(total("amount")), "number"),
    ],
)
def test_units_of_formulas_are_checked(formula, unit) -> None:
    """Money + 1, money - days, the root of money, and a metric in another unit than its formula's are errors."""
    with pytest.raises(UnitError):
        of(formula, {"opportunity": []}, unit=unit)


def test_result_counts_each_row_that_has_a_value() -> None:
    """R3: n of a sum or median is the number of rows with a value, n of a ratio that of its denominator."""
    rows = deals(("A", "won", 1), ("A", "won", None), ("B", "lost", 2))
    answer = measure(
        [
            Metric("sum", total("amount"), unit="money", anchor="closed_at"),
            Metric("middle", median("amount"), unit="money", anchor="closed_at"),
            Metric("won", count(WON), anchor="closed_at"),
            WIN_RATE,
        ],
        rows,
    )

    assert {name: d["n"] for name, d in answer.details[0].items()} == {"sum": 2, "middle": 2, "won": 2, "win_rate": 3}
