"""The reference: one plain interpreter of the algebra, record by record, on whole numbers and fractions.

It is normative: what it answers is what every engine must answer. It reads like the rules do, takes nothing from the
code that is fast, and is slow.
"""

from __future__ import annotations

from .intervals import mean_interval, wilson
from .reference import Reference, measure

__all__ = ["Reference", "mean_interval", "measure", "wilson"]
