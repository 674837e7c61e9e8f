"""`crmcore store`, and commands that measure a store."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import crmcore as cc
from crmcore.cli.stores import url_of
from crmcore.errors import ArgumentError
from crmcore.stores import StoreUrl

BAD = "d8,won,Anna,EMEA,2026-01-05,2026-02-10,much,0\nd1,won,Anna,EMEA,2026-01-05,2026-02-10,1,0\n"


@pytest.fixture
def store(crmcore: Any, folder: Path, tmp_path: Path) -> Path:
    """Return the file of a store with the seven deals and two sellers."""
    file = tmp_path / "crm.db"
    assert crmcore("store", "init", file).status == 0
    assert crmcore("store", "import", file, "--data", folder).status == 0
    return file


def test_from_nothing_to_a_backup(crmcore: Any, folder: Path, tmp_path: Path) -> None:
    """init, import, stats, verify, export, import of the export, backup: each says what it did, and ends with 0."""
    file, copy = tmp_path / "crm.db", tmp_path / "copy.db"
    assert crmcore("store", "init", file).out == f"{file} is ready: tenant main, 0 entries\n"
    assert crmcore("store", "init", copy).status == 0
    assert crmcore("store", "import", file, "--data", folder).lines[0] == (
        "9 rows: 9 written, 0 were there, 0 rejected"
    )
    assert crmcore("store", "init", file).out == f"{file} is ready: tenant main, 9 entries\n"
    assert crmcore("store", "stats", file).lines[2:5] == ["opportunity        7", "seller             2", ""]
    assert crmcore("store", "verify", file).out == "9 entries and 9 records checked: sound\n"
    exported = crmcore("store", "export", file, tmp_path / "out").lines
    assert [Path(line).name for line in exported[:-1]] == ["log.jsonl", "opportunity.csv", "seller.csv"]
    assert exported[-1] == "9 records and 9 entries in 3 files"
    assert crmcore("store", "import", copy, "--data", tmp_path / "out").lines[0].startswith("9 rows: 9 written")
    again = crmcore("store", "import", copy, "--data", tmp_path / "out")
    assert again.lines == ["9 rows: 0 written, 9 were there, 0 rejected"]
    assert crmcore("store", "backup", copy, tmp_path / "b.db").out.endswith(" bytes\n")
    with cc.Workspace(store=f"sqlite:///{file}") as a, cc.Workspace(store=f"sqlite:///{tmp_path / 'b.db'}") as b:
        assert [(e.number, e.id, dict(e.values)) for e in a.store.entries()] == [
            (e.number, e.id, dict(e.values)) for e in b.store.entries()
        ]


def test_as_json(crmcore: Any, folder: Path, tmp_path: Path) -> None:
    """Each action gives its facts as JSON."""
    file = tmp_path / "crm.db"

    def told(*arguments: object) -> Any:
        run = crmcore("store", *arguments, "--json")
        assert run.status == 0
        return json.loads(run.out)

    assert told("init", file) == {"store": str(file), "tenant": "main", "entries": 0}
    brought = told("import", file, "--data", folder)
    assert {n: brought[n] for n in ("rows", "written", "there", "rejected")} == {
        "rows": 9, "written": 9, "there": 0, "rejected": []
    }  # fmt: skip
    assert [i["kind"] for i in brought["issues"]] == ["unpriced"]
    facts = told("stats", file)
    assert (facts["records"], facts["entries"], facts["consumers"]) == ({"opportunity": 7, "seller": 2}, 9, {})
    assert told("verify", file) == {"entries": 9, "records": 9, "faults": []}
    assert told("export", file, tmp_path / "out")["records"] == {"opportunity": 7, "seller": 2}
    copied = told("backup", file, tmp_path / "b.db")
    assert copied["bytes"] == (tmp_path / "b.db").stat().st_size


def test_rejected_rows_are_listed_and_nothing_is_lost(crmcore: Any, folder: Path, tmp_path: Path) -> None:
    """Rows that cannot be taken are named and written down, the others are in, and the status is 1."""
    with (folder / "opportunity.csv").open("a", encoding="utf-8") as file:
        file.write(BAD)
    store = tmp_path / "crm.db"
    crmcore("store", "init", store)
    run = crmcore("store", "import", store, "--data", folder, "--rejected", tmp_path / "bad.csv")

    assert run.status == 1
    assert run.lines[0] == "9 rows: 9 written, 0 were there, 2 rejected"
    assert [line for line in run.lines if line.startswith("rejected")] == [
        "rejected: opportunity row 8: amount: not a number 'much'",
        "rejected: opportunity row 9: id: duplicate id 'd1'",
    ]
    with (tmp_path / "bad.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["row"], r["id"], r["amount"]) for r in rows] == [("8", "d8", "much"), ("9", "d1", "1")]
    (folder / "opportunity.csv").write_text(
        "id,outcome,amount,created_at\n"
        + "".join(f"x{n},open,{'' if n == 7 else 'y'},2026-07-01\n" for n in range(26)),
        encoding="utf-8",
    )
    assert (
        "... and 5 more rejected rows; --rejected FILE writes them all"
        in crmcore("store", "import", store, "--data", folder).out
    )


def test_a_store_measures_what_its_files_measure(crmcore: Any, folder: Path, store: Path) -> None:
    """measure, scorecard, explain and next print the same from --store as from --data."""
    for command in (
        ("measure", "win_rate", "won_value", "--by", "owner", "--per", "month"),
        ("measure", "won_value", "--where", "owner=王芳", "--format", "json"),
        ("scorecard", "--per", "quarter"),
        ("explain", "win_rate", "--group", "owner=Anna"),
        ("next",),
        ("check",),
    ):
        plain = crmcore(*command, "--data", folder)
        kept = crmcore(*command, "--store", store)
        assert plain.status == 0
        # where nothing is said, a store knows that a seller is active and a deal was never pushed
        known = plain.out.replace("activity, seller.active", "activity").replace("; pushed (push_count)", "")
        assert kept == plain._replace(out=known), command


def test_an_empty_store_is_measured(crmcore: Any, tmp_path: Path) -> None:
    """Of no record a count is 0, and a ratio undefined; the tenant of another has none either (R2, K10)."""
    crmcore("store", "init", tmp_path / "crm.db")
    run = crmcore("measure", "won_value", "win_rate", "--store", tmp_path / "crm.db", "--format", "csv")

    assert run.lines[1] == "0.0,"


def test_tenants(crmcore: Any, folder: Path, store: Path) -> None:
    """Each tenant has records of its own; --tenant says whose."""
    crmcore("store", "import", store, "--data", folder / "seller.csv", "--tenant", "acme", "--at", "2026-01-01")

    assert json.loads(crmcore("store", "stats", store, "--tenant", "acme", "--json").out)["records"] == {"seller": 2}
    assert "7" in crmcore("store", "stats", store).out
    assert crmcore("measure", "won_deals", "--store", store, "--tenant", "acme", "--format", "csv").lines[1] == "0"


def test_when_data_was_so(crmcore: Any, folder: Path, tmp_path: Path) -> None:
    """--at is the moment of the picture, --recorded-at when it was learnt, by default the end of that day (T8)."""
    store = tmp_path / "crm.db"
    crmcore("store", "init", store)
    crmcore("store", "import", store, "--data", folder / "seller.csv", "--at", "2026-03-01", "--source", "hr")
    crmcore(
        "store", "import", store, "--data", folder / "opportunity.csv", "--at", "2026-07-01", "--recorded-at",
        "2026-07-02T08:00+02:00",
    )  # fmt: skip
    with cc.Workspace(store=f"sqlite:///{store}") as ws:
        found = [(e.at.isoformat(), e.recorded_at.isoformat(), e.source) for e in ws.store.entries()]

    assert found[0] == ("2026-03-01", "2026-03-01T23:59:59.999999+00:00", "hr")
    assert found[-1] == ("2026-07-01", "2026-07-02T06:00:00+00:00", "import")
    wrong = crmcore("store", "import", store, "--data", folder, "--at", "2026-07-01", "--recorded-at", "2026-07-02")
    assert (wrong.status, "takes an instant" in wrong.err) == (2, True)


def test_the_past_is_exported(crmcore: Any, store: Path, tmp_path: Path) -> None:
    """--at gives the tables as they were, without the log; --force takes a folder with something in it."""
    out = tmp_path / "out"
    assert crmcore("store", "export", store, out, "--at", "2026-12-31", "--known", "2026-12-31").status == 0
    assert sorted(p.name for p in out.iterdir()) == ["opportunity.csv", "seller.csv"]
    assert "is not empty" in crmcore("store", "export", store, out).err
    assert crmcore("store", "export", store, out, "--force").status == 0
    assert (out / "log.jsonl").is_file()


def test_a_damaged_store_is_found(crmcore: Any, store: Path) -> None:
    """What was altered behind the store's back is a fault, and the status is 1 (K12)."""
    with sqlite3.connect(store) as raw:
        raw.execute("UPDATE state_seller SET team = 'west' WHERE _id = 'Anna'")
    raw.close()
    run = crmcore("store", "verify", store)

    assert run.status == 1
    assert "fault: " in run.out
    assert json.loads(crmcore("store", "verify", store, "--json").out)["faults"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("stats", "no.db"), "crmcore store init makes a store"),
        (("stats", "memory:"), "gone with the command"),
        (("stats", ""), "the text is empty"),
        (("stats", "postgresq://a:secret@h/x"), "no kind of store named 'postgresq'"),
        (("init", "no/x.db"), "is not there"),
        (("stats", "{folder}/seller.csv"), "no store of crmcore"),
        (("init", "{folder}"), "is no file"),
        (("import", "{store}", "--data", "nowhere"), "no file or folder 'nowhere'"),
        (("import", "{store}", "--data", "{folder}", "--at", "soon"), "takes a date"),
        (("import", "{store}"), "required: --data"),
        (("export", "{store}", "{folder}"), "is not empty"),
        (("export", "{store}", "{folder}/seller.csv"), "is a file"),
        (("backup", "{store}", "{store}"), "is there already"),
        (("stats", "{store}", "--tenant", ""), "tenant is text"),
        (("stat", "{store}"), "invalid choice"),
    ],
)
def test_what_cannot_be_done(crmcore: Any, store: Path, folder: Path, arguments: Any, why: str) -> None:
    """Errors are one line, with status 2; no password is in them, and no file is made."""
    run = crmcore("store", *(a.format(store=store, folder=folder) for a in arguments))

    assert run.status == 2
    assert why in run.err
    assert run.err.count("\n") == 1
    assert "secret" not in run.err
    assert not Path("no.db").exists()


