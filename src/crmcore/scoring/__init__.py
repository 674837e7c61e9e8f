"""Scoring: one score per row, with the reasons that add up to it.

A `Scorer` says which columns it needs and turns rows into `Scores`: `crmcore.score("bant", data)`. Rule schemes are data
(`Scheme`, TOML or Python). What learns - `NaiveBayes`, `LogisticRegression`, `StageChain`, or one of a plugin - is
fitted by `Workspace.fit` and gives a scorer; `evaluate` says how good scores are. Names load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .backtest import Learner as Learner
    from .calibration import brier as brier
    from .calibration import calibration_curve as calibration_curve
    from .calibration import calibration_error as calibration_error
    from .calibration import log_loss as log_loss
    from .calibration import murphy as murphy
    from .calibration import spiegelhalter_z as spiegelhalter_z
    from .discrimination import average_precision as average_precision
    from .discrimination import gain as gain
    from .discrimination import gini as gini
    from .discrimination import ks as ks
    from .discrimination import roc_auc as roc_auc
    from .evaluation import Evaluation as Evaluation
    from .evaluation import evaluate as evaluate
    from .features import Feature as Feature
    from .followup import LEADS as LEADS
    from .frequencies import Case as Case
    from .guidance import DEALS as DEALS
    from .isotonic import Isotonic as Isotonic
    from .logistic import FittedLogistic as FittedLogistic
    from .logistic import LogisticRegression as LogisticRegression
    from .naive_bayes import FittedBayes as FittedBayes
    from .naive_bayes import NaiveBayes as NaiveBayes
    from .naive_bayes import percent as percent
    from .outcomes import Decision as Decision
    from .rule import Band as Band
    from .rule import Count as Count
    from .rule import Rule as Rule
    from .rule import age_in_days as age_in_days
    from .scheme import Grading as Grading
    from .scheme import Group as Group
    from .scheme import Scheme as Scheme
    from .scheme import Step as Step
    from .scorer import Scorer as Scorer
    from .scores import Because as Because
    from .scores import Parts as Parts
    from .scores import Reason as Reason
    from .scores import Score as Score
    from .scores import Scores as Scores
    from .signals import Signal as Signal
    from .signals import Steps as Steps
    from .signals import Weights as Weights
    from .stage_chain import FittedStageChain as FittedStageChain
    from .stage_chain import StageChain as StageChain

_NAMES = {
    "backtest": "Learner",
    "calibration": "brier calibration_curve calibration_error log_loss murphy spiegelhalter_z",
    "discrimination": "average_precision gain gini ks roc_auc",
    "evaluation": "Evaluation evaluate",
    "features": "Feature",
    "followup": "LEADS",
    "frequencies": "Case",
    "guidance": "DEALS",
    "isotonic": "Isotonic",
    "logistic": "FittedLogistic LogisticRegression",
    "naive_bayes": "FittedBayes NaiveBayes percent",
    "outcomes": "Decision",
    "rule": "Band Count Rule age_in_days",
    "scheme": "Grading Group Scheme Step",
    "scorer": "Scorer",
    "scores": "Because Parts Reason Score Scores",
    "signals": "Signal Steps Weights",
    "stage_chain": "FittedStageChain StageChain",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = [
    "DEALS",
    "LEADS",
    "Band",
    "Because",
    "Case",
    "Count",
    "Decision",
    "Evaluation",
    "Feature",
    "FittedBayes",
    "FittedLogistic",
    "FittedStageChain",
    "Grading",
    "Group",
    "Isotonic",
    "Learner",
    "LogisticRegression",
    "NaiveBayes",
    "Parts",
    "Reason",
    "Rule",
    "Scheme",
    "Score",
    "Scorer",
    "Scores",
    "Signal",
    "StageChain",
    "Step",
    "Steps",
    "Weights",
    "age_in_days",
    "average_precision",
    "brier",
    "calibration_curve",
    "calibration_error",
    "evaluate",
    "gain",
    "gini",
    "ks",
    "log_loss",
    "murphy",
    "percent",
    "roc_auc",
    "spiegelhalter_z",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
