"""Learn from a million leads and score them, by naive Bayes: python -m benchmarks.naive_bayes [--rows N] [--rounds R].

Three sides hold the same leads in memory, keys as small integers with a dictionary: ours is `Workspace.fit` and `score` on
tables that have kept nothing from the call before; polars counts by group and looks the gains up by category; numpy is the
formula written down for these five columns alone, without scopes, reasons or checks. The counts have to be equal and the
probabilities agree to 1e-12 before anything is timed.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from importlib.metadata import version
from math import log
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.timing import rotate, timed
from benchmarks.variant import THREADS
from crmcore.scoring import FittedBayes, NaiveBayes
from crmcore.table.column import Column
from crmcore.table.dataset import Dataset
from crmcore.table.table import Table
from crmcore.workspace import Workspace

Array = NDArray[Any]
Counts = dict[str, list[tuple[int, int]]]

SIZES = {"source": 12, "industry": 24, "country": 60, "region": 5, "title": 300}
SMOOTHING = 0.1
WON, LOST = 1, 2
DECIDED_AT = 1_700_000_000_000_000


def generate(rows: int, seed: int = 20260630) -> dict[str, Array]:
    """Draw seeded leads: codes of keys, 0 for blank, and outcome: 0 open, 1 won, 2 lost."""
    rng = np.random.default_rng(seed)
    leads: dict[str, Array] = {n: rng.integers(0, k + 1, rows).astype(np.int16) for n, k in SIZES.items()}
    chance = 0.2 + 0.3 * (leads["source"] == 3) + 0.2 * (leads["title"] < 40)
    leads["outcome"] = np.where(rng.random(rows) < 0.2, 0, np.where(rng.random(rows) < chance, WON, LOST)).astype(
        np.int8
    )
    return leads


class Ours:
    """The public `fit` and `score`, on tables that know nothing of the call before."""

    def __init__(self, leads: dict[str, Array]) -> None:
        self.leads = leads
        self.spec = NaiveBayes(name="lead_win", features=list(SIZES), smoothing=SMOOTHING)
        self.workspace = Workspace()
        self.model: FittedBayes | None = None

    def fresh(self) -> Dataset:
        """Give the leads as a dataset; a table keeps what was derived from it, a new one has nothing to keep."""
        outcome = self.leads["outcome"]
        columns = {"id": Column("id", np.arange(outcome.size) + 1)}
        for name, size in SIZES.items():
            columns[name] = Column("key", self.leads[name], labels=[None, *range(1, size + 1)])
        columns["converted"] = Column("flag", outcome == WON)
        columns["lost_at"] = Column("instant", np.full(outcome.size, DECIDED_AT), outcome == LOST)
        return Dataset.of({"lead": Table("lead", columns)})

    def fit(self, data: Dataset) -> FittedBayes:
        found = self.workspace.fit(self.spec, data)
        assert isinstance(found, FittedBayes)
        self.model = found
        return found

    def score(self, data: Dataset) -> Array:
        assert self.model is not None
        return self.workspace.score(self.model, data).values


class Polars:
    """Groups for counting; for scoring the gains are gathered by the codes of the categories."""

    def __init__(self, leads: dict[str, Array]) -> None:
        columns = {}
        for name, size in SIZES.items():
            words = np.array([None, *(str(i) for i in range(1, size + 1))], object)
            columns[name] = pl.Series(name, words[leads[name]], dtype=pl.Enum(words[1:].tolist()))
        columns["outcome"] = pl.Series("outcome", leads["outcome"])
        self.frame = pl.DataFrame(columns).rechunk()
        self.gains: dict[str, pl.Series] = {}
        self.prior = 0.0

    def fit(self) -> Counts:
        decided = self.frame.lazy().filter(pl.col("outcome") != 0)
        won, lost = (pl.col("outcome") == WON).sum().alias("won"), (pl.col("outcome") == LOST).sum().alias("lost")
        questions = [decided.filter(pl.col(n).is_not_null()).group_by(n).agg(won, lost).sort(n) for n in SIZES]
        *tables, total = pl.collect_all([*questions, decided.select(won, lost)])
        counts: Counts = {}
        for name, table in zip(SIZES, tables, strict=True):
            pairs = list(zip(table["won"].to_list(), table["lost"].to_list(), strict=True))
            self.gains[name] = pl.Series(name, gains_of(pairs))
            counts[name] = pairs
        self.prior = log(total["won"][0] + SMOOTHING) - log(total["lost"][0] + SMOOTHING)
        return counts

    def score(self) -> Array:
        gains = [pl.lit(g).gather(pl.col(n).to_physical()).fill_null(0.0) for n, g in self.gains.items()]
        odds = sum(gains, pl.lit(self.prior))
        plan = self.frame.lazy()
        found: Array = plan.select((1 / (1 + (-odds).exp())).alias("p")).collect()["p"].to_numpy()
        return found


class Numpy:
    """The formula for these columns alone."""

    def __init__(self, leads: dict[str, Array]) -> None:
        self.leads = leads
        self.gains: dict[str, Array] = {}
        self.prior = 0.0

    def fit(self) -> Counts:
        outcome = self.leads["outcome"]
        won, lost = outcome == WON, outcome == LOST
        counts: Counts = {}
        for name, size in SIZES.items():
            by = [np.bincount(self.leads[name][which], minlength=size + 1)[1:].tolist() for which in (won, lost)]
            counts[name] = list(zip(*by, strict=True))
            self.gains[name] = np.array([0.0, *gains_of(counts[name])])
        self.prior = log(int(won.sum()) + SMOOTHING) - log(int(lost.sum()) + SMOOTHING)
        return counts

    def score(self) -> Array:
        odds = np.full(self.leads["outcome"].size, self.prior)
        for name, gains in self.gains.items():
            odds += gains[self.leads[name]]
        found: Array = 1 / (1 + np.exp(-odds))
        return found


def gains_of(pairs: Sequence[tuple[int, int]]) -> list[float]:
    """Give what each value adds to the log-odds."""
    all_won, all_lost = (sum(p[i] for p in pairs) + SMOOTHING * len(pairs) for i in (0, 1))
    return [log((w + SMOOTHING) / all_won) - log((n + SMOOTHING) / all_lost) for w, n in pairs]


def hold(ours: FittedBayes, counts: Counts, scores: Array, theirs: Array) -> int:
    """Hold one side's counts and probabilities against ours; give how many there were."""
    for name, pairs in counts.items():
        for value, (won, lost) in enumerate(pairs, 1):
            assert ours.counts(name, value) == (won + SMOOTHING, lost + SMOOTHING), (name, value)
    worst = float(np.abs(scores - theirs).max())
    assert worst < 1e-12, worst
    return 2 * sum(map(len, counts.values())) + scores.size


