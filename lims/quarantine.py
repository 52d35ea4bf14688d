"""Files that wait for a person: kept by their hash with the reason, numbered, listed, closed.

A row closes once: linked to a run of a sample, or dismissed with a reason. Nothing is deleted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lims import fields, ids, records
from lims.errors import NotFoundError, StateError
from lims.lab import Lab
from lims.model import Quarantined, QuarantineState
from lims.originals import keep_original
from lims.workflow import Verb

if TYPE_CHECKING:
    from lims.act import Act

_NUMBER = re.compile(r"Q-?(\d{1,7})-?([0-9A-Z])", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-f]{8,64}")


def listed(lab: Lab, *, everything: bool = False) -> tuple[Quarantined, ...]:
    """Return the files that wait, newest first; those that were closed too, when asked."""
    where = "" if everything else "WHERE state='waiting'"
    found = records.rows(lab.db, f"SELECT * FROM quarantine {where} ORDER BY seq DESC")
    return tuple(_row(lab.site, row) for row in found)


def waiting(lab: Lab) -> int:
    """Return how many files wait."""
    return int(records.value(lab.db, "SELECT count(*) FROM quarantine WHERE state='waiting'"))


def find(lab: Lab, which: str) -> Quarantined:
    """Return one quarantined file by its number (``Q12-K``) or the beginning of its SHA-256.

    Raises
    ------
    NotFoundError
        Mistyped, unknown, or a beginning that several files share.
    """
    typed = which.strip()
    number = _NUMBER.fullmatch(typed)
    if number is not None:
        serial = int(number[1])
        if number[2].upper() != _check(lab.site, serial):
            raise NotFoundError(
                f"{typed[:40]!r} was mistyped: its last character does not fit the rest",
                hint="Compare it with `fol quarantine`.",
            )
        found = records.rows(lab.db, "SELECT * FROM quarantine WHERE serial=?", serial)
    elif _HASH.fullmatch(typed.lower()):
        found = records.rows(
            lab.db,
            "SELECT * FROM quarantine WHERE raw_sha256 LIKE ? ORDER BY state<>'waiting', seq",
            f"{typed.lower()}%",
        )
        _require_one(lab.site, typed, found)
    else:
        raise NotFoundError(
            f"{typed[:40]!r} is not the number of a quarantined file",
            hint="A number such as Q12-K, or the first 8 characters of its SHA-256 or more.",
        )
    if not found:
        raise NotFoundError(
            f"no file {typed[:40]!r} is in quarantine", hint="`fol quarantine --all` lists them."
        )
    return _row(lab.site, found[0])


def known(lab: Lab, sha256: str) -> tuple[Quarantined, ...]:
    """Return every row of a file by its whole hash, in the order they were written."""
    found = records.rows(lab.db, "SELECT * FROM quarantine WHERE raw_sha256=? ORDER BY seq", sha256)
    return tuple(_row(lab.site, row) for row in found)


def keep(
    lab: Lab, actor: str, name: str, data: bytes, reason: str, *, sample: str = ""
) -> Quarantined:
    """Keep a file that cannot be taken as a run, with why, and return its row.

    Parameters
    ----------
    lab : Lab
    actor : str
    name : str
        The file's name as it was found.
    data : bytes
    reason : str
    sample : str
        Of a sample in the record where it is known whose file this is, else empty.

    Returns
    -------
    Quarantined
        The first one, closed or not, when these bytes were kept for this sample before.
    """
    digest = keep_original(lab.quarantine_folder, data)
    number = ids.normal(sample, ids.SAMPLE) if sample else ""
    with lab.writing(actor) as act:
        act.allow(Verb.RECORD_RUN)
        found = _of(act, digest, number)
        if not found:
            body = {
                "sample": number,
                "file_name": fields.visible(name),
                "raw_sha256": digest,
                "size": len(data),
                "reason": fields.visible(reason, limit=500),
            }
            act.append("file.quarantined", body)
            found = _of(act, digest, number)
        return _row(lab.site, found[0])


def dismiss(lab: Lab, actor: str, which: str, reason: str) -> Quarantined:
    """Close a quarantined file as no run of any sample; its bytes stay.

    Raises
    ------
    StateError
        It was closed before.
    NotFoundError, PermissionDenied, RecordError
    """
    seq = find(lab, which).seq
    why = fields.line(reason, "the reason", required=True, limit=500)
    with lab.writing(actor) as act:
        act.allow(Verb.DISMISS_FILE)
        row = records.rows(act.db, "SELECT * FROM quarantine WHERE seq=?", seq)[0]
        require_waiting(_row(lab.site, row))
        body = {"quarantined": seq, "raw_sha256": row["raw_sha256"], "reason": why}
        act.append("quarantine.dismissed", body)
    return find(lab, which)


def require_waiting(row: Quarantined) -> None:
    """Raise `StateError` unless a row is still open."""
    if row.state is not QuarantineState.WAITING:
        end = f"linked to {row.run}" if row.run else f"dismissed ({row.remark})"
        raise StateError(f"{row.number} was {end} by {row.closed_by}")


def close(act: Act, sha256: str, sample: str, run: str, *, also: int = 0) -> None:
    """Close, inside an act, what waits of a file that is now a run of a sample.

    Parameters
    ----------
    act : Act
    sha256, sample, run : str
    also : int
        A row to close even if it waits under another sample's number.
    """
    found = records.rows(
        act.db,
        "SELECT seq FROM quarantine WHERE raw_sha256=? AND state='waiting' "
        "AND (sample='' OR sample=? OR seq=?) ORDER BY seq",
        sha256,
        sample,
        also,
    )
    for row in found:
        act.append(
            "quarantine.linked",
            {"quarantined": row["seq"], "raw_sha256": sha256, "sample": sample, "run": run},
        )


def _require_one(site: str, typed: str, found: list[dict[str, Any]]) -> None:
    if len({row["raw_sha256"] for row in found}) > 1 or (
        len(found) > 1 and found[1]["state"] == QuarantineState.WAITING
    ):
        numbers = ", ".join(_number(site, row["serial"]) for row in found[:5])
        raise NotFoundError(f"{typed[:40]!r} fits {numbers}", hint="Give the number.")


def _of(act: Act, sha256: str, sample: str) -> list[dict[str, Any]]:
    return records.rows(
        act.db, "SELECT * FROM quarantine WHERE raw_sha256=? AND sample=? LIMIT 1", sha256, sample
    )


def _number(site: str, serial: int) -> str:
    return f"Q{serial}-{_check(site, serial)}"


def _check(site: str, serial: int) -> str:
    # Linking a neighbour's file to a sample is the slip this character is there to catch.
    return ids.check_character(f"{site}Q{serial}")


def _row(site: str, row: dict[str, Any]) -> Quarantined:
    return Quarantined(
        seq=row["seq"],
        number=_number(site, row["serial"]),
        state=QuarantineState(row["state"]),
        sample=row["sample"],
        file_name=row["file_name"],
        raw_sha256=row["raw_sha256"],
        size=row["size"],
        reason=row["reason"],
        at=records.moment(row["at"]),
        by=row["by"],
        run=row["run"],
        closed_at=records.moment(row["closed_at"]) if row["closed_at"] else None,
        closed_by=row["closed_by"],
        remark=row["remark"],
    )
