"""OnStore: what a workspace on a store can do with it: keep records, give datasets, feed consumers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..calendars import Zone
from ..errors import ArgumentError, StoreError
from .keeping import Keeping

if TYPE_CHECKING:
    from ..domain.record import Id
    from ..stores.contract import Backend, Consumer, Store, StoreSpec
    from ..stores.url import StoreUrl
    from ..table.dataset import Dataset
    from .datasets import Datasets
    from .exporting import Exported
    from .follow import Fold
    from .importing import Imported, Progress
    from .records import Clock, Records

__all__ = ["OnStore"]


class OnStore(Keeping):
    """A workspace's store, where it has one.

    Args:
        zone: of the workspace.
        store: a URL such as "sqlite:///crm.db", an open backend, a tenant's store, or None.
        tenant: whose records, where `store` is not a tenant's already.
        clock: gives the present instant to `recorded_at`, where nothing else says it; without, no clock is read.
        specs: kinds of stores beside those of crmcore, by scheme.

    Raises:
        ArgumentError: a store or clock that is none.
        StoreError: a store that cannot be opened.
    """

    zone: Zone

    def __init__(
        self,
        zone: Zone,
        store: str | StoreUrl | Backend | Store | None,
        tenant: str | None,
        clock: Clock | None,
        specs: Mapping[str, StoreSpec] | None = None,
    ) -> None:
        self.zone = zone
        if clock is not None and not callable(clock):
            raise ArgumentError(f"clock is a function such as `lambda: datetime.now(UTC)`, got {clock!r}")
        if store is None and tenant is not None:
            raise ArgumentError(f"tenant {tenant!r} is of a store: Workspace(store=..., tenant=...)")
        self.clock = clock
        self._opened: Backend | None = None
        self._store: Store | None = None if store is None else self._scoped(store, tenant, specs)
        self._datasets: Datasets | None = None

    def _scoped(self, store: Any, tenant: str | None, specs: Mapping[str, StoreSpec] | None) -> Store:
        from ..stores import StoreUrl, open_store

        if isinstance(store, str | StoreUrl):
            self._opened = store = open_store(store, specs=specs)
        if hasattr(store, "scoped"):
            return store.scoped("main" if tenant is None else tenant)  # type: ignore[no-any-return]
        if not hasattr(store, "transaction") or not hasattr(store, "tenant"):
            raise ArgumentError(
                f"store is a URL such as 'sqlite:///crm.db', or an open store, got a {type(store).__name__}"
            )
        if tenant is not None and tenant != store.tenant:
            raise ArgumentError(f"the store is that of tenant {store.tenant!r}, not of {tenant!r}")
        return store  # type: ignore[no-any-return]

    @property
    def store(self) -> Store:
        """The store of the tenant.

        Raises:
            ArgumentError: the workspace has none.
        """
        if self._store is None:
            raise ArgumentError("this workspace has no store; give it one: Workspace(store='sqlite:///crm.db')")
        return self._store

    def close(self) -> None:
        """Close the store where the workspace has opened it, by a URL; a second time does nothing."""
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- records

    @contextmanager
    def transaction(self) -> Iterator[Records]:
        """Open a transaction with the methods that keep records: all of its changes are kept, or none."""
        from .records import Records

        with self.store.transaction() as opened:
            records = Records(self.store, opened, self.zone, self.clock)
            yield records
            if records.refused:
                raise StoreError("a change of this transaction was refused; nothing of it is kept")

    def get(self, table: str, id: Id) -> Any:  # noqa: A002
        """Return a record as it stands, None where there is none; of a table of the host's own, a dict of its values.

        Raises:
            DefinitionError: what is stored is no record of the domain, such as an open opportunity with a close date.
        """
        from .pipelines import pipeline_of
        from .records import record_of

        store = self.store
        if table == "pipeline":
            return pipeline_of(store, store, id)
        held = store.get(table, id)
        return None if held is None else record_of(held)

    # --- what is there

    def dataset(
        self, *, at: date | None = None, known: date | None = None, history: bool = False, blank: bool = True
    ) -> Dataset:
        """Return the tables of the store; those of now are read once, and again when something was written.

        Args:
            at: as they were true then: a date (its end, local) or an aware datetime.
            known: as they were known then; both may be given.
            history: with the table `change`: every change of a field there was, old and new values as text.
            blank: with columns in which no record has anything. Without them a metric that needs one is unavailable,
                as it is on files that lack the column, and not undefined.

        Rules: O8, O9
        """
        return self._kept().of(at, known, history=history, blank=blank)

    def follow(self, name: str, function: Fold, *, state: bytes = b"", batch: int = 1000) -> Consumer:
        """Hand a consumer what was written since it last looked, until it has seen all.

        After each batch the place it has reached and what it keeps are committed together: a process that dies goes on where
        it was, and nothing counts twice or is missed.

        Args:
            name: of the consumer; each has its own place in the log.
            function: takes its state and the next entries, and returns the new state. It has no effects of its own: a batch
                that could not be committed is handed over again.
            state: what it begins with.
            batch: entries at most at once.

        Returns: where it is, and its state.

        Raises:
            ConsumerConflict: another process with the same name was faster; what this one computed is not kept.
        """
        from .follow import follow

        return follow(self.store, name, function, state=state, batch=batch)

    def import_data(
        self,
        source: Any,
        *,
        at: date | None = None,
        recorded_at: datetime | None = None,
        name: str = "import",
        progress: Progress | None = None,
    ) -> Imported:
        """Bring data into the store: a picture of one moment, of which only what differs is written.

        It is written some thousand rows at a time. An import that was interrupted is run again: what is there already is found
        and not written twice. Rows that the store cannot take are reported with the reason, and all others are in. Columns
        that the data has not, and records that are not in it, stay as they are; a blank cell clears what was there. A table
        `change` is history: each change is written with its own date, author and order, and once.

        Args:
            source: a `Dataset`, tables by name as a `Dataset` takes them, or an iterable of records, `Change` records among
                them. Rows that a dataset leaves out as deleted, merged, sample or test are kept too.
            at: the moment of the picture; by default the newest that was recorded in it (T8), of records each its creation.
            recorded_at: when it was learnt; by default what the clock of the workspace says, else `at`.
            name: of the source; the entries bear it.
            progress: called with the rows done and the rows in all, after each transaction.

        Raises:
            ArgumentError: nothing to import, or no moment to be told.
            StoreError: what the store says; what was written before stays.

        Rules: O3, S4, T8
        """
        from .importing import bring

        return bring(
            self.store,
            source,
            zone=self.zone,
            clock=self.clock,
            at=at,
            recorded_at=recorded_at,
            name=name,
            progress=progress,
        )

    def export_data(
        self,
        folder: str | Path,
        *,
        at: date | None = None,
        known: date | None = None,
        replace: bool = False,
        formulas: bool = False,
        progress: Progress | None = None,
    ) -> Exported:
        """Write the store as files: `log.jsonl`, which `import_data` turns into an equal store, and a CSV file per table.

        The CSV files are what `crmcore.read` and spreadsheets read. Amounts of a record have one column `currency`. Text
        that a spreadsheet would run as a formula has a ' before it. Files are written one by one, and bear their name
        once they are whole; what others write meanwhile is in the later ones.

        Args:
            folder: a new or empty folder.
            at: the tables as they were true then, and no log.
            known: the tables as they were known then, and no log.
            replace: take a folder with something in it, and replace files of the same names.
            formulas: leave text as it is that a spreadsheet would run.
            progress: called with what is done and what there is in all, entries and records together.

        Raises:
            ArgumentError: a folder that is a file, or not empty.
        """
        from .exporting import export

        return export(
            self.store,
            folder,
            zone=self.zone,
            at=at,
            known=known,
            replace=replace,
            formulas=formulas,
            progress=progress,
        )

    def _kept(self) -> Datasets:
        from .datasets import Datasets

        if self._datasets is None:
            self._datasets = Datasets(self.store, self.zone)
        return self._datasets

    def _filled(self, data: Dataset | None) -> Dataset:
        """Return what is to be measured; of the store's tables the columns that are kept."""
        return self._data(data) if data is not None or self._store is None else self._kept().of(blank=False)

    def _data(self, data: Dataset | None, tables: Iterable[str] | None = None, *, history: bool = False) -> Dataset:
        """Return what is to be measured: what is given, else what the store has.

        Args:
            data: what is given.
            tables: those that are read; where the store has no record of one of the domain, it is empty.
            history: of a store, the table `change` too.
        """
        if data is not None:
            return data
        if self._store is None:
            raise ArgumentError(
                "no data: give a Dataset, from crmcore.Dataset(...) or crmcore.read(...), or the workspace a store"
            )
        kept = self._kept()
        return kept.of(history=history) if tables is None else kept.holding(tables, history=history)
