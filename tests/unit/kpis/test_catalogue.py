"""What holds for every definition of the catalogue: names, labels, rules, columns, units, and its being fixed."""

from __future__ import annotations

import re
import subprocess
import sys
from types import ModuleType

import pytest

from crmcore import kpis
from crmcore.algebra import Aggregate, Expr, Formula, col, count
from crmcore.algebra import columns as c
from crmcore.algebra import formulas as f
from crmcore.algebra.walk import walk
from crmcore.domain.schema import RECORDS, fields_of
from crmcore.errors import ArgumentError, DefinitionError
from crmcore.kpis import CATALOGUE
from crmcore.metric import BETTER, Metric
from crmcore.testing.reference import measure
from crmcore.units import NUMBER, Dimension, unit

MONEY, TIME = Dimension(money=1), Dimension(time=1)
MODULES = [m for m in vars(kpis).values() if isinstance(m, ModuleType) and hasattr(m, "METRICS")]
FIRST_PART = """
leads_created leads_converted lead_conversion_rate lead_conversion_rate_flow lead_to_customer_rate opportunities_created
won_deals lost_deals abandoned_deals open_deals closed_deals win_rate win_rate_by_value win_rate_of_all
win_rate_with_abandoned win_rate_stale_as_lost lost_reason_share no_reason_share reopen_rate open_deals_share
sales_cycle_days median_sales_cycle_days sales_cycle_from_first_contact_days lead_to_close_days days_to_loss
days_to_assign first_response_hours response_sla_rate_24_hours open_deal_age_days won_value lost_value open_value
weighted_value mean_won_deal median_won_deal mean_open_deal mean_deal sales_velocity sales_velocity_closed
pipeline_coverage pipeline_coverage_of_target pipeline_generated quota_attainment team_quota_attainment
organisation_quota_attainment pace pace_status quota_gap required_daily_value cac customer_lifetime_value_3_years
cost_per_lead cost_per_won_deal won_trait_ratio won_trait_lift calls_per_lead contacts_per_meeting
visits_and_calls_per_sale proposals_per_sale face_time_hours admin_time_share activities_per_deal activities_per_seller
on_time_rate overdue_activities lead_completeness opportunity_completeness
"""

every_metric = pytest.mark.parametrize("metric", CATALOGUE.values(), ids=list(CATALOGUE))


def test_the_first_part_of_the_catalogue_is_there() -> None:
    """Each variant is a metric with a name of its own (R4)."""
    assert [name for name in re.findall(r"\w+", FIRST_PART) if name not in CATALOGUE] == []


def test_names_are_keys_and_definitions_differ() -> None:
    """A metric stands under its own name, and no two names stand for one formula and unit (R4)."""
    assert [name for name, metric in CATALOGUE.items() if metric.name != name] == []
    assert len({(m.formula.key, m.unit) for m in CATALOGUE.values()}) == len(CATALOGUE)


def test_every_metric_of_a_module_is_in_the_catalogue() -> None:
    """What a subject's module defines, it lists."""
    defined = {v.name for module in MODULES for v in vars(module).values() if isinstance(v, Metric)}

    assert defined <= set(CATALOGUE)
    assert sum(len(module.METRICS) for module in MODULES) == len(CATALOGUE)


def test_catalogue_cannot_be_changed() -> None:
    """The catalogue is built once and stays as it is."""
    with pytest.raises(TypeError):
        CATALOGUE["win_rate"] = CATALOGUE["loss_rate"]  # type: ignore[index]


def test_two_metrics_of_one_name_are_an_error() -> None:
    """Two definitions never share a name, even when one is the other (R4)."""
    win_rate = CATALOGUE["win_rate"]
    other = win_rate.renamed("win_rate", count(col("outcome") == "won") / count())

    with pytest.raises(DefinitionError, match="two metrics of the catalogue are called 'win_rate'"):
        kpis._by_name([win_rate, other])


def test_public_names_are_the_catalogue_and_the_policies() -> None:
    """The package gives the catalogue and the functions that build a metric for a choice, nothing else."""
    public = [getattr(kpis, name) for name in kpis.__all__]

    assert kpis.__all__ == sorted(kpis.__all__)
    assert public[:2] == [kpis.ANALYSES, CATALOGUE]
    assert all(callable(function) for function in public[2:])


@every_metric
def test_definition_is_complete(metric: Metric) -> None:
    """Name, labels in both languages, direction, anchor, summary, source, rules and subject are all there."""
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", metric.name)
    assert set(metric.labels) == {"en", "zh"}
    assert re.search(r"[\u4e00-\u9fff]", metric.labels["zh"])
    assert re.fullmatch(r"[A-Z][\x20-\x7e]+", metric.labels["en"])
    assert metric.better in BETTER
    assert metric.anchor
    assert re.fullmatch(r"[A-Z][^\n]{20,250}\.", metric.summary)
    assert ". " not in metric.summary, "one sentence"
    assert re.match(r"[FTMQAE]\d\d|M\d|C\d\d", metric.source), "the dictionary's id comes first"
    assert metric.subject
    assert metric.revision == 1


