"""The chain of stages: published, solved by hand in fractions, played through, and on histories that are odd."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.stage_chain import chains_of
from crmcore.chains.absorbing import absorbing
from crmcore.chains.inverse import inverse
from crmcore.errors import ArgumentError, TableNotFound

START = datetime(2026, 1, 1, tzinfo=UTC)
STAGES = [{"id": s, "order": n, "pipeline": "p"} for n, s in enumerate("ABCD")]


def at(day):
    return START + timedelta(days=day)


def history(*deals, stages=STAGES, log=()):
    """Return a dataset of deals, each (path of (day, stage), outcome, day of the end, seller), and changes of other tables."""
    rows, changes = [], []
    for i, (path, outcome, end, owner) in enumerate(deals):
        rows.append(
            {
                "id": i,
                "owner": owner,
                "stage": path[-1][1],
                "outcome": outcome,
                "created_at": at(path[0][0]),
                "closed_at": None if end is None else at(end),
            }
        )
        for (_, old), (day, new) in pairwise(path):
            changes.append({"record": i, "field": "stage", "at": at(day), "old": old, "new": new})
        if outcome != "open":
            changes.append({"record": i, "field": "outcome", "at": at(end), "old": "open", "new": outcome})
    tables = {"opportunity": rows} | ({"stage": stages} if stages else {})
    return cc.Dataset(**tables, change=[*({"table": "opportunity", **c} for c in changes), *log])


DEALS = (
    ([(0, "A"), (2, "B")], "won", 5, "Anna"),
    ([(0, "A"), (1, "B"), (4, "A")], "lost", 6, "Anna"),
    ([(0, "A"), (3, "B")], "lost", 4, "Ben"),
    ([(0, "A"), (3, "C")], "open", None, "Ben"),
    ([(8, "A")], "open", None, None),
)
"""A to B three times, to C once; from B won, lost and once back to A; from A lost once; one in A and one in C still there."""


def chain(data, **choices):
    return cc.analyse("stage_chain", data, as_of=at(10), **choices)


# --- the algebra


def test_the_drunkard(vector) -> None:
    """Visits, chances and steps of the published walk between home and bar."""
    case = vector("stage-absorbing-drunkard")
    found = absorbing(case["input"]["Q"], case["input"]["R"], [1, 1, 1])

    assert found.visits == pytest.approx(np.array(case["expected"]["N"]), abs=1e-12)
    assert found.time == pytest.approx(case["expected"]["t"], abs=1e-12)
    assert found.ends == pytest.approx(np.array(case["expected"]["B"]), abs=1e-12)


def test_time_until_an_end_by_hand() -> None:
    """From 0: won at once with 1/2 after 2 days, else on to 1, where 6 days pass before won and lost, 1/2 each.

    Days if won: (1/2 x 2 + 1/4 x 8) / (3/4) = 4; if lost: 8.
    """
    found = absorbing([[0, 1], [0, 0]], [[1, 0], [1, 1]], [2, 6])

    assert found.time.tolist() == [5, 6]
    assert found.time_by_end == pytest.approx(np.array([[4, 8], [6, 6]]))


def test_walks_of_the_standard_library() -> None:
    """20,000 walks from each state, with steps back and in place, drawn by `random`: shares and times within 4 standard errors."""
    moves = [[1, 5, 0], [2, 0, 6], [0, 3, 0]]
    ends = [[0, 3, 1], [1, 2, 0], [5, 1, 1]]
    dwell = [2.0, 7.0, 4.0]
    found = absorbing(moves, ends, dwell)
    draw = random.Random(17)
    chances = [[*moved, *ended] for moved, ended in zip(moves, ends, strict=True)]

    for start in range(3):
        times = [[], [], []]
        for _ in range(20_000):
            state, time = start, 0.0
            while state < 3:
                time += dwell[state]
                state = draw.choices(range(6), chances[state])[0]
            times[state - 3].append(time)
        for end, some in enumerate(times):
            p = found.ends[start, end]
            assert len(some) / 20_000 == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 20_000))
            assert np.mean(some) == pytest.approx(
                found.time_by_end[start, end], abs=4 * np.std(some) / np.sqrt(len(some))
            )
        every = [time for some in times for time in some]
        assert np.mean(every) == pytest.approx(found.time[start], abs=4 * np.std(every) / np.sqrt(20_000))


def test_time_is_unknown_where_the_way_leads_through_a_state_of_unknown_time() -> None:
    """R2: 0 leads to 1, whose time nobody knows; 2 ends at once. The chances are known all the same."""
    found = absorbing([[0, 1, 0], [0, 0, 0], [0, 0, 0]], [[1, 0], [1, 1], [0, 1]], [2.0, np.nan, 3.0])

    assert np.isnan(found.time).tolist() == [True, True, False]
    assert np.isnan(found.time_by_end).tolist() == [[True, True], [True, True], [True, False]]
    assert (found.time[2], found.time_by_end[2, 1]) == (3, 3)
    assert found.ends.tolist() == [[0.75, 0.25], [0.5, 0.5], [0, 1]]


def test_no_chance_is_above_1() -> None:
    """Where one end alone is ever reached its chance is 1 at most, though N R adds up to 1.0000000000000002 here."""
    found = absorbing([[3, 0, 2], [4, 3, 3], [2, 3, 2]], [[3, 0], [1, 0], [3, 0]], [1, 1, 1])

    assert found.ends[:, 0].max() <= 1
    assert found.ends[:, 0] == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("seed", range(5))
def test_the_inverse_is_that_of_fractions(seed) -> None:
    """Of I - Q of five states, exactly in fractions by rows, within a few rounding errors."""
    draw = random.Random(seed)
    counts = [[draw.choice((0, 0, 1, 4)) for _ in range(5)] for _ in range(5)]
    exact = [
        [Fraction(int(i == j)) - Fraction(c, sum(row) + 1) for j, c in enumerate(row)] for i, row in enumerate(counts)
    ]
    wide = [row + [Fraction(int(i == j)) for j in range(5)] for i, row in enumerate(exact)]
    for k in range(5):
        wide[k] = [x / wide[k][k] for x in wide[k]]
        wide = [
            row if i == k else [x - row[k] * y for x, y in zip(row, wide[k], strict=True)] for i, row in enumerate(wide)
        ]
    given = np.array([[float(x) for x in row] for row in exact])

    assert inverse(given) == pytest.approx(
        np.array([[float(x) for x in row[5:]] for row in wide]), rel=1e-12, abs=1e-15
    )
    assert given[0, 0] == float(exact[0][0])  # what was given stays as it is


chances = st.lists(st.lists(st.integers(0, 5), min_size=5, max_size=5), min_size=3, max_size=3)


@given(chances)
def test_chances_add_up(counts) -> None:
    """Where an end can be reached the chances are those of a fixed point and add up to 1; elsewhere all is nan."""
    moves, ends = [row[:3] for row in counts], [row[3:] for row in counts]
    found = absorbing(moves, ends, [1.0, 2.0, 4.0])
    sure = {i for i in range(3) if sum(ends[i])}
    for _ in range(3):
        sure |= {i for i in range(3) if any(moves[i][j] for j in sure)}

    assert set(np.flatnonzero(~np.isnan(found.time)).tolist()) == sure
    for i in sure:
        out = sum(moves[i][j] for j in sure) + sum(ends[i])
        assert found.ends[i].sum() == pytest.approx(1, abs=1e-9)
        onward = sum(moves[i][j] * found.ends[j] for j in sure)
        assert (onward + np.array(ends[i])) / out == pytest.approx(found.ends[i], abs=1e-9)
        mixed = sum(c * t for c, t in zip(found.ends[i], found.time_by_end[i], strict=True) if c)
        assert mixed == pytest.approx(found.time[i], rel=1e-9)


def test_matrices_that_do_not_fit() -> None:
    """Shapes and numbers below 0 are named."""
    with pytest.raises(ArgumentError, match="a chain of 2 states has moves of shape"):
        absorbing([[1]], [[1], [1]], [1, 1])
    with pytest.raises(ArgumentError, match="at least 0"):
        absorbing([[-1.0]], [[1.0]], [1])


# --- observed histories


def test_by_hand() -> None:
    """S3, S6: with A = 3/4 B and B = 1/3 + A/3, A is won with 1/3 and B with 4/9; steps back count.

    Days: in A 2 + 1 + 3 + 3 + 2, and 2 of the stay that lasts, over 5 stays that ended; in B 3 + 3 + 1 over 3.
    From A: 13/5 + 3/4 (7/3 + A/3) is 5.8.

    Days to a win, W = chance x days: W(A) = 1/3 13/5 + 3/4 W(B), W(B) = 4/9 7/3 + 1/3 W(A), so W(A) = 296/135 and
    W(B) = 716/405; over the chances 296/45 and 179/45.
    """
    found = chain(history(*DEALS))
    a, b, c = found.rows()

    assert [r["stage"] for r in (a, b, c)] == ["A", "B", "C"]
    assert [(r["stays"], r["still_there"], r["steps_back"]) for r in (a, b, c)] == [(6, 1, 0), (3, 0, 1), (1, 1, 0)]
    assert [r["win_probability"] for r in (a, b)] == pytest.approx([1 / 3, 4 / 9])
    assert [r["loss_probability"] for r in (a, b)] == pytest.approx([2 / 3, 5 / 9])
    assert a["abandon_probability"] == 0
    assert [r["days_per_stay"] for r in (a, b)] == pytest.approx([13 / 5, 7 / 3])
    assert [r["days_to_close"] for r in (a, b)] == pytest.approx([5.8, 7 / 3 + 5.8 / 3])
    assert [r["days_to_win"] for r in (a, b)] == pytest.approx([296 / 45, 179 / 45])


def test_a_stage_without_any_outcome_is_undefined() -> None:
    """R2: nobody left C: no chance and no days, not 0; the move into it is left out of A and counted."""
    found = chain(history(*DEALS))

    assert {k: v for k, v in found.rows()[2].items() if "probability" in k or "days" in k} == dict.fromkeys(
        ("win_probability", "loss_probability", "abandon_probability", "days_per_stay", "days_to_close", "days_to_win")
    )
    assert found.fact("moves_left_out") == 1
    assert found.fact("stays_made_up") == 5
    # two stages that only lead to each other are no better
    rounds = chain(history(([(0, "A"), (1, "B"), (2, "A"), (3, "B")], "open", None, None)))
    assert rounds.plain("win_probability") == [None, None]
    assert rounds.plain("days_per_stay") == [1, 8]


def test_stays_that_last_give_days_and_no_transition() -> None:
    """S3, E54: ten more deals that wait in B make its stays longer, and change no chance."""
    waiting = [([(0, "B")], "open", None, None)] * 10
    few, many = chain(history(*DEALS)).rows(), chain(history(*DEALS, *waiting)).rows()

    assert [r["win_probability"] for r in few] == [r["win_probability"] for r in many]
    assert many[1]["days_per_stay"] == pytest.approx((7 + 10 * 10) / 3)


def test_days_of_a_constant_rate() -> None:
    """Deals that leave a stage at a constant rate, looked at before most have left: the days come out all the same.

    5,000 stays of 30 days on the mean, of which as of day 10 only some 28 % have ended; the plain mean of those is below 5.
    """
    draw = np.random.default_rng(2)
    days = draw.exponential(30, 5_000)
    deals = [([(0, "A")], "won", d, None) if d < 10 else ([(0, "A")], "open", None, None) for d in days.tolist()]
    found = chain(history(*deals)).rows()[0]

    assert days[days < 10].mean() < 5
    assert found["days_per_stay"] == pytest.approx(30, rel=0.08)


def test_played_through() -> None:
    """A chain with steps back, 3,000 deals played by the standard library: chances and days as a linear system in fractions gives."""
    draw = random.Random(11)
    steps = {
        "A": [("B", 6), ("lost", 4)],
        "B": [("A", 2), ("C", 5), ("lost", 3)],
        "C": [("B", 1), ("won", 3), ("abandoned", 1)],
    }
    days = {"A": 2, "B": 5, "C": 3}
    deals = []
    for _ in range(3_000):
        path, day, stage = [(0.0, "A")], 0.0, "A"
        while True:
            day += days[stage] / 100
            stage = draw.choices([s for s, _ in steps[stage]], [w for _, w in steps[stage]])[0]
            if stage not in steps:
                break
            path.append((day, stage))
        deals.append((path, stage, day, None))
    found = {r["stage"]: r for r in chain(history(*deals))}

    # where all have ended, the chain gives back what came: the share won and the mean days
    assert found["A"]["win_probability"] == pytest.approx(sum(d[1] == "won" for d in deals) / 3_000, rel=1e-9)
    assert found["A"]["days_to_close"] == pytest.approx(sum(d[2] for d in deals) / 3_000, rel=1e-6)
    # A = .6 B, B = .2 A + .5 C, C = .2 B + .6 won: B (1 - .12 - .1) = .3
    b = Fraction(3, 10) / Fraction(78, 100)
    assert found["B"]["win_probability"] == pytest.approx(float(b), abs=0.02)
    assert found["A"]["win_probability"] == pytest.approx(float(b * 6 / 10), abs=0.02)
    assert [found[s]["days_per_stay"] for s in "ABC"] == pytest.approx([0.02, 0.05, 0.03], rel=1e-6)
    # days: A = 2 + .6 B, B = 5 + .2 A + .5 C, C = 3 + .2 B
    days_b = (5 + Fraction(4, 10) + Fraction(3, 2)) / Fraction(78, 100)
    assert found["B"]["days_to_close"] == pytest.approx(float(days_b) / 100, rel=0.05)
    assert sum(found["A"][k] for k in ("win_probability", "loss_probability", "abandon_probability")) == pytest.approx(
        1
    )


def test_reopened_deals() -> None:
    """O5, S4: a deal that was lost and came back is one that was lost once and won once."""
    data = cc.Dataset(
        opportunity=[{"id": 1, "stage": "A", "outcome": "won", "created_at": at(0), "closed_at": at(6)}],
        change=[
            {"table": "opportunity", "record": 1, "field": "outcome", "old": old, "new": new, "at": at(day)}
            for day, old, new in ((2, "open", "lost"), (4, "lost", "open"), (6, "open", "won"))
        ],
    )
    found = chain(data).rows()[0]

    assert (found["stays"], found["win_probability"], found["loss_probability"]) == (2, 0.5, 0.5)
    assert found["days_per_stay"] == 2


def test_segments_are_shrunk() -> None:
    """With 3 transitions of all deals beside, Anna's A goes to B with (2 + 3 x 3/4) / 6 and her B wins with (1 + 1) / (2 + 3)."""
    found = {(r["owner"], r["stage"]): r for r in chain(history(*DEALS), by="owner", prior=3)}
    to_b, b_won, b_back = (2 + 9 / 4) / 6, 2 / 5, 2 / 5
    a = to_b * b_won / (1 - to_b * b_back)

    assert list(found) == [("Anna", "A"), ("Anna", "B"), ("Ben", "A"), ("Ben", "B"), ("Ben", "C"), (None, "A")]
    assert found["Anna", "A"]["win_probability"] == pytest.approx(a)
    assert found["Anna", "B"]["win_probability"] == pytest.approx(b_won + b_back * a)
    assert found["Anna", "B"]["days_per_stay"] == pytest.approx((6 + 3 * 7 / 3) / (2 + 3))
    assert found[None, "A"]["win_probability"] == pytest.approx(1 / 3)  # nothing of its own: that of all
    far = chain(history(*DEALS), by="owner", prior=10**9).plain("win_probability")
    assert far[:2] == pytest.approx([1 / 3, 4 / 9], abs=1e-6)


