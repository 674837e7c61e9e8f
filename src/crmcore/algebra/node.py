"""The node that expressions and formulas are made of: frozen, with a structural key.

Two nodes are the same when their keys are equal. A key holds `(type, value)` for every plain
value, so that 1, 1.0 and True stay three different things.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import attrs

__all__ = ["Key", "Node", "key_of"]

Key = tuple[Any, ...]


def key_of(value: object) -> Key:
    """Return the structural key of a node, a tuple of nodes, or a plain value."""
    if isinstance(value, Node):
        return value.key
    if isinstance(value, tuple):
        return ("tuple", *map(key_of, value))
    if isinstance(value, datetime):  # a time that the clock shows twice is equal to itself, whichever is meant
        return (type(value).__name__, value, value.utcoffset())
    return (type(value).__name__, value)


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(a.name for a in attrs.fields(kind) if a.init)


@attrs.frozen(eq=False, repr=False)
class Node:
    """A frozen tree node; `key` identifies it by structure, `below` holds the nodes directly below it, in order.

    `rolls_up` tells whether there is a roll-up in it.
    """

    key: Key = attrs.field(init=False, default=())
    below: tuple[Node, ...] = attrs.field(init=False, default=())
    rolls_up: bool = attrs.field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        kind: type = type(self)
        key: list[Any] = [kind.__name__]
        below: list[Node] = []
        for name in _names(kind):
            value = getattr(self, name)
            key.append(key_of(value))
            if isinstance(value, Node):
                below.append(value)
            elif isinstance(value, tuple):
                below.extend(v for v in value if isinstance(v, Node))
        object.__setattr__(self, "key", tuple(key))
        object.__setattr__(self, "below", tuple(below))
        object.__setattr__(self, "rolls_up", kind.__name__ == "Each" or any(n.rolls_up for n in below))

    def children(self) -> tuple[Node, ...]:
        """Return the nodes directly below this one, in order."""
        return self.below
