"""Real sets, read in place; their figures with the standard library's csv alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import crmcore as cc
import crmcore_profiles

CONFIG = {
    "profiles": {
        "files": {"fivetran_salesforce": "sf_{}_data.csv", "fivetran_hubspot": "{}_data.csv"},
    }
}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data sets; their licences keep them out of the project, so it may be absent."""
    path = Path(__file__).resolve().parents[4] / "shared" / "data"
    if not path.is_dir():
        pytest.skip("real data sets are not here: ../shared/data beside the project does not exist")
    return path


@pytest.fixture(scope="session")
def workspace() -> cc.Workspace:
    """Return a workspace with the profiles, told how the files of the sets are called."""
    return cc.Workspace(plugins=[crmcore_profiles], config=CONFIG)


@pytest.fixture(scope="session")
def rows(shared_data: Path) -> Callable[[str], list[dict[str, str]]]:
    """Return a function that gives the rows of a file as the standard library reads them."""

    def of(name: str) -> list[dict[str, str]]:
        with (shared_data / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    return of


@pytest.fixture(scope="session")
def published(shared_data: Path) -> Callable[[str], dict[str, Any]]:
    """Return a function that gives the figures of a set."""
    return lambda name: json.loads((shared_data / name / "reference" / "reference.json").read_text("utf-8"))
