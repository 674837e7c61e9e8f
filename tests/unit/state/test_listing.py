"""A listing: finished columns as plain data, as a table in both languages, through Arrow."""

from __future__ import annotations

import json

import numpy as np
import pytest

from crmcore.errors import ArgumentError, ColumnNotFound
from crmcore.state.listing import Fact, Heading, Listing
from crmcore.state.operand import NOTHING, Operand


@pytest.fixture
def listing() -> Listing:
    """Return three rows: a blank name, an undefined share, an undefined operand."""
    amounts = Operand(np.array([1250, 5, 7], np.int64), 100).because(np.array([False, False, True]), NOTHING)
    return Listing(
        [
            (Heading("name", labels={"en": "Name", "zh": "名称"}), ["Anna", "王芳", None]),
            (Heading("n", "count"), [3, 1, 2]),
            (Heading("share", "ratio", {"en": "Share", "zh": "占比"}), [0.5, None, 0.25]),
            (Heading("amount", "money"), amounts),
        ],
        facts=[Fact("all", 1234.5, "money", {"en": "All", "zh": "合计"}), Fact("rate", None, "ratio")],
        notes=[{"en": "A note.", "zh": "说明。"}, {"en": "English only."}],
    )


def test_columns_are_arrays_and_rows_are_plain(listing: Listing) -> None:
    """R2: undefined is nan in an array and None in plain data; whole numbers stay whole."""
    assert listing["n"].dtype == np.int64
    assert np.isnan(listing["share"]).tolist() == [False, True, False]
    assert listing.rows() == [
        {"name": "Anna", "n": 3, "share": 0.5, "amount": 12.5},
        {"name": "王芳", "n": 1, "share": None, "amount": 0.05},
        {"name": None, "n": 2, "share": 0.25, "amount": None},
    ]
    assert list(listing) == listing.rows()
    assert len(listing) == 3
    assert "share" in listing
    assert listing.fact("all") == 1234.5
    assert listing.fact("rate") is None


def test_json_holds_rows_facts_and_notes(listing: Listing) -> None:
    """Everything is there, and Chinese stays readable."""
    found = json.loads(listing.to_json())

    assert found["columns"] == {"name": "label", "n": "count", "share": "ratio", "amount": "money"}
    assert found["rows"][1] == {"name": "王芳", "n": 1, "share": None, "amount": 0.05}
    assert found["facts"] == {"all": 1234.5, "rate": None}
    assert found["notes"] == ["A note.", "English only."]
    assert "王芳" in listing.to_json()


def test_facts_of_numpy_are_plain_numbers() -> None:
    """A count that numpy gave is a number in JSON, and no text."""
    facts = [Fact("n", np.int64(3), "count"), Fact("share", np.float64(0.25), "ratio")]
    listing = Listing([(Heading("name"), [])], facts=facts)

    assert json.loads(listing.to_json())["facts"] == {"n": 3, "share": 0.25}
    assert [type(listing.fact(name)) for name in ("n", "share")] == [int, float]


def test_it_prints_as_a_table(listing: Listing) -> None:
    """Headings, numbers by unit, wide characters counted as two; facts and notes below."""
    assert str(listing).splitlines() == [
        "Name     n   Share  amount",
        "-------  -  ------  ------",
        "Anna     3  50.0 %   12.50",
        "王芳     1       -    0.05",
        "(blank)  2  25.0 %       -",
        "",
        "All: 1,234.50",
        "rate: -",
        "A note.",
        "English only.",
    ]


def test_what_was_left_out_is_printed_where_something_was() -> None:
    """A quiet fact of 0 is there for programs, and in nobody's way on paper."""
    facts = [Fact("blank", 0, "count", quiet=True), Fact("undated", 2, "count", quiet=True), Fact("rows", 0, "count")]
    listing = Listing([(Heading("n", "count"), [1])], facts=facts)

    assert str(listing).splitlines()[4:] == ["undated: 2", "rows: 0"]
    assert listing.fact("blank") == 0
    assert listing.to_dict()["facts"] == {"blank": 0, "undated": 2, "rows": 0}


