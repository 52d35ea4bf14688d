"""Who holds a sample: transfers, openings, seals, weighings, and what happens when they disagree.

Exactly one holder at every moment, a person or ``place:NAME``. Nothing here is ever edited: a
seal that does not fit is written down, freezes the sample and refuses the act.
"""

from __future__ import annotations

from collections.abc import Sequence

from lims import custody_rules as rules
from lims import fields, legal_hold, records, seals
from lims.confirmations import Confirmation
from lims.custody_rules import is_place as is_place
from lims.errors import CustodyError, StateError
from lims.lab import Lab
from lims.model import Sample, SampleState
from lims.workflow import Verb


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
    confirmed: Sequence[Confirmation] = (),
    on_behalf: bool = False,
    key: str = "",
) -> Sample:
    """Record that a sample went from one holder to the next, in one act that both confirm.

    Parameters
    ----------
    lab : Lab
    sample : str
    giver, taker : str
        Person ids or ``place:NAME``; the giver must be the present holder, and one of the two
        must be a person.
    actor : str
        One of the two, or a custodian or lead at whose screen they confirm.
    seal : str
        The seal's number as read at the hand-over; needed when the sample is sealed.
    witness : str
        A second person; needed for a place when the sample's hazard group asks for two persons.
    confirmed : sequence of Confirmation
        The other person of the two, or both where a custodian or lead records. Who is not here
        gets a proposal instead (`lims.handover`).
    on_behalf : bool
        A custodian or lead records the step for people who do not confirm it: needs a reason, and
        the step is marked.

    Raises
    ------
    CustodyError
        The step contradicts the chain of custody, somebody did not confirm it, or a legal hold
        forbids the return. A seal that differs from the last one recorded is written down as a
        discrepancy, and the sample is frozen.
    StateError, NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    reason = fields.line(reason, "the reason")
    with lab.writing(actor, key) as act:
        act.allow(Verb.TRANSFER)
        first = act.repeated("sample.transferred")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        rules.require_free(act, row)
        giver, taker = rules.checked_parties(act, row["holder"], row["number"], giver, taker)
        means = rules.both_confirmed(
            act, row["number"], (giver, taker), confirmed, on_behalf=on_behalf, reason=reason
        )
        rules.require_closed(row)
        places = is_place(giver) or is_place(taker)
        rules.witness_of(act, row, witness, needed=places, apart_from=(giver, taker))
        state = rules.state_with(act, row, taker)
        if state == SampleState.RETURNED:
            legal_hold.require_none(act.db, row["number"], "returned")
        problem = rules.seal_problem(act, row, seal)
        if not problem:
            body = rules.step_body(row, giver=giver, taker=taker, witness=witness, reason=reason)
            body |= {"state": state, "confirmed": means, "on_behalf": on_behalf}
            act.append("sample.transferred", body)
        after = records.sample(act.db, row["number"])
    rules.refuse(problem)
    return after


def places(lab: Lab) -> tuple[str, ...]:
    """Return the places that ever held a sample, as ``place:NAME``."""
    found = records.rows(
        lab.db,
        "SELECT DISTINCT taker FROM custody WHERE taker>='place:' AND taker<'place;' ORDER BY 1",
    )
    return tuple(str(row["taker"]) for row in found)


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
        rules.require_holder(act, row, "open")
        if row["state"] == SampleState.OPENED:
            raise StateError(f"{row['number']} is open already")
        rules.require_kept(row)
        rules.witness_of(act, row, witness, needed=True, apart_from=(actor,))
        problem = rules.seal_problem(act, row, seal)
        if not problem:
            body = rules.step_body(row, giver=actor, taker=actor, witness=witness)
            act.append(
                "sample.opened", {**body, "seal_after": "", "state": SampleState.OPENED.value}
            )
        after = records.sample(act.db, row["number"])
    rules.refuse(problem)
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
        The seal's number was used before, in this lab, on any sample or container. A number in no
        issued range is noted, not refused.
    StateError, NotFoundError, PermissionDenied, RecordError
    """
    gross = fields.micrograms(gross_ug, "the gross mass")
    with lab.writing(actor, key) as act:
        act.allow(Verb.RESEAL_SAMPLE)
        first = act.repeated("sample.resealed")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        rules.require_holder(act, row, "reseal")
        if row["seal"]:
            raise StateError(
                f"{row['number']} is sealed", hint="Open it first, with the seal's number."
            )
        rules.require_kept(row)
        new, odd = seals.fresh(act, seal)
        rules.witness_of(act, row, witness, needed=False, apart_from=(actor,))
        body = rules.step_body(row, giver=actor, taker=actor, witness=witness)
        body |= {"seal_after": new, "state": SampleState.RESEALED.value, "gross_ug": gross}
        act.append("sample.resealed", body)
        seals.note(act, row["number"], new, odd)
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
        rules.require_holder(act, row, "weigh")
        body = rules.step_body(row, giver=actor, taker=actor, reason=why)
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
