"""Every metric of the catalogue passes the suite that plugin authors run."""

from __future__ import annotations

from typing import ClassVar

from crmcore.kpis import CATALOGUE
from crmcore.testing import MetricSuite


class TestCatalogue(MetricSuite):
    """All of them at once."""

    metrics: ClassVar = tuple(CATALOGUE.values())
    languages: ClassVar = ("en", "zh")
