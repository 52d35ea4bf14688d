"""The installed libraries as the browser asks for them: lists, entries, comparisons, neighbours.

Runs in the thread for files, never in the screen's. What is open stays open until `close`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from libraries.browse import Listed, Listing
    from libraries.catalog import Installed
    from libraries.entry import Entry
    from libraries.library import Library
    from libraries.likeness import Likeness, Verdict
    from libraries.nearest import Nearest
    from libraries.overview import SectionFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry of one installed version; ``name`` is how it is spoken of."""

    library: str
    version: str
    entry: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """Two entries beside each other.

    Parameters
    ----------
    neighbours : Nearest or None
        What the first one's library says of it, itself left out; None for entries of two libraries.
    """

    first: Entry
    second: Entry
    likeness: Likeness
    verdicts: tuple[Verdict, ...]
    neighbours: Nearest | None

    @property
    def is_second_named(self) -> bool:
        """Whether the second's substance is what the library would say of the first."""
        named = () if self.neighbours is None else self.neighbours.decision.substances
        hits = () if self.neighbours is None else self.neighbours.hits
        group = self.second.draft.identity.group
        return any(hit.group == group and hit.substance in named for hit in hits)


class Shelf:
    """The libraries folder of a lab, read only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listings: dict[tuple[str, str], Listing] = {}
        self._libraries: dict[tuple[str, str], Library] = {}

    def close(self) -> None:
        """Close everything that was opened."""
        for listing in self._listings.values():
            listing.close()
        for library in self._libraries.values():
            library.close()
        self._listings.clear()
        self._libraries.clear()

    def sections(self, installed: Installed) -> tuple[SectionFacts, ...]:
        """Return what a version holds by technique, and whether its indexes are sound."""
        from libraries import overview

        return overview.sections(installed)

    def count(self, name: str, version: str, find: str) -> int:
        """Return how many entries of a version hold every word."""
        return self._listing(name, version).count(find)

    def page(self, name: str, version: str, offset: int, limit: int, find: str) -> list[Listed]:
        """Return one page of them."""
        return self._listing(name, version).page(offset, limit, find)

    def entry(self, place: Place) -> Entry:
        """Return an entry, verified against its hash."""
        return self._listing(place.library, place.version).entry(place.entry)

    def resolve(self, name: str, version: str, text: str) -> Place:
        """Return the one entry a person means by an id, the beginning of one, or a name."""
        entry = self._listing(name, version).resolve(text)
        return Place(library=name, version=version, entry=entry.id, name=entry.name)

    def nearest(self, place: Place, top: int = 10) -> Nearest:
        """Return the entry's neighbours in its own library, itself left out."""
        from libraries import nearest

        library = self._library(place.library, place.version)
        return nearest.nearest(library, self.entry(place), top)

    def compare(self, first: Place, second: Place) -> Compared:
        """Return two entries, how alike they are, and what tells their substances apart."""
        from libraries import likeness

        one, other = self.entry(first), self.entry(second)
        is_same = (first.library, first.version) == (second.library, second.version)
        return Compared(
            first=one,
            second=other,
            likeness=likeness.between(one, other),
            verdicts=likeness.apart(
                one,
                other,
                self._listing(first.library, first.version),
                self._listing(second.library, second.version),
            ),
            neighbours=self.nearest(first) if is_same else None,
        )

    def _listing(self, name: str, version: str) -> Listing:
        from libraries import catalog
        from libraries.browse import Listing

        key = (name, version)
        if key not in self._listings:
            place = catalog.locate(self._folder, name, version, withdrawn=True)
            self._listings[key] = Listing(place)
        return self._listings[key]

    def _library(self, name: str, version: str) -> Library:
        from libraries import catalog
        from libraries.library import Library

        key = (name, version)
        if key not in self._libraries:
            place = catalog.locate(self._folder, name, version, withdrawn=True)
            self._libraries[key] = Library(place)
        return self._libraries[key]
