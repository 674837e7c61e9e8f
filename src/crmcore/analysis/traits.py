"""Traits: what won customers have in common, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..algebra.columns import Expr
from ..errors import ArgumentError, TableNotFound
from ..evaluate import Scope
from ..state.interval import wilson
from ..state.listing import Fact, Heading, Listing, Values
from ..state.operand import Operand, ratio
from ..table.column import Array
from .order import best_first
from .rates import newcombe
from .tiers import Share, exact_share

if TYPE_CHECKING:
    from .view import View

__all__ = ["TRAITS", "won_traits"]

TRAITS = ("account.industry", "account.size", "source")
"""What is looked at where nothing is asked for, as far as the data has it."""
_TRAIT = Heading("trait", "label", {"en": "Trait", "zh": "特征"})
_VALUE = Heading("value", "label", {"en": "Value", "zh": "取值"})
_COLUMNS = (
    Heading("decided", "count", {"en": "Decided deals", "zh": "已决商机数"}),
    Heading("won", "count", {"en": "Won deals", "zh": "赢单数"}),
    Heading("win_rate", "ratio", {"en": "Win rate", "zh": "赢率"}),
    Heading("low", "ratio", {"en": "From", "zh": "下限"}),
    Heading("high", "ratio", {"en": "To", "zh": "上限"}),
    Heading("against_rest", "ratio", {"en": "Less that of the rest", "zh": "与其余之差"}),
    Heading("against_rest_low", "ratio", {"en": "Difference from", "zh": "差值下限"}),
    Heading("against_rest_high", "ratio", {"en": "Difference to", "zh": "差值上限"}),
    Heading("won_trait_ratio", "number", {"en": "Won trait ratio", "zh": "赢单特征比"}),
    Heading("won_value_share", "ratio", {"en": "Share of won value", "zh": "赢单金额占比"}),
    Heading("sample", "label", {"en": "Sample", "zh": "样本"}),
)


def won_traits(
    view: View, *, traits: str | Expr | Sequence[str | Expr] | None = None, confidence: Share = 0.95, few: int = 50
) -> Listing:
    """Say for each value of some traits how often deals with it are won, against all the others.

    win rate = won / (won + lost); against the rest = win rate of the value - win rate of the deals with another value;
    won trait ratio = P(value | won) / P(value | lost)

    Args:
        view: with the table of opportunities.
        traits: one or more columns of opportunities, or expressions; by default industry and size of the account and the source of
            the deal, as far as there are such columns.
        confidence: of the Wilson interval of the win rate and the Newcombe interval of the difference.
        few: a value with fewer decided deals is marked "small" under `sample`.

    Returns: one row per trait and value that has decided deals, within a trait by the lower bound of the win rate, so
        that few deals do not come first, ties by label. Blank is a value of its own.

    Undefined when: every decided deal has the value (against the rest), or no lost one has (won trait ratio).

    Raises:
        TableNotFound: no opportunities.
        ArgumentError: no traits, or `few` below 0.
        ColumnNotFound: a trait that was asked for and is not there.

    Rules: R1, R2, R3, M2, M3.

    Source: F18, F17; articles A1, A4; few: E53.
    """
    few, level = _deals(few), float(exact_share("confidence", confidence, "0.95"))
    asked = (traits,) if isinstance(traits, (str, Expr)) else traits
    if asked is not None and not asked:
        raise ArgumentError(f"traits are columns or expressions, such as ['source'], got {traits!r}")
    if "opportunity" not in view:
        raise TableNotFound("opportunity", view.scope.tables, where="in the dataset")
    missing = [t for t in TRAITS if not _is_there(t, view.scope)] if asked is None else []
    looked_at = [t for t in TRAITS if t not in missing] if asked is None else list(asked)
    parts = [_of_trait(view, t, level, few) for t in looked_at]
    columns: list[tuple[Heading, Values]] = [
        (_TRAIT, [n for n, (labels, _) in zip(map(_name, looked_at), parts, strict=True) for _ in labels]),
        (_VALUE, [x for labels, _ in parts for x in labels]),
        *((h, _joined([p[i] for _, p in parts])) for i, h in enumerate(_COLUMNS)),
    ]
    small = sum(int((p[-1] == "small").sum()) for _, p in parts)
    notes = [
        {
            "en": f"From, to: Wilson and Newcombe intervals, {level * 100:g} %; within a trait by the lower bound of the win rate. "
            f"Small: fewer than {few} decided deals.",
            "zh": f"区间：Wilson 与 Newcombe，{level * 100:g} %；同一特征内按赢率下限排序。small：已决商机少于{few}个。",
        }
    ]
    if missing:
        notes.append({"en": f"Not in the data: {', '.join(missing)}.", "zh": f"数据中没有：{'、'.join(missing)}。"})
    facts = [
        Fact("traits", len(looked_at), "count", {"en": "Traits looked at", "zh": "特征数"}),
        Fact("small", small, "count", {"en": "Values with a small sample", "zh": "小样本取值数"}),
    ]
    return Listing(columns, facts=facts, notes=notes)


def _deals(few: object) -> int:
    if isinstance(few, bool) or not isinstance(few, int) or few < 0:
        raise ArgumentError(f"few is a whole number of deals, not below 0, got {few!r}")
    return few


def _name(trait: str | Expr) -> str:
    return trait if isinstance(trait, str) else repr(trait)


def _is_there(name: str, scope: Scope) -> bool:
    """Is there a column of this name at opportunities, followed along references?"""
    table = scope.tables.get("opportunity")
    head, _, rest = name.partition(".")
    while table is not None and rest:
        if head not in table.columns:
            return False
        table = scope.known.get(table.references.get(head, ""))
        head, _, rest = rest.partition(".")
    return table is not None and head in table.columns


def _of_trait(view: View, trait: str | Expr, confidence: float, few: int) -> tuple[list[Any], list[Array]]:
    """Return the values of one trait, and their numbers by column."""
    result = view.measure(["won_deals", "lost_deals", "won_trait_ratio", "won_value.share()"], by=trait)
    labels = result.column(result.keys[0])
    won, lost = (result[n].values.astype(np.int64) for n in ("won_deals", "lost_deals"))
    n = won + lost
    low, high = wilson(won, n, confidence)
    order = best_first(low, labels)  # where nothing is decided the bound is undefined, and the value left out
    rest_won, rest = won.sum() - won, n.sum() - n
    below, above = newcombe(won, n, rest_won, rest, confidence)
    rate = _ratio(won, n)
    found = [
        n, won, rate, low, high, rate - _ratio(rest_won, rest), below, above, result["won_trait_ratio"].values,
        result["won_value_share"].values, np.where(n < few, "small", "enough").astype(object),
    ]  # fmt: skip
    return [labels[i] for i in order.tolist()], [column[order] for column in found]


def _ratio(k: Array, n: Array) -> Array:
    found = ratio(Operand(k), Operand(n))
    return found.floats() if found.why is None else np.where(found.why == 0, found.floats(), np.nan)


def _joined(parts: list[Array]) -> Array:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
