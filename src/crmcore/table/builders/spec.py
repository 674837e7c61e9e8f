"""ColumnSpec: how the values of one column are to be read."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...errors import ArgumentError
from ..column import KINDS

__all__ = ["FALSE_WORDS", "TIME_UNITS", "TRUE_WORDS", "ColumnSpec"]

TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})
TIME_UNITS = {
    "microseconds": 1,
    "milliseconds": 1_000,
    "seconds": 1_000_000,
    "minutes": 60_000_000,
    "hours": 3_600_000_000,
    "days": 86_400_000_000,
}
"""Microseconds in the units that numbers of a duration may be declared in."""

_KINDS = (*KINDS, "moment", "auto")


@attrs.frozen(slots=True)
class ColumnSpec:
    """How one column is read; what is not declared is not guessed.

    Text is read in this order: stripped (if `strip`), replaced through `value_map` (whose answer is final), blank if it
    is one of `null_words`, parsed.

    Args:
        name: name of the column.
        kind: a kind of column; "moment" is a day or an instant, whichever the values are; "auto" follows the Python
            types: text is a key, int a count, Decimal a number, float a score, bool a flag, date a day, datetime an instant.
        null_words: text that means blank.
        strip: whether white space around text is left out.
        value_map: text -> text, or None for blank.
        formats: formats of dates in the way of strptime, tried in order; none means ISO 8601.
        timezone: zone of timestamps that have none; None rejects them ("naive timestamp").
        decimals: decimals of a money or number column; more are rounded half-even, and counted. None keeps as many as
            the values need, up to 9.
        decimal_mark: what stands before the decimals in text.
        thousands: what groups the digits in text; "" when nothing does.
        percent: 1 when probabilities are 0-1, 100 when they are 0-100, "text" when they are "30%".
        currency: currency of a money column that does not say it itself.
        true_words: text that means True, in lower case.
        false_words: text that means False, in lower case.
        choices: the only words a key may take (any case is recognised); other words reject the row.
        least: the smallest value a count may take.
        optional: whether ids may be blank.
        unit: unit of numbers in a duration column: microseconds, milliseconds, seconds, minutes, hours or days; of
            numbers in a column of timestamps, which then count from 1970-01-01 UTC. None takes no numbers there.

    Raises:
        ArgumentError: a kind, percent or unit that does not exist.
    """

    name: str
    kind: str
    null_words: frozenset[str] = frozenset({""})
    strip: bool = True
    value_map: Mapping[str, str | None] | None = None
    formats: tuple[str, ...] = ()
    timezone: str | None = None
    decimals: int | None = None
    decimal_mark: str = "."
    thousands: str = ""
    percent: int | str = 1
    currency: str | None = None
    true_words: frozenset[str] = TRUE_WORDS
    false_words: frozenset[str] = FALSE_WORDS
    choices: tuple[str, ...] = ()
    least: int | None = None
    optional: bool = False
    unit: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ArgumentError(f"column {self.name!r}: no kind {self.kind!r}; there are {', '.join(_KINDS)}")
        if self.percent not in {1, 100, "text"}:
            raise ArgumentError(f"column {self.name!r}: percent is 1, 100 or 'text', not {self.percent!r}")
        if self.unit is not None and self.unit not in TIME_UNITS:
            raise ArgumentError(
                f"column {self.name!r}: no unit of time {self.unit!r}; there are {', '.join(TIME_UNITS)}"
            )
        if self.decimals is not None and not 0 <= self.decimals <= 9:
            raise ArgumentError(f"column {self.name!r}: decimals are 0 to 9, not {self.decimals!r}")
        if self.decimal_mark not in {".", ","} or self.decimal_mark == self.thousands:
            raise ArgumentError(
                f"column {self.name!r}: the decimal mark is '.' or ',', and differs from the mark of thousands; "
                f"got {self.decimal_mark!r} and {self.thousands!r}"
            )

    def clean(self, text: str) -> str | None:
        """Return what is to be parsed of a text cell, or None when it is blank."""
        if self.strip:
            text = text.strip()
        if self.value_map is not None and text in self.value_map:
            return self.value_map[text] or None
        return None if text in self.null_words else text
