"""The lines on which the keys of a TOML text stand."""

from __future__ import annotations

from crmcore.sources.tomllines import key_lines

TEXT = '''# a comment = not a key
name = "x"
text = """
inside = 1
"""
path = \'C:\\temp\'

[[file]]  # the first
match = "a.csv"
where = [
  { column = "Type", in = ["a", "b"] },
  { column = "Kind", blank = true },
]
[file.columns]
id = "Id"
"My Column" = { kind = "count", values = { "a = b" = "c" } }
a.b = 1

[[file]]
match = "b.csv"
[file.columns]
id = 3
[lookup."deal.csv"]
key = "id"
'''


def test_a_key_has_the_line_on_which_it_is_set():
    """Keys, tables, elements of arrays and keys of inline tables: lines counted by hand in the text above."""
    lines = key_lines(TEXT)
    assert lines["name",] == (2,)
    assert lines["path",] == (6,)
    assert lines["file", 0] == (8,)
    assert lines["file", 0, "match"] == (9,)
    assert lines["file", 0, "where"] == (10,)
    assert lines["file", 0, "where", 0, "in"] == (11,)
    assert lines["file", 0, "where", 1, "blank"] == (12,)
    assert lines["file", 0, "columns"] == (14,)
    assert lines["file", 0, "columns", "My Column", "kind"] == (16,)
    assert lines["file", 0, "columns", "a", "b"] == (17,)
    assert lines["file", 1] == (19,)
    assert lines["file", 1, "columns", "id"] == (22,)
    assert lines["lookup", "deal.csv", "key"] == (24,)


def test_what_stands_in_a_string_or_comment_is_no_key():
    """A line of a long string that looks like a key, and one in a comment, are not noted."""
    lines = key_lines(TEXT)
    assert ("inside",) not in lines
    assert ("# a comment",) not in lines
    assert ("file", 0, "columns", "a = b") not in lines


def test_a_key_that_stands_twice_has_both_lines():
    """The parser of the standard library refuses such a text; the lines of both are needed to say where."""
    assert key_lines("a = 1\nb = 2\na = 3\n")["a",] == (1, 3)


def test_escapes_in_quoted_keys_are_read():
    """A quoted key is what it means, not how it is written."""
    assert key_lines(r'"a\u00e9\"b" = 1')['aé"b',] == (1,)


def test_what_is_no_toml_ends_the_walk():
    """The walk never hangs; what is wrong with the text is said by the parser."""
    assert key_lines("= 1\n") == {}
    assert key_lines("a = [ =") == {("a",): (1,), ("a", 0): (1,)}
