"""The host: one manager for each workspace, hooks called one by one, faults kept to the plugin that has them."""

from __future__ import annotations

import random
import sys
import warnings
from itertools import permutations

import attrs
import pytest

import crmcore as cc
from crmcore.errors import CrmCoreWarning, PluginError, PluginWarning
from crmcore.plugins import manager

SOUND = "@cc.hookimpl\ndef crmcore_metrics():\n    return [metric('sound_rows')]\n"

FAULTS = {
    "at import": ("raise ImportError('no such library')", "it cannot be executed: ImportError: no such library"),
    "no Python": ("def (", "it cannot be executed: SyntaxError"),
    "exits at import": ("raise SystemExit(3)", "it cannot be executed: SystemExit: 3"),
    "beyond Exception": (
        "class Stop(BaseException): pass\nraise Stop('enough')",
        "it cannot be executed: Stop: enough",
    ),
    "endless recursion": ("def f(): f()\nf()", "it cannot be executed: RecursionError"),
    "in a hook": (SOUND.replace("return", "1 / 0\n    return"), "crmcore_metrics raised ZeroDivisionError"),
    "exits in a hook": (SOUND.replace("return", "exit(2)\n    return"), "crmcore_metrics raised SystemExit: 2"),
    "half way": (
        "@cc.hookimpl\ndef crmcore_metrics():\n    yield metric('half_rows')\n    raise OSError('gone')\n",
        "crmcore_metrics raised OSError: gone",
    ),
    "exits half way": (
        "@cc.hookimpl\ndef crmcore_metrics():\n    yield metric('half_rows')\n    raise SystemExit\n",
        "crmcore_metrics raised SystemExit",
    ),
    "second hook": (
        SOUND.replace("sound", "first") + "@cc.hookimpl\ndef crmcore_profiles():\n    raise KeyError('x')\n",
        "crmcore_profiles raised KeyError: 'x'",
    ),
    "wrong type": (SOUND.replace("return", "return 7 or"), "crmcore_metrics returned int 7"),
    "wrong type in the list": (
        SOUND.replace("[metric", "['x', metric"),
        "crmcore_metrics returned str 'x' in its list",
    ),
    "nothing": (SOUND.replace("return", "return None and"), "crmcore_metrics returned None"),
    "metrics as scorers": (SOUND.replace("_metrics", "_scorers"), "crmcore_scorers returned a Metric in its list"),
    "the class, no object": (SOUND.replace("metric('sound_rows')", "cc.Metric"), "returned a type in its list"),
    "misspelt": (SOUND.replace("_metrics", "_metrcis"), "no hook is called 'crmcore_metrcis'; did you mean"),
    "no version": ("del CRMCORE_API\n" + SOUND, "it does not say for which version of the hooks"),
    "later version": ("CRMCORE_API = (1, 9)\n" + SOUND, "it is written for hooks 1.9, and this crmcore has 1.0"),
    "other major": ("CRMCORE_API = (2, 0)\n" + SOUND, "upgrade crmcore"),
    "CONFIG is no class": ("CONFIG = {'limit': 3}\n" + SOUND, "CONFIG is a class made by attrs.frozen"),
    "settings missing": (
        "@attrs.frozen\nclass CONFIG:\n    limit: int\n" + SOUND,
        "config limit is missing: a whole number",
    ),
    "the same name twice": (
        SOUND.replace("return [", "return [metric('sound_rows'), "),
        "crmcore_metrics declares 'sound_rows' twice among its metrics",
    ),
    "a name of ours": (SOUND.replace("sound_rows", "win_rate"), "metric 'win_rate' from plugin"),
    "a name of an analysis": (SOUND.replace("sound_rows", "rfm_quintile"), "metric 'rfm_quintile' from plugin"),
    "no hook": ("x = 1", "it implements no hook"),
    "an error without a text": (
        "class E(Exception):\n    def __str__(self): raise ValueError\n"
        + SOUND.replace("return", "raise E\n    return"),
        "crmcore_metrics raised E: (without a text)",
    ),
    "an error that does not end": (
        SOUND.replace("return", "raise ValueError('x' * 1_000_000)\n    return"),
        "crmcore_metrics raised ValueError: xxx",
    ),
    "asks for itself": (
        SOUND.replace("return", "return cc.Workspace(plugins=[__import__(__name__)]).metrics.values() or"),
        "crmcore_metrics raised PluginError: plugin 'broken'",
    ),
    "a list that raises": (
        "class L:\n    def __iter__(self): raise OSError('iter')\n" + SOUND.replace("return", "return L() or"),
        "crmcore_metrics raised OSError: iter",
    ),
}
"""What a plugin can do wrong -> its source, and what is said of it."""