def test_labels_tell_metrics_apart() -> None:
    """No two metrics bear one label in a language."""
    for language in ("en", "zh"):
        labels = [m.labels[language] for m in CATALOGUE.values()]
        assert sorted({x for x in labels if labels.count(x) > 1}) == []


@every_metric
def test_rules_exist(metric: Metric, root) -> None:
    """A metric cites rules that the page of the rules has, each once, and R1 where it divides."""
    page = (root / "docs" / "reference" / "semantics.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^- \*\*([A-Z]\d)\*\*", page, re.MULTILINE))

    assert metric.rules
    assert set(metric.rules) <= known
    assert len(set(metric.rules)) == len(metric.rules)
    if isinstance(metric.formula, f.Ratio) and metric.unit in ("ratio", "number"):
        assert "R1" in metric.rules


@every_metric
def test_per_cents_are_shares_and_growth(metric: Metric) -> None:
    """What is read as "two and a half calls for a lead" or "three times the quota" is a number, and no per cent."""
    read_as_number = re.search(r"_per_|coverage|gini|quick_ratio|_to_cac|won_trait", metric.name)

    assert not (read_as_number and metric.unit == "ratio")


@every_metric
def test_columns_are_fields_of_the_records(metric: Metric) -> None:
    """Each column, anchor and reference that a metric reads is a field of the record of its table."""
    aggregates = [n for n in walk(metric.formula) if isinstance(n, Aggregate)]
    for aggregate in aggregates:
        if aggregate.rolls_up:
            continue  # its columns are those of the aggregates inside
        assert aggregate.table in RECORDS
        names = [n.name for n in walk(aggregate) if isinstance(n, c.Col)]
        if aggregate.at == "stock":
            assert any(field.exists for field in fields_of(RECORDS[aggregate.table])) or aggregate.table in (
                "target",
                "seller",
            )
        else:
            assert field_of(aggregate.table, aggregate.at or "").kind in ("instant", "day", "moment")
        for name in names:
            assert field_of(aggregate.table, name)


def field_of(table: str, name: str):
    """Return the field that a column name stands for, along references."""
    head, _, rest = name.partition(".")
    field = next(field for field in fields_of(RECORDS[table]) if field.name == head)
    return field_of(field.references, rest) if rest else field


@every_metric
def test_unit_is_that_of_the_formula(metric: Metric) -> None:
    """Money, days and ratios come out of the formula as the unit says: nothing adds money to days."""
    assert measured(metric.formula) == unit(metric.unit).dimension
    if isinstance(metric.formula, Aggregate) and metric.formula.op in ("count", "distinct"):
        assert metric.unit == "count"
    assert (metric.unit == "label") == isinstance(metric.formula, f.Classify)


