"""Files and folders as datasets: profiles at work, issues, rejected rows, and the same from both parsers."""

from __future__ import annotations

import csv
import gzip
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crmcore.domain import Money
from crmcore.errors import ArgumentError, IngestError, ProfileError, ProfileNotFound
from crmcore.sources import read, write_rejected
from crmcore.sources.profile_parse import parse_profile
from crmcore.table.values import values_of

DEALS = """id,owner,outcome,amount,created_at,region
1,Anna,won,12.50,2024-01-05,North
2,Boris,open,,2024-02-01,
3,Anna,lost,0,2024-02-02,South
"""


def columns(table):
    """Return the columns of a table as Python values."""
    return {name: values_of(column) for name, column in table.columns.items()}


def issues(data):
    """Return what was noticed, without the details."""
    return [(i.kind, i.table, i.column, i.count, i.rejected, i.rows) for i in data.issues]


def test_a_file_named_for_its_table_needs_no_profile(put, parser):
    """Columns under our names have our kinds, others are dimensions; the plural is understood."""
    data = read(put("opportunities.csv", DEALS), parser=parser)
    table = columns(data["opportunity"])
    assert table["id"] == [1, 2, 3]
    assert table["owner"] == ["Anna", "Boris", "Anna"]
    assert table["outcome"] == ["won", "open", "lost"]
    assert table["amount"] == [Money("12.50"), None, Money("0")]
    assert table["created_at"] == [date(2024, 1, 5), date(2024, 2, 1), date(2024, 2, 2)]
    assert table["region"] == ["North", None, "South"]
    assert (data.issues, data.rejected) == ((), ())


def test_a_folder_is_read_as_one_dataset(put, tmp_path, parser):
    """Each file feeds the table it is named for; other files are listed, hidden ones and other endings are not looked at."""
    put("opportunities.csv", DEALS)
    put("leads.tsv.gz", gzip.compress(b"id\tsource\n7\tweb\n"))
    put("notes.txt", "nothing of ours\n")
    put("readme.md", "# not a table\n")
    put(".hidden.csv", "a\n")
    put("sub/leads.csv", "id\n8\n")
    data = read(tmp_path, parser=parser)
    assert {name: len(table) for name, table in data.items()} == {"lead": 1, "opportunity": 3}
    assert issues(data) == [("file not read", "", "", 1, False, ())]
    assert data.issues[0].detail == "notes.txt"


