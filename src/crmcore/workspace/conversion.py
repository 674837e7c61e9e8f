"""Conversion: a lead becomes an opportunity, an account, a contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..domain import Account, Contact, Lead, Opportunity
from ..errors import ArgumentError, NotFoundError, TransitionError
from .keeping import Told
from .records import check_told

if TYPE_CHECKING:
    from ..domain.record import Id, Moment
    from .records import Records

__all__ = ["convert"]

_CARRIED: dict[type[Any], dict[str, str]] = {
    Opportunity: {
        "owner": "owner",
        "team": "team",
        "source": "source",
        "campaign": "campaign",
        "region": "region",
        "territory": "territory",
        "first_contact_at": "first_contact_at",
        "amount": "expected_amount",
    },
    Account: {n: n for n in ("owner", "team", "source", "country", "region", "territory", "industry", "size")},
    Contact: {n: n for n in ("name", "owner", "source", "country")},
}
"""What is made of a lead -> its field -> the field of the lead that is carried over where it is blank."""


def convert(
    kept: Records,
    lead: Lead | Id,
    at: Moment,
    told: Told,
    *,
    opportunity: Opportunity | Id | None,
    account: Account | Id | None,
    contact: Contact | Id | None,
) -> Lead:
    """Convert a lead, and make what it became.

    Raises:
        NotFoundError: no such lead, or no record of an id that is given.
        TransitionError: it was converted before, deleted or merged, or `at` lies before its creation.
    """
    check_told(told, Told)
    id_ = lead.id if isinstance(lead, Lead) else lead
    found: Lead | None = kept.get("lead", id_)
    if found is None:
        raise NotFoundError(str(id_), where="among the leads of the store")
    _check(found, at)
    once = Told(**{k: v for k, v in told.items() if k != "expected"})  # type: ignore[typeddict-item]
    links: dict[str, Any] = {}
    if account is not None:
        links["account"] = _made(kept, found, Account, account, at, once, {})
    if contact is not None:
        links["contact"] = _made(kept, found, Contact, contact, at, once, links)
    if opportunity is not None:
        links["opportunity"] = _made(kept, found, Opportunity, opportunity, at, once, {"lead": found.id, **links})
    values = {"converted": True, "converted_at": at, **links}
    return kept.change("lead", found.id, values, at=at, **told)  # type: ignore[no-any-return]


def _check(lead: Lead, at: Moment) -> None:
    """Refuse a lead that cannot be converted at a moment."""
    if lead.converted:
        when = "" if lead.converted_at is None else f" at {lead.converted_at}"
        raise TransitionError(f"lead {lead.id!r} was converted{when}; a lead is converted once", lead=lead.id)
    if lead.deleted or lead.merged_into is not None:
        fate = "deleted" if lead.deleted else f"merged into {lead.merged_into!r}"
        raise TransitionError(f"lead {lead.id!r} was {fate}; it is not converted any more", lead=lead.id)
    made = lead.created_at
    # a date and an instant have no order within a day (T2)
    if made is not None and isinstance(made, type(at)) and isinstance(at, type(made)) and at < made:
        raise TransitionError(f"lead {lead.id!r} cannot be converted at {at}: it was created at {made}", lead=lead.id)


def _made(kept: Records, lead: Lead, kind: type[Any], given: Any, at: Moment, told: Told, links: dict[str, Any]) -> Id:
    """Make a record, or find the one of an id, and return its id."""
    table = kind.__name__.lower()
    if not isinstance(given, kind):
        if not isinstance(given, str | int):
            raise ArgumentError(f"{table} is {kind.__name__}(...), or the id of one that is there, got {given!r}")
        if kept.get(table, given) is None:
            raise NotFoundError(str(given), where=f"among the records of {table!r} in the store")
        return given
    carried = {own: getattr(lead, theirs) for own, theirs in _CARRIED[kind].items()} | {"created_at": at} | links
    record = attrs.evolve(given, **{n: v for n, v in carried.items() if v is not None and getattr(given, n) is None})
    if kind is Opportunity and record.pipeline is not None and record.stage is None and not record.closed:
        fields = {a.name: getattr(record, a.name) for a in attrs.fields(Opportunity)}
        follow = ("id", "pipeline", "stage", "stage_entered_at", "changed_at", "created_at", "outcome", "closed_at")
        kept.create(
            record.id,
            pipeline=record.pipeline,
            at=record.created_at,
            by=told.get("by"),
            recorded_at=told.get("recorded_at"),
            sequence=told.get("sequence", 0),
            **{name: value for name, value in fields.items() if name not in follow},
        )
    else:
        new: Any = {**told, "expected": 0}
        kept.put(record, at=at, **new)
    return record.id  # type: ignore[no-any-return]
