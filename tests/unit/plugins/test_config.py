"""Settings of a plugin: an attrs class, filled from a dict or a workspace file, checked against its annotations."""

from __future__ import annotations

import traceback
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import crmcore as cc
from crmcore.errors import PluginError

SECRET = "hunter2"

HOOK = """
got = []
@cc.hookimpl
def crmcore_metrics(config):
    got.append(config)
    return [metric('acme_rows')]
"""


@pytest.fixture
def acme(plugin):
    """Return a function that makes a plugin whose CONFIG has these fields."""

    def make(*fields: str, head: str = ""):
        body = "\n    ".join(fields) or "pass"
        imports = (
            "from collections.abc import Mapping\nfrom datetime import date, datetime\nfrom decimal import Decimal\n"
            "from pathlib import Path\nfrom typing import Any, Literal, Optional\n"
        )
        return plugin("crmcore_acme", f"{imports}{head}\n@attrs.frozen\nclass CONFIG:\n    {body}\n{HOOK}")

    return make


def built(module, config):
    """Return the settings that the hook of a plugin was given."""
    cc.Workspace(plugins=[module], config=config)
    return module.got[-1]


def refused(module, config) -> str:
    """Return why a workspace refuses the settings of a plugin."""
    with pytest.raises(PluginError) as caught:
        cc.Workspace(plugins=[module], config=config)
    return str(caught.value)


# -- values --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("x: int", 3, 3),
        ("x: float", 3, 3.0),
        ("x: float", Decimal("0.5"), 0.5),
        ("x: str", "a", "a"),
        ("x: bool", True, True),
        ("x: Decimal", 3, Decimal(3)),
        ("x: Decimal", Decimal("0.1"), Decimal("0.1")),
        ("x: date", date(2026, 1, 2), date(2026, 1, 2)),
        ("x: datetime", datetime(2026, 1, 2, 3), datetime(2026, 1, 2, 3)),
        ("x: Path", "a/b", Path("a/b")),
        ("x: int | None", None, None),
        ("x: Optional[int]", 4, 4),
        ("x: int | str", "a", "a"),
        ("x: Literal['a', 'b']", "b", "b"),
        ("x: list[int]", [1, 2], [1, 2]),
        ("x: tuple[float, ...]", [1, 2], (1.0, 2.0)),
        ("x: dict[str, Decimal]", {"EMEA": 3}, {"EMEA": Decimal(3)}),
        ("x: Mapping[str, list[str]]", {"a": ["b"]}, {"a": ["b"]}),
        ("x: Any", object, object),
        ("x: int = 7", None, 7),
        ("x: list[str] = attrs.Factory(list)", None, []),
        ("_x: int", 3, 3),
        ("x: 'int'", 3, 3),
    ],
)
def test_a_value_is_taken_as_its_annotation_says(acme, field, value, wanted) -> None:
    """TOML knows numbers, texts, dates, lists and tables; the hook is given what its annotations promise."""
    module = acme(field)
    stated = {} if value is None and "None" not in field and "Optional" not in field else {"x": value}
    config = built(module, {"acme": stated})
    found = getattr(config, "_x" if field.startswith("_") else "x")

    assert (found, type(found)) == (wanted, type(wanted))
    assert type(config) is module.CONFIG


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("x: int", 3.0, "config x is a whole number, got 3.0"),
        ("x: int", True, "config x is a whole number, got True"),
        ("x: int", "3", "config x is a whole number, got '3'"),
        ("x: float", "a", "config x is a number, got 'a'"),
        ("x: float", True, "config x is a number, got True"),
        ("x: str", 3, "config x is text, got 3"),
        ("x: bool", 1, "config x is true or false, got 1"),
        ("x: Decimal", 0.1, "config x is an exact number such as 12 or Decimal('0.5'), got 0.1"),
        ("x: date", datetime(2026, 1, 2), "config x is a date, got datetime.datetime(2026, 1, 2, 0, 0)"),
        ("x: Path", 3, "config x is a path, got 3"),
        ("x: int | None", "a", "config x is a whole number or nothing, got 'a'"),
        ("x: Literal['a', 'b']", "c", "config x is one of 'a', 'b', got 'c'"),
        ("x: Literal[1]", True, "config x is one of 1, got True"),
        ("x: list[int]", [1, "a"], "config x is a list (a whole number each), got [1, 'a']"),
        ("x: list[int]", 3, "config x is a list (a whole number each), got 3"),
        ("x: list[str]", "abc", "config x is a list (text each), got 'abc'"),
        ("x: dict[str, int]", {"a": "b"}, "config x is a table (a whole number each), got {'a': 'b'}"),
        ("x: dict[str, int]", {1: 1}, "config x is a table (a whole number each), got {1: 1}"),
        ("x: int", None, "config x is a whole number, got None"),
    ],
)
def test_a_wrong_value_is_refused(acme, field, value, says) -> None:
    """The message names plugin and key, what was given, and what would be right."""
    assert refused(acme(field), {"acme": {"x": value}}) == f"plugin 'acme' of module crmcore_acme: {says}"


