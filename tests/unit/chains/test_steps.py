"""Steps of a chain: counted as a replay in plain Python counts them, whatever deals do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmcore as cc
from crmcore.chains.stage_chains import stage_chains
from crmcore.chains.steps import ENDS

START = datetime(2026, 1, 1, tzinfo=UTC)
LAST = 40
NAMES = "ABC"
STAGES = [{"id": s, "order": n} for n, s in enumerate(NAMES)]

events = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from([*NAMES, "open", "won", "lost", "abandoned"])), max_size=6
)
histories = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(NAMES), events, st.sampled_from("xy")), max_size=5)


def at(day):
    return START + timedelta(days=day)


def dataset(deals):
    """Return deals, each (day of the creation, first stage, events (days later, stage or outcome), segment)."""
    rows, log = [], []
    for n, (day, stage, happened, segment) in enumerate(deals):
        row = {"id": n, "owner": segment, "stage": stage, "outcome": "open", "created_at": at(day), "closed_at": None}
        for later, new in happened:
            day += later
            field = "stage" if new in NAMES else "outcome"
            if row[field] != new:
                log.append(
                    {"table": "opportunity", "record": n, "field": field, "old": row[field], "new": new, "at": at(day)}
                )
                row[field] = new
                if field == "outcome":
                    row["closed_at"] = None if new == "open" else at(day)
        rows.append(row)
    columns = ("table", "record", "field", "old", "new", "at")
    return cc.Dataset(
        opportunity=rows or {c: [] for c in ("id", "owner", "stage", "outcome", "created_at", "closed_at")},
        change=log or {c: [] for c in columns},
        stage=STAGES,
    )


def replayed(deals):
    """Return what `Steps` says, as counts by stage or pair of stages, one event after the other."""
    seen = {name: Counter() for name in ("moves", "ends", "stays", "still", "back", "left", "days")}
    for day, first, happened, _ in deals:
        stage, outcome, since, now = first, "open", day, day
        seen["stays"][stage] += 1
        for later, new in happened:
            now += later
            if new in (stage, outcome):
                continue
            if outcome == "open":  # a stay ends
                seen["left"][stage] += 1
                seen["days"][stage] += now - since
                if new in NAMES:
                    seen["moves"][stage, new] += 1
                    seen["back"][stage] += new < stage
                else:
                    seen["ends"][stage, new] += 1
            stage, outcome = (new, outcome) if new in NAMES else (stage, new)
            if outcome == "open":
                seen["stays"][stage] += 1
                since = now
        if outcome == "open":
            seen["still"][stage] += 1
            seen["days"][stage] += LAST - since
    return {name: +counts for name, counts in seen.items()}


def counted(steps, labels):
    """Return the same of steps."""
    found = {
        n: Counter(dict(zip(labels, getattr(steps, n).tolist(), strict=True)))
        for n in ("stays", "still", "back", "left")
    }
    found["days"] = Counter({s: t / 86_400_000_000 for s, t in zip(labels, steps.spent.tolist(), strict=True)})
    found["moves"] = Counter(
        {(a, b): int(steps.moves[i, j]) for i, a in enumerate(labels) for j, b in enumerate(labels)}
    )
    found["ends"] = Counter({(a, e): int(steps.ends[i, k]) for i, a in enumerate(labels) for k, e in enumerate(ENDS)})
    return {name: +counts for name, counts in found.items()}


@settings(max_examples=60)
@given(histories)
def test_as_a_replay_counts_them(deals) -> None:
    """S3, S4, S6, O5: moves, ends, stays, steps back and days of random histories with reopenings; those of segments add up to all."""
    rows = cc.Workspace().view(dataset(deals), as_of=at(LAST)).rows("opportunity")
    found = stage_chains(rows, rows.key("owner"))

    assert counted(found.whole.steps, found.labels) == replayed(deals)
    assert found.labels == tuple(sorted({s for s, _ in counted(found.whole.steps, found.labels)["stays"].items()}))
    for label, part in zip(found.segments, found.parts, strict=True):
        assert counted(part.steps, found.labels) == replayed([d for d in deals if d[3] == label])
    for name in ("moves", "ends", "stays", "still", "back", "left", "spent"):
        parts = [getattr(p.steps, name) for p in found.parts]
        assert (sum(parts, np.zeros_like(getattr(found.whole.steps, name))) == getattr(found.whole.steps, name)).all()


@settings(max_examples=40)
@given(histories)
def test_a_large_prior_makes_segments_alike(deals) -> None:
    """The chain of a segment with a thousand million steps of all beside its own is that of all."""
    rows = cc.Workspace().view(dataset(deals), as_of=at(LAST)).rows("opportunity")
    key = rows.key("owner")
    far = stage_chains(rows, key, prior=1e9)

    for part in far.parts:
        assert part.solved.ends == pytest.approx(far.whole.solved.ends, abs=1e-6, nan_ok=True)
        assert part.days == pytest.approx(far.whole.days, rel=1e-6, nan_ok=True)


@settings(max_examples=40)
@given(histories, st.sampled_from([0.1, 2.0]))
def test_smoothing_makes_no_chain_and_ends_certainty(deals, smoothing) -> None:
    """R2: with smoothing the same stages have a chain; none of these is sure to win or to lose, and chances add up to 1."""
    rows = cc.Workspace().view(dataset(deals), as_of=at(LAST)).rows("opportunity")
    plain, smooth = stage_chains(rows), stage_chains(rows, smoothing=smoothing)
    sure = plain.whole.known

    assert smooth.whole.known.tolist() == sure.tolist()
    ends = smooth.whole.solved.ends[sure]
    assert ((ends[:, :2] > 0) & (ends[:, :2] < 1)).all()
    assert ends.sum(axis=1) == pytest.approx(np.ones(len(ends)))
