"""Retention indices from a ladder of n-alkanes: isothermal and temperature-programmed."""

from __future__ import annotations

import numpy as np

from spectra.axis import FloatArray
from spectra.errors import AxisError, GridMismatchError, SpectrumError


def _between(
    time_s: float, ladder_time_s: FloatArray, carbons: FloatArray
) -> tuple[float, float, float, float]:
    times = np.asarray(ladder_time_s, dtype=np.float64)
    numbers = np.asarray(carbons, dtype=np.float64)
    if times.shape != numbers.shape or times.ndim != 1:
        raise GridMismatchError(f"{times.size} ladder times and {numbers.size} carbon numbers")
    if times.size < 2:
        raise SpectrumError(
            f"a retention index needs at least two alkanes, found {times.size}",
            hint="Run the alkane ladder with the same method.",
        )
    finite = np.isfinite(times).all() and np.isfinite(numbers).all() and np.isfinite(time_s)
    if not finite or (np.diff(times) <= 0).any() or (np.diff(numbers) <= 0).any():
        raise AxisError("the alkane ladder must rise in retention time and in carbon number")
    if not times[0] <= time_s <= times[-1]:
        raise SpectrumError(
            f"{time_s:g} s lies outside the ladder, {times[0]:g} to {times[-1]:g} s",
            hint="An index is not extrapolated: use a longer ladder.",
        )
    at = min(int(np.searchsorted(times, time_s, side="right")) - 1, times.size - 2)
    return float(times[at]), float(times[at + 1]), float(numbers[at]), float(numbers[at + 1])


def programmed_index(time_s: float, ladder_time_s: FloatArray, carbons: FloatArray) -> float:
    """Return the linear retention index of a temperature-programmed run.

    ``100 [n + (N - n) (t - t_n) / (t_N - t_n)]``, between the alkanes n and N around it.

    Parameters
    ----------
    time_s : float
        Retention time in s.
    ladder_time_s : ndarray of float, shape (n_alkanes,)
        Retention times of n-alkanes of the same method in s, ascending.
    carbons : ndarray of float, shape (n_alkanes,)
        Their carbon numbers, ascending.

    Raises
    ------
    SpectrumError
        Fewer than two alkanes, or the time lies outside the ladder: nothing is extrapolated.
    AxisError
        The ladder does not rise.

    References
    ----------
    van den Dool and Kratz, J. Chromatogr. 11 (1963) 463, doi:10.1016/S0021-9673(01)80947-X.

    Examples
    --------
    >>> programmed_index(630.0, np.array([600.0, 660.0]), np.array([12.0, 13.0]))
    1250.0
    """
    before, after, n, higher = _between(time_s, ladder_time_s, carbons)
    return 100.0 * (n + (higher - n) * (time_s - before) / (after - before))


def kovats_index(
    time_s: float, ladder_time_s: FloatArray, carbons: FloatArray, dead_time_s: float
) -> float:
    """Return the Kovats retention index of an isothermal run.

    As `programmed_index`, but over the logarithm of the adjusted times ``t - t_0``.

    Parameters
    ----------
    time_s, ladder_time_s, carbons
        As for `programmed_index`.
    dead_time_s : float
        Time of an unretained compound in s, below the first alkane's.

    Raises
    ------
    SpectrumError
        Also where the dead time is not below every time used.

    References
    ----------
    Kovats, Helv. Chim. Acta 41 (1958) 1915, doi:10.1002/hlca.19580410703.
    """
    before, after, n, higher = _between(time_s, ladder_time_s, carbons)
    if not (np.isfinite(dead_time_s) and 0 <= dead_time_s < before):
        raise SpectrumError(
            f"a dead time of {dead_time_s:g} s is not below the alkane at {before:g} s",
            hint="Give the retention time of air or methane.",
        )
    low, high = np.log(before - dead_time_s), np.log(after - dead_time_s)
    share = (np.log(time_s - dead_time_s) - low) / (high - low)
    return float(100.0 * (n + (higher - n) * share))


def index_difference_allows(difference: float, tolerance: float) -> bool:
    """Return whether a retention index agrees with a reference within a stated tolerance.

    A veto between isomers, never a blended score. Some 3 units hold within one laboratory and
    method, 10 to 15 within one phase.
    """
    if not tolerance > 0:
        raise SpectrumError(f"a retention-index tolerance must be above 0, found {tolerance:g}")
    return bool(abs(difference) <= tolerance)
