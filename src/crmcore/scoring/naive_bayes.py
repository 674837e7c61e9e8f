"""Naive Bayes: how much likelier each value of a row is among the won rows than among the lost ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from math import fsum, log
from typing import Any

import attrs
import numpy as np

from ..algebra.columns import Expr, col
from ..errors import ArgumentError, DefinitionError
from ..evaluate.rows import Rows
from ..table.column import Array, Column
from .calibration import probability_of
from .checks import known_columns, scorer_name, weight, whole
from .features import Feature, features_of, listed
from .fitted import Fitted, read_fitted
from .frequencies import DECIDED, LOST_IN, Case, Frequencies, Tables
from .outcomes import LOST, UNDECIDED, WON, Decision, check_features, decision_of, outcomes_of
from .readings import key_of
from .scores import Parts, Reason, Scores

__all__ = ["FittedBayes", "NaiveBayes", "percent"]

FORMAT = "crmcore naive bayes 1"
LARGE = 1 << 22
"""Pairs of scope and value that are counted in one array, whether they occur or not."""
BLOCK = 1 << 15
"""Rows that are scored at a time."""
STAGE = Reason("stage", {"en": "Stage", "zh": "阶段"})
PRIOR = Reason("prior", {"en": "Share of won", "zh": "总体赢单占比"})


def percent(probability: float) -> float | None:
    """Return a probability as a percentage of two decimals, from 0.01 to 99.99: what is open is never certain.

    Args:
        probability: 0 to 1, or nan.

    Undefined when: the probability is nan.

    Examples:
        >>> percent(0.33491), percent(0.9999999)
        (33.49, 99.99)
    """
    if probability != probability:  # noqa: PLR0124 - nan is not itself
        return None
    exact = (Decimal(repr(float(probability))) * 100).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    return float(min(max(exact, Decimal("0.01")), Decimal("99.99")))


@attrs.frozen(slots=False, eq=False, kw_only=True)
class NaiveBayes:
    """What a naive Bayes scorer looks at; `fit` counts and returns the scorer.

    odds = won / lost x product over fields of (won with the value / won with any) / (lost with the value / lost with any)

    Every count is a number of decided rows plus `smoothing`. A row without a value in a field, or with one that was never
    seen, gets nothing from that field. The parts of a score are the logarithms of the factors; they add up to its log-odds.

    Args:
        name: snake_case.
        table: whose rows it scores.
        features: columns, expressions or `Feature`s; each value is counted as it is, so numbers are cut by `bins` first.
        scope: a column such as "team": a row is judged by the rows of its own team, where there are any decided, and one
            without a team, or of a team without decided rows, by all rows of all teams.
        stage: the column of the stage. A won row counts in every stage, a lost one in those up to where it stands; rows are
            then judged by how many get past their stage. It has to be the stage in which a lost row was lost: where lost
            deals are moved to a stage of their own, leave it out.
        stages: the values of that column in pipeline order.
        won: which rows are won, by default those converted (leads) or won (opportunities).
        lost: which are lost; a row that is neither is undecided and teaches nothing (R5).
        smoothing: added to both counts of each value.
        known: columns that are known before the outcome in this data, though they usually are filled after it.
        revision: raised whenever the definition changes.
        labels: the name by language.

    Raises:
        DefinitionError: a name that is none, two features of one name, or one that is filled after the outcome.
        ArgumentError: features, stages or conditions that mean nothing.

    Source: published rules and figures of Odoo's predictive lead scoring; McCallum and Nigam 1998.
    """

    name: str = attrs.field(converter=scorer_name)
    table: str = "lead"
    features: tuple[Feature, ...] = attrs.field(converter=listed)
    scope: str | None = None
    stage: str | None = None
    stages: tuple[Any, ...] = attrs.field(default=(), converter=tuple)
    won: Expr | None = None
    lost: Expr | None = None
    smoothing: float = 0.1
    known: tuple[str, ...] = attrs.field(default=(), converter=known_columns)
    revision: int = 1
    labels: Mapping[str, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "features", features_of(self.name, self.features, split=True))
        whole("revision", self.revision, least=1)
        if not weight("smoothing", self.smoothing):
            raise ArgumentError("smoothing is a number above 0: without it one unseen value makes a row impossible")
        if (self.stage is None) != (not self.stages) or len(set(self.stages)) != len(self.stages):
            raise ArgumentError(
                f"stage and stages go together: stage='stage', stages=('new', 'offer', 'won'), each once; "
                f"got {self.stage!r} and {self.stages!r}"
            )
        check_features(self.name, [f.column for f in self.features], self.decision, self.known)
        clash = next((f.name for f in self.features if f.name in (STAGE.name, PRIOR.name, DECIDED, LOST_IN)), None)
        if clash is not None:
            raise DefinitionError(
                f"feature {clash!r} of {self.name!r} has the name of a reason there is already; rename it"
            )

    @cached_property
    def decision(self) -> Decision:
        """How its rows are decided."""
        return decision_of(self.table, self.won, self.lost)

    @property
    def inputs(self) -> list[Expr]:
        """What it reads of a row."""
        return [f.column for f in self.features] + [col(c) for c in (self.scope, self.stage) if c is not None]

    def fit(self, rows: Rows) -> FittedBayes:
        """Count the decided rows and return the scorer.

        Raises:
            NotFoundError: a column that is not there.
            DefinitionError: rows of another table.
        """
        return FittedBayes(self, self.counted(rows))

    def counted(self, rows: Rows) -> Frequencies:
        """Count the decided rows; those of two sets of rows add up."""
        outcome = outcomes_of(self.name, self.decision, rows)
        scopes = self._scopes(rows)
        counts: dict[tuple[Any, str, Any], tuple[int, int]] = {}

        def add(field: str, column: Column, outcome: Array, values: Sequence[Sequence[Any]]) -> None:
            for s, v, won, lost in _pairs(scopes, column, outcome):
                for value in values[v]:
                    key = (scopes.labels[s], field, value)
                    w, n = counts.get(key, (0, 0))
                    counts[key] = (w + won, n + lost)

        add(DECIDED, _constant(len(rows)), outcome, [(None,)])
        if self.stage is not None:
            stage = rows.key(self.stage)
            lost_in = np.where((outcome == LOST) & stage.present(), outcome, UNDECIDED)
            add(LOST_IN, stage, lost_in, [(label,) for label in stage.labels])
        for feature in self.features:
            column = key_of(rows, feature.column)
            add(feature.name, column, outcome, [values_in(feature, label) for label in column.labels])
        return Frequencies(counts)

    def cases(self, rows: Rows) -> list[Case]:
        """Return rows one by one, as `FittedBayes.updated` takes them."""
        outcome = outcomes_of(self.name, self.decision, rows)
        words = {WON: "won", LOST: "lost", UNDECIDED: None}
        scopes = self._scopes(rows)
        stages = None if self.stage is None else rows.key(self.stage)
        columns = [(f, key_of(rows, f.column)) for f in self.features]
        return [
            Case(
                words[int(outcome[i])],
                {f.name: values_in(f, c.labels[c.data[i]]) for f, c in columns},
                scopes.labels[scopes.data[i]],
                None if stages is None else stages.labels[stages.data[i]],
            )
            for i in range(len(rows))
        ]

    def load(self, text: str) -> FittedBayes:
        """Return the scorer that `FittedBayes.to_json` wrote.

        Raises:
            ArgumentError: no such JSON, or that of another definition.
        """
        data = read_fitted(text, self, FORMAT, "naive Bayes scorer")
        return FittedBayes(self, Frequencies.from_list(data["counts"]))

    @property
    def definition(self) -> dict[str, Any]:
        """What the counts depend on, as plain data."""
        return {
            "name": self.name,
            "table": self.table,
            "revision": self.revision,
            "features": [[f.name, repr(f.column), f.blank, f.split, f.least] for f in self.features],
            "scope": self.scope,
            "stage": self.stage,
            "stages": list(self.stages),
            "won": repr(self.decision.won),
            "lost": repr(self.decision.lost),
            "smoothing": self.smoothing,
        }

    def _scopes(self, rows: Rows) -> Column:
        return _constant(len(rows)) if self.scope is None else rows.key(self.scope)


@attrs.frozen(slots=False, eq=False)
class FittedBayes(Fitted):
    """A scorer that has counted; it scores every row as if it were open, and never looks at the outcome.

    Args:
        spec: what it looks at.
        frequencies: what was counted; `updated` and + change it without reading all rows again.
    """

    spec: NaiveBayes
    frequencies: Frequencies

    @property
    def reads(self) -> list[Expr]:
        """The expressions that it looks at."""
        return self.spec.inputs

    @property
    def summary(self) -> str:
        """What the score means."""
        n = self.frequencies.won + self.frequencies.lost
        return f"Probability of being won, by naive Bayes from {n:,} decided rows of {self.spec.table}."

    source = "McCallum and Nigam 1998; published rules of Odoo's predictive lead scoring"

    @property
    def fingerprint(self) -> str:
        """Text that differs where what was learned does."""
        return self.frequencies.fingerprint

    def score(self, rows: Rows) -> Scores:
        """Return the probability of each row.

        Undefined when: nothing was decided yet that the row could be judged by; with stages, where it has none.
        """
        scopes = self.spec._scopes(rows)
        known = np.array([self._known.get(label, 0) for label in scopes.labels], np.int32)
        columns = self._columns(rows)
        tables = self._gains(columns)
        codes = known[scopes.data] if known.size and int(known.max()) else None
        values = np.empty(len(rows))
        for start in range(0, len(rows), BLOCK):  # what is looked up and added stays in the processor's cache
            part = slice(start, start + BLOCK)
            total = np.full(values[part].size, self._priors[0]) if codes is None else self._priors[codes[part]]
            for (_, column), table in zip(columns, tables, strict=True):
                at = column.data[part]
                total += table[0].take(at) if codes is None else table[codes[part], at]
            values[part] = probability_of(total)
        if self.spec.stage is not None:
            values[~columns[0][1].present()] = np.nan
        reasons = [PRIOR, *(r for r, _ in columns)]

        def detail(places: Array) -> Parts:
            scope = known[scopes.data[places]]
            amounts = [self._priors[scope]]
            amounts += [t[scope, c.data[places]] for t, (_, c) in zip(tables, columns, strict=True)]
            missing = [np.zeros(places.size, bool)]
            missing += [~c.present()[places] & (a == 0) for a, (_, c) in zip(amounts[1:], columns, strict=True)]
            parts = np.nan_to_num(np.stack(amounts, 1), nan=0.0)  # of nothing decided there is no share
            return Parts(parts, np.stack(missing, 1))

        return Scores.of_rows(self, rows, values, reasons=reasons, parts=detail, link="logistic", unit="ratio")

    def updated(self, before: Case | None, after: Case | None) -> FittedBayes:
        """Return the scorer after one row has changed: what it was is taken away, what it is now is added.

        Args:
            before: the row as it was counted, undecided or not; None where it is new.
            after: the row as it is now; None where it is gone.

        Raises:
            DataError: `before` was never counted.
        """
        gone, come = (Frequencies.of([] if case is None else [case]) for case in (before, after))
        return FittedBayes(self.spec, self.frequencies - gone + come)

    def __add__(self, other: FittedBayes) -> FittedBayes:
        if self.spec.definition != other.spec.definition:
            raise DefinitionError(f"{self.name!r} and {other.name!r} count different things, and do not add up")
        return FittedBayes(self.spec, self.frequencies + other.frequencies)

    def counts(self, feature: str, value: Any, scope: Any = None) -> tuple[float, float] | None:
        """Return the smoothed (won, lost) of a value, as the probability uses them; None where it was never seen.

        Args:
            feature: name of a feature, or "stage".
            value: of it; None for blank.
            scope: a team; None for all together.
        """
        field = LOST_IN if feature == STAGE.name else feature
        return self._tables.get(scope, {}).get(field, {}).get(value)

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the counts and what they are of as JSON, which `NaiveBayes.load` reads."""
        data = {"format": FORMAT, "definition": self.spec.definition, "counts": self.frequencies.to_list()}
        return json.dumps(data, ensure_ascii=False, indent=indent, allow_nan=False)

    # -- inside --------------------------------------------------------------------------------------

    @cached_property
    def _tables(self) -> dict[Any, dict[str, dict[Any, tuple[float, float]]]]:
        return Tables(self.frequencies, self.spec.smoothing, self.spec.stages).by_scope()

    @cached_property
    def _known(self) -> dict[Any, int]:
        """Scope -> its place; 0 is all together."""
        return {scope: i for i, scope in enumerate((s for s in self._tables if s is not None), 1)}

    @cached_property
    def _scoped(self) -> list[dict[str, dict[Any, tuple[float, float]]]]:
        return [self._tables[None], *(self._tables[s] for s in self._known)]

    @cached_property
    def _priors(self) -> Array:
        """The log-odds that the rows of each scope start from; nan where nothing was decided."""
        return np.array([_log_ratio(self._first(t)) for t in self._scoped], np.float64)

    def _first(self, tables: Mapping[str, Mapping[Any, tuple[float, float]]]) -> tuple[float, float] | None:
        """Return the counts that the prior comes from: of the first stage, else of all decided rows."""
        if self.spec.stage is None:
            return tables.get(DECIDED, {}).get(None)
        return tables.get(LOST_IN, {}).get(self.spec.stages[0])

    def _columns(self, rows: Rows) -> list[tuple[Reason, Column]]:
        found = [] if self.spec.stage is None else [(STAGE, rows.key(self.spec.stage))]
        return found + [(f.reason, key_of(rows, f.column)) for f in self.spec.features]

    def _gains(self, columns: Sequence[tuple[Reason, Column]]) -> list[Array]:
        """Return what each label of each column adds to the log-odds, by scope: scopes x labels."""
        found = []
        if self.spec.stage is not None:
            found.append(np.array([self._stage_gains(t, columns[0][1].labels) for t in self._scoped], np.float64))
        for feature, (_, column) in zip(self.spec.features, columns[len(found) :], strict=True):
            found.append(np.array([_field_gains(feature, t, column.labels) for t in self._scoped], np.float64))
        return found

    def _stage_gains(
        self, tables: Mapping[str, Mapping[Any, tuple[float, float]]], labels: Sequence[Any]
    ) -> list[float]:
        first = self._first(tables)
        counts = tables.get(LOST_IN, {})
        return [0.0 if first is None or x not in counts else _gain(counts[x], *first) for x in labels]


