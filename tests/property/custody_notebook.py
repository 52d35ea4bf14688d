"""What an honest clerk with a notebook would say of each act: allowed, refused, or a discrepancy.

Written from the rules of custody, not from the services: it is what they are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

ANALYSTS = ("ana", "abe")
CLERKS = ("cus", "lee")
HANDS = ("ana", "abe", "cus", "olga", "lee")
PEOPLE = (*HANDS, "rex", "qm", "root")
PLACES = ("place:safe", "place:shelf")


@dataclass
class Item:
    """One sample as the clerk sees it."""

    number: str
    holder: str
    seal: str
    at: datetime
    parent: str = ""
    open: bool = False
    frozen: bool = False
    gone: str = ""
    box: str = ""
    returned: bool = False
    ordered: bool = False
    offer: tuple[str, str, datetime] | None = None
    authorities: dict[int, int] = field(default_factory=dict)


@dataclass
class Box:
    """One container."""

    number: str
    holder: str
    seal: str = ""
    frozen: bool = False


@dataclass
class Notebook:
    """All the clerk knows. Verdicts are ``yes``, ``no`` and ``odd`` (refused and written down)."""

    items: dict[str, Item] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)
    seals: set[str] = field(default_factory=set)
    holds: dict[tuple[str, str], str] = field(default_factory=dict)
    """(subject, document) to who set it."""

    def bound(self, item: Item) -> bool:
        """Whether a hold binds it or anything it was taken out of."""
        above: Item | None = item
        while above is not None:
            if any(subject == above.number for subject, _ in self.holds):
                return True
            above = self.items.get(above.parent)
        return False

    def inside(self, box: Box) -> list[Item]:
        return [item for item in self.items.values() if item.box == box.number]

    def offered(self, item: Item, now: datetime) -> bool:
        return item.offer is not None and item.offer[2] > now

    def free(self, item: Item, now: datetime) -> bool:
        return not (item.gone or item.frozen or item.box or self.offered(item, now))

    def hands_on(self, item: Item, actor: str, now: datetime) -> bool:
        return self.free(item, now) and item.holder == actor

    def parties(self, held: str, giver: str, taker: str) -> bool:
        fit = HANDS + PLACES
        both_places = giver in PLACES and taker in PLACES
        return giver == held != taker and giver in fit and taker in fit and not both_places

    def signed(
        self, giver: str, taker: str, actor: str, others: tuple[str, ...], *, on_behalf: bool
    ) -> bool:
        """Whether every person among the two signed, or a third recorded it on their behalf."""
        if len({actor, *others}) != len(others) + 1 or not set(others) <= set(PEOPLE):
            return False
        people = {each for each in (giver, taker) if each not in PLACES}
        silent = people - {actor, *others}
        if on_behalf:
            return actor in CLERKS and actor not in people and bool(silent)
        return not silent and (actor in people or actor in CLERKS)

    def may_leave(self, item: Item, taker: str) -> bool:
        return taker != "olga" or not (item.ordered or self.bound(item))

    def read(self, fits: bool, known: str, seal: str) -> str:
        """Judge a seal that was read for an act that is in order otherwise."""
        if not fits or (known and not seal):
            return "no"
        return "yes" if seal == known else "odd"

    def unused(self, seal: str) -> bool:
        return bool(seal) and seal not in self.seals