def quiet(*plugins, **options) -> cc.Workspace:
    """Return a workspace that leaves out what fails, without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PluginWarning)
        return cc.Workspace(plugins=plugins, strict=False, **options)


# -- faults --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_harms_nobody_else(install, fault) -> None:
    """Two sound plugins keep all they declare, and of the broken one nothing remains but what was wrong with it."""
    source, says = FAULTS[fault]
    install("broken", source)
    install("alpha", SOUND.replace("sound", "alpha"))
    install("zulu", SOUND.replace("sound", "zulu"))

    with pytest.warns(PluginWarning) as caught:
        workspace = cc.Workspace(discover=True)

    assert {*workspace.metrics} == {*cc.Workspace().metrics, "alpha_rows", "zulu_rows"}
    assert [(p.name, p.error is None) for p in workspace.plugins] == [
        ("alpha", True),
        ("broken", False),
        ("zulu", True),
    ]
    broken = workspace.plugins[1]
    origin = "plugin 'broken' of crmcore-broken 1.2, entry point broken = crmcore_broken"
    assert origin in broken.error
    assert says in broken.error
    assert dict(broken.declared) == {}
    assert len(broken.error) < 2_100
    assert [str(w.message) for w in caught] == [f"left out: {broken.error}"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_plugin_that_was_asked_for_is_an_error(install, fault) -> None:
    """Strict: the error names plugin, entry point, distribution and version, in words and as attributes."""
    source, says = FAULTS[fault]
    install("broken", source)

    with pytest.raises(PluginError) as caught:
        cc.Workspace(discover=["broken"])

    error = caught.value
    assert says in str(error)
    assert (error.plugin, error.distribution, error.version) == ("broken", "crmcore-broken", "1.2")
    assert error.source == "entry point broken = crmcore_broken"


def test_faults_in_all_company(install) -> None:
    """All faults at once, each in a package of its own: the sound plugin among them works, and each error is told."""
    for number, (source, _) in enumerate(FAULTS.values()):
        install(f"fault{number:02}", source.replace("sound_rows", f"fault{number}_rows"))
    install("sound", SOUND)

    with pytest.warns(PluginWarning) as caught:
        workspace = cc.Workspace(discover=True)

    assert len(caught) == len(FAULTS) == sum(p.error is not None for p in workspace.plugins)
    assert {*workspace.metrics} - {*cc.Workspace().metrics} == {"sound_rows"}
    assert None not in workspace.metrics.values()


@pytest.mark.parametrize(
    "source", ["raise KeyboardInterrupt", SOUND.replace("return", "raise KeyboardInterrupt\n    return")]
)
def test_an_interruption_by_the_user_is_no_fault(install, source) -> None:
    """Ctrl-C ends the building, at import and in a hook; nothing is left behind for the next workspace."""
    install("slow", source)

    with pytest.raises(KeyboardInterrupt):
        cc.Workspace(discover=True)
    assert cc.Workspace().plugins == ()


def test_the_cause_rides_along(plugin) -> None:
    """What the plugin raised is the cause of the error, with its traceback."""
    with pytest.raises(PluginError) as caught:
        cc.Workspace(plugins=[plugin("crmcore_acme", SOUND.replace("return", "1 / 0\n    return"))])

    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.__cause__.__traceback__ is not None
    assert caught.value.hook == "crmcore_metrics"


def test_a_warning_stands_where_the_workspace_is_built(install) -> None:
    """The warning is attributed to the host's line, has a root of its own, and can be made an error."""
    install("broken", "raise ImportError('x')")
    with pytest.warns(PluginWarning) as caught:
        cc.Workspace(discover=True)

    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error", CrmCoreWarning)
        with pytest.raises(PluginWarning):
            cc.Workspace(discover=True)


@pytest.mark.parametrize("seed", range(3))
def test_faults_in_any_company(plugin, declaring, seed, long_run) -> None:
    """Sound and broken plugins drawn at random: what is declared is what the sound ones declare, in any order."""
    rng = random.Random(seed)
    ours = {*cc.Workspace().metrics}
    kinds = set()
    for _ in range(1_000 if long_run else 15):
        sound = [declaring(f"sound{n}", f"sound{n}_rows") for n in range(rng.randrange(4))]
        drawn = rng.sample(sorted(FAULTS), rng.randrange(1, 6))
        kinds.update(drawn)
        broken = [_given(plugin, f"fault{n}", FAULTS[name][0]) for n, name in enumerate(drawn)]
        listed = [*sound, *(p for p in broken if p is not None)]
        rng.shuffle(listed)
        workspace = quiet(*listed)

        assert {*workspace.metrics} - ours == {f"sound{n}_rows" for n in range(len(sound))}
        assert [p.error is None for p in workspace.plugins] == [p.name.startswith("sound") for p in workspace.plugins]
    assert len(kinds) > 10


