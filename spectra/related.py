"""Whether a mass spectrum is that of another form of a reference: deuterated or derivatised.

Such a spectrum is the reference's with some ions moved by a known mass. Knows intensities over
whole m/z and masses, no names. What is found here points to a substance and never identifies one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.peak_hybrid import HYBRID_WEIGHTS, GreedyScorer
from spectra.peak_table import N_COLUMNS, Peaks, unit_query

if TYPE_CHECKING:
    from spectra.peak_index import PeakIndex
    from spectra.peak_table import PeakTable


class RelationKind(StrEnum):
    """What the heavier of two forms carries in the place of hydrogen."""

    DEUTERATED = "deuterated"
    TRIMETHYLSILYL = "trimethylsilyl"
    TERT_BUTYLDIMETHYLSILYL = "tert-butyldimethylsilyl"
    ACETYL = "acetyl"
    TRIFLUOROACETYL = "trifluoroacetyl"
    PENTAFLUOROPROPIONYL = "pentafluoropropionyl"
    HEPTAFLUOROBUTYRYL = "heptafluorobutyryl"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One derivatisation.

    Parameters
    ----------
    mass : int
        Da that each group adds.
    most : int
        Groups that are looked for in a query; 0 where its spectrum has no sign of its own, so that
        such a form is only known where a library names it.
    losses : tuple of int
        What the heavier form loses at once: its molecular ion or one of these must be seen.
    ions : tuple of int
        Of the group alone: one of them must be seen where the scan reaches so low, and none of
        them is compared.
    """

    mass: int
    most: int = 0
    losses: tuple[int, ...] = (0,)
    ions: tuple[int, ...] = ()


# Masses and ions of the groups: Pierce, Silylation of Organic Compounds (1968); Halket and Zaikin,
# Eur. J. Mass Spectrom. 9 (2003) 1 and 10 (2004) 1.
CHANGES: Mapping[RelationKind, Change] = {
    RelationKind.DEUTERATED: Change(mass=1),
    RelationKind.TRIMETHYLSILYL: Change(
        mass=72, most=4, losses=(0, 15), ions=(45, 59, 73, 74, 75, 147, 148, 149)
    ),
    RelationKind.TERT_BUTYLDIMETHYLSILYL: Change(
        mass=114, most=2, losses=(57,), ions=(59, 73, 75, 115, 147)
    ),
    RelationKind.ACETYL: Change(mass=42, ions=(43,)),
    RelationKind.TRIFLUOROACETYL: Change(mass=96, ions=(69,)),
    RelationKind.PENTAFLUOROPROPIONYL: Change(mass=146, ions=(69, 119)),
    RelationKind.HEPTAFLUOROBUTYRYL: Change(mass=196, ions=(69, 169)),
}
_SIGNS = {
    RelationKind.TRIMETHYLSILYL: (73, 75, 147),
    RelationKind.TERT_BUTYLDIMETHYLSILYL: (73, 75),
}
DEUTERIUMS = tuple(range(2, 11))
"""Deuterium atoms that a labelled standard commonly has."""

COSTS: Mapping[RelationKind, float] = {RelationKind.DEUTERATED: 0.1}
"""Taken off the score of a form for its place among the hits: nine numbers of deuterium are tried,
and one fits by chance. Chosen on half of 1,263 drugs, confirmed on the other."""

MOST = 3
"""Related forms in one hit list."""

LEAST = 0.35
"""A form that fits worse is no hint."""

