"""The engine equals the reference with ==, on questions that Hypothesis makes up, whichever way it is made to work.

Rows, totals, n, numerators, denominators and reasons are compared; the tests count what the questions reached, so that
they cannot pass on questions that ask nothing; and planted mistakes have to be found out.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from crmcore.algebra import Formula, count, elapsed, total
from crmcore.algebra import columns as c
from crmcore.algebra.aggregates import STOCK, Aggregate
from crmcore.algebra.formulas import Window
from crmcore.algebra.walk import walk
from crmcore.calendars import Calendar
from crmcore.engines import arrays, cells, compute, sweeps
from crmcore.engines.terms import Residual
from crmcore.evaluate import columns as evaluated
from crmcore.metric import Metric
from crmcore.plan import layout
from crmcore.state import finish, operand, runs
from crmcore.table import shares, table
from crmcore.testing import measure
from crmcore.testing.strategies import Case, cases, datasets, days

LONG = os.environ.get("CRMCORE_TEST_PROFILE") == "long"
relaxed = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
fixed = settings(relaxed, derandomize=True, database=None)
"""The same questions each time: what they reach, and which mistakes they find, is then certain."""

hunting = settings(fixed, max_examples=400, phases=(Phase.generate,), report_multiple_bugs=False)
"""As many as it takes to find one difference, which is not made smaller."""

Changes = Sequence[tuple[Any, Any, Any]]
"""Module, class or dict; a name in it; what stands there instead."""


@contextmanager
def changed(changes: Changes) -> Iterator[None]:
    """Make the engine work in another way, or wrongly, for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for place, name, value in changes:
            if isinstance(place, dict):
                patch.setitem(place, name, value)
            else:
                patch.setattr(place, name, value)
        yield


WAYS: Mapping[str, Changes] = {
    "as it is": [],
    "in chunks of three rows, masks as weights": [(arrays, "CHUNK", 3), (arrays, "SELECT_BELOW", 0.0)],
    "in chunks of three rows, rows picked out": [(arrays, "CHUNK", 3), (arrays, "SELECT_BELOW", 1.1)],
    "clustered by outcome": [(table, "CLUSTER_FROM", 1)],
    "clustered, complements wherever possible": [(table, "CLUSTER_FROM", 1), (arrays, "COMPLEMENT_ABOVE", 0.0)],
    "multisets sorted aside": [(arrays, "SORT_ASIDE", 0)],
    "all cells listed": [(cells, "_all_kept", lambda *_: False)],
    "all cells dense": [(cells, "_all_kept", lambda size, _: size < 1 << 20)],
}
"""Ways of working that a few rows would not reach by themselves."""


@pytest.mark.parametrize("way", WAYS)
def test_the_engine_equals_the_reference(differ, way) -> None:
    """Q3, Q4, R1-R3, T1-T8, M2, M3, M8, O8, O9: whichever way the engine works, to the last bit."""

    @relaxed
    @given(cases(currencies=None))
    def ask(case: Case) -> None:
        with changed(WAYS[way]):
            assert differ(case) is None

    ask()


def enlarged(case: Case) -> Case:
    """Return the case with amounts of which a handful exceeds 64 bits at the scale of cents."""
    whole = 10**16

    def large(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            k: (-whole if v < 0 else whole) + v.quantize(Decimal("0.01")) % 1
            if isinstance(v, Decimal) and "amount" in k
            else v
            for k, v in row.items()
        }

    records = {name: rows if name == "target" else [large(row) for row in rows] for name, rows in case.records.items()}
    return attrs.evolve(case, records=records)


def test_sums_beyond_64_bits_equal_the_reference(differ, monkeypatch) -> None:
    """Q3: amounts of 10^16 with cents: their sums leave 64 bits, are computed in halves, and stay exact."""
    joined: list[bool] = []
    whole = arrays._joined
    monkeypatch.setattr(arrays, "_joined", lambda *a: joined.append(True) or whole(*a))

    @settings(fixed, max_examples=60)
    @given(cases(size=30))
    def ask(case: Case) -> None:
        assert differ(enlarged(case)) is None

    ask()
    assert len(joined) >= 5


