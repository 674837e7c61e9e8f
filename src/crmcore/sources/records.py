"""Cut the text of a file into blocks of whole records, so that every block can be parsed on its own.

A line break inside quotes does not end a record. Where every quote stands where it has to (around a cell, or doubled
inside one), counting quotes is enough; where one does not, the cells are walked one by one. Both follow the csv module
of the standard library: a quote inside an unquoted cell, and what follows a closing quote, are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from ..errors import IngestError
from ..table.column import Array
from .profile import WHITESPACE, Layout
from .textfile import count_lines

__all__ = ["RECORD_LIMIT", "TextBlock", "cut_records", "signs_of", "walk_records"]

RECORD_LIMIT = 64
"""A record that is this many times as long as a cell may be is an error: most likely a quote was left open."""


class TextBlock(NamedTuple):
    """Whole records as UTF-8.

    Args:
        text: the records, with their line breaks.
        line: number of lines before them.
        quoted: whether there is a quote among them.
        regular: whether all quotes stand around cells, or doubled inside them.
    """

    text: bytes
    line: int
    quoted: bool = False
    regular: bool = True


def cut_records(blocks: Iterator[bytes], layout: Layout, name: str, line: int = 0) -> Iterator[TextBlock]:
    """Yield the text as blocks of whole records.

    Args:
        blocks: the text in pieces that may end anywhere.
        layout: delimiter (not None here), quote and limits.
        name: what errors call the file.
        line: number of lines before the text.

    Raises:
        IngestError: a quote that is not closed, or a record too long to be one; the message says on which line it begins.
    """
    delimiter, quote = signs_of(layout)
    limit = RECORD_LIMIT * layout.cell_limit
    rest: list[bytes] = []  # the beginning of a record that has not ended yet
    size = waiting = 0
    quoted = False
    for block in blocks:
        quoted = quoted or (quote != b"" and quote in block)
        rest.append(block)
        size += len(block)
        if quoted and size < 2 * waiting:
            continue  # the same beginning is looked through again only when it has doubled
        cut, regular = 0, True
        if quoted:
            rest = [b"".join(rest)]
            cut, regular = _cut(rest[0], delimiter, quote)
        else:
            cut = _last_break(block, len(block))
        if cut:
            text = b"".join([*rest[:-1], memoryview(rest[-1])[:cut]])
            quoted = quoted and quote in text
            yield TextBlock(text, line, quoted, regular)
            line += count_lines(text)
            rest = [rest[-1][cut:]]
            quoted = quote != b"" and quote in rest[0]
        size = waiting = sum(map(len, rest))
        if size > limit:
            raise IngestError(
                f"{name} line {line + 1}: the record that begins here is longer than {limit:,} bytes; is a quote left open?",
                file=name,
                line=line + 1,
            )
    text = b"".join(rest)
    if text:
        opened = _open_quote(text, delimiter, quote)
        if opened is not None:
            line += 1 + count_lines(text[:opened])
            raise IngestError(
                f"{name} line {line}: the quoted cell that begins here is not closed before the file ends; close it, "
                f'or state quote = "" in a profile if quotes mean nothing in this file',
                file=name,
                line=line,
            )
        yield TextBlock(text, line, quote != b"" and quote in text, regular=_regular(text, delimiter, quote))


def _last_break(text: bytes, end: int) -> int:
    """Return where the last line that surely ends before `end` ends, or 0."""
    cut = text.rfind(b"\n", 0, end) + 1
    # only a file whose lines end in CR has none; its last character may be half of a CRLF
    return cut or text.rfind(b"\r", 0, min(end, len(text) - 1)) + 1


def _cut(text: bytes, delimiter: bytes, quote: bytes) -> tuple[int, bool]:
    """Return where the last whole record ends, and whether the quotes are regular."""
    if not quote or quote not in text:
        return _last_break(text, len(text)), True
    if len(quote) > 1 or len(delimiter) > 1:
        return _walk(text, delimiter, quote)[0], False
    quotes = _places(text, quote)
    if not _in_place(text, quotes, delimiter):
        return _walk(text, delimiter, quote)[0], False
    cut = len(text)
    while True:
        cut = _last_break(text, cut)
        before = int(np.searchsorted(quotes, cut))
        if before % 2 == 0:
            return cut, True
        cut = int(quotes[before - 1])  # the break stands inside quotes: look before the quote that opens them


def _places(text: bytes, quote: bytes) -> Array:
    return np.flatnonzero(np.frombuffer(text, np.uint8) == ord(quote))


def _in_place(text: bytes, quotes: Array, delimiter: bytes) -> bool:
    """Return whether quotes open after a delimiter or break, close before one, or stand doubled inside a cell."""
    data = np.frombuffer(text, np.uint8)
    last = len(data) - 1
    ends = np.zeros(256, bool)
    ends[[ord(delimiter), 10, 13]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    doubled = opening[1:] == closing[: len(opening) - 1] + 1
    before = ends[data[opening - 1]] | (opening == 0)
    before[1:] |= doubled
    after = ends[data[np.minimum(closing + 1, last)]] | (closing == last)
    after[: len(doubled)] |= doubled
    return bool(before.all() and after.all())


def _walk(text: bytes, delimiter: bytes, quote: bytes) -> tuple[int, int | None]:
    """Return where the last whole record ends, and where a quote is left open (None when none is)."""
    cut = 0
    for record in walk_records(text, delimiter, quote):
        if record.opened is not None:
            return cut, record.opened
        # a CR at the very end may be half of a CRLF
        if record.ended and (record.stop < len(text) or not text.endswith(b"\r")):
            cut = record.stop
    return cut, None


def _open_quote(text: bytes, delimiter: bytes, quote: bytes) -> int | None:
    if not quote or quote not in text:
        return None
    return _walk(text, delimiter, quote)[1]


def _regular(text: bytes, delimiter: bytes, quote: bytes) -> bool:
    if not quote or quote not in text:
        return True
    if len(quote) > 1 or len(delimiter) > 1:
        return False
    return _in_place(text, _places(text, quote), delimiter)


class Record(NamedTuple):
    """One record as the walk finds it.

    Args:
        cells: its cells; none in a blank line.
        stop: where the text behind it begins.
        ended: whether a line break ends it, not the end of the text.
        opened: where a quote is that is not closed.
    """

    cells: list[bytes]
    stop: int
    ended: bool
    opened: int | None


def walk_records(text: bytes, delimiter: bytes, quote: bytes) -> Iterator[Record]:
    """Yield the records of a text, cell by cell: slow, exact for any quotes, and without a limit to a cell's size."""
    match = _cell_pattern(delimiter, quote).match
    cells: list[bytes] = []
    at, size = 0, len(text)
    opened = None
    while at < size:
        found = match(text, at)
        assert found is not None, "every text begins with a cell, be it an empty one"
        inside, closing, plain, end = found.groups()
        if inside is not None and not closing:
            opened = at
        blank = not cells and end != delimiter and found.end() - at == len(end)
        at = found.end()
        if not blank:
            cells.append(plain if inside is None else inside.replace(quote * 2, quote) + plain)
        if end == delimiter:
            if at < size:
                continue
            cells.append(b"")  # the text ends in a delimiter: one more cell, an empty one
        yield Record(cells, at, end not in {b"", delimiter}, opened)
        cells = []


