"""Rankings of small samples go by the unfavourable bound, and say so (R3)."""

from __future__ import annotations

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError


def deals(owner: str, won: int, lost: int) -> list[dict[str, object]]:
    """Return decided deals of one seller."""
    outcomes = ["won"] * won + ["lost"] * lost
    return [{"id": f"{owner}{i}", "owner": owner, "outcome": o, "amount": 10} for i, o in enumerate(outcomes)]


DATA = cc.Dataset(
    opportunity=[*deals("lucky", 1, 0), *deals("steady", 80, 20), *deals("weak", 10, 30), *deals("new", 0, 0)]
)


def test_one_win_of_one_is_not_the_best_win_rate():
    """R3: Wilson's lower bound of 1/1 is 0.207, of 80/100 0.711, of 10/40 0.142."""
    ranked = cc.measure("win_rate", DATA, by="owner").ranked("win_rate")

    assert ranked.column("owner") == ["steady", "lucky", "weak"]
    assert ranked["win_rate"].low.round(3).tolist() == [0.711, 0.207, 0.142]
    assert (ranked.ranking.metric, ranked.ranking.bound) == ("win_rate", "low")
    assert "Ranked by the lower bound of: Win rate." in str(ranked)
    assert ranked.to_dict()["settings"]["ranked_by"] == {"metric": "win_rate", "bound": "low"}


def test_where_less_is_better_the_upper_bound_ranks():
    """R3: the upper bounds of the loss rates 0/1, 20/100 and 30/40 are 0.793, 0.289 and 0.858."""
    ranked = cc.measure("loss_rate", DATA, by="owner").ranked("loss_rate")

    assert ranked.column("owner") == ["steady", "lucky", "weak"]
    assert ranked["loss_rate"].high.round(3).tolist() == [0.289, 0.793, 0.858]


def test_a_sum_has_no_interval_and_ranks_by_itself():
    """R3: other numbers have no interval, and the table says so."""
    ranked = cc.measure("won_value", DATA, by="owner").ranked("won_value")

    assert ranked.column("owner") == ["steady", "weak", "lucky"]
    assert ranked.ranking.bound == "value"
    assert "which has no interval" in str(ranked)


def test_without_a_direction_there_is_no_ranking():
    """Neither more nor less of a share is better."""
    with pytest.raises(ArgumentError, match="no better direction"):
        cc.measure("won_value.share()", DATA, by="owner").ranked("won_value_share")


def test_rows_that_are_sorted_again_are_no_longer_ranked():
    """R3: the first rows of a ranking are still ranked; by another number they are merely in order."""
    ranked = cc.measure(["win_rate", "won_deals"], DATA, by="owner").ranked("win_rate")
    again = ranked.top(2).sorted("won_deals", descending=False)

    assert "Ranked by" in str(ranked.top(2))
    assert again.column("owner") == ["lucky", "steady"]
    assert again.ranking is None
    assert "Ranked by" not in str(again)
