"""Forms: how the value of a field stands in a cell, and comes back equal and of its type (K11).

| kind of field | cell |
|---|---|
| key, text | text, or a whole number |
| moment, day | twice the microseconds since 1970 UTC of an instant; twice the days since 1970 of a date, plus one |
| money, number, probability | the digits times 16, plus the number of decimals; 15 stands for a whole number |
| count, flag | a whole number |
| duration | microseconds |
| score | a real or a whole number |

The currency of money has a column of its own. A value that this form has no cell for - a Fraction, an amount of
thirty digits - is a blob of canonical JSON: nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from ...errors import CrmCoreError, StoreCorrupt, StoreError
from ..codec import dump, load

__all__ = ["FORMS", "WHOLE", "Cell", "Form", "cell_of_decimal", "cell_of_moment", "readable"]

Cell = int | float | str | bytes | None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDINAL = date(1970, 1, 1).toordinal()
_TICK = timedelta(microseconds=1)
_INT64 = 2**63
WHOLE = 15
"""Stands in the place of the decimals for a number that is an int."""


class Form(NamedTuple):
    """How values of one kind of field are written and read; both take None for None."""

    encode: Callable[[Any], Cell]
    decode: Callable[[Any], Any]


@contextmanager
def readable(table: str) -> Iterator[None]:
    """Turn what reading damaged cells of a table may raise into the error that says so."""
    try:
        yield
    except StoreError:
        raise
    except (CrmCoreError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        raise StoreCorrupt(f"records of {table} cannot be read: {error}") from error


def _odd(value: Any) -> bytes:
    return dump({"v": value}).encode()


def _even(cell: bytes) -> Any:
    try:
        return load(cell.decode())["v"]
    except (UnicodeDecodeError, KeyError) as error:
        raise StoreCorrupt(f"a value cannot be read: {error!r}") from None


def _plain_out(value: Any) -> Cell:
    kind = type(value)
    fits: bool = kind is str or value is None or (kind is int and -_INT64 <= value < _INT64)
    plain: Cell = value if fits else _odd(value)
    return plain


def _plain_in(cell: Any) -> Any:
    return _even(cell) if type(cell) is bytes else cell


def cell_of_moment(value: Any) -> Cell:
    """Return the cell of a date or instant."""
    kind = type(value)
    if kind is datetime:
        gone: timedelta = value - _EPOCH
        found: int = ((gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds) * 2
        return found
    if kind is date:
        day: int = value.toordinal() - _ORDINAL
        return day * 2 + 1
    return None if value is None else _odd(value)


def _moment_in(cell: Any) -> Any:
    if type(cell) is int:
        if cell & 1:
            return date.fromordinal((cell >> 1) + _ORDINAL)
        return _EPOCH + timedelta(microseconds=cell >> 1)
    return None if cell is None else _even(cell)


def cell_of_decimal(value: Decimal, text: str) -> Cell:
    """Return the cell of a Decimal, whose text is known."""
    whole, _, rest = text.partition(".")
    decimals = len(rest)
    if decimals < WHOLE and len(text) < 18 and "E" not in text and (text[0] != "-" or value):
        return int(whole + rest) << 4 | decimals
    return _odd(value)


def _exact_out(value: Any) -> Cell:
    kind = type(value)
    if kind is Decimal:
        return cell_of_decimal(value, str(value))
    if kind is int and -(2**59) <= value < 2**59:
        whole: int = value << 4 | WHOLE
        return whole
    return None if value is None else _odd(value)


def _exact_in(cell: Any) -> Any:
    if type(cell) is int:
        decimals = cell & 15
        if decimals == WHOLE:
            return cell >> 4
        return Decimal(f"{cell >> 4}E-{decimals}")
    return None if cell is None else _even(cell)


def _flag_out(value: Any) -> Cell:
    return None if value is None else int(value) if type(value) is bool else _odd(value)


def _flag_in(cell: Any) -> Any:
    if type(cell) is int:
        if cell not in {0, 1}:
            raise StoreCorrupt(f"a flag is 0 or 1, found {cell}")
        return cell == 1
    return None if cell is None else _even(cell)


def _span_out(value: Any) -> Cell:
    if type(value) is timedelta:
        found = value // _TICK
        if -_INT64 <= found < _INT64:
            return found
    return None if value is None else _odd(value)


def _span_in(cell: Any) -> Any:
    if type(cell) is int:
        return timedelta(microseconds=cell)
    return None if cell is None else _even(cell)


def _score_out(value: Any) -> Cell:
    if type(value) is float:
        return value
    return _plain_out(value)


_PLAIN = Form(_plain_out, _plain_in)
_MOMENT = Form(cell_of_moment, _moment_in)
_EXACT = Form(_exact_out, _exact_in)

FORMS: dict[str, Form] = {
    "key": _PLAIN,
    "text": _PLAIN,
    "count": _PLAIN,
    "moment": _MOMENT,
    "day": _MOMENT,
    "money": _EXACT,
    "number": _EXACT,
    "probability": _EXACT,
    "flag": Form(_flag_out, _flag_in),
    "duration": Form(_span_out, _span_in),
    "score": Form(_score_out, _plain_in),
}
"""Kind of field -> its form; that of money is the form of the amount."""
