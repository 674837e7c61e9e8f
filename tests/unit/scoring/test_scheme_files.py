"""Scheme files: what they say, and what each mistake in one is answered with."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore import col
from crmcore.errors import DefinitionError, SchemeError
from crmcore.scoring import Grading, Group, Rule, Scheme, age_in_days

LEADS = """
name = "lead_fit"
table = "lead"
revision = 2
labels = { en = "Lead fit", zh = "线索匹配度" }
summary = "How well a lead fits."
source = "ours"
currency = "EUR"
optional = ["phone", "email"]
cap = 100
floor = -20

[[grades]]
of = "fit"
steps = [{ grade = "A", from = 20 }, { grade = "B" }]

[[groups]]
name = "firm"
dimension = "fit"
cap = 50.5

[[groups.rules]]
name = "large"
when = { column = "size", in = ["large", "enterprise"] }
points = 20

[[groups.rules]]
name = "rich"
when = { column = "expected_amount", at_least = 1000, below = 5000.5 }
points = 2.5

[[groups.rules]]
name = "reachable"
when = { any = [{ column = "phone", blank = false }, { column = "email", blank = false }] }
points = 3

[[groups]]
name = "engagement"
dimension = "engagement"

[[groups.rules]]
name = "fresh"
when = { all = [{ column = "created_at", within_days = 30 }, { not = { column = "source", is = "list" } }] }
points = 5

[[groups.rules]]
name = "old"
value = { days_since = "created_at" }
bands = [{ from = 100, points = -1 }, { from = 200, points = -2 }]

