"""Names that a profile, or the files themselves, give: which column, which table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from ..domain.schema import RECORDS
from ..errors import ProfileError

__all__ = ["SUFFIXES", "near", "place_of", "profile_error", "stem_of", "table_of_file"]

SUFFIXES = (".csv", ".tsv", ".txt")
"""Endings of the files that are read, each also with .gz behind."""


def stem_of(file_name: str) -> str | None:
    """Return a file's name without its ending, or None when the ending is not one that is read."""
    name = file_name.lower().removesuffix(".gz")
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return file_name[: len(name) - len(suffix)]
    return None


def table_of_file(file_name: str) -> str | None:
    """Return the table that a file is named for, in singular or plural: opportunities.csv.gz is opportunity."""
    word = (stem_of(file_name) or "").lower().replace("-", "_").replace(" ", "_")
    for table in RECORDS:
        if word in {table, f"{table}s", f"{table.removesuffix('y')}ies" if table.endswith("y") else table}:
            return table
    return None


def near(name: object, known: Iterable[str], otherwise: str = "") -> str:
    """Return "; did you mean ...?" with the nearest of the known names, or what to say where none is near."""
    found = get_close_matches(str(name), list(known), n=3, cutoff=0.55)
    return "; did you mean " + " or ".join(map(repr, found)) + "?" if found else otherwise


def profile_error(source: str, line: int | None, message: str) -> ProfileError:
    """Return the error of a profile that is wrong, or does not fit the files, on a line."""
    where = f"{source} line {line}" if line is not None else source
    return ProfileError(f"{where}: {message}", line=line)


def place_of(column: str | int, names: Sequence[str], file: str, source: str, line: int | None) -> int:
    """Return the position, from 0, of a column that a profile names, or gives from 1.

    Raises:
        ProfileError: the file has no such column; the message gives the nearest names and the profile's line.
    """
    if isinstance(column, int):
        if column <= len(names):
            return column - 1
        raise profile_error(source, line, f"{file} has no column {column}; it has {len(names)}")
    if column in names:
        return names.index(column)
    hint = near(column, names, f"; it has {', '.join(map(repr, names))}")
    raise profile_error(source, line, f"{file} has no column {column!r}{hint}")
