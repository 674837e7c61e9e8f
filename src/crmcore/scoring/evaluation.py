"""Evaluation: how good scores are, as one listing with every usual measure."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from math import isfinite
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..locales import locale
from ..state.listing import Fact, Heading, Listing
from ..table.column import Array, Mask
from .calibration import brier, calibration_curve, calibration_error, log_loss, murphy, spiegelhalter_z
from .discrimination import average_precision, gain, gini, ks, roc_auc
from .tally import Numbers, Outcomes, Tally, tally

__all__ = ["Evaluation", "evaluate"]

_FACTS: dict[str, tuple[str, str, str]] = {
    "n": ("count", "Rows", "样本数"),
    "positives": ("count", "Positives", "正例数"),
    "share": ("ratio", "Share of positives", "正例占比"),
    "roc_auc": ("score", "AUC", "AUC"),
    "gini": ("score", "Gini", "基尼系数"),
    "ks": ("score", "Kolmogorov-Smirnov (KS)", "KS统计量"),
    "average_precision": ("score", "Average precision", "平均精度"),
    "brier": ("score", "Brier score", "Brier评分"),
    "reliability": ("score", "Reliability", "可靠性"),
    "resolution": ("score", "Resolution", "分辨度"),
    "uncertainty": ("score", "Uncertainty", "不确定性"),
    "log_loss": ("score", "Log loss", "对数损失"),
    "calibration_error": ("score", "Calibration error (ECE)", "校准误差（ECE）"),
    "spiegelhalter_z": ("score", "Spiegelhalter z", "Spiegelhalter z值"),
    "without_score": ("count", "Left out, without a score", "无评分（已排除）"),
    "undecided": ("count", "Left out, undecided", "未决（已排除）"),
}
_OF_PROBABILITIES = (
    "brier", "reliability", "resolution", "uncertainty", "log_loss", "calibration_error", "spiegelhalter_z",
)  # fmt: skip
_WHY = {
    "empty": {"en": "there is no row with a score and an outcome", "zh": "没有同时具备评分和结果的样本"},
    "positive": {"en": "all rows are positive", "zh": "全部样本均为正例"},
    "negative": {"en": "all rows are negative", "zh": "全部样本均为负例"},
    "points": {"en": "the scores are points and no probabilities", "zh": "评分为分值而非概率"},
    "certain": {"en": "every probability is 0, 1/2 or 1", "zh": "所有概率均为0、1/2或1"},
    "infinite": {
        "en": "infinite: something came that was given 0, or did not that was given 1",
        "zh": "无穷大：概率为0的事件发生，或概率为1的事件未发生",
    },
}
_HEADINGS = [
    Heading("quantile", "count", {"en": "Part", "zh": "分位"}),
    Heading("low", "number", {"en": "Score from", "zh": "最低评分"}),
    Heading("rows", "number", {"en": "Rows", "zh": "样本数"}),
    Heading("positives", "number", {"en": "Positives", "zh": "正例数"}),
    Heading("rate", "ratio", {"en": "Share of positives", "zh": "正例占比"}),
    Heading("gain", "ratio", {"en": "Gain, cumulative", "zh": "累计捕获率"}),
    Heading("lift", "number", {"en": "Lift, cumulative", "zh": "累计提升度"}),
]
_CURVE = [
    Heading("rows", "count", {"en": "Rows", "zh": "样本数"}),
    Heading("predicted", "ratio", {"en": "Predicted", "zh": "预测概率"}),
    Heading("came", "ratio", {"en": "Came true", "zh": "实际占比"}),
]


class Evaluation(Listing):
    """How good scores are: gain and lift by part of the rows, with every measure as a fact.

    `evaluation.fact("roc_auc")` is a number, None where it is undefined; `reasons` says why.

    Args:
        tally: rows and positives by distinct score; those of two evaluations add up.
        reasons: measure -> why it is undefined, by language.
    """

    def __init__(
        self,
        found: Tally,
        *,
        probabilities: bool,
        quantiles: int,
        bins: int,
        left_out: tuple[int, int],
        facts: Sequence[Fact],
    ) -> None:
        self.tally, self.bins, self.probabilities = found, bins, probabilities
        values = _measures(found, bins, probabilities=probabilities)
        self.reasons = {
            n: _WHY[_why(found, n, values[n], probabilities=probabilities)] for n in values if _unknown(values[n])
        }
        values |= dict(zip(("without_score", "undecided"), left_out, strict=True))
        q = gain(found, quantiles=quantiles)
        with np.errstate(invalid="ignore"):
            rate = q.positives / np.where(q.rows > 0, q.rows, np.nan)
        columns = [np.arange(1, quantiles + 1), q.low, q.rows, q.positives, rate, q.gain, q.lift]
        super().__init__(
            list(zip(_HEADINGS, columns, strict=True)),
            facts=[
                Fact(
                    name,
                    None if _unknown(values[name]) else values[name],
                    unit,
                    {"en": en, "zh": zh},
                    quiet=name in ("without_score", "undecided"),
                )
                for name, (unit, en, zh) in _FACTS.items()
            ]
            + list(facts),
            notes=_notes(self.reasons),
        )

    @property
    def calibration(self) -> Listing:
        """Mean probability and share that came true, by class of probability; no rows where scores are points."""
        empty = np.empty(0)
        curve = calibration_curve(self.tally, bins=self.bins) if self.probabilities else None
        columns = [empty.astype(np.int64), empty, empty] if curve is None else [curve.rows, curve.predicted, curve.came]
        return Listing(list(zip(_CURVE, columns, strict=True)), language=self.language)

    def told(self, language: str) -> Evaluation:
        """Return the same with headings and notes in another language."""
        locale(language)
        found = copy(self)
        found.language = language
        return found


def evaluate(
    scores: Numbers | Any,
    outcome: Outcomes,
    *,
    probabilities: bool | None = None,
    quantiles: int = 10,
    bins: int = 10,
    facts: Sequence[Fact] = (),
) -> Evaluation:
    """Judge scores by what came.

    Facts: `roc_auc`, `gini`, `ks`, `average_precision` tell how well scores part positives from negatives; `brier` with
    `reliability`, `resolution` and `uncertainty`, `log_loss`, `calibration_error` and `spiegelhalter_z` whether
    probabilities come true. Rows: from the highest scores down, parts of equal size with gain and lift, in which equal
    scores at a cut are shared. Each function of `crmcore.scoring` says what its number means.

    Args:
        scores: one number per row, blank or nan where there is none; or the `Scores` of a scorer.
        outcome: True or 1 for a positive row, False or 0 for a negative one, None or nan where it is not decided.
        probabilities: whether scores are probabilities; by default what the scorer says, else whether all lie in 0 to 1.
        quantiles: parts the rows are cut into, 10 for deciles.
        bins: classes of probability of the calibration.
        facts: what else is to be told of the rows.

    Returns: a listing; rows without a score or an outcome are left out, and facts count them.

    Undefined when: all rows are alike, or none is left (R2); `reasons` says which. What is undefined is None, never 0.

    Raises:
        ArgumentError: lengths that differ, an outcome that is none, probabilities outside 0 to 1.

    Rules: R2, R5.
    """
    values, stated = _values(scores)
    won, decided = _decided(outcome)
    if values.size != won.size:
        raise ArgumentError(f"scores has {values.size} values and outcome has {won.size}; give one outcome per score")
    scored = ~np.isnan(values)
    kept = tally(values[scored & decided], won[scored & decided])
    within = not kept.n or 0 <= float(kept.scores[0]) <= float(kept.scores[-1]) <= 1
    wanted = probabilities if probabilities is not None else stated
    if wanted and not within:
        low, high = float(kept.scores[0]), float(kept.scores[-1])
        raise ArgumentError(f"probabilities lie between 0 and 1, and these scores between {low!r} and {high!r}")
    return Evaluation(
        kept,
        probabilities=within if wanted is None else wanted,
        quantiles=quantiles,
        bins=bins,
        left_out=(int((~scored & decided).sum()), int((~decided).sum())),
        facts=facts,
    )


def _values(scores: Any) -> tuple[Array, bool | None]:
    """Return scores with nan where undefined, and whether their maker calls them probabilities."""
    if hasattr(scores, "defined") and hasattr(scores, "values"):
        return np.where(scores.defined, scores.values, np.nan), getattr(scores, "link", "identity") == "logistic"
    if isinstance(scores, np.ndarray) and scores.dtype.kind in "fiub":
        return scores.astype(np.float64), None
    try:
        return np.array([np.nan if v is None else v for v in scores], np.float64), None
    except (TypeError, ValueError):
        wrong = next((v for v in scores if v is not None and not hasattr(v, "__float__")), scores)
        raise ArgumentError(f"scores are numbers, or None where there is none; got {wrong!r}") from None


def _decided(outcome: Outcomes) -> tuple[Array, Mask]:
    """Return outcomes, and which rows have one."""
    values = np.asarray(outcome)
    if values.dtype == bool or values.ndim != 1:
        return values, np.ones(values.shape, bool)
    listed: Sequence[Any] = values.tolist()
    there = np.array([v is not None and v == v for v in listed], bool)  # noqa: PLR0124 - nan is not itself
    return np.array([v if t else 0 for v, t in zip(listed, there.tolist(), strict=True)]), there


def _measures(found: Tally, bins: int, *, probabilities: bool) -> dict[str, Any]:
    n = found.n
    values: dict[str, Any] = {
        "n": n,
        "positives": found.positive,
        "share": found.positive / n if n else None,
        "roc_auc": roc_auc(found),
        "gini": gini(found),
        "ks": ks(found),
        "average_precision": average_precision(found),
    }
    if not probabilities:
        return values | dict.fromkeys(_OF_PROBABILITIES)
    parts = murphy(found)
    return values | {
        "brier": brier(found),
        "reliability": None if parts is None else parts.reliability,
        "resolution": None if parts is None else parts.resolution,
        "uncertainty": None if parts is None else parts.uncertainty,
        "log_loss": log_loss(found),
        "calibration_error": calibration_error(found, bins=bins),
        "spiegelhalter_z": spiegelhalter_z(found),
    }


def _unknown(value: float | None) -> bool:
    return value is None or not isfinite(value)


def _why(found: Tally, name: str, value: float | None, *, probabilities: bool) -> str:
    if not found.n:
        return "empty"
    if value is not None:
        return "infinite"
    if name in _OF_PROBABILITIES:
        return "certain" if probabilities else "points"
    return "negative" if not found.positive else "positive"


def _notes(reasons: dict[str, dict[str, str]]) -> list[dict[str, str]]:
    """Return one sentence per reason, with the measures that it makes undefined."""
    by_reason: dict[str, tuple[dict[str, str], list[str]]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason["en"], (reason, []))[1].append(name)
    return [
        {
            "en": f"Undefined, as {reason['en']}: {', '.join(_FACTS[n][1] for n in names)}.",
            "zh": f"无定义（{reason['zh']}）：{'、'.join(_FACTS[n][2] for n in names)}。",
        }
        for reason, names in by_reason.values()
    ]
