"""Attribution of won deals to the touches of a dataset: each model as an analysis."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, TypeVar

import attrs

from ...algebra.columns import Expr, col
from ...state.listing import Fact, Listing
from ..view import View
from . import chain, coalitions, decay, milestones, positions
from .columns import of_one_currency
from .journeys import Journeys
from .touches import Conversions, Touches, joined

__all__ = [
    "first_touch",
    "from_deals",
    "full_path",
    "last_non_direct",
    "last_touch",
    "linear",
    "markov",
    "position_based",
    "shapley",
    "time_decay_by_age",
    "time_decay_by_step",
    "u_shaped",
    "w_shaped",
]

Model = TypeVar("Model", bound=Callable[..., Listing])

_WON = col("outcome") == "won"


def from_deals(
    view: View,
    *,
    by: str = "account",
    within_days: int | None = None,
    channel: str | Expr = "channel",
    touch_key: str | Expr | None = None,
    touches: Expr | None = None,
    deals: Expr | None = None,
    created: bool = False,
) -> Journeys:
    """Return the journeys to the won deals of a view, and those of the keys that won none, up to its instant.

    Each won deal is a conversion at its `closed_at`, with its amount (M3). A touch that stands for several counts
    as that many. Of accounts the journey is the whole buying group's; of contacts or leads it is one person's.

    Args:
        view: with the tables touch and opportunity.
        by: whose journey it is: account, lead, contact, opportunity, or another column that both tables have.
        within_days: only touches in the n local days that end with the day of closing (T6); None for all.
        channel: the column or expression on touches that credit goes to, e.g. "source" or "campaign".
        touch_key: where touches hold the key, if not in the column of the same name, e.g. "contact.account".
        touches: a condition on touches, such as `col("kind") == "clicked"`.
        deals: a condition on the won deals to credit, such as `col("kind") == "new"`; the keys of other won deals have
            converted all the same, and are in no journey without conversion.
        created: whether to look up when the lead of each deal, and the deal itself, were created.

    Raises:
        TableNotFound, ColumnNotFound: what is not in the dataset, with the nearest names.
        CurrencyError: amounts of several currencies (M2).

    Rules: O1, O4, O8, T1, T2, T6, M2, M3, W3.
    """
    made = view.rows("touch", where=touches)
    won = view.rows("opportunity", at="closed_at", where=_WON if deals is None else _WON & deals)
    key = "id" if by == "opportunity" else by
    found = joined(
        Touches(
            made.key(by if touch_key is None else touch_key),
            made.key(channel),
            made.values("at"),
            made.values("quantity") if "quantity" in made.table else None,
        ),
        Conversions(
            won.key(key),
            won.values("closed_at"),
            of_one_currency("opportunity.amount", won.amounts()),
            won.values("lead.created_at") if created else None,
            won.values("created_at") if created else None,
            None if deals is None else view.rows("opportunity", where=_WON).key(key),
        ),
        zone=view.scope.zone,
        within_days=within_days,
    )
    whose = Fact("by", by, "label", {"en": "Journeys of each", "zh": "旅程归属"})
    past = view.undated("touch", where=touches).key(by if touch_key is None else touch_key)
    left_out = {**found.left_out}
    left_out["touches_without_key"] += past.nulls
    left_out["touches_without_date"] += len(past) - past.nulls
    return attrs.evolve(found, choices=(whose, *found.choices), left_out=left_out)


_JOURNEY = [p for p in signature(from_deals).parameters.values() if p.kind is p.KEYWORD_ONLY and p.name != "created"]


def _of_journeys(model: Model) -> Model:
    """Let the signature of a model say what it takes as `journey`: the choices of `from_deals`."""
    own = signature(model)
    parameters = [p for p in own.parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    vars(model)["__signature__"] = own.replace(parameters=[*parameters, *_JOURNEY])
    return model


@_of_journeys
def first_touch(view: View, **journey: Any) -> Listing:
    """Credit each won deal to its first touch; `from_deals` says what makes a journey.

    Rules: W3.
    """
    return positions.first_touch(from_deals(view, **journey)).listing()


@_of_journeys
def last_touch(view: View, **journey: Any) -> Listing:
    """Credit each won deal to its last touch; `from_deals` says what makes a journey.

    Rules: W3.
    """
    return positions.last_touch(from_deals(view, **journey)).listing()


@_of_journeys
def last_non_direct(view: View, *, direct: Any = "direct", **journey: Any) -> Listing:
    """Credit each won deal to its last touch that was not direct; `from_deals` says what makes a journey.

    Rules: W3.
    """
    return positions.last_non_direct(from_deals(view, **journey), direct=direct).listing()


@_of_journeys
def linear(view: View, **journey: Any) -> Listing:
    """Credit all touches of a won deal alike; `from_deals` says what makes a journey.

    Rules: W3.
    """
    return positions.linear(from_deals(view, **journey)).listing()


@_of_journeys
def position_based(view: View, **journey: Any) -> Listing:
    """Credit first and last touch of a won deal 40 % each, the others 20 %; `from_deals` says what makes a journey.

    Rules: W3.
    """
    return positions.position_based(from_deals(view, **journey)).listing()


@_of_journeys
def u_shaped(view: View, **journey: Any) -> Listing:
    """Credit first touch and lead creation of a won deal 40 % each, the others 20 %.

    `from_deals` says what makes a journey; the lead is that of the deal.

    Rules: W3.
    """
    return milestones.u_shaped(from_deals(view, created=True, **journey)).listing()


@_of_journeys
def w_shaped(view: View, **journey: Any) -> Listing:
    """Credit first touch, lead and opportunity creation of a won deal 30 % each, the others 10 %.

    `from_deals` says what makes a journey; the lead is that of the deal.

    Rules: W3.
    """
    return milestones.w_shaped(from_deals(view, created=True, **journey)).listing()


@_of_journeys
def full_path(view: View, **journey: Any) -> Listing:
    """Credit first touch, lead creation, opportunity creation and last touch of a won deal 22.5 % each, the others 10 %.

    `from_deals` says what makes a journey; the lead is that of the deal.

    Rules: W3.
    """
    return milestones.full_path(from_deals(view, created=True, **journey)).listing()


@_of_journeys
def time_decay_by_age(view: View, *, half_life_days: float = 7, **journey: Any) -> Listing:
    """Credit the touches of a won deal by their age at closing; `from_deals` says what makes a journey.

    Rules: W3.
    """
    return decay.time_decay_by_age(from_deals(view, **journey), half_life_days=half_life_days).listing()


@_of_journeys
def time_decay_by_step(view: View, *, half_life_steps: float = 1, **journey: Any) -> Listing:
    """Credit the touches of a won deal by how many came after; `from_deals` says what makes a journey.

    Rules: W3.
    """
    return decay.time_decay_by_step(from_deals(view, **journey), half_life_steps=half_life_steps).listing()


@_of_journeys
def markov(view: View, **journey: Any) -> Listing:
    """Credit channels by their removal effect on won deals; `from_deals` says what makes a journey.

    Rules: W3.
    """
    return chain.markov(from_deals(view, **journey)).listing()


@_of_journeys
def shapley(view: View, **journey: Any) -> Listing:
    """Credit the different channels of a won deal alike; `from_deals` says what makes a journey.

    Rules: W3.
    """
    return coalitions.shapley(from_deals(view, **journey)).listing()
