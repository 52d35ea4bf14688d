"""An `Export` as plain bytes and back: one JSON header and raw arrays. Never pickle.

Used between the process that parses hostile bytes and the one that trusts the result, so what comes
back is checked like any other file. Equal arrays and metadata are sent once.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from instruments.errors import CorruptFileError
from instruments.export import Export
from spectra.axis import XKind, YKind
from spectra.errors import SpectrumError
from spectra.spectrum import (
    Chromatogram,
    MassRun,
    MassSpectrum,
    Measurement,
    Spectrum,
    Technique,
)

Buffer = bytes | memoryview

_MAGIC = b"FOLEXP02"
_LENGTH = struct.Struct("<8sQ")
_ALIGN = 8
_TYPES = ("<f8", "<i8")
# Comparing larger arrays costs more than sending them twice.
_COMPARED_BYTES = 800_000
_SHAPES: dict[str, type[Measurement]] = {
    "Spectrum": Spectrum,
    "MassSpectrum": MassSpectrum,
    "Chromatogram": Chromatogram,
    "MassRun": MassRun,
}
_ARRAYS = ("x", "y", "mz", "intensity", "scan_time_s", "offsets", "stored_tic")
_PLAIN = (
    "title",
    "x_unit",
    "y_unit",
    "precursor_mz",
    "molecular_mass",
    "retention_time_s",
    "retention_index",
    "ionization",
)


@dataclass(slots=True)
class _Packing:
    """Arrays and metadata met so far, each with its number."""

    buffers: list[Buffer] = field(default_factory=list)
    arrays: list[tuple[str, int, int]] = field(default_factory=list)
    metadata: list[dict[str, str]] = field(default_factory=list)
    known_arrays: dict[bytes, int] = field(default_factory=dict)
    known_metadata: dict[tuple[tuple[str, str], ...], int] = field(default_factory=dict)
    size: int = 0

    def array(self, values: np.ndarray[Any, Any]) -> int:
        """Return the number of an array of float64 or int64."""
        dtype = "<i8" if values.dtype.kind == "i" else "<f8"
        plain = np.ascontiguousarray(values, dtype=dtype)
        content = plain.tobytes() if plain.nbytes <= _COMPARED_BYTES else None
        if content is not None and content in self.known_arrays:
            return self.known_arrays[content]
        number = len(self.arrays)
        if content is not None:
            self.known_arrays[content] = number
        self.arrays.append((dtype, self.size, plain.size))
        self.buffers.append(content if content is not None else plain.data.cast("B"))
        self.size += plain.nbytes
        return number

    def facts(self, values: Mapping[str, str]) -> int:
        """Return the number of a metadata mapping."""
        key = tuple(values.items())
        if key not in self.known_metadata:
            self.known_metadata[key] = len(self.metadata)
            self.metadata.append(dict(values))
        return self.known_metadata[key]


def parts(export: Export) -> list[Buffer]:
    """Return an export as buffers to be written one after the other; arrays are not copied."""
    packing = _Packing()
    spectra = [_packed(measurement, packing) for measurement in export.spectra]
    header = {
        "path": str(export.path),
        "sha256": export.sha256,
        "size": export.size,
        "format": export.format,
        "technique": export.technique.value,
        "metadata": dict(export.metadata),
        "warnings": list(export.warnings),
        "reader": export.reader,
        "reader_version": export.reader_version,
        "spectra": spectra,
        "arrays": packing.arrays,
        "spectra_metadata": packing.metadata,
    }
    text = json.dumps(header).encode("ascii")
    text += b" " * (-len(text) % _ALIGN)
    return [_LENGTH.pack(_MAGIC, len(text)), text, *packing.buffers]


def pack(export: Export) -> bytes:
    """Return an export as one run of bytes."""
    return b"".join(parts(export))


def _packed(measurement: Measurement, packing: _Packing) -> dict[str, object]:
    facts: dict[str, object] = {"shape": type(measurement).__name__}
    for name in _PLAIN:
        value = getattr(measurement, name, None)
        if value is not None:
            facts[name] = value
    for name in ("x_kind", "y_kind"):
        if hasattr(measurement, name):
            facts[name] = getattr(measurement, name).value
    facts["metadata"] = packing.facts(measurement.metadata)
    facts["faults"] = list(measurement.faults)
    for name in _ARRAYS:
        values = getattr(measurement, name, None)
        if isinstance(values, np.ndarray):
            facts[name] = packing.array(values)
    return facts


def unpack(data: Buffer | bytearray) -> Export:
    """Return what `pack` packed.

    Raises
    ------
    CorruptFileError
        The bytes are not what `pack` writes.
    """
    try:
        magic, length = _LENGTH.unpack_from(data)
        body = _LENGTH.size + length
        if magic != _MAGIC or body > len(data):
            raise ValueError("not a packed export")  # noqa: TRY301 - one answer for all of these
        view = memoryview(data)
        header = json.loads(bytes(view[_LENGTH.size : body]))
        arrays = [_array(view, body, *entry) for entry in header["arrays"]]
        metadata = header["spectra_metadata"]
        return Export(
            path=Path(header["path"]),
            sha256=header["sha256"],
            size=int(header["size"]),
            format=header["format"],
            technique=Technique(header["technique"]),
            metadata=header["metadata"],
            warnings=tuple(header["warnings"]),
            spectra=tuple(_measurement(facts, arrays, metadata) for facts in header["spectra"]),
            reader=header["reader"],
            reader_version=header["reader_version"],
        )
    except (ValueError, LookupError, TypeError, OSError, struct.error, SpectrumError) as error:
        raise CorruptFileError(f"the reading process gave no usable answer ({error})") from error


def _array(
    view: memoryview, body: int, dtype: str, offset: int, count: int
) -> np.ndarray[Any, Any]:
    if dtype not in _TYPES or offset < 0 or count < 0:
        raise ValueError("an array of a kind that is never sent")
    return np.frombuffer(view, dtype=dtype, count=count, offset=body + offset)


def _measurement(
    facts: Mapping[str, Any],
    arrays: list[np.ndarray[Any, Any]],
    metadata: list[dict[str, str]],
) -> Measurement:
    shape = facts["shape"]
    values: dict[str, Any] = {name: facts[name] for name in _PLAIN if name in facts}
    values |= {name: arrays[facts[name]] for name in _ARRAYS if name in facts}
    values |= {"metadata": metadata[facts["metadata"]], "faults": tuple(facts["faults"])}
    if "y_kind" in facts:
        values["y_kind"] = YKind(facts["y_kind"])
    if shape == "Spectrum":
        values["x_kind"] = XKind(facts["x_kind"])
    return _SHAPES[shape](**values)
