"""Judgements of past forecasts that judge nothing say why."""

from __future__ import annotations

from datetime import date

import pytest

import crmcore as cc

DATA = cc.Dataset(
    opportunity=[
        {
            "id": "A",
            "created_at": date(2026, 1, 10),
            "expected_close": date(2026, 2, 20),
            "closed_at": date(2026, 2, 20),
            "outcome": "won",
            "stage": "won",
            "amount": 100,
            "probability": 1,
        }
    ],
    stage=[
        {"id": "new", "order": 1, "kind": "open", "probability": "0.5", "forecast_category": "commit"},
        {"id": "won", "order": 2, "kind": "won", "probability": 1, "forecast_category": "closed"},
    ],
    change=[
        {
            "table": "opportunity",
            "record": "A",
            "field": "stage",
            "old": "new",
            "new": "won",
            "at": date(2026, 2, 20),
        }
    ],
)
NAMES = ["forecast_backtest", "forecast_calibration", "category_conversion"]


def said(name: str, as_of: date, language: str = "en", **choices: int) -> list[str]:
    found = cc.analyse(name, DATA, as_of=as_of, **choices)
    return [note[language] for note in found.notes]


@pytest.mark.parametrize("name", NAMES)
def test_no_period_was_forecast(name: str) -> None:
    """The forecast of the first quarter was made on 31 December, before the only deal was created on 10 January."""
    assert any(note.startswith("No period is judged: ") for note in said(name, date(2026, 4, 15)))
    assert any("没有可评估的期间" in note for note in said(name, date(2026, 4, 15), "zh"))
    assert not any(note.startswith("No deal is judged: ") for note in said(name, date(2026, 4, 15)))


@pytest.mark.parametrize("name", NAMES)
def test_no_deal_was_expected(name: str) -> None:
    """The forecast of the second quarter was made on 31 March, when the deal was won: nothing was open, and nothing expected."""
    assert any(note.startswith("No deal is judged: ") for note in said(name, date(2026, 7, 5)))
    assert any("没有可评估的商机" in note for note in said(name, date(2026, 7, 5), "zh"))
    assert not any(note.startswith("No period is judged: ") for note in said(name, date(2026, 7, 5)))


@pytest.mark.parametrize("name", NAMES)
def test_a_judgement_of_something_says_neither(name: str) -> None:
    """Made on 30 January, the forecast of the first quarter has the deal."""
    found = said(name, date(2026, 4, 15), after=30)

    assert not any(note.startswith("No ") and "judged" in note for note in found)
    assert cc.analyse(name, DATA, as_of=date(2026, 4, 15), after=30).rows() != []
