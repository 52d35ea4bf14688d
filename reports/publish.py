"""Issue a day's report: files in the lab folder, and the signed bytes in the outbox.

The same day with the same content is issued once. Changed content is issued as a correction that
names what it supersedes and what changed; nothing issued is ever overwritten.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import audit, canonical, keys, outbox, sqlite
from lims.errors import ConfigError, RecordError
from reports import daily, encode, html, pdf, table, turnaround_lines
from reports.document import DailyReport, Issue
from reports.errors import ReportError

if TYPE_CHECKING:
    from lims.lab import Lab
    from lims.model import OutboxItem

CHANGES_SHOWN = 200
_COMPARED = ("level", "substances", "classes", "text", "shipment_state", "concluded_at", "notes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An issued report: its number, its place in the lab's sequence, and its files.

    ``paths`` has ``html``, ``pdf``, ``json`` (the signed bytes), ``csv`` (raw, for machines),
    ``csv_guarded`` (for a spreadsheet), ``csv_figures`` (turnaround, field tools and exceptions,
    one figure a line) and ``sig``.
    """

    report_id: str
    seq: int
    kind: str
    paths: Mapping[str, Path]
    new: bool
    """False when this content had been issued before."""


def publish_daily(lab: Lab, actor: str, day: date, *, reason: str = "") -> Published:
    """Issue the report of a local day.

    Parameters
    ----------
    lab : Lab
    actor : str
        Person id; must be allowed to queue reports.
    day : date
        In the lab's own calendar.
    reason : str
        Why a correction is made; a plain sentence is written when left out.

    Raises
    ------
    ReportError
        The day has not begun, or an issued report can no longer be read.
    PermissionDenied, RecordError
        From the record; nothing was issued.
    """
    with _one_at_a_time(lab.folder):
        return _publish(lab, actor, day, reason)


def _publish(lab: Lab, actor: str, day: date, reason: str) -> Published:
    report = daily.collect(lab, day)
    document = encode.document(report)
    items = outbox.items(lab)
    issued = [item for item in items if _is_of_day(item, report.issue.report_id)]
    if issued:
        last = max(issued, key=lambda item: item.seq)
        earlier = _said(last)
        content = encode.content_sha256(encode.as_told_by(earlier, document))
        if encode.content_sha256(earlier) == content:
            return _published(lab, _as_issued(report, earlier), last, new=False)
        issue = _correction(report, earlier, len(issued), reason)
    else:
        issue = report.issue
    issue = replace(issue, sequence=max((item.seq for item in items), default=0) + 1)
    report = daily.issued(report, issue)
    body = encode.to_json(report)
    documents = _documents(report)
    item = outbox.queue(lab, actor, issue.report_id, issue.kind, body, keys.sign(lab, body))
    if item.seq != issue.sequence:
        raise ReportError(
            f"{issue.report_id} was written for sequence {issue.sequence} and queued as {item.seq}",
            hint="Something else queues reports for this lab. Park it and ask for help.",
        )
    try:
        audit.checkpoint(lab, actor)
    except (RecordError, ConfigError) as error:  # what it says of nothing written is not so here
        raise ReportError(
            f"{item.report_id} is queued, but no checkpoint was made: {error.message}",
            hint=f"{error.hint} Then publish the day again for its files.".strip(),
        ) from error
    return _written(lab, item, documents, new=True)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the lab's publishing lock: the sequence stands inside the signed bytes."""
    place = folder / "reports"
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = (place / ".lock").open("a+b")
    except OSError as error:
        raise sqlite.refused_by_system(error, place) from error
    with lock as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            # Closing the file, even by dying, lets go of the lock.
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        yield


def _is_of_day(item: OutboxItem, plain_number: str) -> bool:
    return item.report_id == plain_number or item.report_id.startswith(f"{plain_number}.c")


def _said(item: OutboxItem) -> dict[str, Any]:
    try:
        said: dict[str, Any] = canonical.loads(item.body)
    except RecordError as error:
        raise ReportError(
            f"the issued report {item.report_id} cannot be read: {error.message}",
            hint="Run `fol audit verify`.",
        ) from error
    return said


