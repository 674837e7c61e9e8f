"""Currencies: which ones amounts are in, and that it is one of them (M2)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..errors import CurrencyError
from .column import Column

__all__ = ["check_one_currency", "currencies_of"]

_OR_KEEP = "give rates to a workspace with a currency, or keep one of them by a condition on it, such as col('currency') == 'EUR'"


def currencies_of(*columns: Column | None) -> set[str | None]:
    """Return the currencies of the amounts that are there; None is among them where one declares none."""
    found: set[str | None] = set()
    for column in columns:
        if column is None:
            continue
        there = column.present()
        if isinstance(column.currency, Column):
            found |= {column.currency.labels[c] for c in np.unique(column.currency.data[there]).tolist()}
        elif there.any():
            found.add(column.currency)
    return found


def check_one_currency(what: str, currencies: Iterable[str | None], *, way_out: str = _OR_KEEP) -> None:
    """Check that amounts are of one currency, or of none.

    Raises:
        CurrencyError: they are of several; `what` says which amounts, `way_out` what to do.
    """
    names = sorted(str(c or "none") for c in currencies)
    if len(names) > 1:
        raise CurrencyError(f"{what} in several currencies ({', '.join(names)}); {way_out} (M2)")
