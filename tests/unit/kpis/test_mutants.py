"""Wrong definitions are found out: each catalogue metric, changed in one place, misses a number worked by hand.

A formula that stands in no case's way could be wrong without notice; so every condition, anchor, boundary, window and
factor of every definition is broken once, and at least one of its cases has to fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import attrs
import pytest

from crmcore.algebra import STOCK, Aggregate
from crmcore.algebra import columns as c
from crmcore.algebra import formulas as f
from crmcore.algebra.node import Node
from crmcore.algebra.walk import rewrite
from crmcore.errors import CrmCoreError
from crmcore.kpis import CATALOGUE
from crmcore.metric import Metric
from crmcore.testing.reference import measure

QUANTITY = "coalesce(quantity, 1)"
DATES = ("at", "closed_at", "converted_at", "created_at", "date", "due", "end", "start")
BOUNDARY = {"<": ("<=", ">"), ">": (">=", "<"), "<=": ("<", ">"), ">=": (">", "<"), "==": ()}


ANSWERED = "time from created_at to first_response_at has a value"
WAITED = "first_response_at is blank and (time from created_at to as_of > {})"
PAYING = "each account: total(recurring / term_months, where end is blank or (end > as_of))"
STARTING = "each account: count(end is blank or (end > as_of)) 1 {} earlier >= 0"
EQUIVALENT = {
    # who recommends (9, 10), or does not (0 to 6), is on one side of the scale, which its numerator says again (R3)
    "nps": ["without score < 11", "without score > -1"],
    "nps_promoters_share": ["without score > -1"],
    "nps_passives_share": ["without score < 11", "without score > -1"],
    "nps_detractors_share": ["without score < 11"],
    # who pays nothing adds nothing; what did not change is no change
    "expansion_mrr_month": [f"{PAYING} >= {PAYING} 1 month earlier"],
    "contraction_mrr_month": [f"{PAYING} <= {PAYING} 1 month earlier"],
    "churned_mrr_month": [f"{PAYING} 1 month earlier >= 0"],
    **{f"net_revenue_retention_{unit}": [f"{PAYING} 1 {unit} earlier >= 0"] for unit in ("month", "year")},
    "revenue_churn_rate_month": [f"{PAYING} 1 month earlier >= 0"],
    "revenue_churn_rate_year": [f"{PAYING} 1 year earlier >= 0"] * 2,
    **{
        f"gross_revenue_retention_{unit}": [*[f"{PAYING} 1 {unit} earlier >= 0"] * 2, "without Window"]
        for unit in ("month", "year")
    },
    # who has a row a unit before has at least one
    **{f"logo_retention_rate_{unit}": [STARTING.format(unit)] for unit in ("month", "year")},
    **{f"logo_churn_rate_{unit}": [STARTING.format(unit)] * 2 for unit in ("month", "year")},
    "customer_retention_rate_year": ["each account: count() 1 year earlier >= 0"],
    "account_retention_rate_year": ["each account: count(outcome == 'won') 1 year earlier >= 0"],
    # the numerator of a proportion says again what its denominator says, so that it is seen to be a part of it (R3)
    "reopen_rate": [
        "without outcome in ('won', 'lost', 'abandoned')",
        "without outcome in ('won', 'lost', 'abandoned') or (reopened > 0)",
    ],
    "response_sla_rate_1_hour": [f"without ({ANSWERED}) or ({WAITED.format('1/24')})"],
    "response_sla_rate_24_hours": [f"without ({ANSWERED}) or ({WAITED.format('1')})"],
    "csat": ["without score has a value"],
    # the value that is counted says no more than who bought, and `distinct` counts no blank anyway
    "repeat_rate": ["at stock", "counted", "counted", "without condition", "without condition"],
    "repeat_rate_days": ["at stock", "counted", "counted"],
    # how many sellers have a rate does not depend on what it is
    "forecast_mape": ["left side", "right side"],
}
"""Changes that leave a metric what it is, each in one place."""


@dataclass
class Mutant:
    """A formula with one change."""

    change: str
    formula: f.Formula


def changes(node: Node) -> Iterator[tuple[str, Node | None]]:
    """Yield what a node might wrongly have been."""
    if isinstance(node, Aggregate):
        if node.where is not None:
            yield "without condition", attrs.evolve(node, where=None)
        for date in DATES if node.at != STOCK else ("created_at",):
            if date != node.at:
                yield f"at {date}", attrs.evolve(node, at=date)
        if node.at != STOCK:
            yield "at stock", attrs.evolve(node, at=STOCK)
        if node.op == "distinct":
            yield "counted", attrs.evolve(node, op="count")
        if node.op == "count" and isinstance(node.expr, c.Col):
            yield "all rows", attrs.evolve(node, expr=None)
    elif isinstance(node, f.Ratio):
        yield "upside down", f.Ratio(node.denominator, node.numerator)
    elif isinstance(node, f.Binary):
        yield "left side", node.left
        yield "right side", node.right
    elif isinstance(node, f.Share | f.Positive | f.Window):
        yield f"without {type(node).__name__}", node.term
    elif isinstance(node, f.Number):
        yield "one more", f.Number(node.value + 1)
    elif isinstance(node, f.Span):
        yield from ((kind, f.Span(kind)) for kind in ("length", "elapsed", "remaining") if kind != node.kind)
    elif isinstance(node, c.Compare):
        others = [c.Compare(op, node.left, node.right) for op in BOUNDARY[node.op]]
        if isinstance(node.right, c.Literal) and isinstance(node.right.value, str):
            others.append(c.Compare("==", node.left, c.Literal("another")))
        yield from ((repr(other), other) for other in others)
    elif isinstance(node, c.IsIn):
        yield from ((f"without {v!r}", c.IsIn(node.term, tuple(x for x in node.values if x != v))) for v in node.values)
    elif isinstance(node, c.And | c.Or | c.Coalesce):
        for term in node.terms:
            yield f"without {term!r}", type(node)(tuple(t for t in node.terms if t is not term))
    elif isinstance(node, c.Elapsed):
        yield "backwards", c.Elapsed(node.end, node.start)


PROVEN = {m.formula.key: m.name for m in CATALOGUE.values()}


def places(node: Node, name: str) -> Iterator[Node]:
    """Yield the nodes of a definition, without what is another metric as a whole: that is proven by its own cases."""
    if PROVEN.get(node.key, name) != name:
        return
    yield node
    for child in node.children():
        yield from places(child, name)


def mutants(metric: Metric) -> Iterator[Mutant]:
    """Yield the metric with each change in each place."""
    for place in places(metric.formula, metric.name):
        if isinstance(place, Aggregate) and place.rolls_up:
            continue  # its rows are those of the aggregate that is rolled up
        if isinstance(place, c.Coalesce) and repr(place) == QUANTITY and metric.name != "activities":
            continue  # proven once
        for what, new in changes(place):
            formula = rewrite(metric.formula, lambda node, place=place, new=new: new if node is place else None)
            if formula.key != metric.formula.key:
                yield Mutant(what, formula)


def survives(metric: Metric, formula: f.Formula, cases: list[Any]) -> bool:
    """Tell whether the changed formula gives every number worked by hand."""
    for case in cases:
        try:
            changed = metric.renamed(metric.name, formula)
            rows = measure([changed], case.records, **case.kwargs).rows
        except CrmCoreError:
            return False
        if not case.agrees(rows):
            return False
    return True


@pytest.mark.parametrize("name", [n for n, m in CATALOGUE.items() if not isinstance(m.formula, f.Classify)])
def test_a_wrong_definition_misses_a_worked_number(name: str, cases) -> None:
    """A condition, anchor, boundary, window or factor that is changed changes a number worked by hand."""
    metric = CATALOGUE[name]
    own = [case for case in cases if case.metric == metric]

    unnoticed = [m.change for m in mutants(metric) if survives(metric, m.formula, own)]

    assert sorted(unnoticed) == EQUIVALENT.get(name, [])


def test_a_class_is_one_of_a_metric_that_is_proven() -> None:
    """The labels of the pace are those of the pace: what is proven of it holds for them."""
    for prefix in ("", "team_", "organisation_", "product_"):
        status = CATALOGUE[f"{prefix}pace_status"].formula

        assert isinstance(status, f.Classify)
        assert status.term == CATALOGUE[f"{prefix}pace"].formula
