"""Decode: the values that changes name, which are text, as a column like the one they are of."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from ...calendars import Zone
from ..builders import Bad, Builder, builder
from ..builders.build import shown
from ..builders.money import money_of
from ..column import Array, Column, code_type
from ..ids import like_ids
from ..schema import schema_of
from ..stacked import stacked
from .order import pieces

__all__ = ["Codes", "blank", "coded", "in_currency", "pooled", "takes_any", "unfit", "used"]


@attrs.frozen(slots=True, eq=False)
class Codes:
    """Texts as codes into the different ones; -1 where there is none."""

    codes: Array
    texts: Sequence[str]


def coded(rows: Array | slice, *columns: Column) -> list[Codes]:
    """Return some rows of columns of text as codes into one list of texts in common; each of them stands somewhere."""
    index: dict[str, int] = {}
    found = []
    for column in columns:
        codes, texts = column.coded
        codes = codes[rows]
        places = np.full(len(texts) + 1, -1)  # the last place is that of the blanks
        for code in used(codes, len(texts) + 1):
            if code < len(texts):
                places[code] = index.setdefault(texts[code], len(index))
        found.append(places.astype(code_type(len(index))).take(codes, mode="wrap"))
    return [Codes(codes, list(index)) for codes in found]


def used(codes: Array, size: int) -> list[int]:
    """Return which codes stand somewhere, of those from 0 to a size; the last one also by -1."""
    there = np.zeros(size, bool)
    for piece in pieces(len(codes)):
        there[codes[piece]] = True
    found: list[int] = np.flatnonzero(there).tolist()
    return found


def in_currency(sides: Sequence[Codes], rows: Array, today: Column) -> Sequence[Codes]:
    """Return amounts that name no currency with that of their record, as hosts keep the two in fields apart (M2).

    Args:
        sides: values of the changes, which have their texts in common.
        rows: the row of each change.
        today: the amounts of the rows.
    """
    if not isinstance(today.currency, Column) and not any(" " in text for text in sides[0].texts):
        return sides  # one currency is that of all, or there is none
    record = today.currency
    labels = record.labels if isinstance(record, Column) else (None, record)
    own = record.data[rows].astype(np.int64) if isinstance(record, Column) else np.ones(len(rows), np.int64)
    bare = np.array([*(" " not in text for text in sides[0].texts), False])
    index: dict[str, int] = {}
    found = []
    for side in sides:
        pairs = side.codes.astype(np.int64) * len(labels) + np.where(bare[side.codes], own, 0)
        different, place = np.unique(np.where(side.codes < 0, -1, pairs), return_inverse=True)
        codes = [
            -1
            if pair < 0
            else index.setdefault(
                _with_currency(side.texts[pair // len(labels)], labels[pair % len(labels)]), len(index)
            )
            for pair in different.tolist()
        ]
        found.append(np.array(codes, np.int64)[place.reshape(-1)])
    return [Codes(codes, list(index)) for codes in found]


def _with_currency(text: str, currency: str | None) -> str:
    return text if currency is None else f"{text} {currency}"


def pooled(today: Column, texts: Sequence[str], table: str, field: str, zone: Zone, wrong: list[str]) -> Column:
    """Return the values of today, then those that texts name, then a blank one.

    A text that is no value of the column is blank, and said in `wrong`.
    """
    making = _reading(today, texts, table, field, zone)
    making.add_blank(1)
    found = making.finish()
    if making.bad:
        wrong.append(_unreadable(making.bad, texts, table, field))
    if found.kind == "key":
        whole = any(isinstance(label, int) for label in today.labels[1:])
        found = like_ids(found, Column("id", np.zeros(0, np.int64 if whole else object)))
    if found.kind == "money" and found.currency is None and isinstance(today.currency, str):
        found = found.replace(currency=today.currency)
    return stacked(today, found, zone)


def takes_any(today: Column, table: str, field: str) -> bool:
    """Return whether every text is a value of a column."""
    return today.kind in ("text", "id") or (today.kind == "key" and not schema_of(table).spec(field).choices)


def unfit(today: Column, texts: Sequence[str], table: str, field: str, zone: Zone) -> Sequence[Bad]:
    """Return the texts, by their place, that are no value of a column."""
    making = _reading(today, texts, table, field, zone)
    making.finish()
    return making.bad


def _reading(today: Column, texts: Sequence[str], table: str, field: str, zone: Zone) -> Builder:
    """Return a builder of a column like that of today that has read these texts."""
    kind = "moment" if today.kind in ("instant", "day") else today.kind
    spec = attrs.evolve(schema_of(table).spec(field, zone.name), kind=kind, optional=True)
    making = builder(spec)
    if today.kind == "money" and any(" " in text for text in texts):
        making.add([money_of(text) for text in texts])
    else:
        making.add_text(list(texts))
    return making


def blank(table: str, field: str, size: int) -> Column:
    """Return a column of a record's field in which nothing is said; a flag is False then."""
    spec = schema_of(table).spec(field)
    making = builder(attrs.evolve(spec, kind="instant" if spec.kind == "moment" else spec.kind))
    making.add_blank(size)
    return making.finish()


def _unreadable(bad: Sequence[Bad], texts: Sequence[str], table: str, field: str) -> str:
    some = ", ".join(repr(shown(texts[b.row])) for b in bad[:3])
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    return f"table 'change': {some}{more} cannot be a value of {table}.{field}: {bad[0].kind}"
