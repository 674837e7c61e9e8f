"""A real PostgreSQL for the tests: without one they fail, they are not skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from crmcore_postgres import PostgresBackend
from crmcore_postgres.store import PostgresStore
from crmcore_postgres.testing import APP, OWNER, Database, Server, shared_server


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name a case the same in every process: the roles of the tests bear the number of theirs."""
    if isinstance(val, str) and (APP in val or OWNER in val):
        return val.replace(APP, "app").replace(OWNER, "owner")
    return None


@pytest.fixture(scope="session")
def server() -> Server:
    """Return the server of the session."""
    return shared_server()


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """Make a database with the tables of a store."""
    with server.database() as made:
        yield made


@pytest.fixture
def bare(server: Server) -> Iterator[Database]:
    """Make a database with nothing in it."""
    with server.database(installed=False) as made:
        yield made


@pytest.fixture
def opened(database: Database) -> Iterator[Callable[..., PostgresBackend]]:
    """Return a function that opens the store, as often as it is asked; options of the URL are its arguments."""
    backends = []

    def open_it(url: str | None = None, **options: str) -> PostgresBackend:
        address = url or database.url
        asked = "&".join(f"{name}={value}" for name, value in options.items())
        backends.append(PostgresBackend(f"{address}{'&' if '?' in address else '?'}{asked}" if asked else address))
        return backends[-1]

    yield open_it
    for backend in backends:
        backend.close()


@pytest.fixture
def backend(opened: Callable[..., PostgresBackend]) -> PostgresBackend:
    """Open the store."""
    return opened()


@pytest.fixture
def store(backend: PostgresBackend) -> PostgresStore:
    """Open the store of the tenant main."""
    return backend.scoped()


@pytest.fixture(scope="session")
def shared(server: Server) -> Iterator[PostgresBackend]:
    """Open a store for tests that take a tenant of their own each, and alter nothing but through it; it is checked at the end."""
    with server.database() as made:
        backend = PostgresBackend(made.url)
        yield backend
        assert backend.verify().faults == ()
        backend.close()


@pytest.fixture
def fresh(shared: PostgresBackend, request: pytest.FixtureRequest) -> PostgresStore:
    """Open the store of a tenant that no other test has."""
    return shared.scoped(f"{next(NUMBERS)} {request.node.name}"[:200])


NUMBERS = count()
