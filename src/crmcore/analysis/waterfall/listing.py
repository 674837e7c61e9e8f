"""Waterfall: the bars as a listing, with the deals of each bar behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ...errors import ArgumentError
from ...locales import LANGUAGES
from ...locales.labels import label_in
from ...state.listing import Fact, Heading, Listing, Values
from ...state.operand import Operand
from ...table.column import Array, sort_key
from ..order import heading
from .bars import BARS, Ledger
from .states import States

__all__ = ["Parts", "Waterfall"]

BAR = Heading("bar", "label", {"en": "Bar", "zh": "项目"})
CAUSE = Heading("cause", "label", {"en": "Cause", "zh": "原因"})
COUNT = Heading("count", "count", {"en": "Count", "zh": "商机数"})
VALUE = Heading("value", "money", {"en": "Value", "zh": "金额"})
DEALS = Heading("deals", "count", {"en": "Deals concerned", "zh": "涉及商机数"})
ID = Heading("id", "label", {"en": "Deal", "zh": "商机"})
BEFORE = Heading("before", "money", {"en": "Amount before", "zh": "期初金额"})
AFTER = Heading("after", "money", {"en": "Amount after", "zh": "期末金额"})

LABELS: Mapping[str, Mapping[str, str]] = {
    "start": {"en": "Start", "zh": "期初"},
    "new": {"en": "+ New", "zh": "+ 新增"},
    "reopened": {"en": "+ Reopened", "zh": "+ 重新打开"},
    "moved_in": {"en": "+ Moved in", "zh": "+ 移入"},
    "increased": {"en": "+ Increased", "zh": "+ 金额增加"},
    "decreased": {"en": "- Decreased", "zh": "- 金额减少"},
    "moved_out": {"en": "- Moved out", "zh": "- 移出"},
    "won": {"en": "- Won", "zh": "- 赢单"},
    "lost": {"en": "- Lost", "zh": "- 输单"},
    "abandoned": {"en": "- Abandoned", "zh": "- 放弃"},
    "removed": {"en": "- Removed", "zh": "- 删除或合并"},
    "end": {"en": "= End", "zh": "= 期末"},
    "created": {"en": "created", "zh": "新建"},
    "restored": {"en": "restored", "zh": "恢复"},
    "pulled_in": {"en": "pulled in from later", "zh": "由后期提前"},
    "pushed_in": {"en": "pushed in from earlier", "zh": "由前期推迟"},
    "dated": {"en": "given a date", "zh": "补填日期"},
    "pushed_out": {"en": "pushed out to later", "zh": "推迟至后期"},
    "pulled_out": {"en": "pulled out to earlier", "zh": "提前至前期"},
    "undated": {"en": "date taken away", "zh": "清除日期"},
    "transferred": {"en": "transferred", "zh": "转移"},
}
_BY = {"en": "transferred: {name}", "zh": "转移：{name}"}
_FIELDS = {
    "owner": {"en": "owner", "zh": "负责人"},
    "team": {"en": "team", "zh": "团队"},
    "pipeline": {"en": "pipeline", "zh": "销售流程"},
}


@attrs.frozen(slots=True, eq=False)
class Parts:
    """What a waterfall is made of: the states, the entries, and the names of the keys."""

    states: States
    ledger: Ledger
    keys: tuple[str, ...]


class Waterfall(Listing):
    """The bars by group: a row for each bar, and below it one for each cause; `deals` gives the deals of a bar.

    `count` is what the bar adds to, or takes from, the number of deals: 0 for a change of amounts; `deals` is how many deals
    it concerns.
    """

    parts: Parts

    def __init__(self, parts: Parts, *, facts: Sequence[Fact], notes: Sequence[Mapping[str, str]]) -> None:
        self.parts = parts
        super().__init__(_columns(parts), facts=facts, notes=notes)

    def deals(self, bar: str | None = None, cause: str | None = None, **group: Any) -> Listing:
        """Return the deals of a bar, or of all, one row per deal and bar.

        Args:
            bar: such as "moved_out"; None for all.
            cause: such as "pushed_out"; None for all.
            group: the values of keys.

        Raises:
            ArgumentError: no such bar, cause or key.
        """
        ledger, states = self.parts.ledger, self.parts.states
        kept = np.ones(len(ledger), bool)
        for name, given, names, codes in (
            ("bar", bar, BARS, ledger.bar),
            ("cause", cause, ledger.causes, ledger.cause),
        ):
            if given is not None and given not in names:
                raise ArgumentError(f"{name} is one of {', '.join(n for n in names if n)}, got {given!r}")
            if given is not None:
                kept &= codes == names.index(given)
        for key, label in group.items():
            if key not in self.parts.keys:
                raise ArgumentError(
                    f"{key!r} is no key of this waterfall; it is by {', '.join(self.parts.keys) or 'nothing'}"
                )
            place = self.parts.keys.index(key)
            kept &= np.array([g[place] == label for g in states.groups], bool)[ledger.group]
        found = np.flatnonzero(kept)
        ids = states.ids(ledger.deal[found])
        order = sorted(
            range(len(found)), key=lambda i: (ledger.group[found[i]], ledger.bar[found[i]], sort_key(ids[i]))
        )
        rows = found[np.array(order, np.int64)]
        deals = ledger.deal[rows]
        return Listing(
            [
                *_keys(self.parts, ledger.group[rows]),
                (_in_words(BAR, BARS), [BARS[b] for b in ledger.bar[rows].tolist()]),
                (_in_words(CAUSE, ledger.causes), [ledger.causes[c] or None for c in ledger.cause[rows].tolist()]),
                (ID, [ids[i] for i in order]),
                (VALUE, Operand(ledger.value[rows], states.scale)),
                (BEFORE, _amount(states.start.amount, states.start.priced & states.start.there, deals, states.scale)),
                (AFTER, _amount(states.end.amount, states.end.priced & states.end.there, deals, states.scale)),
            ],
            language=self.language,
        )

    def _with(self, values: Mapping[str, Array], language: str) -> Waterfall:
        found = Waterfall.__new__(Waterfall)
        found.parts = self.parts
        columns = [(h, values[h.name]) for h in self.headings]
        Listing.__init__(found, columns, facts=self.facts, notes=self.notes, language=language)
        return found

    def _cells(self, limit: int) -> tuple[list[str], list[bool], list[list[str]]]:
        headers, right, rows = super()._cells(limit)
        bar, cause = self.names.index("bar"), self.names.index("cause")
        causes = self.plain("cause")
        for row, why in zip(rows, causes, strict=False):
            row[bar] = said(row[bar], self.language) if why is None else ""
            row[cause] = "" if why is None else said(why, self.language)
        return headers, right, rows


def said(code: str, language: str) -> str:
    """Return a bar or a cause in words."""
    if code.startswith("transferred_"):
        name = code.removeprefix("transferred_")
        field = _FIELDS.get(name.rpartition(".")[2], {})
        return (_BY.get(language) or _BY["en"]).format(name=label_in(language, field, name))
    return label_in(language, LABELS.get(code, {}), code)


def _in_words(heading: Heading, codes: Sequence[str]) -> Heading:
    return attrs.evolve(
        heading, values={c: {language: said(c, language) for language in LANGUAGES} for c in codes if c}
    )


def _columns(parts: Parts) -> list[tuple[Heading, Values]]:
    states, ledger = parts.states, parts.ledger
    count, entries, value = ledger.sums(len(states.groups))
    shown = np.unique(ledger.group).tolist() or ([0] if not parts.keys and len(states.tables[1]) else [])
    rows: list[tuple[int, int, int | None]] = []
    for group in shown:
        for bar in range(len(BARS)):
            rows.append((group, bar, None))
            rows += [(group, bar, cause) for cause in range(1, len(ledger.causes)) if entries[group, bar, cause]]

    def each(sums: Array) -> list[int]:
        return [int(sums[g, b].sum() if c is None else sums[g, b, c]) for g, b, c in rows]

    values = each(value)
    wide: Any = np.int64 if all(abs(v) < 2**63 for v in values) else object
    return [
        *_keys(parts, np.array([g for g, _, _ in rows], np.int64)),
        (BAR, [BARS[b] for _, b, _ in rows]),
        (CAUSE, [None if c is None else ledger.causes[c] for _, _, c in rows]),
        (COUNT, np.array(each(count), np.int64)),
        (VALUE, Operand(np.array(values, wide), states.scale)),
        (DEALS, np.array(each(entries), np.int64)),
    ]


def _keys(parts: Parts, groups: Array) -> list[tuple[Heading, Values]]:
    labels = parts.states.groups
    return [(heading(key), [labels[g][k] for g in groups.tolist()]) for k, key in enumerate(parts.keys)]


def _amount(amounts: Array, there: Array, deals: Array, scale: int) -> Operand:
    found = Operand(amounts[deals], scale)
    return found.because(~there[deals], 1)
