"""Scores of every library row against one query, approximately but with a certified error.

A row whose score plus error is below the k-th best score minus error cannot be among the k best;
the index rescores the few others in float64. Two scans give such bounds: float32 products in
blocks (any number of queries), and an int8 copy of the library read once (one query, large
library). Neither knows substances or files.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray

Float32Array = npt.NDArray[np.float32]
Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]
Visit = Callable[[int, Float32Array, Float32Array], None]

# Rows of a block: with 1,801 points 2,048 rows are 15 MB, which keeps the products of a batch of
# 100 queries in cache.
BLOCK_ROWS = 2048
_HEATS = 512
# Rounding of the float32 arithmetic on scores after the products; scores are at most 1 in size.
_SCORE_ROUNDING = 2e-6
# numba costs 0.2 s to import and 0.1-0.4 s to load a kernel: not worth it below this many bytes.
_SMALLEST_INT8_SCAN = 30_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """What turns products of vectors into correlations over the shared region.

    score[r, q, s] = product · scale[mask, q, s] · row_scale[r] − offset[mask, q, s] · row_mean[r]

    Parameters
    ----------
    scale, offset : ndarray of float32, shape (n_masks, n_queries, n_shifts)
        ``scale`` is 0 where the query does not vary over the shared region.
    row_scale, row_mean : ndarray of float32, shape (n_rows,)
        ``row_scale`` is 0 for rows that must not be compared.
    mask_of : ndarray of int32, shape (n_rows,)
    """

    scale: Float32Array
    offset: Float32Array
    row_scale: Float32Array
    row_mean: Float32Array
    mask_of: Int32Array


def block_scores(products: Float32Array, terms: Terms, start: int) -> tuple[Float32Array, ...]:
    """Return the best score over shifts, and what its error must be multiplied with.

    Parameters
    ----------
    products : ndarray of float32, shape (n_block, n_queries, n_shifts)
        Overwritten.
    start : int
        Library row of the first of the block.

    Returns
    -------
    best, amplification : ndarray of float32, shape (n_block, n_queries)
        ``best`` is −inf where row and query must not be compared.
    """
    stop = start + products.shape[0]
    row_scale = terms.row_scale[start:stop, None, None]
    row_mean = terms.row_mean[start:stop, None, None]
    if terms.scale.shape[0] == 1:
        scale, offset = terms.scale, terms.offset
    else:
        mask = terms.mask_of[start:stop]
        scale, offset = terms.scale[mask], terms.offset[mask]
    products *= scale
    products *= row_scale
    products -= offset * row_mean
    if not scale.all():
        products[np.broadcast_to(scale == 0, products.shape)] = -np.inf
    products[row_scale[:, 0, 0] == 0] = -np.inf
    best = products[:, :, 0] if products.shape[2] == 1 else products.max(axis=2)
    return best, scale.max(axis=2) * row_scale[:, :, 0]


class Contest:
    """The rows that may still be among the ``top`` best of one query while blocks pass by."""

    __slots__ = ("_kth", "_leaders", "_rows", "_top", "_upper")

    def __init__(self, top: int) -> None:
        self._top = top
        self._kth = -np.inf
        self._leaders: Float32Array = np.empty(0, dtype=np.float32)
        self._rows: list[npt.NDArray[np.int64]] = []
        self._upper: list[Float32Array] = []

    def enter(self, best: Float32Array, error: Float32Array, start: int) -> None:
        """Let a block compete.

        Parameters
        ----------
        best, error : ndarray of float32, shape (n_block,)
        """
        if self._kth == -np.inf and best.size > 4 * _HEATS:
            # A first few set a mark that spares most others.
            self.enter(best[:_HEATS], error[:_HEATS], start)
            self.enter(best[_HEATS:], error[_HEATS:], start + _HEATS)
            return
        upper = best + error
        entering = np.flatnonzero((upper >= self._kth) & (upper > -np.inf))
        if not entering.size:
            return
        lower = (best - error)[entering]
        leaders = np.concatenate((self._leaders, lower))
        if leaders.size > self._top:
            leaders = np.partition(leaders, leaders.size - self._top)[-self._top :]
        if leaders.size == self._top:
            self._kth = float(leaders.min())
        self._leaders = leaders
        keep = upper[entering] >= self._kth
        self._rows.append(entering[keep] + start)
        self._upper.append(upper[entering][keep])

    def survivors(self) -> npt.NDArray[np.int64]:
        """Return the rows that a certificate could not exclude, ascending."""
        if not self._rows:
            return np.empty(0, dtype=np.int64)
        rows, upper = np.concatenate(self._rows), np.concatenate(self._upper)
        return np.sort(rows[upper >= self._kth])


def float32_error(n_points: int) -> float:
    """Return the bound on a float32 product of two vectors of length at most 1.

    |fl(q·l) − q·l| ≤ n·u / (1 − n·u) · ‖q‖·‖l‖ with u = 2⁻²⁴ (Higham, Accuracy and Stability of
    Numerical Algorithms, 2nd ed., §3.1), plus the rounding of the query itself.
    """
    nu = (n_points + 2) * 2.0**-24
    return nu / (1 - nu)


def scan_float32(
    derivatives: Float32Array,
    vectors: FloatArray,
    terms: Terms,
    visit: Visit,
) -> None:
    """Give ``visit(start, best, error)`` the scores of each block of rows.

    Parameters
    ----------
    derivatives : ndarray of float32, shape (n_rows, n_points)
    vectors : ndarray of float, shape (n_queries, n_shifts, n_points)
    """
    n_queries, n_shifts, n_points = vectors.shape
    right = np.ascontiguousarray(vectors.reshape(-1, n_points).T, dtype=np.float32)
    bound = np.float32(float32_error(n_points))
    for start in range(0, derivatives.shape[0], BLOCK_ROWS):
        block = np.asarray(derivatives[start : start + BLOCK_ROWS])
        products = (block @ right).reshape(-1, n_queries, n_shifts)
        best, amplification = block_scores(products, terms, start)
        visit(start, best, amplification * bound + np.float32(_SCORE_ROUNDING))


def quantise(vectors: npt.NDArray[np.floating]) -> tuple[Int8Array, Float32Array, Float32Array]:
    """Return int8 codes, their scale and the length of what they miss, row by row.

    Parameters
    ----------
    vectors : ndarray of float, shape (n_rows, n_points)

    Returns
    -------
    codes : ndarray of int8, shape (n_rows, n_points)
    scales, residuals : ndarray of float32, shape (n_rows,)
        vector ≈ scale · codes, and ‖vector − scale · codes‖, rounded up.
    """
    peak = np.abs(vectors).max(axis=1) if vectors.shape[1] else np.zeros(vectors.shape[0])
    scales = (np.where(peak > 0, peak, 1.0) / 127.0).astype(np.float32)
    codes = np.clip(np.rint(vectors / scales[:, None]), -127, 127).astype(np.int8)
    missed = vectors.astype(np.float64) - scales[:, None].astype(np.float64) * codes
    residuals = np.sqrt(np.einsum("ij,ij->i", missed, missed)) * (1 + 1e-6)
    return codes, scales, residuals.astype(np.float32)


def int8_kernel_pays(codes: Int8Array) -> bool:
    """Return whether a library is large enough for the int8 scan and numba is there."""
    return codes.size >= _SMALLEST_INT8_SCAN and _int8_products() is not None


def scan_int8(
    codes: Int8Array,
    scales: Float32Array,
    residuals: Float32Array,
    vectors: FloatArray,
    terms: Terms,
    visit: Visit,
) -> None:
    """Give ``visit(start, best, error)`` the scores of each block of rows, from the int8 copy.

    Parameters
    ----------
    codes : ndarray of int8, shape (n_rows, n_points)
    scales, residuals : ndarray of float32, shape (n_rows,)
    vectors : ndarray of float, shape (n_shifts, n_points)
        One query at each shift.

    Notes
    -----
    |q·l − q̂·l̂| ≤ ‖q − q̂‖·‖l‖ + ‖q̂‖·‖l − l̂‖ (Cauchy-Schwarz), with ‖l‖ ≤ 1. The int32 sums
    cannot overflow below 127² · 133,000 points.
    """
    kernel = _int8_products()
    query_codes, query_scales, query_residuals = quantise(vectors)
    lengths = query_scales * np.sqrt((query_codes.astype(np.float64) ** 2).sum(axis=1))
    length, missed = np.float32(lengths.max() * (1 + 1e-6)), np.float32(query_residuals.max())
    wide = np.ascontiguousarray(query_codes, dtype=np.int16)
    rows = 16 * BLOCK_ROWS
    for start in range(0, codes.shape[0], rows):
        block = codes[start : start + rows]
        sums = kernel(block, wide) if kernel is not None else _numpy_products(block, query_codes)
        products = sums.astype(np.float32)
        products *= query_scales[None, :]
        products *= scales[start : start + rows, None]
        best, amplification = block_scores(products[:, None, :], terms, start)
        error = missed * np.float32(1 + 1e-6) + length * residuals[start : start + rows, None]
        visit(start, best, amplification * error + np.float32(_SCORE_ROUNDING))


def _numpy_products(codes: Int8Array, query: Int8Array) -> Int32Array:
    """Return the sums without numba, exact while they stay below 2⁵³."""
    sums = np.empty((codes.shape[0], query.shape[0]), dtype=np.int32)
    right = query.T.astype(np.float64)
    for start in range(0, codes.shape[0], BLOCK_ROWS):
        sums[start : start + BLOCK_ROWS] = codes[start : start + BLOCK_ROWS].astype(float) @ right
    return sums


@functools.cache
def _int8_products() -> Callable[[Int8Array, npt.NDArray[np.int16]], Int32Array] | None:
    """Return the compiled kernel, or None where numba is missing."""
    try:
        from spectra.curve_kernel import int8_products
    except ImportError:
        return None
    return int8_products
