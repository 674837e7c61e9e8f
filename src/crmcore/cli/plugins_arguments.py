"""Arguments of `crmcore plugins`, which has commands of its own."""

from __future__ import annotations

import argparse
from typing import Any

from ..plugins.kinds import TEMPLATES

__all__ = ["add_plugins"]


def add_plugins(commands: Any, host: argparse.ArgumentParser) -> None:
    """Add the command, with the options that every command has."""
    says = "Show, examine and begin plugins"
    top = commands.add_parser("plugins", help=says, description=f"{says}.", allow_abbrev=False)
    parts = top.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=type(top))

    def add(name: str, says: str, *, json: bool = True) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = parts.add_parser(
            name, parents=[host] if json else [], help=says, description=f"{says}.", allow_abbrev=False
        )
        if json:
            made.add_argument("--json", action="store_true", help="as JSON")
        return made

    add("list", "List the plugins of the workspace, and what each declares")
    info = add("info", "Show everything about one plugin of the workspace")
    info.add_argument("name", metavar="NAME", help="of the plugin; crmcore plugins list --discover lists them")
    add("doctor", "Examine every installed plugin, alone and together; status 1 where one is broken")
    new = add("new", "Write a package with a plugin and its tests, to go on from", json=False)
    new.add_argument("kind", choices=tuple(TEMPLATES), help="what the plugin declares")
    new.add_argument("name", metavar="NAME", help="small letters, digits and _, such as acme_sales")
    new.add_argument("--into", default=".", metavar="DIR", help="the folder to make crmcore-NAME in")
