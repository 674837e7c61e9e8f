"""The system services that `make services` installs are there and answer."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.services

REMEDY = "run `make services` as root"


def program(name: str, *places: str) -> str:
    """Return the path of a program, looked for on PATH and then in the folders that match `places`."""
    found = shutil.which(name)
    for pattern in places:
        found = found or next((str(p) for p in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)), None)
    if found is None:
        pytest.fail(f"{name} is not installed: {REMEDY}", pytrace=False)
    return found


def answer(*command: str) -> str:
    """Return what a command prints; fail with the remedy where it does not run."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        pytest.fail(f"{command[0]} does not answer ({done.stderr.strip()[-300:]}): {REMEDY}", pytrace=False)
    return done.stdout + done.stderr


def test_postgresql_makes_a_cluster_and_answers_a_query(tmp_path: Path) -> None:
    """A cluster made by initdb computes 40 + 2 in single-user mode, and psql is the same major version."""
    initdb = program("initdb", "/usr/lib/postgresql/*/bin/initdb")
    postgres = program("postgres", "/usr/lib/postgresql/*/bin/postgres")
    psql = program("psql", "/usr/lib/postgresql/*/bin/psql")
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        shutil.chown(cluster, "postgres", "postgres")
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(folder.stat().st_mode | 0o011)

    answer(*user, initdb, "--auth=trust", "--no-sync", "--encoding=UTF8", "--pgdata", str(cluster))
    done = subprocess.run(
        [*user, postgres, "--single", "-F", "-D", str(cluster), "postgres"],
        input="select 40 + 2 as sum;\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert 'sum = "42"' in done.stdout, done.stderr
    major = answer(postgres, "--version").split()[2].split(".")[0]
    assert f" {major}." in answer(psql, "--version")


def test_java_runs() -> None:
    """A Java runtime of version 11 or newer starts."""
    version = answer(program("java", "/usr/lib/jvm/*/bin/java"), "-version").split('"')[1]

    assert int(version.split(".")[0]) >= 11


def test_chromium_renders_a_page(tmp_path: Path) -> None:
    """A page that writes itself by script comes back rendered."""
    page = tmp_path / "page.html"
    page.write_text("<p id=a></p><script>document.getElementById('a').textContent = 6 * 7</script>", encoding="utf-8")

    rendered = answer(
        program("chromium"),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
        page.as_uri(),
    )

    assert '<p id="a">42</p>' in rendered


def test_a_chinese_font_is_installed() -> None:
    """A font for Simplified Chinese is known to fontconfig."""
    fonts = answer(program("fc-list"), ":lang=zh-cn", "family")

    assert "Noto Sans CJK" in fonts, f"no Noto CJK font: {REMEDY}"
