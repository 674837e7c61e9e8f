"""Rule: points for a row - by a condition, by the size of a number, or by rows of another table that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

import attrs

from ..algebra.columns import Expr, Value, as_of, col, day, elapsed
from ..algebra.walk import columns_of
from ..errors import DefinitionError
from ..locales.labels import label_in, read_only
from .points import optional_points, points

__all__ = ["Band", "Count", "Rule", "age_in_days", "check_limits", "check_name", "is_text", "is_whole"]


def check_name(what: str, name: Any) -> None:
    """Raise where a name is none that can stand in a file and in a program."""
    if not isinstance(name, str) or not name.isidentifier():
        raise DefinitionError(f"{what} {name!r} is no snake_case name, such as 'large_company'")


def is_text(value: Any) -> bool:
    """Is it text, and some?"""
    return isinstance(value, str) and bool(value)


def is_whole(value: Any, low: int, high: int) -> bool:
    """Is it a whole number within two others?"""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def age_in_days(column: str) -> Expr:
    """Return how many local days ago a date was: 0 on the day of as_of, blank where it lies ahead (T1, T3)."""
    return elapsed(day(column), day(as_of()))


def _key(expr: Expr | None) -> Any:
    return None if expr is None else expr.key


def _condition(value: Any) -> Expr | None:
    if value is not None and (not isinstance(value, Expr) or value.rolls_up):
        raise DefinitionError(f"a condition is such as col('size') == 'large', got {value!r}")
    return value


def _value(value: Any) -> Expr | None:
    if value is None or isinstance(value, Expr):
        return value
    if not isinstance(value, str):
        raise DefinitionError(f"a value is a column such as 'budget', or an expression, got {value!r}")
    return col(value)


@attrs.frozen(slots=True)
class Band:
    """From which value on there are how many points."""

    start: Value
    points: Decimal = attrs.field(converter=points)


def _bands(value: Any) -> tuple[Band, ...]:
    listed = value.items() if isinstance(value, Mapping) else value
    return tuple(b if isinstance(b, Band) else Band(*b) for b in listed)


@attrs.frozen(slots=True)
class Count:
    """Rows of another table that belong to a scored row, such as the activities of a lead.

    Args:
        table: whose rows are counted.
        by: its column with the ids of the scored rows; None for the name of their table.
        at: its date, from which the age of a row is counted in local days.
        when: a condition on its rows.
        within_days: only rows of the trailing n days, that of as_of included (T6).
        half_life_days: a row counts half as much after each so many days.
        quantity: a column with how many each row stands for; a row without a number counts none.
    """

    table: str
    by: str | None = attrs.field(default=None, kw_only=True)
    at: str | None = attrs.field(default=None, kw_only=True)
    when: Expr | None = attrs.field(default=None, kw_only=True, eq=_key, converter=_condition)
    within_days: int | None = attrs.field(default=None, kw_only=True)
    half_life_days: int | None = attrs.field(default=None, kw_only=True)
    quantity: str | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not is_text(self.table):
            raise DefinitionError(f"count: a table is such as 'activity', got {self.table!r}")
        for name in ("within_days", "half_life_days"):
            days = getattr(self, name)
            if days is None:
                continue
            if not is_whole(days, 1, 36_525):
                raise DefinitionError(f"count of {self.table!r}: {name} is a whole number of days from 1, got {days!r}")
            if self.at is None:
                raise DefinitionError(
                    f"count of {self.table!r}: {name} needs `at`, the date that an age is counted from"
                )

    def columns(self) -> tuple[str, ...]:
        """Return the columns of its table that it reads; `by` may be None there and is left to the scheme."""
        read = () if self.when is None else columns_of(self.when)
        return tuple(dict.fromkeys(c for c in (self.by, self.at, self.quantity, *read) if c))


@attrs.frozen(slots=True)
class Rule:
    """Points that a row gets, or loses.

    A rule is one of three: `when` a condition holds, its points; for a `value`, those of the band it lies in; for each
    row that `count` finds, its points. A value that is missing gives no points, and the reasons of the row say so.

    Args:
        name: snake_case; unlike any other in the scheme.
        points: exact: a whole number or a Decimal with at most three decimals; below 0 to take points away.
        when: a condition on the row.
        value: a number or date per row, with `bands`: start -> points, ascending; below the first there are none.
        count: rows of another table; `points` for each.
        cap: the most that the rule may give, for `count`.
        floor: the least, for `count`.
        labels: the name by language.

    Raises:
        DefinitionError: none of the three or several, points that are no exact number, bands that do not ascend.
    """

    name: str
    points: Decimal | None = attrs.field(default=None, kw_only=True, converter=optional_points)
    when: Expr | None = attrs.field(default=None, kw_only=True, eq=_key, converter=_condition)
    value: Expr | None = attrs.field(default=None, kw_only=True, eq=_key, converter=_value)
    bands: tuple[Band, ...] = attrs.field(default=(), kw_only=True, converter=_bands)
    count: Count | None = attrs.field(default=None, kw_only=True)
    cap: Decimal | None = attrs.field(default=None, kw_only=True, converter=optional_points)
    floor: Decimal | None = attrs.field(default=None, kw_only=True, converter=optional_points)
    labels: Mapping[str, str] = attrs.field(factory=dict, kw_only=True, converter=read_only)

    def __attrs_post_init__(self) -> None:
        check_name("rule", self.name)
        given = [n for n in ("when", "value", "count") if getattr(self, n) is not None]
        if len(given) != 1:
            raise DefinitionError(
                f"rule {self.name!r} needs one of when, value (with bands) and count, got {' and '.join(given) or 'none'}"
            )
        if (self.points is None) == (self.value is None) or bool(self.bands) != (self.value is not None):
            raise DefinitionError(
                f"rule {self.name!r}: when and count go with points, value goes with bands, each with points of its own"
            )
        if self.count is None and (self.cap is not None or self.floor is not None):
            raise DefinitionError(f"rule {self.name!r}: a cap and a floor are for a rule that counts")
        check_limits(f"rule {self.name!r}", self.cap, self.floor)
        self._check_bands()

    def _check_bands(self) -> None:
        starts: list[Any] = [b.start for b in self.bands]
        try:
            ascend = all(a < b for a, b in pairwise(starts))
        except TypeError:
            ascend = False
        if not ascend or any(isinstance(s, (bool, str, float)) for s in starts):
            raise DefinitionError(
                f"rule {self.name!r}: bands start at exact numbers or dates that ascend, got {', '.join(map(repr, starts))}"
            )

    def label(self, language: str = "en") -> str:
        """Return the name in a language, in English, or as it is."""
        return label_in(language, self.labels, self.name)

    def columns(self) -> tuple[str, ...]:
        """Return the columns of the scored table that it reads."""
        return tuple(dict.fromkeys(c for e in (self.when, self.value) if e is not None for c in columns_of(e)))


def check_limits(what: str, cap: Decimal | None, floor: Decimal | None) -> None:
    """Raise where a cap lies below a floor."""
    if cap is not None and floor is not None and cap < floor:
        raise DefinitionError(f"{what}: the cap {cap} is below the floor {floor}")
