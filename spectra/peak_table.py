"""Many unit-mass spectra in compressed rows, ordered by molecular mass: what a `PeakIndex` stores.

Plain arrays without Python objects per entry, so that they can be written and memory-mapped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import GridMismatchError, NotComparableError, SpectrumError
from spectra.mass_scores import (
    BASE_PEAK,
    MZ_MAX,
    SMALLEST_PEAK,
    UnitSpectrum,
    Weights,
    unit_mass,
)
from spectra.spectrum import MassSpectrum

Float32Array = npt.NDArray[np.float32]
Peaks = MassSpectrum | tuple[FloatArray, FloatArray]
"""A mass spectrum, or its ``(mz, intensity)``."""

N_COLUMNS = MZ_MAX + 1
_ARRAY_TYPES = {
    "order": np.int64,
    "masses": np.float64,
    "offsets": np.int64,
    "mz": np.int32,
    "intensity": np.float32,
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
    mz : ndarray of int32, shape (n_peaks,)
        Ascending inside a row, 1 to 1000.
    intensity : ndarray of float32, shape (n_peaks,)
        Base peak 999.
    """

    order: IntArray
    masses: FloatArray
    offsets: IntArray
    mz: npt.NDArray[np.int32]
    intensity: Float32Array

    @property
    def n_rows(self) -> int:
        """Number of spectra."""
        return int(self.order.size)

    def lengths(self) -> IntArray:
        """Return the number of peaks of each row."""
        return np.diff(self.offsets)

    def row_of_peak(self, start: int = 0, stop: int | None = None) -> IntArray:
        """Return for each peak of rows ``start:stop`` its row, counted from ``start``."""
        lengths = np.diff(self.offsets[start : (self.n_rows if stop is None else stop) + 1])
        return np.repeat(np.arange(lengths.size), lengths)

    def sums(self, values: npt.NDArray[np.floating], start: int, stop: int) -> FloatArray:
        """Return sums per row of values given for the peaks of rows ``start:stop``."""
        out = np.zeros(stop - start)
        filled = np.flatnonzero(np.diff(self.offsets[start : stop + 1]))
        if filled.size:
            out[filled] = np.add.reduceat(
                values, self.offsets[start:stop][filled] - self.offsets[start], dtype=np.float64
            )
        return out

    def dense(self, rows: IntArray) -> FloatArray:
        """Return rows as intensities over m/z, shape (n, 1001), 0 where there is no peak."""
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        line = np.repeat(np.arange(rows.size), lengths)
        starts = np.cumsum(lengths) - lengths
        at = np.arange(line.size) - starts[line] + self.offsets[rows][line]
        out = np.zeros((rows.size, N_COLUMNS))
        out[line, self.mz[at]] = self.intensity[at]
        return out

    def blocks(self, n_peaks: int = 4_000_000) -> list[tuple[int, int]]:
        """Return row ranges that hold about ``n_peaks`` peaks each, covering all rows."""
        edges = [0]
        while edges[-1] < self.n_rows:
            limit = int(self.offsets[edges[-1]]) + n_peaks
            stop = int(np.searchsorted(self.offsets, limit, side="right")) - 1
            edges.append(min(max(stop, edges[-1] + 1), self.n_rows))
        return list(pairwise(edges))

    def weighted(self, weights: Weights) -> FloatArray:
        """Return all peaks weighted and normalised to length 1 in each row, shape (n_peaks,)."""
        ladder = np.arange(N_COLUMNS, dtype=np.float64) ** weights.mz_power
        values = self.intensity.astype(np.float64) ** weights.intensity_power * ladder[self.mz]
        norm = np.sqrt(self.sums(values * values, 0, self.n_rows))
        norm[norm == 0] = 1.0
        values /= np.repeat(norm, self.lengths())
        return np.asarray(values, dtype=np.float64)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return what must be stored to have the table again."""
        return {name: getattr(self, name) for name in _ARRAY_TYPES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> PeakTable:
        """Return the table that `arrays` described; memory-mapped arrays are not copied.

        Raises
        ------
        SpectrumError
            An array is missing or the arrays do not fit each other (a damaged file).
        """
        missing = sorted(set(_ARRAY_TYPES) - set(arrays))
        if missing:
            raise SpectrumError(f"the peak index lacks {', '.join(missing)}", hint=_REBUILD)
        for name, wanted in _ARRAY_TYPES.items():
            if arrays[name].ndim != 1 or arrays[name].dtype != wanted:
                raise SpectrumError(
                    f"the peak index holds {name} as {arrays[name].dtype}, "
                    f"shape {arrays[name].shape}; expected one row of {np.dtype(wanted)}",
                    hint=_REBUILD,
                )
        table = cls(**arrays)  # type: ignore[arg-type]  # each dtype was compared just above
        table._check()
        return table

    def _check(self) -> None:
        n, offsets = self.n_rows, self.offsets
        sizes_fit = offsets.size == n + 1 and self.masses.size == n
        sizes_fit = sizes_fit and self.mz.size == self.intensity.size
        if not sizes_fit or offsets[0] != 0 or offsets[-1] != self.mz.size:
            raise SpectrumError("the arrays of the peak index do not fit each other", hint=_REBUILD)
        bad_rows = (np.diff(offsets) < 0).any() or (n and not _is_permutation(self.order))
        bad_peaks = self.mz.size and (self.mz.min() < 1 or self.mz.max() > MZ_MAX)
        if bad_rows or bad_peaks:
            raise SpectrumError("the peak index points outside itself", hint=_REBUILD)


_REBUILD = "Build the library index again from its entries."


def _is_permutation(order: IntArray) -> bool:
    if order.min() < 0 or order.max() >= order.size:
        return False
    return bool((np.bincount(order, minlength=order.size) == 1).all())


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
                hint="Matching MS/MS spectra within an m/z tolerance is not built yet.",
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


def table_of_spectra(
    spectra: Sequence[Peaks], masses: Sequence[float | None] | FloatArray | None
) -> PeakTable:
    """Return the table of spectra; masses default to what each `MassSpectrum` states."""
    pairs = [peaks_of(spectrum) for spectrum in spectra]
    for row, (mz, intensity) in enumerate(pairs):
        if np.shape(mz) != np.shape(intensity) or np.ndim(mz) != 1:
            raise GridMismatchError(
                f"entry {row + 1}: {np.size(mz)} m/z and {np.size(intensity)} intensities"
            )
    if masses is None:
        masses = [s.molecular_mass if isinstance(s, MassSpectrum) else None for s in spectra]
    known = np.array([np.nan if m is None else m for m in masses], dtype=np.float64)
    lengths = np.array([len(mz) for mz, _ in pairs], dtype=np.int64)
    nothing = np.zeros(0)
    return table_of_peaks(
        offsets=np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(lengths))),
        mz=np.concatenate([nothing, *(mz for mz, _ in pairs)]),
        intensity=np.concatenate([nothing, *(intensity for _, intensity in pairs)]),
        masses=known,
    )


def table_of_peaks(
    *, offsets: IntArray, mz: FloatArray, intensity: FloatArray, masses: FloatArray
) -> PeakTable:
    """Return the table of spectra given as compressed rows, without a loop over them.

    Raises
    ------
    SpectrumError
        A value is not a number.
    GridMismatchError
        The number of masses is not the number of rows.
    """
    n_rows = offsets.size - 1
    if masses.shape != (n_rows,):
        raise GridMismatchError(f"{masses.size} molecular masses for {n_rows} spectra")
    _check_finite(offsets, mz, intensity)
    usable = np.where(masses > 0, masses, np.nan)
    order = np.argsort(usable, kind="stable")
    place = np.empty(n_rows, dtype=np.int64)
    place[order] = np.arange(n_rows)
    keep = (intensity > 0) & (mz >= 0.5) & (mz < MZ_MAX + 0.5)
    rows = np.repeat(place, np.diff(offsets))[keep]
    whole = np.floor(mz[keep] + 0.5).astype(np.int64)
    height = intensity[keep]
    # One stable sort brings every (row, mass) together; the tallest of each is kept.
    key = rows * N_COLUMNS + whole
    by_key = np.argsort(key, kind="stable")
    key, height = key[by_key], height[by_key]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    tallest = np.maximum.reduceat(height, starts) if starts.size else height
    rows, whole = np.divmod(key[starts], N_COLUMNS)
    scaled = _scaled_rows(rows, tallest)
    kept = scaled >= SMALLEST_PEAK
    rows, whole, scaled = rows[kept], whole[kept], scaled[kept]
    new_offsets = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=n_rows))))
    return PeakTable(
        order=order.astype(np.int64),
        masses=usable[order],
        offsets=new_offsets.astype(np.int64),
        mz=whole.astype(np.int32),
        intensity=scaled.astype(np.float32),
    )


def _scaled_rows(rows: IntArray, height: FloatArray) -> FloatArray:
    first = np.flatnonzero(np.diff(rows, prepend=-1))
    if not first.size:
        return np.zeros(0)
    tallest = np.maximum.reduceat(height, first)
    shares = height / np.repeat(tallest, np.diff(first, append=rows.size))
    return np.asarray(shares * BASE_PEAK, dtype=np.float64)


def _check_finite(offsets: IntArray, mz: FloatArray, intensity: FloatArray) -> None:
    bad = np.flatnonzero(~(np.isfinite(mz) & np.isfinite(intensity)))
    if bad.size:
        row = int(np.searchsorted(offsets, bad[0], side="right"))
        raise SpectrumError(
            f"entry {row} holds a peak that is not a number", hint="Leave the entry out."
        )
