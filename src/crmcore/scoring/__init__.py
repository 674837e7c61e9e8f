"""Scoring: one score per row, with the reasons that add up to it.

A `Scorer` says which columns it needs and turns rows into `Scores`: `crmcore.score("bant", data)`. Rule schemes are data
(`Scheme`, TOML or Python); learned scorers fit the same contract.
"""

from __future__ import annotations

from .scorer import Scorer
from .scores import Parts, Reason, Score, Scores

__all__ = ["Parts", "Reason", "Score", "Scorer", "Scores"]
