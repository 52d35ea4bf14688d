"""The arrays an index of curves consists of: how they are made, named and checked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.curve_scan import BLOCK_ROWS, Float32Array, quantise
from spectra.derivative import BoolArray, first_derivative
from spectra.errors import GridMismatchError
from spectra.grid import Grid

# Changes whenever the same curves would give other arrays.
INDEX_VERSION = 1
REBUILD = "Rebuild the library's index from its spectra."
LAYOUT: Mapping[str, tuple[type[np.generic], str]] = {
    "header": (np.float64, "h"),
    "curves": (np.float32, "np"),
    "derivatives": (np.float32, "np"),
    "codes": (np.int8, "np"),
    "scales": (np.float32, "n"),
    "residuals": (np.float32, "n"),
    "masks": (np.bool_, "up"),
    "mask_of": (np.int32, "n"),
}


def check_layout(arrays: Mapping[str, npt.NDArray[np.generic]], grid: Grid) -> None:
    """Raise `GridMismatchError` unless every array has the type and shape that belong together."""
    sizes = {
        "h": 6,
        "n": int(arrays["derivatives"].shape[0]),
        "p": grid.n_points,
        "u": int(arrays["masks"].shape[0]),
    }
    for name, (dtype, axes) in LAYOUT.items():
        found = arrays[name]
        expected = tuple(sizes[axis] for axis in axes)
        if found.dtype != dtype or found.shape != expected:
            raise GridMismatchError(
                f"index array {name} is {found.dtype} {found.shape}, "
                f"expected {np.dtype(dtype)} {expected}",
                hint=REBUILD,
            )
    mask_of = np.asarray(arrays["mask_of"])
    if mask_of.size and not 0 <= int(mask_of.min()) <= int(mask_of.max()) < sizes["u"]:
        raise GridMismatchError("an index row points to a mask that is not there", hint=REBUILD)


def build_arrays(values: npt.NDArray[np.floating], half: int) -> dict[str, npt.NDArray[np.generic]]:
    """Return all arrays but the header, from curves of shape (n, n_points), block by block."""
    n_rows, n_points = values.shape
    curves = values.astype(np.float32)
    derivatives = np.zeros((n_rows, n_points), dtype=np.float32)
    codes = np.zeros((n_rows, n_points), dtype=np.int8)
    scales = np.zeros(n_rows, dtype=np.float32)
    residuals = np.zeros(n_rows, dtype=np.float32)
    packed = np.zeros((n_rows, (n_points + 7) // 8), dtype=np.uint8)
    for start in range(0, n_rows, BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        vectors, exists = unit_derivatives(curves[rows], half)
        derivatives[rows] = vectors
        codes[rows], scales[rows], residuals[rows] = quantise(derivatives[rows])
        packed[rows] = np.packbits(exists, axis=1)
    unique, mask_of = np.unique(packed, axis=0, return_inverse=True)
    return {
        "curves": curves,
        "derivatives": derivatives,
        "codes": codes,
        "scales": scales,
        "residuals": residuals,
        "masks": np.unpackbits(unique, axis=1, count=n_points).astype(np.bool_),
        "mask_of": mask_of.reshape(-1).astype(np.int32),
    }


def unit_derivatives(curves: npt.NDArray[np.floating], half: int) -> tuple[FloatArray, BoolArray]:
    """Return first derivatives, centred and of unit length where they exist; flat rows are 0.

    Parameters
    ----------
    curves : ndarray of float, shape (n, n_points)
    half : int
        Half window in grid steps.
    """
    slope, exists = first_derivative(curves, half)
    counts = np.maximum(exists.sum(axis=1), 1)
    slope -= np.where(exists, (slope.sum(axis=1) / counts)[:, None], 0.0)
    norms = np.sqrt(np.einsum("ij,ij->i", slope, slope))
    peak = np.where(np.isfinite(curves), np.abs(curves), 0.0).max(axis=1, initial=0.0)
    # float32 curves resolve 6e-8 of their height: a smaller slope is rounding, not a band.
    varies = norms > 1e-7 * peak * np.sqrt(counts)
    slope[~varies] = 0.0
    slope[varies] /= norms[varies, None]
    return slope, exists


def row_sums(derivatives: Float32Array, region: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the sum and the sum of squares of each row inside a region, in float64.

    Rows have sum 0 and length 1 (0 when flat), so where most points are inside only those
    outside are read.
    """
    n_rows = derivatives.shape[0]
    outside = np.count_nonzero(region) * 2 > region.size
    columns = np.flatnonzero(~region if outside else region)
    sums, squares = np.zeros(n_rows), np.zeros(n_rows)
    for start in range(0, n_rows, BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        block = derivatives[rows][:, columns].astype(np.float64)
        sums[rows] = block.sum(axis=1)
        squares[rows] = np.einsum("ij,ij->i", block, block)
        if outside:
            flat = ~derivatives[rows].any(axis=1)
            sums[rows] *= -1.0
            squares[rows] = np.where(flat, 0.0, 1.0 - squares[rows])
    return sums, squares
