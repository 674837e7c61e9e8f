"""Stages: those that a history names, with their pipelines and their order in each version of these (S1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ..calendars import Zone
from ..errors import ArgumentError, NotFoundError
from .column import Array, Column, Mask, sort_key
from .history import ALWAYS, ENDED, Log, Visits, logs_of
from .outcomes import stage_kinds
from .table import Table
from .values import values_of

__all__ = ["CLOSED", "IN_FORCE", "RETIRED", "UNKNOWN", "Stages", "stages_of"]

IN_FORCE, RETIRED, CLOSED, UNKNOWN = "in force", "retired", "closed", "unknown"
_MOVED = ENDED.index("moved")
_FIELDS = ("order", "kind", "active_from", "active_to")


@attrs.frozen(slots=True, eq=False)
class Stages:
    """Stages by code: first those of a history by their own codes, then those in which no deal ever was.

    Args:
        names: of each code; the id where there is no name.
        pipeline: number of the pipeline of each code, a place in `pipelines`; -1 for what belongs to none.
        pipelines: their ids; None where nothing names one.
        since: from which instant on each version is in force; ascending, the first since ever.
        rank: version x code: the place of an open stage among those in force in its pipeline, -1 for any other.
        place: of each code, where it stands among all of its pipeline, by the newest version.
        status: of each code: in force, retired, closed (one to be won or lost in) or unknown.

    Rules: S1
    """

    names: tuple[Any, ...]
    pipeline: Array
    pipelines: tuple[Any, ...]
    since: Array
    rank: Array
    place: Array
    status: tuple[str, ...]

    def version(self, at: Array) -> Array:
        """Return the number of the version in force at each instant."""
        if len(self.since) == 1:
            return np.zeros(len(at), np.int8)
        return np.searchsorted(self.since, at, side="right") - 1

    def rank_at(self, codes: Array, versions: Array) -> Array:
        """Return the rank of each stage in a version."""
        found: Array = self.rank[0][codes] if len(self.since) == 1 else self.rank[versions, codes]
        return found

    def turns(self, visits: Visits) -> tuple[Mask, Mask]:
        """Return which stays ended by a step back in their pipeline, and which by a move to a stage with no place beside theirs.

        The order is that of the version in force when the deal moved.

        Rules: S1, S6
        """
        version = self.version(visits.left)
        here, there = self.rank_at(visits.stage, version), self.rank_at(visits.into, version)
        placed = (here >= 0) & (there >= 0) & (self.pipeline[visits.stage] == self.pipeline[visits.into])
        moved = visits.ended == _MOVED
        return moved & placed & (there < here), moved & ~placed

    def shown(self, pipeline: int, been: Mask) -> list[int]:
        """Return the stages to show of a pipeline in order; those in which no deal `been` only while they are in force."""
        codes = [
            code
            for code in range(1, len(self.names))
            if self.pipeline[code] == pipeline and (been[code] or self.status[code] == IN_FORCE)
        ]
        return sorted(codes, key=lambda code: (self.place[code], sort_key(self.names[code])))

    def spots(self) -> Array:
        """Return the spot of each code in a list of all stages, pipeline after pipeline; no stage, code 0, comes last."""
        everywhere = np.ones(len(self.names), bool)
        listed = [code for number in range(len(self.pipelines)) for code in self.shown(number, everywhere)]
        found = np.full(len(self.names), len(listed))
        found[listed] = np.arange(len(listed))
        return found

    def chosen(self, pipeline: object) -> list[int]:
        """Return the numbers of the pipelines that are asked for.

        Raises:
            ArgumentError: no such pipeline.
        """
        if pipeline is None:
            return list(range(len(self.pipelines)))
        found = [n for n, name in enumerate(self.pipelines) if name == pipeline or str(name) == pipeline]
        if not found:
            raise _unlisted("pipeline", pipeline, self.pipelines)
        return found


def stages_of(
    tables: Mapping[str, Table],
    zone: Zone,
    labels: Sequence[Any],
    *,
    until: int,
    order: Sequence[Any] | None = None,
) -> Stages:
    """Return the stages of a history.

    Args:
        tables: those of a view.
        zone: where days end.
        labels: code -> stage, as the history names them; code 0 is none.
        until: the instant of the view; what comes into force later is not looked at.
        order: these stages in this order instead of those of pipelines; the others belong to none.

    Raises:
        ArgumentError: an order with a stage that there is not, or with one twice.
    """
    table = tables.get("stage")
    ids = [] if table is None else values_of(table["id"])
    names = [None] * len(ids) if table is None or "name" not in table else values_of(table["name"])
    codes = {str(label): code for code, label in enumerate(labels) if label is not None}
    listed: list[Any] = [*labels]
    own: list[int] = []
    for id_, name in zip(ids, names, strict=True):
        code = codes.get(str(id_))
        if code is None and name is not None and name not in map(str, ids):
            code = codes.get(str(name))
        if code is None:
            code = codes[str(id_)] = len(listed)
            listed.append(id_)
        own.append(code)
    shown = [*listed]
    for code, name in zip(own, names, strict=True):
        shown[code] = listed[code] if name is None else name
    if order is not None:
        return _in_order(order, codes, shown)
    return _versions(table, tables, zone, own, shown, until)


def _in_order(order: Sequence[Any], codes: Mapping[str, int], names: list[Any]) -> Stages:
    found: list[int] = []
    by_name = {str(name): code for code, name in enumerate(names) if name is not None} | dict(codes)
    for stage in order:
        if str(stage) not in by_name:
            raise _unlisted("stage", stage, by_name)
        if by_name[str(stage)] in found:
            raise ArgumentError(f"stages names {stage!r} twice; each stage has one place")
        found.append(by_name[str(stage)])
    rank = np.full((1, len(names)), -1)
    rank[0, found] = np.arange(len(found))
    pipeline = np.where(rank[0] >= 0, 0, -1)
    status = tuple(IN_FORCE if r >= 0 else UNKNOWN for r in rank[0].tolist())
    return Stages(tuple(names), pipeline, (None,), np.array([ALWAYS]), rank, rank[0], status)


def _unlisted(what: str, name: object, known: Any) -> ArgumentError:
    said = str(NotFoundError(str(name), [str(k) for k in known if k is not None], where="in this history"))
    return ArgumentError(said.replace("no name", f"no {what}", 1))


def _versions(
    table: Table | None, tables: Mapping[str, Table], zone: Zone, own: list[int], names: list[Any], until: int
) -> Stages:
    size = len(names)
    belongs = values_of(table["pipeline"]) if table is not None and "pipeline" in table else [None] * len(own)
    pipelines = tuple(dict.fromkeys(belongs)) or (None,)
    if len(pipelines) > 1 and None not in pipelines:
        pipelines = (*pipelines, None)  # of the stages that no pipeline knows
    pipeline = np.full(size, pipelines.index(None) if len(pipelines) > 1 else 0)
    pipeline[own] = [pipelines.index(p) for p in belongs]
    place = np.full(size, size)
    status = [UNKNOWN] * size
    if table is None:
        return Stages(
            tuple(names), pipeline, pipelines, np.array([ALWAYS]), np.full((1, size), -1), place, tuple(status)
        )
    logs = logs_of(tables, zone).get("stage", {})
    since = [at for at in _breaks(table, logs, zone) if at <= until]
    ranks: list[Array] = []
    listed: list[int] = []
    kinds: list[str] = []
    for at in since:
        orders, kinds, starts, ends = _values(table, logs, at, zone)
        places = [n if o is None else o for n, o in enumerate(orders)]
        listed = sorted(range(len(own)), key=lambda n: (places[n], n))
        rank, counts = np.full(size, -1), dict.fromkeys(pipelines, 0)
        for n in listed:
            if kinds[n] == "open" and (starts[n] is None or starts[n] <= at) and (ends[n] is None or at < ends[n]):
                rank[own[n]] = counts[belongs[n]]
                counts[belongs[n]] += 1
        ranks.append(rank)
    for n, place_of in enumerate(listed):
        place[own[place_of]] = n
    for n, code in enumerate(own):
        status[code] = CLOSED if kinds[n] != "open" else IN_FORCE if ranks[-1][code] >= 0 else RETIRED
    return Stages(tuple(names), pipeline, pipelines, np.array(since), np.array(ranks), place, tuple(status))


def _breaks(table: Table, logs: Mapping[str, Log], zone: Zone) -> list[int]:
    """Return the instants from which something else is in force."""
    found = {ALWAYS}
    for name in _FIELDS:
        if name in logs:
            found |= set(logs[name].at.tolist())
        column = logs[name].pool if name in logs else table.columns.get(name)
        if column is not None and name.startswith("active"):
            found |= {at for at in _starts(column, zone) if at is not None}
    return sorted(found)


def _starts(dates: Column, zone: Zone) -> list[int | None]:
    """Return dates in microseconds, days from their start."""
    there = dates.present().tolist()
    return [
        None if not here else at if dates.kind == "instant" else zone.end_of_day(at - 1) + 1
        for at, here in zip(dates.data.tolist(), there, strict=True)
    ]


def _values(table: Table, logs: Mapping[str, Log], at: int, zone: Zone) -> tuple[list[Any], ...]:
    """Return order, kind, start and end of each stage as they were at an instant."""
    seen = {name: log.pool.take(log.at_instant(at)) for name, log in logs.items() if name in _FIELDS}
    columns = {**table.columns, **seen}
    kinds = stage_kinds(columns)
    nothing: list[Any] = [None] * len(table)
    return (
        values_of(columns["order"]) if "order" in columns else nothing,
        [kinds.get(id_) or "open" for id_ in values_of(table["id"])],
        *(_starts(columns[n], zone) if n in columns else nothing for n in ("active_from", "active_to")),
    )
