"""Stage: a step of a pipeline; Version: the stages a pipeline had for a while."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from ..errors import DefinitionError
from . import fields as column
from .fields import spec
from .opportunity import FORECAST_CATEGORIES, OUTCOMES
from .record import Id, Moment, Record, is_moment

__all__ = ["Stage", "Version", "before"]


def before(at: Moment, other: Moment) -> bool:
    """Return whether `at` lies before `other`.

    Two instants are compared exactly; as soon as one is a date, the days as written are (T2).
    """
    if isinstance(at, datetime) and isinstance(other, datetime):
        return at < other
    first = at.date() if isinstance(at, datetime) else at
    return first < (other.date() if isinstance(other, datetime) else other)


@attrs.frozen(eq=False, repr=False)
class Stage(Record):
    """A step of a pipeline.

    Args:
        order: place in the pipeline; stages of equal order stand as they are listed.
        kind: the outcome that being in it means; it, and never the probability, decides (O2).
        probability: that of an opportunity in it which has none of its own (M4).
        forecast_category: that of an opportunity in it which has none of its own.
        rotting_days: days after which an opportunity in it is stale.
        active_to: when it was retired; a stage is never deleted.
        unknown: the pipeline does not know it; it stays a stage of its own.

    Rules: O2, S1
    """

    id: Id = attrs.field(metadata=spec("id"))
    name: str | None = column.text()
    pipeline: Id | None = column.ref("pipeline")
    order: int | None = column.count()
    kind: str = column.key("open", choices=OUTCOMES)
    probability: Decimal | None = column.probability()
    forecast_category: str | None = column.key(choices=FORECAST_CATEGORIES)
    expected_days: int | None = column.count(least=0)
    rotting_days: int | None = column.count(least=0)
    active_from: Moment | None = column.moment()
    active_to: Moment | None = column.moment()
    unknown: bool = column.flag()

    def retired(self, at: Moment) -> bool:
        """Return whether the stage takes no opportunity any more at a date or instant."""
        return self.active_to is not None and not before(at, self.active_to)


@attrs.frozen
class Version:
    """The stages a pipeline had until, and not including, `until`.

    Rules: S1
    """

    until: Moment
    stages: tuple[Stage, ...]

    def __attrs_post_init__(self) -> None:
        if not is_moment(self.until):
            raise DefinitionError(
                f"until {self.until!r} is not a date, nor a datetime with a time zone", value=self.until
            )