def test_what_cannot_be_found_is_said(put, tmp_path):
    """A missing path gives the nearest name; a folder without files, and files named for no table, say what is expected."""
    put("opportunity.csv", DEALS)
    with pytest.raises(IngestError, match=r"no file or folder .*opportunty\.csv'; did you mean 'opportunity.csv'"):
        read(tmp_path / "opportunty.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match=r"no file that ends in \.csv"):
        read(tmp_path / "empty")
    with pytest.raises(IngestError, match="no file is named for a table; did you mean 'opportunity'"):
        read(put("x/oportunity.csv", DEALS))
    with pytest.raises(ProfileNotFound, match="no profile named 'salesfroce'; did you mean 'salesforce'"):
        read(tmp_path, profile="salesfroce", profiles={"salesforce": {}})
    with pytest.raises(ArgumentError, match="Europe/Berlin"):
        read(tmp_path, timezone="Europe/Berlni")


def test_a_profile_is_a_file_a_dict_a_profile_or_a_name(put):
    """All four say the same."""
    path = put("deals.csv", "Id;Who\n1;Anna\n")
    text = '[[file]]\nmatch = "deals.csv"\ntable = "opportunity"\n[file.columns]\nid = "Id"\nowner = "Who"\n'
    toml = put("p.toml", text)
    given = {"file": [{"match": "deals.csv", "table": "opportunity", "columns": {"id": "Id", "owner": "Who"}}]}
    ways = [
        read(path, profile=toml),
        read(path, profile=str(toml)),
        read(path, profile=given),
        read(path, profile=parse_profile(text)),
        read(path, profile="mine", profiles={"mine": given}),
    ]
    assert [columns(d["opportunity"]) for d in ways] == [{"id": [1], "owner": ["Anna"]}] * 5


def test_a_profile_maps_the_hosts_world(put, tmp_path, parser):
    """Positions, constants, row numbers, lookups, value maps, null words, formats, marks, scales and filters in one file."""
    put(
        "export.csv",
        "Nr;Wer;Phase;Summe;Angelegt;Chance;Typ;Notiz\n"
        "A1;Anna;Gewonnen;1.234,50 ;05.01.2024 10:30;100%;Neu;x\n"
        "A2;Boris;Offen;k.A.;06.01.2024 09:00;25%;Neu;y\n"
        "A3;Test;Offen;1;06.01.2024 09:00;;Test;z\n"
        "A4;Cem;Verloren;-7;07.07.2024 00:00;k.A.;;\n",
    )
    put("people.csv", "name,team,active\nAnna,North,yes\nBoris,South,no\nDora,South,yes\n")
    profile = """
    delimiter = ";"
    [lookup.person]
    file = "people.csv"
    key = "name"
    delimiter = ","
    [[file]]
    match = "exp*.csv"
    table = "opportunity"
    timezone = "Europe/Berlin"
    null_words = ["k.A."]
    decimal_mark = ","
    thousands = "."
    where = { column = "Typ", not_in = ["Test"] }
    drop = ["Notiz"]
    [file.columns]
    id = 1
    owner = "Wer"
    outcome = { column = "Phase", values = { Gewonnen = "won", Offen = "open", Verloren = "lost" } }
    stage = "Phase_"
    amount = { column = "Summe", currency = "EUR" }
    created_at = { column = "Angelegt", formats = ["%d.%m.%Y %H:%M"] }
    closed_at = { column = "Angelegt", formats = ["%d.%m.%Y %H:%M"], when = { column = "Phase", in = ["Gewonnen", "Verloren"] } }
    probability = { column = "Chance", percent = "text" }
    source = { value = "import" }
    push_count = { row = true }
    team = { lookup = "person", by = "Wer", column = "team" }
    known = { lookup = "person", by = "Wer", present = true, kind = "flag" }
    """.replace('    stage = "Phase_"\n', "")
    data = read(tmp_path / "export.csv", profile=put("p.toml", profile), parser=parser)
    table = columns(data["opportunity"])
    assert table["id"] == ["A1", "A2", "A4"]
    assert table["owner"] == ["Anna", "Boris", "Cem"]
    assert table["outcome"] == ["won", "open", "lost"]
    assert table["amount"] == [Money("1234.50", "EUR"), None, Money("-7", "EUR")]
    # Berlin is one hour ahead of UTC in January, two in July
    made = [
        datetime(2024, 1, 5, 9, 30, tzinfo=UTC),
        datetime(2024, 1, 6, 8, tzinfo=UTC),
        datetime(2024, 7, 6, 22, tzinfo=UTC),
    ]
    assert table["created_at"] == made
    assert table["closed_at"] == [made[0], None, made[2]]  # O4: one date field, split by outcome
    assert table["probability"] == [Decimal(1), Decimal("0.25"), None]
    assert table["source"] == ["import"] * 3
    assert table["push_count"] == [1, 2, 4]
    assert table["team"] == ["North", "South", None]
    assert table["known"] == [True, True, False]
    assert table["Typ"] == ["Neu", "Neu", None]
    assert "Notiz" not in table
    assert dict(data["opportunity"].excluded) == {"row filter": 1}
    assert issues(data) == [("lookup key not asked for", "lookup person", "name", 1, False, ())]
    assert data.issues[0].detail == "Dora"


def test_words_and_conditions_of_a_column(put, parser):
    """Words for yes and no, a constant and a lookup on some rows only, numbers and flags as mapped values."""
    put("people.csv", "name,team\nAnna,North\n")
    path = put("deals.csv", "id,Big,Who,Level\n1,Ja,Anna,high\n2,nein,Anna,low\n3,,Boris,\n")
    big = '{ column = "Big", equals = "Ja" }'
    profile = f"""
    true_words = ["JA"]
    false_words = ["Nein"]
    [lookup.person]
    file = "people.csv"
    key = 1
    [[file]]
    match = "deals.csv"
    table = "opportunity"
    rest = false
    [file.columns]
    id = "id"
    big = {{ column = "Big", kind = "flag" }}
    source = {{ value = "board", when = {big} }}
    team = {{ lookup = "person", by = 3, column = 2, when = {big} }}
    level = {{ column = "Level", kind = "count", values = {{ high = 2, low = 1 }} }}
    sure = {{ column = "Level", kind = "flag", values = {{ high = true, low = false }} }}
    price = {{ value = 9.99, kind = "money" }}
    """
    data = read(path, profile=put("p.toml", profile), parser=parser)
    assert columns(data["opportunity"]) == {
        "id": [1, 2, 3],
        "source": ["board", None, None],
        "team": ["North", None, None],
        "big": [True, False, None],
        "level": [2, 1, None],
        "sure": [True, False, None],
        "price": [Money("9.99")] * 3,
    }
    assert (data.issues, data.rejected) == ((), ())


def test_one_file_feeds_several_tables(put, parser):
    """Rows go to the entries whose filter takes them; a row that none takes is counted, and only such a row."""
    path = put("log.csv", "Id,Type,Who\n1,Task,a\n2,Call,b\n3,Junk,c\n4,Call,d\n")
    profile = {
        "file": [
            {
                "match": "log.csv",
                "table": "activity",
                "where": {"column": "Type", "equals": "Call"},
                "columns": {"id": "Id"},
            },
            {
                "match": "log.csv",
                "table": "task",
                "where": {"column": "Type", "equals": "Task"},
                "columns": {"id": "Id"},
            },
        ]
    }
    data = read(path, profile=profile, parser=parser)
    assert columns(data["activity"]) == {"id": [2, 4], "Type": ["Call", "Call"], "Who": ["b", "d"], "quantity": [1, 1]}
    assert columns(data["task"]) == {"id": [1], "Type": ["Task"], "Who": ["a"]}
    assert dict(data["activity"].excluded) == {"row filter": 1}
    profile["file"][1].pop("where")
    assert dict(read(path, profile=profile, parser=parser)["activity"].excluded) == {}


def test_several_files_feed_one_table(put, tmp_path, parser):
    """Their rows follow each other in the order of the names; columns that one lacks are blank; row numbers run on."""
    put("deals_1.csv", "id,region\n1,North\n2,South\n")
    put("deals_2.csv", "id,size\n3,big\nx,y,z\n2,small\n")
    put("deals_3.csv", "id,amount\n4,x\n")
    profile = {"file": [{"match": "deals_*.csv", "table": "opportunity"}]}
    data = read(tmp_path, profile=profile, parser=parser)
    assert values_of(data["opportunity"]["amount"]) == [None] * 3
    assert {n: v for n, v in columns(data["opportunity"]).items() if n != "amount"} == {
        "id": [1, 2, 3],
        "region": ["North", "South", None],
        "size": [None, None, "big"],
    }
    assert issues(data) == [
        ("too many cells", "opportunity", "", 1, True, (4,)),
        ("not a number", "opportunity", "amount", 1, True, (6,)),
        ("duplicate id", "opportunity", "id", 1, True, (5,)),
    ]
    assert [(r.row, r.reason, dict(r.record)) for r in data.rejected] == [
        (
            4,
            "too many cells: 3 where the file has 2 columns (deals_2.csv line 3)",
            {"id": "x", "size": "y", "column 3": "z"},
        ),
        (5, "id: duplicate id 2", {"id": "2", "size": "small"}),
        (6, "amount: not a number 'x'", {"id": "4", "amount": "x"}),
    ]


def test_rejected_rows_are_listed_as_they_came_and_written(put, tmp_path, parser):
    """Cells that cannot be converted, also those found only at the end, duplicates and misfits, with all their columns."""
    path = put(
        "opportunity.csv",
        "id,amount,created_at,note\n1,1.50,2024-01-05T10:00:00,fine\n2,lots,2024-01-06T10:00:00Z,n\n1,2,,again\n3,4\n",
    )
    data = read(path, parser=parser)
    assert len(data["opportunity"]) == 0 + 1
    assert [(r.row, r.reason) for r in data.rejected] == [
        (1, "created_at: naive timestamp '2024-01-05T10:00:00'"),
        (2, "amount: not a number 'lots'"),
        (4, "too few cells: 2 where the file has 4 columns (opportunity.csv line 5)"),
    ]
    assert dict(data.rejected[0].record) == {
        "id": "1", "amount": "1.50", "created_at": "2024-01-05T10:00:00", "note": "fine",
    }  # fmt: skip
    assert write_rejected(data, tmp_path / "out.csv") == 3
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert [(w["table"], w["row"], w["id"], w["amount"], w["note"]) for w in written] == [
        ("opportunity", "1", "1", "1.50", "fine"),
        ("opportunity", "2", "2", "lots", "n"),
        ("opportunity", "4", "3", "4", ""),
    ]


def test_rows_behind_a_filter_keep_their_numbers(put, parser):
    """The number of a row is that of the file, whatever is left out before it."""
    text = "id,kind,amount\n" + "".join(f"{i},{'a' if i % 2 else 'b'},{'x' if i == 9 else i}\n" for i in range(1, 12))
    profile = {"file": [{"match": "o.csv", "table": "opportunity", "where": {"column": "kind", "equals": "a"}}]}
    data = read(put("o.csv", text), profile=profile, parser=parser)
    assert columns(data["opportunity"])["id"] == [1, 3, 5, 7, 11]
    assert data.rejected[0].row == 9
    assert dict(data.rejected[0].record) == {"id": "9", "kind": "a", "amount": "x"}
    assert data["opportunity"].rows.tolist() == [0, 2, 4, 6, 10]


def test_references_can_be_declared(put, tmp_path, parser):
    """A key of the host's own refers to a table: numbers in text meet numeric ids, and what is no id is listed."""
    put("opportunity.csv", "id,partner\n1,7\n2,8\n3,\n4,8\n")
    put("account.csv", "id,sector\n7,Retail\n")
    profile = {
        "file": [
            {"match": "opportunity.csv", "table": "opportunity", "references": {"partner": "account"}},
            {"match": "account.csv", "table": "account"},
        ]
    }
    data = read(tmp_path, profile=profile, parser=parser)
    assert data["opportunity"].references["partner"] == "account"
    assert columns(data["opportunity"])["partner"] == [7, 8, None, 8]
    assert issues(data) == [("unknown reference", "opportunity", "partner", 2, False, (2, 4))]
    assert data.issues[0].detail == "no account 8 (2)"


def test_a_reference_that_cannot_be_is_an_error(put, tmp_path):
    """A column that is not there, one that is no key, and a table that nothing feeds."""
    put("opportunity.csv", "id,partner,amount\n1,7,1\n")
    for references, says in (
        ({"partnr": "account"}, "opportunity has no column 'partnr'; did you mean 'partner'"),
        ({"amount": "account"}, "opportunity.amount is of kind money, and has to be a key"),
        ({"partner": "acount"}, "no table 'acount'"),
    ):
        profile = {"file": [{"match": "opportunity.csv", "table": "opportunity", "references": references}]}
        with pytest.raises(ProfileError, match=re.escape(says)):
            read(tmp_path, profile=profile)


FIT = [
    # (profile behind the head, line, what the message says)
    ('amount = "Summ"', 5, "deals.csv has no column 'Summ'; did you mean 'Summe'?"),
    ("amount = 9", 5, "deals.csv has no column 9; it has 3"),
    (
        'amuont = "Summe"',
        5,
        "opportunity has no column 'amuont'; did you mean 'amount' or 'account'? a column of your own needs a kind",
    ),
    ('amount = { column = "Summe", kind = "count" }', 5, "opportunity.amount is of kind money, not count"),
    ('amount = { column = "Summe", when = { column = "Fase", blank = false } }', 5, "deals.csv has no column 'Fase'"),
    ('id = "Summe"', 1, "deals.csv has a column 'id', but opportunity.id comes from elsewhere"),
]


@pytest.mark.parametrize(("stated", "line", "says"), FIT, ids=[says[:30] for _, _, says in FIT])
def test_a_profile_that_does_not_fit_the_file_is_an_error_with_its_line(put, stated, line, says):
    """The profile is right in itself; the file or the table lacks what it names."""
    path = put("deals.csv", "id,Summe,Phase\n1,2,a\n")
    profile = put("p.toml", f'[[file]]\nmatch = "deals.csv"\ntable = "opportunity"\n[file.columns]\n{stated}\n')
    with pytest.raises(ProfileError, match=re.escape(says)) as caught:
        read(path, profile=profile)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"p.toml line {line}: ")


