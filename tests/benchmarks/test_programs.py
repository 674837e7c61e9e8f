"""The benchmark programs run, and hold every side against the reference before they time it."""

import importlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from benchmarks.sides import OURS, build, load_ours, money_scale
from benchmarks.timing import read_seconds, rotate
from benchmarks.variant import DASHBOARD, QUERIES

import benchmarks
from benchmarks import compare

ROOT = Path(benchmarks.__file__).parent.parent

# a side that answers with the reference itself, in major units
OURS_SOURCE = """
    from benchmarks.reference import expected

    MONEY_SCALE = 100

    def prepare(data):
        return expected(data)

    def q1(obj): return obj["Q1"]
    def q2(obj): return obj["Q2"]
    def q4(obj): return obj["Q4"]
    def q6(obj): return obj["Q6"]
    def dashboard(obj): return obj

    def canonical(query, result):
        return result.keys | {name: column.rounded(100) for name, column in result.columns.items()}

    EXTRA = {"measure, uncached": (prepare, {"Q1": q1})}
"""


def run(*arguments):
    """Run a program in a process of its own: polars takes its number of threads when it is imported."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_peers_agree_with_the_reference():
    """polars, DuckDB and pandas, at every level and in both orders of rows, give the reference's numbers exactly."""
    out = run("benchmarks.compare", "--rows", "3000", "--rounds", "1", "--peers-only")
    # (polars 3 levels + 2 clustered) + (duckdb 3 + 2) + (pandas 3 + 1), 8 results each; the unrolled Q4
    # and of the log of stages 2 results each: polars 3 levels, duckdb 3, pandas 1; one more Q5 of both
    assert "All 129 results equal the exact reference." in out


def test_loaders_agree():
    """Every peer loads the same rows from objects, tuples, dicts, Arrow, CSV and SQLite."""
    out = run("benchmarks.load", "--rows", "400", "--rounds", "1", "--peers-only")
    counts = [line.split("(")[1].split(",")[0] for line in out.splitlines() if " checked" in line]
    assert counts == [
        "3 of 3 checked",
        "2 of 2 checked",
        "2 of 2 checked",
        "3 of 3 checked",
        "5 of 6 checked",
        "2 of 3 checked",
        "2 of 3 checked",
    ]


@pytest.fixture
def ours(tmp_path, monkeypatch):
    """Put a side of our own where `benchmarks.ours` is looked for."""
    (tmp_path / "ours.py").write_text(textwrap.dedent(OURS_SOURCE))
    monkeypatch.setattr(benchmarks, "__path__", [str(tmp_path), *benchmarks.__path__])
    monkeypatch.delitem(sys.modules, "benchmarks.ours", raising=False)
    importlib.invalidate_caches()
    yield
    sys.modules.pop("benchmarks.ours", None)


@pytest.mark.usefixtures("ours")
def test_our_side_is_plugged_in(capsys):
    """With `benchmarks.ours` there, its calls are held strictly, timed, and ratios refer to them."""
    assert load_ours() is not None
    assert money_scale(OURS) == 100
    compare.main(["--rows", "300", "--rounds", "2", "--query", *QUERIES, DASHBOARD, "--peers"])
    out = capsys.readouterr().out
    assert "All 9 results equal" in out
    assert "crmcore measure, uncached" in out
    assert "x crmcore measure" in out


@pytest.mark.usefixtures("ours")
def test_our_wrong_number_stops_the_run(tmp_path):
    """A side of ours that is off by one unit in the last place is not timed."""
    wrong = textwrap.dedent(OURS_SOURCE).replace("column.rounded(100)", "column.rounded(100) * (1 + 2**-52)")
    (tmp_path / "ours.py").write_text(wrong)
    with pytest.raises(AssertionError, match="crmcore measure"):
        compare.main(["--rows", "300", "--rounds", "1", "--peers", "--query", "Q2"])


def test_sides_without_ours_are_the_peers(monkeypatch):
    """Where our side is not there, nothing takes its place, and the program says so."""
    monkeypatch.setattr("benchmarks.sides.MODULE", "benchmarks.nothing")
    assert build(compare.generate(50), [OURS]).variants == []
    with pytest.raises(SystemExit, match="--peers-only"):
        compare.main(["--rows", "50"])


def test_rounds_rotate():
    """Each round starts one further, and a ratio is the median of the rounds' ratios."""
    order = []
    calls = {name: lambda name=name: order.append(name) for name in "abc"}
    times = rotate(calls, 3)
    assert "".join(order) == "abcbcacab"
    assert {name: len(seconds) for name, seconds in times.rounds.items()} == {"a": 3, "b": 3, "c": 3}
    times.rounds.update(a=[1.0, 2.0, 9.0], b=[2.0, 2.0, 3.0])
    assert times.ratio("a", "b") == 1.0
    assert times.median("a") == 2.0
    assert times.fastest(["a", "b"]) == "a"


def test_repeated_calls_share_one_time():
    """Short calls are timed several in a row, as their mean."""
    order = []
    times = rotate({"a": lambda: order.append("a")}, 2, repeat=5)
    assert len(order) == 10
    assert len(times.rounds["a"]) == 2


def test_more_bytes_take_longer():
    """The bound grows with the bytes."""
    assert read_seconds(64_000_000) > read_seconds(64_000)
