"""Calibration: whether probabilities come true as often as they say."""

from __future__ import annotations

from math import fsum, inf, sqrt

import attrs
import numpy as np

from ..errors import ArgumentError
from ..table.column import Array
from .checks import whole
from .tally import Numbers, Outcomes, Tally, tally

__all__ = [
    "Curve",
    "Murphy",
    "brier",
    "calibration_curve",
    "calibration_error",
    "log_loss",
    "murphy",
    "spiegelhalter_z",
]


@attrs.frozen(slots=True)
class Murphy:
    """The parts of a Brier score: score = reliability - resolution + uncertainty.

    Args:
        reliability: how far forecasts are from what came, 0 at best.
        resolution: how far what came differs between forecasts, the more the better.
        uncertainty: what the share of positives alone leaves open, share x (1 - share).
    """

    reliability: float
    resolution: float
    uncertainty: float


@attrs.frozen(slots=True, eq=False)
class Curve:
    """Probabilities in classes beside what came: one value per class that has rows."""

    rows: Array
    predicted: Array
    came: Array


def brier(scores: Numbers | Tally, outcome: Outcomes | None = None) -> float | None:
    """Return the mean squared error of probabilities.

    mean (probability - outcome)^2

    Args:
        scores: probabilities, 0 to 1; or a tally of them.
        outcome: True or 1 for what came, False or 0 for what did not.

    Returns: 0 to 1, lower is better.

    Undefined when: there is no row.

    Raises:
        ArgumentError: a probability outside 0 to 1, lengths that differ, an outcome that is neither.

    Rules: R2.

    Source: Brier 1950.

    Examples:
        >>> brier([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0])
        0.0375
    """
    t = _probabilities(scores, outcome)
    p = t.scores
    return fsum(t.positives * (1 - p) ** 2 + (t.rows - t.positives) * p**2) / t.n if t.n else None


def murphy(scores: Numbers | Tally, outcome: Outcomes | None = None) -> Murphy | None:
    """Split a Brier score into reliability, resolution and uncertainty, over the distinct probabilities.

    reliability = sum n (p - k/n)^2 / N, resolution = sum n (k/n - K/N)^2 / N, uncertainty = K/N (1 - K/N), where k of
    the n rows with probability p came

    Args:
        scores: probabilities, 0 to 1; or a tally of them.
        outcome: True or 1 for what came, False or 0 for what did not.

    Undefined when: there is no row.

    Raises:
        ArgumentError: as `brier`.

    Rules: R2.

    Source: Murphy 1973.
    """
    t = _probabilities(scores, outcome)
    if not t.n:
        return None
    came, base = t.positives / t.rows, t.positive / t.n
    return Murphy(
        fsum(t.rows * (t.scores - came) ** 2) / t.n, fsum(t.rows * (came - base) ** 2) / t.n, base * (1 - base)
    )


def log_loss(scores: Numbers | Tally, outcome: Outcomes | None = None) -> float | None:
    """Return the mean negative logarithm of the probability given to what came.

    mean of -ln p where it came, -ln(1 - p) where it did not

    Args:
        scores: probabilities, 0 to 1; or a tally of them.
        outcome: True or 1 for what came, False or 0 for what did not.

    Returns: at least 0, lower is better; inf where something came that was given 0, or did not that was given 1.

    Undefined when: there is no row.

    Raises:
        ArgumentError: as `brier`.

    Rules: R2.
    """
    t = _probabilities(scores, outcome)
    if not t.n:
        return None
    p, came, not_came = t.scores, t.positives, t.rows - t.positives
    if bool((came[p == 0] > 0).any() or (not_came[p == 1] > 0).any()):
        return inf
    one, other = (came > 0) & (p < 1), (not_came > 0) & (p > 0)
    losses = [-fsum(came[one] * np.log(p[one])), -fsum(not_came[other] * np.log1p(-p[other]))]
    return max(fsum(losses) / t.n, 0.0)


def calibration_curve(scores: Numbers | Tally, outcome: Outcomes | None = None, *, bins: int = 10) -> Curve:
    """Return mean probability and share that came, by class of probability.

    Args:
        scores: probabilities, 0 to 1; or a tally of them.
        outcome: True or 1 for what came, False or 0 for what did not.
        bins: classes of equal width, [0, 1/bins) and so on; the last includes 1.

    Returns: one value per class that has rows, ascending.

    Raises:
        ArgumentError: as `brier`, or bins that are no whole number of at least 1.
    """
    whole("bins", bins, least=1)
    t = _probabilities(scores, outcome)
    inner = np.arange(1, bins) / bins
    _, at = np.unique(np.searchsorted(inner, t.scores, side="right"), return_inverse=True)
    size = int(at.max()) + 1 if at.size else 0
    rows = np.bincount(at, weights=t.rows, minlength=size)
    predicted = np.bincount(at, weights=t.rows * t.scores, minlength=size) / rows
    return Curve(rows.astype(np.int64), predicted, np.bincount(at, weights=t.positives, minlength=size) / rows)


def calibration_error(scores: Numbers | Tally, outcome: Outcomes | None = None, *, bins: int = 10) -> float | None:
    """Return the expected calibration error (ECE).

    sum over classes of rows / all rows x |mean probability - share that came|

    Args:
        scores: probabilities, 0 to 1; or a tally of them.
        outcome: True or 1 for what came, False or 0 for what did not.
        bins: classes of equal width, as `calibration_curve`.

    Returns: 0 to 1, lower is better.

    Undefined when: there is no row.

    Rules: R2.
    """
    found = calibration_curve(scores, outcome, bins=bins)
    n = int(found.rows.sum())
    return fsum(found.rows * np.abs(found.predicted - found.came)) / n if n else None


def spiegelhalter_z(scores: Numbers | Tally, outcome: Outcomes | None = None) -> float | None:
    """Return Spiegelhalter's z: how surprising the Brier score is if the probabilities are right.

    sum (y - p)(1 - 2p) / sqrt(sum (1 - 2p)^2 p (1 - p))

    Args:
        scores: probabilities, 0 to 1; or a tally of them.
        outcome: True or 1 for what came, False or 0 for what did not.

    Returns: about standard normal where the probabilities are right; beyond 2 either way they hardly are.

    Undefined when: every probability is 0, 1/2 or 1, or there is no row.

    Rules: R2.

    Source: Spiegelhalter 1986.
    """
    t = _probabilities(scores, outcome)
    p, away = t.scores, 1 - 2 * t.scores
    spread = fsum(t.rows * away**2 * p * (1 - p))
    return fsum(away * (t.positives - t.rows * p)) / sqrt(spread) if spread > 0 else None


def probability_of(log_odds: Array) -> Array:
    """Return 1 / (1 + exp(-log-odds)), element by element; nan stays nan."""
    away = np.exp(-np.abs(log_odds))  # at most 1, so that nothing overflows
    return np.asarray(np.where(log_odds < 0, away, 1.0) / (1 + away))


def _probabilities(scores: Numbers | Tally, outcome: Outcomes | None) -> Tally:
    t = tally(scores, outcome)
    if t.scores.size and not 0 <= float(t.scores[0]) <= float(t.scores[-1]) <= 1:
        wrong = float(t.scores[0]) if t.scores[0] < 0 else float(t.scores[-1])
        raise ArgumentError(
            f"a probability lies between 0 and 1, got {wrong!r}; points are calibrated first, see Isotonic"
        )
    return t
