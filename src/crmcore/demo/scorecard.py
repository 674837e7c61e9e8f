"""The scorecard of the demo: what is measured, and how its tables look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from shlex import quote
from typing import Any

import attrs

from ..algebra import col
from ..locales import locale
from ..state.present.numbers import places_of, shown, shown_range
from ..state.present.width import aligned, clean
from ..state.result import Result
from ..table.dataset import Dataset
from ..workspace import Workspace
from .company import CRM_SINCE, CURRENCY, LAST_DAY, TEAMS
from .organisation import ROWS, SEED, dataset
from .store import stored
from .words import Words, words

__all__ = ["Scorecard"]

_QUARTERS = (
    "leads_created",
    "lead_conversion_rate",
    "won_deals",
    "win_rate",
    "sales_cycle_days",
    "won_value",
    "organisation_quota_attainment",
    "cac",
    "sales_velocity",
)
_TEAMS = (
    "win_rate",
    "sales_cycle_days",
    "won_value",
    "team_quota_attainment",
    "team_pace_status",
    "open_value",
    "team_pipeline_coverage_of_target",
)
_YEAR = (
    "team_quota_attainment.change(year)",
    "sales_cycle_days.change(year)",
    "win_rate.change(year)",
    "admin_time_share.change(year)",
)
_WORK = (
    "calls_per_lead",
    "contacts_per_meeting",
    "visits_and_calls_per_sale",
    "proposals_per_sale",
    "face_time_hours",
    "admin_time_share",
)
_SOURCES = (
    "leads_created",
    "lead_conversion_rate",
    "win_rate",
    "cost_per_lead",
    "cost_per_won_deal",
    "won_trait_ratio",
)
_AFTER = (
    "mrr",
    "net_revenue_retention_year",
    "logo_churn_rate_year",
    "dso_days",
    "overdue_share",
    "nps",
    "csat",
)
_FORECASTS = (
    "team_forecast_value",
    "won_value",
    "team_forecast_attainment",
    "team_forecast_accuracy",
    "team_forecast_bias",
    "forecast_wape",
)
_SHOWN = 5
"""Quarters of the first table; of the teams one less."""
_SIDE = "   "


@attrs.define(eq=False)
class Scorecard:
    """Everything that the demo shows, line by line.

    Args:
        rows: opportunities of the generated organisation.
        seed: another seed, another organisation.
        language: of labels and sentences.
        out: takes the lines.
        keep: a new file for the store it is kept in; without one the store is gone at the end.
    """

    rows: int = ROWS
    seed: int = SEED
    language: str = "en"
    out: Callable[[str], Any] = print
    keep: str | Path | None = None
    taken: Dataset = attrs.field(init=False)
    data: Dataset = attrs.field(init=False)
    host: Workspace = attrs.field(init=False)
    say: Words = attrs.field(init=False)

    def show(self) -> None:
        """Generate the organisation, bring it into a store, and show all parts of what is read back."""
        self.say = words(self.language)
        self.taken = dataset(self.rows, self.seed)
        with stored(self.taken, language=self.language, keep=self.keep) as host:
            self.host = host
            self.data = host.dataset()
            self._parts()

    def _parts(self) -> None:
        self._opening()
        self._issues()
        self._quarters()
        self._teams()
        self._year()
        self._work()
        self._sources()
        self._after()
        self._forecasts()
        self._sample()
        self._explain()
        self._next()

    # -- parts -----------------------------------------------------------------------------------------

    def _opening(self) -> None:
        sizes = {name: len(self.data[name]) if name in self.data else 0 for name in ("opportunity", "lead", "activity")}
        for line in self.say.opening:
            self.out(
                line.format(
                    deals=sizes["opportunity"],
                    leads=sizes["lead"],
                    activities=sizes["activity"],
                    first=CRM_SINCE.isoformat(),
                    last=LAST_DAY.isoformat(),
                    currency=CURRENCY,
                )
            )

    def _issues(self) -> None:
        self._head("issues")
        for issue in self.taken.issues:
            self._line(str(issue))
        if self.taken.rejected:
            first = self.taken.rejected[0]
            self._line(
                self.say.rejected.format(
                    n=len(self.taken.rejected), table=first.table, row=first.row, reason=first.reason
                )
            )
        excluded = {f"{name} {reason}": n for name, table in self.data.items() for reason, n in table.excluded.items()}
        if excluded:
            self._line(self.say.left_out.format(counts=", ".join(f"{what} {n:,}" for what, n in excluded.items())))

    def _quarters(self) -> None:
        self._head("quarters")
        result = self.host.measure(_QUARTERS, per="quarter")
        self._table(result, _last(result, _SHOWN + 1))

    def _teams(self) -> None:
        self._head("teams")
        result = self.host.measure(_TEAMS, by="team", per="quarter")
        self._table(result, _last(result, _SHOWN - 1))

    def _year(self) -> None:
        result = self.host.measure(_YEAR, by="team", per="quarter")
        complete = _periods(result)[-2:-1]
        self._head("year", period="".join(complete))
        self._table(result, _of(result, complete), keys=("team",), signs=True)

    def _work(self) -> None:
        year = str(LAST_DAY.year)
        self._head("work", period=year)
        result = self.host.measure(_WORK, by="team", per="year")
        self._table(result, _of(result, [year]), keys=("team",))

    def _sources(self) -> None:
        self._head("sources")
        result = self.host.measure(_SOURCES, by="source", where=col("source").not_null())
        self._table(result, range(len(result)))

    def _after(self) -> None:
        self._head("after")
        result = self.host.measure(_AFTER, per="quarter")
        self._table(result, _last(result, _SHOWN))

    def _forecasts(self) -> None:
        result = self.host.measure(_FORECASTS, by="team", per="quarter", where=col("team").not_null())
        complete = _periods(result)[-2:-1]
        self._head("forecasts", period="".join(complete))
        self._table(result, _of(result, complete), keys=("team",))

    def _sample(self) -> None:
        team = TEAMS[2].name
        result = self.host.measure("win_rate", by="owner", per="quarter", where=col("team") == team, interval=True)
        complete = _periods(result)[-2:-1]
        self._head("sample", team=team, period="".join(complete))
        self._table(result, _of(result, complete), keys=("owner",), counted=True)

    def _explain(self) -> None:
        self._head("explain")
        attainment = self.host.measure("team_quota_attainment", by="team", per="quarter")
        cycle = self.host.measure("sales_cycle_days")
        row = {"team": attainment.column("team")[0], "period": (_periods(attainment)[-2:-1] or _periods(attainment))[0]}
        for text in (attainment.explain("team_quota_attainment", **row), cycle.explain("sales_cycle_days")):
            for line in text.splitlines():
                self._line(line)
            self.out("")

    def _next(self) -> None:
        heading, note = self.say.steps["next"]
        self.out(f"== {heading}")
        self._line(note)
        self.out("")
        given = [f" --rows {self.rows}"] * (self.rows != ROWS) + [f" --seed {self.seed}"] * (self.seed != SEED)
        arguments = "".join(given)
        for command, what in self.say.next:
            self._line(f"{command.format(arguments=arguments)}")
            self._line(f"    {what}")
        self.out("")
        self.out(self.say.closing.format(rows=sum(len(table) for table in self.data.values())))
        if self.keep is not None:
            self.out(self.say.kept.format(file=quote(str(self.keep))))

    # -- text ------------------------------------------------------------------------------------------

    def _head(self, step: str, **places: str) -> None:
        heading, note = self.say.steps[step]
        self.out("")
        self.out(f"== {heading.format(**places)}")
        for line in note.format(**places).splitlines():
            self._line(line)
        self.out("")

    def _line(self, text: str) -> None:
        self.out(f"{_SIDE}{clean(text)}".rstrip())

    def _table(
        self,
        result: Result,
        rows: Iterable[int],
        *,
        keys: tuple[str, ...] = (),
        signs: bool = False,
        counted: bool = False,
    ) -> None:
        """Show some rows of a result.

        Args:
            result: the numbers.
            rows: which of its rows.
            keys: which of its keys are shown; all by default.
            signs: whether rises carry a plus sign.
            counted: whether the number of rows behind each number is shown.
        """
        chosen = list(rows)
        if not chosen:
            self._line("-")
            return
        blank = locale(self.language).words["blank"]
        headers, right, columns = [], [], []
        for key in keys or result.axes:
            labels = result.column(key)
            headers.append(self.say.keys.get(key, key))
            right.append(False)
            columns.append([blank if labels[i] is None else str(labels[i]) for i in chosen])
        for name in result.names:
            if counted:
                headers.append("n")
                right.append(True)
                columns.append([f"{int(result[name].n[i])}" for i in chosen])
            headers.append(self.say.columns.get(name, name))
            right.append(result[name].metric.unit != "label")
            columns.append(_cells(result, name, chosen, signs=signs))
        for line in aligned(headers, [list(row) for row in zip(*columns, strict=True)], right):
            self._line(line)


def _cells(result: Result, name: str, rows: list[int], *, signs: bool) -> list[str]:
    measured = result[name]
    unit = measured.metric.unit
    values = [result.plain(name)[i] for i in rows]
    whole = unit in ("label", "money", "money/day", "hours")
    places = 0 if whole else places_of(unit, values)
    low, high = measured.low, measured.high
    if low is not None and high is not None:
        bounds = [(low[i], high[i]) for i in rows]
        return [
            shown_range(v, *b, unit, places) if v is not None else shown(v, unit, places)
            for v, b in zip(values, bounds, strict=True)
        ]
    return [("+" if signs and v is not None and v > 0 else "") + shown(v, unit, places) for v in values]


def _periods(result: Result) -> list[str]:
    return list(dict.fromkeys(result.column("period")))


def _last(result: Result, n: int) -> list[int]:
    return _of(result, _periods(result)[-n:])


def _of(result: Result, periods: Iterable[str]) -> list[int]:
    wanted = set(periods)
    return [i for i, label in enumerate(result.column("period")) if label in wanted]
