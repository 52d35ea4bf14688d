"""The header of a netCDF-3 file: every claim checked against the file's size, where arrays stand.

Source: NetCDF Classic Format Specification, https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from instruments.errors import CorruptFileError
from instruments.limits import AGAIN

_TYPES = {1: "b", 2: "c", 3: "h", 4: "i", 5: "f", 6: "d"}
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8}
_SIZES = {letter: _TYPE_SIZES[kind] for kind, letter in _TYPES.items()}
_MAX_ENTRIES = 10_000
_U32 = struct.Struct(">I").unpack_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """Where an array stands, its type in numpy's letters, its attributes as bytes or numbers."""

    begin: int
    typecode: str
    shape: tuple[int, ...]
    stated_bytes: int
    attributes: dict[str, object]

    @property
    def item_size(self) -> int:
        """Bytes of one value."""
        return _SIZES[self.typecode]

    @property
    def in_records(self) -> bool:
        """Whether it grows with the records of the file."""
        return bool(self.shape) and self.shape[0] == 0

    def own_bytes(self) -> int:
        """Return the bytes of the array, or of one of its records."""
        total = self.item_size
        for length in self.shape[1:] if self.in_records else self.shape:
            total *= length
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a netCDF-3 file says before its arrays."""

    records: int
    attributes: dict[str, object]
    variables: dict[str, Variable]


class _Cursor:
    """Reads big-endian values; running past the end is damage, not an IndexError."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 4
        self.wide = data[3:4] == b"\x02"

    def u32(self) -> int:
        value: int = _U32(self.data, self.at)[0]
        self.at += 4
        return value

    def row(self, count: int) -> tuple[int, ...]:
        """Return so many values, one after the other."""
        values = struct.unpack_from(f">{count}I", self.data, self.at)
        self.at += 4 * count
        return values

    def offset(self) -> int:
        if not self.wide:
            return self.u32()
        (value,) = struct.unpack_from(">Q", self.data, self.at)
        self.at += 8
        return int(value)

    def name(self) -> str:
        return self.padded(self.u32()).rstrip(b"\x00").decode("latin-1")

    def padded(self, count: int) -> bytes:
        start = self.at
        self.at = start + (count + 3) // 4 * 4
        if self.at > len(self.data):
            raise _cut(len(self.data))
        return self.data[start : start + count]


def check(data: bytes, size: int | None = None) -> None:
    """Raise unless every variable of a netCDF-3 file lies within the file.

    Parameters
    ----------
    data : bytes
        The file, or as much of its beginning as holds the header.
    size : int or None
        Of the whole file, where ``data`` is its beginning only.

    Raises
    ------
    CorruptFileError
        The header is cut, or a dimension or variable is larger than the file.
    """
    parse(data, size)


def parse(data: bytes, size: int | None = None) -> Header:
    """Return the header, as `check` allows it."""
    whole = len(data) if size is None else size
    try:
        records, attributes, found = _entries(_Cursor(data))
    except struct.error as error:
        raise _cut(len(data)) from error
    if records == 0xFFFFFFFF:
        records = 0
    _require_within([variable for _, variable in found], records, whole)
    return Header(records=records, attributes=attributes, variables=dict(found))


def _entries(cursor: _Cursor) -> tuple[int, dict[str, object], list[tuple[str, Variable]]]:
    records = cursor.u32()
    dimensions = [_dimension(cursor) for _ in range(_list_length(cursor, 0x0A))]
    attributes = _attributes(cursor)
    return (
        records,
        attributes,
        [_variable(cursor, dimensions) for _ in range(_list_length(cursor, 0x0B))],
    )


def _require_within(variables: list[Variable], records: int, whole: int) -> None:
    sizes = [each.own_bytes() for each in variables if each.in_records]
    pad = 4 if len(sizes) > 1 else 1  # each part of a record, unless it is the only one
    record = sum(-size // pad * -pad for size in sizes)
    for each in variables:
        if each.in_records and not records:
            continue
        begin, wanted = each.begin, each.own_bytes()
        if each.in_records:
            wanted = -wanted // pad * -pad + record * (records - 1)
        if begin + wanted > whole + 3:
            raise CorruptFileError(
                f"a variable of {wanted} bytes at offset {begin} is announced, "
                f"the file has {whole} bytes",
                hint=AGAIN,
            )


def _cut(size: int) -> CorruptFileError:
    return CorruptFileError(f"the netCDF header is cut at {size} bytes", hint=AGAIN)


def _list_length(cursor: _Cursor, tag: int) -> int:
    found, length = cursor.row(2)
    if found not in (0, tag) or length > _MAX_ENTRIES or (found == 0 and length):
        raise CorruptFileError("the netCDF header is damaged", hint=AGAIN)
    return length


def _dimension(cursor: _Cursor) -> int:
    cursor.name()
    return cursor.u32()


def _attributes(cursor: _Cursor) -> dict[str, object]:
    found: dict[str, object] = {}
    for _ in range(_list_length(cursor, 0x0C)):
        name = cursor.name()
        kind, count = cursor.row(2)
        if kind not in _TYPES:
            raise CorruptFileError("the netCDF header is damaged", hint=AGAIN)
        raw = cursor.padded(count * _TYPE_SIZES[kind])
        if kind == 2:
            found[name] = raw.rstrip(b"\x00")
        else:
            values = np.frombuffer(raw, dtype=f">{_TYPES[kind]}")
            found[name] = values[0] if values.shape == (1,) else values
    return found


def _variable(cursor: _Cursor, dimensions: list[int]) -> tuple[str, Variable]:
    name = cursor.name()
    rank = cursor.u32()
    if rank > 16:
        raise CorruptFileError("the netCDF header is damaged", hint=AGAIN)
    ids = cursor.row(rank)
    attributes = _attributes(cursor)
    kind, stated_bytes = cursor.row(2)  # bytes may lie; the dimensions are what a reader multiplies
    begin = cursor.offset()
    if kind not in _TYPES or any(at >= len(dimensions) for at in ids):
        raise CorruptFileError("the netCDF header is damaged", hint=AGAIN)
    shape = tuple(dimensions[at] for at in ids)
    return name, Variable(
        begin=begin,
        typecode=_TYPES[kind],
        shape=shape,
        stated_bytes=stated_bytes,
        attributes=attributes,
    )