def changed(*changes):
    """Return the table of changes of deals, each (deal, day, field, old, new, sequence)."""
    names = ("record", "at", "field", "old", "new", "sequence")
    return [{"table": "opportunity", **dict(zip(names, c, strict=True)), "at": at(c[1])} for c in changes]


def test_a_stage_that_is_not_known_is_no_step() -> None:
    """S5: from A the first deal went nobody knows where, and came to B from there; another that begins then is not the next.

    So nothing is known of A, though the stay in it has ended, and B was won.
    """
    deals = [
        {"id": 1, "stage": "B", "outcome": "won", "created_at": at(0), "closed_at": at(4)},
        {"id": 2, "stage": None, "outcome": "open", "created_at": at(0)},
        {"id": 3, "stage": "C", "outcome": "lost", "created_at": at(5), "closed_at": at(6)},
    ]
    log = changed(
        (1, 1, "stage", "A", None, 1),
        (1, 3, "stage", None, "B", 1),
        (1, 4, "outcome", "open", "won", 1),
        (2, 5, "stage", "A", None, 1),
        (3, 6, "outcome", "open", "lost", 1),
    )
    found = chain(cc.Dataset(opportunity=deals, change=log, stage=STAGES)).rows()

    assert [(r["stage"], r["win_probability"], r["days_per_stay"]) for r in found] == [
        ("A", None, 3),
        ("B", 1, 1),
        ("C", 0, 1),
    ]


