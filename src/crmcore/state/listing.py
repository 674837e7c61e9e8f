"""Listing: a table of finished numbers that is not by group and period: ranks, classes, cohorts, parts of a change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import isnan
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError, ColumnNotFound
from ..locales import locale
from ..locales.labels import label_in, read_only
from ..table.column import Array, sort_key
from .arrow import Numbers, Texts, capsule
from .operand import Operand
from .present.numbers import places_of, shown
from .present.width import aligned, clean

__all__ = ["Fact", "Heading", "Listing"]

SHOWN = 200
"""Rows that `print` and a notebook show."""


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


@attrs.frozen(slots=True)
class Heading:
    """What one column of a listing holds.

    Args:
        name: snake_case; the key of `rows()` and the name of the Arrow column.
        unit: "ratio", "money", "count", "label" ...; "label" is text.
        labels: the name by language: {"en": "Credit", "zh": "贡献"}.
        values: how a value is printed, by language: {"won": {"en": "Won", "zh": "赢单"}}; others as they are.
    """

    name: str
    unit: str = "label"
    labels: Mapping[str, str] = attrs.field(factory=dict, converter=read_only)
    values: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)

    def label(self, language: str) -> str:
        """Return the heading in a language, in English, or the name."""
        return label_in(language, self.labels, self.name)

    def said(self, value: Any, language: str) -> str:
        """Return a value in a language, in English, or as it is."""
        return label_in(language, self.values.get(value, {}), str(value))


@attrs.frozen(slots=True)
class Fact:
    """One number that stands beside the rows, such as a total or a score; None where undefined.

    A `quiet` one, such as how many rows were left out, is printed only where it is not 0. A value that is a code is printed
    as `values` says, as under a `Heading`.
    """

    name: str
    value: Any = attrs.field(converter=_plain)
    unit: str = "number"
    labels: Mapping[str, str] = attrs.field(factory=dict, converter=read_only)
    quiet: bool = False
    values: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)

    def text(self, language: str) -> str:
        """Return the fact on one line."""
        label = label_in(language, self.labels, self.name)
        value = label_in(language, self.values.get(self.value, {}), self.value) if self.unit == "label" else self.value
        return f"{label}{locale(language).words['colon']}{shown(value, self.unit, places_of(self.unit, _numbers_in([value])))}"


Values = Array | Operand | Sequence[Any]


class Listing:
    """Rows of finished values under headings, with facts and notes beside them.

    `listing["credit"]` is a numpy array: float64 with nan where undefined, int64, or objects (text, None where blank);
    `rows()`, `to_dict()`, `to_json()` are plain data; any dataframe library reads the listing through Arrow;
    `print(listing)` is a table.

    Args:
        columns: heading -> its values, all of one length.
        facts: numbers that stand beside the rows.
        notes: sentences that stand below, each by language.
        language: of headings and notes when it is printed.

    Raises:
        ArgumentError: columns of different lengths, or two of one name.
    """

    def __init__(
        self,
        columns: Mapping[Heading, Values] | Sequence[tuple[Heading, Values]],
        *,
        facts: Sequence[Fact] = (),
        notes: Sequence[Mapping[str, str]] = (),
        language: str = "en",
    ) -> None:
        listed = tuple(columns.items() if isinstance(columns, Mapping) else columns)
        self.headings = tuple(h for h, _ in listed)
        self._values: dict[str, Array] = {h.name: _array(v, h.unit) for h, v in listed}
        self.facts = tuple(facts)
        self.notes = tuple(read_only(n) for n in notes)
        self.language = language
        if len(self._values) != len(self.headings):
            raise ArgumentError(f"two columns of a listing share a name: {', '.join(h.name for h in self.headings)}")
        lengths = {v.size for v in self._values.values()}
        if len(lengths) > 1:
            sizes = {n: v.size for n, v in self._values.items()}
            raise ArgumentError(f"the columns of a listing have different lengths: {sizes}")
        self._length = lengths.pop() if lengths else 0

    def __len__(self) -> int:
        return int(self._length)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows())

    def __contains__(self, name: object) -> bool:
        return name in self._values

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._values)

    def __getitem__(self, name: str) -> Array:
        try:
            return self._values[name]
        except KeyError:
            raise ColumnNotFound(name, self._values, where="in this listing") from None

    def fact(self, name: str) -> Any:
        """Return a number that stands beside the rows; None where it is undefined.

        Raises:
            ColumnNotFound: no such fact, with the nearest names.
        """
        for fact in self.facts:
            if fact.name == name:
                return fact.value
        raise ColumnNotFound(name, [f.name for f in self.facts], where="among the facts of this listing")

    # -- plain data --------------------------------------------------------------------------------

    def plain(self, name: str) -> list[Any]:
        """Return a column as plain values: None where blank or undefined, whole numbers for counts."""
        values = [None if isinstance(v, float) and isnan(v) else v for v in self[name].tolist()]
        if next(h.unit for h in self.headings if h.name == name) != "count":
            return values
        return [int(v) if isinstance(v, float) and v.is_integer() else v for v in values]

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per row; None stands for blank and for undefined."""
        columns = {n: self.plain(n) for n in self.names}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON."""
        return {
            "columns": {h.name: h.unit for h in self.headings},
            "rows": self.rows(),
            "facts": {f.name: f.value for f in self.facts},
            "notes": [self._said(n) for n in self.notes],
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return everything as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent, default=str, allow_nan=False)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        columns: list[Texts | Numbers] = []
        for name, values in self._values.items():
            if values.dtype == object:
                columns.append(Texts(name, [None if v is None else str(v) for v in values.tolist()]))
            else:
                undefined = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.size, bool)
                columns.append(Numbers(name, values, ~undefined))
        return capsule(columns, len(self), requested_schema)

    # -- order and language --------------------------------------------------------------------------

    def sorted(self, by: str, *, descending: bool = True) -> Listing:
        """Return the rows ordered by a column, ties in the order they stand in; blank and undefined come last."""
        values = self.plain(by)
        known = [i for i, v in enumerate(values) if v is not None]
        known.sort(key=lambda i: sort_key(values[i]), reverse=descending)
        return self._taken([*known, *(i for i, v in enumerate(values) if v is None)])

    def top(self, n: int) -> Listing:
        """Return the first `n` rows."""
        if n < 0:
            raise ArgumentError(f"top() takes a number of rows, got {n!r}")
        return self._taken(range(min(n, len(self))))

    def only(self, **values: Any) -> Listing:
        """Return the rows that have these values."""
        keep = [
            i for i, row in enumerate(self.rows()) if all(row[k] == v for k, v in values.items() if self[k] is not None)
        ]
        return self._taken(keep)

    def told(self, language: str) -> Listing:
        """Return the listing with headings and notes in another language."""
        locale(language)
        return self._with(self._values, language)

    def _taken(self, rows: Sequence[int]) -> Listing:
        places = np.array([*rows], np.int64)
        return self._with({n: v[places] for n, v in self._values.items()}, self.language)

    def _with(self, values: Mapping[str, Array], language: str) -> Listing:
        return Listing(
            [(h, values[h.name]) for h in self.headings], facts=self.facts, notes=self.notes, language=language
        )

    # -- as a table ----------------------------------------------------------------------------------

    def __str__(self) -> str:
        headers, right, rows = self._cells(SHOWN)
        table = aligned(headers, rows, right) if headers else []
        below = self._below(SHOWN)
        return "\n".join([*table, *(["", *map(clean, below)] if below else [])])

    def __repr__(self) -> str:
        return f"Listing({', '.join(self.names)}; {len(self)} rows)"

    def _repr_html_(self) -> str:
        headers, right, rows = self._cells(SHOWN)

        def line(cells: Sequence[str], tag: str) -> str:
            inner = "".join(
                f'<{tag} style="text-align: {"right" if r else "left"}">{escape(cell)}</{tag}>'
                for cell, r in zip(cells, right, strict=True)
            )
            return f"<tr>{inner}</tr>"

        body = "\n".join(line(row, "td") for row in rows)
        notes = "\n".join(f"<p>{escape(x)}</p>" for x in self._below(SHOWN))
        return (
            f'<div class="crmcore-result">\n<table>\n<thead>\n{line(headers, "th")}\n</thead>\n'
            f"<tbody>\n{body}\n</tbody>\n</table>\n{notes}\n</div>"
        )

    def _cells(self, limit: int) -> tuple[list[str], list[bool], list[list[str]]]:
        words = locale(self.language).words
        columns = []
        for heading in self.headings:
            values = self.plain(heading.name)[:limit]
            if heading.unit == "label":
                columns.append([words["blank"] if v is None else heading.said(v, self.language) for v in values])
            else:
                places = places_of(heading.unit, _numbers_in(values))
                columns.append([shown(v, heading.unit, places) for v in values])
        headers = [h.label(self.language) for h in self.headings]
        return headers, [h.unit != "label" for h in self.headings], [list(r) for r in zip(*columns, strict=True)]

    def _below(self, limit: int) -> list[str]:
        hidden = len(self) - limit
        more = [locale(self.language).words["more"].format(n=f"{hidden:,}")] if hidden > 0 else []
        return [
            *more,
            *(f.text(self.language) for f in self.facts if f.value or not f.quiet),
            *map(self._said, self.notes),
        ]

    def _said(self, note: Mapping[str, str]) -> str:
        return note.get(self.language) or note["en"]


def _array(values: Values, unit: str) -> Array:
    if isinstance(values, Operand):
        data = values.floats()
        return data if values.why is None else np.where(values.why == 0, data, np.nan)
    if unit == "label":
        if isinstance(values, np.ndarray) and values.dtype == object:
            return values
        found = np.empty(len(values), object)
        found[:] = [None if v is None else v for v in values]
        return found
    if isinstance(values, np.ndarray) and values.dtype.kind in "if":
        return values
    listed = [np.nan if v is None else v for v in values]
    whole = all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in listed)
    return np.array(listed, np.int64 if whole and listed else np.float64)


def _numbers_in(values: Sequence[Any]) -> list[Any]:
    return [v for v in values if not isinstance(v, str)]
