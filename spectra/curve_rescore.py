"""The last word on a scan's survivors: float64 scores, shifts and the second metric."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spectra.axis import FloatArray, IntArray
from spectra.curve_query import CurveQuery
from spectra.curve_scan import BLOCK_ROWS, Float32Array, Int32Array
from spectra.derivative import BoolArray
from spectra.similarity import POLYNOMIAL_DEGREE, polynomial_basis

# This share of the derivative's variance must lie in the overlap, of query and reference alike:
# a region without bands says nothing about identity.
MIN_ENERGY = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hits:
    """The best rows of one query, best first; ties in row order.

    Parameters
    ----------
    rows : ndarray of int, shape (n_hits,)
        Library rows; fewer than asked for where fewer can be compared.
    scores : ndarray of float, shape (n_hits,)
        First-derivative correlation at the best shift, −1 to 1.
    shifts_cm1 : ndarray of float, shape (n_hits,)
        Add it to the query's axis to meet the reference.
    overlap : ndarray of float, shape (n_hits,)
        Share of the wider of query and reference that was compared, 0 to 1.
    second_scores : ndarray of float, shape (n_hits,)
        Correlation after removing polynomials up to degree 10 at the same shift; NaN where flat.
        An independent check of agreement, not a second ranking.
    """

    rows: IntArray
    scores: FloatArray
    shifts_cm1: FloatArray
    overlap: FloatArray
    second_scores: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """What a query region leaves of the library.

    ``points``, ``overlap`` and ``bases`` are per mask, the others per row; ``bases`` is filled as
    hits need them.
    """

    points: FloatArray
    overlap: FloatArray
    row_scale: Float32Array
    row_mean: Float32Array
    bases: dict[int, tuple[BoolArray, FloatArray]] = field(default_factory=dict)


def query_sums(
    masks: BoolArray, vectors: FloatArray, points: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the sum and the variance sum of each query over each mask.

    Parameters
    ----------
    masks : ndarray of bool, shape (n_masks, n_points)
    vectors : ndarray of float, shape (n_queries, n_shifts, n_points)
    points : ndarray of float, shape (n_masks,)
        Points that mask and query share.

    Returns
    -------
    totals, variances : ndarray of float, shape (n_masks, n_queries, n_shifts)
    """
    weights = masks.astype(np.float64)
    totals = np.einsum("up,qsp->uqs", weights, vectors, optimize=True)
    squares = np.einsum("up,qsp->uqs", weights, vectors**2, optimize=True)
    return totals, squares - totals**2 / np.maximum(points, 1.0)[:, None, None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rescorer:
    """The arrays that exact scores need, as `spectra.curve_arrays` makes them."""

    curves: Float32Array
    derivatives: Float32Array
    masks: BoolArray
    mask_of: Int32Array
    step_cm1: float

    def best(self, query: CurveQuery, rows: IntArray, region: Region, top: int) -> Hits:
        """Return the best of some rows, scored in float64."""
        scores = np.empty(rows.size)
        shifts = np.empty(rows.size, dtype=np.int64)
        for start in range(0, rows.size, BLOCK_ROWS):
            part = slice(start, start + BLOCK_ROWS)
            exact = self._exact(query, rows[part], region)
            best = exact.argmax(axis=1)
            scores[part] = np.take_along_axis(exact, best[:, None], axis=1)[:, 0]
            shifts[part] = query.shifts[best]
        # The last bits depend on which rows share a block; without them, equal rows tie and the
        # same query gives the same digits alone, in a batch and by either scan.
        scores = np.round(scores, 12)
        order = np.lexsort((rows, -scores))[: max(top, 0)]
        rows, shifts = rows[order], shifts[order]
        return Hits(
            rows=rows,
            scores=np.clip(scores[order], -1.0, 1.0),
            shifts_cm1=np.asarray(shifts * self.step_cm1, dtype=np.float64),
            overlap=region.overlap[self.mask_of[rows]],
            second_scores=self._second_scores(query, rows, shifts, region),
        )

    def _exact(self, query: CurveQuery, rows: IntArray, region: Region) -> FloatArray:
        """Return the float64 scores of some rows at each shift, shape (n, n_shifts)."""
        block = np.where(query.region, self.derivatives[rows].astype(np.float64), 0.0)
        masks = self.mask_of[rows]
        points = region.points[masks][:, None]
        totals, variances = query_sums(self.masks, query.vectors[None], region.points)
        sums = block.sum(axis=1)[:, None]
        row_variance = np.einsum("ij,ij->i", block, block)[:, None] - sums**2 / points
        covariance = block @ query.vectors.T - totals[masks, 0] * sums / points
        of_query = variances[masks, 0]
        exact = np.full(covariance.shape, -np.inf)
        usable = of_query > MIN_ENERGY
        spread = np.sqrt(row_variance * np.where(usable, of_query, 1.0))
        np.divide(covariance, spread, out=exact, where=usable)
        return exact

    def _second_scores(
        self, query: CurveQuery, rows: IntArray, shifts: IntArray, region: Region
    ) -> FloatArray:
        """Return the polynomial-projected correlation of the hits at their shifts."""
        second = np.full(rows.size, np.nan)
        for place, (row, shift) in enumerate(zip(rows, shifts, strict=True)):
            mask = int(self.mask_of[row])
            if mask not in region.bases:
                shared = query.region & self.masks[mask]
                at = np.flatnonzero(shared).astype(np.float64)
                region.bases[mask] = shared, polynomial_basis(at, POLYNOMIAL_DEGREE)
            shared, basis = region.bases[mask]
            pair = np.stack((query.shifted_curve(int(shift))[shared], self.curves[row][shared]))
            pair -= (pair @ basis) @ basis.T
            norms = np.linalg.norm(pair, axis=1)
            if norms.min() > 0:
                second[place] = float(pair[0] @ pair[1] / (norms[0] * norms[1]))
        return second
