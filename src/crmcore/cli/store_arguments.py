"""Arguments of `crmcore store`, which has commands of its own."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["add_store"]


def add_store(commands: Any, host: argparse.ArgumentParser) -> None:
    """Add the command, with the options that every command has."""
    says = "Keep records in a store: make one, fill it, check it, save it"
    top = commands.add_parser("store", help=says, description=f"{says}.", allow_abbrev=False)
    parts = top.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=type(top))

    def add(name: str, says: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = parts.add_parser(
            name, parents=[host], help=says, description=f"{says}.", allow_abbrev=False
        )
        made.add_argument(
            "store", metavar="STORE", help="a path such as crm.db, or a URL such as postgresql://host/name"
        )
        made.add_argument("--tenant", metavar="NAME", help="whose records; main by default")
        made.add_argument("--json", action="store_true", help="as JSON")
        return made

    add("init", "Make a store; one that is there stays as it is").set_defaults(creates=True)

    bring = add("import", "Bring files into a store, by the rules; status 1 where rows were rejected")
    bring.add_argument(
        "--data", required=True, metavar="PATH", help="a folder of CSV files, one file, or a folder that export wrote"
    )
    bring.add_argument(
        "--profile", metavar="FILE", help="how files and columns become ours (TOML), or a profile's name"
    )
    bring.add_argument(
        "--at", metavar="DATE", help="when the data was so; by default the newest instant that is recorded in it"
    )
    bring.add_argument(
        "--recorded-at", metavar="INSTANT", help="when it was learnt; by default --at, of a date its end"
    )
    bring.add_argument("--source", metavar="NAME", default="import", help="where it is from; the entries bear it")
    bring.add_argument("--rejected", metavar="FILE", help="write the rejected rows to a CSV file")

    export = add(
        "export", "Write a store as files: its log, which import makes an equal store of, and a CSV file per table"
    )
    export.add_argument("folder", metavar="DIR", help="a new or empty folder")
    export.add_argument("--at", metavar="DATE", help="the tables as they were true then, without the log")
    export.add_argument("--known", metavar="DATE", help="the tables as they were known then, without the log")
    export.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    export.add_argument(
        "--formulas", action="store_true", help="leave text as it is that a spreadsheet would run as a formula"
    )

    add("verify", "Check every entry and record of all tenants; status 1 where something is wrong")

    backup = add("backup", "Write a copy of a store, while others read and write")
    backup.add_argument("file", metavar="FILE", help="a new file")

    add("stats", "Show what is in a store: records, entries, consumers, bytes")