def test_missing_files_are_errors_unless_optional(put, tmp_path):
    """In a folder every entry needs its file; of a single file only its own entries are asked for."""
    path = put("deals.csv", "id\n1\n")
    text = '[[file]]\nmatch = "deals.csv"\ntable = "opportunity"\n[[file]]\nmatch = "leads.csv"\ntable = "lead"\n'
    profile = put("p.toml", text)
    with pytest.raises(
        ProfileError, match=r"p\.toml line 4: no file matches 'leads\.csv'.*; did you mean 'deals\.csv'"
    ):
        read(tmp_path, profile=profile)
    assert len(read(path, profile=profile)["opportunity"]) == 1
    with pytest.raises(ProfileError, match=r"no file matches 'deals\.csv'"):
        read(put("other.csv", "id\n1\n"), profile=profile)
    (tmp_path / "other.csv").unlink()
    profile.write_text(text + "optional = true\n", encoding="utf-8")
    assert list(read(tmp_path, profile=profile)) == ["opportunity"]


def test_a_lookup_has_to_be_there_and_whole(put, tmp_path):
    """A missing file, a missing column and a broken row are errors; a key that stands twice is listed, the first counts."""
    put("deals.csv", "id,who\n1,a\n2,b\n")
    text = (
        '[lookup.person]\nfile = "people.csv"\nkey = "name"\n[[file]]\nmatch = "deals.csv"\ntable = "opportunity"\n'
        '[file.columns]\nteam = { lookup = "person", by = "who", column = "team" }\n'
    )
    profile = put("p.toml", text)
    with pytest.raises(ProfileError, match=r"p.toml line 1: no file 'people.csv' for lookup 'person'"):
        read(tmp_path, profile=profile)
    people = put("people.csv", "name,group\na,North\n")
    with pytest.raises(ProfileError, match=r"p.toml line 8: people.csv has no column 'team'"):
        read(tmp_path, profile=profile)
    people.write_text("name,team\na,North,x\n", encoding="utf-8")
    with pytest.raises(ProfileError, match=r"lookup 'person' cannot be read: too many cells"):
        read(tmp_path, profile=profile)
    people.write_text("name,team\na,North\na,South\n ,East\n", encoding="utf-8")
    data = read(tmp_path, profile=profile)
    assert columns(data["opportunity"])["team"] == ["North", None]
    assert [(i.kind, i.count, i.detail) for i in data.issues] == [
        ("lookup key repeated", 1, "the first row is used: a")
    ]


