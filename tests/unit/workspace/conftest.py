"""A workspace on a store, of each kind that comes with crmcore."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import crmcore as cc
from crmcore.domain import Pipeline, Stage


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a store that is not there yet."""
    return "memory:" if request.param == "memory" else f"sqlite:///{tmp_path / 'crm.db'}"


@pytest.fixture
def ws(url: str) -> Iterator[cc.Workspace]:
    """Return a workspace on an empty store."""
    with cc.Workspace(store=url) as host:
        yield host


@pytest.fixture
def selling(ws: cc.Workspace) -> cc.Workspace:
    """Return a workspace on a store with a pipeline: new, offer, won, lost; in force since 1 March 2026."""
    stages = (
        Stage("new", probability=Decimal("0.1")),
        Stage("offer", probability=Decimal("0.5")),
        Stage("won", kind="won"),
        Stage("lost", kind="lost"),
    )
    ws.put(Pipeline("sales", name="Sales", stages=stages), at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    return ws
