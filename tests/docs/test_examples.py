"""Every Python block in the docs and in the README runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from crmcore.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_examples_run(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The blocks of a page run in order, sharing their names, and print what the page says they print."""
    monkeypatch.chdir(tmp_path)
    document = Sybil(parsers=[PythonCodeBlockParser()], path=str(page.parent)).parse(page)

    for example in document.examples():
        example.evaluate()


def test_the_commands_of_the_readme_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands of the README work one after the other in an empty folder, and print something."""
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^\$ crmcore (.*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    commands = [shlex.split(line, comments=True) for line in lines]

    assert [command[0] for command in commands] == ["demo", "scorecard", "measure", "analyse", "kpis", "next"]
    for command in commands:
        assert main(command) == 0, command
        assert len(capsys.readouterr().out.splitlines()) > 5


def test_a_wrong_example_fails(tmp_path: Path) -> None:
    """A block whose output differs from what the page says does fail."""
    page = tmp_path / "page.md"
    page.write_text("```python\n>>> 1 + 1\n3\n```\n", encoding="utf-8")
    (example,) = Sybil(parsers=[PythonCodeBlockParser()], path=str(tmp_path)).parse(page).examples()

    with pytest.raises(Exception, match="Expected"):
        example.evaluate()
