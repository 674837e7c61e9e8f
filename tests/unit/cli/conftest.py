"""A folder with two CSV files, and a way to run the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from crmcore.cli import main

DEALS = """\
id,outcome,owner,region,created_at,closed_at,amount,reopened
d1,won,Anna,EMEA,2026-01-05,2026-02-10,1200.50,0
d2,won,Anna,EMEA,2026-01-15,2026-03-10,800,1
d3,lost,Anna,APAC,2026-01-20,2026-04-01,500,0
d4,won,王芳,APAC,2026-02-01,2026-05-02,,0
d5,lost,王芳,APAC,2026-02-11,2026-05-20,300,0
d6,open,王芳,APAC,2026-05-11,,700,0
d7,lost,,EMEA,2026-03-01,2026-06-20,100,2
"""
SELLERS = "id,team\nAnna,north\n王芳,south\n"


class Run(NamedTuple):
    """What a command printed, and its status."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Return the lines on standard output."""
        return self.out.splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with opportunities and sellers; every row is good."""
    path = tmp_path / "exports"
    path.mkdir()
    (path / "opportunity.csv").write_text(DEALS, encoding="utf-8")
    (path / "seller.csv").write_text(SELLERS, encoding="utf-8")
    return path


@pytest.fixture
def crmcore(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Return a function that runs `crmcore` with these arguments."""

    def run(*arguments: object) -> Run:
        capsys.readouterr()
        status = main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return Run(status, out, err)

    return run
