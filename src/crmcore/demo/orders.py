"""Orders: what the won deals came to, line by line, and what customers order later without a deal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import numpy as np

from ..table.column import Array
from .company import LAST_DAY, PRODUCTS, SELLERS, TEAMS
from .deals import NONE, PER_EURO, Deals, labelled, times
from .draws import Draws
from .seasons import business_day, instants, number_of

__all__ = ["FIRST_ORDER", "Orders", "make_orders"]

FIRST_ORDER = 900_001
_PIECES = np.array([1, 2, 4, 5, 10, 20, 25, 50, 100])
"""Numbers of pieces that divide any whole amount into cents."""
_EXTRAS = (("ONBOARDING", 3800, 2), ("SUPPORT", 2400, 3), ("MOBILE", 2000, 6))
"""What is sold along with a deal: product, how often in 10,000, at most how many pieces."""
_LATER = 8
"""Orders without a deal that an account has placed at most."""
_GAP = (12, 34, 55, 76, 96, 121, 152, 190, 240, 310, 480)


@attrs.frozen(slots=True, eq=False)
class Orders:
    """Arrays of equal length, one value per order; those of won deals come first, `deal` is -1 for the others."""

    ids: Array
    deal: Array
    account: Array
    team: Array
    seller: Array
    at: Array
    amount: Array
    columns: dict[str, Any]


def make_orders(
    seed: int, deals: Deals, account: Array, accounts: dict[str, Any], accepted: Array, until: Array
) -> Orders:
    """Return an order for each won deal, whose lines add up to the amount agreed on, and the orders that followed.

    Args:
        seed: of the organisation.
        deals: won ones are ordered at the instant they close.
        account: of each deal.
        accounts: the table of accounts.
        accepted: the accepted quote of each deal, 0 where there is none.
        until: per account the day from which it orders nothing more.
    """
    won = deals.won
    later = _later(seed, accounts, until)
    size = won.size + later["account"].size
    ids = np.arange(FIRST_ORDER, FIRST_ORDER + size)
    blank = np.full(size - won.size, -1)
    team = np.concatenate([deals.team[won], later["team"]])
    at = np.concatenate([deals.closed[won], later["at"]])
    lines = [_of_deals(seed, deals, won), _of_later(seed, later["team"], won.size)]
    joined = {name: np.concatenate([part[name] for part in lines]) for name in lines[0]}
    order = np.argsort(joined["order"], kind="stable")
    rows = {name: values[order] for name, values in joined.items()}
    amount = np.zeros(size, np.int64)
    np.add.at(amount, rows["order"], rows["amount"])
    found = Orders(
        ids=ids,
        deal=np.concatenate([won, blank]),
        account=np.concatenate([account[won], later["account"]]),
        team=team,
        seller=np.concatenate([deals.seller[won], later["seller"]]),
        at=at,
        amount=amount,
        columns={},
    )
    found.columns.update(_columns(deals, accepted, found, rows))
    return found


def _of_deals(seed: int, deals: Deals, won: Array) -> dict[str, Array]:
    """Return the lines of the deals: extras at list price where they come to less than half, the product for the rest."""
    draws = Draws(seed, won.size)
    product, team = deals.product[won], deals.team[won]
    net, listed = deals.made[won], deals.amount[won]
    rest, parts = net.copy(), []
    for name, often, most in _EXTRAS:
        number = _product(name)
        pieces = 1 + draws.below(f"order {name} pieces", most)
        worth = pieces * _price(number, team)
        taken = np.flatnonzero(draws.chance(f"order {name}", often) & (rest - worth > net // 2) & (product != number))
        rest[taken] -= worth[taken]
        parts.append(_line(taken, np.full(taken.size, number), pieces[taken], worth[taken], worth[taken]))
    above = listed - net + rest  # the discount is given on the product
    wanted = -(-above // _price(product, team))
    pieces = _PIECES[np.minimum(np.searchsorted(_PIECES, wanted), _PIECES.size - 1)]
    parts.insert(0, _line(np.arange(won.size), product, pieces, rest, above))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _later(seed: int, accounts: dict[str, Any], until: Array) -> dict[str, Array]:
    """Return when customers order again: the later, the fewer, and none after their subscriptions have ended."""
    since = accounts["customer_since"].astype(np.int64)
    who = np.flatnonzero(since != NONE)
    draws = Draws(seed, who.size)
    places = {t.name: n for n, t in enumerate(TEAMS)}
    sellers = {s.name: n for n, s in enumerate(SELLERS)}
    day, going = since[who], np.ones(who.size, bool)
    stop = np.minimum(until[accounts["id"][who]], number_of(LAST_DAY))
    found: list[tuple[Array, Array]] = []
    for turn in range(_LATER):
        day = business_day(day + draws.along(f"order gap {turn}", _GAP))
        going &= draws.chance(f"order again {turn}", 5600 if turn == 0 else 7800) & (day < stop)
        found.append((who[going], day[going]))
    rows, days = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort([days, rows])
    rows, days = rows[order], days[order]
    team = np.array([places[name] for name in accounts["team"][rows].tolist()], np.int64)
    offset = np.array([t.offset_hours for t in TEAMS])[team]
    return {
        "account": accounts["id"][rows],
        "team": team,
        "seller": np.array([sellers[name] for name in accounts["owner"][rows].tolist()], np.int64),
        "at": instants(Draws(seed, rows.size), "order later time", days, offset),
    }


def _of_later(seed: int, team: Array, first: int) -> dict[str, Array]:
    """Return the lines of the orders without a deal: one to three, each of a product, some at a discount."""
    per = Draws(seed, team.size).pick("order lines", [63, 27, 10]) + 1
    order = np.repeat(np.arange(team.size), per)
    draws = Draws(seed, order.size)
    product = draws.pick("order line product", [2, 10, 4, 46, 22, 16])
    pieces = 1 + draws.along("order line pieces", (0, 0, 0, 1, 1, 2, 2, 3, 4, 6, 14))
    price = _price(product, team[order])
    percent = np.array([0, 5, 10, 20])[draws.pick("order line discount", [60, 18, 14, 8])]
    return _line(order + first, product, pieces, pieces * (price * (100 - percent) // 100), pieces * price)


def _line(order: Array, product: Array, pieces: Array, amount: Array, listed: Array) -> dict[str, Array]:
    return {"order": order, "product": product, "pieces": pieces, "amount": amount, "listed": listed}


def _product(name: str) -> int:
    return next(n for n, p in enumerate(PRODUCTS) if p.id == name)


def _price(product: Array | int, team: Array) -> Array:
    """Return the list price of one piece in the currency of the team."""
    factor = np.array([PER_EURO[t.currency] for t in TEAMS])[team]
    found: Array = np.array([p.price for p in PRODUCTS])[product] * factor // 100
    return found


def _each(amount: Array, pieces: Array) -> list[Decimal]:
    """Return amounts per piece, to the cent."""
    return [Decimal(cents).scaleb(-2) for cents in (amount * 100 // pieces).tolist()]


def _columns(deals: Deals, accepted: Array, orders: Orders, rows: dict[str, Array]) -> dict[str, Any]:
    order = rows["order"]
    deal = orders.deal[order]
    without = deal < 0
    family = np.array([p.family for p in PRODUCTS], object)[rows["product"]]
    once = family == "services"
    quote = np.where(without, 0, accepted[deal])
    return {
        "id": np.arange(1, order.size + 1),
        "order": orders.ids[order],
        "opportunity": np.ma.masked_array(deals.ids[deal], without),
        "quote": np.ma.masked_array(quote, quote == 0),
        "account": orders.account[order],
        "owner": labelled([s.name for s in SELLERS], orders.seller[order]),
        "team": labelled([t.name for t in TEAMS], orders.team[order]),
        "product": labelled([p.id for p in PRODUCTS], rows["product"]),
        "at": times(orders.at[order]),
        "kind": np.where(once, "one_time", "recurring").astype(object),
        "quantity": rows["pieces"],
        "price": _each(rows["amount"], rows["pieces"]),
        "list_price": _each(rows["listed"], rows["pieces"]),
        "discount": rows["listed"] - rows["amount"],
        "amount": rows["amount"],
        "term_months": np.ma.masked_array(np.full(order.size, 12), once),
        "currency": labelled([t.currency for t in TEAMS], orders.team[order]),
    }