def test_closed_and_open_again_at_one_instant() -> None:
    """O5, S4: lost in A, and in the same instant open again in B: an end and no step. Won by going back to A is no step back."""
    deals = [
        {"id": 1, "stage": "B", "outcome": "open", "created_at": at(0)},
        {"id": 2, "stage": "A", "outcome": "won", "created_at": at(0), "closed_at": at(3)},
    ]
    log = changed(
        (1, 2, "outcome", "open", "lost", 1),
        (1, 2, "stage", "A", "B", 2),
        (1, 2, "outcome", "lost", "open", 2),
        (2, 3, "stage", "B", "A", 1),
        (2, 3, "outcome", "open", "won", 1),
    )
    a, b = chain(cc.Dataset(opportunity=deals, change=log, stage=STAGES)).rows()

    assert (a["loss_probability"], b["win_probability"]) == (1, 1)
    assert (a["stays"], b["stays"], b["still_there"]) == (1, 2, 1)
    assert (a["steps_back"], b["steps_back"]) == (0, 0)


def test_chances_of_deals_by_their_segments() -> None:
    """Each deal has the chance of its stage in its segment; none where the stage has no chain, or was never seen."""
    view = cc.Workspace().view(history(*DEALS), as_of=at(10))
    stage = view.scope.tables["opportunity"]["stage"]
    other = stage.replace(labels=[*stage.labels[:-1], "new"])  # the stage of the fourth deal has another name
    of_all = chains_of(view).chances(stage).tolist()
    by_owner = chains_of(view, by="owner", prior=3)
    found = {(r["owner"], r["stage"]): r["win_probability"] for r in chain(history(*DEALS), by="owner", prior=3)}

    assert of_all == pytest.approx([4 / 9, 1 / 3, 4 / 9, float("nan"), 1 / 3], nan_ok=True)
    assert by_owner.chances(stage).tolist() == pytest.approx(
        [found["Anna", "B"], found["Anna", "A"], found["Ben", "B"], float("nan"), found[None, "A"]], nan_ok=True
    )
    assert np.isnan(chains_of(view).chances(other)).tolist() == [False, False, False, True, False]


