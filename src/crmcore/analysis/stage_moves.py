"""Stage moves: where deals go from each stage, and what flows into and out of it in each period (S6, W2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import CrmCoreError
from ..state.listing import Fact, Heading, Listing, Values
from ..state.operand import Operand, ratio
from ..table.history import ENDED
from .coded import MOVES
from .travels import STAGE, STATUS, Travels, periods_over, piped, travels_of

if TYPE_CHECKING:
    from ..table.column import Array, Mask
    from .view import View

__all__ = ["stage_flow", "stage_transitions"]

FROM = Heading("stage", "label", {"en": "From", "zh": "离开阶段"})
TO = Heading("to", "label", {"en": "To", "zh": "去向"}, MOVES)
KIND = Heading("kind", "label", {"en": "Kind", "zh": "方式"}, MOVES)
COUNT = Heading("count", "count", {"en": "Count", "zh": "次数"})
SHARE = Heading("share", "ratio", {"en": "Share", "zh": "占比"})
PERIOD = Heading("period", "label", {"en": "Period", "zh": "期间"})
START = Heading("start", "count", {"en": "At the start", "zh": "期初"})
END = Heading("end", "count", {"en": "At the end", "zh": "期末"})
_IN = (
    Heading("new", "count", {"en": "New", "zh": "新增"}),
    Heading("came_on", "count", {"en": "Came on", "zh": "推进进入"}),
    Heading("came_back", "count", {"en": "Came back", "zh": "退回进入"}),
    Heading("reopened", "count", {"en": "Reopened", "zh": "重新打开"}),
)
_OUT = (
    Heading("moved_on", "count", {"en": "Moved on", "zh": "推进离开"}),
    Heading("moved_back", "count", {"en": "Moved back", "zh": "退回离开"}),
    Heading("won", "count", {"en": "Won", "zh": "赢单"}),
    Heading("lost", "count", {"en": "Lost", "zh": "输单"}),
    Heading("abandoned", "count", {"en": "Abandoned", "zh": "放弃"}),
    Heading("removed", "count", {"en": "Removed", "zh": "删除或合并"}),
)
_NEW, _ON, _BACK, _REOPENED = range(4)
_STAYS, _MOVED = ENDED.index("still there"), ENDED.index("moved")
_CENSORED = {
    "en": "Shares are of the stays that have ended; those that last are counted beside them.",
    "zh": "占比按已结束的停留计算；仍在阶段中的另行计数。",
}


def stage_transitions(
    view: View, *, pipeline: str | None = None, stages: tuple[str, ...] | str | None = None
) -> Listing:
    """Count where deals went from each stage: another stage, an outcome, or nowhere yet.

    share = stays in the stage that ended so / stays in it that have ended

    Args:
        view: with opportunities and their changes.
        pipeline: only its stages.
        stages: these stages in this order instead of those of the pipelines.

    Returns: one row per stage and where deals went, the most frequent first. `kind` is "on", "back", "other" (a stage
        that has no place beside it, such as one of another pipeline), "won", "lost", "abandoned" or "still there".

    Undefined when: the stay lasts; it has no share.

    Raises:
        ArgumentError: no such pipeline or stage.
        NotFoundError: no opportunities, or no changes of them.

    Rules: S1, S3, S4, S6, R1, R2.
    """
    travels = travels_of(view, stages)
    visits, known = travels.visits, travels.stages
    size = len(known.names)
    back, other = known.turns(visits)
    kind = np.where(
        visits.ended == _MOVED, np.where(back, len(ENDED), np.where(other, len(ENDED) + 1, _MOVED)), visits.ended
    )
    words = (*ENDED, "back", "other")
    into = np.where(visits.ended == _MOVED, visits.into, 0)
    keys, counts = np.unique((visits.stage * size + into) * len(words) + kind, return_counts=True)
    code, rest = keys // (size * len(words)), keys % (size * len(words))
    to, how = rest // len(words), rest % len(words)
    ended = np.bincount(visits.stage[visits.ended != _STAYS], minlength=size)
    shown = [c for number in known.chosen(pipeline) for c in known.shown(number, ended >= 0)]
    spot = np.full(size, -1)
    spot[shown] = np.arange(len(shown))
    listed = [
        n
        for n in sorted(range(len(keys)), key=lambda n: (spot[code[n]], how[n] == _STAYS, -counts[n], how[n], str(known.names[to[n]])))
        if spot[code[n]] >= 0
    ]  # fmt: skip
    code, to, how, counts = code[listed], to[listed], how[listed], counts[listed]
    lasting = np.where(how == _STAYS, 0, ended[code])
    named = [known.names[t] if t else words[h] for t, h in zip(to.tolist(), how.tolist(), strict=True)]
    columns: list[tuple[Heading, Values]] = piped(known, code.tolist())
    columns += [
        (FROM, [known.names[c] for c in code.tolist()]),
        (TO, named),
        (KIND, ["on" if h == _MOVED else words[h] for h in how.tolist()]),
        (COUNT, counts),
        (SHARE, ratio(Operand(np.where(how == _STAYS, 0, counts)), Operand(lasting))),
    ]
    stays = Fact("stays", len(visits), "count", {"en": "Stays", "zh": "停留次数"})
    return Listing(columns, facts=[stays], notes=[_CENSORED] if (how == _STAYS).any() else [])


def stage_flow(
    view: View,
    *,
    per: str = "month",
    pipeline: str | None = None,
    stages: tuple[str, ...] | str | None = None,
    last: int | None = None,
) -> Listing:
    """Tell for each stage and period how many deals stood in it, came in and went out.

    end = start + new + came_on + came_back + reopened - moved_on - moved_back - won - lost - abandoned - removed

    Args:
        view: with opportunities and their changes.
        per: the kind of period.
        pipeline: only its stages.
        stages: these stages in this order instead of those of the pipelines.
        last: only so many periods, the last ones.

    Returns: one row per period and stage; the last period ends at the instant of the view. A move to or from a stage
        that has no place beside it, such as one of another pipeline, counts as one on. Deals that were deleted or merged since
        count up to then; those of which nothing tells when are left out.

    Raises:
        ArgumentError: no such pipeline, stage or kind of period, or more than 5,000 periods.
        NotFoundError: no opportunities, or no changes of them.
        CrmCoreError: what flows in and out is not the change of the stock.

    Rules: W2, S1, S4, T1, T4, T7.
    """
    travels = travels_of(view, stages, removed=True)
    visits, known = travels.visits, travels.stages
    periods = periods_over(view, travels, per) or []
    zone, count = view.scope.zone, len(periods)
    edges = np.array([zone.end_of_day(p.stop - 1) for p in periods], np.int64)
    begins = np.array([zone.end_of_day(p.start - 1) for p in periods[:1]], np.int64)
    came = np.searchsorted(edges, visits.entered, side="left")
    went = np.where(visits.ended == _STAYS, count, np.searchsorted(edges, visits.left, side="left"))
    before = visits.entered <= (begins[0] if count else 0)
    back, _ = known.turns(visits)
    size = len(known.names)

    def cells(period: Array, where: Mask) -> Array:
        kept = where & (period < count)
        return np.bincount(visits.stage[kept] * count + period[kept], minlength=size * count).reshape(size, count)

    how = _arrivals(travels, back)
    coming = [cells(came, ~before & (how == kind)) for kind in range(len(_IN))]
    ends = [(visits.ended == _MOVED) & ~back, (visits.ended == _MOVED) & back]
    ends += [visits.ended == kind for kind in range(_MOVED + 1, len(ENDED))]
    going = [cells(went, where) for where in ends]
    end = _stock(visits.stage, visits.entered, visits.left, visits.ended != _STAYS, edges, size)
    start = _stock(visits.stage, visits.entered, visits.left, visits.ended != _STAYS, begins, size)
    start = np.concatenate([start, end], axis=1)[:, :count]
    if not bool((start + sum(coming) - sum(going) == end).all()):
        raise CrmCoreError(
            "what flows into and out of the stages is not the change of their stocks (W2)"
        )  # pragma: no cover
    been = np.zeros(size, bool)
    been[visits.stage] = True
    shown = [c for number in known.chosen(pipeline) for c in known.shown(number, been)]
    taken = range(max(count - last, 0) if last is not None else 0, count)

    def flat(table: Array) -> Array:
        found: Array = table[shown][:, taken].T.reshape(-1)
        return found

    columns: list[tuple[Heading, Values]] = [(PERIOD, [periods[p].label for p in taken for _ in shown])]
    columns += [
        *piped(known, shown * len(taken)),
        (STAGE, [known.names[c] for c in shown] * len(taken)),
        (STATUS, [known.status[c] for c in shown] * len(taken)),
        (START, flat(start)),
        *((heading, flat(table)) for heading, table in zip(_IN, coming, strict=True)),
        *((heading, flat(table)) for heading, table in zip(_OUT, going, strict=True)),
        (END, flat(end)),
    ]
    return Listing(columns)


def _stock(stage: Array, entered: Array, left: Array, ended: Mask, edges: Array, size: int) -> Array:
    """Return how many deals stood in each stage at each of some instants, from the stays that hold them."""
    found = np.zeros((size, len(edges)), np.int64)
    for code in np.unique(stage).tolist():
        mine = stage == code
        begun = np.searchsorted(np.sort(entered[mine]), edges, side="right")
        over = np.searchsorted(np.sort(left[mine & ended]), edges, side="right")
        found[code] = begun - over
    return found


def _arrivals(travels: Travels, back: Mask) -> Array:
    """Return how each stay began: the first of its deal, by a move on or back, or after the deal was closed or away."""
    visits = travels.visits
    found = np.full(len(visits), _NEW)
    if len(visits) > 1:
        follows = visits.rows[1:] == visits.rows[:-1]
        straight = (
            (visits.ended[:-1] == _MOVED)
            & (visits.into[:-1] == visits.stage[1:])
            & (visits.left[:-1] == visits.entered[1:])
        )
        found[1:] = np.where(follows, np.where(straight, np.where(back[:-1], _BACK, _ON), _REOPENED), _NEW)
    return found
