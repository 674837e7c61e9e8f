"""Main: read the arguments, run the command, turn an error into one line and a status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TextIO

from ..errors import CrmCoreError
from .arguments import parser

__all__ = ["main"]

WRONG = 2
"""Exit status of a question that cannot be answered."""
INTERRUPTED = 130
CLOSED = 141
"""What a shell reports of a program whose reader has gone away."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 where a check failed, 2 for an error."""
    for stream in (sys.stdout, sys.stderr):
        _as_utf8(stream)
    try:
        args = parser().parse_args(argv)
    except SystemExit as stop:  # argparse has answered: help, version, or a wrong argument
        return int(stop.code or 0)
    command = import_module(f".{args.command}", __package__)
    try:
        status = int(command.run(args))
        sys.stdout.flush()
    except BrokenPipeError:
        # nobody reads any more; what is still buffered must not raise again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except CrmCoreError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        store = getattr(args, "opened", None)
        if store is not None:
            store.close()
    return status


def _failed(message: str) -> int:
    from ..stores.url import redacted

    print(f"crmcore: error: {' '.join(redacted(message).split())}", file=sys.stderr)
    return WRONG


def _as_utf8(stream: TextIO) -> None:
    """Let labels of every language through, whatever the locale says."""
    if (stream.encoding or "").lower().replace("-", "") != "utf8" and hasattr(stream, "reconfigure"):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
