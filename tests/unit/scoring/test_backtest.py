"""A split in time: what is learned from, what is judged, and that nothing is seen that was not known then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

import crmcore as cc
from crmcore.algebra import as_of, bins, col, elapsed
from crmcore.domain import Lead, Opportunity
from crmcore.errors import ArgumentError, ColumnNotFound, DataError, DefinitionError, TableNotFound
from crmcore.scoring.features import Feature
from crmcore.scoring.logistic import LogisticRegression
from crmcore.scoring.naive_bayes import NaiveBayes
from crmcore.scoring.outcomes import LEAD, OPPORTUNITY, decision_of, leaked
from crmcore.scoring.scores import Reason, Scores
from crmcore.scoring.split import hindsight, time_split

SPLIT = date(2026, 3, 31)


def at(month, day, hour=12):
    """Return an instant of 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


LEADS = [
    Lead("early-won", created_at=at(1, 1), source="web", converted=True, converted_at=at(2, 1)),
    Lead("early-lost", created_at=at(1, 2), source="fair", lost_at=at(2, 2), lost_reason="price"),
    Lead("late-won", created_at=at(1, 3), source="web", first_contact_at=at(4, 2), converted=True, converted_at=at(5, 1)),
    Lead("late-lost", created_at=at(1, 4), source="fair", first_contact_at=at(1, 5), lost_at=at(5, 2)),
    Lead("new-won", created_at=at(4, 10), source="web", first_contact_at=at(4, 11), converted=True, converted_at=at(4, 20)),
    Lead("open", created_at=at(1, 6), source="web"),
    Lead("on-the-day", created_at=at(1, 7), source="web", first_contact_at=at(3, 31, 23), converted=True, converted_at=at(3, 31, 23)),
    Lead("contacted-after", created_at=at(1, 8), source="web", first_contact_at=at(3, 9), lost_at=at(3, 8)),
]  # fmt: skip


def parted(leads=LEADS, split=SPLIT, decision=LEAD, table="lead"):
    """Return the split of some records."""
    ws = cc.Workspace()
    data = cc.Dataset(**{table: leads})
    then = ws.view(data, as_of=split).scope
    return time_split(ws.view(data).rows(table), decision, then.as_of, then)


def test_who_is_learned_from_and_who_is_judged() -> None:
    """Decided by the end of the split day: learned from. Decided later: judged. Not decided: neither."""
    found = parted()

    assert set(found.train.ids()) == {"early-won", "early-lost", "on-the-day", "contacted-after"}
    assert dict(zip(found.test.ids(), found.won.tolist(), strict=True)) == {
        "late-won": True, "late-lost": False, "new-won": True,
    }  # fmt: skip
    assert (found.created_later, found.undated, found.undecided) == (1, 0, 1)


def test_nobody_is_seen_with_what_came_later() -> None:
    """O8: a contact after the split, after the creation of a later lead, or after the decision, is blank."""
    found = parted()

    def contacted(rows):
        return {
            i for i, there in zip(rows.ids(), rows.values("first_contact_at").present().tolist(), strict=True) if there
        }

    assert contacted(found.test) == {"late-lost"}
    assert contacted(found.train) == {"on-the-day"}
    assert not found.test.values("converted").data.any()
    assert not found.test.values("lost_at").present().any()
    assert found.train.values("converted").data.sum() == 2


def test_age_is_that_of_the_instant_each_row_is_seen_from() -> None:
    """`as_of()` is the decision for rows that are learned from, the split or a later creation for those judged."""
    found = parted()
    age = elapsed("created_at", as_of())

    def days(rows):
        column = rows.values(age)
        return dict(zip(rows.ids(), (column.data / column.scale).tolist(), strict=True))

    assert days(found.train)["early-won"] == 31.0
    assert days(found.test)["new-won"] == 0.0
    assert days(found.test)["late-won"] == pytest.approx(
        (datetime(2026, 4, 1, tzinfo=UTC) - at(1, 3)) / timedelta(days=1)
    )


