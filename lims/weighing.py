"""Weighings on a known balance: re-weighing at receipt and return, and what was expected.

A mass that does not agree is written down, freezes the sample and refuses the act.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from lims import custody_rules as rules
from lims import fields, mass_balance, records
from lims.act import Act
from lims.custody_model import Weighing
from lims.errors import NotFoundError, RecordError, StateError
from lims.lab import Lab
from lims.mass_balance import Precision
from lims.workflow import Verb

OCCASIONS = ("receipt", "return", "opening", "closing", "disposal", "check")


def record_balance(
    lab: Lab,
    actor: str,
    name: str,
    *,
    serial: str,
    repeatability_ug: int,
    calibration_ug: int,
    certificate: str,
    due: date | None = None,
    key: str = "",
) -> Precision:
    """Record a balance, or its newest calibration.

    Parameters
    ----------
    repeatability_ug, calibration_ug : int
        Standard uncertainties (k = 1) from its certificate, micrograms.
    due : date or None
        When it must be calibrated again; a balance past it weighs nothing here.

    Raises
    ------
    RecordError, PermissionDenied
    """
    texts = {"name": name, "serial": serial, "certificate": certificate}
    body: dict[str, Any] = dict(fields.lines(texts, required=("name", "certificate")))
    for label, value in (
        ("repeatability", repeatability_ug),
        ("calibration", calibration_ug),
    ):
        body[f"{label}_ug"] = fields.micrograms(value, f"the {label} uncertainty")
        if body[f"{label}_ug"] > 10**12:
            raise RecordError(f"a {label} uncertainty of {value} µg is more than a kilogram")
    body["due"] = "" if due is None else due.isoformat()
    with lab.writing(actor, key) as act:
        act.allow(Verb.RECORD_BALANCE)
        if act.repeated("balance.recorded") is None:
            act.append("balance.recorded", body)
        return precision(act, body["name"])


def balances(lab: Lab) -> list[dict[str, Any]]:
    """Return every balance with its uncertainties, by name."""
    return records.rows(lab.db, "SELECT * FROM balance ORDER BY name")


def precision(act: Act, name: str) -> Precision:
    """Return a balance's uncertainties.

    Raises
    ------
    NotFoundError
    StateError
        Its calibration has run out.
    """
    found = records.rows(act.db, "SELECT * FROM balance WHERE name=?", name)
    if not found:
        raise NotFoundError(
            f"there is no balance {name[:60]!r}", hint="Record it with its certificate first."
        )
    due = found[0]["due"]
    if due and due < act.at.astimezone(act.lab.zone).date().isoformat():
        raise StateError(
            f"the calibration of balance {name} ran out on {due}",
            hint="Record its new certificate, or use another balance.",
        )
    return Precision(
        repeatability_ug=found[0]["repeatability_ug"], calibration_ug=found[0]["calibration_ug"]
    )


def weigh_again(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    gross_ug: int,
    balance: str,
    occasion: str = "check",
    allowance_ug: int = 0,
    reason: str = "",
    key: str = "",
) -> Weighing:
    """Weigh a sample on a known balance and compare with what the record expects.

    Expected is the last gross mass less what portions took and what was consumed since. Where
    something was taken without being weighed, only a gain can be told.

    Parameters
    ----------
    allowance_ug : int
        For moisture; needs a reason.

    Raises
    ------
    CustodyError
        It does not agree; the discrepancy is on record and the sample frozen.
    StateError, NotFoundError, RecordError, PermissionDenied
    """
    gross = _mass(gross_ug, "the gross mass")
    allowance = _mass(allowance_ug, "the allowance")
    why = fields.line(reason, "the reason", required=bool(allowance))
    if occasion not in OCCASIONS:
        raise RecordError(f"unknown occasion {occasion!r}", hint=f"One of {', '.join(OCCASIONS)}.")
    with lab.writing(actor, key) as act:
        act.allow(Verb.WEIGH_SAMPLE)
        first = act.repeated("sample.weighed")
        if first is not None:
            return _weighing(act, first.seq)
        row = records.sample_row(act.db, sample)
        rules.require_holder(act, row, "weigh")
        body = _reading(act, row, gross, balance, occasion, allowance, why)
        problem, seq = _mass_problem(act, row, body), 0
        if not problem:
            seq = act.append("sample.weighed", body).seq
    rules.refuse(problem)
    return _as_weighing(records.rows(lab.db, "SELECT * FROM weighing WHERE seq=?", seq)[0])


def weighings(lab: Lab, sample: str) -> tuple[Weighing, ...]:
    """Return the weighings of a sample on known balances, in order."""
    number = records.sample_row(lab.db, sample)["number"]
    found = records.rows(lab.db, "SELECT * FROM weighing WHERE sample=? ORDER BY seq", number)
    return tuple(_as_weighing(row) for row in found)


def expected_ug(act: Act, row: dict[str, Any]) -> tuple[int | None, int, bool]:
    """Return what a sample should weigh now: mass, standard uncertainty, whether it may be less.

    The mass is None where it was never weighed, the uncertainty 0 where the balance is not known.
    """
    if row["gross_ug"] is None:
        return None, 0, False
    # A mass set by intake, resealing or a plain weighing has no balance; the step says when.
    last = records.rows(
        act.db,
        "SELECT max(seq) AS seq FROM (SELECT seq FROM custody WHERE sample=?1 AND "
        "(gross_ug IS NOT NULL OR kind='received') "
        "UNION ALL SELECT seq FROM division WHERE parent=?1)",
        row["number"],
    )[0]["seq"]
    u_ug = records.value(act.db, "SELECT u_ug FROM weighing WHERE seq=?", last) or 0
    taken = records.rows(
        act.db, "SELECT mass_ug FROM portion WHERE sample=? AND seq>?", row["number"], last
    )
    used = records.value(
        act.db,
        "SELECT coalesce(sum(mass_ug),0) FROM consumption WHERE sample=? AND seq>?",
        row["number"],
        last,
    )
    unweighed = any(each["mass_ug"] is None for each in taken)
    known = sum(each["mass_ug"] or 0 for each in taken) + int(used)
    return max(0, int(row["gross_ug"]) - known), int(u_ug), unweighed


def _reading(
    act: Act,
    row: dict[str, Any],
    gross: int,
    balance: str,
    occasion: str,
    allowance: int,
    why: str,
) -> dict[str, Any]:
    u_ug = precision(act, balance).reading_ug
    expected, before_u, upper = expected_ug(act, row)
    remark, tolerance = why, None
    if expected is not None:
        # An earlier reading of unknown balance is taken to be as uncertain as this one.
        found = mass_balance.weighed_again(
            gross, u_ug, expected, before_u or u_ug, allowance_ug=allowance
        )
        tolerance = found.tolerance_ug
        if upper and found.difference_ug < 0:
            remark = "; ".join(filter(None, (why, "a portion was taken without being weighed")))
            expected, tolerance = None, None
    body = rules.step_body(row, giver=act.person.id, taker=act.person.id, reason=why)
    return body | {
        "gross_ug": gross,
        "balance": balance,
        "u_ug": u_ug,
        "occasion": occasion,
        "expected_ug": expected,
        "tolerance_ug": tolerance,
        "remark": remark,
    }


def _mass_problem(act: Act, row: dict[str, Any], body: dict[str, Any]) -> str:
    expected, tolerance = body["expected_ug"], body["tolerance_ug"]
    if expected is None or abs(body["gross_ug"] - expected) <= tolerance:
        return ""
    rules.raise_discrepancy(
        act,
        row,
        "mass",
        expected=f"{expected} ± {tolerance} µg",
        found=f"{body['gross_ug']} µg at {body['occasion']} on {body['balance']}",
    )
    return (
        f"{row['number']} weighs {grams(body['gross_ug'])}, expected {grams(expected)} "
        f"± {grams(tolerance)}"
    )


def grams(ug: int) -> str:
    """Return a mass in grams with every microgram that is not nothing."""
    sign, ug = "-" if ug < 0 else "", abs(ug)
    text = f"{ug // 10**6}.{ug % 10**6:06d}".rstrip("0").rstrip(".")
    return f"{sign}{text} g"


def _mass(value: int, name: str) -> int:
    mass = fields.micrograms(value, name)
    if mass is None:
        raise RecordError(f"{name} is missing")
    return mass


def _weighing(act: Act, seq: int) -> Weighing:
    return _as_weighing(records.rows(act.db, "SELECT * FROM weighing WHERE seq=?", seq)[0])


def _as_weighing(row: records.Row) -> Weighing:
    return Weighing(
        seq=row["seq"],
        sample=row["sample"],
        occasion=row["occasion"],
        gross_ug=row["gross_ug"],
        balance=row["balance"],
        u_ug=row["u_ug"],
        expected_ug=row["expected_ug"],
        tolerance_ug=row["tolerance_ug"],
        remark=row["remark"],
        at=records.moment(row["at"]),
        by=row["by"],
    )
