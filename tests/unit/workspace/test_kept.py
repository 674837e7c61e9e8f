"""What a workspace keeps for the next question."""

from __future__ import annotations

from datetime import date

import crmcore as cc


def test_known_of_a_question_counts_before_that_of_its_dataset() -> None:
    """O8: the amount of 300 since March 4 was recorded on March 9; a dataset as of the 10th is asked what the 8th knew."""
    data = cc.Dataset(
        opportunity=[{"id": "D1", "created_at": date(2026, 3, 1), "outcome": "open", "amount": 300}],
        change=[
            {
                "table": "opportunity",
                "record": "D1",
                "field": "amount",
                "old": "100",
                "new": "300",
                "at": date(2026, 3, 4),
                "recorded_at": date(2026, 3, 9),
            }
        ],
    ).as_of(date(2026, 3, 10))
    ws = cc.Workspace()

    assert ws.measure("open_value", data).total["open_value"] == 300
    assert ws.measure("open_value", data, known=date(2026, 3, 8)).total["open_value"] == 100
