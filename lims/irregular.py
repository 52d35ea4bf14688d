"""What breaks the even run of custody and is still told in full: loss, finding, a late entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lims import clock, fields, legal_hold, records
from lims import custody_rules as rules
from lims.act import Act
from lims.confirmations import Confirmation
from lims.errors import CustodyError, RecordError, StateError
from lims.lab import Lab
from lims.model import Sample, SampleState
from lims.workflow import Verb


def report_lost(lab: Lab, actor: str, sample: str, *, circumstances: str, key: str = "") -> Sample:
    """Record that a sample is missing: where it was last, who noticed, what was searched.

    Its last holder stays on record; nothing can be done with it until it is found.

    Raises
    ------
    StateError, NotFoundError, RecordError, PermissionDenied
    """
    said = fields.paragraph(circumstances, "the circumstances", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.REPORT_LOSS)
        first = act.repeated("sample.lost")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        rules.require_present(row)
        body = rules.step_body(row, giver=row["holder"], taker=row["holder"], reason=said)
        act.append("sample.lost", body | {"state": SampleState.LOST.value})
        return records.sample(act.db, row["number"])


def report_found(
    lab: Lab, actor: str, sample: str, *, where: str, seal: str = "", key: str = ""
) -> Sample:
    """Record that a lost sample is in the acting person's hands again, frozen until resolved.

    Parameters
    ----------
    seal : str
        As it reads now; may be empty when there is none.

    Raises
    ------
    StateError
        It was not lost.
    NotFoundError, RecordError, PermissionDenied
    """
    said = fields.paragraph(where, "where it was found", required=True)
    read = fields.line(seal, "the seal", limit=60)
    with lab.writing(actor, key) as act:
        act.allow(Verb.REPORT_LOSS)
        first = act.repeated("sample.found")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        if row["state"] != SampleState.LOST:
            raise StateError(f"{row['number']} is not lost: it is {row['state']}")
        finder = rules.party(act, actor, "finder")
        body = rules.step_body(row, giver=row["holder"], taker=finder, reason=said)
        state = _found_state(act, row)
        act.append("sample.found", body | {"state": state.value})
        expected = f"with {row['holder']} under {row['seal'] or 'no seal'}"
        rules.raise_discrepancy(
            act,
            row,
            "lost and found",
            expected=expected,
            found=f"by {finder} under {read or 'no seal'}",
        )
        return records.sample(act.db, row["number"])


def _found_state(act: Act, row: dict[str, Any]) -> SampleState:
    ordered = records.value(
        act.db, "SELECT 1 FROM disposal WHERE sample=? AND state='ordered'", row["number"]
    )
    if ordered:
        return SampleState.DISPOSAL_PENDING
    return SampleState.RESEALED if row["seal"] else SampleState.CHECKED_OUT


def enter_late(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    giver: str,
    taker: str,
    occurred_at: datetime,
    reason: str,
    seal: str = "",
    witness: str = "",
    confirmed: Sequence[Confirmation] = (),
    on_behalf: bool = False,
    key: str = "",
) -> Sample:
    """Record a hand-over that already happened, as its own kind, with both times and the reason.

    Parameters
    ----------
    occurred_at : datetime
        Aware; not before the step recorded last, not in the future.

    Raises
    ------
    CustodyError
        It contradicts the chain, or one side did not confirm.
    RecordError, StateError, NotFoundError, PermissionDenied
    """
    why = fields.line(reason, "the reason", required=True)
    if occurred_at.tzinfo is None:
        raise RecordError("the moment it happened needs a time zone")
    with lab.writing(actor, key) as act:
        act.allow(Verb.ENTER_LATE)
        first = act.repeated("sample.late_entry")
        if first is not None:
            return records.sample(act.db, str(first.body["sample"]))
        row = records.sample_row(act.db, sample)
        rules.require_free(act, row)
        giver, taker = rules.checked_parties(act, row["holder"], row["number"], giver, taker)
        means = rules.both_confirmed(
            act, row["number"], (giver, taker), confirmed, on_behalf=on_behalf, reason=why
        )
        rules.require_closed(row)
        places = rules.is_place(giver) or rules.is_place(taker)
        rules.witness_of(act, row, witness, needed=places, apart_from=(giver, taker))
        state = rules.state_with(act, row, taker)
        if state == SampleState.RETURNED:
            legal_hold.require_none(act.db, row["number"], "returned")
        stamped = _moment_in_order(act, row, occurred_at)
        problem = rules.seal_problem(act, row, seal)
        if not problem:
            body = rules.step_body(row, giver=giver, taker=taker, witness=witness, reason=why)
            body |= {
                "state": state,
                "confirmed": means,
                "on_behalf": on_behalf,
                "occurred_at": stamped,
            }
            act.append("sample.late_entry", body)
        after = records.sample(act.db, row["number"])
    rules.refuse(problem)
    return after


def _moment_in_order(act: Act, row: dict[str, Any], occurred_at: datetime) -> str:
    if occurred_at > act.at:
        raise RecordError(f"{clock.stamp(occurred_at)} has not come yet")
    last = records.transfers(act.db, row["number"])[-1]
    before = last.occurred_at or last.at
    if occurred_at < before:
        raise CustodyError(
            f"{row['number']}: a step of {clock.stamp(before)} is on record, so this cannot have "
            f"happened at {clock.stamp(occurred_at)}",
            hint="A wrong step before it is corrected by a note that names it.",
        )
    return clock.stamp(occurred_at)
