"""The packages in plugins/ go together, and each keeps the contract of plugins."""

from __future__ import annotations

import tomllib
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import crmcore as cc
from crmcore.testing import PluginSuite

ROOT = Path(__file__).resolve().parents[2]
STATED = [tomllib.loads(p.read_text("utf-8"))["project"] for p in sorted(ROOT.glob("plugins/crmcore-*/pyproject.toml"))]
NAMES = {name: module for project in STATED for name, module in project["entry-points"]["crmcore"].items()}
INSTALLED = {e.name for e in entry_points(group="crmcore")}
NOTHING_ALONE = {"sklearn": "it declares what its settings name, and nothing without them"}

pytestmark = pytest.mark.skipif(
    not INSTALLED >= {*NAMES}, reason="packages of plugins/ are not installed; make venv does"
)


def test_all_of_them_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one workspace, strictly: no two declare one name, and each has a package with a version."""
    monkeypatch.delenv("CRMCORE_PLUGINS", raising=False)
    workspace = cc.Workspace(discover=NAMES, strict=True)

    assert [p.name for p in workspace.plugins] == sorted(NAMES)
    assert all(p.error is None and p.version for p in workspace.plugins)


def test_every_hook_is_used_by_one_of_them() -> None:
    """A hook that none of ours needs would be a guess."""
    used = {hook for p in cc.Workspace(discover=NAMES).plugins for hook in p.hooks}

    assert used == {"crmcore_metrics", "crmcore_scorers", "crmcore_stores", "crmcore_profiles"}


@pytest.mark.parametrize("project", STATED, ids=lambda p: p["name"])
def test_each_says_which_crmcore_it_fits(project) -> None:
    """A range of versions with both ends, and the Python that crmcore needs."""
    (ours,) = [d for d in project["dependencies"] if d.startswith("crmcore")]

    assert ours == "crmcore>=0.1,<0.2"
    assert project["requires-python"] == ">=3.11"


@pytest.mark.parametrize("check", [c for c in PluginSuite.checks() if c != "test_import_changes_nothing"])
@pytest.mark.parametrize("name", NAMES)
def test_each_keeps_the_contract(name, check) -> None:
    """Every check of the suite but the import in a new process, which the packages' own tests run."""
    if check == "test_loads_alone" and name in NOTHING_ALONE:
        assert not cc.Workspace(discover=[name]).plugins[0].declared, NOTHING_ALONE[name]
        return
    suite = type("TestIt", (PluginSuite,), {"plugin": import_module(NAMES[name])})
    getattr(suite(), check)()
