"""Currencies of the amounts behind numbers, row by row: those of one never meet those of another (M2)."""

from __future__ import annotations

import attrs
import numpy as np

from ..errors import CurrencyError
from ..table.column import Array

__all__ = ["NONE", "Currencies", "gathered", "met"]


@attrs.frozen(slots=True, eq=False)
class Currencies:
    """The currency of each row's amounts: a place among `names`, -1 where there are none.

    Without codes the only name is that of all rows, without names there are no amounts at all. A name of None stands
    for amounts that name no currency.
    """

    names: tuple[str | None, ...] = ()
    codes: Array | None = None


NONE = Currencies()


def met(one: Currencies, other: Currencies, what: object) -> Currencies:
    """Return the currencies of what is calculated from two numbers in each row.

    Raises:
        CurrencyError: a row where they differ.
    """
    if not (one.names and other.names):
        return one if one.names else other
    if one.codes is other.codes is None and one.names == other.names:
        return one
    names = tuple(dict.fromkeys((*one.names, *other.names)))
    a, b = (np.array([names.index(n) for n in side.names] + [-1])[_codes(side)] for side in (one, other))
    apart = np.flatnonzero((a >= 0) & (b >= 0) & (a != b))
    if apart.size:
        x, y = (names[int(side[apart[0] if side.size > 1 else 0])] for side in (a, b))
        way_out = "give the workspace a currency and rates"
        if x is None or y is None:
            way_out = "say in a currency column which currency those without one are in"
        raise CurrencyError(
            f"{what}: amounts in {x or '(none)'} meet amounts in {y or '(none)'} (M2); {way_out}", currencies=names
        )
    return Currencies(names, np.where(a >= 0, a, b))


def gathered(found: Currencies, spots: Array | None, size: int, what: object) -> Currencies:
    """Return the currencies of rows moved to their groups (-1: to none), where their amounts are added.

    Raises:
        CurrencyError: a group that rows of several currencies go to.
    """
    if found.codes is None or spots is None:
        return found
    rows = (spots >= 0) & (found.codes >= 0)
    pairs = np.unique(np.stack([spots[rows], found.codes[rows]]), axis=1)
    twice = np.flatnonzero(pairs[0][1:] == pairs[0][:-1])
    if twice.size:
        together = pairs[1][pairs[0] == pairs[0][twice[0]]]
        names = ", ".join(sorted(str(found.names[c] or "(none)") for c in together.tolist()))
        raise CurrencyError(
            f"{what} has amounts in {names}: they are never added (M2); give the workspace a currency and rates, or "
            "filter or group by currency",
            currencies=names,
        )
    codes = np.full(size, -1)
    codes[pairs[0]] = pairs[1]
    return Currencies(found.names, codes)


def _codes(side: Currencies) -> Array:
    return np.zeros(1, np.int64) if side.codes is None else side.codes
