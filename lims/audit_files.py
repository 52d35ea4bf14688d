"""The files and documents that the record names by SHA-256: are they there, are they the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lims.audit_findings import Findings, Progress, silent
from lims.lab import Lab

FILES_NAMED = (
    ("run", "raw", "id"),
    ("photo", "raw", "subject"),
    ("attachment", "raw", "subject"),
    ("quarantine", "quarantine", "file_name"),
    ("verification", "raw", "instrument"),
    ("control_file", "raw", "control"),
)
"""Tables whose ``raw_sha256`` names a file, the lab's folder that keeps it, and what owns it."""

_READERS = 4
"""Hashing lets go of the interpreter, and a disk answers several questions sooner than one."""
_TOLD_EVERY = 100


def check_files(lab: Lab, found: Findings, progress: Progress = silent) -> int:
    """Hash every file and document the record names and return how many there are."""
    named: dict[Path, str] = {}
    for table, place, column in FILES_NAMED:
        for row in lab.db.query(f"SELECT {column} AS owner, raw_sha256 FROM {table}"):
            digest = str(row["raw_sha256"])
            path = lab.folder / place / digest[:2] / digest[2:4] / digest
            named.setdefault(path, f"{table} {row['owner']}")
    with ThreadPoolExecutor(_READERS) as readers:
        digests = readers.map(_digest, named)
        for done, (path, there) in enumerate(zip(named, digests, strict=True)):
            if done % _TOLD_EVERY == 0:
                progress("hashing files", done, len(named))
            if there is None:
                found.problem(f"the raw file of {named[path]} ({path.name[:12]}…) is missing")
            elif there != path.name:
                found.problem(f"the raw file of {named[path]} ({path.name[:12]}…) was altered")
    return len(named) + sum(1 for _ in _documents(lab, found))


def _documents(lab: Lab, found: Findings) -> Iterator[str]:
    for row in lab.db.query(
        "SELECT o.report_id, o.sha256, d.body FROM outbox o LEFT JOIN document d USING(sha256) "
        "UNION ALL SELECT r.number, r.content_sha256, d.body FROM certificate_revision r "
        "LEFT JOIN document d ON d.sha256=r.content_sha256 "
        "UNION ALL SELECT c.number, c.document_sha256, d.body FROM certificate c "
        "LEFT JOIN document d ON d.sha256=c.document_sha256 WHERE c.issued_at<>'' "
        "UNION ALL SELECT 'headquarters '||h.sequence, h.sha256, d.body FROM hub_answer h "
        "LEFT JOIN document d ON d.sha256=h.sha256"
    ):
        if row["body"] is None:
            found.problem(f"the bytes of report {row['report_id']} are missing")
        elif hashlib.sha256(row["body"]).hexdigest() != row["sha256"]:
            found.problem(f"the bytes of report {row['report_id']} were altered")
        yield str(row["report_id"])


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
