"""From a reference on record to an entry of a library: bytes read again, version built, recorded.

Says nothing of who may do so; `lims.references` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lims import (
    bench_instruments,
    canonical,
    clock,
    kept_runs,
    library_care,
    records,
    reference_record,
    reliance,
    unknown_naming,
)
from lims.act import Act
from lims.errors import RecordError, StateError
from lims.lab import Lab
from lims.reference_record import Reference, ReferenceState
from spectra.errors import SpectrumError
from spectra.spectrum import MassRun, MassSpectrum, Measurement, Spectrum

if TYPE_CHECKING:
    from instruments.export import Export
    from libraries.build import ImportReport
    from libraries.entry import EntryDraft
    from lims.model import Finding, Run


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Base:
    """What the next version of a library begins with; ``version`` is the one it follows."""

    version: str
    drafts: tuple[EntryDraft, ...]
    licence: str
    training: bool


_IN_USE = "SELECT version, body FROM library WHERE name=? AND removed_at='' ORDER BY seq"

# Two readings of one peak agree to the last digit on record; more apart is another peak.
_SAME_TIME_S = 0.002


def draft_of(lab: Lab, reference: Reference) -> EntryDraft:
    """Return a reference as a library entry, its spectrum read again from the kept bytes.

    Raises
    ------
    CorruptFileError
        The bytes are missing, changed or unreadable.
    RecordError
        What was measured is not there any more, or cannot be a reference.
    """
    from libraries import build, section_index
    from libraries.provenance import Source

    run = kept_runs.run(lab, reference.run)
    export = kept_runs.read_again(kept_runs.of_run(lab, run))
    measured = _measured(export, records.finding(lab.db, reference.finding), reference.position)
    named = replace(measured, title=reference.name, metadata=_facts(export, measured, reference))
    source = Source(file=run.file_name, sha256=run.raw_sha256, technique=run.technique)
    try:
        draft = build.draft(named, source, {})
        section_index.prepared(draft)
    except SpectrumError as reason:
        raise RecordError(
            f"{run.id} cannot be a reference: {reason.message}", hint=reason.hint
        ) from reason
    origin = replace(
        draft.provenance,
        accession=reference.id,
        licence=reference.licence,
        instrument=_instrument(lab, run) or draft.provenance.instrument,
        notes=_notes(lab, reference, run),
    )
    return replace(draft, provenance=origin)


def _measured(export: Export, finding: Finding, position: int) -> Spectrum | MassSpectrum:
    """Return the measurement that an answer of a finding is about."""
    single = [each for each in export.spectra if not isinstance(each, MassRun)]
    found: Measurement | None = None
    if position <= len(finding.match.get("spectra") or ()):
        found = single[position - 1] if position <= len(single) else None
    else:
        peak = finding.match["peaks"][position - 1 - len(finding.match.get("spectra") or ())]
        found = _component(export, float(peak["retention_time_s"]))
    if not isinstance(found, Spectrum | MassSpectrum):
        raise RecordError(
            f"the kept file of {finding.run} does not hold what {finding.id} was about",
            hint="The way such files are read has changed. Measure the reference again.",
        )
    return found


def _component(export: Export, time_s: float) -> MassSpectrum | None:
    from spectra.chromatography import read_run

    components = [
        each
        for run in export.spectra
        if isinstance(run, MassRun)
        for each in read_run(run).components
    ]
    near = [each for each in components if abs(each.retention_time_s - time_s) <= _SAME_TIME_S]
    return near[0].spectrum if len(near) == 1 else None


def _facts(export: Export, measured: Measurement, reference: Reference) -> dict[str, str]:
    """Return what the file says of the measurement, and the identity that two people signed.

    What it says of an identity is left out: a reference is what was signed and nothing else.
    """
    from libraries import harmonise, naming

    identity = (
        harmonise.NAME, harmonise.INCHIKEY, harmonise.SMILES, harmonise.FORMULA, harmonise.CAS,
        harmonise.CLASS, harmonise.EXACT_MASS, harmonise.STATED_MASS, harmonise.ACCESSION,
        harmonise.LICENCE, ("comment", "comments"),
    )  # fmt: skip
    dropped = {key for keys in identity for key in keys}
    whole_file = export.metadata if len(export.spectra) == 1 else {}
    stated = {**whole_file, **measured.metadata}
    kept = {key: value for key, value in stated.items() if harmonise.key(key) not in dropped}
    known = naming.known(reference.substance)
    if known is not None and known.inchikey == reference.inchikey:
        kept |= {"Formula": known.formula, "SMILES": known.smiles, "CAS": known.cas}
    return kept | {"Name": reference.name, "InChIKey": reference.inchikey}


def _instrument(lab: Lab, run: Run) -> str:
    if not run.instrument:
        return ""
    device = bench_instruments.instrument(lab, run.instrument)
    serial = f"serial {device.serial}" if device.serial else ""
    facts = (device.name, device.maker, device.model, serial)
    return ", ".join(filter(None, facts))


def _notes(lab: Lab, reference: Reference, run: Run) -> str:
    return "; ".join(
        (
            f"reference {reference.id} of {lab.site}",
            f"run {run.id} of {clock.stamp(run.at)}",
            f"purity {reference.purity or 'not stated'}",
            f"identity from {reference.source}",
            f"proposed by {reference.proposed_by} {clock.stamp(reference.proposed_at)} "
            f"(event {reference.proposed_event})",
            f"approved by {reference.approved_by} "
            f"{clock.stamp(reference.approved_at) if reference.approved_at else ''} "
            f"(event {reference.approved_event})",
        )
    )


def enter(lab: Lab, actor: str, reference: Reference) -> None:
    """Build the next version of the reference's library with it, and record both.

    Raises
    ------
    StateError
        The library holds the same numbers already, or is another lab's.
    LibraryError, CorruptFileError, RecordError, BusyError, StorageFullError
        Nothing is left on disk or in the record.
    """
    library_care.mend(lab)
    new = draft_of(lab, reference)
    base = base_of(lab, reference.library)
    same = next((each for each in base.drafts if each.data_hash() == new.data_hash()), None)
    if same is not None:
        raise StateError(
            f"library {reference.library} holds these numbers already, as {same.identity.name} "
            f"({same.provenance.accession or same.provenance.file})",
            hint="Withdraw this reference: it adds nothing.",
        )
    sealed = new.record_hash()
    entered = {"id": reference.id, "entry": sealed[:16], "record_hash": sealed}
    grown = replace(base, drafts=(*base.drafts, new))
    _install(lab, actor, reference.library, grown, "reference.entered", entered)


def take_out(lab: Lab, actor: str, reference: Reference, reason: str) -> None:
    """Build the next version without the reference, or remove the library that held only it."""
    library_care.mend(lab)
    base = base_of(lab, reference.library)
    rest = tuple(each for each in base.drafts if each.record_hash() != reference.record_hash)
    withdrawn = {"id": reference.id, "reason": reason}

    def tell(act: Act) -> None:
        reliance.tell_withdrawn(act, reference.library, {reference.entry}, reason)
        unknown_naming.after_withdrawal(act, reference)

    if rest:
        left = replace(base, drafts=rest)
        _install(lab, actor, reference.library, left, "reference.withdrawn", withdrawn, tell)
        return
    from libraries import catalog

    known = library_care.recorded_versions(lab, reference.library)
    with lab.writing(actor) as act:
        for version in catalog.in_use(lab.libraries_folder, reference.library):
            if version in known:
                gone = {"name": reference.library, "version": version, "reason": reason}
                act.append("library.removed", gone)
        act.append("reference.withdrawn", withdrawn)
        tell(act)
    # Takes from disk what the record says is removed, or marks what a finding rests on.
    library_care.mend(lab)


def base_of(lab: Lab, name: str) -> Base:
    """Return what the newest version of a library holds; nothing for a new library.

    Raises
    ------
    StateError
        The library came from another lab, or is numbered in a way that has no next number.
    RecordError
        Disk and record do not agree on it.
    """
    from libraries.licences import OWN

    rows = records.rows(lab.db, _IN_USE, name)
    if any(canonical.parsed(row["body"]).get("release") for row in rows):
        raise StateError(
            f"library {name} is another lab's and is not changed here",
            hint="Choose a library of your own with --library.",
        )
    listed = [each for each in library_care.libraries(lab) if each.name == name]
    newest = next((e for e in listed if e.installed is not None and e.installed.newest), None)
    if not rows and newest is None:
        return Base(version="", drafts=(), licence=OWN, training=lab.training)
    if rows and (newest is None or newest.version != rows[-1]["version"]):
        return _from_kept_bytes(lab, name, rows[-1])
    if newest is None or newest.problem:
        raise RecordError(f"library {name}: {newest.problem if newest else 'not on this disk'}")
    if not newest.version.isdecimal():
        raise StateError(
            f"library {name} has the version {newest.version}, which has no next number",
            hint="Choose another library with --library.",
        )
    from libraries.library import open_library

    with open_library(name, folder=lab.libraries_folder, version=newest.version) as library:
        header = library.header
        return Base(
            version=newest.version,
            drafts=tuple(entry.draft for entry in library.entries()),
            licence=header.licence,
            training=header.training or lab.training,
        )


def _from_kept_bytes(lab: Lab, name: str, row: dict[str, Any]) -> Base:
    """Return what is in a version that is not on this disk, read again from the kept bytes."""
    standing = [
        each
        for each in reference_record.references(lab)
        if each.library == name and each.state is ReferenceState.ENTERED
    ]
    drafts = [draft_of(lab, each) for each in standing]
    same = all(d.record_hash() == r.record_hash for d, r in zip(drafts, standing, strict=True))
    body = canonical.parsed(row["body"])
    if len(drafts) != body["accepted"] or not same:
        raise RecordError(
            f"library {name} {row['version']} is on record and not on this disk",
            hint="Restore the libraries folder from a backup, or import that library again.",
        )
    return Base(
        version=row["version"],
        drafts=tuple(drafts),
        licence=body["licence"],
        training=lab.training,
    )


def _install(
    lab: Lab,
    actor: str,
    name: str,
    content: Base,
    kind: str,
    body: dict[str, Any],
    then: Callable[[Act], None] | None = None,
) -> None:
    from libraries import build, catalog

    folder = lab.libraries_folder
    past = library_care.recorded_versions(lab, name)
    version = library_care.next_version(catalog.next_version(folder, name), past)

    def record(report: ImportReport) -> None:
        wanted = len(content.drafts)
        if report.accepted != wanted:
            first = report.rejected[0].reason if report.rejected else "two entries are the same"
            raise StateError(
                f"only {report.accepted} of {wanted} entries can enter {name}: {first}"
            )
        with lab.writing(actor) as act:
            rows = records.rows(act.db, _IN_USE, name)
            if (rows[-1]["version"] if rows else "") != content.version:
                raise StateError(
                    f"library {name} got another version meanwhile", hint="Do it once more."
                )
            act.append("library.imported", library_care.imported_body(report, content.licence))
            act.append(kind, {**body, "library": name, "version": version})
            if then is not None:
                then(act)

    build.build_library(
        folder,
        name,
        version,
        # Never another's terms: they would be written into entries that state none.
        content.licence,
        content.drafts,
        created_at=clock.stamp(clock.now()),
        training=content.training,
        before=record,
    )
