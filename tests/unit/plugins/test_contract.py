"""What of a plugin is checked before any of its hooks is called."""

from __future__ import annotations

import pytest

import crmcore as cc
from crmcore.errors import DefinitionError, PluginError
from crmcore.plugins import API, HOOKS


def refused(plugin) -> str:
    """Return why a workspace refuses a plugin."""
    with pytest.raises(PluginError) as caught:
        cc.Workspace(plugins=[plugin])
    return str(caught.value)


def hook(arguments: str = "", *, name: str = "crmcore_metrics", mark: str = "@cc.hookimpl") -> str:
    """Return the source of a hook that declares nothing."""
    return f"{mark}\ndef {name}({arguments}):\n    return []\n"


# -- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (hook(name="crmcore_metric"), "no hook is called 'crmcore_metric'; did you mean 'crmcore_metrics'?"),
        (hook(name="crmcore_storages"), "no hook is called 'crmcore_storages'; did you mean 'crmcore_stores'?"),
        (hook(name="crmcore_xyz"), "no hook is called 'crmcore_xyz'; there are crmcore_metrics, crmcore_scorers"),
        (
            hook(name="crmcore_scoring_rules"),
            "no hook is called 'crmcore_scoring_rules'; did you mean 'crmcore_scorers'?",
        ),
        (hook(name="crm_metrics"), "no hook is called 'crm_metrics'; did you mean 'crmcore_metrics'?"),
        (hook() + "crmcore_version = 3\n", "no hook is called 'crmcore_version'"),
        ("crmcore_metrics = [1]\n", "crmcore_metrics is a list, not a function"),
        (hook(mark=""), "crmcore_metrics has no @crmcore.hookimpl above it"),
        ("x = 1\n", "it implements no hook; write `@crmcore.hookimpl` above `def crmcore_metrics():`"),
    ],
)
def test_a_hook_that_is_none_is_refused(plugin, source, says) -> None:
    """A misspelt hook, one without a mark, what is no function, and no hook at all: the nearest name stands first."""
    assert refused(plugin("crmcore_acme", source)).startswith(f"plugin 'acme' of module crmcore_acme: {says}")


def test_a_module_imported_by_a_plugin_is_no_hook(plugin) -> None:
    """`import crmcore_other` in a plugin is no misspelt hook."""
    source = "import types\ncrmcore_other = types.ModuleType('crmcore_other')\n" + hook()

    assert cc.Workspace(plugins=[plugin("crmcore_acme", source)]).plugins[0].hooks == ("crmcore_metrics",)


def test_a_hook_of_a_later_version_may_be_optional(plugin) -> None:
    """optionalhook=True says that the hook may be unknown here; nothing else is let through by it."""
    later = hook(name="crmcore_engines", mark="@cc.hookimpl(optionalhook=True)")

    assert cc.Workspace(plugins=[plugin("crmcore_acme", hook() + later)]).plugins[0].hooks == ("crmcore_metrics",)


# -- how a hook is written -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (hook("config=None"), "crmcore_metrics has a default for 'config'"),
        (hook("conf"), "crmcore_metrics takes 'conf', which no caller gives; it may take config"),
        (hook("config, *, more"), "crmcore_metrics takes 'more'"),
        (hook("*args"), "crmcore_metrics takes *args; a hook names its arguments: config"),
        (hook("**kwargs"), "crmcore_metrics takes *kwargs"),
        (hook().replace("def ", "async def "), "crmcore_metrics is async; a hook is a plain function"),
        (hook(mark="@cc.hookimpl(tryfirst=True)"), "crmcore_metrics has tryfirst=True; hooks take no options"),
        (hook(mark="@cc.hookimpl(trylast=True)"), "crmcore_metrics has trylast=True"),
        (
            "@cc.hookimpl(wrapper=True)\ndef crmcore_metrics():\n    return (yield)\n",
            "crmcore_metrics has wrapper=True",
        ),
        (
            hook(name="mine", mark="@cc.hookimpl(specname='crmcore_metrics')"),
            "no hook is called 'mine'",
        ),
        (
            hook(mark="@cc.hookimpl(specname='crmcore_scorers')"),
            "crmcore_metrics has specname='crmcore_scorers'",
        ),
    ],
)
def test_a_hook_that_pluggy_would_read_another_way_is_refused(plugin, source, says) -> None:
    """Defaults, arguments that nobody gives, options of order and renaming: refused before pluggy sees them."""
    assert says in refused(plugin("crmcore_acme", source))


def test_a_hook_written_twice_in_a_file_is_refused(tmp_path) -> None:
    """Python would keep the second one without a word; both lines are named."""
    path = tmp_path / "acme.py"
    path.write_text(f"import crmcore as cc\nCRMCORE_API = (1, 0)\n{hook()}{hook('config')}", encoding="utf-8")

    assert "crmcore_metrics is defined twice, on lines 4 and 7" in refused(path)


def test_a_hook_in_a_text_is_no_second_one(tmp_path) -> None:
    """An example of a hook in a docstring is not taken for a definition."""
    path = tmp_path / "acme.py"
    path.write_text(
        f'"""\ndef crmcore_metrics():\n    ...\n"""\nimport crmcore as cc\nCRMCORE_API = (1, 0)\n{hook()}', "utf-8"
    )

    assert cc.Workspace(plugins=[path]).plugins[0].hooks == ("crmcore_metrics",)


