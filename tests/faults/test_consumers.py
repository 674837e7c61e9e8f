"""A consumer's cursor and its own state commit together, whatever happens to the process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("follow_and_die.py")


def counts(folder: Path, rounds: int, mode: str) -> dict[str, Any]:
    """Run the rounds, and return what was counted."""
    url = f"sqlite:///{folder / 'crm.db'}"
    run = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), url, str(rounds), mode],
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="processes are forked and killed")
def test_a_consumer_is_killed_again_and_again(tmp_path: Path, long_run: bool, record_property: Any) -> None:
    """kill -9 of writer and consumer: no acknowledged entry or cursor is lost, the state is that of its cursor (K8, K9).

    At the end the consumer's sum, kept by adding what is new and taking away what it replaced, is the metric's number.
    """
    rounds = 400 if long_run else 16
    found = counts(tmp_path, rounds, "together")
    record_property("counts", found)

    assert (found["lost"], found["wrong"]) == (0, 0)
    assert (found["end"], found["kpi"], found["sound"]) == (1, 1, 1)
    assert found["cursor"] > rounds  # they did work
    assert found.get("folding", 0) + found.get("committing", 0) > rounds / 5  # and died at work


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="processes are forked and killed")
def test_a_state_kept_elsewhere_is_found_out(tmp_path: Path) -> None:
    """The planted fault: with the state in a file of its own the two come apart, and the same rounds show it."""
    assert counts(tmp_path, 200, "beside")["wrong"] > 0
