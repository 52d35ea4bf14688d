"""Files kept with a shipment or sample: photographs and documents, by the hash of their bytes.

A file's name is data that somebody typed: it never becomes part of a path.
"""

from __future__ import annotations

from lims import fields, records
from lims.custody_model import Attachment
from lims.errors import NotFoundError, RecordError
from lims.lab import Lab
from lims.originals import keep_original
from lims.workflow import Verb

MAX_BYTES = 64 * 1024 * 1024


def attach(
    lab: Lab, actor: str, subject: str, file_name: str, data: bytes, *, what: str, key: str = ""
) -> Attachment:
    """Keep a file of any kind with a shipment or sample.

    Nothing in it is ever opened or run; it is given back byte for byte.

    Parameters
    ----------
    what : str
        What it is, in words: "court order", "manifest" …

    Raises
    ------
    RecordError
        Empty, more than 64 MiB, or not said what it is.
    NotFoundError, PermissionDenied
    """
    said = fields.line(what, "what the file is", required=True)
    if not data:
        raise RecordError(f"{fields.visible(file_name)!r} is empty")
    _check_size(data)
    number = records.subject(lab.db, subject)
    digest = str(keep_original(lab.raw_folder, data))
    with lab.writing(actor, key) as act:
        act.allow(Verb.ADD_NOTE)
        first = act.repeated("file.attached")
        if first is None:
            first = act.append(
                "file.attached",
                {
                    "subject": number,
                    "file_name": fields.visible(file_name),
                    "raw_sha256": digest,
                    "size": len(data),
                    "what": said,
                },
            )
        found = records.rows(act.db, "SELECT * FROM attachment WHERE seq=?", first.seq)
        return _as_attachment(found[0])


def attachments(lab: Lab, subject: str) -> tuple[Attachment, ...]:
    """Return the files kept with a shipment or sample, oldest first."""
    number = records.subject(lab.db, subject)
    found = records.rows(lab.db, "SELECT * FROM attachment WHERE subject=? ORDER BY seq", number)
    return tuple(_as_attachment(row) for row in found)


def content(lab: Lab, sha256: str) -> tuple[Attachment, bytes]:
    """Return a kept file and its bytes, which are hashed again first.

    Parameters
    ----------
    sha256 : str
        Its hash, or at least the first eight digits.

    Raises
    ------
    NotFoundError
        No such file, or several begin like that.
    """
    from instruments import raw

    wanted = sha256.strip().lower()
    if len(wanted) < 8 or not set(wanted) <= set("0123456789abcdef"):
        raise NotFoundError(
            f"{sha256[:70]!r} is no SHA-256", hint="At least its first eight hex digits."
        )
    found = records.rows(
        lab.db, "SELECT * FROM attachment WHERE raw_sha256 LIKE ? ORDER BY seq", f"{wanted}%"
    )
    if len({row["raw_sha256"] for row in found}) != 1:
        raise NotFoundError(f"{len(found)} kept files begin with {wanted}")
    return _as_attachment(found[0]), raw.fetch(lab.raw_folder, found[0]["raw_sha256"])


def add_photo(
    lab: Lab, actor: str, subject: str, file_name: str, data: bytes, *, key: str = ""
) -> str:
    """Keep a photograph's original bytes and return their SHA-256.

    Raises
    ------
    RecordError
        Not a JPEG, PNG, TIFF, WebP or HEIF, or more than 64 MiB.
    """
    _check_size(data)
    if not _is_photo(data[:16]):
        raise RecordError(
            f"{fields.visible(file_name)!r} is not a photograph this record keeps",
            hint="Use JPEG, PNG, TIFF, WebP or HEIF; other files are attached (fol sample attach).",
        )
    digest = keep_original(lab.raw_folder, data)
    with lab.writing(actor, key) as act:
        act.allow(Verb.ADD_NOTE)
        if act.repeated("photo.added") is None:
            body = {
                "subject": records.subject(act.db, subject),
                "file_name": fields.visible(file_name),
                "raw_sha256": digest,
                "size": len(data),
            }
            act.append("photo.added", body)
    return str(digest)


def _check_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise RecordError(f"a file of {len(data)} bytes; at most {MAX_BYTES} are kept")


def _is_photo(head: bytes) -> bool:
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*")):
        return True
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    heif = head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"avif")
    return webp or heif


def _as_attachment(row: records.Row) -> Attachment:
    return Attachment(
        seq=row["seq"],
        subject=row["subject"],
        at=records.moment(row["at"]),
        by=row["by"],
        file_name=row["file_name"],
        raw_sha256=row["raw_sha256"],
        size=row["size"],
        what=row["what"],
    )
