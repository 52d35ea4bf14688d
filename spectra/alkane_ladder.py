"""The n-alkanes of a ladder run, found by their electron-impact spectra and their order.

An alkane is told by its alkyl series (m/z 43, 57, 71, 85 …), its carbon number by its molecular
ion; those without one are counted between those with one. Nothing is numbered by a guess.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from spectra.axis import FloatArray
from spectra.chromatography import Component
from spectra.errors import SpectrumError
from spectra.retention import Ladder, Phase
from spectra.spectrum import MassSpectrum

FEWEST = 3
"""With fewer alkanes a run is no ladder."""

# C₅ to C₄₄: molecular ions 72 to 618.
_MOST_CARBONS = 44
_SPLIT_CARBONS = 25
# Of the ions from m/z 39 on, alkyl ions CₙH₂ₙ₊₁ and all of the three alkane series.
_LEAST_ALKYL = 0.45
_LEAST_SERIES = 0.72
# Of the base peak: where a molecular ion is told from an isotope of the fragment below it.
_LEAST_MOLECULAR = 0.002
# Smaller than this share of the median alkane is no rung.
_LEAST_SHARE = 0.05


def find_ladder(
    components: Sequence[Component],
    *,
    phase: Phase = Phase.SEMI_STANDARD_NON_POLAR,
    dead_time_s: float | None = None,
) -> Ladder:
    """Return the ladder of a run of n-alkanes.

    Parameters
    ----------
    components : sequence of Component
        Of the ladder run, in order of time.
    phase, dead_time_s
        As in `Ladder`.

    Raises
    ------
    SpectrumError
        Fewer than three alkanes were recognised and numbered.
    """
    alike = [each for each in components if is_alkane(each.spectrum)]
    if alike:
        least = _LEAST_SHARE * float(np.median([each.area for each in alike]))
        alike = [each for each in alike if each.area >= least]
    known = [carbons_of(each.spectrum) for each in alike]
    numbers = _counted(_rising(known))
    rungs = [(n, c.retention_time_s) for n, c in zip(numbers, alike, strict=True) if n]
    if len(rungs) < FEWEST:
        raise SpectrumError(
            f"{len(rungs)} n-alkanes could be numbered among {len(components)} components "
            f"({len(alike)} look like alkanes); a ladder needs {FEWEST}",
            hint="Give a table of carbon numbers and retention times instead of the run.",
        )
    return Ladder(
        carbons=np.array([n for n, _ in rungs], dtype=np.float64),
        time_s=np.array([time for _, time in rungs], dtype=np.float64),
        phase=phase,
        dead_time_s=dead_time_s,
    )


def is_alkane(spectrum: MassSpectrum) -> bool:
    """Return whether the ions are those of a saturated hydrocarbon chain.

    References
    ----------
    McLafferty and Turecek, Interpretation of Mass Spectra, 4th ed. (1993), 9.1: clusters fourteen
    units apart, CₙH₂ₙ₊₁ the tallest of each, falling off smoothly from C₃ or C₄.
    """
    ions = _whole(spectrum)
    total = float(ions[39:].sum())
    if total <= 0:
        return False
    alkyl, alkenyl, alkene = ions[43::14], ions[41::14], ions[42::14]
    series = float(alkyl.sum() + alkenyl.sum() + alkene.sum())
    if float(alkyl.sum()) < _LEAST_ALKYL * total or series < _LEAST_SERIES * total:
        return False
    # m/z 43, 57, 71, 85, 99, 113
    base, head = float(ions.max()), alkyl[:6]
    falls = head[2] > 0.1 * base and head[3] > 0.05 * base and head[4] < head[3] <= 1.1 * head[2]
    return bool(falls and max(head[0], head[1]) >= 0.95 * base and head[1] >= 0.3 * base)


def carbons_of(spectrum: MassSpectrum) -> int | None:
    """Return the carbon number its molecular ion 14n + 2 shows, or None where none is seen.

    An unbranched chain does not lose methyl: below the molecular ion lie empty masses.
    """
    ions = _whole(spectrum)
    mass = np.arange(ions.size)
    # Between the clusters of an alkane there is only noise, or a neighbour.
    between = (mass > 100) & (mass % 14 >= 5) & (mass % 14 <= 10)
    noise = float(ions[between].max())
    best, tallest = None, max(1.5 * noise, _LEAST_MOLECULAR * float(ions.max()))
    for n in range(5, _MOST_CARBONS + 1):
        molecular = 14 * n + 2
        # From C₂₅ on the mass defect is near a half, so that either whole mass may hold it.
        height = float(ions[molecular] + (ions[molecular + 1] if n >= _SPLIT_CARBONS else 0.0))
        # ¹³C of the fragment one below gives 1.1 % for each of its carbons.
        isotope = 0.011 * n * float(ions[molecular - 1])
        empty = float(ions[molecular - 15 : molecular - 2].max())
        if height > tallest and height > 3 * isotope and empty < 0.35 * height:
            best, tallest = n, height
    return best


def _rising(known: Sequence[int | None]) -> list[int | None]:
    """Keep the longest run of numbers that rises; what contradicts it was misread."""
    at = [i for i, n in enumerate(known) if n is not None]
    tails: list[int] = []
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for i in at:
        number = known[i] or 0
        place = bisect_left(tails, number)
        before[i] = ends[place - 1] if place else None
        tails[place : place + 1] = [number]
        ends[place : place + 1] = [i]
    kept: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return [n if i in kept else None for i, n in enumerate(known)]


def _counted(known: Sequence[int | None]) -> list[int | None]:
    """Return the numbers with gaps filled where exactly as many alkanes lie in one as must be."""
    out = list(known)
    at = [i for i, n in enumerate(known) if n is not None]
    for left, right in pairwise(at):
        first, last = known[left] or 0, known[right] or 0
        if last - first == right - left:
            out[left:right] = range(first, last)
    return out


def _whole(spectrum: MassSpectrum) -> FloatArray:
    """Return the intensity of each whole mass from 0 to 700."""
    mass = np.floor(spectrum.mz + 0.5).astype(np.int64)
    inside = (mass >= 0) & (mass <= 700)
    heights = np.bincount(mass[inside], spectrum.intensity[inside], minlength=701)
    return heights.astype(np.float64)