def _given(plugin, name: str, source: str):
    """Return a broken plugin as a module; None where it cannot even become one."""
    try:
        return plugin(f"crmcore_{name}", source.replace("sound_rows", f"{name}_rows"))
    except BaseException:  # noqa: BLE001 - a fault may raise anything
        return None


# -- strict and lenient --------------------------------------------------------------------------------


def test_what_is_named_is_strict_and_what_is_found_is_lenient(plugin, install) -> None:
    """By default; strict=True and strict=False decide for all."""
    given = plugin("crmcore_given", "1 / 0 if False else None\n" + SOUND.replace("return", "1 / 0\n    return"))
    install("found", "raise ImportError('x')")

    with pytest.raises(PluginError, match="'given'"):
        cc.Workspace(plugins=[given])
    with pytest.raises(PluginError, match="'found'"):
        cc.Workspace(discover=["found"])
    with pytest.warns(PluginWarning, match="'found'"):
        assert cc.Workspace(discover=True).plugins[0].error
    with pytest.raises(PluginError, match="'found'"):
        cc.Workspace(discover=True, strict=True)
    with pytest.warns(PluginWarning, match="'given'"):
        assert cc.Workspace(plugins=[given], strict=False).plugins[0].error
    with pytest.warns(PluginWarning, match="'found'"):
        assert cc.Workspace(discover=["found"], strict=False).plugins[0].error


# -- order ---------------------------------------------------------------------------------------------


def told(workspace: cc.Workspace) -> tuple[object, ...]:
    """Return all that a workspace has, in its order."""
    return (
        [(p.name, p.error, dict(p.declared)) for p in workspace.plugins],
        list(workspace.metrics),
        dict(workspace.origins),
        {n: m.labels for n, m in workspace.metrics.items()},
    )


def test_order_does_not_matter(plugin, declaring) -> None:
    """Four plugins, one broken and two at odds, in all 24 orders: one workspace."""
    plugins = [
        declaring("alpha", "alpha_rows", "shared_rows"),
        declaring("beta", "shared_rows", "beta_rows"),
        declaring("gamma", "gamma_rows", "gamma_more"),
        plugin("crmcore_delta", SOUND.replace("return", "1 / 0\n    return")),
    ]

    seen = [told(quiet(*order)) for order in permutations(plugins)]

    assert len(seen) == 24
    assert all(one == seen[0] for one in seen)
    assert [name for name, error, _ in seen[0][0] if error is None] == ["gamma"]


def test_hooks_of_one_plugin_may_stand_in_any_order(plugin) -> None:
    """The order of definitions in a module is not the order of calls."""
    profiles = "@cc.hookimpl\ndef crmcore_profiles():\n    return {'p': {'file': []}}\n"
    one, two = plugin("crmcore_acme", SOUND + profiles), plugin("crmcore_acme", profiles + SOUND)

    assert told(cc.Workspace(plugins=[one])) == told(cc.Workspace(plugins=[two]))


# -- declarations only ---------------------------------------------------------------------------------


def test_hooks_are_called_once_and_never_again(plugin) -> None:
    """One call when the workspace is built; measuring, explaining and reading names ask no plugin."""
    acme = plugin(
        "crmcore_acme", "calls = []\n" + SOUND.replace("return", "calls.append(1)\n    return"), head=_head("lead")
    )
    workspace = cc.Workspace(plugins=[acme])
    data = cc.Dataset(lead=[{"id": "1"}, {"id": "2"}])

    assert acme.calls == [1]
    assert workspace.measure("sound_rows", data).total == {"sound_rows": 2}
    workspace.metric("sound_rows")
    _ = [workspace.metrics[n] for n in workspace.metrics]
    assert acme.calls == [1]


def _head(table: str) -> str:
    return (
        "import crmcore as cc\nCRMCORE_API = (1, 0)\n"
        f"def metric(name): return cc.Metric(name, cc.count(table={table!r}), anchor='created_at')\n"
    )