def test_scores_agree_to_rounding(answer) -> None:
    """Q3: floats are the one inexact kind: their sums agree with the reference to rounding, everything else exactly."""
    scored = Counter()

    @relaxed
    @given(cases(scores=True))
    def ask(case: Case) -> None:
        expected = measure(case.metrics, case.records, **case.question(), **case.settings())
        for known, found in zip(expected.rows, answer(case).rows(), strict=True):
            for name, value in found.items():
                inexact = name == "score" and value is not None
                scored[name] += inexact
                assert value == (pytest.approx(known[name], rel=1e-12, abs=1e-6) if inexact else known[name])

    ask()
    assert scored["score"] > 0


# -- what the questions reach --------------------------------------------------------------------------


def test_the_questions_reach_what_is_difficult(compare) -> None:
    """The differential test is not vacuous: groups, periods, windows, stocks, undefined values, exclusions, roll-ups, pasts."""
    seen: Counter[str] = Counter()
    looked_at, swept = compute.looked_at, compute.swept

    @settings(fixed, max_examples=240)
    @given(cases(currencies=None))
    def ask(case: Case) -> None:
        before = seen["views"]
        views = [
            (compute, "looked_at", lambda *a: seen.update(["views"]) or looked_at(*a)),
            (compute, "swept", lambda *a: seen.update(["views", "swept"]) or swept(*a)),
        ]
        with changed(views):
            difference, found = compare(case)
        assert difference is None
        seen["questions that look at other instants"] += seen["views"] > before
        nodes = [node for metric in case.metrics for node in walk(metric.formula)]
        seen["windows"] += any(isinstance(n, Window) for n in nodes)
        seen["stocks"] += any(isinstance(n, Aggregate) and n.at == STOCK for n in nodes)
        seen["roll-ups"] += any(isinstance(n, c.Each) for n in nodes)
        seen["quantiles"] += any(isinstance(n, Aggregate) and n.op == "quantile" for n in nodes)
        seen["targets"] += any(isinstance(n, Aggregate) and n.table == "target" for n in nodes)
        seen["as of a past day"] += case.as_of is not None
        seen["converted"] += case.currency is not None
        rows = found.rows()
        seen["groups"] += bool(case.by) and len(found) > 1
        seen["periods"] += case.per is not None and len(found) > 1
        seen["blank groups"] += any(row[key] is None for row in rows for key in found.keys)
        seen["undefined"] += any(row[name] is None for row in rows for name in found.names)
        seen["numbers"] += any(row[name] not in {None, 0} for row in rows for name in found.names)
        for reason in found.excluded:
            seen[reason.split(": ")[1]] += 1

    ask()
    least = {
        "questions that look at other instants": 10, "swept": 3, "windows": 20, "stocks": 8, "roll-ups": 5, "quantiles": 8,
        "targets": 5, "as of a past day": 40, "converted": 20, "groups": 8, "periods": 8, "blank groups": 3,
        "undefined": 20, "numbers": 15, "negative duration": 1, "unpriced": 3, "no rate": 2, "undated": 15,
    }  # fmt: skip
    assert {name: seen[name] for name, n in least.items() if seen[name] < n} == {}, seen


# -- planted mistakes ----------------------------------------------------------------------------------

_elapsed = evaluated._EVALUATORS[c.Elapsed]
_range_of, _view, _shown = layout.range_of, compute.view, compute._shown
_group, _quantile, _ratio = compute.group, runs._quantile, operand.ratio


def _absolute(expr: Any, table: Any, scope: Any) -> Any:
    """T3 broken: a negative duration counts as a positive one."""
    column = _elapsed(expr, table, scope)
    swapped = _elapsed(c.Elapsed(expr.end, expr.start), table, scope)
    there = column.present() | swapped.present()
    return column.replace(data=np.where(column.present(), column.data, swapped.data), valid=there)


def _floored(a: Any, b: Any, *more: Any) -> Any:
    """Q4 broken: quotients are cut to six decimals."""
    found = _ratio(a, b, *more)
    return attrs.evolve(found, data=np.floor(found.data * 1e6) / 1e6)


