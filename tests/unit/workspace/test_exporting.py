"""A store as files, and a store from them."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import crmcore as cc
from crmcore.domain import Activity, Lead, Money, Opportunity
from crmcore.errors import ArgumentError, StoreError
from crmcore.table.values import values_of


def day(n: int) -> datetime:
    """Return noon of a day in March 2026."""
    return datetime(2026, 3, n, 12, tzinfo=UTC)


def rows(path: Path) -> list[list[str]]:
    """Return the cells of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def everything(ws: cc.Workspace) -> Any:
    """Return all that a store has: each entry, each record, types included."""
    log = [
        (e.number, e.table, e.id, e.version, typed(e.values), typed(e.old), e.at, type(e.at), e.recorded_at, e.actor,
         e.sequence, e.source, e.key)
        for e in ws.store.entries()
    ]  # fmt: skip
    states = {
        (table, id_): (held.version, typed(held.values))
        for table in ws.store.tables()
        for batch in ws.store.scan(table, ())
        for id_ in batch.columns[0]
        if (held := ws.store.get(table, id_)) is not None
    }
    return log, states


def cells(table: Any) -> dict[str, Any]:
    """Return the columns of a table as kinds and values."""
    return {name: (column.kind, list(values_of(column))) for name, column in table.columns.items()}


def typed(values: Any) -> dict[str, Any]:
    """Return values with their types: 1 is not True."""
    return {name: (type(value), value) for name, value in values.items()}


def fill(ws: cc.Workspace) -> None:
    """Keep a bit of everything: motions, a conversion, a late correction, keys, own fields of every kind, odd text."""
    ws.create("D1", pipeline="sales", at=day(2), by="ann", amount=Money("1200.50", "EUR"), owner="=SUM(A1)")
    ws.win("D1", at=day(9), amount=Money("1100", "EUR"), by=7)
    ws.put(
        Lead(7, created_at=date(2026, 3, 1), name='王芳, \'Ltd\n"x"', expected_amount=Money("-5", "USD")),
        recorded_at=day(3),
        at=day(3),
    )
    ws.change("lead", 7, {"owner": "bob"}, at=day(8))
    ws.change("lead", 7, {"owner": "eve"}, at=day(5), recorded_at=day(10), key="k-1", source="hook")
    ws.change("lead", 7, {"owner": "eve"}, at=day(5), recorded_at=day(11), key="k-2", source="hook")
    ws.convert(7, at=day(11), opportunity=Opportunity("D2", pipeline="sales"))
    ws.put(Activity("a1", at=day(4), duration=timedelta(minutes=90, microseconds=5), owner="'-quoted"))
    own = {
        "t": "@x", "i": 10**30, "b": True, "n": Decimal("1.50"), "q": Fraction(1, 3), "f": 0.1, "d": date(2026, 3, 1),
        "m": day(1), "s": -timedelta(seconds=61), "money": Money("3", None),
    }  # fmt: skip
    ws.change("拜访/../x", "v", own, at=day(6))
    ws.change("拜访/../x", "v", {"t": None}, at=day(7))
    ws.remove("opportunity", "D2", at=day(12))


def test_the_log_makes_an_equal_store(selling: cc.Workspace, tmp_path: Path) -> None:
    """Import of an export: every entry and record is `==`, with number, version, key, types; the past and the known too."""
    fill(selling)
    found = selling.export_data(tmp_path / "out")

    assert found.entries == selling.store.last() == 17
    steps: list[Any] = []
    for url in ("memory:", f"sqlite:///{tmp_path / 'copy.db'}"):
        with cc.Workspace(store=url) as copy:
            done = copy.import_data(tmp_path / "out", progress=lambda *step: steps.append(step))
            assert (done.rows, done.applied, steps.pop()) == (17, 17, (17, 17))
            assert everything(copy) == everything(selling)
            assert (
                str(copy.import_data(tmp_path / "out" / "log.jsonl")) == "17 rows: 0 written, 17 were there, 0 rejected"
            )
            for when in ({"at": day(6)}, {"known": day(9)}, {"at": day(6), "known": day(10)}):
                one, other = (w.dataset(history=True, **when) for w in (selling, copy))  # type: ignore[arg-type]
                assert {n: cells(t) for n, t in one.items()} == {n: cells(t) for n, t in other.items()}


def test_tables_are_what_read_takes(selling: cc.Workspace, tmp_path: Path) -> None:
    """The CSV files give back the columns of the dataset: amounts with their currency, dates, durations, deleted rows."""
    fill(selling)
    selling.export_data(tmp_path / "out", formulas=True)
    data = cc.read(tmp_path / "out")
    whole = selling.dataset()

    for name in ("opportunity", "lead", "activity", "stage", "pipeline"):
        present = {n: c for n, c in cells(whole[name]).items() if any(v is not None for v in c[1])}
        assert {n: c for n, c in cells(data[name]).items() if n in present} == present, name
    assert dict(data["opportunity"].excluded) == {"deleted": 1}
    names = ["won_value", "win_rate", "sales_cycle_days"]
    assert str(cc.measure(names, data)) == str(selling.measure(names))


