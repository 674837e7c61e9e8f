"""Values, ids and names of every kind go in and come back as they were, whatever they look like to SQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from itertools import count
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from crmcore.domain import RECORDS, Money, fields_of
from crmcore.errors import CrmCoreError
from crmcore.stores import Write
from crmcore.stores.contract import Cut
from crmcore.stores.memory import MemoryBackend
from crmcore_postgres import PostgresBackend
from crmcore_postgres.layout import id_in, id_out, tables

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
NUMBERS = count()
NASTY = (
    "'; DROP TABLE crmcore.lead; --",
    '"; DROP SCHEMA crmcore CASCADE; --',
    "\\'; SELECT 1; --",
    "%s %(tenant)s %% %",
    "{} {0} {x}",
    "a $1 $$ $tag$ :name ?",
    "\\x00 \\u0000 \\n",
    "E'\\047'",
    "客户'；--",
    "😀 é é",
    "#7",
    "##7",
    "7",
    "null",
    "NULL",
    "{1,2}",
    '{"a": 1}',
    '"',
    "'",
    "\\",
    "/* */",
    "a b",
    " ",
    "_tenant",
    "_extra",
)


def write(table, id_, values: Mapping = MappingProxyType({}), **given):
    return Write(table, id_, values, at=NOW, recorded_at=NOW, **given)


@pytest.mark.parametrize("text", NASTY)
def test_any_text_is_only_text(shared, text):
    """As tenant, table, field, id, value, actor, key, source and consumer, text is kept, and nothing else happens."""
    store = shared.scoped(text)
    host = {"own": text, text: text} if text != "_" else {"own": text}
    store.append(
        [
            write(text, text, host, actor=text, key=text, source=text),
            write("lead", text, {"name": text, "owner": text, "source": text, text: text}),
        ]
    )
    store.advance(text, 2, text.encode(), expected=0)
    assert store.get(text, text).values == host
    assert store.get("lead", text).values == {"name": text, "owner": text, "source": text, text: text}
    assert store.tables() == tuple(sorted({text, "lead"}))
    first, second = store.entries()
    assert (first.table, first.id, first.actor, first.key, first.source) == (text,) * 5
    assert dict(first.values) == host
    assert second.id == text
    assert store.consumer(text).state == text.encode()
    (batch,) = store.scan(text, ["own", text])
    assert batch.columns == ([text], [1], [text], [text])
    (batch,) = store.scan("lead", [text, "owner"], known=NOW)
    assert batch.columns == ([text], [1], [text], [text])
    assert store.append([write(text, text, host, key=text, source=text)]).repeated == 1
    assert shared.scoped("other").tables() == ()


def samples(kind, name):
    """Return values of one kind of field, the odd ones among them."""
    found = {
        "key": ["a", 7, -7, 10**30, "#", "7"],
        "text": ["", "x", "客户\n\t'"],
        "moment": [
            date(2026, 2, 28),
            date.min,
            date.max,
            NOW,
            datetime.max.replace(tzinfo=UTC),
            datetime.min.replace(tzinfo=UTC),
        ],
        "instant": [NOW],
        "day": [date(2026, 2, 28), date.min, date.max],
        "money": [
            Money("0.00"),
            Money("-12.50", "EUR"),
            Money("9" * 30 + "." + "9" * 30, "KWD"),
            Money(Decimal("1E+3"), "JPY"),
            Money(Decimal("0E-20000"), "JPY"),
        ],
        "count": [1, 2**31, 2**63 - 1, 2**63, 10**900],
        "number": [
            1,
            Decimal("1.50"),
            Decimal("1E-30"),
            Decimal("-0"),
            Decimal("1E+40"),
            Decimal("1E-17000"),
            Fraction(1, 3),
        ],
        "probability": [0, 1, Decimal("0.30"), Fraction(1, 3)],
        "score": [0.1, -0.0, 5e-324, 1.7976931348623157e308, 3, Decimal("2.5")],
        "duration": [timedelta(microseconds=1), -timedelta(days=1), timedelta.max, timedelta.min],
        "flag": [True, False],
    }[kind]
    if name in {"reopened", "push_count", "score"} and kind == "count":
        return [v for v in found if v >= 0]
    return found


@pytest.mark.parametrize("table", tables())
def test_every_field_of_every_table_keeps_value_and_type(fresh, table):
    """For each field of the domain, odd values of its kind come back equal and of their type: record, scan, past and log."""
    store, expected, defaults = fresh, {}, {}
    for field in fields_of(RECORDS[table]):
        if field.name == "id":
            continue
        defaults[field.name] = field.default
        for number, value in enumerate(samples(field.kind, field.name)):
            try:
                store.append([write(table, f"{field.name}-{number}", {field.name: value})])
            except CrmCoreError:  # its field takes only some words
                continue
            expected[f"{field.name}-{number}"] = (field.name, value)
    assert len(expected) >= len(defaults) // 2
    checked = 0
    entries = {e.id: e for e in store.entries()}
    for scan in (store.scan(table), store.scan(table, known=NOW)):
        for batch in scan:
            rows = dict(zip(batch.columns[0], zip(*batch.columns, strict=True), strict=True))
            for id_, (name, value) in expected.items():
                same(rows[id_][batch.names.index(name)], value)
                checked += 1
    assert checked == 2 * len(expected)
    for id_, (name, value) in expected.items():
        got = store.get(table, id_)
        plain = value == defaults[name] and type(value) is type(defaults[name])
        if plain:
            assert got.values == {}
        else:
            same(got.values[name], value)
            same(entries[id_].values[name], value)


def same(got, value):
    assert got == value
    assert type(got) is type(value)
    if isinstance(value, Money):
        assert type(got.amount) is Decimal


@pytest.mark.parametrize(
    "value",
    [
        "x", "", 7, -(10**900), 1.5, -0.0, True, False, Decimal("1.50"), Decimal("1E+40"), Fraction(-1, 3), date(1, 1, 1),
        datetime(2026, 5, 4, 9, 30, tzinfo=timezone(timedelta(hours=8))), timedelta(days=-3, microseconds=7), Money("1.5", "EUR"), Money(2),
    ],
)  # fmt: skip
def test_fields_of_the_host(fresh, value):
    """A field of the host's own keeps what it is given, on its own tables and on those of the domain."""
    store = fresh
    store.append([write("lead", 1, {"own": value}), write("thing", 1, {"own": value})])
    for table in ("lead", "thing"):
        same(store.get(table, 1).values["own"], value)
        (batch,) = store.scan(table, ["own"])
        same(batch.columns[2][0], value)


