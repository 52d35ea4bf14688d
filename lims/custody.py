"""Who holds a sample: transfers, openings, seals, weighings, and what happens when they disagree.

Exactly one holder at every moment, a person or ``place:NAME``. Nothing here is ever edited: a
seal that does not fit is written down, freezes the sample and refuses the act.
"""

from __future__ import annotations

from typing import Any

from lims import fields, records
from lims.act import Act
from lims.errors import CustodyError, NotFoundError, StateError
from lims.intake import require_holder, require_unfrozen
from lims.lab import Lab
from lims.model import Person, Role, Sample, SampleState
from lims.workflow import HOLDERS, Verb

PLACE = "place:"


def is_place(holder: str) -> bool:
    """Whether a holder is a place rather than a person."""
    return holder.startswith(PLACE)


def transfer(
    lab: Lab,
    sample: str,
    *,
    giver: str,
    taker: str,
    actor: str,
    seal: str = "",
    reason: str = "",
    witness: str = "",
    key: str = "",
) -> Sample:
    """Record that a sample went from one holder to the next.

    Parameters
    ----------
    lab : Lab
    sample : str
    giver, taker : str
        Person ids or ``place:NAME``; the giver must be the present holder, and one of the two
        must be a person.
    actor : str
        One of the two, or a custodian or lead who records their hand-over.
    seal : str
        The seal's number as read at the hand-over; needed when the sample is sealed.
    witness : str
        A second person; needed for a place when the sample's hazard group asks for two persons.

    Raises
    ------
    CustodyError
        The step contradicts the chain of custody. A seal that differs from the last one recorded
        is written down as a discrepancy, and the sample is frozen.
    StateError, NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    reason = fields.line(reason, "the reason")
    with lab.writing(actor, key) as act:
        act.allow(Verb.TRANSFER)
        first = act.repeated("sample.transferred")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        require_unfrozen(row)
        giver, taker = _checked_parties(act, row, giver, taker)
        if row["state"] == SampleState.OPENED:
            raise StateError(
                f"{row['number']} is open: it cannot be passed on",
                hint="Reseal it with a new seal first.",
            )
        places = is_place(giver) or is_place(taker)
        _check_witness(act, row, witness, needed=places, apart_from=(giver, taker))
        problem = _seal_problem(act, row, seal)
        if not problem:
            body = _step_body(row, giver=giver, taker=taker, witness=witness, reason=reason)
            body["state"] = _state_with(act, taker)
            act.append("sample.transferred", body)
        after = records.sample(act.db, row["number"])
    _refuse(problem)
    return after


def open_sample(
    lab: Lab, actor: str, sample: str, *, seal: str = "", witness: str = "", key: str = ""
) -> Sample:
    """Record that the holder broke the seal.

    Parameters
    ----------
    seal : str
        The number read from the seal before it was broken.
    witness : str
        A second person; needed when the sample's hazard group asks for two persons.

    Raises
    ------
    CustodyError, StateError, NotFoundError, PermissionDenied
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.OPEN_SAMPLE)
        first = act.repeated("sample.opened")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        require_holder(act, row, "open")
        if row["state"] == SampleState.OPENED:
            raise StateError(f"{row['number']} is open already")
        _check_witness(act, row, witness, needed=True, apart_from=(actor,))
        problem = _seal_problem(act, row, seal)
        if not problem:
            body = _step_body(row, giver=actor, taker=actor, witness=witness)
            act.append(
                "sample.opened", {**body, "seal_after": "", "state": SampleState.OPENED.value}
            )
        after = records.sample(act.db, row["number"])
    _refuse(problem)
    return after


def reseal(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    seal: str,
    gross_ug: int | None = None,
    witness: str = "",
    key: str = "",
) -> Sample:
    """Record a new seal on a sample that is open or was never sealed.

    Raises
    ------
    CustodyError
        The seal's number was used before, in this lab, on any sample.
    StateError, NotFoundError, PermissionDenied, RecordError
    """
    new = fields.line(seal, "the new seal's number", required=True, limit=60)
    gross = fields.micrograms(gross_ug, "the gross mass")
    with lab.writing(actor, key) as act:
        act.allow(Verb.RESEAL_SAMPLE)
        first = act.repeated("sample.resealed")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        require_holder(act, row, "reseal")
        if row["seal"]:
            raise StateError(
                f"{row['number']} is sealed", hint="Open it first, with the seal's number."
            )
        used = act.db.execute("SELECT sample FROM custody WHERE seal_after=?", [new]).fetchone()
        if used is not None:
            raise CustodyError(
                f"seal {new} is on record already, on {used[0]}", hint="Read the new seal again."
            )
        _check_witness(act, row, witness, needed=False, apart_from=(actor,))
        body = _step_body(row, giver=actor, taker=actor, witness=witness)
        body |= {"seal_after": new, "state": SampleState.RESEALED.value, "gross_ug": gross}
        act.append("sample.resealed", body)
        return records.sample(act.db, row["number"])


def weigh(
    lab: Lab, actor: str, sample: str, *, gross_ug: int, reason: str = "", key: str = ""
) -> Sample:
    """Record a sample's gross mass in micrograms, as read now by its holder.

    Raises
    ------
    CustodyError, RecordError, NotFoundError, PermissionDenied
    """
    gross = fields.micrograms(gross_ug, "the gross mass")
    why = fields.line(reason, "the reason")
    with lab.writing(actor, key) as act:
        act.allow(Verb.WEIGH_SAMPLE)
        first = act.repeated("sample.weighed")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        require_holder(act, row, "weigh")
        body = _step_body(row, giver=actor, taker=actor, reason=why)
        act.append("sample.weighed", {**body, "gross_ug": gross})
        return records.sample(act.db, row["number"])


