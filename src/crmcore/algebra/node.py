"""The node that expressions and formulas are made of: frozen, with a structural key.

Two nodes are the same when their keys are equal. A key holds `(type, value)` for every plain
value, so that 1, 1.0 and True stay three different things.
"""

from __future__ import annotations

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
    return (type(value).__name__, value)


@attrs.frozen(eq=False, repr=False)
class Node:
    """A frozen tree node; `key` identifies it by structure."""

    key: Key = attrs.field(init=False, default=())

    def __attrs_post_init__(self) -> None:
        names = [a.name for a in attrs.fields(type(self)) if a.name != "key"]
        key = (type(self).__name__, *(key_of(getattr(self, name)) for name in names))
        object.__setattr__(self, "key", key)

    def children(self) -> tuple[Node, ...]:
        """Return the nodes directly below this one, in order."""
        found: list[Node] = []
        for a in attrs.fields(type(self)):
            value = getattr(self, a.name)
            if isinstance(value, Node):
                found.append(value)
            elif isinstance(value, tuple) and a.name != "key":
                found.extend(v for v in value if isinstance(v, Node))
        return tuple(found)
