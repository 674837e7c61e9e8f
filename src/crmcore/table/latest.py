"""Latest: a dataset in which a table keeps one row of each entity, the newest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np

from ..calendars import Zone
from ..calendars.moments import moment_of
from ..errors import ArgumentError
from .column import Array, Column
from .dataset import Dataset
from .table import Table
from .views import is_after

__all__ = ["latest", "newest"]


def latest(
    data: Dataset,
    table: str,
    *,
    by: str | Iterable[str],
    at: str = "at",
    as_of: date | None = None,
    timezone: str = "UTC",
) -> Dataset:
    """Return the dataset with only the latest row of each entity in one table.

    Of the rows that agree in `by`, the one with the newest `at` stays; of several at one date, the last of the input.
    The others, and the rows without an entity or a date, are counted among the table's exclusions.

    Args:
        data: the tables; they are not changed.
        table: the one that is thinned out.
        by: the column, or columns, that say whose row it is.
        at: the date column that tells older from newer.
        as_of: look from this date (its end) or aware datetime: later rows are left out. Without it all rows count, so
            give it here too where the numbers are asked for an earlier date.
        timezone: IANA name of the zone in which `as_of`, given as a date, ends.

    Returns: the same tables, one of them with fewer rows, in the order they had.

    Raises:
        TableNotFound, ColumnNotFound: what is not there, with the nearest names.
        ArgumentError: no column to tell entities apart, an `at` that is no date, or an `as_of` without a time zone.

    Rules: O8, T8, M3.

    Examples:
        >>> import crmcore as cc
        >>> answers = [
        ...     ("nps", "ann", 3, "2026-03-01"),
        ...     ("nps", "ann", 9, "2026-03-08"),
        ...     ("nps", "ben", 7, "2026-03-02"),
        ... ]
        >>> data = cc.Dataset(response=(["kind", "contact", "score", "at"], answers))
        >>> cc.measure("nps", data).total["nps"]
        0.0
        >>> cc.measure("nps", cc.latest(data, "response", by="contact")).total["nps"]
        50.0
    """
    if not isinstance(data, Dataset):
        raise ArgumentError(
            f"data is a Dataset, from crmcore.Dataset(...) or crmcore.read(...), got {type(data).__name__}"
        )
    columns = (by,) if isinstance(by, str) or not isinstance(by, Iterable) else tuple(by)
    if not all(isinstance(c, str) for c in columns):
        raise ArgumentError(f"by names a column, or several, e.g. by='contact', got {by!r}")
    if not columns:
        raise ArgumentError("by is empty; name the column, or columns, that say whose row it is, e.g. by='contact'")
    found = data[table]
    dates = found[at]
    if dates.kind not in ("instant", "day"):
        raise ArgumentError(f"at is a date column of {table!r}, but {at!r} holds {dates.kind} values")
    gone: dict[str, int] = {}
    keep = np.ones(len(found), bool)

    def without(mask: Array, reason: str) -> None:
        left = keep & mask
        if left.any():
            gone[reason] = int(np.count_nonzero(left))
            keep[left] = False

    codes = []
    for name in columns:
        code = _codes(found[name])
        codes.append(code)
        without(code == 0, f"no {name}")
    without(~dates.present(), f"no {at}")
    if as_of is not None:
        zone = Zone(timezone)
        without(is_after(dates, *moment_of(as_of, "as_of", zone), zone), f"{at} after as_of")
    places = np.flatnonzero(keep)
    chosen = _newest(found, places, [c[places] for c in codes], dates.data[places])
    if chosen.size < places.size:
        gone["not the latest"] = int(places.size - chosen.size)
    excluded = {name: found.excluded.get(name, 0) + gone.get(name, 0) for name in (*found.excluded, *gone)}
    thinned = found.select(chosen, clustered=found.clustered).replace({}, excluded=excluded)
    return Dataset.of({**data.tables, table: thinned}, data.issues, data.rejected)


def newest(table: Table, by: Iterable[str], at: str) -> Array:
    """Return the places of the rows with the newest date of those that agree in some columns, ascending.

    Blank is a value like others. Of several at one date it is the last of the input; rows without a date are left out.

    Args:
        table: whose rows.
        by: the columns that say what a row is about.
        at: the date column.
    """
    places = np.flatnonzero(table[at].present())
    return _newest(table, places, [_codes(table[name])[places] for name in by], table[at].data[places])


def _newest(table: Table, places: Array, codes: list[Array], dates: Array) -> Array:
    """Return the places of the newest row of each combination of codes, ascending."""
    if not places.size:
        return places
    order = np.lexsort((table.row_numbers(places), dates, *codes))
    last = np.ones(places.size, bool)
    last[:-1] = np.logical_or.reduce([c[order][1:] != c[order][:-1] for c in codes])
    chosen: Array = np.sort(places[order[last]])
    return chosen


def _codes(column: Column) -> Array:
    """Return a number per row that is the same where the values are, 0 where there is none."""
    if column.kind == "key":
        return column.data
    if column.data.dtype == object:
        index: dict[object, int] = {None: 0}
        return np.array([index.setdefault(v, len(index)) for v in column.data.tolist()], np.int64)
    _, codes = np.unique(column.data, return_inverse=True)
    found: Array = np.where(column.present(), codes + 1, 0)
    return found
