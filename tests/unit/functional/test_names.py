"""How the totals of `.of` are called."""

from __future__ import annotations

import pytest

import crmcore as cc
from crmcore.functional.names import LONGEST, name_of, parts_of
from crmcore.functional.totals import Totals, totals_of
from crmcore.kpis import CATALOGUE
from crmcore.metric import Metric
from crmcore.units import unit

WITHOUT = "it is one aggregate; there is no formula over totals"


def names(metric: Metric | str) -> list[str]:
    """Return the arguments of a metric's formula."""
    totals = totals_of(CATALOGUE[metric] if isinstance(metric, str) else metric)
    assert isinstance(totals, Totals), totals
    return [part.name for part in totals.parts]


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_metric_has_totals_or_says_why(name: str) -> None:
    """The totals of each metric have short names that tell them apart, or it is said why there are none."""
    totals = totals_of(CATALOGUE[name])

    if isinstance(totals, str):
        assert totals == WITHOUT or "has no short name" in totals
        return
    found = [part.name for part in totals.parts]
    assert len(found) == len(set(found))
    assert all(n.isidentifier() and len(n) <= LONGEST + 30 for n in found)
    assert len({part.meaning for part in totals.parts}) == len(found), "two names for one total"
    assert sum(map(len, totals.places.values())) >= len(found)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        # 1: one argument for each value of a condition
        ("win_rate", ["won", "lost"]),
        ("win_rate_with_abandoned", ["won", "lost", "abandoned"]),
        ("contacts_per_meeting", ["calls", "email_activities", "meetings"]),
        ("mean_deal", ["open_value", "won_value", "open_priced", "won_priced"]),
        # 2: by the catalogue
        ("pipeline_coverage", ["open_value", "quota_value", "won_value"]),
        ("cost_per_lead", ["spend_value", "leads_created"]),
        ("lead_conversion_rate_flow", ["leads_converted", "leads_created"]),
        # 3: by structure
        ("lead_conversion_rate", ["converted", "leads_created"]),
        ("mean_won_deal", ["won_value", "won_priced"]),
        ("sales_cycle_days", ["won_days", "won_timed"]),
        ("first_response_hours", ["hours", "timed"]),
        ("admin_time_share", ["administration_time", "time"]),
        ("lead_to_customer_rate", ["won_accounts", "leads_created"]),
        ("lead_completeness", ["with_owner", "with_source", "with_status", "leads"]),
        ("no_reason_share", ["lost_without_lost_reason", "lost"]),
        ("win_rate_stale_as_lost", ["won", "lost", "open_stale"]),
        ("reopen_rate", ["ever_closed_reopened", "ever_closed"]),
        ("on_time_rate", ["judged_on_time", "judged"]),
        ("response_sla_rate_24_hours", ["judged_in_time", "judged"]),
        ("made_to_expected_ratio", ["won_amount_with_amount", "won_value_with_won_amount"]),
        ("team_budget_use", ["expense_value", "team_budget_value"]),
        ("nps", ["promoters", "detractors", "nps_answers"]),
        ("csat", ["satisfied", "csat_with_score"]),
        ("collection_rate", ["collected_value", "invoiced_value"]),
        ("forecast_accuracy", ["won_value", "forecast_value"]),
        ("account_plan_attainment", ["won_value", "account_plan_value"]),
        # 4: windows, where they differ
        ("cac_lag_1_month", ["spend_value_previous_month", "new_customers"]),
        ("customer_lifetime_value_3_years", ["won_value", "won_accounts", "spend_value", "new_customers"]),
        # 5: totals over all groups
        ("open_value_share", ["open_value", "open_value_of_all"]),
        # days of the period
        ("required_daily_value", ["quota_value", "won_value", "days_remaining"]),
    ],
)
def test_names_follow_the_rule(metric: str, expected: list[str]) -> None:
    """Each clause of the naming rule, on the metric that shows it."""
    assert names(metric) == expected


