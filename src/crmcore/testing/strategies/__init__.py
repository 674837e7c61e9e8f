"""Hypothesis strategies: businesses of a few rows, and questions about them that mean something.

What is drawn is awkward on purpose: blanks, ties, labels in two scripts, dates at the borders of periods, time that
runs backwards, amounts of 10^15 beside cents, references to nobody. Needs the extra `testing`.
"""

from __future__ import annotations

from ...errors import MissingLibraryError

try:
    import hypothesis as _  # noqa: F401
except ImportError:
    raise MissingLibraryError(
        "crmcore.testing.strategies needs hypothesis; install the extra `testing`: pip install 'crmcore[testing]'",
        name="hypothesis",
    ) from None

from .cases import Case, calendars, cases
from .expressions import conditions, keys, values
from .formulas import aggregates, formulas, metrics
from .records import datasets, days, instants
from .shapes import SHAPES, Records, Shape

__all__ = [
    "SHAPES",
    "Case",
    "Records",
    "Shape",
    "aggregates",
    "calendars",
    "cases",
    "conditions",
    "datasets",
    "days",
    "formulas",
    "instants",
    "keys",
    "metrics",
    "values",
]