def test_order_of_rows_and_ties() -> None:
    """S4: two moves of one instant stand in the order of their sequence; rows in any order give the same figures."""
    deals = [{"id": i, "stage": "C", "outcome": "open", "created_at": at(0)} for i in (1, 2)]
    moves = [(1, 2, "A", "B", 1), (1, 2, "B", "C", 2), (2, 1, "A", "C", 1), (2, 3, "C", "B", 1), (2, 3, "B", "C", 2)]
    changes = [{"record": i, "at": at(day), "old": old, "new": new, "sequence": n} for i, day, old, new, n in moves]
    changes = [{"table": "opportunity", "field": "stage", **c} for c in changes]
    found = []
    for seed in range(6):
        draw = random.Random(seed)
        rows, log = draw.sample(deals, len(deals)), draw.sample(changes, len(changes))
        found.append(chain(cc.Dataset(opportunity=rows, change=log, stage=STAGES)).to_dict())

    assert found == found[:1] * 6
    assert [(r["stage"], r["stays"], r["steps_back"]) for r in found[0]["rows"]] == [
        ("A", 2, 0),
        ("B", 2, 0),
        ("C", 3, 1),
    ]


def test_without_an_order_of_stages() -> None:
    """S6: where nothing tells the order, stages stand by label, and what is a step back is undefined."""
    found = chain(history(*DEALS, stages=None))

    assert found["stage"].tolist() == ["A", "B", "C"]
    assert found.plain("steps_back") == [None, None, None]
    reverse = [{"id": s, "order": -n} for n, s in enumerate("ABC", 1)]
    assert chain(history(*DEALS, stages=reverse))["stage"].tolist() == ["C", "B", "A"]


