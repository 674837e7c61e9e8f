"""Unfit changes: to, or from, values that the column that changed cannot take; they are rejected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs
import numpy as np

from ..calendars import Zone
from .builders.build import shown
from .checks import Finding
from .column import Array, Column, Mask
from .history.decode import Codes, blank, coded, takes_any, unfit

__all__ = ["Unfit", "unfit_changes"]

_QUOTED = 3


@attrs.frozen(slots=True, eq=False)
class Unfit:
    """Changes to, or from, values that their column cannot take, in one column and for one reason."""

    finding: Finding
    reasons: Sequence[str]
    """Why each row of the finding is rejected."""


def unfit_changes(
    changes: Mapping[str, Column],
    tables: Mapping[str, Mapping[str, Column]],
    keep: Mask | None,
    zone: Zone,
) -> Iterator[Unfit]:
    """Yield the changes whose old or new value is none of the column that changed: they are rejected.

    Args:
        changes: columns of the table of changes.
        tables: columns of the tables of the dataset.
        keep: rows of the changes that count.
        zone: of times that name none.
    """
    columns = [changes.get(name) for name in ("table", "field", "record", "old", "new")]
    names, fields, records, old, new = columns
    if names is None or fields is None or records is None or old is None or new is None:
        return
    if [column.kind for column in columns if column] != ["key", "key", "key", "text", "text"]:
        return
    for table, field, rows in _parts(names, fields, keep):
        if table not in tables:
            continue
        today = tables[table].get(field)
        today = blank(table, field, 0) if today is None else today
        if not takes_any(today, table, field):
            sides = coded(rows, old, new)
            bad = unfit(today, sides[0].texts, table, field, zone)
            if bad:
                kinds = {b.row: b.kind for b in bad}
                for name, side in zip(("old", "new"), sides, strict=True):
                    yield from _unfit(name, side, rows, kinds, f"{table}.{field}", records)


def _parts(names: Column, fields: Column, keep: Mask | None) -> Iterator[tuple[str, str, Array]]:
    """Yield each column of a table that changed, with its changes."""
    for code in np.unique(names.data).tolist():
        mine = names.data == code if keep is None else keep & (names.data == code)
        for number in np.unique(fields.data[mine]).tolist():
            if code and number:
                yield names.labels[code], fields.labels[number], np.flatnonzero(mine & (fields.data == number))


def _unfit(
    name: str, side: Codes, rows: Array, kinds: Mapping[int, str], where: str, records: Column
) -> Iterator[Unfit]:
    """Yield the changes one of whose sides, old or new, is among the texts that do not fit, by the reason."""
    for kind in dict.fromkeys(kinds.values()):
        places = np.flatnonzero(np.isin(side.codes, [row for row, reason in kinds.items() if reason == kind]))
        if places.size:
            texts = [shown(side.texts[code]) for code in side.codes[places].tolist()]
            whose = [records.labels[code] for code in records.data[rows[places]].tolist()]
            some = ", ".join(f"{t!r} (record {r!r})" for t, r in list(zip(texts, whose, strict=True))[:_QUOTED])
            more = f" and {len(texts) - _QUOTED} more" if len(texts) > _QUOTED else ""
            yield Unfit(
                Finding(kind, name, rows[places], f"{where} cannot be {some}{more}"),
                [f"{name}: {kind} {text!r}, for {where}" for text in texts],
            )
