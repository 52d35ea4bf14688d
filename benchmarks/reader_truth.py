"""What a reader found against what the manifest states: one word, and the first difference.

A reversed axis is taken for right, as is either of two total ion currents (stored or summed).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.reader_peers import Found
from tests.real.manifest_facts import close, stated_in_minutes

FAMILIES: dict[str, tuple[str, ...]] = {
    "JCAMP-DX": ("jcamp", "jcamp-asdf-forms", "jcamp-link", "jcamp-ntuples", "shimadzu-txt"),
    "SPC": ("spc",),
    "Thermo OMNIC": ("omnic-spa", "omnic-spg"),
    "Bruker OPUS": ("bruker-opus",),
    "Renishaw WDF": ("renishaw-wdf",),
    "Agilent ASP": ("agilent-asp",),
    "Agilent ChemStation": ("agilent-D",),
    "ANDI netCDF": ("andi-cdf",),
    "mzML": ("mzml",),
    "mzXML": ("mzxml",),
    "MSP, MSL, ELU": ("msp", "amdis-msl", "amdis-elu"),
    "MGF": ("mgf",),
    "Text tables": (
        "csv",
        "bruker-dpt",
        "bwtek-txt",
        "horiba-txt",
        "renishaw-txt",
        "witec-txt",
        "portable-other",
        "ocean-txt",
        "avantes-txt",
        "perkinelmer-ascii",
    ),
    "Others": ("rod-cif", "rruff-txt", "perkinelmer-sp", "massbank"),
}


def family(form: str) -> str:
    """Return the family of a manifest format, or an empty string for one that is not compared."""
    return next((name for name, forms in FAMILIES.items() if form in forms), "")


def measured(found: Found) -> dict[str, Any]:
    """Return the facts of what was found as plain numbers; empty when there is nothing."""
    if found.times_s is not None:
        if np.size(found.times_s) == 0:
            return {"n_scans": 0}
        times, mz = np.asarray(found.times_s, dtype=float), np.asarray(found.mz, dtype=float)
        return {
            "n_scans": int(times.size),
            "rt_first": float(times[0]),
            "rt_last": float(times[-1]),
            "tic_max": [float(np.max(np.asarray(tic, dtype=float))) for tic in found.tics],
            "mz_min": float(mz.min()),
            "mz_max": float(mz.max()),
        }
    curves = found.curves or []
    if not curves:
        return {"n_spectra": 0}
    x, y = (np.asarray(part, dtype=float).ravel() for part in curves[0])
    if x.size != y.size or x.size == 0:
        return {"n_spectra": len(curves), "n_points": int(y.size), "uneven": True}
    return {
        "n_spectra": len(curves),
        "n_points": int(y.size),
        "x_first": float(x[0]),
        "x_last": float(x[-1]),
        "y_min": float(y.min()),
        "y_max": float(y.max()),
        "x_at_ymax": float(x[int(np.argmax(y))]),
    }


def difference(
    found: Mapping[str, Any],
    row: Mapping[str, str],
    wanted: Mapping[str, str],
    *,
    whole_masses: bool = False,
) -> str:
    """Return the first fact that does not hold, or an empty string when all do.

    Parameters
    ----------
    found : mapping
        From `measured`.
    row, wanted : mapping of str to str
        The manifest's row, and its facts with corrections.
    whole_masses : bool
        The reader rounds m/z on purpose: half a unit is allowed.
    """
    if "n_scans" in wanted and wanted["n_scans"] != "0":
        return _run_difference(found, row, wanted, 0.5 if whole_masses else 0.0)
    counted = "n_spectra" in wanted and "opus" not in row["format"]
    if counted and found.get("n_spectra") != int(wanted["n_spectra"]):
        return f"{found.get('n_spectra')} spectra, not {wanted['n_spectra']}"
    if "n_points" not in wanted:
        return ""
    if found.get("n_points") != int(wanted["n_points"]) or "uneven" in found:
        return f"{found.get('n_points')} points, not {wanted['n_points']}"
    ends = [found["x_first"], found["x_last"]]
    if "x_first" in wanted and not any(
        close(a, wanted["x_first"]) and close(b, wanted["x_last"]) for a, b in (ends, ends[::-1])
    ):
        return f"x from {ends[0]:g} to {ends[1]:g}"
    for key in ("y_min", "y_max", "x_at_ymax"):
        if key in wanted and not close(found[key], wanted[key]):
            return f"{key} {found[key]:g}, not {wanted[key]}"
    return ""


def _run_difference(
    found: Mapping[str, Any], row: Mapping[str, str], wanted: Mapping[str, str], room: float
) -> str:
    if found.get("n_scans") != int(wanted["n_scans"]):
        return f"{found.get('n_scans', 'no')} scans, not {wanted['n_scans']}"
    factor = 60.0 if stated_in_minutes(row) else 1.0
    for key in ("rt_first", "rt_last"):
        if not close(found[key] / factor, wanted[key]):
            return f"{key} {found[key] / factor:g}, not {wanted[key]}"
    if not any(close(tic, wanted["tic_max"]) for tic in found["tic_max"]):
        return f"tic_max {found['tic_max'][0]:g}, not {wanted['tic_max']}"
    for key in ("mz_min", "mz_max"):
        if not close(found[key], wanted[key]) and abs(found[key] - float(wanted[key])) > room:
            return f"{key} {found[key]:g}, not {wanted[key]}"
    return ""
