"""Using evidence up: a prior authority, an analyst who does it, a reviewer who confirms it."""

from __future__ import annotations

from lims import confirmations, fields, legal_hold, records
from lims import custody_rules as rules
from lims.act import Act
from lims.confirmations import Confirmation
from lims.custody_model import Authority, Consumption
from lims.errors import CustodyError, NotFoundError, RecordError, StateError
from lims.lab import Lab
from lims.workflow import Verb, require


def authorise(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    document: str,
    reason: str,
    limit_ug: int | None = None,
    key: str = "",
) -> Authority:
    """Record the prior permission to use a sample up, or ``limit_ug`` of it.

    Raises
    ------
    NotFoundError, RecordError, PermissionDenied
    CustodyError
        A legal hold forbids it.
    """
    named = fields.line(document, "the document reference", required=True)
    why = fields.paragraph(reason, "the reason", required=True)
    limit = fields.micrograms(limit_ug, "the limit")
    with lab.writing(actor, key) as act:
        act.allow(Verb.AUTHORISE_CONSUMPTION)
        first = act.repeated("consumption.authorised")
        if first is None:
            row = records.sample_row(act.db, sample)
            rules.require_present(row)
            legal_hold.require_none(act.db, row["number"], "consumed")
            first = act.append(
                "consumption.authorised",
                {"sample": row["number"], "document": named, "limit_ug": limit, "reason": why},
            )
        return _authority(act, first.seq)


def consume(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    authority: int,
    purpose: str,
    reviewer: Confirmation,
    mass_ug: int,
    everything: bool = False,
    key: str = "",
) -> Consumption:
    """Record what the acting analyst used up; a reviewer confirms, and neither gave the authority.

    Parameters
    ----------
    authority : int
        Number of the event that permitted it.
    everything : bool
        Nothing is left: the sample ends here.

    Raises
    ------
    CustodyError
        A legal hold, an authority of another sample or used beyond its limit, or the same person
        in two parts.
    StateError, NotFoundError, RecordError, PermissionDenied
    """
    said = fields.line(purpose, "the purpose", required=True)
    mass = fields.micrograms(mass_ug, "the consumed mass")
    if mass is None or (mass == 0 and not everything):
        raise RecordError("the consumed mass is missing")
    with lab.writing(actor, key) as act:
        act.allow(Verb.CONSUME_SAMPLE)
        first = act.repeated("sample.consumed")
        if first is not None:
            return _consumption(act, first.seq)
        row = records.sample_row(act.db, sample)
        rules.require_holder(act, row, "consume")
        rules.require_kept(row)
        if row["seal"]:
            raise StateError(f"{row['number']} is sealed: it is opened before it is consumed")
        legal_hold.require_none(act.db, row["number"], "consumed")
        allowed = _authority(act, authority)
        means = _checked_people(act, allowed, reviewer)
        _check_limit(allowed, row["number"], mass)
        body = {
            "sample": row["number"],
            "authority": allowed.seq,
            "mass_ug": mass,
            "everything": everything,
            "purpose": said,
            "reviewer": reviewer.person,
            "confirmed": means,
        }
        return _consumption(act, act.append("sample.consumed", body).seq)


def authorities(lab: Lab, sample: str) -> tuple[Authority, ...]:
    """Return the authorities to consume a sample, with what was used of each."""
    number = records.sample_row(lab.db, sample)["number"]
    found = records.rows(
        lab.db, f"{_AUTHORITY} WHERE a.sample=? GROUP BY a.seq ORDER BY a.seq", number
    )
    return tuple(_as_authority(row) for row in found)


def consumed(lab: Lab, sample: str) -> tuple[Consumption, ...]:
    """Return what was consumed of a sample, in order."""
    number = records.sample_row(lab.db, sample)["number"]
    found = records.rows(lab.db, "SELECT * FROM consumption WHERE sample=? ORDER BY seq", number)
    return tuple(_as_consumption(row) for row in found)


_AUTHORITY = (
    "SELECT a.*, coalesce(sum(c.mass_ug),0) AS used_ug FROM consumption_authority a "
    "LEFT JOIN consumption c ON c.authority=a.seq"
)


def _checked_people(act: Act, allowed: Authority, reviewer: Confirmation) -> dict[str, str]:
    means = confirmations.by_person(act, (reviewer,))
    person = records.person(act.db, reviewer.person)
    require(person, Verb.CONFIRM_CONSUMPTION)
    for each in (act.person.id, person.id):
        if each == allowed.by:
            raise CustodyError(
                f"{each} gave the authority {allowed.document} and takes no other part in it",
                hint="Three people: who permits, who consumes, who confirms.",
            )
    return means


def _check_limit(allowed: Authority, number: str, mass: int) -> None:
    if allowed.sample != number:
        raise CustodyError(f"the authority {allowed.document} is for {allowed.sample}")
    if allowed.limit_ug is not None and allowed.used_ug + mass > allowed.limit_ug:
        raise CustodyError(
            f"the authority {allowed.document} permits {allowed.limit_ug} µg, "
            f"{allowed.used_ug} µg are used: {mass} µg more is too much",
            hint="A new authority is needed first.",
        )


def _authority(act: Act, seq: int) -> Authority:
    found = records.rows(act.db, f"{_AUTHORITY} WHERE a.seq=? GROUP BY a.seq", seq)
    if not found:
        raise NotFoundError(
            f"there is no authority {seq}", hint="A lead or the quality manager gives it first."
        )
    return _as_authority(found[0])


def _consumption(act: Act, seq: int) -> Consumption:
    return _as_consumption(records.rows(act.db, "SELECT * FROM consumption WHERE seq=?", seq)[0])


def _as_authority(row: records.Row) -> Authority:
    return Authority(
        seq=row["seq"],
        sample=row["sample"],
        document=row["document"],
        limit_ug=row["limit_ug"],
        used_ug=int(row["used_ug"]),
        reason=row["reason"],
        at=records.moment(row["at"]),
        by=row["by"],
    )


def _as_consumption(row: records.Row) -> Consumption:
    return Consumption(
        seq=row["seq"],
        sample=row["sample"],
        authority=row["authority"],
        mass_ug=row["mass_ug"],
        everything=bool(row["everything"]),
        purpose=row["purpose"],
        analyst=row["analyst"],
        reviewer=row["reviewer"],
        at=records.moment(row["at"]),
    )