def test_windows_of_one_formula_are_part_of_its_names() -> None:
    """A change needs the number now and the one before, which are told apart by the window."""
    assert names(CATALOGUE["won_value"].change("year")) == ["won_value", "won_value_previous_year"]
    assert names(CATALOGUE["win_rate"].previous("quarter")) == ["won", "lost"]
    mixed = CATALOGUE["won_value"].formula.trailing(90) / CATALOGUE["won_value"].formula.to_date("year")
    assert names(Metric("pace_of_year", mixed)) == ["won_value_trailing_90_days", "won_value_year_to_date"]


def test_a_long_condition_leaves_numerator_and_denominator() -> None:
    """A condition without a word gives the role its name; where there is no role, there is no `.of`."""
    late = (cc.col("amount") > 100) | (cc.col("probability") > cc.col("score"))
    ratio = Metric("odd_rate", cc.count(late) / cc.count(), anchor="created_at")
    total = Metric("odd_sum", cc.count(late) / cc.count() + cc.count(late, at="closed_at"), anchor="created_at")

    assert names(ratio) == ["numerator", "denominator"]
    assert "has no short name" in str(totals_of(total))


def test_two_totals_of_one_name_are_refused() -> None:
    """Where the rule would call two different totals alike, there is no `.of` rather than a wrong one."""
    one, other = cc.count(cc.col("kind") == "new"), cc.count(cc.col("source") == "new")

    assert totals_of(Metric("twice", one / other, anchor="created_at")) == "two of its totals would be called 'new'"


def test_parts_of_a_condition() -> None:
    """A count over three values is the sum of three counts; a median or a distinct count is not taken apart."""
    among = cc.col("outcome").isin(["won", "lost", "open"])
    days = unit("days")

    assert [name_of(p, days) for p in parts_of(cc.count(among, table="opportunity"))] == ["won", "lost", "open"]
    assert len(parts_of(cc.median("amount", where=among, table="opportunity"))) == 1
    assert len(parts_of(cc.distinct("account", where=among, table="opportunity"))) == 1


def test_reasons_for_having_no_totals() -> None:
    """A label inside a formula cannot be calculated with."""
    labelled = cc.classify(CATALOGUE["win_rate"], [1], ["low", "high"])

    assert isinstance(totals_of(Metric("class_of_rate", labelled, unit="label")), Totals)
    assert totals_of(Metric("odd", labelled + 1)) == "it calculates with labels"


def test_totals_that_read_the_same_say_of_what_they_are() -> None:
    """Amounts invoiced and paid, as they stand and as they came, are told apart by their tables and dates (T4)."""
    totals = totals_of(CATALOGUE["dso_days"])

    assert isinstance(totals, Totals)
    assert {part.name: part.meaning for part in totals.parts} == {
        "invoice_value": "total(amount) of invoice, at the end",
        "payment_value": "total(amount) of payment, at the end",
        "days_elapsed": "days elapsed",
        "invoiced_value": "total(amount) of invoice, by issued_at",
    }


def test_words_of_structure() -> None:
    """Flags, blanks, squares, extremes and products have words too; a product of two columns has none."""
    won = cc.col("outcome") == "won"
    one = Metric(
        "spread",
        (cc.largest("amount", where=won) - cc.smallest("amount", where=won))
        / cc.count(cc.col("test") == cc.lit(False)),
        unit="money",
        anchor="closed_at",
    )
    other = Metric(
        "size", cc.squares("amount", where=won) / cc.count(won & cc.col("owner").is_null()), anchor="closed_at"
    )
    weighted = Metric("weighted", cc.mean(cc.col("amount") * cc.col("probability")), unit="money", anchor="closed_at")
    odd = Metric("odd", cc.distinct(cc.col("closed_at") - cc.col("created_at")) / cc.count(), anchor="closed_at")

    assert names(one) == ["won_largest_value", "won_smallest_value", "not_test"]
    assert names(other) == ["won_squared_value", "won_without_owner"]
    assert names(weighted) == ["numerator", "denominator"]
    assert names(odd) == ["numerator", "denominator"]
