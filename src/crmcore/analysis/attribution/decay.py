"""Attribution by decay: a touch counts the less, the longer before the end of its journey it was."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...errors import ArgumentError
from ...state.listing import Fact
from ...table.column import Array
from ..choices import positive
from .credit import weighed
from .journeys import Journeys
from .result import Attribution

__all__ = ["time_decay_by_age", "time_decay_by_step"]


def time_decay_by_age(journeys: Journeys, *, half_life_days: float = 7) -> Attribution:
    """Credit each touch by its age at the conversion: half as much for each half-life it is older.

    2 ** -(age / half_life_days), over the sum of these weights in its journey

    Args:
        journeys: whose touches have times.
        half_life_days: days after which a touch counts half.

    Raises:
        ArgumentError: touches without times, or a half-life that is no number above 0.

    Rules: R4, T2, W3.
    """
    life = positive("half_life_days", half_life_days)
    if journeys.ages is None:
        raise ArgumentError(
            "time_decay_by_age needs the time of each touch, and paths have none; time_decay_by_step goes by their order"
        )
    # only the differences inside a journey matter; from its last touch on, the largest weight is 1
    ages = journeys.ages.data - np.repeat(journeys.ages.data[journeys.last], journeys.lengths)
    says = {
        "en": "A touch gets half as much for each half-life, in days, that it is older.",
        "zh": "触点每早一个半衰期（天），功劳减半。",
    }
    labels = {"en": "Half-life in days", "zh": "半衰期（天）"}
    chosen = Fact("half_life_days", half_life_days, "number", labels)
    return _decayed("time_decay_by_age", journeys, ages / (journeys.ages.scale * life), says, chosen)


def time_decay_by_step(journeys: Journeys, *, half_life_steps: float = 1) -> Attribution:
    """Credit each touch by how many touches came after it: half as much for each `half_life_steps` of them.

    2 ** -(touches after it / half_life_steps), over the sum of these weights in its journey

    Args:
        journeys: what is credited.
        half_life_steps: touches after which one counts half.

    Raises:
        ArgumentError: a half-life that is no number above 0.

    Rules: R4, W3.
    """
    life = positive("half_life_steps", half_life_steps)
    steps = np.repeat(journeys.last, journeys.lengths) - np.arange(journeys.codes.size)
    says = {
        "en": "A touch gets half as much for each half-life, in touches, that came after it.",
        "zh": "触点之后每多一个半衰期（触点数），功劳减半。",
    }
    labels = {"en": "Half-life in touches", "zh": "半衰期（触点数）"}
    chosen = Fact("half_life_steps", half_life_steps, "number", labels)
    return _decayed("time_decay_by_step", journeys, steps / life, says, chosen)


def _decayed(model: str, journeys: Journeys, halvings: Array, says: Mapping[str, str], chosen: Fact) -> Attribution:
    weights = np.exp2(-halvings)
    value = journeys.value
    worth = None if value is None else [v / value.scale for v in weighed(journeys, weights, value.data)]
    return Attribution(model, journeys, weighed(journeys, weights, journeys.conversions), worth, says, [chosen])
