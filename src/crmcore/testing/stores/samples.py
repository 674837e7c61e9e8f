"""Samples: writes, and values of every type that a store keeps, awkward on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from ...domain import Money
from ...domain.record import Id, Moment
from ...stores.entry import Write

__all__ = ["DOMAIN", "HOST", "REFUSED", "START", "deal", "deals", "hour", "writes_of"]

START = datetime(2026, 1, 1, tzinfo=UTC)
_SHANGHAI = timezone(timedelta(hours=8))


def hour(n: int) -> datetime:
    """Return an instant, `n` hours after the first."""
    return START + timedelta(hours=n)


def deal(
    id: Id = "d1",  # noqa: A002
    *,
    table: str = "opportunity",
    at: Moment = START,
    recorded: datetime = START,
    actor: Id | None = None,
    sequence: int = 0,
    expected: int | None = None,
    key: str | None = None,
    source: str = "",
    **values: Any,
) -> Write:
    """Return a write: to an opportunity, at the first instant, unless something else is said."""
    return Write(
        table, id, values, at, recorded, actor=actor, sequence=sequence, expected=expected, key=key, source=source
    )


def deals(count: int, *, first: int = 1, **values: Any) -> Iterator[Write]:
    """Yield writes of new opportunities d1, d2 ..."""
    for n in range(first, first + count):
        yield deal(f"d{n}", name=f"deal {n}", **values)


_TEXT = (
    "Acme", "", " ", " padded ", "赢单：北京分公司", "emoji \N{ROCKET}\N{FAMILY}", "e\u0301 is not \u00e9", "\u00e9",
    "O'Brien \"x\" \\ ; -- %s {} $1 ? :a", "line\nbreak\ttab\r", "NULL", "None", "true", "1", "01", "1.0", "NaN",
    '{"$m":["1","USD"]}', "$t", "\u202eright to left", "\ufeffmark", "x" * 100_000, "文" * 40_000, "\x7f\x01",
)  # fmt: skip
_INTS = (0, 1, -1, 2**31, 2**53 + 1, -(2**63), 2**63 - 1, 2**63, 10**40, -(10**40))
_DECIMALS = tuple(
    map(Decimal, ("0", "0.00", "1.10", "-0.5", "1E+3", "1E-20", "123456789012345678901234567890.123456789"))
)
_FRACTIONS = (Fraction(1, 3), Fraction(-7, 2), Fraction(4), Fraction(10**30, 7))
_FLOATS = (0.1, -1e300, 5e-324, 1e16, 2.0, 0.1 + 0.2)
_MONEY = (
    Money("12.50", "USD"), Money(0, "EUR"), Money("-3.999", "KWD"), Money(7, "JPY"), Money("1.25"),
    Money("0.000000001", "USD"), Money("99999999999999999999.99", "CNY"), Money("1E+3", "USD"), Money("5", "积分"),
)  # fmt: skip
_DATES = (date(1, 1, 1), date(1899, 12, 31), date(1970, 1, 1), date(2024, 2, 29), date(9999, 12, 31))
_INSTANTS = (
    datetime(1, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), START,
    datetime(2026, 3, 8, 0, 0, 0, 1, tzinfo=_SHANGHAI), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 7, 1, 12, 30, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
)  # fmt: skip
_SPANS = (timedelta(0), timedelta(microseconds=-1), timedelta(days=400, seconds=5, microseconds=7), timedelta(-3))

HOST: Mapping[str, tuple[Any, ...]] = {
    "text": _TEXT,
    "whole numbers": _INTS,
    "Decimals": _DECIMALS,
    "Fractions": _FRACTIONS,
    "floats": _FLOATS,
    "money": _MONEY,
    "dates": _DATES,
    "instants": _INSTANTS,
    "durations": _SPANS,
    "flags": (True, False),
}
"""Values of a host's own fields by kind; fields of the domain take those of their kind."""

