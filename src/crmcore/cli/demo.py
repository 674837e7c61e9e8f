"""`crmcore demo`: the main job on a made-up sales organisation."""

from __future__ import annotations

import argparse

from .. import demo
from .question import workspace_of
from .screen import show

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Show the scorecard of the demo."""
    given = {name: getattr(args, name) for name in ("rows", "seed") if getattr(args, name) is not None}
    demo.run(**given, out=show, workspace=workspace_of(args))
    return 0
