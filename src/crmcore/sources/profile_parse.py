"""Read a profile from TOML or a dict; whatever is wrong is an error that names its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any, NoReturn

import attrs

from ..calendars import Zone
from ..domain.schema import RECORDS
from ..errors import ArgumentError, ProfileError
from ..table.builders import TIME_UNITS
from ..table.builders.moments import dates_only
from ..table.column import KINDS
from ..toml import Unbounded, parsed
from .histories.told import FIELDED, PATTERNS, SHAPES, kind_of, misses
from .profile import WHITESPACE, Condition, FieldMap, FileMap, Layout, Lookup, Profile, Reading, Source
from .tomllines import Path, key_lines

__all__ = ["load_profile", "parse_profile"]

_LIKELY = 0.85
"""From this likeness on the name of an unknown table is taken for a slip of the pen."""
_LAYOUT = tuple(a.name for a in attrs.fields(Layout))
_READING = tuple(a.name for a in attrs.fields(Reading))
_FILE = ("match", "table", "history", "fields", "columns", "where", "references", "drop", "rest", "optional")
_SOURCE = ("column", "position", "value", "row", "lookup", "by", "present", "kind", "values", "when", "optional")
_CONDITION = ("column", "position", "equals", "in", "not_in", "blank")
_FIELD = ("field", "values", "percent")
_LOOKUP = ("file", "key")


def load_profile(path: str | FilePath) -> Profile:
    """Return the profile in a TOML file.

    Raises:
        ProfileError: the file cannot be read or says something wrong; `line` is the line.
    """
    file = FilePath(path)
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise ProfileError(f"profile {str(file)!r} cannot be read: {error.strerror or error}", line=None) from error
    except UnicodeDecodeError as error:
        raise ProfileError(f"profile {file.name} is not UTF-8: byte {error.start}", line=None) from error
    return parse_profile(text, source=file.name)


def parse_profile(profile: str | Mapping[str, Any], *, source: str = "profile") -> Profile:
    """Return the profile written as TOML text, or given as a dict of the same shape.

    Args:
        profile: the text or the dict.
        source: what errors call it, usually the name of its file.

    Raises:
        ProfileError: what is wrong, where, and the nearest right name.
    """
    if isinstance(profile, str):
        return _Parser(_toml(profile, source), source, key_lines(profile)).profile()
    return _Parser(profile, source, {}).profile()


def _toml(text: str, source: str) -> dict[str, Any]:
    try:
        return parsed(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        lines = {} if isinstance(error, Unbounded) else key_lines(text)
        twice = next(((path, at) for path, at in lines.items() if line in at and len(at) > 1), None)
        if twice is None:
            raise ProfileError(f"{source} line {line}: {error}", line=line) from None
        path, at = twice
        noun = "column " if len(path) > 1 and path[-2] == "columns" else ""
        raise ProfileError(
            f"{source} line {line}: {noun}{path[-1]!r} is mapped twice (first on line {at[0]}); keep one of them",
            line=line,
        ) from None


class _Parser:
    def __init__(self, data: Mapping[str, Any], source: str, lines: Mapping[Path, tuple[int, ...]]) -> None:
        self.data = data
        self.source = source
        self.lines = lines

    # -- errors -----------------------------------------------------------------------------------------------------

    def line(self, path: Path) -> int | None:
        """Return the line of a path, or of the nearest thing around it."""
        while path:
            if path in self.lines:
                return self.lines[path][-1]
            path = path[:-1]
        return None

    def fail(self, path: Path, message: str) -> NoReturn:
        line = self.line(path)
        where = (
            f"{self.source} line {line}"
            if line is not None
            else f"{self.source} at {_shown(path)}"
            if path
            else self.source
        )
        raise ProfileError(f"{where}: {message}", line=line, path=path)

    def unknown(self, path: Path, noun: str, name: Any, allowed: Iterable[str]) -> NoReturn:
        known = list(allowed)
        near = get_close_matches(str(name), known, n=2, cutoff=0.55)
        ask = (
            "; did you mean " + " or ".join(repr(n) for n in near) + "?" if near else "; available: " + ", ".join(known)
        )
        self.fail(path, f"unknown {noun} {name!r}{ask}")

    # -- pieces -----------------------------------------------------------------------------------------------------

    def table(self, value: Any, path: Path, allowed: Iterable[str], what: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self.fail(path, f"{what} has to be a table, not {value!r}")
        names = tuple(allowed)
        for key in value:
            if key not in names:
                self.unknown((*path, key), f"key of {what}", key, names)
        return value

    def take(
        self,
        data: Mapping[str, Any],
        path: Path,
        key: str,
        check: Callable[[Any], bool],
        expected: str,
        default: Any = None,
    ) -> Any:
        value = data.get(key)
        if value is None:
            return default
        if not check(value):
            self.fail((*path, key), f"{key} = {value!r} is not {expected}")
        return value

    def texts(self, data: Mapping[str, Any], path: Path, key: str, default: Any = ()) -> Any:
        value = data.get(key)
        if value is None:
            return default
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            self.fail((*path, key), f"{key} = {value!r} is not a list of texts")
        return tuple(value)

    def layout(self, data: Mapping[str, Any], path: Path, outer: Layout) -> Layout:
        delimiter = self.take(
            data, path, "delimiter", _is_delimiter, f'one character or "{WHITESPACE}"', outer.delimiter
        )
        quote = self.take(data, path, "quote", _is_quote, 'one character, or "" for none', outer.quote)
        encoding = self.take(
            data, path, "encoding", _is_codec, 'the name of an encoding, such as "utf-8" or "cp1252"', outer.encoding
        )
        names = self.texts(data, path, "names", outer.names)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            self.fail((*path, "names"), f"names has {twice!r} twice")
        return Layout(
            delimiter=delimiter,
            encoding=encoding,
            header=self.take(data, path, "header", _is_flag, "true or false", outer.header),
            names=names,
            skip=self.take(data, path, "skip", _is_size, "a number of lines", outer.skip),
            quote=quote,
            cell_limit=self.take(data, path, "cell_limit", _is_positive, "a number of characters", outer.cell_limit),
            column_limit=self.take(data, path, "column_limit", _is_positive, "a number of columns", outer.column_limit),
            unpacked_limit=self.take(
                data, path, "unpacked_limit", _is_positive, "a number of bytes", outer.unpacked_limit
            ),
        )

    def reading(self, data: Mapping[str, Any], path: Path, outer: Reading) -> Reading:
        own = Reading(
            null_words=self.texts(data, path, "null_words", None),
            strip=self.take(data, path, "strip", _is_flag, "true or false"),
            formats=self.texts(data, path, "formats", None),
            timezone=self.zone(data, path),
            decimals=self.take(data, path, "decimals", lambda v: _is_size(v) and v <= 9, "a number from 0 to 9"),
            decimal_mark=self.take(data, path, "decimal_mark", lambda v: v in {".", ","}, '"." or ","'),
            thousands=self.take(data, path, "thousands", lambda v: isinstance(v, str) and len(v) <= 1, "one character"),
            percent=self.take(data, path, "percent", _is_percent, '1 (for 0-1), 100 (for 0-100) or "text" (for "30%")'),
            currency=self.take(data, path, "currency", _is_name, "the code of a currency"),
            true_words=self.texts(data, path, "true_words", None),
            false_words=self.texts(data, path, "false_words", None),
            unit=self.take(data, path, "unit", lambda v: v in TIME_UNITS, f"one of {', '.join(TIME_UNITS)}"),
        )
        try:
            dates_only(own.formats or ())
        except ArgumentError as error:
            self.fail((*path, "formats"), error.message)
        both = own.under(outer)
        if both.thousands and both.thousands == (both.decimal_mark or "."):
            self.fail((*path, "thousands"), f"thousands and decimal_mark are both {both.thousands!r}")
        return both

    def zone(self, data: Mapping[str, Any], path: Path) -> str | None:
        name = self.take(
            data, path, "timezone", lambda v: isinstance(v, str), 'the name of a time zone, such as "Europe/Berlin"'
        )
        if name is not None:
            try:
                Zone(name)
            except ArgumentError as error:
                self.fail((*path, "timezone"), error.message)
        return name  # type: ignore[no-any-return]

    def place(self, data: Mapping[str, Any], path: Path) -> str | int | None:
        """Return the column a table points at, by name or by position."""
        if "column" in data and "position" in data:
            self.fail(path, "give column or position, not both")
        name = self.take(data, path, "column", _is_column, "the name of a column, or its position from 1")
        position = self.take(data, path, "position", _is_positive, "a position from 1")
        return position if name is None else name  # type: ignore[no-any-return]

    def conditions(self, value: Any, path: Path) -> tuple[Condition, ...]:
        if value is None:
            return ()
        if isinstance(value, Mapping):
            return (self.condition(value, path),)
        if not isinstance(value, list | tuple):
            self.fail(path, f"{path[-1]} has to be a condition or a list of conditions, not {value!r}")
        return tuple(self.condition(v, (*path, i)) for i, v in enumerate(value))

    def condition(self, value: Any, path: Path) -> Condition:
        data = self.table(value, path, _CONDITION, "a condition")
        column = self.place(data, path)
        if column is None:
            self.fail(path, "a condition needs column or position")
        tests = [t for t in ("equals", "in", "not_in", "blank") if t in data]
        if len(tests) != 1:
            self.fail(path, "a condition needs exactly one of equals, in, not_in, blank")
        test, line = tests[0], self.line(path)
        if test == "blank":
            wanted = self.take(data, path, "blank", _is_flag, "true or false")
            return Condition(column, None, wanted, line)
        words = frozenset([data["equals"]] if test == "equals" else data[test])
        if not all(isinstance(w, str) for w in words):
            self.fail((*path, test), f"{test} = {data[test]!r}: cells are compared as text, so write texts")
        return Condition(column, words, test != "not_in", line)

    # -- columns ----------------------------------------------------------------------------------------------------

    def source_of(self, name: str, value: Any, path: Path, lookups: Iterable[str]) -> Source:
        line = self.line(path)
        if isinstance(value, str) or _is_positive(value):
            return Source(name, value, line=line)
        if not isinstance(value, Mapping):
            self.fail(path, f"{name} = {value!r} is not a column's name, a position from 1, or a table")
        data = self.table(value, path, (*_SOURCE, *_READING), f"column {name!r}")
        column = self.place(data, path)
        lookup = self.take(data, path, "lookup", lambda v: isinstance(v, str), "the name of a lookup")
        row = self.take(data, path, "row", _is_flag, "true or false", default=False)
        present = self.take(data, path, "present", _is_flag, "true or false", default=False)
        given = [k for k, has in (("column", column is not None), ("value", "value" in data), ("row", row)) if has]
        if len(given) > 1:
            self.fail(path, f"{name!r} has {' and '.join(given)}: a column comes from one place")
        by = self.take(data, path, "by", _is_column, "the name of a column, or its position from 1")
        if lookup is not None:
            self.check_lookup(name, data, path, lookups, column=column, by=by, present=present)
        elif by is not None or present:
            self.fail(path, f"{name!r} has {'by' if by is not None else 'present'} but no lookup")
        elif not given:
            column = name
        return Source(
            name,
            column,
            value=data.get("value"),
            row=row,
            lookup=lookup,
            by=by,
            present=present,
            kind=self.kind(data, path),
            values=self.values(data, path),
            when=self.conditions(data.get("when"), (*path, "when")),
            optional=self.take(data, path, "optional", _is_flag, "true or false", default=False),
            reading=self.reading(data, path, Reading()),
            line=line,
        )

    def check_lookup(
        self,
        name: str,
        data: Mapping[str, Any],
        path: Path,
        lookups: Iterable[str],
        *,
        column: Any,
        by: Any,
        present: bool,
    ) -> None:
        if data["lookup"] not in set(lookups):
            self.unknown((*path, "lookup"), "lookup", data["lookup"], lookups)
        if by is None:
            self.fail(path, f"{name!r} is looked up but does not say by which column of this file; give by")
        if (column is not None) == present:
            self.fail(path, f"{name!r} is looked up: give column, or present = true for whether the key is found")
        if "value" in data or data.get("row"):
            self.fail(path, f"{name!r} has a lookup and a value or row: a column comes from one place")

    def kind(self, data: Mapping[str, Any], path: Path) -> str | None:
        kind = data.get("kind")
        if kind is not None and kind not in KINDS:
            self.unknown((*path, "kind"), "kind", kind, KINDS)
        return kind

    def values(self, data: Mapping[str, Any], path: Path) -> tuple[tuple[str, Any], ...]:
        value = data.get("values")
        if value is None:
            return ()
        if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
            self.fail((*path, "values"), f'values = {value!r} is not a table such as {{ Won = "won", Lost = "lost" }}')
        for key, one in value.items():
            if not isinstance(one, str | int | float | Decimal):
                self.fail((*path, "values", key), f"values: {key!r} becomes {one!r}, which is not one value")
        return tuple(value.items())

    # -- files ------------------------------------------------------------------------------------------------------

    def file_map(self, value: Any, path: Path, layout: Layout, reading: Reading, lookups: tuple[str, ...]) -> FileMap:
        data = self.table(value, path, (*_FILE, *_LAYOUT, *_READING), "[[file]]")
        for key in ("match", "table"):
            if not data.get(key):
                self.fail(path, f"[[file]] needs {key}")
        table = self.take(data, path, "table", lambda v: isinstance(v, str), "the name of a table")
        typo = [] if table in RECORDS else get_close_matches(table, RECORDS, n=1, cutoff=_LIKELY)
        if typo:
            self.fail(
                (*path, "table"),
                f"no table named {table!r}; did you mean {typo[0]!r}? (a table of your own is named less alike)",
            )
        columns = data.get("columns", {})
        if not isinstance(columns, Mapping):
            self.fail((*path, "columns"), f"columns has to be a table of our columns, not {columns!r}")
        references = data.get("references", {})
        if not isinstance(references, Mapping) or not all(isinstance(v, str) for v in references.values()):
            self.fail((*path, "references"), 'references has to be a table such as { partner = "account" }')
        sources = tuple(self.source_of(k, v, (*path, "columns", k), lookups) for k, v in columns.items())
        history = self.history(data, path, table, sources)
        if history is not None:
            # one of its own: rows of two files with different columns are versions of different things
            table = f"{table}: {history} of {', '.join(self.texts(data, path, 'match'))}"
            sources = tuple(attrs.evolve(s, kind=s.kind or kind_of(history, s.name)) for s in sources)
        return FileMap(
            match=self.texts(data, path, "match"),
            table=table,
            history=history,
            fields=self.fields(data, path, history),
            columns=sources,
            where=self.conditions(data.get("where"), (*path, "where")),
            references=tuple(references.items()),
            drop=self.texts(data, path, "drop"),
            rest=self.take(data, path, "rest", _is_flag, "true or false", default=True) and history is None,
            optional=self.take(data, path, "optional", _is_flag, "true or false", default=False),
            layout=self.layout(data, path, layout),
            reading=self.reading(data, path, reading),
            line=self.line(path),
        )

    def history(self, data: Mapping[str, Any], path: Path, table: str, sources: tuple[Source, ...]) -> str | None:
        shape: str | None = data.get("history")
        if shape is None:
            return None
        if shape not in SHAPES:
            self.unknown((*path, "history"), "shape of a history", shape, SHAPES)
        if table != "change":
            self.fail((*path, "table"), f'a history becomes the table "change", not {table!r}')
        wrong = misses(shape, [s.name for s in sources])
        if wrong is not None:
            self.fail((*path, "history"), wrong)
        for source in sources:
            many = shape == "entered_and_left" and source.name in PATTERNS
            if many and (not isinstance(source.column, str) or source.column.count("{}") != 1 or source.lookup):
                message = f'{source.name} = {source.column!r} names no columns; {{}} stands once for the stage, as in "entered {{}}"'
                self.fail((*path, "columns", source.name), message)
        return shape

    def fields(self, data: Mapping[str, Any], path: Path, shape: str | None) -> tuple[FieldMap, ...]:
        """Return the fields of a log of changes that are ours."""
        value = data.get("fields")
        if shape not in FIELDED:
            if value is not None:
                self.fail((*path, "fields"), f"fields are said of a history that is one of {', '.join(FIELDED)}")
            return ()
        if not isinstance(value, Mapping) or not value:
            self.fail(path, f'history = {shape!r} needs fields, such as {{ Phase = "stage", Sum = "amount" }}')
        found: list[FieldMap] = []
        for theirs, said in value.items():
            at = (*path, "fields", theirs)
            one = self.table({"field": said} if isinstance(said, str) else said, at, _FIELD, f"field {theirs!r}")
            ours = self.take(one, at, "field", _is_name, "one of our columns")
            if ours is None:
                self.fail(at, f"field {theirs!r} needs field, one of our columns")
            percent = self.take(one, at, "percent", _is_percent, '1 (for 0-1), 100 (for 0-100) or "text" (for "30%")')
            made = FieldMap(theirs, ours, self.values(one, at), percent, self.line(at))
            other = next((f for f in found if f.ours == ours and (f.values, f.percent) != (made.values, percent)), None)
            if (made.values and percent is not None) or other is not None:
                who = repr(theirs) if other is None else f"{other.theirs!r} and {theirs!r}"
                self.fail(at, f"{who}: one way to read {ours!r}, please: the same values, or the same percent")
            found.append(made)
        return tuple(found)

    def lookup(self, name: str, value: Any, path: Path, layout: Layout, reading: Reading) -> Lookup:
        data = self.table(value, path, (*_LOOKUP, *_LAYOUT, *_READING), f"lookup {name!r}")
        file = self.take(data, path, "file", _is_name, "the name of a file")
        key = self.take(data, path, "key", _is_column, "the name of a column, or its position from 1")
        if file is None or key is None:
            self.fail(path, f"lookup {name!r} needs file and key")
        return Lookup(
            name, file, key, self.layout(data, path, layout), self.reading(data, path, reading), self.line(path)
        )

    def profile(self) -> Profile:
        data = self.table(self.data, (), ("name", "file", "lookup", *_LAYOUT, *_READING), "the profile")
        layout, reading = self.layout(data, (), Layout()), self.reading(data, (), Reading())
        lookups = data.get("lookup", {})
        if not isinstance(lookups, Mapping):
            self.fail(("lookup",), 'lookups are tables with a name: [lookup.deal] file = "deals.csv"')
        files = data.get("file", ())
        if not isinstance(files, list | tuple) or not files:
            self.fail(("file",), 'a profile needs at least one [[file]] with match = "..." and table = "..."')
        return Profile(
            files=tuple(self.file_map(f, ("file", i), layout, reading, tuple(lookups)) for i, f in enumerate(files)),
            lookups=tuple(self.lookup(k, v, ("lookup", k), layout, reading) for k, v in lookups.items()),
            name=self.take(data, (), "name", lambda v: isinstance(v, str), "a text", ""),
            source=self.source,
        )


def _shown(path: Path) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_positive(value: Any) -> bool:
    return _is_size(value) and value > 0


def _is_column(value: Any) -> bool:
    return isinstance(value, str) or _is_positive(value)


def _is_delimiter(value: Any) -> bool:
    return isinstance(value, str) and (value == WHITESPACE or (len(value) == 1 and value not in '\r\n"'))


def _is_quote(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 1 and value not in {"\r", "\n"}


def _is_codec(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        "".encode(value)
    except LookupError:
        return False
    return True


def _is_percent(value: Any) -> bool:
    return not isinstance(value, bool) and value in {1, 100, "text"}
