"""Seven deals of three owners, one of them blank."""

from __future__ import annotations

from datetime import date

import pytest

from crmcore.table.dataset import Dataset

ROWS = [
    ("d1", "won", "Anna", date(2026, 1, 5), date(2026, 2, 10), "1200.50"),
    ("d2", "won", "Anna", date(2026, 1, 15), date(2026, 3, 10), "800"),
    ("d3", "lost", "Anna", date(2026, 1, 20), date(2026, 4, 1), "500"),
    ("d4", "won", "王芳", date(2026, 2, 1), date(2026, 5, 2), None),
    ("d5", "lost", "王芳", date(2026, 2, 11), date(2026, 5, 20), "300"),
    ("d6", "open", "王芳", date(2026, 5, 11), None, "700"),
    ("d7", "lost", None, date(2026, 3, 1), date(2026, 6, 20), "100"),
]


@pytest.fixture(scope="session")
def deals() -> Dataset:
    """Return the deals as a dataset."""
    names = ("id", "outcome", "owner", "created_at", "closed_at", "amount")
    return Dataset(opportunity=[dict(zip(names, row, strict=True)) for row in ROWS])
