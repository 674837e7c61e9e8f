"""Outcomes: which rows are positive, which negative, when that was decided, and which columns only say so afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs
import numpy as np

from ..algebra.columns import Expr, coalesce, col, lit, maybe
from ..algebra.walk import columns_of
from ..domain.schema import RECORDS, REVERTS
from ..errors import ArgumentError, DefinitionError
from ..evaluate.rows import Rows
from ..table.column import Array

__all__ = [
    "LEAD",
    "LOST",
    "OPPORTUNITY",
    "UNDECIDED",
    "WON",
    "Decision",
    "check_features",
    "decision_of",
    "leaked",
    "outcomes_of",
]

WON, LOST, UNDECIDED = 1, 0, -1

MOVED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lead": ("account", "contact", "deleted", "merged_into", "status"),
        "opportunity": (
            *("archived", "deleted", "first_won_at", "forecast_category", "merged_into", "probability", "reopened"),
            *("stage", "stage_entered_at"),
        ),
    }
)
"""Table -> columns that change with the outcome and keep no trace of what they were before."""


@attrs.frozen(slots=True, eq=False)
class Decision:
    """How the rows of a table are decided.

    Args:
        table: whose rows.
        won: a condition that holds for positives; it is looked at first.
        lost: one that holds for negatives. A row of which neither holds is undecided, which is not lost (R5).
        at: when it was decided; None where nothing says so.
        created: when the row came to be.
    """

    table: str
    won: Expr
    lost: Expr
    at: Expr | None = None
    created: Expr | None = None

    def of(self, rows: Rows) -> Array:
        """Return 1 for each won row, 0 for each lost one, -1 where it is not decided.

        Raises:
            ArgumentError: what says who won or lost is no condition, or no column says who lost.
        """
        won, lost = _flags(self.won, rows, "won"), _flags(self.lost, rows, "lost")
        kinds = np.array([WON, LOST, UNDECIDED], np.int8)
        found: Array = np.where(won, kinds[0], np.where(lost, kinds[1], kinds[2]))
        return found


def _flags(condition: Expr, rows: Rows, which: str) -> Array:
    column = rows.values(condition)
    if column.kind != "flag":
        raise ArgumentError(f"{which}={condition!r} is no condition; give one such as col('status') == 'lost'")
    return np.asarray(column.data & column.present())


LEAD = Decision(
    "lead",
    col("converted") == lit(True),
    col("lost_at").not_null(),
    coalesce(maybe("converted_at"), maybe("lost_at")),
    col("created_at"),
)
OPPORTUNITY = Decision(
    "opportunity", col("outcome") == "won", col("outcome") == "lost", col("closed_at"), col("created_at")
)
_KNOWN = {"lead": LEAD, "opportunity": OPPORTUNITY}


def decision_of(
    table: str, won: Expr | None = None, lost: Expr | None = None, decided: Expr | str | None = None
) -> Decision:
    """Return how the rows of a table are decided: as usual for leads and opportunities, or as given.

    Raises:
        ArgumentError: a table of the host's own without `won` and `lost`, or what is no condition.
    """
    known = _KNOWN.get(table)
    for name, given in (("won", won), ("lost", lost)):
        if given is None and known is None:
            raise ArgumentError(
                f"which rows of table {table!r} are {name}? give {name}=..., such as col('state') == {name!r}; "
                f"only for {' and '.join(_KNOWN)} it is known"
            )
        if given is not None and not isinstance(given, Expr):
            raise ArgumentError(f"{name} is a condition such as col('status') == {name!r}, got {given!r}")
    at = col(decided) if isinstance(decided, str) else decided
    if known is None:
        assert won is not None
        assert lost is not None
        return Decision(table, won, lost, at, col("created_at"))
    return attrs.evolve(
        known,
        won=known.won if won is None else won,
        lost=known.lost if lost is None else lost,
        at=known.at if at is None else at,
    )


def outcomes_of(scorer: str, decision: Decision, rows: Rows) -> Array:
    """Return the outcome of each row that a scorer learns from.

    Raises:
        DefinitionError: rows of another table.
    """
    if rows.table.name != decision.table:
        raise DefinitionError(f"scorer {scorer!r} learns from rows of {decision.table!r}, got {rows.table.name!r}")
    return decision.of(rows)


def leaked(decision: Decision) -> dict[str, str]:
    """Return the columns that a score may not look at -> why: what is filled with, or changed by, the outcome.

    Those are the columns that decide, whatever goes back together with them when the past is looked at (O8), and those
    that change with the outcome without a date that would say when.
    """
    reads = {
        n.partition(".")[0] for e in (decision.won, decision.lost, decision.at) if e is not None for n in columns_of(e)
    }
    found = dict.fromkeys(sorted(reads), "it says how the row was decided")
    if decision.table in RECORDS:
        for revert in REVERTS[decision.table]:
            if reads & revert.resets.keys():
                found |= {n: "it is filled when the row is decided" for n in revert.resets if n not in found}
        found |= {
            n: "it changes with the outcome, and what it was before is not kept"
            for n in MOVED.get(decision.table, ())
            if n not in found
        }
    return found


def check_features(scorer: str, features: Iterable[Expr], decision: Decision, known: Iterable[str] = ()) -> None:
    """Check that no feature looks at what is filled after the outcome.

    Args:
        scorer: whose features.
        features: what it reads.
        decision: how its rows are decided.
        known: columns that are known before the outcome in this data, though they usually are not.

    Raises:
        DefinitionError: a leaked column, and why it is one.
    """
    why, stated = leaked(decision), frozenset(known)
    for feature in features:
        for name in columns_of(feature):
            head = name.partition(".")[0]
            if head in why and (head not in stated or why[head].startswith("it says")):
                raise DefinitionError(
                    f"scorer {scorer!r} cannot learn from {name!r} of {decision.table!r}: {why[head]}, so a score for "
                    "open rows would rest on what nobody knows yet; leave it out"
                    + (
                        ""
                        if why[head].startswith("it says")
                        else f", or state known=({head!r},) where it is known before"
                    ),
                    column=name,
                )
