"""The page of the package does what it says."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_blocks_run(monkeypatch, tmp_path) -> None:
    """The Python blocks run one after the other in an empty folder."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)

    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    assert (tmp_path / "lead_win.model").is_file()
