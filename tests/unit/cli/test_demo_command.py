"""`crmcore demo`."""

from __future__ import annotations

from typing import Any

import pytest

from crmcore import demo


def test_the_demo_shows_a_scorecard(crmcore: Any) -> None:
    """A small organisation is generated, measured and explained, the same twice, in either language."""
    run = crmcore("demo", "--rows", "300", "--seed", "5")

    assert run.status == 0
    assert "Win rate" in run.out
    assert "赢率" in crmcore("demo", "--rows", "300", "--seed", "5", "--language", "zh").out


def test_rows_and_seed_are_handed_on(crmcore: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not given is left to the demo."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(demo, "run", lambda **given: seen.append(given))

    crmcore("demo")
    crmcore("demo", "--rows", "10", "--seed", "3", "--language", "zh")

    assert [sorted(given) for given in seen] == [["out", "workspace"], ["out", "rows", "seed", "workspace"]]
    assert (seen[1]["rows"], seen[1]["seed"], seen[1]["workspace"].language) == (10, 3, "zh")
