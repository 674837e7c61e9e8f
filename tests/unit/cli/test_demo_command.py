"""`crmcore demo`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from crmcore import demo


def test_the_demo_shows_a_scorecard(crmcore: Any) -> None:
    """A small organisation is generated, measured and explained, the same twice, in either language."""
    run = crmcore("demo", "--rows", "300", "--seed", "5")

    assert run.status == 0
    assert "Win rate" in run.out
    assert "赢率" in crmcore("demo", "--rows", "300", "--seed", "5", "--language", "zh").out


def test_rows_and_seed_are_handed_on(crmcore: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not given is left to the demo."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(demo, "run", lambda **given: seen.append(given))

    crmcore("demo")
    crmcore("demo", "--rows", "10", "--seed", "3", "--language", "zh")

    assert [sorted(given) for given in seen] == [["out", "workspace"], ["out", "rows", "seed", "workspace"]]
    assert (seen[1]["rows"], seen[1]["seed"], seen[1]["workspace"].language) == (10, 3, "zh")


def test_the_organisation_as_files(crmcore: Any, tmp_path: Path) -> None:
    """With --write it goes into a new folder as files, which are named, with the command to go on with."""
    folder = tmp_path / "my export"
    run = crmcore("demo", "--write", str(folder), "--rows", "120", "--seed", "5")
    *named, blank, command = run.out.splitlines()

    assert run.status == 0
    assert [Path(line) for line in named] == sorted(folder.iterdir())
    assert {"crmcore.toml", "invoice.csv", "opportunity.csv", "touch.csv"} <= {p.name for p in folder.iterdir()}
    assert blank == ""
    card = crmcore(*shlex.split(command)[1:])
    assert card.status == 0
    assert "Net promoter score" in card.out
    assert "Unavailable" not in card.out


def test_nothing_is_written_over_by_accident(crmcore: Any, tmp_path: Path) -> None:
    """A folder with something in it is refused, unless --force says so; then what else is in there stays."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    refused = crmcore("demo", "--write", str(tmp_path), "--rows", "20")

    assert refused.status == 2
    assert "is not empty; name a new one" in refused.err
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    assert crmcore("demo", "--write", str(tmp_path), "--rows", "20", "--force").status == 0
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "lead.csv").is_file()


def test_write_takes_a_folder(crmcore: Any, tmp_path: Path) -> None:
    """A file is no folder, and --force alone means nothing."""
    file = tmp_path / "export.csv"
    file.write_text("id", encoding="utf-8")

    assert "is a file" in crmcore("demo", "--write", str(file), "--force").err
    assert "--force is for --write" in crmcore("demo", "--force").err


def test_the_store_of_the_demo_is_kept(crmcore: Any, tmp_path: Path) -> None:
    """With --keep the store stays in a new file; --write is another run."""
    file = tmp_path / "atlas.db"

    assert crmcore("demo", "--rows", "40", "--keep", file).status == 0
    assert crmcore("store", "verify", file).out.endswith("sound\n")
    assert "is there already" in crmcore("demo", "--rows", "40", "--keep", file).err
    assert "runs of their own" in crmcore("demo", "--write", tmp_path / "x", "--keep", tmp_path / "y.db").err
