"""From an instrument's file to a finding: bytes kept, read, matched, and written in one act."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lims import (
    bench_instruments,
    fields,
    ids,
    instrument_standing,
    quarantine,
    records,
    submission,
    workflow,
)
from lims.act import Act
from lims.bench_instruments import ConfirmedMapping, Instrument
from lims.custody_rules import require_unfrozen
from lims.errors import CustodyError, NotFoundError, RecordError
from lims.lab import Lab
from lims.model import Finding, FindingState
from lims.originals import keep_original
from lims.run_context import NO_CONTEXT, RunContext
from lims.source_bytes import bytes_of
from lims.stages import Going, Stage, go_on
from lims.workflow import Verb
from spectra.errors import SpectrumError
from spectra.spectrum import Technique

if TYPE_CHECKING:
    from instruments.export import Export
    from libraries.library import Library


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
    instrument: str = "",
    key: str = "",
    match: Match | None = None,
    context: RunContext = NO_CONTEXT,
    data: bytes | None = None,
    export: Export | None = None,
    going: Going = go_on,
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
    instrument : str
        Name of the lab's instrument; when empty, the one whose serial number the file names. Its
        text is read by its newest confirmed mapping; one that is on record, read without it and
        not yet reviewed, is read again by it.
    key : str
        Idempotency key. The same bytes for the same sample are one run with or without it.
    match : Match or None
        Another way to compare; `lims.matching.match_export` when None.
    context : RunContext
        The blank and the ladder of a GC-MS run. The instrument's own condition joins it: its axis
        correction is applied, and an overdue or failed verification is told.
    data, export : bytes, Export or None
        The file's bytes and what they hold, where at hand; ``path`` then only names them.
    going : callable
        Told each stage as it begins; ends it there by raising `lims.errors.RunCancelledError`.

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
    going(Stage.TAKE)
    data = bytes_of(source) if data is None else data
    digest = hashlib.sha256(data).hexdigest()
    device, confirmed = bench_instruments.read_by(lab, instrument)
    before = _recorded(lab, number, digest) or _recorded_by_main_file(lab, number, source)
    if before is not None and not bench_instruments.reads_anew(lab, before, device, confirmed):
        return before
    going(Stage.READ)
    if export is None:
        export = _read(lab, actor, source, data, number, confirmed)
    device, export = _known(lab, device, export, technique)
    going(Stage.KEEP)
    kept = _kept(lab, source, data, export)
    going(Stage.MATCH)
    beside = instrument_standing.beside(lab, device, context, export.technique)
    result = _compared(lab, export, libraries, match or _default_match(beside))
    going(Stage.RECORD)
    measured = _Measured(
        digest=digest,
        portion=portion,
        export=export,
        source=source,
        kept=kept,
        facts=bench_instruments.run_facts(export, device, confirmed),
        result=result,
        summary=submission.summary_of(result),
    )
    return _recorded_once(lab, actor, key, number, measured, before)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What a file gave, ready to be written; ``digest`` is of the bytes that were asked about."""

    digest: str
    portion: str
    export: Export
    source: Path
    kept: str
    facts: Mapping[str, Any]
    result: Mapping[str, Any]
    summary: submission.Summary


def _known(
    lab: Lab, device: Instrument | None, export: Export, technique: Technique | None
) -> tuple[Instrument | None, Export]:
    """Return the instrument and what it and a person say of a file that leaves things open."""
    device = device or instrument_standing.recognised(lab, export)
    export = bench_instruments.as_read(export, device)
    if technique is not None and export.technique is Technique.OTHER:
        export = replace(export, technique=technique)
    return device, export


def _recorded_once(
    lab: Lab, actor: str, key: str, number: str, measured: _Measured, before: Finding | None
) -> Finding:
    """Write what was measured in one act, unless the record has it by now."""
    with lab.writing(actor, key) as act:
        act.allow(Verb.RECORD_RUN)
        first = act.repeated("run.recorded" if before is None else "run.reread")
        if first is not None:
            return _finding_of_run(act, str(first.body["id"]))
        row = records.sample_row(act.db, number)
        _check_hands(act.db, act.person.id, act.person.name, row)
        again = _recorded(lab, number, measured.digest)
        if again is not None and (before is None or again.id != before.id):
            return again
        return _written(act, row, measured, before)


