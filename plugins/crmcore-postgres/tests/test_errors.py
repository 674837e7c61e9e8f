"""What goes wrong is told as a StoreError, without a password, and the handle can be used again."""

from __future__ import annotations

import gc
import os
import socket
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from crmcore.errors import ConsumerConflict, CrmCoreError, KeyConflict, StoreError, VersionConflict
from crmcore.stores import Write, open_store
from crmcore_postgres import PostgresBackend, crmcore_stores, install
from crmcore_postgres.testing import APP, OWNER, PASSWORD

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
SECRET = "pa$$ %wörd'"
QUOTED = "pa%24%24%20%25w%C3%B6rd%27"


def note(id_, table="lead", **given):
    return Write(table, id_, given.pop("values", {}), at=NOW, recorded_at=NOW, **given)


def cut_off(database):
    """End every connection to a database but this one."""
    with database.connect() as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (database.name,),
        )


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:{}@127.0.0.1:{}/d",
        "postgresql://u:{}@127.0.0.1:{}/d?sslmode=nonsense",
        "postgresql://u:{}@127.0.0.1:{}/d?connect_timeout=soon",
        "postgresql://u:{}@127.0.0.1:{}/d?nothing=1",
        "postgresql://u:{}@127.0.0.1:{}x/d",
        "postgresql://u:{}@127.0.0.1:{}",
        "postgresql://u:{}@[127.0.0.1:{}/d",
        "postgresql://u:{}@/d?host=/nowhere&port={}",
        "postgresql://u:{}@nowhere.invalid:{}/d",
    ],
)
@pytest.mark.parametrize("way", ["open", "install"])
def test_a_password_is_in_no_error(url, way):
    """Whatever is wrong with a URL or the server, neither message, repr, arguments nor traceback show the password."""
    wrong = url.format(QUOTED, free_port())
    specs = {s.scheme: s for s in crmcore_stores()}
    ways = {"install": lambda: install(wrong, role="x"), "open": lambda: open_store(wrong, specs=specs)}
    with pytest.raises(CrmCoreError) as caught:
        ways[way]()
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(vars(caught.value))
    shown += repr(caught.value.__context__)
    assert SECRET not in shown
    assert QUOTED not in shown
    assert "wörd" not in shown
    assert "w%C3%B6rd" not in shown
    assert caught.value.__cause__ is None


def test_a_wrong_password(database):
    """A server that refuses the password is told of, and the password is not."""
    wrong = database.url.replace(PASSWORD, "not-" + PASSWORD)
    with pytest.raises(StoreError, match="password authentication failed") as caught:
        PostgresBackend(wrong)
    assert PASSWORD not in str(caught.value)


def test_a_password_is_in_no_repr(backend, store, database, caplog):
    """Backend, store, address and connections can be printed and logged."""
    with caplog.at_level("DEBUG"):
        store.append([note(1)])
    for thing in (backend, store, backend.address, backend.connections, backend.tables):
        assert PASSWORD not in repr(thing) + str(thing), thing
    assert PASSWORD not in caplog.text
    with pytest.raises(StoreError) as caught:
        backend.backup("x.dump")
    assert PASSWORD not in str(caught.value)


def test_backup_says_what_to_use(backend, database):
    """PostgreSQL has tools of its own; the message is the command."""
    with pytest.raises(StoreError, match="pg_dump --format custom --schema 'crmcore'") as caught:
        backend.backup("crm.dump")
    assert f"--dbname '{database.name}'" in str(caught.value)
    assert "--file 'crm.dump'" in str(caught.value)


def test_idle_connections_that_were_cut_are_replaced(store, database):
    """A connection that was lost while nobody used it is replaced, and nobody notices."""
    store.append([note(1)])
    cut_off(database)
    assert store.append([note(2)]).last == 2
    cut_off(database)
    assert store.last() == 2


