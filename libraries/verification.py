"""What is wrong with an installed library version: each fault with its kind, its entry, its words.

The record is held against the seal it was built with, each index against the record. Nothing here
mends anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from libraries import section_index, store
from libraries.entry import Entry, EntryDraft, Section
from libraries.errors import LibraryError
from libraries.index_files import Array
from libraries.section_index import Reference, SectionIndex
from libraries.store import Header, Record, RowFacts, Seal
from spectra.errors import SpectrumError


class FaultKind(StrEnum):
    """One word for what happened."""

    RECORD_DAMAGED = "record damaged"
    SEAL_BROKEN = "seal broken"
    MISPLACED = "misplaced"
    ALTERED = "altered"
    MISSING = "missing"
    FOREIGN = "foreign"
    SWAPPED = "swapped"
    RENAMED = "renamed"
    INDEX_MISSING = "index missing"
    INDEX_STALE = "index stale"
    INDEX_DAMAGED = "index damaged"
    INDEX_FOREIGN = "index foreign"

    @property
    def is_index(self) -> bool:
        """Whether the index alone is at fault: it can be built again from the record."""
        return self.value.startswith("index")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong.

    Parameters
    ----------
    entry, name : str
        Id and name of the entry; empty where it is not one entry's.
    """

    kind: FaultKind
    message: str
    entry: str = ""
    name: str = ""
    section: str = ""

    def __str__(self) -> str:
        if self.kind.is_index:
            return f"index {self.section}: {self.kind.value.removeprefix('index ')}: {self.message}"
        which = f"entry {self.entry} ({self.name}): " if self.entry else ""
        return f"{self.kind.value}: {which}{self.message}"


# Two altered entries are tried against each other to see whether their numbers were swapped.
_MOST_PAIRED = 64
# An index from another computer may differ in the last digit of a float or one code step.
_RELATIVE, _ABSOLUTE, _CODE_STEP = 1e-4, 1e-6, 1


def record_faults(record: Record, header: Header, folder: Path) -> list[Fault]:
    """Return what is wrong with the record: damage, the seal, and each entry held against it."""
    try:
        found = [Fault(kind=FaultKind.RECORD_DAMAGED, message=each) for each in record.damage()]
        found += _placed(header, folder)
        seals = record.seals()
        if record.schema < 2:
            return [*found, *_unsealed(record, header)]
        sealed = store.content_hash((s.record_hash, s.substance, s.group) for s in seals)
        if sealed != header.content_sha256 or len(seals) != header.entries:
            text = "the list of what was built was altered: no entry can be held against it"
            return [*found, Fault(kind=FaultKind.SEAL_BROKEN, message=text), *_own_hashes(record)]
        return [*found, *_against(record, seals, header)]
    except LibraryError as broken:
        return [Fault(kind=FaultKind.RECORD_DAMAGED, message=broken.message)]


def index_faults(record: Record, header: Header, folder: Path, section: Section) -> list[Fault]:
    """Return what is wrong with one index, its arrays built again from a sound record included."""
    if not (folder / "header.json").is_file():
        return [_index(FaultKind.INDEX_MISSING, section, "its header.json is missing")]
    found, problems = section_index.read(
        folder, section, content_sha256=header.content_sha256, whole=True
    )
    if found is None:
        return [_index(_kind(each), section, each) for each in problems]
    facts = record.row_facts(section)
    if [f.row for f in facts] != found.rows.tolist():
        return [_index(FaultKind.INDEX_STALE, section, "its rows are not those of the record")]
    if b"".join(bytes.fromhex(f.record_hash) for f in facts) != found.hashes.tobytes():
        text = "its record hashes are not those of the record"
        return [_index(FaultKind.INDEX_STALE, section, text)]
    try:
        again = section_index.arrays_of(
            section, [Reference.of_entry(entry) for entry in record.all_entries(section)]
        )
    except (LibraryError, SpectrumError) as fault:
        return [_index(FaultKind.INDEX_FOREIGN, section, fault.message)]
    return [
        _index(FaultKind.INDEX_FOREIGN, section, f"{name} is not what the record gives")
        for name in _different(found, again)
    ]


def _placed(header: Header, folder: Path) -> list[Fault]:
    if (folder.parent.name, folder.name) == (header.name, header.version):
        return []
    text = (
        f"the folder says {folder.parent.name} {folder.name}, "
        f"the record {header.name} {header.version}"
    )
    return [Fault(kind=FaultKind.MISPLACED, message=text)]


def _entries(record: Record) -> Iterator[tuple[RowFacts, Entry | None, str]]:
    facts = record.row_facts()
    for start in range(0, len(facts), 500):
        part = facts[start : start + 500]
        try:
            yield from (
                (fact, entry, "")
                for fact, entry in zip(part, record.entries([f.row for f in part]), strict=True)
            )
        except LibraryError:
            yield from (_one(record, fact) for fact in part)


def _one(record: Record, fact: RowFacts) -> tuple[RowFacts, Entry | None, str]:
    try:
        return fact, record.entries([fact.row])[0], ""
    except LibraryError as broken:
        return fact, None, broken.message


def _own_hashes(record: Record) -> list[Fault]:
    """Return entries whose facts do not give the hash stored beside them."""
    found: list[Fault] = []
    for fact, entry, why in _entries(record):
        if entry is None:
            found.append(_of(FaultKind.ALTERED, fact.record_hash, fact.substance, why))
        elif _sealed(entry.draft) != entry.record_hash or entry.id != entry.record_hash[:16]:
            found.append(_of(FaultKind.ALTERED, fact.record_hash, entry.name, _NO_MATCH))
    return found


