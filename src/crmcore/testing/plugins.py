"""PluginSuite: what every plugin has to pass.

class TestPlugin(PluginSuite):
    plugin = crmcore_acme
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import PluginError
from ..kpis import CATALOGUE
from ..metric import Metric
from ..plugins.candidates import given
from ..plugins.config import HIDDEN, secrets_of
from ..plugins.contract import api_of, hooks_of
from ..plugins.gather import settled
from ..plugins.hookspecs import HOOKS
from ..plugins.host import Draft, drafts_of
from ..plugins.labels import Labels
from .suite import Suite

__all__ = ["PluginSuite"]

_IMPORTED_ALONE = """
import sys, threading
from importlib import import_module
import numpy
import crmcore.workspace
seen = lambda: {
    "numpy's print options": str(sorted(numpy.get_printoptions().items(), key=str)),
    "numpy's reaction to errors": numpy.geterr(),
    "the working folder": __import__("os").getcwd(),
    "environment variables": dict(__import__("os").environ),
    "the recursion limit": sys.getrecursionlimit(),
    "the locale": __import__("locale").setlocale(__import__("locale").LC_ALL),
    "sys.path": list(sys.path),
    "threads": threading.active_count(),
    "the decimal context": str(__import__("decimal").getcontext()),
}
before = seen()
import_module(sys.argv[1])
after = seen()
print("CHANGED", *[f"[{k}]" for k in before if before[k] != after[k]])
"""


class PluginSuite(Suite):
    """Checks that a plugin keeps its contract; a subclass gives `plugin`, and `config` where it needs one."""

    plugin: Any = None
    config: Mapping[str, Any] | None = None

    def test_hooks(self) -> None:
        """It implements at least one hook, under its right name, without defaults and options."""
        found = hooks_of(self._plugin())
        assert found, f"no hook is implemented; there are {', '.join(HOOKS)}"

    def test_api(self) -> None:
        """It says for which version of the hooks it is written, and this crmcore has it."""
        api_of(self._plugin())

    def test_loads_alone(self) -> None:
        """It loads strictly in a workspace of its own, and declares something."""
        assert self._draft().declared, "every hook returned an empty list: nothing is declared"

    def test_declares_the_same_twice(self) -> None:
        """A second workspace is told the same: nothing depends on what was asked before."""
        first, second = self._draft().declared, self._draft().declared
        assert [_said(d) for d in first] == [_said(d) for d in second]

    def test_names_are_its_own(self) -> None:
        """No name is declared twice, or taken by crmcore."""
        settled([self._draft()])

    def test_metrics_are_labelled(self) -> None:
        """Each metric has an English name and a definition in words."""
        for metric in self._all("metrics"):
            assert metric.labels.get("en"), f"metric {metric.name!r} has no English name: labels={{'en': ...}}"
            assert metric.summary.strip(), f"metric {metric.name!r} has no summary: the definition in one sentence"

    def test_labels_have_metrics(self) -> None:
        """Each label names a metric of the plugin or of the catalogue."""
        known = {*CATALOGUE, *(m.name for m in self._all("metrics"))}
        for labels in self._all("labels"):
            unknown = sorted({*labels.names, *labels.summaries} - known)
            assert not unknown, f"labels in {labels.language!r} for metrics that are not there: {', '.join(unknown)}"

    def test_profiles_can_be_read(self) -> None:
        """Each profile is what it should be, to the last key."""
        from ..sources.matching import resolve_profile

        for profile in self._all("profiles"):
            resolve_profile(profile)

    def test_config(self) -> None:
        """A key that is not there and a wrong type are refused, and the settings can be stated as they are kept."""
        draft = self._draft()
        stated = dict(self.config) if isinstance(self.config, Mapping) else {}
        with suppress(PluginError):
            self._draft({**stated, "no_such_key_of_any_plugin": 1})
            raise AssertionError("a key that CONFIG does not have was taken")
        if draft.config is not None and not isinstance(self.plugin, (str, Path)):  # a file makes its CONFIG anew
            assert self._draft(draft.config).config == draft.config

    def test_secrets_are_hidden(self) -> None:
        """What is secret is shown neither by the settings nor by the workspace."""
        draft = self._draft()
        shown = f"{draft.config!r} {draft.plugin!r} {draft.plugin.to_dict()!r}"
        for word in secrets_of(draft.config):
            assert word not in shown, f"a secret is shown where {HIDDEN} should stand"

    def test_import_changes_nothing(self) -> None:
        """Importing it leaves numpy, the locale, the environment, paths and the decimal context as they are."""
        plugin = self._plugin()
        if not isinstance(plugin, ModuleType) or plugin.__name__ not in sys.modules:
            return  # there is nothing that a new process could import
        run = subprocess.run(  # noqa: S603 - the interpreter that runs already
            [sys.executable, "-c", _IMPORTED_ALONE, plugin.__name__],
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
        )
        assert run.returncode == 0, f"it cannot be imported alone: {run.stderr}"
        changed = run.stdout.rpartition("CHANGED")[2].strip()
        assert not changed, f"importing it changes {changed}"

    # -- for the checks ----------------------------------------------------------------------------------

    def _plugin(self) -> Any:
        if isinstance(self.plugin, (str, Path)):
            return given(self.plugin, strict=True).load()
        return self.plugin

    def _draft(self, config: Any = None) -> Draft:
        candidate = given(self.plugin, strict=True)
        stated = self.config if config is None else config
        (draft,) = drafts_of([candidate], None if stated is None else {candidate.name: stated})
        return draft

    def _all(self, kind: str) -> list[Any]:
        return [d.value for d in self._draft().declared if d.kind == kind]


def _said(declared: Any) -> tuple[Any, ...]:
    """Return what can be compared of a declaration."""
    value = declared.value
    if isinstance(value, Metric):
        return declared.kind, value.name, value.key, value.revision, dict(value.labels)
    if isinstance(value, Labels):
        return declared.kind, value.language, dict(value.names), dict(value.summaries)
    return declared.kind, declared.name, getattr(value, "revision", None)


def _environment() -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
