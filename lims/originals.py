"""Original bytes into the lab's folders; what the system refuses is told in the record's words.

Knows no format and writes no event: the bytes are on disk before anything names them.
"""

from __future__ import annotations

from pathlib import Path

from lims import sqlite


def keep_original(folder: Path, data: bytes) -> str:
    """Store bytes durably below a folder of the lab and return their SHA-256.

    Raises
    ------
    StorageFullError, ConfigError, DiskFailedError
        The disk is full, read-only, or failed; nothing half-written stays.
    """
    from instruments import raw

    try:
        return raw.keep(folder, data)
    except OSError as error:
        raise sqlite.refused_by_system(error, folder) from error
