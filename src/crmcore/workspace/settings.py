"""Settings: a workspace as a TOML file."""

from __future__ import annotations

import tomllib
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..calendars import Calendar
from ..domain import Rate
from ..errors import ArgumentError, CrmCoreError
from ..toml import parsed

__all__ = ["settings_from"]

_KEYS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "calendar": (dict, "a table"),
    "currency": (str, "a code such as 'EUR'"),
    "discover": ((bool, list), "true, false or a list of names of installed plugins"),
    "language": (str, "a code such as 'en'"),
    "plugin": (dict, "tables of settings such as [plugin.acme]"),
    "plugins": (list, "a list of paths"),
    "rates": (list, "a list of tables"),
    "strict": (bool, "true or false"),
    "timezone": (str, "a name such as 'Europe/Berlin'"),
}
_AS_THEY_ARE = ("timezone", "currency", "language", "discover", "strict")
_CALENDAR = ("fiscal_anchor", "fiscal_named_by", "fiscal_pattern", "fiscal_start", "holidays", "week_start", "weekdays")


def settings_from(path: str | Path) -> dict[str, Any]:
    """Return the arguments of `Workspace` that the TOML file at `path` holds; plugin paths are relative to it.

    Raises:
        ArgumentError: a file that is missing, is no TOML, or holds a key or a value that means nothing.
    """
    file = Path(path)
    try:
        found = parsed(file.read_text("utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        raise ArgumentError(f"no workspace file {str(path)!r}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{str(path)!r} is no TOML: {error}") from None
    _known(found, tuple(_KEYS), str(path))
    for key, value in found.items():
        _typed(value, *_KEYS[key], f"{path}: {key}")
    settings: dict[str, Any] = {k: found[k] for k in _AS_THEY_ARE if k in found}
    if "calendar" in found:
        _known(found["calendar"], _CALENDAR, f"{path}, [calendar]")
        settings["calendar"] = Calendar(**found["calendar"])
    if "rates" in found:
        settings["rates"] = [_rate(r, f"{path}, [[rates]] number {i}") for i, r in enumerate(found["rates"], 1)]
    if "plugins" in found:
        for plugin in found["plugins"]:
            _typed(plugin, str, "a path", f"{path}: plugins")
        settings["plugins"] = [file.parent / p for p in found["plugins"]]
    if "plugin" in found:
        for name, config in found["plugin"].items():
            _typed(config, dict, "a table of settings", f"{path}: plugin.{name}")
        settings["config"] = found["plugin"]
    return settings


def _rate(found: Any, where: str) -> Rate:
    _typed(found, dict, "a table with from, to, valid_from and rate", where)
    needed = ("from", "rate", "to", "valid_from")
    _known(found, needed, where)
    missing = [k for k in needed if k not in found]
    if missing:
        raise ArgumentError(f"{where}: {', '.join(missing)} is missing; a rate has from, to, valid_from and rate")
    _typed(found["from"], str, "a code such as 'USD'", f"{where}: from")
    _typed(found["to"], str, "a code such as 'EUR'", f"{where}: to")
    try:
        return Rate(
            from_currency=found["from"],
            to_currency=found["to"],
            valid_from=found["valid_from"],
            rate=Decimal(str(found["rate"])),
        )
    except InvalidOperation:
        raise ArgumentError(f"{where}: rate is a number, not {found['rate']!r}") from None
    except CrmCoreError as error:
        raise ArgumentError(f"{where}: {error}") from None


def _typed(value: Any, kind: type | tuple[type, ...], meaning: str, where: str) -> None:
    if not isinstance(value, kind):
        raise ArgumentError(f"{where} is {meaning}, not {value!r}")


def _known(found: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in found:
        if key not in keys:
            near = get_close_matches(key, keys, n=1)
            raise ArgumentError(
                f"{where}: no setting {key!r}"
                + (f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(keys)}")
            )
