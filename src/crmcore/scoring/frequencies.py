"""Frequencies: how many won and lost rows have each value of each field. They add up, and can be taken away again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from json import dumps
from typing import Any

import attrs

from ..errors import ArgumentError, DataError
from ..table.column import sort_key

__all__ = ["DECIDED", "LOST_IN", "Case", "Frequencies", "Tables"]

DECIDED = ""
"""The field of all decided rows; its only value is None."""
LOST_IN = "<stage>"
"""The field of the stages that lost rows stand in."""

Key = tuple[Any, str, Any]
Pair = tuple[int, int]
Table = dict[Any, tuple[float, float]]


@attrs.frozen(slots=True)
class Case:
    """One row as frequencies see it.

    Args:
        outcome: "won", "lost" or None; what is not decided counts nowhere.
        values: field -> its values; none where it is blank, several for tags.
        scope: the team it belongs to, or None.
        stage: where it stands, where stages count.
    """

    outcome: str | None = attrs.field(validator=attrs.validators.in_(("won", "lost", None)))
    values: Mapping[str, Sequence[Any]] = attrs.field(factory=dict)
    scope: Any = None
    stage: Any = None


@attrs.frozen(slots=True)
class Frequencies:
    """Counts of won and lost rows by scope, field and value: whole numbers, which merge and retract exactly.

    What a table shows is such a count plus the smoothing; a value behind which no row stands has no row in it. So the
    state depends on the rows alone, never on how they came and went.

    Args:
        counts: (scope, field, value) -> (won, lost), both not below 0 and one above.
    """

    counts: Mapping[Key, Pair] = attrs.field(factory=dict)

    @classmethod
    def of(cls, cases: Iterable[Case]) -> Frequencies:
        """Count cases."""
        counts: dict[Key, Pair] = {}
        for case in cases:
            if case.outcome is None:
                continue
            won = case.outcome == "won"
            keys: list[Key] = [(case.scope, DECIDED, None)]
            keys += [(case.scope, field, v) for field, values in case.values.items() for v in dict.fromkeys(values)]
            if case.stage is not None and not won:
                keys.append((case.scope, LOST_IN, case.stage))
            for key in keys:
                w, lost = counts.get(key, (0, 0))
                counts[key] = (w + 1, lost) if won else (w, lost + 1)
        return cls(counts)

    def __add__(self, other: Frequencies) -> Frequencies:
        return self._with(other, 1)

    def __sub__(self, other: Frequencies) -> Frequencies:
        return self._with(other, -1)

    def _with(self, other: Frequencies, sign: int) -> Frequencies:
        counts = dict(self.counts)
        for key, (won, lost) in other.counts.items():
            w, n = counts.get(key, (0, 0))
            found = (w + sign * won, n + sign * lost)
            if min(found) < 0:
                scope, field, value = key
                raise DataError(
                    f"cannot take away {won} won and {lost} lost rows with {field or 'any field'} {value!r}"
                    f"{'' if scope is None else f' of {scope!r}'}: there are {w} and {n}; take away only what was counted"
                )
            if any(found):
                counts[key] = found
            else:
                del counts[key]
        return Frequencies(counts)

    def merged(self, scope: Any, into: Any = None) -> Frequencies:
        """Return the frequencies with one scope's counts added to another's, as when a team is dissolved."""
        moved = Frequencies({(into, f, v): c for (s, f, v), c in self.counts.items() if s == scope and s is not None})
        return Frequencies({k: c for k, c in self.counts.items() if k[0] != scope or scope is None}) + moved

    @property
    def won(self) -> int:
        """Number of won rows."""
        return sum(won for (_, field, _), (won, _) in self.counts.items() if field == DECIDED)

    @property
    def lost(self) -> int:
        """Number of lost rows."""
        return sum(lost for (_, field, _), (_, lost) in self.counts.items() if field == DECIDED)

    def to_list(self) -> list[list[Any]]:
        """Return [scope, field, value, won, lost] for each count, in order; plain data, ready for JSON."""
        found = [[*key, *pair] for key, pair in self.counts.items()]
        return sorted(found, key=lambda r: (r[1], r[0] is not None, sort_key(r[0]), r[2] is not None, sort_key(r[2])))

    @classmethod
    def from_list(cls, rows: Iterable[Sequence[Any]]) -> Frequencies:
        """Return the frequencies of `to_list`.

        Raises:
            ArgumentError: a row that is no count.
        """
        counts: dict[Key, Pair] = {}
        for row in rows:
            whole = len(row) == 5 and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in row[3:])
            if not whole or not any(row[3:]):
                raise ArgumentError(f"a count is [scope, field, value, won, lost] with whole numbers, got {row!r}")
            counts[row[0], row[1], row[2]] = (row[3], row[4])
        return cls(counts)

    @property
    def fingerprint(self) -> str:
        """Text that differs where the counts do."""
        return sha256(dumps(self.to_list(), ensure_ascii=False, default=str).encode()).hexdigest()[:16]


@attrs.frozen(slots=True, eq=False)
class Tables:
    """The smoothed counts of one scope, or of all together: what a probability is made of.

    Args:
        frequencies: the whole counts.
        smoothing: added to both counts of each row of a table; over several scopes it adds up, as they do.
        stages: values of the stage in pipeline order, or none.
    """

    frequencies: Frequencies
    smoothing: float
    stages: tuple[Any, ...] = ()

    def by_scope(self) -> dict[Any, dict[str, Table]]:
        """Return field -> value -> (won, lost) for each scope that has rows; under None for all together."""
        own: dict[Any, dict[str, dict[Any, Pair]]] = {}
        for (scope, field, value), pair in self.frequencies.counts.items():
            own.setdefault(scope, {}).setdefault(field, {})[value] = pair
        together: dict[str, dict[Any, list[int]]] = {}
        found: dict[Any, dict[str, Table]] = {}
        for scope, fields in own.items():
            fields[LOST_IN] = self._by_stage(fields)
            for field, values in fields.items():
                for value, (won, lost) in values.items():
                    entry = together.setdefault(field, {}).setdefault(value, [0, 0, 0])
                    entry[0] += won
                    entry[1] += lost
                    entry[2] += 1
            if scope is not None:
                found[scope] = {f: {v: self._smooth(*p, 1) for v, p in vs.items()} for f, vs in fields.items()}
        found[None] = {f: {v: self._smooth(*e) for v, e in vs.items()} for f, vs in together.items()}
        return found

    def _smooth(self, won: int, lost: int, rows: int) -> tuple[float, float]:
        return won + self.smoothing * rows, lost + self.smoothing * rows

    def _by_stage(self, fields: Mapping[str, Mapping[Any, Pair]]) -> dict[Any, Pair]:
        """Return the counts of each stage: a won row counts in all of them, a lost one up to where it stands."""
        won = fields[DECIDED][None][0]
        lost_in = fields.get(LOST_IN, {})
        found: dict[Any, Pair] = {}
        lost = 0
        for stage in reversed(self.stages):
            lost += lost_in.get(stage, (0, 0))[1]
            if won or lost:
                found[stage] = (won, lost)
        return found
