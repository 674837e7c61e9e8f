"""The type stub of crmcore.functional."""

from __future__ import annotations

from pathlib import Path

from mypy import api

ROOT = Path(__file__).resolve().parents[2]


def test_a_type_checker_knows_every_function(tmp_path: Path) -> None:
    """mypy --strict infers the types that functional_api.py states, and refuses what it marks."""
    page = Path(__file__).with_name("functional_api.py")
    config = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache"), "--strict"]

    said, errors, status = api.run([*config, str(page)])

    assert (status, errors) == (0, ""), said
