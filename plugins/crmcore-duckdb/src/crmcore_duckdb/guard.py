"""What is looked at before a row is read: types, columns, rows, the length of texts, and bytes in all."""

# ruff: noqa: S608 - names in statements are quoted, every value is bound

from __future__ import annotations

from collections.abc import Sequence

from crmcore.errors import StoreFormatError

from .engine import Engine, quoted
from .limits import Limits

__all__ = ["WIDTHS", "admit", "described"]

WIDTHS = {"BIGINT": 8, "DOUBLE": 8, "TIMESTAMP WITH TIME ZONE": 8, "TIMESTAMP": 8, "DATE": 4, "BOOLEAN": 1}
"""Bytes of a value; a decimal has 16, and of a text the bytes are counted."""


def described(engine: Engine, source: str, *values: object) -> list[tuple[str, str]]:
    """Return the names and types of the columns of a table, view or file.

    Args:
        engine: what reads.
        source: what stands behind FROM.
        values: bound to it.
    """
    return [(str(row[0]), str(row[1])) for row in engine.rows(f"DESCRIBE SELECT * FROM {source}", *values)]


def admit(
    engine: Engine, limits: Limits, what: str, columns: Sequence[tuple[str, str]], source: str, *values: object
) -> int:
    """Return the number of rows of a table, once it is sure to stay within the limits.

    DuckDB walks through the values and counts; nothing of them leaves it, and what a file says of itself does not count.

    Args:
        engine: what reads.
        limits: what is allowed.
        what: what errors call the table.
        columns: names and types, as `described` gives them.
        source: what stands behind FROM.
        values: bound to it.

    Raises:
        StoreFormatError: a limit is passed; the message says which, and how it is raised.
    """
    if len(columns) > limits.columns:
        raise _beyond(what, f"{len(columns):,} columns", "columns", limits.columns)
    (found,) = engine.rows(f"SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {limits.rows + 1})", *values)
    rows = int(found[0])
    if rows > limits.rows:
        raise _beyond(what, f"more than {limits.rows:,} rows", "rows", limits.rows)
    fixed = sum(WIDTHS.get(kind, 16) for _, kind in columns if kind != "VARCHAR") * rows
    texts = [quoted(name) for name, kind in columns if kind == "VARCHAR"]
    total = fixed
    if texts and rows:
        asked = ", ".join(f"max(strlen({t})), sum(strlen({t}))" for t in texts)
        (sizes,) = engine.rows(f"SELECT {asked} FROM {source}", *values)
        longest = max((int(v) for v in sizes[0::2] if v is not None), default=0)
        if longest > limits.cell:
            raise _beyond(what, f"a text of {longest:,} bytes", "cell", limits.cell)
        total += sum(int(v) for v in sizes[1::2] if v is not None)
    if total > limits.bytes:
        raise _beyond(what, f"values of {total:,} bytes", "bytes", limits.bytes)
    return rows


def _beyond(what: str, found: str, option: str, limit: int) -> StoreFormatError:
    return StoreFormatError(
        f"{what} has {found}, the limit is {limit:,}; if that is right, raise the option {option}= of the URL",
        option=option,
        limit=limit,
    )
