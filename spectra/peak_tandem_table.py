"""Many MS/MS spectra as one list of peaks by m/z: what a `TandemIndex` stores.

Rows are kept by precursor, so that a precursor window is a range of rows. Plain arrays without
Python objects per entry, so that they can be written and memory-mapped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import SpectrumError
from spectra.mass_scores import entropy_weighted
from spectra.peak_table import REBUILD, Float32Array, as_stored, freeze
from spectra.peak_tandem_clean import (
    LARGEST_MZ,
    Cleaning,
    TandemPeaks,
    Tolerance,
    cleaner,
    peaks_and_precursor,
)

PER_DA = 1_000_000
_N_BINS = (int((LARGEST_MZ + 1) * PER_DA) >> 16) + 1
_COMPILED_SPECTRA = 5_000
_ARRAY_TYPES: Mapping[str, type[np.generic]] = {
    "order": np.int64,
    "precursors": np.float64,
    "bin_starts": np.uint32,
    "mz_low": np.uint16,
    "rows": np.uint32,
    "units": np.float32,
    "powers": np.float64,
    "cleaning": np.float64,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class TandemTable:
    """Cleaned spectra.

    Parameters
    ----------
    order : ndarray of int64, shape (n_rows,)
        Place of each stored row in what the caller gave; rows are stored by rising precursor.
    precursors : ndarray of float64, shape (n_rows,)
        In m/z, NaN where unknown (these come last).
    bin_starts : ndarray of uint32, shape (n_bins + 1,)
        Where the peaks of each 65,536 millionths of a Da begin.
    mz_low : ndarray of uint16, shape (n_peaks,)
        Every peak of the library by rising m/z, in millionths of a Da from where its bin begins.
    rows : ndarray of uint32, shape (n_peaks,)
    units : ndarray of float32, shape (n_peaks,)
        Square root of the share of a peak after entropy weighting: a row has length 1.
    powers : ndarray of float64, shape (n_rows,)
        Exponent that entropy weighting gave each row.
    cleaning : Cleaning
        What queries go through too.
    """

    order: IntArray
    precursors: FloatArray
    bin_starts: npt.NDArray[np.uint32]
    mz_low: npt.NDArray[np.uint16]
    rows: npt.NDArray[np.uint32]
    units: Float32Array
    powers: FloatArray
    cleaning: Cleaning

    def __post_init__(self) -> None:
        freeze(self, *(name for name in _ARRAY_TYPES if name != "cleaning"))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return what must be stored to have the table again."""
        held = {name: getattr(self, name) for name in _ARRAY_TYPES if name != "cleaning"}
        tolerance, removed = self.cleaning.tolerance, self.cleaning.precursor_da
        above = np.nan if removed is None else removed
        held["cleaning"] = np.array([tolerance.da, tolerance.ppm, self.cleaning.noise, above])
        return held

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> TandemTable:
        """Return the table that `arrays` described; memory-mapped arrays are not copied.

        Raises
        ------
        SpectrumError
            The arrays are not those of an index, or do not fit each other.
        """
        held = {name: as_stored(arrays, name, (kind,)) for name, kind in _ARRAY_TYPES.items()}
        n, n_peaks = held["order"].size, held["mz_low"].size
        facts = held.pop("cleaning")
        fits = held["precursors"].size == held["powers"].size == n and facts.size == 4
        fits = fits and held["rows"].size == held["units"].size == n_peaks
        fits = fits and held["bin_starts"].size == _N_BINS + 1
        if not fits:
            raise SpectrumError("the arrays of the MS/MS index do not fit each other", hint=REBUILD)
        order = held["order"]
        inside = not n_peaks or int(held["rows"].max()) < n
        inside = inside and (not n or np.array_equal(np.sort(order), np.arange(n)))
        starts = held["bin_starts"].astype(np.int64)
        rising = bool((starts[1:] >= starts[:-1]).all()) and int(starts[-1]) == n_peaks
        if not (inside and rising):
            raise SpectrumError("the MS/MS index points outside itself", hint=REBUILD)
        da, ppm, noise, above = (float(value) for value in facts)
        cleaning = Cleaning(
            tolerance=Tolerance(da=da, ppm=ppm),
            noise=noise,
            precursor_da=None if np.isnan(above) else above,
        )
        return cls(**held, cleaning=cleaning)  # type: ignore[arg-type]  # dtypes compared above

    @property
    def n_rows(self) -> int:
        """Number of spectra."""
        return int(self.order.size)

    @cached_property
    def mz(self) -> npt.NDArray[np.uint32]:
        """Every peak in millionths of a Da, shape (n_peaks,)."""
        bins = np.repeat(np.arange(_N_BINS, dtype=np.uint32), np.diff(self.bin_starts))
        return (bins << np.uint32(16)) | self.mz_low

    @cached_property
    def cosine_units(self) -> Float32Array:
        """Square roots of the shares before entropy weighting, undone row by row."""
        plain = self.units.astype(np.float64) ** (2.0 / self.powers[self.rows])
        totals = np.bincount(self.rows, weights=plain, minlength=self.n_rows)
        units = np.sqrt(plain / totals[self.rows]).astype(np.float32)
        units.flags.writeable = False
        return units


