"""The organisation as files."""

from __future__ import annotations

from pathlib import Path

import pytest

import crmcore as cc
from crmcore import demo
from crmcore.kpis import CATALOGUE
from crmcore.workspace.inputs import missing_inputs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of a small organisation."""
    path = tmp_path_factory.mktemp("export") / "atlas"
    demo.write_csv(path, 400, 5)
    return path


def test_one_file_per_table(folder: Path) -> None:
    """Every table is a CSV file, with a workspace file beside them; writing again gives the same bytes."""
    names = sorted(p.name for p in folder.iterdir())

    assert names == sorted([*(f"{name}.csv" for name in demo.generate(400, 5)), "crmcore.toml"])
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert [p.name for p in demo.write_csv(folder, 400, 5)] == names
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_files_read_back_as_the_same_numbers(folder: Path) -> None:
    """Every metric that the organisation has data for gives on the files what it gives on the arrays, to the last bit (Q4)."""
    files, arrays = cc.read(folder), demo.dataset(400, 5)
    host, own = cc.Workspace.load(folder / "crmcore.toml"), demo.workspace()

    measured = [name for name, metric in CATALOGUE.items() if not missing_inputs(metric, files.tables)]
    assert len(measured) > 150
    for name in measured:
        assert host.measure(name, files, by="team").rows() == own.measure(name, arrays, by="team").rows(), name
    key = str
    assert sorted(map(key, files.issues)) == sorted(map(key, arrays.issues))


def test_blanks_instants_and_durations_as_text(folder: Path) -> None:
    """A blank is an empty cell, an instant ends in Z, a duration is h:mm:ss, a flag a word."""
    header, *rows = (folder / "activity.csv").read_text("utf-8").splitlines()
    row = dict(zip(header.split(","), rows[0].split(","), strict=True))
    lead = (folder / "lead.csv").read_text("utf-8").splitlines()[1]

    assert row["at"].endswith("Z")
    assert all(len(r.split(",")) == len(header.split(",")) for r in rows)
    assert {len(r.split(",")[header.split(",").index("duration")].split(":")) for r in rows} == {1, 3}
    assert ",true," in lead or ",false," in lead
