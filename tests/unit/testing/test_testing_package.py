"""What `crmcore.testing` offers, and what it costs to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import crmcore.testing
from crmcore.testing import reference


def run(code):
    """Return what a program of its own prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_names_are_listed_in_order_and_there() -> None:
    """Everything in __all__ exists, sorted; anything else is an error that lists them."""
    assert crmcore.testing.__all__ == sorted(crmcore.testing.__all__) == dir(crmcore.testing)
    assert all(getattr(crmcore.testing, name) for name in crmcore.testing.__all__)
    assert crmcore.testing.measure is reference.measure
    with pytest.raises(AttributeError, match=r"no attribute 'mesure'; it has: .*Reference, "):
        crmcore.testing.mesure


def test_the_package_is_lazy() -> None:
    """Importing it loads neither the interpreter nor hypothesis."""
    code = (
        "import sys, crmcore.testing; print([m for m in ('attrs', 'hypothesis', 'crmcore.metric') if m in sys.modules])"
    )

    assert run(code) == "[]"


def test_strategies_say_what_they_need() -> None:
    """Without hypothesis the error names the extra that brings it."""
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from crmcore.errors import MissingLibraryError\n"
        "try:\n    import crmcore.testing.strategies\n"
        "except MissingLibraryError as error:\n    print(error)"
    )

    assert "extra `testing`" in run(code)


def test_reference_shares_nothing_with_the_fast_code() -> None:
    """The reference runs without numpy and hypothesis, evaluate, kernels, plan, state, table and engines."""
    code = (
        "import sys\n"
        "from crmcore.algebra import count\n"
        "from crmcore.metric import Metric\n"
        "from crmcore.testing import measure\n"
        "assert measure(Metric('n', count(), anchor='stock'), {'lead': []}).total == {'n': 0.0}\n"
        "fast = ('numpy', 'hypothesis', *(f'crmcore.{n}' for n in "
        "('evaluate', 'kernels', 'plan', 'state', 'table', 'engines')))\n"
        "print([m for m in fast if m in sys.modules])"
    )

    assert run(code) == "[]"
