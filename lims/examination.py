"""From an instrument's file to a finding: keep the bytes, read, match, and write it all in one act.

The hazard notice is written in the same transaction as the finding, so no screen can show an
identity before its warning exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lims import alerts, declared, fields, ids, records, statements, workflow
from lims.act import Act
from lims.errors import CustodyError, NotFoundError, RecordError
from lims.intake import require_unfrozen
from lims.lab import Lab
from lims.model import Finding, FindingState, Quarantined
from lims.workflow import Verb
from spectra.errors import SpectrumError
from spectra.spectrum import Technique

if TYPE_CHECKING:
    from instruments.export import Export
    from libraries.library import Library

_UNTOLD = "The identity is shown once a named person has acknowledged this notice."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Summary:
    """The columns of a finding that come from its match."""

    level: str
    headline: str
    substances: tuple[str, ...]
    classes: tuple[str, ...]
    hazard: str
    must_be_seen: bool


class Match(Protocol):
    """What compares an export with libraries; `lims.matching.match_export` is the one."""

    def __call__(
        self, export: Export, libraries: Sequence[Library], top: int = 10
    ) -> Mapping[str, Any]:
        """Return the ``results`` entry of ``fol.match/1`` for one file."""
        ...


def ingest(
    lab: Lab,
    actor: str,
    path: str | Path,
    sample: str,
    *,
    portion: str = "",
    libraries: Sequence[str] = (),
    technique: Technique | None = None,
    key: str = "",
    match: Match | None = None,
) -> Finding:
    """Keep an instrument's file, read it, match it and record run, finding and notices.

    Parameters
    ----------
    lab : Lab
    actor : str
        An analyst who holds the sample, or held it before.
    path : path
        A file, or a folder that an instrument wrote as one run.
    sample, portion : str
        The portion's id where one was prepared.
    libraries : sequence of str
        Names of installed libraries; all of them when empty.
    technique : Technique or None
        Where the file does not say it.
    key : str
        Idempotency key. The same bytes for the same sample are one run with or without it.
    match : Match or None
        Another way to compare; `lims.matching.match_export` when None.

    Returns
    -------
    Finding
        The first one, when the same bytes were recorded for this sample before.

    Raises
    ------
    FormatError
        The file cannot be read. It is kept in quarantine, with the reason in the log.
    CustodyError, NotFoundError, PermissionDenied, LibraryError, BusyError, StorageFullError
    """
    source = Path(path)
    row = _permitted(lab, actor, sample, portion)
    number = str(row["number"])
    data = _bytes_of(source)
    digest = hashlib.sha256(data).hexdigest()
    before = _recorded(lab, number, digest)
    if before is not None:
        return before
    export = _read(lab, actor, source, data, number)
    if technique is not None and export.technique is Technique.OTHER:
        export = replace(export, technique=technique)
    from instruments import raw

    kept = raw.keep(lab.raw_folder, data)
    if kept != export.sha256:
        raise RecordError(
            f"{fields.visible(source.name)}: the file changed while it was read",
            hint="Wait until the instrument has finished writing, then try again.",
        )
    result = _compared(lab, export, libraries, match)
    summary = _summary(result)
    with lab.writing(actor, key) as act:
        act.allow(Verb.RECORD_RUN)
        first = act.repeated("run.recorded")
        if first is not None:
            return _finding_of_run(act, str(first.body["id"]))
        row = records.sample_row(act.db, number)
        _check_hands(act.db, act.person.id, act.person.name, row)
        again = _recorded(lab, number, digest)
        if again is not None:
            return again
        run_id = _append_run(act, row, portion, export, source, kept)
        finding_id = _append_finding(act, row, run_id, export, summary, result)
        _append_notices(act, row, finding_id, summary)
        return records.finding(act.db, finding_id)


def quarantined(lab: Lab) -> tuple[Quarantined, ...]:
    """Return the files that could not be taken as a run, newest first."""
    found = records.rows(lab.db, "SELECT * FROM quarantine ORDER BY seq DESC")
    return tuple(
        Quarantined(
            sample=row["sample"],
            file_name=row["file_name"],
            raw_sha256=row["raw_sha256"],
            size=row["size"],
            reason=row["reason"],
            at=records.moment(row["at"]),
            by=row["by"],
        )
        for row in found
    )


def quarantine(
    lab: Lab, actor: str, path: str | Path, reason: str, *, sample: str = ""
) -> Quarantined:
    """Keep a file that cannot be taken as a run (unreadable, or no sample to link), with why.

    The same file with the same reason is recorded once.
    """
    source = Path(path)
    return _quarantine(lab, actor, source, _bytes_of(source), sample, reason)


def _permitted(lab: Lab, actor: str, sample: str, portion: str) -> dict[str, Any]:
    """Look before the work, so that nobody waits for a match that will be refused."""
    person = records.person(lab.db, actor)
    workflow.require(person, Verb.RECORD_RUN)
    row = records.sample_row(lab.db, sample)
    _check_hands(lab.db, person.id, person.name, row)
    if portion and portion not in {p.id for p in records.portions(lab.db, row["number"])}:
        raise NotFoundError(f"{row['number']} has no portion {portion[:60]!r}")
    return row


def _check_hands(database: Any, person: str, name: str, row: dict[str, Any]) -> None:
    require_unfrozen(row)
    if row["holder"] == person:
        return
    held = database.execute(
        "SELECT 1 FROM custody WHERE sample=? AND taker=?", [row["number"], person]
    ).fetchone()
    if held is None:
        raise CustodyError(
            f"{name} never held {row['number']} and cannot have measured it",
            hint="Record the transfer to the analyst first.",
        )


def _bytes_of(source: Path) -> bytes:
    from instruments import folders
    from instruments.limits import RUN_BYTES, require_file_size

    try:
        file = folders.run_file(source) if source.is_dir() else source
        require_file_size(file.stat().st_size, RUN_BYTES, "any instrument file")
        return file.read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"{fields.visible(str(source))} cannot be opened: {error.strerror or error}",
            hint="Check the name and that this account may read it.",
        ) from error


def _read(lab: Lab, actor: str, source: Path, data: bytes, sample: str) -> Export:
    from instruments import sandbox
    from instruments.errors import FormatError

    try:
        if source.is_file():
            return sandbox.read_guarded_bytes(data, source.name)
        return sandbox.read_guarded(source)
    except (FormatError, SpectrumError) as error:
        _quarantine(lab, actor, source, data, sample, error.message)
        raise type(error)(
            error.message, hint=f"{error.hint} The file is kept in quarantine.".strip()
        ) from error


def _quarantine(
    lab: Lab, actor: str, source: Path, data: bytes, sample: str, reason: str
) -> Quarantined:
    from instruments import raw

    digest = raw.keep(lab.quarantine_folder, data)
    why = fields.visible(reason, limit=500)
    with lab.writing(actor) as act:
        act.allow(Verb.RECORD_RUN)
        number = ids.normal(sample, ids.SAMPLE) if sample else ""
        known = act.db.execute(
            "SELECT 1 FROM quarantine WHERE raw_sha256=? AND sample=? AND reason=?",
            [digest, number, why],
        ).fetchone()
        if known is None:
            body = {
                "sample": number,
                "file_name": fields.visible(source.name),
                "raw_sha256": digest,
                "size": len(data),
                "reason": why,
            }
            act.append("file.quarantined", body)
    return next(q for q in quarantined(lab) if q.raw_sha256 == digest and q.reason == why)


def _compared(
    lab: Lab, export: Export, names: Sequence[str], match: Match | None
) -> dict[str, Any]:
    from libraries import catalog
    from libraries.library import open_library

    folder = lab.libraries_folder
    wanted = list(names) or [each.name for each in catalog.installed(folder) if each.newest]
    with ExitStack() as stack:
        opened = [stack.enter_context(open_library(name, folder=folder)) for name in wanted]
        compare = _default_match() if match is None else match
        result = dict(compare(export, opened))
    # A record does not hold the folders of the computer it was made on.
    return result | {"path": fields.visible(export.path.name)}


def _default_match() -> Match:
    from lims.matching import match_export

    return match_export


def _summary(result: Mapping[str, Any]) -> _Summary:
    from lims import match_hazard, matching

    found = statements.of_match(result)
    hazard = match_hazard.gravest(each.get("hazard") for each in matching.answers(result)) or {}
    names = (name for each in found for name in each.substances)
    classes = (each.class_name for each in found if each.class_name)
    return _Summary(
        level=min((each.state for each in found), key=statements.STATES.index),
        headline=fields.visible(matching.headline(result), limit=500),
        substances=tuple(dict.fromkeys(names)),
        classes=tuple(dict.fromkeys(classes)),
        hazard=str(hazard.get("group", "")),
        must_be_seen=bool(hazard.get("acknowledge")),
    )


def _recorded(lab: Lab, sample: str, digest: str) -> Finding | None:
    found = records.rows(
        lab.db,
        "SELECT f.* FROM finding f JOIN run r ON r.id=f.run "
        "WHERE r.sample=? AND r.raw_sha256=? AND f.state<>? ORDER BY f.seq LIMIT 1",
        sample,
        digest,
        FindingState.SUPERSEDED.value,
    )
    return records.as_finding(found[0]) if found else None


def _finding_of_run(act: Act, run: str) -> Finding:
    found = records.rows(act.db, "SELECT * FROM finding WHERE run=? ORDER BY seq LIMIT 1", run)
    return records.as_finding(found[0])


def _append_run(
    act: Act, row: dict[str, Any], portion: str, export: Export, source: Path, kept: str
) -> str:
    number = row["number"]
    run_id = ids.child(number, "R", len(records.runs(act.db, number)) + 1)
    act.append(
        "run.recorded",
        {
            "id": run_id,
            "sample": number,
            "portion": portion,
            "technique": export.technique.value,
            "file_name": fields.visible(source.name),
            "raw_sha256": kept,
            "size": export.size,
            "format": export.format,
            "reader": f"{export.reader} {export.reader_version}",
            "warnings": list(export.warnings),
        },
    )
    return run_id


def _append_finding(
    act: Act,
    row: dict[str, Any],
    run: str,
    export: Export,
    summary: _Summary,
    match: Mapping[str, Any],
) -> str:
    number = row["number"]
    count = act.db.execute("SELECT count(*) FROM finding WHERE sample=?", [number]).fetchone()[0]
    finding_id = ids.child(number, "F", int(count) + 1)
    act.append(
        "finding.submitted",
        {
            "id": finding_id,
            "run": run,
            "sample": number,
            "technique": export.technique.value,
            "headline": summary.headline,
            "level": summary.level,
            "substances": list(summary.substances),
            "classes": list(summary.classes),
            "hazard": summary.hazard,
            "supersedes": "",
            "match": match,
        },
    )
    return finding_id


def _append_notices(act: Act, row: dict[str, Any], finding: str, summary: _Summary) -> None:
    number = row["number"]
    if summary.must_be_seen:
        raised = act.db.execute(
            "SELECT 1 FROM alert WHERE sample=? AND kind='hazard' AND headline LIKE ?",
            [number, f"{summary.hazard} %"],
        ).fetchone()
        if raised is None:
            alerts.raise_hazard(act, row, summary.hazard, f"Finding {finding}. {_UNTOLD}")
    parcel = records.shipment(act.db, row["shipment"])
    note = declared.against_found(parcel.draft.declared_goods, summary.substances)
    if note and note not in parcel.notes:
        act.append("shipment.noted", {"shipment": parcel.number, "note": note, "finding": finding})
