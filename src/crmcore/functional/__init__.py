"""The catalogue as functions: raw arrays in, numbers out, for projects that have their own tables.

    from crmcore import functional as F

    F.win_rate(outcome=["won", "lost", "won"])                  # 0.6666666666666666
    F.win_rate(outcome=outcome, by=owner)                       # a Result by owner
    F.win_rate.of(won=8, lost=3)                                # 0.7272727272727273, the formula alone

Every metric of the catalogue is a function here, under its own name, made from its definition: there is no second one.
The keywords are the columns that the metric reads, `lead__created_at` for `lead.created_at`; where it reads several
tables, the table stands before the column, and `by` and `where` are given by table:

    F.cac(cost__amount=[500, 700], cost__kind="spend", account__customer_since=[date(2026, 4, 1), None])

`MetricFunction(metric)` makes the same of any metric. How the totals of `.of` are called: `functional.names`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .function import MetricFunction as MetricFunction


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # a submodule that is being imported looks for names here too: only then are the heavy parts loaded
    function = import_module(".function", __name__)
    if name == "MetricFunction":
        value: Any = function.MetricFunction
    else:
        from ..kpis import CATALOGUE

        if name not in CATALOGUE:
            from ..errors import MetricNotFound

            raise AttributeError(str(MetricNotFound(name, CATALOGUE)))
        value = function.MetricFunction(CATALOGUE[name])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    from ..kpis import CATALOGUE

    return sorted([*CATALOGUE, "MetricFunction"])
