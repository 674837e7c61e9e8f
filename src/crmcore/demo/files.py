"""The organisation as a folder of CSV files, the way a CRM exports itself, with a workspace file beside them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .company import CURRENCY
from .organisation import ROWS, SEED, generate
from .plans import rates

__all__ = ["WORKSPACE", "write_csv"]

WORKSPACE = "crmcore.toml"
"""Name of the workspace file."""
_BLOCK = 50_000


def write_csv(folder: str | Path, rows: int = ROWS, seed: int = SEED) -> list[Path]:
    """Write the organisation as CSV files, one per table, and `crmcore.toml` with its currency and rates.

    Timestamps are ISO 8601 in UTC, blanks are empty cells. A folder that is not there is made; files of the same name
    are replaced.

    Returns: the files, in the order of their names.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in generate(rows, seed).items():
        path = target / f"{name}.csv"
        columns = table if isinstance(table, dict) else {key: [row[key] for row in table] for key in table[0]}
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(_rows(list(columns.values())))
        written.append(path)
    settings = target / WORKSPACE
    settings.write_text(_settings(), encoding="utf-8")
    return sorted([*written, settings])


def _rows(columns: list[Any]) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(columns[0]), _BLOCK):
        yield from zip(*(_texts(column[start : start + _BLOCK]) for column in columns), strict=True)


def _texts(values: Any) -> list[Any]:
    """Return values as the csv module writes them: None is an empty cell."""
    if not isinstance(values, np.ndarray):
        return [_text(v) for v in values]
    blank = np.ma.getmaskarray(values)
    data = np.ma.getdata(values)
    if data.dtype.kind == "M":
        blank = blank | np.isnat(data)
        days = np.datetime_data(data.dtype)[0] == "D"
        found: list[Any] = np.datetime_as_string(data, unit=None if days else "s").tolist()
        found = found if days else [f"{text}Z" for text in found]
    elif data.dtype.kind == "m":
        minutes = data.astype("m8[m]").astype(np.int64).tolist()
        found = [f"{m // 60}:{m % 60:02}:00" for m in minutes]
    else:
        found = [_text(v) for v in data.tolist()]
    return [None if gone else text for text, gone in zip(found, blank.tolist(), strict=True)] if blank.any() else found


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _settings() -> str:
    blocks = [
        f'[[rates]]\nfrom = "{r.from_currency}"\nto = "{r.to_currency}"\nvalid_from = {r.valid_from.isoformat()}\nrate = {r.rate}\n'
        for r in rates()
    ]
    return "\n".join([f'currency = "{CURRENCY}"\n', *blocks])
