"""The demo: a made-up sales organisation, and a scorecard of it that explains itself.

`run()` is what `crmcore demo` shows. `dataset()` gives the same rows to play with, `workspace()` the currency and rates
they are measured with, and `write_csv(folder)` writes them the way a CRM exports itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .files import WORKSPACE, write_csv
from .organisation import ROWS, SEED, dataset, generate, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from ..workspace import Workspace

__all__ = ["WORKSPACE", "dataset", "generate", "run", "workspace", "write_csv"]


def run(
    rows: int = ROWS,
    seed: int = SEED,
    *,
    out: Callable[[str], Any] = print,
    language: str | None = None,
    workspace: Workspace | None = None,
    keep: str | Path | None = None,
) -> None:
    """Generate the organisation, bring it into a SQLite store, measure what that gives back, and show the scorecard.

    Args:
        rows: opportunities; 5,000 take some seconds.
        seed: another seed, another organisation.
        out: takes the lines; by default they are printed.
        language: "en" or "zh"; by default that of `workspace`, else English.
        workspace: whose language is used; currency and rates are those of the organisation.
        keep: a new file to keep the store in; without one it is gone at the end.

    Raises:
        ArgumentError: a file to keep that is there already.
    """
    from .scorecard import Scorecard

    if language is None:
        language = "en" if workspace is None else workspace.language
    Scorecard(rows, seed, language, out, keep).show()
