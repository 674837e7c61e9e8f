"""The wall between tenants, and the rights of the role that the library connects with."""

from __future__ import annotations

from datetime import UTC, date, datetime

import psycopg
import pytest
from psycopg import sql

from crmcore.errors import StoreError
from crmcore.stores import Write
from crmcore_postgres import PostgresBackend, install
from crmcore_postgres.layout import tables
from crmcore_postgres.testing import APP, OWNER

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
ALL = ("_entry", "_head", "_consumer", "_record", *tables())


def note(id_, table="lead", **values):
    return Write(table, id_, values, at=NOW, recorded_at=NOW)


def fill(backend, tenant):
    """Give a tenant a record in each table, entries, and a consumer."""
    store = backend.scoped(tenant)
    store.append([note(tenant, table=table) for table in (*tables(), "own table")])
    store.advance("kpi", 1, b"state", expected=0)


@pytest.fixture(scope="module")
def two(server):
    """Open a store in which two tenants have rows in every table; no test changes it."""
    with server.database() as database:
        backend = PostgresBackend(database.url)
        fill(backend, "blue")
        fill(backend, "green")
        yield backend, database
        backend.close()


@pytest.mark.parametrize("name", ALL)
def test_a_raw_select_sees_one_tenant(two, name):
    """A SELECT without any condition, on the library's own connection, gives rows of the tenant of the transaction alone."""
    query = sql.SQL("SELECT _tenant, count(*) FROM {} GROUP BY 1").format(sql.Identifier("crmcore", name))
    for tenant in ("blue", "green"):
        with two[0].connections.reading(tenant) as connection:
            assert [row[0] for row in connection.execute(query)] == [tenant]


@pytest.mark.parametrize("role", [APP, OWNER])
def test_without_a_tenant_nothing_is_seen(two, role):
    """A connection that never said for which tenant it works sees no row; not even the owner of the tables does."""
    with two[1].connect(role) as connection:
        for name in ALL:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("crmcore", name))
            assert connection.execute(query).fetchone()[0] == 0, name


def test_the_names_of_tenants_are_all_that_is_told(two):
    """The one function that sees all tenants gives their names; who sets what it sets sees nothing, but for the owner."""
    with two[1].connect(APP) as connection:
        assert {row[0] for row in connection.execute("SELECT * FROM crmcore._tenants()")} == {"blue", "green"}
        connection.execute("SET crmcore.listing = 'on'")
        for name in ALL:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("crmcore", name))
            assert connection.execute(query).fetchone()[0] == 0, name


def test_a_store_that_asks_for_another_tenant_gets_nothing(two, monkeypatch):
    """Planted mistake: a handle whose every statement asks for another tenant than its transaction is for reads no row of it."""
    backend = two[0]
    store = backend.scoped("green")
    whole = (store.last(), store.tables(), store.get("lead", "green"), list(store.scan("lead")), list(store.entries()))
    assert all(whole)
    reading, writing = backend.connections.reading, backend.connections.writing
    monkeypatch.setattr(backend.connections, "reading", lambda _: reading("blue"))
    monkeypatch.setattr(backend.connections, "writing", lambda _: writing("blue"))
    assert (store.last(), store.tables(), store.get("lead", "green")) == (0, (), None)
    for table in (*tables(), "own table"):
        assert list(store.scan(table)) == list(store.scan(table, known=NOW)) == []
    assert list(store.entries()) == []
    assert store.consumer("kpi").cursor == 0
    assert (store.stats().entries, store.stats().records, store.stats().consumers) == (0, {}, {})
    for write in (lambda: store.append([note("x")]), lambda: store.advance("kpi", 0, b"x", expected=0)):
        with pytest.raises(StoreError, match="row-level security"):
            write()


def test_the_tenant_ends_with_its_transaction(backend):
    """What a transaction was for does not stay on its connection."""
    fill(backend, "blue")
    with backend.connections.reading("blue") as connection:
        pass
    assert connection.execute("SELECT count(*) FROM crmcore._entry").fetchone()[0] == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO crmcore.lead (_tenant, _id, _version, _made, _newest) VALUES ('green', 'x', 1, 1, '{1,0,0}')",
        "UPDATE crmcore.lead SET _tenant = 'green'",
        "INSERT INTO crmcore._consumer (_tenant, name, cursor) VALUES ('green', 'x', 0)",
        "INSERT INTO crmcore._head (_tenant, number, chain) VALUES ('green', 1, '')",
    ],
)
def test_writing_for_another_tenant_is_refused(two, statement):
    """In a transaction of one tenant the database refuses rows of another."""
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"),
        two[0].connections.writing("blue") as connection,
    ):
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crmcore._entry SET actor = 'me'",
        "DELETE FROM crmcore._entry",
        "TRUNCATE crmcore._entry",
        "DELETE FROM crmcore.lead",
        "DELETE FROM crmcore._consumer",
        "UPDATE crmcore._migration SET number = 7",
        "DROP TABLE crmcore.lead",
        "ALTER TABLE crmcore.lead DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE crmcore.own (a int)",
        "DROP POLICY tenant ON crmcore.lead",
        f"SET ROLE {OWNER}",
        "COPY crmcore._entry TO PROGRAM 'cat'",
    ],
)
def test_the_role_of_the_library_has_no_other_rights(two, statement):
    """The log cannot be changed, nothing can be deleted, and the wall cannot be taken down, whatever SQL is slipped in."""
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        two[0].connections.writing("blue") as connection,
    ):
        connection.execute(statement)