def values_in(feature: Feature, label: Any) -> tuple[Any, ...]:
    """Return the values that one cell holds: none where it is blank, unless blank is a value; several for tags."""
    if label is None or label == "":
        return (None,) if feature.blank else ()
    if feature.split is None or not isinstance(label, str):
        return (label,)
    parts = dict.fromkeys(part.strip() for part in label.split(feature.split))
    return tuple(part for part in parts if part)


def _field_gains(
    feature: Feature, tables: Mapping[str, Mapping[Any, tuple[float, float]]], labels: Sequence[Any]
) -> list[float]:
    counts = tables.get(feature.name, {})
    won, lost = (
        fsum(c[i] for c in counts.values()) for i in (0, 1)
    )  # in whatever order the values came: the same bits
    enough = {v: _gain(c, won, lost) for v, c in counts.items() if sum(c) >= feature.least}
    return [sum(enough.get(v, 0.0) for v in values_in(feature, x)) for x in labels]


def _gain(counts: tuple[float, float], won: float, lost: float) -> float:
    return log(counts[0] / won) - log(counts[1] / lost)


def _log_ratio(counts: tuple[float, float] | None) -> float:
    return float("nan") if counts is None else log(counts[0]) - log(counts[1])


def _constant(n: int) -> Column:
    return Column("key", np.zeros(n, np.int8), labels=[None])


def _pairs(scopes: Column, column: Column, outcome: Array) -> Iterable[tuple[int, int, int, int]]:
    """Yield scope, code, won and lost rows for each pair of codes that decided rows have."""
    k = len(column.labels)
    size = len(scopes.labels) * k
    cell = column.data if len(scopes.labels) == 1 else scopes.data.astype(np.int64) * k + column.data
    known = None
    if size > max(LARGE, 4 * outcome.size):  # many scopes of many values: only the pairs there are
        known, cell = np.unique(cell, return_inverse=True)
        size = known.size
    # one count by pair and outcome; -1, 0 and 1 become 0, 1 and 2
    narrow = np.int16 if 3 * size < 2**15 else np.int64
    counts = np.bincount(cell.astype(narrow) * 3 + (outcome + 1), minlength=3 * size).reshape(size, 3)
    there = np.flatnonzero(counts[:, 1:].any(1))
    found = there if known is None else known[there]
    won, lost = counts[there, 1 + WON], counts[there, 1 + LOST]
    return zip((found // k).tolist(), (found % k).tolist(), won.tolist(), lost.tolist(), strict=True)
