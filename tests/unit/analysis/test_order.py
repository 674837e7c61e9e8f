"""From best to worst: ties by label, whatever the order of the input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.order import best_first, direction, subjects
from crmcore.errors import ArgumentError
from crmcore.kpis import CATALOGUE

SCORES = st.lists(st.sampled_from([1.0, 2.0, 2.5, float("nan")]), max_size=8)
DEALS = cc.Dataset(
    opportunity=[
        {"id": 1, "owner": "王", "team": "B", "outcome": "won", "closed_at": "2026-01-05", "created_at": "2026-01-01"},
        {"id": 2, "owner": None, "team": "A", "outcome": "won", "closed_at": "2026-01-05", "created_at": "2026-01-01"},
        {"id": 3, "owner": "Li", "team": "B", "outcome": "lost", "closed_at": "2026-02-05", "created_at": "2026-01-01"},
    ]
)


def test_best_first_by_hand() -> None:
    """The largest first, equal ones by label, the undefined not at all; or the smallest first."""
    scores, labels = [2, float("nan"), 5, 2, 5], ["d", "e", "c", "a", "b"]

    assert best_first(scores, labels).tolist() == [4, 2, 3, 0]
    assert best_first(scores, labels, "lower").tolist() == [3, 0, 4, 2]


def test_labels_of_several_keys_and_kinds() -> None:
    """Labels of two keys compare part by part, numbers before text, 10 after 9, blank last."""
    labels = [(10, "x"), (9, "x"), ("9", "x"), (None, "x"), (9, "a"), ("Zoe", "x")]

    assert best_first(np.zeros(6), labels).tolist() == [4, 1, 0, 2, 5, 3]


@given(SCORES, st.randoms())
def test_the_order_of_the_input_decides_nothing(scores, random) -> None:
    """Shuffled subjects come out in the same order."""
    rows = [(score, f"赢{i}") for i, score in enumerate(scores)]
    shuffled = [*rows]
    random.shuffle(shuffled)
    first, second = (
        [r[i][1] for i in best_first(np.array([s for s, _ in r]), [x for _, x in r]).tolist()] for r in (rows, shuffled)
    )

    assert first == second
    assert len(first) == sum(s == s for s in scores)


def test_subjects_are_the_rows_that_have_a_label() -> None:
    """Nobody stands behind a blank: it is no subject, though it is a group."""
    found = subjects(cc.measure("closed_deals", DEALS, by=["team", "owner"]))

    assert found.labels == (("A", None), ("B", "Li"), ("B", "王"))
    assert found.named.tolist() == [False, True, True]
    ((team, teams), (owner, owners)) = found.columns(np.array([2, 1]))
    assert (team.label("zh"), teams) == ("团队", ["B", "B"])
    assert (owner.label("en"), owners) == ("Seller", ["王", "Li"])


@pytest.mark.parametrize("how", [{}, {"by": "owner", "per": "month"}])
def test_who_is_ranked_has_one_row(how) -> None:
    """A result by nothing, or with a row per period, ranks nobody."""
    with pytest.raises(ArgumentError, match=r"measure by=\.\.\. and without per=\.\.\., got a result by"):
        subjects(cc.measure("won_deals", DEALS, **how))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], ["a"]), "got 2 scores and 1 labels"),
        (([1, 2], ["a", "a"]), "label 'a' stands for two subjects"),
        (([1], ["a"], "neutral"), "better is 'higher' or 'lower', got 'neutral'"),
    ],
)
def test_what_cannot_be_ordered_is_refused(arguments, message) -> None:
    """An error says what was given."""
    with pytest.raises(ArgumentError, match=message):
        best_first(*arguments)


def test_a_metric_needs_a_direction() -> None:
    """Neither more nor less of the pipeline's mix is better: nothing to rank by."""
    assert direction(CATALOGUE["contacts_per_meeting"]) == "lower"
    with pytest.raises(ArgumentError, match="'won_trait_ratio' has no better direction"):
        direction(CATALOGUE["won_trait_ratio"])