def test_a_connection_lost_in_a_transaction(store, database):
    """Cut off in the middle, a transaction fails with a StoreError and keeps nothing; the handle goes on."""

    def attempt():
        with store.transaction() as transaction:
            transaction.append([note(1)])
            cut_off(database)
            transaction.append([note(2)])

    with pytest.raises(StoreError, match="can be used again"):
        attempt()
    assert store.last() == 0
    assert store.append([note(3)]).last == 1


def test_a_connection_lost_before_the_commit(store, database):
    """Cut off before the commit: the error says that the writes may be there or not, and what to do."""

    def attempt():
        with store.transaction() as transaction:
            transaction.append([note(1, key="k")])
            cut_off(database)

    with pytest.raises(StoreError, match="may be there or not; send them again with their keys"):
        attempt()
    assert store.append([note(1, key="k")]).last == 1


def test_a_connection_lost_in_a_scan(store, database):
    """Cut off while a scan is read, the scan fails; the next one is whole."""
    store.append(note(number) for number in range(3_000))
    scan, entries = store.scan("lead", size=10), store.entries()
    next(scan), next(entries)
    cut_off(database)
    with pytest.raises(StoreError):
        list(scan)
    with pytest.raises(StoreError):
        list(entries)
    assert sum(map(len, store.scan("lead"))) == 3_000


def test_a_scan_left_when_its_connection_is_lost(store, database):
    """A scan that was begun, cut off and left is no harm: nothing is raised, and nothing stays open."""
    store.append(note(number) for number in range(100))
    scan = store.scan("lead", size=10)
    next(scan)
    cut_off(database)
    scan.close()
    del scan
    gc.collect()  # a cursor that is still open would warn now
    assert store.last() == 100


def test_a_server_that_is_not_there(tmp_path):
    """Without a server the store does not open, and says where it looked."""
    with pytest.raises(StoreError, match=r"postgresql://u@/d.*no connection"):
        PostgresBackend(f"postgresql://u@/d?host={tmp_path}")


def test_waiting_for_a_writer_has_an_end(opened):
    """A writer that waits longer than `lock_timeout` for another one gives up, and can try again."""
    slow, fast = opened().scoped(), opened(lock_timeout="0.2").scoped()
    with slow.transaction() as transaction:
        transaction.append([note(1)])
        with pytest.raises(StoreError, match="another writer of the tenant has not ended within 0"):
            fast.append([note(2)])
    assert fast.append([note(2)]).last == 2


def test_a_statement_has_an_end(opened):
    """A statement that takes longer than `statement_timeout` is stopped."""
    backend = opened(statement_timeout="0.1")
    with pytest.raises(StoreError, match="stopped"), backend.connections.reading("main") as connection:
        connection.execute("SELECT pg_sleep(5)")
    assert backend.scoped().last() == 0


def test_an_error_ends_a_transaction_whatever_its_caller_does(store):
    """Who catches an error inside the block and goes on commits nothing."""

    def conflict():
        with store.transaction() as transaction:
            transaction.append([note(1)])
            with pytest.raises(VersionConflict):
                transaction.append([note(1, expected=7)])

    def faster():
        with store.transaction() as transaction:
            transaction.append([note(1)])
            with pytest.raises(ConsumerConflict):
                transaction.advance("kpi", 1, None, expected=1)
            transaction.get("lead", 1)

    for attempt in (conflict, faster):
        with pytest.raises(StoreError, match="nothing of it is kept"):
            attempt()
    assert store.last() == 0


def test_a_transaction_that_is_over(store):
    """A transaction is of no use after its block."""
    with store.transaction() as transaction:
        transaction.append([note(1)])
    with pytest.raises(StoreError, match="is over"):
        transaction.append([note(2)])
    assert store.last() == 1


def test_a_transaction_in_a_transaction(opened):
    """A thread that has a transaction open would wait for itself; it is told. Other threads are not concerned."""
    backend = opened()
    with ThreadPoolExecutor(1) as pool, backend.scoped().transaction() as transaction:
        transaction.append([note(1)])
        for tenant in ("main", "other"):
            with pytest.raises(StoreError, match="open in this thread"):
                backend.scoped(tenant).append([note(2)])
        assert pool.submit(backend.scoped("other").append, [note(2)]).result().last == 1
    assert backend.scoped().append([note(2)]).last == 2


