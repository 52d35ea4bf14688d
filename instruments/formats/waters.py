"""Waters MassLynx ``.raw`` folders: every function and every analogue channel, in file order.

Source: https://rainbow-api.readthedocs.io/en/latest/waters/waters.html, checked against that
package, which sums peaks into a shared m/z grid and so cannot give the scans themselves.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from instruments.checks import curve_faults, peak_faults, time_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from instruments.formats.waters_pairs import decode, pair_sizes
from instruments.limits import AGAIN, require_bytes
from spectra.axis import UNIT_MIN, FloatArray, IntArray, XKind
from spectra.spectrum import Chromatogram, MassRun, Measurement

_FUNCTION = re.compile(r"_func(\d{3})\.dat")
_ANALOGUE = re.compile(r"_chro(\d{3})\.dat")
_INDEX, _RECORD, _CHANNELS = 22, 416, 32
_FIRST_MASSES, _SECOND_MASSES = 160, 288
_TYPES = {
    0: "MS scan", 1: "SIR", 2: "delay", 3: "CAT", 4: "off", 5: "parents", 6: "daughters",
    7: "neutral loss", 8: "neutral gain", 9: "MRM", 12: "diode array",
}  # fmt: skip
_MS_SCAN, _MRM, _DIODES, _UNSTATED = 0, 9, 12, -1
_ION_MODES = {"EI": "EI", "CI": "CI", "ES": "ESI", "AP": "APCI"}
_CONVERT = "Convert the run to mzML (ProteoWizard msconvert) and read that."
_TRACE_START, _TRACE_NAMES, _TRACE_NAME = 0x80, 0x84, 0x55


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """The scans of one function: minutes, byte offsets and pair counts."""

    minutes: FloatArray
    starts: IntArray
    counts: IntArray


def is_run(files: Mapping[str, bytes]) -> bool:
    """Return whether lower-case names are those of a Waters run with data."""
    return any(_FUNCTION.fullmatch(name) or _ANALOGUE.fullmatch(name) for name in files)


def read_run(files: Mapping[str, bytes]) -> tuple[list[Measurement], dict[str, str], list[str]]:
    """Return the measurements of a ``.raw`` folder, its header, and what a person should know.

    Parameters
    ----------
    files : mapping of str to bytes
        By lower-case name.

    Raises
    ------
    FormatError
        No function can be read; one that cannot beside others that can is told.
    """
    header = _header(files)
    measured: list[Measurement] = []
    warnings: list[str] = []
    troubles: list[FormatError] = []
    for name in sorted(name for name in files if _FUNCTION.fullmatch(name)):
        if not files[name]:
            warnings.append(f"{name} is empty and was left out")
            continue
        try:
            measured.extend(_function(files, name, header))
        except FormatError as error:
            troubles.append(error)
    names = _trace_names(files.get("_chroms.inf", b""))
    for name in sorted(name for name in files if _ANALOGUE.fullmatch(name)):
        trace = _trace(files[name], int(name[5:8]), names)
        if trace is None:
            warnings.append(f"{name} is empty and was left out")
        else:
            measured.append(trace)
    if troubles and not any(map(_of_function, measured)):
        raise troubles[0]
    warnings.extend(f"not read: {error.message}" for error in troubles)
    return measured, header, warnings


def _of_function(measured: Measurement) -> bool:
    return measured.metadata["file"].startswith("_FUNC")


def _header(files: Mapping[str, bytes]) -> dict[str, str]:
    text = files.get("_header.txt", b"").decode("cp1252", "replace")
    facts: dict[str, str] = {}
    for line in text.splitlines()[:1000]:
        key, found, value = line.removeprefix("$$ ").partition(":")
        if line.startswith("$$ ") and found:
            facts.setdefault(key.strip(), value.strip())
    return clean_map(facts)


def _function(files: Mapping[str, bytes], name: str, header: dict[str, str]) -> list[Measurement]:
    number = int(name[5:8])
    table = files.get("_functns.inf", b"")
    at = (number - 1) * _RECORD
    kind = table[at] & 0x1F if 0 <= at < len(table) else _UNSTATED
    index = _scan_index(files, name)
    data = files[name]
    size = _pair_size(index, len(data), name)
    words = _words(data, index, size)
    if size in (2, 4):
        require_bytes(len(table), at, 1, _RECORD, f"function {number} of _FUNCTNS.INF")
        return _channels(words, index, size, table[at : at + _RECORD], kind, number)
    keys, values = decode(words, size)
    if kind == _DIODES:
        return _diodes(keys, values, index, number)
    if kind not in _TYPES and kind != _UNSTATED:
        raise RefusedFormatError(f"function {number} is of an unknown type ({kind})", hint=_CONVERT)
    mz, faults = _calibrated(keys, header, number)
    run = _scans(mz, values, index, kind, number)
    mode = _ion_mode(files.get("_extern.inf", b""), number)
    source = _ION_MODES.get(mode[:2].upper(), "")
    return [
        replace(
            run,
            ionization=source if source in ("", "EI") else source + mode[2:3],
            metadata=clean_map({**run.metadata, "ion mode": mode}),
            faults=(*run.faults, *faults),
        )
    ]


def _scan_index(files: Mapping[str, bytes], name: str) -> _Index:
    data = files.get(name.replace(".dat", ".idx"))
    if data is None:
        raise CorruptFileError(
            f"{name.upper()} has no index beside it (.IDX)", hint="Copy the whole .raw folder."
        )
    if not data or len(data) % _INDEX:
        raise CorruptFileError(
            f"the index of {name.upper()} has {len(data)} bytes: no whole number of scans",
            hint=AGAIN,
        )
    layout = np.dtype(
        {
            "names": ["start", "count", "minutes"],
            "formats": ["<u4", "<u4", "<f4"],
            "offsets": [0, 4, 12],
            "itemsize": _INDEX,
        }
    )
    rows = np.frombuffer(data, dtype=layout)
    return _Index(
        minutes=rows["minutes"].astype(np.float64),
        starts=rows["start"].astype(np.int64),
        counts=(rows["count"] & 0x3FFFFF).astype(np.int64),
    )


def _pair_size(index: _Index, size: int, name: str) -> int:
    """Return the bytes of one stored pair, the same for every scan; else the index lies."""
    held = np.flatnonzero(index.counts)
    if held.size == 0:
        raise CorruptFileError(f"{name.upper()}: no scan holds a point", hint=AGAIN)
    stops = np.append(index.starts[held][1:], size)
    spans = stops - index.starts[held]
    found = {each for each in pair_sizes() if np.array_equal(spans, index.counts[held] * each)}
    if len(found) != 1:
        raise CorruptFileError(
            f"{name.upper()}: the index announces {int(index.counts.sum())} points, "
            f"the data have {size} bytes",
            hint=AGAIN,
        )
    return found.pop()


def _words(data: bytes, index: _Index, size: int) -> bytes:
    """Return the bytes of all scans, in scan order; the first scan need not start at 0."""
    first = int(index.starts[index.counts > 0][0])
    return data[first : first + int(index.counts.sum()) * size]


def _channels(
    words: bytes, index: _Index, size: int, record: bytes, kind: int, number: int
) -> list[Measurement]:
    """Return each monitored ion or transition as a trace; their masses stand in the header."""
    _, values = decode(words, size)
    first = struct.unpack_from(f"<{_CHANNELS}f", record, _FIRST_MASSES)
    second = struct.unpack_from(f"<{_CHANNELS}f", record, _SECOND_MASSES)
    n_channels = sum(1 for mass in first if mass != 0.0)
    if n_channels == 0 or (index.counts != n_channels).any():
        raise CorruptFileError(
            f"function {number} names {n_channels} ions, its scans hold "
            f"{int(index.counts.min())} to {int(index.counts.max())} points",
            hint=AGAIN,
        )
    rows = values.reshape(-1, n_channels)
    short = _TYPES.get(kind, f"type {kind}")
    traces: list[Measurement] = []
    for at in range(n_channels):
        ion = f"{first[at]:.2f} > {second[at]:.2f}" if kind == _MRM else f"{first[at]:.2f}"
        title = f"function {number} {short} {ion}"
        facts = {"file": f"_FUNC{number:03d}.DAT"}
        traces.append(_curve(title, index.minutes, rows[:, at], "counts", facts))
    return traces


def _diodes(keys: FloatArray, values: FloatArray, index: _Index, number: int) -> list[Measurement]:
    """Return one trace for each wavelength of a diode array, which is the same in every scan."""
    width = int(index.counts[0])
    grid = keys.reshape(-1, width) if (index.counts == width).all() else np.empty((0, 0))
    if grid.size == 0 or not np.allclose(grid, grid[0], atol=0.01):
        raise RefusedFormatError(
            f"function {number}: the wavelengths differ between scans", hint=_CONVERT
        )
    rows = values.reshape(-1, width)
    facts = {"file": f"_FUNC{number:03d}.DAT"}
    return [
        _curve(f"function {number} {wavelength:g} nm", index.minutes, rows[:, at], "AU", facts)
        for at, wavelength in enumerate(grid[0])
    ]


def _calibrated(
    keys: FloatArray, header: dict[str, str], number: int
) -> tuple[FloatArray, list[str]]:
    """Return m/z by the polynomial that the header gives for this function, and faults."""
    stated = [part.strip() for part in header.get(f"Cal Function {number}", "").split(",")]
    numbers = [part for part in stated if part and not part.startswith("T")]
    if "T0" not in stated:
        # T1 is a polynomial in the square root of m/z, of time-of-flight instruments.
        return keys, ["its m/z calibration is of a kind not known here"] if numbers else []
    try:
        coefficients = [float(part) for part in numbers]
    except ValueError as error:
        raise CorruptFileError(
            f"function {number}: its calibration is not a row of numbers", hint=AGAIN
        ) from error
    mz = np.polynomial.polynomial.polyval(keys, coefficients or [0.0, 1.0])
    return np.asarray(mz, dtype=np.float64), []


def _scans(mz: FloatArray, intensity: FloatArray, index: _Index, kind: int, number: int) -> MassRun:
    times = index.minutes * 60.0
    faults = [*peak_faults(mz, intensity), *time_faults(times)]
    what = _TYPES.get(kind, "scans")
    if kind == _UNSTATED:
        faults.append("the folder does not state what kind of scans these are (_FUNCTNS.INF)")
    elif kind != _MS_SCAN:
        faults.append(f"{what}: not full mass spectra")
    return MassRun(
        title=f"function {number} {what}",
        scan_time_s=times,
        offsets=np.concatenate(([0], np.cumsum(index.counts))),
        mz=mz,
        intensity=intensity,
        metadata={"time unit in file": "minute", "file": f"_FUNC{number:03d}.DAT"},
        faults=tuple(faults),
    )


def _ion_mode(extern: bytes, number: int) -> str:
    """Return ``EI+``, ``ES-`` … where ``_extern.inf`` states it under this function's own head."""
    lines = extern.decode("cp1252", "replace").splitlines()
    heads = [at for at, line in enumerate(lines) if re.search(r"Function\s+\d+", line)]
    for start, stop in pairwise([*heads, len(lines)]):
        found = re.search(r"Function\s+(\d+)", lines[start])
        if found is None or int(found.group(1)) != number:
            continue
        for line in lines[start + 1 : stop]:
            if line.strip().startswith("Polarity"):
                return one_line(line.strip().removeprefix("Polarity"), limit=10)
    return ""


