"""MetricSuite: what every metric has to pass, alone or among others.

class TestMine(MetricSuite):
    metrics = [first_meeting_rate, meetings_per_deal]
"""

from __future__ import annotations

from .suite import MetricSuite

__all__ = ["MetricSuite"]
