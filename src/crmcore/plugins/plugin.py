"""Plugin: what a workspace tells about one of its plugins. Registry: declarations by name, with where each came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import attrs

from .installed import distribution_of

__all__ = ["KINDS", "Plugin", "Registry"]

KINDS = ("metrics", "labels", "scorers", "stores", "profiles")
"""What a plugin can declare."""

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """Declarations by name; it cannot be changed.

    Args:
        found: name -> declaration.
        origins: name -> where it came from, in words.
    """

    __slots__ = ("_found", "origins")

    def __init__(
        self, found: Mapping[str, T] = MappingProxyType({}), origins: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._found = dict(found)
        self.origins = MappingProxyType(dict(origins))

    def __getitem__(self, name: str) -> T:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"Registry({', '.join(self._found)})"


def _frozen(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(given))


@attrs.frozen(slots=True)
class Plugin:
    """One plugin of a workspace.

    Args:
        name: by which it is configured, listed and sorted.
        source: where it was found: "entry point acme = acme_crm", "module acme_crm", the path of a file.
        module: the module that it is made of.
        api: the version of the hooks that it is written for; None where it failed before it said so, or has no hooks.
        hooks: those it implements.
        declared: kind -> names of what it declares; empty where it failed.
        config: its settings as they can be shown; secret ones are "***".
        error: why it was left out; None where it was not.
    """

    name: str
    source: str
    module: str = attrs.field(default="", kw_only=True)
    api: tuple[int, int] | None = attrs.field(default=None, kw_only=True)
    hooks: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    declared: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, converter=_frozen, kw_only=True)
    config: Mapping[str, Any] = attrs.field(factory=dict, converter=_frozen, kw_only=True)
    error: str | None = attrs.field(default=None, kw_only=True)
    _dist: tuple[str, str] | None = attrs.field(default=None, kw_only=True, repr=False, eq=False)

    @property
    def distribution(self) -> str | None:
        """The installed package that it belongs to, where it belongs to one."""
        found = self._installed()
        return found and found[0]

    @property
    def version(self) -> str | None:
        """The version of that package."""
        found = self._installed()
        return found and found[1]

    def _installed(self) -> tuple[str, str] | None:
        return self._dist or distribution_of(self.module)

    @property
    def origin(self) -> str:
        """Where it came from, in words that stand in messages."""
        installed = self._installed()
        return f"plugin {self.name!r} of {f'{installed[0]} {installed[1]}, ' if installed else ''}{self.source}"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON."""
        return {
            "name": self.name,
            "version": self.version,
            "distribution": self.distribution,
            "source": self.source,
            "api": None if self.api is None else ".".join(map(str, self.api)),
            "hooks": list(self.hooks),
            "declared": {kind: list(names) for kind, names in self.declared.items()},
            "config": dict(self.config),
            "error": self.error,
        }
