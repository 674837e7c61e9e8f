"""Classifier: what a scorer made of a scikit-learn classifier looks at; `fit` trains and calibrates it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import attrs
import numpy as np
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.model_selection import StratifiedKFold

from crmcore.algebra import Expr
from crmcore.errors import ArgumentError, DataError
from crmcore.evaluate.rows import Rows
from crmcore.scoring import Decision, Feature, Isotonic
from crmcore.scoring.checks import known_columns, scorer_name, whole
from crmcore.scoring.features import features_of, listed
from crmcore.scoring.outcomes import UNDECIDED, WON, check_features, decision_of, outcomes_of
from crmcore.table.column import Array

from .fitted import FittedClassifier, margins
from .inputs import inputs_of

__all__ = ["Classifier"]


@attrs.frozen(slots=False, eq=False, kw_only=True)
class Classifier:
    """What a scikit-learn classifier looks at; `Workspace.fit` trains it and gives the scorer.

    The rows are cut into `folds`; each is given a margin by a classifier that was trained on the others. The rising step
    function that is nearest to what came of those margins (isotonic regression) makes probabilities of them. Then the
    classifier is trained on all rows. The same rows, in any order, give the same scorer to the last bit.

    Args:
        name: snake_case.
        table: whose rows it scores.
        model: an unfitted classifier or pipeline with `decision_function` or `predict_proba`; it is cloned. A
            `random_state` that is None becomes `seed`.
        features: columns, expressions or `Feature`s. A date is no feature; a length of time, `elapsed(...)`, is one.
        raw: give the classifier an array of objects with one column per feature - numbers with nan, values with None - as
            a pipeline expects that encodes them itself. Else numbers are centred at their median and divided by their
            standard deviation, a blank is the median and has a column that says so, and each value that
            `Feature(least=...)` rows have is a column of 0 and 1.
        folds: parts for calibration; 0 trusts the classifier's own probabilities.
        seed: for every `random_state` that is None.
        orders: at how many orders of replacing features the reasons are averaged where there are more than `exact` of them.
        won: which rows are won, by default those converted (leads) or won (opportunities).
        lost: which are lost; a row that is neither is undecided and teaches nothing (R5).
        known: columns that are known before the outcome in this data, though they usually are filled after it.
        revision: raised whenever the definition changes.
        labels: the name by language.

    Raises:
        DefinitionError: a name that is none, two features of one name, or one that is filled after the outcome.
        ArgumentError: no classifier, or features, folds or conditions that mean nothing.

    Rules: R5, O8.
    """

    name: str = attrs.field(converter=scorer_name)
    table: str = "lead"
    model: Any
    features: tuple[Feature, ...] = attrs.field(converter=listed)
    raw: bool = False
    folds: int = 5
    seed: int = 0
    orders: int = 16
    won: Expr | None = None
    lost: Expr | None = None
    known: tuple[str, ...] = attrs.field(default=(), converter=known_columns)
    revision: int = 1
    labels: Mapping[str, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "features", features_of(self.name, self.features))
        whole("revision", self.revision, least=1)
        whole("seed", self.seed)
        whole("orders", self.orders, least=1)
        if whole("folds", self.folds) == 1:
            raise ArgumentError("folds is 0, or at least 2: one part leaves nothing to train on")
        check_model(self.model, calibrated=bool(self.folds))
        check_features(self.name, [f.column for f in self.features], self.decision, self.known)

    @cached_property
    def decision(self) -> Decision:
        """How its rows are decided."""
        return decision_of(self.table, self.won, self.lost)

    @property
    def definition(self) -> dict[str, Any]:
        """What the scorer depends on besides the rows, as plain data."""
        return {
            "name": self.name,
            "table": self.table,
            "revision": self.revision,
            "features": [[f.name, repr(f.column), f.least] for f in self.features],
            "model": repr(self.model),
            "raw": self.raw,
            "folds": self.folds,
            "seed": self.seed,
            "orders": self.orders,
            "won": repr(self.decision.won),
            "lost": repr(self.decision.lost),
            "scikit-learn": sklearn.__version__,
        }

    def fit(self, rows: Rows) -> FittedClassifier:
        """Train and calibrate, and return the scorer.

        Raises:
            NotFoundError: a column that is not there.
            DefinitionError: rows of another table, or a feature that is a date.
            DataError: rows that are all won or all lost, fewer of either than there are folds, features that tell nothing, or
                a classifier that cannot be trained on them.
        """
        outcome = outcomes_of(self.name, self.decision, rows)
        ids = [str(i) for i in rows.ids()]
        order = sorted(np.flatnonzero(outcome != UNDECIDED).tolist(), key=lambda i: ids[i])
        places = np.array(order, np.int64)  # in the order of their ids, so that the order they came in cannot matter
        decided, won = rows.at(places), outcome[places] == WON
        self._check_outcomes(won)
        inputs, constant = inputs_of(self.features, decided, raw=self.raw)
        if not inputs.parts:
            raise DataError(
                f"scorer {self.name!r}: {', '.join(constant)} are the same in all {len(won):,} decided rows, and tell nothing"
            )
        matrix = inputs.matrix(decided)
        calibration = None
        least = 1 / (len(won) + 2)
        if self.folds:
            held = np.zeros(len(won))
            for train, test in StratifiedKFold(self.folds).split(matrix, won):
                held[test] = margins(self._trained(matrix[train], won[train]), matrix[test])
            calibration = Isotonic.fitted(held, won, least=least)
        model = self._trained(matrix, won)
        facts = {"n": len(won), "positives": int(won.sum())}
        return FittedClassifier(self, model, inputs, calibration, least, constant, facts, margins(model, matrix))

    def _trained(self, matrix: Array, won: Array) -> Any:
        model = clone(self.model)
        unset = {
            k: self.seed for k, v in model.get_params().items() if k.rpartition("__")[2] == "random_state" and v is None
        }
        try:
            return model.set_params(**unset).fit(matrix, won)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise DataError(f"scorer {self.name!r}: {type(self.model).__name__} cannot be trained: {error}") from error

    def _check_outcomes(self, won: Array) -> None:
        n, k = len(won), int(won.sum())
        if not 0 < k < n:
            what = "no decided row" if not n else f"all {n:,} decided rows are {'won' if k else 'lost'}"
            raise DataError(f"scorer {self.name!r} has nothing to learn from: {what}; it needs rows of both outcomes")
        if self.folds and min(k, n - k) < self.folds:
            raise DataError(
                f"scorer {self.name!r}: {k:,} won and {n - k:,} lost rows are too few for {self.folds} folds, each of which needs "
                f"one of either; give folds={min(k, n - k) if min(k, n - k) > 1 else 0}"
            )


def check_model(model: Any, *, calibrated: bool) -> None:
    """Raise where something is no classifier that gives margins, or probabilities where it is not calibrated."""
    if isinstance(model, type) or not hasattr(model, "get_params") or not is_classifier(model):
        hint = "; give an object: HistGradientBoostingClassifier()" if isinstance(model, type) else ""
        raise ArgumentError(f"model is a scikit-learn classifier or a pipeline that ends in one, got {model!r}{hint}")
    if not hasattr(model, "predict_proba") and not (calibrated and hasattr(model, "decision_function")):
        raise ArgumentError(
            f"{type(model).__name__} gives no probabilities"
            + ("" if calibrated else "; with folds=5 they are made of its decision_function by isotonic calibration")
        )
