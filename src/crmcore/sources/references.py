"""References that a profile declares beside those of the domain: keys that hold ids of another table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..table.ids import holder_of, like_ids
from ..table.issue import EXAMPLES, Issue
from ..table.table import Table
from .names import near, profile_error
from .profile import Profile

__all__ = ["refer"]

_SHOWN = 10


def refer(tables: dict[str, Table], wanted: Mapping[str, Mapping[str, str]], profile: Profile) -> Iterator[Issue]:
    """Put the declared references into the tables, and yield the labels that are no id there.

    Args:
        tables: the tables by name; those with references are replaced.
        wanted: table -> column -> table it refers to.
        profile: what errors speak of.

    Raises:
        ProfileError: a column or table that is not there, or a column that is no key.
    """
    for name, columns in wanted.items():
        if name not in tables:
            continue
        table = tables[name]
        for column, target in columns.items():
            _check(table, column, target, tables, profile)
            if target not in tables:
                continue
            ids = tables[target]["id"]
            key = like_ids(table[column], ids)
            references = {**table.references, column: target}
            changed = table.replace({column: key})
            table = Table(
                name,
                changed.columns,
                length=len(table),
                references=references,
                excluded=table.excluded,
                rows=table.rows,
                clustered=table.clustered,
            )
            held = holder_of(ids)(list(key.labels[1:]))
            unknown = [code for code, known in enumerate(held, 1) if not known]
            counts = np.bincount(key.data, minlength=len(key.labels))
            used = sorted((c for c in unknown if counts[c]), key=lambda c: -int(counts[c]))
            if used:
                rows = np.flatnonzero(np.isin(key.data, used))
                shown = ", ".join(f"{key.labels[c]!r} ({counts[c]})" for c in used[:_SHOWN])
                numbers = tuple((table.row_numbers(rows[:EXAMPLES]) + 1).tolist())
                yield Issue("unknown reference", name, column, len(rows), rows=numbers, detail=f"no {target} {shown}")
        tables[name] = table


def _check(table: Table, column: str, target: str, tables: Mapping[str, Table], profile: Profile) -> None:
    entry = next(e for e in profile.files if e.table == table.name and column in dict(e.references))
    if column not in table.columns:
        message = f"references: {table.name} has no column {column!r}{near(column, table.columns)}"
        raise profile_error(profile.source, entry.line, message)
    if table[column].kind != "key":
        message = f"references: {table.name}.{column} is of kind {table[column].kind}, and has to be a key"
        raise profile_error(profile.source, entry.line, message)
    known = {e.table for e in profile.files} | set(tables)
    if target not in known:
        hint = near(target, known, f"; tables: {', '.join(sorted(known))}")
        raise profile_error(profile.source, entry.line, f"references: no table {target!r}{hint}")
