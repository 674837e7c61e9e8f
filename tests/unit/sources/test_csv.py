"""CSV files: the same cells, refusals and lines from both parsers, and from the csv module over the whole text."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import threading
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.errors import ArgumentError, IngestError, MissingLibraryError
from crmcore.sources.csv import CsvFile, choose_parser
from crmcore.sources.profile import Layout


def rows_of(path, layout=Layout(), parser="python", block=1 << 21):  # noqa: B008
    """Return the names, the numbered rows and the refusals of a file."""
    rows, refusals = [], []
    with CsvFile(path, layout, parser, block=block) as file:
        for part in file.blocks(range(len(file.names))):
            columns = [c if isinstance(c, list) else c.to_pylist() for c in part.columns]
            rows += zip(part.numbers.tolist(), zip(*columns, strict=True), strict=True)
            refusals += part.refusals
        return file.names, rows, refusals


CELLS = st.text(alphabet='ab,;"\n\r \té€', max_size=4)
QUOTED = CELLS.map(lambda cell: '"' + cell.replace('"', '""') + '"')
LINES = st.lists(st.lists(CELLS | QUOTED, min_size=1, max_size=4).map(",".join), max_size=6)
BODIES = st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"])).map(lambda pair: pair[1].join(pair[0]))


@given(body=BODIES, block=st.sampled_from([5, 16, 61, 1 << 20]))
@example(body='"a\nb",c,d', block=5)
@example(body="a,b,c\r\nd,e,f\r", block=16)
@example(body='x"y,z,"', block=5)
@example(body="abcd,d,e\r\nf,g,h,i", block=5)
@example(body='a,"b""c",d\n', block=8)
def test_both_parsers_read_what_the_csv_module_reads(body, block, tmp_path_factory):
    """Rows, refusals and errors do not depend on the parser, nor on where the text is cut into blocks.

    The expected rows are those of the csv module over the whole text; it takes an open quote as it is, we do not.
    """
    pytest.importorskip("pyarrow")
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    text = "x,y,z\n" + body
    path.write_bytes(text.encode())
    layout = Layout(delimiter=",")
    found = {}
    for parser in ("python", "arrow"):
        for size in (block, 1 << 20):
            try:
                names, rows, refusals = rows_of(path, layout, parser, size)
                found[parser, size] = names, rows, [(r.row, r.kind, r.reason, tuple(r.cells)) for r in refusals]
            except IngestError as error:
                found[parser, size] = str(error)
    first, *others = found.values()
    assert all(other == first for other in others)
    if not isinstance(first, str):
        expected = [tuple(row) for row in csv.reader(io.StringIO(text, newline="")) if row][1:]
        _, rows, refusals = first
        numbered = sorted([*rows, *((row, cells) for row, _, _, cells in refusals)])
        assert numbered == list(enumerate(expected, 1))
        assert all(len(cells) == 3 for _, cells in rows)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ('"a;x",b\n"1;2",3\n', ","),
        ("name\nAnna\nBoris\n", ","),
        ("a,b\n1,2,3\n4,5\n", ","),  # a row with a cell too many: by the header
    ],
)
def test_a_delimiter_that_is_not_declared_is_found(put, text, delimiter):
    """The delimiter cuts the first rows into equally many cells, the most cells winning; quotes are respected."""
    with CsvFile(put("a.csv", text), Layout()) as file:
        assert file.layout.delimiter == delimiter


def test_cells_parted_by_runs_of_white_space(put, parser):
    """Leading spaces, tabs and runs of spaces part cells; a file of that kind has no quotes and often no header."""
    path = put("cdnow.txt", ' 00001 19970101  1   11.77\n 00002 19970112\t1 "12.00\n\n')
    layout = Layout(delimiter="whitespace", header=False, names=("customer", "date", "quantity", "amount"))
    names, rows, refusals = rows_of(path, layout, parser)
    assert names == ("customer", "date", "quantity", "amount")
    assert rows == [(1, ("00001", "19970101", "1", "11.77")), (2, ("00002", "19970112", "1", '"12.00'))]
    assert refusals == []


@pytest.mark.parametrize(
    ("encoding", "mark", "declared"),
    [
        ("utf-8", b"", None),
        ("utf-8", codecs.BOM_UTF8, None),
        ("utf-16-le", codecs.BOM_UTF16_LE, None),
        ("utf-16-be", codecs.BOM_UTF16_BE, None),
        ("utf-32-le", codecs.BOM_UTF32_LE, None),
        ("cp1252", b"", "cp1252"),
        ("shift_jis", b"", "shift_jis"),
        ("gb18030", b"", "gb18030"),
        ("utf-8", codecs.BOM_UTF8, "cp1252"),  # the mark wins
    ],
)
def test_any_encoding(put, parser, encoding, mark, declared):
    """A byte order mark decides, else what is declared, else UTF-8; blocks may cut a character in two."""
    word = {"shift_jis": "日本", "gb18030": "赢率"}.get(encoding, "é")
    text = f"name,{word}\n" + f"Zo{word},1\n" * 50
    path = put("a.csv", mark + text.encode(encoding))
    names, rows, refusals = rows_of(path, Layout(encoding=declared), parser, block=7)
    assert names == ("name", word)
    assert [cells for _, cells in rows] == [(f"Zo{word}", "1")] * 50
    assert refusals == []


def test_bytes_that_are_not_the_encoding_are_an_error_with_their_place(put, parser):
    """The byte and the line are those of the file, in whatever block they come; the message says what to state."""
    lines = b"name,city\n" + b"Anna,Bonn\n" * 400
    path = put("a.csv", lines + "Zoë,Köln\n".encode("cp1252"))
    says = f"a.csv is not utf-8: byte {len(lines) + 2} (line 402) is eb 2c 4b f6"
    with pytest.raises(IngestError, match=re.escape(says)) as caught:
        rows_of(path, parser=parser, block=64)
    assert 'encoding = "cp1252"' in str(caught.value)
    assert (caught.value.byte, caught.value.line) == (len(lines) + 2, 402)


def test_a_place_counts_from_the_file_where_a_character_is_cut_by_a_block(put):
    """The first byte of a character ends one block, what cannot follow it begins the next: byte 11, counted by hand."""
    path = put("a.csv", b"name\nAnna\nZ\xc3(\n")
    for block in range(1, 20):
        with pytest.raises(IngestError, match=r"byte 11 \(line 3\) is c3 28"):
            rows_of(path, block=block)


def test_a_character_cut_off_at_the_end_is_an_error(put, parser):
    """The last byte of the file may be the first half of a character."""
    path = put("a.csv", b"name\nAnna\nZo\xc3")
    with pytest.raises(IngestError, match=r"byte 12 \(line 3\).*unexpected end"):
        rows_of(path, parser=parser)


def test_a_nul_is_an_error_with_its_place(put, parser):
    """UTF-16 without a byte order mark is the usual reason, and the message says so."""
    with pytest.raises(IngestError, match=r"NUL at byte 15 \(line 3\)") as caught:
        rows_of(put("a.csv", b"name,x\nAnna,1\nB\0ris,2\n"), parser=parser)
    assert "utf-16" in str(caught.value)


def test_gzip_is_read_whatever_the_name(put, parser):
    """The first bytes say that a file is compressed; bytes read are those on the disk."""
    path = put("a.csv", gzip.compress(b"name,x\nAnna,1\n"))
    with CsvFile(path, Layout(), parser) as file:
        (block,) = file.blocks([0, 1])
        assert block.size == 1
        assert file.bytes_read == file.size == path.stat().st_size


@pytest.mark.parametrize("damage", ["cut", "flipped", "no stream"])
def test_a_broken_gzip_is_an_error(put, parser, damage):
    """A file cut short, one with a wrong checksum, and one that only begins like gzip."""
    whole = gzip.compress(b"name,x\n" + b"Anna,1\n" * 10_000)
    broken = {
        "cut": whole[:-20],
        "flipped": whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:],
        "no stream": whole[:2] + b"zz",
    }
    with pytest.raises(IngestError, match=r"a\.csv\.gz is a broken gzip file"):
        rows_of(put("a.csv.gz", broken[damage]), parser=parser)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_an_error_that_names_it(put, content):
    """No bytes, a byte order mark alone, blank lines alone, and nothing compressed."""
    with pytest.raises(IngestError, match=r"a\.csv is empty"):
        CsvFile(put("a.csv", content), Layout())


def test_a_header_alone_is_a_file_without_rows(put, parser):
    """There is nothing wrong with no rows (R2)."""
    assert rows_of(put("a.csv", "name,x"), parser=parser) == (("name", "x"), [], [])
    assert rows_of(put("a.csv", "name,x\r\n"), parser=parser) == (("name", "x"), [], [])


def test_lines_before_the_header_are_left_out(put, parser):
    """Exports put a title above the header; the lines of refusals count from the top of the file."""
    path = put("a.csv", 'Report, "of today\n\nname,x\nAnna\n')
    names, rows, (refusal,) = rows_of(path, Layout(skip=2), parser)
    assert (names, rows) == (("name", "x"), [])
    assert refusal.reason == "too few cells: 1 where the file has 2 columns (a.csv line 4)"
    with pytest.raises(IngestError, match="empty"):
        CsvFile(path, Layout(skip=9))
    long = put("b.csv", "title " * 50 + "\rname\rAnna\r")
    assert rows_of(long, Layout(skip=1), parser, block=16)[1] == [(1, ("Anna",))]


def test_a_name_twice_in_the_header_is_an_error_unless_names_are_given(put, parser):
    """Both columns are named, with the way out: names stand in for the header."""
    path = put("a.csv", "id,name,name\n1,Anna,Bonn\n")
    with pytest.raises(IngestError, match="has 'name' twice: in columns 2 and 3"):
        CsvFile(path, Layout())
    names, rows, _ = rows_of(path, Layout(names=("id", "name", "city")), parser)
    assert names == ("id", "name", "city")
    assert rows == [(1, ("1", "Anna", "Bonn"))]
    with pytest.raises(IngestError, match="has 3 columns, but the profile gives names for 2"):
        CsvFile(path, Layout(names=("id", "name")))


def test_columns_without_a_name_are_called_by_their_position(put):
    """A trailing delimiter in the header makes such a column; a file without a header has only such."""
    with CsvFile(put("a.csv", "id,x,\n1,2,\n"), Layout()) as file:
        assert file.names == ("id", "x", "column 3")
        assert file.unnamed == (2,)
    with CsvFile(put("b.csv", "1,2\n3,4\n"), Layout(header=False)) as file:
        assert file.names == ("column 1", "column 2")
        assert file.unnamed == ()
        (block,) = file.blocks([0])
        assert block.columns == [["1", "3"], None]


def test_a_row_with_too_many_or_too_few_cells_is_refused_with_its_line(put, parser):
    """The row's number counts rows, its line counts lines: the first quoted cell has two."""
    text = 'id,note\n1,"two\nlines"\n2,b,c\n\n3\n4,d\n'
    _, rows, refusals = rows_of(put("a.csv", text), parser=parser)
    assert rows == [(1, ("1", "two\nlines")), (4, ("4", "d"))]
    assert [tuple(r) for r in refusals] == [
        (2, "too many cells", "too many cells: 3 where the file has 2 columns (a.csv line 4)", ["2", "b", "c"]),
        (3, "too few cells", "too few cells: 1 where the file has 2 columns (a.csv line 6)", ["3"]),
    ]


