"""Facts: under which settings, and as of when, a question was answered."""

from __future__ import annotations

from typing import Any

from ..calendars import date_of
from .scope import Scope

__all__ = ["facts_of"]


def facts_of(scope: Scope, *, currency: str | None = None, language: str = "en") -> dict[str, Any]:
    """Return the instant, zone, calendar, currency and language of numbers; what was known by then where it differs (O8)."""
    moment, calendar = scope.as_of, scope.calendar
    facts: dict[str, Any] = {
        "as_of": None if moment is None else date_of(moment.day).isoformat(),
        "as_of_source": None if moment is None else moment.source,
        "timezone": scope.zone.name,
        "fiscal_start": calendar.fiscal_start,
        "fiscal_pattern": calendar.fiscal_pattern,
        "week_start": calendar.week_start,
        "currency": currency,
        "language": language,
    }
    if moment is not None and moment.learnt != moment.instant:
        facts["known"] = date_of(scope.zone.local_day(moment.learnt)).isoformat()
    return facts
