"""Exporting: a store as files: its log, which a store takes back to the last bit, and its tables, for everything else."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import attrs

from ..domain import Money
from ..errors import ArgumentError
from ..state.present import inert
from ..stores.codec import dump
from .moments import check_moment, cut_at, end_of

if TYPE_CHECKING:
    from ..calendars import Zone
    from ..domain.record import Moment
    from ..stores.contract import Batch, Store
    from ..stores.entry import Entry

__all__ = ["FORMAT", "LOG", "Exported", "export"]

LOG = "log.jsonl"
"""Name of the file with the log."""
FORMAT = "crmcore log 1"
"""What its first line says it is."""
_TOLD = 10_000
Progress = Callable[[int, "int | None"], object]


@attrs.frozen(slots=True)
class Exported:
    """What was written: the files, records by table, and entries of the log (0 without one)."""

    files: tuple[Path, ...]
    records: dict[str, int]
    entries: int

    def __str__(self) -> str:
        return f"{sum(self.records.values()):,} records and {self.entries:,} entries in {len(self.files)} files"


def export(
    store: Store,
    folder: str | Path,
    *,
    zone: Zone,
    at: Moment | None,
    known: Moment | None,
    replace: bool,
    formulas: bool,
    progress: Progress | None,
) -> Exported:
    """Write a store as files; see `Workspace.export_data`."""
    target = Path(folder)
    _check_folder(target, replace=replace)
    target.mkdir(parents=True, exist_ok=True)
    cut = None if at is None else cut_at(check_moment(at, "at"), zone)
    until = None if known is None else end_of(check_moment(known, "known"), zone)
    past = cut is not None or until is not None
    last = 0 if past else store.last()
    done = _Done(progress, None if past else last + sum(store.stats().records.values()))
    files: list[Path] = []
    if not past:
        files.append(target / LOG)
        _write_log(store, files[0], last, done)
    records: dict[str, int] = {}
    for table in store.tables():
        names, money = _names(store.scan(table, at=cut, known=until))
        if names is None:
            continue
        path = target / f"{_file_name(table)}.csv"
        texts = _Texts(names, money, formulas=formulas)
        with _whole(path) as file:
            writer = csv.writer(file)  # ends of lines as in RFC 4180: only so is a single \r quoted
            writer.writerow(texts.header)
            records[table] = 0
            for batch in store.scan(table, names, at=cut, known=until):
                writer.writerows(texts.rows(batch))
                records[table] += len(batch)
                done.more(len(batch))
        files.append(path)
    return Exported(tuple(files), records, last)


class _Done:
    """What is done, told to somebody."""

    def __init__(self, progress: Progress | None, total: int | None) -> None:
        self._progress = progress
        self._total = total
        self._count = 0

    def more(self, count: int) -> None:
        """Tell that more is done."""
        self._count += count
        if self._progress is not None:
            self._progress(self._count, self._total)


def _check_folder(folder: Path, *, replace: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise ArgumentError(f"an export goes into a folder; {str(folder)!r} is a file")
    if not replace and folder.is_dir() and any(folder.iterdir()):
        raise ArgumentError(
            f"folder {str(folder)!r} is not empty; name a new one, or have files of the same names replaced"
        )


@contextmanager
def _whole(path: Path) -> Iterator[IO[str]]:
    """Open a file for writing, which bears its name only once all of it is there."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


# --- the log


def _write_log(store: Store, path: Path, last: int, done: _Done) -> None:
    with _whole(path) as file:
        file.write(dump({"format": FORMAT, "entries": last}) + "\n")
        if not last:
            return
        since = 0
        for entry in store.entries(limit=last):
            file.write(_line(entry))
            since += 1
            if since == _TOLD:
                done.more(since)
                since = 0
        done.more(since)


def _line(entry: Entry) -> str:
    told = {
        name: getattr(entry, name)
        for name in ("number", "table", "id", "version", "at", "recorded_at", "actor", "sequence", "source", "key")
    }
    return f'{dump(told)[:-1]},"values":{dump(entry.values)}}}\n'


# --- tables


def _names(scan: Iterable[Batch]) -> tuple[list[str] | None, list[str]]:
    """Return the columns that any record has, and those among them that hold money; None where there is no record."""
    there: dict[str, bool] = {}
    money: set[str] = set()
    for batch in scan:
        for name, values in zip(batch.names[2:], batch.columns[2:], strict=True):
            there[name] = there.get(name, False) or any(v is not None for v in values)
            if name not in money and any(type(v) is Money for v in values):
                money.add(name)
    kept = [name for name, found in there.items() if found]
    return (kept if there else None), [name for name in kept if name in money]


class _Texts:
    """The records of a table as rows of a CSV file.

    Args:
        names: the columns.
        money: those that hold amounts; their currency has a column of its own.
        formulas: leave text as it is that a spreadsheet would run.
    """

    def __init__(self, names: list[str], money: list[str], *, formulas: bool) -> None:
        self._places = [names.index(name) for name in money]
        self._own = bool(money) and "currency" not in names
        self._currency = names.index("currency") if money and not self._own else None
        self._formulas = formulas
        self.header = ["id", *map(self._text, names), *(["currency"] if self._own else [])]

    def rows(self, batch: Batch) -> Iterator[list[Any]]:
        """Yield the rows of a batch."""
        for id_, _, *values in zip(*batch.columns, strict=True):
            currency = self._of(values)
            cells = [self._cell(value, currency) for value in values]
            yield [self._text(id_), *cells, *([currency] if self._own else [])]

    def _of(self, values: list[Any]) -> str | None:
        """Return the currency of a record's amounts."""
        if self._currency is not None:
            found: str | None = values[self._currency]
            return found
        return next((v.currency for p in self._places if (v := values[p]) is not None), None)

    def _cell(self, value: Any, currency: str | None) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if type(value) is Money:
            # one column holds the currency; an amount in another one is never read as if it were in that
            return str(value.amount) if value.currency == currency else f"{value.amount} {value.currency or '?'}"
        return _plain(value)

    def _text(self, value: Any) -> Any:
        """Return text that no spreadsheet runs: a ' before what looks like a formula, and before such a '."""
        return value if self._formulas else inert(value)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds, micros = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
        sign = "-" if value < timedelta(0) else ""
        more = f".{micros:06}" if micros else ""
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{more}"
    return f"{value:f}" if isinstance(value, Decimal) else value


def _file_name(table: str) -> str:
    """Return a table's name as that of a file, which leads into no other folder."""
    return "".join(c if c.isalnum() or c in "_- " else f"%{ord(c):02X}" for c in table)
