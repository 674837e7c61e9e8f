"""crmcore: the measurement core of a CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("crmcore")
    raise AttributeError(f"module 'crmcore' has no attribute {name!r}")
