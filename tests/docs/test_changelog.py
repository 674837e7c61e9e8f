"""Changelog fragments have a known kind and become the entry of a release."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def changelog() -> ModuleType:
    """Return scripts/changelog.py as a module."""
    spec = importlib.util.spec_from_file_location("changelog_script", ROOT / "scripts" / "changelog.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_fragments_of_the_tree_are_well_formed(changelog: ModuleType) -> None:
    """Every file in changelog.d is a fragment with a known kind and some text, or the README."""
    assert set(changelog.read_fragments(ROOT / "changelog.d").values()) <= set(changelog.KINDS)


def test_a_release_orders_kinds_and_removes_fragments(changelog: ModuleType, tmp_path: Path) -> None:
    """A release puts a changed number under its own heading, above what is merely new, and newest releases first."""
    folder = tmp_path / "changelog.d"
    folder.mkdir()
    (folder / "README.md").write_text("kinds", encoding="utf-8")
    (folder / "a.fix.md").write_text("Closed the\nfile.\n", encoding="utf-8")
    (folder / "b.metric.md").write_text("`win_rate` was 0.5 and is 0.4.", encoding="utf-8")
    page = tmp_path / "CHANGELOG.md"
    page.write_text("# Changes\n\n<!-- releases -->\n\n## 0.1.0 (2026-01-01)\n", encoding="utf-8")

    changelog.release(page, folder, "0.2.0", "2026-07-01")

    assert page.read_text(encoding="utf-8") == (
        "# Changes\n\n<!-- releases -->\n\n"
        "## 0.2.0 (2026-07-01)\n\n"
        "### A number changed\n\n* `win_rate` was 0.5 and is 0.4.\n\n"
        "### Fixed\n\n* Closed the file.\n"
        "\n## 0.1.0 (2026-01-01)\n"
    )
    assert [path.name for path in folder.iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.bugfix.md", "x", "kinds: breaking, deprecation, metric, change, fix"),
        ("notes.txt", "x", "'notes.txt' in changelog.d/ is not <short-name>.<kind>.md"),
        ("a.fix.md", " \n", "'a.fix.md' in changelog.d/ is empty"),
    ],
)
def test_a_wrong_fragment_is_refused(changelog: ModuleType, tmp_path: Path, name: str, text: str, says: str) -> None:
    """A file with an unknown kind, another name, or no text is named in the error."""
    folder = tmp_path / "changelog.d"
    folder.mkdir()
    (folder / name).write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=says.replace(".", r"\.")):
        changelog.read_fragments(folder)
