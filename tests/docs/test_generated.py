"""Generated files say what the code says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from crmcore.cli.arguments import parser
from crmcore.kpis import CATALOGUE

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"


def script(name: str) -> ModuleType:
    """Return one of the scripts as a module."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return scripts/generate.py as a module, with the script it imports beside it."""
    monkeypatch.setitem(sys.modules, "generate_stubs", script("generate_stubs"))
    return script("generate")


def test_generated_files_are_up_to_date(generate: ModuleType) -> None:
    """No definition, option or argument has changed since the files were written."""
    assert generate.main(["--check"]) == 0


def test_a_stale_file_is_named(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` writes nothing, names what is stale and fails; without it the files are written."""
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "FILES", {tmp_path / "a.md": lambda: "new\n", tmp_path / "b.md": lambda: "same\n"})
    (tmp_path / "a.md").write_text("old\n", encoding="utf-8")
    (tmp_path / "b.md").write_text("same\n", encoding="utf-8")

    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().err == "a.md is stale; run scripts/generate.py\n"
    assert (tmp_path / "a.md").read_text("utf-8") == "old\n"
    assert generate.main([]) == 0
    assert (tmp_path / "a.md").read_text("utf-8") == "new\n"
    assert generate.main(["--check"]) == 0


def test_the_stub_has_a_check_of_its_own(generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """scripts/generate_stubs.py works alone."""
    stubs = sys.modules["generate_stubs"]
    monkeypatch.setattr(stubs, "ROOT", tmp_path)
    monkeypatch.setattr(stubs, "STUB", tmp_path / "__init__.pyi")

    assert stubs.main(["--check"]) == 1
    assert stubs.main([]) == 0
    assert stubs.main(["--check"]) == 0


def test_every_metric_and_command_has_its_place(generate: ModuleType) -> None:
    """The pages have a heading for each metric and each command, and every option of each command."""
    kpis, cli = generate.kpi_page(), generate.cli_page()

    assert [name for name in CATALOGUE if f"\n### {name}\n" not in kpis] == []
    for action in parser()._actions:
        for name, command in (getattr(action, "choices", None) and dict(action.choices).items()) or ():
            section = cli.split(f"## crmcore {name}\n")[1].split("\n## ")[0]
            missing = [o for a in command._actions for o in a.option_strings if f"`{o}`" not in section]
            assert missing == ["-h", "--help"], name
