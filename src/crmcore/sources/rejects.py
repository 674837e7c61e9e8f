"""Rejected rows: as they came, and written to a file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..state.present import inert_row
from .columns import as_list
from .csv import CsvFile
from .profile import Layout

if TYPE_CHECKING:
    from ..table.dataset import Dataset

__all__ = ["as_it_came", "refused_record", "write_rejected"]


def refused_record(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return the cells of a row that does not fit under the names of the columns, those beyond under their position."""
    more = [f"column {i}" for i in range(len(names) + 1, len(cells) + 1)]
    return dict(zip([*names, *more], cells, strict=False))


def as_it_came(files: Iterable[tuple[int, Path, Layout]], rows: set[int], parser: str) -> dict[int, dict[str, str]]:
    """Return rows of the input as they came, by number; the files are read once more, which only rejected rows cost.

    Args:
        files: each file with the number of rows before it.
        rows: numbers from 0, over all files.
        parser: "python" or "arrow".
    """
    found: dict[int, dict[str, str]] = {}
    for base, path, layout in files:
        with CsvFile(path, layout, parser) as file:
            for block in file.blocks(range(len(file.names))):
                numbers = (block.numbers + (base - 1)).tolist()
                places = [place for place, number in enumerate(numbers) if number in rows]
                columns = [as_list(texts) for texts in block.columns] if places else []
                for place in places:
                    cells = (texts[place] for texts in columns)
                    found[numbers[place]] = dict(zip(file.names, cells, strict=True))
    return found


def write_rejected(data: Dataset, path: str | Path, *, formulas: bool = False) -> int:
    """Write the rejected rows of a dataset as CSV: table, row, reason, and the columns of the rows as they came.

    Args:
        data: the dataset.
        path: the file; one that is there is replaced.
        formulas: leave text as it is that a spreadsheet would run; by default it stands after a '.

    Returns: the number of rows written.
    """
    names = dict.fromkeys(name for row in data.rejected for name in row.record)
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["table", "row", "reason", *inert_row(names, formulas=formulas)])
        for row in data.rejected:
            cells = ["" if row.record.get(name) is None else row.record[name] for name in names]
            writer.writerow([row.table, row.row, row.reason, *inert_row(cells, formulas=formulas)])
    return len(data.rejected)
