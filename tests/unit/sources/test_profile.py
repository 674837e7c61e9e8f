"""Profiles: what is wrong with one is said with its line, the nearest name and what would be right."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from crmcore.errors import ProfileError
from crmcore.sources.profile import Condition, Layout, Profile, Reading, Source
from crmcore.sources.profile_parse import load_profile, parse_profile

GOOD = """
timezone = "Europe/Berlin"
delimiter = ";"

[lookup.deal]
file = "deals.csv"
key = "lead_id"
delimiter = ","

[[file]]
match = ["leads_*.csv", "old.csv"]
table = "lead"
null_words = ["Select"]
drop = ["Notes"]
where = [{ column = "Type", not_in = ["Test", "Sample"] }, { position = 3, blank = false }]
[file.columns]
id = 1
source = "Lead Source"
score = { column = "Score", decimal_mark = "," }
converted = { lookup = "deal", by = "Id", present = true }
converted_at = { lookup = "deal", by = "Id", column = "won", timezone = "UTC", optional = true }
status = { column = "Status", values = { "1" = "new", "2" = "old" }, when = { column = "Type", equals = "A" } }
campaign = { value = "spring" }
size = { kind = "key" }
[file.references]
partner = "account"
"""


def test_a_profile_becomes_data():
    """Every way to say where a column comes from, with settings taken over from outside and stated anew inside."""
    profile = parse_profile(GOOD, source="good.toml")
    assert isinstance(profile, Profile)
    (entry,) = profile.files
    by_name = {s.name: s for s in entry.columns}
    assert entry.match == ("leads_*.csv", "old.csv")
    assert entry.takes("leads_2024.csv")
    assert entry.takes("old.csv")
    assert not entry.takes("Leads_2024.csv")
    assert entry.layout == Layout(delimiter=";")
    assert entry.reading == Reading(null_words=("Select",), timezone="Europe/Berlin")
    assert entry.where == (
        Condition("Type", frozenset({"Test", "Sample"}), wanted=False, line=15),
        Condition(3, None, wanted=False, line=15),
    )
    assert by_name["id"] == Source("id", 1, line=17)
    assert by_name["size"] == Source("size", "size", kind="key", line=24)
    assert by_name["status"].values == (("1", "new"), ("2", "old"))
    assert by_name["status"].when == (Condition("Type", frozenset({"A"}), line=22),)
    assert by_name["converted"].present
    assert by_name["converted_at"].reading == Reading(timezone="UTC")
    assert by_name["campaign"].value == "spring"
    assert entry.references == (("partner", "account"),)
    assert profile.lookup("deal").layout == Layout(delimiter=",")


def test_a_dict_says_the_same_as_toml():
    """A profile may be given as a dict of the same shape; only the lines are missing."""
    toml = parse_profile('[[file]]\nmatch = "a.csv"\ntable = "lead"\n[file.columns]\nid = "Id"\n')
    given = parse_profile({"file": [{"match": "a.csv", "table": "lead", "columns": {"id": "Id"}}]})
    assert given.files[0].columns == (Source("id", "Id"),)
    assert toml.files[0].columns == (Source("id", "Id", line=5),)


def test_numbers_in_a_profile_stay_exact():
    """A constant amount is a decimal, not a float."""
    profile = parse_profile(
        '[[file]]\nmatch = "a"\ntable = "lead"\n[file.columns]\nexpected_amount = { value = 0.1 }\n'
    )
    assert profile.files[0].columns[0].value == Decimal("0.1")


HEAD = '[[file]]\nmatch = "a.csv"\ntable = "lead"\n'
COLUMNS = HEAD + "[file.columns]\n"

WRONG = [
    # (text, line, what the message says)
    ("timezon = 'UTC'\n" + HEAD, 1, "unknown key of the profile 'timezon'; did you mean 'timezone'"),
    (HEAD + 'matches = "b"\n', 4, "did you mean 'match'"),
    (COLUMNS + 'id = "a"\nsource = "b"\nid = "c"\n', 7, "column 'id' is mapped twice (first on line 5)"),
    (COLUMNS + 'id = { column = "a", kind = "int" }\n', 5, "unknown kind 'int'"),
    (COLUMNS + 'id = { colum = "a" }\n', 5, "did you mean 'column'"),
    (COLUMNS + 'id = { column = "a", value = "b" }\n', 5, "column and value: a column comes from one place"),
    (COLUMNS + 'id = { column = "a", position = 2 }\n', 5, "column or position, not both"),
    (COLUMNS + "id = 0\n", 5, "id = 0 is not a column's name"),
    (COLUMNS + 'id = { lookup = "deals", by = "a", column = "b" }\n', 5, "unknown lookup 'deals'"),
    (COLUMNS + 'id = { by = "a" }\n', 5, "has by but no lookup"),
    (COLUMNS + 'id = { values = { a = ["b"] } }\n', 5, "which is not one value"),
    (COLUMNS + 'id = { column = "a", when = { column = "b" } }\n', 5, "exactly one of equals, in, not_in, blank"),
    (COLUMNS + 'id = { column = "a", when = { equals = "b" } }\n', 5, "a condition needs column or position"),
    (COLUMNS + 'id = { column = "a", when = "b" }\n', 5, "has to be a condition"),
    (COLUMNS + 'id = { column = "a", when = { column = "b", in = [1] } }\n', 5, "so write texts"),
    (COLUMNS + 'created_at = { formats = ["%Q"] }\n', 5, "%Q is not supported"),
    (COLUMNS + 'created_at = { timezone = "Europe/Berlni" }\n', 5, "'Europe/Berlin'"),
    (COLUMNS + "score = { percent = 10 }\n", 5, "percent = 10 is not 1 (for 0-1), 100"),
    (HEAD + 'decimal_mark = ","\nthousands = ","\n', 5, "thousands and decimal_mark are both ','"),
    (HEAD + 'encoding = "latin-99"\n', 4, "encoding = 'latin-99' is not the name of an encoding"),
    (HEAD + 'delimiter = ";;"\n', 4, "delimiter = ';;' is not one character"),
    (HEAD + 'names = ["a", "b", "a"]\n', 4, "names has 'a' twice"),
    (HEAD + "skip = true\n", 4, "skip = True is not a number of lines"),
    (HEAD + "null_words = [1]\n", 4, "null_words = [1] is not a list of texts"),
    (HEAD + "where = 3\n", 4, "where has to be a condition"),
    (HEAD + 'columns = "id"\n', 4, "columns has to be a table"),
    (HEAD + 'references = ["a"]\n', 4, "references has to be a table"),
    ('[[file]]\nmatch = "a"\ntable = "leads"\n', 3, "no table named 'leads'; did you mean 'lead'?"),
    ('[[file]]\nmatch = "a"\n', 1, "[[file]] needs table"),
    ("[lookup.x]\nfile = 'a'\n" + HEAD, 1, "lookup 'x' needs file and key"),
    ("lookup = 1\n" + HEAD, 1, "lookups are tables with a name"),
    ("name = 'x'\n", None, "needs at least one [[file]]"),
    ("name = \n", 1, "Invalid value"),
    (
        "[lookup.d]\nfile = 'd'\nkey = 1\n" + COLUMNS + 'id = { lookup = "d", column = "b" }\n',
        8,
        "does not say by which column",
    ),
    (
        "[lookup.d]\nfile = 'd'\nkey = 1\n" + COLUMNS + 'id = { lookup = "d", by = "b" }\n',
        8,
        "give column, or present = true",
    ),
    (
        "[lookup.d]\nfile = 'd'\nkey = 1\n" + COLUMNS + 'id = { lookup = "d", by = "b", column = "c", value = 1 }\n',
        8,
        "comes from one place",
    ),
]


@pytest.mark.parametrize(("text", "line", "says"), WRONG, ids=[says[:40] for _, _, says in WRONG])
def test_a_wrong_profile_is_an_error_with_its_line(text, line, says):
    """What is wrong, on which line, and what would be right."""
    with pytest.raises(ProfileError, match=re.escape(says)) as caught:
        parse_profile(text, source="my.toml")
    assert caught.value.line == line
    if line is not None:
        assert str(caught.value).startswith(f"my.toml line {line}: ")


def test_a_wrong_dict_is_an_error_with_its_path():
    """A dict has no lines; the path says where."""
    with pytest.raises(ProfileError, match=re.escape("profile at file[0].columns.id.kind: unknown kind 'x'")):
        parse_profile({"file": [{"match": "a", "table": "lead", "columns": {"id": {"kind": "x"}}}]})


def test_a_profile_file_is_read_or_said_to_be_unreadable(tmp_path):
    """The name of the file is what errors call the profile; a missing one is an error of its own."""
    path = tmp_path / "p.toml"
    path.write_text("\ufeff" + HEAD, encoding="utf-8")  # a byte order mark is no part of the text
    assert load_profile(path).source == "p.toml"
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(tmp_path / "missing.toml")
    path.write_bytes(b"name = '\xe9'")
    with pytest.raises(ProfileError, match="not UTF-8"):
        load_profile(path)
