"""The names of the streams in an OLE2 container (Excel 97, Shimadzu, Agilent), by its directory.

Source: Microsoft [MS-CFB], Compound File Binary File Format. Only the directory is followed, along
a bounded chain of sectors; no stream is read.
"""

from __future__ import annotations

import struct

from instruments.errors import CorruptFileError
from instruments.limits import AGAIN, require_bytes

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER, _ENTRY = 512, 128
_MOST_SECTORS = 4096
_LAST_SECTOR = 0xFFFFFFFA
_STREAM, _STORAGE, _ROOT = 2, 1, 5


def names(data: bytes) -> tuple[str, ...]:
    """Return the names of all storages and streams, in the order of the directory.

    Raises
    ------
    CorruptFileError
        The header contradicts itself, or the directory's chain leaves the file or never ends.
    """
    require_bytes(len(data), 0, 1, _HEADER, "the OLE2 header")
    (shift,) = struct.unpack_from("<H", data, 30)
    if shift not in (9, 12):
        raise CorruptFileError(f"OLE2 sectors of 2**{shift} bytes", hint=AGAIN)
    size = 1 << shift
    tables = _table_sectors(data, size)
    found: list[str] = []
    (sector,) = struct.unpack_from("<I", data, 48)
    seen: set[int] = set()
    while sector < _LAST_SECTOR:
        at = (sector + 1) * size
        if sector in seen or len(seen) > _MOST_SECTORS or at >= len(data):
            raise CorruptFileError(
                "the OLE2 directory runs in a circle or off the file", hint=AGAIN
            )
        seen.add(sector)
        found.extend(_entries(data[at : at + size]))
        sector = _next(data, tables, sector, size)
    return tuple(found)


def _table_sectors(data: bytes, size: int) -> list[int]:
    """Return the sectors of the allocation table: 109 in the header, more in a chain."""
    listed = list(struct.unpack_from("<109I", data, 76))
    (sector,) = struct.unpack_from("<I", data, 68)
    for _ in range(_MOST_SECTORS):
        at = (sector + 1) * size
        if sector >= _LAST_SECTOR or at + size > len(data):
            break
        *more, sector = struct.unpack_from(f"<{size // 4}I", data, at)
        listed.extend(more)
    return listed


def _next(data: bytes, tables: list[int], sector: int, size: int) -> int:
    """Return the sector after one, or the mark of the last where the table does not say."""
    table, entry = divmod(sector, size // 4)
    at = (tables[table] + 1) * size + 4 * entry if table < len(tables) else len(data)
    if at + 4 > len(data):
        return _LAST_SECTOR
    (following,) = struct.unpack_from("<I", data, at)
    return int(following)


def _entries(sector: bytes) -> list[str]:
    found: list[str] = []
    for at in range(0, len(sector) - _ENTRY + 1, _ENTRY):
        (length,) = struct.unpack_from("<H", sector, at + 64)
        if sector[at + 66] in (_STREAM, _STORAGE, _ROOT) and 2 <= length <= 64:
            found.append(sector[at : at + length - 2].decode("utf-16-le", "replace"))
    return found
