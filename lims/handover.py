"""A hand-over in two acts: the holder proposes it, the taker accepts it in time, or it lapses.

Both read the seal themselves. A proposal changes nothing about who holds the sample.
"""

from __future__ import annotations

from datetime import timedelta

from lims import clock, confirmations, custody_settings, fields, legal_hold, records
from lims import custody_rules as rules
from lims.act import Act
from lims.custody_model import Handover, HandoverState
from lims.errors import CustodyError, NotFoundError, StateError
from lims.lab import Lab
from lims.model import Sample, SampleState
from lims.workflow import Verb

MOST_LAPSED_AT_ONCE = 500


def propose(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    taker: str,
    seal: str = "",
    reason: str = "",
    witness: str = "",
    key: str = "",
) -> Handover:
    """Offer a sample to another person, who accepts it within the time the lab set.

    Parameters
    ----------
    seal : str
        The seal as the giver reads it now.
    taker : str
        A person: what goes to a place needs one act only.

    Raises
    ------
    CustodyError, StateError, NotFoundError, PermissionDenied, RecordError
    """
    why = fields.line(reason, "the reason")
    write_lapsed(lab, actor)
    with lab.writing(actor, key) as act:
        act.allow(Verb.TRANSFER)
        first = act.repeated("handover.proposed")
        if first is not None:
            return _handover(act, first.seq)
        row = records.sample_row(act.db, sample)
        rules.require_holder(act, row, "hand over")
        giver, taker = rules.checked_parties(act, row["holder"], row["number"], actor, taker)
        if rules.is_place(taker):
            raise CustodyError(
                f"{taker} cannot accept {row['number']}",
                hint="Put it there yourself: that is one act.",
            )
        rules.require_closed(row)
        rules.witness_of(act, row, witness, needed=False, apart_from=(giver, taker))
        if rules.state_with(act, row, taker) == SampleState.RETURNED:
            legal_hold.require_none(act.db, row["number"], "returned")
        problem, seq = rules.seal_problem(act, row, seal), 0
        if not problem:
            lasts = timedelta(minutes=custody_settings.value(act.db, "handover_minutes"))
            seq = act.append(
                "handover.proposed",
                {
                    "sample": row["number"],
                    "giver": giver,
                    "taker": taker,
                    "witness": witness,
                    "reason": why,
                    "expires_at": clock.stamp(act.at + lasts),
                },
            ).seq
    rules.refuse(problem)
    return _as_handover(records.rows(lab.db, "SELECT * FROM handover WHERE seq=?", seq)[0])


def accept(lab: Lab, actor: str, sample: str, *, seal: str = "", key: str = "") -> Sample:
    """Take over a sample that was offered to the acting person.

    Parameters
    ----------
    seal : str
        The seal as the taker reads it now.

    Raises
    ------
    StateError
        Nothing waits, or the time is over.
    CustodyError
        It was offered to somebody else, or the seal is not the one on record.
    NotFoundError, PermissionDenied, RecordError
    """
    write_lapsed(lab, actor)
    with lab.writing(actor, key) as act:
        act.allow(Verb.TRANSFER)
        first = act.repeated("sample.transferred")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        offer = _waiting(act, row["number"])
        if offer.taker != actor:
            raise CustodyError(
                f"{row['number']} was offered to {offer.taker}, not to {act.person.name}",
                hint="Nobody accepts for somebody else.",
            )
        rules.require_present(row)
        rules.require_unfrozen(row)
        rules.checked_parties(act, row["holder"], row["number"], offer.giver, offer.taker)
        rules.require_closed(row)
        state = rules.state_with(act, row, offer.taker)
        if state == SampleState.RETURNED:
            legal_hold.require_none(act.db, row["number"], "returned")
        problem = rules.seal_problem(act, row, seal)
        if not problem:
            body = rules.step_body(
                row,
                giver=offer.giver,
                taker=offer.taker,
                witness=offer.witness,
                reason=offer.reason,
            )
            means = {offer.giver: confirmations.PROPOSED, actor: confirmations.SIGNED_IN}
            body |= {"state": state, "confirmed": means, "handover": offer.seq}
            act.append("sample.transferred", body)
        after = records.sample(act.db, row["number"])
    rules.refuse(problem)
    return after