def test_no_spreadsheet_runs_what_a_record_says(selling: cc.Workspace, tmp_path: Path) -> None:
    """Text that begins like a formula, or with ' before such, has a ' before it; numbers and other text have not."""
    texts = ["=1+1", "+49 30", "-x", "@a", "\tx", "\rx", "＝1", "'=1", "'s", "a=b", "", "-"]
    for n, text in enumerate(texts):
        selling.put(Lead(n, created_at=day(1), name=text, expected_amount=Money(-n, "EUR")))
    selling.export_data(tmp_path / "safe")
    selling.export_data(tmp_path / "raw", formulas=True)
    head, *found = rows(tmp_path / "safe" / "lead.csv")
    place = head.index("name")

    assert [r[place] for r in found] == [
        "'=1+1", "'+49 30", "'-x", "'@a", "'\tx", "'\rx", "'＝1", "''=1", "'s", "a=b", "", "'-"
    ]  # fmt: skip
    assert [r[place] for r in rows(tmp_path / "raw" / "lead.csv")[1:]] == texts
    assert found[3][head.index("expected_amount")] == "-3"


def test_amounts_of_two_currencies_are_never_read_as_one(ws: cc.Workspace, tmp_path: Path) -> None:
    """A record with amounts in two currencies has the second written beside its amount, which no reader takes for the first."""
    ws.put(Opportunity("D1", created_at=day(1), amount=Money(5, "EUR"), recurring=Money(7, "USD")))
    ws.put(Opportunity("D2", created_at=day(1), amount=Money(5, "USD"), recurring=Money(8, "USD")))
    ws.put(Opportunity("D3", created_at=day(1), amount=Money(5, "USD"), recurring=Money(8, None)))
    ws.export_data(tmp_path / "out")
    head, *found = rows(tmp_path / "out" / "opportunity.csv")

    assert [[r[head.index(n)] for n in ("amount", "recurring", "currency")] for r in found] == [
        ["5", "7 USD", "EUR"],
        ["5", "8", "USD"],
        ["5", "8 ?", "USD"],
    ]
    data = cc.read(tmp_path / "out")
    assert [r.record["id"] for r in data.rejected] == ["D1", "D3"]


def test_a_currency_of_the_hosts_own(ws: cc.Workspace, tmp_path: Path) -> None:
    """Where the host has a field `currency` it is the column; an amount in another one is written with its own."""
    for n, code in enumerate(("EUR", "USD")):
        ws.put(Opportunity(n, created_at=day(1), amount=Money(5, "EUR")))
        ws.change("opportunity", n, {"currency": code}, at=day(2))
    ws.export_data(tmp_path / "out")
    head, *found = rows(tmp_path / "out" / "opportunity.csv")

    assert head.count("currency") == 1
    assert [(r[head.index("amount")], r[head.index("currency")]) for r in found] == [("5", "EUR"), ("5 EUR", "USD")]


def test_the_past_as_files(selling: cc.Workspace, tmp_path: Path) -> None:
    """Of the past there are the tables as they were, and no log."""
    fill(selling)
    found = selling.export_data(tmp_path / "out", at=date(2026, 3, 5))
    head, row = rows(tmp_path / "out" / "opportunity.csv")

    assert row[head.index("outcome")] == "open"
    assert found.entries == 0
    assert sorted(p.name for p in found.files) == [
        "activity.csv",
        "lead.csv",
        "opportunity.csv",
        "pipeline.csv",
        "stage.csv",
    ]
    for bad in ("2026-03-01", datetime(2026, 3, 1), 5):
        with pytest.raises(ArgumentError, match="is a date"):
            selling.export_data(tmp_path / "x", at=bad)  # type: ignore[arg-type]


def test_names_of_tables_stay_in_the_folder(ws: cc.Workspace, tmp_path: Path) -> None:
    """A table of the host's own may be called anything; its file lies in the folder, and nothing else does."""
    for n, table in enumerate(("../../up", "/etc/x", "拜访", ".hidden", "a b")):
        ws.change(table, n, {"x": 1}, at=day(1))
    found = ws.export_data(tmp_path / "out")

    assert {p.parent for p in found.files} == {tmp_path / "out"}
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "%2E%2E%2F%2E%2E%2Fup.csv", "%2Ehidden.csv", "%2Fetc%2Fx.csv", "a b.csv", "log.jsonl", "拜访.csv"
    ]  # fmt: skip
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".csv"] == []


def test_an_empty_store(ws: cc.Workspace, tmp_path: Path) -> None:
    """Nothing is a log without entries, and gives nothing back."""
    found = ws.export_data(tmp_path / "out")

    assert str(found) == "0 records and 0 entries in 1 files"
    assert (
        str(cc.Workspace(store="memory:").import_data(tmp_path / "out"))
        == "0 rows: 0 written, 0 were there, 0 rejected"
    )


