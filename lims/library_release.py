"""A library version given to other labs and taken from them: signed, chained, all on record."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import (
    clock,
    fields,
    keys,
    library_care,
    records,
    release_chain,
    reliance,
    trust,
    workflow,
)
from lims.errors import ConfigError, StateError
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from libraries.build import ImportReport, Progress
    from libraries.package import Contents, LeftOut, Link, Packed


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A package that was written.

    ``sha256`` is of its manifest: what the next release names as the one before.
    """

    path: Path
    library: str
    version: str
    sequence: int
    sha256: str
    entries: int
    left_out: tuple[LeftOut, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A release of another lab that became a library of this one."""

    site: str
    lab: str
    fingerprint: str
    sequence: int
    newly_trusted: bool
    left_out: tuple[LeftOut, ...]
    report: ImportReport


def release(
    lab: Lab,
    actor: str,
    name: str,
    out: Path,
    *,
    version: str | None = None,
    may_share: Sequence[str] = (),
) -> Released:
    """Write a library version as a package for other labs, signed with the lab's key.

    Entries whose licence forbids passing on stay at home and are listed. Releasing a version again
    writes the same bytes again.

    Parameters
    ----------
    lab : Lab
    actor : str
    name : str
    out : Path
        The file; it must not exist.
    version : str or None
        The newest when None.
    may_share : sequence of str
        Licences that the acting person says to allow passing on, exactly as the entries state them.

    Raises
    ------
    StateError
        The library is another lab's, older than what was released last, or not what was imported.
    LibraryError, LibraryNotFoundError, ConfigError, PermissionDenied, RecordError
        Nothing was written.
    """
    workflow.require(records.person(lab.db, actor), Verb.RELEASE_LIBRARY)
    if out.exists():
        raise ConfigError(f"{out} exists already", hint="Choose another name for the file.")
    chosen = _sound_version(lab, name, version)
    before = release_chain.release_of(lab, name, chosen)
    if before is None:
        release_chain.require_newest(lab, name, chosen)
    elif may_share:
        raise StateError(
            f"{name} {chosen} was released already, with its terms settled",
            hint="Leave --may-share out to write the same file again.",
        )
    terms = (
        list(before["may_share"])
        if before
        else sorted({fields.line(each, "a licence", limit=2_000) for each in may_share})
    )
    packed, contents, link = _packed(lab, name, chosen, terms, before)
    body = _release_body(packed, contents, link, terms)
    if before is not None and before["sha256"] != packed.sha256:
        raise StateError(
            f"{name} {chosen} cannot be written as it was released: its entries would differ",
            hint="Run `fol library verify`; release the next version.",
        )
    _write_new(out, packed.data)
    try:
        with lab.writing(actor) as act:
            act.allow(Verb.RELEASE_LIBRARY)
            if before is None:
                release_chain.require_next(lab, name, link)
                act.append("library.released", body)
    except BaseException:
        # A signed file that the record does not know would be a fork in other labs' eyes.
        out.unlink(missing_ok=True)
        raise
    return Released(
        path=out,
        library=name,
        version=chosen,
        sequence=link.sequence,
        sha256=packed.sha256,
        entries=packed.entries,
        left_out=packed.left_out,
        fingerprint=trust.own_fingerprint(lab),
    )


def add(
    lab: Lab,
    actor: str,
    path: Path,
    *,
    trusting: str = "",
    name: str = "",
    progress: Progress | None = None,
) -> Added:
    """Take a package of another lab as a library version of this one.

    Where an entry of the version before is left out, findings that rest on it raise a notice.

    Parameters
    ----------
    lab : Lab
    actor : str
    path : Path
    trusting : str
        The fingerprint, typed after it was compared by voice; needed once for each lab.
    name : str
        What the library is called here; as the sender calls it when empty.
    progress : callable or None

    Raises
    ------
    PermissionDenied
        Its signer is not trusted; the hint has the fingerprint to compare.
    LibraryError
        Not a package, altered, or damaged.
    LibraryVersionError
        It is here already, or does not follow the release before it: a gap, a fork, a step back.
    StateError, RecordError, BusyError, StorageFullError
        Nothing is left on disk or in the record.
    """
    from libraries import build, catalog, package_read

    workflow.require(records.person(lab.db, actor), Verb.MANAGE_LIBRARY)
    library_care.mend(lab)
    found = package_read.opened(package_read.read(path), keys.verify)
    if found.issuer.public_key == lab.public_key:
        raise StateError(
            f"{found.contents.library} {found.contents.version} is this lab's own release",
            hint="It is for other labs; here the library is installed.",
        )
    newly = trust.require_trusted(lab, found.issuer.site, found.fingerprint, trusting)
    if newly:
        workflow.require(records.person(lab.db, actor), Verb.TRUST_LAB)
    local = catalog.check_name(name or found.contents.library)
    release_chain.require_follows(lab, found, local)
    drafts = list(package_read.drafts(found))
    gone = _entries(lab, local) - {draft.record_hash()[:16] for draft in drafts}

    def record(report: ImportReport) -> None:
        with lab.writing(actor) as act:
            act.allow(Verb.MANAGE_LIBRARY)
            release_chain.require_follows(lab, found, local)
            if newly:
                trust.append_trust(
                    act,
                    public_key=found.issuer.public_key,
                    site=found.issuer.site,
                    name=found.issuer.name,
                )
            imported = library_care.imported_body(report, found.contents.licence)
            act.append("library.imported", {**imported, "release": release_chain.origin(found)})
            why = f"{found.issuer.site} left it out of version {found.contents.version}"
            reliance.tell_withdrawn(act, local, gone, why)

    report = build.build_library(
        lab.libraries_folder,
        local,
        found.contents.version,
        found.contents.licence,
        drafts,
        created_at=found.contents.created_at,
        training=found.contents.training or lab.training,
        progress=progress,
        before=record,
    )
    return Added(
        site=found.issuer.site,
        lab=found.issuer.name,
        fingerprint=found.fingerprint,
        sequence=found.link.sequence,
        newly_trusted=newly,
        left_out=found.left_out,
        report=report,
    )


def _sound_version(lab: Lab, name: str, version: str | None) -> str:
    from libraries import catalog

    chosen = catalog.locate(lab.libraries_folder, name, version).name
    known = {(each.name, each.version): each for each in library_care.libraries(lab)}
    listed = known.get((name, chosen))
    problem = listed.problem if listed is not None else "not in the lab's record"
    if problem:
        raise StateError(f"library {name} {chosen} cannot be released: {problem}")
    if release_chain.received(lab, name):
        raise StateError(
            f"library {name} is another lab's release",
            hint="Its own lab releases it; pass on the file as you received it.",
        )
    return chosen


def _packed(
    lab: Lab, name: str, version: str, terms: Sequence[str], before: dict[str, Any] | None
) -> tuple[Packed, Contents, Link]:
    from libraries import package
    from libraries.build import software_version
    from libraries.library import open_library
    from libraries.package import Contents, Issuer

    with open_library(name, folder=lab.libraries_folder, version=version) as library:
        going, staying = package.parted(library.entries(), frozenset(terms))
        header = library.header
    contents = Contents(
        library=name,
        version=version,
        licence=header.licence,
        training=header.training or lab.training,
        created_at=before["created_at"] if before else clock.stamp(clock.now()),
        software=before["software"] if before else software_version(),
    )
    issuer = Issuer(site=lab.site, name=lab.name, public_key=lab.public_key)
    link = release_chain.link_of(before) if before else release_chain.next_link(lab, name)

    def sign(data: bytes) -> bytes:
        return keys.sign(lab, data)

    return package.pack(going, staying, contents, issuer, link, sign), contents, link


def _release_body(
    packed: Packed, contents: Contents, link: Link, terms: Sequence[str]
) -> dict[str, Any]:
    return {
        "library": contents.library,
        "version": contents.version,
        "sequence": link.sequence,
        "previous": {"version": link.previous_version, "sha256": link.previous_sha256},
        "sha256": packed.sha256,
        "entries": packed.entries,
        "left_out": len(packed.left_out),
        "may_share": list(terms),
        "created_at": contents.created_at,
        "software": contents.software,
    }


def _entries(lab: Lab, name: str) -> set[str]:
    """Return the ids of the entries of the newest version here; nothing for a new library."""
    from libraries import catalog
    from libraries.library import open_library

    if not catalog.in_use(lab.libraries_folder, name):
        return set()
    with open_library(name, folder=lab.libraries_folder) as library:
        return {entry.id for entry in library.entries()}


def _write_new(out: Path, data: bytes) -> None:
    """Write a file that is not there yet, flushed to disk; nothing half-written stays."""
    try:
        with out.open("xb") as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                out.unlink(missing_ok=True)
                raise
    except FileExistsError as taken:
        raise ConfigError(f"{out} exists already", hint="Choose another name.") from taken
    except OSError as error:
        raise ConfigError(
            f"{out} cannot be written: {error.strerror or error}",
            hint="Choose a folder this account may write to; nothing was released.",
        ) from error
