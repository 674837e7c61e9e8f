"""Naive Bayes against the published frequencies and probabilities, and against the formula in plain Python."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from math import exp, log

import numpy as np
import pytest

import crmcore as cc
from crmcore.algebra import col
from crmcore.errors import ArgumentError, ColumnNotFound, DataError, DefinitionError
from crmcore.evaluate import Scope
from crmcore.evaluate.rows import Rows
from crmcore.scoring.features import Feature
from crmcore.scoring.frequencies import Case, Frequencies
from crmcore.scoring.naive_bayes import NaiveBayes, percent

NAMES = ["id", "team", "country", "state", "source", "step", "outcome", "email_state", "phone_state"]
LEADS = [
    (0, "T1", "c0", "s0", "u0", "S0", "lost"),
    (1, "T1", "c1", "s1", "u1", "S1", "lost"),
    (2, "T1", "c2", "s2", "u2", "S2", "won"),
    (3, "T1", "c0", "s1", "u2", "S1", "open"),
    (4, "T1", "c1", "s1", "u1", "S0", "open"),
    (5, "T2", "c0", "s1", "u1", "S2", "lost"),
    (6, "T2", "c0", "s1", "u2", "S1", "lost"),
    (7, "T2", "c0", "s2", "u2", "S0", "won"),
    (8, "T2", "c0", "s1", "u2", "S1", "open"),
    (9, "T2", "c1", "s0", "u1", "S1", "open"),
    (10, "T3", "c1", "s1", "u1", "S2", "won"),
    (11, "T3", "c0", "s1", "u0", "S0", "lost"),
    (12, "T3", "c1", "s2", "u2", "S0", "lost"),
    (13, "T3", "c0", "s1", "u2", "S1", "open"),
]
"""The published scenario: id, team, country, state, source, stage, outcome; the states of e-mail and phone are unset."""
SPEC = NaiveBayes(
    name="win",
    table="chance",
    features=[
        *("country", "state", "source"),
        Feature("email_state", blank=True),
        Feature("phone_state", blank=True),
    ],
    scope="team",
    stage="step",
    stages=("S0", "S1", "S2", "W"),
    won=col("outcome") == "won",
    lost=col("outcome") == "lost",
)


def rows_of(leads, names=NAMES, table="chance"):
    """Return rows of a table of these."""
    data = cc.Dataset(
        **{table: {n: [lead[i] if i < len(lead) else None for lead in leads] for i, n in enumerate(names)}}
    )
    return Rows(data[table], Scope(data.tables, data.tables), None)


def changed(leads, lead, **values):
    """Return the leads with one of them changed."""
    return [
        tuple(values.get(n, v) for n, v in zip(NAMES, row, strict=False)) if row[0] == lead else row for row in leads
    ]


def percents(model, leads):
    """Return the percentage of each lead."""
    return [percent(v) for v in model.score(rows_of(leads)).values.tolist()]


def test_published_probabilities() -> None:
    """The published numbers: lead 3 33.49, lead 8 7.74, lead 13 35.09 in a team of its own and 35.19 without one."""
    found = percents(SPEC.fit(rows_of(LEADS)), LEADS)
    teamless = [(*r[:1], None, *r[2:]) if r[0] >= 10 else r for r in LEADS]

    assert (found[3], found[8], found[13]) == (33.49, 7.74, 35.09)
    assert percents(SPEC.fit(rows_of(teamless)), teamless)[13] == 35.19


def test_a_dissolved_team_counts_with_those_without_one() -> None:
    """Merging the counts of a team into those of nobody gives what fitting its leads without a team gives."""
    model = SPEC.fit(rows_of(LEADS))
    teamless = [(*r[:1], None, *r[2:]) if r[0] >= 10 else r for r in LEADS]
    merged = model.frequencies.merged("T3")

    assert merged == SPEC.fit(rows_of(teamless)).frequencies
    assert type(model)(SPEC, merged).fingerprint != model.fingerprint


def table(model):
    """Return the published rows: S0, W, c1, e-mail unset, of T1 and of T2."""
    asked = [("stage", "S0"), ("stage", "W"), ("country", "c1"), ("email_state", None)]
    return tuple([model.counts(f, v, team) for f, v in asked] for team in ("T1", "T2"))


def test_published_frequencies() -> None:
    """The published counts after a full rebuild; country c1 is absent in team T2."""
    assert table(SPEC.fit(rows_of(LEADS))) == (
        [(1.1, 2.1), (1.1, 0.1), (0.1, 1.1), (1.1, 2.1)],
        [(1.1, 2.1), (1.1, 0.1), None, (1.1, 2.1)],
    )


T2_AFTER = [(2.1, 2.1), (2.1, 0.1), (1.1, 0.1), (2.1, 2.1)]
LOST_4 = [(1.1, 3.1), (1.1, 0.1), (0.1, 2.1), (1.1, 3.1)]
OPEN_4 = [(1.1, 2.1), (1.1, 0.1), (0.1, 1.1), (1.1, 2.1)]
WON_4 = [(2.1, 2.1), (2.1, 0.1), (1.1, 1.1), (2.1, 2.1)]


def test_published_increments() -> None:
    """Each published event changes the counts as published, and what was rebuilt from all leads is the same."""
    steps = [
        ({"step": "S0", "outcome": "lost"}, LOST_4),
        ({"step": "S0", "outcome": "open"}, OPEN_4),
        ({"step": "W", "outcome": "won"}, WON_4),
        ({"step": "W", "outcome": "won"}, WON_4),
        ({"step": "S0", "outcome": "open"}, OPEN_4),
        ({"step": "S0", "outcome": "lost"}, LOST_4),
        ({"step": "S0", "outcome": "open"}, OPEN_4),
    ]
    leads = LEADS
    model = SPEC.fit(rows_of(leads))
    before = dict(enumerate(SPEC.cases(rows_of(leads))))
    won_9 = changed(leads, 9, step="W", outcome="won")
    model, leads = model.updated(before[9], SPEC.cases(rows_of(won_9))[9]), won_9
    for values, expected in steps:
        after = changed(leads, 4, **values)
        old, new = (SPEC.cases(rows_of(x))[4] for x in (leads, after))
        model, leads = model.updated(old, new), after
        assert table(model) == (expected, T2_AFTER)
        assert model.frequencies == SPEC.fit(rows_of(leads)).frequencies


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_events_is_the_same_as_fitting_anew(seed) -> None:
    """Leads come, go, change team, stage, source and outcome: counts, fingerprint and every score are ==, to the last bit."""
    dice = random.Random(seed)

    def drawn(i):
        return (
            i, dice.choice(["T1", "T2", "队", None]), dice.choice(["c0", "c1", "中国", None]), dice.choice(["s0", "s1"]),
            f"u{dice.randrange(9)}", dice.choice(["S0", "S1", "S2"]), dice.choice(["won", "lost", "open"]),
            dice.choice([None, "ok"]),
        )  # fmt: skip

    leads = {i: drawn(i) for i in range(40)}
    model = SPEC.fit(rows_of(list(leads.values())))
    for step in range(60):
        i = dice.randrange(50)
        before = leads.pop(i, None)
        after = None if before is not None and dice.random() < 0.2 else drawn(i)
        if after is not None:
            leads[i] = after
        old, new = (None if x is None else SPEC.cases(rows_of([x]))[0] for x in (before, after))
        model = model.updated(old, new)
        if step % 12 == 11:
            rows = rows_of(list(leads.values()))
            anew = SPEC.fit(rows)
            assert model.frequencies == anew.frequencies
            assert model.fingerprint == anew.fingerprint
            assert model.score(rows).values.tobytes() == anew.score(rows).values.tobytes()
            assert model.score(rows).parts.tobytes() == anew.score(rows).parts.tobytes()


def plain(leads, lead, smoothing=Fraction(1, 10)):
    """Return the probability of a lead without a team, by the rules in plain Python on fractions, all teams together."""
    stages = SPEC.stages
    counts = {}
    for row in leads:
        r = dict(zip(NAMES, [*row, None, None], strict=False))
        if r["outcome"] == "open":
            continue
        values = [("step", s) for s in stages if r["outcome"] == "won" or stages.index(s) <= stages.index(r["step"])]
        values += [(f, r[f]) for f in NAMES[2:5] + NAMES[7:] if r[f] is not None or f in NAMES[7:]]
        for value in values:
            entry = counts.setdefault((r["team"], *value), [smoothing, smoothing])
            entry[r["outcome"] == "lost"] += 1
    whole = {}
    for (_, f, v), (w, n) in counts.items():
        a, b = whole.get((f, v), (0, 0))
        whole[f, v] = (a + w, b + n)
    won, lost = whole["step", "S0"]
    odds = Fraction(won) / lost
    r = dict(zip(NAMES, [*lead, None, None], strict=False))
    for field in NAMES[2:6] + NAMES[7:]:
        if (field, r[field]) in whole:
            w, n = whole[field, r[field]]
            tw = won if field == "step" else sum(x for (f, _), (x, _) in whole.items() if f == field)
            tn = lost if field == "step" else sum(x for (f, _), (_, x) in whole.items() if f == field)
            odds *= (w / tw) / (n / tn)
    return float(odds / (1 + odds))


def test_by_the_rules_in_fractions() -> None:
    """Random leads: the probability of one without a team is that of the rules, worked with fractions."""
    dice = random.Random(7)
    for _ in range(25):
        leads = [
            (
                i,
                dice.choice(["T1", "T2", "T3", None]),
                dice.choice(["c0", "c1", "c2", None]),
                dice.choice(["s0", "s1"]),
                dice.choice(["u0", "u1", "u2", None]),
                dice.choice(SPEC.stages[:3]),
                dice.choice(["won", "lost", "open"]),
            )
            for i in range(30)
        ]
        model = SPEC.fit(rows_of(leads))
        asked = [
            (100 + i, None, *c, "open")
            for i, c in enumerate(itertools.product(["c0", "c9", None], ["s1"], ["u0"], ["S1", "W"]))
        ]
        found = model.score(rows_of(asked)).values.tolist()
        assert found == pytest.approx([plain(leads, lead) for lead in asked], rel=1e-12)


def test_parts_add_up_to_the_log_odds() -> None:
    """The parts of each score add up to ln(p / (1 - p)), and the share of won rows is one of them."""
    scores = SPEC.fit(rows_of(LEADS)).score(rows_of(LEADS))
    p = scores.values
    amounts = scores.parts_of(np.arange(len(scores))).amounts

    assert amounts.sum(axis=1) == pytest.approx(np.log(p / (1 - p)), rel=1e-12)
    assert [r.name for r in scores.reasons] == ["prior", "stage", *(f.name for f in SPEC.features)]
    assert scores.link == "logistic"
    assert amounts[3, 0] == pytest.approx(log(1.1 / 2.1))


def test_any_order_and_any_partition() -> None:
    """The counts of parts add up to those of the whole, whatever the parts and their order."""
    dice = random.Random(3)
    whole = SPEC.fit(rows_of(LEADS))
    for _ in range(10):
        leads = dice.sample(LEADS, len(LEADS))
        cut = dice.randint(0, len(leads))
        together = SPEC.fit(rows_of(leads[:cut])) + SPEC.fit(rows_of(leads[cut:]))
        assert together.frequencies == whole.frequencies
        assert together.fingerprint == whole.fingerprint
    assert (whole.frequencies - whole.frequencies) == Frequencies()


def test_batch_and_one_by_one() -> None:
    """A lead scored alone, or among others, has the same score."""
    model = SPEC.fit(rows_of(LEADS))
    together = model.score(rows_of(LEADS)).values
    assert [model.score(rows_of([lead])).values[0] for lead in LEADS] == together.tolist()


def test_there_and_back_as_json() -> None:
    """A fitted scorer that was written and read scores the same and has the same fingerprint; Chinese values too."""
    leads = [(*r[:2], "中国" if r[2] == "c0" else r[2], *r[3:]) for r in LEADS]
    model = SPEC.fit(rows_of(leads))
    again = SPEC.load(model.to_json())

    assert again.fingerprint == model.fingerprint
    assert again.score(rows_of(leads)).values.tolist() == model.score(rows_of(leads)).values.tolist()
    assert "中国" in model.to_json()


def test_json_of_something_else_is_refused() -> None:
    """What is no such JSON, or counts by another definition, is refused with what it is."""
    other = NaiveBayes(name="win", features=["source"])
    text = SPEC.fit(rows_of(LEADS)).to_json()
    for wrong, said in (("{", "no JSON"), ("[]", "no fitted"), ("{}", "no fitted"), (text, "another definition")):
        with pytest.raises(ArgumentError, match=said):
            other.load(wrong)
    with pytest.raises(ArgumentError, match="a count is"):
        Frequencies.from_list([["T1", "country", "c1", 1]])
    with pytest.raises(ArgumentError, match="a count is"):
        Frequencies.from_list([["T1", "country", "c1", -1, 0]])


SIMPLE = NaiveBayes(name="simple", features=["source"])
LEAD_NAMES = ["id", "source", "converted", "lost_at"]


def leads_of(*given):
    """Return rows of leads of (source, outcome)."""
    listed = [(i, s, o == "won", "2026-01-01T00:00:00Z" if o == "lost" else None) for i, (s, o) in enumerate(given)]
    return rows_of(listed, LEAD_NAMES, "lead")


def test_without_stages_the_prior_is_the_share_of_won() -> None:
    """1 won and 3 lost: odds 1.1 / 3.1; with 'web' 1 of 1 won and 1 of 3 lost, x (1.1 / 1.2) / (1.1 / 3.2)."""
    rows = leads_of(
        ("web", "won"),
        ("web", "lost"),
        ("fair", "lost"),
        ("fair", "lost"),
        ("web", "open"),
        (None, "open"),
        ("x", "open"),
    )
    found = SIMPLE.fit(rows).score(rows).values
    odds = 1.1 / 3.1
    web = odds * (1.1 / 1.2) / (1.1 / 3.2)

    assert found[4] == pytest.approx(web / (1 + web))
    assert found[5:].tolist() == pytest.approx([odds / (1 + odds)] * 2)  # blank, and never seen: the prior


def test_nothing_decided_is_undefined() -> None:
    """R2: without a decided lead no score is defined; there is none of no rows either."""
    rows = leads_of(("web", "open"), ("fair", "open"))
    model = SIMPLE.fit(rows)

    assert np.isnan(model.score(rows).values).all()
    assert len(model.score(leads_of())) == 0
    assert SIMPLE.fit(leads_of()).frequencies == Frequencies()


def test_only_won() -> None:
    """Three won leads and no lost one: odds 3.1 / 0.1, times nothing for the only value there is."""
    rows = leads_of(*[("web", "won")] * 3)
    assert SIMPLE.fit(rows).score(rows).values == pytest.approx(3.1 / 3.2)


def test_a_constant_feature_tells_nothing() -> None:
    """A value that all rows have is as frequent among won as among lost rows: its part is 0."""
    rows = leads_of(("web", "won"), ("web", "lost"), ("web", "lost"))
    scores = SIMPLE.fit(rows).score(rows)
    assert scores.parts_of(np.arange(3)).amounts[:, 1].tolist() == [0.0] * 3


def test_without_a_stage_there_is_no_score() -> None:
    """Where stages count, a row that stands in none is undefined, not 0."""
    model = SPEC.fit(rows_of(LEADS))
    assert np.isnan(model.score(rows_of(changed(LEADS, 3, step=None))).values).tolist() == [i == 3 for i in range(14)]


def test_tags() -> None:
    """Several values in one cell are counted one by one, once each; a value counts from `least` rows on."""
    rows = leads_of(("a; b", "won"), ("a;a", "lost"), ("b;", "lost"), ("c", "open"))
    spec = NaiveBayes(name="tags", features=[Feature("source", "tags", split=";")])
    model = spec.fit(rows)

    assert [model.counts("tags", v) for v in ("a", "b", "c")] == [(1.1, 1.1), (1.1, 1.1), None]
    rare = NaiveBayes(name="tags", features=[Feature("source", "tags", split=";", least=3)])
    assert rare.fit(rows).score(rows).values == pytest.approx(1.1 / 3.2)


def test_taking_away_what_was_never_counted_is_refused() -> None:
    """A retraction that would leave less than none is an error that says of what."""
    model = SIMPLE.fit(leads_of(("web", "won")))
    with pytest.raises(DataError, match="'fair'"):
        model.updated(Case("won", {"source": ("fair",)}), None)
    assert model.updated(Case(None, {"source": ("fair",)}), None).frequencies == model.frequencies


@pytest.mark.parametrize(
    ("table", "column", "why"),
    [
        ("lead", "converted_at", "says how"),
        ("lead", "converted", "says how"),
        ("lead", "lost_reason", "filled when"),
        ("lead", "opportunity.amount", "filled when"),
        ("lead", "status", "changes with"),
        ("opportunity", "outcome", "says how"),
        ("opportunity", "closed_at", "says how"),
        ("opportunity", "won_amount", "filled when"),
        ("opportunity", "lost_reason", "filled when"),
        ("opportunity", "stage", "changes with"),
        ("opportunity", "first_won_at", "changes with"),
    ],
)
def test_what_is_filled_after_the_outcome_is_refused(table, column, why) -> None:
    """R5, O8: a column that the outcome fills or changes is no feature, and the error says why."""
    with pytest.raises(DefinitionError, match=f"'{column}'.*{why}"):
        NaiveBayes(name="leaky", table=table, features=["source", column])


def test_a_column_that_is_known_before_may_be_stated() -> None:
    """A host whose status is set at creation says so; the outcome itself is never a feature."""
    assert NaiveBayes(name="open", features=["status"], known="status").features[0].name == "status"
    with pytest.raises(DefinitionError, match="says how"):
        NaiveBayes(name="leaky", features=["converted"], known=("converted",))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"features": []}, "has no features"),
        ({"features": ["source", "source"]}, "two features called 'source'"),
        ({"features": [3]}, "a feature is a column"),
        ({"features": ["source"], "smoothing": 0}, "smoothing"),
        ({"features": ["source"], "smoothing": "x"}, "smoothing"),
        ({"features": ["source"], "stage": "step"}, "go together"),
        ({"features": ["source"], "table": "order"}, "which rows of table 'order' are won"),
        ({"features": ["source"], "lost": "status"}, "lost is a condition"),
        ({"features": ["source"], "name": "my scorer"}, "snake_case"),
        ({"features": [Feature("source", "prior")]}, "rename it"),
        ({"features": ["source"], "revision": 0}, "revision"),
    ],
)
def test_wrong_definitions_are_refused(wrong, said) -> None:
    """An argument that means nothing is refused where it is given."""
    with pytest.raises((ArgumentError, DefinitionError), match=said):
        NaiveBayes(**{"name": "wrong", **wrong})


def test_rows_that_lack_a_column() -> None:
    """A column that is not there is an error that names it; so is a table without anything that says who lost."""
    rows = rows_of([(0, True)], ["id", "converted"], "lead")
    with pytest.raises(ColumnNotFound, match="lost_at"):
        SIMPLE.fit(rows)
    with pytest.raises(ColumnNotFound, match="source"):
        NaiveBayes(name="simple", features=["source"], lost=~col("converted").isin([True])).fit(rows)
    with pytest.raises(DefinitionError, match="rows of 'lead', got 'chance'"):
        SIMPLE.fit(rows_of(LEADS))


def test_percent() -> None:
    """Two decimals, half to even, within 0.01 and 99.99; undefined stays undefined."""
    assert [percent(p) for p in (0.0, 1e-9, 0.5, 0.123450, 0.99999, 1.0, float("nan"))] == [
        *(0.01, 0.01, 50.0, 12.34, 99.99, 99.99, None)
    ]
    assert exp(log(0.5)) == 0.5
