"""How much one file may ask for, and the check made before anything is allocated.

Counts in a header are claims: each is compared with the bytes that are there.
"""

from __future__ import annotations

import stat
from pathlib import Path

from instruments.errors import CorruptFileError, RefusedFormatError

SPECTRUM_BYTES = 50_000_000
RUN_BYTES = 4_000_000_000
MAX_POINTS = 10_000_000
MAX_SPECTRA = 200_000
MAX_NESTING = 16
MAX_BLOCKS = 100_000

AGAIN = "The file may be cut or damaged: copy or export it again from the instrument."


def require_bytes(size: int, offset: int, count: int, item_size: int, what: str) -> None:
    """Raise unless ``count`` items of ``item_size`` bytes lie within ``size`` from ``offset``.

    Raises
    ------
    CorruptFileError
        Names ``what``, the bytes needed and the bytes there are.
    """
    if count < 0 or offset < 0 or offset > size or count * item_size > size - offset:
        raise CorruptFileError(
            f"{what}: {count} x {item_size} bytes at offset {offset} announced, "
            f"the file has {size} bytes",
            hint=AGAIN,
        )


def require_points(count: int, what: str) -> None:
    """Raise unless ``count`` is between 1 and `MAX_POINTS`."""
    if not 0 < count <= MAX_POINTS:
        raise CorruptFileError(
            f"{what} announces {count} points; 1 to {MAX_POINTS} can be real", hint=AGAIN
        )


def require_plain_file(path: Path) -> int:
    """Return the size in bytes of a file; a pipe or a device is refused, opening it may never end.

    Raises
    ------
    RefusedFormatError
        A pipe, socket or device.
    OSError
        There is nothing of that name, links that lead in a circle included.
    """
    status = path.stat()
    mode = status.st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise RefusedFormatError(
            f"{path.name}: a pipe or a device, not a file",
            hint="Copy what comes out of it into a file and read that.",
        )
    return status.st_size


def require_file_size(size: int, limit: int, format_name: str) -> None:
    """Raise when a file is larger than its kind can be."""
    if size > limit:
        raise RefusedFormatError(
            f"{size / 1e6:.0f} MB is too large for {format_name} (limit {limit / 1e6:.0f} MB)",
            hint="Export single spectra rather than a map, or split the file.",
        )
