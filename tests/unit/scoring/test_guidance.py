"""Guided selling: who comes first and why, worked by hand on a few deals and leads."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest

import crmcore as cc
from crmcore.domain import Account, Activity, Contact, Lead, Money, Opportunity, Stage
from crmcore.errors import ArgumentError, CurrencyError, TableNotFound
from crmcore.scoring.followup import LEADS
from crmcore.scoring.guidance import DEALS
from crmcore.scoring.signals import Signal, Weights, percent_rank, pointed

NOW = date(2026, 6, 30)
D = Decimal


def at(month, day, hour=12):
    """Return an instant of 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def eur(amount):
    """Return an amount."""
    return Money(amount, "EUR")


def deal(name, **fields):
    """Return an open deal of June that lacks nothing."""
    usual = {
        "created_at": at(6, 1), "stage": "offer", "stage_entered_at": at(6, 20), "expected_close": date(2026, 9, 1),
        "amount": eur(100), "last_activity_at": at(6, 29), "next_step": "call", "account": "good", "owner": "Anna",
    }  # fmt: skip
    return Opportunity(name, **{k: v for k, v in (usual | fields).items() if v is not None})


STAGES = [Stage("offer", probability=D("0.5"), rotting_days=30), Stage("first", probability=D("0.1"))]
PEOPLE = [
    Contact("c1", account="good", title="Managing Director"),
    Contact("c2", account="bad", title="IT"),
    Contact("c3", account="own", title="采购总监"),
]


def steps(*deals, ws=None, tables=None, **choices):
    """Return the next steps of deals as of the end of June."""
    given = {"stage": STAGES, "contact": PEOPLE, **(tables or {})}
    return (ws or cc.Workspace()).next_steps(cc.Dataset(opportunity=list(deals), **given), as_of=NOW, **choices)


def noticed(step):
    """Return the signals that count for a step."""
    return set(step.because) - {"value"}


@pytest.mark.parametrize(
    ("fields", "signals", "step"),
    [
        ({}, set(), None),
        ({"expected_close": date(2026, 6, 29)}, {"overdue_close"}, "overdue_close"),
        ({"expected_close": date(2026, 6, 30)}, {"closes_soon"}, None),
        ({"expected_close": date(2026, 7, 14)}, {"closes_soon"}, None),
        ({"expected_close": date(2026, 7, 15)}, set(), None),
        ({"expected_close": None}, {"no_close_date"}, "no_close_date"),
        ({"last_activity_at": at(6, 10)}, {"no_activity"}, "no_activity"),
        ({"last_activity_at": None}, {"no_activity"}, "no_activity"),
        ({"last_activity_at": None, "created_at": at(6, 28), "stage_entered_at": at(6, 28)}, set(), None),
        ({"stage_entered_at": at(5, 30), "created_at": at(5, 30)}, {"stuck_in_stage"}, "stuck_in_stage"),
        ({"stage_entered_at": at(5, 30), "created_at": at(5, 30), "stage": "first"}, set(), None),
        ({"account": "bad"}, {"no_decision_maker"}, "no_decision_maker"),
        ({"account": None}, {"no_decision_maker"}, "no_decision_maker"),
        ({"account": "bad", "contact": "c1"}, set(), None),
        ({"account": "own"}, set(), None),
        ({"amount": None}, {"no_amount"}, "no_amount"),
        ({"push_count": 2}, {"pushed"}, None),
        ({"push_count": 1}, set(), None),
        ({"next_step": None}, {"no_next_step"}, "no_next_step"),
        ({"next_step": None, "amount": None, "account": "bad"}, {"no_next_step", "no_amount", "no_decision_maker"}, "no_decision_maker"),
    ],
)  # fmt: skip
def test_each_signal(fields, signals, step) -> None:
    """What one deal has or lacks is noticed, alone, and the step that comes first is the first of the rules."""
    found = steps(deal("x", **fields), deal("complete"))

    assert noticed(found.of("x")) == signals
    assert found.of("x").next_step == step
    assert noticed(found.of("complete")) == set()


def seen_at_noon(*deals, stages=STAGES, **choices):
    """Return the next steps as of noon of the 30th of June."""
    data = cc.Dataset(opportunity=list(deals), stage=stages, contact=PEOPLE)
    return cc.Workspace().next_steps(data, as_of=at(6, 30), **choices)


