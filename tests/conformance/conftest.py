"""Runs the checks of a suite one by one, without pytest: for suites whose subject is broken on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from crmcore.testing import Suite

Judge = Callable[[type[Suite], Iterable[str]], Iterator[tuple[str, Exception]]]


def failures(suite: type[Suite], names: Iterable[str]) -> Iterator[tuple[str, Exception]]:
    """Yield the checks that fail, each with its error."""
    for name in names:
        one = suite()
        getattr(one, "setup_method", lambda: None)()
        try:
            getattr(one, name)()
        except pytest.skip.Exception:
            continue
        except Exception as error:  # noqa: BLE001 - whatever it is, the check has failed
            yield name, error
        finally:
            getattr(one, "teardown_method", lambda: None)()


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Return what yields the failing checks of a suite."""
    return failures
