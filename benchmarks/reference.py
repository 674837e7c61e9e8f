"""The expected results, worked out in integers by sorting; it shares nothing with what is timed."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from benchmarks.data import LOST, OPEN, SOURCES, WON, Array, Workload
from benchmarks.variant import KEYS

_SAFE = 2**53


@frozen(eq=False)
class Exact:
    """Hold a column as numerators over denominators; a zero denominator means undefined.

    `money` columns may be presented in another unit; `steps` columns are formulas of more than one operation, whose
    last bit depends on how they are written.
    """

    num: Array
    den: Array
    money: bool = False
    steps: bool = False

    def rounded(self, scale: int = 1) -> Array:
        """Give the correctly rounded quotients as float64, money divided by `scale`; nan where undefined."""
        den = self.den * scale if self.money else self.den
        out = np.full(self.num.shape, np.nan)
        defined = den != 0
        small = defined & (np.abs(self.num) <= _SAFE) & (np.abs(den) <= _SAFE)
        out[small] = self.num[small] / den[small]
        for at in np.flatnonzero(defined & ~small):
            out[at] = int(self.num[at]) / int(den[at])  # numpy's division is not exact beyond 2**53
        return out


@frozen(eq=False)
class Expected:
    """Hold the key columns of a query, sorted, and its exact columns."""

    keys: dict[str, Array]
    columns: dict[str, Exact]


def _whole(values: Array, money: bool = False) -> Exact:
    return Exact(values.astype(np.int64), np.ones(values.shape, np.int64), money)


def _groups(key: Array, groups: Array, *weights: Array) -> list[Array]:
    """Sum each integer weight per group; a group without rows has 0."""
    order = np.argsort(key, kind="stable")
    edges = np.searchsorted(key[order], np.append(groups, np.iinfo(np.int64).max))
    sums = []
    for weight in weights:
        running = np.append(0, np.cumsum(weight[order].astype(np.int64)))
        sums.append(running[edges[1:]] - running[edges[:-1]])
    return sums


def _quantile(key: Array, groups: Array, values: Array, num: int, den: int) -> Exact:
    """Interpolate linearly in integers: the quantile is a whole number of 1/den."""
    order = np.lexsort((values, key))
    edges = np.searchsorted(key[order], np.append(groups, np.iinfo(np.int64).max))
    count = np.diff(edges)
    if not values.size:
        return Exact(np.zeros(groups.size, np.int64), np.zeros(groups.size, np.int64))
    ordered = values[order].astype(np.int64)
    at, part = np.divmod(np.maximum(count - 1, 0) * num, den)
    last = values.size - 1
    low = ordered[np.minimum(edges[:-1] + at, last)]
    high = ordered[np.minimum(edges[:-1] + np.minimum(at + 1, np.maximum(count - 1, 0)), last)]
    return Exact(low * den + (high - low) * part, np.where(count > 0, den, 0))


def _cycle(data: Workload) -> Array:
    days = data.closed_at.astype("datetime64[D]").astype(np.int64)
    return np.where(data.outcome == OPEN, 0, days - data.created_at.astype("datetime64[D]").astype(np.int64))


def _scorecard(data: Workload) -> Expected:
    decided = data.outcome != OPEN
    won = data.outcome[decided] == WON
    month = data.closed_at[decided].astype("datetime64[M]").astype(np.int64)
    key = data.owner[decided].astype(np.int64) * 10_000 + month
    groups = np.unique(key)
    amount, priced = data.amount[decided], data.priced[decided] & won
    cycle = _cycle(data)[decided]
    n_won, n_closed, value, n_priced, days = _groups(
        key, groups, won, np.ones(key.size), amount * won, priced, cycle * won
    )
    columns = {
        "won": _whole(n_won),
        "closed": _whole(n_closed),
        "win_rate": Exact(n_won, n_closed),
        "won_value": _whole(value, money=True),
        "mean_won_deal": Exact(value, n_priced, money=True),
        "mean_cycle_days": Exact(days, n_won),
        "median_cycle_days": _quantile(key[won], groups, cycle[won], 1, 2),
    }
    return Expected({"owner": groups // 10_000, "month": groups % 10_000}, columns)


def _overall(data: Workload) -> Expected:
    one = np.zeros(1, np.int64)
    won, lost, still_open = (data.outcome == code for code in (WON, LOST, OPEN))
    year = data.closed_at.astype("datetime64[Y]").astype(np.int64) + 1970
    contacted = ~np.isnat(data.first_contact_at)
    waited = (data.first_contact_at[contacted] - data.created_at[contacted]).astype(np.int64)
    cycle = _cycle(data)[won]

    def total(values: Array) -> Array:
        return np.array([int(values.sum(dtype=np.int64))])

    value, n_won, n_lost = total(data.amount[won]), total(won), total(lost)
    now, before = (total(data.amount[won & (year == y)]) for y in (2024, 2023))
    columns = {
        "open": _whole(total(still_open)),
        "won": _whole(n_won),
        "lost": _whole(n_lost),
        "win_rate": Exact(n_won, n_won + n_lost),
        "won_value": _whole(value, money=True),
        "mean_won_deal": Exact(value, total(won & data.priced), money=True),
        "open_value": _whole(total(data.amount[still_open]), money=True),
        "mean_cycle_days": Exact(total(cycle), n_won),
        "median_cycle_days": _quantile(np.zeros(cycle.size, np.int64), one, cycle, 1, 2),
        "mean_response_hours": Exact(total(waited), total(contacted) * 3_600_000_000),
        "unpriced_share": Exact(total(~data.priced), one + data.rows),
        "won_value_change": Exact(now - before, before, steps=True),
    }
    return Expected({}, columns)


def _by_source(data: Workload) -> Expected:
    groups = np.unique(data.source.astype(np.int64))
    n, n_won = _groups(data.source.astype(np.int64), groups, np.ones(data.rows), data.outcome == WON)
    (spend,) = _groups(data.spend_source.astype(np.int64), np.arange(SOURCES), data.spend)
    spend = spend[groups]
    columns = {
        "opportunities": _whole(n),
        "won": _whole(n_won),
        "conversion": Exact(n_won, n),
        "spend": _whole(spend, money=True),
        "cac": Exact(spend, n_won, money=True),
    }
    return Expected({"source": groups}, columns)


def _by_owner(data: Workload) -> Expected:
    won = data.outcome == WON
    owner, cycle = data.owner[won].astype(np.int64), _cycle(data)[won]
    groups = np.unique(owner)
    columns = {
        "p50_cycle_days": _quantile(owner, groups, cycle, 1, 2),
        "p90_cycle_days": _quantile(owner, groups, cycle, 9, 10),
    }
    return Expected({"owner": groups}, columns)


def expected(data: Workload) -> dict[str, Expected]:
    """Work out what every side must answer, for each query."""
    made = {"Q1": _scorecard(data), "Q2": _overall(data), "Q4": _by_source(data), "Q6": _by_owner(data)}
    assert all(tuple(made[query].keys) == KEYS[query] for query in made)
    return made