def table_of_spectra(
    spectra: Sequence[TandemPeaks],
    precursors: Sequence[float | None] | None,
    cleaning: Cleaning,
) -> TandemTable:
    """Return the table of spectra; precursors default to what each `MassSpectrum` states.

    Raises
    ------
    SpectrumError
        A spectrum holds what is not a number; the message says which.
    """
    if precursors is not None and len(precursors) != len(spectra):
        raise SpectrumError(f"{len(precursors)} precursors for {len(spectra)} spectra")
    n = len(spectra)
    ready = cleaner(compiled=n >= _COMPILED_SPECTRA)
    stated = np.full(n, np.nan)
    powers = np.ones(n)
    all_mz: list[FloatArray] = [np.zeros(0)]
    all_units: list[FloatArray] = [np.zeros(0)]
    lengths = np.zeros(n, dtype=np.int64)
    for at, spectrum in enumerate(spectra):
        try:
            mz, intensity, own = peaks_and_precursor(spectrum)
        except SpectrumError as fault:
            raise type(fault)(f"entry {at + 1}: {fault.message}", hint=fault.hint) from None
        precursor = own if precursors is None else precursors[at]
        if precursor is not None and np.isfinite(precursor) and precursor > 0:
            stated[at] = precursor
        x, share = ready(mz, intensity, cleaning, stated[at])
        powers[at] = _entropy_power(share)
        all_mz.append(x)
        all_units.append(np.sqrt(2.0 * entropy_weighted(share)))
        lengths[at] = x.size
    order = np.argsort(stated, kind="stable").astype(np.int64)
    places = np.empty(n, dtype=np.int64)
    places[order] = np.arange(n)
    whole = np.rint(np.concatenate(all_mz) * PER_DA).astype(np.uint32)
    rows = np.repeat(places, lengths)
    by_mz = np.lexsort((rows, whole))
    whole = whole[by_mz]
    return TandemTable(
        order=order,
        precursors=stated[order],
        bin_starts=np.searchsorted(whole >> 16, np.arange(_N_BINS + 1)).astype(np.uint32),
        mz_low=(whole & 0xFFFF).astype(np.uint16),
        rows=rows[by_mz].astype(np.uint32),
        units=np.concatenate(all_units)[by_mz].astype(np.float32),
        powers=powers[order],
        cleaning=cleaning,
    )


def _entropy_power(share: FloatArray) -> float:
    """Return the exponent of entropy weighting."""
    entropy = -float(np.sum(share * np.log(share))) if share.size else 0.0
    return 0.25 + 0.25 * entropy if entropy < 3 else 1.0
