"""CSV files as blocks of text columns, by the standard library's parser or by pyarrow.

The standard library's parser is the reference. With pyarrow a block of whole records whose quotes are regular is parsed
by it; any other block, and any that pyarrow refuses, goes to the reference, so that both give the same cells, the same
refusals and the same lines.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, Self

import attrs
import numpy as np

from ..errors import ArgumentError, IngestError, MissingLibraryError
from ..table.column import Array
from .layout import detect_delimiter, first_row, header_names
from .profile import WHITESPACE, Layout
from .records import RECORD_LIMIT, TextBlock, cut_records, signs_of, walk_records
from .textfile import TextFile, count_lines

__all__ = ["PARSERS", "CsvFile", "Refusal", "RowBlock", "choose_parser"]

PARSERS = ("auto", "python", "arrow")
BLOCK = 1 << 21
"""Bytes of text that are parsed at once. It is the same for both parsers: a builder that gets equal blocks says the same."""
_BATCH = 1000
"""Rows that are turned into columns at once; more would leave the garbage collector with too many lists."""

_BREAK = re.compile(r"\r\n|\r|\n")


class Refusal(NamedTuple):
    """A row that does not fit its file: its number (from 1, without the header), the kind of misfit, why, its cells."""

    row: int
    kind: str
    reason: str
    cells: Sequence[str]


@attrs.frozen(slots=True, eq=False)
class RowBlock:
    """Rows of a file, column by column.

    Args:
        columns: one sequence of texts for each column asked for (a list, or a pyarrow array), others are None.
        size: number of rows.
        numbers: the number of each row in the file, from 1 without the header.
        refusals: rows of this block that do not fit.
    """

    columns: Sequence[Any]
    size: int
    numbers: Array
    refusals: tuple[Refusal, ...] = ()


def choose_parser(parser: str) -> str:
    """Return "python" or "arrow"; "auto" is arrow where pyarrow is installed.

    Raises:
        ArgumentError: no such parser.
        MissingLibraryError: "arrow" without pyarrow.
    """
    if parser not in PARSERS:
        raise ArgumentError(f"no parser {parser!r}; available: {', '.join(PARSERS)}", parser=parser)
    if parser == "python":
        return parser
    try:
        import pyarrow.csv  # noqa: F401
    except ImportError:
        if parser == "auto":
            return "python"
        raise MissingLibraryError(
            "parser='arrow' needs pyarrow: pip install 'crmcore[arrow]'", library="pyarrow"
        ) from None
    return "arrow"


class CsvFile:
    """One CSV file, open while it is used as a context: its column names at once, its rows block by block.

    Args:
        path: the file.
        layout: what is declared of it; a delimiter that is not declared is found in the first rows.
        parser: "python" or "arrow".
        block: bytes of text that are parsed at once.

    Raises:
        IngestError: the file is empty or cannot be read, its header has a name twice, or its first record is broken.
    """

    def __init__(self, path: Path, layout: Layout, parser: str = "python", *, block: int = BLOCK) -> None:
        self.path = path
        self.name = path.name
        # cells parted by white space have no quotes, which pyarrow cannot know
        self.parser = (
            "python" if layout.delimiter == WHITESPACE or not _plain(layout.quote, layout.delimiter) else parser
        )
        self._file = TextFile(path, layout.encoding, unpacked_limit=layout.unpacked_limit)
        try:
            blocks = self._file.blocks(block)
            head = next(blocks, b"")
            skipped, head = _without_lines(head, layout, blocks, self.name)
            if layout.delimiter is None:
                layout = attrs.evolve(layout, delimiter=detect_delimiter(head, layout.quote))
            self.layout = layout
            records = cut_records(chain([head] if head else [], blocks), layout, self.name, skipped)
            first = next(records, None)
            if first is None or not first.text.strip(b"\r\n"):
                raise IngestError(f"{self.name} is empty: it has no header and no rows", file=str(path))
            cells, rest = first_row(first.text, layout)
            if len(cells) > layout.column_limit:
                raise IngestError(
                    f"{self.name} has {len(cells):,} columns, the limit is {layout.column_limit:,}; if that is right, state "
                    "column_limit = a number of columns in a profile",
                    file=str(path),
                )
            self.names = header_names(cells, layout, self.name)
            named = bool(layout.names) or not layout.header
            self.unnamed = () if named else tuple(i for i, cell in enumerate(cells) if not cell.strip())
            if layout.header:
                line = first.line + count_lines(first.text) - count_lines(rest)
                first = first._replace(text=rest, line=line)
            self._records = chain([first] if first.text else [], records)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file, as it lies on the disk, that have been read."""
        return self._file.bytes_read

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._file.size

    def blocks(self, wanted: Sequence[int]) -> Iterator[RowBlock]:
        """Yield the rows of the file, once.

        Args:
            wanted: positions of the columns to hand out, from 0.

        Raises:
            IngestError: bytes that are no text, or a quote that is not closed.
        """
        read: Callable[[TextBlock, int], RowBlock | None] = (
            self._with_arrow(wanted) if self.parser == "arrow" else _refuse_all
        )
        row = 0
        for text in self._records:
            block = read(text, row) or self._with_python(text, row, wanted)
            row += block.size + len(block.refusals)
            yield block

    # -- the reference ------------------------------------------------------------------------------------------------

    def _with_python(self, block: TextBlock, before: int, wanted: Sequence[int]) -> RowBlock:
        longest = len(block.text)
        if self.layout.delimiter == WHITESPACE:
            return self._turned(_split(block), block.line, before, wanted, longest)
        try:
            bound = min(longest, csv.field_size_limit())
            return self._turned(_parsed(block, self.layout), block.line, before, wanted, bound)
        except csv.Error:
            # a cell beyond the module's own limit, which is a global of the process and is left as it is
            return self._turned(_walked(block, self.layout), block.line, before, wanted, longest)

    def _turned(
        self,
        batches: Iterator[tuple[list[list[str]], int]],
        line: int,
        before: int,
        wanted: Sequence[int],
        longest: int,
    ) -> RowBlock:
        """Turn rows into columns, and sort out those that do not fit; no cell is longer than `longest`."""
        width = len(self.names)
        columns: list[Any] = [[] if i in wanted else None for i in range(width)]
        numbers: list[Array] = []
        refusals: list[Refusal] = []
        row = before
        for rows, lines in batches:
            fits = set(map(len, rows)) == {width}
            if fits and longest > self.layout.cell_limit:
                fits = max(map(len, chain.from_iterable(rows))) <= self.layout.cell_limit
            if fits:
                numbers.append(np.arange(row + 1, row + 1 + len(rows)))
                row += len(rows)
            else:
                rows, found, row = self._sorted_out(rows, line + lines, row, refusals)  # noqa: PLW2901
                numbers.append(found)
            if rows:
                turned = list(zip(*rows, strict=True))
                for i in wanted:
                    columns[i] += turned[i]
        where = np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
        return RowBlock(columns, len(where), where, tuple(refusals))

    def _sorted_out(
        self, rows: list[list[str]], line: int, row: int, refusals: list[Refusal]
    ) -> tuple[list[list[str]], Array, int]:
        """Return the rows that fit, their numbers, and the number of the last row; blank lines are no rows."""
        kept, numbers = [], []
        for cells in rows:
            line += 1
            if cells:
                row += 1
                kind, why = self._misfit(cells)
                if kind:
                    refusals.append(Refusal(row, kind, f"{kind}: {why} ({self.name} line {line})", cells))
                else:
                    kept.append(cells)
                    numbers.append(row)
                line += sum(len(_BREAK.findall(c)) for c in cells if "\n" in c or "\r" in c)
        return kept, np.array(numbers, np.int64), row

    def _misfit(self, cells: Sequence[str]) -> tuple[str, str]:
        width, limit = len(self.names), self.layout.cell_limit
        if len(cells) != width:
            return (
                f"too {'many' if len(cells) > width else 'few'} cells",
                f"{len(cells)} where the file has {width} columns",
            )
        for name, cell in zip(self.names, cells, strict=True):
            if len(cell) > limit:
                return "oversized cell", f"{len(cell):,} characters in column {name!r}, the limit is {limit:,}"
        return "", ""

    # -- pyarrow ------------------------------------------------------------------------------------------------------

    def _with_arrow(self, wanted: Sequence[int]) -> Callable[[TextBlock, int], RowBlock | None]:
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        width, limit, quote = len(self.names), self.layout.cell_limit, self.layout.quote
        places = [str(i) for i in range(width)]
        shown = [places[i] for i in wanted] or places[:1]
        convert = arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()),
            include_columns=shown,
            strings_can_be_null=False,
            check_utf8=False,
        )

        def read(block: TextBlock, before: int) -> RowBlock | None:
            if not block.regular:
                return None
            parse = arrow_csv.ParseOptions(
                delimiter=self.layout.delimiter,
                quote_char=quote or False,
                double_quote=bool(quote),
                newlines_in_values=block.quoted,
            )
            options = arrow_csv.ReadOptions(use_threads=False, block_size=len(block.text) + 1, column_names=places)
            try:
                table = arrow_csv.read_csv(pa.BufferReader(block.text), options, parse, convert)
            except (pa.ArrowInvalid, pa.ArrowCapacityError):
                return None  # a row that does not fit: the reference finds which
            columns: list[Any] = [None] * width
            for name in shown:
                array = table.column(name).combine_chunks()
                columns[int(name)] = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
            # in a column that is shorter than the limit as a whole no cell is longer
            if any(c is not None and _bytes(c) > limit and _longest(c) > limit for c in columns):
                return None
            size = table.num_rows
            return RowBlock(columns, size, np.arange(before + 1, before + 1 + size))

        return read


