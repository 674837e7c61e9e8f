"""Scheme: a scorer made of rules, in groups with limits, with grades. Pure data: in Python, or in a TOML file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import DefinitionError
from ..locales.labels import label_in, read_only
from .points import optional_points
from .rule import Rule, check_limits, check_name, is_text, is_whole

if TYPE_CHECKING:
    from ..evaluate.rows import Rows
    from .scores import Scores

__all__ = ["Grading", "Group", "Scheme", "Step"]


def _listed(value: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(value)


def _others(value: Iterable[Any], kind: type) -> list[Any]:
    """Return what is of another kind."""
    return [v for v in value if not isinstance(v, kind)]


def _gradings(value: Any) -> tuple[Grading, ...]:
    return (value,) if isinstance(value, Grading) else tuple(value)


@attrs.frozen(slots=True)
class Group:
    """Rules whose points are limited together.

    Args:
        name: snake_case.
        rules: the rules.
        cap: the most that the rules of the group give together; None for no limit.
        floor: the least.
        dimension: what the group speaks of, "fit" or "engagement" or the host's own word; the points of a dimension are
            those of its groups.
        labels: the name by language.
    """

    name: str
    rules: tuple[Rule, ...] = attrs.field(converter=_listed)
    cap: Decimal | None = attrs.field(default=None, kw_only=True, converter=optional_points)
    floor: Decimal | None = attrs.field(default=None, kw_only=True, converter=optional_points)
    dimension: str = attrs.field(default="", kw_only=True)
    labels: Mapping[str, str] = attrs.field(factory=dict, kw_only=True, converter=read_only)

    def __attrs_post_init__(self) -> None:
        check_name("group", self.name)
        if self.name == "total":
            raise DefinitionError("a group cannot be called 'total', as the limits of the whole scheme are")
        if self.dimension:
            check_name(f"dimension of group {self.name!r}", self.dimension)
        wrong = _others(self.rules, Rule)
        if wrong or not self.rules:
            raise DefinitionError(
                f"group {self.name!r} needs rules, such as Rule('big', when=..., points=10), got {wrong!r}"
            )
        check_limits(f"group {self.name!r}", self.cap, self.floor)

    def label(self, language: str = "en") -> str:
        """Return the name in a language, in English, or as it is."""
        return label_in(language, self.labels, self.name)


@attrs.frozen(slots=True)
class Step:
    """A grade and the points from which on it is given; None for whatever is below the others."""

    grade: str
    start: Decimal | None = attrs.field(default=None, converter=optional_points)


def _steps(value: Any) -> tuple[Step, ...]:
    listed = value.items() if isinstance(value, Mapping) else value
    return tuple(s if isinstance(s, Step) else Step(*s) for s in listed)


@attrs.frozen(slots=True)
class Grading:
    """Grades by points: grade -> the points from which on it is given, the best first.

    Two gradings make a matrix: A to C for fit, 1 to 3 for engagement, side by side A1 to C3.

    Args:
        steps: such as {"A": 60, "B": 30, "C": None}; None takes what is below the others.
        of: the dimension whose points are graded; "" for the score itself.
    """

    steps: tuple[Step, ...] = attrs.field(converter=_steps)
    of: str = ""

    def __attrs_post_init__(self) -> None:
        starts = [s.start for s in self.steps]
        known = [s for s in starts if s is not None]
        names = [s.grade for s in self.steps]
        if not all(map(is_text, names)) or len(set(names)) != len(names) or not names:
            raise DefinitionError(f"grades are different names, got {names!r}")
        if known != sorted(set(known), reverse=True) or None in starts[:-1]:
            shown = ", ".join(f"{s.grade} {'rest' if s.start is None else s.start}" for s in self.steps)
            raise DefinitionError(
                f"grades stand with the best first, each from fewer points than the one before, got {shown}"
            )


@attrs.frozen(slots=True)
class Scheme:
    """A scorer made of rules.

    score = limits of the whole(sum over groups of limits of the group(sum over its rules of their points))

    Args:
        name: snake_case.
        table: the table whose rows are scored.
        groups: the rules, in groups.
        cap: the most that a row may have.
        floor: the least.
        grades: one `Grading`, or several whose grades stand side by side.
        currency: the currency that amounts in rules are meant in; None takes whatever one currency the amounts have.
        optional: columns of the table that a dataset may lack; they are then blank for every row.
        least_known: a row has no score where fewer rules than this know the values they read; 0 scores every row.
        revision: raised whenever the same input gives another score.
        labels: the name by language.
        summary: what the score means, in one sentence.
        source: where the definition comes from.

    Raises:
        DefinitionError: names that stand twice, limits or grades that mean nothing.
    """

    name: str
    table: str
    groups: tuple[Group, ...] = attrs.field(converter=_listed, kw_only=True)
    cap: Decimal | None = attrs.field(default=None, kw_only=True, converter=optional_points)
    floor: Decimal | None = attrs.field(default=None, kw_only=True, converter=optional_points)
    grades: tuple[Grading, ...] = attrs.field(default=(), kw_only=True, converter=_gradings)
    currency: str | None = attrs.field(default=None, kw_only=True)
    optional: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=_listed)
    least_known: int = attrs.field(default=0, kw_only=True)
    revision: int = attrs.field(default=1, kw_only=True)
    labels: Mapping[str, str] = attrs.field(factory=dict, kw_only=True, converter=read_only)
    summary: str = attrs.field(default="", kw_only=True)
    source: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_name("scheme", self.name)
        if not is_text(self.table):
            raise DefinitionError(
                f"scheme {self.name!r}: table is the name of a table such as 'lead', got {self.table!r}"
            )
        wrong = _others(self.groups, Group)
        if wrong or not self.groups:
            raise DefinitionError(
                f"scheme {self.name!r} needs groups, such as Group('fit', [Rule(...)]), got {wrong!r}"
            )
        _once(f"scheme {self.name!r}: two groups are", [g.name for g in self.groups])
        _once(f"scheme {self.name!r}: two rules are", [r.name for r in self.rules])
        check_limits(f"scheme {self.name!r}", self.cap, self.floor)
        unlike = _others(self.grades, Grading)
        if unlike:
            raise DefinitionError(
                f"scheme {self.name!r}: grades are such as Grading({{'A': 60, 'B': None}}), got {unlike!r}"
            )
        for grading in self.grades:
            if grading.of and grading.of not in self.dimensions:
                known = ", ".join(self.dimensions) or "none"
                raise DefinitionError(
                    f"scheme {self.name!r}: grades of {grading.of!r}, which no group has for its dimension; there are {known}"
                )
        if not is_whole(self.least_known, 0, len(self.rules)):
            raise DefinitionError(
                f"scheme {self.name!r}: least_known is from 0 to its {len(self.rules)} rules, got {self.least_known!r}"
            )
        if not is_whole(self.revision, 1, 10**9):
            raise DefinitionError(f"scheme {self.name!r}: revision is a whole number from 1, got {self.revision!r}")

    @classmethod
    def load(cls, path: str | Path) -> Scheme:
        """Return the scheme that a TOML file describes.

        Raises:
            SchemeError: a file that is missing or wrong, with the rule and what would be right.
        """
        from .schemefile import load

        return load(path)

    @classmethod
    def of_dict(cls, found: Mapping[str, Any], *, where: str = "scheme") -> Scheme:
        """Return the scheme that plain data describe, as a TOML file does.

        Args:
            found: what `to_dict` gives.
            where: what errors call it.
        """
        from .schemefile import scheme_of

        return scheme_of(found, where)

    def to_dict(self) -> dict[str, Any]:
        """Return the scheme as plain data, exact numbers as int and Decimal.

        Raises:
            DefinitionError: a condition that only Python can express, such as one with arithmetic.
        """
        from .schemefile import dict_of

        return dict_of(self)

    def to_toml(self) -> str:
        """Return the scheme as the text of a TOML file.

        Raises:
            DefinitionError: as `to_dict`.
        """
        from .schemefile import toml_of

        return toml_of(self.to_dict())

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all groups, in order."""
        return tuple(r for g in self.groups for r in g.rules)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions of the groups, in order."""
        return tuple(dict.fromkeys(g.dimension for g in self.groups if g.dimension))

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of the table that the rules read, without the optional ones."""
        return tuple(c for c in self._columns() if c not in self.optional)

    @property
    def wants(self) -> tuple[str, ...]:
        """The optional columns that rules read."""
        return tuple(c for c in self._columns() if c in self.optional)

    @property
    def others(self) -> Mapping[str, tuple[str, ...]]:
        """The tables that rules count rows of, with the columns they read there."""
        found: dict[str, dict[str, None]] = {}
        for rule in self.rules:
            if rule.count is not None:
                columns = (rule.count.by or self.table, *rule.count.columns())
                found.setdefault(rule.count.table, {}).update(dict.fromkeys(columns))
        return {table: tuple(columns) for table, columns in found.items()}

    @property
    def fingerprint(self) -> str:
        """A digest of everything that decides the scores: two schemes with one digest score alike."""
        parts = attrs.asdict(self, recurse=True, filter=_decides, value_serializer=_plain)
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def score(self, rows: Rows) -> Scores:
        """Return the points of each row, with the rules that gave them."""
        from .ruling import ruled

        return ruled(self, rows)

    def _columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c for r in self.rules for c in r.columns()))


_TOLD = frozenset({"labels", "summary", "source", "revision"})


def _decides(attribute: attrs.Attribute[Any], _: Any) -> bool:
    return attribute.name not in _TOLD


def _plain(_: Any, __: Any, value: Any) -> Any:
    """Return an expression as its structure, points as text that is the same for 5 and 5.0."""
    from ..algebra.node import Node

    return repr(_told(value.key)) if isinstance(value, Node) else _told(value)


def _told(value: Any) -> Any:
    """Return exact values in one form: 5.0 as 5, an instant in UTC."""
    if isinstance(value, tuple):
        return tuple(map(_told, value))
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(fold=0).isoformat()
    return str(value.normalize()) if isinstance(value, Decimal) else value


def _once(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DefinitionError(f"{what} called {name!r}; rename one")
        seen.add(name)
