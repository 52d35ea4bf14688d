"""An installed library version, open for reading: its header, entries, searches and self-check."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from libraries import catalog, inseparable, retention, section_index, store, verification
from libraries.answer import LibraryAnswer
from libraries.entry import Entry, Section
from libraries.errors import LibraryError, LibraryNotFoundError
from libraries.section_index import Reference, SectionIndex
from libraries.store import Header, Record
from libraries.verification import Fault
from spectra.retention import StatedIndex
from spectra.spectrum import Measurement, Technique

_log = logging.getLogger(__name__)

# Verified entries kept in memory: a mass spectrum takes a few kilobytes, a curve thirty.
_MOST_KEPT = 1_024


def open_library(
    name: str, *, folder: Path, version: str | None = None, withdrawn: bool = False
) -> Library:
    """Return an installed library, the newest version in use by default.

    Parameters
    ----------
    name : str
    folder : Path
        The libraries folder.
    version : str or None
    withdrawn : bool
        Whether a withdrawn version may be opened, to look at what an old result rests on.

    Raises
    ------
    LibraryNotFoundError
        No such library or version, or it was withdrawn.
    LibraryError
        The record cannot be read.
    """
    return Library(catalog.locate(folder, name, version, withdrawn=withdrawn))


class Library:
    """One version of one library. Opening reads its header; each index is mapped when first used.

    Threads may share it.

    Parameters
    ----------
    folder : Path
        ``<libraries folder>/<name>/<version>``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._record = Record(folder / store.FILE)
        try:
            self.header: Header = self._record.header()
        except LibraryError:
            self._record.close()
            raise
        self._sections: dict[Section, SectionIndex] = {}
        self._seen: dict[int, Entry] = {}
        self._alike: dict[Section, Mapping[str, tuple[str, ...]]] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the record; mapped arrays go with the last search that uses them."""
        self._record.close()
        self._sections.clear()
        self._seen.clear()

    @property
    def name(self) -> str:
        """The library's name."""
        return self.header.name

    @property
    def version(self) -> str:
        """Its version."""
        return self.header.version

    def __len__(self) -> int:
        return self.header.entries

    def sections(self) -> dict[Section, int]:
        """Return how many entries can be compared as what."""
        return self._record.sections()

    def entry(self, entry_id: str) -> Entry:
        """Return the entry of an id, verified against its hash.

        Raises
        ------
        LibraryNotFoundError
            No entry has this id.
        LibraryError
            The entry was altered.
        """
        row = self._record.row_of(entry_id)
        if row is None:
            raise LibraryNotFoundError(
                f"library {self.name} {self.version} has no entry {entry_id[:40]!r}",
                hint=f"Look for it with `fol library show {self.name} QUERY`.",
            )
        return self._record.entries([row])[0].verified()

    def entries_at(self, rows: Sequence[int]) -> list[Entry]:
        """Return the entries at these rows of the record, each verified against its hash.

        The record cannot change while it is open, so what was verified once is kept for a while:
        the components of one run meet the same references again and again.
        """
        with self._lock:
            missing = sorted({row for row in rows if row not in self._seen})
            if len(self._seen) + len(missing) > _MOST_KEPT:
                self._seen.clear()
                missing = sorted(set(rows))
            for entry in self._record.entries(missing):
                self._seen[entry.row] = entry.verified()
            return [self._seen[row] for row in rows]

    def entries(self, section: Section | None = None) -> Iterator[Entry]:
        """Yield every entry (of one section) in row order, verified."""
        for entry in self._record.all_entries(section):
            yield entry.verified()

    def entries_of(self, index: SectionIndex) -> list[Entry]:
        """Return every entry of an index in its order, verified; all of them in memory."""
        rows = index.rows.tolist()
        found = {entry.row: entry for entry in self.entries(index.section)}
        return [found[row] for row in rows]

    def find(self, text: str, limit: int = 50) -> list[Entry]:
        """Return entries whose name, substance, formula or identifier holds the text."""
        return self.entries_at(self._record.find(text.strip(), limit))

    def stated_indices(self, group: str) -> tuple[StatedIndex, ...]:
        """Return the retention indices its entries of one substance state, each once."""
        found = (
            index for facts in self._record.retention(group) for index in retention.kept(*facts)
        )
        return tuple(dict.fromkeys(found))

    def inseparable(self, section: Section) -> Mapping[str, tuple[str, ...]]:
        """Return for each substance group the names its own check could not tell it from.

        Empty where `fol library check` was not run on this version.
        """
        with self._lock:
            if section not in self._alike:
                self._alike[section] = inseparable.read(
                    self.folder, section, self.header.content_sha256
                )
            return self._alike[section]

    def section(self, section: Section) -> SectionIndex | None:
        """Return the searchable form of a technique, or None where the library holds none of it.

        A stale or damaged index is built again from the record and, where the folder can be
        written, put in its place.

        Raises
        ------
        LibraryError
            The record itself is damaged.
        """
        with self._lock:
            if section in self._sections:
                return self._sections[section]
            if section not in self._record.sections():
                return None
            found, problems = section_index.read(
                self._index_folder(section), section, content_sha256=self.header.content_sha256
            )
            if found is None:
                _log.warning(
                    "index %s of library %s %s is built again: %s",
                    section.value,
                    self.name,
                    self.version,
                    "; ".join(problems),
                )
                found = self.rebuild(section)
            self._sections[section] = found
            return found

    def rebuild(self, section: Section) -> SectionIndex:
        """Build the index of one section again from the verified record, and store it if possible.

        Raises
        ------
        LibraryError
            An entry was altered, or the record is not the one the header was written for.
        """
        problems = self._record_problems()
        if problems:
            raise LibraryError(
                f"library {self.name} {self.version} cannot be indexed: {problems[0]}",
                hint="The record was altered. Remove this version and import it again.",
            )
        built = section_index.build(
            section, [Reference.of_entry(entry) for entry in self.entries(section)]
        )
        self._store(section, built)
        return built

    def _store(self, section: Section, built: SectionIndex) -> None:
        fresh = self.folder / f".index-{secrets.token_hex(8)}"
        try:
            built.write(fresh, self.header.content_sha256)
            catalog.replace_index(self.folder, fresh, section)
        except OSError as fault:
            # A read-only medium still answers, only slower at each start.
            _log.warning("the index cannot be kept in %s: %s", self.folder, fault)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def search(
        self, measurement: Measurement, technique: Technique, top: int = 10
    ) -> LibraryAnswer:
        """Return what this library says of one spectrum. See `libraries.search.search`."""
        from libraries.search import search

        return search([self], measurement, technique, top)

    def verify(self) -> list[str]:
        """Return everything wrong with this version in words; empty when it is sound."""
        return [str(fault) for fault in self.faults()]

    def faults(self) -> list[Fault]:
        """Return everything wrong with this version; empty when it is sound.

        Reads every byte: each entry against what was built (altered, missing, swapped, renamed,
        foreign), then, over a sound record, each index against its SHA-256 and against the arrays
        the record gives again.
        """
        found = verification.record_faults(self._record, self.header, self.folder)
        if found:
            return found
        for section in self.sections():
            where = self._index_folder(section)
            found += verification.index_faults(self._record, self.header, where, section)
        return found

    def reindex(self) -> dict[Section, SectionIndex]:
        """Build every index again from the record, and return them.

        Raises
        ------
        LibraryError
            The record is not what was built: it must be mended first, by a new import.
        """
        with self._lock:
            made = {section: self.rebuild(section) for section in self.sections()}
            self._sections.update(made)
            return made

    def _index_folder(self, section: Section) -> Path:
        return self.folder / "index" / section.value

    def _record_problems(self) -> list[str]:
        facts = self._record.row_facts()
        problems: list[str] = []
        if len(facts) != self.header.entries:
            problems.append(f"{len(facts)} entries, the header says {self.header.entries}")
        sealed = store.content_hash((f.record_hash, f.substance, f.group) for f in facts)
        if sealed != self.header.content_sha256:
            problems.append("entries are missing, added, swapped or renamed since it was built")
        return problems
