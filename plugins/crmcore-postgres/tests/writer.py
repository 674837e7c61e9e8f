"""A process that writes to a store until it is killed, and says on its output what was committed.

python writer.py URL NAME
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from itertools import count

from crmcore.domain import Money
from crmcore.errors import ConsumerConflict
from crmcore.stores import Write
from crmcore_postgres import PostgresBackend

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


def writes(name, number):
    """Return three writes of one commit: a new deal, another amount for the one before, and a note of the host's own."""

    def write(table, id_, values, key):
        return Write(
            table, id_, values, at=NOW, recorded_at=NOW, key=f"{name}-{number}-{key}", source=name, sequence=number
        )

    return [
        write("opportunity", f"{name}-{number}", {"amount": Money(number, "EUR")}, "new"),
        write("opportunity", f"{name}-{max(number - 1, 0)}", {"amount": Money(number + 7, "EUR")}, "more"),
        write("note", number, {"text": f"{name} {number}", "weight": 1.5}, "note"),
    ]


def follow(store):
    """Take what is new in the log into a KPI: how many entries, and the sum of all amounts."""
    consumer = store.consumer("kpi")
    state = json.loads(consumer.state or b'{"entries": 0, "amount": 0}')
    cursor = consumer.cursor
    for entry in store.entries(cursor, limit=40):
        cursor = entry.number
        state["entries"] += 1
        if "amount" in entry.values:
            before = entry.old.get("amount")
            state["amount"] += int(entry.values["amount"].amount) - (0 if before is None else int(before.amount))
    try:
        store.advance("kpi", cursor, json.dumps(state).encode(), expected=consumer.cursor)
    except ConsumerConflict:  # another process was faster
        return False
    return cursor == store.last()


def main(url, name):
    """Write for ever."""
    store = PostgresBackend(url).scoped()
    for number in count():
        done = store.append(writes(name, number))
        assert done.applied == 3
        print(number, flush=True)
        if number % 3 == 0:
            follow(store)


if __name__ == "__main__":
    main(*sys.argv[1:])
