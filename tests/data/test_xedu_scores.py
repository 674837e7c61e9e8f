"""xedu_leads: scores of 9,240 leads, judged by who converted."""

from __future__ import annotations

from collections import Counter
from math import exp, log

import numpy as np
import pytest

import crmcore as cc
from crmcore.scoring import Feature, LogisticRegression, NaiveBayes, average_precision, evaluate, gain, ks, roc_auc

NOT_CONVERTED = ~(cc.col("converted") == True)  # noqa: E712 - a condition on a column


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set."""
    return read_set("xedu_leads")


def test_time_on_site_as_a_score(data) -> None:
    """AUC, KS and the share converted in the top decile, with ties shared, as computed elsewhere."""
    table = data["lead"]
    seconds, converted = table["seconds_on_site"].data, table["converted"].data
    found = evaluate(seconds, converted)

    assert (found.fact("n"), found.fact("positives")) == (9240, 3561)
    assert found.fact("roc_auc") == pytest.approx(0.6505734904, abs=5e-11)
    assert found.fact("ks") == pytest.approx(0.4015018307, abs=5e-11)
    assert found["rate"][0] == pytest.approx(0.6972402597, abs=5e-11)
    assert found["gain"][-1] == 1.0
    assert found.fact("brier") is None
    assert roc_auc(seconds, converted) == found.fact("roc_auc")
    assert ks(seconds, converted) == found.fact("ks")
    assert average_precision(seconds, converted) == found.fact("average_precision")
    assert gain(seconds, converted).positives[0] / 924 == found["rate"][0]


def test_naive_bayes_by_hand(data) -> None:
    """Two columns, no team, no stage: every probability is that of counts made in plain Python."""
    spec = NaiveBayes(name="nb", features=["source", Feature("Lead Origin", "origin")], lost=NOT_CONVERTED)
    ws = cc.Workspace()
    table = data["lead"]
    won = table["converted"].data.tolist()
    columns = []
    for name in ("source", "Lead Origin"):
        column = table[name]
        columns.append([column.labels[c] for c in column.data.tolist()])
    counts = [Counter(zip(c, won, strict=True)) for c in columns]

    def gained(values, by):
        known = {v for v, _ in by if v is not None}
        total = {w: sum(by[v, w] + 0.1 for v in known) for w in (True, False)}
        return [
            0.0 if v is None else log((by[v, True] + 0.1) / total[True]) - log((by[v, False] + 0.1) / total[False])
            for v in values
        ]

    prior = log(3561.1 / 5679.1)
    gains = [gained(c, by) for c, by in zip(columns, counts, strict=True)]
    expected = [1 / (1 + exp(-(prior + a + b))) for a, b in zip(*gains, strict=True)]
    scores = ws.score(ws.fit(spec, data), data)

    assert scores.values == pytest.approx(expected, rel=1e-12)
    assert scores.parts.sum(1) == pytest.approx([prior + a + b for a, b in zip(*gains, strict=True)], abs=1e-12)


def test_learned_scores_part_leads_better_than_time_on_site(data) -> None:
    """Learned from every other lead, both learned scorers part the rest better than time on site alone (AUC 0.65)."""
    ws = cc.Workspace()
    even = np.arange(9240) % 2 == 0
    halves = [cc.Dataset.of({"lead": data["lead"].select(np.flatnonzero(m))}) for m in (even, ~even)]
    won = halves[1]["lead"]["converted"].data
    bayes = NaiveBayes(
        name="nb",
        features=["source", Feature("Lead Origin", "origin"), Feature(cc.bins("seconds_on_site", [1, 300, 900]), "seconds")],
        lost=NOT_CONVERTED,
    )  # fmt: skip
    logistic = LogisticRegression(
        name="lr",
        features=[Feature("source", least=30), Feature("Lead Origin", "origin", least=30), "seconds_on_site"],
        lost=NOT_CONVERTED,
        ridge=1,
    )
    for spec in (bayes, logistic):
        found = evaluate(ws.score(ws.fit(spec, halves[0]), halves[1]), won)
        assert found.fact("n") == 4620
        assert found.fact("roc_auc") > 0.78
        assert found.fact("brier") < 0.18
