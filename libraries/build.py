"""Drafts -> an installed library version: merged, ordered, indexed, calibrated, put in place whole.

The order in which entries arrive changes nothing: rows are sorted by substance and record hash.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from libraries import catalog, naming, provenance, report_file, section_index, store
from libraries.drafting import draft
from libraries.entry import EntryDraft, Section
from libraries.errors import LibraryError, NothingAcceptedError
from libraries.report_file import Kept, Rejection
from libraries.section_index import Reference
from libraries.store import Header
from spectra.errors import SpectrumError

__all__ = ["ImportReport", "Rejection", "SectionReport", "build_library", "draft"]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done and how many there are."""

_TOLD_EVERY = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionReport:
    """What a library holds of one technique, and how its decisions are calibrated.

    Parameters
    ----------
    entries, substances : int
    n_calibration : int
        Leave-substance-out queries behind the threshold; 0 when there are too few substances.
    note : str
        Says so in words where a single match will never be given.
    """

    entries: int
    substances: int
    n_calibration: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of everything offered to a library.

    Parameters
    ----------
    accepted : int
        Entries of the installed version.
    merged : int
        Offered spectra that were the same numbers of the same substance as another.
    rejected : tuple of Rejection
    duplicates : tuple of Rejection
        Those that were merged; the reason names the entry that stays.
    derivatives : int
        Entries set apart because they are heavier than the molecule they are filed under.
    techniques : mapping of Section to SectionReport
    content_sha256 : str
        Over every record in order; what a lab's log keeps of the library.
    """

    name: str
    version: str
    folder: Path
    accepted: int
    merged: int
    rejected: tuple[Rejection, ...]
    duplicates: tuple[Rejection, ...]
    derivatives: int
    techniques: dict[Section, SectionReport]
    content_sha256: str
    seconds: float

    @property
    def substances(self) -> int:
        """Number of substances, those met in two techniques counted in each."""
        return sum(each.substances for each in self.techniques.values())

    @property
    def rejected_count(self) -> int:
        """Number of spectra and files that were turned away."""
        return len(self.rejected)


def build_library(
    folder: Path,
    name: str,
    version: str | None,
    licence: str,
    entries: Iterable[EntryDraft],
    rejected: Sequence[Rejection] = (),
    *,
    created_at: str = "",
    training: bool = False,
    progress: Progress | None = None,
    before: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Install a new library version and return what became of each draft.

    Parameters
    ----------
    folder : Path
        The libraries folder; the version goes into ``<name>/<version>``.
    version : str or None
        A number or date; None takes the next whole number.
    licence : str
        Of every entry whose source states none.
    rejected : sequence of Rejection
        What was turned away before, so that one report tells everything.
    created_at : str
        ISO 8601, from the caller's clock; this package has none.
    training : bool
        Marks every answer *training, not for casework*.
    before : callable, optional
        Called when the version is complete on disk and not yet in place: the moment to put it on
        record. What it raises leaves nothing behind; a crash after it is finished by
        `libraries.catalog.finish`.

    Raises
    ------
    LibraryVersionError
        The version is installed already; it stays as it was.
    LibraryError
        Nothing was accepted, or the disk refused. Nothing is left behind.
    """
    started = time.perf_counter()
    chosen = version or catalog.next_version(folder, name)
    catalog.check_name(chosen, "library version")
    unique, duplicates = _merge([each.licensed(licence) for each in entries], progress)
    references, refused = _comparable(unique, progress)
    turned_away = (*rejected, *refused)
    if not references:
        raise _nothing(name, turned_away)
    names = naming.substance_names(each.draft for each in references)
    # What one source marks as made for training never becomes a reference by being copied.
    marked = training or any(provenance.is_training(r.draft.provenance) for r in references)
    header = _header(name, chosen, licence, created_at, references, names, training=marked)
    derivatives = sum(naming.is_heavier(r.draft.identity.group) for r in references)
    kept = Kept(
        accepted=len(references),
        rejected=turned_away,
        duplicates=duplicates,
        derivatives=derivatives,
    )
    try:
        with catalog.installing(folder, name, chosen) as hidden:
            _tell(progress, "writing", 0, len(references))
            rows = [(r.draft, names[r.draft.identity.group], r.record_hash) for r in references]
            store.write(hidden / store.FILE, header, rows)
            report_file.write(hidden, kept)
            reports = _index(hidden, header, references, progress)
            report = ImportReport(
                name=name,
                version=chosen,
                folder=folder / name / chosen,
                accepted=kept.accepted,
                merged=len(duplicates),
                rejected=turned_away,
                duplicates=duplicates,
                derivatives=derivatives,
                techniques=reports,
                content_sha256=header.content_sha256,
                seconds=time.perf_counter() - started,
            )
            if before is not None:
                before(report)
    except OSError as fault:
        raise LibraryError(
            f"library {name} {chosen} could not be written: {fault.strerror or fault}",
            hint="Check free space and permissions; nothing was installed.",
        ) from fault
    return report