# -- objects -------------------------------------------------------------------------------------------


class Acme:
    """A plugin that is an object; what it does not declare is not looked at."""

    CRMCORE_API = (1, 0)

    def __init__(self, metric: cc.Metric) -> None:
        self.metric = metric
        self.asked = 0

    @property
    def broken(self) -> int:
        """Raise whenever it is read."""
        self.asked += 1
        raise RuntimeError("do not look")

    @cc.hookimpl
    def crmcore_metrics(self) -> list[cc.Metric]:
        """Declare one metric."""
        return [self.metric]

    @staticmethod
    @cc.hookimpl
    def crmcore_profiles(config: None) -> dict[str, dict[str, object]]:
        """Declare one profile."""
        return {"acme": {"file": [{"match": "a.csv", "table": "lead"}]}}


def test_an_object_is_a_plugin_and_its_properties_are_not_read() -> None:
    """Bound and static methods are hooks; a property that raises is never evaluated."""
    acme = Acme(cc.Metric("acme_rows", cc.count(), anchor="created_at"))
    workspace = cc.Workspace(plugins=[acme])

    assert (workspace.plugins[0].name, workspace.plugins[0].source) == ("Acme", f"object of {__name__}.Acme")
    assert workspace.metrics["acme_rows"] is acme.metric
    assert list(workspace.profiles) == ["acme"]
    assert acme.asked == 0


def test_objects_of_one_class_are_told_apart_by_their_names() -> None:
    """Two objects with a `name` are two plugins."""
    one, two = (Acme(cc.Metric(name, cc.count(), anchor="created_at")) for name in ("first_rows", "second_rows"))
    one.name, two.name = "first", "second"

    assert "profile 'acme' from plugin 'second'" in refused_both(one, two)


def refused_both(*plugins) -> str:
    """Return why a workspace refuses plugins together."""
    with pytest.raises(PluginError) as caught:
        cc.Workspace(plugins=plugins)
    return str(caught.value)


def test_a_property_as_a_hook_is_refused_unread() -> None:
    """A hook that is a property is refused without running it."""

    class Odd:
        CRMCORE_API = (1, 0)

        @property
        def crmcore_metrics(self):
            raise AssertionError("it was read")

    assert "crmcore_metrics is a property, not a function" in refused(Odd())


@pytest.mark.parametrize(("kind", "first"), [(staticmethod, ""), (classmethod, "cls, "), (lambda f: f, "self, ")])
def test_arguments_of_methods_are_checked_without_the_plugin_itself(kind, first) -> None:
    """Of a static method the first argument is a hook's already; of other methods it is the object or its class."""
    space: dict[str, object] = {"CRMCORE_API": (1, 0)}
    exec(f"def crmcore_metrics({first}confg):\n    return []\n", space)
    hook = kind(cc.hookimpl(space.pop("crmcore_metrics")))

    assert "crmcore_metrics takes 'confg', which no caller gives" in refused(
        type("Acme", (), {"CRMCORE_API": (1, 0), "crmcore_metrics": hook})()
    )


def test_an_object_with_slots_only_is_a_plugin() -> None:
    """An object need not have a dict."""

    class Small:
        __slots__ = ()
        CRMCORE_API = (1, 0)

        @classmethod
        @cc.hookimpl
        def crmcore_metrics(cls):
            return [cc.Metric("small_rows", cc.count(), anchor="created_at")]

    assert "small_rows" in cc.Workspace(plugins=[Small()]).metrics


# -- versions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api", "says"),
    [
        ("del CRMCORE_API", f"it does not say for which version of the hooks it is written; add CRMCORE_API = {API}"),
        ("CRMCORE_API = (1, 1)", "it is written for hooks 1.1, and this crmcore has 1.0; upgrade crmcore"),
        ("CRMCORE_API = (2, 0)", "it is written for hooks 2.0, and this crmcore has 1.0; upgrade crmcore"),
        ("CRMCORE_API = (0, 9)", "it is written for hooks 0.9, and this crmcore has 1.0; upgrade the plugin"),
        ("CRMCORE_API = 1", "CRMCORE_API is two numbers such as (1, 0), got 1"),
        ("CRMCORE_API = (1, True)", "CRMCORE_API is two numbers such as (1, 0), got (1, True)"),
        ("CRMCORE_API = '1.0'", "CRMCORE_API is two numbers such as (1, 0), got '1.0'"),
    ],
)
def test_the_version_of_the_hooks_is_declared_and_checked(plugin, api, says) -> None:
    """None, an unreadable one, a newer minor, another major: a sentence says what to upgrade."""
    assert refused(plugin("crmcore_acme", f"{hook()}\n{api}\n")).endswith(says)


def test_an_error_of_a_plugin_is_an_error_of_a_definition(plugin) -> None:
    """Hosts that catch DefinitionError catch it, and its data ride along."""
    with pytest.raises(DefinitionError) as caught:
        cc.Workspace(plugins=[plugin("crmcore_acme", hook(name="crmcore_metric"))])

    error = caught.value
    assert (error.plugin, error.source, error.hook) == ("acme", "module crmcore_acme", "crmcore_metric")
    assert (error.distribution, error.version) == (None, None)


def test_every_hook_is_tested() -> None:
    """The hooks that these tests know are those that there are."""
    assert list(HOOKS) == ["crmcore_metrics", "crmcore_scorers", "crmcore_stores", "crmcore_profiles"]
