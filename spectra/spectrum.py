"""The four things a bench measures, as frozen data: read-only arrays in file order and own units.

``Spectrum`` (Raman, infrared and other curves), ``MassSpectrum``, ``Chromatogram`` and ``MassRun``
(a GC-MS run). They know nothing of files: where they came from stands in their export.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from spectra.axis import UNIT_MZ, UNIT_ONE, UNIT_S, FloatArray, IntArray, XKind, YKind
from spectra.errors import GridMismatchError, SpectrumError


class Technique(StrEnum):
    """How a measurement was made."""

    RAMAN = "raman"
    FTIR = "ftir"
    GCMS = "gcms"
    GC = "gc"
    MS = "ms"
    OTHER = "other"


class SpectrumKind(StrEnum):
    """Which of the four shapes a measurement has."""

    VIBRATIONAL = "vibrational"
    MASS = "mass"
    CHROMATOGRAM = "chromatogram"
    GCMS_RUN = "gcms_run"
    OTHER = "other"


def settled(values: FloatArray) -> FloatArray:
    """Return a new array that nothing else writes to, made read-only: it need not be copied again.

    For arrays of 8-byte floats that a reader has just made and of which it keeps no other view.
    A slice taken from it afterwards need not be copied either, and keeps the whole array alive.
    """
    values.setflags(write=False)
    return values


def _is_settled(values: object) -> bool:
    """Whether an array is one read-only row and its numbers are its own, or a settled array's."""
    if type(values) is not np.ndarray or values.ndim != 1:
        return False
    flags, owner = values.flags, values.base
    if flags.writeable or not flags.c_contiguous or values.dtype != _DOUBLE:
        return False
    if owner is None:
        return True
    return type(owner) is np.ndarray and owner.base is None and not owner.flags.writeable


def _freeze(owner: object, field_name: str, name: str) -> None:
    """Make a field an array of its own that nobody can write to; a settled one is kept."""
    values = getattr(owner, field_name)
    if _is_settled(values):
        return
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1:
        raise SpectrumError(f"{name} must be one row of numbers, found shape {array.shape}")
    object.__setattr__(owner, field_name, settled(array))


_DOUBLE = np.dtype(np.float64)
_NOTHING: Mapping[str, str] = MappingProxyType({})


