"""Stage chain: from each stage, the chance to win and the days until then, by the transitions that were seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..algebra.columns import Expr
from ..chains.stage_chains import PRIOR, StageChains, stage_chains
from ..errors import TableNotFound
from ..state.listing import Fact, Heading, Listing, Values
from ..table.column import sort_key
from ..table.history import ALWAYS
from .choices import positive
from .order import heading
from .travels import STAGE, STATUS, piped

if TYPE_CHECKING:
    from .view import View

__all__ = ["PRIOR", "chains_of", "stage_chain"]

_HEADINGS = (
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

    Returns: one row per segment and stage in which some deal was, in the order of the newest version of the pipelines,
        and by name where nothing tells it. `status` tells a stage that was retired, or that no version knows.

    Undefined when: no outcome was ever reached from the stage; days also where no stay with a known beginning ended in a
        stage on the way; steps back where a stage has no place in any pipeline.

    Raises:
        TableNotFound: no opportunities, or no changes (S5).
        HistoryUnavailable: only the last change of each stage is known (S5).
        ArgumentError: a prior that is not above 0.

    Rules: R2, S1, S3, S4, S5, S6, O5.

    Source: F13; Kemeny and Snell.
    """
    found = chains_of(view, by=by, prior=prior)
    known = found.known
    chains = [(None, found.whole)] if by is None else [(found.segments[c], found.parts[c]) for c in _shown(found)]
    rows = [
        (segment, chain, s)
        for segment, chain in chains
        for s in range(len(found.codes))
        if by is None or chain.steps.stays[s]
    ]
    placed = np.asarray((known.rank >= 0).any(axis=0))
    columns: list[list[Any]] = [[] for _ in _HEADINGS]
    for _, chain, s in rows:
        seen, solved = chain.steps, chain.solved
        values = (
            seen.stays[s],
            seen.still[s],
            seen.back[s] if placed[found.codes[s]] else None,
            *solved.ends[s],
            chain.days[s],
            solved.time[s],
            solved.time_by_end[s, 0],
        )
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    codes = [found.codes[s] for _, _, s in rows]
    listed: list[tuple[Heading, Values]] = []
    if by is not None:
        name = by if isinstance(by, str) else repr(by)
        listed.append((heading(name), [segment for segment, _, _ in rows]))
    listed += piped(known, codes, () if by is None else (listed[0][0].name,))
    listed += [(STAGE, [known.names[code] for code in codes]), (STATUS, [known.status[code] for code in codes])]
    listed += zip(_HEADINGS, columns, strict=True)
    return Listing(listed, facts=_facts(found), notes=[_NOTE])


def chains_of(view: View, *, by: str | Expr | None = None, prior: float = PRIOR) -> StageChains:
    """Return the chain of the deals of a view, and that of each segment; see `stage_chain`."""
    rows = view.rows("opportunity")
    if "change" not in view:
        hint = "the chain is learnt from the changes of stages; without them it is unavailable (S5)"
        raise TableNotFound("change", view.scope.tables, where="in the dataset", hint=hint)
    return stage_chains(rows, None if by is None else rows.key(by), prior=positive("prior", prior))


def _facts(found: StageChains) -> list[Fact]:
    visits, whole = found.walk.visits, found.whole
    return [
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
            int(whole.steps.moves[:, ~whole.known].sum()),
            "count",
            {"en": "Moves into stages without any outcome, left out", "zh": "转入无结果阶段的次数（未计入）"},
            quiet=True,
        ),
    ]


def _shown(found: StageChains) -> Sequence[int]:
    """Return the segments that have deals, by label, blank last."""
    there = [c for c, chain in enumerate(found.parts) if chain.steps.stays.any()]
    return sorted(there, key=lambda c: (c == 0, sort_key(found.segments[c]) if c else ()))
