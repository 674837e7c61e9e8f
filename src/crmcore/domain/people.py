"""Sellers, teams, who belonged to which team when, and how the credit for a deal is split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from ..errors import DefinitionError
from . import fields as column
from .fields import spec
from .money import Money
from .past import after
from .record import Id, Record, refuse

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = [
    "SELLER_REVERTS",
    "SPLIT_KINDS",
    "Membership",
    "Seller",
    "Split",
    "Team",
    "check_splits",
    "split_amount",
    "team_on",
]

SPLIT_KINDS = ("revenue", "overlay")
"""Revenue splits share the deal out and sum to one; overlays stand beside them and sum to anything (M6)."""


@attrs.frozen(eq=False, repr=False)
class Seller(Record):
    """A person who sells, or any user who owns records.

    Args:
        team: the team of today; `Membership` says which it was then.
        active: whether the person works here now.
        left: first day on which the person no longer works here.

    `hired` does not decide whether the record exists: a deal of last year may be owned today by someone new.
    """

    id: Id = attrs.field(metadata=spec("id"))
    name: str | None = column.text()
    team: Id | None = column.ref("team")
    manager: Id | None = column.ref("seller")
    role: str | None = column.key()
    region: str | None = column.key()
    territory: str | None = column.key()
    active: bool = column.flag(default=True)
    hired: date | None = column.day()
    left: date | None = column.day()


@attrs.frozen(eq=False, repr=False)
class Team(Record):
    """A group of sellers, possibly part of a larger one."""

    id: Id = attrs.field(metadata=spec("id"))
    name: str | None = column.text()
    parent: Id | None = column.ref("team")
    manager: Id | None = column.ref("seller")
    region: str | None = column.key()


@attrs.frozen(eq=False, repr=False)
class Membership(Record):
    """A seller belongs to a team from `start` until the day before `end`; an open end is None.

    Rules: M7
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    seller: Id = attrs.field(kw_only=True, metadata=spec("key", references="seller"))
    team: Id = attrs.field(kw_only=True, metadata=spec("key", references="team"))
    start: date | None = column.day()
    end: date | None = column.day()

    def _check(self) -> None:
        if self.start is not None and self.end is not None and self.end <= self.start:
            refuse(self, "end", f"is not after start {self.start!r}; the end is the first day outside")

    def covers(self, day: date) -> bool:
        """Return whether the membership holds on a day."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


@attrs.frozen(eq=False, repr=False)
class Split(Record):
    """The share of a seller in an opportunity.

    Args:
        share: exact, from 0 to 1 for revenue; a third is Fraction(1, 3), never 0.333.
        kind: revenue or overlay.

    Rules: M6
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    opportunity: Id = attrs.field(kw_only=True, metadata=spec("key", references="opportunity"))
    seller: Id = attrs.field(kw_only=True, metadata=spec("key", references="seller"))
    share: Decimal | Fraction = attrs.field(kw_only=True, metadata=spec("number"))
    kind: str = column.key("revenue", choices=SPLIT_KINDS)

    def _check(self) -> None:
        if self.share < 0:
            refuse(self, "share", "is negative")


def team_on(memberships: Iterable[Membership], seller: Id, day: date) -> Id | None:
    """Return the team a seller belonged to on a day, or None.

    Raises:
        DefinitionError: two memberships of the seller hold on that day.

    Rules: M7
    """
    held = [m for m in memberships if m.seller == seller and m.covers(day)]
    if len(held) > 1:
        raise DefinitionError(
            f"seller {seller!r} belongs to several teams on {day}: {', '.join(repr(m.team) for m in held)}"
        )
    return held[0].team if held else None


def check_splits(splits: Iterable[Split]) -> None:
    """Check that the revenue shares of each opportunity sum to one exactly, each seller named once.

    Raises:
        DefinitionError: they do not; the message names the opportunity and the sum.

    Rules: M6
    """
    # only here are fractions needed: the import of the domain stays cheap
    from fractions import Fraction

    sums: dict[Id, Fraction] = {}
    seen: set[tuple[Id, Id]] = set()
    for split in splits:
        if split.kind != "revenue":
            continue
        line = (split.opportunity, split.seller)
        if line in seen:
            raise DefinitionError(
                f"opportunity {line[0]!r} has two revenue splits of seller {line[1]!r}; make them one"
            )
        seen.add(line)
        sums[split.opportunity] = sums.get(split.opportunity, Fraction(0)) + Fraction(split.share)
    for opportunity, total in sums.items():
        if total != 1:
            raise DefinitionError(
                f"revenue splits of opportunity {opportunity!r} sum to {total}, not to 1",
                opportunity=opportunity,
                total=total,
            )


def split_amount(amount: Money, splits: Iterable[Split]) -> Mapping[Id, Money]:
    """Return what each seller of one opportunity is credited with; the parts sum to the amount exactly.

    Units left over go to the largest remainders, and among equal ones in the order of the sellers' ids, so that
    the order of the input decides nothing.

    Raises:
        DefinitionError: splits of several opportunities, none of kind revenue, or shares that do not sum to one.

    Rules: M6
    """
    revenue = sorted((s for s in splits if s.kind == "revenue"), key=lambda s: str(s.seller))
    if len({s.opportunity for s in revenue}) != 1:
        raise DefinitionError(f"an amount is split among the sellers of one opportunity; given: {revenue!r}")
    check_splits(revenue)
    parts = amount.allocate([s.share for s in revenue])
    return {s.seller: part for s, part in zip(revenue, parts, strict=True)}


SELLER_REVERTS = (after("left", active=True),)
