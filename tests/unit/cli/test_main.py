"""The command line as a program: statuses, streams, terminals."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import crmcore as package
from crmcore.cli import main

PROGRAM = [sys.executable, "-m", "crmcore"]


def test_version_and_help(crmcore: Any) -> None:
    """--version names program and version, --help the commands; both are no error."""
    assert crmcore("--version") == (0, f"crmcore {package.__version__}\n", "")
    run = crmcore("--help")
    assert run.status == 0
    assert all(f"\n    {command}" in run.out for command in ("kpis", "measure", "explain", "check", "demo"))


@pytest.mark.parametrize("command", ["kpis", "measure", "explain", "check", "demo"])
def test_every_command_knows_workspace_and_plugin(crmcore: Any, command: str) -> None:
    """--workspace and --plugin are options of every command."""
    run = crmcore(command, "--help")

    assert run.status == 0
    assert "--workspace FILE" in run.out
    assert "--plugin FILE.py" in run.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["mesure"], "invalid choice: 'mesure'"),
        (["measure", "win_rate"], "one of the arguments --data --store is required"),
        (["measure", "win_rate", "--data", "x", "--format", "xml"], "invalid choice: 'xml'"),
        (["measure", "win_rate", "--data", "x", "--top", "few"], "invalid int value: 'few'"),
        (["kpis", "--form", "json"], "unrecognized arguments: --form"),
    ],
)
def test_wrong_arguments_are_one_line(crmcore: Any, arguments: list[str], says: str) -> None:
    """No usage text of twenty lines: what is wrong, where help is, status 2."""
    run = crmcore(*arguments)

    assert (run.status, run.out) == (2, "")
    assert run.err.startswith("crmcore: error: ")
    assert says in run.err
    assert run.err.endswith("--help says more)\n")
    assert run.err.count("\n") == 1


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends with the status a shell expects."""

    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "crmcore.cli.kpis", SimpleNamespace(run=interrupted))
    assert main(["kpis"]) == 130
    assert capsys.readouterr() == ("", "")


def test_an_error_of_the_system_names_its_file(crmcore: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file and the reason; an error without a file says what it says."""
    for error, says in (
        (PermissionError(13, "Permission denied", "/x/y"), "crmcore: error: /x/y: Permission denied\n"),
        (OSError("disk on\nfire"), "crmcore: error: disk on fire\n"),
    ):

        def failing(_: object, error: OSError = error) -> int:
            raise error

        monkeypatch.setitem(sys.modules, "crmcore.cli.kpis", SimpleNamespace(run=failing))
        assert crmcore("kpis") == (2, "", says)


def test_a_reader_that_goes_away_ends_the_program_quietly() -> None:
    """`crmcore kpis | head -0` prints no traceback; the status is that of a closed pipe."""
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run([*PROGRAM, "kpis"], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)

    assert run.stderr == ""
    assert run.returncode == 141


def test_output_is_utf8_whatever_the_locale(folder: Path) -> None:
    """With an ASCII locale and ASCII streams the Chinese label still comes out, in UTF-8."""
    run = subprocess.run(
        [*PROGRAM, "measure", "win_rate", "--data", folder, "--by", "owner", "--language", "zh"],
        capture_output=True,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
        check=True,
    )

    assert run.stdout.decode("utf-8").splitlines()[0] == "owner       赢率"


def terminal(*arguments: object, without: str = "", **variables: str) -> tuple[str, str]:
    """Return what the program shows on a terminal: standard output, standard error."""
    code = f"import sys; sys.modules.update({{{without}}}); from crmcore.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLORTERM")}
    environment.update({"TERM": "xterm-256color", "COLUMNS": "200", **variables})
    texts = []
    streams = [pty.openpty(), pty.openpty()]
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=streams[0][1], stderr=streams[1][1], env=environment
    ) as process:
        for ours, theirs in streams:
            os.close(theirs)
            data = b""
            while True:
                try:
                    data += (more := os.read(ours, 65536))
                except OSError:  # the other side is closed
                    break
                if not more:
                    break
            os.close(ours)
            texts.append(data.decode("utf-8").replace("\r\n", "\n"))
        assert process.wait() == 0
    return texts[0], texts[1]


def test_colours_on_a_terminal(folder: Path) -> None:
    """The header is bold and the rule dim; taken away, the text is the plain one."""
    arguments = ("measure", "win_rate", "--data", folder, "--by", "owner")
    plain = subprocess.run([*PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=True).stdout

    shown, _ = terminal(*arguments)
    assert "\x1b[1mowner    Win rate" in shown
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == plain
    assert "\x1b" not in plain


@pytest.mark.parametrize("case", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"without": "'rich': None"}])
def test_no_colours_where_they_are_not_wanted_or_the_library_lacks(folder: Path, case: dict[str, str]) -> None:
    """NO_COLOR is respected, a dumb terminal too, and without the extra everything works plainly."""
    shown, noise = terminal("measure", "win_rate", "--data", folder, "--by", "owner", **case)

    assert "\x1b" not in shown
    assert noise == ""
    assert shown.startswith("owner    Win rate\n")


def test_a_progress_bar_stands_on_standard_error(folder: Path) -> None:
    """While files are read a bar shows on the terminal, apart from the output, and goes away."""
    shown, noise = terminal("measure", "win_rate", "--data", folder, "--format", "csv")

    assert shown == "win_rate\n0.5\n"
    assert "9 rows" in noise