def _written(act: Act, row: dict[str, Any], measured: _Measured, before: Finding | None) -> Finding:
    """Append run, finding and notices, and close the file's row in quarantine."""
    number, export, facts = str(row["number"]), measured.export, measured.facts
    if before is None:
        run_id = _append_run(
            act, row, measured.portion, export, measured.source, measured.kept, facts
        )
    else:
        run_id = _append_reread(act, before, export, facts)
    quarantine.close(act, measured.kept, number, run_id)
    finding_id = submission.append_finding(
        act,
        number,
        run_id,
        export.technique.value,
        measured.summary,
        measured.result,
        supersedes="" if before is None else before.id,
    )
    submission.append_notices(act, row, finding_id, measured.summary)
    return records.finding(act.db, finding_id)


def _kept(lab: Lab, source: Path, data: bytes, export: Export) -> str:
    kept = keep_original(lab.raw_folder, data)
    if kept != export.sha256:
        raise RecordError(
            f"{fields.visible(source.name)}: the file changed while it was read",
            hint="Wait until the instrument has finished writing, then try again.",
        )
    return kept


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


def _read(
    lab: Lab,
    actor: str,
    source: Path,
    data: bytes,
    sample: str,
    confirmed: ConfirmedMapping | None,
) -> Export:
    from instruments import sandbox
    from instruments.errors import FormatError

    try:
        mapping = None if confirmed is None else confirmed.mapping
        return sandbox.read_guarded_bytes(data, source.name, mapping=mapping)
    except (FormatError, SpectrumError) as error:
        quarantine.keep(lab, actor, source.name, data, error.message, sample=sample)
        raise type(error)(
            error.message, hint=f"{error.hint} The file is kept in quarantine.".strip()
        ) from error


def _compared(lab: Lab, export: Export, names: Sequence[str], compare: Match) -> dict[str, Any]:
    from libraries import catalog
    from libraries.library import open_library

    folder = lab.libraries_folder
    wanted = list(names) or [each.name for each in catalog.installed(folder) if each.newest]
    with ExitStack() as stack:
        opened = [stack.enter_context(open_library(name, folder=folder)) for name in wanted]
        result = dict(compare(export, opened))
    # A record does not hold the folders of the computer it was made on.
    return result | {"path": fields.visible(export.path.name)}


def _default_match(context: RunContext) -> Match:
    from functools import partial

    from lims.matching import match_export

    return partial(match_export, context=context)


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


def _recorded_by_main_file(lab: Lab, sample: str, source: Path) -> Finding | None:
    """Return the finding of a folder that was recorded before folders were kept whole."""
    if not source.is_dir():
        return None
    from instruments import folders

    main = folders.run_file(source)
    if main is None:
        return None
    return _recorded(lab, sample, hashlib.sha256(main.read_bytes()).hexdigest())


def _finding_of_run(act: Act, run: str) -> Finding:
    found = records.rows(act.db, "SELECT * FROM finding WHERE run=? ORDER BY seq LIMIT 1", run)
    return records.as_finding(found[0])


def _append_reread(act: Act, before: Finding, export: Export, facts: Mapping[str, Any]) -> str:
    act.append("run.reread", {"id": before.run, **_read_facts(export), **facts})
    return before.run


def _read_facts(export: Export) -> dict[str, Any]:
    return {
        "technique": export.technique.value,
        "format": export.format,
        "reader": f"{export.reader} {export.reader_version}",
        "warnings": list(export.warnings),
    }


def _append_run(
    act: Act,
    row: dict[str, Any],
    portion: str,
    export: Export,
    source: Path,
    kept: str,
    facts: Mapping[str, Any],
) -> str:
    number = row["number"]
    run_id = ids.child(number, "R", len(records.runs(act.db, number)) + 1)
    act.append(
        "run.recorded",
        {
            "id": run_id,
            "sample": number,
            "portion": portion,
            "file_name": fields.visible(source.name),
            "raw_sha256": kept,
            "size": export.size,
            **_read_facts(export),
            **facts,
        },
    )
    return run_id
