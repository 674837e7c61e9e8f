"""Records are frozen values that refuse what their fields cannot mean."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import attrs
import pytest

from crmcore.domain import (
    RECORDS,
    Activity,
    Change,
    Cost,
    Forecast,
    Lead,
    Membership,
    Money,
    Opportunity,
    Pipeline,
    Response,
    Seller,
    Split,
    Stage,
    Target,
    Version,
)
from crmcore.errors import DefinitionError

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_record_is_a_value() -> None:
    """Two records with equal fields are equal with one hash; another field or another kind makes them differ."""
    one, two = Lead("7", source="web"), Lead("7", source="web")

    assert one == two
    assert hash(one) == hash(two)
    assert one != Lead("7", source="fair")
    assert Lead("7") != Opportunity("7")
    assert Lead("7") != "7"


def test_a_record_is_frozen_and_slotted() -> None:
    """A field cannot be set, and no other attribute either."""
    lead = Lead("7")
    with pytest.raises(AttributeError):
        lead.source = "web"
    assert not hasattr(lead, "__dict__")


def test_a_record_can_be_evolved_copied_and_pickled() -> None:
    """attrs.evolve, copies and pickles give full records back."""
    deal = Opportunity("7", amount=Money("10", "EUR"), created_at=NOON)

    assert attrs.evolve(deal, name="Roof").name == "Roof"
    assert copy.deepcopy(deal) == deal == pickle.loads(pickle.dumps(deal))


def test_text_shows_what_was_given() -> None:
    """repr() shows the fields that differ from their default, in the order of the definition."""
    assert repr(Opportunity("7", owner="anna", name="Roof")) == "Opportunity(id='7', name='Roof', owner='anna')"


def test_only_the_id_may_stand_by_position() -> None:
    """What has a default is keyword-only, so that fields may be added without moving others."""
    with pytest.raises(TypeError):
        Lead("7", "Anna")


@pytest.mark.parametrize("outcome", ["open", "won", "lost", "abandoned"])
def test_the_four_outcomes(outcome: str) -> None:
    """O1: open, won, lost and abandoned are outcomes, with or without a close date where closed."""
    assert Opportunity("7", outcome=outcome).closed == (outcome != "open")


def test_another_outcome_is_refused_with_the_nearest() -> None:
    """O1: any other word is refused; the message has the record, the value, the choices and the nearest."""
    with pytest.raises(DefinitionError) as caught:
        Opportunity("7", outcome="wonn")

    assert str(caught.value) == (
        "Opportunity '7': outcome 'wonn' is not one of open, won, lost, abandoned; did you mean 'won'?"
    )
    assert (caught.value.record, caught.value.field, caught.value.value) == ("Opportunity", "outcome", "wonn")


def test_a_word_near_nothing_gets_no_guess() -> None:
    """A word unlike all choices gets the list alone."""
    with pytest.raises(DefinitionError, match=r"lost, abandoned$"):
        Opportunity("7", outcome="???")


def test_closed_at_exists_only_while_closed() -> None:
    """O4: a close date on an open opportunity is refused and sent to expected_close; beside an outcome it stands."""
    with pytest.raises(DefinitionError, match=r"closed_at .* stands on an open opportunity; .* expected_close"):
        Opportunity("7", closed_at=date(2026, 3, 1))

    assert Opportunity("7", expected_close=date(2026, 3, 1)).closed_at is None
    assert Opportunity("7", outcome="abandoned", closed_at=NOON).closed_at == NOON


def test_a_negative_cycle_is_data_not_an_error() -> None:
    """T3: closed before created is an issue of the data that is counted later; the record takes it."""
    deal = Opportunity("7", outcome="won", created_at=date(2026, 3, 2), closed_at=date(2026, 3, 1))

    assert deal.closed_at == date(2026, 3, 1)


def test_conversion_date_needs_the_flag() -> None:
    """A conversion date on a lead that is not converted is a contradiction; the flag alone is not."""
    with pytest.raises(DefinitionError, match="give converted=True with it"):
        Lead("7", converted_at=NOON)

    assert Lead("7", converted=True).converted_at is None


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("created_at", datetime(2026, 3, 2, 12), "has no time zone; give a date, or a datetime with a time zone"),
        ("created_at", "2026-03-02", "is not a date, or a datetime with a time zone"),
        ("name", 7, "is not text"),
        ("amount", 10.5, "is not Money"),
        ("amount", Decimal(10), "is not Money"),
        ("probability", 0.3, "is not an int, Decimal or Fraction from 0 to 1"),
        ("probability", 30, "is not an int, Decimal or Fraction from 0 to 1"),
        ("probability", Decimal("NaN"), "is not an int, Decimal or Fraction from 0 to 1"),
        ("deleted", 1, "is not True or False"),
        ("deleted", None, "is missing; give True or False"),
        ("push_count", 1.0, "is not a whole number"),
        ("push_count", True, "is not a whole number"),
        ("reopened", -1, "is below 0"),
        ("term_months", 0, "is below 1"),
        ("score", float("nan"), "is not a number"),
        ("score", "high", "is not a number"),
        ("owner", 1.5, "is not text or a whole number"),
        ("region", date(2026, 1, 1), "is not text or a whole number"),
        ("forecast_category", "Commit", "is not one of pipeline, best_case, commit, closed, omitted"),
    ],
)
def test_fields_refuse_what_they_cannot_mean(field: str, value: object, why: str) -> None:
    """T1, T2, M1, Q3: naive times, floats in exact fields and words that are none are refused, with what is right."""
    with pytest.raises(DefinitionError) as caught:
        Opportunity("7", **{field: value})

    assert f"Opportunity '7': {field} {value!r} {why}" in str(caught.value)


@pytest.mark.parametrize("value", [None, "", 1.5, True])
def test_an_id_is_text_or_a_whole_number(value: object) -> None:
    """An id is never blank; hosts with numeric keys give them as they are."""
    with pytest.raises(DefinitionError, match="text or a whole number"):
        Lead(value)
    assert Lead(7).id == 7


@pytest.mark.parametrize("value", [0, 1, Decimal("0.3"), Fraction(1, 3)])
def test_probabilities_are_exact(value: object) -> None:
    """M4: 0 and 1 are probabilities, and so is any exact number between."""
    assert Opportunity("7", probability=value).probability == value


def test_dates_stay_dates() -> None:
    """T2: a date is kept as a date, an instant with its own zone."""
    lead = Lead("7", created_at=date(2026, 3, 2), assigned_at=NOON)

    assert type(lead.created_at) is date
    assert lead.assigned_at is NOON


def test_activities_count_one_by_default() -> None:
    """An activity stands for one piece of work unless the source counts more; its duration is a timedelta."""
    assert Activity("7", kind="call").quantity == 1
    assert Activity("7", duration=timedelta(minutes=30)).duration == timedelta(seconds=1800)
    with pytest.raises(DefinitionError, match="duration 30 is not a timedelta"):
        Activity("7", duration=30)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Target(metric="won_value", start=date(2026, 4, 1), end=date(2026, 4, 1)),
        lambda: Forecast(start=date(2026, 4, 1), end=date(2026, 3, 1)),
        lambda: Membership(seller="a", team="b", start=date(2026, 4, 1), end=date(2026, 4, 1)),
        lambda: Cost(start=date(2026, 4, 1), end=date(2026, 4, 1)),
    ],
)
def test_periods_are_half_open(make) -> None:
    """T1: a period ends on the first day outside it, so an end at the start holds no day and is refused."""
    with pytest.raises(DefinitionError, match="the end is the first day outside"):
        make()


@pytest.mark.parametrize(
    ("scope", "field"), [("seller", "owner"), ("team", "team"), ("account", "account"), ("product", "product")]
)
def test_a_target_says_whose_it_is(scope: str, field: str) -> None:
    """M8: targets of persons, teams and the organisation are separate populations; each but the last names its own."""
    period = {"metric": "won_value", "start": date(2026, 1, 1), "end": date(2026, 4, 1)}
    with pytest.raises(DefinitionError, match=f"scope '{scope}' needs {field}"):
        Target(scope=scope, **period)

    assert getattr(Target(scope=scope, **{field: "x"}, **period), field) == "x"
    assert Target(**period).scope == "organisation"


def test_required_fields_have_no_default() -> None:
    """A target without a period, or a split without a share, is not made at all."""
    with pytest.raises(TypeError):
        Target(metric="won_value")
    with pytest.raises(DefinitionError, match="seller None is missing"):
        Split(opportunity="1", seller=None, share=1)


def test_nps_scores_run_from_0_to_10() -> None:
    """An NPS answer of 11 is refused; a CSAT scale is the host's own; no score is no answer."""
    with pytest.raises(DefinitionError, match="score 11 is not from 0 to 10"):
        Response(kind="nps", score=11)

    assert Response(kind="csat", score=100).score == 100
    assert Response(kind="nps").score is None


