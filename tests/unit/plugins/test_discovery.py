"""Where plugins come from: entry points of installed packages, by argument and environment; modules; files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError, PluginError, PluginWarning
from crmcore.plugins import installed as discovery

SOURCE = "@cc.hookimpl\ndef crmcore_metrics():\n    return [metric('{0}_rows')]\n"


@pytest.fixture
def three(install) -> None:
    """Install three sound packages."""
    for name in ("alpha", "beta", "gamma"):
        install(name, SOURCE.format(name))


def loaded(**options) -> list[str]:
    """Return the names of the plugins of a workspace."""
    return [p.name for p in cc.Workspace(**options).plugins]


# -- by argument and environment -----------------------------------------------------------------------


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("environment", "discover", "wanted"),
    [
        (None, False, []),
        (None, True, ["alpha", "beta", "gamma"]),
        (None, ["beta"], ["beta"]),
        (None, ["gamma", "alpha", "gamma"], ["alpha", "gamma"]),
        (None, [], []),
        (None, (n for n in ["beta"]), ["beta"]),
        ("", True, []),
        ("", ["beta"], []),
        (" ", True, []),
        ("alpha", False, ["alpha"]),
        ("alpha", ["beta"], ["alpha"]),
        ("gamma, alpha,", True, ["alpha", "gamma"]),
    ],
)
def test_what_is_discovered(monkeypatch, environment, discover, wanted) -> None:
    """Nothing by default; all, or those named; the environment decides over the argument, and empty means none."""
    if environment is not None:
        monkeypatch.setenv("CRMCORE_PLUGINS", environment)

    assert loaded(discover=discover) == wanted


@pytest.mark.usefixtures("three")
def test_what_is_not_asked_for_does_not_run(install, tmp_path) -> None:
    """A package that is not on the list is not imported, let alone called."""
    install("nosy", f"open({str(tmp_path / 'ran')!r}, 'w').close()\n" + SOURCE.format("nosy"))

    cc.Workspace()
    assert loaded(discover=["alpha"]) == ["alpha"]
    assert discovery.installed()  # finding is not running
    assert not (tmp_path / "ran").exists()
    assert "nosy" in loaded(discover=True)
    assert (tmp_path / "ran").exists()


@pytest.mark.usefixtures("three")
def test_the_environment_adds_to_what_is_given(monkeypatch, plugin) -> None:
    """CRMCORE_PLUGINS chooses among installed plugins; those that the host hands over itself stay."""
    monkeypatch.setenv("CRMCORE_PLUGINS", "")

    assert loaded(plugins=[plugin("crmcore_mine", SOURCE.format("mine"))], discover=True) == ["mine"]


@pytest.mark.usefixtures("three")
def test_a_name_that_is_not_installed(monkeypatch) -> None:
    """The nearest one, who asked, and what is installed."""
    with pytest.raises(
        PluginError, match=r"discover=\[\.\.\.\]: no installed plugin is called 'aplha'; did you mean 'alpha'\?"
    ):
        cc.Workspace(discover=["aplha"])
    with pytest.raises(PluginError, match=r"is called 'zzz'; installed are: alpha, beta, gamma"):
        cc.Workspace(discover=["zzz"])
    monkeypatch.setenv("CRMCORE_PLUGINS", "alpha,betta")
    with pytest.raises(
        PluginError, match="CRMCORE_PLUGINS: no installed plugin is called 'betta'; did you mean 'beta'"
    ):
        cc.Workspace()


@pytest.mark.parametrize("discover", ["alpha", 3, None, [3], [None]])
def test_what_is_no_list_of_names(discover) -> None:
    """A text is not taken letter by letter."""
    with pytest.raises(ArgumentError, match="discover is True, False or a list of names, got "):
        cc.Workspace(discover=discover)


def test_an_entry_point_without_a_module(install) -> None:
    """A package whose entry point leads nowhere is named with it."""
    install("alpha", SOURCE.format("alpha"))
    module = install("gone", "")
    Path(sys.path[0], f"{module}.py").unlink()
    with pytest.warns(PluginWarning, match="ModuleNotFoundError: No module named 'crmcore_gone'") as caught:
        assert "alpha_rows" in cc.Workspace(discover=True).metrics
    assert "plugin 'gone' of crmcore-gone 1.2, entry point gone = crmcore_gone" in str(caught[0].message)


def test_an_entry_point_may_name_an_object(install, tmp_path) -> None:
    """`module:object` is an object of a class; a name that is not there is the plugin's fault."""
    install(
        "acme",
        "class P:\n    CRMCORE_API = (1, 0)\n    @cc.hookimpl\n    def crmcore_metrics(self):\n"
        "        return [metric('acme_rows')]\nplugin = P()\n",
    )
    info = tmp_path / "site" / "crmcore_acme-1.2.dist-info" / "entry_points.txt"
    info.write_text("[crmcore]\nacme = crmcore_acme:plugin\n", "utf-8")

    assert "acme_rows" in cc.Workspace(discover=["acme"]).metrics
    assert cc.Workspace(discover=["acme"]).plugins[0].source == "entry point acme = crmcore_acme:plugin"


