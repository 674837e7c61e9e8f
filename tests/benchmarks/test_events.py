"""The log of stages that the benchmarks draw, the expected results on it, and that our side and the peers give them."""

from collections import defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from benchmarks.agreement import Disagreement, check
from benchmarks.data import OPEN, WON, generate
from benchmarks.events import MONTH_STARTS, NONE, STAGES, bytes_of, filled, history, transitions
from benchmarks.reference_history import expected_history
from benchmarks.sides import OURS, build_history

from benchmarks import compare


@pytest.fixture(scope="module")
def events():
    return history(generate(500, seed=3))


@pytest.fixture(scope="module")
def by_deal(events):
    found = defaultdict(list)
    for deal, stage, at in zip(events.deal.tolist(), events.stage.tolist(), events.at.tolist(), strict=True):
        found[deal].append((at, stage))
    return found


def read(expected):
    """Return an expected result as {key: {column: fraction}}."""
    rows = zip(*(k.tolist() for k in expected.keys.values()), strict=True)
    return {
        key: {n: Fraction(int(c.num[at]), int(c.den[at])) for n, c in expected.columns.items()}
        for at, key in enumerate(rows)
    }


def test_moves_are_the_row_by_row_ones(events, by_deal):
    """Q3 equals moves and seconds collected deal by deal (S1, S3)."""
    spent = defaultdict(list)
    for told in by_deal.values():
        for (at, stage), (then, into) in pairwise(told):
            spent[stage, into].append(int((then - at).total_seconds()))
    wanted = {
        key: {"moves": len(all_), "seconds": sum(all_), "mean_days": Fraction(sum(all_), 86_400 * len(all_))}
        for key, all_ in spent.items()
    }
    assert read(expected_history(events)["Q3"]) == wanted


def test_open_values_are_those_of_a_replay(events, by_deal):
    """Q5 equals the amounts of the deals whose last event before each month-end is an open stage (T4, O8)."""
    wanted = {}
    for month in range(36):
        end = datetime(2022 + (month + 1) // 12, (month + 1) % 12 + 1, 1, tzinfo=UTC).replace(tzinfo=None)
        value = dict.fromkeys(range(STAGES), 0)
        for deal, told in by_deal.items():
            seen = [stage for at, stage in told if at < end]
            if seen and seen[-1] < STAGES:
                value[seen[-1]] += int(events.amount[deal])
        wanted |= {(stage, month): {"open_value": total} for stage, total in value.items()}
    assert read(expected_history(events)["Q5"]) == wanted


def test_the_log_is_the_described_one(by_deal):
    """Deals are in stage 0 when they are created, pass about 4.7 stages in time order, and end as they are today."""
    data = generate(100_000)
    events = history(data)
    assert 4.6 < events.size / data.rows < 4.75
    assert (np.diff(events.at.view(np.int64)) >= 0).all()
    assert bytes_of(events) == {"Q3": 13 * events.size, "Q5": 13 * events.size + 8 * data.rows}
    last = np.zeros(data.rows, np.int8)
    last[events.deal] = events.stage
    assert ((last == STAGES) == (data.outcome == WON)).all()
    assert ((last < STAGES) == (data.outcome == OPEN)).all()
    for told in by_deal.values():
        assert told[0][1] == 0
        assert all(a[0] < b[0] and a[1] != b[1] for a, b in pairwise(told))


def test_what_peers_keep_is_what_came_before(events, by_deal):
    """The prepared columns hold each deal's stage and seconds before an event, and its month."""
    kept = transitions(events)
    places = defaultdict(int)
    for at, deal in enumerate(events.deal.tolist()):
        number = places[deal]
        places[deal] += 1
        moment, into = by_deal[deal][number]
        before, out = by_deal[deal][number - 1] if number else (moment, NONE)
        month = (moment.year - 2022) * 12 + moment.month - 1
        assert (kept.out[at], kept.into[at], kept.seconds[at]) == (out, into, int((moment - before).total_seconds()))
        assert (kept.month[at], kept.amount[at]) == (month, events.amount[deal])
        assert kept.key[at] == month * 128 + out * 8 + into
        assert kept.pair[at] == (-1 if out == NONE else out * 8 + into)
    assert len(MONTH_STARTS) == 37


def test_months_without_an_event_keep_their_value():
    """A running total says nothing where nothing happened; a snapshot without a row is 0."""
    said = {"stage": np.array([1, 1]), "month": np.array([2, 5]), "open_value": np.array([7, 3])}
    running, snapshots = (filled(said, kind)["open_value"].reshape(STAGES, 36)[1].tolist() for kind in (True, False))
    assert running == [0, 0, 7, 7, 7] + [3] * 31
    assert snapshots == [0, 0, 7, 0, 0, 3] + [0] * 30


def test_our_side_gives_the_expected_numbers(events):
    """Moves and open values, kept and derived anew, are the exact ones."""
    wanted = expected_history(events)
    lineup = build_history(events, [OURS])
    assert [v.name for v in lineup.variants] == ["crmcore measure"] * 2 + ["crmcore derived anew"] * 2
    for variant in lineup.variants:
        for _ in range(2):
            for query, columns in variant.read(variant.call()).items():
                assert check(variant.name, query, columns, wanted[query], strict=True).ulps == 0
    assert set(lineup.loading) == {f"crmcore history, {step}" for step in ("ingest", "logs", "stays and moves")}


@pytest.mark.parametrize(("query", "column"), [("Q3", "moves"), ("Q3", "seconds"), ("Q5", "open_value")])
def test_a_wrong_number_is_refused(events, query, column):
    """One move, one second or one cent too many does not pass."""
    wanted = expected_history(events)[query]
    columns = wanted.keys | {name: exact.rounded() for name, exact in wanted.columns.items()}
    check("x", query, columns, wanted)
    columns[column] = columns[column] + np.eye(1, columns[column].size)[0]
    with pytest.raises(Disagreement, match=column):
        check("x", query, columns, wanted)


def test_the_program_shows_both(capsys):
    """The comparison prints both queries with their targets, and what deriving took."""
    compare.main(["--rows", "300", "--rounds", "1", "--query", "Q3", "Q5", "--peers", "pandas"])
    out = capsys.readouterr().out
    assert "All 6 results equal the exact reference." in out
    assert "crmcore history, logs" in out
    assert "events in the log of stages" in out
