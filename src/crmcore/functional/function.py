"""MetricFunction: a metric as a function of raw arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from inspect import Parameter, Signature
from typing import Any

from ..algebra import col, lit
from ..calendars import GRAINS, Calendar, Zone
from ..calendars.moments import moment_of
from ..engines.compute import compute, seen_from
from ..engines.inquiry import Enquirer
from ..errors import ArgumentError, ColumnNotFound
from ..evaluate import Moment, Scope
from ..evaluate.facts import facts_of
from ..metric import Metric
from ..plan.question import Asked, Plan, Question
from ..state.result import Result
from ..table.issue import Issue
from ..table.table import Table
from ..table.views import is_recorded
from ..units import unit
from .arguments import Argument, Arguments, arguments_of
from .arrays import WHERE, TableDraft, key_column
from .totals import Totals, totals_of

__all__ = ["MetricFunction"]

_OPTIONS = ("by", "where", "per", "as_of", "timezone")


class MetricFunction:
    """A metric as a function: `win_rate(outcome=outcome, by=owner)`; `.of` is its formula on totals.

    Args:
        metric: any metric, one's own included.
    """

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.__name__ = self.__qualname__ = metric.name

    def __repr__(self) -> str:
        return f"<function of arrays: {self.metric.name}{self.__signature__}>"

    @cached_property
    def arguments(self) -> Arguments:
        """The arrays it takes."""
        return arguments_of(self.metric)

    @cached_property
    def totals(self) -> Totals | str:
        """The arguments of `.of`, or why there are none."""
        return totals_of(self.metric)

    @cached_property
    def __signature__(self) -> Signature:
        """What help() shows."""
        arrays = [
            Parameter(a.keyword, Parameter.KEYWORD_ONLY, default=Parameter.empty if a.needed else None)
            for a in self.arguments.listed
        ]
        needed = {"as_of": self.arguments.looks_from, "per": self.arguments.needs_period}
        options = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=Parameter.empty if needed.get(name) else None)
            for name in _OPTIONS
        ]
        return Signature([*arrays, *options])

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        metric = self.metric
        arrays = [
            f"    {a.keyword}: {a.table}.{a.column} ({a.kind}), shape (rows,){'' if a.needed else '; only where dates matter'}"
            for a in self.arguments.listed
        ]
        return "\n".join(
            [
                metric.summary,
                "",
                f"{metric.formula!r}",
                "",
                "Args:",
                *arrays,
                f"    {', '.join(_OPTIONS)}: as for every function here; see `MetricFunction.__call__`.",
                "",
                "Returns:",
                f"    {metric.unit}, as a number; with by or per a `Result` with one row for each group or period. Better: {metric.better}.",
                "",
                "Raises:",
                "    ArgumentError: an array that is missing or of another length.",
                "    ColumnNotFound: a keyword that is no column of the metric.",
                "    DataError: a value that its column cannot hold.",
                "",
                f"Rules: {', '.join(metric.rules)}",
                f"Source: {metric.source}",
            ]
        )

    # -- the formula alone -----------------------------------------------------------------------------

    @property
    def of(self) -> Callable[..., Any]:
        """The formula alone, on totals: numbers or arrays, element by element; an undefined number is nan (Q4, R2).

        Raises:
            AttributeError: the metric is no formula over totals; the message says why.
        """
        totals = self.totals
        if isinstance(totals, str):
            raise AttributeError(f"{self.metric.name} has no .of: {totals}")  # noqa: TRY004

        def of(**given: Any) -> Any:
            names = [p.name for p in totals.parts]
            for name in given:
                if name not in names:
                    raise ColumnNotFound(name, names, where=f"among the totals of {self.metric.name}.of")
            lacking = [n for n in names if n not in given]
            if lacking:
                raise ArgumentError(f"{self.metric.name}.of needs {', '.join(names)}; {', '.join(lacking)} is missing")
            return totals.value(given)

        of.__name__, of.__qualname__ = "of", f"{self.metric.name}.of"
        of.__doc__ = "\n".join([f"{self.metric.formula!r}", "", *(f"{p.name}: {p.meaning}" for p in totals.parts)])
        of.__signature__ = Signature([Parameter(p.name, Parameter.KEYWORD_ONLY) for p in totals.parts])  # type: ignore[attr-defined]
        return of

    # -- on arrays -------------------------------------------------------------------------------------

    def __call__(
        self,
        *,
        by: Any = None,
        where: Any = None,
        per: str | None = None,
        as_of: date | None = None,
        timezone: str | None = None,
        **arrays: Any,
    ) -> Any:
        """Return the metric of these arrays: a number, or by group or period a `Result`.

        Args:
            by: an array to group by, or a dict of them by name; for metrics over several tables, either by table.
            where: a mask of the rows that count; for metrics over several tables, masks by table.
            per: the period axis: day, week, month, quarter or year; the date columns have to be given too.
            as_of: the date (its end) or aware datetime looked from: what the dates put after it has not happened, so
                the dates have to be given too, unless the definition itself looks from as_of. Without it nothing is cut.
            timezone: zone of timestamps without one, and of days and periods; UTC days where it is not given.
            arrays: the columns of the metric, equally long; a single value stands for all rows.

        Raises:
            ArgumentError: an array that is missing or of another length.
            ColumnNotFound: a keyword that is no column of the metric, with the nearest.
            DataError: a value that its column cannot hold, with its position.
        """
        wanted = self._wanted(arrays, per, as_of)
        tables, keys, issues = self._tables(arrays, by, where, timezone, wanted)
        scope = Scope(tables, tables, zone=Zone(timezone or "UTC"), calendar=Calendar())
        if as_of is not None:
            scope = seen_from(tables, scope, Moment(*moment_of(as_of, "as_of", scope.zone)))
        asked = (Asked(self.metric.name, self.metric.formula, unit(self.metric.unit)),)
        counted = None if where is None else col(WHERE) == lit(True)
        question = Question(asked, tuple(col(key_column(k)) for k in keys), per, counted)
        answer = compute(Plan(question), tables, scope)
        enquirer = Enquirer((self.metric,), question, answer, tables, scope, tuple(issues), lambda: facts_of(scope))
        result = Result((self.metric,), keys, answer.groups, answer.frames, answer.values, answer.reasons, enquirer)
        if by is None and per is None:
            value = result[self.metric.name].values[0]
            return float(value) if self.metric.unit != "label" else value
        return result

    def _wanted(self, arrays: Mapping[str, Any], per: str | None, as_of: date | None) -> list[Argument]:
        """Return the arguments that lack and may be blank.

        Raises:
            ArgumentError: one that may not.
        """
        name, arguments = self.metric.name, self.arguments
        known = [a.keyword for a in arguments.listed]
        for keyword in arrays:
            if keyword not in known:
                raise ColumnNotFound(keyword, known, where=f"among the arrays of {name}")
        if per is not None and per not in GRAINS:
            raise ArgumentError(f"per is one of {', '.join(GRAINS)}, got {per!r}")
        if as_of is None and (arguments.looks_from or (per is not None and arguments.stocks)):
            why = (
                "looks from a date" if arguments.looks_from else "is a stock, which the last period measures at a date"
            )
            raise ArgumentError(f"{name} {why}; give as_of=date(...)")
        if arguments.needs_period and per is None:
            raise ArgumentError(f"{name} measures its period; give per='month', 'quarter' ...")
        missing = [a for a in arguments.listed if arrays.get(a.keyword) is None]
        lacking = [a.keyword for a in missing if a.needed]
        if lacking:
            raise ArgumentError(f"{name} needs {' and '.join(lacking)}; it takes {', '.join(known)}")
        periodic = per is not None or arguments.windowed
        cut = as_of is not None and not arguments.looks_from
        for a in missing:
            if periodic and a.dates in {"flow", "stock"}:
                raise ArgumentError(f"{name} needs {a.keyword} too, to tell the periods apart")
            if cut and a.dates and is_recorded(a.table, a.column):
                raise ArgumentError(f"{name} needs {a.keyword} too, to tell what had happened by as_of")
        return [a for a in missing if not a.dates]

    def _tables(
        self, arrays: Mapping[str, Any], by: Any, where: Any, timezone: str | None, blank: list[Argument]
    ) -> tuple[dict[str, Table], tuple[str, ...], list[Issue]]:
        arguments = self.arguments
        masks, groups = self._by_table("where", where), self._by_table("by", by)
        tables: dict[str, Table] = {}
        issues: list[Issue] = []
        names: tuple[str, ...] = ()
        for table in arguments.tables:
            draft = TableDraft(self.metric.name, table, timezone)
            for a in arguments.listed:
                if a.table == table and arrays.get(a.keyword) is not None:
                    draft.column(a, arrays[a.keyword])
            here = groups[table]
            keyed = {} if here is None else dict(here) if isinstance(here, Mapping) else {"by": here}
            if names and names != tuple(keyed):
                raise ArgumentError(
                    f"{self.metric.name}: by names {', '.join(keyed)} for table {table!r}, {', '.join(names)} for another"
                )
            names = tuple(keyed)
            for key, values in keyed.items():
                draft.key(key, values)
            if where is not None:
                draft.mask(masks[table])
            tables[table] = draft.finish([a for a in blank if a.table == table])
            issues.extend(draft.issues)
        return tables, names, issues

    def _by_table(self, option: str, value: Any) -> dict[str, Any]:
        """Return an option for each table: given by table where the metric reads several."""
        tables = self.arguments.tables
        if value is None or not self.arguments.several:
            return dict.fromkeys(tables, value)
        if not isinstance(value, Mapping) or set(value) - set(tables):
            raise ArgumentError(
                f"{self.metric.name} reads the tables {', '.join(tables)}; give {option} by table: "
                f"{option}={{{', '.join(f'{t!r}: ...' for t in tables)}}}"
            )
        lacking = [t for t in tables if t not in value]
        if lacking and option == "by":
            raise ArgumentError(f"{self.metric.name}: by lacks table {lacking[0]!r}; its rows would stand in no group")
        return {t: value.get(t) for t in tables}
