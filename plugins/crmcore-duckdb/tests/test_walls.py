"""Walls: what a file, a URL or a name cannot make DuckDB do, and how much a small file may become."""

from __future__ import annotations

import json
import subprocess
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crmcore.errors import StoreCorrupt, StoreError, StoreFormatError
from crmcore.stores import open_store
from crmcore.stores.memory import MemoryBackend
from crmcore.testing.stores.samples import deal, deals
from crmcore_duckdb import Limits, crmcore_stores, export
from crmcore_duckdb.engine import Engine, quoted
from crmcore_duckdb.manifest import _sealed, digest_of
from crmcore_duckdb.snapshot import SnapshotBackend

SPECS = {spec.scheme: spec for spec in crmcore_stores()}


@pytest.fixture
def snapshot(tmp_path):
    store = MemoryBackend().scoped()
    store.append(deals(3, table="x_deal"))
    export(store, tmp_path / "s")
    return tmp_path / "s"


def replaced(snapshot, write, rows):
    """Put another Parquet file in place of the records, with a manifest that is right about its bytes."""
    path = snapshot / "x_deal.parquet"
    write(path)
    body = json.loads((snapshot / "manifest.json").read_text())
    del body["digest"]
    body["tables"]["x_deal"] |= {"rows": rows, "digest": digest_of(path), "size": path.stat().st_size}
    (snapshot / "manifest.json").write_text(json.dumps({**body, "digest": _sealed(body)}))


def bomb(groups, rows=100_000, cell=1_000):
    """Return what writes a Parquet file of one text a million times over, a few bytes for each million."""
    schema = pa.schema([("id", pa.string()), ("version", pa.int64()), ("name", pa.string())])
    batch = pa.record_batch(
        [pa.array(["d"] * rows), pa.array([1] * rows, pa.int64()), pa.array(["x" * cell] * rows)], schema=schema
    )

    def write(path):
        with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
            for _ in range(groups):
                writer.write_batch(batch)

    return write


