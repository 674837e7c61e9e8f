"""Scoring: one score per row, with the reasons that add up to it.

A `Scorer` says which columns it needs and turns rows into `Scores`: `crmcore.score("bant", data)`. Rule schemes are data
(`Scheme`, TOML or Python); learned scorers fit the same contract.
"""

from __future__ import annotations

from .rule import Band, Count, Rule, age_in_days
from .scheme import Grading, Group, Scheme, Step
from .scorer import Scorer
from .scores import Because, Parts, Reason, Score, Scores

__all__ = [
    "Band",
    "Because",
    "Count",
    "Grading",
    "Group",
    "Parts",
    "Reason",
    "Rule",
    "Scheme",
    "Score",
    "Scorer",
    "Scores",
    "Step",
    "age_in_days",
]
