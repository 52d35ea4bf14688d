"""Agilent MassHunter ``AcqData``: the scan table checked here, the peaks by rainbow.

Source: https://rainbow-api.readthedocs.io/en/latest/agilent/hrms.html. ``MSScan.xsd`` describes the
records of ``MSScan.bin``, which point into ``MSPeak.bin`` (centroids) or ``MSProfile.bin``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from instruments.checks import peak_faults, time_faults
from instruments.cleaning import clean_map
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.formats.borrowed import guarded, on_disk, package
from instruments.formats.xml_runs import require_plain
from instruments.limits import AGAIN, MAX_POINTS, MAX_SPECTRA, require_bytes
from spectra.axis import FloatArray, IntArray
from spectra.spectrum import MassRun

_NEEDED = ("MSScan.xsd", "MSScan.bin")
_ALSO = ("MSPeak.bin", "MSProfile.bin", "MSMassCal.bin", "DefaultMassCal.xml", "MSTS.xml")
_POINTER = 0x58
_MOST_BLOCKS = 8
_MOST_FIELDS = 500
_SIZES = {
    "byte": "V1",
    "short": "<u2",
    "int": "<i4",
    "long": "<i8",
    "float": "<f4",
    "double": "<f8",
}
# As the vendor's own library numbers them.
_SCAN_TYPES = {
    1: "scan", 2: "selected ions (SIM)", 4: "high-resolution scan", 8: "total ion",
    256: "multiple reactions (MRM)", 512: "product ions", 1024: "precursor ions",
    2048: "neutral loss", 4096: "neutral gain",
}  # fmt: skip
_FULL = (1, 4)
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)""")
_PLAIN_ENCODINGS = (b"utf-8", b"us-ascii", b"iso-8859-1", b"windows-1252")
_INSTEAD = "export ANDI/netCDF (.cdf) or convert the run to mzML (ProteoWizard msconvert)."
_WHOLE = "Copy the whole .D folder from the instrument, with everything in AcqData."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scans:
    """The scan table: one row a scan; ``blocks`` is the number of stored forms of each scan."""

    rows: np.ndarray[tuple[int], np.dtype[np.void]]
    blocks: int

    def column(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
        """Return one field of every scan as float64, or None where this version lacks it."""
        if self.rows.dtype.names is None or name not in self.rows.dtype.names:
            return None
        return np.asarray(self.rows[name], dtype=np.float64)


def has_scans(files: Mapping[str, bytes]) -> bool:
    """Return whether lower-case names of ``AcqData`` announce mass spectra."""
    return "msscan.bin" in files


def read_runs(files: Mapping[str, bytes]) -> tuple[list[MassRun], list[str]]:
    """Return the runs of an ``AcqData`` folder and what a person should know of it.

    Parameters
    ----------
    files : mapping of str to bytes
        By lower-case name.

    Raises
    ------
    CorruptFileError
        The peaks are missing or the tables contradict each other.
    RefusedFormatError
        ICP-MS data, or profile data that need a package.
    """
    given = {name: files[name.lower()] for name in _NEEDED + _ALSO if name.lower() in files}
    _require_parts(files, given)
    for name, data in given.items():
        if name.endswith((".xml", ".xsd")):
            require_plain(data)
            _require_plain_encoding(data)
    masshunter = package("rainbow.agilent.masshunter", "rainbow-api", "", _INSTEAD)
    with on_disk(given) as folder, guarded("rainbow", "MassHunter spectra"):
        types = masshunter.parse_scan_xsd(str(folder / "MSScan.xsd"))
        scans = _scans(given["MSScan.bin"], types)
        if "MSPeak.bin" in given:
            found = masshunter.parse_mspeakdata(str(folder))
        else:
            (found,) = masshunter.parse_msdata(str(folder))
        pairs = [found.scan(at) for at in range(scans.rows.size)]
        times = np.asarray(found.xlabels, dtype=np.float64) * 60.0
    profile = "MSPeak.bin" not in given
    return _runs(scans, times, pairs, profile=profile)


def _require_plain_encoding(data: bytes) -> None:
    """Raise for an encoding that could hide a document type from `require_plain`."""
    stated = _ENCODING.search(data[:200])
    if stated is not None and stated.group(1).lower() not in _PLAIN_ENCODINGS:
        raise RefusedFormatError(
            f"XML in the encoding {stated.group(1)[:20]!a}", hint="Write it as UTF-8."
        )


def _require_parts(files: Mapping[str, bytes], given: Mapping[str, bytes]) -> None:
    if "msscan_xspecific.bin" in files:
        raise RefusedFormatError(
            "this is an ICP-MS run: elements, not molecules", hint="No spectrum library holds it."
        )
    if "MSScan.xsd" not in given:
        raise CorruptFileError("MSScan.xsd is missing, which describes the scan table", hint=_WHOLE)
    if "MSPeak.bin" not in given and "MSProfile.bin" not in given:
        raise CorruptFileError(
            "the scan table is there, the peaks are not: MSPeak.bin (or MSProfile.bin) is missing",
            hint=_WHOLE,
        )


def _scans(data: bytes, types: Mapping[str, list[tuple[str, str]]]) -> _Scans:
    """Return the scan table by the file's own schema, its size checked against the bytes."""
    require_bytes(len(data), _POINTER, 1, 4, "the head of the scan table")
    (start,) = struct.unpack_from("<I", data, _POINTER)
    fields = types.get("ScanRecordType", [])
    block = np.dtype(_members(types, "SpectrumParamsType", 0))
    single = [(name, kind) for name, kind in fields if name != "SpectrumParamValues"]
    scalar = [member for name, kind in single for member in _member(types, name, kind, 0)]
    body = len(data) - start
    if not scalar or not block.itemsize or body <= 0:
        raise CorruptFileError("the scan table is empty", hint=AGAIN)
    size = np.dtype(scalar).itemsize
    fits = [n for n in range(1, _MOST_BLOCKS + 1) if body % (size + n * block.itemsize) == 0]
    if not fits:
        raise CorruptFileError(
            f"the scan table ends within a record ({body} bytes do not divide)", hint=AGAIN
        )
    stored = fits[0]
    record = np.dtype([*scalar, ("blocks", block, (stored,))])
    rows = np.frombuffer(data, dtype=record, offset=start)
    if not 0 < rows.size <= MAX_SPECTRA * 10:
        raise CorruptFileError(f"{rows.size} scans are announced", hint=AGAIN)
    if int(np.asarray(rows["blocks"]["PointCount"], dtype=np.int64).max(initial=0)) > MAX_POINTS:
        raise CorruptFileError("a scan announces more points than there can be", hint=AGAIN)
    return _Scans(rows=rows, blocks=stored)


def _members(
    types: Mapping[str, list[tuple[str, str]]], name: str, depth: int
) -> list[tuple[str, str]]:
    found = [
        member for each, kind in types.get(name, []) for member in _member(types, each, kind, depth)
    ]
    if len(found) > _MOST_FIELDS:
        raise CorruptFileError("the schema of the scan table is not a record", hint=AGAIN)
    return found


def _member(
    types: Mapping[str, list[tuple[str, str]]], name: str, kind: str | None, depth: int
) -> list[tuple[str, str]]:
    if kind is None or depth > 4:
        return []
    short = kind.split(":")[-1]
    if short in _SIZES and short not in types:
        return [(name, _SIZES[short])]
    return [(f"{name}.{inner}", code) for inner, code in _members(types, short, depth + 1)]


def _runs(
    scans: _Scans, times: FloatArray, pairs: list[tuple[FloatArray, FloatArray]], *, profile: bool
) -> tuple[list[MassRun], list[str]]:
    """Return one run for each kind of scan that the instrument interleaved, full scans first."""
    stated = scans.column("ScanTime")
    agree = stated is not None and np.array_equal(stated * 60.0, times)
    kinds = [
        np.zeros(times.size) if column is None else column
        for column in map(scans.column, ("ScanType", "MSLevel", "IonPolarity"))
    ]
    keys = np.stack(kinds, axis=1)
    order = list(dict.fromkeys(tuple(int(each) for each in key) for key in keys.tolist()))
    order.sort(key=lambda key: key[0] not in _FULL)
    runs = [
        _run(scans, times, pairs, np.flatnonzero((keys == key).all(axis=1)), key) for key in order
    ]
    warnings = [] if agree else ["the scan times are not those of the scan table"]
    if profile:
        warnings.append("profile spectra: every sampled point, not picked peaks")
    if len(runs) > 1:
        warnings.append(f"the run interleaves {len(runs)} kinds of scans: each is read as one run")
    return runs, warnings


def _run(
    scans: _Scans,
    times: FloatArray,
    pairs: list[tuple[FloatArray, FloatArray]],
    own: IntArray,
    key: tuple[int, ...],
) -> MassRun:
    chosen = [pairs[int(at)] for at in own]
    counts = np.array([mz.size for mz, _ in chosen], dtype=np.int64)
    mz = np.concatenate([np.asarray(each, dtype=np.float64) for each, _ in chosen])
    intensity = np.concatenate([np.asarray(each, dtype=np.float64) for _, each in chosen])
    faults = [*peak_faults(mz, intensity), *time_faults(times[own])]
    announced = np.asarray(scans.rows["blocks"]["PointCount"], dtype=np.int64).max(axis=1)[own]
    lost = int(((announced > 0) & (counts == 0)).sum())
    if lost:
        faults.append(f"{lost} of {counts.size} scans announce peaks that are not in the file")
    kind, level, polarity = key
    name = _SCAN_TYPES.get(kind, f"scan type {kind}")
    if kind not in _FULL or level > 1:
        faults.append(f"{name}: not full mass spectra")
    tic = scans.column("TIC")
    metadata = {
        "time unit in file": "minute",
        "scan type": name,
        "polarity": {0: "positive", 1: "negative"}.get(polarity, ""),
    }
    return MassRun(
        title=name,
        scan_time_s=times[own],
        offsets=np.concatenate(([0], np.cumsum(counts))),
        mz=mz,
        intensity=intensity,
        stored_tic=None if tic is None else tic[own],
        metadata=clean_map(metadata),
        faults=tuple(faults),
    )
