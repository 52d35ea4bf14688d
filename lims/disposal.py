"""The end of evidence: an order to destroy it, its destruction before two witnesses, a return."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from lims import canonical, confirmations, custody, custody_settings, fields, legal_hold, records
from lims import custody_rules as rules
from lims.act import Act
from lims.confirmations import Confirmation
from lims.custody_model import Disposal
from lims.errors import CustodyError, StateError
from lims.lab import Lab
from lims.model import Role, Sample, SampleState
from lims.workflow import Verb


def order(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    document: str,
    reason: str,
    not_before: date | None = None,
    key: str = "",
) -> Disposal:
    """Order that a sample be destroyed.

    Parameters
    ----------
    document : str
        The court's or authority's order, by its reference.
    not_before : date or None
        The first day on which it may be destroyed; today when None.

    Raises
    ------
    CustodyError
        A legal hold, an open discrepancy, or it is not in the lab's hands.
    StateError
        Ordered already, open, or the retention time is not over.
    NotFoundError, RecordError, PermissionDenied
    """
    named = fields.line(document, "the document reference", required=True)
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.ORDER_DISPOSAL)
        first = act.repeated("disposal.ordered")
        if first is None:
            row = records.sample_row(act.db, sample)
            rules.require_present(row)
            rules.require_unfrozen(row)
            rules.require_kept(row)
            rules.require_closed(row)
            _require_in_lab(row)
            legal_hold.require_none(act.db, row["number"], "destroyed")
            _require_retained(act, row)
            today = act.at.astimezone(lab.zone).date()
            first = act.append(
                "disposal.ordered",
                {
                    "sample": row["number"],
                    "document": named,
                    "not_before": (not_before or today).isoformat(),
                    "reason": why,
                },
            )
        return _disposal(act, first.seq)


def cancel(lab: Lab, actor: str, sample: str, *, reason: str, key: str = "") -> Disposal:
    """Take an order to destroy a sample back; it stands where it is held.

    Raises
    ------
    StateError, NotFoundError, RecordError, PermissionDenied
    """
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.ORDER_DISPOSAL)
        first = act.repeated("disposal.cancelled")
        if first is not None:
            return _disposal(act, int(first.body["disposal"]))
        row = records.sample_row(act.db, sample)
        open_order = _open_order(act, row["number"])
        held = _state_without_order(row)
        act.append(
            "disposal.cancelled",
            {
                "sample": row["number"],
                "disposal": open_order.seq,
                "reason": why,
                "state": held,
            },
        )
        return _disposal(act, open_order.seq)


def destroy(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    place: str,
    method: str,
    witnesses: Sequence[Confirmation],
    seal: str = "",
    gross_ug: int | None = None,
    residual: str = "",
    remark: str = "",
    key: str = "",
) -> Disposal:
    """Record the destruction of a sample by its holder before two witnesses.

    Parameters
    ----------
    witnesses : sequence of Confirmation
        Two people apart from the acting one and from whoever gave the order.
    seal : str
        As read before it was destroyed.
    residual : str
        The sub-sample that is kept, where one is.

    Raises
    ------
    CustodyError
        Not two such witnesses, a legal hold, or another seal than on record.
    StateError
        No order, or its day has not come.
    NotFoundError, RecordError, PermissionDenied
    """
    texts = {"place": place, "method": method, "remark": remark}
    body: dict[str, Any] = dict(fields.lines(texts, required=("place", "method")))
    body["gross_ug"] = fields.micrograms(gross_ug, "the gross mass")
    with lab.writing(actor, key) as act:
        act.allow(Verb.DESTROY_SAMPLE)
        first = act.repeated("disposal.carried_out")
        if first is not None:
            return _disposal(act, int(first.body["disposal"]))
        row = records.sample_row(act.db, sample)
        rules.require_holder(act, row, "destroy")
        ordered = _open_order(act, row["number"])
        legal_hold.require_none(act.db, row["number"], "destroyed")
        today = act.at.astimezone(lab.zone).date()
        if today < ordered.not_before:
            raise StateError(
                f"{row['number']} may be destroyed from {ordered.not_before} on, not before"
            )
        body |= _witnessed(act, ordered, witnesses)
        body["residual"] = _kept_part(act, row["number"], residual)
        problem = rules.seal_problem(act, row, seal)
        if not problem:
            body |= {"sample": row["number"], "disposal": ordered.seq}
            act.append("disposal.carried_out", body)
        after = _disposal(act, ordered.seq)
    rules.refuse(problem)
    return after


def give_back(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    taker: str,
    giver: str = "",
    seal: str = "",
    reason: str,
    confirmed: Sequence[Confirmation] = (),
    on_behalf: bool = False,
    key: str = "",
) -> Sample:
    """Return a sample to an officer of the agency or court; print the receipt of this step.

    Raises
    ------
    CustodyError
        A legal hold, the taker is not an officer, or one side did not confirm.
    StateError, NotFoundError, RecordError, PermissionDenied
    """
    person = records.person(lab.db, taker)
    if not person.roles <= {Role.OFFICER}:
        raise CustodyError(
            f"{person.name} is not an officer: evidence is returned to an officer",
            hint="Inside the lab it is a transfer.",
        )
    why = fields.line(reason, "the reason", required=True)
    holder = giver or str(records.sample_row(lab.db, sample)["holder"])
    return custody.transfer(
        lab,
        sample,
        giver=holder,
        taker=taker,
        actor=actor,
        seal=seal,
        reason=why,
        confirmed=confirmed,
        on_behalf=on_behalf,
        key=key,
    )


def disposals(lab: Lab, *, everything: bool = False, sample: str = "") -> tuple[Disposal, ...]:
    """Return the orders that wait, or all that ever were, oldest first; of one sample or all."""
    found = records.rows(
        lab.db,
        "SELECT * FROM disposal WHERE (? OR state='ordered') AND (?='' OR sample=?) ORDER BY seq",
        everything,
        sample,
        sample,
    )
    return tuple(_as_disposal(row) for row in found)


def _state_without_order(row: dict[str, Any]) -> str:
    if row["state"] != SampleState.DISPOSAL_PENDING:  # lost meanwhile, and it stays lost
        return str(row["state"])
    at_rest = rules.is_place(row["holder"])
    return (SampleState.STORED if at_rest else SampleState.CHECKED_OUT).value


def _require_in_lab(row: dict[str, Any]) -> None:
    if row["state"] == SampleState.RETURNED:
        raise CustodyError(
            f"{row['number']} was returned to {row['holder']}: the lab does not hold it"
        )


def _require_retained(act: Act, row: dict[str, Any]) -> None:
    days = custody_settings.value(act.db, "retention_days")
    until = records.moment(row["submitted_at"]) + timedelta(days=days)
    if act.at < until:
        raise StateError(
            f"{row['number']} is kept until {until:%Y-%m-%d} by the lab's retention of {days} days"
        )


def _witnessed(act: Act, ordered: Disposal, witnesses: Sequence[Confirmation]) -> dict[str, Any]:
    if len(witnesses) != 2:
        raise CustodyError(
            f"a destruction has two witnesses, found {len(witnesses)}",
            hint="Both are present and confirm.",
        )
    means = confirmations.by_person(act, witnesses)
    people = [each.person for each in witnesses]
    if ordered.by in people:
        raise CustodyError(
            f"{ordered.by} gave the order and cannot witness that it was carried out"
        )
    return {"witnesses": people, "confirmed": means}


def _kept_part(act: Act, sample: str, residual: str) -> str:
    if not residual:
        return ""
    part = records.sample_row(act.db, residual)
    if part["parent"] != sample:
        raise CustodyError(f"{part['number']} was not taken out of {sample}")
    return str(part["number"])


def _open_order(act: Act, number: str) -> Disposal:
    found = records.rows(
        act.db, "SELECT * FROM disposal WHERE sample=? AND state='ordered'", number
    )
    if not found:
        raise StateError(
            f"nobody ordered that {number} be destroyed", hint="A lead orders it first."
        )
    return _as_disposal(found[0])


def _disposal(act: Act, seq: int) -> Disposal:
    return _as_disposal(records.rows(act.db, "SELECT * FROM disposal WHERE seq=?", seq)[0])


def _as_disposal(row: records.Row) -> Disposal:
    return Disposal(
        seq=row["seq"],
        sample=row["sample"],
        document=row["document"],
        not_before=date.fromisoformat(row["not_before"]),
        reason=row["reason"],
        state=row["state"],
        at=records.moment(row["at"]),
        by=row["by"],
        closed_at=records.moment(row["closed_at"]) if row["closed_at"] else None,
        closed_by=row["closed_by"],
        place=row["place"],
        method=row["method"],
        witnesses=tuple(canonical.parsed(row["witnesses"])),
        gross_ug=row["gross_ug"],
        residual=row["residual"],
        remark=row["remark"],
        confirmed=canonical.parsed(row["confirmed"]),
    )
