"""Generated files say what the code says."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from crmcore.cli.arguments import parser
from crmcore.kpis import ANALYSES, CATALOGUE
from crmcore.locales import locale
from crmcore.workspace.analyses import choices_of

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
    for name, command in generate.leaves(parser()):
        section = cli.split(f"## crmcore {name}\n")[1].split("\n## ")[0]
        missing = [o for a in command._actions for o in a.option_strings if f"`{o}`" not in section]
        assert missing == ["-h", "--help"], name


# --- the page of the catalogue


@pytest.fixture(scope="module")
def page() -> str:
    """Return the page of metrics and analyses."""
    return (ROOT / "docs" / "reference" / "kpis.md").read_text(encoding="utf-8")


def test_every_entry_stands_once_under_its_subject(page: str) -> None:
    """Metrics and analyses have a heading each, by subject: metrics first, and those in the order of the catalogue."""
    found: dict[str, list[str]] = {}
    for level, words in re.findall(r"^(##|###) (.+)$", page, re.MULTILINE):
        if level == "##":
            found[words.lower()] = []
        else:
            [*found.values()][-1].append(words)
    entries = [*CATALOGUE.values(), *ANALYSES.values()]

    assert found == {s: [e.name for e in entries if e.subject == s] for s in dict.fromkeys(e.subject for e in entries)}


def test_contents_say_how_many(page: str) -> None:
    """The table at the top links to each subject, in both languages, with its numbers of metrics and of analyses."""
    rows = re.findall(r"^\| \[(.+?)\]\(#(.+?)\) \| (.+?) \| (\d*) \| (\d*) \|$", page, re.MULTILINE)
    subjects = [name.lower() for name, _, _, _, _ in rows]
    listed = re.findall(r"^## (.+)$", page, re.MULTILINE)

    assert [name for name, *_ in rows] == listed
    assert [link for _, link, *_ in rows] == [s.replace(" ", "-") for s in subjects]
    assert [words for _, _, words, _, _ in rows] == [locale("zh").subjects[s] for s in subjects]
    for place, entries in ((3, CATALOGUE), (4, ANALYSES)):
        counted = {s: sum(e.subject == s for e in entries.values()) for s in subjects}
        assert [int(row[place] or 0) for row in rows] == list(counted.values())
        assert sum(counted.values()) == len(entries)
    assert f"The {len(CATALOGUE)} metrics and {len(ANALYSES)} analyses" in page


@pytest.mark.parametrize("name", ANALYSES)
def test_an_analysis_is_described_as_a_metric_is(page: str, name: str) -> None:
    """Labels, summary, call, unit, direction, columns, choices with their defaults, function, rules and source."""
    analysis = ANALYSES[name]
    block = page.split(f"\n### {name}\n", 1)[1].split("\n##", 1)[0]

    assert f"**{analysis.labels['en']}** · {analysis.labels['zh']}. " in block
    assert f'    crmcore.analyse("{name}", data)\n' in block
    assert f"* Unit: {analysis.unit}; " in block
    assert all(f"`{t}.{c}`" in block for t, columns in analysis.needs.items() for c in columns)
    assert all(f"`{choice}=" in block or f"`{choice}` (" in block for choice in choices_of(analysis))
    assert f"[`crmcore.analysis.{analysis.function}`](analyses.md#crmcore.analysis.{analysis.function})" in block
    assert f"* Rules: {', '.join(analysis.rules)}. Source: " in block


def test_defaults_of_choices_stand_on_the_page(page: str) -> None:
    """A list as `--choose` takes it, nothing as none, a mapping part by part."""
    assert "* Choices: `by=account`, `metric=won_value`, `cuts=0.8,0.95`\n" in page
    assert "* Choices: `per=month`, `customer=account`, `value=amount`\n" in page
    assert "`unique` (contact: email), `weights=none`\n" in page
    assert "* Choices: none\n" in page


# --- the page of the functions


def test_the_reference_documents_every_function(root: Path) -> None:
    """Each analysis' function is on the page of the functions, and what the page names exists and is public."""
    text = (root / "docs" / "reference" / "analyses.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^::: (\S+)\n(?: {4}.*\n)*? {6}members: \[(.+)\]$", text, re.MULTILINE)
    listed = {(module, member) for module, members in blocks for member in members.split(", ")}

    assert len(blocks) == text.count("\n::: ")
    for module, member in listed:
        home = importlib.import_module(module)
        assert member in home.__all__, f"{module}.{member}"
        assert getattr(home, member).__doc__, f"{module}.{member}"
    functions = {tuple(f"crmcore.analysis.{a.function}".rsplit(".", 1)) for a in ANALYSES.values()}
    assert functions <= listed
