"""Column expressions evaluated on tables, with numpy."""

from __future__ import annotations

from .columns import CONDITIONS, as_key, dimension, evaluate, holds, resolve
from .moments import constant, local_day
from .scope import Moment, Scope

__all__ = [
    "CONDITIONS",
    "Moment",
    "Scope",
    "as_key",
    "constant",
    "dimension",
    "evaluate",
    "holds",
    "local_day",
    "resolve",
]
