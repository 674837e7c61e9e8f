"""What the pages say that their examples print is what they print."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.fixture(scope="module")
def printing() -> ModuleType:
    """Return scripts/print_examples.py as a module."""
    spec = importlib.util.spec_from_file_location("print_examples", ROOT / "scripts" / "print_examples.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["print_examples"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_examples_print_what_stands_below_them(
    page: Path, printing: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A text block right behind a Python block is what the block prints, to the letter.

    `python scripts/print_examples.py` puts there what they print now.
    """
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")

    assert printing.filled(text) == text


def test_the_readme_shows_its_example(printing: ModuleType) -> None:
    """The README has an example with its output, of about fifteen lines."""
    shown = [e for e in printing.examples((ROOT / "README.md").read_text("utf-8")) if e.says]

    assert 10 <= shown[0].code.count("\n") <= 15
    assert all(e.says.strip() for e in shown)


def test_blocks_are_told_apart(printing: ModuleType) -> None:
    """Only a text block directly behind a Python block is its output; doctests are left to their own runner."""
    page = (
        "```python\nx = 1\nprint(x)\n```\n\n```text\nold\n```\n\n```python\nx = 2\n```\n\nwords\n\n"
        "```text\n3\n```\n\n```python\n>>> 1\n1\n```\n\n```python\nprint(x)\n```\n```text\n```\n"
    )

    assert [(e.code, e.says) for e in printing.examples(page)] == [
        ("x = 1\nprint(x)\n", "old\n"),
        ("x = 2\n", None),
        ("print(x)\n", ""),
    ]
    assert printing.filled(page) == page.replace("old", "1").replace("```text\n```", "```text\n2\n```")


def test_pages_are_rewritten_in_place(printing: ModuleType, tmp_path: Path) -> None:
    """The program writes what an example prints, in a folder of its own, and leaves a page alone that is right."""
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nfrom pathlib import Path\nPath('x').touch()\nprint(7)\n```\n\n```text\n```\n", encoding="utf-8"
    )

    assert printing.main([str(page)]) == 0
    assert page.read_text("utf-8").endswith("```text\n7\n```\n")
    assert [p.name for p in tmp_path.iterdir()] == ["page.md"]
    assert printing.main([str(page)]) == 0