def test_an_oversized_cell_is_refused_and_no_global_is_touched(put, parser):
    """Ten million characters are refused with their column; cells beyond the csv module's own limit are read."""
    before = csv.field_size_limit()
    text = f'id,note\n1,{"x" * 200_000}\n2,"{"y" * 10_000_000}"\n3,ok\n'
    _, rows, (refusal,) = rows_of(put("a.csv", text), parser=parser)
    assert [(n, cells[0], len(cells[1])) for n, cells in rows] == [(1, "1", 200_000), (3, "3", 2)]
    assert refusal.reason == (
        "oversized cell: 10,000,000 characters in column 'note', the limit is 1,000,000 (a.csv line 3)"
    )
    assert len(refusal.cells[1]) == 10_000_000
    assert csv.field_size_limit() == before


def test_the_limit_of_a_cell_is_in_characters_and_can_be_stated(put, parser):
    """Four characters of two bytes each are within a limit of four; five are not."""
    _, rows, refusals = rows_of(put("a.csv", "id\néééé\nééééé\n"), Layout(cell_limit=4), parser)
    assert rows == [(1, ("éééé",))]
    assert [r.row for r in refusals] == [2]
    path = put("b.csv", f"id\n{'x' * 3000}\n")
    assert rows_of(path, Layout(cell_limit=3000), parser, block=512)[1] == [(1, ("x" * 3000,))]


