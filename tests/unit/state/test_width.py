"""Widths of text on a terminal."""

from __future__ import annotations

import pytest

from crmcore.state.present.width import aligned, clean, padded, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("Win rate", 8),
        ("赢率", 4),  # two wide characters
        ("赢率 Win", 8),
        ("ｱﾊﾟｰﾄ", 5),  # halfwidth katakana
        ("Ａ", 2),  # a fullwidth letter
        ("한국", 4),
        ("e\u0301", 1),  # e and a combining acute accent
        ("é", 1),
        ("a\u200db", 2),  # a joiner takes no room
        ("…", 1),
    ],
)
def test_width_counts_columns(text: str, columns: int) -> None:
    """A wide East Asian character takes two columns, a combining mark none, any other one."""
    assert width(text) == columns


def test_padded_fills_by_columns_not_by_characters() -> None:
    """Both sides are filled to the same column, whatever the characters take."""
    assert padded("赢率", 6, right=False) == "赢率  "
    assert padded("赢率", 6, right=True) == "  赢率"
    assert padded("too long", 3, right=True) == "too long"


def test_clean_text_stays_on_its_line() -> None:
    """Line breaks, tabs and escapes of a label move no cursor; wide text stays."""
    assert clean("a\nb\tc\x1b[31m王\u2028d") == "a b c [31m王 d"


def test_aligned_lines_up_wide_text() -> None:
    """Columns start at the same place below wide text, numbers end at the same place, the total is parted by a rule."""
    lines = aligned(["owner", "n"], [["王芳", "12"], ["Anna", "3"]], [False, True], ["Total", "15"])

    assert lines == ["owner   n", "-----  --", "王芳   12", "Anna    3", "-----  --", "Total  15"]


def test_aligned_shows_a_table_without_rows() -> None:
    """Headers and rule are there without any row."""
    assert aligned(["owner", "n"], [], [False, True]) == ["owner  n", "-----  -"]
