"""`crmcore funnel`: how many deals come to each stage of a pipeline, and how many go on."""

from __future__ import annotations

import argparse
from typing import Any

from .analyse import analysed

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Analyse and print."""
    choices: dict[str, Any] = {
        name: value for name in ("policy", "of", "per", "pipeline") if (value := getattr(args, name)) is not None
    }
    if args.stages is not None:
        choices["stages"] = tuple(name.strip() for name in args.stages.split(",") if name.strip())
    return analysed(args, "funnel", choices)
