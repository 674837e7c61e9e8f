"""attribution_paths: 10,000 paths over 12 channels, with conversions, value and nulls; every model against its figures."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction

import pytest

from crmcore.analysis import attribution as at

MODELS = {
    "first": at.first_touch,
    "last": at.last_touch,
    "linear": at.linear,
    "linear_distinct": at.shapley,
    "position_40_20_40": at.position_based,
    "time_decay_halflife_1": at.time_decay_by_step,
    "markov": at.markov,
}

every_model = pytest.mark.parametrize(("figure", "model"), MODELS.items(), ids=list(MODELS))


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("attribution_paths")


@pytest.fixture(scope="module")
def journeys(read_set):
    """Return the journeys, from the columns of the host's own table."""
    table = read_set("attribution_paths")["journey"]
    return at.from_paths(table["path"], table["conversions"], nulls=table["nulls"], value=table["value"])


@pytest.fixture(scope="module")
def value_of_file(shared_data) -> Fraction:
    """Return the sum of the values in the file, each rounded half-even to nine decimals."""
    with (shared_data / "attribution_paths" / "Data.csv").open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter=";")
        step = Decimal("0.000000001")
        return sum((Fraction(Decimal(row["total_conversion_value"]).quantize(step)) for row in rows), Fraction(0))


def test_journeys_are_those_of_the_file(journeys, figures, value_of_file) -> None:
    """Q3: counts as published; a channel that follows itself is two touches; the value is the exact sum of the file."""
    totals = figures["totals"]

    assert journeys.channels == tuple(totals["channels"])
    assert len(journeys) == totals["rows"]
    assert journeys.codes.size == totals["touches"]
    assert int(journeys.lengths.max()) == totals["max_path_length"]
    assert journeys.credited == totals["conversions"]
    assert int(journeys.nulls.sum()) == totals["nulls"]
    assert int((journeys.conversions == 0).sum()) == totals["rows_zero_conv"]
    assert journeys.worth == value_of_file == Fraction("74802.971587208")


@every_model
def test_model_to_a_billionth(journeys, figures, figure, model) -> None:
    """Each channel's conversions and value to 1e-9, from an implementation in plain Python that shares no code."""
    found = model(journeys)

    for ours, theirs in ((found.conversions, "conversions"), (found.value, "value")):
        expected = figures[figure][theirs]
        assert dict(zip(found.channels, ours.tolist(), strict=True)) == pytest.approx(expected, rel=1e-9, abs=0)


@every_model
def test_money_adds_up_to_the_last_unit(journeys, figure, model, value_of_file) -> None:
    """W3: under every model the parts add up to the value exactly: at nine decimals, and rounded to cents."""
    found = model(journeys)
    finest = found.allocated()
    cents = found.allocated(digits=2)

    assert sum((Fraction(m.amount) for m in finest.values()), Fraction(0)) == value_of_file
    assert sum(m.amount for m in cents.values()) == Decimal("74802.97")
    for channel, credit in zip(found.channels, found.exact_value, strict=True):
        assert abs(Fraction(finest[channel].amount) - credit) < Fraction(1, 10**9)
        assert abs(Fraction(cents[channel].amount) - credit) < Fraction(1, 100)


def test_markov_chain_as_published(journeys, figures) -> None:
    """Removal effects and the probability of conversion to 1e-12, nulls and steps of a channel into itself included."""
    found = at.markov(journeys)
    expected = figures["markov"]
    effects = dict(zip(found.channels, found.removal_effect.tolist(), strict=True))

    assert effects == pytest.approx(expected["removal_effect"], rel=1e-12, abs=0)
    assert found.listing().fact("conversion_probability") == pytest.approx(expected["absorption"], rel=1e-12, abs=0)


def test_equal_rows_are_paths_of_their_own_or_one(journeys, read_set) -> None:
    """Paths that stand in several rows add up: 10,000 rows and their 5,408 different paths give the same credits."""
    table = read_set("attribution_paths")["journey"]
    label = [table["path"].labels[code] for code in table["path"].data.tolist()]
    merged: dict[str, list[int]] = {}
    for path, *numbers in zip(label, *(table[n].data.tolist() for n in ("conversions", "nulls", "value")), strict=True):
        sums = merged.setdefault(path, [0, 0, 0])
        merged[path] = [a + b for a, b in zip(sums, numbers, strict=True)]
    conversions, nulls, value = zip(*merged.values(), strict=True)
    one = at.from_paths(list(merged), conversions, nulls=nulls, value=[Decimal(v).scaleb(-9) for v in value])

    assert len(one) == 5_408
    for model in (at.linear, at.position_based, at.shapley, at.markov):
        assert model(one).exact == model(journeys).exact
        assert model(one).exact_value == model(journeys).exact_value
