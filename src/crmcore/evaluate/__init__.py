"""Column expressions evaluated on tables, with numpy."""

from __future__ import annotations

from .arithmetic import dimension
from .columns import CONDITIONS, evaluate, holds, seen_by
from .keys import as_key
from .moments import constant, local_day
from .references import resolve, unknown_before
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
    "seen_by",
    "unknown_before",
]
