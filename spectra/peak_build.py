"""Spectra as they come -> a `PeakTable`: whole masses, the tallest kept in each, rows by mass.

Large libraries go through compiled loops, small ones through numpy; both give the same table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import GridMismatchError, SpectrumError
from spectra.mass_scores import BASE_PEAK, MZ_MAX, SMALLEST_PEAK
from spectra.peak_compiled import build_kernels, in_parts
from spectra.peak_table import N_COLUMNS, Heights, Peaks, PeakTable, peaks_of
from spectra.spectrum import MassSpectrum

_LARGEST_WHOLE = np.iinfo(np.uint16).max
# Loading the compiled loops costs a third of a second; numpy needs that long for so many peaks.
_COMPILED_FROM = 3_000_000


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
    *,
    offsets: IntArray,
    mz: npt.NDArray[np.number],
    intensity: npt.NDArray[np.number],
    masses: FloatArray,
) -> PeakTable:
    """Return the table of spectra given as compressed rows, without a loop over them.

    Raises
    ------
    SpectrumError
        A value is not a number, or the rows do not lie inside the peaks.
    GridMismatchError
        The number of masses is not the number of rows, or of intensities that of m/z.
    """
    offsets = np.ascontiguousarray(offsets, dtype=np.int64)
    n_rows = offsets.size - 1
    if masses.shape != (n_rows,):
        raise GridMismatchError(f"{masses.size} molecular masses for {n_rows} spectra")
    if mz.shape != intensity.shape or mz.ndim != 1:
        raise GridMismatchError(f"{mz.size} m/z and {intensity.size} intensities")
    if offsets[0] != 0 or offsets[-1] != mz.size or (offsets[1:] < offsets[:-1]).any():
        raise SpectrumError("the rows do not lie inside the peaks", hint="Rising, from 0 to all.")
    usable = np.where(np.isfinite(masses) & (masses > 0), masses, np.nan)
    order = np.argsort(usable, kind="stable").astype(np.int64)
    kernels = build_kernels() if mz.size >= _COMPILED_FROM else None
    make = _plain if kernels is None else _compiled
    new_offsets, whole, heights = make(offsets, _decimal(mz), _decimal(intensity), order)
    return PeakTable(
        order=order, masses=usable[order], offsets=new_offsets, mz=whole, intensity=heights
    )


def _decimal(values: npt.NDArray[np.number]) -> npt.NDArray[np.floating]:
    view: npt.NDArray[np.floating]
    if values.dtype == np.float32:
        view = np.ascontiguousarray(values, dtype=np.float32).view()
    else:
        view = np.ascontiguousarray(values, dtype=np.float64).view()
    view.flags.writeable = False
    return view


_Rows = tuple[IntArray, npt.NDArray[np.uint16], Heights]


def _compiled(
    offsets: IntArray,
    mz: npt.NDArray[np.floating],
    intensity: npt.NDArray[np.floating],
    order: IntArray,
) -> _Rows:
    kernels = build_kernels()
    if kernels is None:
        return _plain(offsets, mz, intensity, order)
    n_rows = order.size
    places = _places(order)
    counts = np.zeros(n_rows, dtype=np.int64)
    kinds = np.zeros(n_rows, dtype=np.uint8)

    def count(start: int, stop: int) -> None:
        kernels.count_rows(offsets, mz, intensity, places, start, stop, counts, kinds)

    in_parts(n_rows, count)
    broken = np.flatnonzero(kinds == kernels.NOT_A_NUMBER)
    if broken.size:
        raise _not_a_number(int(order[broken].min()))
    are_whole = not (kinds & kernels.DECIMAL).any()
    starts = np.concatenate(([0], np.cumsum(counts)))
    whole = np.empty(starts[-1], dtype=np.uint16)
    heights: Heights = np.empty(starts[-1], dtype=np.uint16 if are_whole else np.float32)

    def fill(start: int, stop: int) -> None:
        kernels.fill_rows(
            offsets, mz, intensity, places, start, stop, starts, kinds, whole, heights,
            not are_whole,
        )  # fmt: skip

    in_parts(n_rows, fill)
    return starts, whole, heights


def _plain(
    offsets: IntArray,
    mz: npt.NDArray[np.floating],
    intensity: npt.NDArray[np.floating],
    order: IntArray,
) -> _Rows:
    bad = np.flatnonzero(~(np.isfinite(mz) & np.isfinite(intensity)))
    if bad.size:
        raise _not_a_number(int(np.searchsorted(offsets, bad[0], side="right")) - 1)
    n_rows = order.size
    keep = (intensity > 0) & (mz >= 0.5) & (mz < MZ_MAX + 0.5)
    rows = np.repeat(_places(order), np.diff(offsets))[keep]
    masses = np.floor(mz[keep].astype(np.float64) + 0.5).astype(np.int64)
    height = intensity[keep].astype(np.float64)
    # One stable sort brings every (row, mass) together; the tallest of each is kept.
    key = rows * N_COLUMNS + masses
    by_key = np.argsort(key, kind="stable")
    key, height = key[by_key], height[by_key]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    tallest = np.maximum.reduceat(height, starts) if starts.size else height
    rows, masses = np.divmod(key[starts], N_COLUMNS)
    scaled = _scaled(rows, tallest)
    kept = scaled >= SMALLEST_PEAK
    rows, masses, scaled, tallest = rows[kept], masses[kept], scaled[kept], tallest[kept]
    new_offsets = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=n_rows))))
    are_whole = bool(((tallest <= _LARGEST_WHOLE) & (tallest == np.floor(tallest))).all())
    heights: Heights = tallest.astype(np.uint16) if are_whole else scaled.astype(np.float32)
    return new_offsets.astype(np.int64), masses.astype(np.uint16), heights


def _places(order: IntArray) -> IntArray:
    """Return where each given row is stored."""
    places = np.empty(order.size, dtype=np.int64)
    places[order] = np.arange(order.size)
    return places


def _scaled(rows: IntArray, height: FloatArray) -> FloatArray:
    first = np.flatnonzero(np.diff(rows, prepend=-1))
    if not first.size:
        return np.zeros(0)
    tallest = np.maximum.reduceat(height, first)
    shares = height / np.repeat(tallest, np.diff(first, append=rows.size))
    return np.asarray(shares * BASE_PEAK, dtype=np.float64)


def _not_a_number(row: int) -> SpectrumError:
    return SpectrumError(
        f"entry {row + 1} holds a peak that is not a number", hint="Leave the entry out."
    )
