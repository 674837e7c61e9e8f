"""The fast ways from Arrow strings to columns: equal to the builders on the same texts, in every bit and every issue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.sources.fastparse import add_strings
from crmcore.table.builders import ColumnSpec, builder

pa = pytest.importorskip("pyarrow")

KINDS = (
    "id",
    "key",
    "text",
    "instant",
    "day",
    "moment",
    "money",
    "number",
    "count",
    "probability",
    "duration",
    "flag",
    "score",
)

ODD = st.sampled_from(["", " ", "x", "NULL", "0", "-", ".", "1e3", "+4", "0x1F", "1_0", "nan", "inf", "日本"])
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.decimals(-(10**6), 10**6, places=2).map(str),
    st.decimals(-10, 10, places=9, allow_nan=False).map(lambda d: f"{d:f}"),
    st.sampled_from(
        [
            "007",
            "-0",
            ".5",
            "5.",
            "-.5",
            "1.2.3",
            "1-2",
            " 3",
            "1,5",
            "999999999999999",
            "9999999999999999",
            "0.1234567891",
        ]
    ),
    st.sampled_from(["9223372036854775807", "9223372036854775808", "-1", "123456789012.345", "00", "1.50"]),
)
DAYS = st.one_of(
    st.dates().map(str),
    st.sampled_from(
        ["2024-02-30", "0000-01-01", "1850-01-01", "2024-1-5", "20240105", "2024-W01-1", "2199-12-31", "2200-01-01"]
    ),
)
CLOCKS = st.one_of(
    st.times().map(lambda t: t.isoformat()),
    st.times().map(lambda t: t.isoformat(timespec="seconds")),
    st.sampled_from(
        ["24:00:00", "23:60:00", "23:59:60", "10:00", "10", "10:00:00.1234567", "10:00:00.", "10:00:00,5", "10:00:00.5"]
    ),
)
STAMPS = st.tuples(
    DAYS, st.sampled_from(["T", " ", "x"]), CLOCKS, st.sampled_from(["", "", "", "Z", "z", "+02:00"])
).map("".join)
CLEAN_STAMPS = st.tuples(
    st.datetimes(min_value=__import__("datetime").datetime(1990, 1, 1)), st.sampled_from(["", "Z"])
).map(lambda pair: pair[0].isoformat() + pair[1])
WORDS = st.sampled_from(["true", "no", "Yes", "a b", " a", "1", "0", "30%", "50", "0.5", "1:30:00", "3 4:00", "P1D"])
BLOCKS = st.one_of(
    st.lists(st.lists(texts, max_size=8), min_size=1, max_size=3)
    for texts in (NUMBERS, DAYS, STAMPS, CLEAN_STAMPS, WORDS, NUMBERS | ODD, DAYS | ODD, STAMPS | ODD, WORDS | ODD)
)
STATED = st.fixed_dictionaries(
    {},
    optional={
        "null_words": st.sampled_from([frozenset({"", "NULL"}), frozenset({"", "0", "x"})]),
        "value_map": st.sampled_from([{"true": "yes", "5": "6"}, {"x": None}]),
        "timezone": st.sampled_from(["UTC", "Europe/Berlin"]),
        "formats": st.sampled_from([("%Y-%m-%d",), ("%Y-%m-%d", "%d/%m/%Y"), ("%Y-%m-%dT%H:%M:%S",)]),
        "decimals": st.sampled_from([0, 1, 3]),
        "decimal_mark": st.just(","),
        "percent": st.sampled_from([100, "text"]),
        "unit": st.just("days"),
        "strip": st.just(False),
        "least": st.just(0),
        "optional": st.just(True),
    },
)


def outcome(target):
    """Return all that a builder says, as plain values."""
    column = target.finish()
    return (
        column.kind,
        column.data.dtype,
        column.data.tolist(),
        None if column.valid is None else column.valid.tolist(),
        list(column.labels),
        column.scale,
        [tuple(bad) for bad in target.bad],
        {kind: (note.count, note.rows) for kind, note in target.notes.items()},
    )


@given(kind=st.sampled_from(KINDS), blocks=BLOCKS, stated=STATED, repeat=st.sampled_from([1, 6]), offset=st.booleans())
def test_a_column_is_the_same_by_either_way(kind, blocks, stated, repeat, offset):
    """Data, type, validity, labels, scale, refused cells and notes are equal, also for slices of larger arrays."""
    spec = ColumnSpec("x", kind, **stated)
    slow, fast = builder(spec), builder(spec)
    for block in blocks:
        texts = block * repeat
        slow.add_text(list(texts))
        array = pa.array(["pad", *texts], pa.string())[1:] if offset else pa.array(texts, pa.string())
        add_strings(fast, array)
    assert outcome(fast) == outcome(slow)


EDGES = [
    # kind, texts, what is stated: each is one reason to leave a fast way
    ("id", ["1", "", "3"], {}),
    ("id", ["1", "007"], {}),
    ("id", ["1", "1234567890123456789"], {}),
    ("id", ["1", "2"], {"value_map": {"1": "one"}}),
    ("count", ["1", "2.5"], {}),
    ("count", ["1", "0", "x"], {"null_words": frozenset({"", "x"})}),
    ("count", ["1", "0", "5"], {"null_words": frozenset({"", "0"})}),
    ("count", ["1", "-1", "5"], {"least": 0}),
    ("money", ["1.50", "n/a", "2"], {"null_words": frozenset({"", "n/a"})}),
    ("money", ["", "", ""], {}),
    ("money", ["1.5", "1.2.3"], {}),
    ("money", ["1.5", "1-2", "-"], {}),
    ("money", ["1.123456789", "99999999999.999"], {}),
    ("money", ["1.1234567890"], {}),
    ("money", ["1.125", "1.135"], {"decimals": 2}),
    ("money", ["1,5", "2"], {"decimal_mark": ","}),
    ("day", ["2024-01-05", "2024-02-30"], {}),
    ("day", ["2024-01-05", "1850-01-01"], {}),
    ("day", ["2024-01-05", "0000-01-01"], {}),
    ("moment", ["2024-01-05T10:00:00", "0000-01-01T10:00:00"], {"timezone": "UTC"}),
    ("day", ["2024-01-05", "2024/01/05"], {}),
    ("day", ["2024-01-05", "n/a"], {"null_words": frozenset({"", "n/a"})}),
    ("moment", ["2024-01-05", "2024-01-05T10:00:00"], {"timezone": "UTC"}),
    ("moment", ["2024-01-05T00:00:00", "2024-01-06T00:00:00"], {}),
    ("moment", ["2024-01-05T10:00:00", "2024-01-05T10:00:00Z"], {"timezone": "UTC"}),
    ("moment", ["2024-01-05T10:00:00.1234567"], {"timezone": "UTC"}),
    ("moment", ["2024-01-05T10:00:00,5", "2024-01-05T10:00:00"], {"timezone": "UTC"}),
    ("moment", ["2024-01-05T24:00:00", "2024-01-05T10:00:00"], {"timezone": "UTC"}),
    ("moment", ["1850-01-05T10:00:00", "2024-01-05T10:00:00"], {"timezone": "UTC"}),
    ("moment", ["2024-01-05x10:00:00", "2024-01-05T10:00:00"], {"timezone": "UTC"}),
    ("moment", ["2024-01-05T10:00:00.", "2024-01-05T10:00:00"], {"timezone": "UTC"}),
    ("moment", ["05.01.2024 10:00"] * 8, {"timezone": "UTC", "formats": ("%d.%m.%Y %H:%M",)}),
    ("instant", ["2024-03-31T02:30:00", "2024-10-27T02:30:00"], {"timezone": "Europe/Berlin"}),
    ("key", ["Won", "won", " LOST", "x"], {"choices": ("won", "lost")}),
    ("flag", ["yes", "perhaps"] * 8, {}),
    ("probability", ["50", "101"] * 8, {"percent": 100}),
    ("probability", ["50", "25.5"] * 8, {"percent": 100}),
    ("probability", ["50%", "25.5 %"] * 8, {"percent": "text"}),
    ("probability", ["0.5", "0.33333"] * 8, {}),
    ("score", [str(i / 7) for i in range(5000)], {}),
    ("score", ["0.5", ""] * 3000, {}),
    ("score", ["0.1234567890123456789", "-5.", ".5", "12345678901234567890.123"], {}),
    ("score", ["0.5", "1e5", "1.2.3", "-", "."], {}),
    ("score", ["0,5", "1"], {"decimal_mark": ","}),
]


@pytest.mark.parametrize(("kind", "texts", "stated"), EDGES, ids=[f"{k} {t[0]} {t[-1][:20]}" for k, t, _ in EDGES])
def test_what_a_fast_way_cannot_tell_goes_to_the_builder(kind, texts, stated):
    """Each case ends as it does without pyarrow, issues included."""
    spec = ColumnSpec("x", kind, **stated)
    slow, fast = builder(spec), builder(spec)
    slow.add_text(list(texts))
    add_strings(fast, pa.array(texts, pa.string()))
    assert outcome(fast) == outcome(slow)


@pytest.mark.parametrize(
    ("kind", "texts", "form"),
    [
        ("id", ["1", "22", "333"], "int"),
        ("count", ["1", "", "333"], "int"),
        ("money", ["1.50", "", "-22.25"], "decimal"),
        ("number", ["1.123456789", "2"], "decimal"),
        ("day", ["2024-01-05", ""], "day"),
        ("moment", ["2024-01-05", ""], "day"),
        ("moment", ["2024-01-05T10:00:00.5", "", "2024-01-05 10:00:00"], "reading"),
        ("instant", ["2024-01-05T10:00:00Z", "2024-01-05T10:00:00.123456Z"], "instant"),
        ("key", ["a", "b", "a"], "codes"),
        ("flag", ["yes", "no"] * 8, "bool"),
        ("probability", ["50", "25"] * 8, "decimal"),
        ("score", ["0.5"] * 8, "float"),
        ("duration", ["1:00:00"] * 8, "span"),
        ("day", ["05.01.2024"] * 8, "day"),
    ],
)
def test_the_fast_way_is_taken(kind, texts, form, monkeypatch):
    """Clean blocks arrive typed: the equality above is not that of one way with itself."""
    stated = {"formats": ("%d.%m.%Y",)} if "." in texts[0] and kind == "day" else {}
    target = builder(ColumnSpec("x", kind, percent=100, **stated))
    taken = []
    monkeypatch.setattr(target, "add_block", lambda block: taken.append(block.form))
    add_strings(target, pa.array(texts, pa.string()))
    assert taken == [form]


def test_no_rows_are_no_block():
    """An empty array changes nothing."""
    target = builder(ColumnSpec("x", "money"))
    add_strings(target, pa.array([], pa.string()))
    assert target.length == 0
