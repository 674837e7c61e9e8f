"""Duplicates: records that say the same in chosen fields, once case, width and spaces are set aside."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import isnan
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..kernels import packed
from ..state.listing import Fact, Heading, Listing
from ..table.column import Array, Column, sort_key
from .choices import names_of
from .view import Rows, View

__all__ = ["Repeats", "duplicate_records", "normalised", "repeats_in", "same_in", "same_records"]

_LABELS = {
    "group": {"en": "Group", "zh": "组"},
    "id": {"en": "Record", "zh": "记录"},
    "records": {"en": "Records", "zh": "记录数"},
    "compared": {"en": "Compared", "zh": "参与比较"},
    "blank": {"en": "Left out, a field is blank", "zh": "字段为空未比较"},
    "groups": {"en": "Groups of duplicates", "zh": "重复组数"},
    "repeats": {"en": "Records that repeat another", "zh": "重复记录数"},
    "pairs": {"en": "Pairs", "zh": "重复对数"},
    "duplicate_rate": {"en": "Duplicate rate", "zh": "重复率"},
}


@attrs.frozen(slots=True)
class Repeats:
    """How many records repeat another.

    Args:
        records: all records looked at.
        compared: those with a value in every field.
        groups: sets of at least two records that say the same.
        repeats: records in these beyond the first of each.
        pairs: pairs of records that say the same.
    """

    records: int
    compared: int
    groups: int
    repeats: int
    pairs: int

    @property
    def rate(self) -> Fraction | None:
        """Repeats over compared; None where nothing is compared (R2)."""
        return Fraction(self.repeats, self.compared) if self.compared else None


def normalised(text: str, *, digits: bool = False) -> str:
    """Return a text as it is compared: compatible forms and case folded (NFKC), spaces stripped and made one.

    Args:
        text: any text; full-width letters and digits become plain ones.
        digits: keep the digits alone, as for telephone numbers; "+1 (20) 3" is "1203".
    """
    # the compatibility caseless match of the Unicode standard (D146): folding and decomposing undo each other once
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold()).casefold()
    folded = unicodedata.normalize("NFKC", folded)
    return "".join(c for c in folded if c.isdigit()) if digits else " ".join(folded.split())


def same_records(*fields: Sequence[Any] | Array, digits: Iterable[int] = ()) -> Array:
    """Return a number per record, the same for records that are equal in all fields; -1 where a field is blank.

    Args:
        fields: a column per field, of text or None; other values are compared as their text.
        digits: positions of the fields of which only the digits are compared.

    Returns: int64, 0, 1, ... in the order of the normalised values; the order of the records decides nothing.

    Raises:
        ArgumentError: no field, or fields of different lengths.

    Rules: R4
    """
    lengths = {len(field) for field in fields}
    if len(lengths) != 1:
        raise ArgumentError(f"give at least one field, and all of one length, got lengths {[len(f) for f in fields]}")
    kept = frozenset(digits)
    coded = []
    for i, field in enumerate(fields):
        values = field.tolist() if isinstance(field, np.ndarray) else list(field)
        index = {value: code for code, value in enumerate(dict.fromkeys(values))}
        codes = np.array([index[value] for value in values], np.int64)
        coded.append(_compared(codes, [*index], digits=i in kept))
    return _together(coded)


def _compared(codes: Array, labels: Sequence[Any], *, digits: bool) -> tuple[Array, list[str]]:
    """Return codes into the normalised labels in their order; 0 is blank."""
    texts = [
        "" if x is None or (isinstance(x, float) and isnan(x)) else normalised(str(x), digits=digits) for x in labels
    ]
    distinct = sorted({"", *texts})
    code_of = {text: code for code, text in enumerate(distinct)}
    onto = np.array([code_of[text] for text in texts], np.int64)
    return onto[codes] if codes.size else codes.astype(np.int64), distinct


def _together(coded: Sequence[tuple[Array, list[str]]]) -> Array:
    filled = np.logical_and.reduce([codes != 0 for codes, _ in coded])
    found = np.full(filled.size, -1, np.int64)
    if filled.any():
        numbers, _ = packed([codes[filled] for codes, _ in coded], [len(texts) for _, texts in coded])
        found[filled] = np.unique(numbers, return_inverse=True)[1].reshape(-1)
    return found


def same_in(rows: Rows, fields: Sequence[str], digits: Sequence[str] = ()) -> Array:
    """Return what `same_records` gives for rows of a table and some of its columns, named."""
    keys = [rows.key(name) for name in fields]
    return _together([_compared(k.data, k.labels, digits=n in digits) for k, n in zip(keys, fields, strict=True)])


def repeats_in(numbers: Array) -> Repeats:
    """Return how many records repeat another, from what `same_records` gives."""
    sizes = np.bincount(numbers[numbers >= 0])
    compared = int(sizes.sum())
    pairs = sum(n * (n - 1) // 2 for n in sizes[sizes > 1].tolist())
    return Repeats(int(numbers.size), compared, int((sizes > 1).sum()), compared - int((sizes > 0).sum()), pairs)


def duplicate_records(
    view: View, *, table: str = "contact", fields: str | Sequence[str] = "email", digits: str | Sequence[str] = ()
) -> Listing:
    """List the records of a table that say the same in all of some fields.

    Values are compared as `normalised` gives them; a record with a blank field is not compared. What is spelt
    differently is not found.

    Args:
        view: the dataset, from one instant.
        table: whose records are looked at.
        fields: the columns that have to be equal, all of them.
        digits: those of the fields of which only the digits are compared, such as "phone".

    Returns: one row per record that has an equal, the largest groups first; facts: records, compared, groups,
        repeats (records beyond the first of each group), pairs, duplicate rate = repeats / compared.

    Undefined when: nothing is compared; then there is no rate.

    Raises:
        TableNotFound, ColumnNotFound: no such table or field, with the nearest names.
        ArgumentError: no field, one named twice, or digits of what is no field.

    Rules: O3, R2, R4

    Source: A09; methods 8
    """
    names, kept = names_of("fields", fields), names_of("digits", digits)
    if not names or len(set(names)) < len(names) or "id" in names:
        raise ArgumentError(f"fields are different columns, at least one, and not the id, got {names!r}")
    if not set(kept) <= set(names):
        raise ArgumentError(f"digits are some of the fields {', '.join(names)}, got {kept!r}")
    rows = view.rows(table)
    numbers = same_in(rows, names, kept)
    sizes = np.bincount(numbers[numbers >= 0], minlength=1)
    size = np.where(numbers >= 0, sizes[numbers], 0)
    places = np.flatnonzero(size > 1)
    here = attrs.evolve(rows, places=places if rows.places is None else rows.places[places])
    ids = here.ids()
    order = np.lexsort((_ranks(ids), numbers[places], -size[places]))
    group = {number: n + 1 for n, number in enumerate(dict.fromkeys(numbers[places[order]].tolist()))}
    found = repeats_in(numbers)
    counts = {
        "records": found.records,
        "compared": found.compared,
        "blank": found.records - found.compared,
        "groups": found.groups,
        "repeats": found.repeats,
        "pairs": found.pairs,
    }
    rate = None if found.rate is None else float(found.rate)
    return Listing(
        [
            (Heading("group", "count", _LABELS["group"]), [group[n] for n in numbers[places[order]].tolist()]),
            (Heading("id", "label", _LABELS["id"]), [ids[i] for i in order.tolist()]),
            *((Heading(name), _values(here.key(name), order)) for name in names),
            (Heading("records", "count", _LABELS["records"]), size[places[order]].tolist()),
        ],
        facts=[
            *(Fact(name, value, "count", _LABELS[name], quiet=name == "blank") for name, value in counts.items()),
            Fact("duplicate_rate", rate, "ratio", _LABELS["duplicate_rate"]),
        ],
        notes=[
            {
                "en": f"Equal in {', '.join(names)} of {table}, apart from case, width and spaces"
                + (f"; of {', '.join(kept)} the digits alone." if kept else "."),
                "zh": f"{table} 的 {'、'.join(names)} 相同（不计大小写、全半角与空格）"
                + (f"；{'、'.join(kept)} 只比较数字。" if kept else "。"),
            }
        ],
    )


def _ranks(ids: Sequence[Any]) -> Array:
    """Return where each id stands when they are sorted, numbers before text."""
    ranks = np.empty(len(ids), np.int64)
    ranks[sorted(range(len(ids)), key=lambda i: sort_key(ids[i]))] = np.arange(len(ids))
    return ranks


def _values(key: Column, order: Array) -> list[Any]:
    return [key.labels[code] for code in key.data[order].tolist()]