def test_limits_are_reached_before_they_are_passed() -> None:
    """Idle for exactly 14 days, or in a stage for exactly its 30 days, is in time; an hour more is not."""
    found = seen_at_noon(
        deal("14", last_activity_at=at(6, 16)),
        deal("14+", last_activity_at=at(6, 16, 11)),
        deal("30", stage_entered_at=at(5, 31), created_at=at(5, 31)),
        deal("30+", stage_entered_at=at(5, 31, 11), created_at=at(5, 31, 11)),
    )
    assert [noticed(found.of(x)) for x in ("14", "14+", "30", "30+")] == [
        set(), {"no_activity"}, set(), {"stuck_in_stage"},
    ]  # fmt: skip


def test_a_stage_may_say_its_usual_days() -> None:
    """Where a stage has no `rotting_days`, its `expected_days` are the limit."""
    stages = [Stage("offer", expected_days=9), Stage("first", expected_days=9, rotting_days=12)]
    found = seen_at_noon(deal("a"), deal("b", stage="first"), deal("c", stage_entered_at=at(6, 22)), stages=stages)

    assert [noticed(found.of(x)) for x in "abc"] == [{"stuck_in_stage"}, set(), set()]


@pytest.mark.parametrize(
    ("title", "decides"),
    [("Doctor", False), ("CTO", True), ("Group CTO, EMEA", True), ("cto", True), ("副总经理", True), ("工程师", False), ("", False)],
)  # fmt: skip
def test_titles_that_decide(title, decides) -> None:
    """Words in Latin script count as whole words, others wherever they stand: a doctor is no CTO."""
    data = cc.Dataset(
        opportunity=[deal("x", account="a")], contact=[Contact("c", account="a", title=title or None), *PEOPLE]
    )
    assert ("no_decision_maker" not in noticed(cc.Workspace().next_steps(data, as_of=NOW).of("x"))) is decides


def test_the_points_by_hand() -> None:
    """Three deals: expected values 50, 5 and 450; half-ranks 3/6, 1/6, 5/6; each priority is the sum of its reasons."""
    found = steps(
        deal("small", stage="first", amount=eur(50), expected_close=date(2026, 6, 1), last_activity_at=at(5, 1)),
        deal("usual"),
        deal("large", amount=eur(500), probability=D("0.9"), account="bad"),
    )
    by_id = {s.id: s for s in found.steps}

    assert found["id"].tolist() == ["large", "small", "usual"]
    assert found["expected_value"].tolist() == [450.0, 5.0, 50.0]
    assert found["value"].tolist() == pytest.approx([500 / 6, 100 / 6, 300 / 6])
    assert found["urgency"].tolist() == [0, 65, 0]
    assert found["risk"].tolist() == [30, 0, 0]
    assert dict(by_id["small"].because) == pytest.approx({"value": 40 / 6, "overdue_close": 16.0, "no_activity": 10.0})
    assert dict(by_id["large"].because) == pytest.approx({"value": 200 / 6, "no_decision_maker": 6.0})
    assert by_id["small"].priority == pytest.approx(40 / 6 + 26)
    assert (found.fact("deals"), found.fact("expected_value")) == (3, 505.0)


def test_reasons_add_up() -> None:
    """For random deals the reasons of each add up to its priority, also where a side has more than 100 points."""
    dice = random.Random(11)
    deals = [
        deal(
            f"d{i:03d}",
            amount=dice.choice([None, eur(dice.randint(1, 999))]),
            probability=dice.choice([None, D("0.3")]),
            expected_close=dice.choice([None, date(2026, dice.randint(5, 8), 3)]),
            last_activity_at=dice.choice([None, at(dice.randint(5, 6), 5)]),
            created_at=at(dice.randint(1, 5), 1),
            stage_entered_at=at(dice.randint(4, 6), 7),
            account=dice.choice(["good", "bad", None]),
            push_count=dice.randint(0, 3),
            next_step=dice.choice([None, "x"]),
        )
        for i in range(60)
    ]
    won = [deal(f"w{i}", outcome="won", closed_at=at(6, 11)) for i in range(20)]
    found = steps(*deals, *won, points={"no_decision_maker": 90, "aged": 80})

    assert len(found) == 60
    assert [sum(s.because.values()) for s in found.steps] == pytest.approx([s.priority for s in found.steps])
    assert found["priority"].tolist() == sorted((s.priority for s in found.steps), reverse=True)
    assert found["risk"].max() == 100
    assert max(s.priority for s in found.steps) <= 100
    shuffled = steps(*dice.sample(deals, 60), *won, points={"no_decision_maker": 90, "aged": 80})
    assert shuffled.to_dict() == found.to_dict()