def test_deals_closed_on_days() -> None:
    """T8: a deal closed on a day is decided at its end; a later activity of the same deal is not seen."""
    deals = [
        Opportunity("a", created_at=date(2026, 1, 1), outcome="won", closed_at=date(2026, 3, 31), last_activity_at=date(2026, 4, 3)),
        Opportunity("b", created_at=date(2026, 1, 1), outcome="lost", closed_at=date(2026, 4, 1), last_activity_at=date(2026, 4, 1)),
        Opportunity("c", created_at=date(2026, 4, 1), outcome="won", closed_at=date(2026, 4, 9), last_activity_at=date(2026, 4, 1)),
        Opportunity("d", created_at=date(2026, 1, 1), outcome="abandoned", closed_at=date(2026, 4, 1)),
        Opportunity("e", created_at=date(2026, 1, 1), outcome="won"),
    ]  # fmt: skip
    found = parted(deals, decision=OPPORTUNITY, table="opportunity")
    seen = dict(zip(found.test.ids(), found.test.values("last_activity_at").present().tolist(), strict=True))

    assert found.train.ids() == ["a"]
    assert not found.train.values("last_activity_at").present().any()
    assert seen == {"b": False, "c": True}
    assert (found.undated, found.undecided) == (1, 1)


def test_a_day_that_has_not_ended_is_not_seen() -> None:
    """T8: a deal closed at noon is seen as of noon; an activity of that day ended later, one of the day before had ended."""
    deals = [
        Opportunity("a", created_at=at(1, 1), outcome="won", closed_at=at(3, 9), last_activity_at=date(2026, 3, 9)),
        Opportunity("b", created_at=at(1, 1), outcome="won", closed_at=at(3, 9), last_activity_at=date(2026, 3, 8)),
        Opportunity("c", created_at=at(4, 1)),
    ]
    assert parted(deals, decision=OPPORTUNITY, table="opportunity").train.values("last_activity_at").present().tolist() == [
        False, True,
    ]  # fmt: skip


def test_a_scorer_is_judged_by_what_it_did_not_learn_from() -> None:
    """Of the three leads decided later both won ones are from the web: AUC 1, learned from four others."""
    ws = cc.Workspace()
    data = cc.Dataset(lead=LEADS)
    found = ws.evaluate_scorer(NaiveBayes(name="nb", features=["source"]), data, split=SPLIT)

    assert {n: found.fact(n) for n in ("n", "positives", "roc_auc", "trained_on", "created_later", "undecided_yet")} == {
        "n": 3, "positives": 2, "roc_auc": 1.0, "trained_on": 4, "created_later": 1, "undecided_yet": 1,
    }  # fmt: skip
    # by hand: 2 won and 2 lost; web 2 of 2 won and 1 of 2 lost, fair 0 of 2 won and 1 of 2 lost
    web, fair = (2.1 / 2.2) / (1.1 / 2.2), (0.1 / 2.2) / (1.1 / 2.2)
    p = [web / (1 + web), fair / (1 + fair), web / (1 + web)]
    expected = sum((x - y) ** 2 for x, y in zip(p, (1, 0, 1), strict=True)) / 3
    assert found.fact("brier") == pytest.approx(expected, rel=1e-12)


def test_changing_what_came_later_changes_nothing_that_is_learned() -> None:
    """Outcomes after the split turned round: the scorer learns the same, and only the judgement differs."""

    def turned(lead):
        if lead.id not in ("late-won", "late-lost", "new-won"):
            return lead
        won = lead.converted
        decided = lead.converted_at or lead.lost_at
        return Lead(
            lead.id, created_at=lead.created_at, source=lead.source, converted=not won,
            converted_at=None if won else decided, lost_at=decided if won else None,
        )  # fmt: skip

    spec = NaiveBayes(name="nb", features=["source"])
    ws = cc.Workspace()
    one, other = cc.Dataset(lead=LEADS), cc.Dataset(lead=[turned(x) for x in LEADS])
    assert spec.fit(parted().train).frequencies == spec.fit(parted([turned(x) for x in LEADS]).train).frequencies
    found = [ws.evaluate_scorer(spec, d, split=SPLIT).fact("roc_auc") for d in (one, other)]
    assert found == [1.0, 0.0]


