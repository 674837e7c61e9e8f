"""Text files as checked blocks of UTF-8: compressed or not, in any encoding, with or without a byte order mark."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import IngestError

__all__ = ["UNPACKED_LEAST", "UNPACKED_TIMES", "TextFile", "count_lines"]

UNPACKED_TIMES = 200
"""A packed file may unpack to this many times its size; exports of CRMs unpack to 5 to 30 times theirs."""
UNPACKED_LEAST = 256 << 20
"""... and to this many bytes in any case. A profile may state another limit."""
_LF = 10
_PIECE = 1 << 16
_GZIP = b"\x1f\x8b"
# the longer marks first: that of UTF-16 begins that of UTF-32
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def count_lines(text: bytes) -> int:
    """Return how many lines end in a text, whether by LF, CRLF or CR."""
    # in pieces that stay in the cache: several times as fast as bytes.count, which is made for rare bytes
    data = np.frombuffer(text, np.uint8)
    lines = sum(int(np.count_nonzero(data[i : i + _PIECE] == _LF)) for i in range(0, len(data), _PIECE))
    return lines if b"\r" not in text else lines + text.count(b"\r") - text.count(b"\r\n")


class TextFile:
    """One file, read forward as blocks of UTF-8 without a byte order mark.

    A byte order mark decides the encoding, before what is declared; without either it is UTF-8. Nothing is guessed.

    Args:
        path: the file; gzip is recognised by its first bytes.
        encoding: the declared encoding.
        unpacked_limit: bytes that a packed file may unpack to, counted as they are read; None for 200 times its size, or
            256 MiB where that is more. A file that is not packed has no limit: it is as large as it looks.

    Raises:
        IngestError: the file is empty, cannot be opened, is a broken gzip, or is not what its encoding says.
    """

    def __init__(self, path: Path, encoding: str | None = None, *, unpacked_limit: int | None = None) -> None:
        self.path = path
        self.name = path.name
        self._unpacked_bytes = 0
        self._unpacked_limit = unpacked_limit
        self._closing: list[BinaryIO] = []
        try:
            self._raw = path.open("rb")
            self._closing.append(self._raw)
            self.size = os.fstat(self._raw.fileno()).st_size
            self._stream = self._unpacked()
            head = self._read(4096)
        except OSError as error:
            self.close()
            raise IngestError(f"{self.name} cannot be read: {error.strerror or error}", file=str(path)) from error
        except IngestError:
            self.close()
            raise
        if not head:
            self.close()
            raise IngestError(f"{self.name} is empty: it has no header and no rows", file=str(path))
        mark = next((found for found in _MARKS if head.startswith(found[0])), None)
        self._skipped = len(mark[0]) if mark else 0
        self._declared = encoding is not None or mark is not None
        self.encoding = codecs.lookup(mark[1] if mark else encoding or "utf-8").name
        self._head = head[self._skipped :]

    def close(self) -> None:
        """Close the file."""
        for stream in reversed(self._closing):
            stream.close()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file, as it lies on the disk, that have been read."""
        return min(self._raw.tell(), self.size)

    def _unpacked(self) -> BinaryIO:
        packed = self._raw.read(2) == _GZIP
        self._raw.seek(0)
        if not packed:
            return self._raw
        stream: BinaryIO = gzip.GzipFile(fileobj=io.BufferedReader(self._raw, 1 << 20), mode="rb")  # type: ignore[assignment]
        self._closing.append(stream)
        return stream

    def _read(self, size: int) -> bytes:
        if self._stream is self._raw:
            return self._raw.read(size)
        try:
            found = self._stream.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise IngestError(f"{self.name} is a broken gzip file: {error}", file=str(self.path)) from error
        self._unpacked_bytes += len(found)
        limit = self._unpacked_limit or max(UNPACKED_TIMES * self.size, UNPACKED_LEAST)
        if self._unpacked_bytes > limit:
            raise IngestError(
                f"{self.name} has {self.size:,} bytes and unpacks to more than {limit:,}; if that is what it should hold, "
                "state unpacked_limit = a number of bytes in a profile",
                file=str(self.path),
                limit=limit,
            )
        return found

    def _next(self, size: int) -> bytes:
        """Return the next bytes, first those that were read to see what they are."""
        head, self._head = self._head[:size], self._head[size:]
        return head + self._read(size - len(head)) if len(head) < size else head

    def blocks(self, size: int) -> Iterator[bytes]:
        """Yield the text in blocks of about `size` bytes; a block may end anywhere but inside a character.

        Raises:
            IngestError: bytes that the encoding does not have, or a NUL; the message says at which byte and line.
        """
        plain = self.encoding == "utf-8"
        decoder = codecs.getincrementaldecoder(self.encoding)()
        start, raw = self._skipped, self._next(size)
        while raw:
            pending = len(decoder.getstate()[0])
            text = raw if plain and not pending and raw.isascii() else self._decoded(decoder, raw, start - pending)
            self._refuse_nul(text, start)
            start += len(raw)
            if text:
                yield text
            raw = self._next(size)
        self._decoded(decoder, b"", start - len(decoder.getstate()[0]), final=True)

    def _decoded(self, decoder: codecs.IncrementalDecoder, raw: bytes, start: int, *, final: bool = False) -> bytes:
        try:
            # a strict codec lets no lone surrogate through; if one did, it would be refused here
            return decoder.decode(raw, final).encode("utf-8")
        except UnicodeDecodeError as error:
            at, found = start + error.start, error.object[error.start : error.start + 4].hex(" ")
            line = self._line_at(at)
            hint = "" if self._declared else '; state its encoding in a profile, e.g. encoding = "cp1252"'
            raise IngestError(
                f"{self.name} is not {self.encoding}: byte {at} (line {line}) is {found}: {error.reason}{hint}",
                file=str(self.path),
                byte=at,
                line=line,
            ) from None
        except UnicodeError as error:
            line = self._line_at(start)
            raise IngestError(
                f"{self.name} is not {self.encoding}, near line {line}: {error}", file=str(self.path), line=line
            ) from None

    def _refuse_nul(self, text: bytes, start: int) -> None:
        at = text.find(b"\0")
        if at < 0:
            return
        line = self._line_at(start) + count_lines(text[:at])
        where = f"byte {start + at} (line {line})" if self.encoding in {"utf-8", "ascii"} else f"line {line}"
        hint = (
            ""
            if self._declared
            else '; if it is UTF-16 without a byte order mark, state encoding = "utf-16-le" in a profile'
        )
        raise IngestError(
            f"{self.name} holds a NUL at {where}: it is not a text file{hint}",
            file=str(self.path),
            byte=start + at,
            line=line,
        )

    def _line_at(self, byte: int) -> int:
        """Return the line of a byte of the unpacked file: only errors ask, so the file is read again for it."""
        decoder = codecs.getincrementaldecoder(self.encoding)("ignore")
        line, left = 1, byte
        with self.path.open("rb") as raw:
            stream: BinaryIO = raw if self._stream is self._raw else gzip.GzipFile(fileobj=raw)  # type: ignore[assignment]
            while left > 0 and (piece := stream.read(min(left, 1 << 20))):
                left -= len(piece)
                line += decoder.decode(piece).count("\n")
        return line
