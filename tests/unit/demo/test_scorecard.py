"""What `crmcore demo` shows."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path

import pytest

from crmcore import demo
from crmcore.cli import main
from crmcore.demo.store import stored
from crmcore.demo.words import words
from crmcore.errors import ArgumentError
from crmcore.workspace import Workspace


def shown(**given: object) -> list[str]:
    """Return the lines of a small scorecard."""
    lines: list[str] = []
    demo.run(600, 7, out=lines.append, **given)  # type: ignore[arg-type]
    return lines


@cache
def once() -> tuple[str, ...]:
    """Return the lines in English, made once."""
    return tuple(shown())


def test_the_scorecard_has_all_its_parts() -> None:
    """Issues, quarters, teams, a year before, activities, sources, what came after, intervals, explanations, in this order."""
    text = "\n".join(once())
    headings = [words("en").steps[step][0].split("{")[0].split(",")[0] for step in words("en").steps]
    spots = [text.find(heading.strip()) for heading in headings if heading.strip()]

    assert -1 not in spots
    assert spots == sorted(spots)
    assert "closed before created" in text
    assert "'ca. 4200'" in text
    assert "sales_cycle_days = " in text
    assert "team_quota_attainment = " in text


def test_the_numbers_are_those_that_are_measured() -> None:
    """The win rate, won value and leads of a quarter stand in the table as `measure` gives them."""
    result = demo.workspace().measure(
        ["leads_created", "win_rate", "won_value", "mrr", "overdue_share", "dso_days"],
        demo.dataset(600, 7),
        per="quarter",
    )
    (row,) = [r for r in result.rows() if r["period"] == "2025-Q4"]
    line, after = [x for x in once() if x.startswith("   2025-Q4")]

    assert f"{row['leads_created']}" in line.split()
    assert f"{100 * row['win_rate']:.1f} %" in line
    assert f"{row['won_value']:,.0f}" in line
    assert f"{row['mrr']:,.0f}" in after
    assert f"{100 * row['overdue_share']:.1f} %" in after
    assert f"{row['dso_days']:.1f}" in after


def test_what_was_forecast_is_compared_with_what_came() -> None:
    """The last complete quarter by team: forecast, won value, attainment, and the error added up seller by seller (F2)."""
    names = ["team_forecast_value", "won_value", "team_forecast_attainment", "forecast_wape"]
    result = demo.workspace().measure(names, demo.dataset(600, 7), by="team", per="quarter")
    (row,) = [r for r in result.rows() if (r["team"], r["period"]) == ("Berlin", "2026-Q1")]
    text = "\n".join(once()).split("had forecast, 2026-Q1")[1]
    (line,) = [x for x in text.split("\n== ")[0].splitlines() if x.startswith("   Berlin")]

    assert line.split()[1:3] == [f"{row['team_forecast_value']:,.0f}", f"{row['won_value']:,.0f}"]
    assert f"{100 * row['team_forecast_attainment']:.1f} %" in line
    assert line.endswith(f"{100 * row['forecast_wape']:.1f} %")
    assert "(blank)" not in text.split("\n== ")[0]


def test_the_store_gives_back_what_was_generated() -> None:
    """The whole scorecard of metrics is the same, to the letter, from the generated tables and from the store (O3, Q3)."""
    data = demo.dataset(300, 7)
    plain = demo.workspace().scorecard(data, per="quarter").to_dict()
    with stored(data, language="en") as host:
        kept = host.scorecard(per="quarter").to_dict()
        assert len(host.store.tables()) == len(data)

    assert kept["metrics"] == plain["metrics"]
    assert len(plain["metrics"]) > 200


def test_the_store_is_gone_unless_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left behind; a file that is named stays, is not overwritten, and measures the same."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    lines: list[str] = []
    demo.run(60, 1, out=lines.append)
    assert list((tmp_path / "tmp").iterdir()) == []

    file = tmp_path / "atlas.db"
    demo.run(60, 1, out=lines.append, keep=file)
    assert lines[-1] == f"The store is kept: crmcore store stats {file}"
    with demo.workspace(store=f"sqlite:///{file}") as host:
        assert host.measure("won_deals").total == demo.workspace().measure("won_deals", demo.dataset(60, 1)).total
    with pytest.raises(ArgumentError, match="is there already"):
        demo.run(60, 1, out=lines.append, keep=file)
    with pytest.raises(ArgumentError, match="is not there"):
        demo.run(60, 1, out=lines.append, keep=tmp_path / "no" / "x.db")


def test_the_same_lines_each_time_and_no_clock() -> None:
    """Two runs show the same lines, whatever the time; another seed shows others."""
    lines: list[str] = []
    demo.run(600, 8, out=lines.append)

    assert tuple(shown()) == once()
    assert tuple(lines) != once()


def test_either_language() -> None:
    """Sentences, headings and labels are Chinese where that is asked for; the numbers are the same."""
    english, chinese = once(), tuple(shown(language="zh"))
    by_workspace = tuple(shown(workspace=Workspace(language="zh")))

    assert chinese == by_workspace
    assert "赢率" in "\n".join(chinese)
    a = [x.split()[1:] for x in english if x.startswith("   2025-Q4")]
    b = [x.split()[1:] for x in chinese if x.startswith("   2025-Q4")]
    assert a == b
    assert len(a) == 2


def test_both_languages_say_the_same_things() -> None:
    """No sentence, heading or command is missing in a language, and the places for values are the same."""
    english, chinese = words("en"), words("zh")

    assert english.steps.keys() == chinese.steps.keys()
    assert english.columns.keys() == chinese.columns.keys()
    assert english.keys.keys() == chinese.keys.keys()
    assert [c for c, _ in english.next] == [c for c, _ in chinese.next]
    assert words("xx") == english


@pytest.mark.parametrize("rows", [1, 40])
def test_a_handful_of_deals(rows: int) -> None:
    """There is a scorecard of very little data too."""
    lines: list[str] = []
    demo.run(rows, 1, out=lines.append)

    assert len(lines) > 50


def test_the_commands_to_try_next_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command at the end does what it says, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    commands = [shlex.split(x) for x in once() if x.startswith("   crmcore ")]

    assert len(commands) == len(words("en").next)
    for _, *arguments in commands:
        # rows were rejected, which `check` reports by its status
        assert main(arguments) == (1 if arguments[0] == "check" else 0), arguments
    assert "Berlin" in capsys.readouterr().out
    assert (tmp_path / "atlas" / "touch.csv").is_file()
