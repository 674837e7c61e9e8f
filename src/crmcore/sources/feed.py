"""Feed a table from a file: each of our columns from a column, a constant, the row's number, or a lookup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ..errors import ProfileError
from ..table.builders import Block, Builder, ColumnSpec
from ..table.column import Array, Mask
from ..table.draft import TableBuilder
from ..table.schema import schema_of
from .columns import Texts, as_list, blank_where, is_among, only
from .csv import CsvFile, RowBlock
from .histories.told import PATTERNS
from .lookups import LookupTable
from .names import near, place_of, profile_error
from .profile import Condition, FileMap, Reading, Source

__all__ = ["Feed", "Scope", "spec_of"]


@attrs.frozen(slots=True)
class Scope:
    """What feeds need to know beside their own file.

    Args:
        lookups: the lookups that have been read, by name.
        profile: what errors call the profile.
        timezone: zone of timestamps that state none, where the profile states none.
    """

    lookups: Mapping[str, LookupTable]
    profile: str
    timezone: str | None = None


@attrs.frozen(slots=True)
class _Slot:
    """One of our columns: its builder, and how it is filled from a block of rows."""

    target: Builder
    fill: Callable[[Builder, RowBlock, Mask | None], None]


class Feed:
    """One file feeding one table.

    Args:
        file: the file.
        entry: what the profile says.
        table: the table, which other files may feed too.
        scope: lookups and settings.
        base: rows of the input before this file.

    Raises:
        ProfileError: a column that the file or the table lacks, one that is read in two ways, or one that is there twice.
    """

    def __init__(self, file: CsvFile, entry: FileMap, table: TableBuilder, scope: Scope, base: int = 0) -> None:
        self.file = file
        self.entry = entry
        self.table = table
        self.scope = scope
        self.base = base
        self.where = [(self._place(c.column, c.line), c) for c in entry.where]
        self._slots = [self._slot(source) for source in self._sources()]
        self._listed: tuple[RowBlock | None, list[list[str]]] = (None, [])
        self._fed = {slot.target.spec.name for slot in self._slots}

    def wanted(self, block: RowBlock) -> Mask | None:
        """Return the rows of a block that the row filter takes; None for all."""
        return self._holds(block, self.where) if self.where else None

    def take(self, block: RowBlock, mask: Mask | None) -> Array:
        """Take the rows of a block (those where `mask` is true), and return their numbers in the input, from 0."""
        numbers = block.numbers if mask is None else block.numbers[mask]
        size = len(numbers)
        if size:
            for slot in self._slots:
                slot.fill(slot.target, block, mask)
            for name, target in self.table.builders.items():
                if name not in self._fed:
                    target.add_blank(size)
            places = None if mask is None else np.flatnonzero(mask)
            self.table.rows(size, lambda row: self._record(block, row if places is None else int(places[row])))
        return numbers + (self.base - 1)

    # -- what there is to feed ----------------------------------------------------------------------------------------

    def _sources(self) -> list[Source]:
        """Return the mapped columns, and those of the file that are left under their own names."""
        names, entry = self.file.names, self.entry
        said = [made for source in entry.columns for made in self._spread(source)]
        mapped = [s for s in said if not s.optional or s.lookup is not None or self._has(s.column)]
        used = {self._place(s.column, s.line) for s in mapped if s.column is not None and s.lookup is None}
        taken = {s.name for s in mapped}
        sources = list(mapped)
        self.kept: set[str] = set()
        if entry.rest:
            for place, name in enumerate(names):
                if place in used or name in entry.drop:
                    continue
                if name in taken:
                    raise self._wrong(
                        f"{self.file.name} has a column {name!r}, but {entry.table}.{name} comes from elsewhere; "
                        f"map it under another name, or add it to drop",
                        entry.line,
                    )
                self.kept.add(name)
                sources.append(Source(name, place + 1, line=entry.line))
        return sources

    def _spread(self, source: Source) -> list[Source]:
        """Return a column that stands for one of each stage as those of the file; any other as it is."""
        if self.entry.history != "entered_and_left" or source.name not in PATTERNS:
            return [source]
        before, _, after = str(source.column).partition("{}")
        size = len(before) + len(after)
        found = [
            attrs.evolve(source, name=f"{source.name}_{name[len(before) : len(name) - len(after)]}", column=name)
            for name in self.file.names
            if len(name) > size and name.startswith(before) and name.endswith(after) and name not in self.entry.drop
        ]
        if not found and not source.optional:
            raise self._wrong(f"{self.file.name} has no column that is called like {source.column!r}", source.line)
        return found

    def _has(self, column: str | int | None) -> bool:
        return column is None or (
            column <= len(self.file.names) if isinstance(column, int) else column in self.file.names
        )

    def _place(self, column: str | int, line: int | None) -> int:
        return place_of(column, self.file.names, self.file.name, self.scope.profile, line)

    def _wrong(self, message: str, line: int | None) -> ProfileError:
        return profile_error(self.scope.profile, line, message)

    def _slot(self, source: Source) -> _Slot:
        spec = spec_of(source, self.entry, self.scope)
        target = self.table.builders.get(source.name)
        if target is None:
            target = self.table.column(spec)
        elif target.spec != spec:
            raise self._wrong(
                f"{self.entry.table}.{source.name} is read from {self.file.name} in another way than from the file before "
                f"it; state the same kind, formats, words and marks for both",
                source.line,
            )
        return _Slot(target, self._fill(source))

    # -- how a column is filled ---------------------------------------------------------------------------------------

    def _fill(self, source: Source) -> Callable[[Builder, RowBlock, Mask | None], None]:
        when = [(self._place(c.column, c.line), c) for c in source.when]
        if source.row:
            return self._fill_number
        if source.lookup is not None:
            assert source.by is not None
            return self._looked_up(source, self.scope.lookups[source.lookup], self._place(source.by, source.line), when)
        if source.column is None:
            return self._constant(source, when)
        place = self._place(source.column, source.line)
        if not when:
            return lambda target, block, mask: _add(target, _part(block.columns[place], mask))

        def fill(target: Builder, block: RowBlock, mask: Mask | None) -> None:
            texts = blank_where(block.columns[place], ~self._holds(block, when))
            _add(target, _part(texts, mask))

        return fill

    def _fill_number(self, target: Builder, block: RowBlock, mask: Mask | None) -> None:
        numbers = block.numbers if mask is None else block.numbers[mask]
        target.add_block(Block("int", numbers + self.base))

    def _constant(
        self, source: Source, when: Sequence[tuple[int, Condition]]
    ) -> Callable[[Builder, RowBlock, Mask | None], None]:
        value = source.value

        def fill(target: Builder, block: RowBlock, mask: Mask | None) -> None:
            if when:
                holds = self._holds(block, when)
                holds = holds if mask is None else holds[mask]
                target.add([value if h else None for h in holds.tolist()])
            else:
                size = block.size if mask is None else int(np.count_nonzero(mask))
                target.add([value] * size)

        return fill

    def _looked_up(
        self, source: Source, lookup: LookupTable, by: int, when: Sequence[tuple[int, Condition]]
    ) -> Callable[[Builder, RowBlock, Mask | None], None]:
        def fill(target: Builder, block: RowBlock, mask: Mask | None) -> None:
            keys = block.columns[by]
            if when:
                keys = blank_where(keys, ~self._holds(block, when))
            found = lookup.find(_part(keys, mask))
            if source.present:
                target.add([place is not None for place in found])
            else:
                assert source.column is not None
                target.add_text(lookup.take(source.column, found))

        return fill

    def _holds(self, block: RowBlock, conditions: Sequence[tuple[int, Condition]]) -> Mask:
        """Return the rows in which all conditions hold."""
        blank = frozenset({"", *(self.entry.reading.null_words or ())})
        mask = np.ones(block.size, bool)
        for place, condition in conditions:
            hits = is_among(block.columns[place], blank if condition.words is None else condition.words)
            mask &= hits == condition.wanted
        return mask

    def _record(self, block: RowBlock, row: int) -> dict[str, str]:
        """Return a row as it came; the block becomes lists with the first one asked for."""
        if self._listed[0] is not block:
            self._listed = block, [as_list(texts) for texts in block.columns]
        return {name: texts[row] for name, texts in zip(self.file.names, self._listed[1], strict=True)}


def spec_of(source: Source, entry: FileMap, scope: Scope) -> ColumnSpec:
    """Return how one of our columns is read: what the domain says of it, and then what the profile says.

    Raises:
        ProfileError: a column that the table does not have, without a kind, or with a kind it cannot be.
    """
    schema = schema_of(entry.table)
    name, kind, reading = source.name, source.kind, source.reading.under(entry.reading)
    if name in schema.fields:
        spec = schema.spec(name)
        fits = {"day", "instant"} if spec.kind == "moment" else {spec.kind}
        if kind is not None and kind not in fits:
            message = (
                f"{entry.table}.{name} is of kind {spec.kind}, not {kind}; give a column of another kind another name"
            )
            raise profile_error(scope.profile, source.line, message)
        spec = attrs.evolve(spec, kind=kind or spec.kind)
    else:
        if schema.known and kind is None and source in entry.columns:
            hint = near(name, schema.fields, ";")
            message = f'{entry.table} has no column {name!r}{hint} a column of your own needs a kind: {name} = {{ kind = "key" }}'
            raise profile_error(scope.profile, source.line, message)
        spec = ColumnSpec(name, kind or ("id" if name == "id" else "key"))
    return _read_as(spec, reading, source.values, scope.timezone)


def _read_as(spec: ColumnSpec, reading: Reading, values: Sequence[tuple[str, Any]], timezone: str | None) -> ColumnSpec:
    """Return the specification with what a profile states, as far as it means anything for the kind."""
    stated = reading.stated()
    changes: dict[str, Any] = {"null_words": frozenset({"", *stated.pop("null_words", ())})}
    for words in ("true_words", "false_words"):
        if words in stated:
            changes[words] = frozenset(word.casefold() for word in stated.pop(words))
    spec = attrs.evolve(spec, **changes)
    if values:
        # true and false mean what they say, whatever the words for them are in the file
        sure = {True: min(spec.true_words, default="true"), False: min(spec.false_words, default="false")}
        value_map = {text: sure[value] if isinstance(value, bool) else str(value) for text, value in values}
        spec = attrs.evolve(spec, value_map=value_map)
    changes = {}
    if spec.kind in {"day", "instant", "moment"}:
        changes["timezone"] = stated.get("timezone", timezone)
        changes["formats"] = stated.get("formats", ())
    for name, kinds in _MEANS.items():
        if name in stated and spec.kind in kinds:
            changes[name] = stated[name]
    return attrs.evolve(spec, strip=stated.get("strip", True), **changes)


_NUMBERS = frozenset({"money", "number", "count", "probability", "score", "duration"})
_MEANS = {
    "decimals": frozenset({"money", "number"}),
    "decimal_mark": _NUMBERS,
    "thousands": _NUMBERS,
    "percent": frozenset({"probability"}),
    "currency": frozenset({"money"}),
    "unit": frozenset({"duration"}),
}
"""Statements of a profile and the kinds they mean something for."""


def _part(texts: Texts, mask: Mask | None) -> Texts:
    return texts if mask is None else only(texts, mask)


def _add(target: Builder, texts: Texts) -> None:
    if isinstance(texts, list):
        target.add_text(texts)
    else:
        from .fastparse import add_strings

        add_strings(target, texts)
