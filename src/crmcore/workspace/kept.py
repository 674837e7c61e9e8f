"""Kept: the plans of a workspace's last questions, and the last views of its datasets, for the next time."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from ..algebra.columns import Expr
from ..calendars import Calendar, Zone
from ..calendars.moments import moment_of
from ..engines.compute import seen_from
from ..evaluate import Moment, Scope
from ..metric import Metric
from ..plan.question import Asked, Plan, Question
from ..table.dataset import Dataset
from ..table.rates import Rates
from ..units import unit
from .arguments import check_data

__all__ = ["Plans", "Views"]

_PLANS = 64
_VIEWS = 4


class Plans(OrderedDict[Any, Plan]):
    """The plans of the last questions."""

    def of(self, metrics: tuple[Metric, ...], keys: tuple[Expr, ...], per: str | None, where: Expr | None) -> Plan:
        """Return the plan of a question."""
        key = (metrics, tuple(k.key for k in keys), per, None if where is None else where.key)
        plan = self.get(key)
        if plan is None:
            asked = tuple(Asked(m.name, m.formula, unit(m.unit)) for m in metrics)
            plan = self[key] = Plan(Question(asked, keys, per, where))
            if len(self) > _PLANS:
                self.popitem(last=False)
        return plan


class Views(WeakKeyDictionary[Dataset, OrderedDict[tuple[Moment | None, Moment | None], Scope]]):
    """The last views of each dataset while it lives, in one zone and calendar, and at the same rates."""

    def __init__(self, zone: Zone, calendar: Calendar, rates: Rates | None) -> None:
        super().__init__()
        self.zone, self.calendar, self.rates = zone, calendar, rates

    def of(
        self,
        data: Dataset,
        as_of: date | None,
        *,
        known: date | Moment | None = None,
        beside: Dataset | None = None,
    ) -> Scope:
        """Return a dataset as seen from an instant.

        What is newest, and so whether the instant lies in the past (O9), those beside it tell too. Known is what another
        moment has learnt.

        Raises:
            ArgumentError: what is no dataset, or no instant.
        """
        check_data(data)
        views = self.setdefault(data, OrderedDict())
        # a time that the clock shows twice is two moments, and equal as a datetime
        moment = self._moment(as_of, "as_of")
        learnt = Moment(known.learnt, known.day) if isinstance(known, Moment) else self._moment(known, "known")
        if moment is None and data.seen_from is not None:
            instant, day, by = data.seen_from
            moment, learnt = Moment(instant, day), learnt or Moment(by, day)
        scope = views.get((moment, learnt))
        if scope is None:
            whole = Scope(data.tables, data.tables, self.zone, self.calendar, None, self.rates)
            scope = views[moment, learnt] = seen_from(
                data.tables,
                whole,
                moment,
                known=None if learnt is None else learnt.instant,
                beside=None if beside is None else beside.tables,
            )
            if len(views) > _VIEWS:
                views.popitem(last=False)
        return scope

    def _moment(self, given: date | None, what: str) -> Moment | None:
        return None if given is None else Moment(*moment_of(given, what, self.zone))
