"""Declared: what a hook returned, checked, by kind and name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from ..errors import CrmCoreError
from ..metric import Metric
from .contract import Unfit
from .labels import Labels

__all__ = ["Declared", "declared"]


@attrs.frozen(slots=True, eq=False)
class Declared:
    """One declaration: "metrics", "labels", "scorers", "stores" or "profiles", its name, and the thing itself."""

    kind: str
    name: str
    value: Any


def declared(hook: str, returned: Any) -> list[Declared]:
    """Return what a hook declares.

    Raises:
        Unfit: no list, or something else in it than the hook declares.
    """
    meaning, check = _HOOKS[hook]
    if isinstance(returned, Mapping):
        if hook != "crmcore_profiles":
            raise Unfit(f"{hook} returned a mapping; it returns {meaning}", hook)
        returned = returned.items()
    if isinstance(returned, (str, bytes)) or not isinstance(returned, Iterable):
        hint = "; an empty list declares nothing" if returned is None else ""
        raise Unfit(f"{hook} returned {_said(returned)}; it returns {meaning}{hint}", hook)
    made: dict[tuple[str, str], Declared] = {}
    for item in returned:
        found = check(item)
        if found is None:
            raise Unfit(f"{hook} returned {_said(item)} in its list; it returns {meaning}", hook)
        if made.setdefault((found.kind, found.name), found) is not found:
            raise Unfit(f"{hook} declares {found.name!r} twice among its {found.kind}", hook)
    return list(made.values())


def _said(value: Any) -> str:
    if value is None:
        return "None"
    return f"{type(value).__name__} {value!r}" if isinstance(value, (str, int, float)) else f"a {type(value).__name__}"


def _metric(item: Any) -> Declared | None:
    if isinstance(item, Metric):
        return Declared("metrics", item.name, item)
    return Declared("labels", item.language, item) if isinstance(item, Labels) else None


def _scorer(item: Any) -> Declared | None:
    from ..scoring.scorer import check_scorer

    if isinstance(item, type) or not hasattr(item, "score"):
        return None
    try:
        check_scorer(item)
    except CrmCoreError as error:
        raise Unfit(f"crmcore_scorers: {error}", "crmcore_scorers") from None
    return Declared("scorers", item.name, item)


def _store(item: Any) -> Declared | None:
    from ..stores.contract import StoreSpec

    if not isinstance(item, StoreSpec):
        return None
    scheme: Any = item.scheme
    if not isinstance(scheme, str) or not re.fullmatch(r"[a-z0-9]+([+-][a-z0-9]+)*", scheme):
        raise Unfit(f"crmcore_stores: a scheme is a word such as 'postgresql', got {item.scheme!r}", "crmcore_stores")
    if not callable(item.open):
        raise Unfit(f"crmcore_stores: open of {item.scheme!r} cannot be called", "crmcore_stores")
    return Declared("stores", item.scheme, item)


def _profile(item: Any) -> Declared | None:
    if not isinstance(item, tuple) or len(item) != 2 or not isinstance(item[0], str) or not item[0]:
        return None
    name, value = item
    from ..sources import Profile

    if not isinstance(value, (Mapping, Path, Profile)):
        raise Unfit(
            f"crmcore_profiles: profile {name!r} is a dict, the Path of a TOML file or a Profile, got {_said(value)}",
            "crmcore_profiles",
        )
    return Declared("profiles", name, value)


_HOOKS: dict[str, tuple[str, Callable[[Any], Declared | None]]] = {
    "crmcore_metrics": ("a list of crmcore.Metric and Labels", _metric),
    "crmcore_scorers": ("a list of scorers", _scorer),
    "crmcore_stores": ("a list of crmcore.stores.StoreSpec", _store),
    "crmcore_profiles": ("a mapping from names to profiles, or a list of pairs", _profile),
}
