"""Every error and warning of crmcore.

Each leaf also inherits the builtin that a caller expects:

    CrmCoreError
    ├── NotFoundError (LookupError)      a name that nothing answers to, with the nearest names
    │   ├── MetricNotFound
    │   ├── ColumnNotFound
    │   ├── TableNotFound
    │   ├── GroupNotFound
    │   ├── ProfileNotFound
    │   ├── RowNotFound
    │   ├── ScorerNotFound
    │   └── StoreNotFound
    ├── DefinitionError (ValueError)     a metric, expression or domain value that cannot mean anything
    │   ├── PluginError                  a plugin that cannot be loaded, or declares what cannot be
    │   ├── SchemeError                  a rule scheme that is wrong, with the rule
    │   ├── UnitError
    │   └── TransitionError              a move that the pipeline's rules forbid
    ├── DataError (ValueError)           data that cannot be read or cannot be measured
    │   ├── IngestError
    │   ├── CurrencyError
    │   └── RangeError
    ├── ProfileError (ValueError)        a profile that is wrong, with its line
    ├── StoreError (RuntimeError)        a store that cannot do what was asked
    │   ├── VersionConflict              the record has another version than the writer has seen
    │   ├── KeyConflict                  an ingest key that was used for something else
    │   ├── ConsumerConflict             another consumer of the name was faster
    │   ├── StoreFormatError             a file or schema that is no store, or of a newer format
    │   └── StoreCorrupt                 what was written is not what is there
    ├── ArgumentError (ValueError)       an argument out of its range
    └── MissingLibraryError (ImportError) an optional library, with the extra that installs it

    CrmCoreWarning (UserWarning)
    ├── DataQualityWarning
    ├── PluginWarning
    └── SmallSampleWarning
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

__all__ = [
    "AnalysisNotFound",
    "ArgumentError",
    "ColumnNotFound",
    "ConsumerConflict",
    "CrmCoreError",
    "CrmCoreWarning",
    "CurrencyError",
    "DataError",
    "DataQualityWarning",
    "DefinitionError",
    "GroupNotFound",
    "HistoryUnavailable",
    "IngestError",
    "KeyConflict",
    "MetricNotFound",
    "MissingLibraryError",
    "NotFoundError",
    "PluginError",
    "PluginWarning",
    "ProfileError",
    "ProfileNotFound",
    "RangeError",
    "RowNotFound",
    "SchemeError",
    "ScorerNotFound",
    "SmallSampleWarning",
    "StoreCorrupt",
    "StoreError",
    "StoreFormatError",
    "StoreNotFound",
    "TableNotFound",
    "TransitionError",
    "UnitError",
    "VersionConflict",
]


class CrmCoreError(Exception):
    """Root of all errors. What the message says is also there as attributes."""

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        for name, value in data.items():
            setattr(self, name, value)

    def __str__(self) -> str:
        return self.message


class NotFoundError(CrmCoreError, LookupError):
    """A name that nothing answers to; `name`, `available` and `nearest` ride along."""

    noun = "name"

    def __init__(self, name: str, available: Iterable[str] = (), *, where: str = "", hint: str = "") -> None:
        known = sorted(available)
        near = get_close_matches(str(name), known, n=3, cutoff=0.55)
        last = str(name).rpartition(".")[2]
        if not near and last in known:  # table.column, for a column of the table itself
            near = [last]
        message = f"no {self.noun} named {name!r}" + (f" {where}" if where else "")
        if near:
            message += "; did you mean " + " or ".join(repr(n) for n in near) + "?"
        elif known and (not hint or len(known) <= 20):  # what is known says more than a long list
            shown = ", ".join(known[:20]) + (f" … ({len(known)} in all)" if len(known) > 20 else "")
            message += f"; available: {shown}"
        if hint:
            message += f" ({hint})"
        super().__init__(message, name=name, available=known, nearest=near)


class MetricNotFound(NotFoundError):
    noun = "metric"


class AnalysisNotFound(NotFoundError):
    noun = "analysis"


class ColumnNotFound(NotFoundError):
    noun = "column"


class TableNotFound(NotFoundError):
    noun = "table"


class GroupNotFound(NotFoundError):
    noun = "group"


class ProfileNotFound(NotFoundError):
    noun = "profile"


class StoreNotFound(NotFoundError):
    noun = "kind of store"


class RowNotFound(NotFoundError):
    noun = "row"


class ScorerNotFound(NotFoundError):
    noun = "scorer"


class DefinitionError(CrmCoreError, ValueError):
    """A metric, expression or domain value that cannot mean anything."""


class PluginError(DefinitionError):
    """A plugin that cannot be loaded, or that declares what cannot be.

    `plugin`, `source`, `distribution`, `version` and `hook` ride along, None where they do not apply.
    """


class UnitError(DefinitionError):
    """Units that do not go together: money + days."""


class SchemeError(DefinitionError):
    """A rule scheme that is wrong; the message names the file, the group and the rule."""


class TransitionError(DefinitionError):
    """A move of an opportunity that the pipeline's rules forbid."""


class DataError(CrmCoreError, ValueError):
    """Data that cannot be read, or cannot be measured as asked."""


class IngestError(DataError):
    """Input that cannot be taken in at all (a broken file, a missing column)."""


class CurrencyError(DataError):
    """Amounts of several currencies met without a rate table (M2)."""


class HistoryUnavailable(DataError):
    """A number needs a history that the source does not keep (S5)."""


class RangeError(DataError):
    """A value or a sum beyond what its type holds."""


class ProfileError(CrmCoreError, ValueError):
    """A profile that is wrong; `line` says where when it came from a file."""


class ArgumentError(CrmCoreError, ValueError):
    """An argument out of its range; the message says what would be right."""


class StoreError(CrmCoreError, RuntimeError):
    """A store cannot do what was asked: closed, read-only, full, locked, out of reach."""


class VersionConflict(StoreError):
    """The record has another version than the writer has seen; read it again, then decide."""


class KeyConflict(StoreError):
    """An ingest key came again with other content."""


class ConsumerConflict(StoreError):
    """The cursor of a consumer is not where it was read any more."""


class StoreFormatError(StoreError):
    """A file or schema that is no store, or one of a format that this version does not know."""


class StoreCorrupt(StoreError):
    """What was written is not what is there any more."""


class MissingLibraryError(CrmCoreError, ImportError):
    """An optional library is not installed; the message names the extra that brings it."""


class CrmCoreWarning(UserWarning):
    """Root of all warnings, so that a host can turn them into errors."""


class DataQualityWarning(CrmCoreWarning):
    """The data has something in it that the reader of a number should know."""


class PluginWarning(CrmCoreWarning):
    """A plugin was left out; `workspace.plugins` says why."""


class SmallSampleWarning(CrmCoreWarning):
    """A number rests on very few rows."""