def test_data_or_a_store(crmcore: Any, store: Path, folder: Path, tmp_path: Path) -> None:
    """One of the two; a profile is for files, a tenant for a store; explaining without either is the definition."""
    for arguments, why in [
        (("measure", "win_rate"), "one of the arguments --data --store"),
        (("measure", "win_rate", "--data", folder, "--store", store), "not allowed with"),
        (("measure", "win_rate", "--data", folder, "--tenant", "x"), "--tenant is of a store"),
        (("measure", "win_rate", "--store", store, "--profile", "x.toml"), "--profile says how the files"),
        (("measure", "win_rate", "--store", tmp_path / "no.db"), "is not there"),
        (("explain", "win_rate", "--tenant", "x"), "or --store STORE"),
        (("store", "import", store, "--data", tmp_path / "out", "--profile", "x"), "is for the files of a host"),
    ]:
        if arguments[1] == "import":
            crmcore("store", "export", store, tmp_path / "out")
        run = crmcore(*arguments)
        assert (run.status, why in run.err) == (2, True), run.err


def test_a_store_that_a_plugin_brings(crmcore: Any, folder: Path, tmp_path: Path) -> None:
    """A URL may name a kind of store of a plugin; without it the error says where it may come from."""
    plugin = tmp_path / "kept.py"
    plugin.write_text(
        "import crmcore as cc\n"
        "from crmcore.stores import StoreSpec\n"
        "from crmcore.stores.sqlite import opened\n"
        "CRMCORE_API = (1, 0)\n"
        "@cc.hookimpl\n"
        "def crmcore_stores():\n"
        "    return [StoreSpec('kept', opened, 'A file.')]\n",
        encoding="utf-8",
    )
    url = f"kept:///{tmp_path / 'crm.db'}"
    assert crmcore("store", "init", url, "--plugin", plugin).status == 0
    assert crmcore("store", "import", url, "--data", folder, "--plugin", plugin).status == 0
    run = crmcore("measure", "won_deals", "--store", url, "--plugin", plugin, "--format", "csv")
    assert run.lines[1] == "3"
    assert "--discover loads" in crmcore("store", "stats", url).err


def test_long_work_tells_how_far_it_is(
    crmcore: Any, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal there is a line on standard error now and then, and none for short work."""
    assert crmcore("store", "export", store, tmp_path / "a").err == ""
    monkeypatch.setattr("crmcore.cli.screen._STEP", 5)
    run = crmcore("store", "export", store, tmp_path / "b")

    assert run.err.splitlines() == ["crmcore: 9 of 18 records and entries", "crmcore: 16 of 18 records and entries"]


def test_a_path_or_a_url() -> None:
    """A path is that of a SQLite file, also that of a drive; anything with a scheme is a URL."""
    assert url_of("a b/crm.db") == StoreUrl("sqlite", "a b/crm.db")
    assert url_of("/srv/crm.db") == StoreUrl("sqlite", "/srv/crm.db") == url_of("sqlite:////srv/crm.db")
    assert url_of("C:\\crm.db") == StoreUrl("sqlite", "C:\\crm.db")
    assert url_of("postgresql://h/x").scheme == "postgresql"
    with pytest.raises(ArgumentError):
        url_of("")