def test_optional_columns_may_be_missing(put):
    """A profile for many exports names columns that not all of them have."""
    path = put("deals.csv", "id\n1\n")
    columns_ = {"amount": {"column": "Amount", "optional": True}}
    data = read(path, profile={"file": [{"match": "deals.csv", "table": "opportunity", "columns": columns_}]})
    assert list(data["opportunity"].columns) == ["id"]


def test_only_what_is_named_is_taken_when_the_rest_is_not_wanted(put, parser):
    """`rest = false` leaves out all columns that the profile does not name."""
    path = put("deals.csv", "id,a,b\n1,2,3\n")
    entry = {"match": "deals.csv", "table": "opportunity", "rest": False, "columns": {"id": "id"}}
    assert list(read(path, profile={"file": [entry]}, parser=parser)["opportunity"].columns) == ["id"]


def test_one_file_is_cut_in_one_way(put):
    """Two entries for a file state the same delimiter, encoding and header."""
    path = put("deals.csv", "id\n1\n")
    entries = [{"match": "deals.csv", "table": "lead"}, {"match": "deals.csv", "table": "account", "delimiter": ";"}]
    with pytest.raises(ProfileError, match="cut into cells in another way"):
        read(path, profile={"file": entries})


def test_one_column_is_read_in_one_way(put, tmp_path):
    """Two files that feed a column state the same formats for it."""
    put("a.csv", "id,created_at\n1,2024-01-05\n")
    put("b.csv", "id,created_at\n2,05.01.2024\n")
    entries = [{"match": "a.csv", "table": "lead"}, {"match": "b.csv", "table": "lead", "formats": ["%d.%m.%Y"]}]
    with pytest.raises(ProfileError, match=r"lead.created_at is read from b.csv in another way"):
        read(tmp_path, profile={"file": entries})


