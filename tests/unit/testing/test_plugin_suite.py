"""PluginSuite finds what it says it finds: a sound plugin passes, and for each check there is a plugin that fails it."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError
from crmcore.plugins.contract import Unfit
from crmcore.testing import PluginSuite

HEAD = """
import attrs
import crmcore as cc
from crmcore.plugins import Labels, secret
CRMCORE_API = (1, 0)
def metric(name, **more):
    return cc.Metric(name, cc.count(), unit="count", anchor="created_at", **{"summary": "rows", "labels": {"en": name}} | more)
"""
HOOK = "@cc.hookimpl\ndef crmcore_metrics(config):\n    return [{0}]\n"
BROKEN = {
    "test_hooks": "x = 1\n",
    "test_api": "del CRMCORE_API\n" + HOOK.format("metric('a_rows')"),
    "test_loads_alone": HOOK.format(""),
    "test_declares_the_same_twice": (
        "made = []\n@cc.hookimpl\ndef crmcore_metrics():\n    made.append(1)\n    return [metric(f'rows_{len(made)}')]\n"
    ),
    "test_names_are_its_own": HOOK.format("metric('win_rate')"),
    "test_metrics_are_labelled": HOOK.format("metric('a_rows', labels={'zh': '行'})"),
    "test_labels_have_metrics": HOOK.format("Labels('de', names={'win_rat': 'Quote'})"),
    "test_profiles_can_be_read": "@cc.hookimpl\ndef crmcore_profiles():\n    return {'acme': {'fiel': []}}\n",
    "test_config": (
        "class Odd(dict):\n    pass\n@attrs.frozen\nclass CONFIG:\n    x: int = attrs.field(default=1, eq=False)\n"
        "    y: int = attrs.field(default=1, init=False)\n    def __eq__(self, other): return False\n"
        + HOOK.format("metric('a_rows')")
    ),
    "test_secrets_are_hidden": (
        "@attrs.frozen\nclass CONFIG:\n    token: str = secret(default='hunter2')\n"
        "    def __repr__(self): return f'CONFIG({self.token})'\n" + HOOK.format("metric('a_rows')")
    ),
    "test_import_changes_nothing": "import numpy\nnumpy.seterr(all='ignore')\n" + HOOK.format("metric('a_rows')"),
}
"""Check -> a plugin that fails it."""


def checked(source: str, check: str, *, name: str = "crmcore_acme") -> None:
    """Run one check on a plugin."""
    module = ModuleType(name)
    exec(HEAD + source, module.__dict__)
    suite = type("TestIt", (PluginSuite,), {"plugin": module})
    getattr(suite(), check)()


def test_every_check_has_a_plugin_that_fails_it() -> None:
    """The list above is complete."""
    assert set(BROKEN) == set(PluginSuite.checks())
    assert all(inspect.getdoc(getattr(PluginSuite, check)) for check in BROKEN)


@pytest.mark.parametrize("check", [c for c in BROKEN if c != "test_import_changes_nothing"])
def test_a_broken_plugin_fails(check) -> None:
    """Planted faults, one for each check."""
    with pytest.raises((AssertionError, cc.CrmCoreError, Unfit)):
        checked(BROKEN[check], check)


@pytest.mark.parametrize("check", BROKEN)
def test_a_sound_plugin_passes(check) -> None:
    """One with a metric, labels, a profile, settings and a secret."""
    checked(
        "@attrs.frozen\nclass CONFIG:\n    limit: int = 3\n    token: str = secret(default='hunter2')\n"
        + HOOK.format("metric('a_rows'), Labels('de', names={'a_rows': 'Zeilen', 'win_rate': 'Quote'})")
        + "@cc.hookimpl\ndef crmcore_profiles():\n"
        "    return {'acme': {'file': [{'match': 'a.csv', 'table': 'lead', 'columns': {'id': 'Nr'}}]}}\n",
        check,
    )


CHANGES = {
    "import numpy; numpy.seterr(all='ignore')": "numpy's reaction to errors",
    "numpy.set_printoptions(precision=2)": "numpy's print options",
    "import os; os.environ['TZ_OF_ACME'] = 'UTC'": "environment variables",
    "os.chdir('/')": "the working folder",
    "import decimal; decimal.getcontext().prec = 5": "the decimal context",
    "import sys; sys.path.insert(0, '/nowhere')": "sys.path",
    "sys.setrecursionlimit(5000)": "the recursion limit",
    "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()": "threads",
}
"""What an import may change for everybody -> what it is called."""


@pytest.mark.parametrize(
    ("lines", "says"),
    [(CHANGES, CHANGES.values()), (["import nothing_like_this"], ["it cannot be imported alone"]), (["x = 1"], ())],
)
def test_importing_is_watched_in_a_process_of_its_own(tmp_path, monkeypatch, lines, says) -> None:
    """All that an import changes for everybody is named; a module that changes nothing passes."""
    (tmp_path / "crmcore_watched.py").write_text("\n".join(lines) + HEAD + HOOK.format("metric('a_rows')"), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = ModuleType("crmcore_watched")
    monkeypatch.setitem(sys.modules, "crmcore_watched", module)
    suite = type("TestIt", (PluginSuite,), {"plugin": module})()
    if not says:
        suite.test_import_changes_nothing()
        return
    with pytest.raises(AssertionError) as caught:
        suite.test_import_changes_nothing()
    assert [name for name in says if name not in str(caught.value)] == []


def test_an_expected_failure_is_of_a_check_that_there_is() -> None:
    """A name that is misspelt is an error when the class is made."""
    with pytest.raises(ArgumentError, match="no check 'test_hook'; did you mean 'test_hooks'"):
        type("TestIt", (PluginSuite,), {"expected_failures": {"test_hook": "why"}})


def test_a_file_and_an_object_are_plugins_too(tmp_path) -> None:
    """The suite takes what a workspace takes."""
    path = tmp_path / "acme.py"
    path.write_text(HEAD + HOOK.format("metric('a_rows')"), "utf-8")
    suite = type("TestIt", (PluginSuite,), {"plugin": path})
    for check in suite.checks():
        getattr(suite(), check)()
