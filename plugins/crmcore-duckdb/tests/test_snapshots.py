"""Snapshots: what was written comes back equal, measures the same, and is checked to the last bit."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import crmcore as cc
from crmcore import demo
from crmcore.domain import Money, Opportunity
from crmcore.errors import ArgumentError, CrmCoreError, StoreError, StoreFormatError
from crmcore.stores import Cut, open_store
from crmcore.stores.memory import MemoryBackend
from crmcore.table.column import Column
from crmcore.table.values import values_of
from crmcore.testing.stores.samples import HOST, START, deal, deals, hour, writes_of
from crmcore_duckdb import crmcore_stores, export
from crmcore_duckdb.snapshot import SnapshotBackend

SPECS = {spec.scheme: spec for spec in crmcore_stores()}


def opened(folder, **options):
    query = "&".join(f"{k}={v}" for k, v in options.items())
    return open_store(f"parquet:///{folder}" + (f"?{query}" if query else ""), specs=SPECS)


def columns_of(data):
    """Return what a dataset holds, as Python values; columns without a value are left out."""
    return {
        name: {
            column: (found.kind, values_of(found), isinstance(found.currency, Column) or found.currency)
            for column, found in table.columns.items()
            if found.nulls < len(table)
        }
        for name, table in data.tables.items()
        if len(table)
    }


@pytest.fixture(scope="module")
def organisation(tmp_path_factory):
    """A made-up company in a store, with every table of the domain, in several currencies, and its snapshot."""
    store = MemoryBackend().scoped()
    cc.Workspace(store=store, timezone="UTC").import_data(demo.dataset(400, 7))
    folder = tmp_path_factory.mktemp("snapshot") / "s"
    export(store, folder)
    return store, folder


def test_a_snapshot_is_the_same_dataset_column_by_column(organisation):
    """Every column of every table has equal values, of the same kind and currency."""
    store, folder = organisation
    found = opened(folder).scoped().dataset()
    assert columns_of(found) == columns_of(store.dataset())
    assert len(found.tables) > 8


def test_every_metric_is_the_same_on_a_snapshot(organisation):
    """Each metric that the store can be asked for has the same value, count and exclusions, bit for bit."""
    store, folder = organisation
    data, found = store.dataset(), opened(folder).scoped().dataset()
    ws = demo.workspace()
    asked = 0
    for name in ws.metrics:
        try:
            expected = ws.measure([name], data).to_dict()
        except CrmCoreError:
            continue
        assert ws.measure([name], found).to_dict() == expected
        asked += 1
    assert asked > 150


@pytest.mark.parametrize("seed", range(3))
def test_a_store_comes_back_with_its_log(seed, tmp_path):
    """Records, versions, entries, numbers and the dataset are those of the store, and verify finds it sound."""
    backend = MemoryBackend()
    store = backend.scoped("北京")
    store.append(writes_of(seed, 300))
    told = []
    manifest = export(store, tmp_path / "s", progress=told.append)
    found = opened(tmp_path / "s")
    copy = found.scoped("北京")
    assert (copy.last(), copy.tables(), copy.stats().records) == (store.last(), store.tables(), store.stats().records)
    for table in store.tables():
        for size in (7, 10_000):
            pairs = zip(store.scan(table, size=size), copy.scan(table, size=size), strict=True)
            for one, other in pairs:
                assert (one.names, [list(c) for c in one.columns]) == (other.names, [list(c) for c in other.columns])
                assert [[type(v) for v in c] for c in one.columns] == [[type(v) for v in c] for c in other.columns]
    assert [(e.number, dict(e.values), dict(e.old)) for e in copy.entries()] == [
        (e.number, dict(e.values), dict(e.old)) for e in store.entries()
    ]
    checked = []
    verified = found.verify(checked.append)
    records = sum(store.stats().records.values())
    assert (verified.sound, verified.entries, verified.records) == (True, store.last(), records)
    assert checked[-1] == store.last()
    assert told[-1] == store.last() + records == sum(t.rows for t in manifest.files())
    assert found.warnings() == ("the records are those of tenant '北京'; other tenants have none here",)


@pytest.mark.parametrize("kind", HOST)
def test_every_value_that_a_store_keeps_comes_back(kind, tmp_path):
    """K11: all awkward values of a kind in one column, each in one of its own, and mixed with another kind."""
    store = MemoryBackend().scoped()
    values = [v for v in HOST[kind] if not isinstance(v, str) or len(v) < 1000]
    store.append([deal(n, x=v, mixed=v, **{f"x{n}": v}) for n, v in enumerate(values)])
    store.append([deal(1000, mixed="text" if kind != "text" else 1)])
    export(store, tmp_path / "s")
    backend = SnapshotBackend(tmp_path / "s")
    (one,), (other,) = store.scan("opportunity"), backend.scoped().scan("opportunity")
    assert one.names == other.names
    for mine, theirs in zip(one.columns, other.columns, strict=True):
        assert [(type(v), v) for v in theirs] == [(type(v), v) for v in mine]
    assert backend.verify().sound


def test_the_same_records_make_the_same_files_whatever_store_they_are_from(tmp_path):
    """From memory, from SQLite and from a snapshot: tables and log are the same to the byte."""
    writes = writes_of(11, 200)
    memory, sqlite = MemoryBackend().scoped(), open_store(f"sqlite:///{tmp_path}/crm.db")
    memory.append(writes)
    sqlite.scoped().append(writes)
    export(memory, tmp_path / "a")
    export(sqlite.scoped(), tmp_path / "b")
    export(opened(tmp_path / "b").scoped(), tmp_path / "c")
    files = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "abc"]
    assert files[0] == files[1] == files[2]
    assert set(files[0]) > {"manifest.json", "log.parquet", "opportunity.parquet"}
    sqlite.close()


def test_another_tenant_sees_nothing(tmp_path):
    """K10: there is one tenant's data in a snapshot; to any other it is empty."""
    backend = MemoryBackend()
    backend.scoped("a").append(deals(3))
    export(backend.scoped("a"), tmp_path / "s")
    other = opened(tmp_path / "s").scoped()
    assert (other.tables(), other.last(), list(other.entries()), dict(other.stats().records)) == ((), 0, [], {})
    assert other.get("opportunity", "d1") is None
    assert list(other.scan("opportunity")) == []