def test_stages_stand_as_in_the_funnel() -> None:
    """S1: by pipeline and order of the newest version, under their names, with those retired or unknown told, as a funnel has them.

    B was taken out of pipeline p on day 5, and C moved before A on day 6; X is in no table. Nobody was ever in E, so it has
    no chain. On day 1 C was behind A, so from C to A was a step back; on day 8 it is not, though the deal had come before.
    That A will be taken out on day 20 nobody looks at on day 10.
    """
    stages = [
        {"id": "A", "name": "Talk", "order": 2, "pipeline": "p", "kind": "open", "active_to": at(20)},
        {"id": "B", "name": "Offer", "order": 3, "pipeline": "p", "kind": "open", "active_to": at(5)},
        {"id": "C", "name": "Call", "order": 1, "pipeline": "p", "kind": "open"},
        {"id": "E", "name": "Empty", "order": 4, "pipeline": "p", "kind": "open"},
        {"id": "D", "name": "Deal", "order": 1, "pipeline": "a", "kind": "open"},
    ]
    deals = [
        ([(0, "A"), (0.5, "C"), (1, "A"), (2, "B")], "won", 3, None),
        ([(5.5, "C"), (8, "A")], "lost", 9, None),
        ([(0, "D"), (1, "X")], "won", 9, None),
    ]
    moved = {"table": "stage", "record": "C", "field": "order", "old": "9", "new": "1", "at": at(6)}
    data = history(*deals, stages=stages, log=[moved])
    funnel = cc.analyse("funnel", data, as_of=at(10))

    assert [(r["pipeline"], r["stage"], r["status"], r["steps_back"]) for r in chain(data)] == [
        ("p", "Call", "in force", 1),
        ("p", "Talk", "in force", 0),
        ("p", "Offer", "retired", 0),
        ("a", "Deal", "in force", 0),
        (None, "X", "unknown", None),
    ]
    shown = [r for r in funnel if r["stage"] not in ("Empty", "won")]
    assert [[r[k] for k in ("pipeline", "stage", "status")] for r in chain(data)] == [
        [r[k] for k in ("pipeline", "stage", "status")] for r in shown
    ]