def resolve_discrepancy(
    lab: Lab, actor: str, sample: str, *, reason: str, seal: str | None = None, key: str = ""
) -> Sample:
    """Let work on a frozen sample go on, with the reason on record.

    Parameters
    ----------
    seal : str or None
        The seal that is on the sample from now on, when it is another than the record has.

    Raises
    ------
    CustodyError
        The acting person is the one who met the discrepancy.
    StateError, NotFoundError, PermissionDenied, RecordError
    """
    why = fields.paragraph(reason, "the reason", required=True)
    now = None if seal is None else fields.line(seal, "the seal", limit=60)
    with lab.writing(actor, key) as act:
        act.allow(Verb.RESOLVE_DISCREPANCY)
        first = act.repeated("discrepancy.resolved")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        opened = records.rows(
            act.db,
            "SELECT by FROM discrepancy WHERE sample=? AND resolved_by=''",
            row["number"],
        )
        if not opened:
            raise StateError(f"{row['number']} has no open discrepancy")
        if actor in {found["by"] for found in opened}:
            raise CustodyError(
                f"{act.person.name} met this discrepancy and may not resolve it",
                hint="A second person decides.",
            )
        act.append("discrepancy.resolved", {"sample": row["number"], "reason": why, "seal": now})
        return records.sample(act.db, row["number"])


def _checked_parties(act: Act, row: dict[str, Any], giver: str, taker: str) -> tuple[str, str]:
    giver, taker = _party(act, giver, "giver"), _party(act, taker, "taker")
    number = row["number"]
    if giver == taker:
        raise CustodyError(f"{number}: giver and taker are the same, {giver}")
    if giver != row["holder"]:
        raise CustodyError(
            f"{number} is held by {row['holder']}, not by {giver}",
            hint="Record the steps in between first.",
        )
    if is_place(giver) and is_place(taker):
        raise CustodyError(
            f"{number} cannot go from one place to another by itself",
            hint="Record who took it from the first place and who put it into the second.",
        )
    recording = not act.person.roles.isdisjoint((Role.CUSTODIAN, Role.LEAD))
    if act.person.id not in (giver, taker) and not recording:
        raise CustodyError(
            f"{act.person.name} neither gives nor takes {number}",
            hint="Giver or taker signs, or a custodian or lead records it for them.",
        )
    return giver, taker


def _party(act: Act, party: str, name: str) -> str:
    text = fields.line(party, f"the {name}", required=True, limit=80)
    if is_place(text):
        if not text.removeprefix(PLACE).strip():
            raise CustodyError(f"the {name} is a place without a name")
        return PLACE + text.removeprefix(PLACE).strip()
    person = _known(act, text, name)
    if person.roles.isdisjoint(HOLDERS):
        raise CustodyError(f"{person.name} ({', '.join(sorted(person.roles))}) may hold no sample")
    return person.id


def _known(act: Act, person_id: str, name: str) -> Person:
    try:
        person = records.person(act.db, person_id)
    except NotFoundError as error:
        raise CustodyError(
            f"the {name} {person_id!r} is not a person of this lab",
            hint=f"Add them first, or write a place as {PLACE}NAME.",
        ) from error
    if not person.active:
        raise CustodyError(f"the {name} {person.name} is no longer active")
    return person


def _check_witness(
    act: Act, row: dict[str, Any], witness: str, *, needed: bool, apart_from: tuple[str, ...]
) -> None:
    if not witness:
        if needed and _needs_two(str(row["hazard"])):
            raise CustodyError(
                f"{row['number']} is in hazard group {row['hazard']}: a witness is needed",
                hint="Name a second person who is present.",
            )
        return
    seen_by = _known(act, witness, "witness")
    if seen_by.id in (*apart_from, act.person.id):
        raise CustodyError(f"{seen_by.name} cannot be witness to their own act")


def _needs_two(hazard: str) -> bool:
    from libraries import hazards

    return bool(hazard) and hazards.group(hazard).two_persons


def _seal_problem(act: Act, row: dict[str, Any], seal: str) -> str:
    """Compare the seal that was read with the last one on record; write down a difference."""
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
    act.key = ""  # the key belongs to the act that is refused, and stays free for it
    act.append(
        "discrepancy.raised",
        {"sample": row["number"], "what": "seal", "expected": last, "found": read},
    )
    expected = last or "no seal"
    return f"{row['number']}: seal {read} was read, {expected} is on record"


def _refuse(problem: str) -> None:
    if problem:
        raise CustodyError(
            f"{problem}; the sample is frozen",
            hint="The discrepancy is on record. A lead or the quality manager resolves it.",
        )


def _state_with(act: Act, taker: str) -> str:
    if is_place(taker):
        return SampleState.STORED.value
    roles = records.person(act.db, taker).roles
    given_back = roles <= {Role.OFFICER}
    return (SampleState.RETURNED if given_back else SampleState.CHECKED_OUT).value


def _step_body(
    row: dict[str, Any], *, giver: str, taker: str, witness: str = "", reason: str = ""
) -> dict[str, Any]:
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