def test_a_folder_of_its_own(ws: cc.Workspace, tmp_path: Path) -> None:
    """A file, or a folder with something in it, is refused; with replace, what else is in there stays."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(ArgumentError, match="is not empty"):
        ws.export_data(tmp_path)
    with pytest.raises(ArgumentError, match="is a file"):
        ws.export_data(tmp_path / "notes.txt")
    ws.export_data(tmp_path, replace=True)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_an_interrupted_export_leaves_no_half_of_a_file(selling: cc.Workspace, tmp_path: Path) -> None:
    """A file bears its name once all of it is there; what was begun is gone."""
    fill(selling)

    def stop(done: int, total: int | None) -> None:
        assert total == 17 + 10  # entries, and records
        if done > 17:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        selling.export_data(tmp_path / "out", progress=stop)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["log.jsonl"]


def test_an_interrupted_import_goes_on(selling: cc.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written before stays; run again, the rest is written, and the store is equal."""
    monkeypatch.setattr("crmcore.workspace.replaying.SIZE", 4)
    fill(selling)
    monkeypatch.setattr("crmcore.workspace.exporting._TOLD", 6)
    told: list[Any] = []
    selling.export_data(tmp_path / "out", progress=lambda *step: told.append(step))
    assert told[:3] == [(6, 27), (12, 27), (17, 27)]
    copy = cc.Workspace(store="memory:")

    def stop(done: int, _: int | None) -> None:
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy.import_data(tmp_path / "out", progress=stop)
    assert copy.store.last() == 8
    assert copy.import_data(tmp_path / "out").applied == 9
    assert everything(copy) == everything(selling)


@pytest.mark.parametrize(
    ("mend", "why"),
    [
        (lambda t: "", "the first line is not that of an exported log"),
        (lambda t: "x" + t, "the first line"),
        (lambda t: t.replace("crmcore log 1", "crmcore log 2"), "the first line"),
        (lambda t: t[:-40], "it has no end"),
        (lambda t: "".join(t.splitlines(keepends=True)[:-1]), "16 entries, where it should have 17"),
        (lambda t: t + "{}\n", "more lines than the 17"),
        (lambda t: t.replace('"number":3', '"number":4'), "line 4: this is not entry 3"),
        (lambda t: t.replace('"ann"', '{"$t":"x"}', 1), "cannot be read"),
        (lambda t: t.replace('"sales"', "[" * 100_000, 1), "cannot be read"),
        (lambda t: t.replace('"version":2', '"version":3', 1), "version"),
        (lambda t: t.replace('"1200.50"', '"NaN"'), "line|NaN"),
        (lambda t: t.replace('"deleted":true', '"deleted":false'), "change nothing"),
        (lambda t: t.replace('"recorded_at":{"$t"', '"recorded_at":{"$d"', 1), "cannot be read"),
        (
            lambda t: t.replace('"name":"sales"', '"name":{"a":1}').replace('"values":{', '"values":{"x":[1],', 1),
            "is a list|keeps",
        ),
        (lambda t: t.replace('"values":{', '"value":{', 1), "line 2: this is no entry"),
        (lambda t: t.replace('"values":{', '"values":["x"],"z":{', 1), "line 2: this is no entry"),
        (lambda t: "\n".join([t.splitlines()[0], *["[1]"] * 17, ""]), "line 2: this is no entry"),
        (lambda t: t.replace('"table":"lead"', '"table":["lead"]', 1), "table"),
    ],
)
def test_a_damaged_log_is_refused(selling: cc.Workspace, tmp_path: Path, mend: Any, why: str) -> None:
    """Cut off, lengthened, reordered, altered: an error says which line, and nothing of the batch is kept."""
    fill(selling)
    selling.export_data(tmp_path / "out")
    log = tmp_path / "out" / "log.jsonl"
    log.write_text(mend(log.read_text("utf-8")), "utf-8")
    copy = cc.Workspace(store="memory:")

    with pytest.raises((StoreError, cc.errors.CrmCoreError), match=why):
        copy.import_data(tmp_path / "out")
    assert copy.store.last() == 0


def test_a_log_does_not_mix_with_other_records(selling: cc.Workspace, tmp_path: Path) -> None:
    """A store with records of its own takes no log; a folder without one, and a date beside one, are refused."""
    selling.export_data(tmp_path / "out")
    other = cc.Workspace(store="memory:")
    other.put(Lead("L1", created_at=day(1)))

    with pytest.raises(StoreError, match="has records that are not from"):
        other.import_data(tmp_path / "out")
    with pytest.raises(ArgumentError, match=r"import_data\(crmcore\.read\(path\)\)"):
        other.import_data(str(tmp_path))
    with pytest.raises(ArgumentError, match="say themselves"):
        cc.Workspace(store="memory:").import_data(tmp_path / "out", at=day(1))