def test_another_pipeline_is_neither_on_nor_back() -> None:
    """S6: from the second pipeline to the first is no step back, whatever the orders say."""
    stages = [{"id": "A", "order": 1, "pipeline": "p"}, {"id": "B", "order": 2, "pipeline": "q"}]
    found = chain(history(([(0, "B"), (1, "A")], "won", 3, None), stages=stages))

    assert found.plain("steps_back") == [0, 0]
    assert found.plain("win_probability") == [1, 1]


def test_as_it_was_and_of_some() -> None:
    """O8, T8: as of day 3.5 nothing was won; a condition looks at some deals only."""
    early = cc.analyse("stage_chain", history(*DEALS), as_of=at(3.5))
    anna = (
        chain(history(*DEALS)).rows(),
        cc.analyse("stage_chain", history(*DEALS), as_of=at(10), where=cc.col("owner") == "Anna"),
    )

    assert early.plain("win_probability") == [None] * len(early)
    assert [r["stays"] for r in anna[1]] == [3, 2]
    bens = cc.analyse("stage_chain", history(*DEALS), as_of=at(10), where=cc.col("owner") == "Ben", by="owner")
    assert [(r["owner"], r["stage"], r["stays"]) for r in bens] == [("Ben", "A", 2), ("Ben", "B", 1), ("Ben", "C", 1)]


