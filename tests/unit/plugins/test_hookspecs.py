"""The page of the hooks is true: its examples are plugins, and its sentences hold."""

from __future__ import annotations

import inspect
import textwrap

import pytest

import crmcore as cc
from crmcore.plugins import API, HOOKS, hookspecs

KINDS = {
    "crmcore_metrics": "metrics",
    "crmcore_scorers": "scorers",
    "crmcore_stores": "stores",
    "crmcore_profiles": "profiles",
}


def example(hook: str) -> str:
    """Return the example in the docstring of a hook."""
    return textwrap.dedent((inspect.getdoc(HOOKS[hook]) or "").partition("Examples:\n")[2])


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_of_each_hook_is_a_plugin(plugin, hook) -> None:
    """It loads strictly as it stands, implements that hook alone, and what it declares can be found by name."""
    workspace = cc.Workspace(plugins=[plugin("crmcore_example", example(hook), head="")])
    (found,) = workspace.plugins

    assert found.hooks == (hook,)
    assert found.api == API
    for name in found.declared[KINDS[hook]]:
        assert name in getattr(workspace, KINDS[hook])


def test_the_examples_go_together(plugin) -> None:
    """All four in one workspace: no two have a name in common."""
    workspace = cc.Workspace(
        plugins=[plugin(f"crmcore_{hook}", example(hook), head="") for hook in HOOKS], language="de"
    )

    assert len(workspace.plugins) == len(HOOKS)
    assert workspace.metric("win_rate").label("de") == "Abschlussquote"


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_says_what_it_returns(hook) -> None:
    """Contract, what is returned, and an example; the one argument is `config`, without a default."""
    words = inspect.getdoc(HOOKS[hook]) or ""
    (argument,) = inspect.signature(HOOKS[hook]).parameters.values()

    assert words.startswith("Declare ")
    assert "\nReturns: " in words
    assert (argument.name, argument.default) == ("config", inspect.Parameter.empty)


def test_the_page_says_what_holds_for_all() -> None:
    """The version on the page is the version there is."""
    assert f"`CRMCORE_API = {API}`" in (inspect.getdoc(hookspecs) or "")
    assert set(HOOKS) == {n for n in dir(hookspecs) if n.startswith("crmcore_")}