def _longer(frame: Any, chain: Any, *more: Any) -> Any:
    """T6 broken: a trailing window has a day too many."""
    found = _range_of(frame, chain, *more)
    return attrs.evolve(found, start=found.start - 1) if any(w.kind == "trailing" for w in chain) else found


def _without_blank(parts: Any, keys: int, **more: Any) -> Any:
    """Blank is dropped instead of being a group."""
    kept = [
        (k, codes, (codes > 0).all(1) if there is None else there & (codes > 0).all(1)) for k, codes, there in parts
    ]
    return _group(kept if keys else parts, keys, **more)


MISTAKES: Mapping[str, Changes] = {
    "quotients are cut": [(finish, "ratio", _floored)],
    "what is complemented is not taken off again": [
        (Residual, "others", lambda self, _: attrs.evolve(self, mask=np.zeros_like(self.mask))),
        (arrays, "COMPLEMENT_ABOVE", 0.0),
    ],
    "negative durations lose their sign": [(evaluated._EVALUATORS, c.Elapsed, _absolute)],
    "trailing windows are a day too long": [(layout, "range_of", _longer)],
    "blank is no group": [(compute, "group", _without_blank)],
    "undated rows are in every past": [(compute, "view", lambda *a, today, **k: _view(*a, today=True, **k))],
    "undated rows are in every past of a sweep": [(sweeps, "newest", lambda *_: None)],
    "what is left over is not shared out": [
        (shares, "by_largest_remainder", lambda amount, weights: [amount * w // sum(weights) for w in weights])
    ],
    "one period too few": [(compute, "_shown", lambda *a: slice(_shown(*a).start, max(_shown(*a).stop - 1, 0)))],
    "quantiles take the lower neighbour": [
        (runs, "_quantile", lambda run, flat, starts, q, _, shape: _quantile(run, flat, starts, q, "discrete", shape))
    ],
    "the newest recorded date is overlooked": [(compute, "newest", lambda *_: None)],
}


def about(formula: Formula, unit: str, *, per: str | None = None) -> SearchStrategy[Case]:
    """Return questions about one formula over opportunities, for mistakes that few questions touch."""
    return st.builds(
        lambda records, as_of: Case(
            (Metric("m", formula, unit=unit),), records, (), per, None, as_of, Calendar(), "UTC"
        ),
        datasets(tables=["opportunity"]),
        days(),
    )


QUESTIONS = {
    "negative durations lose their sign": about(total(elapsed("created_at", "closed_at"), at="created_at"), "days"),
    "trailing windows are a day too long": about(count(at="created_at").trailing(7), "count", per="month"),
    "undated rows are in every past": about(count(at=STOCK), "count"),
    "undated rows are in every past of a sweep": about(count(at=STOCK), "count", per="month"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found_out(differ, mistake) -> None:
    """A differential test is worth what it finds: each of these mistakes makes some answer another one."""

    @hunting
    @given(QUESTIONS.get(mistake, cases(currencies=None)))
    def ask(case: Case) -> None:
        with changed(MISTAKES[mistake]):
            assert differ(case) is None

    with pytest.raises(AssertionError):
        ask()


def test_a_lost_half_of_a_large_sum_is_found_out(differ) -> None:
    """Q3: the upper halves of sums beyond 64 bits are not decoration."""

    @hunting
    @given(cases(size=30))
    def ask(case: Case) -> None:
        with changed([(arrays, "_joined", lambda low, _: low)]):
            assert differ(enlarged(case)) is None

    with pytest.raises(AssertionError):
        ask()


def test_the_reference_itself_is_exact() -> None:
    """Q4: what both are compared with is the quotient of whole numbers, rounded once."""
    rows = [{"id": i, "amount": Decimal(10**15 + i), "outcome": "won"} for i in range(7)]
    mean = Metric("mean", total("amount") / count(), unit="money")

    assert measure(mean, {"opportunity": rows}).total["mean"] == float(Fraction(sum(10**15 + i for i in range(7)), 7))
