"""Rows of a small business, awkward on purpose.

They come from a seed, and Hypothesis decides which of them are kept: that is fast enough to try many, and a failure
still shrinks to the few rows that matter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from .shapes import CURRENCIES, LABELS, SELLERS, SHAPES, Records

__all__ = ["datasets", "days", "instants"]

_REFERRED = {"opportunity": "lead", "activity": "opportunity"}
_BORDERS = tuple(
    date.fromisoformat(text)
    for text in (
        "2023-02-28", "2023-03-01", "2023-12-31", "2024-01-01", "2024-01-31",
        "2024-02-01", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-31",
    )
)  # fmt: skip
_CLOCK = (time(), time(0, 0, 0, 1), time(23, 59, 59, 999999), time(16, 0), time(15, 59, 59, 999999))


@cache
def days(*, ahead: int = 0) -> SearchStrategy[date]:
    """Return dates at and around the borders of periods; `ahead` days later at most."""
    moved = st.builds(lambda d, n: d + timedelta(days=n), st.sampled_from(_BORDERS), st.integers(-1, 1 + ahead))
    return moved | st.dates(date(2023, 12, 1), date(2024, 4, 10))


@cache
def instants() -> SearchStrategy[datetime]:
    """Return instants, many of them a microsecond from midnight."""
    clock = st.sampled_from(_CLOCK) | st.times()
    return st.builds(lambda d, t: datetime.combine(d, t, UTC), days(), clock)


@st.composite
def datasets(
    draw: DrawFn,
    *,
    tables: Collection[str] = tuple(SHAPES),
    size: int = 12,
    currencies: bool = False,
    scores: bool = False,
) -> Records:
    """Return the rows of a small business by table: opportunities, leads, activities, costs, targets and sellers.

    Args:
        draw: given by Hypothesis.
        tables: those that get rows, beside sellers; what they refer to gets rows too.
        size: rows of a table at most.
        currencies: do amounts name one of several currencies?
        scores: do leads and opportunities have a score, which is a float?
    """
    wanted = {*tables, *(_REFERRED[t] for t in tables if t in _REFERRED)}
    made: Records = {"seller": _Maker(draw(_SEEDS), currencies=currencies, scores=scores).sellers()}
    for table in SHAPES:
        made[table] = []
        if table in wanted:
            maker = _Maker(draw(_SEEDS), currencies=currencies, scores=scores)
            rows = [{"id": f"{table[0]}{i}", **maker.row(table)} for i in range(size)]
            kept = draw(st.lists(st.sampled_from((False, True, True)), min_size=size, max_size=size))
            made[table] = [row for row, stays in zip(rows, kept, strict=True) if stays]
    return made


_SEEDS = st.integers(0, 2**32 - 1)


class _Maker:
    """Makes rows. Every date column of a table holds dates or instants, every amount as many decimals at most."""

    def __init__(self, seed: int, *, currencies: bool, scores: bool) -> None:
        self.random = Random(seed)  # noqa: S311 - example data, no secret
        self.currencies, self.scores = currencies, scores
        self.timed = [self.random.random() < 0.5 for _ in range(3)]
        self.decimals = self.random.randrange(5)
        self.blanks = self.random.choice((0.0, 0.1, 0.3))

    def row(self, table: str) -> dict[str, object]:
        """Return a row without its id."""
        return _ROWS[table](self)

    def one_of(self, *words: object) -> Any:
        """Return one of the words, or now and then a blank."""
        return None if self.random.random() < self.blanks else self.random.choice(words)

    def day(self, *, ahead: int = 0) -> date:
        """Return a date around the borders of periods, most of them so that rows meet in one period."""
        if self.random.random() < 0.6:
            found = self.random.choice(_BORDERS) + timedelta(days=self.random.randrange(-1, 2))
        else:
            found = date(2023, 12, 1) + timedelta(days=self.random.randrange(130))
        return found + timedelta(days=self.random.randrange(ahead + 1))

    def moment(self, n: int) -> date | datetime | None:
        """Return a value of the table's date column n."""
        if self.random.random() < self.blanks:
            return None
        if not self.timed[n]:
            return self.day()
        clock = self.random.choice((*_CLOCK, time(self.random.randrange(24), self.random.randrange(60), 7)))
        return datetime.combine(self.day(), clock, UTC)

    def money(self, column: str, *, most: int = 4) -> dict[str, object]:
        """Return an amount: small with ties, ordinary, negative, or as large as a column holds."""
        decimals = min(self.decimals, most)
        large = min(10**18, 10 ** (15 + decimals))
        units = self.random.choice((
            self.random.choice((0, 1, 100, 250, 99_999)), self.random.randrange(-5_000, 1_000_000),
            self.random.randrange(1_000), self.random.randint(-large, large),
        ))  # fmt: skip
        amount = self.one_of(Decimal(units).scaleb(-decimals))
        if not self.currencies:
            return {column: amount}
        return {column: amount, f"{column}_currency": self.random.choice(CURRENCIES)}

    def score(self) -> dict[str, object]:
        """Return a score, where there are any."""
        return {"score": self.one_of(self.random.uniform(-1e6, 1e6), 0.1, 0.2)} if self.scores else {}

    def sellers(self) -> list[dict[str, object]]:
        """Return those that rows refer to."""
        return [
            {
                "id": name,
                "team": self.one_of("t1", "t2", "销售部"),
                "region": self.one_of("EMEA", "APAC"),
                "hired": self.one_of(date(2020, 1, 1), date(2024, 2, 1)),
            }
            for name in SELLERS[:-1]
        ]

    def lead(self) -> dict[str, object]:
        converted = self.random.random() < 0.5
        return {
            "created_at": self.moment(0),
            "source": self.one_of("web", "推荐", "fair"),
            "owner": self.one_of(*SELLERS),
            "region": self.one_of(*LABELS),
            "converted": converted,
            "converted_at": self.moment(1) if converted else None,
            "first_response_at": self.moment(2),
            **self.money("expected_amount"),
            **self.score(),
        }

    def opportunity(self) -> dict[str, object]:
        outcome = self.random.choice(("open", "won", "won", "lost", "abandoned"))
        return {
            "created_at": self.moment(0),
            "closed_at": None if outcome == "open" else self.moment(1),
            "expected_close": self.one_of(self.day(ahead=200)),
            "outcome": outcome,
            **self.money("amount"),
            **self.money("won_amount"),
            "probability": self.one_of(Decimal(self.random.randrange(101)).scaleb(-2)),
            "reopened": self.random.choice((0, 0, 1, 2)),
            "archived": self.random.random() < 0.3,
            "owner": self.one_of(*SELLERS),
            "region": self.one_of(*LABELS),
            "source": self.one_of("web", "推荐"),
            "lead": self.one_of("l0", "l1", "l2", "nobody"),
            **self.score(),
        }

    def activity(self) -> dict[str, object]:
        return {
            "kind": self.one_of("call", "visit", "administration"),
            "at": self.moment(0),
            "done": self.moment(1),
            "due": self.one_of(self.day(ahead=40)),
            "duration": self.one_of(timedelta(microseconds=self.random.randrange(259_200_000_000)), timedelta(hours=1)),
            "quantity": self.random.choice((0, 1, 1, 7, 10**9)),
            "owner": self.one_of(*SELLERS),
            "opportunity": self.one_of("o0", "o1", "o2"),
        }

    def cost(self) -> dict[str, object]:
        return {
            "kind": self.random.choice(("spend", "expense")),
            "category": self.one_of("media", "差旅"),
            "date": self.one_of(self.day(ahead=5)),
            "owner": self.one_of(*SELLERS),
            **self.money("amount"),
        }

    def target(self) -> dict[str, object]:
        start, owner = self.day(), self.one_of(*SELLERS)
        return {
            "scope": "organisation" if owner is None else "seller",
            "metric": "won_value",
            "owner": owner,
            "region": self.one_of(*LABELS),
            "start": start,
            "end": start + timedelta(days=self.random.choice((1, 28, 29, 31, 45, 90, 91, 365))),
            **self.money("amount", most=2),
            "quantity": self.one_of(Decimal(self.random.randrange(500))),
        }


_ROWS: Mapping[str, Callable[[_Maker], dict[str, object]]] = {
    "lead": _Maker.lead,
    "opportunity": _Maker.opportunity,
    "activity": _Maker.activity,
    "cost": _Maker.cost,
    "target": _Maker.target,
}
