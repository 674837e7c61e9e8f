"""Time callables against each other: rotated rounds in one process, ratios inside a round, nothing absolute."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter, process_time
from typing import Any, TypeVar

import numpy as np
from attrs import frozen


@frozen
class Times:
    """Hold the seconds of each name in each round, on the wall and of all processors together."""

    rounds: dict[str, list[float]]
    processor: dict[str, list[float]]

    def median(self, name: str) -> float:
        """Give the median seconds of a name."""
        return median(self.rounds[name])

    def processor_median(self, name: str) -> float:
        """Give the median processor seconds: far below the wall's, a call had to wait for other work."""
        return median(self.processor[name])

    def least(self, name: str) -> float:
        """Give the least seconds of a name."""
        return min(self.rounds[name])

    def ratio(self, name: str, base: str) -> float:
        """Give the median over the rounds of name / base: both saw the same load in a round."""
        return median(a / b for a, b in zip(self.rounds[name], self.rounds[base], strict=True))

    def fastest(self, names: list[str]) -> str:
        """Give the name with the least median."""
        return min(names, key=self.median)


T = TypeVar("T")


def timed(call: Callable[[], T]) -> tuple[T, float]:
    """Give what a call returns and the seconds it took."""
    start = perf_counter()
    answer = call()
    return answer, perf_counter() - start


def _seconds(call: Callable[[], Any]) -> float:
    return timed(call)[1]


def rotate(calls: Mapping[str, Callable[[], Any]], rounds: int, repeat: int = 1) -> Times:
    """Time everything in `rounds` rounds, in an order that starts one further in each; the caller has warmed up.

    A time is the mean of `repeat` calls in a row, for calls so short that the clock and cold caches would show. The
    garbage collector runs between rounds, never inside one.
    """
    names = list(calls)
    times = Times({name: [] for name in names}, {name: [] for name in names})
    collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(rounds):
            gc.collect()
            start = turn % len(names)
            for name in names[start:] + names[:start]:
                before = process_time()
                times.rounds[name].append(sum(_seconds(calls[name]) for _ in range(repeat)) / repeat)
                times.processor[name].append((process_time() - before) / repeat)
    finally:
        if collecting:
            gc.enable()
    return times


def read_seconds(nbytes: int, repeats: int = 7) -> float:
    """Measure how long one thread needs to read so many bytes, by the fastest of three plain reductions.

    No query over columns of that size can take less on one thread.
    """
    words = np.ones(max(nbytes // 8, 1), np.int64)
    flags = words.view(np.bool_)
    reductions: list[Callable[[], Any]] = [
        lambda: np.add.reduce(words),
        lambda: np.bitwise_or.reduce(words),
        lambda: np.count_nonzero(flags),
    ]
    return min(_seconds(reduction) for reduction in reductions for _ in range(repeats))
