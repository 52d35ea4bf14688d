"""Reference libraries of a lab: imported from readable files, listed, removed, each act on record.

`install` and `references` work without a lab's record, for a library that is only tried out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import clock, fields, records, workflow
from lims.library_sources import references
from lims.workflow import Verb

if TYPE_CHECKING:
    from libraries.build import ImportReport, Progress
    from libraries.catalog import Installed
    from libraries.library import Library
    from lims.lab import Lab

__all__ = [
    "LabLibrary",
    "Removed",
    "import_library",
    "imported_body",
    "install",
    "libraries",
    "mend",
    "next_version",
    "recorded_versions",
    "references",
    "reindex_library",
    "remove_library",
]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A version taken out of use, and how many findings rest on it: withdrawn where any does."""

    version: str
    findings: int


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
    mend(lab)
    past = recorded_versions(lab, name)
    chosen = version or next_version(catalog.next_version(lab.libraries_folder, name), past)
    if chosen in past:
        raise LibraryVersionError(
            f"library {name} {chosen} was imported here before; a version never changes",
            hint="Choose another version, or leave it out to take the next number.",
        )

    def record(report: ImportReport) -> None:
        with lab.writing(actor) as act:
            act.allow(Verb.MANAGE_LIBRARY)
            act.append("library.imported", imported_body(report, licence))

    return install(
        lab.libraries_folder,
        paths,
        name,
        chosen,
        licence,
        technique,
        progress,
        created_at=clock.stamp(clock.now()),
        training=training or lab.training,
        before=record,
    )


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
    before: Callable[[ImportReport], None] | None = None,
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
        before=before,
    )


def mend(lab: Lab) -> list[str]:
    """Finish or clear away what killed imports left; return the versions put in place.

    A version whose import is on record was complete before it was recorded: it only lacked its
    name. Everything else that a killed import left is removed.
    """
    from libraries import catalog

    finished: list[str] = []
    for row in records.rows(lab.db, "SELECT name, version, body FROM library WHERE removed_at=''"):
        name, version = str(row["name"]), str(row["version"])
        if (lab.libraries_folder / name / version).exists():
            continue
        sealed = str(json.loads(row["body"]).get("content_sha256", ""))
        if catalog.finish(lab.libraries_folder, name, version, sealed):
            finished.append(f"{name} {version}")
    for row in records.rows(lab.db, "SELECT * FROM library WHERE removed_at<>''"):
        _finish_removal(lab, row)
    catalog.clean(lab.libraries_folder)
    return finished


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
) -> list[Removed]:
    """Take one version, or all, out of use, and return what became of each.

    A version that a finding rests on is withdrawn: it answers nobody any more and cannot be the
    newest, but its record stays on disk, so that the finding can still be looked into. Any other
    version is deleted.

    Raises
    ------
    LibraryNotFoundError, PermissionDenied, RecordError, BusyError, StorageFullError
    """
    from libraries import catalog, withdrawal

    why = fields.line(reason, "the reason", required=True)
    workflow.require(records.person(lab.db, actor), Verb.MANAGE_LIBRARY)
    folder = lab.libraries_folder
    wanted = [version] if version else catalog.in_use(folder, name)
    places = [catalog.locate(folder, name, each) for each in wanted] or [
        catalog.locate(folder, name)
    ]
    removed = [_rested_on(lab, name, place.name) for place in places]
    with lab.writing(actor) as act:
        act.allow(Verb.MANAGE_LIBRARY)
        known = recorded_versions(lab, name)
        for each in removed:
            if each.version in known:
                act.append(
                    "library.removed", {"name": name, "version": each.version, "reason": why}
                )
    for each, place in zip(removed, places, strict=True):
        if each.findings:
            withdrawal.mark(place, why, actor, clock.stamp(clock.now()))
        else:
            catalog.remove(folder, name, each.version)
    return removed


def reindex_library(lab: Lab, actor: str, name: str, version: str | None = None) -> Library:
    """Build every index of a version again from its record, and return the library.

    Raises
    ------
    LibraryNotFoundError, PermissionDenied, LibraryError
    """
    from libraries.library import open_library

    workflow.require(records.person(lab.db, actor), Verb.MANAGE_LIBRARY)
    library = open_library(name, folder=lab.libraries_folder, version=version)
    try:
        library.reindex()
    finally:
        library.close()
    return library


def _finish_removal(lab: Lab, row: dict[str, Any]) -> None:
    """Take a version out of use whose removal is on record and was killed before it was done."""
    from libraries import catalog, withdrawal

    name, version, body = str(row["name"]), str(row["version"]), json.loads(row["body"])
    place = lab.libraries_folder / name / version
    if withdrawal.is_marked(place) or not place.is_dir():
        return
    there = [each for each in catalog.installed(lab.libraries_folder) if each.folder == place]
    header = there[0].header if there else None
    if header is None or header.content_sha256 != body.get("content_sha256"):
        return
    if _rested_on(lab, name, version).findings:
        withdrawal.mark(place, str(row["reason"]), str(row["removed_by"]), str(row["removed_at"]))
    else:
        catalog.remove(lab.libraries_folder, name, version)


def _rested_on(lab: Lab, name: str, version: str) -> Removed:
    """Return how many findings were made with a version of a library."""
    ((count,),) = lab.db.conn.execute(
        "SELECT count(DISTINCT f.id) FROM finding f, json_each(f.match, '$.libraries') l "
        "WHERE json_extract(l.value, '$.name')=? AND json_extract(l.value, '$.version')=?",
        (name, version),
    )
    return Removed(version=version, findings=int(count))


def imported_body(report: ImportReport, licence: str) -> dict[str, Any]:
    """Return what the event of an installed version says of it."""
    return {
        "name": report.name,
        "version": report.version,
        "licence": fields.visible(licence),
        "content_sha256": report.content_sha256,
        "accepted": report.accepted,
        "merged": report.merged,
        "rejected": len(report.rejected),
        "derivatives": report.derivatives,
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


def recorded_versions(lab: Lab, name: str) -> set[str]:
    """Return every version of a library that was ever on record, removed ones too."""
    found = records.rows(lab.db, "SELECT version FROM library WHERE name=?", name)
    return {str(row["version"]) for row in found}


def next_version(free: str, past: set[str]) -> str:
    """Return the next whole number that neither disk (``free``) nor record has seen."""
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
    if there.withdrawn:
        return f"withdrawn: {there.withdrawn}"
    if row["removed_at"]:
        return "removed from the record, but still on disk"
    if there.header is not None and there.header.content_sha256 != sealed:
        return "its content is not what was imported"
    return ""
