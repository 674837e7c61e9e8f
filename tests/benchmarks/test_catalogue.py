"""The benchmark of twelve KPIs measures what polars measures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("polars")

import crmcore as cc
from benchmarks import catalogue


def test_the_twelve_figures_are_those_of_polars() -> None:
    """Every figure of every team and month agrees, money to the cent."""
    tables = catalogue.generate(3_000)
    data = catalogue.ours(tables)

    card = cc.measure(catalogue.METRICS, data, by=["owner.team"], per="month", as_of=catalogue.LAST)

    catalogue.agree(card, catalogue.polars_card(catalogue.frames(tables)))
    assert len(card) == catalogue.TEAMS * catalogue.MONTHS


def test_a_figure_that_differs_is_found() -> None:
    """A unit more on one won deal is seen."""
    tables = catalogue.generate(1_000)
    data = catalogue.ours(tables)
    deals = tables["opportunity"]
    first = np.flatnonzero(deals["outcome"] == 1)[0]
    deals["amount"] = deals["amount"] + (np.arange(deals["amount"].size) == first)
    card = cc.measure(catalogue.METRICS, data, by=["owner.team"], per="month", as_of=catalogue.LAST)

    with pytest.raises(AssertionError, match="won_value"):
        catalogue.agree(card, catalogue.polars_card(catalogue.frames(tables)))
