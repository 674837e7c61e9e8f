"""The checks of metrics: each is a law that holds whatever the rows are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from math import isnan
from random import Random
from typing import Any, ClassVar

from ...algebra.columns import col
from ...errors import ArgumentError, CrmCoreError
from ...metric import Metric
from ...table.dataset import Dataset
from ...workspace import Workspace
from ..suite import Suite, flag, needs
from .business import PART, Records, business, doubled, emptied, parted, scaled
from .laws import bounds_of, grows, money_of, shares, times_of
from .smaller import few, told

__all__ = ["MetricSuite"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Law = Callable[[list[Metric], Records], Mapping[str, str]]
"""What is wrong: metric -> in words. Asked of all metrics at first, then of one with ever fewer rows."""


class MetricSuite(Suite):
    """Checks of metrics; a subclass gives `metrics`, and `records()` where they read what no CRM has of itself."""

    follows_money: bool = flag(
        "of the power of money that its unit says: no condition compares an amount with a number"
    )
    in_reference: bool = flag("measured by the reference interpreter, in a workspace without rates")

    metrics: Any = ()
    """A metric, its name in the workspace, or several of them."""
    languages: ClassVar[tuple[str, ...]] = ("en",)
    """Languages that each metric has a name in."""
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {}
    """Metric -> the smallest and the largest number it can be, where the formula does not say it by itself."""
    rises: ClassVar[Mapping[str, Mapping[str, list[dict[str, Any]]]]] = {}
    """Metric -> rows by table that never lower it when they are added."""
    falls: ClassVar[Mapping[str, Mapping[str, list[dict[str, Any]]]]] = {}
    """Metric -> rows by table that never raise it when they are added."""
    as_of: ClassVar[date | None] = None
    """The date that is looked from; by default the newest recorded one."""

    def records(self) -> Records:
        """Return table -> rows that the metrics are tried on, some with blanks; by default those of a small organisation."""
        return business()

    def workspace(self) -> Workspace:
        """Return what metrics are measured in."""
        return Workspace()

    # -- what is declared ------------------------------------------------------------------------------

    def test_declaration(self) -> None:
        """Each metric has a revision from 1; bounds, and rows that raise or lower, are given of these metrics only."""
        names = [metric.name for metric in self._metrics()]
        for metric in self._metrics():
            assert type(metric.revision) is int, f"{metric.name}: revision {metric.revision!r} is no whole number"
            assert metric.revision >= 1, f"{metric.name}: revision {metric.revision!r} is below 1"
        for what in ("bounds", "rises", "falls"):
            unknown = sorted(set(getattr(self, what)) - set(names))
            assert not unknown, f"{what} of what is no metric here: {', '.join(unknown)}"

    def test_labels(self) -> None:
        """Each metric has a name in every language of `languages`, and says in a sentence what it is."""
        for metric in self._metrics():
            lacking = [language for language in self.languages if not metric.labels.get(language)]
            assert not lacking, f"{metric.name}: labels have no name in {', '.join(lacking)}"
            assert metric.summary.strip(), f"{metric.name}: summary is empty; say in a sentence what it is"

    def test_the_rows_measure_it(self) -> None:
        """Each metric has a value for `records()`, as a whole, in a part or in a quarter; without one nothing is tested."""
        metrics, found = self._metrics(), self._everywhere(self._metrics(), self._records())
        silent = [m.name for m in metrics if all(_blank(row[m.name]) for row in found)]
        assert not silent, f"no value of {', '.join(silent)}: give records() with rows that they can be measured on"

    # -- laws ------------------------------------------------------------------------------------------

    def test_order_of_rows(self) -> None:
        """Permutation: the same rows in another order give the same numbers, to the last bit."""

        def law(metrics: list[Metric], records: Records) -> Mapping[str, str]:
            random = Random(7)  # noqa: S311 - any order will do
            other = {name: random.sample(rows, len(rows)) for name, rows in records.items()}
            return _differences(self._everywhere(metrics, records), self._everywhere(metrics, other))

        self._holds(law)

    def test_parts_and_the_whole(self) -> None:
        """Split and merge: of rows in parts the total is that of the rows as a whole, and a part alone is what it is among others."""

        def law(metrics: list[Metric], records: Records) -> Mapping[str, str]:
            rows = parted(records)
            split = self._measured(metrics, rows, by=PART)
            found = dict(_differences(self._rows(metrics, rows), [split.total], "of the parts together"))
            for row in split.rows():
                alone = self._rows([m for m in metrics if not shares(m)], rows, where=col(PART) == row[PART])
                found = {**_differences([row], alone, f"of part {row[PART]!r} alone"), **found}
            return found

        self._holds(law)

    def test_no_rows(self) -> None:
        """Empty, R2: of no rows a metric is 0 or undefined, with a reason, and never an error."""
        workspace = self._given[0]
        # the tables keep their columns: of a host's own column nothing else tells the kind
        result = workspace.measure(self._metrics(), emptied(_dataset(self._records())), as_of=self._moment())
        for metric in self._metrics():
            measured = result[metric.name]
            for value, place in zip(result.plain(metric.name), range(len(result)), strict=True):
                assert value == 0 or _blank(value), f"{metric.name}: {value!r} of no rows; 0 or undefined is right"
                assert not _blank(value) or measured.reason(place), f"{metric.name}: undefined without a reason"

    def test_two_businesses(self) -> None:
        """Duplicates: of two equal businesses side by side counts and sums are twice those of one, ratios and means the same."""

        def law(metrics: list[Metric], records: Records) -> Mapping[str, str]:
            lawful = [m for m in metrics if times_of(m.formula) is not None]
            one, two = self._everywhere(lawful, records), self._everywhere(lawful, doubled(records))
            for row in one:
                for metric in lawful:
                    if not _blank(value := row[metric.name]) and not isinstance(value, str):
                        row[metric.name] = value * 2.0 ** (times_of(metric.formula) or 0)
            return _differences(one, two, "of two equal businesses")

        self._holds(law)

    def test_bounds(self) -> None:
        """Bounds: counts are whole and from 0 on, proportions from 0 to 1, others within the `bounds` given."""

        def law(metrics: list[Metric], records: Records) -> Mapping[str, str]:
            found = {}
            for row in self._everywhere(metrics, records):
                for metric in metrics:
                    low, high = self.bounds.get(metric.name) or bounds_of(metric) or (None, None)
                    value = row[metric.name]
                    if low is None or high is None or _blank(value):
                        continue
                    if not low <= value <= high:
                        found[metric.name] = f"{value!r} is not from {low} to {high}"
                    elif metric.unit == "count" and bounds_of(metric) and value != int(value):
                        found[metric.name] = f"{value!r} is no whole number"
            return found

        self._holds(law)

    @needs("follows_money")
    def test_money_of_another_size(self) -> None:
        """Units: with all amounts doubled, money is doubled, what is per money halved, and a ratio, count or time the same."""

        def law(metrics: list[Metric], records: Records) -> Mapping[str, str]:
            def asked(rows: Records) -> list[dict[str, Any]]:
                # never in periods, which take shares of targets in whole cents (M8)
                return [*self._rows(metrics, rows), *self._rows(metrics, parted(rows), by=PART)]

            expected = asked(records)
            for row in expected:
                for metric in metrics:
                    if not _blank(value := row[metric.name]) and not isinstance(value, str):
                        row[metric.name] = value * 2.0 ** money_of(metric)
            return _differences(expected, asked(scaled(records, 2)), "of amounts twice as large")

        self._holds(law)

    def test_more_rows(self) -> None:
        """Monotonicity: further rows never lower a count, nor what `rises` by them, and never raise what `falls`."""

        def law(metrics: list[Metric], records: Records) -> Mapping[str, str]:
            found: dict[str, str] = {}
            for table in {t for m in metrics if (t := grows(m)) is not None and t in records}:
                counts = [m for m in metrics if grows(m) == table]
                less = {**records, table: records[table][: len(records[table]) // 2]}
                found |= self._moved(counts, less, records, +1)
            for given, sign in ((self.rises, +1), (self.falls, -1)):
                for metric in [m for m in metrics if m.name in given]:
                    added = given[metric.name]
                    more = {**records, **{t: [*records.get(t, []), *rows] for t, rows in added.items()}}
                    found |= self._moved([metric], records, more, sign)
            return found

        self._holds(law)

    @needs("in_reference")
    def test_the_reference_agrees(self) -> None:
        """The definition: the reference interpreter finds the same numbers, row by row, to the last bit."""
        from ..reference import measure

        workspace = self._given[0]
        assert workspace.rates is None, "a workspace with rates is not compared; in_reference = False says so"

        def law(metrics: list[Metric], records: Records) -> Mapping[str, str]:
            expected = measure(
                metrics,
                records,
                as_of=self._moment(),
                calendar=workspace.calendar,
                timezone=workspace.zone.name,
            )
            return _differences(expected.rows, self._rows(metrics, records), "measured")

        self._holds(law)

    def test_again(self) -> None:
        """The same rows give the same numbers again, and are left as they are."""
        records = self._records()
        before = {name: [dict(row) for row in rows] for name, rows in records.items()}
        first, second = self._everywhere(self._metrics(), records), self._looked(self._metrics(), records)
        wrong = _differences(first, second, "the second time")
        assert not wrong, "; ".join(f"{name}: {what}" for name, what in wrong.items())
        assert before == records, "measuring has changed the rows"

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _given(self) -> tuple[Workspace, list[Metric], Records, date | None]:
        """What the subclass gives; it is asked once."""
        known: Any = vars(type(self)).get("_answer")
        if known is None:
            known = type(self)._answer = self._ask()  # type: ignore[attr-defined]
        return known  # type: ignore[no-any-return]

    def _ask(self) -> tuple[Workspace, list[Metric], Records, date | None]:
        workspace, records, given = self.workspace(), self.records(), type(self).metrics
        listed = [given] if isinstance(given, Metric | str) else list(given)
        for one in listed:
            if not isinstance(one, Metric | str):
                raise ArgumentError(f"{type(self).__name__}.metrics are Metric objects or their names, got {one!r}")
        metrics = [workspace.metric(one) for one in listed]
        twice = sorted({m.name for m in metrics if sum(m.name == other.name for other in metrics) > 1})
        if not metrics or twice:
            wrong = f"two are called {', '.join(twice)}" if twice else "give a Metric, its name, or a list of them"
            raise ArgumentError(f"{type(self).__name__}.metrics: {wrong}")
        moment = workspace.view(_dataset(records), as_of=self.as_of).scope.as_of
        seen = None if moment is None else _EPOCH + timedelta(microseconds=moment.instant)
        return workspace, metrics, records, seen

    def _metrics(self) -> list[Metric]:
        return self._given[1]

    def _records(self) -> Records:
        return self._given[2]

    def _moment(self) -> date | None:
        """Return the instant that all checks look from, however many rows they have."""
        return self._given[3]

    def _measured(self, metrics: list[Metric], records: Records, **question: Any) -> Any:
        workspace = self._given[0]
        return workspace.measure(metrics, _dataset(records), as_of=self._moment(), **question)

    def _rows(self, metrics: list[Metric], records: Records, **question: Any) -> list[dict[str, Any]]:
        return self._measured(metrics, records, **question).rows()  # type: ignore[no-any-return]

    def _everywhere(self, metrics: list[Metric], records: Records) -> list[dict[str, Any]]:
        """Return what metrics are as a whole, and in each quarter; of the rows that were given it is kept."""
        if records is self._records() and len(metrics) > 1:
            own = vars(type(self))
            if "_whole" not in own:
                type(self)._whole = self._looked(self._metrics(), records)  # type: ignore[attr-defined]
            return [dict(row) for row in own["_whole"]]
        return self._looked(metrics, records)

    def _looked(self, metrics: list[Metric], records: Records) -> list[dict[str, Any]]:
        return [*self._rows(metrics, records), *self._rows(metrics, records, per="quarter")]

    def _moved(self, metrics: Iterable[Metric], less: Records, more: Records, sign: int) -> dict[str, str]:
        listed = list(metrics)
        before, after = self._rows(listed, less)[0], self._rows(listed, more)[0]
        return {
            m.name: f"{after[m.name]!r} with further rows, {before[m.name]!r} without"
            for m in listed
            if not _blank(before[m.name]) and not _blank(after[m.name]) and (after[m.name] - before[m.name]) * sign < 0
        }

    def _holds(self, law: Law) -> None:
        """Fail where a law does not hold: with the metric, what is wrong, and a few rows that show it."""
        metrics, records = self._metrics(), self._records()
        wrong = law(metrics, records)
        for name in wrong:
            only = [metric for metric in metrics if metric.name == name]
            small = few(records, partial(_wrong, law, only))
            said = dict(law(only, small)).get(name, wrong[name])
            others = f"\n  the same goes for {', '.join(n for n in wrong if n != name)}" if len(wrong) > 1 else ""
            raise AssertionError(f"{name}: {said}\n  {only[0].formula!r}\n{told(small)}{others}")


def _wrong(law: Law, metrics: list[Metric], records: Records) -> bool:
    """Tell whether a law is broken by these rows; rows that cannot be measured show nothing."""
    try:
        return bool(law(metrics, records))
    except CrmCoreError:
        return False


def _dataset(records: Records) -> Dataset:
    tables: dict[str, Any] = dict(records)
    return Dataset(**tables)


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, float) and isnan(value))


def _differences(
    expected: list[dict[str, Any]], found: list[dict[str, Any]], when: str = "in another order"
) -> dict[str, str]:
    """Return metric -> where it differs; rows are compared one by one, keys and values."""
    if len(expected) != len(found):
        return dict.fromkeys(
            (n for row in found or expected for n in row), f"{len(found)} rows in place of {len(expected)}"
        )
    wrong: dict[str, str] = {}
    for one, other in zip(expected, found, strict=True):
        for name in one.keys() & other.keys():
            a, b = one[name], other[name]
            if not (a == b or (_blank(a) and _blank(b))):
                place = ", ".join(f"{k} {v!r}" for k, v in one.items() if k in ("period", PART))
                wrong.setdefault(name, f"{b!r} {when}, expected {a!r}{f' ({place})' if place else ''}")
    return wrong
