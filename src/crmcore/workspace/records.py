"""Records in a transaction: what differs from what is stored becomes a write, and the domain's rules hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import attrs

from ..domain import RECORDS, Opportunity, Pipeline, Stage
from ..domain.record import Record, values_of
from ..domain.schema import table_of
from ..errors import ArgumentError, NotFoundError, TransitionError
from ..stores.entry import Write
from ..stores.values import defaults_of, fields_known
from .keeping import Keeping, Told, ToldOnce
from .moments import check_moment, cut_at
from .pipelines import check_owner, pipeline_of, stages_to_keep

if TYPE_CHECKING:
    from ..calendars import Zone
    from ..domain.record import Id, Moment
    from ..stores.contract import Store, Stored, Transaction

__all__ = ["Clock", "Records", "check_told", "fields_kept", "record_of", "recorded"]

AnyRecord = TypeVar("AnyRecord", bound=Record)
Clock = Callable[[], datetime]
"""Gives the present instant, with its time zone."""

_MOVED = {"pipeline": "adopt", "stage": "move", "outcome": "win, lose, abandon or reopen"}
"""What only a motion changes of an opportunity, and which."""


class Records(Keeping):
    """The records of a store, in one transaction.

    Args:
        store: the tenant's store.
        transaction: an open transaction on it.
        zone: says which day an instant belongs to.
        clock: gives `recorded_at` where nothing else does.
    """

    def __init__(self, store: Store, transaction: Transaction, zone: Zone, clock: Clock | None) -> None:
        self._store = store
        self._transaction = transaction
        self._zone = zone
        self._clock = clock
        self.refused = False
        """Whether something written was found to break a rule afterwards; nothing may then be kept."""
        self._stages: dict[Id, Stage] = {}
        """Stages kept in this transaction, which a scan may not see yet."""

    def transaction(self) -> AbstractContextManager[Records]:
        """Return this same transaction."""
        return nullcontext(self)

    # --- records

    def get(self, table: str, id: Id) -> Any:  # noqa: A002
        """Return a record as this transaction sees it."""
        if table == "pipeline":
            return self.pipeline(id)
        held = self._transaction.get(table, id)
        return None if held is None else record_of(held)

    def put(self, record: AnyRecord, *, at: Moment | None = None, **told: Unpack[ToldOnce]) -> AnyRecord:
        """Keep a record as it is."""
        check_told(told, ToldOnce)
        table = table_of(record)
        if table is None or table == "change":
            raise ArgumentError(f"put() keeps records of the domain such as Lead(...), got {record!r}")
        if isinstance(record, Pipeline):
            self._put_pipeline(record, at, told)
            return self.get(table, record.id)  # type: ignore[no-any-return]
        id_: Any = getattr(record, "id", None)
        if id_ is None:
            raise ArgumentError(f"{record!r} has no id; a store tells records by it")
        held = self._transaction.get(table, id_)
        values = fields_kept(table, record)
        moment = _since(at, record, table, new=held is None)
        if isinstance(record, Stage):
            check_owner(record, held)
        if "changed_at" in values and values["changed_at"] is None:
            if (held is not None and _differs(held, values)) or told.get("key") is not None:
                values["changed_at"] = moment
            else:
                del values["changed_at"]
        self._write(table, id_, values, moment, told, held)
        if isinstance(record, Stage):
            self._stages[record.id] = record
        return self.get(table, id_)  # type: ignore[no-any-return]

    def change(
        self,
        table: str,
        id: Id,  # noqa: A002
        values: Mapping[str, Any],
        *,
        at: Moment,
        **told: Unpack[ToldOnce],
    ) -> Any:
        """Change some fields of a record."""
        check_told(told, ToldOnce)
        said: Any = values
        if not isinstance(said, Mapping) or not said:
            raise ArgumentError(f"change() takes field -> new value, got {values!r}")
        held = self._transaction.get(table, id)
        if held is None and table in RECORDS:
            raise self._missing(table, id)
        given = dict(values)
        differs = told.get("key") is not None or (held is not None and _differs(held, given))
        if differs and "changed_at" in fields_known(table):
            given.setdefault("changed_at", at)
        self._write(table, id, given, at, told, held)
        return self.get(table, id)

    def remove(self, table: str, id: Id, *, at: Moment, **told: Unpack[Told]) -> None:  # noqa: A002
        """Mark a record as deleted."""
        check_told(told, Told)
        held = self._transaction.get(table, id)
        if held is None:
            raise self._missing(table, id)
        self._write(table, id, {"deleted": True}, at, told, held)

    # --- motions

    def created(
        self,
        id: Id,  # noqa: A002
        stage: Id | Stage | None,
        *,
        pipeline: Id,
        at: Moment,
        told: Told,
        fields: Mapping[str, Any],
    ) -> Opportunity:
        """Create an opportunity by the rules of its pipeline."""
        rules = self._rules(pipeline, at)
        new, _ = rules.create(id, stage, **self._step(at, told), **fields)
        self._append("opportunity", id, fields_kept("opportunity", new), at, told, 0)
        return new

    def moved(
        self,
        motion: str,
        opportunity: Opportunity | Id,
        where: tuple[Any, ...],
        at: Moment,
        told: Told,
        *,
        pipeline: Id | None = None,
        **how: Any,
    ) -> Opportunity:
        """Run a motion of `Pipeline` by its name on the stored state of an opportunity.

        Args:
            motion: "move", "win" ...
            opportunity: the record or its id.
            where: arguments of the motion after the opportunity.
            at: when.
            told: who, when it was learnt, ...
            pipeline: whose rules hold; by default that of the opportunity.
            how: further arguments of the motion.
        """
        check_told(told, Told)
        id_ = opportunity.id if isinstance(opportunity, Opportunity) else opportunity
        held = self._transaction.get("opportunity", id_)
        if held is None:
            raise self._missing("opportunity", id_)
        old: Opportunity = record_of(held)
        own = old.pipeline if pipeline is None else pipeline
        if own is None:
            raise TransitionError(f"opportunity {id_!r} is in no pipeline; take it into one with adopt()")
        rules = self._rules(own, at)
        step = self._step(at, told)
        new, changes = getattr(rules, motion)(old, *where, **step, **how)
        if changes:
            values = {change.field: change.new for change in changes} | {"changed_at": new.changed_at}
            self._append("opportunity", id_, values, at, told, held.version)
            now = self.get("opportunity", id_)
            late = [n for n in values if n != "changed_at" and getattr(now, n) != getattr(new, n)]
            if late:
                self.refused = True
                raise TransitionError(
                    f"opportunity {id_!r} cannot {motion} at {at}: something later is known of its {late[0]}, which stays "
                    f"{getattr(now, late[0])!r}; correct the past with change()",
                    opportunity=id_,
                )
        return new  # type: ignore[no-any-return]

    def pipeline(self, id: Id, at: Moment | None = None) -> Pipeline | None:  # noqa: A002
        """Return a pipeline with the stages in force at a date or instant, None where there is none (S1)."""
        found = pipeline_of(self._store, self._transaction, id, None if at is None else cut_at(at, self._zone))
        if found is None:
            return None
        here = {stage.id: stage for stage in found.stages}
        here |= {stage.id: stage for stage in self._stages.values() if stage.pipeline == id}
        return attrs.evolve(found, stages=tuple(here.values()))

    def _rules(self, pipeline: Id, at: Moment) -> Pipeline:
        check_moment(at, "at")
        found = self.pipeline(pipeline, at)
        if found is None:
            known = [str(id_) for b in self._store.scan("pipeline", ()) for id_ in b.columns[0]]
            raise NotFoundError(str(pipeline), known, where="among the pipelines of the store", hint="put() it first")
        return found

    def _step(self, at: Moment, told: Told) -> dict[str, Any]:
        return {
            "at": at,
            "by": told.get("by"),
            "recorded_at": recorded(at, told.get("recorded_at"), self._clock),
            "sequence": told.get("sequence", 0),
        }

    # --- how things are written

    def _put_pipeline(self, record: Pipeline, at: Moment | None, told: ToldOnce) -> None:
        held = self._transaction.get("pipeline", record.id)
        moment = _since(at, record, "pipeline", new=held is None)
        known = self.pipeline(record.id)
        self._append("pipeline", record.id, {"name": record.name}, moment, told, None if held is None else held.version)
        once = ToldOnce(**{k: v for k, v in told.items() if k not in ("key", "expected")})  # type: ignore[typeddict-item]
        for stage in stages_to_keep(record, () if known is None else known.stages, moment):
            self.put(stage, at=moment, **once)

    def _write(
        self,
        table: str,
        id: Id,  # noqa: A002
        values: Mapping[str, Any],
        at: Moment,
        told: ToldOnce | Told,
        held: Stored | None,
    ) -> None:
        """Write values, and see that the record they make is one that can be."""
        version = 0 if held is None else held.version
        self._append(table, id, values, at, told, version)
        if table not in RECORDS or table == "pipeline":
            return
        self.refused = True
        found = self._transaction.get(table, id)
        if found is not None:
            now = record_of(found)
            if isinstance(now, Opportunity):
                self._check_motion(now, held, at)
        self.refused = False

    def _append(
        self,
        table: str,
        id: Id,  # noqa: A002
        values: Mapping[str, Any],
        at: Moment,
        told: ToldOnce | Told,
        version: int | None,
    ) -> None:
        check_moment(at, "at")
        said: Any = told
        expected = said.get("expected")
        key = said.get("key")
        self._transaction.append(
            [
                Write(
                    table,
                    id,
                    values,
                    at,
                    recorded(at, said.get("recorded_at"), self._clock),
                    said.get("by"),
                    said.get("sequence", 0),
                    # a key that comes again is no conflict, whatever the version is by now
                    expected if expected is not None or key is not None else version,
                    key,
                    said.get("source", ""),
                )
            ]
        )

    def _check_motion(self, now: Opportunity, held: Stored | None, at: Moment) -> None:
        """Refuse what only a motion may do (O2, O5)."""
        if held is not None:
            for name, motion in _MOVED.items():
                old, new = held.values.get(name, defaults_of("opportunity").get(name)), getattr(now, name)
                if old != new:
                    raise TransitionError(
                        f"{name} of opportunity {now.id!r} does not change from {old!r} to {new!r} this way; use {motion}",
                        opportunity=now.id,
                    )
        elif now.pipeline is not None and now.stage is not None:
            rules = self.pipeline(now.pipeline, at)
            kind = None if rules is None else _kind(rules, now.stage, at)
            if kind is not None and kind != now.outcome:
                raise TransitionError(
                    f"opportunity {now.id!r} is {now.outcome}, but its stage {now.stage!r} is {kind}",
                    opportunity=now.id,
                )

    def _missing(self, table: str, id: Id) -> NotFoundError:  # noqa: A002
        return NotFoundError(str(id), where=f"among the records of {table!r} in the store")


def record_of(held: Stored) -> Any:
    """Return the record that a store has, as its class; a dict of the values where the table is the host's own.

    Raises:
        DefinitionError: values that make no record.
    """
    if held.table not in RECORDS:
        return dict(held.values)
    known = fields_known(held.table)
    own: Any = RECORDS[held.table]
    return own(id=held.id, **{name: value for name, value in held.values.items() if name in known})


def recorded(at: Moment, given: datetime | None, clock: Clock | None) -> datetime:
    """Return when something was learnt: what is given, else what the clock says, else `at` where that is an instant.

    Raises:
        ArgumentError: none of them says it.
    """
    found = given if given is not None else clock() if clock is not None else at
    if isinstance(found, datetime) and found.utcoffset() is not None:
        return found
    if given is not None or clock is not None:
        raise ArgumentError(f"recorded_at is a datetime with a time zone, got {found!r}")
    raise ArgumentError(
        f"when was it learnt? at {at!r} is a date; give recorded_at=..., or the workspace a clock: "
        "Workspace(clock=lambda: datetime.now(UTC))"
    )


def check_told(told: Mapping[str, Any], known: type[Any]) -> None:
    """Refuse what is said of a change under a name that says nothing: it would be lost.

    Raises:
        ArgumentError: another name than those of `known`, with the nearest.
    """
    names = ["at", *known.__annotations__]
    for name in told:
        if name in names:
            continue
        if name == "key":
            raise ArgumentError(
                "key is of put() and change(); a motion that comes again is told by the version: expected=..."
            )
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
        raise ArgumentError(f"nothing is said of a change by {name!r}; {hint}")


def _since(at: Moment | None, record: Record, table: str, *, new: bool) -> Moment:
    """Return since when a record is what it is."""
    if at is not None:
        check_moment(at, "at")
        return at
    if not new:
        raise ArgumentError(f"{table} {getattr(record, 'id', None)!r} is there already; say when it changed: at=...")
    made = next((a.name for a in _attributes(record) if a.metadata.get("exists")), None)
    found: Any = None if made is None else getattr(record, made)
    if found is None:
        why = f"has no {made}" if made else "has no date of its creation"
        raise ArgumentError(f"{table} {getattr(record, 'id', None)!r} {why}; say since when it is so: at=...")
    return found  # type: ignore[no-any-return]


def _attributes(record: Any) -> tuple[attrs.Attribute[Any], ...]:
    return attrs.fields(type(record))  # type: ignore[no-any-return]


def fields_kept(table: str, record: Any) -> dict[str, Any]:
    """Return the fields of a record that a store keeps."""
    known = fields_known(table)
    return {a.name: v for a, v in zip(_attributes(record), values_of(record), strict=True) if a.name in known}


def _differs(held: Stored, values: Mapping[str, Any]) -> bool:
    """Tell whether values are others than those stored, `changed_at` aside."""
    defaults = defaults_of(held.table)
    for name, value in values.items():
        default = defaults.get(name)
        was, now = held.values.get(name, default), default if value is None else value
        if name != "changed_at" and (was != now or isinstance(was, bool) is not isinstance(now, bool)):
            return True
    return False


def _kind(rules: Pipeline, stage: Id, at: Moment) -> str | None:
    found = rules.stage(stage, at)
    return None if found.unknown else found.kind
