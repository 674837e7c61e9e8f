"""A result as text, Markdown, HTML, CSV and lines of JSON."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError
from crmcore.state.present import csv_text, html_table, jsonl, markdown, text_table
from crmcore.table.dataset import Dataset

FOOT = (
    "As of 2026-06-20 (opportunity.closed_at). Rows used: opportunity 6. Left out: opportunity: unpriced 1. Issues: 1."
)
METRICS = ["win_rate", "won_value", "sales_cycle_days"]


@pytest.fixture
def card(deals: Dataset) -> Any:
    """Return three metrics by owner."""
    return cc.measure(METRICS, deals, by="owner")


def test_text_table_with_total_and_footnotes(card: Any) -> None:
    """R1, R2, M3, T8: worked by hand: Anna won 2 of 3, 王芳 1 of 2, blank 0 of 1; the mean cycles are (36 + 54) / 2 and 90."""
    assert text_table(card, total=True).split("\n") == [
        "owner    Win rate  Won value  Sales cycle (days)",
        "-------  --------  ---------  ------------------",
        "Anna       66.7 %   2,000.50                45.0",
        "王芳       50.0 %       0.00                90.0",
        "(blank)     0.0 %       0.00                   -",
        "-------  --------  ---------  ------------------",
        "Total      50.0 %   2,000.50                60.0",
        "",
        "- is undefined: Sales cycle (days): nothing to measure (1)",
        FOOT,
    ]


def test_text_table_in_chinese(deals: Dataset) -> None:
    """Labels, the blank group, reasons and the line below are Chinese; columns line up on wide text."""
    result = cc.Workspace(language="zh").measure(METRICS, deals, by="owner")

    assert str(result).split("\n") == [
        "owner       赢率  赢单金额  销售周期（天）",
        "--------  ------  --------  --------------",
        "Anna      66.7 %  2,000.50            45.0",
        "王芳      50.0 %      0.00            90.0",
        "（空白）   0.0 %      0.00               -",
        "",
        "- 表示无定义：销售周期（天）：没有可计量的数据 (1)",
        "截至 2026-06-20（opportunity.closed_at）。 使用行数：opportunity 6。 未计入：opportunity: 无金额 1。 数据问题：1。",
    ]


def test_language_may_be_given(card: Any) -> None:
    """The language of the workspace is only the default; one without words is an error that names those there are."""
    assert text_table(card, language="zh").startswith("owner       赢率")
    with pytest.raises(ArgumentError, match="no language 'fr'; there are en, zh"):
        text_table(card, language="fr")
    with pytest.raises(ArgumentError, match="no language 'fr'"):
        cc.Workspace(language="fr")


def test_intervals_are_shown_when_asked_for(deals: Dataset) -> None:
    """R3: Wilson at 2 of 3 is 20.8 to 93.9 %, worked by hand; a sum has none, and a mean of one row none either."""
    result = cc.measure(METRICS, deals, by="owner", interval=True)

    assert text_table(result).split("\n")[:5] == [
        "owner               Win rate  Won value  Sales cycle (days)",
        "-------  -------------------  ---------  ------------------",
        # (36 + 54) / 2 = 45, standard error 18 / sqrt(2) / sqrt(2) = 9, and 1.96 x 9 = 17.6
        "Anna     66.7 % [20.8, 93.9]   2,000.50   45.0 [27.4, 62.6]",
        "王芳      50.0 % [9.5, 90.5]       0.00                90.0",
        "(blank)    0.0 % [0.0, 79.3]       0.00                   -",
    ]


def test_periods_have_a_column(deals: Dataset) -> None:
    """T7: both quarters of each owner are shown, also the one in which nothing was decided."""
    result = cc.measure(["win_rate"], deals, by="owner", per="quarter")

    assert text_table(result).split("\n")[:8] == [
        "owner    Period   Win rate",
        "-------  -------  --------",
        "Anna     2026-Q1   100.0 %",
        "Anna     2026-Q2     0.0 %",
        "王芳     2026-Q1         -",
        "王芳     2026-Q2    50.0 %",
        "(blank)  2026-Q1         -",
        "(blank)  2026-Q2     0.0 %",
    ]


def test_one_row_has_no_keys_and_no_total(deals: Dataset) -> None:
    """Without groups and periods the only row is the total, which is not repeated."""
    result = cc.measure("win_rate", deals)

    assert text_table(result, total=True).split("\n")[:4] == ["Win rate", "--------", "  50.0 %", ""]
    assert csv_text(result, total=True) == "win_rate\n0.5\n"


def test_only_so_many_rows_are_shown(card: Any) -> None:
    """Beyond the limit a note says how many rows there are; reasons and decimals are those of what is shown."""
    assert text_table(card, limit=1).split("\n") == [
        "owner  Win rate  Won value  Sales cycle (days)",
        "-----  --------  ---------  ------------------",
        "Anna     66.7 %   2,000.50                45.0",
        "",
        "… 2 more rows",
        FOOT,
    ]


def test_printing_a_long_result_is_bounded() -> None:
    """print() and a notebook show 200 rows of 250."""
    data = cc.Dataset(opportunity=[{"id": f"d{i}", "outcome": "won", "owner": f"o{i:03}"} for i in range(250)])
    result = cc.measure("won_deals", data, by="owner")

    assert "… 50 more rows" in str(result)
    assert result._repr_html_().count("<tr>") == 201


def test_nothing_dated_and_nothing_left_out() -> None:
    """Without any date there is no as_of, which is said."""
    result = cc.measure("won_deals", cc.Dataset(opportunity=[{"id": "1", "outcome": "won"}]), by=())

    assert text_table(result).split("\n") == [
        "Won deals",
        "---------",
        "        1",
        "",
        "As of: nothing is dated. Rows used: opportunity 1. Left out: none. Issues: 0.",
    ]


def test_a_given_as_of_is_said_to_be_given(deals: Dataset) -> None:
    """T8: where the date came from is part of the line."""
    result = cc.measure("won_deals", deals, as_of=date(2026, 3, 31))

    assert "As of 2026-03-31 (given)." in text_table(result)
    assert "截至 2026-03-31（指定）。" in text_table(result, language="zh")


def test_markdown_escapes_what_markdown_reads() -> None:
    """Bars, stars and tags of a label stay text; numbers are right aligned; the total is bold."""
    rows = [
        {"id": "1", "outcome": "won", "owner": "a|b*c*<i>\n_d_"},
        {"id": "2", "outcome": "lost", "owner": None},
    ]
    result = cc.measure("won_deals", cc.Dataset(opportunity=rows), by="owner")

    assert markdown(result, total=True).split("\n") == [
        "| owner | Won deals |",
        "| --- | ---: |",
        "| a\\|b\\*c\\*&lt;i&gt; _d_ | 1 |",
        "| **Total** | **1** |",
        "",
        "As of: nothing is dated. Rows used: opportunity 1. Left out: none. Issues: 0.",
    ]


def test_html_escapes_labels_and_has_no_script() -> None:
    """A label with markup stays text, and the table is well formed."""
    rows = [{"id": "1", "outcome": "won", "owner": '<script>alert("x")</script>&'}, {"id": "2", "outcome": "won"}]
    page = html_table(cc.measure("won_deals", cc.Dataset(opportunity=rows), by="owner"), total=True)

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.tags: set[str] = set()
            self.cells: list[str] = []

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.open.append(tag)
            self.tags.add(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

        def handle_data(self, data: str) -> None:
            if self.open[-1] in ("td", "th"):
                self.cells.append(data)

    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert reader.tags == {"div", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "p"}
    assert "".join(reader.cells) == 'ownerWon deals<script>alert("x")</script>&1(blank)1Total2'


def test_csv_has_raw_values(deals: Dataset) -> None:
    """Nothing is rounded or translated; blank and undefined are empty; bounds have columns of their own."""
    result = cc.measure(["win_rate", "won_deals", "sales_cycle_days"], deals, by="owner", per="quarter", interval=True)
    rows = list(csv.reader(io.StringIO(csv_text(result, total=True))))

    assert rows[0] == [
        "owner", "period", "win_rate", "win_rate_low", "win_rate_high", "won_deals",
        "sales_cycle_days", "sales_cycle_days_low", "sales_cycle_days_high",
    ]  # fmt: skip
    # 王芳, second quarter: 1 of 2
    assert rows[4][:3] == ["王芳", "2026-Q2", "0.5"]
    assert float(rows[4][3]) == pytest.approx(0.0945312057, abs=1e-9)
    assert rows[4][5:] == ["1", "90.0", "", ""]
    assert rows[5] == ["", "2026-Q1", "", "", "", "0", "", "", ""]
    assert rows[-1] == ["(total)", "", "0.5", "", "", "3", "60.0", "", ""]


def test_jsonl_is_one_object_per_row(deals: Dataset) -> None:
    """Each line is a row; blank and undefined are null; the total is a line of its own."""
    result = cc.measure(["win_rate", "sales_cycle_days"], deals, by="owner")

    assert [json.loads(line) for line in jsonl(result, total=True).splitlines()] == [
        {"owner": "Anna", "win_rate": 2 / 3, "sales_cycle_days": 45.0},
        {"owner": "王芳", "win_rate": 0.5, "sales_cycle_days": 90.0},
        {"owner": None, "win_rate": 0.0, "sales_cycle_days": None},
        {"total": {"win_rate": 0.5, "sales_cycle_days": 60.0}},
    ]
    assert "王芳" in jsonl(result)


def test_labels_are_left_aligned_text() -> None:
    """A metric that gives labels shows them as they are, and its total as well."""
    metric = cc.Metric(
        "size",
        cc.classify(cc.count(), [2], ["small", "large"]),
        unit="label",
        anchor="closed_at",
        labels={"en": "Size"},
    )
    rows = [{"id": str(i), "outcome": "won", "owner": o} for i, o in enumerate("aab")]
    result = cc.measure(metric, cc.Dataset(opportunity=rows), by="owner")

    assert text_table(result, total=True).split("\n")[:6] == [
        "owner  Size", "-----  -----", "a      large", "b      small", "-----  -----", "Total  large",
    ]  # fmt: skip


def test_a_result_without_rows_is_a_table() -> None:
    """R2: no group at all gives headers and the line below."""
    data = cc.Dataset(opportunity={"id": [], "outcome": [], "owner": []})
    result = cc.measure("win_rate", data, by="owner")

    assert text_table(result).split("\n")[:3] == ["owner  Win rate", "-----  --------", ""]
    assert csv_text(result) == "owner,win_rate\n"
    assert jsonl(result) == ""


def test_bounds_decide_on_decimals_too() -> None:
    """A whole mean with bounds that are not whole has as many decimals as they."""
    rows = [
        {"id": str(i), "outcome": "won", "closed_at": date(2026, 1, 1), "amount": amount}
        for i, amount in enumerate((100, 300))
    ]
    result = cc.measure("mean_won_deal", cc.Dataset(opportunity=rows), interval=True)

    # standard error: sqrt(20,000) / sqrt(2) = 100, and 1.959964 x 100 = 196.00
    assert text_table(result).split("\n")[2] == "200.00 [4.00, 396.00]"
