"""Pipelines in a store: a row of its own for the pipeline, and one for each of its stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

from ..domain import Pipeline, Stage
from ..errors import DefinitionError

if TYPE_CHECKING:
    from ..domain.record import Id, Moment
    from ..stores.contract import Batch, Cut, Store, Transaction

__all__ = ["pipeline_of", "stages_to_keep"]

_FIELDS = tuple(a.name for a in attrs.fields(Stage) if a.name != "id")


def stages_in(batches: Iterable[Batch], pipeline: Id) -> dict[Id, Stage]:
    """Return the stages of a pipeline among the rows of a scan of all stages."""
    found: dict[Id, Stage] = {}
    for batch in batches:
        names = batch.names[2:]
        for id_, _, *values in zip(*batch.columns, strict=True):
            known = {name: value for name, value in zip(names, values, strict=True) if name in _FIELDS}
            if known.get("pipeline") == pipeline:
                found[id_] = Stage(id_, **known)
    return found


def pipeline_of(store: Store, transaction: Transaction, id: Id, at: Cut | None = None) -> Pipeline | None:  # noqa: A002
    """Return a pipeline with the stages in force at an instant, None where there is no such pipeline.

    Before its first version it has the stages of now: they are all that is known.

    Rules: S1
    """
    row = transaction.get("pipeline", id)
    if row is None:
        return None
    stages = stages_in(store.scan("stage", at=at), id)
    if not stages and at is not None:
        stages = stages_in(store.scan("stage"), id)
    return Pipeline(id, name=row.values.get("name"), stages=tuple(stages.values()))


def stages_to_keep(record: Pipeline, known: Iterable[Stage], at: Moment) -> Iterator[Stage]:
    """Yield the stages of a pipeline as they are kept: each with its pipeline and place, those it no longer has retired.

    Args:
        record: the pipeline as it is to be.
        known: the stages it has in the store.
        at: since when.

    Rules: S1
    """
    ordered = all(stage.order is not None for stage in record.stages)
    for place, stage in enumerate(record.stages, 1):
        yield attrs.evolve(stage, pipeline=record.id, order=stage.order if ordered else place)
    kept = {stage.id for stage in record.stages}
    for stage in known:
        if stage.id not in kept and not stage.retired(at):
            yield attrs.evolve(stage, active_to=at)


def check_owner(stage: Stage, held: Any) -> None:
    """Refuse a stage whose id is that of another pipeline's: an opportunity names its stage by the id alone."""
    other = None if held is None else held.values.get("pipeline")
    if other is not None and other != stage.pipeline:
        raise DefinitionError(
            f"stage {stage.id!r} belongs to pipeline {other!r}; give the stage of {stage.pipeline!r} an id of its own",
            stage=stage.id,
        )
