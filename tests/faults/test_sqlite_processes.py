"""Processes that share a SQLite file: killed at any moment, four at once, a reader beside an import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("sqlite_processes.py")

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed")


def counts(what: str, folder: Path, rounds: int) -> dict[str, Any]:
    """Run it, and return what was counted."""
    run = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), what, str(folder / "crm.db"), str(rounds)],
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_a_writer_is_killed_again_and_again(tmp_path: Path, long_run: bool, record_property: Any) -> None:
    """kill -9: no acknowledged commit is lost, none is there by half, and log = states = KPI after each (K1, K2, K6)."""
    rounds = 200 if long_run else 14
    found = counts("kills", tmp_path, rounds)
    record_property("counts", found)

    assert (found["lost"], found["disagreeing"]) == (0, 0)
    assert found["checks"] == rounds
    assert found["commits"] > rounds / 2  # it did work
    assert found.get("appending", 0) > rounds / 4  # and died at work


def test_four_processes_write_at_once(tmp_path: Path, long_run: bool, record_property: Any) -> None:
    """Every increment counts, versions and numbers have no gap (K2, K3)."""
    rounds = 1_000 if long_run else 40
    found = counts("competition", tmp_path, rounds)
    record_property("counts", found)

    assert found["updates"] == 4 * rounds
    assert [found[name] for name in ("lost", "gaps", "wrong versions", "twice", "faults")] == [0] * 5
    assert found["conflicts"] > 0  # they did compete


def test_a_reader_beside_an_import(tmp_path: Path, long_run: bool, record_property: Any) -> None:
    """Whatever is read while another process imports is the beginning of it, as of one of its commits (K1, K9)."""
    rounds = 400 if long_run else 20
    found = counts("watching", tmp_path, rounds)
    record_property("counts", found)

    assert (found["torn"], found["backwards"], found["faults"]) == (0, 0, 0)
    assert found["records"] == 700 * rounds
    assert found["different"] > 3  # it was there while the import went on
