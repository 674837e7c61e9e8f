"""History: the table of changes that a constructor makes of rows of another shape, with what it noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs
import numpy as np

from ..calendars import Zone
from .column import Array
from .draft import Draft
from .issue import Issue, Rejected
from .stacked import stacked
from .values import values_of

__all__ = ["History", "untold"]

_BLOCK = 4096
_TWICE = "told twice"
_SAME = ("table", "record", "field", "new")


@attrs.frozen(slots=True, eq=False, repr=False)
class History:
    """Changes, to be given to a dataset as its table `change`; going through it gives them as dicts.

    Two histories are added with `+`; a change that both tell is taken once, and counted. What could not be read is in `issues` and `rejected`, under the row numbers of the
    input, and in those of the dataset too.

    Args:
        draft: the table, as it was made.
    """

    draft: Draft

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What was noticed."""
        return tuple(self.draft.issues)

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Rows of the input of which nothing was made, with the reason."""
        return tuple(self.draft.rejected)

    def __len__(self) -> int:
        return self.draft.length

    def __iter__(self) -> Iterator[dict[str, Any]]:
        columns = self.draft.columns
        for start in range(0, len(self), _BLOCK):
            rows: Array = np.arange(start, min(start + _BLOCK, len(self)))
            yield from (
                dict(zip(columns, values, strict=True))
                for values in zip(*(values_of(column, rows) for column in columns.values()), strict=True)
            )

    def __add__(self, other: History) -> History:
        if not isinstance(other, History):
            return NotImplemented
        first, second = self.draft, untold(self.draft, other.draft)
        issues = [*first.issues, *second.issues]
        if {first.columns["at"].kind, second.columns["at"].kind} == {"day", "instant"}:
            timed = first if first.columns["at"].kind == "instant" else second
            if timed.length:
                detail = "one of the histories that were joined has dates without a time"
                issues.append(Issue("time of day left out", "change", "at", timed.length, detail=detail))
        joined = {name: stacked(c, second.columns[name], Zone("UTC")) for name, c in first.columns.items()}
        excluded = dict(first.excluded)
        for reason, count in second.excluded.items():
            excluded[reason] = excluded.get(reason, 0) + count
        return History(
            Draft(
                "change",
                joined,
                first.length + second.length,
                issues=issues,
                rejected=[*first.rejected, *second.rejected],
                excluded=excluded,
                last_only=first.last_only | second.last_only,
            )
        )

    def __repr__(self) -> str:
        return f"History({len(self)} changes; {len(self.issues)} issues, {len(self.rejected)} rows rejected)"

    def to_draft(self) -> Draft:
        """Return the table as one that a dataset may finish."""
        return attrs.evolve(self.draft, columns=dict(self.draft.columns), excluded=dict(self.draft.excluded))


def untold(first: Draft, second: Draft) -> Draft:
    """Return the second table of changes without what the first one tells too: that of a record a field became a value then.

    Two logs of one host often do, as Salesforce's two objects. What is left out is counted in `excluded`.
    """
    ours, theirs = first.columns.get("at"), second.columns.get("at")
    if (
        ours is None
        or theirs is None
        or ours.kind != theirs.kind
        or not {*_SAME} <= {*first.columns} & {*second.columns}
    ):
        return second
    here, there = (np.flatnonzero(np.isin(a.data, b.data)) for a, b in ((ours, theirs), (theirs, ours)))
    if not here.size or not there.size:
        return second
    seen = Counter(_keys(first, here))
    twice = []
    for row, key in zip(there.tolist(), _keys(second, there), strict=True):
        if seen[key]:
            seen[key] -= 1
            twice.append(row)
    if not twice:
        return second
    kept = np.delete(np.arange(second.length), twice)
    return attrs.evolve(
        second,
        columns={name: column.take(kept) for name, column in second.columns.items()},
        length=len(kept),
        numbers=kept if second.numbers is None else second.numbers[kept],
        excluded={**second.excluded, _TWICE: second.excluded.get(_TWICE, 0) + len(twice)},
    )


def _keys(draft: Draft, rows: Array) -> Iterator[tuple[Any, ...]]:
    """Yield what is told of each of some rows, in a way that is the same for all who tell it."""
    columns = [values_of(draft.columns[name], rows) for name in _SAME]
    for table, record, field, new, at in zip(*columns, draft.columns["at"].data[rows].tolist(), strict=True):
        yield table, str(record), field, _plain(new), at


def _plain(text: str | None) -> Any:
    """Return a number however it is written, any other text as it is."""
    try:
        number = Decimal(text or "")
    except InvalidOperation:
        return text
    return number if number.is_finite() else text
