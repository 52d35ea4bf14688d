"""ANDI / AIA netCDF-3 through scipy: one run, one mass spectrum or one chromatogram to a file.

Source: ASTM E1947 and E2077. Values are 64-bit, so nothing is lost.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from instruments.cleaning import one_line
from instruments.errors import RefusedFormatError
from spectra.spectrum import Chromatogram, MassRun, MassSpectrum, Measurement

_IONIZATION = {
    "EI": "Electron Impact",
    "CI": "Chemical Ionization",
    "ESI": "Electrospray Ionization",
}


class _KeepOpen(io.BytesIO):
    """scipy closes what it writes to; the bytes are wanted after that."""

    written = b""

    def close(self) -> None:
        """Keep the bytes, then close."""
        self.written = self.getvalue()
        super().close()


def encode(measurements: Sequence[Measurement]) -> bytes:
    """Return one netCDF file.

    Raises
    ------
    RefusedFormatError
        More than one measurement, or one on an axis other than time or m/z.
    """
    if len(measurements) != 1:
        raise RefusedFormatError(
            f"ANDI holds one run, not {len(measurements)} measurements",
            hint="Write them as mzml or csv, or one by one.",
        )
    from scipy.io import netcdf_file

    target = _KeepOpen()
    with netcdf_file(target, "w", version=1) as out:
        only = measurements[0]
        if isinstance(only, Chromatogram):
            _chromatogram(out, only)
        elif isinstance(only, MassRun):
            _run(out, only)
        elif isinstance(only, MassSpectrum):
            _run(out, _as_run(only))
        else:
            raise RefusedFormatError(
                "ANDI holds chromatograms and mass spectra only",
                hint="Write Raman and infrared as jcamp or csv.",
            )
    return target.written


def _as_run(spectrum: MassSpectrum) -> MassRun:
    return MassRun(
        title=spectrum.title,
        scan_time_s=np.array([spectrum.retention_time_s or 0.0]),
        offsets=np.array([0, spectrum.mz.size]),
        mz=spectrum.mz,
        intensity=spectrum.intensity,
        ionization=spectrum.ionization,
    )


def _bytes(text: str) -> bytes:
    return one_line(text, limit=250).encode("latin-1", "replace") or b" "


def _array(out: Any, name: str, dimension: str, values: object, kind: str = "d") -> Any:
    variable = out.createVariable(name, kind, (dimension,))
    variable[:] = np.asarray(values)
    return variable


def _run(out: Any, run: MassRun) -> None:
    out.dataset_completeness = b"C1"
    out.ms_template_revision = b"1.0.1"
    out.experiment_title = _bytes(run.title)
    out.experiment_type = b"Centroided Mass Spectrum"
    out.test_ionization_mode = _bytes(_IONIZATION.get(run.ionization.rstrip("+-"), run.ionization))
    negative = run.ionization.endswith("-")
    out.test_ionization_polarity = b"Negative Polarity" if negative else b"Positive Polarity"
    out.units = b"Seconds"
    # netCDF-3 cannot hold an empty fixed dimension: a run without peaks keeps one unused slot.
    slots = max(run.mz.size, 1)
    out.createDimension("scan_number", run.n_scans)
    out.createDimension("point_number", slots)
    counts = np.diff(run.offsets)
    mz, intensity = np.zeros(slots), np.zeros(slots)
    mz[: run.mz.size], intensity[: run.mz.size] = run.mz, run.intensity
    _array(out, "scan_acquisition_time", "scan_number", run.scan_time_s).units = b"Seconds"
    _array(out, "scan_index", "scan_number", run.offsets[:-1], "i")
    _array(out, "point_count", "scan_number", counts, "i")
    _array(out, "total_intensity", "scan_number", run.tic())
    _array(out, "mass_values", "point_number", mz).units = b"M/Z"
    _array(out, "intensity_values", "point_number", intensity).units = b"Arbitrary Intensity Units"


def _chromatogram(out: Any, curve: Chromatogram) -> None:
    out.dataset_completeness = b"C1"
    out.aia_template_revision = b"1.0.1"
    out.sample_name = _bytes(curve.title)
    out.retention_unit = b"minutes" if curve.x_unit == "min" else b"seconds"
    out.detector_unit = _bytes(curve.y_unit)
    out.createDimension("point_number", curve.x.size)
    _array(out, "raw_data_retention", "point_number", curve.x)
    _array(out, "ordinate_values", "point_number", curve.y)
    step = float(curve.x[-1] - curve.x[0]) / max(curve.x.size - 1, 1)
    for name, value in (
        ("actual_sampling_interval", step),
        ("actual_delay_time", float(curve.x[0])),
        ("actual_run_time_length", float(curve.x[-1])),
    ):
        out.createVariable(name, "d", ()).data[...] = value
