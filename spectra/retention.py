"""Retention indices from a ladder of n-alkanes, and when one speaks against a reference.

Isothermal (Kovats) and temperature-programmed (van den Dool and Kratz). An index can only ever
take a name away, never add weight to one. Knows no runs and no libraries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from spectra.axis import FloatArray
from spectra.errors import AxisError, GridMismatchError, SpectrumError

# Between injections of one method on one column: about a hundredth of a minute.
REPEATABILITY_S = 0.6


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


class Phase(StrEnum):
    """Class of a column's stationary phase; an index means nothing without it."""

    SEMI_STANDARD_NON_POLAR = "semi-standard non-polar"
    STANDARD_NON_POLAR = "standard non-polar"
    POLAR = "polar"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionIndex:
    """A measured index with its standard uncertainty, in index units."""

    value: float
    uncertainty: float
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedIndex:
    """An index a reference states.

    Parameters
    ----------
    deviation : float or None
        Scatter of the values behind it, in index units, where the source states it.
    """

    value: float
    phase: Phase
    deviation: float | None = None


# How far values of one substance scatter between laboratories, in index units.
_BETWEEN_LABS = {
    Phase.SEMI_STANDARD_NON_POLAR: 10.0,
    Phase.STANDARD_NON_POLAR: 10.0,
    Phase.POLAR: 20.0,
    Phase.UNKNOWN: 20.0,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ladder:
    """The n-alkanes of one method: carbon numbers over retention times.

    Parameters
    ----------
    carbons : ndarray of float, shape (n_alkanes,)
        Ascending.
    time_s : ndarray of float, shape (n_alkanes,)
        Retention times in s, ascending.
    phase : Phase
        Of the column.
    dead_time_s : float or None
        Given for an isothermal run: then indices are Kovats', else van den Dool and Kratz'.
    time_error_s : float
        Standard uncertainty of a retention time between two injections of the method, in s.
    """

    carbons: FloatArray
    time_s: FloatArray
    phase: Phase = Phase.SEMI_STANDARD_NON_POLAR
    dead_time_s: float | None = None
    time_error_s: float = REPEATABILITY_S

    def __post_init__(self) -> None:
        for name in ("carbons", "time_s"):
            values = np.array(getattr(self, name), dtype=np.float64)
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        if not (np.isfinite(self.time_error_s) and self.time_error_s >= 0):
            raise SpectrumError(f"a retention time error of {self.time_error_s:g} s")
        # A ladder that cannot be is refused here, not at the first peak.
        if self.time_s.size:
            self._index(float(self.time_s[0]))
        else:
            _between(0.0, self.time_s, self.carbons)

    @property
    def span(self) -> str:
        """The range it covers, for example ``C10 to C32, 251.2 to 1812.0 s``."""
        return (
            f"C{self.carbons[0]:g} to C{self.carbons[-1]:g}, "
            f"{self.time_s[0]:.1f} to {self.time_s[-1]:.1f} s"
        )

    def covers(self, time_s: float) -> bool:
        """Return whether an index can be given without extrapolation."""
        return bool(self.time_s[0] <= time_s <= self.time_s[-1])

    def index(self, time_s: float, apex_error_s: float = 0.0) -> RetentionIndex:
        """Return the index at a retention time, with its uncertainty.

        Parameters
        ----------
        time_s : float
        apex_error_s : float
            Standard uncertainty of the apex itself, in s; that between injections is added.

        Raises
        ------
        SpectrumError
            The time lies outside the ladder.

        Notes
        -----
        First-order propagation of the three times, the ladder's own carrying the error between
        injections too, and what a parabola through the next alkane adds to the straight line:
        a ladder with gaps is worth less.
        """
        value = self._index(time_s)
        before, after, n, higher = _between(time_s, self.time_s, self.carbons)
        gap = 100.0 * (higher - n)
        share = (time_s - before) / (after - before)
        own = float(np.hypot(apex_error_s, self.time_error_s))
        error_s = np.sqrt(
            own**2 + ((1 - share) * self.time_error_s) ** 2 + (share * self.time_error_s) ** 2
        )
        return RetentionIndex(
            value=value,
            uncertainty=float(
                np.hypot(gap * error_s / (after - before), self._bend(time_s, before, after))
            ),
            phase=self.phase,
        )

    def _bend(self, time_s: float, before: float, after: float) -> float:
        """Return how far the next alkane draws a parabola away from the straight line."""
        other = np.flatnonzero((self.time_s != before) & (self.time_s != after))
        if other.size == 0:
            return 0.0
        apart = np.maximum(before - self.time_s[other], self.time_s[other] - after)
        third = float(self.time_s[other[int(np.argmin(apart))]])
        n = [float(np.interp(t, self.time_s, self.carbons)) for t in (before, after, third)]
        slope = (n[1] - n[0]) / (after - before)
        curvature = ((n[2] - n[1]) / (third - after) - slope) / (third - before)
        return abs(100.0 * curvature * (time_s - before) * (time_s - after))

    def _index(self, time_s: float) -> float:
        if self.dead_time_s is None:
            return programmed_index(time_s, self.time_s, self.carbons)
        return kovats_index(time_s, self.time_s, self.carbons, self.dead_time_s)


def tolerance(measured: RetentionIndex, stated: StatedIndex) -> float:
    """Return how far an index may lie from a stated one before it speaks against it.

    Three standard deviations of both together: the measured uncertainty, and what one phase class
    scatters between laboratories and temperature programmes (or the source's own scatter, if it is
    larger).

    References
    ----------
    Babushok et al., J. Chromatogr. A 1157 (2007) 414, doi:10.1016/j.chroma.2007.05.044, on why
    values of one compound scatter. The width is chosen on the wide side of the windows of 15 to 22
    units in use: an index that wrongly takes a name away is worse than one that says nothing.
    """
    between = _BETWEEN_LABS[stated.phase]
    if stated.deviation is not None:
        between = max(between, stated.deviation)
    return 3.0 * float(np.hypot(measured.uncertainty, between))


def veto(measured: RetentionIndex, stated: Sequence[StatedIndex]) -> str:
    """Return why an index speaks against a reference, or nothing when it does not.

    The nearest of the values stated for the same phase class decides; a reference without such a
    value is neither favoured nor ruled out.

    Parameters
    ----------
    measured : RetentionIndex
    stated : sequence of StatedIndex
        All that is known of one substance.
    """
    same = [each for each in stated if each.phase is measured.phase is not Phase.UNKNOWN]
    if not same:
        return ""
    nearest = min(same, key=lambda each: abs(each.value - measured.value))
    off, allowed = measured.value - nearest.value, tolerance(measured, nearest)
    if index_difference_allows(off, allowed):
        return ""
    return (
        f"retention index {measured.value:.0f} ± {measured.uncertainty:.0f} against "
        f"{nearest.value:.0f} on a {nearest.phase.value} phase: {off:+.0f}, more than {allowed:.0f}"
    )


def index_difference_allows(difference: float, tolerance: float) -> bool:
    """Return whether a retention index agrees with a reference within a stated tolerance.

    A veto between isomers, never a blended score. Some 3 units hold within one laboratory and
    method, 10 to 15 within one phase.
    """
    if not tolerance > 0:
        raise SpectrumError(f"a retention-index tolerance must be above 0, found {tolerance:g}")
    return bool(abs(difference) <= tolerance)
