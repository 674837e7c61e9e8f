"""One definition serves records and columns: the metadata of the fields is complete and consistent."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

import crmcore.domain as domain
from crmcore.domain import COLUMN_KINDS, RECORDS, REVERTS, Change, Field, Money, Opportunity, Pipeline, fields_of
from crmcore.domain.fields import instant

TABLES = sorted(RECORDS)


def test_the_tables() -> None:
    """There are 25 tables, each with a record class of its own; a name that is none raises KeyError."""
    assert len(RECORDS) == len(set(RECORDS.values())) == 25
    assert RECORDS["order_line"].__name__ == "OrderLine"
    assert "deal" not in RECORDS
    assert RECORDS.get("deal") is None
    assert "order_line" in repr(RECORDS)


@pytest.mark.parametrize("table", TABLES)
def test_fields_have_a_kind_and_refer_to_tables(table: str) -> None:
    """Each column is of a known kind; a reference is a key and names a table; names carry no `_id`."""
    for field in fields_of(RECORDS[table]):
        assert field.kind in COLUMN_KINDS
        assert (field.kind == "id") == (field.name == "id")
        assert not field.name.endswith("_id")
        if field.references is not None:
            assert (field.kind, field.references in RECORDS) == ("key", True)


@pytest.mark.parametrize("table", TABLES)
def test_at_most_one_instant_brings_a_record_into_being(table: str) -> None:
    """O9: one field at most says when a record comes to exist, and it is a date or instant."""
    exists = [f for f in fields_of(RECORDS[table]) if f.exists]

    assert len(exists) <= 1
    assert {f.kind for f in fields_of(RECORDS[table]) if f.exists or f.recorded} <= {"day", "instant", "moment"}


@pytest.mark.parametrize("table", TABLES)
def test_default_dates_are_never_expectations(table: str) -> None:
    """T8: expected close, due dates, period ends and start dates never count for the default as-of date."""
    recorded = {f.name for f in fields_of(RECORDS[table]) if f.recorded}

    assert (
        recorded & {"expected_close", "due", "start", "end", "valid_until", "valid_from", "active_to", "left"} == set()
    )


def test_recorded_instants_of_the_main_tables() -> None:
    """T8: created, converted, closed, changed, done and paid count."""
    recorded = {t: {f.name for f in fields_of(RECORDS[t]) if f.recorded} for t in TABLES}

    assert recorded["lead"] == {"created_at", "converted_at", "lost_at", "changed_at"}
    assert recorded["opportunity"] == {"created_at", "stage_entered_at", "closed_at", "first_won_at", "changed_at"}
    assert recorded["activity"] == {"done"}
    assert recorded["invoice"] == {"issued_at", "paid_at"}
    assert recorded["change"] == {"at", "recorded_at"}


def test_a_field_says_all_of_its_column() -> None:
    """The facts of a field come in one tuple: name, kind, reference, recorded, exists, default."""
    fields = {f.name: f for f in fields_of(Opportunity)}

    assert fields["created_at"] == ("created_at", "moment", None, True, True, None)
    assert fields["owner"] == Field("owner", "key", "seller", False, False, None)
    assert fields["outcome"].default == "open"
    assert fields["id"].default is attrs.NOTHING
    assert [f.name for f in fields_of(Pipeline)] == ["id", "name"]


SAMPLES = {
    "id": "1",
    "key": "a",
    "text": "a",
    "instant": datetime(2026, 1, 1, tzinfo=UTC),
    "day": date(2026, 1, 1),
    "moment": date(2026, 1, 1),
    "money": Money(1),
    "probability": Decimal("0.5"),
    "duration": timedelta(1),
    "flag": True,
    "count": 1,
    "number": Decimal(1),
    "score": 0.5,
}


def sample(table: str, field: Field) -> object:
    """Return a value that the field takes."""
    choices = getattr(attrs.fields(RECORDS[table]), field.name).metadata.get("choices")
    if choices:
        return choices[0]
    if field.name in ("end", "to_currency"):
        return {"end": date(2027, 1, 1), "to_currency": "b"}[field.name]
    return SAMPLES[field.kind]


@pytest.mark.parametrize("table", TABLES)
def test_each_kind_takes_its_values_and_no_other(table: str) -> None:
    """Every field takes a value of its kind and refuses an object of none, whatever the record."""
    record = RECORDS[table]
    required = {f.name: sample(table, f) for f in fields_of(record) if f.default is attrs.NOTHING}
    beside = {"outcome": "won", "converted": True, "owner": "x", "scope": "seller"}
    given = {k: v for k, v in beside.items() if k in {f.name for f in fields_of(record)}}
    if table == "activity":
        given["outcome"] = "reached"

    for field in fields_of(record):
        values = {**required, **({"id": "1"} if field.name != "id" else {}), **given}
        made = record(**{**values, field.name: sample(table, field)})
        assert getattr(made, field.name) == sample(table, field)
        if not (record is Change and field.name in ("old", "new")):
            with pytest.raises(ValueError, match=field.name):
                record(**{**values, field.name: object()})


def test_an_instant_field_takes_no_date() -> None:
    """T2: where only an instant will do, a date is refused instead of being given a time."""

    @attrs.frozen(eq=False, repr=False)
    class Ping(domain.Record):
        id: str = attrs.field(metadata={"column": "id"})
        at: datetime | None = instant(recorded=True)

    assert Ping("1", at=SAMPLES["instant"]).at == SAMPLES["instant"]
    with pytest.raises(ValueError, match="is not a datetime with a time zone"):
        Ping("1", at=date(2026, 1, 1))
    assert fields_of(Ping)[1] == ("at", "instant", None, True, False, None)


@pytest.mark.parametrize("table", TABLES)
def test_reverts_are_values_the_record_takes(table: str) -> None:
    """O8: what is undone when the past is looked at names fields of the record, and resets its own instant."""
    names = {f.name: f for f in fields_of(RECORDS[table])}
    for revert in REVERTS[table]:
        assert names[revert.when].kind in ("moment", "day")
        assert revert.resets[revert.when] is None
        assert revert.resets.keys() <= names.keys()


def test_a_past_opportunity_is_open_and_a_past_lead_not_converted() -> None:
    """O8: closed later means open then; converted later means not converted then."""
    undone = {r.when: dict(r.resets) for table in ("lead", "opportunity") for r in REVERTS[table]}

    assert undone["closed_at"]["outcome"] == "open"
    assert undone["first_won_at"] == {"first_won_at": None}
    assert undone["converted_at"] == {"converted_at": None, "converted": False, "opportunity": None}
    assert REVERTS["team"] == ()


def test_reverted_records_keep_their_rules() -> None:
    """O4, O8: a won opportunity with its closing undone is a valid open one."""
    won = Opportunity("7", outcome="won", closed_at=date(2026, 3, 1), won_amount=Money(5), won_reason="price")
    closing = REVERTS["opportunity"][0]

    assert attrs.evolve(won, **closing.resets) == Opportunity("7")


def test_public_names_resolve_and_are_sorted() -> None:
    """Every public name is there, listed alphabetically, and a wrong one is an AttributeError."""
    assert sorted(domain.__all__) == sorted(set(domain.__all__))
    assert all(getattr(domain, name) is not None for name in domain.__all__)
    assert set(domain.__all__) <= set(dir(domain))
    with pytest.raises(AttributeError, match="no attribute 'Deal'"):
        domain.Deal


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after `code`."""
    source = Path(domain.__file__).resolve().parents[2]
    program = f"import sys; sys.path.insert(0, {str(source)!r}); {code}; print(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


def test_records_are_made_when_first_asked_for() -> None:
    """Importing the package makes no record class; asking for one makes that one and no more."""
    assert "attr" not in loaded_by("import crmcore.domain")

    loaded = loaded_by("from crmcore.domain import Lead, RECORDS; RECORDS['opportunity']")
    assert {"crmcore.domain.lead", "crmcore.domain.opportunity"} <= loaded
    assert (
        loaded & {"crmcore.domain.billing", "crmcore.domain.marketing", "numpy", "pluggy", "dateutil", "zoneinfo"}
        == set()
    )
