"""The tables of a store: made once, brought up to date forwards only, and refused where they are not ours."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from crmcore.domain import RECORDS, fields_of
from crmcore.errors import ArgumentError, StoreError, StoreFormatError
from crmcore.stores import Write
from crmcore_postgres import PostgresBackend, install, schema
from crmcore_postgres.layout import tables, wanted
from crmcore_postgres.migrations import Step, steps
from crmcore_postgres.testing import APP, PASSWORD

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
CHECKSUMS = {1: "47f389744af41385e0a36f617a9e7f46677548f168f35dd61f598cdef04fa06d"}
"""Of the steps that were released: a step is never changed, a new one is added."""


def test_released_steps_are_never_changed():
    """Each step has the text that it was released with."""
    assert {step.number: step.checksum for step in steps()} == CHECKSUMS


def test_steps_are_numbered_without_a_gap():
    """Steps are 1, 2, 3 ..., and each has a name."""
    assert [step.number for step in steps()] == list(range(1, len(steps()) + 1))
    assert all(step.name for step in steps())


def test_every_field_of_the_domain_has_its_columns(backend):
    """Each table of the domain is there, with a column of the right type for each field; who adds a field adds a step."""
    assert set(tables()) == set(RECORDS) - {"change"}
    for table in tables():
        there = backend.tables.layout.fields(table)
        assert set(there) == {f.name for f in fields_of(RECORDS[table])} - {"id"}, table


def test_no_two_fields_share_a_column():
    """The columns of money and moments have names that no other field has."""
    for table in tables():
        names = [c.name for _, columns in wanted(table).values() for c in columns]
        assert len(set(names)) == len(names), table
        assert not any(name.startswith("_") for name in names), table


def test_a_field_without_a_column_is_kept_all_the_same(database):
    """A field that a newer crmcore has, and the tables have not yet, is kept whole with the host's own fields."""
    with database.connect() as admin:
        admin.execute("ALTER TABLE crmcore.opportunity DROP COLUMN stage, DROP COLUMN amount_currency")
    from crmcore.domain import Money

    values = {"stage": "offer", "amount": Money("12.50", "EUR"), "name": "x"}
    backend = PostgresBackend(database.url)
    store = backend.scoped()
    store.append([Write("opportunity", 1, values, at=NOW, recorded_at=NOW)])
    assert store.get("opportunity", 1).values == values
    (batch,) = store.scan("opportunity", ["stage", "amount"])
    assert [c[0] for c in batch.columns[2:]] == ["offer", values["amount"]]
    assert backend.verify().sound
    backend.close()


def test_a_database_without_tables_is_refused(bare):
    """The role of the library makes no tables; the message says who does, and how."""
    with pytest.raises(StoreFormatError, match=r"no store in schema 'crmcore'.*python -m crmcore_postgres install"):
        PostgresBackend(bare.url)


def test_install_says_what_it_did(bare):
    """The first call applies all steps, the second none."""
    assert install(bare.owner_url, role=APP) == steps()
    assert install(bare.owner_url, role=APP) == ()
    PostgresBackend(bare.url).close()


def test_four_processes_install_at_once(bare):
    """Of four that install at the same time one does it, and the others wait and find it done."""
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: install(bare.owner_url, role=APP), range(4)))
    assert sorted(map(len, done)) == [0, 0, 0, len(steps())]


def test_a_step_that_fails_leaves_nothing(bare, monkeypatch):
    """Steps and the record of them are one transaction: after a failure nothing of any is there."""
    broken = Step(len(steps()) + 1, "broken", "CREATE TABLE half (a int); SELECT 1/0;")
    monkeypatch.setattr(schema, "steps", lambda: (*steps(), broken))
    with pytest.raises(StoreError, match="division by zero"):
        install(bare.owner_url, role=APP)
    with bare.connect() as admin:
        assert admin.execute("SELECT to_regnamespace('crmcore')").fetchone() == (None,)


def test_a_store_is_brought_up_to_date(database, monkeypatch):
    """A later step is applied to a store with records in it; before that the library of that version refuses it."""
    backend = PostgresBackend(database.url)
    backend.scoped().append([Write("lead", 1, {"name": "x"}, at=NOW, recorded_at=NOW)])
    backend.close()
    later = Step(len(steps()) + 1, "later", "ALTER TABLE lead ADD COLUMN later text;")
    known = (*steps(), later)
    monkeypatch.setattr(schema, "steps", lambda: known)
    monkeypatch.setattr("crmcore_postgres.wall.steps", lambda: known)
    with pytest.raises(StoreFormatError, match=f"has format {len(known) - 1}, this version needs {len(known)}"):
        PostgresBackend(database.url)
    assert install(database.owner_url, role=APP) == (later,)
    backend = PostgresBackend(database.url)
    assert backend.scoped().get("lead", 1).values == {"name": "x"}
    backend.close()


