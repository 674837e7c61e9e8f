"""Workspace: the host's object. Its settings give dates, currencies and names their meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..algebra.columns import Expr
from ..analysis.change import Change, Side, explain_change, explain_periods
from ..analysis.view import View
from ..calendars import Calendar, Zone
from ..domain import Rate
from ..engines.compute import compute
from ..engines.inquiry import Enquirer
from ..errors import ArgumentError, ColumnNotFound, DefinitionError
from ..evaluate import Moment, Scope
from ..evaluate.facts import facts_of
from ..metric import Metric
from ..plugins.gather import gather
from ..state.listing import Listing
from ..state.result import Result
from ..table.dataset import Dataset
from ..table.rates import Rates
from .analyses import analysis_named, check_choices
from .arguments import check_condition, check_data, check_grain, confidence_of, keys_of, language_of, listed_metrics
from .inputs import check_tables, needed_by
from .kept import Plans, Views
from .names import metric_named
from .on_store import OnStore
from .scorecard import Scorecard, card_of
from .scoring import alone, only_score, score_table, scorer_named, scorers_of
from .selling import Selling

if TYPE_CHECKING:
    from ..scoring import Score, Scorer, Scores
    from ..sources import Profile, Progress
    from ..stores import Backend, Store, StoreUrl
    from .records import Clock

__all__ = ["Workspace"]


class Workspace(OnStore, Selling):
    """Settings and metrics under which numbers are measured; immutable after construction.

    Args:
        timezone: IANA name; days, weeks, months and quarters are local to it (T1).
        calendar: fiscal year, week start and week pattern (T7).
        currency: amounts are converted into it where `rates` are given (M2).
        rates: `Rate` records.
        metrics: the host's own, beside the catalogue.
        scorers: the host's own: `Scheme` objects, or anything else that is a `Scorer`.
        plugins: modules, objects and paths of Python files; one that fails is an error.
        discover: True to load all installed plugins; those that fail are left out, with a warning. Or the names of some;
            one that fails is an error. The environment variable CRMCORE_PLUGINS, where it is set, decides instead.
        config: plugin -> its settings.
        strict: True to raise for any plugin that fails, False to leave out any.
        language: of labels, "en", "zh" or one that a plugin brings.
        store: where records are kept: a URL such as "sqlite:///crm.db", or an open store. Then `data` may be left out below.
        tenant: whose records of the store; "main" by default.
        clock: gives the present instant where a change does not say when it was learnt, e.g. `lambda: datetime.now(UTC)`.

    Raises:
        DefinitionError: two metrics or two scorers of one name.
        PluginError: a plugin that fails, or two that declare one name.
        ArgumentError: a setting that means nothing.
    """

    def __init__(
        self,
        *,
        timezone: str = "UTC",
        calendar: Calendar | None = None,
        currency: str | None = None,
        rates: Iterable[Rate] = (),
        metrics: Iterable[Metric] = (),
        scorers: Iterable[Scorer] = (),
        plugins: Iterable[Any] = (),
        discover: bool | Iterable[str] = False,
        config: Mapping[str, Any] | None = None,
        strict: bool | None = None,
        language: str = "en",
        store: str | StoreUrl | Backend | Store | None = None,
        tenant: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        zone = Zone(timezone)
        self.calendar = calendar if calendar is not None else Calendar()
        self.currency = currency
        rates = tuple(rates)
        if rates and currency is None:
            raise ArgumentError("rates need a currency to convert into: Workspace(currency=..., rates=...)")
        self.rates = Rates(currency, rates) if rates and currency is not None else None
        found = gather(
            plugins,
            discover=discover,
            config=config,
            strict=strict,
            metrics=metrics,
            scorers=scorers_of(scorers),
            language=language,
        )
        self.language = language_of(language, found.languages)
        self.plugins = found.plugins
        self.metrics, self.origins = found.metrics, found.metrics.origins
        self.scorers, self.stores, self.profiles = found.scorers, found.stores, found.profiles
        self._plans, self._views = Plans(), Views(zone, self.calendar, self.rates)
        super().__init__(zone, store, tenant, clock, self.stores)

    @classmethod
    def load(cls, path: str | Path) -> Workspace:
        """Return the workspace that a TOML file describes.

        Raises:
            ArgumentError: a file that is missing or wrong, with what would be right.
        """
        from .settings import settings_from

        return cls(**settings_from(path))

    def __repr__(self) -> str:
        kept = "" if self._store is None else f", store of tenant {self._store.tenant!r}"
        return f"Workspace({len(self.metrics)} metrics, {self.zone.name}, currency {self.currency or 'not set'}{kept})"

    def metric(self, name: str | Metric) -> Metric:
        """Return a metric by name; `won_value.trailing(90)` and `won_value_trailing_90_days` are names too.

        Raises:
            MetricNotFound: no such metric, with the nearest names.
        """
        return name if isinstance(name, Metric) else metric_named(name, self.metrics)

    def read(
        self,
        path: str | Path,
        *,
        profile: str | Path | Mapping[str, Any] | Profile | None = None,
        timezone: str | None = None,
        progress: Progress | None = None,
    ) -> Dataset:
        """Read a CSV file, or a folder of them, as `crmcore.read` does; `profile` may be one that a plugin brings.

        Raises:
            ProfileNotFound: no profile of that name, with the nearest names.
            IngestError, ProfileError, ArgumentError: what cannot be read, and why.
        """
        from ..sources import read

        return read(path, profile=profile, profiles=self.profiles, timezone=timezone, progress=progress)

    def measure(
        self,
        metrics: str | Metric | Iterable[str | Metric],
        data: Dataset | None = None,
        *,
        by: str | Expr | Iterable[str | Expr] = (),
        per: str | None = None,
        where: Expr | None = None,
        as_of: date | None = None,
        known: date | None = None,
        interval: bool | float = False,
    ) -> Result:
        """Measure metrics on a dataset.

        Args:
            metrics: names, or `Metric` objects.
            data: the tables they are measured on; by default those of the store.
            by: columns or column expressions to group by; `owner.team` follows a reference. Blank is a group.
            per: the period axis: day, week, month, quarter, year, fiscal_period, fiscal_quarter or fiscal_year.
            where: a condition on the rows of every table that is read.
            as_of: the date (its end, local) or aware datetime looked from; by default the newest recorded instant (T8).
            known: count only changes that were recorded by this date (its end, local) or aware datetime; by default by
                `as_of` (O8).
            interval: give each proportion and mean its interval, at 95 % or at this confidence (R3).

        Returns: one row per group and period.

        Raises:
            NotFoundError: a metric, column or table that is not there, with the nearest names.
            UnitError, CurrencyError, ArgumentError: what cannot be measured, and why.
        """
        chosen = self._chosen(metrics)
        check_grain(per)
        check_condition(where)
        confidence = confidence_of(interval)
        names, keys = keys_of(by)
        plan = self._plans.of(chosen, keys, per, where)
        back = as_of is not None or known is not None or (per is not None and bool(plan.stocks))
        data = check_data(self._data(data, plan.tables, history=back))
        check_tables(plan.tables, chosen, data.tables)
        scope = self._scope(data, as_of, known=known)
        try:
            answer = compute(plan, data.tables, scope)
        except ColumnNotFound as error:
            raise needed_by(error, chosen, data.tables) from None
        enquirer = Enquirer(
            chosen,
            plan.question,
            answer,
            data.tables,
            scope,
            data.issues,
            partial(facts_of, scope, currency=self.currency, language=self.language),
        )
        return Result(
            chosen,
            names,
            answer.groups,
            answer.frames,
            answer.values,
            answer.reasons,
            enquirer,
            confidence=confidence,
            spread=answer.spread,
        )

    def analyse(
        self,
        name: str,
        data: Dataset | None = None,
        *,
        where: Expr | None = None,
        as_of: date | None = None,
        known: date | None = None,
        **choices: Any,
    ) -> Listing:
        """Run an analysis of the catalogue on a dataset.

        Args:
            name: of an entry of `crmcore.kpis.ANALYSES`, such as "rfm_ntile".
            data: the tables it is run on; by default those of the store.
            where: a condition on the rows of every table that is read.
            as_of: the date (its end, local) or aware datetime looked from; by default the newest recorded instant (T8).
            known: count only changes that were recorded by this date (its end, local) or aware datetime; by default by
                `as_of` (O8).
            choices: the keyword arguments of the analysis; its function documents them.

        Returns: rows of finished numbers, in the language of the workspace.

        Raises:
            AnalysisNotFound: no such analysis, with the nearest names.
            NotFoundError: a table or column that is not there, with the nearest names.
            ArgumentError: a choice that the analysis has not, with the nearest name, or a value it does not take.
            CrmCoreError: what else cannot be analysed, and why.
        """
        analysis = analysis_named(name, self.metrics)
        check_choices(analysis, choices)
        back = analysis.history or "change" in analysis.needs or as_of is not None or known is not None
        view = self.view(self._data(data, analysis.needs, history=back), where=where, as_of=as_of, known=known)
        return analysis.run(view, **choices).told(self.language)

    def scorer(self, name: str | Scorer) -> Scorer:
        """Return a scorer by name.

        Raises:
            ScorerNotFound: no such scorer, with the nearest names.
        """
        return scorer_named(name, self.scorers)

    def score(
        self, scorer: str | Scorer, data: Dataset | None = None, *, where: Expr | None = None, as_of: date | None = None
    ) -> Scores:
        """Score the rows of a table, each with the reasons that add up to its score.

        Args:
            scorer: a name, or a scorer such as a `Scheme`.
            data: the tables, by default those of the store; the scorer says which one it scores.
            where: a condition on the rows that are scored; other tables are read whole.
            as_of: the date (its end, local) or aware datetime looked from; by default the newest recorded instant (T8).

        Returns: one score per row, in the order of the table.

        Raises:
            ScorerNotFound: no such scorer, with the nearest names.
            NotFoundError: a table or column that the scorer needs, with what there is.
            CrmCoreError: what else cannot be scored, and why.
        """
        chosen = self.scorer(scorer)
        check_condition(where)
        held = self._data(data, [chosen.table, *chosen.others], history=as_of is not None)
        return score_table(chosen, self._scope(held, as_of), where).told(self.language)

    def score_one(
        self, scorer: str | Scorer, record: Any, *, as_of: date | None, others: Dataset | None = None
    ) -> Score:
        """Score one record; the same score that `score` gives it among others.

        Args:
            scorer: a name, or a scorer.
            record: a record of the domain, or a dict with the columns of the scorer's table.
            as_of: the date (its end, local) or aware datetime looked from; None for the newest of the record's own dates
                and those of `others` (T8).
            others: the other tables that the scorer reads, or that the record refers to.

        Raises:
            DataError: a record that a dataset rejects or leaves out.
            CrmCoreError: as `score`.
        """
        chosen = self.scorer(scorer)
        scope = self._scope(alone(chosen, record, others), as_of, beside=others)
        return only_score(score_table(chosen, scope, None))

    def explain_change(
        self,
        metric: str | Metric,
        before: Dataset | Result | str | Side,
        after: Dataset | Result | str | Side,
        *,
        by: str | Expr | Iterable[str | Expr] = (),
        data: Dataset | None = None,
        per: str | None = None,
        where: Expr | None = None,
        as_of: date | None = None,
    ) -> Change:
        """Split the difference of a metric between two sides into mix and rate, and name the groups that moved it.

        Args:
            metric: a name, or a `Metric`: a ratio, a mean, a sum or a count.
            before: one of: a dataset; a label of a period such as "2026-Q1", which is taken whole, with `per` and `data`;
                a result of this metric by group; group -> (numerator, denominator), exact numbers.
            after: the later side, of the same sort.
            by: for datasets and periods, the columns or column expressions whose groups are looked at.
            data: for periods, the tables they are measured on; by default those of the store.
            per: for periods, what they are: month, quarter ...
            where: for datasets and periods, a condition on the rows of every table that is read.
            as_of: for datasets and periods, the date (its end, local) or aware datetime looked from.

        Returns: a listing, one row per group, the largest contribution first; the exact numbers are its attributes.

        Raises:
            ArgumentError: sides of different sorts, or a metric whose groups do not add up, such as a median.
            NotFoundError: a metric, column, table or period that is not there, with the nearest names.

        Rules: R1, R2, R4, Q4
        """
        if isinstance(before, str) and isinstance(after, str):
            if (data is None and self._store is None) or per is None:
                raise ArgumentError(
                    f"periods {before!r} and {after!r} need the dataset and their kind: data=..., per='quarter'"
                )
            chosen = self.metric(metric)
            measured = self.measure(chosen, data, by=by, per=per, where=where, as_of=as_of)
            whole = self.measure(chosen, data, per=per, where=where, as_of=as_of)
            return explain_periods(chosen, measured, whole, before, after).told(self.language)
        if isinstance(before, Dataset) and isinstance(after, Dataset):
            if data is not None or per is not None:
                raise ArgumentError(
                    "data and per are for two periods of one dataset; before and after are datasets here"
                )
            sides = [self.measure(metric, side, by=by, where=where, as_of=as_of) for side in (before, after)]
            return explain_change(self.metric(metric), *sides).told(self.language)
        given = {"by": None if isinstance(by, tuple) and not by else by, "where": where, "as_of": as_of}
        stated = [n for n, v in (given | {"data": data, "per": per}).items() if v is not None]
        if stated:
            raise ArgumentError(
                f"{stated[0]} is for two datasets, or two periods of one; got {type(before).__name__} and "
                f"{type(after).__name__}, whose groups are known"
            )
        return explain_change(metric, before, after).told(self.language)  # type: ignore[arg-type]  # refused there

    def scorecard(
        self,
        data: Dataset | None = None,
        *,
        per: str | None = None,
        where: Expr | None = None,
        as_of: date | None = None,
        subjects: str | Iterable[str] = (),
    ) -> Scorecard:
        """Measure every metric that a dataset has the inputs for, and say what the others lack.

        Args:
            data: the tables; by default those of the store, without the columns in which no record has anything.
            per: show the period of this kind that contains as_of beside the one before it; without, all time together.
            where: a condition on the rows of every table that is read.
            as_of: the date (its end, local) or aware datetime looked from; by default the newest recorded instant (T8).
            subjects: only metrics of this subject, or of these, such as "pipeline".

        Raises:
            ArgumentError: a subject that no metric has, a period that is none, or what is no dataset or condition.
        """
        check_grain(per)
        check_condition(where)
        tables = check_data(self._filled(data))

        def run(metrics: Sequence[Metric]) -> Result:
            return self.measure(metrics, tables, per=per, where=where, as_of=as_of, interval=True)

        moment = self._scope(tables, as_of).as_of
        running = None if per is None or moment is None else self.calendar.period(moment.day, per).label
        return card_of(self.metrics.values(), tables, run, subjects=subjects, running=running, language=self.language)

    def view(
        self, data: Dataset, *, where: Expr | None = None, as_of: date | None = None, known: date | None = None
    ) -> View:
        """Return a dataset as an analysis sees it; `as_of` and `known` are those of `analyse`.

        Raises:
            ArgumentError: what is no condition, or no instant.
        """
        check_condition(where)

        scope = self._scope(data, as_of, known=known)
        run = partial(self.measure, data=data, where=where, as_of=as_of, known=known)
        return View(scope, where, run, partial(self._scope, data, known=scope.as_of))

    def _scope(
        self, data: Dataset, as_of: date | None, *, known: date | Moment | None = None, beside: Dataset | None = None
    ) -> Scope:
        return self._views.of(data, as_of, known=known, beside=beside)

    def _chosen(self, metrics: str | Metric | Iterable[str | Metric]) -> tuple[Metric, ...]:
        chosen = tuple(dict.fromkeys(self.metric(m) for m in listed_metrics(metrics)))
        names = [m.name for m in chosen]
        twice = next((n for n in names if names.count(n) > 1), None)
        if twice is not None:
            raise DefinitionError(f"two different metrics are called {twice!r}; rename one")
        return chosen
