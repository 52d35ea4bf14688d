"""One query against a `CodeMatrix`: whole-number weights, and how far a sum may be off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray, IntArray
from spectra.errors import SpectrumError
from spectra.mass_scores import UnitSpectrum, Weights, entropy_weighted, weighted
from spectra.peak_codes import CODE_SCALE, RESIDUAL_SCALE, CodeMatrix
from spectra.peak_table import N_COLUMNS, UInt16Array

# So much of a query of length 1 may be left unread: its smallest peaks, often a third of them.
_UNREAD = 0.015
_LARGEST_SUM = 65_000.0
# Rounding of the few float operations between a sum and a score.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodedQuery:
    """A query as a scan reads it.

    Parameters
    ----------
    masses : ndarray of int64, shape (n,)
    weights : ndarray of uint16, shape (n,)
    factor : int
        What a residual of 1 adds to a sum.
    unit : float
        Sum of a cosine of 1.
    extra : float
        What the rounded and unread parts of the query may add to a cosine.
    vector : ndarray of float64, shape (1001,)
        What the exact score reads.
    """

    masses: IntArray
    weights: UInt16Array
    factor: int
    unit: float
    extra: float
    vector: FloatArray

    def dense_weights(self) -> UInt16Array:
        """Return the weights over m/z, shape (1001,)."""
        out = np.zeros(N_COLUMNS, dtype=np.uint16)
        out[self.masses] = self.weights
        return out

    def least_sum(self, cosine: float) -> float:
        """Return the sum below which no row has this cosine."""
        return float(np.floor((cosine - self.extra) * self.unit)) - 1.0


def unit_vector(query: UnitSpectrum, weights: Weights) -> FloatArray:
    """Return the weighted query of length 1 over m/z, shape (1001,).

    Raises
    ------
    SpectrumError
        The intensities are too small or too large for the weights to be numbers.
    """
    vector = np.zeros(N_COLUMNS)
    values = weighted(query, weights)
    length = float(np.linalg.norm(values))
    if not (np.isfinite(length) and length > 0):
        raise SpectrumError("the intensities of the spectrum cannot be weighted")
    vector[query.mz] = values / length
    return vector


def entropy_vector(query: UnitSpectrum) -> FloatArray:
    """Return the query as `entropy_weighted` makes it over m/z, shape (1001,)."""
    vector = np.zeros(N_COLUMNS)
    vector[query.mz] = entropy_weighted(query.intensity)
    return vector


def coded(
    scanned: FloatArray, exact: FloatArray, codes: CodeMatrix, *, spread: float
) -> CodedQuery:
    """Return a query for a scan.

    Parameters
    ----------
    scanned : ndarray of float64, shape (1001,)
        The query of length 1, as the rows of ``codes`` are.
    exact : ndarray of float64, shape (1001,)
        What the exact score reads.
    spread : float
        How much longer the vector can be that a scan makes of it: 1, or √2 where each element may
        stand at two masses.

    Notes
    -----
    For a row l and its codes l̂, |q·l − q̂·l̂| ≤ ‖q − q̂‖·‖l‖ + ‖q̂‖·‖l − l̂‖ (Cauchy-Schwarz), with
    ‖l‖ = 1.
    """
    mz = np.flatnonzero(scanned)
    values = scanned[mz]
    largest_residual = float(codes.residuals.max(initial=0))
    per_length = codes.longest + largest_residual * (CODE_SCALE / RESIDUAL_SCALE + 1.0 / 100.0)
    room = _LARGEST_SUM - 2.0 * largest_residual
    scale = room / (per_length * spread) - 0.5 * np.sqrt(mz.size)
    rising = np.argsort(values, kind="stable")
    unread = np.cumsum(values[rising] ** 2) <= _UNREAD**2
    weights = np.rint(values * scale)
    weights[rising[unread]] = 0
    missed = float(np.linalg.norm(values - weights / scale))
    read = weights > 0
    length = float(np.linalg.norm(weights))
    return CodedQuery(
        masses=mz[read].astype(np.int64),
        weights=weights[read].astype(np.uint16),
        factor=int(np.ceil(length * spread * CODE_SCALE / RESIDUAL_SCALE)),
        unit=scale * CODE_SCALE,
        extra=missed * spread + _ROUNDING,
        vector=exact,
    )