def test_a_host_that_lowers_the_limit_of_the_csv_module_is_not_disturbed(put):
    """The limit is a global of the process; with any of its values the rows are the same."""
    path = put("a.csv", 'id,note\n1,"long, ""quoted"" cell\nof two lines"\n2,short\n')
    expected = rows_of(path)
    before = csv.field_size_limit(10)
    try:
        assert rows_of(path) == expected
        assert csv.field_size_limit() == 10
    finally:
        csv.field_size_limit(before)


def test_an_open_quote_is_an_error_with_the_line_on_which_it_begins(put, parser):
    """The csv module would take the rest of the file for one cell."""
    text = 'id,note\n1,fine\n2,"open\n3,lost\n'
    with pytest.raises(IngestError, match=r"a\.csv line 3: the quoted cell that begins here is not closed"):
        rows_of(put("a.csv", text), parser=parser)
    assert len(rows_of(put("a.csv", text), Layout(quote=""), parser)[1]) == 3


def test_a_record_that_does_not_end_is_an_error_before_it_fills_the_memory(put, parser):
    """64 cells' worth of text without an end of the record: a quote was left open far above."""
    path = put("a.csv", 'id,note\n1,"open\n' + "2,lost\n" * 2000)
    with pytest.raises(IngestError, match=r"line 2: the record that begins here is longer than 6,400 bytes"):
        rows_of(path, Layout(cell_limit=100), parser, block=512)