def _parsed(block: TextBlock, layout: Layout) -> Iterator[tuple[list[list[str]], int]]:
    """Yield the rows of a block in batches, each with the number of lines before it; a blank line is a row without cells."""
    text = io.StringIO(block.text.decode(), newline="")
    if layout.quote:
        reader = csv.reader(text, delimiter=layout.delimiter or ",", quotechar=layout.quote)
    else:
        reader = csv.reader(text, delimiter=layout.delimiter or ",", quoting=csv.QUOTE_NONE)
    lines = 0
    while rows := list(islice(reader, _BATCH)):
        yield rows, lines
        lines = reader.line_num


def _split(block: TextBlock) -> Iterator[tuple[list[list[str]], int]]:
    """Yield the same for cells that are parted by white space."""
    yield [line.split() for line in io.StringIO(block.text.decode(), newline="")], 0


def _walked(block: TextBlock, layout: Layout) -> Iterator[tuple[list[list[str]], int]]:
    """Yield the same as `_parsed`, without a limit to the size of a cell."""
    yield [[cell.decode() for cell in r.cells] for r in walk_records(block.text, *signs_of(layout))], 0


def _refuse_all(block: TextBlock, before: int) -> None:
    """Leave every block to the reference."""


def _plain(*signs: str | None) -> bool:
    return all(sign is None or len(sign.encode()) <= 1 for sign in signs)


def _bytes(array: Any) -> int:
    """Return the bytes of all cells."""
    ends = np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, array.offset * 4)
    return int(ends[-1]) - int(ends[0])


def _longest(array: Any) -> int:
    """Return the bytes of the longest cell."""
    offsets = np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, array.offset * 4)
    return int(np.diff(offsets).max(initial=0))


def _without_lines(head: bytes, layout: Layout, blocks: Iterator[bytes], name: str) -> tuple[int, bytes]:
    """Leave out the first lines, reading on where they are longer than the first block."""
    search = re.compile(rb"\r\n|\n|\r(?!\Z)").search
    limit = RECORD_LIMIT * layout.cell_limit
    for done in range(layout.skip):
        seen = 0
        while (found := search(head, max(0, seen - 1))) is None:
            seen = len(head)
            if len(head) > limit:
                raise IngestError(f"{name} line {done + 1} is longer than {limit:,} bytes", file=name, line=done + 1)
            more = next(blocks, b"")
            if not more:
                return done, b""
            head += more
        head = head[found.end() :]
    return layout.skip, head