[[groups.rules]]
name = "calls"
count = { table = "activity", at = "at", when = { column = "kind", is = "call" }, within_days = 90, half_life_days = 30 }
points = 4
cap = 12
"""


def written(tmp_path, text):
    """Return the path of a scheme file."""
    path = tmp_path / "scheme.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_a_scheme(tmp_path) -> None:
    """Every word of a file, by its effect on rows worked by hand."""
    fit = Scheme.load(written(tmp_path, LEADS))
    leads = [
        {
            "id": "a",
            "size": "large",
            "expected_amount": Decimal(1000),
            "created_at": date(2026, 6, 30),
            "source": "web",
        },
        {
            "id": "b",
            "size": "small",
            "expected_amount": Decimal("5000.5"),
            "created_at": date(2026, 6, 1),
            "source": "list",
        },
        {"id": "c", "size": None, "expected_amount": None, "created_at": date(2025, 12, 1), "source": None},
    ]
    data = cc.Dataset(
        lead=leads,
        activity=[
            {"lead": "c", "kind": "call", "at": date(2026, 5, 31)},
            {"lead": "c", "kind": "mail", "at": date(2026, 6, 1)},
        ],
    )
    with pytest.raises(cc.errors.CurrencyError, match="means amounts in EUR"):
        cc.score(fit, data, as_of=date(2026, 6, 30))
    bare = Scheme.of_dict({k: v for k, v in fit.to_dict().items() if k != "currency"})

    found = cc.score(bare, data, as_of=date(2026, 6, 30))

    # a: 20 + 2.5 + 5; b: nothing, from a list, 5000.5 is not below; c: 211 days old -2, a call of 30 days ago 2
    assert found.values.tolist() == [27.5, 0, 0]
    assert found.grades == ["A", "B", "B"]
    assert {b.reason.name: b.amount for b in found.of("c").reasons if b.amount} == {"old": -2, "calls": 2}
    assert (fit.revision, fit.needs, fit.wants) == (
        2,
        ("size", "expected_amount", "created_at", "source"),
        ("phone", "email"),
    )


def test_a_file_in_python_and_back(tmp_path) -> None:
    """The same scheme written in Python is equal, has the same fingerprint, and its text reads back as itself."""
    loaded = Scheme.load(written(tmp_path, LEADS))

    assert Scheme.of_dict(tomllib.loads(loaded.to_toml(), parse_float=Decimal)) == loaded
    again = Scheme.load(written(tmp_path, loaded.to_toml()))
    assert (again, again.fingerprint) == (loaded, loaded.fingerprint)
    by_hand = Scheme(
        "s",
        "lead",
        groups=[Group("g", [Rule("r", when=age_in_days("created_at") < 30, points=5)])],
        grades=Grading({"A": 1}),
    )
    text = (
        'name = "s"\ntable = "lead"\n[[grades]]\nsteps = [{ grade = "A", from = 1 }]\n[[groups]]\nname = "g"\n'
        '[[groups.rules]]\nname = "r"\npoints = 5\nwhen = { column = "created_at", within_days = 30 }\n'
    )
    assert Scheme.load(written(tmp_path, text)) == by_hand


def test_what_a_file_has_no_words_for() -> None:
    """Arithmetic and an empty list stay in Python; the error names scheme and rule."""
    for when in (col("a") + 1 > 2, col("a").isin([])):
        with pytest.raises(DefinitionError, match=r"scheme 's', rule 'r'.*cannot be said in a file"):
            Scheme("s", "lead", groups=[Group("g", [Rule("r", when=when, points=5)])]).to_toml()


@pytest.mark.parametrize(
    "value",
    ['say "no"', "back\\slash", "line\nbreak\ttab", "客户", "=1+1", True, 5, Decimal("2.50"), date(2026, 1, 1),
     datetime(2026, 1, 1, 8, tzinfo=UTC)],
)  # fmt: skip
def test_values_of_all_kinds_come_back(value) -> None:
    """Quotes, backslashes, ends of lines, Chinese, exact numbers, dates and instants."""
    made = Scheme("s", "lead", groups=[Group("g", [Rule("r", when=col("a") == value, points=5)])])

    assert Scheme.of_dict(tomllib.loads(made.to_toml(), parse_float=Decimal)) == made


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cap = 100", "capp = 100", "'capp' means nothing here; did you mean 'cap'"),
        ('name = "lead_fit"', "", "name is missing"),
        ("revision = 2", "revision = 0", "revision is a whole number from 1, got 0"),
        ("revision = 2", 'revision = "2"', "revision is a whole number from 1, got '2'"),
        ("points = 20", 'points = "many"', r"group 'firm', rule 'large': points are a number of at most .* got 'many'"),
        ("points = 20", "points = 1.23456", "at most three decimals"),
        ("points = 20", "points = nan", "points are a number"),
        ("points = 20", "points = true", "points are a whole number or a Decimal, got True"),
        ("points = 20", "", "when and count go with points"),
        ("points = 20", "point = 20", "'point' means nothing here; did you mean 'points'"),
        ('in = ["large", "enterprise"]', 'in = "large"', "rule 'large', when, in: a list of values is expected, got 'large'"),
        ('in = ["large", "enterprise"]', "in = []", "a list of values is expected"),
        ('in = ["large", "enterprise"]', "oneof = []", "'oneof' means nothing here"),
        ('column = "size", ', "", "a condition has a column and a test"),
        ('column = "size", ', "column = 5, ", "rule 'large', when"),
        ("within_days = 30 }, {", "within_days = 1.5 }, {", "a whole number of days"),
        ("within_days = 30 }, {", "within_days = -1 }, {", "a whole number of days"),
        ("blank = false }, {", 'blank = "no" }, {', "true or false is expected, got 'no'"),
        ("at_least = 1000", "at_least = [1]", "text, a number, true or false, or a date is expected"),
        ('{ days_since = "created_at" }', '{ days_since = "a", days_until = "b" }', "a value is one of"),
        ("{ from = 100, points = -1 }", "{ points = -1 }", "rule 'old', band 1: from is missing"),
        ("{ from = 100, points = -1 }", "{ from = 300, points = -1 }", "that ascend, got 300, 200"),
        ("{ from = 100, points = -1 }", "7", "a table with some of from, points is expected, got 7"),
        ('count = { table = "activity"', "count = { tabel = 1", "'tabel' means nothing here; did you mean 'table'"),
        ("cap = 12", "cap = 12\nfloor = 13", "the cap 12 is below the floor 13"),
        ('of = "fit"', 'of = "size"', "grades of 'size', which no group has"),
        ('{ grade = "A", from = 20 }', '{ from = 20 }', "grades number 1, step 1: grade is missing"),
        ("optional = [", "optional = 1 # [", "optional is a list of columns, got 1"),
        ('labels = { en = "Lead fit"', 'labels = { en = 5, zz = "x"', "labels are texts by language"),
        ("[[grades]]", "[grades]", "grades is a list of tables"),
        ('currency = "EUR"', "currency = 5", "currency is text, got 5"),
        ("name =", "name", "is no TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path, old, new, said) -> None:
    """The file, the group, the rule, what is wrong, what would be right."""
    assert old in LEADS
    path = written(tmp_path, LEADS.replace(old, new, 1))

    with pytest.raises(SchemeError, match=said) as caught:
        Scheme.load(path)
    assert "scheme.toml" in str(caught.value)


def test_files_that_are_none(tmp_path) -> None:
    """No file, a folder, bytes that are no text, an empty file."""
    with pytest.raises(SchemeError, match="no scheme file"):
        Scheme.load(tmp_path / "none.toml")
    with pytest.raises(SchemeError, match="is a folder"):
        Scheme.load(tmp_path)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SchemeError, match="is no TOML"):
        Scheme.load(tmp_path / "bytes.toml")
    with pytest.raises(SchemeError, match="name, table, groups is missing"):
        Scheme.load(written(tmp_path, ""))
    assert Scheme.load(written(tmp_path, "\ufeff" + LEADS)).name == "lead_fit"


ROWS = [
    {"id": "a", "size": "large", "n": 10, "m": 5, "d": date(2026, 6, 30), "f": True},
    {"id": "b", "size": "small", "n": 20, "m": 20, "d": date(2026, 6, 1), "f": False},
    {"id": "c", "size": None, "n": None, "m": 1, "d": None, "f": None},
    {"id": "d", "size": "large", "n": -5, "m": -5, "d": date(2026, 7, 6), "f": True},
]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"column": "size", "is": "large"}, "ad"),
        ({"column": "size", "is_not": "large"}, "b"),
        ({"column": "size", "in": ["large", "huge"]}, "ad"),
        ({"column": "size", "not_in": ["large", "huge"]}, "b"),
        ({"column": "size", "blank": True}, "c"),
        ({"column": "size", "blank": False}, "abd"),
        ({"column": "f", "is": True}, "ad"),
        ({"column": "f", "is": False}, "b"),
        ({"column": "n", "at_least": 10}, "ab"),
        ({"column": "n", "above": 10}, "b"),
        ({"column": "n", "at_most": 10}, "ad"),
        ({"column": "n", "below": Decimal("10.5"), "above": -5}, "a"),
        ({"column": "n", "above": {"column": "m"}}, "a"),
        ({"column": "d", "at_least": date(2026, 6, 30)}, "ad"),
        ({"column": "d", "within_days": 1}, "a"),
        ({"column": "d", "within_days": 29}, "a"),
        ({"column": "d", "within_days": 30}, "ab"),
        ({"column": "d", "older_than_days": 29}, "b"),
        ({"column": "d", "older_than_days": 30}, ""),
        ({"column": "d", "due_within_days": 1}, "a"),
        ({"column": "d", "due_within_days": 6}, "a"),
        ({"column": "d", "due_within_days": 7}, "ad"),
        ({"all": [{"column": "size", "is": "large"}, {"column": "n", "below": 0}]}, "d"),
        ({"any": [{"column": "size", "is": "small"}, {"column": "n", "below": 0}]}, "bd"),
        ({"not": {"column": "size", "is": "large"}}, "bc"),
    ],
)
def test_every_condition(condition, holds) -> None:
    """Which of four rows each condition holds for, as of 30 June; and the file that is written says the same."""
    made = one_rule({"name": "r", "points": 1, "when": condition})

    found = cc.score(made, cc.Dataset(lead=ROWS), as_of=date(2026, 6, 30))

    assert "".join(s.id for s in found if s.value) == holds
    assert Scheme.of_dict(tomllib.loads(made.to_toml(), parse_float=Decimal)) == made


@pytest.mark.parametrize(
    ("value", "points"),
    [
        ("n", [1, 2, 0, 0]),
        ({"column": "n"}, [1, 2, 0, 0]),
        ({"days_since": "d"}, [0, 2, 0, 0]),
        ({"days_until": "d"}, [0, 0, 0, 1]),
    ],
)
def test_every_value(value, points) -> None:
    """A column, days since a date and days until one; bands from 5 and from 15; and back."""
    made = one_rule({"name": "r", "value": value, "bands": [{"from": 5, "points": 1}, {"from": 15, "points": 2}]})

    assert cc.score(made, cc.Dataset(lead=ROWS), as_of=date(2026, 6, 30)).values.tolist() == points
    assert Scheme.of_dict(tomllib.loads(made.to_toml(), parse_float=Decimal)) == made


def one_rule(rule):
    """Return a scheme of one rule, as a file has it."""
    return Scheme.of_dict({"name": "s", "table": "lead", "groups": [{"name": "g", "rules": [rule]}]})


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"all": [], "column": "n"}, "'all' stands alone, got all, column"),
        ({"any": []}, "'any' takes a list of conditions"),
        ({"not": 5}, "when, not: a table with some of"),
        ({"column": "n", "is": 1.5}, "1.5 is a float; numbers are exact"),
        ({"column": "n", "is": datetime(2026, 1, 1)}, "when, is: .* has no time zone"),
        ({"column": "n", "above": {"columns": "m"}}, "a number, true or false, or a date is expected"),
        ({"column": "n", "within_days": True}, "a whole number of days is expected, got True"),
    ],
)
def test_conditions_that_are_none(condition, said) -> None:
    """Each with the rule and the part it stands in."""
    with pytest.raises(SchemeError, match=said):
        one_rule({"name": "r", "points": 1, "when": condition})


def test_values_that_files_have_no_words_for() -> None:
    """Fractions, comparisons of two ages, and values that are computed stay in Python."""
    from fractions import Fraction

    age = age_in_days("a")
    for rule in (
        Rule("r", when=col("a") == Fraction(1, 3), points=1),
        Rule("r", when=age > 5, points=1),
        Rule("r", when=age < -1, points=1),
        Rule("r", when=(col("a") + 1).is_null(), points=1),
        Rule("r", when=col("a") > age, points=1),
        Rule("r", value=col("a") + 1, bands={1: 1}),
    ):
        with pytest.raises(DefinitionError, match="cannot be said in a file"):
            Scheme("s", "lead", groups=[Group("g", [rule])]).to_dict()