def _frozen_map(values: Mapping[str, str]) -> Mapping[str, str]:
    """Return a mapping nobody can write to; one that is read-only already is kept."""
    if type(values) is MappingProxyType:
        return values
    return MappingProxyType(dict(values)) if values else _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spectrum:
    """A curve over wavenumber, Raman shift, wavelength or another axis.

    Parameters
    ----------
    title : str
    x, y : ndarray of float, shape (n_points,)
        In file order and the file's own units. Nothing is flipped, sorted or converted. Copied,
        unless `settled`.
    x_kind, y_kind : XKind, YKind
    x_unit, y_unit : str
        One of the ``UNIT_`` names of `spectra.axis`, or the file's own word.
    metadata : mapping of str to str
        The vendor's names and values, cleaned of control characters.
    faults : tuple of str
        Why it must not be matched before a person accepts it; empty when it passed its checks.
    """

    title: str
    x: FloatArray
    y: FloatArray
    x_kind: XKind
    x_unit: str
    y_kind: YKind
    y_unit: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "x", "x")
        _freeze(self, "y", "y")
        object.__setattr__(self, "metadata", _frozen_map(self.metadata))
        if self.x.shape != self.y.shape:
            raise GridMismatchError(f"{self.x.size} x values and {self.y.size} y values")

    @property
    def kind(self) -> SpectrumKind:
        """``VIBRATIONAL`` on a wavenumber or Raman-shift axis, or infrared over wavelength."""
        if self.x_kind in (XKind.WAVENUMBER, XKind.RAMAN_SHIFT):
            return SpectrumKind.VIBRATIONAL
        infrared = self.x_kind is XKind.WAVELENGTH and self.x_unit == "um"
        return SpectrumKind.VIBRATIONAL if infrared else SpectrumKind.OTHER


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MassSpectrum:
    """Peaks over m/z.

    Parameters
    ----------
    title : str
    mz, intensity : ndarray of float, shape (n_peaks,)
        File order; intensities in the file's own scale.
    precursor_mz : float or None
        In m/z; None for EI.
    molecular_mass : float or None
        Mass of the neutral molecule in Da where the file states it.
    retention_time_s, retention_index : float or None
    ionization : str
        ``EI``, ``ESI+`` ... or empty when not stated.
    metadata, faults
        As in `Spectrum`.
    """

    title: str
    mz: FloatArray
    intensity: FloatArray
    precursor_mz: float | None = None
    molecular_mass: float | None = None
    retention_time_s: float | None = None
    retention_index: float | None = None
    ionization: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "mz", "m/z")
        _freeze(self, "intensity", "intensity")
        object.__setattr__(self, "metadata", _frozen_map(self.metadata))
        if self.mz.shape != self.intensity.shape:
            raise GridMismatchError(f"{self.mz.size} m/z and {self.intensity.size} intensities")

    @property
    def kind(self) -> SpectrumKind:
        """Always ``MASS``."""
        return SpectrumKind.MASS

    @property
    def base_peak_mz(self) -> float | None:
        """m/z of the tallest peak, or None when there is none."""
        return float(self.mz[int(np.argmax(self.intensity))]) if self.mz.size else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chromatogram:
    """A detector signal over time.

    Parameters
    ----------
    x, y : ndarray of float, shape (n_points,)
        Time in ``x_unit`` (``s`` or ``min``) and signal, in file order.
    """

    title: str
    x: FloatArray
    y: FloatArray
    x_unit: str = UNIT_S
    y_kind: YKind = YKind.DETECTOR_SIGNAL
    y_unit: str = "unknown"
    metadata: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "x", "time")
        _freeze(self, "y", "signal")
        object.__setattr__(self, "metadata", _frozen_map(self.metadata))
        if self.x.shape != self.y.shape:
            raise GridMismatchError(f"{self.x.size} times and {self.y.size} signal values")

    @property
    def x_kind(self) -> XKind:
        """Always ``TIME``."""
        return XKind.TIME

    @property
    def kind(self) -> SpectrumKind:
        """Always ``CHROMATOGRAM``."""
        return SpectrumKind.CHROMATOGRAM


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MassRun:
    """A GC-MS (or LC-MS) run: scans over time, ragged, in compressed rows.

    Parameters
    ----------
    scan_time_s : ndarray of float, shape (n_scans,)
        Retention time of each scan in seconds.
    offsets : ndarray of int, shape (n_scans + 1,)
        Scan ``i`` holds peaks ``offsets[i]:offsets[i + 1]``.
    mz, intensity : ndarray of float, shape (n_peaks,)
    stored_tic : ndarray of float, shape (n_scans,), or None
        Total ion current as the file states it; it may differ from the sum.
    """

    title: str
    scan_time_s: FloatArray
    offsets: IntArray
    mz: FloatArray
    intensity: FloatArray
    stored_tic: FloatArray | None = None
    ionization: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "scan_time_s", "scan times")
        _freeze(self, "mz", "m/z")
        _freeze(self, "intensity", "intensity")
        offsets = np.array(self.offsets, dtype=np.int64)
        offsets.setflags(write=False)
        object.__setattr__(self, "offsets", offsets)
        if self.stored_tic is not None:
            _freeze(self, "stored_tic", "TIC")
        object.__setattr__(self, "metadata", _frozen_map(self.metadata))
        whole = offsets.size == self.n_scans + 1 and offsets[0] == 0 and offsets[-1] == self.mz.size
        if not whole or (np.diff(offsets) < 0).any() or self.mz.shape != self.intensity.shape:
            raise GridMismatchError("the scan table does not fit the peaks it points to")

    @property
    def kind(self) -> SpectrumKind:
        """Always ``GCMS_RUN``."""
        return SpectrumKind.GCMS_RUN

    @property
    def n_scans(self) -> int:
        """Number of scans, empty ones included."""
        return int(self.scan_time_s.size)

    def scan(self, index: int) -> MassSpectrum:
        """Return scan ``index`` (from 0) as a mass spectrum."""
        start, stop = int(self.offsets[index]), int(self.offsets[index + 1])
        return MassSpectrum(
            title=f"{self.title} scan {index + 1}",
            mz=self.mz[start:stop],
            intensity=self.intensity[start:stop],
            retention_time_s=float(self.scan_time_s[index]),
            ionization=self.ionization,
        )

    def summed_tic(self) -> FloatArray:
        """Return the sum of the peaks of each scan, shape (n_scans,)."""
        total = np.zeros(self.intensity.size + 1)
        np.cumsum(self.intensity, out=total[1:])
        return np.asarray(total[self.offsets[1:]] - total[self.offsets[:-1]], dtype=np.float64)

    def tic(self) -> FloatArray:
        """Return the total ion current the file states, else the summed one, shape (n_scans,)."""
        return self.stored_tic if self.stored_tic is not None else self.summed_tic()


Measurement = Spectrum | MassSpectrum | Chromatogram | MassRun

__all__ = [
    "UNIT_MZ",
    "UNIT_ONE",
    "UNIT_S",
    "Chromatogram",
    "MassRun",
    "MassSpectrum",
    "Measurement",
    "Spectrum",
    "SpectrumKind",
    "Technique",
    "settled",
]
