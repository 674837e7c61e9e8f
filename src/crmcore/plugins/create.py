"""Create: a complete package of a plugin from templates, offline; its tests pass at once."""

from __future__ import annotations

import re
from difflib import get_close_matches
from importlib.metadata import version
from keyword import iskeyword
from pathlib import Path

from ..errors import ArgumentError
from .kinds import TEMPLATES

__all__ = ["create"]

_HOME = Path(__file__).with_name("templates")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def create(kind: str, name: str, into: str | Path = ".") -> tuple[Path, ...]:
    """Write a package `crmcore-NAME` into a folder and return its files.

    Args:
        kind: "metrics", "scorer" or "store".
        name: of the plugin: small letters, digits and underscores.
        into: the folder that the package's own folder is made in.

    Raises:
        ArgumentError: no such kind, what is no name, or a folder that is there already; nothing is written.
    """
    if kind not in TEMPLATES:
        near = get_close_matches(kind, TEMPLATES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(TEMPLATES)}"
        raise ArgumentError(f"no kind of plugin {kind!r}; {hint}")
    _check_name(name)
    words = {
        "name": name,
        "dashed": name.replace("_", "-"),
        "scheme": name.replace("_", "-"),
        "description": TEMPLATES[kind],
        "crmcore": _range(version("crmcore")),
    }
    words["usage"] = _filled(_HOME / kind / "usage.txt", words).rstrip()
    folder = Path(into) / f"crmcore-{words['dashed']}"
    module = f"src/crmcore_{name}"
    parts = {
        "pyproject.toml": "package/pyproject.toml.txt",
        "README.md": "package/README.md.txt",
        "LICENSE": "package/LICENSE.txt",
        ".gitignore": "package/gitignore.txt",
        f"{module}/__init__.py": f"{kind}/module.py.txt",
        f"tests/test_{name}.py": f"{kind}/test.py.txt",
        **({f"{module}/labels_de.toml": "metrics/labels_de.toml.txt"} if kind == "metrics" else {}),
    }
    texts = {folder / path: _filled(_HOME / template, words) for path, template in parts.items()}
    texts[folder / module / "py.typed"] = ""
    try:
        if folder.exists() or folder.is_symlink():
            raise ArgumentError(f"{str(folder)!r} is there already; name another plugin, or another folder with --into")
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ArgumentError(f"{str(folder)!r} cannot be written: {error.strerror or error}") from None
    return tuple(texts)


def _check_name(name: str) -> None:
    """Check that a name makes a module, a distribution and an entry point.

    Raises:
        ArgumentError: it does not, with the nearest name that does.
    """
    near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_").removeprefix("crmcore_")
    if _NAME.fullmatch(name) and not iskeyword(name) and name == near:
        return
    fits = _NAME.fullmatch(near) and not iskeyword(near)
    hint = f"did you mean {near!r}?" if fits else "write small letters, digits and _, such as 'acme_sales'"
    why = "; the package is called crmcore-NAME by itself" if name.startswith("crmcore") and fits else ""
    raise ArgumentError(f"{name!r} is no name of a plugin{why}; {hint}")


def _range(ours: str) -> str:
    """Return the versions of crmcore that a package made with this one asks for: up to the next that may break it."""
    major, minor = map(int, re.findall(r"\d+", ours)[:2])
    return f">={major}.{minor},<{major + 1}" if major else f">=0.{minor},<0.{minor + 1}"


def _filled(template: Path, words: dict[str, str]) -> str:
    return re.sub(r"\[\[(\w+)\]\]", lambda found: words[found[1]], template.read_text("utf-8"))
