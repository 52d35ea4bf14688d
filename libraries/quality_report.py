"""The quality of an installed library: suspicious entries, coverage, what it cannot tell apart.

Brings together what each entry (`quality_marks`) and its neighbours (`quality_neighbours`) say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from libraries import inseparable, quality_marks, quality_neighbours
from libraries.entry import Entry, Section
from libraries.inseparable import Pair
from libraries.library import Library
from libraries.quality_marks import Mark, MarkKind
from libraries.quality_neighbours import Progress

_TOLD_EVERY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of one class of substances a library holds."""

    compound_class: str
    entries: int
    substances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionQuality:
    """The quality of one technique of a library.

    Parameters
    ----------
    single : int
        Substances with one spectrum: nobody can say how they vary.
    coverage : tuple of Coverage
        By class, the largest first; the class of unknown class is empty.
    marks : tuple of Mark
        Reasons to look at an entry, by kind and name.
    inseparable : tuple of Pair
        Substances that are as alike as two spectra of one substance usually are.
    alike : float
        The score from which that is so, and ``n_replicated`` the spectra it was learned from.
    """

    entries: int
    substances: int
    single: int
    coverage: tuple[Coverage, ...]
    marks: tuple[Mark, ...]
    inseparable: tuple[Pair, ...]
    alike: float
    n_replicated: int

    def counts(self) -> dict[MarkKind, int]:
        """Return how many marks there are of each kind."""
        found = Counter(each.kind for each in self.marks)
        return {kind: found[kind] for kind in MarkKind if found[kind]}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The quality of a library version."""

    name: str
    version: str
    sections: dict[Section, SectionQuality]


def check(
    library: Library, *, progress: Progress | None = None, keep: bool = True
) -> QualityReport:
    """Return the quality of a library, and keep what it cannot tell apart beside its index.

    Parameters
    ----------
    library : Library
    keep : bool
        Whether the list of inseparable substances is stored, so that answers can name them.

    Raises
    ------
    LibraryError
        The record is damaged: verify it first.
    """
    sections: dict[Section, SectionQuality] = {}
    for section in library.sections():
        index = library.section(section)
        if index is None:
            continue
        entries = library.entries_of(index)
        judged = quality_neighbours.judge(index, entries, progress)
        marks = [*_own_marks(entries, progress), *judged.marks]
        marks.sort(key=lambda each: (list(MarkKind).index(each.kind), each.name, each.entry))
        if keep:
            _keep(library, section, judged.inseparable)
        sizes = Counter(index.groups.tolist())
        sections[section] = SectionQuality(
            entries=len(entries),
            substances=len(sizes),
            single=sum(1 for n in sizes.values() if n == 1),
            coverage=_coverage(entries, [index.class_names[c] for c in index.classes.tolist()]),
            marks=tuple(marks),
            inseparable=judged.inseparable,
            alike=judged.alike,
            n_replicated=judged.n_replicated,
        )
    return QualityReport(name=library.name, version=library.version, sections=sections)


def _own_marks(entries: Sequence[Entry], progress: Progress | None) -> list[Mark]:
    found: list[Mark] = []
    for done, entry in enumerate(entries):
        if progress is not None and done % _TOLD_EVERY == 0:
            progress("looking at each entry", done, len(entries))
        found += quality_marks.of_entry(entry)
    return found


def _coverage(entries: Sequence[Entry], classes: Sequence[str]) -> tuple[Coverage, ...]:
    count: Counter[str] = Counter(classes)
    groups: dict[str, set[str]] = {}
    for entry, name in zip(entries, classes, strict=True):
        groups.setdefault(name, set()).add(entry.draft.identity.group)
    return tuple(
        Coverage(compound_class=name, entries=n, substances=len(groups[name]))
        for name, n in sorted(count.items(), key=lambda item: (-item[1], item[0]))
    )


def _keep(library: Library, section: Section, pairs: Sequence[Pair]) -> None:
    try:
        inseparable.write(library.folder, section, library.header.content_sha256, pairs)
    except OSError:
        # A read-only medium: the report is given all the same, only answers do not name them.
        return
