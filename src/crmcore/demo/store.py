"""The organisation in a store: a SQLite file that it is brought into and read back from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from .organisation import workspace

if TYPE_CHECKING:
    from ..table.dataset import Dataset
    from ..workspace import Workspace

__all__ = ["stored"]


@contextmanager
def stored(data: Dataset, *, language: str, keep: str | Path | None = None) -> Iterator[Workspace]:
    """Bring the organisation into a SQLite store, and give the workspace on it.

    Args:
        data: the organisation as it was generated.
        language: of labels.
        keep: a new file for the store; without one it lies in a temporary folder, and is gone at the end.

    Raises:
        ArgumentError: a file that is there already, or whose folder is not.
    """
    from ..stores import StoreUrl

    with TemporaryDirectory(prefix="crmcore-demo-") as folder:
        path = Path(folder) / "atlas.db" if keep is None else Path(keep)
        if path.exists():
            raise ArgumentError(f"{str(path)!r} is there already; name a new file for the store")
        if not path.parent.is_dir():
            raise ArgumentError(f"the folder {str(path.parent)!r} is not there")
        with workspace(language=language, store=StoreUrl("sqlite", str(path))) as host:
            host.import_data(data, name="demo")
            yield host
