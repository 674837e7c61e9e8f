"""Sources: files as datasets."""

from __future__ import annotations

from .profile import Profile
from .profile_parse import load_profile, parse_profile
from .reader import Progress, read
from .rejects import write_rejected

__all__ = ["Profile", "Progress", "load_profile", "parse_profile", "read", "write_rejected"]
