"""Names and values that would be code somewhere: to a store, a question and the command line they are text."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore.cli import main
from crmcore.domain import Money
from crmcore.errors import ArgumentError, CrmCoreError, MetricNotFound
from crmcore.stores import Backend, Write, open_store

AT = datetime(2026, 5, 1, tzinfo=UTC)
NASTY = (
    "'; DROP TABLE log; --", '"; DROP TABLE state_opportunity; --', "x' OR '1'='1", "'", '"', "''", '""', "`", "]", "\\",
    "%", "_", "*", "?", "?1", ":tenant", "@x", "$x", "%s", "%(x)s", "{0}", "{x!r}", "/* x", "-- x", "x;", "NULL", "rowid",
    "_tenant", "_place", "_values", "log", "tenant", "sqlite_master", "state_opportunity", "main.log", "select", "id'",
    "$.x", "$", "a.b", "a[0]", 'a"].x', "x AS y", "x, (SELECT chain FROM tenant)", "1=1", "北京'; --", "e\u0301",
    "../../etc/passwd", "=cmd|' /C calc'!A0", "<script>", "__class__", "x" * 200,
)  # fmt: skip
"""Printable, so that each is a name too."""
UNPRINTABLE = ("a\0b", "a\nb", "\x1b[2J", "\u202e", "\ud800", "", "x" * 201)


@pytest.fixture(params=["memory", "sqlite"])
def backend(request, tmp_path) -> Iterator[Backend]:
    url = "memory:" if request.param == "memory" else f"sqlite:///{tmp_path}/crm.db"
    found = open_store(url)
    yield found
    found.close()


def field(text) -> str:
    """Return the text as the name of a field; those that begin with $ are the store's own."""
    return f"x{text}" if text.startswith("$") else text


def schema(path) -> list[tuple[str, ...]]:
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("text", NASTY)
def test_a_text_is_a_text_wherever_it_stands(backend, text):
    """As tenant, table, field, id, value, key, source, actor, consumer: it comes back, finds itself and nothing else."""
    other = backend.scoped("other")
    other.append([Write("opportunity", "D1", {"name": "mine"}, AT, AT)])
    store = backend.scoped(text)
    own = field(text)
    wanted = {own: text, "name": text}
    store.append([
        Write("opportunity", text, wanted, AT, AT, actor=text, key=text, source=text),
        Write(text, text, {own: text, "amount": Money(1, "EUR")}, AT, AT),
        Write("opportunity", "D1", {"name": "other"}, AT, AT),
    ])  # fmt: skip
    store.advance(text, 2, text.encode(), expected=0)

    assert dict(store.get("opportunity", text).values) == wanted
    assert dict(store.get(text, text).values) == {own: text, "amount": Money(1, "EUR")}
    assert store.tables() == tuple(sorted({"opportunity", text}))
    (batch,) = store.scan("opportunity", [own, "name"])
    assert [list(column) for column in batch.columns] == [[text, "D1"], [1, 1], [text, None], [text, "other"]]
    (batch,) = store.scan("opportunity")
    assert batch.names[-1] == own
    first, second, third = store.entries()
    assert (first.actor, first.key, first.source, dict(first.values)) == (text, text, text, wanted)
    assert (second.table, second.id, third.number) == (text, text, 3)
    assert (store.consumer(text).cursor, store.consumer(text).state) == (2, text.encode())
    assert list(store.dataset([text]).tables) == [text]
    assert (other.last(), dict(other.get("opportunity", "D1").values)) == (1, {"name": "mine"})
    assert backend.verify().sound


@pytest.mark.parametrize("text", ["%", "_", "*", "D_", "D%", "' OR 1=1 --", "D1' --", "d1", "D1 ", 1])
def test_an_id_matches_itself_alone(backend, text):
    """No wildcard, no case, no type, no blank is overlooked when a record is asked for."""
    store = backend.scoped()
    store.append([Write("opportunity", "D1", {"name": "x"}, AT, AT), Write("visit", "D1", {"name": "x"}, AT, AT)])
    assert store.get("opportunity", text) is None
    assert store.get("visit", text) is None
    assert backend.scoped(str(text)).tables() == ()