def test_a_snapshot_of_the_past_shows_its_own_cut_and_no_other(tmp_path):
    """K7: d1 is worth 10 until hour 5, then 20; what is written at hour 3 holds 10, and cannot be asked for hour 6."""
    store = MemoryBackend().scoped()
    store.append([deal(amount=Money(10, "EUR"), at=START, recorded=START)])
    store.append([deal(amount=Money(20, "EUR"), at=hour(5), recorded=hour(5))])
    cut = Cut(int(hour(3).timestamp()) * 1_000_000, (hour(3).date() - date(1970, 1, 1)).days)
    manifest = export(store, tmp_path / "s", at=cut, known=hour(4))
    assert manifest.log is None
    copy = opened(tmp_path / "s").scoped()
    for asked in ({}, {"at": cut, "known": hour(4)}):
        (batch,) = copy.scan("opportunity", ["amount"], **asked)
        assert batch.columns[2] == [Money(10, "EUR")]
    with pytest.raises(StoreError, match="written without its log"):
        copy.scan("opportunity", at=cut)
    with pytest.raises(StoreError, match="no log"):
        list(copy.entries())


def test_files_are_plain_parquet_with_exact_types(tmp_path):
    """Any reader finds decimals as decimals, with their currency beside them, instants in UTC, dates as dates."""
    at = datetime(2026, 3, 1, 12, 30, 0, 1, UTC)
    write = deal(
        "d1", name="北京分公司", amount=Money("1234567890123456.78", "CNY"), created_at=at, close_date=date(2026, 7, 1),
        probability=Decimal("0.30"), reopened=2, x_weight=Decimal("0.125"), x_n=7,
    )  # fmt: skip
    store = MemoryBackend().scoped()
    store.append([write])
    export(store, tmp_path / "s")
    schema = pq.read_schema(tmp_path / "s" / "opportunity.parquet")
    kinds = {field.name: str(field.type) for field in schema}
    assert kinds["amount"] == "decimal128(38, 2)"
    assert kinds["amount.currency"] == kinds["name"] == kinds["id"] == "string"
    assert kinds["created_at"] == "timestamp[us, tz=UTC]"
    assert kinds["x_weight"] == "decimal128(38, 3)"
    assert kinds["x_n"] == kinds["reopened"] == "int64"
    (row,) = pq.read_table(tmp_path / "s" / "opportunity.parquet").to_pylist()
    assert (row["amount"], row["amount.currency"]) == (Decimal("1234567890123456.78"), "CNY")
    assert (row["name"], row["created_at"], row["probability"]) == ("北京分公司", at, Decimal("0.30"))
    assert schema.metadata is None


