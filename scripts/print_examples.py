"""Put below the examples of the pages what they print: a text block right behind a Python block is its output."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


class Example(NamedTuple):
    """A Python block, and the text block right behind it if there is one.

    Args:
        says: the text block.
        start: where the text block begins in the page.
        line: line of the Python block.
    """

    code: str
    says: str | None
    start: int
    line: int


def pages() -> list[Path]:
    """Return the README and all pages of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def examples(page: str) -> Iterator[Example]:
    """Yield the Python blocks of a page; those with prompts are doctests, which have their output in them."""
    blocks = list(BLOCK.finditer(page))
    for number, block in enumerate(blocks):
        if block["language"] != "python" or block["body"].startswith(">>>"):
            continue
        after = blocks[number + 1] if number + 1 < len(blocks) else None
        close = after is not None and after["language"] == "text" and not page[block.end() : after.start()].strip()
        says = after["body"] if close and after is not None else None
        start = after.start("body") if close and after is not None else -1
        yield Example(block["body"], says, start, page.count("\n", 0, block.start()) + 1)


def run(code: str, names: dict[str, Any]) -> str:
    """Return what a block prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "example", "exec"), names)
    return out.getvalue()


def filled(page: str) -> str:
    """Return a page with what its examples print now; they are run in order, in the current folder."""
    names: dict[str, Any] = {}
    done, spot = [], 0
    found = list(examples(page))
    for example in found if any(e.says is not None for e in found) else ():
        output = run(example.code, names)
        if example.says is not None:
            done += [page[spot : example.start], output]
            spot = example.start + len(example.says)
    return "".join([*done, page[spot:]])


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the outputs into the pages, and name those that changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", type=Path, help="all pages when none is named")
    home = Path.cwd()
    for page in [p.resolve() for p in parser.parse_args(arguments).pages] or pages():
        old = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                new = filled(old)
            finally:
                os.chdir(home)
        if new != old:
            page.write_text(new, encoding="utf-8")
            print(f"{page.name} changed", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
