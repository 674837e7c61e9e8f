"""Response: an answer to a satisfaction question."""

from __future__ import annotations

import attrs

from . import fields as column
from .fields import spec
from .record import Id, Moment, Record, refuse

__all__ = ["RESPONSE_KINDS", "Response"]

RESPONSE_KINDS = ("nps", "csat", "ces")
"""Likely to recommend (0 to 10), satisfied with it, how much effort it was."""


@attrs.frozen(eq=False, repr=False)
class Response(Record):
    """One answer; `score` is the whole number the customer chose.

    Raises:
        DefinitionError: an NPS score outside 0 to 10.
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    kind: str = column.key("nps", choices=RESPONSE_KINDS)
    score: int | None = column.count()
    at: Moment | None = column.moment(recorded=True, exists=True)
    account: Id | None = column.ref("account")
    contact: Id | None = column.ref("contact")
    opportunity: Id | None = column.ref("opportunity")
    owner: Id | None = column.ref("seller")
    product: Id | None = column.ref("product")
    channel: str | None = column.key()
    comment: str | None = column.text()

    def _check(self) -> None:
        if self.kind == "nps" and self.score is not None and not 0 <= self.score <= 10:
            refuse(self, "score", "is not from 0 to 10")
