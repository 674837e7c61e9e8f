"""Attribution: which channels the conversions and the revenue of journeys are credited to.

`from_paths` and `from_touches` make journeys of arrays; each model is a function of journeys, under a name of its own
(R4), and gives an `Attribution`: credits as float64, `allocated()` money that adds up to the last unit (W3).
`crmcore.analyse("attribution_linear", data)` runs a model on the touches and won deals of a dataset.
"""

from __future__ import annotations

from .chain import markov
from .coalitions import shapley
from .decay import time_decay_by_age, time_decay_by_step
from .journeys import Journeys
from .milestones import full_path, u_shaped, w_shaped
from .paths import from_paths
from .positions import first_touch, last_non_direct, last_touch, linear, position_based
from .result import Attribution
from .touches import from_touches

__all__ = [
    "Attribution",
    "Journeys",
    "first_touch",
    "from_paths",
    "from_touches",
    "full_path",
    "last_non_direct",
    "last_touch",
    "linear",
    "markov",
    "position_based",
    "shapley",
    "time_decay_by_age",
    "time_decay_by_step",
    "u_shaped",
    "w_shaped",
]
