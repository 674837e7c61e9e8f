"""Logistic regression: log-odds as a sum of what each column gives, fitted by maximum likelihood."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from math import erfc, sqrt
from typing import Any

import attrs
import numpy as np

from ..algebra.columns import Expr
from ..errors import DataError
from ..evaluate.rows import Rows
from ..state.listing import Fact, Heading, Listing
from ..table.column import Array
from .calibration import probability_of
from .checks import known_columns, scorer_name, weight, whole
from .design import Encoded, Levels, Scaled, encoded
from .features import Feature, features_of, listed
from .fitted import Fitted, read_fitted
from .irls import Solution, dependent, maximised
from .outcomes import UNDECIDED, WON, Decision, check_features, decision_of, outcomes_of
from .scores import Parts, Scores
from .terms import LevelTerm, NumberTerm, Term, term_from

__all__ = ["FittedLogistic", "LogisticRegression"]

FORMAT = "crmcore logistic regression 1"
SURE = 15.0
"""Size of a standardised coefficient beyond which the outcomes are parted rather than weighed."""

_HEADINGS = [
    Heading("column", "label", {"en": "Column", "zh": "列"}),
    Heading("coefficient", "score", {"en": "Coefficient", "zh": "系数"}),
    Heading("standard_error", "score", {"en": "Standard error", "zh": "标准误"}),
    Heading("z", "score", {"en": "z", "zh": "z值"}),
    Heading("p", "score", {"en": "p", "zh": "p值"}),
]


@attrs.frozen(slots=False, eq=False, kw_only=True)
class LogisticRegression:
    """What a logistic regression looks at; `fit` finds the coefficients and returns the scorer.

    ln(p / (1 - p)) = intercept + sum of coefficient x value

    A column of categories, or a flag, has a coefficient for each value but the most frequent one; blank is a value of its
    own, and so are, together, the values that fewer than `Feature(least=...)` rows have. A value that was never seen gives
    what the values seen give on average. A column of numbers has one coefficient; a blank stands at the mean, with a
    coefficient of its own. A column that is the same in all rows tells nothing and is left out.

    Args:
        name: snake_case.
        table: whose rows it scores.
        features: columns, expressions or `Feature`s. A date is no feature; a length of time, `elapsed(...)`, is one.
        ridge: lambda of the penalty lambda / 2 x sum of squared coefficients, numbers standardised, the intercept free.
            0, the default, is plain maximum likelihood, which refuses columns that follow from each other and values
            that part won from lost; a little, such as 1, answers then too, with coefficients drawn towards 0.
        won: which rows are won, by default those converted (leads) or won (opportunities).
        lost: which are lost; a row that is neither is undecided and teaches nothing (R5).
        known: columns that are known before the outcome in this data, though they usually are filled after it.
        revision: raised whenever the definition changes.
        labels: the name by language.

    Raises:
        DefinitionError: a name that is none, two features of one name, or one that is filled after the outcome.
        ArgumentError: features, a ridge or conditions that mean nothing.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed.
    """

    name: str = attrs.field(converter=scorer_name)
    table: str = "lead"
    features: tuple[Feature, ...] = attrs.field(converter=listed)
    ridge: float = 0.0
    won: Expr | None = None
    lost: Expr | None = None
    known: tuple[str, ...] = attrs.field(default=(), converter=known_columns)
    revision: int = 1
    labels: Mapping[str, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "features", features_of(self.name, self.features))
        whole("revision", self.revision, least=1)
        weight("ridge", self.ridge)
        check_features(self.name, [f.column for f in self.features], self.decision, self.known)

    @cached_property
    def decision(self) -> Decision:
        """How its rows are decided."""
        return decision_of(self.table, self.won, self.lost)

    def fit(self, rows: Rows) -> FittedLogistic:
        """Find the coefficients and return the scorer.

        Raises:
            NotFoundError: a column that is not there.
            DefinitionError: rows of another table, or a feature that cannot be weighed.
            DataError: rows that are all won or all lost; without a ridge, columns that follow from each other, or a value
                that parts won from lost, whose coefficient would be infinite.
        """
        outcome = outcomes_of(self.name, self.decision, rows)
        decided = np.flatnonzero(outcome != UNDECIDED)
        won = (outcome[decided] == WON).astype(np.float64)
        if not decided.size or won.min() == won.max():
            said = (
                "none is decided"
                if not decided.size
                else f"all {decided.size:,} decided are {'won' if won[0] else 'lost'}"
            )
            raise DataError(f"scorer {self.name!r} learns from won and lost rows, and of {len(rows):,} rows {said}")
        matrix, constant = encoded(self.features, rows.at(decided), won)
        if not self.ridge:
            self._check(matrix, won)
        penalty = np.full(matrix.width, float(self.ridge))
        penalty[0] = 0.0
        found = maximised(matrix.blocks, penalty)
        if not self.ridge:
            self._check_finite(matrix, found)
        return _fitted(self, matrix, found, constant)

    def load(self, text: str) -> FittedLogistic:
        """Return the scorer that `FittedLogistic.to_json` wrote.

        Raises:
            ArgumentError: no such JSON, or that of another definition.
        """
        data = read_fitted(text, self, FORMAT, "logistic regression")
        by_name = {f.name: f for f in self.features}
        terms = tuple(term_from(by_name[t["feature"]], t) for t in data["terms"])
        table = tuple((str(n), float(b), float(e)) for n, b, e in data["coefficients"])
        return FittedLogistic(
            self, float(data["intercept"]), terms, table, tuple(data["constant"]), dict(data["facts"])
        )

    @property
    def definition(self) -> dict[str, Any]:
        """What the coefficients depend on, as plain data."""
        return {
            "name": self.name,
            "table": self.table,
            "revision": self.revision,
            "features": [[f.name, repr(f.column), f.least] for f in self.features],
            "ridge": self.ridge,
            "won": repr(self.decision.won),
            "lost": repr(self.decision.lost),
        }

    def _check(self, matrix: Encoded, won: Array) -> None:
        """Raise where a value has one outcome only, or a column follows from others."""
        helps = "give a ridge such as ridge=1"
        for part in matrix.parts:
            for i, name in enumerate(part.names):
                if isinstance(part, Levels):
                    hit = won[part.codes == i]
                elif i == 1 and part.blank is not None:
                    hit = won[part.blank]
                else:
                    continue
                if hit.min() == hit.max():
                    raise DataError(
                        f"scorer {self.name!r}: all {hit.size:,} rows with {name} are {'won' if hit[0] else 'lost'}, so its "
                        f"coefficient is infinite; {helps}, or pool rare values with Feature({part.feature.name!r}, least=...)"
                    )
            if isinstance(part, Levels):
                hit = won[part.codes < 0]
                if hit.min() == hit.max():
                    raise DataError(
                        f"scorer {self.name!r}: all {hit.size:,} rows with {part.feature.name} = {part.base} are "
                        f"{'won' if hit[0] else 'lost'}, so the coefficients of the others are infinite; {helps}"
                    )
        follows = dependent(matrix.blocks, matrix.width)
        if follows is not None:
            names = matrix.names
            raise DataError(
                f"scorer {self.name!r}: column {names[follows]!r} follows from {', '.join(map(repr, names[1:follows])) or 'nothing'}"
                f" in these {won.size:,} rows, so their coefficients are not to be told apart; leave it out, or {helps}"
            )

    def _check_finite(self, matrix: Encoded, found: Solution) -> None:
        most = int(np.argmax(np.abs(found.coefficients[1:]))) + 1 if matrix.width > 1 else 0
        if found.converged and abs(found.coefficients[most]) < SURE:
            return
        raise DataError(
            f"scorer {self.name!r}: the columns part won from lost rows completely, {matrix.names[most]!r} above all, so their "
            "coefficients are infinite; look whether it is filled after the outcome, or give a ridge such as ridge=1"
        )


@attrs.frozen(slots=False, eq=False)
class FittedLogistic(Fitted):
    """A scorer with coefficients; it scores every row as if it were open, and never looks at the outcome.

    Args:
        spec: what it looks at.
        intercept: the log-odds before any column.
        terms: what each column gives.
        columns: column, coefficient, standard error, as `coefficients` lists them.
        constant: features that were the same in all rows, and so are in no term.
        facts: n, positives, log-likelihood and rounds of the fit.
    """

    spec: LogisticRegression
    intercept: float
    terms: tuple[Term, ...]
    columns: tuple[tuple[str, float, float], ...]
    constant: tuple[str, ...]
    facts: Mapping[str, Any]

    source = "McCullagh and Nelder, Generalized Linear Models, 2nd ed."

    @property
    def reads(self) -> list[Expr]:
        """The expressions that it looks at."""
        return [t.feature.column for t in self.terms]

    @property
    def summary(self) -> str:
        """What the score means."""
        return f"Probability of being won, by logistic regression on {self.facts['n']:,} decided rows of {self.spec.table}."

    @property
    def fingerprint(self) -> str:
        """Text that differs where what was learned does."""
        return sha256(self.to_json().encode()).hexdigest()[:16]

    @property
    def coefficients(self) -> Listing:
        """Coefficient, standard error, z and p of each column; with a ridge the errors are of the penalised fit."""
        names = [n for n, _, _ in self.columns]
        b, e = (np.array([row[i] for row in self.columns], np.float64) for i in (1, 2))
        z = np.divide(b, e, out=np.full(b.size, np.nan), where=e > 0)
        p = [erfc(abs(x) / sqrt(2)) for x in z.tolist()]
        facts = [
            Fact("n", self.facts["n"], "count", {"en": "Rows", "zh": "样本数"}),
            Fact("positives", self.facts["positives"], "count", {"en": "Won", "zh": "赢单数"}),
            Fact("log_likelihood", self.facts["log_likelihood"], "score", {"en": "Log-likelihood", "zh": "对数似然"}),
            Fact("ridge", self.spec.ridge, "number", {"en": "Ridge", "zh": "岭惩罚"}),
        ]
        left = ", ".join(self.constant)
        note = {"en": f"The same in all rows, and left out: {left}.", "zh": f"在所有样本中相同，已排除：{left}。"}
        return Listing(
            list(zip(_HEADINGS, [names, b, e, z, p], strict=True)), facts=facts, notes=[note] if self.constant else []
        )

    def score(self, rows: Rows) -> Scores:
        """Return the probability of each row; each is defined."""
        total = np.full(len(rows), self.intercept)
        for term in self.terms:
            total += term.amounts(rows)[0]

        def detail(places: Array) -> Parts:
            found = [term.amounts(rows.at(places)) for term in self.terms]
            none = np.zeros((places.size, 0))
            if not found:
                return Parts(none, none.astype(bool))
            amounts = np.stack([a for a, _ in found], 1)
            return Parts(amounts, np.stack([m for _, m in found], 1) & (amounts == 0))

        return Scores.of_rows(
            self,
            rows,
            probability_of(total),
            reasons=[t.feature.reason for t in self.terms],
            parts=detail,
            link="logistic",
            base=self.intercept,
            unit="ratio",
        )

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the coefficients and what they are of as JSON, which `LogisticRegression.load` reads."""
        data = {
            "format": FORMAT,
            "definition": self.spec.definition,
            "intercept": self.intercept,
            "terms": [t.to_dict() for t in self.terms],
            "coefficients": [list(row) for row in self.columns],
            "constant": list(self.constant),
            "facts": dict(self.facts),
        }
        return json.dumps(data, ensure_ascii=False, indent=indent, allow_nan=False)


