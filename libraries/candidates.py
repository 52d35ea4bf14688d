"""Rows of several indexes -> substances, best first, each with its best reference from the record.

Asks each index for as many rows as it takes to see enough different substances, then reads and
verifies only the references that stand for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from libraries.entry import Entry, Tandem
from libraries.errors import LibraryError
from libraries.section_index import SectionIndex
from spectra import tandem_rank
from spectra.axis import FloatArray, IntArray
from spectra.calibration import SHORTLIST
from spectra.consensus import consensus, unit_row
from spectra.decision import SubstanceHits
from spectra.spectrum import MassSpectrum
from spectra.tandem_rank import Ranking

if TYPE_CHECKING:
    from libraries.library import Library
    from spectra.peak_index import PeakHits, PeakIndex

Place = tuple["Library", SectionIndex]

# The decision contrasts the first substance with the next ten outside its isomers and ties.
_CONTRASTED = 24
_FIRST_ROWS = 128
_ROWS_FACTOR = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """One substance of one library: its best reference and how well that fits.

    Parameters
    ----------
    score : float
        −1 to 1 for curves, 0 to 1 for mass spectra.
    second_score : float
        An independent metric; NaN where there is none.
    substance : str
        What it goes by, unique in a list.
    """

    library: Library
    entry: Entry
    substance: str
    compound_class: str
    score: float
    second_score: float
    measures: Mapping[str, float]

    @property
    def group(self) -> str:
        """Key shared by the same substance in other libraries."""
        return self.entry.draft.identity.group

    @property
    def family(self) -> str:
        """Key shared by what this technique cannot exclude: isomers in mass spectra.

        The same rule as `libraries.families.family_codes`, which the calibration uses.
        """
        who, section = self.entry.draft.identity, self.entry.draft.section
        return f"={who.formula}" if section.is_mass and who.formula else who.group


@dataclass(frozen=True, slots=True, eq=False)
class Substances:
    """Candidates of all libraries merged by substance, best first; who holds the first of them."""

    found: tuple[Candidate, ...]
    holders_of_first: tuple[Library, ...] = ()
    places: tuple[Place, ...] = ()

    @property
    def first_place(self) -> Place:
        """Library and index of the first of them; there must be one."""
        first = self.found[0].library
        return next(place for place in self.places if place[0] is first)

    def as_hits(self) -> SubstanceHits:
        """Return them as the decision takes them."""
        second = np.array([each.second_score for each in self.found], dtype=np.float64)
        return SubstanceHits(
            substances=tuple(each.substance for each in self.found),
            scores=np.array([each.score for each in self.found], dtype=np.float64),
            second_scores=second if np.isfinite(second).any() else None,
        )

    def families(self) -> dict[str, str]:
        """Return the isomer family of each substance."""
        return {each.substance: each.family for each in self.found}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Best:
    """The best row of a substance in one index."""

    row: int
    score: float
    second_score: float
    measures: dict[str, float]


def of_curve(places: Sequence[Place], query: FloatArray, top: int) -> Substances:
    """Return the substances of curve libraries nearest to one query on the grid.

    Raises
    ------
    SpectrumError
        The query is flat or covers too little.
    LibraryError
        A reference does not match its hash.
    """
    return _merged(
        [(place, _curve_rows(place[1], query, max(top, 1) + _CONTRASTED)) for place in places]
    )


def of_peaks(
    places: Sequence[Place], queries: Sequence[MassSpectrum], top: int
) -> Iterator[Substances]:
    """Yield the substances nearest to each mass spectrum, in order."""
    # Never fewer than the calibration ranked, so that a short list is the start of a long one.
    wanted = max(top + _CONTRASTED, SHORTLIST)
    per_place = [(place, _peak_rows(place[1], queries, wanted)) for place in places]
    for at in range(len(queries)):
        yield _merged([(place, found[at]) for place, found in per_place])


def of_fragments(
    places: Sequence[Place], query: MassSpectrum, made: Tandem
) -> tuple[Substances, Substances]:
    """Return the substances whose spectra have the query's precursor, and the nearest others.

    Raises
    ------
    SpectrumError
        No fragment of the query lies below its precursor.
    LibraryError
        A reference does not match its hash.
    """
    same: list[tuple[Place, Sequence[_Best]]] = []
    others: list[tuple[Place, Sequence[_Best]]] = []
    for place in places:
        held = place[1].fragments
        if held is None:
            continue
        found = tandem_rank.rank(held.index, held.facts, query, made.precursor_mz, made.sign)
        for into, ranking in zip((same, others), found, strict=True):
            into.append((place, _fragment_rows(ranking)))
    return _merged(same), _merged(others)


def _fragment_rows(ranking: Ranking) -> list[_Best]:
    return [
        _Best(
            row=int(ranking.rows[at]),
            score=float(ranking.scores[at]),
            second_score=float("nan"),
            measures={
                "spectral_entropy": float(ranking.scores[at]),
                "matched_peaks": float(ranking.matched[at]),
                "precursor_shift": float(ranking.shifts[at]),
                "replicates": float(ranking.counts[at]),
            },
        )
        for at in range(ranking.rows.size)
    ]


def _curve_rows(index: SectionIndex, query: FloatArray, wanted: int) -> list[_Best]:
    if index.curves is None:
        return []
    rows = _FIRST_ROWS
    while True:
        hits = index.curves.search(query, rows)
        groups = index.groups[hits.rows]
        if np.unique(groups).size >= wanted or hits.rows.size < rows:
            break
        rows *= _ROWS_FACTOR
    first, counts = _firsts(groups)
    return [
        _Best(
            row=int(hits.rows[at]),
            score=float(hits.scores[at]),
            second_score=float(hits.second_scores[at]),
            measures={
                "shift_cm1": float(hits.shifts_cm1[at]),
                "overlap": float(hits.overlap[at]),
                **_if_number("second_score", float(hits.second_scores[at])),
                "replicates": float(count),
            },
        )
        for at, count in zip(first[:wanted], counts[:wanted], strict=True)
    ]


def _peak_rows(
    index: SectionIndex, queries: Sequence[MassSpectrum], wanted: int
) -> list[list[_Best]]:
    if index.peaks is None or not queries:
        return [[] for _ in queries]
    found: list[list[_Best]] = []
    for query, hits in zip(queries, index.peaks.search_many(queries, _FIRST_ROWS), strict=True):
        rows, seen = _FIRST_ROWS, hits
        while np.unique(index.groups[seen.rows]).size < wanted and seen.rows.size >= rows:
            rows *= _ROWS_FACTOR
            seen = index.peaks.search(query, rows)
        found.append(_agreed(index, index.peaks, query, seen, wanted))
    return found


def _agreed(
    index: SectionIndex, peaks: PeakIndex, query: MassSpectrum, seen: PeakHits, wanted: int
) -> list[_Best]:
    """Return the substances that the index found, ranked by four measures together."""
    first, counts = _firsts(index.groups[seen.rows])
    first, counts = first[:wanted], counts[:wanted]
    rows = seen.rows[first]
    fit = consensus(unit_row(query), peaks.intensities(rows))
    best = [
        _Best(
            row=int(rows[at]),
            score=float(fit.score[at]),
            second_score=float("nan"),
            measures={
                "cosine": float(seen.scores[place]),
                "nist_identity": float(fit.identity[at]),
                "nist_identity_reverse": float(fit.reverse[at]),
                "spectral_entropy": float(fit.entropy[at]),
                "tilt_free_cosine": float(fit.tilt_free[at]),
                "matched_peaks": float(seen.matched[place]),
                "replicates": float(counts[at]),
            },
        )
        for at, place in enumerate(first)
    ]
    # A stable sort: substances that fit alike keep the order of the index.
    return sorted(best, key=lambda each: -each.score)


def _firsts(groups: IntArray) -> tuple[IntArray, IntArray]:
    """Return where each substance first stands in a ranked list, in rank order, and how often."""
    _, first, counts = np.unique(groups, return_index=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    return first[order].astype(np.int64), counts[order].astype(np.int64)


def _if_number(name: str, value: float) -> dict[str, float]:
    return {name: value} if np.isfinite(value) else {}


def _merged(per_place: Sequence[tuple[Place, Sequence[_Best]]]) -> Substances:
    found: list[Candidate] = []
    for (library, index), best in per_place:
        found += _candidates(library, index, best)
    # Equal scores are settled by names and hash, so that the order of libraries changes nothing.
    found.sort(key=_rank)
    merged: dict[str, Candidate] = {}
    held_by: dict[str, list[Library]] = {}
    for each in found:
        merged.setdefault(each.group, each)
        held_by.setdefault(each.group, []).append(each.library)
    ranked = sorted(merged.values(), key=lambda each: -each.score)
    holders = tuple(held_by[ranked[0].group]) if ranked else ()
    places = tuple(place for place, _ in per_place)
    return Substances(tuple(_with_own_names(ranked)), holders, places)


def _rank(each: Candidate) -> tuple[float, str, str, str, str]:
    library = each.library
    score = -round(each.score, 12)
    return score, each.substance, each.entry.record_hash, library.name, library.version


def entry_of(place: Place, row: int) -> Entry:
    """Return the entry of one index row, verified, and held against what the index was built from.

    Raises
    ------
    LibraryError
        The entry was altered, or the index points to another one.
    """
    library, index = place
    (entry,) = library.entries_at([int(index.rows[row])])
    _check(library, index, row, entry)
    return entry


def _check(library: Library, index: SectionIndex, row: int, entry: Entry) -> None:
    if entry.record_hash != index.hashes[row].tobytes().hex():
        raise LibraryError(
            f"the index of {library.name} {library.version} points to another entry than it "
            f"was built from ({entry.id})",
            hint=f"Run `fol library verify {library.name}`.",
        )


def _candidates(
    library: Library, index: SectionIndex, best: Sequence[_Best]
) -> Iterator[Candidate]:
    entries = library.entries_at([int(index.rows[each.row]) for each in best])
    for entry, each in zip(entries, best, strict=True):
        _check(library, index, each.row, entry)
        yield Candidate(
            library=library,
            entry=entry,
            substance=entry.substance,
            compound_class=index.class_names[int(index.classes[each.row])],
            score=each.score,
            second_score=each.second_score,
            measures=each.measures,
        )


def _with_own_names(ranked: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield candidates with a name each: two substances of one name are told apart by their key."""
    seen: set[str] = set()
    for each in ranked:
        name = each.substance
        if name in seen:
            name = f"{name} [{each.group}]"
        seen.add(name)
        yield Candidate(
            library=each.library,
            entry=each.entry,
            substance=name,
            compound_class=each.compound_class,
            score=each.score,
            second_score=each.second_score,
            measures=each.measures,
        )