def test_ties_by_id() -> None:
    """Deals that are alike stand in the order of their ids."""
    assert steps(deal("b"), deal("a"), deal("c"))["id"].tolist() == ["a", "b", "c"]


def test_only_open_deals() -> None:
    """Won, lost and abandoned deals are not ranked; asking for one says so."""
    closed = [deal(o, outcome=o, closed_at=at(6, 10)) for o in ("won", "lost", "abandoned")]
    found = steps(deal("x"), *closed)

    assert found["id"].tolist() == ["x"]
    with pytest.raises(ArgumentError, match="'won' is not among the 1"):
        found.of("won")


def test_text_tells_the_reasons_in_their_order() -> None:
    """The text of each row names value and signals as `because` does, the largest first; at a draw the value stands first."""
    dice = random.Random(5)
    deals = [
        deal(
            str(i), amount=eur(dice.randrange(1, 9)), push_count=dice.randrange(4), next_step=dice.choice([None, "call"]),
            expected_close=date(2026, dice.choice([5, 7, 9]), 3), last_activity_at=at(dice.choice([4, 6]), 25),
        )
        for i in range(60)
    ]  # fmt: skip
    found = steps(*deals, weights=Weights(40, 40, 20))
    words = {r.labels["en"]: r.name for r in DEALS} | {"value": "value"}
    for row, step in zip(found.rows(), found.steps, strict=True):
        told = dict(part.rsplit(" +", 1) for part in row["reasons"].split(", "))
        assert [words[w] for w in told] == list(step.because)
        assert [float(x) for x in told.values()] == pytest.approx(list(step.because.values()), abs=0.0500001)
    draw = steps(deal("x", push_count=2), deal("y", amount=eur(1)), weights=Weights(8, 72, 20), points={"pushed": 30})
    assert draw["reasons"].tolist() == ["value +6, pushed +6", "value +2"]


def test_parts_of_a_ranking() -> None:
    """Cut, sorted or in another language, rows and steps stay those of the same deals."""
    found = steps(deal("a", amount=eur(5)), deal("b", amount=eur(7), push_count=3), deal("c", amount=eur(1)))
    assert [s.id for s in found.steps] == ["b", "a", "c"]
    cut = found.top(2)
    assert [s.id for s in cut.steps] == cut["id"].tolist() == ["b", "a"]
    turned = found.sorted("priority", descending=False)
    assert [s.id for s in turned.steps] == ["c", "a", "b"]
    told = turned.top(2).told("zh")
    assert [s.id for s in told.steps] == told["id"].tolist() == ["c", "a"]
    assert told["reasons"][0].startswith("价值")
    with pytest.raises(ArgumentError, match="not among the 2"):
        cut.of("c")


def test_activities() -> None:
    """An activity done lately, or planned, is activity; one that was due and not done is none."""

    def with_activity(own=None, **fields):
        fields = {"opportunity": "x", "kind": "call", **fields}
        others = [Activity("o", opportunity="other", kind="call", at=at(1, 1), done=at(1, 1))]
        found = steps(deal("x", last_activity_at=own), tables={"activity": [Activity("a", **fields), *others]})
        return "no_activity" not in noticed(found.of("x"))

    assert with_activity(at=at(6, 28), done=at(6, 28))
    assert not with_activity(at=at(6, 10), done=at(6, 10))
    assert with_activity(at=at(7, 10))
    assert with_activity(due=at(7, 10))
    assert not with_activity(at=at(6, 28), due=at(6, 29))
    assert not with_activity(at=at(7, 10), done=at(6, 10))  # done before its time, and long ago
    assert with_activity(own=at(6, 29), at=at(5, 1), done=at(5, 1))  # the deal itself says that there was a later one
    assert not with_activity(at=at(6, 28), done=at(6, 28), opportunity="other")


