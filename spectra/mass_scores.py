"""Scores between two unit-mass spectra: the slow, exact definitions that the index must agree with.

Every score is a pure function of two `UnitSpectrum` and runs from 0 to 1, 1 best. Vendor software
prints the same figures times 999 or 1000. Knows no libraries and no search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray, IntArray
from spectra.errors import GridMismatchError, SpectrumError

MZ_MAX = 1000
"""Highest unit mass kept; EI spectra of what a bench meets end far below."""

BASE_PEAK = 999.0
"""Scale of the tallest peak. The NIST scores treat an intensity of 1 or less on it as a trace."""

SMALLEST_PEAK = 1e-6
"""Peaks below this on the same scale are rounding residue and are dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Exponents of a weighted cosine: ``mz ** mz_power * intensity ** intensity_power``."""

    mz_power: float
    intensity_power: float


NIST_SIMPLE = Weights(mz_power=0.0, intensity_power=0.5)
NIST_IDENTITY_FIRST = Weights(mz_power=0.5, intensity_power=0.5)
# Kim et al., Analyst 137 (2012) 1850: optimal weights for EI libraries.
KIM = Weights(mz_power=1.3, intensity_power=0.53)
# Stein and Scott, J. Am. Soc. Mass Spectrom. 5 (1994) 859, doi:10.1016/1044-0305(94)87009-8.
STEIN_SCOTT = Weights(mz_power=3.0, intensity_power=0.6)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitSpectrum:
    """Peaks on whole m/z values.

    Parameters
    ----------
    mz : ndarray of int, shape (n_peaks,)
        Strictly ascending, 1 to 1000.
    intensity : ndarray of float, shape (n_peaks,)
        Greater than 0.
    """

    mz: IntArray
    intensity: FloatArray


def unit_mass(mz: FloatArray, intensity: FloatArray, *, rescale: bool = True) -> UnitSpectrum:
    """Return a spectrum on whole masses: ``floor(mz + 0.5)``, the tallest peak kept in each.

    Peaks without a positive intensity or outside m/z 1 to 1000 are dropped.

    Parameters
    ----------
    mz, intensity : ndarray of float, shape (n_peaks,)
    rescale : bool
        Set the base peak to 999.

    Raises
    ------
    GridMismatchError
        The two arrays differ in length.
    SpectrumError
        An m/z or an intensity is not a finite number.
    """
    x, y = np.asarray(mz, dtype=np.float64), np.asarray(intensity, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise GridMismatchError(f"{x.size} m/z and {y.size} intensities")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise SpectrumError(
            "a mass spectrum holds a value that is not a number", hint="Export the spectrum again."
        )
    keep = (y > 0) & (x >= 0.5) & (x < MZ_MAX + 0.5)
    whole = np.floor(x[keep] + 0.5).astype(np.int64)
    row = np.zeros(MZ_MAX + 1)
    np.maximum.at(row, whole, y[keep])
    found = np.flatnonzero(row)
    values = row[found]
    if rescale and found.size:
        values = values / values.max() * BASE_PEAK
        found, values = found[values >= SMALLEST_PEAK], values[values >= SMALLEST_PEAK]
    return UnitSpectrum(mz=found.astype(np.int64), intensity=values)


def weighted(spectrum: UnitSpectrum, weights: Weights) -> FloatArray:
    """Return the weighted peaks, not normalised, shape (n_peaks,)."""
    heights = np.asarray(spectrum.intensity**weights.intensity_power, dtype=np.float64)
    return heights * spectrum.mz.astype(np.float64) ** weights.mz_power


def _common(a: UnitSpectrum, b: UnitSpectrum) -> tuple[IntArray, IntArray]:
    _, at_a, at_b = np.intersect1d(a.mz, b.mz, assume_unique=True, return_indices=True)
    return at_a, at_b


def weighted_cosine(query: UnitSpectrum, reference: UnitSpectrum, weights: Weights) -> float:
    """Return the cosine of two weighted spectra, 0 to 1; 0.0 when either is empty."""
    q, r = weighted(query, weights), weighted(reference, weights)
    scale = float(np.linalg.norm(q) * np.linalg.norm(r))
    if scale == 0:
        return 0.0
    at_q, at_r = _common(query, reference)
    return min(float(q[at_q] @ r[at_r]) / scale, 1.0)


def match_factor(query: UnitSpectrum, reference: UnitSpectrum, weights: Weights = KIM) -> float:
    """Return the squared weighted cosine: the match factor of vendor software divided by 999."""
    return weighted_cosine(query, reference, weights) ** 2


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Both spectra on the union of their masses, cut to the compared range; absent is 0."""

    mz: FloatArray
    query: FloatArray
    reference: FloatArray

    @property
    def matched(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Peaks in both, at least one of them more than a trace."""
        traces = (self.query <= 1) & (self.reference <= 1)
        return (self.query > 0) & (self.reference > 0) & ~traces


def _pairs(
    query: UnitSpectrum, reference: UnitSpectrum, mz_min: int | None, mz_max: int | None
) -> _Pairs:
    if not (query.mz.size and reference.mz.size):
        empty = np.zeros(0)
        return _Pairs(empty, empty, empty)
    low = max(int(query.mz[0]), int(reference.mz[0])) if mz_min is None else mz_min
    high = MZ_MAX if mz_max is None else mz_max
    mz = np.union1d(query.mz, reference.mz)
    mz = mz[(mz >= low) & (mz <= high)]
    table = np.zeros((2, MZ_MAX + 1))
    table[0, query.mz] = query.intensity
    table[1, reference.mz] = reference.intensity
    return _Pairs(mz.astype(np.float64), table[0, mz], table[1, mz])


def _first_term(pairs: _Pairs, mz_weight: FloatArray, *, reverse: bool) -> float:
    both = pairs.matched
    if not both.any():
        return 0.0
    lone_query = (pairs.query > 1) & (pairs.reference == 0)
    lone_reference = (pairs.reference > 1) & (pairs.query == 0)
    in_query = both if reverse else both | lone_query
    shared = float(np.sum(mz_weight[both] * np.sqrt(pairs.query[both] * pairs.reference[both])))
    total_query = float(np.sum((mz_weight * pairs.query)[in_query]))
    total_reference = float(np.sum((mz_weight * pairs.reference)[both | lone_reference]))
    return shared**2 / (total_query * total_reference)


def nist_simple(
    query: UnitSpectrum,
    reference: UnitSpectrum,
    *,
    reverse: bool = False,
    mz_min: int | None = None,
    mz_max: int | None = None,
) -> float:
    """Return the NIST "Similarity, simple" match factor, 0 to 1.

    Intensities on a base peak of 999; 1 or less is a trace, ignored unless it matches a peak that
    is none. Without ``mz_min`` the comparison starts at the larger of the two lowest masses.
    With ``reverse`` the query's own extra peaks do not count.

    References
    ----------
    Samokhin, J. Am. Soc. Mass Spectrom. (2024), doi:10.1021/jasms.4c00350.
    """
    pairs = _pairs(query, reference, mz_min, mz_max)
    return _first_term(pairs, np.ones_like(pairs.mz), reverse=reverse)


def nist_identity(
    query: UnitSpectrum,
    reference: UnitSpectrum,
    *,
    reverse: bool = False,
    mz_min: int | None = None,
    mz_max: int | None = None,
) -> float:
    """Return the NIST "Identity, EI normal" match factor, 0 to 1.

    ``(n1 F_D + n2 F_R) / (n1 + n2)``: ``F_D`` the squared cosine weighted by the square root of
    m/z times intensity, ``F_R`` the agreement of intensity ratios of neighbouring matched peaks,
    weighted by m/z. An unmatched peak above trace between two matched ones breaks their pairing,
    in reverse search too. NIST MS Search shows ``floor(1000 * score)`` and 1000 as 999.

    References
    ----------
    Samokhin, J. Am. Soc. Mass Spectrom. (2024), doi:10.1021/jasms.4c00350.
    """
    pairs = _pairs(query, reference, mz_min, mz_max)
    both = pairs.matched
    n_matched = int(both.sum())
    if n_matched == 0:
        return 0.0
    first = _first_term(pairs, pairs.mz, reverse=reverse)
    told = both | (pairs.query > 1) | (pairs.reference > 1)
    mz, q, r, is_match = pairs.mz[told], pairs.query[told], pairs.reference[told], both[told]
    paired = np.flatnonzero(is_match[1:] & is_match[:-1]) + 1
    if paired.size == 0:
        return first
    ratio = np.sqrt(q[paired] * r[paired - 1]) / np.sqrt(q[paired - 1] * r[paired])
    agreement = np.minimum(ratio, 1 / ratio)
    second = float(np.sum(mz[paired] * agreement) / np.sum(mz[paired]))
    return (n_matched * first + paired.size * second) / (n_matched + paired.size)


def entropy_weighted(intensity: FloatArray) -> FloatArray:
    """Return intensities that sum to 0.5, flattened where their entropy is below 3 nats.

    References
    ----------
    Li et al., Nature Methods 18 (2021) 1524, doi:10.1038/s41592-021-01331-z.
    """
    total = float(intensity.sum())
    if total <= 0:
        return np.zeros_like(intensity)
    p = intensity / total
    entropy = -float(np.sum(p * np.log(p)))
    if entropy < 3:
        p = p ** (0.25 + 0.25 * entropy)
        p = p / p.sum()
    return np.asarray(p / 2, dtype=np.float64)


def entropy_gain(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return what matched peaks add to the entropy similarity, ``f(a+b) - f(a) - f(b)``."""
    both = a + b
    gain = both * np.log2(both) - a * np.log2(a) - b * np.log2(b)
    return np.asarray(gain, dtype=np.float64)


def entropy_similarity(query: UnitSpectrum, reference: UnitSpectrum) -> float:
    """Return the weighted spectral entropy similarity, 0 to 1; 0.0 when either is empty."""
    at_q, at_r = _common(query, reference)
    if at_q.size == 0:
        return 0.0
    q, r = entropy_weighted(query.intensity), entropy_weighted(reference.intensity)
    return min(max(float(entropy_gain(q[at_q], r[at_r]).sum()), 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HybridMatch:
    """A hybrid comparison.

    Parameters
    ----------
    score : float
        Squared modified cosine, 0 to 1.
    direct_mz, shifted_mz : tuple of int
        Masses of the query that found their partner in place, and moved by the mass shift.
    """

    score: float
    direct_mz: tuple[int, ...]
    shifted_mz: tuple[int, ...]


def hybrid(
    query: UnitSpectrum,
    reference: UnitSpectrum,
    mass_shift: int,
    weights: Weights = NIST_IDENTITY_FIRST,
) -> HybridMatch:
    """Return the hybrid comparison: a reference peak at m meets the query at m or m + mass_shift.

    One peak meets one peak. Pairs are taken in falling order of their weighted product; of two
    equal products the pair in place goes first, then the lower mass. This is the greedy modified
    cosine on unit masses, squared to the scale of a match factor.

    Parameters
    ----------
    query, reference : UnitSpectrum
    mass_shift : int
        Molecular mass of the query minus that of the reference, in Da.
    weights : Weights

    References
    ----------
    Moorthy et al., Anal. Chem. 89 (2017) 13261, doi:10.1021/acs.analchem.7b03320 (the idea; there
    an intensity may be split between the two places, here it may not).
    """
    q, r = weighted(query, weights), weighted(reference, weights)
    scale = float(np.linalg.norm(q) * np.linalg.norm(r))
    if scale == 0:
        return HybridMatch(score=0.0, direct_mz=(), shifted_mz=())
    place = {int(m): i for i, m in enumerate(query.mz)}
    pairs: list[tuple[float, bool, int, int, int]] = []
    for j, m in enumerate(reference.mz):
        for shift in {0, mass_shift}:
            i = place.get(int(m) + shift)
            if i is not None:
                pairs.append((-float(q[i] * r[j]), shift != 0, int(m), i, j))
    used_query: set[int] = set()
    used_reference: set[int] = set()
    direct: list[int] = []
    shifted: list[int] = []
    total = 0.0
    for product, moved, _, i, j in sorted(pairs):
        if i in used_query or j in used_reference:
            continue
        used_query.add(i)
        used_reference.add(j)
        total -= product
        (shifted if moved else direct).append(int(query.mz[i]))
    score = min(total / scale, 1.0) ** 2
    return HybridMatch(
        score=score, direct_mz=tuple(sorted(direct)), shifted_mz=tuple(sorted(shifted))
    )
