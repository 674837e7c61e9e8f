"""Slippage: how often, and how far, closing dates and amounts of deals were moved, and which deals slip."""

from __future__ import annotations

from .dates import close_date_moves
from .deals import slipping_deals
from .moves import Moves, amount_moves, date_moves
from .rate import slip_rate

__all__ = ["Moves", "amount_moves", "close_date_moves", "date_moves", "slip_rate", "slipping_deals"]