def test_names_that_no_file_or_column_has(tmp_path):
    """Tables and fields may be called anything: no name becomes a path, and case is told apart."""
    store = MemoryBackend().scoped()
    tables = ("../../evil", "/etc/passwd", "log", "con", "Lead", "拜访", 'a"; DROP TABLE x', "manifest.json", "x")
    store.append([deal(n, table=t, Name=n, name=-n, NAME="x") for n, t in enumerate(tables, 1)])
    store.append([deal(1, table="x", **{'"': 1, "amount.currency": "no", "amount": Money(1, "EUR"), "; --": 2})])
    export(store, tmp_path / "in" / "s")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]
    assert all(p.parent == tmp_path / "in" / "s" for p in (tmp_path / "in").rglob("*.*"))
    backend = opened(tmp_path / "in" / "s")
    assert backend.verify().sound
    copy = backend.scoped()
    assert set(copy.tables()) == set(tables)
    for table in tables:
        for one, other in zip(store.scan(table), copy.scan(table), strict=True):
            assert (one.names, list(one.columns)) == (other.names, list(other.columns))


def test_a_workspace_measures_a_snapshot(tmp_path):
    """A snapshot is a store like any other to a workspace that only reads."""
    store = MemoryBackend().scoped()
    store.append([deal(n, outcome="won" if n % 4 else "lost", closed_at=START, created_at=START) for n in range(1, 9)])
    export(store, tmp_path / "s")
    ws = cc.Workspace(store=opened(tmp_path / "s"))
    assert ws.measure(["win_rate"]).total["win_rate"] == pytest.approx(6 / 8)
    with pytest.raises(StoreError, match="read only"):
        ws.put(Opportunity("new"))


# --- what was altered


@pytest.fixture
def snapshot(tmp_path):
    store = MemoryBackend().scoped()
    store.append(writes_of(5, 120))
    export(store, tmp_path / "s")
    return tmp_path / "s"