def test_a_change_takes_values_of_any_type() -> None:
    """The old and new value of a change are what the field holds; its instant and record are required."""
    change = Change(table="opportunity", record="7", field="amount", old=None, new=Money(1, "EUR"), at=NOON)

    assert (change.new, change.sequence, change.actor) == (Money(1, "EUR"), 0, None)
    with pytest.raises(DefinitionError, match="at None is missing"):
        Change(table="opportunity", record="7", field="amount", at=None)


def test_sellers_and_products_are_active_unless_said() -> None:
    """A flag that is True by default is kept, and may be given."""
    assert Seller("a").active
    assert not Seller("a", active=False).active


def test_versions_end_at_a_moment() -> None:
    """S1: a version of a pipeline ends at a date or an aware instant."""
    with pytest.raises(DefinitionError, match="until 2026 is not a date"):
        Version(until=2026, stages=())


@pytest.mark.parametrize(
    ("stages", "earlier", "why"),
    [
        ([], (), r"stages \[\] is not a tuple"),
        (("new",), (), "'new' is not a Stage"),
        ((Stage("a"), Stage("a")), (), "has two stages 'a'"),
        ((Stage("a", pipeline="other"),), (), "is not a stage of pipeline 'p'"),
        ((), (Version(date(2026, 1, 1), ()), Version(date(2026, 1, 1), ())), "does not follow"),
        ((), (Version(date(2026, 1, 1), (Stage("a"), Stage("a"))),), "has two stages 'a'"),
    ],
)
def test_pipelines_refuse_stages_that_contradict(stages, earlier, why: str) -> None:
    """S1: ids are unique in each version, stages belong to the pipeline, versions follow each other."""
    with pytest.raises(DefinitionError, match=why):
        Pipeline("p", stages=stages, earlier=earlier)


@pytest.mark.parametrize("table", sorted(RECORDS))
def test_every_record_has_its_id_first(table: str) -> None:
    """The first field of each record is its id."""
    assert attrs.fields(RECORDS[table])[0].name == "id"
