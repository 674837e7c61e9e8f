"""Lasting: how long the members of one group last, those that have not ended told right (E54)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import attrs
import numpy as np

from ..state.interval import quantile_of_normal
from ..state.listing import Heading, Values
from ..table.column import Array, Mask
from ..units import DAY
from .choices import positive
from .survival import Curve, kaplan_meier, risk_table

__all__ = ["BIASED", "Lasting", "lasting", "limit_of", "mean_days", "restricted"]

ENDED_MEAN = Heading("ended_mean_days", "days", {"en": "Mean of ended", "zh": "已结束平均天数"})
MEAN = Heading("mean_days", "days", {"en": "Mean so far", "zh": "至今平均天数"})
MEDIAN = Heading("median_days", "days", {"en": "Median", "zh": "中位天数"})
LOW = Heading("median_low_days", "days", {"en": "Median, low", "zh": "中位数下限"})
HIGH = Heading("median_high_days", "days", {"en": "Median, high", "zh": "中位数上限"})
RESTRICTED = Heading("restricted_mean_days", "days", {"en": "Restricted mean", "zh": "限定平均天数"})
UNTIL = Heading("until_days", "days", {"en": "Limit", "zh": "限定天数"})
BIASED = {
    "en": "Both plain means are too short while some have not ended: the long ones are still running. Median and restricted "
    "mean are of the Kaplan-Meier curve, in which who has not ended counts for as long as it was seen.",
    "zh": "仍有未结束者时，两个简单平均值都偏短，因为最长的还在继续。中位数和限定平均值取自Kaplan-Meier曲线，未结束者按已观察时长计入。",
}


@attrs.frozen(slots=True)
class Lasting:
    """How long one group lasts, in days; None where undefined.

    Args:
        ended_mean: plain mean of those that have ended.
        mean: plain mean of all, those that have not ended with what they have lasted so far.
        median: by when half have ended, of the Kaplan-Meier curve.
        low: lower bound of the median.
        high: upper bound of the median.
        restricted: mean up to `until`, of the curve.
        until: the limit of the restricted mean.
    """

    ended_mean: float | None
    mean: float | None
    median: float | None
    low: float | None
    high: float | None
    restricted: float | None
    until: float | None

    @staticmethod
    def columns(found: Sequence[Lasting]) -> list[tuple[Heading, Values]]:
        """Return the figures of several groups, one column each."""
        headings = (ENDED_MEAN, MEAN, MEDIAN, LOW, HIGH, RESTRICTED, UNTIL)
        names = ("ended_mean", "mean", "median", "low", "high", "restricted", "until")
        return [(h, [getattr(x, name) for x in found]) for h, name in zip(headings, names, strict=True)]


def lasting(time: Array, ended: Mask, *, until: float | None, confidence: float) -> Lasting:
    """Return how long a group lasts.

    Args:
        time: how long each was seen, microseconds from 0.
        ended: whether it ended then.
        until: the limit of the restricted mean in microseconds; None for the longest time of the group.
        confidence: of the interval of the median.
    """
    risk = risk_table(time, ended.astype(np.int64))
    curve = kaplan_meier(risk)
    low, high = curve.quantile_interval(confidence=confidence)
    limit = (risk.last if risk.size else None) if until is None else until
    return Lasting(
        mean_days(time[ended]),
        mean_days(time),
        _days(curve.median),
        _days(low),
        _days(high),
        _days(restricted(curve, limit)),
        _days(limit),
    )


def restricted(curve: Curve, until: float | None) -> float | None:
    """Return the mean up to a limit; None where nobody was seen up to it and some had not ended when last seen (R2)."""
    if until is None or not curve.risk.size:
        return None
    left = float(curve.share[-1]) if len(curve.share) else 1.0
    return None if left > 0 and curve.risk.last < until else curve.restricted_mean(until)


def limit_of(until: object, confidence: object) -> tuple[float | None, float]:
    """Return the limit of a restricted mean in microseconds, None for none, and a confidence, as they are chosen.

    Raises:
        ArgumentError: a limit that is no number of days above 0, or a confidence that is not between 0 and 1.
    """
    level = positive("confidence", confidence)
    quantile_of_normal(level)
    return None if until is None else positive("until", until) * DAY, level


def mean_days(time: Array) -> float | None:
    """Return the mean of times in microseconds, in days, rounded once (Q4); None where there are none (R2)."""
    if not time.size:
        return None
    total = int((time // DAY).sum()) * DAY + int((time % DAY).sum())
    return float(Fraction(total, int(time.size) * DAY))


def _days(time: float | None) -> float | None:
    return None if time is None else time / DAY
