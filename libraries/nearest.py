"""A library searched with one of its own references, itself left out.

The search is the one that answers for samples; here it meets an index that keeps one row to itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from libraries import search
from libraries.answer import Hit
from libraries.entry import Entry, Section
from libraries.errors import LibraryError
from libraries.section_index import SectionIndex
from libraries.tandem_index import Fragments
from spectra.decision import Decision
from spectra.spectrum import Technique

if TYPE_CHECKING:
    from collections.abc import Sequence

    from libraries.library import Library
    from spectra.axis import FloatArray
    from spectra.curve_index import CurveIndex
    from spectra.curve_query import CurveQuery
    from spectra.curve_rescore import Hits
    from spectra.peak_index import PeakHits, PeakIndex
    from spectra.peak_tandem import TandemHits, TandemIndex
    from spectra.peak_tandem_clean import TandemPeaks
    from spectra.tandem_hybrid import TandemHybrid

    Found = TypeVar("Found", Hits, PeakHits, TandemHits)

_TECHNIQUES = {
    Section.RAMAN: Technique.RAMAN,
    Section.FTIR: Technique.FTIR,
    Section.EI: Technique.MS,
    Section.MSMS: Technique.MS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """What the rest of a library says of one of its references.

    Parameters
    ----------
    hits : tuple of Hit
        By substance, best first; its own substance is among them where there are replicates.
    decision : Decision
        As for a sample, by the library's own calibration.
    names_itself : bool
        Whether the decision names the reference's own substance.
    """

    hits: tuple[Hit, ...]
    decision: Decision
    names_itself: bool


def nearest(library: Library, entry: Entry, top: int = 10) -> Nearest:
    """Return the substances nearest to an entry of a library, the entry itself left out.

    Parameters
    ----------
    library : Library
    entry : Entry
        Verified, of this library.
    top : int
        How many substances at most.

    Raises
    ------
    LibraryError
        The entry is not of this library, or a neighbour was altered.
    """
    rest = cast("Library", _LibraryWithout(library, entry))
    technique = _TECHNIQUES[entry.draft.section]
    answer = search.search([rest], entry.draft.measurement(), technique, max(top, 1))
    own = entry.draft.identity.group
    named = answer.decision.substances
    return Nearest(
        hits=answer.hits,
        decision=answer.decision,
        names_itself=any(hit.group == own and hit.substance in named for hit in answer.hits),
    )


class _LibraryWithout:
    """A library one entry of which takes no part in a search."""

    def __init__(self, whole: Library, entry: Entry) -> None:
        self._whole = whole
        self._entry = entry

    def __getattr__(self, name: str) -> object:
        return getattr(self._whole, name)

    def section(self, section: Section) -> SectionIndex | None:
        """Return the index without the entry."""
        index = self._whole.section(section)
        if index is None or section is not self._entry.draft.section:
            return index
        own = np.frombuffer(bytes.fromhex(self._entry.record_hash), dtype=np.uint8)
        rows = np.flatnonzero((index.hashes == own).all(axis=1))
        if rows.size != 1:
            raise LibraryError(
                f"the index of {self._whole.name} {self._whole.version} does not hold entry "
                f"{self._entry.id}",
                hint=f"Run `fol library verify {self._whole.name}`.",
            )
        row = int(rows[0])
        if index.curves is not None:
            return replace(index, curves=cast("CurveIndex", _CurvesWithout(index.curves, row)))
        if index.peaks is not None:
            return replace(index, peaks=cast("PeakIndex", _PeaksWithout(index.peaks, row)))
        if index.fragments is not None:
            return replace(index, fragments=_fragments_without(index.fragments, row))
        return index


def _fragments_without(whole: Fragments, row: int) -> Fragments:
    index = cast("TandemIndex", _TandemWithout(whole.index, row))
    return Fragments(index=index, facts=whole.facts)


class _TandemWithout:
    """An MS/MS index one row of which is never found."""

    def __init__(self, whole: TandemIndex, row: int) -> None:
        self._whole = whole
        self._row = row

    def __getattr__(self, name: str) -> object:
        return getattr(self._whole, name)

    def __len__(self) -> int:
        return len(self._whole)

    def search(self, query: object, top: int = 10, **how: object) -> TandemHits:
        """Return the best of the other rows."""
        found = self._whole.search(query, top + 1, **how)  # type: ignore[arg-type]
        return _without(found, self._row, top)

    @property
    def hybrid(self) -> _HybridWithout:
        """The comparison with moved fragments, without the row."""
        return _HybridWithout(self._whole.hybrid, self._row)


class _HybridWithout:
    """A comparison in which one row shares nothing."""

    def __init__(self, whole: TandemHybrid, row: int) -> None:
        self._whole = whole
        self._row = row

    def __getattr__(self, name: str) -> object:
        return getattr(self._whole, name)

    def scores(self, query: TandemPeaks, precursor_mz: float) -> FloatArray:
        """Return the scores with the row's own 0."""
        found = self._whole.scores(query, precursor_mz)
        found[self._row] = 0.0
        return found


class _CurvesWithout:
    """A curve index one row of which is never found and never a component."""

    def __init__(self, whole: CurveIndex, row: int) -> None:
        self._whole = whole
        self._row = row

    def __getattr__(self, name: str) -> object:
        return getattr(self._whole, name)

    def search(self, query: FloatArray, top: int = 10) -> Hits:
        """Return the best of the other rows."""
        return _without(self._whole.search(query, top + 1), self._row, top)

    def component_scale(self, query: CurveQuery) -> FloatArray:
        """Return the scales with the row's own 0: it cannot be a component."""
        scale = self._whole.component_scale(query)
        scale[self._row] = 0.0
        return scale


class _PeaksWithout:
    """A peak index one row of which is never found."""

    def __init__(self, whole: PeakIndex, row: int) -> None:
        self._whole = whole
        self._row = row

    def __getattr__(self, name: str) -> object:
        return getattr(self._whole, name)

    def __len__(self) -> int:
        return len(self._whole)

    def search(
        self, query: object, top: int = 10, score: str = "cosine", **how: object
    ) -> PeakHits:
        """Return the best of the other rows."""
        found = self._whole.search(query, top + 1, score, **how)  # type: ignore[arg-type]
        return _without(found, self._row, top)

    def search_many(
        self, queries: Sequence[object], top: int = 10, score: str = "cosine", **how: object
    ) -> list[PeakHits]:
        """Return the best of the other rows for each query."""
        many = self._whole.search_many(queries, top + 1, score, **how)  # type: ignore[arg-type]
        return [_without(found, self._row, top) for found in many]


def _without(found: Found, row: int, top: int) -> Found:
    """Return hits without a row, at most ``top``; every field is an array over the hits."""
    kept = np.flatnonzero(found.rows != row)[:top]
    return replace(found, **{each.name: getattr(found, each.name)[kept] for each in fields(found)})