DOMAIN: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("opportunity", "name", _TEXT),
    ("opportunity", "owner", ("Anna", "王芳", "", 7, -1, "7", 2**62)),
    ("opportunity", "outcome", ("open", "won", "lost", "abandoned")),
    ("opportunity", "created_at", (*_DATES, *_INSTANTS)),
    ("opportunity", "amount", _MONEY),
    ("opportunity", "probability", (Decimal("0.30"), Decimal(0), Decimal(1), 0, 1, Fraction(1, 3), Decimal("1E-2"))),
    ("opportunity", "score", (0.1, 1e300, -0.5, 7, Decimal("2.5"))),
    ("opportunity", "reopened", (0, 1, 2**53 + 1)),
    ("opportunity", "deleted", (True, False)),
    ("activity", "duration", _SPANS),
    ("activity", "quantity", (1, 0, -5, 10**20)),
    ("order_line", "quantity", (Decimal("2.50"), 3, Fraction(1, 3), -1, 10**30)),
    ("campaign", "start", _DATES),
)
"""Table, field and values that the field takes."""

REFUSED: tuple[tuple[str, dict[Any, Any]], ...] = (
    ("a naive datetime", {"created_at": datetime(2026, 1, 1)}),  # noqa: DTZ001 - that is what is refused
    ("a naive datetime of the host's own", {"x_seen": datetime(2026, 1, 1)}),  # noqa: DTZ001
    ("a float as money", {"amount": 12.5}),
    ("an int as money", {"amount": 12}),
    ("text as money", {"amount": "12.50"}),
    ("NaN", {"score": float("nan")}),
    ("NaN of the host's own", {"x_rate": float("nan")}),
    ("an infinite score", {"score": float("inf")}),
    ("an infinite float of the host's own", {"x_rate": float("-inf")}),
    ("an infinite Decimal", {"probability": Decimal("Infinity")}),
    ("a Decimal NaN of the host's own", {"x_rate": Decimal("NaN")}),
    ("a NUL in text", {"name": "a\0b"}),
    ("a NUL in the host's own text", {"x_note": "\0"}),
    ("half of a surrogate pair", {"name": "\ud800"}),
    ("an outcome that is none", {"outcome": "Won"}),
    ("a number as text", {"name": 5}),
    ("a flag as a count", {"reopened": True}),
    ("a count below its least", {"reopened": -1}),
    ("a probability above 1", {"probability": Decimal("1.5")}),
    ("a float as a probability", {"probability": 0.5}),
    ("text as a flag", {"deleted": "no"}),
    ("a list", {"x_tags": ["a"]}),
    ("a mapping", {"x_more": {"a": 1}}),
    ("bytes", {"x_blob": b"a"}),
    ("any other object", {"x_thing": object()}),
    ("an empty field name", {"": 1}),
    ("a field name with a NUL", {"a\0b": 1}),
    ("a field name with a line break", {"a\nb": 1}),
    ("a field name that is no text", {7: 1}),
    ("the field id", {"id": "d2"}),
    ("the field version", {"version": 3}),
)
"""Values that no store takes, in words."""


def writes_of(seed: int, count: int, *, records: int = 6, late: float = 0.3) -> list[Write]:
    """Return a business' writes: a few records, changed again and again, some of it learnt late.

    Args:
        seed: makes them the same each time.
        count: how many.
        records: different records, of three tables.
        late: how many are true from some earlier time on.
    """
    random = Random(seed)  # noqa: S311 - example data
    made = []
    for n in range(count):
        back = random.randrange(1, 40) if random.random() < late else 0
        instant = hour(n - back)
        at: Moment = instant.date() if random.random() < 0.25 else instant
        table, id_ = random.choice((("opportunity", "d"), ("lead", "l"), ("x_visit", ""))), random.randrange(records)
        who: Id = f"{table[1]}{id_}" if table[1] else id_
        made.append(
            Write(
                table[0], who, dict(_fields(random, table[0])), at, hour(n), sequence=random.choice((0, 0, 0, 1, 2)),
                actor=random.choice((None, "Anna", 7)), key=random.choice((None, f"k{seed}-{n}")), source=random.choice("ab"),
            )
        )  # fmt: skip
    return made


def _fields(random: Random, table: str) -> Iterable[tuple[str, Any]]:
    own: Mapping[str, tuple[Any, ...]] = {
        "opportunity": {"outcome": ("open", "won", "lost"), "amount": (None, *_MONEY[:4]), "reopened": (0, 1, None)},
        "lead": {"source": ("web", "推荐", None), "converted": (True, False, None)},
        "x_visit": {"city": ("北京", "Zürich", None)},
    }[table]  # type: ignore[assignment]
    for name, values in {**own, "x_grade": ("A", 1, True, None), "owner": ("Anna", "王芳", None)}.items():
        if random.random() < 0.6:
            yield name, random.choice(values)