def main(arguments: Sequence[str] | None = None) -> None:
    """Learn and score on all sides and print the times."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.naive_bayes", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="leads (default 1000000)")
    parser.add_argument("--rounds", type=int, default=9, metavar="R")
    chosen = parser.parse_args(arguments)
    print(f"{chosen.rows:,} leads, {chosen.rounds} rounds; polars {version('polars')}, {THREADS} threads")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.2f}: other work moves the times, the ratios less")
    leads = generate(chosen.rows)
    ours, polars, plain = Ours(leads), Polars(leads), Numpy(leads)
    first = ours.fresh()
    (model, fitted), (scores, scored) = timed(lambda: ours.fit(first)), timed(lambda: ours.score(first))
    held = sum(hold(model, side.fit(), scores, side.score()) for side in (polars, plain))
    print(f"{held:,} values agree; our first calls: fit {fitted:.3f} s, score {scored:.3f} s")
    prepared = [ours.fresh() for _ in range(2 * chosen.rounds)]
    calls: dict[str, Callable[[], Any]] = {
        "crmcore, fit": lambda: ours.fit(prepared.pop()),
        "polars, fit": polars.fit,
        "numpy, fit": plain.fit,
        "crmcore, score": lambda: ours.score(prepared.pop()),
        "polars, score": polars.score,
        "numpy, score": plain.score,
    }
    times = rotate(calls, chosen.rounds)
    for name in calls:
        print(f"  {name:<15} median {times.median(name) * 1e3:8.1f} ms  least {times.least(name) * 1e3:8.1f} ms")
    whole = times.median("crmcore, fit") + times.median("crmcore, score")
    print(f"  crmcore learns and scores in {whole:.3f} s")
    for step in ("fit", "score"):
        against = [
            f"{peer} takes {times.ratio(f'{peer}, {step}', f'crmcore, {step}'):.2f} x our time"
            for peer in ("polars", "numpy")
        ]
        print(f"  {step}: {', '.join(against)}")


if __name__ == "__main__":
    main()
