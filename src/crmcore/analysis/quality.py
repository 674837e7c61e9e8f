"""Quality of the data: one score from 0 to 100, with the checks it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import attrs

from ..algebra.walk import columns_of
from ..calendars import date_of
from ..errors import ArgumentError, ColumnNotFound, TableNotFound
from ..state.listing import Fact, Heading, Listing
from .choices import mapping_of, names_of
from .duplicates import repeats_in, same_in
from .view import View

__all__ = ["CHECKS", "UNIQUE", "Check", "Score", "data_quality_score", "weighed"]

CHECKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "completeness": (
            "lead_completeness",
            "opportunity_completeness",
            "account_completeness",
            "contact_completeness",
        ),
        "uniqueness": ("duplicate_lead_rate",),
        "accuracy": (
            "closed_before_created_share",
            "closed_without_date_share",
            "won_without_amount_share",
            "overdue_open_share",
            "converted_before_created_share",
            "undated_deals_share",
            "undated_leads_share",
        ),
        "freshness": ("stale_open_deals_share_30_days",),
    }
)
"""Part of the score -> the metrics it is made of: proportions of right cases, or of faulty ones where lower is better."""
UNIQUE: Mapping[str, tuple[str, ...]] = MappingProxyType({"contact": ("email",)})
"""Table -> fields in which no two of its records ought to say the same; equal names alone are no proof of it."""

_LABELS = {
    "part": {"en": "Part", "zh": "维度"},
    "check": {"en": "Check", "zh": "检查项"},
    "cases": {"en": "Cases", "zh": "检查数"},
    "right": {"en": "Right", "zh": "合格数"},
    "share": {"en": "Share", "zh": "占比"},
    "weight": {"en": "Weight", "zh": "权重"},
    "points": {"en": "Points", "zh": "得分"},
    "score": {"en": "Data quality score", "zh": "数据质量得分"},
    "completeness": {"en": "Completeness", "zh": "完整性"},
    "uniqueness": {"en": "Uniqueness", "zh": "唯一性"},
    "accuracy": {"en": "Accuracy", "zh": "准确性"},
    "freshness": {"en": "Freshness", "zh": "时效性"},
}


def _heading(name: str, unit: str = "label") -> Heading:
    return Heading(name, unit, _LABELS[name])


@attrs.frozen(slots=True)
class Check:
    """One kind of case that is right or faulty: how many were looked at, and how many are right."""

    part: str
    name: str
    right: Fraction
    cases: Fraction


@attrs.frozen(slots=True)
class Score:
    """A score with its parts, exact.

    Args:
        score: 100 x sum of weight x number of the parts; None where nothing could be checked.
        numbers: part -> its right cases / its cases.
        weights: check by check, what it weighs in the score; they add up to 1.
        points: check by check, what it brings; they add up to the score.
    """

    score: Fraction | None
    numbers: Mapping[str, Fraction]
    weights: tuple[Fraction, ...]
    points: tuple[Fraction, ...]


def weighed(checks: Sequence[Check], weights: Mapping[str, int | Decimal | Fraction]) -> Score:
    """Return the score of some checks: 100 x sum over parts of weight x (right cases / cases).

    The weights of the parts that have cases are made to add up to 1.

    Args:
        checks: by part; a part's number is the quotient of sums over its checks (R1).
        weights: part -> weight, not negative, exact.

    Raises:
        ArgumentError: a weight that is missing, negative or not exact, or none above 0 among the parts with cases.

    Rules: R1, R2
    """
    shares = {part: _weight(part, weights) for part in dict.fromkeys(c.part for c in checks)}
    cases = {part: sum((c.cases for c in checks if c.part == part), Fraction(0)) for part in shares}
    right = {part: sum((c.right for c in checks if c.part == part), Fraction(0)) for part in shares}
    whole = sum((shares[p] for p in shares if cases[p]), Fraction(0))
    if any(cases.values()) and not whole:
        raise ArgumentError(f"one of the parts {', '.join(shares)} needs a weight above 0, got {dict(weights)!r}")
    per_case = {p: shares[p] / whole / cases[p] for p in shares if cases[p]}
    numbers = {p: right[p] / cases[p] for p in shares if cases[p]}
    points = tuple(100 * per_case.get(c.part, Fraction(0)) * c.right for c in checks)
    return Score(
        sum(points, Fraction(0)) if numbers else None,
        MappingProxyType(numbers),
        tuple(per_case.get(c.part, Fraction(0)) * c.cases for c in checks),
        points,
    )


def _weight(part: str, weights: Mapping[str, Any]) -> Fraction:
    value = weights.get(part)
    if value is None:
        raise ArgumentError(f"part {part!r} has no weight; weights are given for {', '.join(weights) or 'nothing'}")
    if not isinstance(value, (int, Decimal, Fraction)) or not value >= 0:
        raise ArgumentError(f"the weight of {part!r} is an int, Decimal or Fraction, at least 0, got {value!r}")
    return Fraction(value)


def data_quality_score(
    view: View,
    *,
    checks: Mapping[str, Sequence[str]] = CHECKS,
    unique: Mapping[str, str | Sequence[str]] = UNIQUE,
    weights: Mapping[str, int | Decimal | Fraction] | None = None,
) -> Listing:
    """Score the quality of a dataset from 0 to 100, with the checks it is made of.

    score = 100 x sum over parts of weight x (right cases / cases). A check is a proportion of the catalogue or of the
    host's own: where lower is better, its numerator counts the faulty cases. Records that repeat another in the fields
    of `unique` are faults of the part uniqueness. What ingest rejected is in no table and so in no check; what it noticed
    and kept is found by the checks, and is not counted twice.

    Args:
        view: the dataset, from one instant.
        checks: part -> names of the metrics it is made of.
        unique: table -> the fields in which no two records ought to say the same.
        weights: part -> weight, exact; all alike when left out. Those of the parts that can be checked add up to 1.

    Returns: one row per check, by part; its weight in the score and the points it brings, which add up to 1 and to the
        score; facts: the score, in points, and the number of each part.

    Undefined when: nothing can be checked. A check whose table or column is missing, or that has no case, is left out
        and named in a note.

    Raises:
        ArgumentError: a metric that is no proportion, or weights that mean nothing.
        MetricNotFound: no such metric, with the nearest names.
        ColumnNotFound: the condition names a column that a table in the checks does not have.

    Rules: R1, R2, R4, T4

    Source: A09; articles A0, A3
    """
    mapping_of("checks", checks, "{'accuracy': ['won_without_amount_share']}")
    mapping_of("unique", unique, "{'contact': 'email'}")
    if weights is not None:
        mapping_of("weights", weights, "{'accuracy': 2, 'freshness': 1}")
    missing: dict[str, str] = {}
    found = [*_measured(view, checks, missing), *_unique(view, unique, missing)]
    missing |= {c.name: "no case" for c in found if not c.cases}
    kept = [c for c in found if c.cases]
    parts = [*dict.fromkeys([*checks, "uniqueness"])]
    kept.sort(key=lambda c: parts.index(c.part))
    chosen = dict.fromkeys(parts, 1) if weights is None else weights
    unknown = [p for p in chosen if p not in parts]
    if unknown:
        raise ArgumentError(f"weights are of the parts {', '.join(parts)}, got {unknown[0]!r}")
    score = weighed(kept, chosen)
    return Listing(
        [
            (_heading("part"), [c.part for c in kept]),
            (_heading("check"), [c.name for c in kept]),
            (_heading("cases", "count"), [int(c.cases) for c in kept]),
            (_heading("right", "count"), [int(c.right) for c in kept]),
            (_heading("share", "ratio"), [float(c.right / c.cases) for c in kept]),
            (_heading("weight", "ratio"), [float(w) for w in score.weights]),
            (_heading("points", "points"), [float(p) for p in score.points]),
        ],
        facts=[
            Fact("score", None if score.score is None else float(score.score), "points", _LABELS["score"]),
            *(Fact(p, float(x), "ratio", _LABELS.get(p, {"en": p})) for p, x in score.numbers.items()),
        ],
        notes=[*_notes(view, score, chosen, missing)],
    )


def _measured(view: View, checks: Mapping[str, Sequence[str]], missing: dict[str, str]) -> Iterator[Check]:
    """Yield what the metrics give; those whose table or column is not there are put down as missing."""
    asked = set() if view.where is None else {x for n in columns_of(view.where) for x in (n, *n.split("."))}
    for part, names in checks.items():
        for name in names_of("checks", names):
            try:
                result = view.measure(name)
            except (TableNotFound, ColumnNotFound) as error:
                absent = str(getattr(error, "name", ""))
                if absent in asked:
                    raise
                missing[name] = f"no {error.noun} {absent}"
                continue
            (pair,) = result.fractions(name)
            right, cases = (Fraction(0), Fraction(0)) if pair is None else pair
            metric = result.metrics[0]
            if metric.better == "lower":
                right = cases - right
            whole = right.denominator == cases.denominator == 1
            if (
                metric.unit != "ratio"
                or metric.better not in ("higher", "lower")
                or not whole
                or not 0 <= right <= cases
            ):
                raise ArgumentError(
                    f"metric {name!r} is no proportion of cases of which more, or fewer, is better: {metric.formula!r}"
                )
            yield Check(part, metric.name, right, cases)


def _unique(view: View, unique: Mapping[str, str | Sequence[str]], missing: dict[str, str]) -> Iterator[Check]:
    """Yield how many records repeat none before them, per table."""
    for table, chosen in unique.items():
        fields = names_of("unique", chosen)
        if not fields:
            raise ArgumentError(f"unique names at least one field of table {table!r}, got {chosen!r}")
        name = f"{table}: {', '.join(fields)}"
        if table not in view:
            missing[name] = f"no table {table}"
            continue
        absent = [f for f in fields if f not in view.scope.tables[table]]
        if absent:
            missing[name] = f"no column {absent[0]}"
            continue
        found = repeats_in(same_in(view.rows(table), fields))
        yield Check("uniqueness", name, Fraction(found.compared - found.repeats), Fraction(found.compared))


def _notes(view: View, score: Score, chosen: Mapping[str, Any], missing: Mapping[str, str]) -> Iterator[dict[str, str]]:
    moment = view.scope.as_of
    day = None if moment is None else date_of(moment.day).isoformat()
    whole = sum((Fraction(chosen[p]) for p in score.numbers), Fraction(0))
    en = ", ".join(f"{p} {Fraction(chosen[p]) / whole}" for p in score.numbers)
    zh = "、".join(f"{_LABELS.get(p, {}).get('zh', p)} {Fraction(chosen[p]) / whole}" for p in score.numbers)
    if score.numbers:
        yield {
            "en": f"Score = 100 x sum of weight x share; weights of the parts: {en}."
            + (f" As of {day}." if day else ""),
            "zh": f"得分 = 100 × Σ 权重 × 占比；各维度权重：{zh}。" + (f"截至 {day}。" if day else ""),
        }
    if missing:
        listed = missing.items()
        yield {
            "en": f"Left out: {', '.join(f'{name} ({why})' for name, why in listed)}.",
            "zh": f"未计入：{'、'.join(f'{name}（{_in_chinese(why)}）' for name, why in listed)}。",
        }


def _in_chinese(why: str) -> str:
    return why.replace("no table", "无表").replace("no column", "无列").replace("no case", "无可检查记录")