def measured(node: Formula) -> Dimension:
    """Return the dimension of a formula, by the rules of arithmetic alone."""
    if isinstance(node, Aggregate):
        plain = node.expr is None or node.op in ("count", "distinct", "top_share", "gini")
        value = NUMBER if plain else valued(str(node.table), node.expr)
        return value * value if node.op == "squares" else value
    if isinstance(node, f.Span):
        return TIME
    if isinstance(node, f.Ratio):
        return measured(node.numerator) / measured(node.denominator)
    if isinstance(node, f.Binary):
        left, right = measured(node.left), measured(node.right)
        if node.op == "*":
            return left * right
        assert left == right, node
        return left
    if isinstance(node, f.Root):
        power = measured(node.term)
        assert power.money % node.n == power.time % node.n == 0
        return Dimension(power.money // node.n, power.time // node.n)
    if isinstance(node, f.Share | f.Classify):
        measured(node.term)
        return NUMBER
    return measured(node.term) if hasattr(node, "term") else NUMBER


def valued(table: str, expr: Expr) -> Dimension:
    """Return the dimension of a value per row."""
    if isinstance(expr, c.Col):
        return {"money": MONEY, "duration": TIME}.get(field_of(table, expr.name).kind, NUMBER)
    if isinstance(expr, c.Elapsed):
        return TIME
    if isinstance(expr, c.Each):
        return measured(expr.formula)
    if isinstance(expr, c.Arithmetic):
        left, right = valued(table, expr.left), valued(table, expr.right)
        if expr.op in "*/":
            return left * right if expr.op == "*" else left / right
        assert left == right, expr
        return left
    if isinstance(expr, c.Coalesce):
        (found,) = {valued(table, term) for term in expr.terms}
        return found
    return NUMBER


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("win_rate", "denominator is zero"),
        ("sales_cycle_days", "nothing to measure"),
        ("median_won_deal", "nothing to measure"),
        ("pipeline_coverage", "target met"),
        ("required_daily_value", "target met"),
        ("pace", "needs a period"),
    ],
)
def test_undefined_says_why(name: str, reason: str) -> None:
    """Over no row at all a ratio, a mean or a median is undefined with its reason, never 0 (R2)."""
    result = measure(CATALOGUE[name], {})

    assert result.rows[0][name] is None
    assert result.details[0][name]["reason"] == reason


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: kpis.cac(), "cac"),
        (lambda: kpis.cac(lag=2), "cac_lag_2_months"),
        (lambda: kpis.cac(lag=1, unit="quarter", category="Trade fairs"), "cac_of_trade_fairs_lag_1_quarter"),
        (lambda: kpis.completeness("product", ["family"]), "product_completeness"),
        (lambda: kpis.completeness("lead", "owner", name="lead_owner_known"), "lead_owner_known"),
        (lambda: kpis.customer_lifetime_value(1), "customer_lifetime_value_1_year"),
        (lambda: kpis.lifetime_value("0.725")[0], "lifetime_value_margin_72_5_percent"),
        (lambda: kpis.recurring_movements("quarter")[0], "new_mrr_quarter"),
        (lambda: kpis.recurring_retention("quarter")[0], "net_revenue_retention_quarter"),
        (lambda: kpis.returning_customers("month")[0], "customer_retention_rate_month"),
        (lambda: kpis.open_value_closing_within(30), "open_value_closing_within_30_days"),
        (lambda: kpis.response_sla_rate(4), "response_sla_rate_4_hours"),
        (lambda: kpis.stale_open_deals_share(14), "stale_open_deals_share_14_days"),
        (lambda: kpis.stalled_deals(14), "stalled_deals_14_days"),
        (lambda: kpis.win_rate_stale_as_lost(), "win_rate_stale_as_lost"),
        (lambda: kpis.win_rate_stale_as_lost(60), "win_rate_stale_as_lost_60_days"),
        (lambda: kpis.won_trait_lift_of("new_business", col("kind") == "new"), "won_trait_lift_of_new_business"),
        (lambda: kpis.won_trait_ratio_of("new_business", col("kind") == "new"), "won_trait_ratio_of_new_business"),
        (lambda: kpis.won_value_cagr(5), "won_value_cagr_5_years"),
    ],
)
def test_each_choice_has_a_name_of_its_own(build, name: str) -> None:
    """A function of the catalogue builds the metric of one choice, named and labelled for it in both languages (R4)."""
    metric = build()

    assert metric.name == name
    assert measured(metric.formula) == unit(metric.unit).dimension
    assert set(metric.labels) == {"en", "zh"}
    assert metric == CATALOGUE.get(name, metric)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: kpis.cac(lag=-1), "lag is a whole number, at least 0, got -1"),
        (lambda: kpis.cac(category="  "), "category is the word that costs carry"),
        (lambda: kpis.completeness("lead", []), "at least one, got \\(\\)"),
        (lambda: kpis.completeness("lead", ["owner", "owner"]), "different columns"),
        (lambda: kpis.customer_lifetime_value(0), "years is a whole number, at least 1, got 0"),
        (lambda: kpis.lifetime_value(0.8), "margin is a share above 0 and up to 1, .* got 0.8"),
        (lambda: kpis.lifetime_value("8/0"), "margin is a share above 0 and up to 1, .* got '8/0'"),
        (lambda: kpis.lifetime_value(80), "margin is a share above 0 and up to 1, .* got 80"),
        (lambda: kpis.recurring_movements("day"), "unit is one of month, quarter, year, got 'day'"),
        (lambda: kpis.open_value_closing_within(1.5), "days is a whole number, at least 1, got 1.5"),
        (lambda: kpis.response_sla_rate(True), "hours is a whole number, at least 1, got True"),
        (lambda: kpis.stale_open_deals_share(0), "days is a whole number, at least 1, got 0"),
        (lambda: kpis.stalled_deals(0), "days is a whole number"),
        (lambda: kpis.win_rate_stale_as_lost("90"), "days is a whole number, at least 1, got '90'"),
        (lambda: kpis.won_value_cagr(1), "years is a whole number, at least 2, got 1"),
    ],
)
def test_wrong_choices_fail_where_they_are_made(build, message: str) -> None:
    """A choice that cannot be meant is an error at the call that says what would be right."""
    with pytest.raises(ArgumentError, match=message):
        build()


def test_definitions_are_pure_data() -> None:
    """Importing the catalogue loads neither numpy nor pluggy nor dateutil."""
    code = "import sys, crmcore.kpis; print(sorted({'numpy', 'pluggy', 'dateutil'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"
