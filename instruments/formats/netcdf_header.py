"""The header of a netCDF-3 file, read only to check every claim against the file's size.

Source: NetCDF Classic Format Specification, https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html.
"""

from __future__ import annotations

import struct

from instruments.errors import CorruptFileError
from instruments.limits import AGAIN

_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8}
_MAX_ENTRIES = 10_000


class _Cursor:
    """Reads big-endian values; running past the end is damage, not an IndexError."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 4
        self.wide = data[3:4] == b"\x02"

    def u32(self) -> int:
        return self._take(">I", 4)

    def offset(self) -> int:
        return self._take(">Q", 8) if self.wide else self.u32()

    def skip(self, count: int) -> None:
        if count < 0 or count > len(self.data) - self.at:
            raise _cut(len(self.data))
        self.at += count

    def name(self) -> None:
        length = self.u32()
        self.skip((length + 3) // 4 * 4)

    def _take(self, form: str, size: int) -> int:
        if self.at + size > len(self.data):
            raise _cut(len(self.data))
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += size
        return int(value)


def check(data: bytes) -> None:
    """Raise unless every variable of a netCDF-3 file lies within the file.

    Raises
    ------
    CorruptFileError
        The header is cut, or a dimension or variable is larger than the file.
    """
    cursor = _Cursor(data)
    records = cursor.u32()
    dimensions = [_dimension(cursor) for _ in range(_list_length(cursor, 0x0A))]
    _skip_attributes(cursor)
    needs = [_variable(cursor, dimensions) for _ in range(_list_length(cursor, 0x0B))]
    record_size = sum(size for _, size, is_record in needs if is_record)
    if records == 0xFFFFFFFF:
        records = 0
    for begin, size, is_record in needs:
        wanted = record_size * (records - 1) + size if is_record and records else size
        if is_record and not records:
            continue
        if begin + wanted > len(data) + 3:
            raise CorruptFileError(
                f"a variable of {wanted} bytes at offset {begin} is announced, "
                f"the file has {len(data)} bytes",
                hint=AGAIN,
            )


def _cut(size: int) -> CorruptFileError:
    return CorruptFileError(f"the netCDF header is cut at {size} bytes", hint=AGAIN)


def _list_length(cursor: _Cursor, tag: int) -> int:
    found, length = cursor.u32(), cursor.u32()
    if found not in (0, tag) or length > _MAX_ENTRIES or (found == 0 and length):
        raise CorruptFileError("the netCDF header is damaged", hint=AGAIN)
    return length


def _dimension(cursor: _Cursor) -> int:
    cursor.name()
    return cursor.u32()


def _skip_attributes(cursor: _Cursor) -> None:
    for _ in range(_list_length(cursor, 0x0C)):
        cursor.name()
        size = _TYPE_SIZES.get(cursor.u32())
        count = cursor.u32()
        if size is None:
            raise CorruptFileError("the netCDF header is damaged", hint=AGAIN)
        cursor.skip((count * size + 3) // 4 * 4)


def _variable(cursor: _Cursor, dimensions: list[int]) -> tuple[int, int, bool]:
    cursor.name()
    rank = cursor.u32()
    if rank > 16:
        raise CorruptFileError("the netCDF header is damaged", hint=AGAIN)
    ids = [cursor.u32() for _ in range(rank)]
    _skip_attributes(cursor)
    size = _TYPE_SIZES.get(cursor.u32())
    cursor.u32()  # vsize may lie; the dimensions are what a reader multiplies
    begin = cursor.offset()
    if size is None or any(at >= len(dimensions) for at in ids):
        raise CorruptFileError("the netCDF header is damaged", hint=AGAIN)
    is_record = bool(ids) and dimensions[ids[0]] == 0
    total = size
    for at in ids[1:] if is_record else ids:
        total *= dimensions[at]
    return begin, (total + 3) // 4 * 4 if is_record else total, is_record
