"""An `Export` as plain bytes and back: one JSON header and raw arrays. Never pickle.

Used between the process that parses hostile bytes and the one that trusts the result, so what comes
back is checked like any other file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
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

_HEADER = "header"
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


def pack(export: Export) -> bytes:
    """Return an export as one npz archive; equal arrays are stored once."""
    arrays: dict[str, Any] = {}
    seen: dict[bytes, str] = {}
    spectra: list[dict[str, object]] = []
    for measurement in export.spectra:
        facts: dict[str, object] = {"shape": type(measurement).__name__}
        for name in _PLAIN:
            if hasattr(measurement, name):
                facts[name] = getattr(measurement, name)
        for name in ("x_kind", "y_kind"):
            if hasattr(measurement, name):
                facts[name] = getattr(measurement, name).value
        facts["metadata"] = dict(measurement.metadata)
        facts["faults"] = list(measurement.faults)
        for name in _ARRAYS:
            values = getattr(measurement, name, None)
            if isinstance(values, np.ndarray):
                content = values.tobytes() if values.size <= 100_000 else b""
                key = seen.get(content) if content else None
                if key is None:
                    key = f"a{len(arrays)}"
                    arrays[key] = values
                    if content:
                        seen[content] = key
                facts[name] = key
        spectra.append(facts)
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
    }
    arrays[_HEADER] = np.frombuffer(json.dumps(header).encode("utf-8"), dtype=np.uint8)
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def unpack(data: bytes) -> Export:
    """Return what `pack` packed.

    Raises
    ------
    CorruptFileError
        The bytes are not what `pack` writes.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            header = json.loads(archive[_HEADER].tobytes())
            arrays = {name: archive[name] for name in archive.files if name != _HEADER}
        return Export(
            path=Path(header["path"]),
            sha256=header["sha256"],
            size=int(header["size"]),
            format=header["format"],
            technique=Technique(header["technique"]),
            metadata=header["metadata"],
            warnings=tuple(header["warnings"]),
            spectra=tuple(_measurement(facts, arrays) for facts in header["spectra"]),
            reader=header["reader"],
            reader_version=header["reader_version"],
        )
    except (ValueError, KeyError, TypeError, OSError, SpectrumError) as error:
        raise CorruptFileError(f"the reading process gave no usable answer ({error})") from error


def _measurement(facts: Mapping[str, Any], arrays: Mapping[str, Any]) -> Measurement:
    shape = facts["shape"]
    values: dict[str, Any] = {name: facts[name] for name in _PLAIN if name in facts}
    values |= {name: arrays[facts[name]] for name in _ARRAYS if name in facts}
    values |= {"metadata": facts["metadata"], "faults": tuple(facts["faults"])}
    if "y_kind" in facts:
        values["y_kind"] = YKind(facts["y_kind"])
    if shape == "Spectrum":
        values["x_kind"] = XKind(facts["x_kind"])
    return _SHAPES[shape](**values)
