"""Activity: what sellers do - calls, meetings, visits, proposals, administration."""

from __future__ import annotations

from datetime import timedelta

import attrs

from . import fields as column
from .fields import spec
from .past import after
from .record import Id, Moment, Record

__all__ = ["ACTIVITY_REVERTS", "Activity"]


@attrs.frozen(eq=False, repr=False)
class Activity(Record):
    """One piece of work, or `quantity` pieces where the source only counts them.

    Args:
        kind: call, email, meeting, visit, proposal, administration, task, or the host's own word.
        at: when it takes place.
        due: until when it should be done.
        done: when it was done; None while it is not.
        quantity: how many pieces the record stands for.
        owner: whose work it is; `actor` is who did it.
        direction: inbound or outbound.
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    kind: str | None = column.key()
    at: Moment | None = column.moment(exists=True)
    due: Moment | None = column.moment()
    done: Moment | None = column.moment(recorded=True)
    duration: timedelta | None = column.duration()
    quantity: int = column.count(1)
    owner: Id | None = column.ref("seller")
    actor: Id | None = column.ref("seller")
    team: Id | None = column.ref("team")
    lead: Id | None = column.ref("lead")
    opportunity: Id | None = column.ref("opportunity")
    account: Id | None = column.ref("account")
    contact: Id | None = column.ref("contact")
    campaign: Id | None = column.ref("campaign")
    direction: str | None = column.key()
    outcome: str | None = column.key()
    subject: str | None = column.text()
    deleted: bool = column.flag()
    sample: bool = column.flag()
    test: bool = column.flag()


ACTIVITY_REVERTS = (after("done", outcome=None),)