def test_the_past_knows_no_plans_of_later() -> None:
    """O8: seen from May, an activity of July is no plan, as nobody knows since when it was planned."""
    data = cc.Dataset(
        opportunity=[deal("x", created_at=at(1, 1), last_activity_at=None), deal("y", changed_at=at(6, 30))],
        activity=[Activity("a", opportunity="x", at=at(7, 10))],
    )
    ws = cc.Workspace()
    assert "no_activity" in noticed(ws.next_steps(data, as_of=date(2026, 5, 31)).of("x"))
    assert "no_activity" not in noticed(ws.next_steps(data).of("x"))


def test_the_usual_cycle() -> None:
    """Aged is longer open than twice the median cycle of the won deals of the same pipeline, where there are enough."""

    def won(pipeline, days, n):
        return [
            deal(
                f"{pipeline}{i}",
                outcome="won",
                created_at=at(1, 1),
                closed_at=at(1, 1 + days),
                pipeline=pipeline,
                stage_entered_at=at(1, 2),
            )
            for i in range(n)
        ]

    fast, slow = deal("fast", pipeline="f", created_at=at(6, 1)), deal("slow", pipeline="s", created_at=at(6, 1))
    found = steps(fast, slow, *won("f", 5, 20), *won("s", 25, 20))
    assert [noticed(found.of(x)) for x in ("fast", "slow")] == [{"aged"}, set()]
    few = steps(fast, slow, *won("f", 5, 3), *won("s", 25, 20))
    assert noticed(few.of("fast")) == set()
    assert noticed(steps(fast, *won("f", 5, 3), cases=3).of("fast")) == {"aged"}
    assert noticed(steps(fast, *won("f", 5, 3), cases=3, aging=9).of("fast")) == set()
    assert "aged (closed_at x 20)" in str(steps(fast))


