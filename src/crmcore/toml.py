"""TOML that comes from outside: what would take unbounded time, memory or depth is an error like any other."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from typing import Any

__all__ = ["LONGEST", "PARTS", "Unbounded", "parsed"]

LONGEST = 4 << 20
"""Characters that a text may have."""
PARTS = 64
"""Parts that a dotted key may have: the parser's work grows with their square."""

_DOTTED = re.compile(
    rf"""(?:^|[\[{{,])[ \t]*+(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{PARTS}}}""",
    re.ASCII | re.MULTILINE,
)


class Unbounded(tomllib.TOMLDecodeError):
    """A text that would take too much to be read."""


def parsed(text: str, *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Args:
        text: the text.
        parse_float: what makes numbers of texts such as "0.5".

    Raises:
        TOMLDecodeError: text that is no TOML; `Unbounded` where it is longer than `LONGEST`, nested too deeply, or has a
            number of thousands of digits or a key of more than `PARTS` parts.
    """
    if len(text) > LONGEST:
        raise Unbounded(f"{len(text):,} characters; the limit is {LONGEST:,}")
    dotted = _DOTTED.search(text)
    if dotted is not None:
        line = text.count("\n", 0, dotted.start()) + 1
        raise Unbounded(f"a key of more than {PARTS} parts (at line {line})")
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except RecursionError:
        raise Unbounded("values are nested too deeply") from None
    except ValueError as error:
        if isinstance(error, tomllib.TOMLDecodeError):
            raise
        raise Unbounded(str(error).partition(";")[0]) from None