def _unsealed(record: Record, header: Header) -> list[Fault]:
    """Return what can be told of a record from before rows were sealed one by one."""
    found = _own_hashes(record)
    facts = record.row_facts()
    total = store.content_hash((f.record_hash, f.substance, f.group) for f in facts)
    if len(facts) != header.entries:
        text = f"{len(facts)} entries, the header says {header.entries}"
        kind = FaultKind.MISSING if len(facts) < header.entries else FaultKind.FOREIGN
        found.append(Fault(kind=kind, message=text))
    if total != header.content_sha256 and not found:
        text = "entries are missing, added, swapped or renamed since it was built"
        found.append(Fault(kind=FaultKind.SEAL_BROKEN, message=text))
    return found


_NO_MATCH = "does not match its recorded hash"


def _against(record: Record, seals: Sequence[Seal], header: Header) -> list[Fault]:
    by_row = {seal.row: seal for seal in seals}
    by_hash = {seal.record_hash: seal for seal in seals}
    found: list[Fault] = []
    altered: list[tuple[Seal, Entry]] = []
    seen: set[str] = set()
    present: set[int] = set()
    for fact, entry, why in _entries(record):
        present.add(fact.row)
        seal = by_row.get(fact.row)
        if entry is None:
            sealed = seal or Seal(
                row=fact.row, record_hash=fact.record_hash, substance="", group="", name="?"
            )
            found.append(_of(FaultKind.ALTERED, sealed.record_hash, sealed.name, why))
            seen.add(sealed.record_hash)
            continue
        computed = _sealed(entry.draft)
        seen.add(computed)
        if seal is not None and computed == seal.record_hash:
            found += _renamed(seal, entry)
        elif computed in by_hash:
            found.append(_moved(by_hash[computed], fact.row))
        elif seal is None:
            text = "is not among what was built: it was added later"
            found.append(_of(FaultKind.FOREIGN, fact.record_hash, entry.name, text))
        else:
            altered.append((seal, entry))
            seen.add(seal.record_hash)
    found += _altered(altered)
    found += [
        _of(FaultKind.MISSING, s.record_hash, s.name, f"is no longer in row {s.row}")
        for s in seals
        if s.record_hash not in seen
    ]
    if len(present) != header.entries and not found:
        text = f"{len(present)} entries, the header says {header.entries}"
        found.append(Fault(kind=FaultKind.SEAL_BROKEN, message=text))
    return found


def _renamed(seal: Seal, entry: Entry) -> list[Fault]:
    if entry.substance != seal.substance or entry.draft.identity.group != seal.group:
        text = f"is called {entry.substance!r}, was built as {seal.substance!r}"
        return [_of(FaultKind.RENAMED, seal.record_hash, seal.name, text)]
    if entry.record_hash != seal.record_hash or entry.id != seal.record_hash[:16]:
        text = "its id or the hash beside it was changed: it does not match its recorded hash"
        return [_of(FaultKind.ALTERED, seal.record_hash, seal.name, text)]
    return []


def _moved(seal: Seal, row: int) -> Fault:
    text = f"stands in row {row}, was built as row {seal.row}: rows were swapped or moved"
    return _of(FaultKind.SWAPPED, seal.record_hash, seal.name, text)


def _altered(altered: Sequence[tuple[Seal, Entry]]) -> Iterator[Fault]:
    for seal, entry in altered:
        other = _numbers_from(seal, entry, altered) if len(altered) <= _MOST_PAIRED else None
        if other is None:
            yield _of(FaultKind.ALTERED, seal.record_hash, seal.name, _NO_MATCH)
        else:
            text = f"holds the numbers of entry {other.record_hash[:16]} ({other.name})"
            yield _of(FaultKind.SWAPPED, seal.record_hash, seal.name, text)


def _numbers_from(seal: Seal, entry: Entry, altered: Sequence[tuple[Seal, Entry]]) -> Seal | None:
    """Return whose numbers an entry holds: with those of that other entry its hash is right."""
    for theirs, other in altered:
        if theirs is not seal and other.draft.x.size:
            tried = replace(entry.draft, x=other.draft.x, y=other.draft.y)
            if _sealed(tried) == seal.record_hash:
                return theirs
    return None


def _sealed(draft: EntryDraft) -> str:
    """Return the record hash; empty where the facts cannot be sealed at all."""
    try:
        return draft.record_hash()
    except LibraryError:
        return ""


def _of(kind: FaultKind, record_hash: str, name: str, message: str) -> Fault:
    return Fault(kind=kind, entry=record_hash[:16], name=name, message=message)


def _index(kind: FaultKind, section: Section, message: str) -> Fault:
    return Fault(kind=kind, section=section.value, message=message)


def _kind(problem: str) -> FaultKind:
    stale = problem.startswith(("built from", "built by"))
    return FaultKind.INDEX_STALE if stale else FaultKind.INDEX_DAMAGED


def _different(found: SectionIndex, again: dict[str, Array]) -> list[str]:
    """Return the names of the arrays that the record does not give."""
    held: dict[str, Array] = found.arrays()
    return [
        name for name, made in again.items() if name not in held or not _alike(held[name], made)
    ]


def _alike(stored: Array, made: Array) -> bool:
    if stored.shape != made.shape or stored.dtype != made.dtype:
        return False
    if np.array_equal(stored, made):
        return True
    a, b = stored.astype(np.float64), made.astype(np.float64)
    if stored.dtype.kind == "f":
        return bool(np.allclose(a, b, rtol=_RELATIVE, atol=_ABSOLUTE, equal_nan=True))
    return stored.dtype.itemsize == 1 and bool((np.abs(a - b) <= _CODE_STEP).all())