def test_a_parquet_bomb_is_refused_by_what_it_holds(snapshot):
    """A file of some hundred kilobytes says of itself that it is small, and holds 5 GB of text."""
    replaced(snapshot, bomb(50), 5_000_000)
    path = snapshot / "x_deal.parquet"
    meta = pq.ParquetFile(path).metadata
    said = sum(meta.row_group(g).total_byte_size for g in range(meta.num_row_groups))
    assert path.stat().st_size < 1_000_000
    assert said < 10_000_000
    with pytest.raises(StoreFormatError, match=r"values of 5,045,000,000 bytes, the limit is 4,294,967,296; .* bytes="):
        SnapshotBackend(snapshot).scoped().dataset()
    assert "values of 5,045,000,000 bytes" in SnapshotBackend(snapshot).verify().faults[0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_refusing_a_bomb_takes_little_memory(snapshot):
    """Counting the 5 GB takes less than 400 MB in a process of its own, libraries included."""
    replaced(snapshot, bomb(50), 5_000_000)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from crmcore_duckdb.snapshot import SnapshotBackend\n"
        "try:\n    SnapshotBackend(Path(sys.argv[1])).scoped().dataset()\n"
        "except Exception as error:\n    print(type(error).__name__)\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    found = subprocess.run([sys.executable, "-c", code, str(snapshot)], capture_output=True, text=True, check=True)
    name, most = found.stdout.split()
    assert name == "StoreFormatError"
    assert int(most) < 400_000


@pytest.mark.parametrize(
    ("options", "rows", "why"),
    [
        ("rows=1000", 100_000, "has more than 1,000 rows, the limit is 1,000; .* rows="),
        ("cell=999", 100_000, "a text of 1,000 bytes, the limit is 999; .* cell="),
        ("bytes=1000000", 100_000, "values of 100,900,000 bytes, the limit is 1,000,000; .* bytes="),
        ("columns=2", 100_000, "3 columns, the limit is 2; .* columns="),
    ],
)
def test_each_limit_is_stated_and_can_be_raised(snapshot, options, rows, why):
    """The message says what was found, what is allowed, and the option of the URL that allows more."""
    replaced(snapshot, bomb(1), rows)
    with pytest.raises(StoreFormatError, match=why) as caught:
        open_store(f"parquet:///{snapshot}?{options}", specs=SPECS).scoped().dataset()
    name = options.partition("=")[0]
    assert (caught.value.option, name) == (name, name)
    raised = f"parquet:///{snapshot}?{name}=10000000000"
    (batch,) = open_store(raised, specs=SPECS).scoped().scan("x_deal", ["name"], size=10**6)
    assert len(batch) == rows


def test_a_file_of_other_columns_than_the_manifest_says_is_refused(snapshot):
    """Types are those of the manifest, one by one; nothing is converted."""
    for table in (
        {"id": ["d1"], "version": [1.0], "name": ["a"]},
        {"id": [b"d1"], "version": [1], "name": ["a"]},
        {"id": ["d1"], "version": [1], "name": ["a"], "more": [1]},
        {"id": ["d1"], "version": [1]},
        {"id": ["d1"], "version": [1], "name": [["a"]]},
    ):
        replaced(snapshot, lambda path, table=table: pq.write_table(pa.table(table), path, store_schema=False), 1)
        with pytest.raises(StoreFormatError, match="columns are not those of the manifest"):
            SnapshotBackend(snapshot).scoped().dataset()
        assert not SnapshotBackend(snapshot).verify().sound


def test_extension_types_are_refused_unseen(snapshot):
    """Whatever Arrow would make of the metadata of a file, it does not come to that."""

    class Evil(pa.ExtensionType):
        def __init__(self):
            super().__init__(pa.string(), "evil.type")

        def __arrow_ext_serialize__(self):
            return b"payload"

        @classmethod
        def __arrow_ext_deserialize__(cls, kind, payload):
            raise AssertionError("it was read")

    pa.register_extension_type(Evil())
    try:
        storage = pa.array(["a"])
        made = pa.table({
            "id": pa.array(["d1"]), "version": pa.array([1]), "name": pa.ExtensionArray.from_storage(Evil(), storage),
        })  # fmt: skip
        replaced(snapshot, lambda path: pq.write_table(made, path), 1)
        with pytest.raises(StoreFormatError, match="metadata of its own, such as extension types"):
            SnapshotBackend(snapshot).scoped().dataset()
    finally:
        pa.unregister_extension_type("evil.type")


@pytest.mark.parametrize("text", [b"", b"PAR1", b"PAR1" * 20, b"\x00" * 500, b"PAR1" + b"\xff" * 400 + b"PAR1"])
def test_a_file_that_is_no_parquet_is_refused(snapshot, text):
    """Broken files are errors of the store, with its name."""
    replaced(snapshot, lambda path: path.write_bytes(text), 3)
    with pytest.raises(StoreError, match="'s' cannot be read"):
        SnapshotBackend(snapshot).scoped().dataset()


def test_a_text_that_is_no_utf8_is_corrupt(snapshot):
    """Bytes that are no text are not passed on as some."""
    made = pa.table({"id": pa.array([b"\xff\xfe"], pa.binary()), "version": pa.array([1]), "name": pa.array(["a"])})

    def write(path):
        connection = duckdb.connect()
        pq.write_table(made, path.with_suffix(".raw"), store_schema=False)
        data = path.with_suffix(".raw").read_bytes()
        path.write_bytes(data)
        path.with_suffix(".raw").unlink()
        connection.close()

    replaced(snapshot, write, 1)
    with pytest.raises((StoreFormatError, StoreCorrupt)):
        SnapshotBackend(snapshot).scoped().dataset()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('{folder}/../outside.parquet')",
        "SELECT * FROM read_parquet('https://example.org/a.parquet')",
        "ATTACH '{folder}/../other.duckdb'",
        "COPY (SELECT 1) TO '{folder}/../out.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '100GB'",
        "SET autoinstall_known_extensions = true",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        "SELECT getenv('HOME')",
    ],
)
def test_duckdb_reaches_nothing_else(snapshot, sql):
    """Even with SQL of its own somebody gets to no file, network, extension or setting."""
    pq.write_table(pa.table({"a": [1]}), snapshot.parent / "outside.parquet")
    engine = Engine(Limits(), "s", folder=snapshot)
    with pytest.raises(StoreError):
        engine.rows(sql.format(folder=snapshot))
    engine.close()


def test_memory_is_bounded_by_an_option(snapshot):
    """What would take more memory than the option allows is an error that says so."""
    engine = Engine(Limits(memory=50), "s", folder=snapshot)
    with pytest.raises(StoreError, match="raise its option memory="):
        engine.rows("SELECT list(x ORDER BY x DESC) FROM (SELECT repeat('x', 100) || range AS x FROM range(5000000))")


NASTY = ['"', '""', "'; DROP TABLE x; --", "a\nb", "select", "*", "\\", "$1", "?", "%s", "é\u0301", "表", "x" * 200]


@pytest.mark.parametrize("name", NASTY)
def test_names_are_quoted(name, tmp_path):
    """Any name is one identifier: a table of that name and nothing else is made, read and counted."""
    connection = duckdb.connect(str(tmp_path / "a.duckdb"))
    connection.execute(f"CREATE TABLE {quoted(name)} ({quoted(name)} VARCHAR, id VARCHAR)")
    connection.execute(f"INSERT INTO {quoted(name)} VALUES (?, ?)", [name, name])
    connection.close()
    store = open_store(f"duckdb:///{tmp_path}/a.duckdb", specs=SPECS).scoped()
    assert store.stats().records == {name: 1}
    if name.isprintable():
        (batch,) = store.scan(name)
        assert batch.columns[2] == [name]
        assert dict(store.get(name, name).values) == {name: name}


def test_values_are_bound(tmp_path):
    """K10, K11: an id is a value, whatever it looks like."""
    store = MemoryBackend().scoped()
    store.append([deal(name, name="x") for name in NASTY])
    export(store, tmp_path / "s")
    copy = SnapshotBackend(tmp_path / "s").scoped()
    for name in NASTY:
        assert copy.get("opportunity", name).id == name
    for name in ("' OR '1'='1", "%", "_", 1, 2**63 - 1):
        assert copy.get("opportunity", name) is None
