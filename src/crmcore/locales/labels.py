"""Labels: what a thing is called, by language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["label_in", "read_only"]


def read_only(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return a copy of labels by language that nobody can change."""
    return MappingProxyType(dict(given))


def label_in(language: str, labels: Mapping[str, str], name: str) -> str:
    """Return the label in a language, in English, or the name."""
    return labels.get(language) or labels.get("en") or name
