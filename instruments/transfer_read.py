"""What came back from the reading process -> an `Export`, believing none of it.

Every count is compared with the bytes that are there, every number of a thing with how many there
are, texts are one printable line each, and numbers that are none carry a fault.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from instruments.cleaning import one_line
from instruments.errors import CorruptFileError
from instruments.export import Export
from instruments.transfer_form import ARRAYS, NO_ARRAY, NUL, SORT, STATED, Sizes
from spectra.axis import FloatArray, IntArray, XKind, YKind
from spectra.errors import SpectrumError
from spectra.spectrum import (
    Chromatogram,
    MassRun,
    MassSpectrum,
    Measurement,
    Spectrum,
    Technique,
)

Bytes = npt.NDArray[np.uint8]
Packed = bytes | bytearray | memoryview | Bytes

_SHAPES: dict[str, type[Measurement]] = {
    "Spectrum": Spectrum,
    "MassSpectrum": MassSpectrum,
    "Chromatogram": Chromatogram,
    "MassRun": MassRun,
}
_OF_SHAPE = {
    "Spectrum": ("x_kind", "y_kind", "x_unit", "y_unit"),
    "MassSpectrum": ("ionization",),
    "Chromatogram": ("y_kind", "x_unit", "y_unit"),
    "MassRun": ("ionization",),
}
_MEASURED = frozenset(("x", "y", "mz", "intensity", "scan_time_s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sort:
    """What measurements of one sort have in common."""

    make: type[Measurement]
    arrays: tuple[str, ...]
    common: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """The integers, taken apart and found to be within their tables."""

    sorts: list[int]
    facts: list[int]
    faults: list[int]
    keys: list[int]
    sizes: list[int]
    references: list[int]


def received(data: Packed) -> Export:
    """Return the export of some bytes; see `instruments.transfer.unpack`."""
    try:
        return _export(data if isinstance(data, np.ndarray) else _own(data))
    except (ValueError, LookupError, TypeError, OSError, struct.error, SpectrumError) as error:
        raise CorruptFileError(f"the reading process gave no usable answer ({error})") from error


def _own(data: bytes | bytearray | memoryview) -> Bytes:
    return np.frombuffer(data, dtype=np.uint8).copy()


def _export(data: Bytes) -> Export:
    sizes = Sizes.unpack(data[:64].tobytes())
    if sizes.whole != data.size:
        raise ValueError("its parts do not add up")
    data.setflags(write=False)
    numbers_at = sizes.head + 8 * sizes.integers
    json_at = numbers_at + 8 * sizes.numbers
    texts_at = json_at + sizes.json
    header = json.loads(data[json_at:texts_at].tobytes())
    keys = [tuple(map(_word, each)) for each in header["keys"]]
    faults = [tuple(map(_word, each)) for each in header["faults"]]
    sorts = [_sort(each) for each in header["sorts"]]
    columns = _columns(data[sizes.head : numbers_at].view(np.int64), sizes, sorts, keys, faults)
    if "texts" in header:
        texts = [_word(each) for each in header["texts"]]
    else:
        texts = _texts(data[texts_at:].tobytes())
    facts = _facts(texts[sizes.spectra :], [keys[at] for at in columns.keys])
    if len(texts) < sizes.spectra:
        raise ValueError("texts are missing")
    measured = _Measured(data[numbers_at:json_at].view(np.float64), sizes, columns)
    return Export(
        path=Path(header["path"]),
        sha256=_word(header["sha256"]),
        size=int(header["size"]),
        format=_word(header["format"]),
        technique=Technique(header["technique"]),
        metadata={_word(key): _word(value) for key, value in header["metadata"].items()},
        warnings=tuple(map(_word, header["warnings"])),
        spectra=tuple(measured.each(sorts, texts[: sizes.spectra], facts, faults)),
        reader=_word(header["reader"]),
        reader_version=_word(header["reader_version"]),
    )


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is no text")
    return value if value.isprintable() else one_line(value, limit=len(value) + 1)


def _texts(raw: bytes) -> list[str]:
    """Return texts that stand between separators, each one printable line."""
    texts = raw.decode("utf-8", "surrogatepass").split(NUL)
    return texts if "".join(texts).isprintable() else [_word(each) for each in texts]


def _sort(stated: Sequence[object]) -> _Sort:
    shape, *words = map(_word, stated)
    values = dict(zip(SORT, words, strict=True))
    common: dict[str, Any] = {name: values[name] for name in _OF_SHAPE[shape]}
    if "x_kind" in common:
        common["x_kind"] = XKind(common["x_kind"])
    if "y_kind" in common:
        common["y_kind"] = YKind(common["y_kind"])
    return _Sort(make=_SHAPES[shape], arrays=ARRAYS[shape], common=common)


def _columns(
    integers: IntArray,
    sizes: Sizes,
    sorts: Sequence[_Sort],
    keys: Sequence[tuple[str, ...]],
    faults: Sequence[tuple[str, ...]],
) -> _Columns:
    n = sizes.spectra
    lengths = (n, n, n, sizes.facts, sizes.arrays, sizes.references)
    # One more than a number may be; an array's length is compared with all that are there.
    limits = (len(sorts), sizes.facts, len(faults), len(keys), sizes.numbers + 1, sizes.arrays)
    found: list[list[int]] = []
    for (start, stop), limit in zip(pairwise(accumulate(lengths, initial=0)), limits, strict=True):
        column = integers[start:stop]
        least = NO_ARRAY if len(found) == len(limits) - 1 else 0
        if column.size and not least <= int(column.min()) <= int(column.max()) < limit:
            raise ValueError("a number of what is not there")
        found.append(column.tolist())
    if sum(found[4]) + len(STATED) * n != sizes.numbers:
        raise ValueError("numbers are missing")
    if sum(len(sorts[at].arrays) for at in found[0]) != sizes.references:
        raise ValueError("arrays are missing")
    return _Columns(
        sorts=found[0],
        facts=found[1],
        faults=found[2],
        keys=found[3],
        sizes=found[4],
        references=found[5],
    )


def _facts(
    values: Sequence[str], keys: Sequence[tuple[str, ...]]
) -> list[MappingProxyType[str, str]]:
    """Return each distinct metadata from all values in a row."""
    bounds = list(accumulate(map(len, keys), initial=0))
    if bounds[-1] != len(values):
        raise ValueError("texts are missing")
    return [
        MappingProxyType(dict(zip(names, values[start:stop], strict=True)))
        for names, (start, stop) in zip(keys, pairwise(bounds), strict=True)
    ]


class _Measured:
    """The numbers, and the measurements they belong to."""

    def __init__(self, numbers: FloatArray, sizes: Sizes, columns: _Columns) -> None:
        n = sizes.spectra
        self._columns = columns
        self._stated = [_or_none(numbers[at * n : (at + 1) * n]) for at in range(len(STATED))]
        bounds = accumulate(columns.sizes, initial=len(STATED) * n)
        self._arrays: list[FloatArray | None] = [
            numbers[start:stop] for start, stop in pairwise(bounds)
        ]
        self._arrays.append(None)  # at NO_ARRAY
        self._all_finite = bool(np.isfinite(numbers[len(STATED) * n :]).all())

    def each(
        self,
        sorts: Sequence[_Sort],
        titles: Sequence[str],
        facts: Sequence[MappingProxyType[str, str]],
        faults: Sequence[tuple[str, ...]],
    ) -> Iterator[Measurement]:
        """Yield every measurement in order.

        Raises
        ------
        ValueError
            Numbers are none, and no fault says so.
        """
        columns, arrays = self._columns, self._arrays
        references = iter(columns.references)
        of_each = zip(
            titles, columns.sorts, columns.facts, columns.faults, *self._stated, strict=True
        )
        for title, sort_at, facts_at, faults_at, precursor, mass, time_s, index in of_each:
            sort = sorts[sort_at]
            values: dict[str, Any] = {name: arrays[next(references)] for name in sort.arrays}
            if not self._all_finite and not faults[faults_at]:
                _require_finite(values)
            if sort.make is MassSpectrum:
                values["precursor_mz"], values["molecular_mass"] = precursor, mass
                values["retention_time_s"], values["retention_index"] = time_s, index
            elif "offsets" in values:
                values["offsets"] = values["offsets"].view(np.int64)
            yield sort.make(
                title=title,
                metadata=facts[facts_at],
                faults=faults[faults_at],
                **sort.common,
                **values,
            )


def _or_none(column: FloatArray) -> list[float | None]:
    if np.isinf(column).any():
        raise ValueError("a stated number is infinite")
    missing = np.isnan(column)
    if missing.all():
        return [None] * column.size
    return [
        None if gone else value
        for value, gone in zip(column.tolist(), missing.tolist(), strict=True)
    ]


def _require_finite(arrays: dict[str, Any]) -> None:
    for name, values in arrays.items():
        if name in _MEASURED and not np.isfinite(values).all():
            raise ValueError(f"{name} holds what is no number, and no fault says so")