def test_a_superuser_is_refused(database):
    """A superuser sees past every policy, so the store does not open as one."""
    with pytest.raises(StoreError, match=r"is a superuser.*single_tenant_development=yes"):
        PostgresBackend(database.admin_url)


def test_the_owner_is_refused(database):
    """The owner of the tables could take the wall down."""
    with pytest.raises(StoreError, match="is the owner of the tables"):
        PostgresBackend(database.owner_url)


@pytest.mark.parametrize(
    ("change", "undo", "says"),
    [
        (f"ALTER ROLE {APP} BYPASSRLS", f"ALTER ROLE {APP} NOBYPASSRLS", "a role with BYPASSRLS"),
        (f"GRANT {OWNER} TO {APP}", f"REVOKE {OWNER} FROM {APP}", "the owner of the tables, or may become one"),
    ],
)
def test_roles_that_may_become_one_are_refused(database, change, undo, says):
    """BYPASSRLS, and membership in the owner's role, are as good as being it."""
    with database.connect() as admin:
        admin.execute(change)
        try:
            with pytest.raises(StoreError, match=says):
                PostgresBackend(database.url)
        finally:
            admin.execute(undo)
    PostgresBackend(database.url).close()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE crmcore.lead DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE crmcore._entry NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON crmcore._record",
        "CREATE POLICY other ON crmcore.lead USING (true)",
        "ALTER POLICY tenant ON crmcore.lead USING (true)",
        "ALTER POLICY owner ON crmcore.lead TO PUBLIC",
        f"ALTER POLICY owner ON crmcore._head TO {APP}",
        "CREATE POLICY more ON crmcore._entry FOR SELECT USING (true)",
        "CREATE TABLE crmcore.beside (a int)",
    ],
)
def test_a_wall_with_a_hole_is_refused(database, change):
    """A policy that was dropped, added to or altered, and a table without one, is seen when the store is opened."""
    with database.connect() as admin:
        admin.execute(change)
    with pytest.raises(StoreError, match="does not keep tenants apart"):
        PostgresBackend(database.url)


def test_the_capabilities_say_so(backend, database):
    """A store is walled, but for a development database."""
    assert backend.capabilities.walled
    development = PostgresBackend(f"{database.admin_url}&single_tenant_development=yes")
    assert not development.capabilities.walled
    development.close()


def test_a_development_database_has_one_tenant(bare):
    """Where nothing keeps tenants apart there is only one: a second is refused, also by the next process."""
    url = f"{bare.admin_url}&single_tenant_development=yes"
    first = PostgresBackend(url)
    assert first.scoped("blue").append([note("a")]).applied == 1
    with pytest.raises(StoreError, match="development database of the tenant 'blue'"):
        first.scoped("green")
    assert any("single_tenant_development" in text for text in first.warnings())
    first.close()
    second = PostgresBackend(url)
    with pytest.raises(StoreError, match="development database of the tenant 'blue'"):
        second.scoped("green")
    assert second.scoped("blue").last() == 1
    assert second.verify().sound
    second.close()


def test_a_check_covers_all_tenants(backend):
    """`verify` looks at every tenant, though no connection sees two."""
    for tenant in ("blue", "green", "红"):
        backend.scoped(tenant).append([note("a"), note("b")])
    checked = backend.verify()
    assert (checked.entries, checked.records, checked.faults) == (6, 6, ())


def test_rights_too_many_are_told(backend, database):
    """A role that could change the log is warned of."""
    assert not any("may change" in text for text in backend.warnings())
    with database.connect() as admin:
        admin.execute(f"GRANT DELETE ON crmcore._entry TO {APP}")
    assert any("may change or delete entries" in text for text in backend.warnings())


def test_rights_are_granted_to_a_second_role(database):
    """`install` on a store that is up to date applies nothing, and grants its role what it needs."""
    with database.connect() as admin:
        admin.execute('DROP ROLE IF EXISTS "second\'; app"')
        admin.execute("CREATE ROLE \"second'; app\" LOGIN PASSWORD 's3cret-crm'")
        url = database.server.url(database.name, "second'; app")
        with pytest.raises(StoreError, match=r"permission denied.*install"):
            PostgresBackend(url)
        assert install(database.owner_url, role="second'; app") == ()
        backend = PostgresBackend(url)
        assert backend.scoped().append([note("a", table="deal")]).last == 1
        backend.close()
        admin.execute('DROP OWNED BY "second\'; app"')
        admin.execute('DROP ROLE "second\'; app"')


def test_what_a_tenant_does_changes_nothing_for_another(backend):
    """Numbers, versions, keys, consumers and messages of a tenant are the same whatever the other does."""

    def seen(tenant):
        store = backend.scoped(tenant)
        done = store.append([Write("lead", 1, {"name": "x"}, at=date(2026, 5, 4), recorded_at=NOW, key="k")])
        store.advance("kpi", 1, None, expected=0)
        return done, store.stats().records, store.consumer("kpi"), store.tables(), [e.number for e in store.entries()]

    alone = seen("green")
    fill(backend, "blue")
    assert seen("red") == alone
