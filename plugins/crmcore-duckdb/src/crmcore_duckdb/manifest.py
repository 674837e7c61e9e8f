"""The manifest: what a snapshot holds, written last and read first. Without a whole one a folder is no snapshot."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, NoReturn

import attrs

from crmcore.errors import StoreError, StoreFormatError
from crmcore.stores import Cut

from .forms import DIGITS, FORMS, Field

__all__ = [
    "FORMAT",
    "MANIFEST",
    "UNFINISHED",
    "Manifest",
    "TableFile",
    "digest_of",
    "file_in",
    "is_snapshot",
    "read_manifest",
    "written",
]

MANIFEST = "manifest.json"
UNFINISHED = f"{MANIFEST}.partial"
"""What is in a folder from the beginning of an export to its end."""
FORMAT = "crmcore snapshot"
VERSION = 1
_LARGEST = 16 << 20
_FILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}\.parquet")
_DIGEST = re.compile(r"[0-9a-f]{32}")
_PIECE = 1 << 20


@attrs.frozen(slots=True)
class TableFile:
    """One Parquet file: what it should be.

    Args:
        file: its name in the folder.
        rows: number of rows.
        size: bytes of the file.
        digest: blake2b of its bytes, 16 bytes in hexadecimal.
        fields: what its columns are, "id" first.
    """

    file: str
    rows: int
    size: int
    digest: str
    fields: tuple[Field, ...] = ()


@attrs.frozen(slots=True)
class Manifest:
    """What a snapshot holds.

    Args:
        tenant: whose records these are.
        last: number of the last entry that the records stand on.
        chain: link of that entry, in hexadecimal, where the log is there.
        at: only what was true until then is in it; None for all.
        known: only what was recorded until then, in microseconds since 1970 UTC; None for all.
        tables: the files by table.
        log: the file of the log; None where it was left out.
    """

    tenant: str
    last: int
    tables: Mapping[str, TableFile]
    log: TableFile | None = None
    chain: str | None = None
    at: Cut | None = None
    known: int | None = None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(t.size for t in self.files())

    def files(self) -> tuple[TableFile, ...]:
        """Return all files, the log last."""
        return (*self.tables.values(), *(() if self.log is None else (self.log,)))


# --- out


def written(manifest: Manifest) -> bytes:
    """Return a manifest as JSON that carries its own digest."""
    body = {"format": FORMAT, "version": VERSION, **attrs.asdict(manifest)}
    return (_text({**body, "digest": _sealed(body)}) + "\n").encode()


def _text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)


def _sealed(body: Mapping[str, Any]) -> str:
    return blake2b(_text(body).encode(), digest_size=16).hexdigest()


def digest_of(path: Path) -> str:
    """Return the digest of a file's bytes."""
    found = blake2b(digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


# --- in


def file_in(folder: Path, name: str) -> Path:
    """Return a file of a folder.

    Raises:
        StoreFormatError: it is not there, or is a link or anything else than a file.
    """
    path = folder / name
    try:
        found = os.lstat(path)
    except OSError as error:
        raise StoreFormatError(f"folder {folder.name!r}: no file {name!r}: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise StoreFormatError(f"folder {folder.name!r}: {name!r} is no file of its own; links are not followed")
    return path


def is_snapshot(folder: Path) -> bool:
    """Return whether a folder holds a snapshot, or what an export that did not end has left."""
    return any(os.path.lexists(folder / name) for name in (MANIFEST, UNFINISHED))


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a snapshot, once every word of it is one that `written` writes.

    Raises:
        StoreError: no such folder, or one that cannot be read.
        StoreFormatError: a folder that is no snapshot, or is one of a newer format.
    """
    if not folder.is_dir():
        raise StoreError(f"no folder {str(folder)!r}; a snapshot is written with crmcore_duckdb.export")
    if not os.path.lexists(folder / MANIFEST):
        why = "the export into it did not end" if os.path.lexists(folder / UNFINISHED) else "it is no snapshot"
        raise StoreFormatError(f"folder {folder.name!r} has no {MANIFEST}: {why}")
    path = file_in(folder, MANIFEST)
    if path.stat().st_size > _LARGEST:
        raise StoreFormatError(f"snapshot {folder.name!r}: its manifest has more than {_LARGEST:,} bytes")
    reader = _Reader(folder.name)
    try:
        body = json.loads(path.read_bytes(), object_pairs_hook=reader.pairs, parse_constant=reader.constant)
    except (ValueError, RecursionError, OSError) as error:
        raise StoreFormatError(f"snapshot {folder.name!r}: its manifest cannot be read: {error}") from None
    return reader.manifest(body)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name

    def fail(self, why: str) -> NoReturn:
        raise StoreFormatError(f"snapshot {self.name!r}: its manifest {why}")

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            self.fail("has a key twice")
        return found

    def constant(self, word: str) -> NoReturn:
        self.fail(f"holds {word}")

    def manifest(self, body: Any) -> Manifest:
        if not isinstance(body, dict) or body.get("format") != FORMAT:
            self.fail("is none of ours")
        version = body.get("version")
        if version != VERSION:
            self.fail(f"is of version {version!r}; this release reads version {VERSION}")
        seal = body.pop("digest", None)
        if seal != _sealed(body):
            self.fail("was altered: its digest is that of another text")
        del body["format"], body["version"]
        try:
            return self.parts(body)
        except (TypeError, KeyError, ValueError, AttributeError):
            self.fail("has other keys or values than one of this version")

    def parts(self, body: dict[str, Any]) -> Manifest:
        tables = {str(name): self.file(found) for name, found in body.pop("tables").items()}
        log, at = body.pop("log"), body.pop("at")
        found = Manifest(
            **body,
            tables=tables,
            log=None if log is None else self.file(log),
            at=None if at is None else Cut(**{k: self.number(v, signed=True) for k, v in at.items()}),
        )
        names = [t.file for t in found.files()]
        self.number(found.last)
        if found.known is not None:
            self.number(found.known, signed=True)
        if len(set(names)) < len(names) or not isinstance(found.tenant, str):
            raise ValueError
        if found.chain is not None and not _DIGEST.fullmatch(found.chain):
            raise ValueError
        return found

    def file(self, found: dict[str, Any]) -> TableFile:
        fields = tuple(self.field(f) for f in found.pop("fields"))
        made = TableFile(**found, fields=fields)
        if not _FILE.fullmatch(made.file) or not _DIGEST.fullmatch(made.digest):
            raise ValueError
        for number in (made.rows, made.size):
            self.number(number)
        names = [f.name for f in fields]
        columns = [c.casefold() for f in fields for c in f.columns]
        if len(set(names)) < len(names) or len(set(columns)) < len(columns):
            raise ValueError
        return made

    def field(self, found: dict[str, Any]) -> Field:
        columns = tuple(found.pop("columns"))
        made = Field(**found, columns=columns)
        wanted = 2 if made.form == "money" else 1
        texts = all(isinstance(text, str) for text in (made.name, *columns))
        if made.form not in FORMS or len(columns) != wanted or not texts or not 0 <= self.number(made.scale) <= DIGITS:
            raise ValueError
        return made

    def number(self, value: Any, *, signed: bool = False) -> int:
        if type(value) is not int or (value < 0 and not signed) or abs(value) >= 2**63:
            raise ValueError
        return value
