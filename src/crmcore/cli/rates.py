"""Rates: where they may be, told beside an error about currencies."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import CurrencyError

__all__ = ["rates_told"]


@contextmanager
def rates_told(args: argparse.Namespace) -> Iterator[None]:
    """Say where the rates may be that amounts of several currencies need: in a workspace file beside the data."""
    try:
        yield
    except CurrencyError as error:
        settings = None if args.data is None else Path(args.data) / "crmcore.toml"
        if args.workspace or settings is None or not settings.is_file():
            raise
        raise CurrencyError(f"{error}; {settings} may have them: --workspace {settings}") from None