def test_a_column_without_a_name_is_read_and_listed(put, parser):
    """Nothing is dropped: a trailing delimiter in the header makes a column called by its position."""
    data = read(put("lead.csv", "id,source,\n1,web,x\n2,,\n"), parser=parser)
    assert columns(data["lead"]) == {"id": [1, 2], "source": ["web", None], "column 3": ["x", None]}
    assert issues(data) == [("column without a name", "lead", "column 3", 1, False, ())]


def test_an_empty_table_is_a_table(put, parser):
    """A header alone gives a table without rows (R2)."""
    data = read(put("lead.csv", "id,source\n"), parser=parser)
    assert columns(data["lead"]) == {"id": [], "source": []}


def test_timestamps_without_a_zone_need_one(put, parser):
    """Without a zone the rows are rejected; the argument states one where the profile does not (T1)."""
    path = put("lead.csv", "id,created_at\n1,2024-07-01T12:00:00\n")
    data = read(path, parser=parser)
    assert issues(data) == [("naive timestamp", "lead", "created_at", 1, True, (1,))]
    data = read(path, timezone="Europe/Berlin", parser=parser)
    assert columns(data["lead"])["created_at"] == [datetime(2024, 7, 1, 10, tzinfo=UTC)]
    profile = {"timezone": "Asia/Shanghai", "file": [{"match": "lead.csv", "table": "lead"}]}
    data = read(path, timezone="Europe/Berlin", profile=profile, parser=parser)
    assert columns(data["lead"])["created_at"] == [datetime(2024, 7, 1, 4, tzinfo=UTC)]


