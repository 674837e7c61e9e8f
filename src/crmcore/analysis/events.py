"""Events: each win, loss, abandonment and reopening of deals, and each conversion of leads, by period (O7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..domain import OUTCOMES
from ..errors import HistoryUnavailable, TableNotFound
from ..state.listing import Fact, Heading, Listing
from ..table.column import Array, Column
from ..table.dates import local_days, micros
from ..table.history import ALWAYS, logs_of
from .grouped import By, groups_of
from .travels import periods_from

if TYPE_CHECKING:
    from .view import View

__all__ = ["conversion_events", "outcome_events"]

PERIOD = Heading("period", "label", {"en": "Period", "zh": "期间"})
DEALS = Heading("deals", "count", {"en": "Deals concerned", "zh": "涉及商机数"})
LEADS = Heading("leads", "count", {"en": "Leads concerned", "zh": "涉及线索数"})
_OUTCOMES = (
    Heading("won", "count", {"en": "Won", "zh": "赢单"}),
    Heading("lost", "count", {"en": "Lost", "zh": "输单"}),
    Heading("abandoned", "count", {"en": "Abandoned", "zh": "放弃"}),
    Heading("reopened", "count", {"en": "Reopened", "zh": "重新打开"}),
)
_CONVERSIONS = (
    Heading("converted", "count", {"en": "Converted", "zh": "转化"}),
    Heading("recycled", "count", {"en": "Recycled", "zh": "退回"}),
)
_EVENTS = {
    "en": "Events, not records: what is taken back and happens again counts each time (O7). By the last state alone, count with "
    "metrics such as won_deals or leads_converted.",
    "zh": "按事件而非记录计数：撤回后再次发生的每次都计入 (O7)。仅按最后状态计数请用won_deals、leads_converted等指标。",
}
_OPEN = 1


@attrs.frozen(slots=True, eq=False)
class _Events:
    """What happened: to which row, when (`ALWAYS` where nothing tells), and the number of the state that it led to; 0 is open."""

    row: Array
    at: Array
    kind: Array


def outcome_events(view: View, *, per: str = "month", by: By = ()) -> Listing:
    """Count how often deals were won, lost, abandoned and reopened in each period.

    A deal that is lost and then won within a period counts as one loss and one win; `won_deals` and its like count it once, by
    its last outcome.

    Args:
        view: with opportunities and their changes.
        per: the kind of period.
        by: columns or expressions of the deal as it is as of the view; blank is a group.

    Returns: a row per group and period, from the first event to that of the view, with the different deals concerned. A deal
        created closed closes at its creation (O6).

    Raises:
        TableNotFound: no opportunities, or no changes.
        HistoryUnavailable: a source that knows the last change alone (S5).
        ArgumentError: no such kind of period, or more than 5,000 periods.

    Rules: O2, O5, O6, O7, S5, T1, T4, T7

    Source: E06; EspoCRM.
    """
    numbers = {word: n for n, word in enumerate((None, *OUTCOMES))}

    def states(column: Column) -> Array:
        return np.array([numbers.get(label, 0) for label in column.labels], np.int64)[column.data]

    events = _events(view, "opportunity", "outcome", "closed_at", states, ("stage", "outcome"))
    return _listing(view, "opportunity", events, per, by, _OUTCOMES, DEALS)


def conversion_events(view: View, *, per: str = "month", by: By = ()) -> Listing:
    """Count how often leads were converted, and taken back, in each period.

    A lead that is recycled and converted again counts as two conversions; `leads_converted` counts it once, by its last one.

    Args:
        view: with leads and their changes.
        per: the kind of period.
        by: columns or expressions of the lead as it is as of the view; blank is a group.

    Returns: a row per group and period, from the first event to that of the view, with the different leads concerned.

    Raises:
        TableNotFound: no leads, or no changes.
        HistoryUnavailable: a source that knows the last change alone (S5).
        ArgumentError: no such kind of period, or more than 5,000 periods.

    Rules: O7, S5, T1, T4, T7

    Source: E51; variant of ours.
    """

    def states(column: Column) -> Array:
        return np.where(column.present() & column.data, _OPEN + 1, _OPEN)

    events = _events(view, "lead", "converted", "converted_at", states, ("converted",))
    return _listing(view, "lead", events, per, by, _CONVERSIONS, LEADS)


def _events(
    view: View, name: str, field: str, dated: str, states: Callable[[Column], Array], read: Sequence[str]
) -> _Events:
    """Return the changes of a field from one state to another; of rows without any, the state that they have, at its date."""
    tables, zone = view.scope.tables, view.scope.zone
    for needed in (name, "change"):
        if needed not in view:
            hint = "events are read from the changes of records; without them they are unavailable (S5)"
            raise TableNotFound(needed, tables, where="in the dataset", hint=hint if needed == "change" else "")
    for column in read:
        if f"{name}.{column}" in tables["change"].last_only:
            raise HistoryUnavailable(
                f"the source keeps only the last change of {name}.{column}: what happened before is unavailable (S5)",
                field=f"{name}.{column}",
            )
    table = tables[name]
    size = len(table)
    state, touched = states(table[field]), np.zeros(size, bool)
    found: list[tuple[Array, Array, Array]] = []
    log = logs_of(tables, zone).get(name, {}).get(field)
    if log is not None:
        pool = states(log.pool)
        old, new = pool[log.old], pool[log.new]
        turned = np.flatnonzero((old != new) & ((new > _OPEN) | (old > _OPEN) & (new > 0)) & (log.rows < size))
        found.append((log.rows[turned], log.at[turned], np.where(new > _OPEN, new, 0)[turned]))
        touched[log.rows[log.rows < size]] = True
        first = pool[log.before[:size]]
        begun = np.flatnonzero(touched & (first > _OPEN))
        found.append((begun, _dates(view, name, "created_at")[begun], first[begun]))
    still = np.flatnonzero(~touched & (state > _OPEN))
    found.append((still, _dates(view, name, dated)[still], state[still]))
    return _Events(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _dates(view: View, name: str, column: str) -> Array:
    dates = view.scope.tables[name].columns.get(column)
    if dates is None:
        return np.full(len(view.scope.tables[name]), ALWAYS)
    return np.where(dates.present(), micros(dates, view.scope.zone), ALWAYS)


def _listing(
    view: View, name: str, events: _Events, per: str, by: By, kinds: Sequence[Heading], records: Heading
) -> Listing:
    rows = view.rows(name)
    groups = groups_of(rows, by)
    place = np.full(len(view.scope.tables[name]), -1)
    place[slice(None) if rows.places is None else rows.places] = np.arange(len(rows))
    mine, known = place[events.row] >= 0, events.at > ALWAYS
    undated = int(np.count_nonzero(mine & ~known))
    kept = np.flatnonzero(mine & known)
    row, at, kind = place[events.row[kept]], events.at[kept], events.kind[kept]
    periods = periods_from(view, at, per)
    starts = np.array([p.start for p in periods], np.int64)
    period = np.searchsorted(starts, local_days(at, view.scope.zone), side="right") - 1
    used, group = np.unique(groups.code[row], return_inverse=True)
    cell = group.reshape(-1) * len(periods) + period
    size = len(used) * len(periods)
    # closed states count from 2 on; what leads back to the open one, 0, stands last
    column = np.where(kind == 0, len(kinds) - 1, kind - _OPEN - 1)
    counts = np.bincount(cell * len(kinds) + column, minlength=size * len(kinds)).reshape(size, len(kinds))
    different = np.unique(np.stack([cell, row]), axis=1)[0]
    return Listing(
        [
            *groups.columns([int(used[n // len(periods)]) for n in range(size)]),
            (PERIOD, [periods[n % len(periods)].label for n in range(size)]),
            *((heading, counts[:, n]) for n, heading in enumerate(kinds)),
            (records, np.bincount(different, minlength=size)),
        ],
        facts=[
            Fact(
                "undated",
                undated,
                "count",
                {"en": "Events without a date, left out", "zh": "无日期事件（未计入）"},
                quiet=True,
            )
        ],
        notes=[_EVENTS],
    )
