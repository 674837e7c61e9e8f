"""Small input that would become large: refused while it is read, under limits that are stated and can be raised."""

from __future__ import annotations

import gzip
import tomllib
import tracemalloc

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError, IngestError, ProfileError
from crmcore.sources import profile, textfile
from crmcore.toml import LONGEST, PARTS, parsed

MEBI = 1 << 20
ROW = b"1,open,1000\n"


def packed(path, text):
    path.write_bytes(gzip.compress(text, 9, mtime=0))
    return path


@pytest.fixture
def small_limits(monkeypatch):
    """Make the limits small, so that what is too large can be."""
    monkeypatch.setattr(textfile, "UNPACKED_LEAST", 2 * MEBI)


def bomb(tmp_path, size=16 * MEBI):
    text = b"id,outcome,note\n" + b"1,open," + b"0" * 500 + b"\n"
    return packed(tmp_path / "opportunity.csv.gz", text + b"x,open,1\n" * (size // 9))


@pytest.mark.parametrize("parser", ["python", "arrow"])
def test_a_packed_file_that_unpacks_to_hundreds_of_times_its_size_is_refused(tmp_path, small_limits, parser):
    """16 MiB in a file of about 32 KiB; refused at 2 MiB, or 200 times its size, before the end."""
    if parser == "arrow":
        pytest.importorskip("pyarrow")
    path = bomb(tmp_path)
    assert path.stat().st_size * 300 < 16 * MEBI
    read = []
    with pytest.raises(IngestError, match=r"unpacks to more than [\d,]+; .* unpacked_limit"):
        cc.read(path, parser=parser, progress=lambda rows, *_: read.append(rows))
    limit = max(200 * path.stat().st_size, 2 * MEBI)
    assert max(read, default=0) * 9 <= limit


def test_a_bomb_takes_no_more_memory_than_its_limit(tmp_path, small_limits):
    """Bytes are counted as they come: what is held stays far below what the file would become."""
    path = packed(tmp_path / "opportunity.csv.gz", b"id,note\n1," + b"0" * (64 * MEBI))
    tracemalloc.start()
    try:
        with pytest.raises(IngestError, match="unpacks to more than"):
            cc.read(path, parser="python")
        assert tracemalloc.get_traced_memory()[1] < 48 * MEBI
    finally:
        tracemalloc.stop()


def test_the_limit_can_be_raised_in_a_profile(tmp_path, small_limits):
    """A file that is as repetitive as a bomb, and is none, is read where the profile says how large it may be."""
    rows = 300_000
    path = packed(tmp_path / "deal.csv.gz", b"ref,outcome,amount\n" + ROW * rows)
    file = {"match": "deal.csv.gz", "table": "deal", "columns": {"ref": "ref"}}
    with pytest.raises(IngestError, match="unpacked_limit"):
        cc.read(path, profile={"file": [file]})
    data = cc.read(path, profile={"unpacked_limit": 8 * MEBI, "file": [file]})
    assert len(data["deal"]) == rows


def test_a_file_of_usual_repetitiveness_is_read_as_ever(tmp_path):
    """300,000 rows that differ in one number unpack to fewer than 200 times their size."""
    text = b"id,outcome,amount\n" + b"".join(b"%d,open,1000\n" % i for i in range(300_000))
    assert len(cc.read(packed(tmp_path / "opportunity.csv.gz", text))["opportunity"]) == 300_000


def test_what_is_not_packed_has_no_such_limit(tmp_path, monkeypatch):
    """A plain file is as large as it looks."""
    monkeypatch.setattr(textfile, "UNPACKED_LEAST", 10)
    monkeypatch.setattr(textfile, "UNPACKED_TIMES", 0)
    path = tmp_path / "opportunity.csv"
    path.write_bytes(b"id,outcome\n1,open\n2,won\n")
    assert len(cc.read(path)["opportunity"]) == 2


def test_too_many_columns_are_refused_before_any_is_made(tmp_path):
    """A header of 100,000 names takes memory for each of them."""
    path = tmp_path / "opportunity.csv"
    names = [f"c{i}" for i in range(profile.COLUMN_LIMIT + 1)]
    path.write_text(",".join(names) + "\n")
    with pytest.raises(IngestError, match=r"16,385 columns, the limit is 16,384; .* column_limit"):
        cc.read(path)
    raised = {"column_limit": 20_000, "file": [{"match": "*.csv", "table": "wide", "columns": {"id": "c0"}}]}
    path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    assert len(cc.read(path, profile=raised)["wide"].columns) == profile.COLUMN_LIMIT + 1


def test_a_first_line_without_an_end_is_refused(tmp_path):
    """Lines that are skipped are held only up to the length of a record."""
    path = packed(tmp_path / "opportunity.csv.gz", b"#" * (80 * MEBI))
    with pytest.raises(IngestError, match=r"line 1 is longer than 64,000,000 bytes"):
        cc.read(path, profile={"skip": 1, "file": [{"match": "*", "table": "opportunity", "columns": {"id": "id"}}]})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a = " + "{b=" * 100_000, "nested too deeply"),
        ("a = " + "[" * 5_000 + "]" * 5_000, "nested too deeply"),
        ("a = " + "1" * 5_000, "integer string conversion"),
        (".".join("a" * 100_000) + " = 1", "more than 64 parts"),
        ("x = 1\n[" + " . ".join(['"\\"a"'] * 50_000) + "]", r"more than 64 parts \(at line 2\)"),
        (".".join(["'a'"] * 50_000) + " = 1", "more than 64 parts"),
        ("a = '" + "x" * LONGEST + "'", "the limit is 4,194,304"),
    ],
    ids=["arrays", "tables", "closed", "digits", "dotted", "quoted", "single quotes", "long"],
)
def test_toml_that_would_take_all_depth_or_memory_is_no_toml(text, why, tmp_path):
    """The error is that of any wrong file: of the parser, of a profile, of a workspace."""
    with pytest.raises(tomllib.TOMLDecodeError, match=why):
        parsed(text)
    with pytest.raises(ProfileError, match=why) as caught:
        cc.read(tmp_path, profile=written(tmp_path / "profile.toml", text))
    assert len(caught.value.message) < 300
    with pytest.raises(ArgumentError, match=why):
        cc.Workspace.load(written(tmp_path / "crmcore.toml", text))


def written(path, text):
    path.write_text(text)
    return path


def test_toml_of_usual_shape_is_taken(tmp_path):
    """Long texts, many decimals in a line and dots in strings are no long keys."""
    words = ". ".join(["word"] * 500)
    text = f'note = "{words}"\nweights = [{", ".join(["0.125"] * 500)}]\n{".".join("a" * PARTS)} = 1\n'
    found = parsed(text)
    assert (found["note"], len(found["weights"])) == (words, 500)


def test_values_nested_beyond_the_walk_of_lines_still_say_what_is_wrong():
    """A profile as deep as the parser takes is refused for what it says."""
    for depth in range(100, 400, 20):
        with pytest.raises(ProfileError):
            cc.read("nowhere", profile={"file": []})
        text = "a = " + "[" * depth + "]" * depth
        with pytest.raises(ProfileError, match=r"nested too deeply|unknown key|did you mean"):
            profile_of(text)


def profile_of(text):
    from crmcore.sources.profile_parse import parse_profile

    return parse_profile(text)
