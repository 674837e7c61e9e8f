"""The store in PostgreSQL passes the suite that plugin authors run."""

from __future__ import annotations

import os

from crmcore.testing import StoreSuite
from crmcore_postgres import PostgresBackend
from crmcore_postgres.testing import database_for

LONG = os.environ.get("CRMCORE_TEST_PROFILE") == "long"


def sql(*statements):
    """Return what runs statements as a superuser, past the store."""

    def alter(_, folder):
        with database_for(folder).connect() as admin:
            for statement in statements:
                assert admin.execute(statement).rowcount > 0, f"{statement} has altered nothing"

    return alter


class TestPostgres(StoreSuite):
    """Each folder of the suite is a database of its own; a step of a history costs a server more than a file."""

    histories = None if LONG else 3

    tampers = {  # noqa: RUF012 - read only
        "the last entry is gone": sql("DELETE FROM crmcore._entry WHERE number = (SELECT max(number) FROM crmcore._entry)"),
        "an entry in the middle is gone": sql("DELETE FROM crmcore._entry WHERE number = 5 AND _tenant = 'main'"),
        "an actor was altered": sql("UPDATE crmcore._entry SET actor = 'Mallory' WHERE actor = 'Anna'"),
        "a record was altered": sql("UPDATE crmcore.lead SET owner = 'Mallory'"),
        "a record of the host's own is gone": sql("DELETE FROM crmcore._record"),
        "the log was shortened": sql(
            "DELETE FROM crmcore._entry WHERE _tenant = 'b' AND number = (SELECT number FROM crmcore._head WHERE _tenant = 'b')",
            "UPDATE crmcore._head SET number = number - 1 WHERE _tenant = 'b'",
        ),
        "a tenant was renamed": sql("UPDATE crmcore._head SET _tenant = 'c' WHERE _tenant = 'b'"),
        "where the log ends is gone": sql("DELETE FROM crmcore._head WHERE _tenant = 'b'"),
    }  # fmt: skip

    def open(self, folder):
        return PostgresBackend(database_for(folder).url)
