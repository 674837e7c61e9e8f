"""StoreSuite: what every store has to pass, sentence by sentence of the contract.

    class TestMine(StoreSuite):
        def open(self, folder):
            return MyBackend(folder / "crm.db")

What a store can do it says itself (`Backend.capabilities`); a check of something it cannot do is skipped with its reason.
"""

from __future__ import annotations

from .histories import Histories
from .keeping import Keeping
from .past import Past
from .reading import Reading
from .sharing import Sharing
from .writing import Writing

__all__ = ["StoreSuite"]


class StoreSuite(Writing, Past, Reading, Sharing, Keeping, Histories):
    """Checks of a store; a subclass gives `open`, and what else its store needs: `restore`, `tampers`, `publish`.

    The flags are not set by hand: the store's own `capabilities` state them.
    """
