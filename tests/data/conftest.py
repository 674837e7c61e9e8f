"""The real sets through the public API, with the figures that were computed of them elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import crmcore as cc

PROFILES = Path(__file__).parent / "profiles"
FILES = {
    "bank_marketing": "bank_marketing/bank-full.csv",
    "cdnow": "cdnow/CDNOW_master.txt",
    "online_retail_2011": "online_retail_2011/online_retail.csv.gz",
}
"""Sets of which one file is read, not the folder."""


@pytest.fixture(scope="session")
def published(shared_data: Path) -> Callable[[str], dict[str, Any]]:
    """Return a function that gives the figures of a set."""

    @cache
    def of(name: str) -> dict[str, Any]:
        return json.loads((shared_data / name / "reference" / "reference.json").read_text(encoding="utf-8"))

    return of


@pytest.fixture(scope="session")
def read_set(shared_data: Path) -> Callable[[str], cc.Dataset]:
    """Return a function that reads a set with its profile, once."""

    @cache
    def of(name: str) -> cc.Dataset:
        return cc.read(shared_data / FILES.get(name, name), profile=PROFILES / f"{name}.toml")

    return of


@pytest.fixture(scope="session")
def agree() -> Callable[..., None]:
    """Return a function that holds a row against figures: those named exact to the last bit, the others to 1e-12."""

    def check(row: Mapping[str, Any], figures: Mapping[str, Any], *, names: Mapping[str, str], exact: set[str]) -> None:
        for ours, theirs in names.items():
            found, expected = row[ours], figures[theirs]
            if ours in exact or expected is None:
                assert found == expected, (ours, found, expected)
            else:
                assert found == pytest.approx(expected, rel=1e-12, abs=0), ours

    return check