def decline(lab: Lab, actor: str, sample: str, *, reason: str) -> Handover:
    """Refuse a sample that was offered, or withdraw one's own offer, with the reason.

    Raises
    ------
    StateError, CustodyError, NotFoundError, PermissionDenied, RecordError
    """
    why = fields.line(reason, "the reason", required=True)
    write_lapsed(lab, actor)
    with lab.writing(actor) as act:
        act.allow(Verb.TRANSFER)
        offer = _waiting(act, str(records.sample_row(act.db, sample)["number"]))
        if actor not in (offer.giver, offer.taker):
            raise CustodyError(
                f"{act.person.name} neither offered {offer.sample} nor was it offered to them"
            )
        kind = "handover.declined" if actor == offer.taker else "handover.withdrawn"
        act.append(kind, {"sample": offer.sample, "handover": offer.seq, "remark": why})
        return _handover(act, offer.seq)


def handovers(lab: Lab, *, everything: bool = False, sample: str = "") -> tuple[Handover, ...]:
    """Return the hand-overs that wait, or all that ever were, oldest first; of one sample or all.

    One whose time is over is shown as lapsed, though the event that says so is only written with
    the next act.
    """
    found = records.rows(
        lab.db,
        "SELECT * FROM handover WHERE (? OR state='waiting') AND (?='' OR sample=?) ORDER BY seq",
        everything,
        sample,
        sample,
    )
    shown = (_as_handover(row, now=clock.stamp(clock.now())) for row in found)
    return tuple(h for h in shown if everything or h.state is HandoverState.WAITING)


def write_lapsed(lab: Lab, actor: str) -> int:
    """Write the end of every proposal whose time is over; return how many there were."""
    moment = clock.stamp(clock.now())
    sql = "SELECT * FROM handover WHERE state='waiting' AND expires_at<=? ORDER BY seq LIMIT ?"
    if not records.rows(lab.db, sql, moment, 1):
        return 0
    with lab.writing(actor) as act:
        found = records.rows(act.db, sql, moment, MOST_LAPSED_AT_ONCE)
        for row in found:
            remark = f"not accepted by {row['expires_at']}"
            act.append(
                "handover.lapsed",
                {"sample": row["sample"], "handover": row["seq"], "remark": remark},
            )
    return len(found)


def _waiting(act: Act, number: str) -> Handover:
    found = records.rows(
        act.db, "SELECT * FROM handover WHERE sample=? ORDER BY seq DESC LIMIT 1", number
    )
    latest = _as_handover(found[0]) if found else None
    if latest is None or latest.state is not HandoverState.WAITING or latest.expires_at <= act.at:
        was = "" if latest is None else f"; the last one was {latest.state}"
        raise StateError(
            f"no hand-over of {number} waits{was}", hint="Its holder proposes a new one."
        )
    return latest


def _handover(act: Act, seq: int) -> Handover:
    found = records.rows(act.db, "SELECT * FROM handover WHERE seq=?", seq)
    if not found:
        raise NotFoundError(f"there is no hand-over {seq}")
    return _as_handover(found[0])


def _as_handover(row: records.Row, *, now: str = "") -> Handover:
    state = HandoverState(row["state"])
    if now and state is HandoverState.WAITING and row["expires_at"] <= now:
        state = HandoverState.LAPSED
    return Handover(
        seq=row["seq"],
        sample=row["sample"],
        giver=row["giver"],
        taker=row["taker"],
        at=records.moment(row["at"]),
        expires_at=records.moment(row["expires_at"]),
        state=state,
        witness=row["witness"],
        reason=row["reason"],
        closed_at=records.moment(row["closed_at"]) if row["closed_at"] else None,
        closed_by=row["closed_by"],
        remark=row["remark"],
    )