_ROWS = 64
# Shares of the base peak: what may not stand above the molecule, what its ion must reach, and from
# where on the ion of the lighter form must have its counterpart.
_ABOVE, _SEEN, _TALL, _SIGN = 0.05, 0.02, 0.10, 0.05
_ISOTOPES = 3
_MOST_TRIED = 4_096
_KINDS = tuple(RelationKind)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forms:
    """What each row of an index is a form of, shape (n_rows,) each.

    Parameters
    ----------
    kinds : ndarray of int8
        −1 for the substance itself, else the place in `RelationKind`.
    parents : ndarray of int16
        Nominal mass of the substance itself in Da, 0 where not known.
    shifts : ndarray of int16
        Da by which the row is heavier than that, 0 where not known.
    reacts : ndarray of bool
        Whether it has hydrogen on a hetero atom, as far as the formula tells, to be replaced.
    """

    kinds: npt.NDArray[np.int8]
    parents: npt.NDArray[np.int16]
    shifts: npt.NDArray[np.int16]
    reacts: npt.NDArray[np.bool_]

    @classmethod
    def none(cls, n: int) -> Forms:
        """Return that nothing is known of ``n`` rows."""
        return cls(
            kinds=np.full(n, -1, dtype=np.int8),
            parents=np.zeros(n, dtype=np.int16),
            shifts=np.zeros(n, dtype=np.int16),
            reacts=np.zeros(n, dtype=np.bool_),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A row whose other form the query may be.

    Parameters
    ----------
    score : float
        Hybrid match factor at this mass shift, 0 to 1.
    groups : int
        Atoms of deuterium or groups of the derivative; 0 where not known.
    mass_shift : int
        Da by which the query is heavier than the row; below 0 the row is the heavier form.
    """

    row: int
    score: float
    kind: RelationKind
    groups: int
    mass_shift: int

    @property
    def worth(self) -> float:
        """The score as it counts for the place among the hits."""
        return self.score - COSTS.get(self.kind, 0.0)


def of_query(peaks: PeakIndex, forms: Forms, query: Peaks) -> list[Related]:
    """Return the rows whose deuterated or derivatised form the query may be, or the reverse.

    Parameters
    ----------
    peaks : PeakIndex
    forms : Forms
        Of its rows.
    query : MassSpectrum or (mz, intensity)

    Returns
    -------
    list of Related
        Best first by `Related.worth`; a row stands once.
    """
    row = np.zeros(N_COLUMNS)
    whole = unit_query(query)
    row[whole.mz] = whole.intensity / whole.intensity.max()
    found = [
        *_deuterated(peaks, forms, query, row),
        *_derivatised(peaks, forms, row),
        *_of_heavier_rows(peaks, forms, row),
    ]
    best: dict[int, Related] = {}
    for each in sorted(found, key=lambda each: (-each.worth, each.row, each.mass_shift)):
        if each.score >= LEAST:
            best.setdefault(each.row, each)
    return list(best.values())


def mixed(scores: Sequence[float], worths: Sequence[float], top: int) -> list[tuple[bool, int]]:
    """Return the order of a hit list into which related forms were put by what they are worth.

    Parameters
    ----------
    scores : sequence of float
        Of the hits, best first.
    worths : sequence of float
        Of the related forms, best first.
    top : int
        Length of the list.

    Returns
    -------
    list of (bool, int)
        Whether it is a related form, and its place in its own sequence. The first hit stays first,
        and at most `MOST` forms are taken.
    """
    places = [(False, at) for at in range(min(len(scores), 1))]
    rest = [(-score, False, at) for at, score in enumerate(scores)][1:]
    rest += [(-worth, True, at) for at, worth in enumerate(worths[:MOST])]
    return [*places, *((related, at) for _, related, at in sorted(rest))][:top]


def _deuterated(peaks: PeakIndex, forms: Forms, query: Peaks, row: FloatArray) -> Iterator[Related]:
    """Yield rows that the query is the deuterated form of."""
    hits = peaks.search(query, _ROWS, "hybrid", mass_shifts=DEUTERIUMS)
    shifts = hits.mass_shifts
    kept = np.flatnonzero((shifts > 0) & (forms.kinds[hits.rows] == -1))
    if not kept.size:
        return
    rows = hits.rows[kept]
    parents = forms.parents[rows].astype(np.int64)
    light = peaks.intensities(rows) / 999.0
    fits = _fits(row, light, parents, parents + shifts[kept])
    for at in kept[fits]:
        shift = int(shifts[at])
        yield Related(
            row=int(hits.rows[at]),
            score=float(hits.scores[at]),
            kind=RelationKind.DEUTERATED,
            groups=shift,
            mass_shift=shift,
        )


def _fits(
    heavy: FloatArray, light: FloatArray, light_mass: IntArray, heavy_mass: IntArray
) -> npt.NDArray[np.bool_]:
    """Return where a deuterated form can be: nothing above it, and its molecular ion where due.

    ``heavy`` is one spectrum, or ``light`` is, of shape (1001,); the other (n, 1001).
    """
    n = light_mass.size
    known = (light_mass > 0) & (light_mass < N_COLUMNS) & (heavy_mass < N_COLUMNS - 8)
    lights = np.broadcast_to(light, (n, N_COLUMNS))
    heavies = np.broadcast_to(heavy, (n, N_COLUMNS))
    lines = np.arange(n)
    of_light = lights[lines, np.where(known, light_mass, 0)]
    of_heavy = heavies[lines, np.where(known, heavy_mass, 0)]
    beyond = _beyond(heavies, np.where(known, heavy_mass, 0))
    bad = (beyond > _ABOVE) | ((of_light > _TALL) & (of_heavy < _SEEN))
    return ~(known & bad)


def _beyond(spectra: FloatArray, masses: IntArray) -> FloatArray:
    """Return the tallest peak above each mass and its isotopes, shape (n,)."""
    above = np.maximum.accumulate(spectra[:, ::-1], axis=1)[:, ::-1]
    found: FloatArray = above[np.arange(masses.size), masses + _ISOTOPES + 1]
    return found


def _derivatised(peaks: PeakIndex, forms: Forms, row: FloatArray) -> Iterator[Related]:
    """Yield rows that the query is a derivative of."""
    above = np.maximum.accumulate(row[::-1])[::-1]
    start = int(np.flatnonzero(row)[0])
    for kind, change in CHANGES.items():
        if not change.most or not _shows(kind, row, start):
            continue
        own = np.where(np.isin(np.arange(N_COLUMNS), change.ions), 0.0, row)
        if np.count_nonzero(own) < 3:
            continue
        for groups in range(1, change.most + 1):
            shift = groups * change.mass
            heavy = forms.parents.astype(np.int64) + shift
            inside = (forms.kinds == -1) & forms.reacts & (forms.parents > 0)
            inside &= heavy < N_COLUMNS - 8
            heavy = np.where(inside, heavy, shift)
            seen = np.max([row[heavy - loss] for loss in change.losses], axis=0)
            fits = inside & (above[heavy + _ISOTOPES + 1] <= _ABOVE) & (seen >= _SEEN)
            rows = np.flatnonzero(fits)[:_MOST_TRIED]
            scores = _scores(peaks, own, rows, np.full(rows.size, shift), change.ions)
            for at in np.argsort(-scores, kind="stable")[:_ROWS]:
                yield Related(
                    row=int(rows[at]),
                    score=float(scores[at]),
                    kind=kind,
                    groups=groups,
                    mass_shift=shift,
                )


def _shows(kind: RelationKind, row: FloatArray, start: int) -> bool:
    """Return whether a spectrum shows an ion of the group, or starts above all of them."""
    signs = _SIGNS[kind]
    return start > max(signs[:2]) or float(row[list(signs)].max()) >= _SIGN


def _of_heavier_rows(peaks: PeakIndex, forms: Forms, row: FloatArray) -> Iterator[Related]:
    """Yield rows that are the labelled or derivatised form of what the query may be."""
    shifts, parents = forms.shifts.astype(np.int64), forms.parents.astype(np.int64)
    known = (forms.kinds >= 0) & (shifts > 0) & (parents > 0) & (parents < N_COLUMNS - 8)
    above = np.maximum.accumulate(row[::-1])[::-1]
    light = np.where(known, parents, 0)
    rows = np.flatnonzero(known & (above[light + _ISOTOPES + 1] <= _ABOVE))[:_MOST_TRIED]
    for code in np.unique(forms.kinds[rows]):
        kind = _KINDS[code]
        change = CHANGES.get(kind, CHANGES[RelationKind.TRIMETHYLSILYL])
        own = rows[forms.kinds[rows] == code]
        if kind is RelationKind.DEUTERATED:
            heavies = peaks.intensities(own) / 999.0
            heavy_mass = parents[own] + shifts[own]
            due = heavies[np.arange(own.size), np.minimum(heavy_mass, N_COLUMNS - 1)] > _TALL
            own = own[~(due & (row[parents[own]] < _SEEN))]
        else:
            # The substance itself shows its mass, or there is nothing to hold a derivative to.
            own = own[row[parents[own]] >= _SEEN]
        scores = _scores(peaks, row, own, -shifts[own], change.ions)
        for at in np.argsort(-scores, kind="stable")[:_ROWS]:
            shift = int(shifts[own[at]])
            yield Related(
                row=int(own[at]),
                score=float(scores[at]),
                kind=kind,
                groups=0 if kind is RelationKind.OTHER else shift // change.mass,
                mass_shift=-shift,
            )


def _scores(
    peaks: PeakIndex, query: FloatArray, rows: IntArray, shifts: IntArray, dropped: Sequence[int]
) -> FloatArray:
    """Return the hybrid score of each row at its own shift, ions of the group left out."""
    mz = np.flatnonzero(query)
    if not rows.size or not mz.size:
        return np.zeros(rows.size)
    whole = unit_query((mz.astype(np.float64), query[mz]))
    scorer = GreedyScorer(cast("PeakTable", _Without(peaks, tuple(dropped))), whole, HYBRID_WEIGHTS)
    found = np.zeros(rows.size)
    for first in range(0, rows.size, _ROWS * 4):
        part = slice(first, first + _ROWS * 4)
        found[part] = scorer.score(scorer.dense(rows[part]), shifts[part].astype(np.int64)).scores
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Without:
    """The rows of an index as a table gives them, some ions left out."""

    peaks: PeakIndex
    ions: tuple[int, ...]

    def dense(self, rows: IntArray) -> FloatArray:
        """Return rows over whole m/z, shape (n, 1001)."""
        found = self.peaks.intensities(rows)
        found[:, list(self.ions)] = 0.0
        return found
