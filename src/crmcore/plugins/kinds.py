"""Kinds: what a new plugin can be begun as."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES = {
    "metrics": "Metrics of our own for crmcore.",
    "scorer": "A scorer of leads for crmcore.",
    "store": "A store of records for crmcore.",
}
"""Kind of plugin -> what a package of it is described as."""
