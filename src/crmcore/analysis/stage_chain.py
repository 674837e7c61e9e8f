"""Stage chain: from each stage, the chance to win and the days until then, by the transitions that were seen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..algebra.columns import Expr
from ..chains.absorbing import Absorbing, absorbing
from ..errors import TableNotFound
from ..state.listing import Fact, Heading, Listing, Values
from ..state.sums import sums_by
from ..table.column import Array, Column, Mask, sort_key
from ..table.history import ALWAYS, Visits, visits_of
from ..units import DAY
from .choices import positive
from .order import heading

if TYPE_CHECKING:
    from .view import View

__all__ = ["PRIOR", "StageChains", "chains_of", "stage_chain"]

PRIOR = 20
"""Transitions of all deals that stand beside those of a segment."""
OUTCOMES = ("won", "lost", "abandoned")
_MOVED, _FIRST_END = 1, 2
_HEADINGS = (
    Heading("stage", "label", {"en": "Stage", "zh": "阶段"}),
    Heading("stays", "count", {"en": "Stays", "zh": "停留次数"}),
    Heading("still_there", "count", {"en": "Still there", "zh": "仍在该阶段"}),
    Heading("steps_back", "count", {"en": "Steps back", "zh": "回退次数"}),
    Heading("win_probability", "ratio", {"en": "Win probability", "zh": "赢单概率"}),
    Heading("loss_probability", "ratio", {"en": "Loss probability", "zh": "输单概率"}),
    Heading("abandon_probability", "ratio", {"en": "Abandonment probability", "zh": "放弃概率"}),
    Heading("days_per_stay", "days", {"en": "Days per stay", "zh": "每次停留天数"}),
    Heading("days_to_close", "days", {"en": "Days to close", "zh": "预计关闭天数"}),
    Heading("days_to_win", "days", {"en": "Days to win", "zh": "预计赢单天数"}),
)
_NOTE = {
    "en": "A stay that still lasts gives its days and no transition. A stage from which no outcome was ever seen has no "
    "probability, and moves into it are left out.",
    "zh": "仍在持续的停留只计天数，不计转移。从未见到结果的阶段没有概率，转入该阶段的转移不计入。",
}


@attrs.frozen(slots=True, eq=False)
class Counted:
    """What was seen in each stage: transitions to others, ends by outcome, and microseconds.

    Args:
        moves: [from, to].
        ends: [from, outcome].
        stays: how many.
        still: of those, how many last.
        back: how often a deal went from it to an earlier one.
        left: stays that ended and whose beginning is known.
        spent: microseconds of all stays whose beginning is known, as exact whole numbers.
    """

    moves: Array
    ends: Array
    stays: Array
    still: Array
    back: Array
    left: Array
    spent: Array


@attrs.frozen(slots=True, eq=False)
class StageChains:
    """The chain of all deals and of each segment.

    Args:
        stages: in the order of the pipeline.
        ordered: whether anything tells that order.
        segments: code -> label; code 0 is blank.
        counted: by segment, after those of all deals.
        solved: the same.
        codes: the segment of each opportunity of the table.
        facts: what was left out.
    """

    stages: tuple[Any, ...]
    ordered: bool
    segments: tuple[Any, ...]
    counted: tuple[Counted, ...]
    solved: tuple[Absorbing, ...]
    days: tuple[Array, ...]
    codes: Array
    facts: tuple[Fact, ...]

    def chances(self, stage: Column) -> Array:
        """Return the chance to win of each opportunity by its stage; nan where there is none."""
        place = {label: i for i, label in enumerate(self.stages)}
        where = np.array([place.get(label, len(place)) for label in stage.labels])[stage.data]
        by_segment = len(self.solved) > 1
        table = np.stack([np.append(s.ends[:, 0], np.nan) for s in self.solved[by_segment:]])
        found: Array = table[self.codes if by_segment else np.zeros(len(stage), np.int64), where]
        return found


def stage_chain(view: View, *, by: str | Expr | None = None, prior: float = PRIOR) -> Listing:
    """Return the chance to win, and the days until then, from each stage.

    The stages and the outcomes are an absorbing Markov chain: a step is as likely as it was frequent among the stays that
    ended, steps back included. With N = (I - Q)^-1, the chances are N R and the days N d, where d are the days of all
    stays over the number of those that ended. So stays that still last (censored) give their time and no transition:
    the estimate of a chain whose rate of leaving a stage does not change with time.

    Args:
        view: with opportunities and their changes of stage.
        by: segments, each with a chain of its own: a column or expression.
        prior: how many transitions of all deals stand beside those of a segment in each stage; the fewer a segment has,
            the more it is like all.

    Returns: one row per segment and stage, in the order of the pipeline, and by label where nothing tells it.

    Undefined when: no outcome was ever reached from the stage; days also where no stay with a known beginning ended in a
        stage on the way; steps back where nothing tells the order of stages.

    Raises:
        TableNotFound: no opportunities.
        ArgumentError: a prior that is not above 0.

    Rules: R2, S3, S4, S5, S6, O5.

    Source: F13; Kemeny and Snell.
    """
    found = chains_of(view, by=by, prior=prior)
    names = [None, *found.segments] if by is None else [*found.segments]
    rows: list[tuple[Any, int, int]] = [
        (names[c], c, s)
        for c in (_shown(found) if by is not None else [0])
        for s in range(len(found.stages))
        if by is None or found.counted[c + 1].stays[s]
    ]
    shift = by is not None
    columns: list[list[Any]] = [[] for _ in _HEADINGS]
    for _, c, s in rows:
        seen, solved = found.counted[c + shift], found.solved[c + shift]
        values = (
            found.stages[s],
            seen.stays[s],
            seen.still[s],
            seen.back[s] if found.ordered else None,
            *solved.ends[s],
            found.days[c + shift][s],
            solved.time[s],
            solved.time_by_end[s, 0],
        )
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    listed: list[tuple[Heading, Values]] = list(zip(_HEADINGS, columns, strict=True))
    if by is not None:
        name = by if isinstance(by, str) else repr(by)
        listed.insert(0, (heading(name), [label for label, _, _ in rows]))
    return Listing(listed, facts=found.facts, notes=[_NOTE])


def chains_of(view: View, *, by: str | Expr | None = None, prior: float = PRIOR) -> StageChains:
    """Return the chain of the deals of a view, and that of each segment; see `stage_chain`."""
    weight = positive("prior", prior)
    if "opportunity" not in view:
        raise TableNotFound("opportunity", view.scope.tables, where="in the dataset")
    rows = view.rows("opportunity")
    table, moment = view.scope.tables["opportunity"], view.scope.as_of
    places = np.arange(len(table)) if rows.places is None else rows.places
    codes = np.zeros(len(table), np.int64)
    segments: tuple[Any, ...] = ()
    if by is not None:
        key = rows.key(by)
        codes[places] = key.data
        segments = tuple(key.labels)
    visits = visits_of(view.scope.tables, view.scope.zone, ALWAYS if moment is None else moment.instant)
    kept = np.zeros(max(len(table), int(visits.rows.max(initial=0)) + 1), bool)
    kept[places] = True
    visits = visits.select(np.flatnonzero(kept[visits.rows]))
    stages, rank, pipeline = _ordered(view, visits)
    of = rank[visits.stage]
    to = _next(visits, of)
    back = (to >= 0) & (to < of)
    if pipeline is not None:
        back &= pipeline[to] == pipeline[of]  # to another pipeline is neither on nor back

    n = len(stages)
    whole = _counted(visits, of, to, back, n)
    parts = [
        _counted(visits.select(some), of[some], to[some], back[some], n)
        for some in _by_code(codes[visits.rows], len(segments))
    ]
    days = _days(whole)
    solved = absorbing(whole.moves, whole.ends, days)
    step, end = _likely(whole, solved)
    shrunk = [_days(p, days, weight) for p in parts]
    facts = (
        Fact("stays", len(visits), "count", {"en": "Stays", "zh": "停留次数"}),
        Fact(
            "stays_made_up",
            int(visits.made.sum()),
            "count",
            {"en": "First stays since the creation, as no event tells of them", "zh": "首次停留自创建起推定"},
            quiet=True,
        ),
        Fact(
            "stays_without_beginning",
            int((visits.entered == ALWAYS).sum()),
            "count",
            {"en": "Stays whose beginning is not known, without days", "zh": "开始时间未知的停留（不计天数）"},
            quiet=True,
        ),
        Fact(
            "moves_left_out",
            int(whole.moves[:, np.isnan(solved.ends[:, 0])].sum()),
            "count",
            {"en": "Moves into stages without any outcome, left out", "zh": "转入无结果阶段的次数（未计入）"},
            quiet=True,
        ),
    )
    return StageChains(
        stages,
        pipeline is not None,
        segments,
        (whole, *parts),
        (
            solved,
            *(absorbing(p.moves + weight * step, p.ends + weight * end, d) for p, d in zip(parts, shrunk, strict=True)),
        ),
        (days, *shrunk),
        codes,
        facts,
    )


def _ordered(view: View, visits: Visits) -> tuple[tuple[Any, ...], Array, Array | None]:
    """Return the stages that were seen, in the order of their pipelines, the place of each code, and their pipelines.

    By label, and without pipelines, where the order of one of them is not known.
    """
    seen = np.unique(visits.stage).tolist()
    table = view.scope.tables.get("stage")
    known: dict[Any, tuple[Any, ...]] = {}
    if table is not None and "order" in table:
        pipelines = _labels(table["pipeline"]) if "pipeline" in table else [None] * len(table)
        known = {
            id_: (sort_key("" if pipeline is None else pipeline), order, sort_key(id_))
            for id_, pipeline, order, there in zip(
                _labels(table["id"]), pipelines, table["order"].data.tolist(), table["order"].present(), strict=True
            )
            if there
        }
    told = all(visits.labels[c] in known for c in seen)
    seen.sort(key=lambda c: known[visits.labels[c]] if told else sort_key(visits.labels[c]))
    rank = np.zeros(len(visits.labels), np.int64)
    rank[seen] = np.arange(len(seen))
    stages = tuple(visits.labels[c] for c in seen)
    if not told:
        return stages, rank, None
    first = [known[label][0] for label in stages]
    return stages, rank, np.array([first.index(p) for p in first], np.int64)


def _labels(column: Column) -> list[Any]:
    return column.data.tolist() if column.kind != "key" else [column.labels[c] for c in column.data.tolist()]


def _next(visits: Visits, of: Array) -> Array:
    """Return the stage that each stay was followed by; -1 where the deal went to none of which anything is known."""
    found = np.full(len(visits), -1)
    if len(visits) > 1:
        goes_on = (visits.rows[1:] == visits.rows[:-1]) & (visits.ended[:-1] == _MOVED)
        goes_on &= visits.entered[1:] == visits.left[:-1]
        found[:-1][goes_on] = of[1:][goes_on]
    return found


def _by_code(codes: Array, size: int) -> list[Array]:
    """Return the places of each code, in their order."""
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(size + 1))
    return [order[a:b] for a, b in pairwise(ends.tolist())]


def _counted(visits: Visits, of: Array, to: Array, back: Mask, n: int) -> Counted:
    moved, ended = to >= 0, visits.ended >= _FIRST_END
    timed = visits.entered != ALWAYS
    left = timed & (visits.ended != 0)
    k = len(OUTCOMES)

    def number(mask: Mask) -> Array:
        return np.bincount(of[mask], minlength=n)

    return Counted(
        np.bincount(of[moved] * n + to[moved], minlength=n * n).reshape(n, n),
        np.bincount(of[ended] * k + visits.ended[ended] - _FIRST_END, minlength=n * k).reshape(n, k),
        np.bincount(of, minlength=n),
        number(visits.ended == 0),
        number(back),
        number(left),
        sums_by(of[timed], (visits.left - visits.entered)[timed], n),
    )


def _days(seen: Counted, prior: Array | None = None, weight: float = 0.0) -> Array:
    """Return the days of a stay in each stage: of all stays, over the number of those that ended."""
    spent = np.array([s / DAY for s in seen.spent.tolist()])
    left: Array = seen.left.astype(np.float64)
    if prior is not None:
        spent, left = spent + weight * prior, left + weight
    found: Array = np.full(len(left), np.nan)
    np.divide(spent, left, out=found, where=left > 0)
    return found


def _likely(seen: Counted, solved: Absorbing) -> tuple[Array, Array]:
    """Return how likely each step and each end is, of stages that have a chain."""
    sure = ~np.isnan(solved.ends[:, 0])
    moves, ends = np.where(sure & sure[:, None], seen.moves, 0), np.where(sure[:, None], seen.ends, 0)
    out = np.maximum(moves.sum(axis=1) + ends.sum(axis=1), 1)[:, None]
    return moves / out, ends / out


def _shown(found: StageChains) -> Sequence[int]:
    """Return the segments that have deals, by label, blank last."""
    there = [c for c in range(len(found.segments)) if found.counted[c + 1].stays.any()]
    return sorted(there, key=lambda c: (c == 0, sort_key(found.segments[c]) if c else ()))
