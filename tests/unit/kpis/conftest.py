"""The worked cases of the catalogue: a test with an argument `case` runs once for each of them.

A module in `cases/` has a list `CASES` of (metric or its name, tables, keyword arguments of measure, expected).
A table is a row of column names and rows of values; a text such as "2026-03-02" stands for the date, "2026-03-02T09:00Z"
for the instant. `expected` is the number of the only row, a mapping from the labels of all periods to their numbers, or a
tuple with the number of each row in the order of the result. A Fraction or whole number is met exactly (rounded once to a
float, Q4), a float to 1e-12, and None is undefined.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from crmcore.kpis import CATALOGUE
from crmcore.metric import Metric

Value = Fraction | int | float | str | None
ISO = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}Z)?")


class Case(NamedTuple):
    """One metric over a few literal records, with what it has to give."""

    metric: Metric
    records: Mapping[str, list[dict[str, Any]]]
    kwargs: Mapping[str, Any]
    expected: Value | tuple[Value, ...] | dict[str, Value]
    label: str

    def agrees(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Tell whether the rows of a result hold the expected numbers."""
        values = [row[self.metric.name] for row in rows]
        if isinstance(self.expected, dict):
            expected = tuple(self.expected.values())
            if [row["period"] for row in rows] != list(self.expected):
                return False
        else:
            expected = self.expected if isinstance(self.expected, tuple) else (self.expected,)
        return len(values) == len(expected) and all(map(_agree, values, expected))


def _agree(value: Any, expected: Value) -> bool:
    if expected is None:
        return value is None or value != value  # NaN is undefined
    if isinstance(expected, str):
        return bool(value == expected)
    if isinstance(expected, float):
        return bool(value == pytest.approx(expected, rel=1e-12, abs=0))
    return bool(value == float(expected))


def cell(value: Any) -> Any:
    """Return the date or instant that a text stands for; other values as they are."""
    if not isinstance(value, str) or not ISO.fullmatch(value):
        return value
    return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)


def records(table: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return the rows below a row of column names as records."""
    columns, *rows = table
    return [dict(zip(columns, map(cell, row), strict=True)) for row in rows]


def load(path: Path) -> list[Case]:
    """Return the cases of one module."""
    spec = importlib.util.spec_from_file_location(f"kpi_cases_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = []
    for number, (metric, tables, kwargs, expected) in enumerate(module.CASES):
        named = CATALOGUE[metric] if isinstance(metric, str) else metric
        given = {name: records(table) for name, table in tables.items()}
        options = {name: cell(value) for name, value in kwargs.items()}
        found.append(Case(named, given, options, expected, f"{path.stem}-{number}-{named.name}"))
    return found


CASES = [case for path in sorted((Path(__file__).parent / "cases").glob("*.py")) for case in load(path)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that asks for a `case` with every one of them."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES, ids=[case.label for case in CASES])


@pytest.fixture(scope="session")
def cases() -> list[Case]:
    """Return all cases."""
    return CASES
