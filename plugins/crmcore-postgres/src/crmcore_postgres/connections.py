"""Connections: kept while they are idle, thrown away when they are lost, and never shared by two at once.

Each block of work takes a connection and has it alone until it ends, so a store may be used by any number of threads, and a
scan may be read while other things are written. A connection is not used in a process that was forked from its own.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, LiteralString

import psycopg
from psycopg import errors

from crmcore.errors import StoreError

from .address import Address

__all__ = ["Connection", "Connections", "told"]

Connection = psycopg.Connection[tuple[Any, ...]]
_IDLE = 4
"""Connections kept open while nothing uses them."""
_SET = (
    "SELECT set_config('crmcore.tenant', %s, true), set_config('lock_timeout', %s, true), "
    "set_config('statement_timeout', %s, true), set_config('TimeZone', 'UTC', true), "
    "set_config('search_path', 'pg_catalog', true)"
)
# A writer sees at each statement what was committed before; a reader of several sees one state in all of them.
_WRITE: LiteralString = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_READ: LiteralString = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


@contextmanager
def told(address: Address) -> Iterator[None]:
    """Turn errors of psycopg into StoreError; what they show of data or of a password stays out."""
    try:
        yield
    except psycopg.Error as error:
        raise StoreError(address.hide(_said(address, error))) from None


def _said(address: Address, error: psycopg.Error) -> str:
    first = (error.diag.message_primary or str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, errors.LockNotAvailable):
        return (
            f"{address.shown}: another writer of the tenant has not ended within {address.lock_timeout:g} s; try again"
        )
    if isinstance(error, errors.QueryCanceled):
        return f"{address.shown}: stopped: {first}"
    if isinstance(error, errors.InsufficientPrivilege):
        return f"{address.shown}: {first}; the owner grants it with crmcore_postgres.install(..., role=...)"
    if isinstance(error, psycopg.OperationalError) and error.sqlstate in {None, "57P01", "57P02", "57P03"}:
        return f"{address.shown}: no connection: {first}; the store can be used again when the server is back"
    return f"{address.shown}: {first}" + (f" (SQLSTATE {error.sqlstate})" if error.sqlstate else "")


class Connections:
    """The connections of one store."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._idle: deque[Connection] = deque()
        self._parents: deque[Connection] | None = None
        self._process = os.getpid()
        self._closed = False

    @contextmanager
    def reading(self, tenant: str) -> Iterator[Connection]:
        """Take a connection that sees a tenant as it is now, until the block ends."""
        with told(self.address), self._transaction(_READ, tenant) as connection:
            yield connection

    def writing(self, tenant: str) -> AbstractContextManager[Connection]:
        """Take a connection that writes a tenant; it commits at the end of the block, or rolls back."""
        return self._transaction(_WRITE, tenant)

    @contextmanager
    def _transaction(self, begin: LiteralString, tenant: str) -> Iterator[Connection]:
        with told(self.address):
            connection = self._begun(begin, tenant)
        try:
            yield connection
        except BaseException:
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK")
            self._back(connection)
            raise
        try:
            with told(self.address):
                done = connection.execute("COMMIT").statusmessage
        except StoreError:
            if begin is _WRITE and connection.broken:
                raise StoreError(
                    f"{self.address.shown}: the connection was lost in a commit, so the writes may be there or not; "
                    "send them again with their keys"
                ) from None
            raise
        finally:
            self._back(connection)
        if done != "COMMIT":
            raise StoreError(f"{self.address.shown}: a statement failed before, so nothing of the transaction is kept")

    def _begun(self, begin: LiteralString, tenant: str) -> Connection:
        """Return a connection in a transaction; one that was lost while it was idle is replaced."""
        self.check()
        if self._process != os.getpid():  # what the parent uses is left alone
            self._parents, self._idle, self._process = self._idle, deque(), os.getpid()
        while True:
            try:
                connection, fresh = self._idle.pop(), False
            except IndexError:
                connection, fresh = self._connect(), True
            try:
                connection.execute(begin)
                connection.execute(_SET, (tenant, *map(_milliseconds, self._timeouts)))
            except psycopg.Error:
                connection.close()
                if fresh:
                    raise
            else:
                return connection

    @property
    def _timeouts(self) -> tuple[float, float]:
        return self.address.lock_timeout, self.address.statement_timeout

    def _connect(self) -> Connection:
        return psycopg.connect(**self.address.parameters, autocommit=True)

    def _back(self, connection: Connection) -> None:
        idle = connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE
        if idle and not self._closed and len(self._idle) < _IDLE and self._process == os.getpid():
            self._idle.append(connection)
        else:
            connection.close()

    def check(self) -> None:
        """Refuse to go on after `close`."""
        if self._closed:
            raise StoreError(f"{self.address.shown}: the store is closed; open it again")

    def close(self) -> None:
        """Close those that are idle; one in use is closed when its block ends."""
        self._closed = True
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().close()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
