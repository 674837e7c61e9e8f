"""Questions to a business, with the settings of its workspace."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ...algebra import Expr
from ...calendars import Calendar
from ...domain import Rate
from ...metric import Metric
from .expressions import conditions, keys
from .formulas import SCORED, metrics, scored_metrics
from .records import datasets, days, instants
from .shapes import COMMON, RATES, SHAPES, Records

__all__ = ["Case", "calendars", "cases"]

_GRAINS = ("week", "month", "quarter", "year", "fiscal_period", "fiscal_quarter", "fiscal_year")


def calendars() -> SearchStrategy[Calendar]:
    """Return calendars with any fiscal year and week."""
    return st.builds(
        Calendar,
        fiscal_start=st.sampled_from((1, 2, 4, 10)),
        fiscal_pattern=st.sampled_from(("months", "months", "4-4-5", "4-5-4", "5-4-4")),
        week_start=st.sampled_from((0, 6)),
    )


@attrs.frozen
class Case:
    """A question to a business: what `measure` is called with, and the settings of the workspace."""

    metrics: tuple[Metric, ...]
    records: Records
    by: tuple[str | Expr, ...]
    per: str | None
    where: Expr | None
    as_of: date | datetime | None
    calendar: Calendar
    timezone: str
    currency: str | None = None
    rates: tuple[Rate, ...] = ()

    def question(self) -> dict[str, Any]:
        """Return the arguments that ask: by, per, where, as_of."""
        return {"by": self.by, "per": self.per, "where": self.where, "as_of": self.as_of}

    def settings(self) -> dict[str, Any]:
        """Return the settings of the workspace: calendar, timezone, currency, rates."""
        return {"calendar": self.calendar, "timezone": self.timezone, "currency": self.currency, "rates": self.rates}


@st.composite
def cases(draw: DrawFn, *, size: int = 12, currencies: bool | None = False, scores: bool = False) -> Case:
    """Return questions to datasets: some metrics over one or two tables, grouped, in periods, seen from any day.

    Args:
        draw: given by Hypothesis.
        size: rows of a table at most.
        currencies: do amounts come in several currencies, which are converted to dollars? None draws it.
        scores: do leads and opportunities have a score, which is a float, and a metric that measures it?
    """
    tables = draw(st.lists(st.sampled_from(tuple(SHAPES)), min_size=1, max_size=2, unique=True))
    mixed = draw(st.booleans()) if currencies is None else currencies
    names = [f"m{i}" for i in range(draw(st.integers(1, 3)))]
    asked = tuple(draw(metrics(tables, name)) for name in names)
    if scores and (scored := [t for t in tables if t in SCORED]):
        asked = (*asked, draw(scored_metrics(scored[0], "score")))
    own = len(tables) == 1
    key = keys(tables[0]) | st.sampled_from(COMMON) if own else st.sampled_from(COMMON)
    records = draw(datasets(tables=tables, size=size, currencies=mixed, scores=scores))
    recorded = any(row["created_at"] for table in ("opportunity", "lead") for row in records[table])
    moment: SearchStrategy[Any] = days() | instants()
    return Case(
        metrics=asked,
        records=records,
        by=tuple(draw(st.lists(key, max_size=2, unique_by=repr))),
        per=draw(st.none() | st.sampled_from(_GRAINS)),
        where=draw(st.none() | st.none() | conditions(tables[0] if own else None)),
        as_of=draw(st.none() | moment if recorded else moment),
        calendar=draw(calendars()),
        timezone=draw(st.sampled_from(("UTC", "Asia/Shanghai", "America/New_York", "Africa/Cairo"))),
        currency="USD" if mixed else None,
        rates=RATES if mixed else (),
    )
