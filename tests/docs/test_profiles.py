"""The page about profiles: its examples are profiles, the full one reads files, and no key is left out."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from crmcore.sources import parse_profile, read
from crmcore.sources import profile_parse as parser
from crmcore.sources.profile import Layout, Reading
from crmcore.table.column import KINDS
from crmcore.table.values import values_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "profiles.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_a_profile(text: str) -> None:
    """What the page shows is read without an error."""
    assert parse_profile(text).files


def test_every_key_is_described() -> None:
    """The tables of the page name all keys and kinds that the parser knows."""
    keys = {a.name for a in (*attrs.fields(Layout), *attrs.fields(Reading))}
    keys |= {*parser._FILE, *parser._SOURCE, *parser._CONDITION, *parser._LOOKUP, *KINDS} - {"match"}
    told = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`[^`\n]+`|\|.*\|", PAGE))))
    assert keys <= told


def test_the_full_example_reads_files(tmp_path: Path) -> None:
    """Files as the example expects them; the values are worked out by hand."""
    head = "Number;Login;Type;Deleted;Opened;Phase;Closing;Sum;Chance;Article;Partner;Notes;Größe\n"
    first = "7;ann;New;;05.01.2024 10:30;Closed won;01.02.2024;1.250,50;100;GTXPro;K1;x;L\n"
    second = "8;bob;New;;06.07.2024 09:00;Offer;01.09.2024;n/a;40;GTX Pro;-;y;M\n"
    (tmp_path / "opportunities_1.csv").write_bytes((head + first).encode("cp1252"))
    (tmp_path / "opportunities_2.csv").write_bytes((head + second + second.replace("New", "Test")).encode("cp1252"))
    (tmp_path / "staff.csv").write_text("login,team\nann,North\nbob,South\n", encoding="utf-8")
    (tmp_path / "accounts.csv").write_text("id,name,sector\nK1,Harbour,tech\n", encoding="utf-8")
    (tmp_path / "calls.txt").write_text("  p1 3   yes\n  p2 1 later\n", encoding="utf-8")

    data = read(tmp_path, profile=parse_profile(EXAMPLES[-1]))

    table = data["opportunity"]
    shown = {name: [str(v) for v in values_of(table[name])] for name in table.columns if name != "amount"}
    assert shown == {
        "id": ["7", "8"],
        "owner": ["ann", "bob"],
        "team": ["North", "South"],
        "created_at": ["2024-01-05 09:30:00+00:00", "2024-07-06 07:00:00+00:00"],
        "outcome": ["won", "open"],
        "stage": ["Closed won", "Offer"],
        "closed_at": ["2024-02-01", "None"],
        "expected_close": ["None", "2024-09-01"],
        "probability": ["1", "0.4"],
        "product": ["GTX Pro", "GTX Pro"],
        "partner": ["K1", "None"],
        "Type": ["New", "New"],
        "Deleted": ["None", "None"],
        "Größe": ["L", "M"],
    }
    assert [None if m is None else (str(m.amount), m.currency) for m in values_of(table["amount"])] == [
        ("1250.5", "EUR"),
        None,
    ]
    assert dict(table.excluded) == {"row filter": 1}
    assert table.references["partner"] == "account"
    assert values_of(data["account"]["sector"]) == ["technology"]
    assert values_of(data["lead"]["converted"]) == [True, False]
    assert values_of(data["activity"]["quantity"]) == [3, 1]
    assert data.rejected == ()
