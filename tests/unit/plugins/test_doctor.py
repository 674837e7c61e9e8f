"""`crmcore plugins list`, `info` and `doctor`: what there is, what is wrong, and how to repair it."""

from __future__ import annotations

import json

import pytest

from crmcore.cli import main
from crmcore.plugins.doctor import examined

SOUND = "@cc.hookimpl\ndef crmcore_metrics():\n    return [metric('{0}_rows')]\n"


@pytest.fixture
def run(capsys):
    """Return a function that runs a command and gives its status, what it prints and what it warns of."""

    def command(*words: str) -> tuple[int, str, str]:
        status = main(["plugins", *words])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


@pytest.fixture
def mixed(install) -> None:
    """Install a sound package, one that cannot be imported, and two that are at odds."""
    install("alpha", SOUND.format("alpha"))
    install("broken", "import no_such_library\n")
    install("one", SOUND.format("shared"))
    install("two", SOUND.format("shared"))


# -- list ----------------------------------------------------------------------------------------------


def test_list_without_plugins(run, install) -> None:
    """Nothing is loaded by default; what is installed is named without running it."""
    assert run("list") == (0, "No plugins; none is installed.\n", "")
    install("alpha", "raise AssertionError('it was run')")
    assert run("list") == (0, "No plugins. Installed are: alpha; --discover loads them.\n", "")


@pytest.mark.usefixtures("mixed")
def test_list_of_what_is_found(run) -> None:
    """One line for each; those left out say why, and the status is that of a list."""
    status, out, err = run("list", "--discover")

    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["alpha", "broken", "one", "two"]
    assert "metrics: alpha_rows" in out
    assert out.count("left out: ") == err.count("crmcore: warning: left out: ") == 3


@pytest.mark.usefixtures("mixed")
def test_list_as_json(run, monkeypatch) -> None:
    """Everything about each plugin, as data."""
    monkeypatch.setenv("CRMCORE_PLUGINS", "alpha")
    status, out, _ = run("list", "--json")

    assert status == 0
    assert json.loads(out) == [
        {
            "name": "alpha",
            "version": "1.2",
            "distribution": "crmcore-alpha",
            "source": "entry point alpha = crmcore_alpha",
            "api": "1.0",
            "hooks": ["crmcore_metrics"],
            "declared": {"metrics": ["alpha_rows"]},
            "config": {},
            "error": None,
        }
    ]


def test_many_names_are_counted(run, tmp_path) -> None:
    """A line lists four names of a kind, and counts more."""
    path = tmp_path / "mine.py"
    lines = [f"m{n} = cc.Metric('m{n}_rows', cc.count(), anchor='created_at')" for n in range(5)]
    path.write_text("import crmcore as cc\n" + "\n".join(lines), "utf-8")

    assert "metrics: 5" in run("list", "--plugin", str(path))[1]
    path.write_text("import crmcore as cc\n" + "\n".join(lines[:4]), "utf-8")
    assert "metrics: m0_rows, m1_rows, m2_rows, m3_rows" in run("list", "--plugin", str(path))[1]


# -- info ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("mixed")
def test_info(run) -> None:
    """Source, package, hooks with their version, declarations."""
    status, out, _ = run("info", "alpha", "--discover")

    assert status == 0
    assert out.splitlines() == [
        "alpha",
        "  source: entry point alpha = crmcore_alpha",
        "  package: crmcore-alpha 1.2",
        "  hooks: crmcore_metrics (version 1.0)",
        "  metrics: alpha_rows",
    ]
    assert json.loads(run("info", "alpha", "--discover", "--json")[1])["declared"] == {"metrics": ["alpha_rows"]}
    assert "left out: plugin 'broken' of crmcore-broken 1.2" in run("info", "broken", "--discover")[1]


def test_info_hides_secrets(run, install, tmp_path) -> None:
    """The settings are shown, secret ones as ***, as text and as JSON."""
    source = "@attrs.frozen\nclass CONFIG:\n    user: str\n    token: str = secret()\n"
    install("acme", source + SOUND.format("acme").replace("crmcore_metrics()", "crmcore_metrics(config)"))
    file = tmp_path / "crmcore.toml"
    file.write_text('discover = ["acme"]\n[plugin.acme]\nuser = "me"\ntoken = "hunter2"\n', "utf-8")
    text = run("info", "acme", "--workspace", str(file))[1] + run("info", "acme", "--json", "--workspace", str(file))[1]

    assert "config user: me" in text
    assert "config token: ***" in text
    assert "hunter2" not in text


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["alpha"], "no plugin 'alpha' in the workspace; it is installed; --discover loads it"),
        (["alhpa", "--discover"], "no plugin 'alhpa' in the workspace; did you mean 'alpha'?"),
        (["zzz", "--discover"], "no plugin 'zzz' in the workspace; loaded are: alpha, broken, one, two"),
        (["zzz"], "no plugin 'zzz' in the workspace; loaded are: none; --discover loads the installed ones"),
    ],
)
def test_info_of_what_is_not_there(run, words, says) -> None:
    """The nearest name, or how to load it."""
    status, out, err = run("info", *words)

    assert (status, out) == (2, "")
    assert says in err