def software_version() -> str:
    """Return the distribution's name and version, as stamped into a library."""
    try:
        return f"fol-lims {metadata.version('fol-lims')}"
    except metadata.PackageNotFoundError:
        return "fol-lims (not installed)"


def _merge(
    offered: Sequence[EntryDraft], progress: Progress | None
) -> tuple[list[tuple[str, EntryDraft]], tuple[Rejection, ...]]:
    kept: dict[str, tuple[str, EntryDraft]] = {}
    later: list[tuple[str, EntryDraft, str]] = []
    for done, each in enumerate(offered):
        if done % _TOLD_EVERY == 0:
            _tell(progress, "sealing", done, len(offered))
        sealed, data = each.record_hash(), each.data_hash()
        first = kept.get(data)
        # Of true duplicates the smallest hash stays, whatever came first.
        if first is None or sealed < first[0]:
            kept[data] = (sealed, each)
        if first is not None:
            away = each if sealed >= first[0] else first[1]
            later.append((max(sealed, first[0]), away, data))
    unique = sorted(kept.values(), key=lambda pair: (pair[1].identity.group, pair[0]))
    later.sort(key=lambda found: found[0])
    return unique, tuple(_duplicate(each, kept[data]) for _, each, data in later)


def _duplicate(each: EntryDraft, stays: tuple[str, EntryDraft]) -> Rejection:
    sealed, entry = stays
    return Rejection(
        source=each.provenance.file,
        title=each.identity.name,
        reason=f"the same numbers of the same substance as {sealed[:16]} ({entry.identity.name})",
    )


def _tell(progress: Progress | None, what: str, done: int, total: int) -> None:
    if progress is not None:
        progress(what, done, total)


def _comparable(
    unique: Sequence[tuple[str, EntryDraft]], progress: Progress | None
) -> tuple[list[Reference], list[Rejection]]:
    accepted: list[Reference] = []
    refused: list[Rejection] = []
    for done, (sealed, each) in enumerate(unique):
        try:
            points = section_index.prepared(each)
        except SpectrumError as reason:
            refused.append(
                Rejection(
                    source=each.provenance.file, title=each.identity.name, reason=reason.message
                )
            )
            continue
        accepted.append(
            Reference(row=len(accepted), draft=each, record_hash=sealed, prepared=points)
        )
        if done % _TOLD_EVERY == 0:
            _tell(progress, "checking", done, len(unique))
    return accepted, refused


def _header(
    name: str,
    version: str,
    licence: str,
    created_at: str,
    references: Sequence[Reference],
    names: dict[str, str],
    *,
    training: bool,
) -> Header:
    content = store.content_hash(
        (each.record_hash, names[each.draft.identity.group], each.draft.identity.group)
        for each in references
    )
    return Header(
        name=name,
        version=version,
        licence=licence,
        created_at=created_at,
        software=software_version(),
        training=training,
        entries=len(references),
        content_sha256=content,
    )


def _index(
    hidden: Path, header: Header, references: Sequence[Reference], progress: Progress | None
) -> dict[Section, SectionReport]:
    reports: dict[Section, SectionReport] = {}
    for section in Section:
        own = [each for each in references if each.draft.section is section]
        if not own:
            continue
        _tell(progress, f"indexing {section.value}", 0, len(own))
        built = section_index.build(section, own)
        built.write(hidden / "index" / section.value, header.content_sha256)
        reports[section] = SectionReport(
            entries=len(own),
            substances=built.n_groups,
            n_calibration=built.n_calibration,
            note=built.note,
        )
    return reports


def _nothing(name: str, rejected: Sequence[Rejection]) -> NothingAcceptedError:
    if not rejected:
        return NothingAcceptedError(
            f"there is nothing to import into {name}", hint="Name files with reference spectra."
        )
    first = rejected[0]
    return NothingAcceptedError(
        f"none of {len(rejected)} spectra can enter {name}; the first, "
        f"{first.title or first.source}: {first.reason}",
        hint="A reference needs a name, one spectrum, and axes that can be compared.",
        rejected=rejected,
    )
