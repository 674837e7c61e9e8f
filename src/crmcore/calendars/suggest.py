"""The error for a name that is not among the allowed ones, nearest match first."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from ..errors import ArgumentError

__all__ = ["unknown"]

_SHOWN = 12


def unknown(noun: str, value: object, allowed: Sequence[str], nearest: Sequence[str] = ()) -> ArgumentError:
    """Return the error that `value` is none of the `allowed` names; `name`, `available`, `nearest` are its attributes.

    Where the caller does not know what is meant, the `nearest` names are found by likeness.
    """
    near = list(nearest) or get_close_matches(str(value), allowed, n=3, cutoff=0.55)
    message = f"no {noun} named {value!r}"
    if near:
        message += "; did you mean " + " or ".join(repr(n) for n in near) + "?"
    elif len(allowed) <= _SHOWN:
        message += f"; available: {', '.join(allowed)}"
    else:
        message += f"; there are {len(allowed)}, such as {', '.join(allowed[:: len(allowed) // 5 + 1])}"
    return ArgumentError(message, name=value, available=list(allowed), nearest=near)
