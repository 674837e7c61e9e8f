"""One thread for the classifiers: small ones are trained many times, and threads would only wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Hold the libraries to one thread."""
    with threadpool_limits(1):
        yield
