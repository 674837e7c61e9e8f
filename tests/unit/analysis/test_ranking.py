"""Rankings by the shrunken rate: few cases do not win (R3)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.ranking import shrunken_count_ranking, shrunken_ranking
from crmcore.errors import ArgumentError, TableNotFound

COUNTS = st.dictionaries(
    st.sampled_from(["Ann", "Bob", "王芳", "李伟"]),
    st.integers(0, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
)


def leads(counts) -> list[dict[str, object]]:
    """Return leads of sellers: so many converted of so many."""
    return [
        {"id": f"{owner}{i}", "owner": owner, "converted": i < k, "created_at": "2026-01-01"}
        for owner, (k, n) in counts.items()
        for i in range(n)
    ]


def activities(counts) -> list[dict[str, object]]:
    """Return one row of calls and one of meetings for each seller; the quantity says how many."""
    return [
        {"id": f"{owner} {kind}", "owner": owner, "team": "A", "kind": kind, "quantity": n, "at": "2026-01-01"}
        for owner, pair in counts.items()
        for kind, n in zip(("call", "meeting"), pair, strict=True)
        if n
    ]


def test_the_published_groups_as_sellers(vector) -> None:
    """R3: 71 sellers with the counts of the vector; who converts 4 of 14 has the shrunken rate 0.2082, not 0.2857."""
    known = vector("rate-beta-binomial-eb")
    counts = {f"s{i:02}": pair for i, pair in enumerate(zip(known["input"]["k"], known["input"]["n"], strict=True))}

    found = cc.analyse("best_prospectors", cc.Dataset(lead=leads(counts)))
    (last,) = found.only(owner="s70").rows()

    assert (last["n"], last["numerator"], last["lead_conversion_rate"]) == (14, 4, 4 / 14)
    assert last["shrunken_rate"] == pytest.approx(known["expected"]["mle_shrunk_last"], rel=1e-7)
    assert found["rank"].tolist() == list(range(1, 72))
    alpha, beta = (known["expected"][f"mle_{x}"] for x in ("alpha", "beta"))
    assert found.fact("shared_rate") == pytest.approx(alpha / (alpha + beta), rel=1e-6)
    assert found.fact("shared_cases") == pytest.approx(alpha + beta, rel=1e-6)


def test_one_of_one_is_not_the_best_prospector() -> None:
    """R3, E53: 1 of 1 has the highest rate and stands behind 45 of 90; who has no lead is not ranked, nor is nobody."""
    counts = {"lucky": (1, 1), "steady": (45, 90), "weak": (5, 80), "middle": (20, 100)}
    rows = [*leads(counts), *leads({None: (2, 3)})]
    found = cc.analyse("best_prospectors", cc.Dataset(lead=rows))

    assert list(found["owner"]) == ["steady", "lucky", "middle", "weak"]
    assert found["n"].tolist() == [90, 1, 100, 80]
    assert found["low"].round(4).tolist() == [0.3988, 0.2065, 0.1334, 0.0270]  # Wilson, worked by its formula
    assert (found.fact("cases_of_no_group"), found.fact("without_cases")) == (3, 0)
    assert "Ranked by the shrunken rate" in str(found)


def test_groups_that_do_not_differ_share_one_rate() -> None:
    """R3: 5 of 10, 6 of 10 and 1 of 2 differ less than chance makes them: all 12 / 22, in the order of the labels, and said."""
    found = cc.analyse("best_prospectors", cc.Dataset(lead=leads({"c": (6, 10), "a": (5, 10), "b": (1, 2)})))

    assert list(found["owner"]) == ["a", "b", "c"]
    assert set(found["shrunken_rate"].tolist()) == {12 / 22}
    assert found.fact("shared_cases") is None
    assert "differ no more than chance explains" in str(found)
    assert "未超出偶然波动" in str(found.told("zh"))


def test_less_is_better_where_the_metric_says_so() -> None:
    """R3: of loss rates the smallest shrunken one leads."""
    deals = [
        {"id": f"{o}{i}", "owner": o, "outcome": "lost" if i < k else "won", "closed_at": "2026-01-01"}
        for o, (k, n) in {"a": (30, 40), "b": (4, 40), "c": (20, 40)}.items()
        for i in range(n)
    ]
    found = shrunken_ranking(cc.measure("loss_rate", cc.Dataset(opportunity=deals), by="owner"), "loss_rate")

    assert list(found["owner"]) == ["b", "c", "a"]


def test_teams_and_several_keys() -> None:
    """Groups of two columns are ranked as one; each column shows its labels."""
    rows = [row | {"team": "T", "source": "web"} for row in leads({"a": (9, 10), "b": (1, 10)})]
    data = cc.Dataset(lead=rows)

    assert list(cc.analyse("best_prospectors", data, by="team")["team"]) == ["T"]
    two = shrunken_ranking(cc.measure("lead_conversion_rate", data, by=["source", "owner"]), "lead_conversion_rate")
    assert [(r["source"], r["owner"]) for r in two] == [("web", "a"), ("web", "b")]


def test_contacts_per_meeting_by_hand() -> None:
    """R3: 30 / 10, 10 / 10, 50 / 20 share 9/4 with strength 40/7 (worked in test_rates): 2.73, 1.45, 2.44; fewest first."""
    data = cc.Dataset(activity=activities({"a": (30, 10), "b": (10, 10), "c": (50, 20), "d": (7, 0)}))
    found = cc.analyse("contacts_per_meeting_ranking", data)

    assert list(found["owner"]) == ["b", "c", "a"]
    assert found["contacts_per_meeting"].tolist() == [1.0, 2.5, 3.0]
    expected = [Fraction(10 * 7 + 90, 110), Fraction(50 * 7 + 90, 180), Fraction(30 * 7 + 90, 110)]
    assert found["shrunken_rate"].tolist() == pytest.approx([float(x) for x in expected], rel=1e-14)
    assert found.fact("without_cases") == 1  # contacts and no meeting: the ratio is undefined (R2)


@settings(max_examples=15)
@given(COUNTS, st.randoms())
def test_the_order_of_rows_does_not_matter(counts, random) -> None:
    """Shuffled leads give the same listing."""
    rows = leads(counts)
    shuffled = [*rows]
    random.shuffle(shuffled)

    first, second = (cc.analyse("best_prospectors", cc.Dataset(lead=r)) for r in (rows, shuffled))

    assert list(first["owner"]) == list(second["owner"])
    assert first["shrunken_rate"].tolist() == pytest.approx(second["shrunken_rate"].tolist(), rel=1e-9)


def test_another_confidence_is_stated() -> None:
    """R3: at 80 % the interval is narrower than at 95 %, and the note says which; text from a command line is a number."""
    data = cc.Dataset(lead=leads({"a": (5, 10), "b": (9, 10)}))
    wide, narrow = (cc.analyse("best_prospectors", data, confidence=c) for c in (0.95, "0.8"))

    assert (narrow["low"] > wide["low"]).all()
    assert (narrow["high"] < wide["high"]).all()
    assert "Wilson interval, 80 %." in str(narrow)


def test_nobody_and_one_are_ranked() -> None:
    """R2: no lead, no row and no shared rate; one seller is all there is."""
    nothing = cc.analyse("best_prospectors", cc.Dataset(lead=[]))
    one = cc.analyse("best_prospectors", cc.Dataset(lead=leads({"a": (1, 4)})))

    assert (len(nothing), nothing.fact("shared_rate")) == (0, None)
    assert [(r["rank"], r["shrunken_rate"]) for r in one] == [(1, 0.25)]
    assert "chance explains" not in str(one)


def test_what_cannot_be_shrunk_is_refused() -> None:
    """R3: a mean is no proportion, a sum no ratio, time no count; a table that is not there is named."""
    deals = cc.Dataset(
        opportunity=[{"id": 1, "owner": "a", "outcome": "won", "amount": 5, "closed_at": "2026-01-01"}],
        activity=[{"id": 1, "owner": "a", "kind": "administration", "duration": 0.25, "at": "2026-01-01"}],
    )
    result = cc.measure(["mean_won_deal", "won_value"], deals, by="owner")
    with pytest.raises(ArgumentError, match="'mean_won_deal' is no proportion of cases"):
        shrunken_ranking(result, "mean_won_deal")
    with pytest.raises(ArgumentError, match="'won_value' is no ratio, so it has no counts to shrink"):
        shrunken_count_ranking(result, "won_value")
    with pytest.raises(ArgumentError, match=r"'admin_time_share' is no ratio of two counts: it has total\(duration"):
        shrunken_count_ranking(cc.measure("admin_time_share", deals, by="owner"), "admin_time_share")
    longest = cc.Metric(
        "longest", cc.largest("duration") / cc.count(), unit="days", better="lower", anchor="at", table="activity"
    )
    with pytest.raises(ArgumentError, match=r"'longest' is no ratio of two counts: it has largest\(duration\)"):
        shrunken_count_ranking(cc.measure(longest, deals, by="owner"), "longest")
    with pytest.raises(ArgumentError, match=r"confidence is a share from 0 to 1.* got 95"):
        cc.analyse("best_prospectors", cc.Dataset(lead=[]), confidence=95)
    with pytest.raises(TableNotFound, match="'lead'"):
        cc.analyse("best_prospectors", deals)
