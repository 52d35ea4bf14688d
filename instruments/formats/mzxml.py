"""mzXML, through pyteomics with the binary arrays left to our own capped decoder.

Source: mzXML 2.0-3.2, http://tools.proteomecenter.org/wiki/index.php?title=Formats:mzXML.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping

import numpy as np

from instruments.checks import peak_faults, time_faults
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.formats.xml_runs import decode_array, require_plain, root_element
from instruments.limits import AGAIN, RUN_BYTES
from spectra.axis import FloatArray
from spectra.spectrum import MassRun, Technique

_SCAN_COUNT = re.compile(rb"scanCount\s*=\s*[\"'](\d{1,9})[\"']")


class MzxmlReader:
    """mzXML runs."""

    name = "mzxml"
    suffixes = (".mzxml",)
    size_limit = RUN_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 for a root element of mzXML."""
        return 0.95 if root_element(head) in ("mzXML", "msRun") else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the run; times are in seconds whatever ISO 8601 duration the file writes."""
        require_plain(data)
        times: list[float] = []
        tics: list[float] = []
        peaks: list[tuple[FloatArray, FloatArray]] = []
        above = 0
        faults: list[str] = []
        try:
            for scan in _scans(data):
                peaks.append(_peaks(scan))
                times.append(_number(scan.get("retentionTime")) * 60.0)
                tics.append(_number(scan.get("totIonCurrent")))
                above += _number(scan.get("msLevel")) > 1
        except _Damaged as error:
            if not times:
                raise CorruptFileError(f"the XML is damaged ({error})", hint=AGAIN) from error
            faults.append(f"the file is cut or damaged after {len(times)} scans")
        if not times:
            raise CorruptFileError("mzXML without a scan", hint=AGAIN)
        return _reading(data, times, tics, peaks, above, faults)


class _Damaged(Exception):  # noqa: N818 - never leaves this module
    """The XML ends or breaks; what came before is whole."""


def _scans(data: bytes) -> Iterator[Mapping[str, object]]:
    from lxml import etree
    from pyteomics import mzxml
    from pyteomics.auxiliary import PyteomicsError

    try:
        with mzxml.MzXML(
            io.BytesIO(data), decode_binary=False, use_index=False, huge_tree=False
        ) as source:
            yield from source
    except (etree.XMLSyntaxError, PyteomicsError, ValueError, KeyError, TypeError) as error:
        raise _Damaged(str(error)[:200]) from error


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return float("nan")


def _peaks(scan: Mapping[str, object]) -> tuple[FloatArray, FloatArray]:
    record = scan.get("m/z array")
    if record is None:
        return np.empty(0), np.empty(0)
    text = getattr(record, "data", "")
    compression = str(getattr(record, "compression", "none"))
    if compression not in ("none", "zlib", "None", "zlib compression", "no compression"):
        raise RefusedFormatError(
            f"scans compressed with {compression[:20]} are not read",
            hint="Convert again with zlib or without compression.",
        )
    count = _number(scan.get("peaksCount"))
    announced = int(count) if count == count and count >= 0 else 0
    # The record holds pairs: m/z and intensity of 4 or of 8 bytes each.
    wide = np.dtype(getattr(record, "dtype", ">f4")).itemsize >= 16
    flat = decode_array(
        str(text or ""),
        2 * announced,
        ">f8" if wide else ">f4",
        compressed="zlib" in compression,
    )
    return flat[0::2], flat[1::2]


def _reading(
    data: bytes,
    times: list[float],
    tics: list[float],
    peaks: list[tuple[FloatArray, FloatArray]],
    above: int,
    faults: list[str],
) -> Reading:
    warnings: list[str] = []
    match = _SCAN_COUNT.search(data[:20_000])
    if match and int(match.group(1)) != len(times) and not faults:
        warnings.append(
            f"scanCount announces {int(match.group(1))} scans, {len(times)} are there: "
            "filtered or cut"
        )
    if above:
        warnings.append(f"{above} of {len(times)} scans are MS/MS, not full scans")
    mz = np.concatenate([part[0] for part in peaks])
    intensity = np.concatenate([part[1] for part in peaks])
    time_s, tic = np.array(times), np.array(tics)
    sizes = np.array([part[0].size for part in peaks], dtype=np.int64)
    metadata = {"time unit in file": "ISO 8601 duration (s)"}
    run = MassRun(
        title="",
        scan_time_s=time_s,
        offsets=np.concatenate(([0], np.cumsum(sizes))),
        mz=mz,
        intensity=intensity,
        stored_tic=tic if np.isfinite(tic).all() else None,
        metadata=metadata,
        faults=(*faults, *peak_faults(mz, intensity), *time_faults(time_s)),
    )
    return Reading(
        spectra=(run,), technique=Technique.GCMS, metadata=metadata, warnings=tuple(warnings)
    )