def test_progress_is_told(put, tmp_path, parser):
    """Rows and bytes grow to the end; the bytes are those of all files on the disk."""
    put("leads.csv", "id,source\n" + "".join(f"{i},web\n" for i in range(300_000)))
    put("accounts.csv.gz", gzip.compress(b"id\n1\n"))
    told = []
    read(tmp_path, parser=parser, progress=lambda *args: told.append(args))
    total = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert told == sorted(told)
    assert told[-1] == (300_001, total, total)
    assert len(told) > 3
    assert {t for _, _, t in told} == {total}


def test_nothing_is_half_read(put, parser):
    """An error late in a large file leaves nothing behind but itself."""
    path = put("lead.csv", b"id,source\n" + b"1,web\n" * 400_000 + b"2,\xff\n")
    with pytest.raises(IngestError, match=r"lead.csv is not utf-8: byte 2400012 \(line 400002\)"):
        read(path, parser=parser)


def test_both_parsers_give_the_same_dataset(put, tmp_path):
    """Columns with their types, issues and rejected rows are equal for a large file with all kinds of trouble in it."""
    pytest.importorskip("pyarrow")
    lines = ["id,owner,outcome,amount,created_at,closed_at,score,note"]
    for i in range(60_000):
        odd = i % 997 == 0
        lines.append(
            f"{i if i % 5000 else 17},owner_{i % 50},{'Won' if i % 3 else 'lost'},{'' if i % 7 == 0 else i / 4},"
            f"{'2024-01-05' if not odd else '05.01.24'},{2000 + i % 30}-03-{1 + i % 28:02d},{i / 8},"
            + ('"quoted, ""twice""\nover lines"' if i % 11 == 0 else 'plain 5" pipe' if i % 20_011 == 0 else "plain")
            + (",extra" if i % 9001 == 0 else "")
        )
    put("opportunity.csv", "\n".join(lines))
    first, second = (read(tmp_path, parser=p) for p in ("python", "arrow"))
    assert first.issues == second.issues
    assert first.rejected == second.rejected
    assert {i.kind for i in first.issues} >= {"not a date", "duplicate id", "too many cells", "closed before created"}
    for name, table in first.items():
        other = second[name]
        assert (table.references, table.excluded, table.clustered) == (
            other.references,
            other.excluded,
            other.clustered,
        )
        assert list(table.columns) == list(other.columns)
        for column, theirs in zip(table.columns.values(), other.columns.values(), strict=True):
            assert (column.kind, column.data.dtype, column.scale) == (theirs.kind, theirs.data.dtype, theirs.scale)
            assert list(column.labels) == list(theirs.labels)
            assert column.data.tolist() == theirs.data.tolist()
            assert column.present().tolist() == theirs.present().tolist()