def test_cycles_of_no_length_count_and_the_middle_one_is_the_usual() -> None:
    """O6: won at creation is a cycle of no length. Of 0, 0 and 10 days the median is 0; of 5, 5 and 50 it is 5, not the mean."""

    def won(*days):
        return [
            deal(f"w{i}", outcome="won", created_at=at(1, 1), closed_at=at(1 + n // 30, 1 + n % 30), stage_entered_at=at(1, 1))
            for i, n in enumerate(days)
        ]  # fmt: skip

    assert noticed(steps(deal("x"), *won(0, 0, 10), cases=3).of("x")) == {"aged"}
    assert noticed(steps(deal("x"), *won(5, 5, 50), cases=3).of("x")) == {"aged"}
    assert noticed(steps(deal("x"), *won(20, 20, 50), cases=3).of("x")) == set()
    assert noticed(steps(deal("x", pipeline="new one"), *won(5, 5, 50), cases=3).of("x")) == {"aged"}


def test_choices() -> None:
    """Days, pushes, titles, points and weights are arguments."""
    idle = deal("x", last_activity_at=at(6, 20))
    assert noticed(steps(idle, idle_days=5).of("x")) == {"no_activity"}
    assert noticed(steps(deal("x"), closing_days=90).of("x")) == {"closes_soon"}
    assert noticed(steps(deal("x"), stage_days=5).of("x")) == {"stuck_in_stage"}
    assert noticed(steps(deal("x", push_count=1), pushes=1).of("x")) == {"pushed"}
    assert noticed(steps(deal("x", account="bad"), decision_makers=["it"]).of("x")) == set()
    only_value = steps(deal("a", amount=eur(1), account="bad"), deal("b", amount=eur(2)), weights=Weights(100, 0, 0))
    assert only_value["priority"].tolist() == [75.0, 25.0]
    off = steps(deal("x", amount=None), points={"no_amount": 0}).of("x")
    assert (noticed(off), off.next_step) == (set(), "no_amount")


def test_mixed_currencies() -> None:
    """M2: amounts in two currencies are refused without rates, and compared with them."""
    deals = [deal("eur"), deal("usd", amount=Money(110, "USD"))]
    with pytest.raises(CurrencyError, match="EUR, USD"):
        steps(*deals)
    rate = cc.Rate(from_currency="USD", to_currency="EUR", valid_from=date(2026, 1, 1), rate=D("0.5"))
    found = steps(*deals, ws=cc.Workspace(currency="EUR", rates=[rate]))
    assert dict(zip(found["id"], found["amount"], strict=True)) == {"eur": 100.0, "usd": 55.0}
    assert steps(*deals, where=cc.col("currency") == "EUR")["id"].tolist() == ["eur"]


def test_a_probability_of_its_own_of_its_stage_or_none() -> None:
    """M3, M4: own, else the stage's, else the amount stands unweighted; without an amount there is no expected value."""
    found = steps(
        deal("own", probability=D("0.2")),
        deal("stage"),
        deal("none", stage=None, stage_entered_at=None),
        deal("no", amount=None),
    )
    values = dict(zip(found["id"], found["expected_value"], strict=True))

    assert (values["own"], values["stage"], values["none"]) == (20.0, 50.0, 100.0)
    assert np.isnan(values["no"])
    assert (found.fact("unpriced"), found.fact("unweighted"), found.fact("expected_value")) == (1, 1, 170.0)


class Likely:
    """A scorer of deals that gives those of 'bad' 0.9 and has none for those without an account."""

    name, table, needs, wants, others, revision = "likely", "opportunity", ("account",), (), {}, 1
    labels, summary, source = {"en": "Likely"}, "By account.", "none"
    factor = 1.0

    def score(self, rows):
        from crmcore.scoring.scores import Scores

        key = rows.key("account")
        p = np.array([np.nan if x is None else 0.9 if x == "bad" else 0.1 for x in key.labels])[key.data]
        return Scores.of_rows(self, rows, p * self.factor)


def test_a_scorer_gives_the_probability() -> None:
    """A scorer's probability takes the place of the deal's own; where it has none, that stays. Points are refused."""
    deals = [deal("a"), deal("b", account="bad"), deal("c", account=None)]
    found = steps(*deals, scorer=Likely())
    assert dict(zip(found["id"], found["probability"], strict=True)) == {"a": 0.1, "b": 0.9, "c": 0.5}
    points = Likely()
    points.factor = 100.0
    with pytest.raises(ArgumentError, match="no probabilities but 90"):
        steps(*deals, scorer=points)
    with pytest.raises(ArgumentError, match="scores 'opportunity'"):
        cc.Workspace().follow_up(cc.Dataset(lead=[Lead("l")], opportunity=deals), scorer=Likely())


def test_what_the_data_cannot_say_is_said() -> None:
    """A bare table of deals is ranked by what it has; a note names what was not looked at, in both languages."""
    data = cc.Dataset(
        opportunity=[
            {"id": 1, "outcome": "open", "amount": 5, "owner": "王芳"},
            {"id": 2, "outcome": "open", "amount": 7, "owner": None},
        ]
    )
    found = cc.Workspace().next_steps(data)
    note = found.notes[0]

    assert found["id"].tolist() == [2, 1]
    for name in ("overdue", "no activity", "stuck in stage", "no decision maker", "aged", "pushed", "no next step"):
        assert name in note["en"]
    assert "未检查：" in str(found.told("zh"))
    assert found.fact("unweighted") == 2


@pytest.mark.parametrize("deals", [[], [{"id": 1, "outcome": "won"}]])
def test_no_open_deals(deals) -> None:
    """Without an open deal there is nothing to rank, and no error."""
    table = deals or {"id": np.zeros(0, np.int64), "outcome": []}
    found = cc.Workspace().next_steps(cc.Dataset(opportunity=table))
    assert (len(found), found.fact("deals"), found.fact("expected_value")) == (0, 0, None)
    assert str(found)
    assert json.loads(found.to_json())["rows"] == []


def test_in_chinese_and_cut() -> None:
    """Steps and reasons change their language with the listing, cut or whole; programs get names and numbers."""
    found = steps(deal("x", expected_close=date(2026, 6, 1)), deal("y"))
    assert "已逾期 +16" in str(found.told("zh"))
    assert "约定新的成交日期或关闭商机" in str(found.told("zh").top(1))
    assert "约定新的成交日期或关闭商机" in str(found.top(1).told("zh"))
    assert len(found.top(1).told("zh").steps) == 1
    row = found.top(1).rows()[0]
    assert (row["because"], row["lacks"]) == ({"overdue_close": 16.0, "value": 20.0}, ["overdue_close"])
    assert cc.Workspace(language="zh").next_steps(cc.Dataset(opportunity=[deal("x")]), as_of=NOW).language == "zh"


def test_every_signal_has_both_languages() -> None:
    """Signals, and the steps they ask for, are said in English and Chinese; their points are 0 to 100."""
    for rule in (*DEALS, *LEADS):
        assert rule.labels.keys() == {"en", "zh"}
        assert not rule.step or rule.step.keys() == {"en", "zh"}
        assert rule.side in ("urgency", "risk")
        assert 0 < rule.points <= 100


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"idle_day": 3}, "did you mean 'idle_days'"),
        ({"idle_days": -1}, "idle_days"),
        ({"closing_days": 2.5}, "closing_days"),
        ({"stage_days": "x"}, "stage_days"),
        ({"aging": 0}, "aging"),
        ({"points": {"overdue": 3}}, "did you mean 'overdue_close'"),
        ({"points": {"aged": -3}}, "the points of 'aged'"),
    ],
)
def test_wrong_choices_are_refused(choices, said) -> None:
    """A choice that means nothing is refused with what would be right."""
    with pytest.raises(ArgumentError, match=said):
        steps(deal("x"), **choices)


