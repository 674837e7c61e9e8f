"""The engine beside the reference: one question to both, and the first thing that differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import crmcore as cc
from crmcore.engines import sweeps
from crmcore.errors import CrmCoreError
from crmcore.table.history import order, visits
from crmcore.testing import measure
from crmcore.testing.strategies import Case

Difference = str | None


def answer_of(case: Case) -> cc.Result:
    """Return what the engine answers."""
    workspace = cc.Workspace(**case.settings())
    return workspace.measure(case.metrics, cc.Dataset(**case.records), **case.question())


def _both(case: Case) -> tuple[Any, Any]:
    """Return both answers, or in their place the kind of error."""
    answers: list[Any] = []
    for ask in (
        lambda: measure(case.metrics, case.records, **case.question(), **case.settings()),
        lambda: answer_of(case),
    ):
        try:
            answers.append(ask())
        except CrmCoreError as error:
            answers.append(type(error))
    return answers[0], answers[1]


def _details(known: dict[str, Any]) -> dict[str, Any]:
    """Return the members that apply, exact numbers rounded once (Q4)."""
    return {k: v if isinstance(v, str) else float(v) for k, v in known.items() if v is not None}


def difference(case: Case) -> Difference:
    """Return where the engine's answer is not that of the reference, compared with ==; None where it is."""
    return compared(case)[0]


def compared(case: Case) -> tuple[Difference, Any]:
    """Return the first difference, and the engine's answer."""
    expected, found = _both(case)
    return _first(case, expected, found), found


def _first(case: Case, expected: Any, found: Any) -> Difference:
    if isinstance(expected, type) or isinstance(found, type):
        return None if expected is found else f"errors: {expected} and {found}"
    rows = [{k: v for k, v in row.items() if k != "period" or case.per is not None} for row in expected.rows]
    if rows != found.rows():
        pairs = [pair for pair in zip(rows, found.rows(), strict=False) if pair[0] != pair[1]]
        return f"{len(rows)} and {len(found)} rows: {pairs[:3]}"
    if expected.total != found.total:
        return f"total: {expected.total} and {found.total}"
    for i, (known, given) in enumerate(zip(expected.details, found.to_dict()["details"], strict=True)):
        if {name: _details(d) for name, d in known.items()} != given:
            return f"details of row {i}: {known} and {given}"
    if _left_out(expected.excluded) != _left_out(found.excluded):
        return f"left out: {expected.excluded} and {found.excluded}"
    return None


def _left_out(excluded: dict[str, int]) -> Counter[str]:
    """Return how many rows the rules leave out, whatever table they are of; no rate and no amount are both no price."""
    found: Counter[str] = Counter()
    for reason, count in excluded.items():
        name = reason.split(": ")[-1]
        if name in LEFT_OUT:
            found[LEFT_OUT[name]] += count
    return found


LEFT_OUT = {"negative duration": "T3", "unpriced": "M3", "no rate": "M3", "undated": "O9"}
"""Reasons that rules name."""


@pytest.fixture(scope="session")
def differ() -> Callable[[Case], Difference]:
    """Return a function that asks both and tells the first difference."""
    return difference


@pytest.fixture(scope="session")
def compare() -> Callable[[Case], tuple[Difference, Any]]:
    """Return a function that asks both and gives the engine's answer with the first difference."""
    return compared


@pytest.fixture(scope="session")
def answer() -> Callable[[Case], cc.Result]:
    """Return a function that asks the engine."""
    return answer_of


@pytest.fixture(scope="module", autouse=True)
def small_parts() -> Iterator[None]:
    """Histories are worked on in parts; here these are so small that every example has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "_PIECE", 5)
        patch.setattr(visits, "_EVENTS", 7)
        patch.setattr(sweeps, "_ROWS", 2)
        yield
