"""GC-MS runs made for timing, in three formats: deterministic, about a hundred peaks to a scan.

Written here from the formats' own descriptions, so that no writer of ours or of a peer is trusted.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

_STEP_S = 0.3


def scans(count: int, seed: int = 3) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield m/z and intensity of each scan: whole twentieths, intensities below 16,384."""
    rng = np.random.default_rng(seed)
    twentieths = np.arange(45 * 20, 600 * 20)
    for _ in range(count):
        size = int(rng.integers(80, 121))
        mz = np.sort(rng.choice(twentieths, size, replace=False)) / 20.0
        yield mz, rng.integers(1, 1 << 14, size).astype(np.float64)


def write_chemstation(path: Path, count: int) -> None:
    """Write ``data.ms``: a header of 0x200 bytes, then scans with points high word first."""
    header = bytearray(0x200)
    header[0:4] = b"\x01\x32\x00\x00"
    for at, text in ((0x04, b"GC / MS Data File"), (0x18, b"made"), (0xB2, b"01 Jan 2026")):
        header[at] = len(text)
        header[at + 1 : at + 1 + len(text)] = text
    struct.pack_into(">H", header, 0x10A, (0x200 + 2) // 2)
    struct.pack_into("<H", header, 0x142, count)
    parts = [bytes(header)]
    for number, (mz, intensity) in enumerate(scans(count)):
        points = np.empty((mz.size, 2), dtype=">u2")
        points[:, 0], points[:, 1] = np.round(mz * 20), intensity
        size = 18 + points.nbytes + 10
        head = struct.pack(">HIHHHHHH", size // 2, 300 * number, 0, 0, 0, mz.size, 0, 0)
        foot = struct.pack(">HII", 0, 0, int(intensity.sum()))
        parts.append(head + points.tobytes() + foot)
    path.write_bytes(b"".join(parts))


def write_mzml(path: Path, count: int) -> None:
    """Write mzML 1.1 with zlib arrays of doubles and times in minutes."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1.0">'
            '<cvList count="2"><cv id="MS" fullName="PSI-MS" version="4.1.0" URI="x"/>'
            '<cv id="UO" fullName="UO" version="1" URI="x"/></cvList><run id="made">'
            f'<spectrumList count="{count}" defaultDataProcessingRef="none">\n'
        )
        for number, (mz, intensity) in enumerate(scans(count)):
            stream.write(_mzml_scan(number, mz, intensity))
        stream.write("</spectrumList></run></mzML>\n")


def _mzml_scan(number: int, mz: np.ndarray, intensity: np.ndarray) -> str:
    return (
        f'<spectrum index="{number}" id="scan={number + 1}" defaultArrayLength="{mz.size}">'
        '<cvParam cvRef="MS" accession="MS:1000511" name="ms level" value="1"/>'
        '<cvParam cvRef="MS" accession="MS:1000127" name="centroid spectrum" value=""/>'
        '<cvParam cvRef="MS" accession="MS:1000285" name="total ion current" '
        f'value="{intensity.sum()}"/>'
        '<scanList count="1"><scan><cvParam cvRef="MS" accession="MS:1000016" '
        f'name="scan start time" value="{number * _STEP_S / 60.0}" unitCvRef="UO" '
        'unitAccession="UO:0000031" unitName="minute"/></scan></scanList>'
        '<binaryDataArrayList count="2">'
        f"{_mzml_array('MS:1000514', 'm/z array', mz)}"
        f"{_mzml_array('MS:1000515', 'intensity array', intensity)}"
        "</binaryDataArrayList></spectrum>\n"
    )


def _mzml_array(accession: str, name: str, values: np.ndarray) -> str:
    text = base64.b64encode(zlib.compress(values.astype("<f8").tobytes())).decode("ascii")
    return (
        f'<binaryDataArray encodedLength="{len(text)}">'
        '<cvParam cvRef="MS" accession="MS:1000523" name="64-bit float" value=""/>'
        '<cvParam cvRef="MS" accession="MS:1000574" name="zlib compression" value=""/>'
        f'<cvParam cvRef="MS" accession="{accession}" name="{name}" value=""/>'
        f"<binary>{text}</binary></binaryDataArray>"
    )


def write_andi(path: Path, count: int) -> None:
    """Write ANDI for mass spectrometry as netCDF-3, on scipy."""
    from scipy.io import netcdf_file

    parts = list(scans(count))
    sizes = np.array([mz.size for mz, _ in parts])
    with netcdf_file(path, "w") as out:
        out.experiment_title = b"made"
        out.test_ionization_mode = b"Electron Impact"
        out.createDimension("scan_number", count)
        out.createDimension("point_number", int(sizes.sum()))
        columns = (
            ("scan_acquisition_time", "d", "scan_number", _STEP_S * np.arange(count)),
            ("total_intensity", "d", "scan_number", [part.sum() for _, part in parts]),
            ("scan_index", "i", "scan_number", np.concatenate(([0], np.cumsum(sizes)[:-1]))),
            ("point_count", "i", "scan_number", sizes),
            ("mass_values", "f", "point_number", np.concatenate([mz for mz, _ in parts])),
            ("intensity_values", "f", "point_number", np.concatenate([y for _, y in parts])),
        )
        for name, kind, dimension, values in columns:
            out.createVariable(name, kind, (dimension,))[:] = values


__all__ = ["scans", "write_andi", "write_chemstation", "write_mzml"]