def _trace_names(data: bytes) -> list[tuple[str, str]]:
    """Return (name, unit) of each analogue channel."""
    named: list[tuple[str, str]] = []
    for at in range(_TRACE_NAMES, len(data), _TRACE_NAME):
        text = data[at : at + _TRACE_NAME].decode("cp1252", "replace")
        parts = re.sub(r"[\x00-\x04]|\$CC\$|\(\d*\)", "", text).strip().split(",")
        named.append((one_line(parts[0]), one_line(parts[5]) if len(parts) == 6 else ""))
    return named


def _trace(data: bytes, number: int, names: list[tuple[str, str]]) -> Chromatogram | None:
    count = (len(data) - _TRACE_START) // 8
    if count <= 0:
        return None
    pairs = np.frombuffer(data, dtype="<f4", count=2 * count, offset=_TRACE_START)
    title, unit = names[number - 1] if 1 <= number <= len(names) else (f"channel {number}", "")
    minutes, values = pairs[0::2].astype(np.float64), pairs[1::2].astype(np.float64)
    return _curve(title, minutes, values, unit or "unknown", {"file": f"_CHRO{number:03d}.DAT"})


def _curve(
    title: str, minutes: FloatArray, values: FloatArray, unit: str, facts: dict[str, str]
) -> Chromatogram:
    return Chromatogram(
        title=title,
        x=minutes,
        y=values,
        x_unit=UNIT_MIN,
        y_unit=unit,
        metadata=facts,
        faults=curve_faults(minutes, values, XKind.TIME),
    )