def signs_of(layout: Layout) -> tuple[bytes, bytes]:
    """Return the delimiter and the quote of a file as bytes; cells parted by white space have no quote."""
    if layout.delimiter == WHITESPACE:
        return b" ", b""
    return (layout.delimiter or ",").encode(), layout.quote.encode()


@cache
def _cell_pattern(delimiter: bytes, quote: bytes) -> re.Pattern[bytes]:
    """Return the pattern of one cell: its quoted part, the quote that closes it, the rest, and what ends it.

    At the end of the text nothing ends a cell, and a quote that is not closed is closed by nothing.
    """
    quoted = b"(?:(?!)()())?"
    if quote:
        q = re.escape(quote)
        quoted = b"(?:%s((?:%s|%s%s)*+)(%s|\\Z))?" % (q, _but(q), q, q, q)
    d = re.escape(delimiter)
    return re.compile(b"%s((?:%s)?+)(%s|\r\n|\r|\n|\\Z)" % (quoted, _but(d, b"\r", b"\n"), d), re.DOTALL)


def _but(*ends: bytes) -> bytes:
    """Return the pattern of a run of anything but these; each is one byte, or one character of UTF-8."""
    if all(len(end) == 1 or (len(end) == 2 and end[:1] == b"\\") for end in ends):
        return b"[^%s]++" % b"".join(ends)
    return b"(?:(?!%s).)++" % b"|".join(ends)
