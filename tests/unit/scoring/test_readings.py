"""A record alone may have columns without any value; they are blank in whatever way they are read."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import crmcore as cc
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
