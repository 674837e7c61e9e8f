"""What is altered behind the store's back is found, whatever it is (K12)."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from psycopg import sql

from crmcore.domain import Money
from crmcore.stores import Write
from crmcore_postgres import PostgresBackend
from crmcore_postgres.layout import Layout, tables
from crmcore_postgres.rows import ENTRY as COLUMNS
from crmcore_postgres.testing import APP
from crmcore_postgres.wall import present

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
ENTRY_COLUMNS = COLUMNS.as_string(None).split(", ")


def write(table, id_, values, **given):
    return Write(table, id_, values, at=given.pop("at", NOW), recorded_at=NOW, **given)


@pytest.fixture(scope="module")
def filled(server):
    """Fill a database with a little of everything; tests alter it in a transaction that they roll back."""
    with server.database() as database:
        backend = PostgresBackend(database.url)
        for tenant in ("main", "other"):
            store = backend.scoped(tenant)
            store.append(
                [
                    write(
                        "opportunity",
                        1,
                        {"amount": Money("12.50", "EUR"), "stage": "new", "own": "x"},
                        actor="ann",
                        key="k",
                    ),
                    write("opportunity", 1, {"stage": "offer"}, at=date(2026, 5, 6), source="crm", key="k"),
                    write("opportunity", 2, {"probability": 1, "created_at": NOW}),
                    write("thing", 1, {"size": 3}),
                    write("thing", 1, {"size": 4}),
                    write("other thing", "1", {}),
                ]
            )
            store.advance("kpi", 6, b"state", expected=0)
        assert backend.verify().faults == ()
        yield backend, database
        backend.close()


def altered(filled, *statements):
    """Return the faults after some statements of a superuser, for whom nothing is forbidden; nothing of it stays."""
    backend, database = filled

    @contextmanager
    def inside(tenant):
        """Look at a tenant as the library does, in the transaction that has altered it."""
        admin.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(APP)))
        admin.execute("SELECT set_config('crmcore.tenant', %s, true)", (tenant,))
        yield admin

    outside = backend.connections.reading
    with database.connect() as admin, admin.transaction(force_rollback=True):
        for statement in statements:
            assert admin.execute(statement).rowcount > 0, statement
        backend.connections.reading = inside
        try:
            return backend.verify().faults
        finally:
            backend.connections.reading = outside


def test_nothing_altered(filled):
    """Without an alteration no fault is found, in the way that these tests look, either."""
    assert altered(filled) == ()


ENTRY = [
    ("number = 66", "number = 6"),
    ("kind = 'thin'", "number = 4"),
    ("id = '1'", "number = 4"),
    ("version = 3", "number = 5"),
    ("new = replace(new, '12.50', '12.51')", "number = 1"),
    ("new = '{}'", "number = 3"),
    ("new = 'nonsense'", "number = 3"),
    ("old = '{}'", "number = 2"),
    ("at_us = at_us + 1", "number = 1"),
    ("at_day = at_day + 1", "number = 2"),
    ("at_us = NULL, at_day = '2026-05-04'", "number = 3"),
    ("recorded_us = recorded_us - 1", "number = 6"),
    ("actor = 'bob'", "number = 1"),
    ("actor = NULL", "number = 1"),
    ("sequence = 1", "number = 6"),
    ("source = 'else'", "number = 2"),
    ("key = 'else'", "number = 1"),
    ("key = NULL, digest = NULL", "number = 2"),
    ("digest = '\\x00'", "number = 1"),
    ("digest = substring(digest FOR 15)", "number = 2"),
    ("chain = '\\x00'", "number = 6"),
    ("chain = '\\x00'", "number = 2"),
    ("_tenant = 'third'", "number = 6"),
]


@pytest.mark.parametrize(("change", "where"), ENTRY)
def test_an_altered_entry(filled, change, where):
    """Each column of an entry is covered, in the middle of the log and at its end."""
    faults = altered(filled, f"UPDATE crmcore._entry SET {change} WHERE _tenant = 'main' AND {where}")
    assert faults
    assert any(fault.startswith("tenant 'main': ") for fault in faults)


STATE = [
    "UPDATE crmcore.opportunity SET amount = 12.51 WHERE _tenant = 'main' AND _id = '#1'",
    "UPDATE crmcore.opportunity SET amount_currency = 'USD' WHERE _tenant = 'main' AND _id = '#1'",
    "UPDATE crmcore.opportunity SET amount_currency = 'USD' WHERE _tenant = 'main' AND _id = '#2'",
    "UPDATE crmcore.opportunity SET probability = 0.5 WHERE _tenant = 'main' AND _id = '#2'",
    "UPDATE crmcore.opportunity SET created_at = created_at + interval '1 us' WHERE _tenant = 'main' AND _id = '#2'",
    "UPDATE crmcore.opportunity SET created_at_day = '2026-05-04' WHERE _tenant = 'main' AND _id = '#2'",
    "UPDATE crmcore.opportunity SET stage = NULL WHERE _tenant = 'main' AND _id = '#1'",
    "UPDATE crmcore.opportunity SET _extra = NULL WHERE _tenant = 'main' AND _id = '#1'",
    "UPDATE crmcore.opportunity SET _extra = '{\"own\":\"y\"}' WHERE _tenant = 'main' AND _id = '#1'",
    "UPDATE crmcore.opportunity SET _version = 3 WHERE _tenant = 'main' AND _id = '#1'",
    "UPDATE crmcore.opportunity SET _made = 9 WHERE _tenant = 'main' AND _id = '#2'",
    "UPDATE crmcore.opportunity SET _newest = '{1,0,0}' WHERE _tenant = 'main' AND _id = '#1'",
    "UPDATE crmcore.opportunity SET _id = '1' WHERE _tenant = 'main' AND _id = '#1'",
    "UPDATE crmcore.opportunity SET _tenant = 'third' WHERE _tenant = 'main' AND _id = '#1'",
    "UPDATE crmcore._record SET _kind = 'thin' WHERE _tenant = 'main' AND _kind = 'thing'",
    "UPDATE crmcore._record SET _extra = '{\"size\":5}' WHERE _tenant = 'main' AND _kind = 'thing'",
    "DELETE FROM crmcore.opportunity WHERE _tenant = 'main' AND _id = '#2'",
    "DELETE FROM crmcore._record WHERE _tenant = 'main' AND _kind = 'other thing'",
    "INSERT INTO crmcore._record SELECT _tenant, 'more', _id, _version, _made, _newest, _extra FROM crmcore._record LIMIT 1",
    "INSERT INTO crmcore.lead (_tenant, _id, _version, _made, _newest) VALUES ('main', 'x', 1, 1, '{1,0,0}')",
    "DELETE FROM crmcore._entry WHERE _tenant = 'main' AND number = 6",
    "DELETE FROM crmcore._entry WHERE _tenant = 'main' AND number = 3",
    "DELETE FROM crmcore._entry WHERE _tenant = 'main'",
    "DELETE FROM crmcore._head WHERE _tenant = 'main'",
    "UPDATE crmcore._head SET number = 7 WHERE _tenant = 'main'",
    "UPDATE crmcore._head SET number = 5 WHERE _tenant = 'main'",
    "UPDATE crmcore._head SET chain = '\\x00' WHERE _tenant = 'main'",
    "UPDATE crmcore._consumer SET cursor = 7 WHERE _tenant = 'main'",
]


@pytest.mark.parametrize("statement", STATE)
def test_an_altered_record_or_number(filled, statement):
    """Each column of a record, rows that are gone or added, and the numbers that the log ends with."""
    assert altered(filled, statement)


def test_the_end_of_a_log_cut_off_with_its_records(filled):
    """Who takes the last entry away and mends records and numbers is given away by the chain."""
    faults = altered(
        filled,
        "DELETE FROM crmcore._entry WHERE _tenant = 'main' AND number = 6",
        "DELETE FROM crmcore._record WHERE _tenant = 'main' AND _kind = 'other thing'",
        "UPDATE crmcore._consumer SET cursor = 5 WHERE _tenant = 'main'",
        "UPDATE crmcore._head SET number = 5 WHERE _tenant = 'main'",
    )
    assert len(faults) == 1
    assert "the log ends with entry 5" in faults[0]


def test_many_faults_are_not_all_told(filled):
    """Of very many faults of a tenant the first hundred are told, and that there are more."""
    faults = altered(
        filled,
        "INSERT INTO crmcore.lead (_tenant, _id, _version, _made, _newest) SELECT 'main', n::text, 1, n, '{1,0,0}' FROM generate_series(1, 300) n",
    )
    assert len(faults) == 101
    assert faults[-1] == "tenant 'main': and more, which were not looked for"


def test_a_tenant_with_nothing_but_a_consumer_is_sound(opened):
    """A consumer that waits for the first entry is no fault."""
    backend = opened()
    backend.scoped("waiting").advance("kpi", 0, b"nothing yet", expected=0)
    assert backend.verify().faults == ()


def test_progress_is_told(filled):
    """`progress` is called with the entries checked, last with all of them."""
    seen = []
    assert filled[0].verify(seen.append).entries == 12
    assert seen[-1] == 12


def test_a_check_reads_every_column(filled):
    """What a check compares are all columns that the tables have."""
    backend, database = filled
    with database.connect() as admin:
        there = present(admin, backend.address)
    layout = Layout(there)
    for table in tables():
        own = {"_tenant", "_id", "_version", "_made", "_newest", "_extra"}
        assert {c.name for c in layout.columns(table)} | own == set(there[table])


def test_every_column_of_an_entry_is_altered_once():
    """The list of alterations above leaves no column of the log out."""
    assert {change.split(" = ")[0] for change, _ in ENTRY} >= {"digest", "chain", *ENTRY_COLUMNS}
