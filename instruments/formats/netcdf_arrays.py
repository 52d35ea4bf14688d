"""The arrays of a netCDF-3 file straight from its bytes; what is unusual goes to scipy.

Both give the same numbers: a test reads every file both ways.
"""

from __future__ import annotations

import io
from functools import cached_property
from typing import Protocol, cast

import numpy as np

from instruments.formats import netcdf_header
from instruments.formats.netcdf_header import Header
from spectra.axis import FloatArray

_MISSING = ("_FillValue", "missing_value")


class Arrays(Protocol):
    """The attributes and variables of a netCDF-3 file."""

    @property
    def attributes(self) -> dict[str, object]:
        """Of the file: bytes or numbers."""
        ...

    def __contains__(self, name: str) -> bool: ...

    def attributes_of(self, name: str) -> dict[str, object]:
        """Return the attributes of a variable."""
        ...

    def numbers(self, name: str) -> FloatArray:
        """Return a variable in one row, scaled, NaN where a value is missing."""
        ...

    def first(self, name: str) -> float:
        """Return the first number of a variable."""
        ...


def opened(data: bytes) -> Arrays:
    """Return the arrays of a file.

    Raises
    ------
    CorruptFileError
        The header does not fit the file.
    ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError
        Other damage, as scipy tells it.
    """
    header = netcdf_header.parse(data)
    return _Plain(data, header) if _is_plain(header, len(data)) else _Scipy(data)


def _is_plain(header: Header, size: int) -> bool:
    """Whether arrays stand in one piece each, or one value of each in turn as records."""
    whole = [each for each in header.variables.values() if 0 not in each.shape]
    turns = [each for each in header.variables.values() if 0 in each.shape]
    if any(each.begin + each.own_bytes() > size for each in whole):
        return False
    at = turns[0].begin if turns else 0
    for each in turns:
        if each.shape != (0,) or each.typecode not in "ifd" or each.begin != at:
            return False
        if each.stated_bytes != each.item_size:
            return False
        at += each.item_size
    step = _record_bytes(header)
    return not turns or (
        turns[0].begin > 0
        and 0 < header.records < 1 << 31
        and turns[0].begin + step * header.records <= size
    )


def _record_bytes(header: Header) -> int:
    return sum(each.item_size for each in header.variables.values() if 0 in each.shape)


class _Plain:
    """A file of which each array stands in one piece, or in steps of one record."""

    def __init__(self, data: bytes, header: Header) -> None:
        self._data, self._header = data, header
        self.attributes = header.attributes

    def __contains__(self, name: str) -> bool:
        return name in self._header.variables

    def attributes_of(self, name: str) -> dict[str, object]:
        return self._header.variables[name].attributes

    def numbers(self, name: str) -> FloatArray:
        own = self._header.variables[name].attributes
        if any(key in own for key in _MISSING):
            return self._scipy.numbers(name)
        values = self._stored(name)[:].reshape(-1).astype(np.float64)
        if own.get("scale_factor", 1.0) != 1.0:
            values = values * cast("float", own["scale_factor"])
        if "add_offset" in own:
            values += cast("float", own["add_offset"])
        return values

    def first(self, name: str) -> float:
        own, stored = self._header.variables[name].attributes, self._stored(name)
        if stored.shape and any(key in own for key in (*_MISSING, "scale_factor", "add_offset")):
            return self._scipy.first(name)
        return float(stored.flat[0])

    @cached_property
    def _scipy(self) -> _Scipy:
        return _Scipy(self._data)

    def _stored(self, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        variable = self._header.variables[name]
        if 0 in variable.shape:
            return np.ndarray(
                (self._header.records,),
                f">{variable.typecode}",
                self._data,
                variable.begin,
                (_record_bytes(self._header),),
            )
        count = variable.own_bytes() // variable.item_size
        kind = f">{variable.typecode}"
        flat = np.frombuffer(self._data, dtype=kind, count=count, offset=variable.begin)
        return flat.reshape(variable.shape)


class _ScipyVariable(Protocol):
    shape: tuple[int, ...]
    _attributes: dict[str, object]

    def __getitem__(self, index: object) -> object: ...

    def getValue(self) -> object: ...  # noqa: N802 - scipy's name


class _ScipyFile(Protocol):
    variables: dict[str, _ScipyVariable]
    _attributes: dict[str, object]


class _Scipy:
    """Any netCDF-3 file."""

    def __init__(self, data: bytes) -> None:
        from scipy.io import netcdf_file

        source = netcdf_file(io.BytesIO(data), "r", mmap=False, maskandscale=True)
        self._source = cast("_ScipyFile", source)
        self.attributes = self._source._attributes

    def __contains__(self, name: str) -> bool:
        return name in self._source.variables

    def attributes_of(self, name: str) -> dict[str, object]:
        return self._source.variables[name]._attributes

    def numbers(self, name: str) -> FloatArray:
        values = np.ma.asarray(self._source.variables[name][:], dtype=np.float64)
        return np.asarray(values.filled(np.nan), dtype=np.float64).ravel()

    def first(self, name: str) -> float:
        variable = self._source.variables[name]
        value = variable[:] if variable.shape else variable.getValue()
        return float(np.asarray(value).flat[0])
