"""The owner's command: make the tables of a store, or bring them up to date.

CRMCORE_POSTGRES_OWNER_URL=postgresql://owner@host/crm python -m crmcore_postgres install --role crm_app
"""

from __future__ import annotations

import argparse
import os
import sys

from crmcore.errors import CrmCoreError

from .schema import install

__all__ = ["main"]

VARIABLE = "CRMCORE_POSTGRES_OWNER_URL"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0, or 2 with one line about what was wrong."""
    parser = argparse.ArgumentParser(prog="python -m crmcore_postgres", description="Stores of crmcore in PostgreSQL.")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("install", help="make the tables of a store, or bring them up to date")
    command.add_argument("--role", help="role that the library connects with; it is granted what it needs")
    command.add_argument(
        "--owner-url",
        default=os.environ.get(VARIABLE),
        help=f"URL of the role that owns the tables; by default the variable {VARIABLE}, which no list of processes shows",
    )
    given = parser.parse_args(arguments)
    if not given.owner_url:
        parser.error(f"give --owner-url, or set {VARIABLE}")
    try:
        done = install(given.owner_url, role=given.role)
    except CrmCoreError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command line prints
        return 2
    for step in done:
        print(f"step {step.number}: {step.name}")  # noqa: T201 - a command line prints
    if not done:
        print("up to date")  # noqa: T201 - a command line prints
    if given.role:
        print(f"role {given.role} may use the store")  # noqa: T201 - a command line prints
    return 0


if __name__ == "__main__":
    sys.exit(main())
