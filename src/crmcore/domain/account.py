"""Account and Contact: the companies one sells to, and the people in them."""

from __future__ import annotations

import attrs

from . import fields as column
from .fields import spec
from .money import Money
from .past import after
from .record import Id, Moment, Record

__all__ = ["ACCOUNT_REVERTS", "CONTACT_REVERTS", "Account", "Contact"]


@attrs.frozen(eq=False, repr=False)
class Account(Record):
    """A company or household one sells to.

    Args:
        size: size class; `employees` is the number of people.
        parent: the account it belongs to.
        customer_since: when it became a customer; None while it is none.
        revenue: its own yearly revenue, as the host knows it; not what it buys.
        tier: customer class, such as A, B, C.
    """

    id: Id = attrs.field(metadata=spec("id"))
    name: str | None = column.text()
    kind: str | None = column.key()
    industry: str | None = column.key()
    sector: str | None = column.key()
    size: str | None = column.key()
    employees: int | None = column.count(least=0)
    region: str | None = column.key()
    country: str | None = column.key()
    territory: str | None = column.key()
    source: str | None = column.key()
    tier: str | None = column.key()
    owner: Id | None = column.ref("seller")
    team: Id | None = column.ref("team")
    parent: Id | None = column.ref("account")
    created_at: Moment | None = column.moment(recorded=True, exists=True)
    customer_since: Moment | None = column.moment(recorded=True)
    revenue: Money | None = column.money()
    changed_at: Moment | None = column.moment(recorded=True)
    deleted: bool = column.flag()
    sample: bool = column.flag()
    test: bool = column.flag()
    merged_into: Id | None = column.ref("account")


@attrs.frozen(eq=False, repr=False)
class Contact(Record):
    """A person, usually of an account."""

    id: Id = attrs.field(metadata=spec("id"))
    name: str | None = column.text()
    account: Id | None = column.ref("account")
    owner: Id | None = column.ref("seller")
    title: str | None = column.key()
    email: str | None = column.text()
    phone: str | None = column.text()
    source: str | None = column.key()
    country: str | None = column.key()
    created_at: Moment | None = column.moment(recorded=True, exists=True)
    changed_at: Moment | None = column.moment(recorded=True)
    deleted: bool = column.flag()
    sample: bool = column.flag()
    test: bool = column.flag()
    merged_into: Id | None = column.ref("contact")


ACCOUNT_REVERTS = (after("customer_since"), after("changed_at"))
CONTACT_REVERTS = (after("changed_at"),)
