"""Admit: what a write makes of a record. The rules K3, K5 and K6 for every backend, in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any

import attrs

from ..errors import VersionConflict
from .entry import Entry, Write, order_of
from .fold import Held, Order
from .values import defaults_of, same

__all__ = ["Admitted", "admit"]


@attrs.frozen(slots=True)
class Admitted:
    """What a write makes: the entry, or None where it changes nothing, and the record after it."""

    entry: Entry | None
    held: Held


def admit(
    write: Write, values: dict[str, Any], held: Held | None, history: Callable[[], Iterable[Entry]], number: int
) -> Admitted:
    """Return what a write makes of a record.

    Args:
        write: a write whose key is new.
        values: its values as `check_write` returned them.
        held: the record as it stands, None for a new one.
        history: gives the entries of the record in order of number; asked only for a correction of the past.
        number: that the entry will have.

    Raises:
        VersionConflict: the record has not the version that the writer expects (K3).
    """
    version = 0 if held is None else held.version
    if write.expected is not None and write.expected != version:
        found = "is not there" if held is None else f"has version {version}"
        wanted = "to be new" if write.expected == 0 else f"version {write.expected}"
        raise VersionConflict(
            f"{write.table} {write.id!r} {found}; the writer expected {wanted}",
            table=write.table,
            id=write.id,
            expected=write.expected,
            version=version,
        )
    order = order_of(write.at, write.sequence)
    defaults = defaults_of(write.table)
    if held is None:
        changed = {name: v for name, v in values.items() if v is not None and not same(v, defaults.get(name))}
        return _admitted(write, number, 1, changed, {}, Held(1, changed, order))
    late = order < held.newest
    before, later = _around(history(), order) if late else (held.values, {})
    changed, old = {}, {}
    for name, value in values.items():
        was = before.get(name, defaults.get(name))
        if not same(value, was):
            changed[name] = value
            if was is not None:
                old[name] = was
    if not changed and write.key is None:
        return Admitted(None, held)
    state = dict(held.values)
    for name, value in changed.items():
        if name in later:
            continue
        if value is None or same(value, defaults.get(name)):
            state.pop(name, None)
        else:
            state[name] = value
    return _admitted(write, number, version + 1, changed, old, Held(version + 1, state, max(order, held.newest)))


def _around(history: Iterable[Entry], order: Order) -> tuple[dict[str, Any], dict[str, None]]:
    """Return the values valid at a point of the past, and the fields that something later has set."""
    before: dict[str, tuple[Order, Any]] = {}
    later: dict[str, None] = {}
    for entry in history:
        at = order_of(entry.at, entry.sequence)
        for name, value in entry.values.items():
            if at > order:
                later[name] = None
            elif name not in before or before[name][0] <= at:
                before[name] = (at, value)
    return {name: value for name, (_, value) in before.items() if value is not None}, later


def _admitted(
    write: Write, number: int, version: int, values: dict[str, Any], old: dict[str, Any], held: Held
) -> Admitted:
    entry = Entry(
        number,
        write.table,
        write.id,
        version,
        values,
        old,
        write.at,
        write.recorded_at.astimezone(UTC),
        write.actor,
        write.sequence,
        write.source,
        write.key,
    )
    return Admitted(entry, held)
