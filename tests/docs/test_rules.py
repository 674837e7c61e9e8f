"""The rules and edge cases of the docs are cited by tests, or say what they wait for."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"

CAPABILITIES = {"history", "stores"}
RULES = {"O": 9, "R": 5, "T": 8, "S": 6, "M": 8, "W": 3, "F": 3, "Q": 4}
MAY_WAIT = set("SWFE")  # O, R, T, M and Q rules hold from the first day

ENTRY = re.compile(r"^- \*\*(?P<id>[A-Z]\d+)\*\* (?P<text>.+?)(?: \(waits for: (?P<waits>[^)]*)\))?$")


def entries(page: str) -> list[tuple[str, str, str | None]]:
    """Return (id, text, what it waits for) of each entry of a page."""
    lines = (REFERENCE / page).read_text(encoding="utf-8").splitlines()
    found = [ENTRY.match(line) for line in lines if line.startswith("- **")]
    assert None not in found, f"{page} has an entry that does not read as '- **ID** text (waits for: word)'"
    return [(m["id"], m["text"], m["waits"]) for m in found if m]


def citations(folder: Path, skip: Path) -> Counter[str]:
    """Return how many test files cite each id; the Q1 of 2026-Q1 is a quarter, not a rule."""
    cited: Counter[str] = Counter()
    for path in folder.rglob("*.py"):
        if path.resolve() != skip.resolve():
            cited.update(set(re.findall(r"(?<![\w-])[ORTSMWFQE]\d{1,2}\b", path.read_text(encoding="utf-8"))))
    return cited


@pytest.fixture(scope="module")
def cited() -> Counter[str]:
    """Return the ids cited by all tests but this one."""
    return citations(ROOT / "tests", skip=Path(__file__))


def test_semantics_lists_every_rule_once_in_order() -> None:
    """The page of the rules holds O1-O9, R1-R5, T1-T8, S1-S6, M1-M8, W1-W3, F1-F3 and Q1-Q4, each once, in order."""
    expected = [f"{letter}{n}" for letter, count in RULES.items() for n in range(1, count + 1)]

    assert [name for name, _, _ in entries("semantics.md")] == expected


def test_edge_cases_are_complete() -> None:
    """The page of edge cases holds E01 to E57, each once, in order."""
    assert [name for name, _, _ in entries("edge-cases.md")] == [f"E{n:02d}" for n in range(1, 58)]


@pytest.mark.parametrize("page", ["semantics.md", "edge-cases.md"])
def test_markers_name_a_capability(page: str) -> None:
    """Whatever waits, waits for a capability that the page explains, and only S, W, F and E entries may wait."""
    waiting = {name: waits for name, _, waits in entries(page) if waits is not None}

    assert set(waiting.values()) <= CAPABILITIES
    assert {name[0] for name in waiting} <= MAY_WAIT


def test_edge_cases_point_to_rules_that_exist() -> None:
    """An edge case names only rules that the page of rules has."""
    rules = {name for name, _, _ in entries("semantics.md")}

    for name, text, _ in entries("edge-cases.md"):
        pointed = re.search(r"Rules?: ([A-Z]\d(?:, [A-Z]\d)*)\.$", text)
        assert pointed, f"{name} does not end with its rules"
        assert set(pointed[1].split(", ")) <= rules, name


@pytest.mark.parametrize("page", ["semantics.md", "edge-cases.md"])
def test_every_entry_is_cited_or_waits(page: str, cited: Counter[str]) -> None:
    """Each rule and case is cited by a test, or says what it waits for."""
    missing = [name for name, _, waits in entries(page) if waits is None and not cited[name]]

    assert missing == [], f"no test cites {', '.join(missing)}"


def test_citations_are_read_as_whole_words(tmp_path: Path) -> None:
    """O1 is cited neither by HELLO1 nor by 2026-O1, the file that asks does not count, and a file counts once."""
    (tmp_path / "test_a.py").write_text('"""O1 and O1, not HELLO2, E123 or 2026-Q1."""', encoding="utf-8")
    (tmp_path / "test_b.py").write_text("# T3, E07", encoding="utf-8")
    (tmp_path / "test_self.py").write_text("# Q4", encoding="utf-8")

    assert citations(tmp_path, skip=tmp_path / "test_self.py") == {"O1": 1, "T3": 1, "E07": 1}


def test_entry_reads_text_and_marker() -> None:
    """An entry splits into id, text and marker; without a marker there is none, and brackets in the text stay text."""
    with_marker = ENTRY.match("- **S3** Adds up (all visits). (waits for: history)")
    without = ENTRY.match("- **O1** Four outcomes (closed or not)")

    assert with_marker
    assert with_marker.groups() == ("S3", "Adds up (all visits).", "history")
    assert without
    assert without.groups() == ("O1", "Four outcomes (closed or not)", None)
