"""Beginnings: how records began whose changes are imported: what their first changes say was there before (S5)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ..domain.change import moment_key
from ..domain.schema import RECORDS, fields_of
from ..stores.entry import Write
from ..stores.values import LONGEST_NAME
from .cells import cells_of
from .moments import end_of

if TYPE_CHECKING:
    from ..calendars import Zone
    from ..domain.record import Id, Moment
    from ..table.dataset import Dataset

__all__ = ["Beginnings", "key_of"]


class Beginnings:
    """The first values of records, noted change by change in their order, and given once for each.

    Args:
        data: with the tables whose records say when they were created.
        zone: where days end.
        source: the entries bear it.
    """

    def __init__(self, data: Dataset, zone: Zone, source: str) -> None:
        self._data, self._zone, self._source = data, zone, source
        self._first: dict[tuple[str, Id], dict[str, Any]] = {}
        self._created: dict[str, tuple[str, dict[str, Moment]]] = {}

    def note(self, table: str | None, record: Id | None, field: str | None, old: Any) -> None:
        """Take the old value of a change, where it is the first of its field."""
        if table is not None and record is not None and field is not None:
            self._first.setdefault((table, record), {}).setdefault(field, old)

    def of(self, first: Write, record: Id, *, in_time: bool) -> Write | None:
        """Return how a record was before its first change, None where nothing is known of it or it was given before.

        Args:
            first: the change.
            record: its id in the dataset.
            in_time: the host wrote its changes down as they happened, so the beginning too.
        """
        noted = self._first.pop((first.table, record), None)
        if noted is None:
            return None
        values = {name: old for name, old in noted.items() if old is not None}
        field, created = self._made(first.table)
        at = created.get(str(record))
        if at is not None and moment_key(at) <= moment_key(first.at):
            values[field] = at
        elif values:
            at = first.at
        else:
            return None
        seen = min(first.recorded_at, end_of(at, self._zone)) if in_time else first.recorded_at
        key = key_of(first.table, first.id, "*", at, 0)
        return Write(first.table, first.id, values, at, seen, None, 0, None, key, self._source)

    def _made(self, table: str) -> tuple[str, dict[str, Moment]]:
        """Return the field with the date of creation, and the date of each record by its id as text."""
        if table not in self._created:
            there = self._data.tables.get(table)
            names = [f.name for f in (fields_of(RECORDS[table]) if table in RECORDS else ()) if f.exists]
            name = next((n for n in names if there is not None and n in there), "")
            dates: dict[str, Moment] = {}
            for part in (there, self._data.left_out.get(table)):
                if name and part is not None and name in part:
                    size = len(part)
                    pairs = zip(cells_of(part["id"], 0, size), cells_of(part[name], 0, size), strict=True)
                    dates |= {str(id_): at for id_, at in pairs if at is not None}
            self._created[table] = (name, dates)
        return self._created[table]


def key_of(table: str, record: Id, field: str, at: Moment, sequence: int) -> str:
    """Return the key of a change that has no id: what it is about and when, told apart from every other (K4)."""
    moment = at.astimezone(UTC) if isinstance(at, datetime) else at
    parts = json.dumps([table, record, field, moment.isoformat(), sequence], ensure_ascii=False)
    if len(parts) <= LONGEST_NAME and parts.isprintable():
        return parts
    return f"change {blake2b(parts.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
