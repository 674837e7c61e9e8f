"""The strategies make questions that the reference answers, and reach what is awkward about them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcore.algebra import col, count, total
from crmcore.algebra.aggregates import OPS, Aggregate
from crmcore.algebra.formulas import Window
from crmcore.algebra.walk import walk
from crmcore.calendars import Calendar, Zone, day_of
from crmcore.metric import Metric
from crmcore.testing import measure
from crmcore.testing.reference.values import microseconds
from crmcore.testing.strategies import cases, datasets

relaxed = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def answer(case, records=None):
    """Return what the reference answers."""
    return measure(case.metrics, case.records if records is None else records, **case.question(), **case.settings())


@relaxed
@given(cases(currencies=None))
def test_every_case_has_an_answer(case) -> None:
    """R2, R3: each metric of each row is a number, a label, or undefined for a reason; every row has its details."""
    found = answer(case)

    assert len(found.rows) == len(found.details)
    for row, details in zip(found.rows, found.details, strict=True):
        for metric in case.metrics:
            value, detail = row[metric.name], details[metric.name]
            assert value is None or type(value) in (float, str)
            assert (value is None) == (detail["reason"] is not None)
    assert found.total.keys() == {m.name for m in case.metrics}


@relaxed
@given(cases(currencies=None, scores=True), st.randoms(use_true_random=False))
def test_order_of_records_decides_nothing(case, random) -> None:
    """S4: shuffled records give the same answer, to the last bit."""
    shuffled = {table: random.sample(rows, len(rows)) for table, rows in case.records.items()}
    one, other = answer(case), answer(case, shuffled)

    assert (one.rows, one.details, one.total) == (other.rows, other.details, other.total)
    assert (one.as_of, one.source, one.excluded) == (other.as_of, other.source, other.excluded)


@relaxed
@given(cases())
def test_without_groups_or_periods_the_one_row_is_the_total(case) -> None:
    """R1: the total is the same question without groups."""
    found = measure(case.metrics, case.records, where=case.where, as_of=case.as_of, **case.settings())

    assert found.rows == [{"period": None, **found.total}]
    if case.per is None:
        assert answer(case).total == found.total


@relaxed
@given(datasets(tables=["opportunity"], size=25), st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]))
def test_counts_and_sums_are_those_of_a_plain_loop(records, timezone) -> None:
    """M3, T1, T7: won deals and their value by owner and month, against a loop over the records."""
    zone, calendar = Zone(timezone), Calendar()
    counts, sums, months = Counter(), Counter(), set()
    for row in records["opportunity"]:
        at = row["closed_at"]
        if row["outcome"] == "won" and at is not None:
            day = zone.local_day(microseconds(at)) if hasattr(at, "tzinfo") else day_of(at)
            month = calendar.period(day, "month").label
            months.add(month)
            counts[row["owner"], month] += 1
            sums[row["owner"], month] += Fraction(row["amount"] or 0)
    won = col("outcome") == "won"
    metrics = [
        Metric("n", count(won), unit="count", anchor="closed_at"),
        Metric("sum", total("amount", where=won), unit="money", anchor="closed_at"),
    ]
    found = measure(metrics, records, by="owner", per="month", timezone=timezone).rows

    assert {(r["owner"], r["period"]): r["n"] for r in found if r["n"]} == counts
    assert {(r["owner"], r["period"]): r["sum"] for r in found if r["n"]} == {k: float(v) for k, v in sums.items()}
    assert {r["period"] for r in found if r["n"]} == months
    assert {r["owner"] for r in found} == {owner for owner, _ in counts}


def test_the_awkward_is_reached() -> None:
    """Five hundred questions reach every aggregate and window, roll-ups, every reason, blanks, ties, huge amounts."""
    seen: Counter[str] = Counter()

    @settings(relaxed, max_examples=500, derandomize=True, database=None)
    @given(cases(currencies=None, scores=True))
    def look(case) -> None:
        for metric in case.metrics:
            for node in walk(metric.formula):
                if isinstance(node, Aggregate):
                    seen[node.op] += 1
                    seen["roll-up"] += node.rolls_up
                    seen["stock"] += node.at == "stock"
                if isinstance(node, Window):
                    seen[node.kind] += 1
        found = answer(case)
        for details in found.details:
            seen.update(d["reason"] for d in details.values() if d["reason"])
        seen.update(found.excluded)
        seen.update(type(v).__name__ for row in found.rows for v in row.values())
        seen["groups"] += len(found.rows) > 1
        amounts = [r["amount"] for r in case.records["opportunity"] if r["amount"] is not None]
        seen["huge"] += any(abs(a) > 10**14 for a in amounts)
        seen["tied"] += len(set(amounts)) < len(amounts)
        seen["cents of cents"] += any(a % Decimal("0.01") for a in amounts)

    look()
    wanted = {
        *OPS, "roll-up", "stock", "trailing", "to_date", "previous", "current",
        "nothing to measure", "denominator is zero", "not above zero",
        "unpriced", "undated", "no rate", "negative duration",
        "float", "str", "NoneType", "groups", "huge", "tied", "cents of cents",
    }  # fmt: skip
    assert wanted - set(+seen) == set()
