"""The check of any history: what no list of cases thinks of."""

from __future__ import annotations

from typing import ClassVar

from ..suite import needs
from .suite import StoreBase

__all__ = ["Histories"]


class Histories(StoreBase):
    """Histories that Hypothesis makes up, compared after each step with the ledger and with the store in memory."""

    histories: ClassVar[int | None] = None
    """How many; by default an eighth of the examples of the Hypothesis profile, four at least."""

    @needs("writable")
    def test_any_history(self) -> None:
        """K1 to K12: puts, late corrections, keys, conflicts, transactions, consumers, looks back, reopenings, in any order."""
        from .machine import run

        run(self, self.histories)
