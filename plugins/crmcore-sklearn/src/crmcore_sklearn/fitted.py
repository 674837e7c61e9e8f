"""FittedClassifier: a trained and calibrated classifier as a scorer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from hashlib import sha256
from json import dumps
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from crmcore.algebra import Expr
from crmcore.evaluate.rows import Rows
from crmcore.scoring import Isotonic, Parts, Scores
from crmcore.scoring.calibration import probability_of
from crmcore.scoring.fitted import Fitted
from crmcore.scoring.readings import values_of
from crmcore.table.column import Array

from .inputs import Inputs
from .reasons import contributions

if TYPE_CHECKING:
    from .classifier import Classifier

__all__ = ["FittedClassifier", "margins"]

BLOCK = 16_384
"""Rows that the classifier is asked about at a time."""
STEP = 64
"""Rows are asked about in multiples of this, so that the arithmetic of a row does not hang on how many there are."""
EXPLAINED = 4096
"""Rows whose reasons are found at a time."""
DIGITS = 10
"""Decimals that a margin is rounded to."""


def margins(model: Any, matrix: Array, *, own: bool = False) -> Array:
    """Return what a classifier gives rows before calibration: log-odds, distances, or probabilities.

    Rounded to ten decimals, and found in blocks of a multiple of 64 rows: vectorised sums of a row differ in their last bits
    with the number of rows, and a row alone has the score that it has among others.

    Args:
        model: trained on rows that are won (True) or lost (False).
        matrix: rows as it reads them.
        own: its probabilities, also where it has a decision function.
    """
    found = np.zeros(len(matrix))
    for start in range(0, len(matrix), BLOCK):
        part = matrix[start : start + BLOCK]
        size = len(part)
        filled = part if size % STEP == 0 else np.concatenate([part, np.repeat(part[-1:], STEP - size % STEP, 0)])
        if own or not hasattr(model, "decision_function"):
            given = np.asarray(model.predict_proba(filled), np.float64)[:, 1]
        else:
            given = np.asarray(model.decision_function(filled), np.float64)
        found[start : start + size] = given[:size]
    return np.asarray(np.round(found, DIGITS))


@attrs.frozen(slots=False, eq=False)
class FittedClassifier(Fitted):
    """A scorer with a trained classifier; it scores every row as if it were open, and never looks at the outcome.

    Args:
        spec: what it looks at.
        model: the trained classifier.
        inputs: how columns become its matrix.
        calibration: from margins to probabilities; None where the classifier's own count.
        least: the lowest probability that is given, and 1 - least the highest: 1 / (decided rows + 2).
        constant: features that were the same in all rows, and are not used.
        facts: n and positives of the rows learned from.
        seen: the margins of those rows, which tell one fit from another.
    """

    spec: Classifier
    model: Any
    inputs: Inputs
    calibration: Isotonic | None
    least: float
    constant: tuple[str, ...]
    facts: Mapping[str, int]
    seen: Array = attrs.field(repr=False)

    @property
    def reads(self) -> list[Expr]:
        """The expressions that it looks at."""
        return [p.feature.column for p in self.inputs.parts]

    @property
    def summary(self) -> str:
        """What the score means."""
        how = "its own probabilities" if self.calibration is None else "isotonic calibration"
        return (
            f"Probability of being won, by {type(self.spec.model).__name__} with {how} on {self.facts['n']:,} decided rows "
            f"of {self.spec.table}."
        )

    @property
    def source(self) -> str:
        """Where the definition comes from."""
        return f"scikit-learn {self.spec.definition['scikit-learn']}; Zadrozny and Elkan 2002; Shapley 1953"

    @cached_property
    def fingerprint(self) -> str:
        """Text that differs where what was learned does."""
        calibration = None if self.calibration is None else self.calibration.to_dict()
        text = dumps(
            [self.spec.definition, self.inputs.names, calibration, self.least], ensure_ascii=False, default=str
        )
        return sha256(text.encode() + np.ascontiguousarray(self.seen, "<f8").tobytes()).hexdigest()[:16]

    def score(self, rows: Rows) -> Scores:
        """Return the probability of each row; each is defined.

        Reasons are Shapley values against a typical row, whose features have their median or most frequent value: what the
        log-odds change when a feature's value takes the place of the typical one, averaged over the orders in which
        features do so. Up to six features it is exact; beyond, over as many orders as `Classifier.orders` says, half of
        them the others backwards. Either way base and reasons add up to the log-odds.
        """
        matrix = self.inputs.matrix(rows)
        return Scores.of_rows(
            self,
            rows,
            probability_of(self.log_odds(matrix)),
            reasons=[p.feature.reason for p in self.inputs.parts],
            parts=self._detail(rows),
            link="logistic",
            base=float(self.log_odds(self.inputs.usual()[None, :])[0]),
            unit="ratio",
        )

    def log_odds(self, matrix: Array) -> Array:
        """Return the log-odds of rows given as the classifier reads them."""
        own = self.calibration is None
        p = margins(self.model, matrix, own=own)
        if self.calibration is not None:
            p = self.calibration.at(p)
        p = np.clip(p, self.least, 1 - self.least)
        return np.asarray(np.log(p) - np.log1p(-p))

    def _detail(self, rows: Rows) -> Callable[[Array], Parts]:
        parts, usual, owners = self.inputs.parts, self.inputs.usual(), self.inputs.owners

        def some(places: Array) -> Array:
            matrix = self.inputs.matrix(rows.at(places))
            return contributions(self.log_odds, matrix, usual, owners, len(parts), self.spec.orders)

        def detail(places: Array) -> Parts:
            pieces = [some(places[start : start + EXPLAINED]) for start in range(0, places.size, EXPLAINED)]
            amounts = np.concatenate([np.zeros((0, len(parts))), *pieces])
            blank = np.stack([~values_of(rows, p.feature.column).present()[places] for p in parts], 1)
            return Parts(amounts, blank & (amounts == 0))

        return detail
