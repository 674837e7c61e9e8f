"""The benchmark of plugins builds what it says, in this process and in a new one."""

from __future__ import annotations

import sys

from benchmarks.plugins import main


def test_two_plugins_are_built_and_timed(monkeypatch, capsys):
    """Every side runs once, and the parts of a first workspace are printed; times are not looked at."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("CRMCORE_PLUGINS", raising=False)

    main(["--plugins", "2", "--rounds", "1", "--starts", "1"])

    out = capsys.readouterr().out
    for word in (
        "bare",
        "given",
        "discovered",
        "pluggy",
        "scan of installed packages",
        "import of the plugins",
        "host",
    ):
        assert f"\n  {word}" in out