@given(st.one_of(st.text(min_size=1), st.integers(-(2**63), 2**63 - 1)))
def test_ids_keep_their_type_as_text(value):
    """The text of an id leads back to it, and of two ids the texts differ: it has an inverse."""
    assert id_in(id_out(value)) == value
    assert type(id_in(id_out(value))) is type(value)


def test_ids_of_two_types_are_two_records(fresh):
    """7, "7" and "#7" are three records, in every table and as references."""
    for table in ("lead", "thing"):
        fresh.append(write(table, id_, {"owner": id_}) for id_ in (7, "7", "#7", "##7", -7))
        (batch,) = fresh.scan(table, ["owner"])
        assert batch.columns[0] == [7, "7", "#7", "##7", -7] == batch.columns[2]
        assert [type(v) for v in batch.columns[2]] == [int, str, str, str, int]


def test_typed_columns_are_there_for_sql(database):
    """What is kept can be asked for in SQL: numeric amounts, dates and instants as such, text compared by its bytes."""
    backend = PostgresBackend(database.url)
    backend.scoped().append(
        [
            write(
                "opportunity",
                1,
                {"amount": Money("12.50", "EUR"), "created_at": date(2026, 5, 4), "owner": 7, "stage": "Z"},
            ),
            write(
                "opportunity",
                2,
                {"amount": Money("7.50", "EUR"), "created_at": NOW, "owner": "a", "stage": "a", "own": 1},
            ),
        ]
    )
    with backend.connections.reading("main") as connection:
        query = sql.SQL(
            "SELECT sum(amount), min(created_at), min(created_at_day), string_agg(owner, ' ' ORDER BY _made), min(stage), "
            "max(_extra ->> 'own') FROM crmcore.opportunity"
        )
        assert connection.execute(query).fetchone() == (Decimal("20.00"), NOW, date(2026, 5, 4), "#7 a", "Z", "1")
    backend.close()


