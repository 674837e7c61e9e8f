"""The names of the package."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import crmcore as cc
from crmcore import algebra, errors

SOURCE = Path(cc.__file__).read_text(encoding="utf-8")
HEAVY = {"attr", "attrs", "numpy", "pluggy", "dateutil", "typing", "importlib.metadata", "argparse"}


def loaded_by(code: str) -> set[str]:
    """Return the modules that a piece of code loads in a fresh interpreter."""
    program = (
        f"import sys; before = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    return set(run.stderr.split())


def test_names_are_listed_once_and_exist() -> None:
    """Each name of `__all__` is there, and `dir` shows it."""
    assert len(cc.__all__) == len(set(cc.__all__))
    for name in cc.__all__:
        assert getattr(cc, name) is not None, name
    assert set(cc.__all__) <= set(dir(cc))


def test_a_type_checker_sees_the_same_names() -> None:
    """What is imported or declared under TYPE_CHECKING is `__all__`, no more and no less."""
    block = next(n for n in ast.parse(SOURCE).body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
    typed: set[str] = set()
    for node in block.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            assert all(alias.asname == alias.name for alias in node.names), ast.unparse(node)
            typed |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            typed |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.AnnAssign):
            typed.add(ast.unparse(node.target))

    assert typed == set(cc.__all__)


def test_the_whole_algebra_is_there() -> None:
    """Every public name of the algebra is a name of the package."""
    for name in algebra.__all__:
        assert getattr(cc, name) is getattr(algebra, name)


def test_names_are_those_of_their_homes() -> None:
    """A name is the object of the module it comes from, and stays the same object."""
    from crmcore.state.result import Result
    from crmcore.table.dataset import Dataset
    from crmcore.workspace import Workspace

    assert cc.Result is Result
    assert cc.Dataset is Dataset
    assert cc.Workspace is Workspace
    assert cc.CrmCoreError is errors.CrmCoreError
    assert cc.kpis.CATALOGUE["win_rate"].name == "win_rate"


def test_measure_is_the_method_of_a_workspace_without_settings() -> None:
    """T1: UTC, ISO weeks, no currency; the same method each time."""
    measure: Callable[..., object] = cc.measure
    workspace = measure.__self__  # type: ignore[attr-defined]

    assert isinstance(workspace, cc.Workspace)
    assert (workspace.zone.name, workspace.currency, workspace.calendar) == ("UTC", None, cc.Calendar())
    assert cc.measure is measure


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that is not there behaves as in any module."""
    with pytest.raises(AttributeError, match="module 'crmcore' has no attribute 'mesure'"):
        cc.mesure  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_but_itself() -> None:
    """`import crmcore` loads neither a dependency nor anything of the standard library that takes time."""
    assert loaded_by("import crmcore") <= {"crmcore", "__future__"}


def test_definitions_load_without_numpy() -> None:
    """Building a metric loads attrs, and no numpy."""
    loaded = loaded_by("import crmcore as cc; cc.Metric('n', cc.count(cc.col('a') == 1))")

    assert "attr" in loaded
    assert "numpy" not in loaded


@pytest.mark.parametrize("argument", ["--version", "--help", "measure --help"])
def test_the_command_line_starts_without_numpy(argument: str) -> None:
    """Version and help answer before anything heavy is loaded."""
    code = f"from crmcore.cli import main; assert main({argument.split()!r}) == 0"

    assert loaded_by(code) & {"numpy", "attr", "pluggy", "dateutil"} == set()
