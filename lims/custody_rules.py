"""What every step of custody is held to: parties, confirmations, witnesses, seals, states.

Used by the services that write steps; writes nothing but the discrepancy that stops one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lims import clock, confirmations, fields, records
from lims.act import Act
from lims.confirmations import Confirmation
from lims.errors import CustodyError, StateError
from lims.model import Person, Role, SampleState
from lims.workflow import HOLDERS

PLACE = "place:"
GONE = frozenset((SampleState.CONSUMED, SampleState.DESTROYED, SampleState.LOST))
"""States in which there is nothing to hand over, open or weigh."""


def is_place(holder: str) -> bool:
    """Whether a holder is a place rather than a person."""
    return holder.startswith(PLACE)


def require_present(row: dict[str, Any]) -> None:
    """Raise when a sample no longer exists or is missing.

    Raises
    ------
    StateError
    """
    if row["state"] in GONE:
        raise StateError(
            f"{row['number']} was {row['state']}: nothing more can be done with it",
            hint="What is found again is recorded with `fol sample found`."
            if row["state"] == SampleState.LOST
            else "Its record can still be read and noted.",
        )


def require_unfrozen(row: dict[str, Any]) -> None:
    """Raise while a discrepancy of the sample is open.

    Raises
    ------
    CustodyError
    """
    if row["frozen"]:
        raise CustodyError(
            f"{row['number']} is frozen: a discrepancy is open",
            hint="A lead or the quality manager resolves it with a reason.",
        )


def require_free(act: Act, row: dict[str, Any]) -> None:
    """Raise unless a step of custody of this sample alone is possible now.

    Raises
    ------
    CustodyError, StateError
        Gone, frozen, inside a container, or its hand-over waits for an answer.
    """
    require_present(row)
    require_unfrozen(row)
    if row["container"]:
        raise CustodyError(
            f"{row['number']} is inside {row['container']}",
            hint="Take it out first, or move the container as a whole.",
        )
    waiting = records.rows(
        act.db,
        "SELECT * FROM handover WHERE sample=? AND state='waiting' AND expires_at>?",
        row["number"],
        clock.stamp(act.at),
    )
    if waiting:
        raise CustodyError(
            f"{row['number']}: a hand-over to {waiting[0]['taker']} waits for an answer until "
            f"{waiting[0]['expires_at'][:16]} UTC",
            hint="They accept or decline it, or who proposed it withdraws it.",
        )


def require_holder(act: Act, row: dict[str, Any], what: str) -> None:
    """Raise unless the acting person holds the sample and may do a step of custody with it.

    Raises
    ------
    CustodyError, StateError
    """
    require_free(act, row)
    if row["holder"] != act.person.id:
        raise CustodyError(
            f"{act.person.name} may not {what} {row['number']}: it is held by {row['holder']}",
            hint="Record the transfer to you first.",
        )


def checked_parties(act: Act, held: str, number: str, giver: str, taker: str) -> tuple[str, str]:
    """Return giver and taker as the record spells them.

    Raises
    ------
    CustodyError
        Unknown, unfit to hold evidence, the same, both places, or the giver does not hold it.
    """
    giver, taker = party(act, giver, "giver"), party(act, taker, "taker")
    if giver == taker:
        raise CustodyError(f"{number}: giver and taker are the same, {giver}")
    if giver != held:
        raise CustodyError(
            f"{number} is held by {held}, not by {giver}",
            hint="Record the steps in between first.",
        )
    if is_place(giver) and is_place(taker):
        raise CustodyError(
            f"{number} cannot go from one place to another by itself",
            hint="Record who took it from the first place and who put it into the second.",
        )
    return giver, taker


def both_confirmed(
    act: Act,
    number: str,
    parties: Sequence[str],
    confirmed: Sequence[Confirmation],
    *,
    on_behalf: bool,
    reason: str,
) -> dict[str, str]:
    """Return how each person among the parties confirmed the step.

    A custodian or lead may record a step for people who do not confirm it, says so with
    ``on_behalf`` and a reason, and the step is marked. Nobody who gives or takes does.

    Raises
    ------
    CustodyError
        A person among the parties did not confirm.
    """
    given = confirmations.by_person(act, confirmed)
    people = [each for each in parties if not is_place(each)]
    silent = [each for each in people if each not in given]
    if on_behalf:
        _require_clerk(act, number, people, silent, reason)
        return confirmations.of(people, given)
    recording = not act.person.roles.isdisjoint((Role.CUSTODIAN, Role.LEAD))
    if act.person.id not in people and not recording:
        raise CustodyError(
            f"{act.person.name} neither gives nor takes {number}",
            hint="Giver and taker sign, or a custodian or lead records it for them.",
        )
    if silent:
        raise CustodyError(
            f"{number}: {', '.join(silent)} did not confirm",
            hint="Both sign: they confirm here, or the hand-over is proposed and they accept it. "
            "A custodian or lead who takes no part may record it on their behalf, with a reason.",
        )
    return confirmations.of(people, given)


def _require_clerk(
    act: Act, number: str, people: Sequence[str], silent: Sequence[str], reason: str
) -> None:
    if act.person.roles.isdisjoint((Role.CUSTODIAN, Role.LEAD)):
        raise CustodyError(
            f"{act.person.name} may not record a step of {number} on behalf of others",
            hint="A custodian or lead may, with a reason.",
        )
    if act.person.id in people:
        raise CustodyError(
            f"{act.person.name} gives or takes {number} and may not act for the other side",
            hint="Propose the hand-over; the other side accepts it.",
        )
    if not silent:
        raise CustodyError(f"{number}: both confirmed, so nothing is recorded on their behalf")
    if not reason:
        raise CustodyError(
            f"{number}: recording for {' and '.join(silent)} needs a reason",
            hint="Say why they do not confirm themselves.",
        )


def party(act: Act, text: str, name: str) -> str:
    """Return a person's id or ``place:NAME`` in its one spelling.

    Raises
    ------
    CustodyError, RecordError
        Not a person of this lab who may hold evidence, or a place without a name.
    """
    text = fields.line(text, f"the {name}", required=True, limit=80)
    if is_place(text):
        if not text.removeprefix(PLACE).strip():
            raise CustodyError(f"the {name} is a place without a name")
        return PLACE + text.removeprefix(PLACE).strip()
    person = confirmations.known(act, text, name)
    if person.roles.isdisjoint(HOLDERS):
        raise CustodyError(f"{person.name} ({', '.join(sorted(person.roles))}) may hold no sample")
    return person.id


def witness_of(
    act: Act, row: dict[str, Any], witness: str, *, needed: bool, apart_from: Sequence[str]
) -> Person | None:
    """Check a witness; None where nobody was named and nobody is needed.

    Raises
    ------
    CustodyError
        The hazard group asks for one, or it is one of those who act.
    """
    if not witness:
        if needed and needs_two(str(row["hazard"])):
            raise CustodyError(
                f"{row['number']} is in hazard group {row['hazard']}: a witness is needed",
                hint="Name a second person who is present.",
            )
        return None
    seen_by = confirmations.known(act, witness, "witness")
    if seen_by.id in (*apart_from, act.person.id):
        raise CustodyError(f"{seen_by.name} cannot be witness to their own act")
    return seen_by


def needs_two(hazard: str) -> bool:
    """Whether a hazard group asks for two persons."""
    from libraries import hazards

    return bool(hazard) and hazards.group(hazard).two_persons


def seal_problem(act: Act, row: dict[str, Any], seal: str) -> str:
    """Compare the seal that was read with the last one on record; write down a difference.

    Raises
    ------
    CustodyError
        Nothing was read from a sealed sample.
    """
    read = fields.line(seal, "the seal", limit=60)
    last = str(row["seal"])
    if read == last:
        return ""
    if not read:
        # Not shown here: a seal must be read from the bag, not copied from the screen.
        raise CustodyError(
            f"{row['number']} is sealed: the seal's number must be read and given",
            hint="Read the number on the seal.",
        )
    raise_discrepancy(act, row, "seal", expected=last, found=read)
    expected = last or "no seal"
    return f"{row['number']}: seal {read} was read, {expected} is on record"


def raise_discrepancy(
    act: Act, row: dict[str, Any], what: str, *, expected: str, found: str
) -> None:
    """Write down what does not fit; the sample is frozen until somebody else resolves it."""
    act.key = ""  # the key belongs to the act that is refused, and stays free for it
    act.append(
        "discrepancy.raised",
        {"sample": row["number"], "what": what, "expected": expected, "found": found},
    )


def refuse(problem: str) -> None:
    """Raise what a discrepancy that was just written down stops.

    Raises
    ------
    CustodyError
    """
    if problem:
        raise CustodyError(
            f"{problem}; the sample is frozen",
            hint="The discrepancy is on record. A lead or the quality manager resolves it.",
        )


def require_kept(row: dict[str, Any]) -> None:
    """Raise while an order to destroy a sample waits.

    Raises
    ------
    StateError
    """
    if row["state"] == SampleState.DISPOSAL_PENDING:
        raise StateError(
            f"{row['number']} is to be destroyed by order",
            hint="Cancel the order first (fol disposal cancel).",
        )


def require_closed(row: dict[str, Any]) -> None:
    """Raise when a sample is open: what is open is not passed on.

    Raises
    ------
    StateError
    """
    if row["state"] == SampleState.OPENED:
        raise StateError(
            f"{row['number']} is open: it cannot be passed on",
            hint="Reseal it with a new seal first.",
        )


def state_with(act: Act, row: dict[str, Any], taker: str) -> str:
    """Return the state a sample has once ``taker`` holds it.

    Raises
    ------
    StateError
        It is to be destroyed and would be given back.
    """
    given_back = not is_place(taker) and records.person(act.db, taker).roles <= {Role.OFFICER}
    if given_back:
        require_kept(row)
    if row["state"] == SampleState.DISPOSAL_PENDING:
        return SampleState.DISPOSAL_PENDING.value
    if is_place(taker):
        return SampleState.STORED.value
    return (SampleState.RETURNED if given_back else SampleState.CHECKED_OUT).value


def step_body(
    row: dict[str, Any], *, giver: str, taker: str, witness: str = "", reason: str = ""
) -> dict[str, Any]:
    """Return what every step of custody says: who had it, who has it, and its seal."""
    return {
        "sample": row["number"],
        "giver": giver,
        "taker": taker,
        "witness": witness,
        "seal_before": row["seal"],
        "seal_after": row["seal"],
        "state": row["state"],
        "reason": reason,
    }
