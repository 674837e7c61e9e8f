"""Files of rows, and both parsers."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["python", "arrow"])
def parser(request):
    """Return the name of a parser; everything holds for both."""
    if request.param == "arrow":
        pytest.importorskip("pyarrow")
    return request.param


@pytest.fixture
def put(tmp_path):
    """Return a function that writes a file, as text in UTF-8 or as bytes, and returns its path."""

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