def test_wrong_weights_and_tables_are_refused() -> None:
    """Weights add up to 100; without the table there is nothing to rank."""
    with pytest.raises(ArgumentError, match="add up to 100, got 90"):
        Weights(40, 40, 10)
    with pytest.raises(ArgumentError, match="weight of risk"):
        Weights(50, 60, -10)
    with pytest.raises(TableNotFound, match="opportunit"):
        cc.Workspace().next_steps(cc.Dataset(account=[Account("a")]))
    with pytest.raises(TableNotFound, match="lead"):
        cc.Workspace().follow_up(cc.Dataset(account=[Account("a")]))


def test_percent_rank() -> None:
    """The share below, equal ones half; nan ranks lowest and is not counted among them."""
    assert percent_rank(np.array([5.0, 1.0, 1.0, np.nan])).tolist() == pytest.approx([2.5 / 3, 1 / 3, 1 / 3, 0.0])
    assert percent_rank(np.array([np.nan])).tolist() == [0.0]
    assert pointed([Signal("a", "risk", 1, {"en": "a"})], {"a": 5})[0].points == 5


# -- leads ------------------------------------------------------------------------------------------


def lead(name, **fields):
    """Return an open lead of two weeks ago that was answered and called lately."""
    usual = {"created_at": at(6, 16), "first_response_at": at(6, 16, 13), "owner": "Anna", "source": "web"}
    return Lead(name, **{k: v for k, v in (usual | fields).items() if v is not None})


def follow(*leads, calls=("x", "y"), **choices):
    """Return the follow-up of leads as of the end of June; those named were called lately."""
    activity = [Activity(f"a-{c}", lead=c, kind="call", at=at(6, 29), done=at(6, 29)) for c in calls]
    return cc.Workspace().follow_up(cc.Dataset(lead=list(leads), activity=activity), as_of=NOW, **choices)


@pytest.mark.parametrize(
    ("fields", "signals", "step"),
    [
        ({}, set(), None),
        ({"owner": None}, {"no_owner"}, "no_owner"),
        ({"first_response_at": None}, {"answer_overdue"}, "answer_overdue"),
        ({"first_response_at": None, "first_contact_at": at(6, 17)}, set(), None),
        ({"first_response_at": None, "created_at": at(6, 30)}, {"waits_for_answer", "fresh"}, "waits_for_answer"),
        ({"created_at": at(6, 25)}, {"fresh"}, None),
        ({"created_at": at(3, 25)}, {"stale"}, "stale"),
        ({"first_response_at": None, "owner": None}, {"answer_overdue", "no_owner"}, "no_owner"),
    ],
)
def test_each_signal_of_leads(fields, signals, step) -> None:
    """What one lead has or lacks is noticed, alone, and the step that comes first is the first of the rules."""
    found = follow(lead("x", **fields), lead("y"))
    assert noticed(found.of("x")) == signals
    assert found.of("x").next_step == step
    assert noticed(found.of("y")) == set()


