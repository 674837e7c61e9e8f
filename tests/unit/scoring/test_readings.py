"""A record alone may have columns without any value; they are blank in whatever way they are read."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import crmcore as cc
from crmcore.domain import Money
from crmcore.errors import ColumnNotFound, CurrencyError, DefinitionError
from crmcore.scoring import Feature, LogisticRegression, NaiveBayes

AT = datetime(2026, 3, 1, tzinfo=UTC)
NUMBERS = [3, 30, None, 300, 44, 8, None, 91]
READ = {
    "cut": cc.bins("visits", [10, 100]),
    "cut_dates": cc.bins("visited", [date(2026, 1, 2)]),
    "sum": cc.bins(cc.col("visits") + cc.col("visits"), [20]),
    "asked": cc.col("visits") > 10,
    "asked_dates": cc.col("visited") < date(2026, 1, 3),
    "age": cc.bins(cc.elapsed("visited", cc.as_of()), [30]),
    "month": cc.period("visited", "month"),
    "perhaps": cc.bins(cc.maybe("visits"), [10]),
    "is_there": cc.col("visits").not_null(),
}


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("kind", [NaiveBayes, LogisticRegression])
def test_a_record_alone(kind, name) -> None:
    """Each way of reading a column: a lead with a blank there, scored alone, has the score it has among others."""
    leads = [
        {
            "id": i,
            "visits": n,
            "visited": None if n is None else date(2026, 1, 1 + n % 5),
            "created_at": AT,
            "converted": i % 2 == 0,
            "lost_at": AT if i % 2 else None,
        }
        for i, n in enumerate(NUMBERS)
    ]
    more = {"ridge": 1} if kind is LogisticRegression else {}
    ws, data = cc.Workspace(), cc.Dataset(lead=leads)
    model = ws.fit(kind(name="s", features=[Feature(READ[name], "x")], **more), data)
    found = ws.score(model, data)

    for i, lead in enumerate(leads):
        open_ = {k: v for k, v in lead.items() if k not in ("converted", "lost_at")}
        assert ws.score_one(model, open_, as_of=AT).value == found.values[i]


@pytest.mark.parametrize("name", [n for n in READ if n not in ("is_there", "perhaps")])
def test_nothing_to_learn_from(name) -> None:
    """A column without any value teaches naive Bayes nothing, and a regression says that it is the same in all rows."""
    leads = [
        {"id": i, "visits": None, "visited": None, "created_at": AT, "converted": i % 2 == 0, "lost_at": AT if i % 2 else None}
        for i in range(6)
    ]  # fmt: skip
    ws, data = cc.Workspace(), cc.Dataset(lead=leads)
    bayes = ws.fit(NaiveBayes(name="s", features=[Feature(READ[name], "x")]), data)
    regression = ws.fit(LogisticRegression(name="s", features=[Feature(READ[name], "x")]), data)

    assert ws.score(bayes, data).values == pytest.approx([0.5] * 6)
    assert ws.score(regression, data).values == pytest.approx([0.5] * 6)
    assert regression.constant == ("x",)


def taught(kind, features, **columns):
    """Return a scorer taught by ten leads with these columns."""
    leads = [
        {"id": i, "created_at": AT, "converted": i % 2 == 0, "lost_at": AT if i % 2 else None} | {n: v[i] for n, v in columns.items()}
        for i in range(10)
    ]  # fmt: skip
    return cc.Workspace().fit(kind(name="s", features=features), cc.Dataset(lead=leads))


@pytest.mark.parametrize("kind", [NaiveBayes, LogisticRegression])
@pytest.mark.parametrize("read", ["x", cc.bins("x", [10]), cc.col("x") > 10])
def test_currencies_are_never_compared(kind, read) -> None:
    """M2: amounts in several currencies are refused however they are read; whether there is one may be asked."""
    amounts = [Money(5 + i, ("EUR", "USD")[i % 3 % 2]) for i in range(10)]
    with pytest.raises(CurrencyError, match="EUR, USD"):
        taught(kind, [Feature(read, "f")], x=amounts)
    assert taught(kind, [Feature(cc.col("x").is_null(), "f")], x=amounts)


def test_inexact_numbers_are_no_categories() -> None:
    """Naive Bayes counts equal values, and says how to make classes of floats; other columns that lack are named, no inner one."""
    with pytest.raises(DefinitionError, match=r"column 'x' of 'lead' holds inexact numbers.*bins\('x'"):
        taught(NaiveBayes, ["x"], x=[i / 7 for i in range(10)])
    with pytest.raises(ColumnNotFound) as found:
        taught(NaiveBayes, ["y"], x=[1] * 10)
    assert "seen from" not in str(found.value)


def test_without_a_decision_there_is_no_reason() -> None:
    """R2: where nothing was decided yet the score is undefined, has no reasons, and is JSON all the same."""
    data = cc.Dataset(lead=[{"id": 1, "source": "web", "created_at": AT, "converted": False, "lost_at": None}])
    ws = cc.Workspace()
    scores = ws.score(ws.fit(NaiveBayes(name="s", features=["source"]), data), data)

    assert (scores.rows()[0]["score"], scores.rows()[0]["reasons"]) == (None, [])
    assert '"score": null' in scores.to_json()
