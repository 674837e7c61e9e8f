"""`crmcore check`: what is odd about the data."""

from __future__ import annotations

import argparse
import json

from ..locales import locale
from ..sources import write_rejected
from ..state.present.width import aligned, clean
from ..table.dataset import Dataset
from .question import data_of, workspace_of
from .screen import show

__all__ = ["run"]

REJECTED = 1
"""Exit status where rows were rejected."""


def run(args: argparse.Namespace) -> int:
    """List tables and issues, write rejected rows where asked, and say whether there are any."""
    workspace = workspace_of(args)
    data = data_of(args)
    if args.rejected:
        write_rejected(data, args.rejected, formulas=args.formulas)
    rejected = len(data.rejected)
    if args.format == "json":
        tables = {table.name: len(table) for table in data.tables.values()}
        issues = [issue.to_dict() for issue in data.issues]
        show(json.dumps({"tables": tables, "issues": issues, "rejected": rejected}, ensure_ascii=False, indent=2))
    else:
        show(_listed(data, workspace.language), table=True)
    return REJECTED if rejected else 0


def _listed(data: Dataset, language: str) -> str:
    words = locale(language).words
    rows = [[table.name, f"{len(table):,}"] for table in data.tables.values()]
    lines = aligned([words["table"], words["rows"]], rows, [False, True])
    lines += ["", *(clean(str(issue)) for issue in data.issues)]
    if not data.issues:
        lines.append(words["no issues"])
    if data.rejected:
        lines.append(words["rejected"].format(n=f"{len(data.rejected):,}"))
    return "\n".join(lines)
