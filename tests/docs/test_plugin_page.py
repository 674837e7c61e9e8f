"""The page for authors of plugins: what its commands print is what they print, and its suites pass."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from crmcore.cli import main
from crmcore.plugins import installed as discovery

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "write-a-plugin.md"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, object]:
    """Run the blocks of the page in an empty folder, and return the names they make."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CRMCORE_PLUGINS", raising=False)
    monkeypatch.setattr(discovery, "_scan", lambda _: ())
    document = Sybil(parsers=[PythonCodeBlockParser()], path=str(PAGE.parent)).parse(PAGE)
    for example in document.examples():
        example.evaluate()
    return document.namespace


@pytest.mark.usefixtures("names")
def test_the_commands_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command ends well; where the page shows what it prints, it prints that."""
    blocks = re.findall(r"^```console\n\$ crmcore (.+)\n((?:.*\n)*?)```$", PAGE.read_text("utf-8"), re.MULTILINE)

    assert [shlex.split(command)[1] for command, _ in blocks] == ["list", "new", "doctor"]
    for command, shown in blocks:
        assert main(shlex.split(command)) == 0, command
        printed = capsys.readouterr().out
        assert printed
        assert not shown or printed == shown


def test_the_suites_of_the_page_pass(names: dict[str, object]) -> None:
    """Every check of the first suite passes; of the second those fail that say so."""
    first, second = names["TestPlugin"], names["TestMine"]
    for check in first.checks():
        getattr(first(), check)()
    for check in second.checks():
        if check in second.expected_failures:
            with pytest.raises(pytest.xfail.Exception):
                getattr(second(), check)()
        else:
            getattr(second(), check)()
