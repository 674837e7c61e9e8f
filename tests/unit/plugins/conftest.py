"""Plugins made for tests: modules, and packages that are installed in a folder of their own."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from crmcore.plugins import installed as discovery

HEAD = """
import attrs
import crmcore as cc
from crmcore.plugins import Labels, secret
CRMCORE_API = (1, 0)

def metric(name, **more):
    return cc.Metric(name, cc.count(), unit="count", anchor="created_at", summary="rows", labels={"en": name}, **more)
"""


@pytest.fixture(autouse=True)
def _no_wish(monkeypatch):
    """Nothing is asked for by the environment the tests run in."""
    monkeypatch.delenv(discovery.ENVIRONMENT, raising=False)


@pytest.fixture
def plugin():
    """Return a function that makes a module of a name and the source behind the usual beginning."""

    def make(name: str, source: str, *, head: str = HEAD) -> ModuleType:
        module = ModuleType(name)
        exec(head + source, module.__dict__)
        return module

    return make


@pytest.fixture
def declaring(plugin):
    """Return a function that makes a plugin which declares metrics of these names."""

    def make(name: str, *metrics: str) -> ModuleType:
        listed = ", ".join(f"metric({m!r})" for m in metrics)
        return plugin(f"crmcore_{name}", f"@cc.hookimpl\ndef crmcore_metrics():\n    return [{listed}]\n")

    return make


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a package with one entry point; only such packages are installed."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    real = discovery._scan

    def only_here(path):
        return tuple(e for e in real(path) if e.dist._path.is_relative_to(site))

    only_here.cache_clear = real.cache_clear
    monkeypatch.setattr(discovery, "_scan", only_here)
    made = []

    def make(name: str, source: str, *, head: str = HEAD, version: str = "1.2", seen: bool = True) -> str:
        module = f"crmcore_{name}"
        made.append(module)
        (site / f"{module}.py").write_text(head + source, encoding="utf-8")
        info = site / f"crmcore_{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: crmcore-{name}\nVersion: {version}\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[crmcore]\n{name} = {module}\n", encoding="utf-8")
        if seen:
            real.cache_clear()
        return module

    yield make
    for module in made:
        sys.modules.pop(module, None)
    real.cache_clear()