def test_deals_without_creation_have_no_days() -> None:
    """S5, O9: a stay of which nobody knows the beginning has an outcome, and no days."""
    data = cc.Dataset(
        opportunity=[
            {"id": 1, "stage": "A", "outcome": "won", "created_at": None, "closed_at": at(3)},
            {"id": 2, "stage": "A", "outcome": "open", "created_at": at(1)},
        ],
        change=[{"table": "opportunity", "record": 1, "field": "outcome", "old": "open", "new": "won", "at": at(3)}],
    )
    found = cc.analyse("stage_chain", data)

    assert found.plain("win_probability") == [1]
    assert found.plain("days_to_close") == [None]
    assert found.fact("stays_without_beginning") == 1


def test_nothing_at_all() -> None:
    """No stays, no rows; no opportunities, an error that says so; a prior is above 0."""
    none = {c: [] for c in ("id", "stage", "outcome", "created_at")}
    assert len(cc.analyse("stage_chain", cc.Dataset(opportunity=none, change=[]))) == 0
    with pytest.raises(TableNotFound, match="opportunity"):
        cc.analyse("stage_chain", cc.Dataset(stage=STAGES))
    with pytest.raises(ArgumentError, match="prior is a number above 0, got 0"):
        chain(history(*DEALS), prior=0)


def test_without_any_change_there_is_no_chain() -> None:
    """S5: closed deals alone tell of no stay that has ended, so neither the chain nor rates learnt from it are made up."""
    deals = [
        {"id": 1, "stage": "A", "outcome": "won", "created_at": at(1), "closed_at": at(3), "amount": 100},
        {"id": 2, "stage": "A", "outcome": "open", "created_at": at(1), "amount": 300},
    ]
    deals = [deal | {"expected_close": at(20), "probability": None} for deal in deals]
    data = cc.Dataset(opportunity=deals)

    for name, choices in (
        ("stage_chain", {}),
        ("revenue_forecast", {"rates": "stages"}),
        ("win_forecast", {"rates": "stages"}),
    ):
        with pytest.raises(TableNotFound, match=r"no table named 'change'.*chain is learnt.*unavailable \(S5\)"):
            cc.analyse(name, data, as_of=at(10), **choices)
    assert cc.analyse("revenue_forecast", data, as_of=at(10)).fact("open_deals") == 1


def test_labels_in_both_languages() -> None:
    """Headings, facts and notes in Chinese."""
    text = str(chain(history(*DEALS), by="owner").told("zh"))

    assert text.splitlines()[0].split()[:3] == ["销售人员", "阶段", "状态"]
    assert "转移" in text
