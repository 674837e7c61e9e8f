"""Words: a score and its reasons as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..locales import locale

if TYPE_CHECKING:
    from .scores import Score

__all__ = ["amount_text", "said"]

_WORDS = {
    "en": {
        "undefined": "undefined",
        "points": "{value} points",
        "point": "{value} point",
        "score": "{value}",
        "grade": "grade {grade}",
        "by": "{scorer}, revision {revision}",
        "base": "start",
        "missing": "no value, counts nothing: {names}",
        "and": ", ",
        "log-odds": "the numbers are log-odds; together they make the score by 1 / (1 + exp(-sum))",
    },
    "zh": {
        "undefined": "未定义",
        "points": "{value} 分",
        "point": "{value} 分",
        "score": "{value}",
        "grade": "等级 {grade}",
        "by": "{scorer}，修订版 {revision}",
        "base": "起点",
        "missing": "无值，不计分：{names}",
        "and": "、",
        "log-odds": "数值为对数几率；合计后按 1 / (1 + exp(-合计)) 得出评分",
    },
}


def amount_text(amount: int | float, link: str) -> str:
    """Return an amount with its sign: +20, -7.5, +0.312 (log-odds)."""
    if link == "identity":
        return f"{amount:+,.10g}" if isinstance(amount, float) else f"{amount:+,d}"
    return f"{amount:+.3f}"


def said(score: Score, language: str) -> str:
    """Return a score and its reasons, one a line."""
    locale(language)  # one there are no words for is refused here
    words = _WORDS.get(language, _WORDS["en"])
    value = words["undefined"] if score.value is None else f"{score.value:.10g}"
    unit = "score" if score.link != "identity" or score.value is None else "point" if score.value == 1 else "points"
    what = words[unit].format(value=value)
    grade = "" if score.grade is None else words["and"].replace("、", "，") + words["grade"].format(grade=score.grade)
    by = words["by"].format(scorer=score.scorer, revision=score.revision)
    lines = [f"{score.table} {score.id}: {what}{grade} ({by})"]
    counted = [(b.reason.label(language), b.amount) for b in score.reasons if not b.missing]
    if score.base:
        counted.insert(0, (words["base"], score.base))
    shown = [(amount_text(a, score.link), label) for label, a in counted]
    width = max((len(a) for a, _ in shown), default=0)
    lines += [f"  {a:>{width}}  {label}" for a, label in shown]
    missing = [b.reason.label(language) for b in score.reasons if b.missing]
    if missing:
        lines.append("  " + words["missing"].format(names=words["and"].join(missing)))
    if score.link == "logistic":
        lines.append("  " + words["log-odds"])
    return "\n".join(lines)
