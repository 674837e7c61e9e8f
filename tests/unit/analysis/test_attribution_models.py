"""Attribution models: published vectors, hand-worked journeys, and laws against brute force in fractions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, permutations
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.analysis import attribution as at
from crmcore.errors import ArgumentError
from crmcore.table.column import Column

CHANNELS = ("direct", "mail", "search", "展会")
HEURISTIC = {
    "first_touch": at.first_touch,
    "last_touch": at.last_touch,
    "last_non_direct": at.last_non_direct,
    "linear": at.linear,
    "position_based": at.position_based,
    "u_shaped": at.u_shaped,
    "w_shaped": at.w_shaped,
    "full_path": at.full_path,
    "time_decay_by_age": at.time_decay_by_age,
    "time_decay_by_step": at.time_decay_by_step,
    "shapley": at.shapley,
}
MODELS = {**HEURISTIC, "markov": at.markov}

every_model = pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
every_heuristic = pytest.mark.parametrize("model", HEURISTIC.values(), ids=list(HEURISTIC))


class Walk(NamedTuple):
    """One path with its counts; `lead` and `opportunity` are places of touches, -1 for none."""

    path: tuple[str, ...]
    conversions: int
    nulls: int
    cents: int
    lead: int
    opportunity: int


@st.composite
def walks(draw: Callable[..., Any], channels: Sequence[str] = CHANNELS) -> Walk:
    """Draw a path of at most six touches; an amount only where something converted."""
    path = tuple(draw(st.lists(st.sampled_from(channels), min_size=1, max_size=6)))
    conversions = draw(st.integers(0, 3))
    place = st.integers(-1, len(path) - 1)
    cents = draw(st.integers(-500, 10_000)) if conversions else 0
    return Walk(path, conversions, draw(st.integers(0, 3)), cents, draw(place), draw(place))


many = st.lists(walks(), max_size=8)


def journeys_of(rows: Sequence[Walk]) -> at.Journeys:
    """Return the journeys of walks, a day apart from touch to touch so that touches have ages too."""
    found = at.from_paths(
        [w.path for w in rows],
        [w.conversions for w in rows],
        nulls=[w.nulls for w in rows],
        value=[Decimal(w.cents).scaleb(-2) for w in rows],
        lead=[w.lead for w in rows],
        opportunity=[w.opportunity for w in rows],
    )
    return with_ages(found, [len(w.path) - 1 - i for w in rows for i in range(len(w.path))])


def with_ages(journeys: at.Journeys, days: Sequence[int]) -> at.Journeys:
    """Return journeys whose touches have these ages in days."""
    return attrs.evolve(journeys, ages=Column("duration", np.array(days, np.int64)))


def credits_of(found: at.Attribution) -> dict[Any, float]:
    """Return the conversions of the channels that have any."""
    return {c: x for c, x in zip(found.channels, found.conversions.tolist(), strict=True) if x}


# -- what is published --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vectors(shared_data) -> dict[str, Any]:
    """Return the vectors of this topic by id."""
    listed = json.loads((shared_data.parent / "vectors" / "vectors.json").read_text(encoding="utf-8"))
    return {v["id"]: v for v in listed if v["topic"] == "attribution"}


def test_every_vector_is_used(vectors) -> None:
    """The tests below take all vectors of the topic."""
    assert set(vectors) == {"attr-markov-google-mailing", "attr-heuristics", "attr-w-shaped"}


def test_markov_as_published(vectors) -> None:
    """Removal effects 0.75 and 0.5 at a probability of 0.8; four conversions are shared 2.4 to 1.6."""
    vector = vectors["attr-markov-google-mailing"]
    rows, expected = vector["input"]["paths"], vector["expected"]
    journeys = at.from_paths(
        [r["path"] for r in rows], [r["conversions"] for r in rows], nulls=[r["nulls"] for r in rows]
    )
    found = at.markov(journeys)

    assert found.listing().fact("conversion_probability") == pytest.approx(expected["p_conversion"], abs=1e-12)
    effects = dict(zip(found.channels, found.removal_effect.tolist(), strict=True))
    assert effects == pytest.approx(expected["removal_effect"], abs=1e-12)
    assert credits_of(found) == pytest.approx(expected["credit"], abs=1e-12)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("first", at.first_touch),
        ("last", at.last_touch),
        ("linear", at.linear),
        ("position_40_20_40", at.position_based),
    ],
)
def test_heuristics_as_published(vectors, name, model) -> None:
    """First, last, linear and 40/20/40, with one, two and three touches."""
    vector = vectors["attr-heuristics"]
    rows = vector["input"]["paths"]
    found = model(at.from_paths([r["path"] for r in rows], [r["conversions"] for r in rows]))

    assert credits_of(found) == pytest.approx(vector["expected"][name], abs=1e-9)


@pytest.mark.parametrize("name", ["u_shaped", "w_shaped", "full_path"])
def test_milestones_as_published(vectors, name) -> None:
    """Six touches of which the first, third, fifth and sixth are milestones; counted from 1 there and from 0 here."""
    vector = vectors["attr-w-shaped"]
    given_, expected = vector["input"], vector["expected"][name]
    touches = [f"t{i}" for i in range(1, given_["n_touches"] + 1)]
    journeys = at.from_paths([touches], [1], lead=[given_["lead"] - 1], opportunity=[given_["opportunity"] - 1])

    assert MODELS[name](journeys).conversions.tolist() == pytest.approx(expected, abs=1e-12)


# -- worked by hand -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (["mail", "search", "direct"], "search"),
        (["mail", "direct", "direct"], "mail"),
        (["direct", "direct"], "direct"),
        (["direct", None], None),
    ],
)
def test_last_non_direct(path, expected) -> None:
    """Direct touches are passed over; a journey of nothing else is credited to its last one; blank is not direct."""
    assert credits_of(at.last_non_direct(at.from_paths([path], [1]))) == {expected: 1.0}


def test_which_labels_are_direct_is_the_hosts_choice() -> None:
    """Other words, and several, may mean direct; the listing states them."""
    journeys = at.from_paths([["展会", "直接访问", "(none)"]], [1])
    found = at.last_non_direct(journeys, direct=["直接访问", "(none)"])

    assert credits_of(found) == {"展会": 1.0}
    assert credits_of(at.last_non_direct(journeys)) == {"(none)": 1.0}
    assert found.listing().fact("direct") == "直接访问, (none)"


def test_repeats_are_touches() -> None:
    """mail > mail > search is three touches: linear gives mail two thirds, Shapley one half."""
    journeys = at.from_paths(["mail > mail > search"], [6])

    assert credits_of(at.linear(journeys)) == {"mail": 4.0, "search": 2.0}
    assert credits_of(at.shapley(journeys)) == {"mail": 3.0, "search": 3.0}


@pytest.mark.parametrize(
    ("model", "lead", "opportunity", "expected"),
    [
        # lead on the first touch: 40 + 40, the two others share 20
        (at.u_shaped, 0, -1, ["8/10", "1/10", "1/10"]),
        # no lead: 40 and 20 are all there is, 60 becomes the whole
        (at.u_shaped, -1, -1, ["4/6", "1/6", "1/6"]),
        # all milestones on the first touch: 90, and 10 for the others
        (at.w_shaped, 0, 0, ["90/100", "5/100", "5/100"]),
        # each touch a milestone: no rest, 90 becomes the whole
        (at.w_shaped, 1, 2, ["1/3", "1/3", "1/3"]),
        # 30 first, 60 last, 10 between
        (at.w_shaped, 2, 2, ["3/10", "1/10", "6/10"]),
        # lead and opportunity in the middle: 22.5, 45, 22.5, no rest
        (at.full_path, 1, 1, ["1/4", "1/2", "1/4"]),
        # the last touch is the opportunity's and the closing one; the lead is unknown: 22.5, 10, 45 of 77.5
        (at.full_path, -1, 2, ["225/775", "100/775", "450/775"]),
    ],
)
def test_milestones_that_meet_add_and_what_is_missing_is_scaled_up(model, lead, opportunity, expected) -> None:
    """Three touches a, b, c; the shares sum to one whatever is missing (W3)."""
    found = model(at.from_paths(["a > b > c"], [1], lead=[lead], opportunity=[opportunity]))

    assert found.exact == tuple(map(Fraction, expected))


def test_decay_by_age_halves_per_half_life() -> None:
    """T2: touches 14, 7 and 0 days before weigh 1/4, 1/2 and 1 at a half-life of 7 days: 1/7, 2/7 and 4/7."""
    journeys = at.from_touches(
        key=["x"] * 3,
        channel=["a", "b", "c"],
        at=["2026-01-01", "2026-01-08", "2026-01-15"],
        converted=["x"],
        converted_at=["2026-01-15"],
    )

    assert at.time_decay_by_age(journeys).conversions.tolist() == pytest.approx([1 / 7, 2 / 7, 4 / 7], rel=1e-15)
    slow = at.time_decay_by_age(journeys, half_life_days=14)
    weights = [0.5, 2**-0.5, 1]
    assert slow.conversions.tolist() == pytest.approx([w / sum(weights) for w in weights], rel=1e-15)
    assert slow.listing().fact("half_life_days") == 14


def test_decay_by_age_is_the_same_however_long_ago() -> None:
    """A touch alone has all the credit, also where 2 ** -age is too small for a float."""
    journeys = at.from_touches(
        key=["x", "x"],
        channel=["a", "b"],
        at=["1999-01-01", "1999-01-02"],
        converted=["x"],
        converted_at=["2026-01-01"],
    )

    assert at.time_decay_by_age(journeys, half_life_days=1).conversions.tolist() == [1 / 3, 2 / 3]


def test_decay_by_step_goes_by_order_alone() -> None:
    """Half per touch that came after: 1/7, 2/7, 4/7; every second touch: 1, 1/sqrt 2, 1/2."""
    journeys = at.from_paths(["a > b > c"], [1])

    assert at.time_decay_by_step(journeys).conversions.tolist() == pytest.approx([1 / 7, 2 / 7, 4 / 7], rel=1e-15)
    weights = [0.5, 2**-0.5, 1]
    slow = at.time_decay_by_step(journeys, half_life_steps=2)
    assert slow.conversions.tolist() == pytest.approx([w / sum(weights) for w in weights], rel=1e-15)


def test_markov_without_any_conversion_is_undefined() -> None:
    """R2: no removal effect can be told, and nothing is credited."""
    found = at.markov(at.from_paths(["a > b"], [0], nulls=[5], value=[None]))

    assert np.isnan(found.removal_effect).all()
    assert found.conversions.tolist() == [0, 0]
    assert np.isnan(found.conversion_share).all()
    assert found.listing().fact("conversion_probability") == 0
    assert at.markov(at.from_paths(["a > b"], [0])).listing().fact("conversion_probability") is None


def test_nulls_change_removal_effects() -> None:
    """Ten failures of b alone make b less sure to convert, so that less is lost without a: 7/18 in place of 2/3.

    With them p = 2/13 (1/2 + 1/2 x 1/6) + 11/13 x 1/6 = 36/156; without a 22/156 are left, without b 12/156.
    """
    paths = ["a", "b", "a > b"]
    without = at.markov(at.from_paths(paths, [1, 1, 1]))
    nulls = at.markov(at.from_paths(paths, [1, 1, 1], nulls=[0, 10, 0]))

    assert without.removal_effect.tolist() == pytest.approx([2 / 3, 2 / 3], rel=1e-15)
    assert nulls.removal_effect.tolist() == pytest.approx([7 / 18, 2 / 3], rel=1e-15)
    assert nulls.listing().fact("conversion_probability") == pytest.approx(3 / 13, rel=1e-15)


def test_a_channel_every_conversion_goes_through_has_a_removal_effect_of_one() -> None:
    """Without it nothing converts, and the quotient does not pass 1 by a rounding."""
    paths = ["gate > gate", "a > gate", "b > gate > gate"]
    found = at.markov(at.from_paths(paths, [4, 1, 7], nulls=[1, 8, 6]))

    assert dict(zip(found.channels, found.removal_effect.tolist(), strict=True))["gate"] == 1


@every_model
def test_no_journey_at_all(model) -> None:
    """R2: nothing in, no channel out, and the totals are 0."""
    found = model(journeys_of([]))

    assert found.channels == ()
    assert found.conversions.tolist() == []
    assert found.allocated() == {}
    assert len(found.listing()) == 0
    assert found.listing().fact("conversions") == 0


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda j: at.time_decay_by_age(j), "needs the time of each touch, and paths have none; time_decay_by_step"),
        (lambda j: at.u_shaped(j), "u_shaped needs the touch that made the lead: give lead= to from_paths"),
        (lambda j: at.w_shaped(j), "w_shaped needs the touch that made the lead"),
        (lambda j: at.full_path(j), "full_path needs the touch that made the lead"),
        (lambda j: at.time_decay_by_step(j, half_life_steps=0), "half_life_steps is a number above 0, got 0"),
        (lambda j: at.time_decay_by_step(j, half_life_steps=True), "above 0, got True"),
        (lambda j: at.time_decay_by_age(j, half_life_days=float("nan")), "half_life_days is a number above 0, got nan"),
        (
            lambda j: at.time_decay_by_step(j, half_life_steps="a week"),
            "half_life_steps is a number above 0, got 'a week'",
        ),
        (lambda j: at.time_decay_by_step(j, half_life_steps="-1"), "above 0, got '-1'"),
        (lambda j: at.time_decay_by_step(j, half_life_steps=[1]), r"above 0, got \[1\]"),
        (lambda j: at.last_non_direct(j, direct=[]), "direct is the label of direct touches"),
        (lambda j: at.last_non_direct(j, direct=None), "got None"),
    ],
)
def test_what_a_model_lacks_is_said(build, message) -> None:
    """A choice that means nothing, or journeys that lack what a model goes by, are errors at the call."""
    with pytest.raises(ArgumentError, match=message):
        build(at.from_paths(["a > b"], [1]))


def test_a_half_life_may_be_a_text() -> None:
    """As `--choose half_life_steps=0.5` gives it: with a half-life of half a step, "a" has 4 ** -1 of what "b" has."""
    found = at.time_decay_by_step(at.from_paths(["a > b"], [5]), half_life_steps="0.5")

    assert found.conversions.tolist() == [1, 4]


# -- laws ---------------------------------------------------------------------------------------------


@every_model
@given(rows=many)
@example(rows=[Walk(("mail", "mail"), 1, 0, -3, 0, 1), Walk(("search",), 2, 1, 3, -1, -1)])
def test_credits_sum_to_what_there_is(model, rows) -> None:
    """W3: conversions sum to those of all journeys, and money to the amount, to the cent."""
    journeys = journeys_of(rows)
    found = model(journeys)

    assert sum(found.conversions.tolist()) == pytest.approx(sum(w.conversions for w in rows), rel=1e-12, abs=1e-12)
    assert sum((m.amount for m in found.allocated().values()), Decimal(0)) == Decimal(sum(w.cents for w in rows)) / 100
    if model not in (at.time_decay_by_age, at.time_decay_by_step, at.markov):
        assert sum(found.exact) == sum(w.conversions for w in rows)
        assert sum(found.exact_value) == Fraction(sum(w.cents for w in rows), 100)


@every_model
@given(rows=many, seed=st.randoms(use_true_random=False))
def test_order_of_rows_makes_no_difference(model, rows, seed) -> None:
    """S4 in spirit: shuffled rows, and rows split in two, give the same credits to the last bit."""
    shuffled = [
        w._replace(conversions=part, cents=cents, nulls=nulls) for w in rows for part, nulls, cents in halves(w)
    ]
    seed.shuffle(shuffled)
    one, other = model(journeys_of(rows)), model(journeys_of(rows[::-1]))
    split = model(journeys_of(shuffled))

    assert one.exact == other.exact
    assert one.allocated() == other.allocated()
    if model not in (at.time_decay_by_age, at.time_decay_by_step):  # a product of floats is rounded row by row
        assert one.exact == split.exact
        assert one.exact_value == split.exact_value
    assert one.conversions.tolist() == pytest.approx(split.conversions.tolist(), rel=1e-14, abs=1e-14)


def halves(walk: Walk) -> list[tuple[int, int, int]]:
    """Return the counts of a row as those of two rows that add up to them."""
    if not walk.conversions:
        return [(0, walk.nulls, 0)]
    return [(1, walk.nulls, walk.cents), (walk.conversions - 1, 0, 0)]


@every_heuristic
@given(rows=st.lists(st.tuples(st.sampled_from(CHANNELS), st.integers(0, 5)), min_size=1, max_size=6))
def test_journeys_of_one_touch_are_the_same_everywhere(model, rows) -> None:
    """All models that go by the journey alone credit its only touch in full."""
    journeys = journeys_of([Walk((channel,), n, 1, 0, 0, 0) for channel, n in rows])

    assert model(journeys).exact == at.first_touch(journeys).exact


def shares_by_hand(name: str, walk: Walk) -> list[Fraction]:
    """Return the share of each touch of a path, written out as the model is told."""
    n, whole = len(walk.path), Fraction(1)
    if name == "linear":
        return [whole / n] * n
    if name in ("first_touch", "last_touch"):
        return [whole * (i == (0 if name == "first_touch" else n - 1)) for i in range(n)]
    if name == "last_non_direct":
        others = [i for i, c in enumerate(walk.path) if c != "direct"]
        return [whole * (i == (others or [n - 1])[-1]) for i in range(n)]
    if name.startswith("time_decay"):
        weights = [Fraction(2) ** (i if name.endswith("step") else Fraction(i)) for i in range(n)]
        return [w / sum(weights) for w in weights]
    marks = {
        "position_based": ([0, n - 1], 400, 200),
        "u_shaped": ([0, walk.lead], 400, 200),
        "w_shaped": ([0, walk.lead, walk.opportunity], 300, 100),
        "full_path": ([0, walk.lead, walk.opportunity, n - 1], 225, 100),
    }
    places, each, rest = marks[name]
    raw = [Fraction(each * places.count(i)) for i in range(n)]
    free = [i for i in range(n) if not raw[i]]
    for i in free:
        raw[i] = Fraction(rest, len(free))
    return [r / sum(raw) for r in raw]


@pytest.mark.parametrize("name", [n for n in HEURISTIC if n not in ("shapley", "time_decay_by_age")])
@given(rows=many)
def test_models_by_position_equal_their_definition(name, rows) -> None:
    """Every model that goes by places equals the sum over paths of the shares written out, in fractions."""
    found = HEURISTIC[name](journeys_of(rows))
    expected = dict.fromkeys(found.channels, Fraction(0))
    for walk in rows:
        for channel, share in zip(walk.path, shares_by_hand(name, walk), strict=True):
            expected[channel] += share * walk.conversions

    if name == "time_decay_by_step":
        assert [float(e) for e in expected.values()] == pytest.approx(found.conversions.tolist(), rel=1e-14)
    else:
        assert tuple(expected.values()) == found.exact


@given(rows=many)
def test_shapley_equals_the_mean_over_all_orders(rows) -> None:
    """Brute force: what each channel adds to v(S) = conversions inside S, averaged over all orders of coming in."""
    found = at.shapley(journeys_of(rows))
    channels = found.channels
    orders = list(permutations(channels))

    def worth(inside: Sequence[str]) -> int:
        return sum(w.conversions for w in rows if set(w.path) <= set(inside))

    for channel, credit in zip(channels, found.exact, strict=True):
        added = [worth(o[: o.index(channel) + 1]) - worth(o[: o.index(channel)]) for o in orders]
        assert credit == Fraction(sum(added), len(orders))


def absorption(rows: Sequence[Walk], removed: str | None) -> Fraction:
    """Return the probability of conversion of the chain, each step into the removed channel leading to null."""
    counts: dict[str, dict[str, int]] = {}
    for walk in rows:
        for end, n in (("(conversion)", walk.conversions), ("(null)", walk.nulls)):
            states = ["(start)", *walk.path, end]
            for a, b in pairwise(states):
                row = counts.setdefault(a, {})
                row[b] = row.get(b, 0) + n
    states = [s for s in counts if sum(counts[s].values())]
    if "(start)" not in states:
        return Fraction(0)
    # p(s) - sum of q(s, t) p(t) = q(s, conversion), by Gauss and Jordan in fractions
    system = []
    for s in states:
        total = sum(counts[s].values())
        q = {b: Fraction(n, total) for b, n in counts[s].items() if b != removed}
        system.append([Fraction(s == t) - q.get(t, 0) for t in states] + [q.get("(conversion)", Fraction(0))])
    for k in range(len(states)):
        pivot = next(i for i in range(k, len(states)) if system[i][k])
        system[k], system[pivot] = system[pivot], system[k]
        system[k] = [v / system[k][k] for v in system[k]]
        for i in range(len(states)):
            if i != k and system[i][k]:
                system[i] = [v - system[i][k] * w for v, w in zip(system[i], system[k], strict=True)]
    return system[states.index("(start)")][-1]


@given(rows=st.lists(walks(("a", "b", "c")), max_size=6))
def test_markov_equals_one_chain_per_removed_channel(rows) -> None:
    """Brute force: the chain is solved in fractions with each channel taken out; credits follow 1 - p_without / p."""
    found = at.markov(journeys_of(rows))
    p = absorption(rows, None)
    if not p:
        assert found.conversions.tolist() == [0] * len(found.channels)
        return
    effects = [1 - absorption(rows, channel) / p for channel in found.channels]
    total = sum(w.conversions for w in rows)

    assert found.removal_effect.tolist() == pytest.approx([float(e) for e in effects], rel=1e-12, abs=1e-12)
    expected = [float(e / sum(effects) * total) for e in effects]
    assert found.conversions.tolist() == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(
    rows=st.lists(
        st.tuples(st.lists(st.integers(0, 400), min_size=1, max_size=5), st.integers(0, 3)), min_size=1, max_size=5
    ),
    life=st.floats(0.5, 60),
)
def test_decay_by_age_equals_its_formula(rows, life) -> None:
    """2 ** -(age / half-life) over the sum of its journey, written out touch by touch."""
    paths = [[CHANNELS[i % 4] for i in range(len(ages))] for ages, _ in rows]
    days = [sorted(ages, reverse=True) for ages, _ in rows]
    journeys = with_ages(at.from_paths(paths, [n for _, n in rows]), [a for ages in days for a in ages])
    found = at.time_decay_by_age(journeys, half_life_days=life)
    expected = dict.fromkeys(found.channels, 0.0)
    for path, ages, (_, n) in zip(paths, days, rows, strict=True):
        weights = [2 ** (-(a - ages[-1]) / life) for a in ages]
        for channel, w in zip(path, weights, strict=True):
            expected[channel] += n * w / sum(weights)

    assert found.conversions.tolist() == pytest.approx(list(expected.values()), rel=1e-12, abs=1e-300)


def test_sums_stay_exact_beyond_an_int64() -> None:
    """Q3: amounts near the end of int64, over many touches: the credits and their sum are exact."""
    big = 4 * 10**18
    value = Column("money", np.array([big, big + 1, -7]))
    journeys = at.from_paths(["a > b > a", "b", "a > b"], [1, 1, 1], value=value)
    found = at.linear(journeys)

    assert found.exact_value == (Fraction(2 * big, 3) - Fraction(7, 2), Fraction(big, 3) + big + 1 - Fraction(7, 2))
    assert sum(m.amount for m in found.allocated().values()) == 2 * big + 1 - 7


def test_many_channels_and_lengths_are_summed_sparsely() -> None:
    """Paths of 1 to 100 touches, each over channels of its own: few of the cells of channel and length are used."""
    paths = [[f"{n:03} {i:03}" for i in range(n)] for n in range(1, 101)]
    found = at.linear(at.from_paths(paths, range(1, 101)))

    assert len(found.channels) == 5_050
    assert set(found.exact) == {Fraction(1)}  # n conversions over n touches


def test_all_models_are_listed() -> None:
    """The package gives the models of these tests, and no other."""
    known = {*MODELS, "Attribution", "Journeys", "from_paths", "from_touches"}

    assert set(at.__all__) == known
    assert [m.__name__ for m in MODELS.values()] == list(MODELS)
