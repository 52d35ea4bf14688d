"""What a hub checks before it stores a report, in this order, and the receipt it gives.

Size, signature, schema, owner, idempotency, sequence, time, vocabulary, totals, corrections. The
same checks serve HTTPS and files carried by hand.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lims import canonical, clock, keys
from lims.errors import RecordError
from reports import hub_unknown_store, measure_checks, schema
from reports.hub_model import EnrolledLab, HubStore, NewReport
from reports.records import IDENTIFIED

MAX_BYTES = 8 * 1024 * 1024
"""A day of 5,000 rows is about 4 MB."""
SKEW = timedelta(minutes=10)
STORED, DUPLICATE = "stored", "duplicate"

Vocabulary = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A report as it arrived: the bytes and what was said about them."""

    body: bytes
    lab: str
    signature: bytes
    idempotency_key: str = ""
    sent_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the hub answers. ``status`` is an HTTP status; 200 alone acknowledges."""

    status: int
    code: str
    report_id: str = ""
    detail: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def acknowledged(self) -> bool:
        """Whether the lab may mark the report as sent."""
        return self.status == 200


class Refused(Exception):  # noqa: N818 - it never leaves this module: it is a receipt on its way
    """A check failed; carries the receipt."""

    def __init__(self, status: int, code: str, detail: str, report_id: str = "") -> None:
        super().__init__(detail)
        self.receipt = Receipt(status=status, code=code, detail=detail, report_id=report_id)


def substance_vocabulary() -> Vocabulary:
    """Return whether a name is in the substance table this software carries."""
    from libraries import substances

    table = substances.table()
    return lambda name: table.find(name) is not None


def receive(store: HubStore, arrived: Received, vocabulary: Vocabulary) -> Receipt:
    """Check a report and store it; every refusal is written down as an alarm.

    Returns
    -------
    Receipt
        ``200 stored``, ``200 duplicate``, or a refusal: 413 ``too_large``, 422 ``unknown_lab``
        ``bad_signature`` ``not_json`` ``wrong_schema`` ``wrong_lab`` ``wrong_key``
        ``in_the_future`` ``wrong_totals`` ``wrong_unknowns`` ``wrong_measures``
        ``wrong_correction``,
        409 ``other_bytes`` ``sequence_used``.
    """
    try:
        return _receive(store, arrived, vocabulary)
    except Refused as refused:
        receipt = refused.receipt
        # A stranger's name is the stranger's choice: all strangers share one place.
        lab = "" if receipt.code == "unknown_lab" else arrived.lab
        store.alarm(lab, receipt.code, receipt.report_id, receipt.detail)
        return receipt


def _receive(store: HubStore, arrived: Received, vocabulary: Vocabulary) -> Receipt:
    if len(arrived.body) > MAX_BYTES:
        raise Refused(413, "too_large", f"{len(arrived.body)} bytes, at most {MAX_BYTES}")
    owner = _signed_by(store, arrived)
    said = _document(arrived.body)
    report_id = str(said["report_id"])
    _owner(said, owner, arrived)
    digest = hashlib.sha256(arrived.body).hexdigest()
    known = store.report(report_id)
    if known is not None:
        if known.sha256 == digest:
            return Receipt(status=200, code=DUPLICATE, report_id=report_id)
        raise Refused(
            409, "other_bytes", f"{report_id} is on file with other bytes; send a correction",
            report_id,
        )  # fmt: skip
    warnings = _sequence(store, said, owner)
    skew, late = _time(said, arrived.sent_at)
    quarantined = _vocabulary(said, vocabulary, store.accepted_names())
    _totals(said)
    _unknowns(said)
    _measures(said)
    _correction(store, said, owner)
    store.add(_new(said, owner, arrived, digest, skew, quarantined))
    held = sum(1 for names in quarantined if names)
    if held:
        detail = "; ".join(sorted({names for names in quarantined if names}))
        store.alarm(owner.site, "unknown_substance", report_id, f"{held} rows held: {detail}")
        warnings.append(f"{held} rows are held: unknown substance names")
    return Receipt(status=200, code=STORED, report_id=report_id, warnings=(*warnings, *late))


def _signed_by(store: HubStore, arrived: Received) -> EnrolledLab:
    owner = store.lab(arrived.lab)
    if owner is None or owner.closed_at:
        raise Refused(422, "unknown_lab", f"no key is on file for {arrived.lab[:40]!r}")
    if not keys.verify(owner.public_key, arrived.body, arrived.signature):
        raise Refused(422, "bad_signature", f"the signature is not one of {owner.site}'s key")
    return owner


def _document(body: bytes) -> dict[str, Any]:
    try:
        value = canonical.loads(body)
    except RecordError as error:
        raise Refused(422, "not_json", error.message) from error
    name = value.get("schema") if isinstance(value, dict) else None
    if name not in schema.KNOWN:
        raise Refused(
            422, "wrong_schema", f"schema {str(name)[:40]!r}; known here: {', '.join(schema.KNOWN)}"
        )
    found = schema.problems(value, schema.load(str(name)))
    if found:
        raise Refused(422, "wrong_schema", "; ".join(found)[:500])
    document: dict[str, Any] = value
    if document["sequence"] is None:
        raise Refused(422, "wrong_schema", "sequence: missing in an issued report")
    return document


def _owner(said: Mapping[str, Any], owner: EnrolledLab, arrived: Received) -> None:
    report_id, header = said["report_id"], said["header"]
    if header["site"] != owner.site:
        raise Refused(422, "wrong_lab", f"signed by {owner.site}, says {header['site']}", report_id)
    if not report_id.startswith(f"{owner.site}-{header['day']}-d"):
        raise Refused(
            422, "wrong_lab", f"{report_id} is not a number of this lab and day", report_id
        )
    if arrived.idempotency_key and arrived.idempotency_key != report_id:
        raise Refused(422, "wrong_key", "the idempotency key is not the report's number", report_id)


def _sequence(store: HubStore, said: Mapping[str, Any], owner: EnrolledLab) -> list[str]:
    """Refuse a used number; a gap is accepted, told, and shown until it is filled."""
    number = int(said["sequence"])
    other = store.with_sequence(owner.site, number)
    if other is not None:
        raise Refused(
            409, "sequence_used", f"sequence {number} is on file as {other.report_id}",
            said["report_id"],
        )  # fmt: skip
    if number > 1 and store.with_sequence(owner.site, number - 1) is None:
        return [f"sequence {number - 1} has not arrived"]
    return []


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _time(said: Mapping[str, Any], sent_at: str) -> tuple[int | None, list[str]]:
    header, now = said["header"], clock.now()
    start, end = _moment(header["period_start"]), _moment(header["period_end"])
    day = _moment(f"{header['day']}T12:00:00+00:00")
    if start is None or end is None or day is None:
        raise Refused(422, "wrong_schema", "the period is not a moment", said["report_id"])
    length = end - start
    if not timedelta(hours=20) <= length <= timedelta(hours=28) or abs(
        (start + length / 2) - day
    ) > timedelta(hours=16):
        raise Refused(422, "wrong_schema", "the period is not the day it names", said["report_id"])
    ends = end if header["complete"] else start
    if ends > now + SKEW:
        raise Refused(
            422, "in_the_future", f"the period {header['day']} is not over by the hub's clock",
            said["report_id"],
        )  # fmt: skip
    sent = _moment(sent_at) if sent_at else None
    if sent is None:
        return None, []
    skew = round((sent - now).total_seconds())
    late = [f"the lab's clock differs by {skew} s"] if abs(skew) > SKEW.total_seconds() else []
    return skew, late


def _vocabulary(
    said: Mapping[str, Any], vocabulary: Vocabulary, accepted: frozenset[str]
) -> tuple[str, ...]:
    """Per row the unknown substance names; such a row is kept and held, the report is not."""
    return tuple(
        ", ".join(
            name
            for name in row["substances"]
            if name.casefold() not in accepted and not vocabulary(name)
        )
        for row in (*said["rows"], *said["later"])
    )


def _totals(said: Mapping[str, Any]) -> None:
    header, totals, rows = said["header"], said["totals"], said["rows"]
    start, end = header["period_start"], header["period_end"]
    numbers = [row["sample"] for row in (*rows, *said["later"])]
    if len(set(numbers)) != len(numbers):
        raise Refused(422, "wrong_totals", "a sample is listed twice", said["report_id"])
    # Stamps have one form (UTC, milliseconds, Z), so they compare as text.
    tested = [
        row for row in rows if row["concluded_at"] is not None and row["concluded_at"] >= start
    ]
    levels = Counter(row["level"] for row in tested)
    counted: dict[str, object] = {
        "submitted": sum(1 for row in rows if start <= row["submitted_at"] < end),
        "tested": len(tested),
        "found": sum(1 for row in tested if row["level"] in IDENTIFIED and row["substances"]),
        "candidates": levels.get("candidate", 0),
        "waiting": sum(1 for row in rows if row["concluded_at"] is None),
        "by_level": dict(levels),
    }
    for name, value in counted.items():
        if totals[name] != value:
            raise Refused(
                422, "wrong_totals", f"{name}: the header says {totals[name]}, the rows {value}",
                said["report_id"],
            )  # fmt: skip
    for row in (*rows, *said["later"]):
        if row["substances"] and row["level"] not in IDENTIFIED:
            raise Refused(
                422, "wrong_totals", f"{row['sample']} names a substance without identifying it",
                said["report_id"],
            )  # fmt: skip
        if row["submitted_at"] >= end or (row["concluded_at"] or "") >= end:
            raise Refused(
                422, "wrong_totals", f"{row['sample']} lies after the period", said["report_id"]
            )


def _correction(store: HubStore, said: Mapping[str, Any], owner: EnrolledLab) -> None:
    report_id, kind, supersedes = said["report_id"], said["kind"], said["supersedes"]
    plain_number = f"{owner.site}-{said['header']['day']}-d"
    if kind == "daily":
        if supersedes or report_id != plain_number:
            raise Refused(422, "wrong_correction", "a daily report supersedes nothing", report_id)
        return
    if not supersedes.startswith(plain_number) or supersedes == report_id:
        raise Refused(
            422,
            "wrong_correction",
            f"{report_id} does not supersede a report of its day",
            report_id,
        )
    if not said["reason"]:
        raise Refused(422, "wrong_correction", "a correction needs a reason", report_id)
    if kind == "retraction" and (said["rows"] or said["later"]):
        raise Refused(422, "wrong_correction", "a retraction has no rows", report_id)
    earlier = store.report(supersedes)
    if earlier is not None and earlier.sequence > said["sequence"]:
        raise Refused(422, "wrong_correction", f"{supersedes} is newer", report_id)


def _unknowns(said: Mapping[str, Any]) -> None:
    wrong = hub_unknown_store.problems(said.get("unknowns", ()))
    if wrong:
        raise Refused(422, "wrong_unknowns", wrong, said["report_id"])


def _measures(said: Mapping[str, Any]) -> None:
    wrong = measure_checks.problem(said)
    if wrong:
        raise Refused(422, "wrong_measures", wrong, said["report_id"])


def _new(
    said: Mapping[str, Any],
    owner: EnrolledLab,
    arrived: Received,
    digest: str,
    skew: int | None,
    quarantined: tuple[str, ...],
) -> NewReport:
    header = said["header"]
    return NewReport(
        report_id=said["report_id"],
        lab=owner.site,
        sequence=said["sequence"],
        kind=said["kind"],
        day=header["day"],
        supersedes=said["supersedes"],
        complete=header["complete"],
        sha256=digest,
        body=arrived.body,
        signature=arrived.signature,
        totals=said["totals"],
        reason=said["reason"],
        corrections=tuple(said["corrections"]),
        period_end=header["period_end"],
        skew_s=skew,
        rows=(*said["rows"], *said["later"]),
        quarantined=quarantined,
        unknowns=tuple(said.get("unknowns", ())),
    )
