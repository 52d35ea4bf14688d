"""The compiled inner loop of the int8 scan. Importing it imports numba: do so only when it pays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(cache=True, nogil=True)
def _products(codes, query, out) -> None:  # type: ignore[no-untyped-def]
    n_rows, n_points = codes.shape
    for row in range(n_rows):
        for shift in range(query.shape[0]):
            total = np.int32(0)
            for point in range(n_points):
                total += np.int32(codes[row, point]) * np.int32(query[shift, point])
            out[row, shift] = total


def int8_products(
    codes: npt.NDArray[np.int8], query: npt.NDArray[np.int16]
) -> npt.NDArray[np.int32]:
    """Return the integer products of library codes with a query at each shift.

    Parameters
    ----------
    codes : ndarray of int8, shape (n_rows, n_points)
    query : ndarray of int16, shape (n_shifts, n_points)

    Returns
    -------
    ndarray of int32, shape (n_rows, n_shifts)
    """
    out = np.empty((codes.shape[0], query.shape[0]), dtype=np.int32)
    _products(codes, query, out)
    return out
