"""What was overwritten after a row was decided, or after the split, is put back where a table of changes says what it was."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

import crmcore as cc
from crmcore.calendars import Zone
from crmcore.domain import Change, Lead, Money, Opportunity
from crmcore.errors import DefinitionError
from crmcore.scoring import Feature, NaiveBayes
from crmcore.scoring.rewind import rewound

START = datetime(2026, 1, 1, tzinfo=UTC)
SPLIT = date(2026, 3, 31)
LAST = 2**60


def micros(moment):
    """Return an instant in microseconds."""
    return int(moment.timestamp()) * 1_000_000


def day(n):
    """Return the start of the n-th day of 2026, from 0."""
    return START + timedelta(days=n)


def value(table, name, row):
    """Return the value of a cell as it can be compared."""
    column = table[name]
    if not column.present()[row]:
        return None
    data = column.data[row].item() if column.kind != "text" else column.data[row]
    if column.kind == "key":
        return column.labels[data]
    return data if column.kind in ("text", "flag", "day", "instant") else Decimal(data) / column.scale


KINDS = {
    "owner": ["Anna", "王芳", None, "Bo"],
    "amount": [Decimal("10.50"), Decimal(20000), None, Decimal("0.125")],
    "probability": [Decimal("0.1"), Decimal("0.25"), None, Decimal(1)],
    "expected_close": [date(2026, 5, 1), date(2027, 1, 31), None],
    "last_activity_at": [day(3), day(9), None],
    "push_count": [0, 3, None],
    "next_step": ["call", "问价", None],
}
"""Column -> values that a history is drawn from."""


def told(name, v):
    """Return a value as a cell of `value`."""
    if v is None:
        return None
    if name == "expected_close":
        return (v - date(1970, 1, 1)).days
    if name == "last_activity_at":
        return micros(v)
    return Decimal(v) if name in ("amount", "probability", "push_count") else v


def written(v):
    """Return a value as the text of a change."""
    return None if v is None else v.isoformat() if isinstance(v, date) else str(v)


@pytest.mark.parametrize("seed", range(8))
def test_any_history_is_replayed(seed) -> None:
    """O8: random histories of every kind of column; each cell is the last value that was set by the instant of its row."""
    rng = random.Random(seed)
    rows, changes, expected = [], [], []
    for i in range(30):
        now = {n: rng.choice(v) for n, v in KINDS.items()}
        limit = rng.randrange(0, 60)
        then = dict(now)
        for t in sorted(rng.sample(range(1, 60), rng.randrange(0, 12))):
            for s in range(rng.choice((1, 1, 2))):
                n = rng.choice(list(KINDS))
                new = rng.choice([v for v in KINDS[n] if v != now[n]])
                changes.append(
                    Change(table="opportunity", record=f"d{i}", field=n, old=written(now[n]), new=written(new),
                           at=day(t), sequence=s)
                )  # fmt: skip
                now[n] = new
                if t <= limit:
                    then[n] = new
        rows.append({"id": f"d{i}", "outcome": "open", **now})
        expected.append((then, limit))
    rng.shuffle(changes)
    data = cc.Dataset(opportunity=rows, change=changes)
    limits = np.array([micros(day(limit)) for _, limit in expected], np.int64)
    found = rewound(data["opportunity"], limits, data.tables, Zone("UTC"))

    assert any(value(found, n, i) != value(data["opportunity"], n, i) for i in range(30) for n in KINDS)
    for i, (then, _) in enumerate(expected):
        assert {n: value(found, n, i) for n in KINDS} == {n: told(n, v) for n, v in then.items()}


def one(changes, limit=LAST, **fields):
    """Return one deal, seen from an instant."""
    data = cc.Dataset(opportunity=[{"id": 7, "outcome": "open", **fields}], change=changes)
    return rewound(data["opportunity"], np.array([limit], np.int64), data.tables, Zone("UTC"))


def change(field, old, new, at, **more):
    """Return a change of the one deal."""
    return {"table": "opportunity", "record": "7", "field": field, "old": old, "new": new, "at": at, **more}


def test_what_was_written_down_later_was_not_known() -> None:
    """O8: true in January, recorded in March: seen from February the old value stands."""
    log = [change("owner", "Anna", "Bo", day(9), recorded_at=day(70))]

    assert value(one(log, micros(day(40)), owner="Bo"), "owner", 0) == "Anna"
    assert value(one(log, micros(day(71)), owner="Bo"), "owner", 0) == "Bo"
    half = [*log, change("kind", "new", "renewal", day(30))]  # of this one nothing says when it was written down
    assert value(one(half, micros(day(29)), owner="Bo", kind="renewal"), "kind", 0) == "new"
    assert value(one(half, micros(day(31)), owner="Bo", kind="renewal"), "kind", 0) == "renewal"


def test_finer_amounts_whole_number_keys_and_other_tables() -> None:
    """M1: an old amount of more decimals stays exact; keys that are numbers stay numbers; a lead's change is no deal's."""
    log = [
        change("amount", "0.00025", "7", day(9)),
        change("stage", "4", "5", day(9)),
        change("id", "8", "7", day(9)),
        change("kind", "new", "renewal", day(9)) | {"table": "lead"},
    ]
    seen = one(log, micros(day(1)), amount=7, stage=5, kind="renewal")

    assert (value(seen, "amount", 0), value(seen, "stage", 0)) == (Decimal("0.00025"), 4)
    assert (value(seen, "id", 0), value(seen, "kind", 0)) == (7, "renewal")


def test_the_picture_that_began_a_record_is_no_change() -> None:
    """A step that tells when the record was created wrote all of it; later steps are changes, blank old values too."""
    log = [
        change("created_at", None, "2026-01-05", day(50)),
        change("owner", None, "Anna", day(50)),
        change("owner", "Anna", "Bo", day(60)),
        change("next_step", None, "call", day(60)),
    ]
    seen = one(log, micros(day(10)), owner="Bo", next_step="call", created_at=date(2026, 1, 5))

    assert (value(seen, "owner", 0), value(seen, "next_step", 0)) == ("Anna", None)


def test_old_values_of_other_currencies_and_such_that_cannot_be_read() -> None:
    """M2: an old amount keeps its own currency; a change from what cannot be read is rejected when it is read, and listed."""
    data = cc.Dataset(
        opportunity=[
            {"id": "a", "amount": Money(5, "EUR"), "push_count": 4},
            {"id": "b", "amount": Money(7, "USD"), "push_count": 4},
        ],
        change=[
            {"table": "opportunity", "record": "b", "field": "amount", "old": "40 CNY", "new": "7 USD", "at": day(9)},
            {"table": "opportunity", "record": "b", "field": "push_count", "old": "some", "new": "4", "at": day(9)},
            {"table": "opportunity", "record": "gone", "field": "push_count", "old": "1", "new": "4", "at": day(9)},
            {"table": "opportunity", "record": "b", "field": "shoe_size", "old": "1", "new": "4", "at": day(9)},
        ],
    )
    seen = rewound(data["opportunity"], np.array([0, 0], np.int64), data.tables, Zone("UTC"))
    currency = seen["amount"].currency

    assert [value(seen, "amount", i) for i in (0, 1)] == [5, 40]
    assert [currency.labels[c] for c in currency.data.tolist()] == ["EUR", "CNY"]
    assert [value(seen, "push_count", i) for i in (0, 1)] == [4, 4]
    assert [i.count for i in data.issues if i.rejected and "'some'" in i.detail] == [1]


def test_without_a_table_of_changes_nothing_is_put_back() -> None:
    """No such table, or one that does not say what was before: the table is the same object."""
    data = cc.Dataset(opportunity=[{"id": 1, "owner": "Anna"}])
    assert rewound(data["opportunity"], np.zeros(1, np.int64), data.tables, Zone("UTC")) is data["opportunity"]
    log = [{"table": "opportunity", "record": "1", "field": "owner", "new": "Anna", "at": day(1)}]
    other = cc.Dataset(opportunity=[{"id": 1, "owner": "Anna"}], change=log)
    assert rewound(other["opportunity"], np.zeros(1, np.int64), other.tables, Zone("UTC")) is other["opportunity"]


def planted(n=80):
    """Return deals of which sellers set the priority only when they closed them: "high" if won, "low" if lost."""
    deals, changes = [], []
    for i in range(n):
        closed = day(5 + 2 * i % 160)
        won = i % 3 == 0
        deals.append(
            Opportunity(f"d{i}", created_at=day(0), outcome="won" if won else "lost", closed_at=closed,
                        owner="ab"[i % 2], kind="high" if won else "low")
        )  # fmt: skip
        changes.append(
            Change(table="opportunity", record=f"d{i}", field="kind", old="normal", new=deals[-1].kind, at=closed)
        )
    return deals, changes


def test_a_planted_leak() -> None:
    """A field that is filled with the outcome parts the rows perfectly; with the changes it tells nothing: AUC 1 and 1/2."""
    deals, changes = planted()
    spec = NaiveBayes(name="nb", table="opportunity", features=["kind"])
    blind, seeing = cc.Dataset(opportunity=deals), cc.Dataset(opportunity=deals, change=changes)
    ws = cc.Workspace()

    assert ws.evaluate_scorer(spec, blind, split=SPLIT).fact("roc_auc") == 1.0
    found = ws.evaluate_scorer(spec, seeing, split=SPLIT)
    assert (found.fact("roc_auc"), found.fact("n")) == (0.5, ws.evaluate_scorer(spec, blind, split=SPLIT).fact("n"))


@pytest.mark.parametrize("column", ["outcome", "closed_at", "stage", "probability", "won_reason", "forecast_category"])
def test_what_the_outcome_fills_is_refused(column) -> None:
    """Columns that the outcome fills or changes are refused with the reason, in an expression too."""
    for feature in (column, Feature(cc.col(column).is_null(), "is there")):
        with pytest.raises(DefinitionError, match=f"cannot learn from '{column}'"):
            NaiveBayes(name="nb", table="opportunity", features=[feature])


def test_the_stage_as_of_then() -> None:
    """Stated as known, and with its changes, the stage of a deal is that of the split, not the one it ended in."""
    deals = [
        Opportunity(f"d{i}", created_at=day(0), outcome="won" if i % 2 else "lost", closed_at=day(20 if i < 20 else 120),
                    stage="won" if i % 2 else "lost")
        for i in range(40)
    ]  # fmt: skip
    changes = [
        Change(table="opportunity", record=d.id, field="stage", old=old, new=new, at=at)
        for i, d in enumerate(deals)
        for old, new, at in (("new", "ab"[i % 4 // 2], day(9)), ("ab"[i % 4 // 2], d.stage, d.closed_at + timedelta(hours=1)))
    ]  # fmt: skip
    spec = NaiveBayes(name="nb", table="opportunity", features=[Feature("stage", "step")], known=["stage"])
    ws = cc.Workspace()
    data = cc.Dataset(opportunity=deals, change=changes)

    assert ws.evaluate_scorer(spec, cc.Dataset(opportunity=deals), split=SPLIT).fact("roc_auc") == 1.0
    assert ws.evaluate_scorer(spec, data, split=SPLIT).fact("roc_auc") == 0.5
    model = ws.fit(spec, data)
    assert model.counts("step", "won") is None
    assert model.counts("step", "a") == (10.1, 10.1)


def test_a_store_remembers(tmp_path) -> None:
    """A workspace on a store learns from its history: an owner who took over after the deal was lost teaches nothing."""
    ws = cc.Workspace(store=f"sqlite:///{tmp_path / 'crm.db'}")
    ws.put(Lead("a0", created_at=day(0)), at=day(0))  # stands first, and is not decided
    for i in range(6):
        ws.put(Lead(f"l{i}", created_at=day(i), owner="Anna" if i < 4 else "Bo"), at=day(i))
        won = {"converted": True, "converted_at": day(20 + i)} if i % 2 else {"lost_at": day(20 + i)}
        ws.change("lead", f"l{i}", won, at=day(20 + i))
    ws.change("lead", "l0", {"owner": "Cy"}, at=day(40))
    spec = NaiveBayes(name="nb", features=["owner"])

    model = ws.fit(spec)
    assert model.counts("owner", "Anna") == (2.1, 2.1)
    assert model.counts("owner", "Cy") is None
    assert ws.fit(spec, ws.dataset()).counts("owner", "Cy") == (0.1, 1.1)
    assert ws.evaluate_scorer(spec, split=day(23)).fact("n") == 2
