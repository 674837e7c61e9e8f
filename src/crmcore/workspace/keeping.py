"""Keeping: the methods by which records are kept through the domain's rules, of a workspace and of a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

if TYPE_CHECKING:
    from datetime import datetime

    from ..domain import Account, Contact, Lead, Money, Opportunity, Stage
    from ..domain.record import Id, Moment, Record
    from .records import Records

__all__ = ["Keeping", "Told", "ToldOnce"]

AnyRecord = TypeVar("AnyRecord", bound="Record")


class Told(TypedDict, total=False):
    """What else may be said of a change: who made it, when it was learnt, its order within one `at`, the version seen.

    `recorded_at` comes from the clock of the workspace, or is `at` where that is an instant. `expected` is the version of the
    record that the writer has seen (0: there was none); where the record has another by now, it is a VersionConflict.
    """

    by: Id | None
    recorded_at: datetime | None
    sequence: int
    expected: int | None


class ToldOnce(Told, total=False):
    """As `Told`; `key` names the change for its `source`, so that it is taken once however often it is sent."""

    key: str | None
    source: str


class Keeping:
    """Records go in through the rules of the domain; each method is a transaction, or part of the one it is called on.

    Every change says when it became true: `at`, a date or an instant. What else may be said is in `Told`.
    """

    def transaction(self) -> AbstractContextManager[Records]:
        """Open a transaction with these same methods: all of its changes are kept at the end of the block, or none.

        Raises:
            ArgumentError: the workspace has no store.
        """
        raise NotImplementedError

    # --- records

    def get(self, table: str, id: Id) -> Any:  # noqa: A002
        """Return a record as it stands, None where there is none; of a table of the host's own, a dict of its values.

        Raises:
            DefinitionError: what is stored is no record of the domain, such as an open opportunity with a close date.
        """
        with self.transaction() as kept:
            return kept.get(table, id)

    def put(self, record: AnyRecord, *, at: Moment | None = None, **told: Unpack[ToldOnce]) -> AnyRecord:
        """Keep a record: at `at` it was just this, a field at its default included. Fields of the host's own stay.

        Where nothing differs, nothing is written. A pipeline is kept with its stages; a stage it no longer has is retired.

        Args:
            record: its whole state; `changed_at` need not be given.
            at: when it became so; of a new record, the date of its creation by default.
            told: who, when it was learnt, ...; see `Told`.

        Returns: the record as it stands.

        Raises:
            TransitionError: pipeline, stage or outcome of an opportunity that is there would change, which `move` and its
                like do; or the outcome of a new one is not that of its stage.
            ArgumentError: no id, no `at`, or no way to tell `recorded_at`.
            VersionConflict, KeyConflict, StoreError: what the store says.

        Rules: O2, O4, S1
        """
        with self.transaction() as kept:
            return kept.put(record, at=at, **told)

    def change(
        self,
        table: str,
        id: Id,  # noqa: A002
        values: Mapping[str, Any],
        *,
        at: Moment,
        **told: Unpack[ToldOnce],
    ) -> Any:
        """Change some fields of a record, also those of the host's own; None clears. Late corrections are made this way.

        Args:
            table: a table of the domain, whose record is there, or one of the host's own, where a new id makes a record.
            id: of the record.
            values: field -> new value.
            at: when it became true; what later changes have set stays as it is.
            told: who, when it was learnt, ...; see `Told`.

        Returns: the record as it stands, as `get` does.

        Raises:
            NotFoundError: no such record in a table of the domain.
            DefinitionError: a value that its field does not take, or a record that cannot be.
            TransitionError: as for `put`.
        """
        with self.transaction() as kept:
            return kept.change(table, id, values, at=at, **told)

    def remove(self, table: str, id: Id, *, at: Moment, **told: Unpack[Told]) -> None:  # noqa: A002
        """Mark a record as deleted: it enters no number from `at` on (O3), and its history stays.

        Raises:
            NotFoundError: no such record.
        """
        with self.transaction() as kept:
            kept.remove(table, id, at=at, **told)

    # --- motions, by the rules of the opportunity's pipeline

    def create(
        self,
        id: Id,  # noqa: A002
        stage: Id | Stage | None = None,
        *,
        pipeline: Id,
        at: Moment,
        by: Id | None = None,
        recorded_at: datetime | None = None,
        sequence: int = 0,
        **fields: Any,
    ) -> Opportunity:
        """Create an opportunity in a stage of a pipeline, by default its first open one; see `Pipeline.create`.

        Raises:
            NotFoundError: no such pipeline.
            TransitionError: no such stage.
            VersionConflict: the opportunity is there.
        """
        told = Told(by=by, recorded_at=recorded_at, sequence=sequence)
        with self.transaction() as kept:
            return kept.created(id, stage, pipeline=pipeline, at=at, told=told, fields=fields)

    def move(
        self, opportunity: Opportunity | Id, stage: Id | Stage, *, at: Moment, **told: Unpack[Told]
    ) -> Opportunity:
        """Move an opportunity to a stage, whose kind decides its outcome; see `Pipeline.move`.

        Args:
            opportunity: the record or its id; the state it moves from is always the stored one.
            stage: where to.
            at: when.
            told: who, when it was learnt, ...; see `Told`.

        Returns: the opportunity as it stands.

        Raises:
            NotFoundError: no such opportunity, or its pipeline is not in the store.
            TransitionError: what the rules of the pipeline forbid, or something later is known.
        """
        with self.transaction() as kept:
            return kept.moved("move", opportunity, (stage,), at, told)

    def win(
        self,
        opportunity: Opportunity | Id,
        *,
        at: Moment,
        amount: Money | None = None,
        reason: str | None = None,
        stage: Id | Stage | None = None,
        **told: Unpack[Told],
    ) -> Opportunity:
        """Win an opportunity; see `Pipeline.win`, and `move` for the rest."""
        with self.transaction() as kept:
            return kept.moved("win", opportunity, (), at, told, amount=amount, reason=reason, stage=stage)

    def lose(
        self,
        opportunity: Opportunity | Id,
        *,
        at: Moment,
        reason: str | None = None,
        stage: Id | Stage | None = None,
        **told: Unpack[Told],
    ) -> Opportunity:
        """Lose an opportunity; see `Pipeline.lose`, and `move` for the rest."""
        with self.transaction() as kept:
            return kept.moved("lose", opportunity, (), at, told, reason=reason, stage=stage)

    def abandon(
        self,
        opportunity: Opportunity | Id,
        *,
        at: Moment,
        reason: str | None = None,
        stage: Id | Stage | None = None,
        **told: Unpack[Told],
    ) -> Opportunity:
        """Close an opportunity as neither won nor lost; see `Pipeline.abandon`, and `move` for the rest."""
        with self.transaction() as kept:
            return kept.moved("abandon", opportunity, (), at, told, reason=reason, stage=stage)

    def reopen(
        self, opportunity: Opportunity | Id, stage: Id | Stage | None = None, *, at: Moment, **told: Unpack[Told]
    ) -> Opportunity:
        """Reopen a closed opportunity; see `Pipeline.reopen`, and `move` for the rest."""
        with self.transaction() as kept:
            return kept.moved("reopen", opportunity, (stage,), at, told)

    def adopt(
        self, opportunity: Opportunity | Id, stage: Id | Stage, *, pipeline: Id, at: Moment, **told: Unpack[Told]
    ) -> Opportunity:
        """Take an opportunity over into another pipeline; see `Pipeline.adopt`, and `move` for the rest."""
        with self.transaction() as kept:
            return kept.moved("adopt", opportunity, (stage,), at, told, pipeline=pipeline)

    def convert(
        self,
        lead: Lead | Id,
        *,
        at: Moment,
        opportunity: Opportunity | Id | None = None,
        account: Account | Id | None = None,
        contact: Contact | Id | None = None,
        **told: Unpack[Told],
    ) -> Lead:
        """Convert a lead: it is marked as such, and what it became is made and linked, in one transaction.

        Args:
            lead: the record or its id; the stored state counts.
            at: when it was converted; also the creation of what is made, where that says no other date.
            opportunity: a record to be made, or the id of one that is there. What the lead knows and the record leaves blank is
                carried over: owner, team, source, campaign, region, territory, first contact, expected amount. With a
                pipeline and no stage it begins in the first open stage.
            account: likewise; owner, team, source, country, region, territory, industry and size are carried over.
            contact: likewise; name, owner, source and country are carried over.
            told: who, when it was learnt, ...; `expected` is the version of the lead.

        Returns: the lead as it stands.

        Raises:
            NotFoundError: no such lead, or no record of an id that is given.
            TransitionError: it was converted before, deleted or merged, or `at` lies before its creation.
        """
        from .conversion import convert  # few hosts convert leads in every process

        with self.transaction() as kept:
            return convert(kept, lead, at, told, opportunity=opportunity, account=account, contact=contact)