@pytest.mark.parametrize(
    ("fields", "config", "says"),
    [
        (("limit: int",), {"acme": {}}, "config limit is missing: a whole number"),
        (("limit: int",), None, "config limit is missing: a whole number"),
        (("limit: int = 1",), {"acme": {"limits": 2}}, "config has no key 'limits'; did you mean 'limit'?"),
        (
            ("limit: int = 1", "region: str = ''"),
            {"acme": {"zzz": 2}},
            "config has no key 'zzz'; there are limit, region",
        ),
        (("limit: int = attrs.field(init=False, default=1)",), {"acme": {"limit": 2}}, "config has no key 'limit'"),
        (("limit: int = 1",), {"acme": 3}, "config is a table of settings, got 3"),
        (("limit: set[int]",), {"acme": {}}, "CONFIG.limit has the type set[int], which settings cannot be checked"),
        (("limit: Nowhere",), {"acme": {}}, "CONFIG has an annotation that cannot be read: name 'Nowhere'"),
        (
            ("limit: int = attrs.field(validator=attrs.validators.ge(1))",),
            {"acme": {"limit": 0}},
            "config: 'limit' must be >= 1: 0",
        ),
    ],
)
def test_settings_that_mean_nothing_are_refused(acme, fields, config, says) -> None:
    """A key that is missing or unknown (nearest first), no table, an annotation nobody can check, a validator that says no."""
    assert says in refused(acme(*fields), config)


def test_defaults_hold_where_nothing_is_stated(acme) -> None:
    """A plugin whose settings all have defaults needs none."""
    config = built(acme("limit: int = 10", "region: str = 'EMEA'"), None)

    assert (config.limit, config.region) == (10, "EMEA")


def test_settings_may_be_an_instance(acme) -> None:
    """A host in Python may hand over the plugin's own class."""
    module = acme("limit: int")
    mine = module.CONFIG(limit=5)

    assert built(module, {"acme": mine}) is mine


def test_each_plugin_gets_its_own(acme, plugin) -> None:
    """Settings go to the plugin of that name, and to no other."""
    one = acme("limit: int = 1")
    other = plugin("crmcore_beta", HOOK.replace("acme_rows", "beta_rows"))
    cc.Workspace(plugins=[one, other], config={"acme": {"limit": 9}})

    assert one.got[0].limit == 9
    assert other.got == [None]


def test_settings_of_a_plugin_that_is_not_there(acme) -> None:
    """Nearest name first; where nothing is loaded this is said."""
    assert refused(acme("limit: int = 1"), {"acmee": {"limit": 1}}) == (
        "config for plugin 'acmee', which is not loaded; did you mean 'acme'?"
    )
    with pytest.raises(PluginError, match="config for plugin 'acme', which is not loaded; loaded are: none"):
        cc.Workspace(config={"acme": {}})
    with pytest.raises(PluginError, match="config is a mapping from a plugin's name to its settings, got a list"):
        cc.Workspace(plugins=[acme("x: int = 1")], config=[("acme", {})])


def test_a_plugin_without_settings_takes_none(plugin) -> None:
    """Settings that nobody reads are a mistake."""
    assert refused(plugin("crmcore_acme", HOOK), {"acme": {"x": 1}}).endswith(
        "it takes no config; it declares no CONFIG"
    )


def test_config_decides_what_is_declared(plugin) -> None:
    """A metric may be made of settings; two workspaces with other settings have two metrics of one name."""
    source = """
@attrs.frozen
class CONFIG:
    floor: int = 10_000
@cc.hookimpl
def crmcore_metrics(config):
    return [cc.Metric("large_deals", cc.count(cc.col("amount") >= config.floor), unit="count", anchor="created_at")]
"""
    data = cc.Dataset(opportunity=[{"id": str(n), "amount": n * 1_000} for n in range(1, 21)])
    found = [
        cc.Workspace(plugins=[plugin("crmcore_acme", source)], config=config).measure("large_deals", data).total
        for config in (None, {"acme": {"floor": 15_000}})
    ]

    assert found == [{"large_deals": 11}, {"large_deals": 6}]


# -- a workspace file ----------------------------------------------------------------------------------

FILE = """
import attrs
import crmcore as cc
CRMCORE_API = (1, 0)
@attrs.frozen
class CONFIG:
    floor: int
    rate: float = 1.0
    since: str = ""
@cc.hookimpl
def crmcore_metrics(config):
    return [cc.Metric("large_deals", cc.count(cc.col("amount") >= config.floor), unit="count", anchor="created_at")]
"""