def test_an_entry_point_may_not_name_a_class(install, tmp_path) -> None:
    """A class is no plugin yet; the message says what is."""
    install("acme", "class P:\n    CRMCORE_API = (1, 0)\n")
    info = tmp_path / "site" / "crmcore_acme-1.2.dist-info" / "entry_points.txt"
    info.write_text("[crmcore]\nacme = crmcore_acme:P\n", "utf-8")

    with pytest.raises(PluginError, match="P is a class; a plugin is a module or an instance"):
        cc.Workspace(discover=["acme"])


def test_two_packages_with_one_entry_point(install, tmp_path) -> None:
    """Both are named, with their packages; neither is chosen by chance."""
    install("alpha", SOURCE.format("alpha"))
    install("other", SOURCE.format("other"))
    entry = tmp_path / "site" / "crmcore_other-1.2.dist-info" / "entry_points.txt"
    entry.write_text("[crmcore]\nalpha = crmcore_other\n", "utf-8")

    with pytest.raises(PluginError) as caught:
        cc.Workspace(discover=["alpha"])

    assert "two plugins are called 'alpha'" in str(caught.value)
    assert "crmcore-alpha 1.2" in str(caught.value)
    assert "crmcore-other 1.2" in str(caught.value)


def test_other_groups_are_not_ours(install, tmp_path) -> None:
    """Only the group `crmcore` is looked at."""
    install("alpha", SOURCE.format("alpha"))
    entry = tmp_path / "site" / "crmcore_alpha-1.2.dist-info" / "entry_points.txt"
    entry.write_text("[pytest11]\nalpha = crmcore_alpha\n", "utf-8")

    assert loaded(discover=True) == []


@pytest.mark.usefixtures("three")
def test_folders_of_packages_are_read_once(monkeypatch) -> None:
    """A hundred workspaces scan once, because a scan reads every package that is installed."""
    import importlib.metadata

    scans = []
    real = importlib.metadata.entry_points
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **k: (scans.append(k), real(**k))[1])
    for _ in range(100):
        cc.Workspace(discover=["alpha"])

    assert scans == [{"group": "crmcore"}]


def test_what_is_installed_later_is_found(install) -> None:
    """In a notebook a package may be installed after the first workspace: who names it gets it."""
    install("alpha", SOURCE.format("alpha"))
    assert loaded(discover=["alpha"]) == ["alpha"]
    install("beta", SOURCE.format("beta"), seen=False)

    assert loaded(discover=["beta"]) == ["beta"]


def test_a_real_process_finds_a_real_package(tmp_path) -> None:
    """A folder with dist-info on PYTHONPATH is an installed package to a process that knows nothing of these tests."""
    (tmp_path / "crmcore_tiny.py").write_text(
        "import crmcore as cc\nCRMCORE_API = (1, 0)\n@cc.hookimpl\ndef crmcore_metrics():\n"
        "    return [cc.Metric('tiny_rows', cc.count(), anchor='created_at')]\n",
        encoding="utf-8",
    )
    info = tmp_path / "crmcore_tiny-0.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crmcore-tiny\nVersion: 0.3\n", "utf-8")
    (info / "entry_points.txt").write_text("[crmcore]\ntiny = crmcore_tiny\n", "utf-8")
    code = "import crmcore as cc; w = cc.Workspace(); print([(p.name, p.distribution, p.version) for p in w.plugins])"

    def run(**environment: str) -> str:
        base = {k: v for k, v in os.environ.items() if k != "CRMCORE_PLUGINS"}
        return subprocess.run(
            [sys.executable, "-c", code],
            env=base | {"PYTHONPATH": str(tmp_path)} | environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    assert run() == "[]"
    assert run(CRMCORE_PLUGINS="tiny") == "[('tiny', 'crmcore-tiny', '0.3')]"


# -- modules and objects -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plugins", "says"),
    [
        ("acme.py", "plugins is a list of modules, objects or paths of Python files, got 'acme.py'"),
        (Path("acme.py"), "plugins is a list of modules"),
        (ModuleType("crmcore_acme"), "plugins is a list of modules"),
        (3, "plugins is a list of modules"),
        ([None], "a plugin is a module, an object or the path of a Python file, got None"),
        ([dict], "give an instance: dict()"),
        (["acme"], "no file 'acme' with metrics or hooks; installed plugins are named in discover=[...]"),
        (["none.py"], "no file 'none.py' with metrics or hooks"),
        (["."], "no file '.' with metrics or hooks"),
    ],
)
def test_what_cannot_be_a_plugin(plugins, says) -> None:
    """The message says what would be one."""
    with pytest.raises(ArgumentError) as caught:
        cc.Workspace(plugins=plugins)
    assert says in str(caught.value)


