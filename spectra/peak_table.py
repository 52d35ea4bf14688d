"""Many unit-mass spectra in compressed rows, ordered by molecular mass: what a `PeakIndex` stores.

Plain arrays without Python objects per entry, so that they can be written and memory-mapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import NotComparableError, SpectrumError
from spectra.mass_scores import BASE_PEAK, MZ_MAX, UnitSpectrum, Weights, unit_mass
from spectra.spectrum import MassSpectrum

Float32Array = npt.NDArray[np.float32]
UInt16Array = npt.NDArray[np.uint16]
Heights = npt.NDArray[np.uint16] | npt.NDArray[np.float32]
Peaks = MassSpectrum | tuple[FloatArray, FloatArray]
"""A mass spectrum, or its ``(mz, intensity)``."""

N_COLUMNS = MZ_MAX + 1
REBUILD = "Build the library index again from its entries."
_CHECKED_PEAKS = 8_000_000
_ARRAY_TYPES: Mapping[str, tuple[type[np.generic], ...]] = {
    "order": (np.int64,),
    "masses": (np.float64,),
    "offsets": (np.int64,),
    "mz": (np.uint16,),
    "intensity": (np.uint16, np.float32),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeakTable:
    """Spectra in compressed rows.

    Parameters
    ----------
    order : ndarray of int64, shape (n_rows,)
        Place of each stored row in what the caller gave; rows are stored by rising mass.
    masses : ndarray of float64, shape (n_rows,)
        Molecular mass in Da of each stored row, NaN where unknown (these come last).
    offsets : ndarray of int64, shape (n_rows + 1,)
    mz : ndarray of uint16, shape (n_peaks,)
        Ascending inside a row, 1 to 1000.
    intensity : ndarray of uint16 or float32, shape (n_peaks,)
        Greater than 0. Whole numbers as the library states them where all of them are whole and
        below 65,536 (two bytes a peak, nothing lost), else float32 on a base peak of 999.
    """

    order: IntArray
    masses: FloatArray
    offsets: IntArray
    mz: UInt16Array
    intensity: Heights

    def __post_init__(self) -> None:
        freeze(self, *_ARRAY_TYPES)

    @property
    def n_rows(self) -> int:
        """Number of spectra."""
        return int(self.order.size)

    @property
    def n_known(self) -> int:
        """Number of rows whose mass is known; they come first."""
        return int(np.searchsorted(self.masses, np.inf))

    def lengths(self, start: int = 0, stop: int | None = None) -> IntArray:
        """Return the number of peaks of rows ``start:stop``."""
        return np.diff(self.offsets[start : (self.n_rows if stop is None else stop) + 1])

    def part(self, start: int, stop: int) -> slice:
        """Return where the peaks of rows ``start:stop`` lie."""
        return slice(int(self.offsets[start]), int(self.offsets[stop]))

    def row_of_peak(self, start: int = 0, stop: int | None = None) -> IntArray:
        """Return for each peak of rows ``start:stop`` its row, counted from ``start``."""
        lengths = self.lengths(start, stop)
        return np.repeat(np.arange(lengths.size), lengths)

    def heights(self, start: int, stop: int) -> FloatArray:
        """Return the intensities of rows ``start:stop`` on a base peak of 999, in float64."""
        raw = self.intensity[self.part(start, stop)].astype(np.float64)
        tallest = np.ones(stop - start)
        filled = np.flatnonzero(self.lengths(start, stop))
        if filled.size:
            firsts = self.offsets[start:stop][filled] - self.offsets[start]
            tallest[filled] = np.maximum.reduceat(raw, firsts)
        raw /= np.repeat(tallest, self.lengths(start, stop))
        raw *= BASE_PEAK
        return raw

    def sums(self, values: npt.NDArray[np.floating], start: int, stop: int) -> FloatArray:
        """Return sums per row of values given for the peaks of rows ``start:stop``."""
        out = np.zeros(stop - start)
        filled = np.flatnonzero(self.lengths(start, stop))
        if filled.size:
            out[filled] = np.add.reduceat(
                values, self.offsets[start:stop][filled] - self.offsets[start], dtype=np.float64
            )
        return out

    def dense(self, rows: IntArray) -> FloatArray:
        """Return rows as intensities over m/z, base peak 999, 0 where no peak, shape (n, 1001)."""
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        line = np.repeat(np.arange(rows.size), lengths)
        at = np.arange(line.size) - np.repeat(np.cumsum(lengths) - lengths - starts, lengths)
        out = np.zeros((rows.size, N_COLUMNS))
        out[line, self.mz[at]] = self.intensity[at]
        tallest = out.max(axis=1)
        tallest[tallest == 0] = 1.0
        out /= tallest[:, None]
        out *= BASE_PEAK
        return out

    def blocks(self, n_peaks: int = 4_000_000) -> list[tuple[int, int]]:
        """Return row ranges that hold about ``n_peaks`` peaks each, covering all rows."""
        edges = [0]
        while edges[-1] < self.n_rows:
            limit = int(self.offsets[edges[-1]]) + n_peaks
            stop = int(np.searchsorted(self.offsets, limit, side="right")) - 1
            edges.append(min(max(stop, edges[-1] + 1), self.n_rows))
        return list(pairwise(edges))

    def weighted(self, weights: Weights, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """Return the peaks of rows ``start:stop`` weighted, shape (n_peaks,), and row lengths."""
        ladder = np.arange(N_COLUMNS, dtype=np.float64) ** weights.mz_power
        values = self.heights(start, stop) ** weights.intensity_power
        values *= ladder[self.mz[self.part(start, stop)]]
        return values, np.sqrt(self.sums(values * values, start, stop))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return what must be stored to have the table again."""
        return {name: getattr(self, name) for name in _ARRAY_TYPES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> PeakTable:
        """Return the table that `arrays` described; memory-mapped arrays are not copied.

        What costs a few milliseconds for a million rows is checked; reading every peak of a large
        library would not be an opening any more, so beyond eight million they are taken on trust.

        Raises
        ------
        SpectrumError
            An array is missing or the arrays do not fit each other (a damaged file).
        """
        held = {name: as_stored(arrays, name, wanted) for name, wanted in _ARRAY_TYPES.items()}
        table = cls(**held)  # type: ignore[arg-type]  # each dtype was compared just above
        table._check()
        return table

    def _check(self) -> None:
        n, offsets = self.n_rows, self.offsets
        sizes_fit = offsets.size == n + 1 and self.masses.size == n
        sizes_fit = sizes_fit and self.mz.size == self.intensity.size
        if not sizes_fit or offsets[0] != 0 or offsets[-1] != self.mz.size:
            raise SpectrumError("the arrays of the peak index do not fit each other", hint=REBUILD)
        if (offsets[1:] < offsets[:-1]).any() or (n and not _is_permutation(self.order)):
            raise SpectrumError("the peak index points outside itself", hint=REBUILD)
        if 0 < self.mz.size <= _CHECKED_PEAKS and not 1 <= self.mz.min() <= self.mz.max() <= MZ_MAX:
            raise SpectrumError("the peak index holds masses outside its range", hint=REBUILD)


def freeze(holder: object, *names: str) -> None:
    """Make arrays of a frozen dataclass read-only views.

    They must not change, and numba compiles the same loop once more for each kind of array:
    memory-mapped ones are read-only too.
    """
    for name in names:
        view = getattr(holder, name).view()
        view.flags.writeable = False
        object.__setattr__(holder, name, view)


def as_stored(
    arrays: Mapping[str, npt.NDArray[np.generic]], name: str, wanted: tuple[type[np.generic], ...]
) -> npt.NDArray[np.generic]:
    """Return a stored array as a plain one of the wanted type, not copied.

    Raises
    ------
    SpectrumError
        It is missing, or of another type or shape.
    """
    if name not in arrays:
        raise SpectrumError(f"the peak index lacks {name}", hint=REBUILD)
    # A memory map is an ndarray with slow slices and no place among compiled arguments.
    array = np.asarray(arrays[name])
    if array.ndim != 1 or array.dtype not in wanted or not array.flags.c_contiguous:
        raise SpectrumError(
            f"the peak index holds {name} as {array.dtype}, shape {array.shape}; expected one row "
            f"of {' or '.join(np.dtype(kind).name for kind in wanted)}",
            hint=REBUILD,
        )
    return array


def _is_permutation(order: IntArray) -> bool:
    if order.min() < 0 or order.max() >= order.size:
        return False
    seen = np.zeros(order.size, dtype=np.bool_)
    seen[order] = True
    return bool(seen.all())


def peaks_of(spectrum: Peaks) -> tuple[FloatArray, FloatArray]:
    """Return m/z and intensity of a spectrum that unit masses can describe.

    Raises
    ------
    NotComparableError
        The spectrum has a precursor: an MS/MS spectrum, for which whole masses would be wrong.
    """
    if isinstance(spectrum, MassSpectrum):
        if spectrum.precursor_mz is not None:
            raise NotComparableError(
                f"{spectrum.title or 'a spectrum'} is an MS/MS spectrum of precursor "
                f"{spectrum.precursor_mz:g}; this index compares electron-impact spectra on whole "
                "masses",
                hint="Compare MS/MS spectra through a TandemIndex, within an m/z tolerance.",
            )
        return spectrum.mz, spectrum.intensity
    return spectrum


def unit_query(spectrum: Peaks) -> UnitSpectrum:
    """Return a query on whole masses, base peak 999.

    Raises
    ------
    SpectrumError
        No peak lies between m/z 1 and 1000, or a value is not a number.
    NotComparableError
        The spectrum is an MS/MS spectrum.
    """
    query = unit_mass(*peaks_of(spectrum))
    if query.mz.size == 0:
        raise SpectrumError(
            f"the mass spectrum has no peaks between m/z 1 and {MZ_MAX}",
            hint="Choose a scan with signal, or export the spectrum again.",
        )
    return query
