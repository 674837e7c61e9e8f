"""The worked cases of the catalogue, for the functions made from it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest


def _cases() -> list[Any]:
    path = Path(__file__).resolve().parents[1] / "kpis" / "conftest.py"
    spec = importlib.util.spec_from_file_location("worked_cases_of_the_catalogue", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[Any] = module.CASES
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that asks for a `case` with every one of them."""
    if "case" in metafunc.fixturenames:
        cases = _cases()
        metafunc.parametrize("case", cases, ids=[case.label for case in cases])
