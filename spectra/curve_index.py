"""A library of curves made searchable: first-derivative correlation over the measured overlap.

Holds arrays only. Which row is which substance, and where the arrays are stored, others know.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from spectra import curve_scan
from spectra.axis import FloatArray, IntArray
from spectra.curve_arrays import (
    INDEX_VERSION,
    LAYOUT,
    REBUILD,
    build_arrays,
    check_layout,
    row_sums,
)
from spectra.curve_query import MIN_POINTS, CurveQuery, make_query
from spectra.curve_rescore import MIN_ENERGY, Hits, Region, Rescorer, query_sums
from spectra.curve_scan import Contest, Float32Array, Terms
from spectra.derivative import WINDOW_CM1, half_window
from spectra.errors import GridMismatchError
from spectra.grid import Grid

# The overlap must be this share of the wider of query and reference: below it two spectra are
# rather two different measurements.
MIN_OVERLAP = 0.3
_COMPONENT_COVER = 0.95
_CACHED_REGIONS = 8


class CurveIndex:
    """Exact nearest curves by first-derivative correlation. Make one with `build`.

    Notes
    -----
    The score of a query and a row is the Pearson correlation of their Savitzky-Golay first
    derivatives (34 cm⁻¹ window, order 2) over the points where both exist, at the best of the
    allowed shifts. See `spectra.similarity.derivative_correlation` for the plain formula.
    """

    def __init__(
        self, arrays: Mapping[str, npt.NDArray[np.generic]], grid: Grid, half: int
    ) -> None:
        self.grid = grid
        self._half = half
        self._curves = np.asarray(arrays["curves"])
        self._derivatives = np.asarray(arrays["derivatives"])
        self._codes = np.asarray(arrays["codes"])
        self._scales = np.asarray(arrays["scales"])
        self._residuals = np.asarray(arrays["residuals"])
        self._masks = np.asarray(arrays["masks"])
        self._mask_of = np.asarray(arrays["mask_of"])
        self._rescorer = Rescorer(
            curves=self._curves,
            derivatives=self._derivatives,
            masks=self._masks,
            mask_of=self._mask_of,
            step_cm1=grid.step_cm1,
        )
        self._regions: OrderedDict[tuple[bytes, float], Region] = OrderedDict()

    def __len__(self) -> int:
        return int(self._derivatives.shape[0])

    @classmethod
    def build(
        cls,
        curves: npt.NDArray[np.floating],
        grid: Grid | FloatArray,
        *,
        window_cm1: float = WINDOW_CM1,
    ) -> CurveIndex:
        """Return an index over curves.

        Parameters
        ----------
        curves : ndarray of float, shape (n, n_points)
            One row per library entry, NaN where not measured. A flat row is kept and never hit.
        grid : Grid, or ndarray of float, shape (n_points,)
            Equal ascending steps in cm⁻¹. A plain axis allows no shift unless asked for.
        window_cm1 : float
            Width of the derivative window.

        Raises
        ------
        GridMismatchError
            The rows do not fit the grid.
        """
        grid = grid if isinstance(grid, Grid) else Grid.from_axis(grid)
        values = np.asarray(curves)
        if values.ndim != 2 or values.shape[1] != grid.n_points:
            raise GridMismatchError(
                f"curves of shape {values.shape} do not fit a grid of {grid.n_points} points"
            )
        half = half_window(grid.step_cm1, window_cm1)
        return cls(build_arrays(values, half), grid, half)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return all that `from_arrays` needs, by name, without copying."""
        grid = self.grid
        header = [grid.start_cm1, grid.stop_cm1, grid.step_cm1, grid.max_shift_cm1, self._half]
        return {
            "header": np.array([INDEX_VERSION, *header], dtype=np.float64),
            "curves": self._curves,
            "derivatives": self._derivatives,
            "codes": self._codes,
            "scales": self._scales,
            "residuals": self._residuals,
            "masks": self._masks,
            "mask_of": self._mask_of,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> CurveIndex:
        """Return an index over stored arrays, memory-mapped ones included, without copying.

        Raises
        ------
        GridMismatchError
            An array is missing or does not fit the others, or another version wrote them.
        """
        missing = sorted(set(LAYOUT) - set(arrays))
        if missing:
            raise GridMismatchError(f"index without {', '.join(missing)}", hint=REBUILD)
        header = np.asarray(arrays["header"])
        whole = header.dtype == np.float64 and header.shape == (6,) and np.isfinite(header).all()
        if not whole or header[0] != INDEX_VERSION or header[5] < 1:
            raise GridMismatchError(
                f"curve index of another version, {INDEX_VERSION} expected", hint=REBUILD
            )
        _, start, stop, step, max_shift, half = (float(value) for value in header)
        grid = Grid(start_cm1=start, stop_cm1=stop, step_cm1=step, max_shift_cm1=max_shift)
        check_layout(arrays, grid)
        return cls(arrays, grid, int(half))

    def curve(self, row: int) -> FloatArray:
        """Return one stored curve, NaN where not measured, shape (n_points,)."""
        return np.asarray(self._curves[row], dtype=np.float64)

    def curves(self, rows: IntArray) -> FloatArray:
        """Return some stored curves, NaN where not measured, shape (n_asked, n_points)."""
        return np.asarray(self._curves[rows], dtype=np.float64)

    def query(self, curve: FloatArray, *, max_shift_cm1: float | None = None) -> CurveQuery:
        """Return a query ready for `component_scale`, `region_vectors` and `products`.

        Raises
        ------
        GridMismatchError, FlatSpectrumError
            As `search`.
        """
        return self._by_region(np.asarray(curve)[None], max_shift_cm1)[0][1][0]

    def component_scale(self, query: CurveQuery) -> FloatArray:
        """Return what makes each row a unit vector over a query's region, shape (n,).

        0.0 for rows that cannot be a component: they cover less than 95 % of the region or hold no
        bands in it.
        """
        sums, energies = row_sums(self._derivatives, query.region)
        variances = energies - sums**2 / query.n_points
        points = self._masks @ query.region.astype(np.float64)
        usable = (variances > MIN_ENERGY) & (points >= _COMPONENT_COVER * query.n_points)[
            self._mask_of
        ]
        return np.where(usable, 1.0 / np.sqrt(np.where(usable, variances, 1.0)), 0.0)

    def region_vectors(self, rows: IntArray, query: CurveQuery) -> FloatArray:
        """Return derivatives of rows, centred over a query's region and 0 outside, (n, p)."""
        vectors = np.where(query.region, self._derivatives[rows].astype(np.float64), 0.0)
        means = vectors.sum(axis=1, keepdims=True) / query.n_points
        return np.where(query.region, vectors - means, 0.0)

    def products(self, vectors: FloatArray) -> FloatArray:
        """Return the product of every row's derivative with some vectors, shape (n, n_vectors)."""
        right = np.ascontiguousarray(vectors.T, dtype=np.float32)
        out = np.empty((len(self), vectors.shape[0]), dtype=np.float32)
        for start in range(0, len(self), curve_scan.BLOCK_ROWS):
            rows = slice(start, start + curve_scan.BLOCK_ROWS)
            np.matmul(self._derivatives[rows], right, out=out[rows])
        return out.astype(np.float64)

    def search(
        self,
        query: FloatArray,
        top: int = 10,
        *,
        max_shift_cm1: float | None = None,
        min_overlap: float = MIN_OVERLAP,
    ) -> Hits:
        """Return the best rows for one query.

        Parameters
        ----------
        query : ndarray of float, shape (n_points,)
            On the grid of the index, NaN where not measured.
        top : int
            How many rows at most.
        max_shift_cm1 : float or None
            Allowed slide along the axis; None takes that of the grid.
        min_overlap : float
            Smallest share of the wider of query and reference that must be compared, 0 to 1.

        Returns
        -------
        Hits
            Exactly the rows that float64 arithmetic over the whole library puts on top.

        Raises
        ------
        GridMismatchError
            The query does not fit the grid or holds too few points.
        FlatSpectrumError
            The query is a straight line.
        """
        one = np.asarray(query, dtype=np.float64)
        if one.ndim != 1:
            raise GridMismatchError(f"a query is one row of numbers, found shape {one.shape}")
        hits = self.search_many(
            one[None, :], top, max_shift_cm1=max_shift_cm1, min_overlap=min_overlap
        )
        return hits[0]

    def search_many(
        self,
        queries: npt.NDArray[np.floating],
        top: int = 10,
        *,
        max_shift_cm1: float | None = None,
        min_overlap: float = MIN_OVERLAP,
    ) -> list[Hits]:
        """Return the best rows for each query, shape (n_queries, n_points), as `search` does."""
        found: dict[int, Hits] = {}
        for numbers, group in self._by_region(queries, max_shift_cm1):
            region, terms = self._terms(group, min_overlap)
            contests = [Contest(max(top, 1)) for _ in group]

            def visit(
                start: int,
                best: Float32Array,
                error: Float32Array,
                contests: list[Contest] = contests,
            ) -> None:
                for column, contest in enumerate(contests):
                    contest.enter(best[:, column], error[:, column], start)

            self._scan(group, terms, visit)
            for number, query, contest in zip(numbers, group, contests, strict=True):
                found[number] = self._rescorer.best(query, contest.survivors(), region, top)
        return [found[number] for number in range(len(found))]

    def scores(
        self,
        queries: npt.NDArray[np.floating],
        *,
        max_shift_cm1: float | None = None,
        min_overlap: float = MIN_OVERLAP,
    ) -> Float32Array:
        """Return the score of every row for every query, for calibration.

        Parameters
        ----------
        queries : ndarray of float, shape (n_queries, n_points)

        Returns
        -------
        ndarray of float32, shape (n_queries, n_rows)
            Within about 1e-4 / the variance share of the overlap; −1 where not comparable.
        """
        scores = np.full((np.shape(queries)[0], len(self)), -1.0, dtype=np.float32)
        for numbers, group in self._by_region(queries, max_shift_cm1):
            _, terms = self._terms(group, min_overlap)
            target = np.array(numbers)

            def visit(
                start: int,
                best: Float32Array,
                _error: Float32Array,
                target: npt.NDArray[np.int64] = target,
            ) -> None:
                scores[target, start : start + best.shape[0]] = np.clip(best, -1.0, 1.0).T

            vectors = np.stack([query.vectors for query in group])
            curve_scan.scan_float32(self._derivatives, vectors, terms, visit)
        return scores

    def _by_region(
        self, queries: npt.NDArray[np.floating], max_shift_cm1: float | None
    ) -> list[tuple[list[int], list[CurveQuery]]]:
        """Return the queries grouped by the region they cover, with their numbers."""
        values = np.asarray(queries)
        if values.ndim != 2 or values.shape[1] != self.grid.n_points:
            raise GridMismatchError(
                f"queries of shape {values.shape} do not fit a grid of {self.grid.n_points} points"
            )
        allowed = self.grid.max_shift_cm1 if max_shift_cm1 is None else max_shift_cm1
        steps = int(max(allowed, 0.0) / self.grid.step_cm1 + 1e-9)
        groups: dict[bytes, tuple[list[int], list[CurveQuery]]] = {}
        for number, row in enumerate(values):
            query = make_query(row.astype(np.float64), self._half, steps)
            numbers, members = groups.setdefault(query.region.tobytes(), ([], []))
            numbers.append(number)
            members.append(query)
        return list(groups.values())

    def _scan(self, group: list[CurveQuery], terms: Terms, visit: curve_scan.Visit) -> None:
        if len(group) == 1 and curve_scan.int8_kernel_pays(self._codes):
            curve_scan.scan_int8(
                self._codes, self._scales, self._residuals, group[0].vectors, terms, visit
            )
            return
        vectors = np.stack([query.vectors for query in group])
        curve_scan.scan_float32(self._derivatives, vectors, terms, visit)

    def _region(self, query: CurveQuery, min_overlap: float) -> Region:
        """Return what a query's region leaves; the last few regions are remembered."""
        key = (query.region.tobytes(), min_overlap)
        if key in self._regions:
            self._regions.move_to_end(key)
            return self._regions[key]
        points = self._masks @ query.region.astype(np.float64)
        widest = np.maximum(self._masks.sum(axis=1), query.n_points)
        overlap = points / np.maximum(widest, 1)
        comparable = (points >= MIN_POINTS) & (overlap >= min_overlap)
        sums, energies = row_sums(self._derivatives, query.region)
        variances = energies - sums**2 / np.maximum(points, 1.0)[self._mask_of]
        eligible = (variances > MIN_ENERGY) & comparable[self._mask_of]
        row_scale = np.where(eligible, 1.0 / np.sqrt(np.where(eligible, variances, 1.0)), 0.0)
        region = Region(
            points=points,
            overlap=overlap,
            row_scale=row_scale.astype(np.float32),
            row_mean=(sums * row_scale).astype(np.float32),
        )
        self._regions[key] = region
        while len(self._regions) > _CACHED_REGIONS:
            self._regions.popitem(last=False)
        return region

    def _terms(self, group: list[CurveQuery], min_overlap: float) -> tuple[Region, Terms]:
        region = self._region(group[0], min_overlap)
        vectors = np.stack([query.vectors for query in group])
        totals, variances = query_sums(self._masks, vectors, region.points)
        usable = variances > MIN_ENERGY
        scale = np.where(usable, 1.0 / np.sqrt(np.where(usable, variances, 1.0)), 0.0)
        offset = totals * scale / np.maximum(region.points, 1.0)[:, None, None]
        return region, Terms(
            scale=scale.astype(np.float32),
            offset=offset.astype(np.float32),
            row_scale=region.row_scale,
            row_mean=region.row_mean,
            mask_of=self._mask_of,
        )


__all__ = ["INDEX_VERSION", "CurveIndex", "Hits"]
