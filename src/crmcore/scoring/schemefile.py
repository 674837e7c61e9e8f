"""Scheme files: a scheme as plain data and as TOML, and back."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from ..errors import CrmCoreError, DefinitionError, SchemeError
from .clauses import check_keys, clause_of, condition_of, value_clause_of, value_of
from .rule import Band, Count, Rule
from .scheme import Grading, Group, Scheme, Step

__all__ = ["dict_of", "load", "scheme_of", "toml_of"]

T = TypeVar("T")

_SCHEME = (
    "name",
    "table",
    "revision",
    "labels",
    "summary",
    "source",
    "currency",
    "optional",
    "least_known",
    "cap",
    "floor",
)
_GROUP = ("name", "labels", "dimension", "cap", "floor")
_RULE = ("name", "labels", "points", "when", "value", "bands", "count", "cap", "floor")
_COUNT = ("table", "by", "at", "when", "within_days", "half_life_days", "quantity")


def load(path: str | Path) -> Scheme:
    """Return the scheme that a TOML file describes.

    Raises:
        SchemeError: a file that is missing or wrong, with the rule and what would be right.
    """
    file = Path(path)
    try:
        found = tomllib.loads(file.read_text("utf-8-sig"), parse_float=Decimal)
    except FileNotFoundError:
        raise SchemeError(f"no scheme file {str(path)!r}") from None
    except IsADirectoryError:
        raise SchemeError(f"{str(path)!r} is a folder; a scheme is one TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SchemeError(f"{str(path)!r} is no TOML: {error}") from None
    return scheme_of(found, str(path))


def scheme_of(found: Mapping[str, Any], where: str) -> Scheme:
    """Return the scheme that plain data describe.

    Args:
        found: what a TOML file holds, or `Scheme.to_dict` gives.
        where: what errors call it, such as the name of the file.

    Raises:
        SchemeError: what would be no scheme, with the group and the rule.
    """
    check_keys(found, (*_SCHEME, "grades", "groups"), where)
    _need(found, ("name", "table", "groups"), where)
    for key in ("summary", "source", "currency"):
        _typed(found, key, str, "text", where)
    _typed(found, "optional", list, "a list of columns", where)
    _typed(found, "least_known", int, "a whole number", where)
    groups = [_group(g, f"{where}: group {_called(g, i)}") for i, g in enumerate(_listed(found, "groups", where), 1)]
    grades = [_grading(g, f"{where}: grades number {i}") for i, g in enumerate(_listed(found, "grades", where), 1)]
    given = {k: found[k] for k in _SCHEME if k in found and k != "labels"}
    return _made(lambda: Scheme(**given, groups=groups, grades=grades, labels=_labels(found, where)), where)


def _group(found: Any, where: str) -> Group:
    check_keys(found, (*_GROUP, "rules"), where)
    _need(found, ("name", "rules"), where)
    rules = [_rule(r, f"{where}, rule {_called(r, i)}") for i, r in enumerate(_listed(found, "rules", where), 1)]
    given = {k: found[k] for k in ("name", "dimension", "cap", "floor") if k in found}
    return _made(lambda: Group(**given, rules=rules, labels=_labels(found, where)), where)


def _rule(found: Any, where: str) -> Rule:
    check_keys(found, _RULE, where)
    _need(found, ("name",), where)
    given: dict[str, Any] = {k: found[k] for k in ("name", "points", "cap", "floor") if k in found}
    if "when" in found:
        given["when"] = condition_of(found["when"], f"{where}, when")
    if "value" in found:
        given["value"] = value_of(found["value"], f"{where}, value")
    if "bands" in found:
        given["bands"] = [_band(b, f"{where}, band {i}") for i, b in enumerate(_listed(found, "bands", where), 1)]
    if "count" in found:
        given["count"] = _count(found["count"], f"{where}, count")
    return _made(lambda: Rule(**given, labels=_labels(found, where)), where)


def _band(found: Any, where: str) -> Band:
    check_keys(found, ("from", "points"), where)
    _need(found, ("from", "points"), where)
    return _made(lambda: Band(found["from"], found["points"]), where)


def _count(found: Any, where: str) -> Count:
    check_keys(found, _COUNT, where)
    _need(found, ("table",), where)
    for key in ("by", "at", "quantity"):
        _typed(found, key, str, "a column", where)
    given = {k: found[k] for k in _COUNT if k in found}
    if "when" in found:
        given["when"] = condition_of(found["when"], f"{where}, when")
    return _made(lambda: Count(**given), where)


def _grading(found: Any, where: str) -> Grading:
    check_keys(found, ("of", "steps"), where)
    _need(found, ("steps",), where)
    _typed(found, "of", str, "a dimension such as 'fit'", where)
    steps = []
    for i, step in enumerate(_listed(found, "steps", where), 1):
        check_keys(step, ("grade", "from"), f"{where}, step {i}")
        _need(step, ("grade",), f"{where}, step {i}")
        steps.append(_made(lambda s=step: Step(s["grade"], s.get("from")), f"{where}, step {i}"))  # type: ignore[misc]
    return _made(lambda: Grading(steps, found.get("of", "")), where)


def _made(make: Callable[[], T], where: str) -> T:
    """Return what is made, its errors with the place in the file."""
    try:
        return make()
    except SchemeError:
        raise
    except CrmCoreError as error:
        raise SchemeError(f"{where}: {error}") from None


def _called(found: Any, number: int) -> str:
    name = found.get("name") if isinstance(found, Mapping) else None
    return repr(name) if isinstance(name, str) else f"number {number}"


def _need(found: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    missing = [k for k in keys if k not in found]
    if missing:
        raise SchemeError(f"{where}: {', '.join(missing)} is missing")


def _typed(found: Mapping[str, Any], key: str, kind: type, meaning: str, where: str) -> None:
    if key in found and (not isinstance(found[key], kind) or isinstance(found[key], bool)):
        raise SchemeError(f"{where}: {key} is {meaning}, got {found[key]!r}")


def _listed(found: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = found.get(key, [])
    if not isinstance(value, (list, tuple)):
        raise SchemeError(f"{where}: {key} is a list of tables, got {value!r}")
    return [*value]


def _labels(found: Mapping[str, Any], where: str) -> dict[str, str]:
    labels = found.get("labels", {})
    if not isinstance(labels, Mapping) or not all(isinstance(v, str) for v in labels.values()):
        raise SchemeError(
            f"{where}: labels are texts by language such as {{en = 'Fit', zh = '匹配度'}}, got {labels!r}"
        )
    return dict(labels)


# -- back to plain data ---------------------------------------------------------------------------------


def dict_of(scheme: Scheme) -> dict[str, Any]:
    """Return a scheme as plain data; what has its default is left out.

    Raises:
        DefinitionError: a condition that files have no words for.
    """
    return {
        **_given(scheme, _SCHEME, {"revision": 1}),
        **({"grades": [_grading_dict(g) for g in scheme.grades]} if scheme.grades else {}),
        "groups": [{**_given(g, _GROUP), "rules": [_rule_dict(r, scheme) for r in g.rules]} for g in scheme.groups],
    }


def _given(owner: Any, names: tuple[str, ...], defaults: Mapping[str, Any] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        value = getattr(owner, name)
        if value is None or value in ("", ()) or value == (defaults or {}).get(name) or value == {}:
            continue
        if name == "least_known" and not value:
            continue
        found[name] = _number(value) if isinstance(value, Decimal) else [*value] if isinstance(value, tuple) else value
        if isinstance(value, Mapping):
            found[name] = dict(value)
    return found


def _number(value: Decimal) -> int | Decimal:
    return int(value) if value == int(value) else value


def _grading_dict(grading: Grading) -> dict[str, Any]:
    steps = [{"grade": s.grade} | ({} if s.start is None else {"from": _number(s.start)}) for s in grading.steps]
    return ({"of": grading.of} if grading.of else {}) | {"steps": steps}


def _rule_dict(rule: Rule, scheme: Scheme) -> dict[str, Any]:
    try:
        found = _given(rule, ("name", "labels", "points"))
        if rule.when is not None:
            found["when"] = clause_of(rule.when)
        if rule.value is not None:
            found["value"] = value_clause_of(rule.value)
            found["bands"] = [{"from": b.start, "points": _number(b.points)} for b in rule.bands]
        if rule.count is not None:
            found["count"] = _given(rule.count, tuple(k for k in _COUNT if k != "when"))
            if rule.count.when is not None:
                found["count"]["when"] = clause_of(rule.count.when)
    except DefinitionError as error:
        raise DefinitionError(f"scheme {scheme.name!r}, rule {rule.name!r}: {error}") from None
    return found | _given(rule, ("cap", "floor"))


def toml_of(found: Mapping[str, Any]) -> str:
    """Return the plain data of a scheme as TOML."""
    lines = [f"{k} = {_toml(v)}" for k, v in found.items() if k not in ("grades", "groups")]
    for grading in found.get("grades", ()):
        lines += ["", "[[grades]]", *(f"{k} = {_toml(v)}" for k, v in grading.items())]
    for group in found["groups"]:
        lines += ["", "[[groups]]", *(f"{k} = {_toml(v)}" for k, v in group.items() if k != "rules")]
        for rule in group["rules"]:
            lines += ["", "[[groups.rules]]", *(f"{k} = {_toml(v)}" for k, v in rule.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(ch if ch >= " " and ch != "\x7f" else f"\\u{ord(ch):04x}" for ch in escaped) + '"'
