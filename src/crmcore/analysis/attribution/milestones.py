"""Attribution by milestones: the touches that began the journey, made the lead, made the opportunity, closed it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from ...errors import ArgumentError
from ...table.column import Array
from .credit import Share
from .journeys import Journeys
from .result import Attribution, attributed

__all__ = ["by_milestones", "full_path", "u_shaped", "w_shaped"]

_WHOLE = 1_000
"""What the weights of a journey add up to when nothing is missing: tenths of a per cent."""


def u_shaped(journeys: Journeys) -> Attribution:
    """Credit the first touch and the one that made the lead with 40 % each, and the others with 20 % in equal parts.

    Shares of milestones that fall on one touch add. A milestone that is unknown has no share, and without other touches
    there is no rest; what remains is then scaled up to the whole.

    Raises:
        ArgumentError: journeys that do not know which touch made the lead.

    Rules: R4, W3.

    Source: HubSpot.
    """
    says = {
        "en": "First touch and lead creation get 40 % each, all others share 20 %; what is missing is scaled up.",
        "zh": "首次触点与线索创建触点各得40%，其余触点均分20%；缺失部分按比例放大。",
    }
    marks = [(journeys.offsets[:-1], 400), (_milestone(journeys, "lead", "u_shaped"), 400)]
    return attributed("u_shaped", journeys, by_milestones(journeys, marks, 200), says)


def w_shaped(journeys: Journeys) -> Attribution:
    """Credit first touch, lead creation and opportunity creation with 30 % each, and the others with 10 % in equal parts.

    Shares of milestones that fall on one touch add; what is missing is scaled up, as for `u_shaped`.

    Raises:
        ArgumentError: journeys that do not know which touch made the lead, or the opportunity.

    Rules: R4, W3.

    Source: HubSpot.
    """
    says = {
        "en": "First touch, lead and opportunity creation get 30 % each, all others share 10 %; what is missing is scaled up.",
        "zh": "首次触点、线索创建与商机创建触点各得30%，其余触点均分10%；缺失部分按比例放大。",
    }
    marks = [
        (journeys.offsets[:-1], 300),
        (_milestone(journeys, "lead", "w_shaped"), 300),
        (_milestone(journeys, "opportunity", "w_shaped"), 300),
    ]
    return attributed("w_shaped", journeys, by_milestones(journeys, marks, 100), says)


def full_path(journeys: Journeys) -> Attribution:
    """Credit first touch, lead creation, opportunity creation and last touch with 22.5 % each, and the others with 10 %.

    Shares of milestones that fall on one touch add; what is missing is scaled up, as for `u_shaped`.

    Raises:
        ArgumentError: journeys that do not know which touch made the lead, or the opportunity.

    Rules: R4, W3.

    Source: HubSpot.
    """
    says = {
        "en": "First touch, lead and opportunity creation and last touch get 22.5 % each, all others share 10 %; "
        "what is missing is scaled up.",
        "zh": "首次触点、线索创建、商机创建与末次触点各得22.5%，其余触点均分10%；缺失部分按比例放大。",
    }
    marks = [
        (journeys.offsets[:-1], 225),
        (_milestone(journeys, "lead", "full_path"), 225),
        (_milestone(journeys, "opportunity", "full_path"), 225),
        (journeys.last, 225),
    ]
    return attributed("full_path", journeys, by_milestones(journeys, marks, 100), says)


def by_milestones(journeys: Journeys, marks: Sequence[tuple[Array, int]], rest: int) -> list[Share]:
    """Return the shares of milestones, which add where they meet, and of all other touches.

    Args:
        journeys: what is credited.
        marks: per milestone, its touch in each journey among all touches, -1 where there is none, and its weight.
        rest: weight that the other touches of a journey divide among them; none where there are none.
    """
    journey = np.arange(len(journeys))
    touches = np.sort(np.stack([touch for touch, _ in marks]), axis=0)
    different = (touches >= 0) & np.diff(touches, axis=0, prepend=-2).astype(bool)
    others = journeys.lengths - different.sum(axis=0)
    whole = sum(np.where(touch >= 0, weight, 0) for touch, weight in marks) + np.where(others > 0, rest, 0)
    wholes, kind = np.unique(whole, return_inverse=True)
    shares = []
    for touch, weight in marks:
        there = np.flatnonzero(touch >= 0)
        weights = [Fraction(weight, w) for w in wholes.tolist()]
        shares.append(Share(journeys.codes[touch[there]], journey[there], kind[there], weights))
    both, kind = np.unique(others * (_WHOLE + 1) + whole, return_inverse=True)
    pairs = [divmod(pair, _WHOLE + 1) for pair in both.tolist()]
    free = np.ones(journeys.codes.size, bool)
    free[touches[different]] = False
    left = np.flatnonzero(free)
    owners = journeys.owners[left]
    weights = [Fraction(rest, count * w) if count else Fraction(0) for count, w in pairs]
    return [*shares, Share(journeys.codes[left], owners, kind[owners], weights)]


def _milestone(journeys: Journeys, name: str, model: str) -> Array:
    """Return the touch of each journey at which the lead or opportunity was made, among all touches; -1 for none."""
    place: Array | None = getattr(journeys, name)
    if place is None:
        raise ArgumentError(
            f"{model} needs the touch that made the {name}: give {name}= to from_paths, or {name}_at= to from_touches"
        )
    return np.where(place < 0, -1, journeys.offsets[:-1] + place)