def test_a_fitted_scorer_is_fitted_anew() -> None:
    """One that learned from all rows is judged as its definition fitted before the split."""
    ws = cc.Workspace()
    data = cc.Dataset(lead=LEADS)
    spec = NaiveBayes(name="nb", features=["source"])
    fitted = ws.fit(spec, data)

    assert fitted.frequencies.won == 4
    assert (
        ws.evaluate_scorer(fitted, data, split=SPLIT).to_dict() == ws.evaluate_scorer(spec, data, split=SPLIT).to_dict()
    )
    named = cc.Workspace(scorers=[fitted])
    assert named.evaluate_scorer("nb", data, split=SPLIT).fact("n") == 3


def test_fitting_sees_each_row_as_of_its_decision() -> None:
    """A contact after the lead was lost teaches nothing."""
    spec = NaiveBayes(name="nb", features=[Feature(col("first_contact_at").not_null(), "contacted")])
    model = cc.Workspace().fit(spec, cc.Dataset(lead=LEADS))

    assert model.counts("contacted", True) == (3.1, 1.1)
    assert model.counts("contacted", False) == (1.1, 2.1)
    raw = spec.fit(cc.Workspace().view(cc.Dataset(lead=LEADS)).rows("lead"))
    assert raw.counts("contacted", True) == (3.1, 2.1)


def test_without_dates_of_decision() -> None:
    """Rows whose decision has no date teach as they stand, and cannot be split."""
    ws = cc.Workspace()
    rows = [{"id": i, "source": "ab"[i % 2], "converted": i % 3 == 0} for i in range(12)]
    data = cc.Dataset(lead=rows)
    lost = ~(col("converted") == True)  # noqa: E712 - a condition
    spec = NaiveBayes(name="nb", features=["source"], lost=lost)

    assert ws.fit(spec, data).frequencies.lost == 8
    with pytest.raises(ArgumentError, match="without any recorded date"):
        ws.evaluate_scorer(spec, data, split=SPLIT)
    dated = cc.Dataset(lead=[{**r, "created_at": "2026-01-01T00:00:00Z"} for r in rows])
    with pytest.raises(DataError, match="12 have no date"):
        ws.evaluate_scorer(spec, dated, split=SPLIT)


class Flat:
    """A scorer that learns nothing and reads one column."""

    name, table, wants, others, revision = "flat", "lead", (), {}, 1
    labels, summary, source = {"en": "Flat"}, "Its column.", "none"

    def __init__(self, *needs):
        self.needs = needs

    def score(self, rows):
        return Scores.of_rows(
            self, rows, np.full(len(rows), 0.5), reasons=[Reason("x")], parts=np.full((len(rows), 1), 0.5)
        )


def test_a_scorer_that_reads_the_outcome_is_refused() -> None:
    """R5: a rule that reads what the outcome fills is refused with the reason; one that does not is judged, unlearned."""
    ws = cc.Workspace()
    data = cc.Dataset(lead=LEADS)

    found = ws.evaluate_scorer(Flat("source"), data, split=SPLIT)
    assert (found.fact("roc_auc"), found.fact("trained_on"), found.fact("n")) == (0.5, 0, 3)
    for column, why in (("converted_at", "says how"), ("lost_reason", "filled when"), ("status", "changes with")):
        with pytest.raises(DefinitionError, match=f"'{column}'.*{why}"):
            ws.evaluate_scorer(Flat(column), data, split=SPLIT)


