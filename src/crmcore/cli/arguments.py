"""Arguments: the commands and their options."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from ..locales import LANGUAGES
from .forecast_arguments import add_forecast
from .funnel_arguments import add_funnel
from .plugins_arguments import add_plugins
from .store_arguments import add_store
from .waterfall_arguments import add_waterfall

__all__ = ["parser"]

FORMATS = ("table", "json", "jsonl", "csv", "markdown")
_FORMULAS = "leave text in CSV as it is that a spreadsheet would run as a formula"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and show no password that stood in the wrong place."""

    def error(self, message: str) -> NoReturn:
        from ..stores.url import redacted

        self.exit(2, f"crmcore: error: {redacted(message)} ({self.prog} --help says more)\n")


class Version(argparse.Action):
    """Print the version; it is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
        from .. import __version__

        print(f"crmcore {__version__}")
        parser.exit()


class Names(argparse.Action):
    """Collect names: several after one flag, or the flag repeated, or parted by commas outside brackets."""

    def __call__(self, _: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *__: Any) -> None:
        found = [*(getattr(namespace, self.dest) or ())]
        for value in values:
            found += [name for name in re.split(r",(?![^()]*\))", value) if name]
        setattr(namespace, self.dest, found)


def parser() -> Parser:
    """Return the parser of the command line."""
    top = Parser(prog="crmcore", description="Sales metrics from CRM data: exact, and explained.", allow_abbrev=False)
    top.add_argument("--version", action=Version, nargs=0, help="print the version and stop")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    host, question, rows = _host(), _question(), _rows()

    def add(name: str, says: str, *parents: Parser) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, parents=[*parents, host], help=says, description=f"{says}.", allow_abbrev=False
        )

    kpis = add("kpis", "List the metrics and analyses by subject, or show the definition of one")
    kpis.add_argument("name", nargs="?", metavar="NAME", help="one metric or analysis")
    kpis.add_argument("--search", metavar="TEXT", help="only those with this text in name, label, definition or source")
    kpis.add_argument("--subject", metavar="SUBJECT", help="only those of this subject")
    kpis.add_argument("--format", choices=("table", "json"), default="table")

    measure = add("measure", "Measure metrics on data", _data(required=True), question, rows)
    measure.add_argument(
        "metrics", nargs="+", action=Names, metavar="METRIC", help="won_value, win_rate.change(year) ..."
    )
    measure.add_argument("--total", action="store_true", help="add the total over all groups and periods")
    measure.add_argument(
        "--sort", metavar="METRIC", help="best first; undefined numbers last; with --interval by the unfavourable bound"
    )
    measure.add_argument("--top", type=int, metavar="N", help="only the first N rows")
    measure.add_argument("--format", choices=FORMATS, default="table")
    measure.add_argument("--formulas", action="store_true", help=_FORMULAS)
    measure.add_argument("-o", "--output", metavar="FILE", help="write to a file")

    scorecard = add("scorecard", "Measure every metric that data has the inputs for", _data(required=True), rows)
    scorecard.add_argument("--per", metavar="PERIOD", help="the last period of this kind beside the one before it")
    scorecard.add_argument("--subject", action="append", default=[], metavar="SUBJECT", help="may be repeated")
    scorecard.add_argument("--format", choices=("table", "json"), default="table")

    analyse = add("analyse", "Run an analysis on data", _data(required=True), rows)
    analyse.add_argument("name", metavar="NAME", help="rfm_ntile, cohort_retention ...; crmcore kpis lists them")
    analyse.add_argument(
        "--choose", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="a choice of the analysis"
    )
    analyse.add_argument("--top", type=int, metavar="N", help="only the first N rows")
    analyse.add_argument("--format", choices=("table", "json"), default="table")

    add_funnel(
        add("funnel", "Count the deals at each stage of a pipeline, and how many go on", _data(required=True), rows)
    )

    add_waterfall(add("waterfall", "Show what moved the open pipeline between two days", _data(required=True)))

    add_forecast(
        add("forecast", "Say what a period will bring, and the chance to meet its quota", _data(required=True), rows)
    )

    following = add(
        "next",
        "Rank open deals, or leads, by what needs attention, with the next step each lacks",
        _data(required=True),
        rows,
    )
    following.add_argument("--leads", action="store_true", help="leads for follow-up instead of deals")
    following.add_argument("--owner", action="append", default=[], metavar="NAME", help="only theirs; may be repeated")
    following.add_argument("--scorer", metavar="NAME", help="a scorer whose scores count in place of the data's own")
    following.add_argument("--top", type=int, metavar="N", help="only the first N rows")
    following.add_argument("--format", choices=("table", "json"), default="table")

    score = add("score", "Score the rows of a table, the best first, each with its reasons", _data(required=True), rows)
    score.add_argument("name", metavar="NAME", help="a scorer of the workspace or a plugin, or a scheme in a TOML file")
    score.add_argument("--top", type=int, metavar="N", help="only the best N rows")
    score.add_argument(
        "--id", action="append", default=[], metavar="ID", help="this row, with all its reasons; may be repeated"
    )
    score.add_argument("--format", choices=("table", "json", "csv"), default="table")
    score.add_argument("--formulas", action="store_true", help=_FORMULAS)
    score.add_argument("-o", "--output", metavar="FILE", help="write to a file")

    explain = add(
        "explain",
        "Show what a number means and rests on; without data, the definition",
        _data(required=False),
        question,
        rows,
    )
    explain.add_argument("metrics", nargs="+", action=Names, metavar="METRIC")
    explain.add_argument(
        "--group", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="the row to explain"
    )

    check = add("check", "List what is odd about data; status 1 where rows were rejected", _data(required=True))
    check.add_argument("--rejected", metavar="FILE", help="write the rejected rows to a CSV file")
    check.add_argument("--formulas", action="store_true", help=_FORMULAS)
    check.add_argument("--format", choices=("table", "json"), default="table")

    demo = add("demo", "Show a scorecard of a made-up sales organisation, or write it as files")
    demo.add_argument("--rows", type=int, metavar="N", help="about how many opportunities")
    demo.add_argument("--seed", type=int, metavar="S", help="another organisation")
    demo.add_argument(
        "--write", metavar="DIR", help="write it as CSV files and a workspace file, to use with --data DIR"
    )
    demo.add_argument("--force", action="store_true", help="write into a folder that is not empty")
    demo.add_argument(
        "--keep", metavar="FILE", help="keep the store that the demo is measured from, as a new SQLite file"
    )

    add_plugins(commands, host)
    add_store(commands, host)
    return top


def _host() -> Parser:
    options = Parser(add_help=False)
    options.add_argument(
        "--workspace", metavar="FILE", help="settings: time zone, calendar, currency, rates, plugins (TOML)"
    )
    options.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE.py",
        help="a Python file with metrics or hooks; may be repeated",
    )
    options.add_argument("--discover", action="store_true", help="load all installed plugins")
    options.add_argument(
        "--language", metavar="TAG", help=f"of labels and notes: {', '.join(LANGUAGES)} or one that a plugin brings"
    )
    return options


def _data(*, required: bool) -> Parser:
    options = Parser(add_help=False)
    source = options.add_mutually_exclusive_group(required=required)
    source.add_argument("--data", metavar="PATH", help="a folder of CSV files, or one file")
    source.add_argument("--store", metavar="STORE", help="a store instead: a path such as crm.db, or a URL")
    options.add_argument("--tenant", metavar="NAME", help="whose records of the store; main by default")
    options.add_argument(
        "--profile", metavar="FILE", help="how files and columns become ours (TOML), or a profile's name"
    )
    return options


def _question() -> Parser:
    options = Parser(add_help=False)
    options.add_argument(
        "--by", nargs="+", action=Names, default=[], metavar="DIM", help="group by columns, e.g. owner.team"
    )
    options.add_argument("--per", metavar="PERIOD", help="day, week, month, quarter, year, fiscal_quarter ...")
    options.add_argument(
        "--known",
        metavar="DATE",
        help="count only changes that were recorded by the end of this day; by default by --as-of",
    )
    options.add_argument("--interval", action="store_true", help="give proportions and means their 95 %% interval")
    return options


def _rows() -> Parser:
    options = Parser(add_help=False)
    options.add_argument(
        "--where",
        nargs="+",
        action="extend",
        default=[],
        metavar="COLUMN=VALUE",
        help="only these rows; COLUMN= is blank",
    )
    options.add_argument(
        "--as-of", metavar="DATE", help="look from the end of this day; by default the newest recorded one"
    )
    return options
