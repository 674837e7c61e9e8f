"""What all checks of stores share: how a store is opened, filled and opened again, and what it can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from ...errors import ArgumentError
from ...stores.contract import Backend, Capabilities, Store
from ...stores.entry import Write
from ...stores.memory import MemoryBackend
from ..suite import Flag, Suite

__all__ = ["StoreBase"]


class _Capability(Flag):
    """A flag that the store's own `capabilities` state."""

    def __init__(self, name: str, says: str, *, when: bool = True) -> None:
        super().__init__(says, default=getattr(Capabilities(), name) is when)
        self.name, self.when = name, when

    def __get__(self, suite: Any, owner: type | None = None) -> bool:
        return self.default if suite is None else getattr(suite.capabilities, self.name) is self.when


def _capability(name: str, says: str, *, when: bool = True) -> Any:
    return _Capability(name, says, when=when)


class StoreBase(Suite):
    """Opens stores for checks, each in a folder of its own, and closes them afterwards."""

    durable: bool = _capability("durable", "a store that keeps what was committed when it is closed")
    processes: bool = _capability("processes", "a store that several processes may write to at once")
    backup: bool = _capability("backup", "able to write a copy that opens as a store")
    tamper_evident: bool = _capability("tamper_evident", "able to find an altered entry by its chain")
    walled: bool = _capability("walled", "kept apart by the database itself")
    writable: bool = _capability("read_only", "able to take writes", when=False)

    tampers: ClassVar[Mapping[str, Callable[[Any, Path], object]]] = {}
    """What is altered, in words -> a function of the open backend and its folder that alters it behind its back (K12)."""

    def open(self, folder: Path) -> Backend:
        """Open the store of this folder; an empty folder is a new, empty store."""
        raise NotImplementedError(f"{type(self).__name__}.open(folder) returns the store to be checked")

    def reopen(self, folder: Path) -> Backend:
        """Open the store of this folder again, after it was closed, or beside another handle."""
        return self.open(folder)

    def restore(self, copy: Path) -> Backend:
        """Open a copy that `backup` has written; needed where the store has backups."""
        raise NotImplementedError(f"{type(self).__name__}.restore(copy) opens what `backup` has written")

    def publish(self, folder: Path, source: Backend) -> None:
        """Write the content of another store to the folder; needed where the store is read-only."""
        raise NotImplementedError(f"{type(self).__name__}.publish(folder, source) fills a read-only store")

    # -- for the checks ----------------------------------------------------------------------------------

    @property
    def capabilities(self) -> Capabilities:
        """What the store says it can do."""
        known: Capabilities | None = vars(type(self)).get("_capabilities")
        if known is None:
            known = self.fresh().capabilities
            type(self)._capabilities = known  # type: ignore[attr-defined]
        return known

    def fresh(self, content: Mapping[str, Iterable[Write]] | None = None) -> Backend:
        """Return a new store, with the writes of each tenant in it."""
        folder = self.folder()
        given = {tenant: list(writes) for tenant, writes in (content or {}).items()}
        if type(self).publish is not StoreBase.publish:
            source = MemoryBackend()
            _fill(source, given)
            self.publish(folder, source)
            return self.kept(self.open(folder), folder)
        backend = self.kept(self.open(folder), folder)
        _fill(backend, given)
        return backend

    def filled(self, writes: Iterable[Write] = ()) -> Store:
        """Return the store of one tenant, new, with these writes in it."""
        return self.fresh({"main": writes}).scoped()

    def again(self, backend: Backend) -> Backend:
        """Close a store and open it again."""
        folder = self.folder_of(backend)
        backend.close()
        return self.kept(self.reopen(folder), folder)

    def beside(self, backend: Backend) -> Backend:
        """Open a store a second time, beside the first handle."""
        folder = self.folder_of(backend)
        return self.kept(self.reopen(folder), folder)

    def folder(self) -> Path:
        """Return a new, empty folder."""
        made = TemporaryDirectory(prefix="crmcore-", ignore_cleanup_errors=True)
        self._made.append(made)
        return Path(made.name)

    def folder_of(self, backend: Backend) -> Path:
        """Return the folder that a store was opened in."""
        for known, folder in self._open_ones:
            if known is backend:
                return folder
        raise ArgumentError(f"{backend!r} was not opened by this suite")

    def kept(self, backend: Backend, folder: Path) -> Backend:
        """Close this store, too, when the check is over."""
        self._open_ones.append((backend, folder))
        return backend

    def setup_method(self) -> None:
        """Begin a check."""
        self._made: list[TemporaryDirectory[str]] = []
        self._open_ones: list[tuple[Backend, Path]] = []

    def teardown_method(self) -> None:
        """Close the stores of a check and remove their folders."""
        try:
            for backend, _ in reversed(self._open_ones):
                backend.close()
        finally:
            for made in self._made:
                made.cleanup()


def _fill(backend: Backend, content: Mapping[str, list[Write]]) -> None:
    for tenant, writes in content.items():
        backend.scoped(tenant).append(writes)
