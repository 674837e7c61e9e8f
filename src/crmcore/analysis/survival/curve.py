"""Curve: how many last how long (Kaplan-Meier), and how many have ended in which way by when (Aalen-Johansen)."""

from __future__ import annotations

from functools import cached_property

import attrs
import numpy as np

from ...errors import ArgumentError
from ...state.interval import quantile_of_normal
from ...table.column import Array
from .risk import Risk

__all__ = ["Curve", "incidence", "kaplan_meier"]


@attrs.frozen(eq=False)
class Curve:
    """The share that lasts longer than each time, as a step function that is 1 before the first.

    Args:
        risk: the times, and who was at risk at them.
        share: S(t), after the events of each time; shape (k,).
        error: its standard error by Greenwood's formula; shape (k,).

    Source: Kaplan and Meier 1958; Greenwood 1926.
    """

    risk: Risk
    share: Array
    error: Array

    @property
    def times(self) -> Array:
        """The times at which the curve falls."""
        return self.risk.times

    def at(self, time: float) -> float:
        """Return the share that lasts longer than a time."""
        place = int(np.searchsorted(self.times, time, side="right"))
        return 1.0 if place == 0 else float(self.share[place - 1])

    def quantile(self, share: float = 0.5) -> float | None:
        """Return the first time by which at least this share has ended; None where it never comes to that (R2).

        Raises:
            ArgumentError: a share that is not between 0 and 1.
        """
        if not 0 < share < 1:
            raise ArgumentError(f"a share lies between 0 and 1, got {share!r}")
        # S(t) <= 1 - share, with room for the last bit of a product of fractions
        reached = np.flatnonzero(self.share <= 1 - share + 1e-12)
        return float(self.times[reached[0]]) if reached.size else None

    def quantile_interval(self, share: float = 0.5, confidence: float = 0.95) -> tuple[float | None, float | None]:
        """Return bounds of a quantile: the first times at which the bounds of the curve have fallen so far.

        A bound to which the curve never falls is None.

        Raises:
            ArgumentError: a share or a confidence that is not between 0 and 1.

        Source: Brookmeyer and Crowley 1982.
        """
        if not 0 < share < 1:
            raise ArgumentError(f"a share lies between 0 and 1, got {share!r}")
        low, high = (np.flatnonzero(side <= 1 - share + 1e-12) for side in self.interval(confidence))
        return tuple(float(self.times[at[0]]) if at.size else None for at in (low, high))  # type: ignore[return-value]

    @cached_property
    def median(self) -> float | None:
        """The time by which half has ended; None where the curve stays above one half."""
        return self.quantile()

    def restricted_mean(self, until: float) -> float:
        """Return the mean time up to a limit: the area below the curve.

        Raises:
            ArgumentError: a limit below 0.
        """
        if not until >= 0:
            raise ArgumentError(f"the limit of a restricted mean is a time from 0, got {until!r}")
        inside = self.times < until
        edges = np.concatenate([[0.0], self.times[inside].astype(float), [float(until)]])
        heights = np.concatenate([[1.0], self.share[inside]])
        return float((np.diff(edges) * heights).sum())

    def interval(self, confidence: float = 0.95) -> tuple[Array, Array]:
        """Return bounds of the share at each time on the log-log scale, which stay between 0 and 1.

        Undefined (nan) where the share is 0 or 1: there is no spread to be told.

        Source: Kalbfleisch and Prentice 1980.
        """
        z = quantile_of_normal(confidence)
        with np.errstate(divide="ignore", invalid="ignore"):
            log = np.log(self.share)
            width = z * self.error / (self.share * np.abs(log))
            low, high = self.share ** np.exp(width), self.share ** np.exp(-width)
        inside = (self.share > 0) & (self.share < 1)
        return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def kaplan_meier(risk: Risk) -> Curve:
    """Return the share that lasts longer than each time, whatever the cause of its end."""
    n, d = risk.at_risk.astype(float), risk.any_cause.astype(float)
    share = np.cumprod((n - d) / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.cumsum(d / (n * (n - d)))
        error = np.where(share > 0, share * np.sqrt(spread), 0.0)
    return Curve(risk, share, error)


def incidence(risk: Risk) -> Array:
    """Return the share that has ended by each cause up to each time; shape (causes, k).

    The shares of all causes and of those who last add up to 1. Taking other causes for censored instead overstates each.

    Source: Aalen and Johansen 1978.
    """
    before = np.concatenate([[1.0], kaplan_meier(risk).share[:-1]]) if len(risk.times) else np.zeros(0)
    found: Array = np.cumsum(before * risk.events / np.maximum(risk.at_risk, 1), axis=1)
    return found
