"""Attribution by position: the first touch, the last, the last that was not direct, all alike, both ends."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np

from ...errors import ArgumentError
from ...state.listing import Fact
from ...table.column import Array
from .credit import Share
from .journeys import Journeys
from .milestones import by_milestones
from .result import Attribution, attributed

__all__ = ["first_touch", "last_non_direct", "last_touch", "linear", "position_based"]

_WHOLE = (Fraction(1),)


def first_touch(journeys: Journeys) -> Attribution:
    """Credit each journey to its first touch.

    Rules: W3.
    """
    says = {"en": "All credit goes to the first touch.", "zh": "全部功劳归第一次触点。"}
    return attributed("first_touch", journeys, [_one_each(journeys, journeys.offsets[:-1])], says)


def last_touch(journeys: Journeys) -> Attribution:
    """Credit each journey to its last touch.

    Rules: W3.
    """
    says = {"en": "All credit goes to the last touch.", "zh": "全部功劳归最后一次触点。"}
    return attributed("last_touch", journeys, [_one_each(journeys, journeys.last)], says)


def last_non_direct(journeys: Journeys, *, direct: Any = "direct") -> Attribution:
    """Credit each journey to the last touch that was not direct; a journey of direct touches alone to its last one.

    A blank channel is not direct: it is unknown.

    Args:
        journeys: what is credited.
        direct: the label that says nobody brought the customer, or several of them.

    Raises:
        ArgumentError: no label.

    Rules: W3.
    """
    names = [direct] if isinstance(direct, str) or not isinstance(direct, Iterable) else list(direct)
    if not names or None in names:
        raise ArgumentError(f"direct is the label of direct touches, such as 'direct', or several, got {direct!r}")
    is_direct = np.array([label in names for label in journeys.channels], bool)
    places = np.where(is_direct[journeys.codes] if is_direct.size else False, -1, np.arange(journeys.codes.size))
    best = np.maximum.reduceat(places, journeys.offsets[:-1]) if len(journeys) else places
    says = {
        "en": "All credit goes to the last touch that is not direct, or to the last one where all are.",
        "zh": "全部功劳归最后一次非直接触点；全为直接访问时归最后一次触点。",
    }
    chosen = Fact("direct", ", ".join(map(str, names)), "label", {"en": "Direct channels", "zh": "直接访问渠道"})
    share = _one_each(journeys, np.where(best < 0, journeys.last, best))
    return attributed("last_non_direct", journeys, [share], says, [chosen])


def linear(journeys: Journeys) -> Attribution:
    """Credit all touches of a journey alike: 1 / touches each, so a channel that is touched twice gets two shares.

    Rules: W3.
    """
    distinct, kind = np.unique(journeys.lengths, return_inverse=True)
    weights = [Fraction(1, length) for length in distinct.tolist()]
    share = Share(journeys.codes, journeys.owners, np.repeat(kind, journeys.lengths), weights)
    says = {"en": "All touches of a journey get the same.", "zh": "旅程中各触点均分功劳。"}
    return attributed("linear", journeys, [share], says)


def position_based(journeys: Journeys) -> Attribution:
    """Credit the first and the last touch with 40 % each, and those between with 20 % in equal parts.

    Two touches get one half each. Some call this U-shaped; `u_shaped` here is the model whose second milestone is the
    lead's creation.

    Rules: R4, W3.
    """
    says = {
        "en": "First and last touch get 40 % each, those between share 20 %; two touches get half each.",
        "zh": "首次与末次触点各得40%，中间触点均分20%；仅两次触点时各得一半。",
    }
    ends = [(journeys.offsets[:-1], 400), (journeys.last, 400)]
    return attributed("position_based", journeys, by_milestones(journeys, ends, 200), says)


def _one_each(journeys: Journeys, touches: Array) -> Share:
    return Share(journeys.codes[touches], np.arange(len(journeys)), None, _WHOLE)