def _fitted(spec: LogisticRegression, matrix: Encoded, found: Solution, constant: Sequence[str]) -> FittedLogistic:
    """Return the scorer, its coefficients in the units of the columns."""
    unscaled = np.eye(matrix.width)
    terms: list[Term] = []
    at = 1
    for part in matrix.parts:
        if isinstance(part, Scaled):
            unscaled[at, at] = 1 / part.spread
            unscaled[0, at] = -part.mean / part.spread
        at += part.width
    b = unscaled @ found.coefficients
    errors = np.sqrt(np.maximum(np.diag(unscaled @ found.covariance @ unscaled.T), 0))
    at = 1
    for part in matrix.parts:
        own = b[at : at + part.width].tolist()
        if isinstance(part, Scaled):
            blank = own[0] * part.mean + (own[1] if part.blank is not None else 0.0)
            terms.append(NumberTerm(part.feature, own[0], blank))
        else:
            pooled = own[-1] if part.pooled else float(np.dot(part.shares, own))
            several = list(zip(part.labels, own, strict=True))[: len(own) - part.pooled]
            terms.append(LevelTerm(part.feature, {part.base: 0.0, **dict(several)}, pooled))
        at += part.width
    return FittedLogistic(
        spec,
        float(b[0]),
        tuple(terms),
        tuple(zip(matrix.names, b.tolist(), errors.tolist(), strict=True)),
        tuple(constant),
        {
            "n": int(matrix.outcome.size),
            "positives": int(matrix.outcome.sum()),
            "log_likelihood": found.log_likelihood,
            "rounds": found.rounds,
        },
    )
