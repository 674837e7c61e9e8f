"""What a file says of itself in its first rows: its delimiter, and the names of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from ..errors import IngestError
from .profile import WHITESPACE, Layout
from .records import signs_of, walk_records

__all__ = ["DELIMITERS", "detect_delimiter", "first_row", "header_names"]

DELIMITERS = (",", ";", "\t", "|")
"""The delimiters that are looked for where none is declared; white space has to be declared."""
_SAMPLE = 20
_SAMPLE_BYTES = 1 << 16


def detect_delimiter(text: bytes, quote: str) -> str:
    """Return the delimiter that cuts the first rows into the same number of cells, the most cells winning.

    Where none does, as when a row has a cell too many, the one that occurs in the header most often; a comma in a file
    of one column.
    """
    sample = text[:_SAMPLE_BYTES]
    whole = len(text) <= _SAMPLE_BYTES
    widths = {d: _widths(sample, d, quote, whole=whole) for d in DELIMITERS}
    even = {d: w[0] for d, w in widths.items() if w and len(set(w)) == 1 and w[0] > 1}
    if even:
        return max(even, key=even.__getitem__)
    first = {d: w[0] for d, w in widths.items() if w and w[0] > 1}
    return max(first, key=first.__getitem__, default=",")


def _widths(text: bytes, delimiter: str, quote: str, *, whole: bool) -> list[int]:
    records = walk_records(text, delimiter.encode(), quote.encode())
    return [len(r.cells) for r in islice(records, _SAMPLE) if r.cells and (r.ended or whole)]


def first_row(text: bytes, layout: Layout) -> tuple[list[str], bytes]:
    """Return the cells of the first record that is not blank, and the text behind it."""
    for record in walk_records(text, *signs_of(layout)):
        cells = [cell.decode() for cell in record.cells]
        if layout.delimiter == WHITESPACE:
            cells = [cell for cell in " ".join(cells).split() if cell]
        if cells:
            return cells, text[record.stop :]
    return [], b""


def header_names(cells: Sequence[str], layout: Layout, file: str) -> tuple[str, ...]:
    """Return the names of a file's columns: declared, those of the header, or "column 1" and so on.

    Raises:
        IngestError: a name stands twice in the header, or more or fewer names are declared than there are columns.
    """
    if layout.names:
        if len(layout.names) != len(cells):
            raise IngestError(
                f"{file} has {len(cells)} columns, but the profile gives names for {len(layout.names)}", file=file
            )
        return layout.names
    if not layout.header:
        return tuple(f"column {i}" for i in range(1, len(cells) + 1))
    names = tuple(cell.strip() or f"column {i}" for i, cell in enumerate(cells, 1))
    first: dict[str, int] = {}
    for i, name in enumerate(names):
        if first.setdefault(name, i) != i:
            raise IngestError(
                f"the header of {file} has {name!r} twice: in columns {first[name] + 1} and {i + 1}; "
                f"give names = [...] in a profile, which stand in for the header",
                file=file,
                column=name,
            )
    return names
