"""Contacts: the people in the accounts, with what the CRM knows of how to reach them."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ..table.column import Array
from .company import SELLERS
from .deals import labelled
from .draws import Draws

__all__ = ["FIRST_CONTACT", "Contacts", "make_contacts"]

FIRST_CONTACT = 700_001
_GIVEN = (
    "Alex",
    "Chris",
    "Dana",
    "Eva",
    "Finn",
    "Ines",
    "Kim",
    "Lea",
    "Max",
    "Nora",
    "Robin",
    "Sam",
    "Toni",
    "伟",
    "静",
    "磊",
)
_FAMILY = (
    "Adler",
    "Baker",
    "Chen",
    "Dietrich",
    "Evans",
    "Fischer",
    "Grant",
    "Hall",
    "Keller",
    "Li",
    "Moore",
    "Novak",
    "Wang",
)
_TITLES = ("buyer", "head of sales", "managing director", "IT", "finance", None)


@attrs.frozen(slots=True, eq=False)
class Contacts:
    """Contacts in the order of their accounts.

    Args:
        first: per account, the position of its first contact; one more at the end.
        ids: of all contacts.
        columns: the table.
    """

    first: Array
    ids: Array
    columns: dict[str, Any]

    def some(self, draws: Draws, name: str, account: Array) -> Array:
        """Return for each account one of its contacts."""
        start = self.first[account - 1]
        found: Array = self.ids[start + draws.below(name, self.first[account] - start)]
        return found


def make_contacts(seed: int, accounts: dict[str, Any]) -> Contacts:
    """Return one to three contacts per account; a few have no e-mail or phone, a few are there twice."""
    per = Draws(seed, accounts["id"].size).pick("contacts of account", [50, 33, 17]) + 1
    place = np.repeat(np.arange(per.size), per)
    draws = Draws(seed, place.size)
    ids = np.arange(FIRST_CONTACT, FIRST_CONTACT + place.size)
    given, family = draws.below("contact given", len(_GIVEN)), draws.below("contact family", len(_FAMILY))
    same = np.arange(place.size)
    again = draws.chance("contact twice", 150) & (place == np.roll(place, 1)) & (same > 0)
    same = np.where(again, same - 1, same)  # entered a second time, as a person of the same name and address
    names = np.array([f"{g} {f}" for g in _GIVEN for f in _FAMILY], object)[(given * len(_FAMILY) + family)[same]]
    mail = np.array([f"contact{n}@example.com" for n in ids.tolist()], object)[same]
    phone = np.array([f"+1 555 {n:07}" for n in draws.below("contact phone", 10_000_000).tolist()], object)[same]
    first = np.concatenate([[0], np.cumsum(per)])
    mail[draws.chance("contact no mail", 700)] = None
    phone[draws.chance("contact no phone", 2400)] = None
    return Contacts(
        first,
        ids,
        {
            "id": ids,
            "name": names,
            "account": accounts["id"][place],
            "owner": labelled(
                [s.name for s in SELLERS], np.where(draws.chance("contact no owner", 200), -1, _owners(accounts)[place])
            ),
            "team": accounts["team"][place],
            "title": labelled(_TITLES, draws.pick("contact title", [26, 20, 16, 14, 12, 12])),
            "email": mail,
            "phone": phone,
            "country": accounts["country"][place],
            "created_at": accounts["created_at"][place],
        },
    )


def _owners(accounts: dict[str, Any]) -> Array:
    places = {s.name: n for n, s in enumerate(SELLERS)}
    return np.array([places[name] for name in accounts["owner"].tolist()], np.int64)
