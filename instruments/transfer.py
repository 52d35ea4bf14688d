"""An `Export` as plain bytes and back: JSON, one block of numbers, one of texts. Never pickle.

Used between the process that parses hostile bytes and the one that trusts the result, so what comes
back is checked like any other file. What all measurements have is sent in columns, once if equal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from instruments.export import Export
from instruments.transfer_form import ARRAYS, NO_ARRAY, NUL, SORT, STATED, Sizes
from instruments.transfer_read import Packed, received
from spectra.axis import FloatArray
from spectra.spectrum import MassSpectrum, Measurement

Buffer = bytes | memoryview

# Larger arrays are written as they are, smaller ones put together first.
_LARGE_BYTES = 1 << 20


@dataclass(slots=True)
class _Packing:
    """What was met so far; each distinct thing has a number."""

    sorts: dict[tuple[str, ...], int] = field(default_factory=dict)
    keys: dict[tuple[str, ...], int] = field(default_factory=dict)
    faults: dict[tuple[str, ...], int] = field(default_factory=lambda: {(): 0})
    arrays: list[np.ndarray[Any, Any]] = field(default_factory=list)
    numbered: dict[int, int] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)
    keys_of: list[int] = field(default_factory=list)
    last_facts: Mapping[str, str] | None = None

    def array(self, values: np.ndarray[Any, Any]) -> int:
        """Return the number of an array; the same object, as a shared axis, has one."""
        found = self.numbered.get(id(values))
        if found is None:
            found = self.numbered[id(values)] = len(self.arrays)
            self.arrays.append(values)
        return found

    def facts(self, values: Mapping[str, str]) -> int:
        """Return the number of a metadata mapping; one like that before it is not sent again."""
        if self.last_facts is None or values != self.last_facts:
            self.last_facts = values
            names = tuple(values)
            self.keys_of.append(self.keys.setdefault(names, len(self.keys)))
            self.values.extend(values.values())
        return len(self.keys_of) - 1


def parts(export: Export) -> list[Buffer]:
    """Return an export as buffers to write one after the other; large arrays are not copied."""
    packing, spectra = _Packing(), export.spectra
    sorts = [packing.sorts.setdefault(_sort(each), len(packing.sorts)) for each in spectra]
    facts = [packing.facts(each.metadata) for each in spectra]
    faults = [packing.faults.setdefault(each.faults, len(packing.faults)) for each in spectra]
    refs = _references(spectra, packing)
    texts = [each.title for each in spectra] + packing.values
    sizes = [each.size for each in packing.arrays]
    header: dict[str, object] = {
        "path": str(export.path),
        "sha256": export.sha256,
        "size": export.size,
        "format": export.format,
        "technique": export.technique.value,
        "metadata": dict(export.metadata),
        "warnings": list(export.warnings),
        "reader": export.reader,
        "reader_version": export.reader_version,
        "sorts": list(packing.sorts),
        "keys": list(packing.keys),
        "faults": list(packing.faults),
    }
    strings = NUL.join(texts)
    if strings.count(NUL) != max(len(texts) - 1, 0):
        header["texts"], strings = texts, ""  # a text holds the separator itself
    ints = np.array([*sorts, *facts, *faults, *packing.keys_of, *sizes, *refs], dtype=np.int64)
    numbers = [*_stated(spectra), *packing.arrays]
    json_text, text = json.dumps(header).encode("ascii"), strings.encode("utf-8", "surrogatepass")
    lengths = Sizes(
        spectra=len(spectra),
        facts=len(packing.keys_of),
        arrays=len(sizes),
        references=len(refs),
        numbers=sum(each.size for each in numbers),
        json=len(json_text),
        texts=len(text),
    )
    return [lengths.pack(), ints.tobytes(), *_joined(numbers), json_text, text]


def pack(export: Export) -> bytes:
    """Return an export as one run of bytes."""
    return b"".join(parts(export))


def unpack(data: Packed) -> Export:
    """Return what `pack` packed.

    Parameters
    ----------
    data : bytes, or ndarray of uint8
        An array becomes the spectra's own memory: it must be nobody else's.

    Raises
    ------
    CorruptFileError
        The bytes are not what `pack` writes.
    """
    return received(data)


def _sort(measurement: Measurement) -> tuple[str, ...]:
    """Return what many measurements of a file have in common."""
    if isinstance(measurement, MassSpectrum):  # a library of them is the large case
        return ("MassSpectrum", "", "", "", "", measurement.ionization)
    words = (str(getattr(measurement, name, "")) for name in SORT)
    return (type(measurement).__name__, *words)


def _references(spectra: tuple[Measurement, ...], packing: _Packing) -> list[int]:
    found: list[int] = []
    for each in spectra:
        for name in ARRAYS[type(each).__name__]:
            values = getattr(each, name)
            found.append(NO_ARRAY if values is None else packing.array(values))
    return found


def _stated(spectra: tuple[Measurement, ...]) -> list[FloatArray]:
    """Return the numbers a mass spectrum may state, each a column; NaN where it does not."""
    masses = [each if isinstance(each, MassSpectrum) else None for each in spectra]
    return [np.array([getattr(each, name, None) for each in masses], np.float64) for name in STATED]


def _joined(arrays: list[np.ndarray[Any, Any]]) -> list[Buffer]:
    """Return the memory of some arrays of eight-byte numbers, small ones put together."""
    found: list[Buffer] = []
    small: list[np.ndarray[Any, Any]] = []
    for each in arrays:
        if each.nbytes < _LARGE_BYTES:
            small.append(each.view(np.float64))
            continue
        found.extend(_one(small))
        small = []
        found.append(each.data.cast("B"))
    return [*found, *_one(small)]


def _one(arrays: list[FloatArray]) -> list[Buffer]:
    return [np.concatenate(arrays).data.cast("B")] if arrays else []
