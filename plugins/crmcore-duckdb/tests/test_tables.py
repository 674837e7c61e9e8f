"""Tables that somebody else has made: DuckDB databases and Parquet files, measured as they are."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import crmcore as cc
import crmcore_duckdb
from crmcore.domain import Opportunity
from crmcore.errors import ArgumentError, StoreCorrupt, StoreError, StoreFormatError
from crmcore.stores import Cut, StoreUrl, Write, open_store
from crmcore.stores.memory import MemoryBackend
from crmcore.table.values import values_of

SPECS = {spec.scheme: spec for spec in crmcore_duckdb.crmcore_stores()}
DEALS = """
CREATE TABLE opportunity AS SELECT * FROM (VALUES
    ('D1', 'won',  1200.50::DECIMAL(12,2), 'CNY', DATE '2026-01-05', DATE '2026-03-01', '北京分公司', 3::TINYINT),
    ('D2', 'lost',  800.25::DECIMAL(12,2), 'CNY', DATE '2026-01-20', DATE '2026-02-01', 'Zoë "O''Hara"', NULL),
    ('D3', 'won',   100.00::DECIMAL(12,2), 'CNY', DATE '2026-02-01', DATE '2026-03-31', '北京分公司', 7),
    ('D4', NULL,      NULL,                'CNY', DATE '2026-03-09', NULL,              NULL,          7)
) AS deals(id, outcome, amount, currency, created_at, closed_at, owner, n)
"""


def opened(scheme, path, query=""):
    return open_store(f"{scheme}:///{path}{query}", specs=SPECS)


@pytest.fixture
def deals(tmp_path):
    """The same four deals as a database, as a file, and as a folder of files, under a Chinese path."""
    folder = tmp_path / "数据 2026"
    (folder / "导出").mkdir(parents=True)
    with duckdb.connect(str(folder / "客户.duckdb")) as connection:
        connection.execute(DEALS)
        connection.execute("CREATE VIEW big AS SELECT id, amount FROM opportunity WHERE amount > 500")
        pq.write_table(
            connection.sql("SELECT * FROM opportunity").to_arrow_table(), folder / "导出" / "opportunity.parquet"
        )
    return {
        "database": opened("duckdb", folder / "客户.duckdb"),
        "file": opened("parquet", folder / "导出" / "opportunity.parquet"),
        "folder": opened("parquet", folder / "导出"),
    }


@pytest.mark.parametrize("kind", ["database", "file", "folder"])
def test_a_workspace_measures_them(deals, kind):
    """Two of three decided deals are won; what they brought is 1200.50 + 100.00 CNY, to the last digit."""
    ws = cc.Workspace(store=deals[kind])
    card = ws.measure(["win_rate", "won_value"], by=["owner"])
    rates = {row["owner"]: row["win_rate"] for row in card.rows()}
    assert rates == {"北京分公司": 1.0, 'Zoë "O\'Hara"': 0.0}
    total = ws.measure(["win_rate", "won_value"]).total
    assert total["win_rate"] == 2 / 3
    assert total["won_value"] == Decimal("1300.50")
    plain = cc.Dataset(
        opportunity=[
            {"id": "D1", "outcome": "won", "amount": Decimal("1200.50"), "currency": "CNY", "created_at": date(2026, 1, 5),
             "closed_at": date(2026, 3, 1), "owner": "北京分公司"},
            {"id": "D2", "outcome": "lost", "amount": Decimal("800.25"), "currency": "CNY", "created_at": date(2026, 1, 20),
             "closed_at": date(2026, 2, 1), "owner": 'Zoë "O\'Hara"'},
            {"id": "D3", "outcome": "won", "amount": Decimal("100.00"), "currency": "CNY", "created_at": date(2026, 2, 1),
             "closed_at": date(2026, 3, 31), "owner": "北京分公司"},
            {"id": "D4", "outcome": None, "amount": None, "currency": "CNY", "created_at": date(2026, 3, 9),
             "closed_at": None, "owner": None},
        ]
    )  # fmt: skip
    names = ["win_rate", "won_value", "sales_cycle_days"]
    assert ws.measure(names, by=["owner"]).to_dict() == ws.measure(names, plain, by=["owner"]).to_dict()


def test_scan_get_and_stats(deals):
    """Rows come in their order, in batches; what is blank is None."""
    store = deals["database"].scoped()
    assert store.tables() == ("big", "opportunity")
    assert dict(store.stats().records) == {"big": 2, "opportunity": 4}
    sizes, ids = [], []
    for batch in store.scan("opportunity", ["owner", "n", "no_such"], size=3):
        sizes.append(len(batch))
        ids += batch.columns[0]
        assert batch.names == ("id", "version", "owner", "n", "no_such")
        assert set(batch.columns[4]) == {None}
    assert (sizes, ids) == ([3, 1], ["D1", "D2", "D3", "D4"])
    found = store.get("opportunity", "D4")
    assert dict(found.values) == {"currency": "CNY", "created_at": date(2026, 3, 9), "n": 7}
    assert [store.get("opportunity", v) for v in ("D9", 1, "' OR 1=1 --")] == [None] * 3
    assert store.get("nothing", "D1") is None
    assert list(store.scan("nothing")) == []
    assert deals["database"].verify().records == 6


@pytest.mark.parametrize("kind", ["database", "file", "folder"])
def test_they_are_only_read(deals, kind):
    """No write, no cursor, no history, no other tenant; the file is to the byte what it was."""
    backend = deals[kind]
    before = [path.read_bytes() for path in backend.files]
    store = backend.scoped()
    ws = cc.Workspace(store=backend)
    for act in (
        lambda: ws.put(Opportunity("new")),
        store.transaction,
        lambda: store.append([]),
        lambda: store.advance("live", 1, None, expected=0),
        lambda: backend.backup("copy"),
    ):
        with pytest.raises(StoreError, match="read only"):
            act()
    for act in (store.entries, lambda: store.scan("opportunity", at=Cut(0, 0)), lambda: store.dataset(at=Cut(0, 0))):
        with pytest.raises(StoreError, match=r"no log|no history"):
            act()
    other = backend.scoped("other")
    assert (other.tables(), other.get("opportunity", "D1"), other.dataset().tables) == ((), None, {})
    assert store.consumer("live").cursor == store.last() == 0
    assert "no history" in backend.warnings()[0]
    backend.close()
    backend.close()
    with pytest.raises(StoreError, match="closed"):
        store.tables()
    assert [path.read_bytes() for path in backend.files] == before


TYPES = {
    "text": ("VARCHAR", "'中文'", "中文"),
    "enum": ("ENUM('a','b')", "'b'", "b"),
    "uuid": ("UUID", "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    "json": ("JSON", "'{\"a\": 1}'", '{"a": 1}'),
    "flag": ("BOOLEAN", "true", True),
    "small": ("TINYINT", "-128", -128),
    "wide": ("HUGEINT", "9223372036854775807", 2**63 - 1),
    "unsigned": ("UBIGINT", "7", 7),
    "exact": ("DECIMAL(18,4)", "123456789.0001", Decimal("123456789.0001")),
    "score": ("DOUBLE", "0.1", 0.1),
    "nan": ("DOUBLE", "'nan'", None),
    "day": ("DATE", "'2026-02-28'", date(2026, 2, 28)),
    "instant": ("TIMESTAMPTZ", "'2026-03-29 02:30:00+01'", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    "second": ("TIMESTAMP_S", "'2026-07-01 12:00:00'", datetime(2026, 7, 1, 10, tzinfo=UTC)),
    "reading": ("TIMESTAMP", "'2026-01-01 12:00:00.000001'", datetime(2026, 1, 1, 11, 0, 0, 1, UTC)),
}


@pytest.mark.parametrize("form", ["duckdb", "parquet"])
def test_each_type_becomes_a_value_of_ours(form, tmp_path):
    """Values as DuckDB has them; timestamps without a zone are of the zone that the URL states; blank stays blank."""
    path = tmp_path / f"x.{form}"
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute(f"CREATE TABLE x (id INTEGER, {', '.join(f'{n} {t}' for n, (t, _, _) in TYPES.items())})")
        connection.execute(f"INSERT INTO x VALUES (1, {', '.join(v for _, v, _ in TYPES.values())})")
        connection.execute(f"INSERT INTO x (id) VALUES (2), ({2**31 - 1})")
        if form == "parquet":
            kept = "* EXCLUDE wide, CAST(wide AS BIGINT) AS wide"  # DuckDB writes a HUGEINT as a double
            connection.execute(f"COPY (SELECT {kept} FROM x) TO '{path}' (FORMAT parquet)")
    store = opened(form, path, "?timezone=Europe/Berlin").scoped()
    (batch,) = store.scan("x", list(TYPES))
    for name, column in zip(batch.names[2:], batch.columns[2:], strict=True):
        assert column == [TYPES[name][2], None, None], name
        assert type(column[0]) is type(TYPES[name][2]), name
    table = store.dataset()["x"]
    assert values_of(table.columns["id"]) == [1, 2, 2**31 - 1]
    assert values_of(table.columns["exact"])[0] == Decimal("123456789.0001")
    assert values_of(table.columns["text"]) == ["中文", None, None]
    assert values_of(table.columns["reading"])[0] == TYPES["reading"][2]


def test_timestamps_without_a_zone_need_one(tmp_path):
    """T1: nothing is taken for UTC that does not say so."""
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("CREATE TABLE lead AS SELECT 'L1' AS id, TIMESTAMP '2026-01-01 10:00:00' AS created_at")
    store = opened("duckdb", tmp_path / "a.duckdb").scoped()
    for act in (store.dataset, lambda: list(store.scan("lead"))):
        with pytest.raises(StoreError, match=r"lead\.created_at .* without a time zone; .* \?timezone=Europe/Berlin"):
            act()
    (batch,) = store.scan("lead", ["name"])
    assert batch.columns[0] == ["L1"]
    with pytest.raises(ArgumentError, match="Atlantis"):
        opened("duckdb", tmp_path / "a.duckdb", "?timezone=Atlantis/Poseidonis")


def test_columns_that_no_column_holds_are_named(tmp_path):
    """A list, bytes, a column "version": they are left out and said to be; to ask for one is an error; the rest is read."""
    pq.write_table(
        pa.table({"id": ["d1"], "tags": [["a"]], "raw": [b"\x00"], "version": [3], "outcome": ["won"]}),
        tmp_path / "opportunity.parquet",
    )
    backend = opened("parquet", tmp_path / "opportunity.parquet")
    assert backend.warnings()[1] == "opportunity: not read are tags (VARCHAR[]), raw (BLOB), version (BIGINT)"
    store = backend.scoped()
    with pytest.raises(StoreError, match=r"opportunity\.tags .* is of type VARCHAR\[\], which no column holds"):
        store.scan("opportunity", ["tags"])
    assert cc.Workspace(store=backend).measure(["win_rate"]).total["win_rate"] == 1.0


def test_rows_without_an_id(tmp_path):
    """Without a column "id" rows are numbered; with one, each row needs its own."""
    pq.write_table(pa.table({"outcome": ["won", "lost", "won"]}), tmp_path / "opportunity.parquet")
    store = opened("parquet", tmp_path).scoped()
    assert [i for batch in store.scan("opportunity", ["outcome"], size=2) for i in batch.columns[0]] == [1, 2, 3]
    assert [i for batch in store.scan("opportunity", []) for i in batch.columns[0]] == [1, 2, 3]
    assert cc.Workspace(store=store).measure(["win_rate"]).total["win_rate"] == 2 / 3
    pq.write_table(pa.table({"id": ["a", None]}), tmp_path / "opportunity.parquet")
    with pytest.raises(StoreCorrupt, match="row 2 has no id"):
        list(opened("parquet", tmp_path).scoped().scan("opportunity"))


@pytest.mark.parametrize("kind", ["DOUBLE", "DECIMAL(4,1)", "BLOB", "DATE", "INTEGER[]", "TIMESTAMP"])
def test_ids_are_text_or_whole_numbers(kind, tmp_path):
    """An id of another type is not turned into one, and rows are not numbered in its place."""
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute(f"CREATE TABLE lead AS SELECT NULL::{kind} AS id, 'web' AS source")
    store = opened("duckdb", tmp_path / "a.duckdb").scoped()
    for act in (store.dataset, lambda: list(store.scan("lead", ["source"])), lambda: store.get("lead", "1")):
        with pytest.raises(StoreFormatError, match=r"lead\.id of 'a\.duckdb' is of type .*: cast it in a view"):
            act()


@pytest.mark.parametrize(
    "name", ["a*b", "[ab]?", "it's", 'say "x"', "a;b", "a b ", "北京", "%20", "x{y}", "-- x", "a\\b"]
)
def test_any_path_is_one_file(name, tmp_path):
    """Patterns, quotes and blanks in names of folders and files are no patterns, quotes and blanks to DuckDB."""
    for folder, id_ in ((tmp_path / name, "right"), (tmp_path / "aXb", "wrong"), (tmp_path / "a", "wrong")):
        folder.mkdir()
        for file in (name, "aXb", "ab"):
            pq.write_table(pa.table({"id": [f"{id_} {file}"]}), folder / f"{file}.parquet")
    for path in (tmp_path / name / f"{name}.parquet", tmp_path / name):
        backend = open_store(StoreUrl("parquet", str(path)), specs=SPECS)
        (batch,) = backend.scoped().scan(name)
        assert batch.columns[0] == [f"right {name}"]
    store = MemoryBackend().scoped()
    store.append(
        [Write("lead", 1, {"source": "web"}, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))]
    )
    crmcore_duckdb.export(store, tmp_path / name / name)
    backend = open_store(StoreUrl("parquet", str(tmp_path / name / name)), specs=SPECS)
    assert backend.verify().sound
    assert backend.scoped().get("lead", 1).values == {"source": "web"}


def test_names_that_differ_in_case(tmp_path):
    """DuckDB does not tell them apart: the second is another column, and none is lost."""
    pq.write_table(pa.table({"id": ["a"], "ID": [7], "Name": ["x"], "name": ["y"]}), tmp_path / "lead.parquet")
    (batch,) = opened("parquet", tmp_path).scoped().scan("lead")
    found = dict(zip(batch.names, (column[0] for column in batch.columns), strict=True))
    assert (found["id"], [v for k, v in found.items() if k.casefold().startswith("id_")]) == ("a", [7])
    assert {found.get("Name"), found.get("name")} | {
        v for k, v in found.items() if k.casefold().startswith("name_")
    } >= {"x", "y"}


def test_empty_and_single_rows(tmp_path):
    """A table without rows is none; one row is enough; no column at all is a file that cannot be read."""
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), tmp_path / "lead.parquet")
    pq.write_table(pa.table({"id": ["o"], "outcome": ["won"]}), tmp_path / "opportunity.parquet")
    store = opened("parquet", tmp_path).scoped()
    assert store.tables() == ("opportunity",)
    assert tuple(store.dataset().tables) == ("opportunity",)
    assert list(store.scan("lead")) == []
    with duckdb.connect(str(tmp_path / "empty.duckdb")):
        pass
    assert opened("duckdb", tmp_path / "empty.duckdb").scoped().dataset().tables == {}
    pq.write_table(pa.table({}), tmp_path / "nothing.parquet")
    with pytest.raises(StoreError, match=r"'nothing\.parquet' cannot be read"):
        opened("parquet", tmp_path / "nothing.parquet")


def test_what_is_no_source_is_said_to_be_none(tmp_path):
    """Missing, empty, a text, a truncated file, a folder, a link: an error of the store that names the file."""
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"id": list(range(1000))}), whole)
    data = whole.read_bytes()
    (tmp_path / "empty.parquet").touch()
    (tmp_path / "text.duckdb").write_text("id,amount\n1,2\n")
    (tmp_path / "cut.parquet").write_bytes(data[: len(data) // 2])
    (tmp_path / "folder.duckdb").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "a.parquet").symlink_to(whole)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "lead.parquet").mkdir()
    for name, why in {
        "none.duckdb": "cannot be opened: No such file",
        "empty.parquet": "neither a DuckDB database nor a Parquet file",
        "text.duckdb": "neither a DuckDB database nor a Parquet file",
        "cut.parquet": "'cut.parquet' cannot be read",
        "folder.duckdb": r"no \*\.parquet",
        "linked": "links are not followed",
        "in": "is no file of its own",
    }.items():
        for scheme in ("duckdb", "parquet"):
            with pytest.raises(StoreError, match=why):
                opened(scheme, tmp_path / name)
    with pytest.raises(ArgumentError, match="no option 'row'"):
        opened("duckdb", whole, "?row=1")


@pytest.mark.parametrize("place", [8, 200, -20, -300])
def test_a_database_with_broken_blocks_is_no_number(place, deals):
    """A database whose header or blocks were altered is an error, or what it was: never another number."""
    backend = deals["database"]
    expected = cc.Workspace(store=backend).measure(["won_value"]).to_dict()
    path = backend.path
    backend.close()
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)
    try:
        found = cc.Workspace(store=opened("duckdb", path)).measure(["won_value"]).to_dict()
    except StoreError:
        return
    assert found == expected


def test_a_database_that_is_written_to_is_refused(tmp_path):
    """DuckDB lets one process write or many read: while another process writes, opening says so."""
    path = tmp_path / "a.duckdb"
    code = (
        "import duckdb, sys\n"
        "c = duckdb.connect(sys.argv[1]); c.execute('CREATE TABLE lead AS SELECT 1 AS id'); c.execute('CHECKPOINT')\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout.readline() == "ready\n"
        with pytest.raises(StoreError, match=r"'a\.duckdb' cannot be opened: .*[Ll]ock"):
            opened("duckdb", path)
        writer.communicate("\n")
    assert opened("duckdb", path).scoped().tables() == ("lead",)


def test_values_beyond_64_bits_are_an_error(tmp_path):
    """A whole number that no column holds is refused when it is read; it does not wrap."""
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("CREATE TABLE x AS SELECT 'a' AS id, 9223372036854775808::HUGEINT AS n")
    with pytest.raises(StoreError, match=r"out of range"):
        opened("duckdb", tmp_path / "a.duckdb").scoped().dataset()


@pytest.mark.parametrize(
    "value", ["DATE 'infinity'", "TIMESTAMPTZ '-infinity'", "TIMESTAMPTZ '290000-01-01 00:00:00+00'"]
)
def test_moments_beyond_the_calendar_are_no_moments(value, tmp_path):
    """Infinite dates are an error that names the column: never a date."""
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute(f"CREATE TABLE opportunity AS SELECT 'a' AS id, {value} AS created_at")
    store = opened("duckdb", tmp_path / "a.duckdb").scoped()
    with pytest.raises(StoreCorrupt, match="created_at"):
        list(store.scan("opportunity"))
    with pytest.raises(StoreCorrupt, match="created_at"):
        store.dataset()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_million_rows_are_streamed(tmp_path):
    """K14: a million rows of 200 bytes pass through a scan in batches; no more than some of them are ever in memory."""
    path = tmp_path / "opportunity.parquet"
    schema = pa.schema([("id", pa.int64()), ("amount", pa.decimal128(22, 2)), ("name", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, 1_000_000, 50_000):
            ids = pa.array(range(start, start + 50_000))
            names = pc.utf8_lpad(ids.cast(pa.string()), 200, "0")
            writer.write_batch(pa.record_batch([ids, ids.cast(pa.decimal128(22, 2)), names], schema=schema))
    code = (
        "import sys\n"
        "from crmcore.stores import open_store\n"
        "from crmcore_duckdb import crmcore_stores\n"
        "def most():\n"
        "    return int(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))\n"
        "specs = {s.scheme: s for s in crmcore_stores()}\n"
        "store = open_store('parquet:///' + sys.argv[1] + '?memory=150', specs=specs).scoped()\n"
        "count = total = longest = 0\n"
        "for batch in store.scan('opportunity', ['name']):\n"
        "    count += len(batch); longest = max(longest, len(batch)); total += sum(batch.columns[0])\n"
        "    assert int(batch.columns[2][-1]) == batch.columns[0][-1]\n"
        "print(count, longest, total, most())\n"
    )
    found = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    count, longest, total, most = map(int, found.stdout.split())
    assert (count, longest, total) == (1_000_000, 10_000, 499_999_500_000)
    assert most < 300_000  # it takes 160 MB; the texts alone are 250 MB as objects