# -- doctor --------------------------------------------------------------------------------------------


def test_doctor_without_plugins(run, install) -> None:
    """Nothing to examine is no fault."""
    del install
    status, out, _ = run("doctor")

    assert status == 0
    assert "No plugin is installed." in out
    assert "CRMCORE_PLUGINS is not set" in out


@pytest.mark.usefixtures("mixed")
def test_doctor_examines_all(run, monkeypatch) -> None:
    """Whatever the environment says; status 1; each with what is wrong and how to repair it."""
    monkeypatch.setenv("CRMCORE_PLUGINS", "")
    status, out, err = run("doctor")

    assert (status, err) == (1, "")
    assert "4 examined, 3 broken." in out
    assert "CRMCORE_PLUGINS is ''" in out
    assert "ok: alpha (crmcore-alpha 1.2, entry point alpha = crmcore_alpha)\n  metrics: alpha_rows" in out
    assert "repair: install 'no_such_library', or install crmcore-broken again with what it depends on" in out
    assert out.count("repair: keep one of them: name those you want in discover=[...] or CRMCORE_PLUGINS") == 2


@pytest.mark.usefixtures("mixed")
def test_doctor_as_json(run) -> None:
    """The same as data, with what it stands in."""
    status, out, _ = run("doctor", "--json")
    found = json.loads(out)

    assert status == 1
    assert {p["name"]: p["repair"] is None for p in found["plugins"]} == {
        "alpha": True,
        "broken": False,
        "one": False,
        "two": False,
    }
    assert found["surroundings"].keys() == {"crmcore", "hooks", "pluggy", "python", "CRMCORE_PLUGINS"}


@pytest.mark.parametrize(
    ("source", "repair"),
    [
        ("from json import no_such_name\n", "install a version of crmcore-acme that fits what is installed beside it"),
        ("CRMCORE_API = (2, 0)\n" + SOUND.format("a"), "as it says: pip install --upgrade crmcore"),
        ("CRMCORE_API = (0, 9)\n" + SOUND.format("a"), "as it says: pip install --upgrade crmcore-acme"),
        (
            "@attrs.frozen\nclass CONFIG:\n    limit: int\n" + SOUND.format("a"),
            "correct [plugin.acme] in the workspace file, and name the file with --workspace",
        ),
        (
            "raise ValueError\n",
            "tell the authors of crmcore-acme; until then leave it out: name the others in discover",
        ),
        (SOUND.format("a").replace("a_rows", "win_rate"), "tell the authors of crmcore-acme"),
    ],
)
def test_each_fault_has_its_repair(install, source, repair) -> None:
    """What to do depends on what is wrong."""
    install("acme", source)
    (finding,) = examined()

    assert finding.plugin.error
    assert finding.repair
    assert finding.repair.startswith(repair)


def test_doctor_takes_settings_and_files(run, install, tmp_path) -> None:
    """The plugins and settings of a workspace file, and --plugin, are examined beside the installed ones."""
    install("acme", "@attrs.frozen\nclass CONFIG:\n    limit: int\n" + SOUND.format("acme"))
    (tmp_path / "mine.py").write_text("1 / 0", "utf-8")
    file = tmp_path / "crmcore.toml"
    file.write_text('plugins = ["mine.py"]\n[plugin.acme]\nlimit = 3\n', "utf-8")
    status, out, _ = run("doctor", "--workspace", str(file))

    assert status == 1
    assert "ok: acme" in out
    assert "broken: mine" in out
    assert "2 examined, 1 broken." in out


def test_doctor_says_that_nothing_is_declared(run, install) -> None:
    """A plugin that declares nothing, for want of settings perhaps, is sound."""
    install("acme", "@cc.hookimpl\ndef crmcore_metrics():\n    return []\n")
    status, out, _ = run("doctor")

    assert status == 0
    assert "entry point acme = crmcore_acme)\n  declares nothing\n" in out


def test_doctor_notes_labels_of_nothing(install) -> None:
    """A label for a metric that nobody has harms nothing, and is said."""
    install("acme", "@cc.hookimpl\ndef crmcore_metrics():\n    return [Labels('de', names={'win_rat': 'Quote'})]\n")
    (finding,) = examined()

    assert (finding.plugin.error, finding.repair) == (None, None)
    assert finding.notes == ("labels for metrics that are not there: win_rat",)
