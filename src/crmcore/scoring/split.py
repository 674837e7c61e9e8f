"""Split: rows to learn from and rows to judge by, each seen as it was before its outcome was known."""

from __future__ import annotations

import attrs
import numpy as np

from ..calendars import Zone
from ..domain.schema import RECORDS, REVERTS
from ..errors import DataError, DefinitionError
from ..evaluate import Moment, Scope
from ..evaluate.rows import Rows
from ..table.column import Array, Column, Mask
from ..table.dates import local_days
from ..table.sweeps import SEEN_FROM
from ..table.table import Table
from ..table.views import reset
from ..units import DAY
from .instants import instants
from .outcomes import UNDECIDED, WON, Decision
from .rewind import rewound

__all__ = ["Split", "hindsight", "seen_from_each", "time_split"]

LATE = 2_900_000 * DAY
"""An instant of the year 9909, which nothing lies after."""


@attrs.frozen(slots=True, eq=False)
class Split:
    """Rows decided up to an instant, and rows decided after it.

    Args:
        train: decided by then, each seen as of its decision.
        test: decided later, each seen as of the split, or of its creation where that came later.
        won: of the test rows, whether each was won.
        created_later: how many of the test rows were created after the split.
        undated: decided rows of which nothing says when; they are in neither.
        undecided: rows that are in neither, as nothing has decided them yet.
    """

    train: Rows
    test: Rows
    won: Mask
    created_later: int
    undated: int
    undecided: int


def time_split(now: Rows, decision: Decision, at: Moment, then: Scope) -> Split:
    """Split rows by when they were decided.

    No row is seen with anything that its own dates place after its decision (train), or after the split and its own
    creation (test): those fields are blank, or what they were before (O8). What was overwritten without a date that
    says when - an owner, an amount, a stage - is put back where the dataset has a table `change` that says what it was;
    without one it is seen as it is now.

    Args:
        now: the rows as they are known now, with their outcomes.
        decision: how they are decided, and when.
        at: the split.
        then: the tables as of the split, which references are looked up in.

    Raises:
        DefinitionError: nothing says when rows are decided.
    """
    if decision.at is None:
        raise DefinitionError(
            f"a split in time needs to know when rows of {decision.table!r} are decided; give decided=..., a date column"
        )
    outcome = decision.of(now)
    decided, dated = instants(now.values(decision.at), now.scope.zone)
    known = outcome != UNDECIDED
    before, after = known & dated & (decided <= at.instant), known & dated & (decided > at.instant)
    made = np.full(len(now), at.instant)
    if decision.created is not None and _has(now, decision.created):
        born, there = instants(now.values(decision.created), now.scope.zone)
        made = np.where(there, np.maximum(born, at.instant), at.instant)
    chosen = np.flatnonzero(after)
    return Split(
        _seen(now, np.flatnonzero(before), decided, then),
        _seen(now, chosen, made, then),
        outcome[chosen] == WON,
        int((made[chosen] > at.instant).sum()),
        int((known & ~dated).sum()),
        int((~known).sum()),
    )


def hindsight(now: Rows, decision: Decision) -> Rows:
    """Return the decided rows, each seen as of its decision; one whose decision has no date is seen as it is now.

    Raises:
        DataError: a row of another table than the decision's.
    """
    if now.table.name != decision.table:
        raise DataError(f"rows of {decision.table!r} are decided so, got rows of {now.table.name!r}")
    chosen = np.flatnonzero(decision.of(now) != UNDECIDED)
    last = LATE if now.scope.as_of is None else now.scope.as_of.instant
    limit = np.full(len(now), last)
    if decision.at is not None:
        decided, dated = instants(now.values(decision.at), now.scope.zone)
        limit = np.where(dated, decided, last)
    return _seen(now, chosen, limit, now.scope)


def seen_from_each(table: Table, limit: Array, zone: Zone) -> Table:
    """Return a table in which each row is seen from an instant of its own: what its dates place later is undone (O8)."""
    changes: dict[str, Column] = {}
    for revert in REVERTS[table.name] if table.name in RECORDS else ():
        when = table.columns.get(revert.when)
        if when is None or when.kind not in ("instant", "day"):
            continue
        late = _is_after(when, limit, zone)
        if late.any():
            for name, value in revert.resets.items():
                if name in table.columns:
                    changes[name] = reset(changes.get(name, table.columns[name]), late, value)
    changes[SEEN_FROM] = Column("instant", limit.astype(np.int64), limit < LATE)
    return table.replace(changes)


def _is_after(column: Column, limit: Array, zone: Zone) -> Mask:
    """Return which dates lie after the instant of their row; a date means the end of its day (T8)."""
    if column.kind == "day":
        days = local_days(limit, zone).astype(np.int64)
        ends, _ = instants(Column("day", days), zone)
        limit = np.where(limit >= ends, days, days - 1)
    late: Mask = column.data > limit
    return late & column.present()


def _seen(now: Rows, places: Array, limit: Array, scope: Scope) -> Rows:
    seen = seen_from_each(now.at(places).as_table(), limit[places], scope.zone)
    return Rows(rewound(seen, limit[places], now.scope.known, scope.zone), scope, None)


def _has(rows: Rows, expr: object) -> bool:
    return getattr(expr, "name", None) in rows.table.columns