def test_a_stray_quote_inside_a_cell_is_text(put, parser):
    """Inches are written with a quote; as for the csv module, it means nothing inside an unquoted cell."""
    text = "id,size\n" + '1,5" pipe\n' * 300 + '2,"a ""b"" c"\n'
    _, rows, refusals = rows_of(put("a.csv", text), parser=parser, block=100)
    assert [cells for _, cells in rows] == [("1", '5" pipe')] * 300 + [("2", 'a "b" c')]
    assert refusals == []


@pytest.mark.parametrize("delimiter", ["§", "¦"])
def test_a_delimiter_beyond_ascii_goes_to_the_reference(put, parser, delimiter):
    """Pyarrow takes single bytes only; the file is read all the same."""
    path = put("a.csv", f'id{delimiter}note\n1{delimiter}"a{delimiter}b"\n2{delimiter}c\n')
    _, rows, _ = rows_of(path, Layout(delimiter=delimiter), parser, block=6)
    assert rows == [(1, ("1", f"a{delimiter}b")), (2, ("2", "c"))]


def test_other_quotes_are_declared(put, parser):
    """A single quote instead of a double one, and none at all."""
    path = put("a.csv", "id,note\n1,'a,b'\n")
    assert rows_of(path, Layout(quote="'"), parser)[1] == [(1, ("1", "a,b"))]
    assert rows_of(path, Layout(quote=""), parser)[2][0].kind == "too many cells"


def test_an_unreadable_file_is_an_error(tmp_path):
    """What the system says is part of the message."""
    with pytest.raises(IngestError, match=r"missing\.csv cannot be read: No such file"):
        CsvFile(tmp_path / "missing.csv", Layout())
    with pytest.raises(IngestError, match="cannot be read"):
        CsvFile(tmp_path, Layout())


def test_the_parser_is_chosen_by_what_is_installed(monkeypatch):
    """`auto` is pyarrow where it is installed; asking for it where it is not says which extra installs it."""
    with pytest.raises(ArgumentError, match="no parser 'fast'; available: auto, python, arrow"):
        choose_parser("fast")
    assert choose_parser("python") == "python"
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.csv", None)
    assert choose_parser("auto") == "python"
    with pytest.raises(MissingLibraryError, match=r"crmcore\[arrow\]"):
        choose_parser("arrow")


def test_only_a_block_is_held_at_a_time(put):
    """The Python objects of a file are those of one block: 2 MB of text in blocks of 16 KB need less than 1 MB."""
    path = put("a.csv", "id,note\n" + "".join(f'{i},"some note, and more"\n' for i in range(70_000)))
    rows = 0
    tracemalloc.start()
    try:
        with CsvFile(path, Layout(), block=1 << 14) as file:
            for block in file.blocks([0, 1]):
                rows += block.size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == 70_000
    assert path.stat().st_size > 1.9e6
    assert peak < 1e6


def test_files_are_read_in_threads_without_disturbing_each_other(put):
    """Nothing of the parser is shared: four threads read four files at once."""
    paths = [put(f"{i}.csv", "id,note\n" + f'{i},"x\ny"\n' * 2000) for i in range(4)]
    found = {}

    def work(i):
        found[i] = rows_of(paths[i], block=1000)[1]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all([cells for _, cells in found[i]] == [(str(i), "x\ny")] * 2000 for i in range(4))