def test_a_newer_format_is_refused(database):
    """A store of a newer version is neither read nor written, nor brought back."""
    with database.connect() as admin:
        admin.execute("INSERT INTO crmcore._migration (number, name, checksum) VALUES (99, 'later', '')")
        admin.execute("UPDATE crmcore._migration SET number = 2 WHERE number = 99")
    for attempt in (lambda: PostgresBackend(database.url), lambda: install(database.owner_url)):
        with pytest.raises(StoreFormatError, match=r"has format 2.*knows up to 1; install a newer"):
            attempt()


def test_a_step_that_was_altered_is_refused(database):
    """A checksum that is not ours means tables that are not ours."""
    with database.connect() as admin:
        admin.execute("UPDATE crmcore._migration SET checksum = 'x'")
    with pytest.raises(StoreFormatError, match=r"step 1 .* is not the one of this version"):
        PostgresBackend(database.url)


@pytest.mark.parametrize("name", ["Crm Store", 'a"; DROP SCHEMA crmcore; --', "客户", "select"])
def test_a_schema_of_any_name(bare, name):
    """The name of the schema is quoted wherever it stands."""
    from urllib.parse import quote

    own = f"&schema={quote(name)}"
    install(bare.owner_url + own, role=APP)
    backend = PostgresBackend(bare.url + own)
    store = backend.scoped()
    store.append([Write("lead", 1, {"name": "x"}, at=NOW, recorded_at=NOW)])
    assert store.stats().records == {"lead": 1}
    assert backend.verify().sound
    assert backend.warnings()
    backend.close()


def test_two_stores_in_one_database(database):
    """Stores in two schemas of one database know nothing of each other, and do not wait for each other."""
    install(database.owner_url + "&schema=second", role=APP)
    one, two = PostgresBackend(database.url), PostgresBackend(database.url + "&schema=second&lock_timeout=5")
    with one.scoped().transaction() as first:
        first.append([Write("lead", 1, {"name": "x"}, at=NOW, recorded_at=NOW)])
        assert two.scoped().append([Write("lead", 1, {"name": "y"}, at=NOW, recorded_at=NOW)]).last == 1
    assert one.scoped().get("lead", 1).values == {"name": "x"}
    one.close()
    two.close()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("schema=public", "a schema of its own"),
        ("schema=pg_temp", "a schema of its own"),
        ("schema=" + "x" * 64, "1 to 63 bytes"),
        ("lock_timeout=soon", "number of seconds"),
        ("lock_timeout=nan", "number of seconds"),
        ("single_tenant_development=maybe", "yes or no"),
        ("password=x", "no option 'password'"),
        ("options=-c%20fsync=off", "no option 'options'"),
    ],
)
def test_options_that_cannot_be(database, asked, says):
    """An option that is not known, or means nothing, is refused before anything is connected."""
    with pytest.raises(ArgumentError, match=says):
        PostgresBackend(f"{database.url}&{asked}")


@pytest.mark.parametrize("url", ["postgresql://u@h", "postgresql://u@h/", "postgresql://u@h/a/b", "sqlite:///a"])
def test_urls_that_name_no_database(url):
    """The path of a URL is the name of a database, and nothing else."""
    with pytest.raises(ArgumentError):
        PostgresBackend(url)


def test_a_url_from_outside_names_no_files(tmp_path):
    """Where stores are kept in a folder, a URL cannot make the library read a file somewhere else."""
    from crmcore.stores.url import parse_url

    with pytest.raises(ArgumentError, match="names no files"):
        PostgresBackend(parse_url("postgresql://u@h/d?passfile=/etc/passwd", root=tmp_path))


def test_install_from_a_shell(bare):
    """`python -m crmcore_postgres install` reads the URL from the environment, and shows no password."""
    done = subprocess.run(
        [sys.executable, "-m", "crmcore_postgres", "install", "--role", APP],
        env={"CRMCORE_POSTGRES_OWNER_URL": bare.owner_url, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["step 1: first", f"role {APP} may use the store"]
    assert PASSWORD not in done.stdout + done.stderr
    PostgresBackend(bare.url).close()
    again = subprocess.run(
        [sys.executable, "-m", "crmcore_postgres", "install"],
        env={"CRMCORE_POSTGRES_OWNER_URL": bare.owner_url, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout.splitlines() == ["up to date"]


def test_install_from_a_shell_that_fails(bare):
    """An error is one line and the code 2, without a password."""
    done = subprocess.run(
        [sys.executable, "-m", "crmcore_postgres", "install"],
        env={"CRMCORE_POSTGRES_OWNER_URL": bare.url, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "permission denied" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert PASSWORD not in done.stderr
