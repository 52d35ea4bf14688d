"""Reference libraries of a lab: imported from readable files, listed, removed, each act on record.

`install` and `references` work without a lab's record, for a library that is only tried out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import clock, fields, records, workflow
from lims.errors import ConfigError
from lims.workflow import Verb
from spectra.errors import LabError, SpectrumError
from spectra.spectrum import Technique

if TYPE_CHECKING:
    from instruments.export import Export
    from libraries.build import ImportReport, Progress, Rejection
    from libraries.catalog import Installed
    from libraries.entry import EntryDraft
    from lims.lab import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class LabLibrary:
    """A library version as the record and the disk know it.

    Parameters
    ----------
    installed : Installed or None
        None where the record names a version that is not on this disk.
    content_sha256 : str
        As recorded at import; empty where the version was never recorded.
    problem : str
        Why it must not be relied on; empty when record and disk agree.
    """

    name: str
    version: str
    installed: Installed | None
    content_sha256: str
    imported_by: str
    imported_at: str
    problem: str


def import_library(
    lab: Lab,
    actor: str,
    paths: Sequence[str | Path],
    name: str,
    version: str | None = None,
    licence: str = "",
    technique: str | None = None,
    progress: Progress | None = None,
    *,
    training: bool = False,
) -> ImportReport:
    """Import files, folders and zip files as a new library version and record it.

    Parameters
    ----------
    lab : Lab
    actor : str
        Who may change a reference library.
    paths : sequence of path
    name : str
    version : str or None
        None takes the next number that neither disk nor record has seen.
    licence : str
        Of the entries whose source states none.
    technique : str or None
        One of `spectra.spectrum.Technique`, where the files leave it open.
    training : bool
        Marks every answer from it as not for casework.

    Raises
    ------
    LibraryVersionError
        The version is installed, or was in the past: a version never means two contents.
    PermissionDenied, LibraryError, BusyError, StorageFullError
        Nothing is left on disk or in the record.
    """
    from libraries import catalog
    from libraries.errors import LibraryVersionError

    workflow.require(records.person(lab.db, actor), Verb.MANAGE_LIBRARY)
    past = _recorded_versions(lab, name)
    chosen = version or _next_version(catalog.next_version(lab.libraries_folder, name), past)
    if chosen in past:
        raise LibraryVersionError(
            f"library {name} {chosen} was imported here before; a version never changes",
            hint="Choose another version, or leave it out to take the next number.",
        )
    report = install(
        lab.libraries_folder,
        paths,
        name,
        chosen,
        licence,
        technique,
        progress,
        created_at=clock.stamp(clock.now()),
        training=training or lab.training,
    )
    try:
        with lab.writing(actor) as act:
            act.allow(Verb.MANAGE_LIBRARY)
            act.append("library.imported", _imported_body(report, licence))
    except LabError:
        # A library that the record does not know must not answer anybody.
        catalog.remove(lab.libraries_folder, report.name, report.version)
        raise
    return report


def install(
    folder: Path,
    paths: Sequence[str | Path],
    name: str,
    version: str | None = None,
    licence: str = "",
    technique: str | None = None,
    progress: Progress | None = None,
    *,
    created_at: str = "",
    training: bool = False,
) -> ImportReport:
    """Import files into a libraries folder without a record of it, else as `import_library`."""
    from libraries import build, catalog

    catalog.check_name(name)
    drafts, rejected = references(paths, technique, progress)
    return build.build_library(
        folder,
        name,
        version,
        licence,
        drafts,
        rejected,
        created_at=created_at,
        training=training,
        progress=progress,
    )


def references(
    paths: Iterable[str | Path],
    technique: str | None = None,
    progress: Progress | None = None,
) -> tuple[list[EntryDraft], list[Rejection]]:
    """Return what files offer to a library: drafts, and what was turned away with the reason.

    A bad file among many never stops the others.
    """
    from instruments import collection
    from instruments.collection import Unreadable
    from libraries.build import Rejection

    told = _technique(technique)
    drafts: list[EntryDraft] = []
    rejected: list[Rejection] = []
    read = 0
    for found in collection.walk([Path(path) for path in paths]):
        read += 1
        if progress is not None:
            progress("reading", read, 0)
        if isinstance(found, Unreadable):
            rejected.append(Rejection(source=_shown(found.path), title="", reason=found.message))
            continue
        own, refused = _of_export(found, told)
        drafts += own
        rejected += refused
    return drafts, rejected


def libraries(lab: Lab) -> tuple[LabLibrary, ...]:
    """Return every library version of the lab: on disk, on record, or both, by name and age."""
    from libraries import catalog

    on_disk = {(each.name, each.version): each for each in catalog.installed(lab.libraries_folder)}
    found = records.rows(lab.db, "SELECT * FROM library ORDER BY name, seq")
    recorded = {(str(row["name"]), str(row["version"])): row for row in found}
    listed = [
        _listed(key, on_disk.get(key), row)
        for key, row in recorded.items()
        if key in on_disk or not row["removed_at"]
    ]
    listed += [_listed(key, there, None) for key, there in on_disk.items() if key not in recorded]
    return tuple(sorted(listed, key=lambda each: each.name))


def remove_library(
    lab: Lab, actor: str, name: str, version: str | None = None, reason: str = ""
) -> list[str]:
    """Remove one version, or all, and return which. Findings keep what they rest on by its hash.

    Raises
    ------
    LibraryNotFoundError, PermissionDenied, RecordError, BusyError, StorageFullError
    """
    from libraries import catalog

    why = fields.line(reason, "the reason", required=True)
    workflow.require(records.person(lab.db, actor), Verb.MANAGE_LIBRARY)
    folder = lab.libraries_folder
    there = [catalog.locate(folder, name, version).name] if version else None
    wanted = there or catalog.versions(folder, name) or [catalog.locate(folder, name).name]
    with lab.writing(actor) as act:
        act.allow(Verb.MANAGE_LIBRARY)
        known = _recorded_versions(lab, name)
        for each in wanted:
            if each in known:
                act.append("library.removed", {"name": name, "version": each, "reason": why})
    for each in wanted:
        catalog.remove(folder, name, each)
    return wanted


def _technique(text: str | None) -> Technique | None:
    if not text:
        return None
    known = [each.value for each in Technique]
    if text not in known:
        raise ConfigError(f"{text!r} is no technique", hint=f"One of {', '.join(known)}.")
    return Technique(text)


def _of_export(
    export: Export, technique: Technique | None
) -> tuple[list[EntryDraft], list[Rejection]]:
    from libraries.build import Rejection, draft
    from libraries.provenance import Source

    known = export.technique
    if technique is not None and known in (Technique.OTHER, technique):
        known = technique
    file = _shown(export.path)
    source = Source(file=file, sha256=export.sha256, technique=known.value)
    drafts: list[EntryDraft] = []
    rejected: list[Rejection] = []
    # What a file says as a whole is about its one spectrum. In a collection it is the first entry's
    # own, and would give that entry's identity to every entry that states none.
    whole_file = export.metadata if len(export.spectra) == 1 else {}
    for measurement in export.spectra:
        try:
            drafts.append(draft(measurement, source, whole_file))
        except SpectrumError as reason:
            rejected.append(
                Rejection(
                    source=file, title=fields.visible(measurement.title), reason=reason.message
                )
            )
    return drafts, rejected


def _shown(path: str | Path) -> str:
    # A library travels: it keeps the file's own name, not this computer's folders. Members of an
    # archive are written ``archive.zip!member``.
    archive, inside, member = str(path).partition(".zip!")
    return fields.visible(f"{Path(archive).name}.zip!{member}" if inside else Path(path).name)


def _imported_body(report: ImportReport, licence: str) -> dict[str, Any]:
    return {
        "name": report.name,
        "version": report.version,
        "licence": fields.visible(licence),
        "content_sha256": report.content_sha256,
        "accepted": report.accepted,
        "merged": report.merged,
        "rejected": len(report.rejected),
        "techniques": {
            section.value: {
                "entries": each.entries,
                "substances": each.substances,
                "n_calibration": each.n_calibration,
                "note": each.note,
            }
            for section, each in report.techniques.items()
        },
    }


def _recorded_versions(lab: Lab, name: str) -> set[str]:
    found = records.rows(lab.db, "SELECT version FROM library WHERE name=?", name)
    return {str(row["version"]) for row in found}


def _next_version(free: str, past: set[str]) -> str:
    numbers = [int(each) for each in past if each.isdecimal() and len(each) < 10]
    return str(max(int(free), max(numbers, default=0) + 1))


def _listed(
    key: tuple[str, str], there: Installed | None, row: dict[str, Any] | None
) -> LabLibrary:
    body = json.loads(row["body"]) if row else {}
    sealed = str(body.get("content_sha256", ""))
    return LabLibrary(
        name=key[0],
        version=key[1],
        installed=there,
        content_sha256=sealed,
        imported_by=str(row["by"]) if row else "",
        imported_at=str(row["at"]) if row else "",
        problem=_problem(there, row, sealed),
    )


def _problem(there: Installed | None, row: dict[str, Any] | None, sealed: str) -> str:
    if there is None:
        return "not on this disk: import it again"
    if there.problem:
        return there.problem
    if row is None:
        return "not in the lab's record: import it with `fol library import`"
    if row["removed_at"]:
        return "removed from the record, but still on disk"
    if there.header is not None and there.header.content_sha256 != sealed:
        return "its content is not what was imported"
    return ""
