"""How a person says yes to an act that is not theirs alone: the one place where that is looked at.

The acting person is signed in. Whoever else an act needs confirms it separately, on the same
screen or by an act of their own; nobody confirms for somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lims import records, signing
from lims.errors import CustodyError, NotFoundError

if TYPE_CHECKING:
    from lims.act import Act
    from lims.model import Person

SIGNED_IN = "signed in"
NAMED = "confirmed at the same screen"
PROPOSED = "proposed it, signed in"
BADGE = "badge read"
PROVED = {
    "password": "confirmed at the same screen with their password",
    "pin": "confirmed at the same screen with their PIN",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """One person's yes. Where the lab asks to sign in, the record asks for their secret too."""

    person: str


def here(*people: str) -> tuple[Confirmation, ...]:
    """Return confirmations given on this screen."""
    return tuple(Confirmation(person=person) for person in people)


def means(act: Act, person: Person) -> str:
    """Return how a person who is not the acting one is known to have confirmed.

    Where the lab asks to sign in, by their own secret, given a moment ago; else all that can be
    said is that they were named as confirming at the same screen.

    Raises
    ------
    SignatureNeeded
        The lab asks to sign in, and they have not proved themselves here.
    """
    if not act.admission.is_required:
        return NAMED
    proof = signing.confirmed_by(act, person)
    act.confirmers.append(proof)
    return PROVED[proof.method]


def by_person(act: Act, confirmed: Sequence[Confirmation]) -> dict[str, str]:
    """Return how each person confirmed this act, the acting one included.

    Raises
    ------
    CustodyError
        Somebody confirms twice, is the acting person, is not of this lab, or no longer active.
    """
    found = {act.person.id: SIGNED_IN}
    for each in confirmed:
        person = known(act, each.person, "confirming person")
        if person.id in found:
            raise CustodyError(
                f"{person.name} confirms twice", hint="Each person confirms once, for themselves."
            )
        found[person.id] = means(act, person)
    return found


def of(parties: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the confirmations of these parties out of all that were given."""
    return {person: given[person] for person in parties if person in given}


def known(act: Act, person_id: str, name: str) -> Person:
    """Return an active person of this lab.

    Raises
    ------
    CustodyError
    """
    try:
        person = records.person(act.db, person_id)
    except NotFoundError as error:
        raise CustodyError(
            f"the {name} {person_id!r} is not a person of this lab",
            hint="Add them first, or write a place as place:NAME.",
        ) from error
    if not person.active:
        raise CustodyError(f"the {name} {person.name} is no longer active")
    return person
