"""The workload: seeded opportunities in creation order, a spend table, and the columns one can derive from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import evolve, fields, frozen
from numpy.typing import NDArray

Array = NDArray[Any]

OPEN, WON, LOST = 0, 1, 2
OUTCOMES = ("open", "won", "lost")
OWNERS = 500
SOURCES = 12
REGIONS = 8
DAY_US = 86_400_000_000
FIRST_MONTH = (2022 - 1970) * 12
MONTHS = 36
KEY_SHIFT = 6  # 36 months fit in six bits of a packed (owner, month) key

_START = int(np.datetime64("2022-01-01", "us").astype(np.int64))
_END = int(np.datetime64("2025-01-01", "us").astype(np.int64))
_NAT = np.iinfo(np.int64).min


@frozen(eq=False)
class Workload:
    """Hold the columns of the opportunities and of the spend table as plain numpy arrays.

    Instants are UTC; a null instant is NaT. `amount` is in minor units, 0 where `priced` is false.
    """

    id: Array  # int64
    owner: Array  # int16, 0..499
    source: Array  # int8, 0..11
    region: Array  # int8, 0..7
    outcome: Array  # int8: OPEN, WON, LOST
    amount: Array  # int64
    priced: Array  # bool
    created_at: Array  # datetime64[us]
    first_contact_at: Array  # datetime64[us]
    closed_at: Array  # datetime64[us]
    spend_source: Array  # int8
    spend_day: Array  # datetime64[D], the first day of the month
    spend: Array  # int64, minor units

    @property
    def rows(self) -> int:
        """Give the number of opportunities."""
        return int(self.outcome.size)


@frozen(eq=False)
class Derived:
    """Hold what the prepared peers may keep beside the raw columns; zero where a deal is not closed."""

    month: Array  # int16, closed month since 2022-01
    cycle: Array  # int16, calendar days from creation to close
    key: Array  # int32, owner << KEY_SHIFT | month


def _weighted(rng: np.random.Generator, rows: int, size: int, flatness: float) -> Array:
    """Draw codes whose frequency falls like 1 / (code + flatness)."""
    weight = 1.0 / (np.arange(size) + flatness)
    return rng.choice(size, rows, p=weight / weight.sum())


def generate(rows: int, seed: int = 20240501) -> Workload:
    """Make the workload; the same rows and seed give the same arrays.

    About 21 % of the deals are open, 26 % won and 53 % lost; 3 % have no amount and 10 % no first contact.
    """
    rng = np.random.default_rng(seed)
    created = np.sort(rng.integers(_START, _END, rows))
    owner = _weighted(rng, rows, OWNERS, 50.0)
    source = _weighted(rng, rows, SOURCES, 2.0)
    region = rng.integers(0, REGIONS, rows)

    length = np.clip(rng.lognormal(np.log(55.0), 0.8, rows), 0.2, 720.0) * DAY_US
    closed = created + length.astype(np.int64)
    still_open = (closed >= _END) | (rng.random(rows) < 0.15)
    chance = np.clip(0.36 + 0.01 * (source - 5) + 0.0002 * (owner - 250), 0.05, 0.9)
    outcome = np.where(rng.random(rows) < chance, WON, LOST)
    outcome[still_open] = OPEN
    closed[still_open] = _NAT

    amount = np.clip(rng.lognormal(13.5, 1.2, rows), 1_000, 5e9).astype(np.int64)
    priced = rng.random(rows) >= 0.03
    amount[~priced] = 0
    contact = created + rng.exponential(8 * 3.6e9, rows).astype(np.int64)
    contact[(rng.random(rows) < 0.10) | (contact >= _END)] = _NAT  # nothing is known of what comes later

    months = np.arange("2022-01", "2025-01", dtype="datetime64[M]").astype("datetime64[D]")
    return Workload(
        id=np.arange(1, rows + 1, dtype=np.int64),
        owner=owner.astype(np.int16),
        source=source.astype(np.int8),
        region=region.astype(np.int8),
        outcome=outcome.astype(np.int8),
        amount=amount,
        priced=priced,
        created_at=created.view("datetime64[us]"),
        first_contact_at=contact.view("datetime64[us]"),
        closed_at=closed.view("datetime64[us]"),
        spend_source=np.repeat(np.arange(SOURCES, dtype=np.int8), MONTHS),
        spend_day=np.tile(months, SOURCES),
        spend=rng.integers(1_000_000, 40_000_000, SOURCES * MONTHS),
    )


def clustered(data: Workload) -> Workload:
    """Order the same opportunities by outcome, each outcome in creation order."""
    order = np.argsort(data.outcome, kind="stable")
    names = [f.name for f in fields(Workload) if not f.name.startswith("spend")]
    return evolve(data, **{name: getattr(data, name)[order] for name in names})


def derive(data: Workload) -> Derived:
    """Compute closed month, cycle and packed key once, as an application that prepares its tables would."""
    closed = data.outcome != OPEN
    month = np.where(closed, data.closed_at.astype("datetime64[M]").astype(np.int64) - FIRST_MONTH, 0)
    days = data.closed_at.astype("datetime64[D]").astype(np.int64)
    cycle = np.where(closed, days - data.created_at.astype("datetime64[D]").astype(np.int64), 0)
    key = (data.owner.astype(np.int32) << KEY_SHIFT) | month.astype(np.int32)
    return Derived(month=month.astype(np.int16), cycle=cycle.astype(np.int16), key=key)


def bytes_read(data: Workload) -> dict[str, int]:
    """Give the bytes of the raw columns that each query has to read at least once.

    The validity of `amount` counts as one byte a row, as stored here.
    """
    columns = {
        "Q1": ("owner", "outcome", "amount", "priced", "created_at", "closed_at"),
        "Q2": ("outcome", "amount", "priced", "created_at", "first_contact_at", "closed_at"),
        "Q4": ("source", "outcome"),
        "Q6": ("owner", "outcome", "created_at", "closed_at"),
    }
    columns["dashboard"] = tuple(sorted({name for names in columns.values() for name in names}))
    return {query: sum(int(getattr(data, name).nbytes) for name in names) for query, names in columns.items()}
