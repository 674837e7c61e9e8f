"""The base of all suites: checks that are expected to fail, and capabilities."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crmcore.errors import ArgumentError
from crmcore.testing import Suite, flag, needs

ENDS = """
import pytest
from hypothesis import given, settings, strategies as st
from crmcore.testing import Suite, flag, needs

class Numbers(Suite):
    knows_zero: bool = flag("aware of zero")

    def test_fails(self, tmp_path):
        assert tmp_path is None

    def test_passes(self):
        pass

    def test_fails_by_pytest(self):
        with pytest.raises(ValueError):
            pass

    @given(n=st.integers())
    @settings(max_examples=20)
    def test_generated(self, n):
        assert n < 5

    @needs("knows_zero")
    @given(n=st.integers())
    @settings(max_examples=5)
    def test_zero(self, n):
        assert n != n + 1

class TestPlain(Numbers):
    knows_zero = False

class TestExpected(Numbers):
    expected_failures = {
        "test_fails": "known", "test_fails_by_pytest": "known too", "test_generated": "no large numbers",
        "test_passes": "stale",
    }

class TestMore(TestExpected):
    expected_failures = {"test_fails": "known"}
"""


def test_an_expected_failure_is_strict_and_a_missing_capability_skips(tmp_path: Path) -> None:
    """Named checks run and have to fail, with their reason; one that passes fails; nothing leaks into other suites."""
    (tmp_path / "test_ends.py").write_text(ENDS, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:randomly", "-p", "no:cacheprovider", "test_ends.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    ends = {}
    for line in run.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("PASSED", "FAILED", "XFAIL"):
            ends[rest.partition("::")[2].partition(" ")[0]] = word

    assert ends == {
        "TestPlain::test_fails": "FAILED",
        "TestPlain::test_fails_by_pytest": "FAILED",
        "TestPlain::test_generated": "FAILED",
        "TestPlain::test_passes": "PASSED",
        "TestExpected::test_fails": "XFAIL",
        "TestExpected::test_fails_by_pytest": "XFAIL",
        "TestExpected::test_generated": "XFAIL",
        "TestExpected::test_passes": "FAILED",
        "TestExpected::test_zero": "PASSED",
        "TestMore::test_fails": "XFAIL",
        "TestMore::test_fails_by_pytest": "FAILED",
        "TestMore::test_generated": "FAILED",
        "TestMore::test_passes": "PASSED",
        "TestMore::test_zero": "PASSED",
    }
    assert "knows_zero = False: not aware of zero" in run.stdout
    assert "test_passes passes; take it out of expected_failures (stale)" in run.stdout


class Small(Suite):
    reads: bool = flag("able to read", default=False)

    def test_one(self) -> None:
        pass


def test_an_unknown_check_is_refused_when_the_class_is_made() -> None:
    """A name that is no check, and a reason that is none, are errors with the nearest name."""
    with pytest.raises(ArgumentError, match=r"expected_failures: no check 'test_on'; did you mean 'test_one'\?"):
        type("TestMine", (Small,), {"expected_failures": {"test_on": "why"}})
    with pytest.raises(ArgumentError, match=r"\['test_one'\] is the reason in words, got ''"):
        type("TestMine", (Small,), {"expected_failures": {"test_one": ""}})


def test_an_unknown_flag_is_refused_when_the_class_is_made() -> None:
    """A flag that is none, stated or needed, is an error with the nearest name."""
    with pytest.raises(ArgumentError, match=r"TestMine: no flag 'raeds'; did you mean 'reads'\?"):
        type("TestMine", (Small,), {"raeds": True})
    with pytest.raises(ArgumentError, match=r"test_two needs what is no flag: no flag 'writes'; there are reads"):
        type("Larger", (Small,), {"test_two": needs("writes")(lambda self: None)})


def test_flags_have_a_default_and_a_meaning() -> None:
    """A flag is False or True by default, and as a subclass states it; its line can be shown."""
    mine = type("TestMine", (Small,), {"reads": True})

    assert (Small.reads, Small().reads, mine().reads) == (False, False, True)
    assert mine.flags()["reads"].says == "able to read"
    assert mine.checks() == ("test_one",)


def test_pytest_is_not_imported_by_a_suite() -> None:
    """A suite can be imported and subclassed where there is no pytest."""
    code = (
        "import sys; from crmcore.testing import Suite, flag\n"
        "class Mine(Suite):\n    expected_failures = {'test_a': 'why'}\n    def test_a(self): pass\n"
        "print('pytest' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
