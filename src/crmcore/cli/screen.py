"""Screen: where text goes. Colours and a progress bar only on a terminal, with the extra `color`, and unless NO_COLOR."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from ..sources import Progress

__all__ = ["counter", "progress_bar", "show"]

_STEP = 100_000
"""Between two lines of progress, where there is no bar."""


def show(text: str, *, table: bool = False) -> None:
    """Print a text.

    Args:
        text: what is shown.
        table: whether it starts with a header and a rule, which colours then set off.
    """
    if table and coloured(sys.stdout):
        _styled(text)
    else:
        print(text)


def coloured(stream: TextIO) -> bool:
    """Is the stream a terminal that takes colours, and the library there?"""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return False
    try:
        import rich  # noqa: F401 - only whether it is there
    except ImportError:
        return False
    return True


def _styled(text: str) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    lines = text.split("\n")
    end = lines.index("") if "" in lines else len(lines)
    for i, line in enumerate(lines):
        console.print(Text(line, style="bold" if i == 0 else "dim" if i == 1 or i > end else ""))


@contextmanager
def progress_bar() -> Iterator[Progress | None]:
    """Give a function that moves a progress bar, called with rows, bytes read and bytes in all; None without a terminal."""
    if not coloured(sys.stderr):
        yield None
        return
    from rich import progress as parts
    from rich.console import Console

    columns = (parts.BarColumn(), parts.DownloadColumn(), parts.TextColumn("{task.fields[rows]:,} rows"))
    with parts.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, rows=0)
        yield lambda rows, done, size: bar.update(task, completed=done, total=size, rows=rows)


@contextmanager
def counter(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Give a function that shows how much is done of how much: a bar, or where there is none a line now and then.

    Args:
        what: is counted.
    """
    if coloured(sys.stderr):
        from rich import progress as parts
        from rich.console import Console

        columns = (parts.BarColumn(), parts.TextColumn("{task.completed:,} {task.description}"))
        with parts.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    last = 0

    def line(done: int, total: int | None) -> None:
        nonlocal last
        if done // _STEP > last // _STEP:
            print(f"crmcore: {done:,}{'' if total is None else f' of {total:,}'} {what}", file=sys.stderr)
            last = done

    yield line
