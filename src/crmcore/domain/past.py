"""What is undone when the past is looked at without a change table (O8)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

__all__ = ["Revert", "after"]


@attrs.frozen(eq=False)
class Revert:
    """Fields that go back to a value while `when` lies after the instant looked at.

    Args:
        when: a date or instant field of the record.
        resets: field -> value it had before; `when` itself is among them and becomes None.

    Rules: O8
    """

    when: str
    resets: Mapping[str, object]


def after(when: str, /, **resets: object) -> Revert:
    """Return the revert of an event: its instant becomes None, and each field given its earlier value."""
    return Revert(when, MappingProxyType({when: None, **resets}))