@pytest.mark.parametrize("text", UNPRINTABLE)
def test_what_is_no_name_is_refused(backend, text):
    """K13: control characters, halves of characters and texts without end are no names; the error shows them escaped."""
    store = backend.scoped()
    for act in (
        lambda: backend.scoped(text),
        lambda: store.append([Write(text, "D1", {"name": "x"}, AT, AT)]),
        lambda: store.append([Write("lead", "D1", {text: "x"}, AT, AT)]),
        lambda: store.append([Write("lead", "D1", {"name": "x"}, AT, AT, key=text)]),
        lambda: list(store.scan(text)),
        lambda: list(store.scan("lead", [text])),
        lambda: store.advance(text, 0, None, expected=0),
    ):
        with pytest.raises(CrmCoreError) as caught:
            act()
        assert str(caught.value).isprintable()
    assert (store.last(), store.tables()) == (0, ())


def test_no_text_changes_the_tables_of_a_file(tmp_path):
    """What a file of SQLite is made of is the same for every text that was ever a name or a value in it."""
    schemas = []
    for path, texts in ((tmp_path / "plain.db", ("visit",)), (tmp_path / "nasty.db", NASTY)):
        backend = open_store(f"sqlite:///{path}")
        for text in texts:
            backend.scoped(text).append([
                Write("opportunity", text, {field(text): text}, AT, AT, key=text), Write(text, text, {field(text): text}, AT, AT)
            ])  # fmt: skip
            backend.scoped(text).advance(text, 1, None, expected=0)
            list(backend.scoped(text).scan("opportunity", [text], known=AT))
        assert backend.verify().sound
        backend.close()
        schemas.append(schema(path))
    assert schemas[0] == schemas[1]
    assert len(schemas[0]) > 5


@pytest.mark.parametrize("text", [text for text in NASTY if "." not in text])  # a dot leads to another table
def test_questions_take_columns_and_values_as_they_are(backend, text):
    """A column of any name groups and filters; its values are compared, not run: 10 of 30 EUR are that text's."""
    store = backend.scoped()
    day = AT.date()
    own = field(text)
    store.append([
        Write("opportunity", n, {"outcome": "won", "closed_at": day, "amount": Money(10 * n, "EUR"), own: value}, AT, AT)
        for n, value in ((1, text), (2, "other"))
    ])  # fmt: skip
    ws = cc.Workspace(store=store)
    assert ws.measure(["won_value"], where=cc.col(own) == text).total["won_value"] == Decimal(10)
    assert ws.measure(["won_value"], where=cc.col(own) == f"{text} ").total["won_value"] in (None, 0)
    found = ws.measure(["won_value"], by=[own])
    assert {row[own]: row["won_value"] for row in found.rows()} == {text: Decimal(10), "other": Decimal(20)}


@pytest.mark.parametrize("text", [*NASTY, *UNPRINTABLE])
def test_no_text_is_the_name_of_a_metric_by_accident(text):
    """What is asked for by name is looked up and never evaluated; what is declared has a plain name."""
    ws = cc.Workspace()
    with pytest.raises((MetricNotFound, ArgumentError)):
        ws.measure([text], cc.Dataset(opportunity=[{"id": 1}]))
    if all(part.isidentifier() for part in text.split(".")):
        return
    with pytest.raises(CrmCoreError):
        cc.Metric(text, cc.count(), unit="count", better="higher", anchor="closed_at", summary="none")


@pytest.mark.parametrize("text", ["'; DROP TABLE log; --", "$(touch owned)", "`touch owned`", "../../x", "win_rate; x"])
def test_the_command_line_evaluates_nothing(text, tmp_path, monkeypatch, capsys):
    """Text in the place of a metric, a column or a condition ends in one line that says what is wrong."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "opportunity.csv").write_text("id,outcome\n1,won\n", encoding="utf-8")
    for command in (["measure", text, "--data", "."], ["measure", "win_rate", "--data", ".", "--by", text]):
        assert main(command) == 2
        message = capsys.readouterr().err
        assert message.startswith("crmcore: error: ")
        assert message.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["opportunity.csv"]
