"""What multisets of values give: quantiles, extremes, distinct counts, concentration. All exact (Q1, Q2)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..table.column import Array
from .operand import NO_WHOLE, NOTHING, Operand, reach
from .state import Run

__all__ = ["collapsed", "evaluate_run", "ranged"]


def ranged(run: Run, low: Array, high: Array) -> Run:
    """Return the run whose cells are ranges of buckets [low[p], high[p]) of the given run's cells, per row.

    Buckets of a row stand side by side, so a range is one slice; its values are sorted anew.
    """
    counts = run.counts
    rows, buckets = counts.shape
    starts = np.zeros(rows * buckets + 1, np.int64)
    np.cumsum(counts.ravel(), out=starts[1:])
    base = np.arange(rows)[:, None] * buckets
    first, last = starts[base + low[None, :]], starts[base + high[None, :]]
    sizes = last - first
    return _gathered(run, first.ravel(), sizes)


def collapsed(run: Run) -> Run:
    """Return the run of all rows together, bucket by bucket."""
    rows, buckets = run.counts.shape
    starts = np.zeros(rows * buckets, np.int64)
    starts[1:] = np.cumsum(run.counts.ravel())[:-1]
    order = np.arange(rows * buckets).reshape(rows, buckets).T.ravel()
    part = _slices(starts[order], run.counts.T.ravel())
    return _sorted(run, part, run.counts.sum(0, keepdims=True))


def _gathered(run: Run, first: Array, sizes: Array) -> Run:
    return _sorted(run, _slices(first, sizes.ravel()), sizes)


def _slices(first: Array, sizes: Array) -> Array:
    """Return the positions of slices [first, first + size) one after another."""
    total = int(sizes.sum())
    steps = np.ones(total, np.int64)
    filled = np.flatnonzero(sizes)
    if total == 0:
        return steps
    heads = np.zeros(filled.size, np.int64)
    np.cumsum(sizes[filled][:-1], out=heads[1:])
    steps[0] = first[filled[0]]
    ends = first[filled[:-1]] + sizes[filled[:-1]] - 1
    steps[heads[1:]] = first[filled[1:]] - ends
    return np.cumsum(steps)


def _sorted(run: Run, positions: Array, counts: Array) -> Run:
    values = run.packed[positions] & ((1 << run.bits) - 1)
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    width = max(counts.size - 1, 0).bit_length() + run.bits
    if width <= 62:
        packed = (cells << run.bits) | values.astype(np.int64)
        packed.sort()
    else:
        order = np.lexsort((values, cells))
        packed = values[order].astype(np.int64)
    return Run(packed, run.bits, run.low, counts, run.scale, run.kind, run.lookup)


def evaluate_run(op: str, run: Run, q: Fraction | None, method: str) -> Operand:
    """Return a quantile, extreme, distinct count, top share or Gini coefficient per cell."""
    counts = run.counts
    shape = counts.shape
    flat = counts.ravel().astype(np.int64)
    starts = np.cumsum(flat) - flat
    if op == "distinct":
        return Operand(_distinct(run, flat, starts).reshape(shape))
    if op in ("top_share", "gini"):
        return _concentration(op, run, flat, starts, q, shape)
    empty = flat == 0
    if run.packed.size == 0:
        return Operand(np.zeros(shape, np.int64)).because(counts == 0, NOTHING)
    if op == "smallest":
        picked = run.values(np.where(empty, 0, starts))
    elif op == "largest":
        picked = run.values(np.where(empty, 0, starts + flat - 1))
    else:
        assert q is not None
        return _quantile(run, flat, starts, q, method, shape).because(counts == 0, NOTHING)
    return _operand(np.where(empty, 0, picked), run.scale, shape).because(counts == 0, NOTHING)


def _operand(data: Array, scale: int, shape: tuple[int, ...]) -> Operand:
    if data.dtype == np.float64:
        return Operand(data.reshape(shape), 1, False)
    return Operand(data.reshape(shape), scale)


def _quantile(run: Run, flat: Array, starts: Array, q: Fraction, method: str, shape: tuple[int, ...]) -> Operand:
    last = np.maximum(flat - 1, 0)
    if method == "discrete":
        # the smallest value with at least q of the values at or below it
        spot = np.maximum(-((-flat * q.numerator) // q.denominator) - 1, 0)
        spots = np.where(flat == 0, 0, starts + np.minimum(spot, last))
        return _operand(run.values(spots), run.scale, shape)
    place = last * q.numerator
    spot, part = place // q.denominator, place % q.denominator
    low = np.where(flat == 0, 0, starts + spot)
    high = np.where(flat == 0, 0, starts + np.minimum(spot + 1, last))
    a, b = run.values(low), run.values(high)
    if a.dtype == np.float64:
        exact = [
            float(Fraction(x) + (Fraction(y) - Fraction(x)) * Fraction(int(p), q.denominator))
            for x, y, p in zip(a.tolist(), b.tolist(), part.tolist(), strict=True)
        ]
        return Operand(np.array(exact, np.float64).reshape(shape), 1, False)
    if a.dtype == object or (reach(a) + reach(b)) * q.denominator >= 2**63:
        a, b, part = a.astype(object), b.astype(object), part.astype(object)
    return _operand(a * q.denominator + (b - a) * part, run.scale * q.denominator, shape)


def _distinct(run: Run, flat: Array, starts: Array) -> Array:
    n = run.packed.size
    if n == 0:
        return np.zeros(flat.size, np.int64)
    new = np.ones(n, np.int64)
    plain = run.packed & ((1 << run.bits) - 1)
    new[1:] = plain[1:] != plain[:-1]
    new[starts[flat > 0]] = 1  # the first value of a cell is new even if the cell before ended with it
    seen = np.zeros(n + 1, np.int64)
    np.cumsum(new, out=seen[1:])
    counts: Array = seen[starts + flat] - seen[starts]
    return counts


def _concentration(
    op: str, run: Run, flat: Array, starts: Array, q: Fraction | None, shape: tuple[int, ...]
) -> Operand:
    values = run.values()
    exact = values.dtype != np.float64
    found, why = [], []
    for start, count in zip(starts.tolist(), flat.tolist(), strict=True):
        part = values[start : start + count].tolist()
        part = part if exact else [Fraction(v) for v in part]
        whole = sum(part)
        if op == "top_share":
            assert q is not None
            held = sum(part[count - max(-(-count * q.numerator // q.denominator), 1) :])
        else:
            held, whole = sum((2 * i - count - 1) * v for i, v in enumerate(part, 1)), count * whole
        found.append(Fraction(held) / whole if whole > 0 else 0)
        why.append(NOTHING if not count else 0 if whole > 0 else NO_WHOLE)  # E40: debts have no share in a total
    reasons = np.array(why, np.int8).reshape(shape) if any(why) else None
    return Operand(np.array(found, object if exact else np.float64).reshape(shape), 1, exact, reasons)