def test_it_prints_in_another_language(listing: Listing) -> None:
    """Headings, facts and notes that have the language are in it; a language there is no word for is refused."""
    lines = str(listing.told("zh")).splitlines()

    assert lines[0].split() == ["名称", "n", "占比", "amount"]
    assert lines[-4:] == ["合计：1,234.50", "rate：-", "说明。", "English only."]
    with pytest.raises(ArgumentError, match="no language 'de'"):
        listing.told("de")


def test_html_is_escaped(listing: Listing) -> None:
    """A label with markup is text."""
    made = Listing([(Heading("who"), ["<b>"])], notes=[{"en": "1 < 2"}])._repr_html_()

    assert "&lt;b&gt;" in made
    assert "<p>1 &lt; 2</p>" in made
    assert "王芳" in listing._repr_html_()


def test_order_and_selection(listing: Listing) -> None:
    """Undefined comes last either way; ties stay in order; top and only take rows."""
    assert listing.sorted("share").plain("n") == [3, 2, 1]
    assert listing.sorted("share", descending=False).plain("n") == [2, 3, 1]
    assert listing.sorted("name", descending=False).plain("name") == ["Anna", "王芳", None]
    assert listing.top(1).plain("name") == ["Anna"]
    assert listing.only(name="王芳").plain("n") == [1]
    assert listing.only(name="nobody").rows() == []
    assert listing.sorted("n").facts == listing.facts
    with pytest.raises(ArgumentError, match=r"top\(\) takes"):
        listing.top(-1)


def test_long_listings_are_cut_when_shown() -> None:
    """The table shows 200 rows and says how many more there are; the data has all."""
    long = Listing([(Heading("n", "count"), np.arange(201))])

    assert len(str(long).splitlines()) == 2 + 200 + 2
    assert str(long).endswith("… 1 more rows")
    assert len(long.rows()) == 201


def test_names_that_are_not_there_name_the_nearest(listing: Listing) -> None:
    """Of a column and of a fact."""
    with pytest.raises(ColumnNotFound, match="did you mean 'share'"):
        listing["shar"]
    with pytest.raises(ColumnNotFound, match="among the facts"):
        listing.fact("al")


def test_columns_have_one_length_and_names_of_their_own() -> None:
    """A listing that cannot be one is refused where it is made."""
    with pytest.raises(ArgumentError, match="different lengths"):
        Listing([(Heading("a"), ["x"]), (Heading("b"), ["x", "y"])])
    with pytest.raises(ArgumentError, match="share a name"):
        Listing([(Heading("a"), ["x"]), (Heading("a", "count"), [1])])


def test_an_empty_listing_is_a_table_without_rows() -> None:
    """It has its headings, no rows, and goes through JSON."""
    empty = Listing([(Heading("name"), []), (Heading("n", "count"), [])])

    assert str(empty) == "name  n\n----  -"
    assert empty.rows() == []
    assert json.loads(empty.to_json())["rows"] == []


def test_dataframes_read_it(listing: Listing) -> None:
    """Through Arrow: text, whole numbers, nulls where undefined."""
    pa = pytest.importorskip("pyarrow")

    table = pa.table(listing)

    assert table.column("n").to_pylist() == [3, 1, 2]
    assert table.column("name").to_pylist() == ["Anna", "王芳", None]
    assert table.column("share").to_pylist() == [0.5, None, 0.25]


def test_counts_are_whole_numbers_beside_undefined_ones() -> None:
    """R2: where one rank is undefined the others are still 1 and 2, not 1.0 and 2.0; money stays what it is."""
    ranked = Listing(
        [
            (Heading("rank", "count", {"en": "Rank", "zh": "排名"}), [1, 2, None]),
            (Heading("value", "money"), np.array([2.0, 1.5, np.nan])),
        ]
    )

    assert repr(ranked.plain("rank")) == "[1, 2, None]"
    assert repr(ranked.plain("value")) == "[2.0, 1.5, None]"
    assert '"rank": 1,' in ranked.to_json()
    assert [line.split() for line in str(ranked).splitlines()[2:]] == [["1", "2.00"], ["2", "1.50"], ["-", "-"]]


def test_an_array_of_labels_is_taken_as_it_is() -> None:
    """A million labels are not copied one by one; blank stays None."""
    labels = np.array(["Anna", None, "王芳"], object)
    found = Listing([(Heading("name"), labels)])

    assert found["name"] is labels
    assert found.rows() == [{"name": "Anna"}, {"name": None}, {"name": "王芳"}]
