"""Profile: how the files, columns and words of a host become our tables. Data only; `profile_parse` reads it from TOML."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import attrs

__all__ = [
    "CELL_LIMIT",
    "COLUMN_LIMIT",
    "WHITESPACE",
    "Condition",
    "FieldMap",
    "FileMap",
    "Layout",
    "Lookup",
    "Profile",
    "Reading",
    "Source",
]

CELL_LIMIT = 1_000_000
"""Characters a cell may have before its row is rejected; a profile may state another limit."""
COLUMN_LIMIT = 16_384
"""Columns a file may have before it is refused; a profile may state another limit."""
WHITESPACE = "whitespace"
"""The delimiter of files whose cells are parted by runs of spaces and tabs."""


@attrs.frozen(slots=True)
class Layout:
    """How the bytes of a file are cut into rows and cells.

    Args:
        delimiter: one character, "whitespace", or None to find it in the first rows.
        encoding: a codec's name, or None: that of the byte order mark, else UTF-8.
        header: whether the first row holds the names of the columns.
        names: names that stand in for those of the header, or that a file without one lacks.
        skip: lines before the header or the first row.
        quote: the quoting character, "" for none.
        cell_limit: characters a cell may have.
        column_limit: columns the file may have.
        unpacked_limit: bytes that a packed file may unpack to; None for 200 times its size, and 256 MiB at the least.
    """

    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True
    names: tuple[str, ...] = ()
    skip: int = 0
    quote: str = '"'
    cell_limit: int = CELL_LIMIT
    column_limit: int = COLUMN_LIMIT
    unpacked_limit: int | None = None


@attrs.frozen(slots=True)
class Reading:
    """How the text of a cell becomes a value; None where nothing is stated.

    Args:
        null_words: texts that mean blank, beside the empty one.
        strip: whether spaces around a text are taken away.
        formats: strptime formats of dates and instants, tried in order.
        timezone: zone of timestamps that name none.
        decimals: decimals to keep; more are rounded half-even, and counted.
        decimal_mark: what stands before the decimals.
        thousands: what stands between groups of three digits.
        percent: 1 where probabilities run from 0 to 1, 100 where they run from 0 to 100, "text" where they are "30%".
        currency: the currency of the amounts.
        true_words: texts that mean yes.
        false_words: texts that mean no.
        unit: unit of the numbers in a column of durations.
    """

    null_words: tuple[str, ...] | None = None
    strip: bool | None = None
    formats: tuple[str, ...] | None = None
    timezone: str | None = None
    decimals: int | None = None
    decimal_mark: str | None = None
    thousands: str | None = None
    percent: int | str | None = None
    currency: str | None = None
    true_words: tuple[str, ...] | None = None
    false_words: tuple[str, ...] | None = None
    unit: str | None = None

    def under(self, outer: Reading) -> Reading:
        """Return these statements, with those of `outer` where nothing is stated here."""
        stated = {k: v for k, v in attrs.asdict(self).items() if v is not None}
        return attrs.evolve(outer, **stated)

    def stated(self) -> dict[str, Any]:
        """Return what is stated, by name."""
        return {k: v for k, v in attrs.asdict(self).items() if v is not None}


@attrs.frozen(slots=True)
class Condition:
    """A test of one cell of the row, by its text.

    Args:
        column: name of the file's column, or its position from 1.
        words: the texts it is compared with; None for a test of blankness.
        wanted: whether the text should be among the words, or the cell blank.
    """

    column: str | int
    words: frozenset[str] | None = None
    wanted: bool = True
    line: int | None = None


@attrs.frozen(slots=True)
class Lookup:
    """Another file in which columns are looked up by a key."""

    name: str
    file: str
    key: str | int
    layout: Layout = Layout()
    reading: Reading = Reading()
    line: int | None = None


@attrs.frozen(slots=True)
class Source:
    """Where one of our columns comes from. Exactly one of column, value and row is given, or a lookup.

    Args:
        name: our column.
        column: name of the file's (or the lookup's) column, or its position from 1.
        value: a constant.
        row: take the number of the row in the input.
        lookup: name of the lookup the column is found in.
        by: the column of this file that holds the lookup's key.
        present: with a lookup, whether the key is found there, instead of a column.
        kind: the column's kind where our tables do not define it.
        values: text -> value to read in its place.
        when: conditions on the row; where one fails, the cell counts as blank.
        optional: whether the file may lack the column.
    """

    name: str
    column: str | int | None = None
    value: Any = None
    row: bool = False
    lookup: str | None = None
    by: str | int | None = None
    present: bool = False
    kind: str | None = None
    values: tuple[tuple[str, Any], ...] = ()
    when: tuple[Condition, ...] = ()
    optional: bool = False
    reading: Reading = Reading()
    line: int | None = None


@attrs.frozen(slots=True)
class FieldMap:
    """What a log of changes calls one of our columns, and how it writes its values.

    Args:
        theirs: the host's name of the field.
        ours: our column.
        values: text -> text of ours in its place.
        percent: as in `Reading`.
    """

    theirs: str
    ours: str
    values: tuple[tuple[str, Any], ...] = ()
    percent: int | str | None = None
    line: int | None = None


@attrs.frozen(slots=True)
class FileMap:
    """How one file, or several alike, feeds one table.

    Args:
        match: file names, with * and ? for any text and any character.
        table: our table, or one of the host's own.
        columns: where our columns come from.
        where: conditions that all have to hold for a row to be taken.
        references: column -> the table whose ids it holds, beside those our tables define.
        drop: columns of the file to leave out.
        rest: whether columns that are not named stay available under their own names.
        optional: whether the file may be missing.
        history: the shape in which its rows tell the table of changes; `table` is then a name for these rows alone.
        fields: of a history that names the field of each change, the fields that are ours.
    """

    match: tuple[str, ...]
    table: str
    columns: tuple[Source, ...] = ()
    where: tuple[Condition, ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    drop: tuple[str, ...] = ()
    rest: bool = True
    optional: bool = False
    history: str | None = None
    fields: tuple[FieldMap, ...] = ()
    layout: Layout = Layout()
    reading: Reading = Reading()
    line: int | None = None

    def takes(self, file_name: str) -> bool:
        """Return whether a file of this name feeds the table."""
        return any(file_name == pattern or fnmatchcase(file_name, pattern) for pattern in self.match)


@attrs.frozen(slots=True)
class Profile:
    """The files of a host and how they become our tables; `source` says where the profile was read from."""

    files: tuple[FileMap, ...]
    lookups: tuple[Lookup, ...] = ()
    name: str = ""
    source: str = "profile"

    def lookup(self, name: str) -> Lookup:
        """Return the lookup called `name`."""
        return next(lookup for lookup in self.lookups if lookup.name == name)
