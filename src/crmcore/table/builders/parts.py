"""Parts: the arrays that a column grows by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..column import Array, Mask

__all__ = ["Part", "Parts"]


class Part:
    """A piece of a column: its data (None where all of it is blank), validity, and decimals of exact numbers."""

    __slots__ = ("data", "decimals", "size", "valid")

    def __init__(self, size: int, data: Array | None = None, valid: Mask | None = None, decimals: int = 0) -> None:
        self.size, self.data, self.valid, self.decimals = size, data, valid, decimals


class Parts:
    """Pieces of one column with their validity, joined once at the end.

    Args:
        dtype: type of the joined column.
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self.pieces: list[Part] = []

    def put(self, data: Array, valid: Mask | None = None, decimals: int = 0) -> None:
        """Append a piece; cells that are not valid hold 0."""
        self.pieces.append(Part(len(data), data, valid, decimals))

    def put_blank(self, size: int) -> None:
        """Append cells without a value; they take no room."""
        if self.pieces and self.pieces[-1].data is None:
            self.pieces[-1].size += size
        else:
            self.pieces.append(Part(size))

    def join(self) -> tuple[Array, Mask | None]:
        """Return all data and validity (None where every cell has a value); the pieces are given up."""
        pieces, self.pieces = self.pieces, []
        size = sum(p.size for p in pieces)
        if len(pieces) == 1 and pieces[0].data is not None:
            return pieces[0].data.astype(self.dtype, copy=False), pieces[0].valid
        if not any(p.data is not None for p in pieces):
            # a column without any value costs nothing, however long it is
            none = np.broadcast_to(np.zeros(1, bool), size) if size else None
            return np.broadcast_to(np.zeros(1, self.dtype), size) if size else np.zeros(0, self.dtype), none
        some = any(p.data is None or p.valid is not None for p in pieces)
        joined, valid = np.empty(size, self.dtype), np.ones(size, bool) if some else None
        at = 0
        pieces.reverse()
        while pieces:  # each piece is freed once it is copied
            piece = pieces.pop()
            to = slice(at, at + piece.size)
            joined[to] = 0 if piece.data is None else piece.data
            if valid is not None and (piece.data is None or piece.valid is not None):
                valid[to] = False if piece.data is None else piece.valid
            at += piece.size
        return joined, valid
