"""Config: the settings of a plugin, an attrs class that it declares as `CONFIG`, checked against its annotations."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from .contract import Unfit

__all__ = ["HIDDEN", "configured", "secret", "secrets_of", "shown"]

HIDDEN = "***"
_SECRET = "secret"  # noqa: S105 - the name of a mark, not what is kept
_NAMES: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Decimal: "an exact number such as 12 or Decimal('0.5')",
    date: "a date",
    datetime: "an instant",
    Path: "a path",
    NoneType: "nothing",
}


def secret(**kwargs: Any) -> Any:
    """Return a field of a `CONFIG` class whose value is never shown; the arguments are those of `attrs.field`."""
    metadata = {**kwargs.pop("metadata", {}), _SECRET: True}
    return attrs.field(repr=False, metadata=metadata, **kwargs)


def configured(kind: Any, given: Any, namespace: Mapping[str, Any]) -> Any:
    """Return the settings of a plugin: an instance of its `CONFIG`, or None where it declares none.

    Args:
        kind: its `CONFIG`, or None.
        given: what the workspace states for it: a mapping, an instance of `CONFIG`, or None.
        namespace: names that the annotations of a class that no module holds are made of.

    Raises:
        Unfit: a key or a value that means nothing, or one that is missing; the message names the key.
    """
    if kind is None:
        if given is not None:
            raise Unfit("it takes no config; it declares no CONFIG")
        return None
    if not isinstance(kind, type) or not attrs.has(kind):
        raise Unfit(f"CONFIG is a class made by attrs.frozen, got {kind!r}")
    hints = _hints(kind, namespace)
    fields = {f.alias or f.name: f for f in attrs.fields(kind) if f.init}
    for key, field in fields.items():
        if field.metadata.get(_SECRET) and field.repr is not False:
            raise Unfit(f"CONFIG.{key} is secret, but shown in the repr; declare it with crmcore.plugins.secret()")
    if isinstance(given, kind):
        return given
    if given is not None and not isinstance(given, Mapping):
        raise Unfit(f"config is a table of settings, got {given!r}")
    values = _values(fields, hints, given or {})
    hidden = [str(values[k]) for k, f in fields.items() if k in values and f.metadata.get(_SECRET)]
    try:
        return kind(**values)
    except Exception as error:  # noqa: BLE001 - a validator is the plugin's own code
        text = _scrubbed(f"config: {error.args[0] if error.args else type(error).__name__}", hidden)
    raise Unfit(text)


def _values(fields: Mapping[str, Any], hints: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    for key in given:
        if key not in fields:
            near = get_close_matches(str(key), fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(fields) or 'none'}"
            raise Unfit(f"config has no key {key!r}; {hint}")
    values = {}
    for key, field in fields.items():
        hint = hints.get(field.name, Any)
        if key in given:
            try:
                values[key] = _converted(given[key], hint)
            except TypeError:
                got = HIDDEN if field.metadata.get(_SECRET) else repr(given[key])
                raise Unfit(f"config {key} is {_meaning(hint)}, got {got}") from None
        elif field.default is attrs.NOTHING:
            raise Unfit(f"config {key} is missing: {_meaning(hint)}")
    return values


def secrets_of(config: Any) -> tuple[str, ...]:
    """Return the texts of a plugin's settings that must not be shown."""
    if config is None:
        return ()
    values = [getattr(config, f.name) for f in attrs.fields(type(config)) if f.metadata.get(_SECRET)]
    return tuple(str(v) for v in values if v is not None and str(v))


def shown(config: Any) -> dict[str, Any]:
    """Return a plugin's settings as they can be shown."""
    if config is None:
        return {}
    found = {}
    for field in attrs.fields(type(config)):
        value = getattr(config, field.name)
        plain = value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
        found[field.alias or field.name] = HIDDEN if field.metadata.get(_SECRET) and value is not None else plain
    return found


def _scrubbed(text: str, hidden: list[str]) -> str:
    for word in hidden:
        text = text.replace(word, HIDDEN) if word else text
    return text


def _hints(kind: type, namespace: Mapping[str, Any]) -> dict[str, Any]:
    names = dict(namespace)
    if kind.__module__ in sys.modules:
        names |= vars(sys.modules[kind.__module__])
    try:
        hints = get_type_hints(kind, globalns=names)
    except Exception as error:  # noqa: BLE001 - an annotation can be any expression
        raise Unfit(f"CONFIG has an annotation that cannot be read: {error}") from None
    for name, hint in hints.items():
        if _meaning(hint) is None:
            raise Unfit(f"CONFIG.{name} has the type {hint!r}, which settings cannot be checked against")
    return hints


def _meaning(hint: Any) -> str | None:
    """Return what a type means in words; None for one that is not known."""
    if hint is Any:
        return "anything"
    if hint in _NAMES:
        return _NAMES[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(map(repr, args))}"
    parts = [_meaning(a) for a in args if a is not Ellipsis]
    if None in parts or not parts:
        return None
    words = [p for p in parts if p is not None]
    if origin in (Union, UnionType):
        return " or ".join(words)
    if origin is list or (origin is tuple and args[-1:] == (Ellipsis,)):
        return f"a list ({words[0]} each)"
    if origin in (dict, Mapping) and args[0] is str:
        return f"a table ({words[1]} each)"
    return None


def _converted(value: Any, hint: Any) -> Any:
    """Return a value as its annotation says, or raise TypeError."""
    if hint is Any:
        return value
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _one_of(value, args)
    if origin is Literal:
        found = [a for a in args if a == value and type(a) is type(value)]
        if not found:
            raise TypeError
        return found[0]
    if origin in (list, tuple):
        if not isinstance(value, (list, tuple)):
            raise TypeError
        return origin(_converted(v, args[0]) for v in value)
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
            raise TypeError
        return {k: _converted(v, args[1]) for k, v in value.items()}
    return _plain(value, hint)


def _one_of(value: Any, hints: tuple[Any, ...]) -> Any:
    for hint in hints:
        try:
            return _converted(value, hint)
        except TypeError:
            continue
    raise TypeError


def _plain(value: Any, hint: Any) -> Any:
    if hint is bool or isinstance(value, bool):
        right = hint is bool and isinstance(value, bool)
    elif hint is float:
        right = isinstance(value, (int, float, Decimal))
        value = float(value) if right else value
    elif hint is Decimal:
        right = isinstance(value, (int, Decimal))
        value = Decimal(value) if right else value
    elif hint is Path:
        right = isinstance(value, (str, Path))
        value = Path(value) if right else value
    elif hint is date:
        right = isinstance(value, date) and not isinstance(value, datetime)
    else:
        right = isinstance(value, hint)
    if not right:
        raise TypeError
    return value