def test_a_module_is_named_without_its_prefix(plugin) -> None:
    """crmcore_acme is acme; a module in a package by its last part."""
    names = [plugin(n, SOURCE.format(f"n{i}")) for i, n in enumerate(["crmcore_acme", "sales.metrics", "plain"])]

    assert loaded(plugins=names) == ["acme", "metrics", "plain"]


# -- one file ------------------------------------------------------------------------------------------


def test_a_file_of_metrics_is_a_plugin(tmp_path) -> None:
    """No hook, no version, no packaging: metrics at the top level of a file are declared under the file's name."""
    path = tmp_path / "mine.py"
    path.write_text(
        "import crmcore as cc\n"
        "large = cc.Metric('large_deals', cc.count(cc.col('amount') > 10), anchor='created_at')\n"
        "all_deals = cc.Metric('all_deals', cc.count(), anchor='created_at')\n",
        encoding="utf-8",
    )
    workspace = cc.Workspace(plugins=[path])

    assert (workspace.plugins[0].name, dict(workspace.plugins[0].declared)) == (
        "mine",
        {"metrics": ("large_deals", "all_deals")},
    )
    assert workspace.origins["large_deals"] == f"plugin 'mine' of {path}"


def test_a_file_may_list_what_it_declares(tmp_path) -> None:
    """METRICS decides where it is there: a metric that is only a part of another stays inside."""
    path = tmp_path / "mine.py"
    path.write_text(
        "import crmcore as cc\n"
        "one = cc.Metric('one_deals', cc.count(), anchor='created_at')\n"
        "two = cc.Metric('two_deals', cc.count(), anchor='created_at')\nMETRICS = [two]\n",
        encoding="utf-8",
    )

    assert dict(cc.Workspace(plugins=[path]).plugins[0].declared) == {"metrics": ("two_deals",)}


def test_a_file_may_have_hooks(tmp_path) -> None:
    """With hooks a file is a plugin like any other: version, settings, all four kinds."""
    path = tmp_path / "mine.py"
    path.write_text(
        "from __future__ import annotations\nimport attrs\nimport crmcore as cc\nCRMCORE_API = (1, 0)\n"
        "@attrs.frozen\nclass CONFIG:\n    name: str\n"
        "@cc.hookimpl\ndef crmcore_metrics(config):\n    return [cc.Metric(config.name, cc.count(), anchor='created_at')]\n",
        encoding="utf-8",
    )

    assert "named_rows" in cc.Workspace(plugins=[str(path)], config={"mine": {"name": "named_rows"}}).metrics


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it defines no metric; write `loss_rate = crmcore.Metric(...)` at its top level"),
        ("METRICS = [3]", "it defines no metric"),
        ("METRICS = []", "it defines no metric"),
        ("METRICS = 3", "it cannot be executed: TypeError"),
        ("import nothing_like_this", "it cannot be executed: ModuleNotFoundError"),
        ("1 +", "it cannot be executed: SyntaxError"),
        ("x = '\\ud800'\nraise ValueError(x)", "it cannot be executed: ValueError"),
    ],
)
def test_a_file_that_is_none(tmp_path, text, says) -> None:
    """Empty, unreadable, or broken: the file is named."""
    path = tmp_path / "mine.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PluginError) as caught:
        cc.Workspace(plugins=[path])
    assert str(caught.value).startswith(f"plugin 'mine' of {path}: ")
    assert says in str(caught.value)


def test_a_file_that_is_no_python(tmp_path) -> None:
    """The ending decides what Python would execute."""
    path = tmp_path / "mine.toml"
    path.write_text("x = 1\n", encoding="utf-8")

    with pytest.raises(PluginError, match="is no Python file"):
        cc.Workspace(plugins=[path])


def test_a_file_is_no_module_afterwards(tmp_path) -> None:
    """Nothing stays in sys.modules, and two files of one name in two workspaces do not meet."""
    before = set(sys.modules)
    for folder, name in (("a", "a_rows"), ("b", "b_rows")):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "mine.py"
        path.write_text(f"import crmcore as cc\nx = cc.Metric({name!r}, cc.count(), anchor='created_at')\n", "utf-8")
        assert dict(cc.Workspace(plugins=[path]).plugins[0].declared) == {"metrics": (name,)}
    assert {m for m in set(sys.modules) - before if "mine" in m} == set()
