"""What was read from a file, as the ``files`` entries of ``fol.read/1``."""

from __future__ import annotations

from typing import Any

import numpy as np

from instruments.export import Export
from instruments.formats.gc_peaks import peaks_of
from spectra.axis import UNIT_MZ, UNIT_S, FloatArray, XKind, YKind
from spectra.spectrum import MassRun, MassSpectrum, Measurement


def file_entry(export: Export) -> dict[str, Any]:
    """Return one file's facts: format, technique, metadata, warnings and every spectrum in it."""
    return {
        "path": export.path,
        "sha256": export.sha256,
        "size": export.size,
        "format": export.format,
        "technique": export.technique,
        "reader": f"{export.reader} {export.reader_version}",
        "metadata": export.metadata,
        "warnings": export.warnings,
        "spectra": [spectrum_entry(item) for item in export.spectra],
    }


def spectrum_entry(item: Measurement) -> dict[str, Any]:
    """Return one spectrum's facts in file order and own units."""
    if isinstance(item, MassRun):
        return _run_entry(item)
    if isinstance(item, MassSpectrum):
        x, y, x_kind, x_unit = item.mz, item.intensity, XKind.MZ, UNIT_MZ
        y_kind, y_unit = YKind.ABUNDANCE, item.metadata.get("y_unit", "1")
    else:
        x, y, x_kind, x_unit = item.x, item.y, item.x_kind, item.x_unit
        y_kind, y_unit = item.y_kind, item.y_unit
    entry = _axes(item, x, y)
    entry |= {"x_kind": x_kind, "x_unit": x_unit, "y_kind": y_kind, "y_unit": y_unit}
    if isinstance(item, MassSpectrum):
        entry["base_peak_mz"] = item.base_peak_mz
        entry["precursor_mz"] = item.precursor_mz
        entry["retention_time_s"] = item.retention_time_s
    peaks = peaks_of(item.metadata)
    return entry | {"peaks": peaks} if peaks else entry


def _run_entry(run: MassRun) -> dict[str, Any]:
    entry = _axes(run, run.scan_time_s, run.tic())
    entry |= {
        "x_kind": XKind.TIME,
        "x_unit": UNIT_S,
        "y_kind": YKind.ABUNDANCE,
        "y_unit": "counts",
        "n_scans": run.n_scans,
        "n_peaks": int(run.mz.size),
        "mz_min": float(run.mz.min()) if run.mz.size else None,
        "mz_max": float(run.mz.max()) if run.mz.size else None,
        "base_peak_mz": float(run.mz[int(np.argmax(run.intensity))]) if run.mz.size else None,
    }
    return entry


def _axes(item: Measurement, x: FloatArray, y: FloatArray) -> dict[str, Any]:
    known = np.isfinite(y)
    top = int(np.argmax(np.where(known, y, -np.inf))) if known.any() else None
    return {
        "title": item.title,
        "kind": item.kind,
        "n_points": int(x.size),
        "x_first": float(x[0]) if x.size else None,
        "x_last": float(x[-1]) if x.size else None,
        "x_min": float(np.nanmin(x)) if x.size else None,
        "x_max": float(np.nanmax(x)) if x.size else None,
        "y_min": float(y[known].min()) if known.any() else None,
        "y_max": float(y[known].max()) if known.any() else None,
        "y_max_at": float(x[top]) if top is not None else None,
        "n_scans": None,
        "base_peak_mz": None,
        "faults": item.faults,
    }
