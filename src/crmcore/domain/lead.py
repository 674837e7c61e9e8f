"""Lead: a possible customer, before there is an opportunity."""

from __future__ import annotations

import attrs

from . import fields as column
from .fields import spec
from .money import Money
from .past import after
from .record import Id, Moment, Record, refuse

__all__ = ["LEAD_REVERTS", "Lead"]


@attrs.frozen(eq=False, repr=False)
class Lead(Record):
    """A possible customer.

    Args:
        source_detail: what the source was in particular: a search term, a list, a referrer.
        converted: whether it became a customer or an opportunity, also where the host keeps no date of it.
        expected_amount: what the host expects of it; None is no amount, which is not zero.
        size: size class of the company.
        duplicate_of: the lead it repeats; it is still counted.
        merged_into: the lead it was merged into; it counts nowhere any more (O3).

    Raises:
        DefinitionError: a value that its field does not take, or `converted_at` on a lead not converted.
    """

    id: Id = attrs.field(metadata=spec("id"))
    name: str | None = column.text()
    created_at: Moment | None = column.moment(recorded=True, exists=True)
    source: str | None = column.key()
    source_detail: str | None = column.key()
    status: str | None = column.key()
    owner: Id | None = column.ref("seller")
    team: Id | None = column.ref("team")
    assigned_at: Moment | None = column.moment()
    first_contact_at: Moment | None = column.moment()
    first_response_at: Moment | None = column.moment()
    converted: bool = column.flag()
    converted_at: Moment | None = column.moment(recorded=True)
    opportunity: Id | None = column.ref("opportunity")
    account: Id | None = column.ref("account")
    contact: Id | None = column.ref("contact")
    campaign: Id | None = column.ref("campaign")
    score: float | None = column.score()
    expected_amount: Money | None = column.money()
    country: str | None = column.key()
    region: str | None = column.key()
    territory: str | None = column.key()
    industry: str | None = column.key()
    size: str | None = column.key()
    lost_at: Moment | None = column.moment(recorded=True)
    lost_reason: str | None = column.key()
    changed_at: Moment | None = column.moment(recorded=True)
    duplicate_of: Id | None = column.ref("lead")
    merged_into: Id | None = column.ref("lead")
    deleted: bool = column.flag()
    sample: bool = column.flag()
    test: bool = column.flag()

    def _check(self) -> None:
        if self.converted_at is not None and not self.converted:
            refuse(self, "converted_at", "stands on a lead that is not converted; give converted=True with it")


LEAD_REVERTS = (
    after("converted_at", converted=False, opportunity=None),
    after("lost_at", lost_reason=None),
    after("assigned_at"),
    after("first_contact_at"),
    after("first_response_at"),
    after("changed_at"),
)