def _correction(
    report: DailyReport, earlier: Mapping[str, Any], already: int, reason: str
) -> Issue:
    completes = report.header.complete and not earlier["header"]["complete"]
    plain_reason = (
        "Completes the provisional report." if completes else "The record of this day has changed."
    )
    return Issue(
        report_id=f"{report.issue.report_id}.c{already}",
        kind="correction",
        supersedes=str(earlier["report_id"]),
        reason=reason.strip() or plain_reason,
        corrections=differences(earlier, encode.document(report)),
    )


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in words what a corrected document says differently, row by row and in its totals."""
    before = {row["sample"]: row for row in was["rows"]}
    after = {row["sample"]: row for row in now["rows"]}
    found = [f"{name}: no longer in this report" for name in sorted(before.keys() - after.keys())]
    found += [f"{name}: added" for name in sorted(after.keys() - before.keys())]
    for name in sorted(before.keys() & after.keys()):
        found += [
            f"{name}: {key.replace('_', ' ')} was {_word(before[name][key])}, "
            f"is {_word(after[name][key])}"
            for key in _COMPARED
            if before[name][key] != after[name][key]
        ]
    found += [
        f"{key.replace('_', ' ')} was {was['totals'][key]}, is {value}"
        for key, value in now["totals"].items()
        if isinstance(value, int) and was["totals"].get(key) != value
    ]
    told_before = {signal["text"] for signal in (*was["signals"], *was["first_seen"])}
    told_now = {signal["text"] for signal in (*now["signals"], *now["first_seen"])}
    found += [f"withdrawn: {text}" for text in sorted(told_before - told_now)]
    if not found:
        found = ["No row changed; other parts of the report (history, facts or wording) did."]
    if len(found) > CHANGES_SHOWN:
        found = [*found[:CHANGES_SHOWN], f"and {len(found) - CHANGES_SHOWN} more changes"]
    return tuple(found)


def _word(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "empty"
    return "empty" if value in (None, "") else str(value)


def _as_issued(report: DailyReport, said: Mapping[str, Any]) -> DailyReport:
    """Return the report under the identity it was issued with: its files come out the same."""
    if "turnaround" in said:
        report = replace(report, turnaround=turnaround_lines.from_document(said["turnaround"]))
    else:
        report = _of_earlier_software(report)
    return replace(
        report,
        log_size=int(said["log"]["size"]),
        log_head=str(said["log"]["head"]),
        issue=Issue(
            report_id=str(said["report_id"]),
            kind=str(said["kind"]),
            sequence=said["sequence"],
            supersedes=str(said["supersedes"]),
            reason=str(said["reason"]),
            corrections=tuple(said["corrections"]),
        ),
    )


def _of_earlier_software(report: DailyReport) -> DailyReport:
    """Return the report without what the software that issued it did not know."""
    rows, later = (
        tuple(replace(row, field_tool="", unverified=()) for row in rows)
        for rows in (report.rows, report.later)
    )
    return replace(report, rows=rows, later=later, field_tools=(), turnaround=None, exceptions=None)


def _published(lab: Lab, report: DailyReport, item: OutboxItem, *, new: bool) -> Published:
    """Answer with the files on disk; files that were lost are made again from the same content."""
    folder = lab.folder / "reports" / item.report_id
    paths = _paths(folder, item.report_id)
    if all(path.is_file() for path in paths.values()):
        return Published(
            report_id=item.report_id, seq=item.seq, kind=item.kind, paths=paths, new=new
        )
    return _written(lab, item, _documents(report), new=new)


def _documents(report: DailyReport) -> dict[str, bytes]:
    return {
        "html": html.render(report),
        "pdf": pdf.render(report),
        "csv": table.csv(report),
        "csv_guarded": table.csv(report, guarded=True),
        "csv_figures": table.figures(report),
    }


def _paths(folder: Path, report_id: str) -> dict[str, Path]:
    names = {
        "html": f"{report_id}.html",
        "pdf": f"{report_id}.pdf",
        "json": f"{report_id}.json",
        "csv": f"{report_id}.csv",
        "csv_guarded": f"{report_id}-for-spreadsheets.csv",
        "csv_figures": f"{report_id}-figures.csv",
        "sig": f"{report_id}.json.sig",
    }
    return {kind: folder / name for kind, name in names.items()}


def signature_file(lab: str, item: OutboxItem) -> bytes:
    """Return what stands in ``X.json.sig``: the lab's signature over the bytes of ``X.json``."""
    said = {
        "schema": "fol.signature/1",
        "algorithm": "Ed25519",
        "lab": lab,
        "signature": base64.b64encode(item.signature).decode("ascii"),
    }
    return (json.dumps(said) + "\n").encode("ascii")


def _written(lab: Lab, item: OutboxItem, documents: Mapping[str, bytes], *, new: bool) -> Published:
    """Write all files beside their place and move the folder in: there whole, or not at all."""
    place = lab.folder / "reports"
    place.mkdir(parents=True, exist_ok=True)
    folder = place / item.report_id
    partial = place / f".{item.report_id}-{secrets.token_hex(4)}"
    contents = {**documents, "json": item.body, "sig": signature_file(lab.site, item)}
    try:
        partial.mkdir()
        for kind, path in _paths(partial, item.report_id).items():
            with path.open("wb") as file:
                file.write(contents[kind])
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    except OSError as error:
        raise ReportError(
            f"the files of {item.report_id} could not be written: {error.strerror or error}",
            hint="The report itself is queued; publish the day again when there is space.",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Published(
        report_id=item.report_id,
        seq=item.seq,
        kind=item.kind,
        paths=_paths(folder, item.report_id),
        new=new,
    )
