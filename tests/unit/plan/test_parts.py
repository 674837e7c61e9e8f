"""What a formula rests on: the rows counted as n, numerator and denominator, whether it is a proportion or a mean (R3)."""

from __future__ import annotations

import pytest

from crmcore.algebra import col, count, distinct, each, gini, greatest, least, mean, median, number, share, span, total
from crmcore.kpis import CATALOGUE
from crmcore.metric import Metric
from crmcore.plan.parts import is_mean, is_proportion, quotient_of, sample_of, squares_of

WON, DECIDED = col("outcome") == "won", col("outcome").isin(["won", "lost"])


def formula(built):
    """Return a formula as a metric completes it, with table and anchor."""
    return Metric("m", built, anchor="closed_at").formula


@pytest.mark.parametrize(
    ("built", "counted"),
    [
        (count(WON), count(WON)),
        (total("amount", where=WON), count("amount", where=WON)),
        (mean("amount"), count("amount")),
        (median("amount"), count("amount")),
        (distinct("account"), count("account")),
        (count(WON) / count(DECIDED), count(DECIDED)),
        (count(WON) / 2, count(WON)),
        (number(2) / count(), count()),
        (total("amount") / span("length"), count("amount")),
        (share(total("amount")), count("amount")),
        (-total("amount"), count("amount")),
        (gini(each("account", count())), count(each("account", count()))),
        (count(WON).trailing(7), count(WON).trailing(7)),
        ((total("amount") / count()).previous("month"), count().previous("month")),
    ],
)
def test_n_is_the_rows_a_number_rests_on(built, counted) -> None:
    """R3: of a ratio the denominator's rows; of a total, mean or quantile those with a value; of a roll-up the entities."""
    assert sample_of(formula(built)) == formula(counted)


@pytest.mark.parametrize("op", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, greatest])
def test_n_of_two_sides_is_the_smaller_one(op) -> None:
    """R3: what is made of two numbers rests on no more than the weaker of them; a constant adds nothing."""
    both = sample_of(formula(op(total("amount"), total("won_amount"))))
    one = sample_of(formula(op(total("amount"), 2)))

    assert both == formula(least(count("amount"), count("won_amount")))
    assert one == formula(count("amount"))


@pytest.mark.parametrize(
    "built",
    [
        count(WON) / count(DECIDED),
        count(WON) / count(),
        count(WON & (col("amount") > 5)) / count(col("amount") > 5),
        count(col("region").isin(["a"])) / count(col("region").isin(["a", "b"])),
        (count(WON) / count()).trailing(30),
        count("amount", where=WON) / count("amount"),
        count("amount") / count(),
    ],
)
def test_a_part_of_the_same_rows_is_a_proportion(built) -> None:
    """R3: the numerator counts a subset of the denominator's rows, as far as the conditions tell."""
    assert is_proportion(formula(built))


@pytest.mark.parametrize(
    "built",
    [
        count(DECIDED) / count(WON),
        count(WON) / count(col("outcome") == "lost"),
        total("amount", where=WON) / count(WON),
        count(WON) / count(table="lead", at="created_at"),
        count(WON, at="created_at") / count(DECIDED),
        count(WON) / count("amount"),
        distinct("account", where=WON) / distinct("account"),
        count(WON) / count() + 0,
        count(WON),
    ],
)
def test_other_ratios_are_none(built) -> None:
    """R3: odds, ratios of sums, of two tables, of two anchors, of different rows have no Wilson interval."""
    assert not is_proportion(formula(built))


def test_means_and_their_squares() -> None:
    """R3: total / count of the same value is a mean, also under a window; its squares stand under the same window."""
    for built in (mean("amount"), mean("amount", where=WON), mean("amount").trailing(7)):
        assert is_mean(formula(built))
    for built in (
        total("amount", where=WON) / count("amount", where=DECIDED),
        total("amount") / count("amount", at="created_at"),
        total("amount") / count(),
        total("amount") / count("won_amount"),
        median("amount"),
        count(WON) / count(),
    ):
        assert not is_mean(formula(built))
    assert squares_of(formula(count(WON) / count())) is None
    windowed = squares_of(formula(mean("amount").trailing(7)))
    assert (windowed.kind, windowed.n, windowed.term.op) == ("trailing", 7, "squares")


def test_quotients_are_seen_through_windows() -> None:
    """R3: numerator and denominator of a trailing rate are the trailing counts; a sum of rates has none."""
    top, below = quotient_of(formula((count(WON) / count(DECIDED)).trailing(30)))

    assert (top, below) == (formula(count(WON).trailing(30)), formula(count(DECIDED).trailing(30)))
    assert quotient_of(formula(count(WON) / count() + 1)) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("win_rate", "proportion"),
        ("win_rate_of_all", "proportion"),
        ("lead_conversion_rate", "proportion"),
        ("no_reason_share", "proportion"),
        ("reopen_rate", "proportion"),
        ("response_sla_rate_24_hours", "proportion"),
        ("on_time_rate", "proportion"),
        ("sales_cycle_days", "mean"),
        ("mean_won_deal", "mean"),
        ("first_response_hours", "mean"),
        ("win_rate_by_value", "neither"),
        ("lead_conversion_rate_flow", "neither"),
        ("sales_velocity", "neither"),
        ("median_won_deal", "neither"),
        ("calls_per_lead", "neither"),
    ],
)
def test_kinds_of_the_catalogue(name, kind) -> None:
    """R3: which of the catalogue's metrics have an interval, and of which kind."""
    built = CATALOGUE[name].formula

    assert (is_proportion(built), is_mean(built)) == (kind == "proportion", kind == "mean")
