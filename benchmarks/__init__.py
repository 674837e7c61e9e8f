"""Compare crmcore with dataframe libraries and SQL engines on the same CRM work, as ratios inside one run."""

from __future__ import annotations

import os

os.environ.setdefault("POLARS_MAX_THREADS", "2")  # polars reads it once, when it is imported
