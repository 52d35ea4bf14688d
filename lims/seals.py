"""Seals: number ranges issued to the lab, and what is odd about a seal that is put on or read.

A foreign seal breaks rules and is noted, never refused; a seal the lab puts on is used once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lims import fields, records
from lims.act import Act
from lims.custody_model import SealNote, SealRange
from lims.errors import CustodyError, RecordError, StateError
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

ISO_CLASSES = {"I": "indicative", "S": "security", "H": "high security"}
"""ISO 17712 classes of mechanical seals; empty where the seal has none (a tamper-evident bag)."""
_DIGITS = re.compile(r"[0-9]{1,15}")


def issue(
    lab: Lab,
    actor: str,
    *,
    prefix: str,
    first: str,
    last: str,
    iso_class: str = "",
    document: str = "",
    key: str = "",
) -> SealRange:
    """Record that a range of seals was issued to the lab.

    Parameters
    ----------
    prefix : str
        What stands before the digits; may be empty.
    first, last : str
        As printed, leading zeros included; both have the same number of digits.
    iso_class : str
        ``I``, ``S`` or ``H`` of ISO 17712, or empty.

    Raises
    ------
    StateError
        The range overlaps one issued before.
    RecordError, PermissionDenied
    """
    front = fields.line(prefix, "the prefix", limit=40)
    if iso_class not in ("", *ISO_CLASSES):
        raise RecordError(
            f"{iso_class[:20]!r} is no ISO 17712 class",
            hint="I (indicative), S (security) or H (high security), or leave it out.",
        )
    if not _DIGITS.fullmatch(first) or not _DIGITS.fullmatch(last) or len(first) != len(last):
        raise RecordError(
            "first and last must be as many digits as printed, found "
            f"{first[:20]!r} and {last[:20]!r}",
            hint="With leading zeros: 000100 and 000199.",
        )
    if int(first) > int(last):
        raise RecordError(f"the range ends ({last}) before it begins ({first})")
    body = {
        "prefix": front,
        "first": int(first),
        "last": int(last),
        "width": len(first),
        "iso_class": iso_class,
        "document": fields.line(document, "the document"),
    }
    with lab.writing(actor, key) as act:
        act.allow(Verb.ISSUE_SEALS)
        done = act.repeated("seals.issued")
        if done is None:
            _require_apart(act, body)
            done = act.append("seals.issued", body)
        return _as_range(records.rows(act.db, "SELECT * FROM seal_range WHERE seq=?", done.seq)[0])


def ranges(lab: Lab) -> tuple[SealRange, ...]:
    """Return the ranges issued to the lab, oldest first."""
    return tuple(_as_range(row) for row in records.rows(lab.db, "SELECT * FROM seal_range"))


def notes(lab: Lab, subject: str = "") -> tuple[SealNote, ...]:
    """Return what was odd about seals, of one sample or container or of all."""
    where, values = ("WHERE subject=?", [subject]) if subject else ("", [])
    found = records.rows(lab.db, f"SELECT * FROM seal_note {where} ORDER BY seq", *values)
    return tuple(
        SealNote(
            seq=row["seq"],
            subject=row["subject"],
            seal=row["seal"],
            note=row["note"],
            at=records.moment(row["at"]),
            by=row["by"],
        )
        for row in found
    )


def look(lab: Lab, seal: str) -> tuple[str, ...]:
    """Return what is odd about a seal, in words; empty when nothing is."""
    return oddities(lab.db, fields.line(seal, "the seal", required=True, limit=60))


def used_on(database: Database, seal: str) -> str:
    """Return the sample or container a seal was ever put on, or empty."""
    # The indexes leave out the empty seal, which a query has to say to use them.
    found = records.value(
        database,
        "SELECT sample FROM custody WHERE seal_after=? AND seal_after<>'' LIMIT 1",
        seal,
    ) or records.value(
        database,
        "SELECT container FROM container_step WHERE seal_after=? AND seal_after<>'' LIMIT 1",
        seal,
    )
    return str(found or "")


def is_issued(database: Database, seal: str) -> bool:
    """Whether a seal is in a range that was issued to the lab."""
    found = records.rows(database, "SELECT * FROM seal_range")
    return any(holds(_as_range(row), seal) for row in found)


def oddities(database: Database, seal: str) -> tuple[str, ...]:
    """Return why a seal is odd: on record already, or in no range that was issued."""
    found = []
    used = used_on(database, seal)
    if used:
        found.append(f"on record already, on {used}")
    issued = records.value(database, "SELECT 1 FROM seal_range LIMIT 1")
    if issued and not is_issued(database, seal):
        found.append("in no range issued to this lab")
    return tuple(found)


def holds(issued: SealRange, seal: str) -> bool:
    """Whether a seal is one of a range."""
    digits = seal.removeprefix(issued.prefix)
    return (
        seal.startswith(issued.prefix)
        and len(digits) == issued.width
        and digits.isascii()
        and digits.isdigit()
        and issued.first <= int(digits) <= issued.last
    )


def fresh(act: Act, seal: str) -> tuple[str, tuple[str, ...]]:
    """Return a seal the lab is about to put on, with what is odd about it.

    Raises
    ------
    CustodyError
        It is on record already: the lab uses a seal once.
    RecordError
    """
    new = fields.line(seal, "the new seal's number", required=True, limit=60)
    used = used_on(act.db, new)
    if used:
        raise CustodyError(f"seal {new} is on record already, on {used}", hint="Read it again.")
    return new, oddities(act.db, new)


def note(act: Act, subject: str, seal: str, found: tuple[str, ...]) -> None:
    """Write down what is odd about a seal, after the event that put it on."""
    for each in found:
        act.append("seal.noted", {"subject": subject, "seal": seal, "note": each})


def _require_apart(act: Act, body: dict[str, object]) -> None:
    overlapping = records.rows(
        act.db,
        "SELECT * FROM seal_range WHERE prefix=? AND width=? AND first<=? AND last>=?",
        body["prefix"],
        body["width"],
        body["last"],
        body["first"],
    )
    if overlapping:
        other = _as_range(overlapping[0])
        raise StateError(
            f"the range overlaps {spelled(other)}, issued before",
            hint="Every seal belongs to one range.",
        )


def spelled(issued: SealRange) -> str:
    """Return a range as people write it."""
    first, last = (f"{issued.prefix}{n:0{issued.width}d}" for n in (issued.first, issued.last))
    return f"{first} to {last}"


def _as_range(row: records.Row) -> SealRange:
    return SealRange(
        seq=row["seq"],
        prefix=row["prefix"],
        first=row["first"],
        last=row["last"],
        width=row["width"],
        iso_class=row["iso_class"],
        document=row["document"],
        at=records.moment(row["at"]),
        by=row["by"],
    )
