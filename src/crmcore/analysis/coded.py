"""Coded values of the analyses of stages, as they are printed by language; rows and JSON keep the codes."""

from __future__ import annotations

from collections.abc import Mapping

from ..domain.opportunity import OUTCOMES
from ..table.history import ENDED
from ..table.stages import CLOSED, IN_FORCE, RETIRED, UNKNOWN

__all__ = ["DAYS", "MOVES", "STATUSES", "WON"]

Words = Mapping[str, Mapping[str, str]]

_ENDS: Words = {
    "still there": {"en": "still there", "zh": "仍在阶段"},
    "won": {"en": "won", "zh": "赢单"},
    "lost": {"en": "lost", "zh": "输单"},
    "abandoned": {"en": "abandoned", "zh": "放弃"},
    "removed": {"en": "removed", "zh": "删除或合并"},
}
MOVES: Words = {
    **_ENDS,
    "on": {"en": "on", "zh": "推进"},
    "back": {"en": "back", "zh": "退回"},
    "other": {"en": "other", "zh": "其他"},
}
"""How a stay in a stage ended, and in which direction it was left."""
assert {*ENDED, *OUTCOMES} - {"moved", "open"} == {*_ENDS}
WON: Words = {"won": _ENDS["won"]}
"""The row of the deals that are won, below the stages."""
STATUSES: Words = {
    IN_FORCE: {"en": "in force", "zh": "启用"},
    RETIRED: {"en": "retired", "zh": "停用"},
    CLOSED: {"en": "closed", "zh": "结束阶段"},
    UNKNOWN: {"en": "unknown", "zh": "未知"},
    **WON,
}
"""Whether a stage is in force."""
DAYS: Words = {"calendar": {"en": "calendar", "zh": "自然日"}, "business": {"en": "business", "zh": "工作日"}}
"""What days a time is counted in."""