@pytest.fixture
def workspace_file(tmp_path):
    """Return a function that writes a workspace file beside the plugin acme.py."""
    (tmp_path / "acme.py").write_text(FILE, encoding="utf-8")

    def write(text: str) -> Path:
        path = tmp_path / "crmcore.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_settings_in_a_workspace_file(workspace_file) -> None:
    """[plugin.acme] is the table of the plugin acme, whose file stands beside the workspace file."""
    path = workspace_file('plugins = ["acme.py"]\n[plugin.acme]\nfloor = 5\nrate = 0.5\n')
    workspace = cc.Workspace.load(path)

    assert dict(workspace.plugins[0].config) == {"floor": 5, "rate": 0.5, "since": ""}
    assert "large_deals" in workspace.metrics


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('plugins = ["acme.py"]\n', "config floor is missing"),
        ('plugins = ["acme.py"]\n[plugin.acme]\nfloor = "5"\n', "config floor is a whole number, got '5'"),
        ('plugins = ["acme.py"]\n[plugin.acme]\nflor = 5\n', "config has no key 'flor'; did you mean 'floor'?"),
        ('plugins = ["acme.py"]\n[plugin.acm]\nfloor = 5\n', "which is not loaded; did you mean 'acme'?"),
        ('plugins = ["acme.py"]\nplugin.acme = 3\n', "plugin.acme is a table of settings, not 3"),
        ('plugins = ["acme.py"]\n[plugins.acme]\nfloor = 5\n', "is no TOML"),
        ('plugins = ["none.py"]\n', "no file "),
        ("plugins = [3]\n", "plugins is a path, not 3"),
        ('discover = "acme"\n', "discover is true, false or a list of names of installed plugins, not 'acme'"),
        ('strict = "yes"\n', "strict is true or false, not 'yes'"),
    ],
)
def test_wrong_settings_in_a_workspace_file(workspace_file, text, says) -> None:
    """Each mistake is named with what would be right."""
    with pytest.raises(cc.CrmCoreError) as caught:
        cc.Workspace.load(workspace_file(text))
    assert says in str(caught.value)


def test_discovery_and_strictness_in_a_workspace_file(workspace_file, install) -> None:
    """`discover` and `strict` mean in the file what they mean as arguments."""
    install("found", "raise ImportError('x')")

    with pytest.raises(PluginError, match="ImportError: x"):
        cc.Workspace.load(workspace_file("discover = true\nstrict = true\n"))
    with pytest.raises(PluginError, match="ImportError: x"):
        cc.Workspace.load(workspace_file('discover = ["found"]\n'))
    with pytest.warns(cc.CrmCoreWarning, match="ImportError: x"):
        cc.Workspace.load(workspace_file("discover = true\n"))


# -- secrets -------------------------------------------------------------------------------------------


def test_a_secret_is_shown_nowhere(acme) -> None:
    """Neither by the settings, nor by the workspace, nor in its JSON; the plugin itself reads it."""
    module = acme("token: str = secret()", "user: str = 'me'")
    config = {"acme": {"token": SECRET}}
    workspace = cc.Workspace(plugins=[module], config=config)
    shown = f"{module.got[0]!r} {workspace!r} {workspace.plugins!r} {workspace.plugins[0].to_dict()}"

    assert module.got[0].token == SECRET
    assert SECRET not in shown
    assert dict(workspace.plugins[0].config) == {"token": "***", "user": "me"}


@pytest.mark.parametrize(
    ("fields", "config", "head"),
    [
        (("token: int = secret()",), {"token": SECRET}, ""),
        (("token: str = secret()", "limit: int"), {"token": SECRET, "limit": "x"}, ""),
        (
            ("token: str = secret(validator=check)",),
            {"token": SECRET},
            "def check(self, field, value):\n    raise ValueError(f'{value} is too short')\n",
        ),
    ],
)
def test_a_secret_stands_in_no_error(acme, fields, config, head) -> None:
    """Not where it is of the wrong type, not in what a validator says, not in the causes."""
    with pytest.raises(PluginError) as caught:
        cc.Workspace(plugins=[acme(*fields, head=head)], config={"acme": config})

    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in repr(caught.value)


def test_a_secret_in_what_a_hook_raises(acme) -> None:
    """A driver's message with the password in it is shown with *** in its place, and the cause is left out."""
    module = acme("token: str = secret()")
    exec(
        "@cc.hookimpl\ndef crmcore_profiles(config):\n    raise OSError(f'no login with {config.token}')\n",
        module.__dict__,
    )
    with pytest.raises(PluginError) as caught:
        cc.Workspace(plugins=[module], config={"acme": {"token": SECRET}})

    assert "no login with ***" in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_secret_that_the_repr_shows_is_refused(acme) -> None:
    """A mark alone hides nothing from `repr`."""
    module = acme("token: str = attrs.field(metadata={'secret': True})")

    assert "CONFIG.token is secret, but shown in the repr" in refused(module, {"acme": {"token": "x"}})
