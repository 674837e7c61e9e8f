"""Shapes: a profile from its TOML file, with names of files and columns as the settings say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

__all__ = ["Shape", "shaped"]

Shape = dict[str, Any]
"""A profile of the shape that `crmcore.read` takes."""

_HERE = Path(__file__).parent
_CLOSED = ["CLOSED STAGES"]
"""What stands in a file for the ids of closed stages."""


def shaped(
    name: str,
    file: str,
    files: str = "{}.csv",
    *,
    snake: bool = False,
    closed: Sequence[str] = (),
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> Shape:
    """Return a profile.

    Args:
        name: what it is called.
        file: name of its TOML file.
        files: how files are called; {} stands for the object or table.
        snake: whether objects and columns are called lead_source instead of LeadSource.
        closed: ids of the stages in which a deal is closed.
        renamed: name that a stage had -> name that it has.

    Raises:
        ValueError: `files` has no {}, or more than one.
    """
    if files.count("{}") != 1:
        raise ValueError(f"files are called {files!r}; {{}} stands once for the object or table, as in '{{}}.csv'")
    host: Callable[[str], str] = _snake if snake else str
    found = tomllib.loads((_HERE / f"{file}.toml").read_text("utf-8"))
    found["name"] = name
    for lookup in found.get("lookup", {}).values():
        lookup |= {"file": files.replace("{}", host(lookup["file"])), "key": host(lookup["key"])}
    kept = "warehouse" if snake else "objects"
    found["file"] = [entry for entry in found["file"] if entry.pop("only", kept) == kept]
    for entry in found["file"]:
        entry["match"] = files.replace("{}", host(entry["match"]))
        columns = {ours: _source(theirs, host, closed) for ours, theirs in entry.get("columns", {}).items()}
        entry["columns"] = columns | {name: _renamed(columns[name], renamed) for name in _stages(entry)}
        if "fields" in entry:
            entry["fields"] = {
                theirs: _renamed(said, renamed, "field") if said == "stage" else said
                for theirs, said in entry["fields"].items()
            }
        if "where" in entry:
            some = entry["where"] if isinstance(entry["where"], list) else [entry["where"]]
            entry["where"] = [_source(one, host, closed) for one in some]
    return found


def _stages(entry: Shape) -> list[str]:
    """Return the columns of an entry that hold stages."""
    if entry["table"] == "opportunity" or entry.get("history") == "row_versions":
        names = ["stage"]
    else:
        names = ["value", "into"] if entry.get("history") in ("intervals", "last_change") else []
    return [name for name in names if name in entry["columns"]]


def _renamed(said: Any, renamed: Mapping[str, str], key: str = "column") -> Any:
    """Return where stages come from, by the names that they have today."""
    if not renamed:
        return said
    made = dict(said) if isinstance(said, dict) else {key: said}
    return made | {"values": dict(renamed) | made.get("values", {})}


def _source(theirs: Any, host: Callable[[str], str], closed: Sequence[str]) -> Any:
    """Return where a column comes from, or a condition, in the names of the host."""
    if isinstance(theirs, str):
        return host(theirs)
    made: Shape = {}
    for key, value in theirs.items():
        if key in ("column", "by"):
            made[key] = host(value)
        elif key == "when":
            some = value if isinstance(value, list) else [value]
            made[key] = [_source(one, host, closed) for one in some]
        else:
            made[key] = list(closed) if value == _CLOSED else value
    return made


def _snake(name: str) -> str:
    """Return CloseDate as close_date."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
