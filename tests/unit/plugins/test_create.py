"""`crmcore plugins new`: a complete package, offline, that is right at once; names and folders that are refused."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import version
from keyword import kwlist
from pathlib import Path

import pytest

from crmcore.cli import main
from crmcore.errors import ArgumentError
from crmcore.plugins.create import _range, create
from crmcore.plugins.kinds import TEMPLATES


def tool(*words: str, folder: Path, path: Path | None = None) -> str:
    """Run a tool of the environment, offline, and return what it says; it has to end well."""
    environment = os.environ | {"no_proxy": "*", "PIP_NO_INDEX": "1", "MYPY_FORCE_COLOR": "0"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    run = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("kind", TEMPLATES)
def test_the_tests_of_a_new_package_pass_at_once(tmp_path, kind, long_run) -> None:
    """Without installing it: pytest in its folder. The longest check of stores runs here in the long profile."""
    create(kind, "acme_sales", tmp_path)
    said = tool(
        *("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-W", "error"),
        *(() if long_run else ("-k", "not any_history")),
        folder=tmp_path / "crmcore-acme-sales",
    )

    passed = int(said.splitlines()[-1].split(" passed")[0].split()[-1])
    assert passed >= {"metrics": 13, "scorer": 25, "store": 60}[kind]


def test_new_packages_are_typed_and_formatted(tmp_path, root) -> None:
    """mypy --strict and ruff find nothing, with the settings that the packages bring."""
    for kind in TEMPLATES:
        create(kind, f"acme_{kind}", tmp_path)
    packages = sorted(tmp_path.iterdir())

    tool("ruff", "check", "--no-cache", ".", folder=tmp_path)
    tool("ruff", "format", "--no-cache", "--check", ".", folder=tmp_path)
    sources = [str(p / "src") for p in packages]
    files = [str(f) for p in packages for f in sorted(p.rglob("*.py"))]
    said = tool(
        *("mypy", "--strict", "--config-file", os.devnull, "--cache-dir", str(root / ".mypy_cache" / "templates")),
        *files,
        folder=tmp_path,
        path=Path(os.pathsep.join(sources)),
    )
    assert "no issues found in 6 source files" in said


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_new_package_is_complete(tmp_path, kind) -> None:
    """pyproject with entry point and range of versions, readme, licence, source with py.typed, tests; labels for metrics."""
    files = create(kind, "acme_sales", tmp_path)
    folder = tmp_path / "crmcore-acme-sales"
    found = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}
    stated = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))

    assert {f.relative_to(folder).as_posix() for f in files} == found
    assert found == {
        ".gitignore",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "src/crmcore_acme_sales/__init__.py",
        "src/crmcore_acme_sales/py.typed",
        "tests/test_acme_sales.py",
        *(["src/crmcore_acme_sales/labels_de.toml"] if kind == "metrics" else []),
    }
    assert stated["project"]["name"] == "crmcore-acme-sales"
    assert stated["project"]["entry-points"] == {"crmcore": {"acme_sales": "crmcore_acme_sales"}}
    assert stated["project"]["dependencies"] == [f"crmcore{_range(version('crmcore'))}"]
    assert not [f for f in files if "[[" in f.read_text("utf-8") and f.suffix != ".toml"]


@pytest.mark.parametrize(
    ("ours", "wanted"),
    [("0.1.0", ">=0.1,<0.2"), ("0.12.3", ">=0.12,<0.13"), ("1.0.0", ">=1.0,<2"), ("2.3rc1", ">=2.3,<3")],
)
def test_the_range_of_versions_ends_where_hooks_may_break(ours, wanted) -> None:
    """Before 1.0 the next minor version may, after it the next major one."""
    assert _range(ours) == wanted


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "write small letters"),
        (" ", "write small letters"),
        ("客户", "'客户' is no name of a plugin; write small letters, digits and _"),
        ("class", "'class' is no name of a plugin; write small letters"),
        ("..", "write small letters"),
        ("/etc", "did you mean 'etc'?"),
        ("../evil", "did you mean 'evil'?"),
        ("a/b", "did you mean 'a_b'?"),
        ("a\\b", "did you mean 'a_b'?"),
        ("acme-sales", "did you mean 'acme_sales'?"),
        ("Acme", "did you mean 'acme'?"),
        ("2nd", "write small letters"),
        ("_acme", "did you mean 'acme'?"),
        ("acme__x", "did you mean 'acme_x'?"),
        ("acme\n", "did you mean 'acme'?"),
        ("acme\x00", "did you mean 'acme'?"),
        ("crmcore_acme", "the package is called crmcore-NAME by itself; did you mean 'acme'?"),
        ("acme;rm -rf", "did you mean 'acme_rm_rf'?"),
        ('a"b', "did you mean 'a_b'?"),
        ("[[name]]", "did you mean 'name'?"),
    ],
)
def test_what_is_no_name_is_refused(tmp_path, name, says) -> None:
    """Other scripts, keywords, ways out of the folder; nothing is written."""
    with pytest.raises(ArgumentError) as caught:
        create("metrics", name, tmp_path)
    assert says in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_no_keyword_is_a_name(tmp_path) -> None:
    """None of Python's keywords becomes a package, nor is one proposed."""
    for word in kwlist:
        with pytest.raises(ArgumentError, match="is no name of a plugin") as caught:
            create("store", word, tmp_path)
        assert not [other for other in kwlist if str(caught.value).endswith(f"did you mean {other!r}?")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["metric", "scorers", "plugin", "", "../x"])
def test_what_is_no_kind_is_refused(tmp_path, kind) -> None:
    """The nearest kind, or all."""
    with pytest.raises(
        ArgumentError, match=r"no kind of plugin .*; (did you mean '(metrics|scorer)'|there are metrics)"
    ):
        create(kind, "acme", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", ["folder", "full", "file", "link"])
def test_what_is_there_is_not_overwritten(tmp_path, there) -> None:
    """A folder, an empty one too, a file, a link that leads nowhere: left as it is."""
    target = tmp_path / "crmcore-acme"
    if there == "file":
        target.write_text("mine", "utf-8")
    elif there == "link":
        target.symlink_to(tmp_path / "nowhere")
    else:
        target.mkdir()
        if there == "full":
            (target / "README.md").write_text("mine", "utf-8")

    with pytest.raises(ArgumentError, match="is there already; name another plugin, or another folder with --into"):
        create("metrics", "acme", tmp_path)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["crmcore-acme"]
    if there == "full":
        assert [p.read_text("utf-8") for p in target.iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_made(tmp_path) -> None:
    """A file where the folder should be is an error with the reason."""
    (tmp_path / "file").write_text("x", "utf-8")

    with pytest.raises(ArgumentError, match="cannot be written: Not a directory"):
        create("metrics", "acme", tmp_path / "file")
    with pytest.raises(ArgumentError, match="cannot be written: File name too long"):
        create("metrics", "a" * 300, tmp_path)


def test_folders_above_are_made(tmp_path) -> None:
    """--into may name a folder that is not there yet."""
    assert create("scorer", "acme", tmp_path / "a" / "b")[0] == tmp_path / "a" / "b" / "crmcore-acme" / "pyproject.toml"


def test_the_command(tmp_path, capsys) -> None:
    """It prints the files, and what to do next; a second time it is an error."""
    assert main(["plugins", "new", "scorer", "acme", "--into", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"cd {tmp_path}/crmcore-acme && pip install -e '.[test]' && pytest"
    assert [Path(line).is_file() for line in lines[:-2]] == [True] * 7

    assert main(["plugins", "new", "scorer", "acme", "--into", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err
