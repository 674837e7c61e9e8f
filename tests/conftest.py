"""Hypothesis profiles, and the fixtures that every folder of tests may use.

`CRMCORE_TEST_PROFILE` chooses how long the property tests run: default, ci (both short) or long.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# No deadline: a shared machine stalls, and a stall is not a wrong number.
settings.register_profile("default", max_examples=40, deadline=None)
settings.register_profile("ci", max_examples=40, deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "long", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)

PROFILE = os.environ.get("CRMCORE_TEST_PROFILE", "default")
settings.load_profile(PROFILE)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def long_run() -> bool:
    """Tell whether loops over seeds and faults should take their long form."""
    return PROFILE == "long"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data sets; their licences keep them out of the project, so it may be absent."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("real data sets are not here: ../shared/data beside the project does not exist")
    return path


@pytest.fixture(scope="session")
def vector(shared_data: Path) -> Callable[[str], dict[str, Any]]:
    """Return a function that gives a published vector by its id: input, expected, tolerance."""
    listed = json.loads((shared_data.parent / "vectors" / "vectors.json").read_text(encoding="utf-8"))
    return {v["id"]: v for v in listed}.__getitem__
