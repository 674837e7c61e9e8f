"""The organisation as files."""

from __future__ import annotations

from pathlib import Path

import pytest

import crmcore as cc
from crmcore import demo
from crmcore.errors import HistoryUnavailable, TableNotFound
from crmcore.kpis import ANALYSES, CATALOGUE

AS_KNOWN_THEN = {
    "forecast_backtest": "probability",
    "forecast_calibration": "probability",
    "category_conversion": "forecast category",
}
"""Analyses that take any of several changes: of the stage, or of this."""
WITHOUT_HISTORY = [n for n, analysis in ANALYSES.items() if "change" not in analysis.needs and n not in AS_KNOWN_THEN]


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
    """Every metric and analysis of the catalogue gives on the files what it gives on the arrays, to the last bit (Q4)."""
    files, arrays = cc.read(folder), demo.dataset(400, 5)
    host, own = cc.Workspace.load(folder / "crmcore.toml"), demo.workspace()

    for name in CATALOGUE:
        assert host.measure(name, files, by="team").rows() == own.measure(name, arrays, by="team").rows(), name
    for name in WITHOUT_HISTORY:
        assert host.analyse(name, files).to_dict() == own.analyse(name, arrays).to_dict(), name
    key = str
    assert sorted(map(key, files.issues)) == sorted(map(key, arrays.issues))


def test_nothing_of_the_catalogue_is_unavailable(folder: Path) -> None:
    """There is data for each metric: the scorecard of the files lacks no table and no column.

    Undefined in the running quarter is only what it has no plans for, or too short a history.
    """
    host, files = cc.Workspace.load(folder / "crmcore.toml"), cc.read(folder)
    card = host.scorecard(files, per="quarter")
    undefined = {line.metric.name: line.reason for line in card.lines if line.value is None}

    assert dict(card.missing) == {}
    assert (card.period, card.before) == ("2026-Q2", "2026-Q1")
    assert undefined == {
        "won_value_cagr_3_years": "denominator is zero",  # a business of two years
        "revenue_budget_attainment": "denominator is zero",  # sellers have quotas, and no budgets
        "budget_use": "denominator is zero",
        "product_budget_use": "denominator is zero",
    }
    empty = [name for name in WITHOUT_HISTORY if not len(host.analyse(name, files))]
    assert empty == []


def test_what_needs_a_history_is_unavailable(folder: Path) -> None:
    """S5: an export holds no changes, so what tells of the past of single deals says so, and gives no number."""
    host, files = cc.Workspace.load(folder / "crmcore.toml"), cc.read(folder)

    assert set(ANALYSES) > set(WITHOUT_HISTORY)
    for name, other in AS_KNOWN_THEN.items():
        with pytest.raises(HistoryUnavailable, match=f"needs the changes of the stage or of the {other}"):
            host.analyse(name, files)
    for name in ANALYSES.keys() - set(WITHOUT_HISTORY) - AS_KNOWN_THEN.keys():
        with pytest.raises(TableNotFound, match="no table named 'change'"):
            host.analyse(name, files)


def test_blanks_instants_and_durations_as_text(folder: Path) -> None:
    """A blank is an empty cell, an instant ends in Z, a duration is h:mm:ss, a flag a word."""
    header, *rows = (folder / "activity.csv").read_text("utf-8").splitlines()
    row = dict(zip(header.split(","), rows[0].split(","), strict=True))
    lead = (folder / "lead.csv").read_text("utf-8").splitlines()[1]

    assert row["at"].endswith("Z")
    assert all(len(r.split(",")) == len(header.split(",")) for r in rows)
    assert {len(r.split(",")[header.split(",").index("duration")].split(":")) for r in rows} == {1, 3}
    assert ",true," in lead or ",false," in lead
