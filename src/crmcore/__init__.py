"""crmcore: the measurement core of a CRM.

Names load on first use, so that `import crmcore` costs nothing.
"""

from __future__ import annotations

# by its name alone a type checker takes it for true; `typing` itself takes longer to load than all the rest
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import analysis as analysis
    from . import functional as functional
    from . import kpis as kpis
    from . import scoring as scoring
    from .algebra import STOCK as STOCK
    from .algebra import Aggregate as Aggregate
    from .algebra import Expr as Expr
    from .algebra import Formula as Formula
    from .algebra import absolute as absolute
    from .algebra import as_of as as_of
    from .algebra import bins as bins
    from .algebra import classify as classify
    from .algebra import coalesce as coalesce
    from .algebra import col as col
    from .algebra import count as count
    from .algebra import day as day
    from .algebra import distinct as distinct
    from .algebra import each as each
    from .algebra import elapsed as elapsed
    from .algebra import gini as gini
    from .algebra import greatest as greatest
    from .algebra import largest as largest
    from .algebra import least as least
    from .algebra import lit as lit
    from .algebra import maybe as maybe
    from .algebra import mean as mean
    from .algebra import median as median
    from .algebra import number as number
    from .algebra import period as period
    from .algebra import positive as positive
    from .algebra import quantile as quantile
    from .algebra import root as root
    from .algebra import share as share
    from .algebra import smallest as smallest
    from .algebra import span as span
    from .algebra import square_root as square_root
    from .algebra import squares as squares
    from .algebra import top_share as top_share
    from .algebra import total as total
    from .algebra import weighted_mean as weighted_mean
    from .algebra import weighted_total as weighted_total
    from .calendars import Calendar as Calendar
    from .domain import Rate as Rate
    from .errors import CrmCoreError as CrmCoreError
    from .errors import CrmCoreWarning as CrmCoreWarning
    from .metric import Metric as Metric
    from .plugins.hookspecs import hookimpl as hookimpl
    from .sources import histories as histories
    from .sources import read as read
    from .state.listing import Listing as Listing
    from .state.result import Result as Result
    from .table.dataset import Dataset as Dataset
    from .table.latest import latest as latest
    from .workspace import Workspace as Workspace

    __version__: str
    analyse = Workspace().analyse
    explain_change = Workspace().explain_change
    measure = Workspace().measure
    score = Workspace().score
    scorecard = Workspace().scorecard

__all__ = [
    "STOCK",
    "Aggregate",
    "Calendar",
    "CrmCoreError",
    "CrmCoreWarning",
    "Dataset",
    "Expr",
    "Formula",
    "Listing",
    "Metric",
    "Rate",
    "Result",
    "Workspace",
    "__version__",
    "absolute",
    "analyse",
    "analysis",
    "as_of",
    "bins",
    "classify",
    "coalesce",
    "col",
    "count",
    "day",
    "distinct",
    "each",
    "elapsed",
    "explain_change",
    "functional",
    "gini",
    "greatest",
    "histories",
    "hookimpl",
    "kpis",
    "largest",
    "latest",
    "least",
    "lit",
    "maybe",
    "mean",
    "measure",
    "median",
    "number",
    "period",
    "positive",
    "quantile",
    "read",
    "root",
    "score",
    "scorecard",
    "scoring",
    "share",
    "smallest",
    "span",
    "square_root",
    "squares",
    "top_share",
    "total",
    "weighted_mean",
    "weighted_total",
]

_HOMES = {
    "Calendar": "calendars",
    "CrmCoreError": "errors",
    "CrmCoreWarning": "errors",
    "Dataset": "table.dataset",
    "Listing": "state.listing",
    "Metric": "metric",
    "Rate": "domain",
    "Result": "state.result",
    "Workspace": "workspace",
    "hookimpl": "plugins",
    "latest": "table.latest",
    "read": "sources",
}
"""Name -> module it comes from; every other name is of the algebra."""
_MODULES = ("analysis", "functional", "kpis", "scoring")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'crmcore' has no attribute {name!r}")
    value = _found(name)
    globals()[name] = value
    return value


def _found(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name == "histories":
        return import_module(".sources.histories", __name__)
    if name == "__version__":
        from importlib.metadata import version

        return version(__name__)
    if name in ("analyse", "explain_change", "measure", "score", "scorecard"):
        # methods of a workspace without any settings: UTC, ISO weeks, no conversion of currencies
        return getattr(_found("Workspace")(), name)
    return getattr(import_module(f".{_HOMES.get(name, 'algebra')}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
