"""Pipeline: its stages, their versions, and the rules by which an opportunity moves."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypeAlias

import attrs

from ..errors import DefinitionError, NotFoundError, TransitionError
from . import fields as column
from .change import Change, Step, differences, moment_key
from .fields import spec
from .money import Money
from .motion import movable, settled, step_of
from .opportunity import Opportunity
from .record import Id, Moment, Record, refuse
from .stage import Stage, Version, before

__all__ = ["Motion", "Pipeline"]

Motion: TypeAlias = tuple[Opportunity, tuple[Change, ...]]
"""What each motion returns: the opportunity as it is then, and what changed. The one given is never altered."""


@attrs.frozen(eq=False, repr=False)
class Pipeline(Record):
    """A sequence of stages and the rules of motion through it.

    Every motion takes `at` (when it became true), and may take `by` (who), `recorded_at` (when it was written down)
    and `sequence` (order among events of the same instant); its changes carry them.

    Args:
        stages: the stages in force now, retired ones included.
        earlier: earlier versions, oldest first, each with the moment it ended.

    Raises:
        DefinitionError: two stages of one id, a stage of another pipeline, versions out of order.

    Rules: O2, O5, O6, S1, S4
    """

    id: Id = attrs.field(metadata=spec("id"))
    name: str | None = column.text()
    stages: tuple[Stage, ...] = attrs.field(default=(), kw_only=True)
    earlier: tuple[Version, ...] = attrs.field(default=(), kw_only=True)

    def _check(self) -> None:
        for name in ("stages", "earlier"):
            if not isinstance(getattr(self, name), tuple):
                refuse(self, name, "is not a tuple")
        for stages in (self.stages, *(version.stages for version in self.earlier)):
            seen: set[Id] = set()
            for stage in stages:
                if not isinstance(stage, Stage):
                    raise DefinitionError(f"pipeline {self.id!r}: {stage!r} is not a Stage", pipeline=self.id)
                if stage.id in seen:
                    raise DefinitionError(f"pipeline {self.id!r} has two stages {stage.id!r}", pipeline=self.id)
                if stage.pipeline not in (None, self.id):
                    raise DefinitionError(f"{stage!r} is not a stage of pipeline {self.id!r}", pipeline=self.id)
                seen.add(stage.id)
        ends = [version.until for version in self.earlier]
        for end, following in pairwise(ends):
            if not before(end, following):
                raise DefinitionError(f"pipeline {self.id!r}: version until {following!r} does not follow {end!r}")

    # --- what is in force

    def version(self, at: Moment | None = None) -> tuple[Stage, ...]:
        """Return the stages in force at a date or instant, in pipeline order; without one, those of now.

        Rules: S1
        """
        stages = self.stages
        if at is not None:
            stages = next((v.stages for v in self.earlier if before(at, v.until)), self.stages)
        # sorted() is stable: stages of equal order, or without one, stand as they are listed
        return tuple(s for _, s in sorted(enumerate(stages), key=lambda p: p[0] if p[1].order is None else p[1].order))

    def stage(self, stage: Id, at: Moment | None = None) -> Stage:
        """Return a stage as it was at a date or instant.

        One that the version does not know comes back as a stage of its own, open and flagged `unknown`.

        Rules: S1
        """
        known = next((s for s in self.version(at) if s.id == stage), None)
        return known if known is not None else Stage(stage, pipeline=self.id, unknown=True)

    def rank(self, stage: Id, at: Moment | None = None) -> int | None:
        """Return the place of a stage in the version in force, counted from 0; None for an unknown one."""
        return next((place for place, s in enumerate(self.version(at)) if s.id == stage), None)

    def probability(self, opportunity: Opportunity, at: Moment | None = None) -> Any:
        """Return the probability of an open opportunity: its own, else that of its stage then, else None.

        A closed one has none: won stands apart, lost and abandoned are never in a forecast (M4).

        Rules: M4, S1
        """
        if opportunity.closed:
            return None
        if opportunity.probability is not None or opportunity.stage is None:
            return opportunity.probability
        return self.stage(opportunity.stage, at).probability

    def revise(self, stages: tuple[Stage, ...], *, since: Moment) -> Pipeline:
        """Return the pipeline with other stages from `since` on; those left out are retired, not deleted.

        Rules: S1
        """
        kept = {stage.id for stage in stages}
        retired = tuple(
            s if s.retired(since) else attrs.evolve(s, active_to=since) for s in self.stages if s.id not in kept
        )
        return attrs.evolve(
            self, stages=(*stages, *retired), earlier=(*self.earlier, Version(until=since, stages=self.stages))
        )

    def sort_key(self, change: Change) -> tuple[Any, ...]:
        """Return the key that puts changes in the order they happened.

        Instant first, then sequence, then pipeline order of the stage moved to; what is left is decided by
        the names, so that the order of the input never matters.

        Rules: S4
        """
        place: int | None = None
        if change.field == "stage" and change.new is not None:
            place = self.rank(change.new, change.at)
        order = len(self.stages) if place is None else place
        names = (change.table, str(change.record), change.field, str(change.new), str(change.old), str(change.id))
        return (moment_key(change.at), change.sequence, order, *names)

    # --- motion

    def create(
        self,
        id: Id,  # noqa: A002
        stage: Id | Stage | None = None,
        *,
        at: Moment,
        by: Id | None = None,
        recorded_at: Moment | None = None,
        sequence: int = 0,
        **fields: Any,
    ) -> Motion:
        """Return a new opportunity in a stage (the first open one by default), and the changes that made it.

        Created in a won or lost stage it is closed at its creation, with a zero-length cycle.
        `fields` are any other fields of the opportunity.

        Raises:
            TransitionError: the pipeline has no such stage, or no open one.

        Rules: O6, S5
        """
        step = step_of(at, by, recorded_at, sequence)
        if stage is None:
            place = next((s for s in self.version(at) if s.kind == "open" and not s.retired(at)), None)
            if place is None:
                raise TransitionError(f"pipeline {self.id!r} has no open stage at {at}; name the stage to create in")
        else:
            place = self._destination(stage, at)
        own = {"pipeline": self.id, "stage": place.id, "created_at": at, "stage_entered_at": at, "changed_at": at}
        clash = sorted((own.keys() | {"outcome", "closed_at"}) & fields.keys())
        if clash:
            raise TransitionError(
                f"{', '.join(clash)} of opportunity {id!r} follow from the stage and `at`; leave them out"
            )
        fields |= own | {"outcome": place.kind}
        if place.kind != "open":
            fields["closed_at"] = at  # O6
        if place.kind == "won":
            fields.setdefault("first_won_at", at)
        new = Opportunity(id, **fields)
        return new, differences("opportunity", Opportunity(id), new, step)

    def move(
        self,
        opportunity: Opportunity,
        stage: Id | Stage,
        *,
        at: Moment,
        by: Id | None = None,
        recorded_at: Moment | None = None,
        sequence: int = 0,
    ) -> Motion:
        """Move an opportunity to a stage; the stage's kind decides its outcome.

        Leaving a closed stage for an open one reopens. From one won stage to another the close date stays.
        From won to lost, or back, it is closed anew at `at`. A `Stage` flagged `unknown` is accepted as its own.

        Raises:
            TransitionError: no such stage, a retired one, another pipeline's opportunity, or `at` before what is known.

        Rules: O2, O5
        """
        step = step_of(at, by, recorded_at, sequence)
        place = self._destination(stage, at)
        return self._arrive(self._own(opportunity, at), place, place.kind, step)

    def win(
        self,
        opportunity: Opportunity,
        *,
        at: Moment,
        amount: Money | None = None,
        reason: str | None = None,
        stage: Id | Stage | None = None,
        by: Id | None = None,
        recorded_at: Moment | None = None,
        sequence: int = 0,
    ) -> Motion:
        """Win an opportunity: it goes to the next won stage, or stays where it is when the pipeline has none.

        `amount` is the made amount; the expected one is left as it is (M5).

        Raises:
            TransitionError: it is won already, or the stage is not of kind won.

        Rules: O2, O5, M5
        """
        step = step_of(at, by, recorded_at, sequence)
        extra = {"won_amount": amount, "won_reason": reason}
        return self._close(opportunity, "won", stage, step, extra)

    def lose(
        self,
        opportunity: Opportunity,
        *,
        at: Moment,
        reason: str | None = None,
        stage: Id | Stage | None = None,
        by: Id | None = None,
        recorded_at: Moment | None = None,
        sequence: int = 0,
    ) -> Motion:
        """Lose an opportunity: it goes to the next lost stage, or stays where it is when the pipeline has none.

        Raises:
            TransitionError: it is lost already, or the stage is not of kind lost.

        Rules: O2, O5
        """
        step = step_of(at, by, recorded_at, sequence)
        return self._close(opportunity, "lost", stage, step, {"lost_reason": reason})

    def abandon(
        self,
        opportunity: Opportunity,
        *,
        at: Moment,
        reason: str | None = None,
        stage: Id | Stage | None = None,
        by: Id | None = None,
        recorded_at: Moment | None = None,
        sequence: int = 0,
    ) -> Motion:
        """Close an opportunity as neither won nor lost: cancelled, omitted, disqualified.

        Raises:
            TransitionError: it is abandoned already, or the stage is not of kind abandoned.

        Rules: O1, O5
        """
        step = step_of(at, by, recorded_at, sequence)
        return self._close(opportunity, "abandoned", stage, step, {"lost_reason": reason})

    def reopen(
        self,
        opportunity: Opportunity,
        stage: Id | Stage | None = None,
        *,
        at: Moment,
        by: Id | None = None,
        recorded_at: Moment | None = None,
        sequence: int = 0,
    ) -> Motion:
        """Reopen a closed opportunity in an open stage; by default where it stands, if that is an open stage.

        Its outcome and close date clear; `first_won_at` stays, and `reopened` counts one more.

        Raises:
            TransitionError: it is open, or the stage is not.

        Rules: O5
        """
        step = step_of(at, by, recorded_at, sequence)
        opportunity = self._own(opportunity, at)
        if not opportunity.closed:
            raise TransitionError(f"opportunity {opportunity.id!r} is open; only a closed one is reopened")
        if stage is None:
            if opportunity.stage is None:
                raise TransitionError(
                    f"opportunity {opportunity.id!r} stands in no stage; name the one to reopen it in"
                )
            stage = self.stage(opportunity.stage, at)
        place = self._destination(stage, at)
        if place.kind != "open":
            raise TransitionError(
                f"opportunity {opportunity.id!r} cannot be reopened in stage {place.id!r}, which is {place.kind}; "
                f"open stages: {self._names('open', at)}"
            )
        return self._arrive(opportunity, place, "open", step)

    def adopt(
        self,
        opportunity: Opportunity,
        stage: Id | Stage,
        *,
        at: Moment,
        by: Id | None = None,
        recorded_at: Moment | None = None,
        sequence: int = 0,
    ) -> Motion:
        """Take over an opportunity of another pipeline into a stage of this one.

        Raises:
            TransitionError: it is in this pipeline already, or there is no such stage.

        Rules: O2, O5
        """
        step = step_of(at, by, recorded_at, sequence)
        if opportunity.pipeline == self.id:
            raise TransitionError(f"opportunity {opportunity.id!r} is in pipeline {self.id!r} already; move it")
        place = self._destination(stage, at)
        return self._arrive(movable(opportunity, at), place, place.kind, step)

    # --- the rules behind the motions

    def _own(self, opportunity: Opportunity, at: Moment) -> Opportunity:
        """Return the opportunity once it is sure that this pipeline may move it at `at`."""
        if opportunity.pipeline not in (None, self.id):
            raise TransitionError(
                f"opportunity {opportunity.id!r} is in pipeline {opportunity.pipeline!r}, not {self.id!r}; "
                f"take it over with adopt()",
                opportunity=opportunity.id,
            )
        return movable(opportunity, at)

    def _destination(self, stage: Id | Stage, at: Moment) -> Stage:
        """Return the stage as the version in force at `at` has it."""
        if isinstance(stage, Stage) and stage.unknown and stage.pipeline in (None, self.id):
            return stage  # S1: kept as its own
        name = stage.id if isinstance(stage, Stage) else stage
        found = self.stage(name, at)
        if found.unknown:
            known = [str(s.id) for s in self.version(at)]
            hint = NotFoundError(str(name), known, where=f"in pipeline {self.id!r} at {at}")
            raise TransitionError(str(hint).replace("no name", "no stage", 1), stage=name, pipeline=self.id)
        if found.retired(at):
            raise TransitionError(
                f"stage {name!r} of pipeline {self.id!r} was retired at {found.active_to}; "
                f"stages at {at}: {self._names(None, at)}",
                stage=name,
                pipeline=self.id,
            )
        return found

    def _names(self, kind: str | None, at: Moment) -> str:
        names = [repr(s.id) for s in self.version(at) if kind in (None, s.kind) and not s.retired(at)]
        return ", ".join(names) or "none"

    def _close(
        self, opportunity: Opportunity, outcome: str, stage: Id | Stage | None, step: Step, extra: dict[str, Any]
    ) -> Motion:
        opportunity = self._own(opportunity, step.at)
        if opportunity.outcome == outcome:
            raise TransitionError(
                f"opportunity {opportunity.id!r} is {outcome} already; use move() to change its stage"
            )
        place = self._closing_stage(opportunity, outcome, stage, step.at)
        return self._arrive(opportunity, place, outcome, step, {k: v for k, v in extra.items() if v is not None})

    def _closing_stage(
        self, opportunity: Opportunity, outcome: str, stage: Id | Stage | None, at: Moment
    ) -> Stage | None:
        """Return the stage of that outcome to go to: the one named, the next one, else the last; None to stay."""
        if stage is not None:
            place = self._destination(stage, at)
            if place.kind != outcome:
                raise TransitionError(
                    f"stage {place.id!r} is {place.kind}, not {outcome}; {outcome} stages: {self._names(outcome, at)}"
                )
            return place
        ranked = [(rank, s) for rank, s in enumerate(self.version(at)) if s.kind == outcome and not s.retired(at)]
        here = None if opportunity.stage is None else self.rank(opportunity.stage, at)
        for rank, place in ranked:
            if here is None or rank >= here:
                return place
        if ranked:
            return ranked[-1][1]
        if opportunity.stage is not None and self.stage(opportunity.stage, at).kind != "open":
            # O2: staying in a won stage as lost would contradict its kind
            raise TransitionError(
                f"pipeline {self.id!r} has no {outcome} stage, and opportunity {opportunity.id!r} stands in the "
                f"closed stage {opportunity.stage!r}; reopen it first"
            )
        return None

    def _arrive(
        self,
        old: Opportunity,
        place: Stage | None,
        outcome: str,
        step: Step,
        extra: dict[str, Any] | None = None,
    ) -> Motion:
        """Return the opportunity in its new stage with its new outcome, and what changed."""
        values: dict[str, Any] = {"pipeline": self.id}
        if place is not None and (place.id != old.stage or old.pipeline not in (None, self.id)):
            values |= {"stage": place.id, "stage_entered_at": step.at}
        if outcome != old.outcome:
            values |= settled(old, outcome, step.at)
        new = attrs.evolve(old, **values | (extra or {}))
        changes = differences("opportunity", old, new, step)
        if not changes:
            return old, ()
        known = old.changed_at
        late = known is not None and moment_key(step.at) < moment_key(known)
        return attrs.evolve(new, changed_at=known if late else step.at), changes