def test_every_flipped_byte_of_every_file_is_found(snapshot):
    """K12: one bit anywhere, in the manifest, in a table or in the log, makes verify say which file it is."""
    for path in sorted(snapshot.iterdir()):
        whole = path.read_bytes()
        for place in range(0, len(whole), max(1, len(whole) // 10)):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
            if path.name == "manifest.json":
                with pytest.raises(StoreFormatError, match="manifest"):
                    SnapshotBackend(snapshot)
            else:
                found = SnapshotBackend(snapshot).verify()
                assert not found.sound, (path.name, place)
                assert path.name in found.faults[0]
        path.write_bytes(whole)
    assert SnapshotBackend(snapshot).verify().sound


def rewritten(snapshot, change):
    """Alter the manifest and seal it again, as somebody would who knows how."""
    from crmcore_duckdb.manifest import _sealed

    path = snapshot / "manifest.json"
    body = json.loads(path.read_text())
    del body["digest"]
    change(body)
    path.write_text(json.dumps({**body, "digest": _sealed(body)}))


def altered_table(snapshot, name="opportunity"):
    """Alter a record, and the digest of its file."""
    from crmcore_duckdb.manifest import digest_of

    path = snapshot / f"{name}.parquet"
    table = pq.read_table(path)
    versions = pa.array([v + 1 for v in table.column("version").to_pylist()], pa.int64())
    pq.write_table(table.set_column(table.column_names.index("version"), "version", versions), path, store_schema=False)

    def change(body):
        body["tables"][name] |= {"digest": digest_of(path), "size": path.stat().st_size}

    rewritten(snapshot, change)


def test_a_record_that_was_altered_with_its_digests_contradicts_the_log(snapshot):
    """K12: whoever also mends digests is found by the entries, from which the records follow."""
    altered_table(snapshot)
    (fault,) = SnapshotBackend(snapshot).verify().faults
    assert fault.startswith("opportunity ")
    assert "is not what its entries say" in fault


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["tables"]["opportunity"].update(file="../opportunity.parquet"),
        lambda body: body["tables"]["opportunity"].update(file="/etc/passwd"),
        lambda body: body["tables"]["opportunity"].update(file="lead.parquet"),
        lambda body: body["tables"]["opportunity"].update(rows=-1),
        lambda body: body["tables"]["opportunity"].update(rows=1.5),
        lambda body: body["tables"]["opportunity"].update(rows=True),
        lambda body: body["tables"]["opportunity"]["fields"][0].update(form="pickle"),
        lambda body: body["tables"]["opportunity"]["fields"][0].update(columns=["a", "b"]),
        lambda body: body["tables"]["opportunity"]["fields"][0].update(name=7),
        lambda body: body["tables"]["opportunity"].update(more=1),
        lambda body: body["tables"]["opportunity"]["fields"].append(body["tables"]["opportunity"]["fields"][0]),
        lambda body: body.update(version=2),
        lambda body: body.update(format="other"),
        lambda body: body.update(last="7"),
        lambda body: body.update(tables=[]),
        lambda body: body.update(at={"instant": "x", "day": 1}),
        lambda body: body.update(chain="no"),
        lambda body: body.pop("tenant"),
    ],
)
def test_a_manifest_that_is_none_is_refused(snapshot, change):
    """Whatever a manifest says, and however well it is sealed: no other path, type or number is taken."""
    rewritten(snapshot, change)
    with pytest.raises(StoreFormatError, match="manifest"):
        SnapshotBackend(snapshot)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a": 1, "a": 2}', '{"format": NaN}', "[]", "1" * 5000])
def test_a_manifest_that_is_no_json_is_refused(snapshot, text):
    """Depth, keys that stand twice and constants that JSON does not have are errors like any other."""
    (snapshot / "manifest.json").write_text(text)
    with pytest.raises(StoreFormatError, match="manifest"):
        SnapshotBackend(snapshot)


def test_links_are_not_followed(snapshot, tmp_path):
    """A file of a snapshot is a file in its folder, not a door to another."""
    for name in ("opportunity.parquet", "manifest.json"):
        (snapshot / name).rename(tmp_path / name)
        (snapshot / name).symlink_to(tmp_path / name)
        with pytest.raises(StoreFormatError, match="links are not followed"):
            list(SnapshotBackend(snapshot).scoped().scan("opportunity"))
        (snapshot / name).unlink()
        (tmp_path / name).rename(snapshot / name)
    list(SnapshotBackend(snapshot).scoped().scan("opportunity"))


def test_a_folder_that_is_no_snapshot_says_so(tmp_path):
    """A missing folder, an empty one, and one whose export did not end are told apart from a snapshot."""
    with pytest.raises(StoreError, match="cannot be opened"):
        opened(tmp_path / "none")
    with pytest.raises(StoreFormatError, match=r"no manifest\.json and no \*\.parquet"):
        opened(tmp_path)
    (tmp_path / "manifest.json.partial").touch()
    with pytest.raises(StoreFormatError, match=r"no manifest\.json: the export into it did not end"):
        opened(tmp_path)
    (tmp_path / "manifest.json.partial").unlink()
    (tmp_path / "manifest.json").touch()
    with pytest.raises(ArgumentError, match="no option 'row'"):
        opened(tmp_path, row=1)
    with pytest.raises(ArgumentError, match="rows='-1' is not a whole number above 0"):
        opened(tmp_path, rows=-1)


def test_urls_do_not_leave_the_folder_of_stores(snapshot, tmp_path):
    """`root` holds for snapshots, too: no dots, no absolute path, no link leads out of it."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(snapshot)
    for path in ("../s", "/" + str(snapshot), "link", "%2e%2e/s", "a/../../s"):
        with pytest.raises(ArgumentError, match="out of the folder"):
            open_store(f"parquet:///{path}", specs=SPECS, root=root)
