"""`--where COLUMN=VALUE`: the column says what the value is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import crmcore as cc
from crmcore.cli.conditions import condition_of, moment, pair
from crmcore.errors import ArgumentError, ColumnNotFound


@pytest.mark.parametrize(
    ("conditions", "deals"),
    [
        (["region=EMEA"], "3"),
        (["region=EMEA", "owner=Anna"], "2"),
        (["owner="], "1"),
        (["owner=王芳"], "3"),
        (["owner.team=south"], "3"),
        (["amount=800"], "1"),
        (["amount=1200.5"], "1"),
        (["amount=0"], "0"),
        (["amount="], "1"),
        (["created_at=2026-02-11"], "1"),
        (["closed_at="], "1"),
        (["reopened=2"], "1"),
        (["id=d3"], "1"),
    ],
)
def test_conditions_filter(crmcore: Any, folder: Path, conditions: list[str], deals: str) -> None:
    """Text for keys, numbers, dates; nothing behind = is blank; several conditions all have to hold."""
    run = crmcore("measure", "opportunities_created", "--data", folder, "--format", "csv", "--where", *conditions)

    assert run.lines == ["opportunities_created", deals]
    repeated = [part for c in conditions for part in ("--where", c)]
    assert crmcore("measure", "opportunities_created", "--data", folder, "--format", "csv", *repeated).out == run.out


def test_flags_durations_and_numbers_of_a_hosts_own() -> None:
    """A flag takes true or false, a whole number id a number, a score and a count their numbers."""
    data = cc.Dataset(lead=[{"id": i, "converted": i > 2, "calls": i} for i in range(1, 5)])

    def leads(*conditions: str) -> Any:
        where = condition_of(conditions, ["cost", "lead"], data, cc.Workspace())
        return cc.measure(cc.Metric("leads", cc.count(), table="lead"), data, where=where).rows()[0]["leads"]

    assert leads("converted=true") == 2
    assert leads("converted=No") == 2
    assert leads("calls=3") == 1
    assert leads("id=4") == 1
    assert leads() == 4


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("amount=lots", "--where amount=lots: 'amount' holds numbers; write e.g. amount=1200.50"),
        ("amount=nan", "'amount' holds numbers"),
        ("created_at=soon", "--where created_at takes a date such as 2026-06-30, got 'soon'"),
        ("regio=EMEA", "no column named 'regio' in table 'opportunity'; did you mean 'region'"),
    ],
)
def test_a_value_of_another_type_is_refused(crmcore: Any, folder: Path, condition: str, says: str) -> None:
    """The line names the column and what would be right."""
    run = crmcore("measure", "won_deals", "--data", folder, "--where", condition)

    assert (run.status, run.out) == (2, "")
    assert says in run.err


def test_a_flag_is_true_or_false() -> None:
    """Other words are refused."""
    data = cc.Dataset(lead=[{"id": 1, "converted": True}])

    with pytest.raises(ArgumentError, match="--where converted=maybe: 'converted' is true or false"):
        condition_of(["converted=maybe"], ["lead"], data, cc.Workspace())


def test_a_column_that_no_table_has() -> None:
    """The error is that of the first table; without any table there is still one."""
    data = cc.Dataset(lead=[{"id": 1, "owner": "Anna"}])

    with pytest.raises(ColumnNotFound, match="no column named 'ownr' in table 'lead'; did you mean 'owner'"):
        condition_of(["ownr=Anna"], ["lead"], data, cc.Workspace())
    with pytest.raises(ColumnNotFound, match="no column named 'owner'"):
        condition_of(["owner=Anna"], ["cost"], data, cc.Workspace())


def test_a_label_that_no_row_has_is_noted(crmcore: Any, folder: Path) -> None:
    """R2: the answer is 0, and the note says what may have been meant."""
    run = crmcore("measure", "won_deals", "--data", folder, "--where", "region=emea", "--format", "csv")

    assert run.lines == ["won_deals", "0"]
    assert run.err == "crmcore: note: no row has region 'emea'; did you mean 'EMEA'?\n"
    assert crmcore("measure", "won_deals", "--data", folder, "--where", "region=?").err == (
        "crmcore: note: no row has region '?'\n"
    )


def test_moments_and_pairs() -> None:
    """T1: a date, or a timestamp with its zone; a value may hold further equals signs."""
    assert moment("2026-06-30", "--as-of").isoformat() == "2026-06-30"
    assert moment("2026-06-30T12:00+08:00", "--as-of").isoformat() == "2026-06-30T12:00:00+08:00"
    assert pair(" a = b=c ", "--where") == ("a", "b=c")
