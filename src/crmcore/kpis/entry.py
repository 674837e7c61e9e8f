"""Analysis: an entry of the catalogue that is not one formula but points to a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

import attrs

from ..errors import DefinitionError
from ..locales.labels import label_in, read_only
from ..metric import BETTER, texts
from ..units import unit as unit_named

if TYPE_CHECKING:
    from ..state.listing import Listing

__all__ = ["Analysis"]


def _tables(needs: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType(dict(needs))


@attrs.frozen(slots=True)
class Analysis:
    """A named analysis with everything a reader needs to trust it.

    Args:
        name: snake_case.
        function: "module.function" of `crmcore.analysis`; it takes a `View`, and its choices by keyword.
        needs: table -> the columns it reads.
        unit: of the number it is about; "label" for classes.
        better: "higher", "lower", "target" or "neutral".
        anchor: the date column at which rows count, or "stock" (T4).
        history: whether it reads the changes of records, of whatever instant it is asked.
        summary: the definition in one sentence.
        labels: the name by language.
        revision: raised whenever the same input gives another number.
    """

    name: str
    function: str
    needs: Mapping[str, tuple[str, ...]] = attrs.field(converter=_tables, kw_only=True)
    unit: str = attrs.field(default="number", kw_only=True)
    better: str = attrs.field(default="neutral", kw_only=True)
    anchor: str | None = attrs.field(default=None, kw_only=True)
    history: bool = attrs.field(default=False, kw_only=True)
    summary: str = attrs.field(kw_only=True)
    source: str = attrs.field(kw_only=True)
    rules: tuple[str, ...] = attrs.field(converter=texts, kw_only=True)
    labels: Mapping[str, str] = attrs.field(converter=read_only, kw_only=True)
    subject: str = attrs.field(kw_only=True)
    revision: int = attrs.field(default=1, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not self.name.isidentifier():
            raise DefinitionError(f"analysis name {self.name!r} is no snake_case name", name=self.name)
        if self.better not in BETTER:
            raise DefinitionError(f"analysis {self.name!r}: better is one of {', '.join(BETTER)}, got {self.better!r}")
        unit_named(self.unit)

    def label(self, language: str = "en") -> str:
        """Return the name in `language`, in English, or the analysis' own name."""
        return label_in(language, self.labels, self.name)

    @property
    def run(self) -> Callable[..., Listing]:
        """The function itself, loaded when it is asked for."""
        module, _, function = self.function.rpartition(".")
        found: Callable[..., Listing] = getattr(import_module(f"..analysis.{module}", __package__), function)
        return found