def test_an_error_of_the_caller_rolls_back(store):
    """An exception of the caller's own comes through as it is, and nothing is kept."""

    def attempt():
        with store.transaction() as transaction:
            transaction.append([note(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        attempt()
    assert store.last() == 0
    store.append([note(1, key="k")])
    with pytest.raises(KeyConflict):
        store.append([note(2), note(2, key="k")])
    assert store.last() == 1


def test_a_closed_store(opened):
    """After `close`, which may be called twice, everything is a StoreError."""
    backend = opened()
    store = backend.scoped()
    scan = store.scan("lead")
    backend.close()
    backend.close()
    for attempt in (store.last, store.tables, lambda: list(scan), lambda: store.append([note(1)]), backend.verify):
        with pytest.raises(StoreError, match="closed"):
            attempt()


def test_many_threads_share_a_handle(store, database):
    """16 threads read and write through one handle; all is there, and only a few connections are kept."""

    def work(number):
        store.append([note(number, values={"name": str(number)})])
        assert store.get("lead", number).values == {"name": str(number)}
        return sum(map(len, store.scan("lead")))

    with ThreadPoolExecutor(16) as pool:
        assert max(pool.map(work, range(48))) == 48
    with database.connect() as admin:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND usename = %s"
        assert admin.execute(query, (database.name, APP)).fetchone()[0] <= 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_uses_connections_of_its_own(store):
    """A process that was forked from one with open connections can use the same handle, and harms neither."""

    def server_process():
        with store._connections.reading("main") as connection:
            return connection.info.backend_pid

    store.append([note(1)])
    ours = server_process()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if store.append([note(2)]).last == 2 and server_process() != ours else 1
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    assert store.append([note(3)]).last == 3
    assert server_process() == ours


def test_an_id_that_no_index_takes(store):
    """PostgreSQL's indexes take no key of more than 2,704 bytes; a longer id is refused with its length."""
    store.append([note("x" * 1_000, table="t" * 200, key="k" * 200, source="s" * 200)])
    long = "词" * 200
    store.append([note("词" * 333, table=long, key=long, source=long)])
    assert store.get(long, "词" * 333).version == 1
    with pytest.raises(StoreError, match="an id of 1001 bytes"):
        store.append([note("x" * 1_001)])


def test_the_longest_names_of_all(opened):
    """Tenant, table, source, key and consumer of 200 characters of 4 bytes each, and an id of 1,000 bytes, go together."""
    long = "𝒳" * 200
    store = opened().scoped(long)
    # random text does not compress, which long repeated text in an index does
    odd = "".join(chr(0x20000 + (7_919 * n) % 40_000) for n in range(250))
    mixed = "".join(chr(0x20000 + (104_729 * n) % 40_000) for n in range(200))
    for name in (long, mixed):
        store.append([note(odd, table=name, key=name, source=name)])
        store.advance(name, store.last(), b"x", expected=0)
        assert store.get(name, odd).id == odd


def test_warnings_of_a_server_that_may_lose_data(server, backend):
    """The server of the tests writes nothing safely, and that is told."""
    with server.database() as database, database.connect() as admin:
        off = admin.execute("SELECT current_setting('fsync') = 'off'").fetchone()[0]
    assert any("fsync is off" in text for text in backend.warnings()) == off


def test_text_that_is_not_utf8(server):
    """A database of another encoding could not hold every name, and is refused."""
    from psycopg import sql

    with server.database(installed=False) as database:
        name = sql.Identifier(database.name + "_latin")
        server.administer(
            sql.SQL(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' OWNER {}"
            ).format(name, sql.Identifier(OWNER))
        )
        try:
            with pytest.raises(StoreError, match="encoding LATIN1"):
                install(server.url(database.name + "_latin", OWNER))
        finally:
            server.administer(sql.SQL("DROP DATABASE {}").format(name))