def test_more_writes_than_a_chunk(fresh):
    """5,000 writes in one call are the same as 5,000 calls: later ones see earlier ones across the chunks they are sent in."""
    writes = [
        Write("lead", number % 700, {"score": float(number), "own": number % 3}, at=NOW, recorded_at=NOW, sequence=(number * 7) % 11,
              key=f"k{number % 4_900}" if number % 2 else None, expected=None)
        for number in range(4_900)
    ]  # fmt: skip
    store, model = fresh, MemoryBackend().scoped()
    assert store.append(iter(writes)) == model.append(iter(writes))
    assert [attributes(e) for e in store.entries()] == [attributes(e) for e in model.entries()]
    assert store.append(writes[1:4_000:2]).repeated == 2_000 == model.append(writes[1:4_000:2]).repeated
    for table_store in (store, model):
        assert sum(map(len, table_store.scan("lead"))) == 700
    assert columns(store.scan("lead")) == columns(model.scan("lead"))
    cut = Cut(10**18, 10**6)
    assert columns(store.scan("lead", at=cut)) == columns(model.scan("lead", at=cut))


def attributes(entry):
    return [getattr(entry, name) for name in entry.__slots__ if not name.startswith("__")]


def columns(scan):
    found = [(batch.names, batch.columns) for batch in scan]
    return [(names, [list(c) for c in cs]) for names, cs in found]


MOMENTS = st.sampled_from(
    [date(2026, 1, 1), date(2026, 1, 3), NOW, NOW + timedelta(days=400), datetime(2026, 1, 2, tzinfo=UTC)]
)
ANY = st.builds(
    lambda table, id_, values, at, known, sequence, key: Write(
        table, id_, values, at=at, recorded_at=NOW + timedelta(days=known), sequence=sequence, key=key
    ),
    st.sampled_from(["lead", "thing"]),
    st.sampled_from([1, 2, "1", "#1"]),
    st.dictionaries(st.sampled_from(["name", "own", "other"]), st.sampled_from([None, "x", "y", "#"]), max_size=3),
    MOMENTS,
    st.integers(0, 3),
    st.integers(0, 2),
    st.none(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(ANY, max_size=25), st.integers(1, 4), MOMENTS, st.integers(0, 3))
def test_the_past_equals_the_model(shared, writes, size, at, known):
    """After any writes, in any order of time, the past at any instant and as known then is that of the store in memory."""
    store, model = shared.scoped(f"past {next(NUMBERS)}"), MemoryBackend().scoped()
    for start in range(0, len(writes), 7):
        assert store.append(writes[start : start + 7]) == model.append(writes[start : start + 7])
    day = at.toordinal() - 719_163
    instant = (day * 86_400_000_000 + 86_399_999_999) if not isinstance(at, datetime) else int(at.timestamp()) * 10**6
    cut = Cut(instant, day)
    for table in ("lead", "thing"):
        for asked in (
            {},
            {"at": cut},
            {"known": NOW + timedelta(days=known)},
            {"at": cut, "known": NOW + timedelta(days=known)},
        ):
            assert columns(store.scan(table, size=size, **asked)) == columns(model.scan(table, size=size, **asked)), (
                asked
            )
