"""Steps from nothing to the tables of today: forward only, each with the checksum of its text."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

import attrs

__all__ = ["Step", "steps"]


@attrs.frozen(slots=True)
class Step:
    """One migration.

    Args:
        number: its place, from 1 without a gap; the number of the last one is the format of a database.
        name: what it is for.
        text: its SQL, with names that are looked up in the schema of the store.
    """

    number: int
    name: str
    text: str = attrs.field(repr=False)

    @property
    def checksum(self) -> str:
        """What tells its text from another, also where lines end otherwise."""
        return sha256("\n".join(self.text.splitlines()).encode()).hexdigest()


@cache
def steps() -> tuple[Step, ...]:
    """Return all steps in their order: the files NNNN_name.sql beside this one."""
    named = sorted(f.name for f in files(__name__).iterdir() if f.name.endswith(".sql"))
    found = []
    for name in named:
        number, _, rest = name.removesuffix(".sql").partition("_")
        found.append(Step(int(number), rest.replace("_", " "), (files(__name__) / name).read_text(encoding="utf-8")))
    return tuple(found)
