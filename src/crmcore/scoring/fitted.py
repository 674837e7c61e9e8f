"""Fitted: what scorers that have learned have in common, and how one is read again."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from ..algebra.columns import Expr
from ..errors import ArgumentError
from .checks import two_languages
from .features import needs_of, wants_of

__all__ = ["Fitted", "read_fitted"]


class Fitted(ABC):
    """A scorer that has learned; its name, table, revision and labels are those of the definition it was fitted by."""

    spec: Any
    """The definition."""

    name = property(lambda self: self.spec.name)
    table = property(lambda self: self.spec.table)
    revision = property(lambda self: self.spec.revision)

    @property
    @abstractmethod
    def reads(self) -> Iterable[Expr]:
        """The expressions that it looks at."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns it cannot do without."""
        return needs_of(self.reads)

    @property
    def wants(self) -> tuple[str, ...]:
        """The columns it uses where they are there."""
        return wants_of(self.reads)

    @property
    def others(self) -> Mapping[str, tuple[str, ...]]:
        """Other tables that it reads: none."""
        return {}

    @property
    def labels(self) -> Mapping[str, str]:
        """The name by language."""
        return two_languages(self.spec.labels, self.spec.name)


def read_fitted(text: str, spec: Any, form: str, what: str) -> dict[str, Any]:
    """Return what the JSON of a fitted scorer holds.

    Args:
        text: what its `to_json` wrote.
        spec: the definition that it was fitted by.
        form: what the JSON says its format is.
        what: the kind of scorer, for the error.

    Raises:
        ArgumentError: no such JSON, or that of another definition.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ArgumentError(f"this is no JSON of a fitted scorer: {error}") from None
    if not isinstance(data, dict) or data.get("format") != form:
        raise ArgumentError(f"this is no fitted {what}; its JSON says format {form!r}")
    if data.get("definition") != spec.definition:
        raise ArgumentError(
            f"scorer {spec.name!r} was fitted by another definition: {data.get('definition')}; fit it anew, or load it "
            "with the definition it was fitted by"
        )
    return data
