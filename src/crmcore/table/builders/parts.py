"""Parts: the arrays that a column grows by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..column import Array, Mask

__all__ = ["Parts"]


class Parts:
    """Pieces of one column with their validity, joined once at the end.

    Args:
        dtype: type of the joined column.
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self.pieces: list[tuple[Array, Mask | None]] = []
        self._blank = True

    def put(self, data: Array, valid: Mask | None = None) -> None:
        """Append a piece; cells that are not valid hold 0."""
        self.pieces.append((data, valid))
        self._blank = False

    def put_blank(self, size: int) -> None:
        """Append cells without a value; they take no room until a value follows."""
        self.pieces.append((np.broadcast_to(np.zeros(1, self.dtype), size), np.broadcast_to(np.zeros(1, bool), size)))

    def __iter__(self) -> Iterator[tuple[Array, Mask | None]]:
        return iter(self.pieces)

    def join(self) -> tuple[Array, Mask | None]:
        """Return all data and validity (None where every cell has a value); the pieces are given up."""
        pieces, self.pieces = self.pieces, []
        size = sum(len(data) for data, _ in pieces)
        if not size:
            return np.zeros(0, self.dtype), None
        if self._blank:  # a column without any value costs nothing, however long it is
            return np.broadcast_to(np.zeros(1, self.dtype), size), np.broadcast_to(np.zeros(1, bool), size)
        valid: Mask | None = None
        if any(v is not None for _, v in pieces):
            valid = np.ones(size, bool)
            at = 0
            for data, there in pieces:
                if there is not None:
                    valid[at : at + len(data)] = there
                at += len(data)
            if valid.all():
                valid = None
        if len(pieces) == 1:
            return pieces[0][0].astype(self.dtype, copy=False), valid
        joined = np.empty(size, self.dtype)
        at = 0
        pieces.reverse()
        while pieces:  # each piece is freed once it is copied
            data, _ = pieces.pop()
            joined[at : at + len(data)] = data
            at += len(data)
        return joined, valid
