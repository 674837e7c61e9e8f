"""Owned: a server that tests start in a folder of its own, stop, and kill."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo

from .binaries import other_user, reachable
from .server import PASSWORD, Server

__all__ = ["Owned"]

_LIBC = ctypes.CDLL(None)
_READY = 60.0
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


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
        self._user = other_user()
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
            binaries = reachable(binaries, self.folder, self._user)
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

    def halt(self) -> None:
        """Stop it at once, as `pg_ctl stop --mode immediate` does: nothing is written down, and the next start recovers."""
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=_READY)
            self._process = None

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


def _without_pg() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _end_with_parent() -> None:
    """Ask Linux to end the server when the tests end, however they end."""
    if sys.platform == "linux":
        _LIBC.prctl(1, signal.SIGINT)


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