def test_what_is_declared_is_frozen(plugin) -> None:
    """A list that the plugin changes later changes no workspace, and the host cannot change what it was told."""
    acme = plugin(
        "crmcore_acme",
        "LIST = [metric('sound_rows')]\n@cc.hookimpl\ndef crmcore_metrics():\n    return LIST\n",
    )
    workspace = cc.Workspace(plugins=[acme])
    acme.LIST.append(acme.metric("late_rows"))

    assert "late_rows" not in workspace.metrics
    assert "late_rows" in cc.Workspace(plugins=[acme]).metrics
    with pytest.raises(TypeError):
        workspace.metrics["x"] = acme.LIST[0]
    with pytest.raises(TypeError):
        workspace.origins["sound_rows"] = "mine"
    with pytest.raises(TypeError):
        workspace.plugins[0].declared["metrics"] = ()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        workspace.plugins[0].error = "x"


def test_a_hook_gets_the_settings_or_nothing(plugin) -> None:
    """`config` may be left out, and is None where the plugin declares no CONFIG."""
    with_it = plugin(
        "crmcore_acme",
        "got = []\n@cc.hookimpl\ndef crmcore_metrics(config):\n    got.append(config)\n    return [metric('a_rows')]\n",
    )
    cc.Workspace(plugins=[with_it])

    assert with_it.got == [None]


def test_pluggy_calls_nothing(plugin, monkeypatch) -> None:
    """Hooks are never called through pluggy: its order, its dropping of None and of all results at an error play no part."""
    called = []
    real = manager._Manager.__init__

    def watched(self, *args) -> None:
        real(self, *args)
        self.add_hookcall_monitoring(lambda *a: called.append(a), lambda *a: None)

    monkeypatch.setattr(manager._Manager, "__init__", watched)

    assert "sound_rows" in cc.Workspace(plugins=[plugin("crmcore_acme", SOUND)]).metrics
    assert called == []


# -- no global -----------------------------------------------------------------------------------------


def test_each_workspace_has_a_manager_of_its_own(declaring, monkeypatch) -> None:
    """Two workspaces with plugins make two managers; one without makes none; neither knows the other's plugins."""
    made = []
    real = manager._Manager.__init__
    monkeypatch.setattr(manager._Manager, "__init__", lambda self, *args: (made.append(self), real(self, *args))[1])
    one = cc.Workspace(plugins=[declaring("one", "one_rows")])
    two = cc.Workspace(plugins=[declaring("two", "two_rows")])
    none = cc.Workspace()

    assert len({id(m) for m in made}) == len(made) == 2
    assert "two_rows" not in one.metrics
    assert "one_rows" not in two.metrics
    assert not {"one_rows", "two_rows"} & {*none.metrics}
    assert [p.name for p in (*one.plugins, *two.plugins, *none.plugins)] == ["one", "two"]


def test_one_plugin_serves_two_workspaces(declaring) -> None:
    """The same module, with other settings or other company, in two workspaces at once."""
    shared = declaring("shared", "shared_rows")
    one, two = cc.Workspace(plugins=[shared]), cc.Workspace(plugins=[shared, declaring("more", "more_rows")])

    assert one.metrics["shared_rows"] is not two.metrics["shared_rows"]
    assert one.origins["shared_rows"] == two.origins["shared_rows"] == "plugin 'shared' of module crmcore_shared"


def test_a_broken_plugin_leaves_nothing_for_the_next_workspace(plugin, declaring) -> None:
    """After an error the next workspace is as if the broken plugin had never been."""
    sound = declaring("sound", "sound_rows")
    before = told(cc.Workspace(plugins=[sound]))
    with pytest.raises(PluginError):
        cc.Workspace(plugins=[sound, plugin("crmcore_bad", "@cc.hookimpl\ndef crmcore_metrics(x):\n    return []\n")])

    assert told(cc.Workspace(plugins=[sound])) == before


def test_a_plugin_that_pluggy_refuses_is_never_half_there(plugin, declaring) -> None:
    """Were our own checks to let one through, pluggy 1.6 would keep it half registered: the others get a new manager."""
    odd = plugin("crmcore_odd", SOUND.replace("()", "(stranger)"))
    found, refused = manager.implementations({"odd": odd, "sound": declaring("sound", "sound_rows")})

    assert list(refused) == ["odd"]
    assert [key for key, _ in found.items()] == [("sound", "crmcore_metrics")]


def test_building_a_workspace_without_plugins_loads_no_pluggy() -> None:
    """pluggy is paid for where there is a plugin."""
    import subprocess

    run = subprocess.run(
        [sys.executable, "-c", "import crmcore as cc, sys; cc.Workspace(); print('pluggy' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout == "False\n"
