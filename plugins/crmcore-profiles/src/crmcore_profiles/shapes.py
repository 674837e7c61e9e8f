"""Shapes: a profile from its TOML file, with names of files and columns as the settings say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Shape", "shaped"]

Shape = dict[str, Any]
"""A profile of the shape that `crmcore.read` takes."""

_HERE = Path(__file__).parent
_CLOSED = ["CLOSED STAGES"]
"""What stands in a file for the ids of closed stages."""


def shaped(name: str, files: str, *, snake: bool = False, closed: Sequence[str] = ()) -> Shape:
    """Return a profile.

    Args:
        name: of its TOML file.
        files: how files are called; {} stands for the object or table.
        snake: whether objects and columns are called lead_source instead of LeadSource.
        closed: ids of the stages in which a deal is closed.

    Raises:
        ValueError: `files` has no {}, or more than one.
    """
    if files.count("{}") != 1:
        raise ValueError(f"files are called {files!r}; {{}} stands once for the object or table, as in '{{}}.csv'")
    host: Callable[[str], str] = _snake if snake else str
    found = tomllib.loads((_HERE / f"{name}.toml").read_text("utf-8"))
    if snake:
        found["name"] = f"fivetran_{name}"
    for lookup in found.get("lookup", {}).values():
        lookup |= {"file": files.replace("{}", host(lookup["file"])), "key": host(lookup["key"])}
    kept = "warehouse" if snake else "objects"
    found["file"] = [entry for entry in found["file"] if entry.pop("only", kept) == kept]
    for entry in found["file"]:
        entry["match"] = files.replace("{}", host(entry["match"]))
        entry["columns"] = {ours: _source(theirs, host, closed) for ours, theirs in entry["columns"].items()}
        if "where" in entry:
            entry["where"] = _source(entry["where"], host, closed)
    return found


def _source(theirs: Any, host: Callable[[str], str], closed: Sequence[str]) -> Any:
    """Return where a column comes from, or a condition, in the names of the host."""
    if isinstance(theirs, str):
        return host(theirs)
    made: Shape = {}
    for key, value in theirs.items():
        if key in ("column", "by"):
            made[key] = host(value)
        elif key == "when":
            made[key] = _source(value, host, closed)
        else:
            made[key] = list(closed) if value == _CLOSED else value
    return made


def _snake(name: str) -> str:
    """Return CloseDate as close_date."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
