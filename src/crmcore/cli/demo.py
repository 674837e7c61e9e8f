"""`crmcore demo`: the main job on a made-up sales organisation, or its files to go on with."""

from __future__ import annotations

import argparse
from pathlib import Path
from shlex import quote
from typing import Any

from .. import demo
from ..errors import ArgumentError
from .question import workspace_of
from .screen import show

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Show the scorecard of the demo, or write its files."""
    given = {name: getattr(args, name) for name in ("rows", "seed") if getattr(args, name) is not None}
    if args.write is None:
        if args.force:
            raise ArgumentError("--force is for --write DIR")
        demo.run(**given, out=show, workspace=workspace_of(args), **({} if args.keep is None else {"keep": args.keep}))
    else:
        if args.keep is not None:
            raise ArgumentError("--keep is for the scorecard, --write for files: the two are runs of their own")
        _write(Path(args.write), given, force=args.force)
    return 0


def _write(folder: Path, given: dict[str, Any], *, force: bool) -> None:
    """Write the files into a folder of their own.

    Raises:
        ArgumentError: a file instead of a folder, or a folder with something in it.
    """
    if folder.exists() and not folder.is_dir():
        raise ArgumentError(f"--write takes a folder; {str(folder)!r} is a file")
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise ArgumentError(
            f"folder {str(folder)!r} is not empty; name a new one, or replace files of the same names with --force"
        )
    settings = folder / demo.WORKSPACE
    for path in demo.write_csv(folder, **given):
        show(str(path))
    show(f"\ncrmcore scorecard --data {quote(str(folder))} --workspace {quote(str(settings))} --per quarter")