def test_limits_of_leads_are_reached_before_they_are_passed() -> None:
    """Exactly 24 hours is in time, exactly 7 days is new, exactly 90 days is not stale; an hour more is."""
    cases = {
        "24": lead("24", created_at=at(6, 29), first_response_at=None),
        "24+": lead("24+", created_at=at(6, 29, 11), first_response_at=None),
        "7": lead("7", created_at=at(6, 23)),
        "7+": lead("7+", created_at=at(6, 23, 11)),
        "90": lead("90", created_at=at(4, 1)),
        "90+": lead("90+", created_at=at(4, 1, 11)),
    }
    found = cc.Workspace().follow_up(cc.Dataset(lead=list(cases.values())), as_of=at(6, 30))
    assert {x: noticed(found.of(x)) for x in cases} == {
        "24": {"waits_for_answer", "fresh"},
        "24+": {"answer_overdue", "fresh"},
        "7": {"fresh"},
        "7+": set(),
        "90": set(),
        "90+": {"stale"},
    }


def test_an_answered_lead_is_followed_up() -> None:
    """An answered lead without an activity for two weeks asks for one; an unanswered one asks for the answer only."""
    found = follow(
        lead("x", created_at=at(6, 1)), lead("z", created_at=at(6, 1), first_response_at=None), calls=("other",)
    )
    assert noticed(found.of("x")) == {"no_activity"}
    assert noticed(found.of("z")) == {"answer_overdue"}
    assert noticed(follow(lead("x", created_at=at(6, 1)), calls=("other",), idle_days=60).of("x")) == set()


def test_open_leads_only_and_no_repeats() -> None:
    """Converted and lost leads are not followed up; one that repeats another is left out and counted."""
    found = follow(
        lead("x"),
        lead("c", converted=True, converted_at=at(6, 20)),
        lead("l", lost_at=at(6, 20)),
        lead("d", duplicate_of="x"),
        lead("later", created_at=at(7, 3), first_response_at=None),
    )
    assert found["id"].tolist() == ["x"]
    assert (found.fact("leads"), found.fact("duplicates")) == (1, 1)


def test_the_score_comes_first() -> None:
    """Leads alike but for their score stand in its order; without any score a note says so."""
    found = follow(lead("x", score=3.0), lead("y", score=50.0))
    assert found["id"].tolist() == ["y", "x"]
    assert found["priority"].tolist() == [30.0, 10.0]
    assert "No lead has a score" not in str(found)
    assert "No lead has a score" in str(follow(lead("x")))
    assert "线索均无评分" in str(follow(lead("x")).told("zh"))


def test_a_scorer_of_leads() -> None:
    """A scorer's scores take the place of the column."""
    from crmcore.scoring.naive_bayes import NaiveBayes

    leads = [lead("x", source="fair", score=99.0), lead("y", score=1.0)]
    decided = [lead(f"w{i}", converted=True, converted_at=at(6, 20)) for i in range(3)]
    decided += [lead(f"l{i}", source="fair", lost_at=at(6, 20)) for i in range(3)]
    data = cc.Dataset(lead=[*leads, *decided])
    ws = cc.Workspace()
    model = ws.fit(NaiveBayes(name="nb", features=["source"]), data)
    assert ws.follow_up(data, as_of=NOW)["id"].tolist() == ["x", "y"]
    assert ws.follow_up(data, as_of=NOW, scorer=model)["id"].tolist() == ["y", "x"]


def test_bare_leads() -> None:
    """A table of leads with nothing but ids is ranked by id, and a note names what was not looked at."""
    found = cc.Workspace().follow_up(cc.Dataset(lead=[{"id": 2}, {"id": 1}]))
    assert found["id"].tolist() == [1, 2]
    assert {"no_owner", "answer_overdue", "no_activity", "stale"} <= set(found._given[1].unseen)
    assert len(cc.Workspace().follow_up(cc.Dataset(lead={"id": np.zeros(0, np.int64)}))) == 0
    for wrong in ({"answer_hours": -1}, {"fresh_days": "x"}, {"idle": 3}):
        with pytest.raises(ArgumentError):
            follow(lead("x"), **wrong)
