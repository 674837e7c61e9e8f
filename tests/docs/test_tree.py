"""The tree keeps the promises of AGENTS.md that a program can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "crmcore"
MODULES = sorted(SOURCE.rglob("*.py"))

CORE = {"attr", "attrs", "numpy", "pluggy", "dateutil", "crmcore"}
OWNERS = {"pluggy": "plugins", "dateutil": "calendars"}
PURE = ("domain", "algebra", "metric", "units", "errors")


def tracked() -> list[Path]:
    """Return the text files of the project that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: an unpacked archive holds no files of a machine")
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    return [p for p in paths if p.is_file() and p.suffix in {"", ".py", ".md", ".toml", ".txt", ".yml", ".json"}]


def subject(path: Path) -> str:
    """Return the module or package directly under crmcore that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def is_type_checking(node: ast.stmt) -> bool:
    """Tell whether a statement is `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(tree: ast.AST, *, nested: bool) -> set[str]:
    """Return the outside packages a module imports; without `nested` only those imported when it loads."""
    found: set[str] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
        skip = not nested and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if not skip and not (isinstance(node, ast.stmt) and is_type_checking(node)):
            stack.extend(ast.iter_child_nodes(node))
    return found - set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_modules_import_what_they_may(path: Path) -> None:
    """Only plugins imports pluggy, only calendars dateutil; pure modules no numpy; optional libraries load on use."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    anywhere, at_load = imports(tree, nested=True), imports(tree, nested=False)

    # strategies and the machine of stores are made of Hypothesis: whoever imports them has it
    made_of_it = any(path.is_relative_to(SOURCE / "testing" / part) for part in ("strategies", "stores/machine.py"))
    allowed = CORE | {"hypothesis"} if made_of_it else CORE
    assert at_load <= allowed, f"imported at the top although optional: {at_load - allowed}"
    for library, owner in OWNERS.items():
        assert library not in anywhere or subject(path) == owner, f"only crmcore.{owner} may import {library}"
    if subject(path) in PURE:
        assert "numpy" not in anywhere


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_modules_are_small_rooms(path: Path) -> None:
    """No module passes 500 lines, and none has a name that says nothing."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500
    assert path.stem not in {"utils", "util", "common", "helpers", "base", "misc"}


def test_no_work_is_left_marked() -> None:
    """No file holds a marker for work to be done later."""
    words = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
    marked = [str(p.relative_to(ROOT)) for p in tracked() if words.search(p.read_text(encoding="utf-8"))]

    assert marked == []


def test_no_file_knows_this_machine() -> None:
    """No file holds the path of the checkout, a home folder, or an address to download packages from."""
    homes = [f"{path}/" for path in (ROOT, Path.home()) if path != Path("/")]
    places = [*homes, "--index-url", "--find-links", "files.pythonhosted"]
    mine = Path(__file__).resolve()
    for path in tracked():
        text = path.read_text(encoding="utf-8") if path.resolve() != mine else ""
        assert [place for place in places if place in text] == [], path


def test_constraints_pin_versions_and_nothing_else() -> None:
    """constraints.txt holds name==version lines only, each name once, and pins what pyproject.toml depends on."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    names = [re.sub(r"[-_.]+", "-", pin.partition("==")[0]).lower() for pin in pins]

    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", pin)] == []
    assert len(names) == len(set(names))
    assert {"attrs", "numpy", "pluggy", "python-dateutil", "hatchling", "editables", "pytest", "mkdocs"} <= set(names)


def test_agents_page_fits_on_a_screen() -> None:
    """AGENTS.md has at most 80 lines."""
    assert len((ROOT / "AGENTS.md").read_text(encoding="utf-8").splitlines()) <= 80


def test_import_of_the_package_loads_nothing_else() -> None:
    """`import crmcore` loads neither attrs nor numpy, pluggy, dateutil or importlib.metadata."""
    code = "import sys; before = set(sys.modules); import crmcore; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    loaded_names = set(loaded.split())

    assert "crmcore" in loaded_names
    assert loaded_names & {"attr", "attrs", "numpy", "pluggy", "dateutil", "importlib.metadata"} == set()


def test_imports_are_told_apart_by_when_they_happen() -> None:
    """An import in a function happens on use, one under TYPE_CHECKING never; relative and standard ones do not count."""
    tree = ast.parse(
        "import os\nimport numpy as np\nfrom . import sibling\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import pandas\n"
        "class A:\n    import pluggy.hooks\n"
        "def f():\n    from pyarrow.csv import open_csv\n"
    )

    assert imports(tree, nested=False) == {"numpy", "pluggy"}
    assert imports(tree, nested=True) == {"numpy", "pluggy", "pyarrow"}
