"""Changes: the table of changes of a dataset as writes, their texts read as the values of their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CrmCoreError, DataError
from ..stores.entry import Write
from ..table.builders import ColumnSpec, builder
from ..table.builders.money import money_of
from ..table.ids import as_number
from ..table.schema import schema_of
from .beginnings import Beginnings, key_of
from .cells import cells_of
from .ids import Ids
from .records import Clock, recorded

if TYPE_CHECKING:
    from ..calendars import Zone
    from ..domain.record import Id
    from ..table.column import Array
    from ..table.dataset import Dataset

__all__ = ["Changes", "key_of"]

Reject = Callable[[str, int, CrmCoreError, Mapping[str, Any]], None]


class Changes:
    """The changes of a dataset, their values read.

    Args:
        data: with a table `change`.
        zone: where days end.
    """

    def __init__(self, data: Dataset, zone: Zone) -> None:
        table = data["change"]
        count = len(table)
        self._cells = {
            name: cells_of(table[name], 0, count) if name in table.columns else [None] * count
            for name in ("table", "record", "field", "old", "new", "at", "recorded_at", "sequence", "actor", "id")
        }
        self._values, self._wrong = _values(data, self._cells, "new", zone)
        self._olds, self._misread = _values(data, self._cells, "old", zone)
        self._wrong |= self._misread
        self._own_ids = "id" in table.columns and table["id"].data.dtype == object
        self._numbers = range(count) if table.rows is None else table.rows.tolist()
        self._order = _in_order(data).tolist()

    def note(self, beginnings: Beginnings) -> None:
        """Say what the first changes of each record say was there before (S5)."""
        cells = self._cells
        for row in self._order:
            if row not in self._wrong:
                beginnings.note(cells["table"][row], cells["record"][row], cells["field"][row], self._olds[row])

    def writes(
        self,
        beginnings: Beginnings,
        ids: Ids,
        held: Callable[[str, Id], bool],
        reject: Reject,
        *,
        source: str,
        clock: Clock | None,
        recorded_at: datetime | None,
    ) -> Iterator[tuple[Write, int]]:
        """Yield them as writes, each with its row number, in the order they became true (S4).

        Each has a key: its id, or what it is about and when, so that it is taken once. What cannot be read is rejected.
        Before the first change of a record that is not `held` stands how the record began.
        """
        cells, wrong, numbers = self._cells, self._wrong, self._numbers
        for row in self._order:
            where, record, field, at = (cells[n][row] for n in ("table", "record", "field", "at"))
            given = {name: column[row] for name, column in cells.items() if column[row] is not None}
            if row in wrong:
                said = "old" if row in self._misread else "new"
                reject("change", numbers[row] + 1, DataError(f"{said}: {wrong[row]} {cells[said][row]!r}"), given)
                continue
            if where is None or record is None or field is None or at is None:
                reject("change", numbers[row] + 1, DataError("table, record, field and at belong to a change"), given)
                continue
            sequence = cells["sequence"][row] or 0
            learnt = cells["recorded_at"][row]
            key = str(cells["id"][row]) if self._own_ids else key_of(where, record, field, at, sequence)
            try:
                seen = learnt if isinstance(learnt, datetime) else recorded(at, recorded_at, clock)
            except CrmCoreError as error:
                reject("change", numbers[row] + 1, error, given)
                continue
            id_ = ids.of(where, type(record)).get(record, record)
            write = Write(
                where, id_, {field: self._values[row]}, at, seen, cells["actor"][row], sequence, None, key, source
            )
            in_time = isinstance(learnt, datetime) or (recorded_at is None and clock is None)
            began = beginnings.of(write, record, in_time=in_time)
            if began and not held(where, id_):
                for before in began:
                    yield before, numbers[row] + 1
            yield write, numbers[row] + 1


def _in_order(data: Dataset) -> Array:
    table = data["change"]
    keys: list[Array] = []
    if "sequence" in table.columns:
        keys.append(table["sequence"].data)
    return np.lexsort((*keys, table["at"].data))


def _values(data: Dataset, cells: Mapping[str, list[Any]], side: str, zone: Zone) -> tuple[list[Any], dict[int, str]]:
    """Return the old or new values in the type of their field, and what is wrong with those that cannot be read, by row."""
    groups: dict[tuple[str, str], list[int]] = {}
    for row, (table, field, text) in enumerate(zip(cells["table"], cells["field"], cells[side], strict=True)):
        if text is not None:
            groups.setdefault((table, field), []).append(row)
    found: list[Any] = [None] * len(cells[side])
    wrong: dict[int, str] = {}
    for (table, field), rows in groups.items():
        texts = [cells[side][row] for row in rows]
        spec = _spec(data, table, field, zone)
        if spec.kind in ("key", "text", "auto"):
            read: list[Any] = [as_number(t) for t in texts] if _whole(data, spec, table, field) else texts
        else:
            made = builder(spec)
            if spec.kind == "money":
                made.add([money_of(text) for text in texts])
            else:
                made.add_text(texts)
            column = made.finish()
            read = cells_of(column, 0, len(column))
            wrong |= {rows[bad.row]: bad.kind for bad in made.bad}
        for row, value in zip(rows, read, strict=True):
            found[row] = value
    return found, wrong


def _spec(data: Dataset, table: str, field: str, zone: Zone) -> ColumnSpec:
    """Return how the texts of a field are read: as the domain says, else as the dataset has the column."""
    schema = schema_of(table)
    if field in schema.fields:
        return schema.spec(field, zone.name)
    there = data.tables.get(table)
    kind = there.columns[field].kind if there is not None and field in there.columns else "text"
    return ColumnSpec(field, "text" if kind == "id" else kind, timezone=zone.name)


def _whole(data: Dataset, spec: ColumnSpec, table: str, field: str) -> bool:
    """Tell whether the labels of a key column are whole numbers, as ids of a host may be."""
    there = data.tables.get(table)
    if spec.kind != "key" or there is None or field not in there.columns or there.columns[field].kind != "key":
        return False
    labels = there.columns[field].labels[1:]
    return bool(labels) and all(isinstance(label, int) for label in labels)
