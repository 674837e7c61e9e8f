"""A workspace file says what is wrong in it, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError

RATE = 'currency = "EUR"\n[[rates]]\nfrom = {}\nto = "EUR"\nvalid_from = {}\nrate = {}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("currency = 5", "currency is a code such as 'EUR', not 5"),
        ("timezone = 5", "timezone is a name such as 'Europe/Berlin', not 5"),
        ("calendar = 3", "calendar is a table, not 3"),
        ("rates = 5", "rates is a list of tables, not 5"),
        ("rates = [5]", "number 1 is a table with from, to, valid_from and rate, not 5"),
        ('plugins = "m.py"', "plugins is a list of paths, not 'm.py'"),
        ("plugins = [5]", "plugins is a path, not 5"),
        (RATE.format(1, "2023-01-01", "0.9"), "number 1: from is a code such as 'USD', not 1"),
        (RATE.format('"USD"', "2023-01-01", '"abc"'), "number 1: rate is a number, not 'abc'"),
        (RATE.format('"USD"', "2023-01-01", "-1"), "number 1: .*not above 0"),
        (RATE.format('"USD"', '"soon"', "0.9"), "number 1: .*'soon' is not a date"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_its_place(tmp_path: Path, text: str, message: str):
    """Each message has the file, the setting, what it takes and what was there."""
    file = tmp_path / "host.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ArgumentError, match=rf"host\.toml.*{message}"):
        cc.Workspace.load(file)


def test_the_summary_of_a_window_is_one_sentence():
    """The words of the window stand before the full stop."""
    metric = cc.Workspace().metric("won_deals_trailing_90_days")

    assert metric.summary.endswith("; over the trailing 90 days.")
    assert metric.summary.count(".") == 1