def test_what_leaks_follows_from_what_is_undone() -> None:
    """O8: for leads and deals the list is that of the fields which go back together with the outcome, and a few more."""
    assert {"converted", "converted_at", "opportunity", "lost_at", "lost_reason", "status"} <= leaked(LEAD).keys()
    assert {"outcome", "closed_at", "won_amount", "won_reason", "lost_reason", "probability"} <= leaked(
        OPPORTUNITY
    ).keys()
    assert not {"source", "owner", "created_at", "first_contact_at", "score"} & leaked(LEAD).keys()
    own = decision_of("order", col("state") == "paid", col("state") == "void", "paid_on")
    assert set(leaked(own)) == {"state", "paid_on"}


def test_other_outcomes_may_be_stated() -> None:
    """A host's own conditions and date of decision take the place of the usual ones."""
    rows = [
        {"id": i, "source": "ab"[i % 2], "state": "good" if i % 3 else "bad", "created_at": f"2026-01-{i + 1:02d}T00:00:00Z",
         "judged": f"2026-{1 + i % 4:02d}-20T00:00:00Z"}
        for i in range(24)
    ]  # fmt: skip
    data = cc.Dataset(
        case=rows, how={"case.created_at": {"kind": "instant"}, "case.judged": {"kind": "instant"}}, lead=LEADS
    )
    won, lost = col("state") == "good", col("state") == "bad"
    spec = NaiveBayes(name="nb", table="case", features=["source"], won=won, lost=lost)
    found = cc.Workspace().evaluate_scorer(spec, data, split=date(2026, 2, 28), decided="judged")

    assert (found.fact("n"), found.fact("trained_on")) == (12, 12)
    with pytest.raises(DefinitionError, match="decided="):
        cc.Workspace().evaluate_scorer(spec, data, split=date(2026, 2, 28))
    with pytest.raises(DefinitionError, match="says not when"):
        cc.Workspace().evaluate_scorer(spec, data, split=date(2026, 2, 28), decided="source")


def test_what_cannot_be_judged_is_said() -> None:
    """No later decision, a wrong choice, a wrong scorer, a missing table or column: each an error of its own."""
    ws = cc.Workspace()
    data = cc.Dataset(lead=LEADS)
    spec = NaiveBayes(name="nb", features=["source"])
    for call, error, said in (
        (lambda: ws.evaluate_scorer(spec, data, split=date(2027, 1, 1)), DataError, "7 were before, 1 are undecided"),
        (lambda: ws.evaluate_scorer(spec, data, split=None), ArgumentError, "split is a date"),
        (lambda: ws.evaluate_scorer(spec, data, split="2026"), ArgumentError, "date"),
        (lambda: ws.evaluate_scorer(spec, data, split=SPLIT, quantile=5), ArgumentError, "did you mean 'quantiles'"),
        (
            lambda: ws.evaluate_scorer(spec, cc.Dataset(account=[{"id": 1}]), split=SPLIT),
            TableNotFound,
            "'nb' needs it",
        ),
        (lambda: ws.fit("nb", data), ArgumentError, "names no table"),
        (lambda: ws.fit(Flat("source"), data), ArgumentError, r"fit\(\) takes what learns"),
        (lambda: ws.fit(NaiveBayes(name="nb", features=["sauce"]), data), ColumnNotFound, "sauce"),
    ):
        with pytest.raises(error, match=said):
            call()
    with pytest.raises(DataError, match="rows of 'opportunity'"):
        hindsight(ws.view(data).rows("lead"), OPPORTUNITY)


def test_in_another_zone_and_language() -> None:
    """T1: the split is the end of the local day; notes are in the language of the workspace."""
    spec = LogisticRegression(name="lr", features=["source"], ridge=1)
    data = cc.Dataset(lead=LEADS)
    found = cc.Workspace(timezone="Asia/Shanghai", language="zh").evaluate_scorer(spec, data, split=SPLIT)

    assert found.fact("n") == 4  # 23:00 UTC on the 31st is the 1st in Shanghai
    assert "训练样本数：3" in str(found)
    ages = NaiveBayes(name="ages", features=[Feature(bins(elapsed("created_at", as_of()), [30, 60]), "age")])
    assert cc.Workspace(timezone="Asia/Shanghai").evaluate_scorer(ages, data, split=SPLIT).fact("n") == 4
