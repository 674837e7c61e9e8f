"""Products, and the way from quote to cash: quotes, order lines, invoices, payments, subscriptions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import attrs

from . import fields as column
from .fields import spec
from .money import Money
from .past import after
from .record import Id, Moment, Record

__all__ = [
    "INVOICE_REVERTS",
    "QUOTE_REVERTS",
    "SUBSCRIPTION_REVERTS",
    "Invoice",
    "OrderLine",
    "Payment",
    "Product",
    "Quote",
    "Subscription",
]


@attrs.frozen(eq=False, repr=False)
class Product(Record):
    """What is sold; `price` is the list price of one piece."""

    id: Id = attrs.field(metadata=spec("id"))
    name: str | None = column.text()
    family: str | None = column.key()
    price: Money | None = column.money()
    active: bool = column.flag(default=True)


@attrs.frozen(eq=False, repr=False)
class Quote(Record):
    """A priced proposal.

    Args:
        requested_at: when the customer asked for it.
        sent_at: when it went out.
        decided_at: when the customer accepted or declined; `status` says which.
        list_amount: the amount before discount.
    """

    id: Id = attrs.field(metadata=spec("id"))
    opportunity: Id | None = column.ref("opportunity")
    account: Id | None = column.ref("account")
    owner: Id | None = column.ref("seller")
    created_at: Moment | None = column.moment(recorded=True, exists=True)
    requested_at: Moment | None = column.moment()
    sent_at: Moment | None = column.moment()
    decided_at: Moment | None = column.moment(recorded=True)
    valid_until: date | None = column.day()
    status: str | None = column.key()
    amount: Money | None = column.money()
    list_amount: Money | None = column.money()
    discount: Money | None = column.money()


@attrs.frozen(eq=False, repr=False)
class OrderLine(Record):
    """One line of an order or of an opportunity.

    Args:
        order: number of the order it belongs to.
        at: when it was ordered.
        quantity: pieces; negative for returns.
        price: net price of one piece; `list_price` is the one before discount.
        amount: net amount of the line.
        kind: one_time, recurring, or the host's own word.
        term_months: length of one term, where it recurs.
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    order: Id | None = column.key()
    opportunity: Id | None = column.ref("opportunity")
    quote: Id | None = column.ref("quote")
    account: Id | None = column.ref("account")
    owner: Id | None = column.ref("seller")
    product: Id | None = column.ref("product")
    at: Moment | None = column.moment(recorded=True, exists=True)
    kind: str | None = column.key()
    quantity: Decimal | int | None = column.number()
    price: Money | None = column.money()
    list_price: Money | None = column.money()
    discount: Money | None = column.money()
    amount: Money | None = column.money()
    term_months: int | None = column.count(least=1)


@attrs.frozen(eq=False, repr=False)
class Invoice(Record):
    """An amount billed; negative for a credit note.

    Args:
        due: until when it should be paid.
        paid_at: when it was paid in full.
    """

    id: Id = attrs.field(metadata=spec("id"))
    account: Id | None = column.ref("account")
    opportunity: Id | None = column.ref("opportunity")
    subscription: Id | None = column.ref("subscription")
    owner: Id | None = column.ref("seller")
    issued_at: Moment | None = column.moment(recorded=True, exists=True)
    due: Moment | None = column.moment()
    paid_at: Moment | None = column.moment(recorded=True)
    status: str | None = column.key()
    kind: str | None = column.key()
    amount: Money | None = column.money()


@attrs.frozen(eq=False, repr=False)
class Payment(Record):
    """Money collected; negative for a refund."""

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    invoice: Id | None = column.ref("invoice")
    account: Id | None = column.ref("account")
    opportunity: Id | None = column.ref("opportunity")
    owner: Id | None = column.ref("seller")
    at: Moment | None = column.moment(recorded=True, exists=True)
    kind: str | None = column.key()
    amount: Money | None = column.money()


@attrs.frozen(eq=False, repr=False)
class Subscription(Record):
    """A recurring sale from `start` until the day before `end`.

    Args:
        cancelled_at: when the customer gave notice.
        recurring: the amount of one term; `term_months` is the length of that term (nothing assumes 12).

    Rules: M5
    """

    id: Id = attrs.field(metadata=spec("id"))
    account: Id | None = column.ref("account")
    opportunity: Id | None = column.ref("opportunity")
    product: Id | None = column.ref("product")
    owner: Id | None = column.ref("seller")
    kind: str | None = column.key()
    status: str | None = column.key()
    created_at: Moment | None = column.moment(recorded=True)
    start: date | None = column.day(exists=True)
    end: date | None = column.day()
    cancelled_at: Moment | None = column.moment(recorded=True)
    cancel_reason: str | None = column.key()
    recurring: Money | None = column.money()
    term_months: int | None = column.count(least=1)


QUOTE_REVERTS = (after("sent_at"), after("decided_at"))
INVOICE_REVERTS = (after("paid_at"),)
SUBSCRIPTION_REVERTS = (after("cancelled_at", cancel_reason=None),)
