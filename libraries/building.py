"""Folders of builds that are at work or were killed: a lock tells them apart.

The lock is a file beside the folder, taken before the folder is made: a folder without one is
nobody's. The operating system lets go of a lock when its process ends, however it ends.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PREFIX = ".building-"
REMOVED = ".removed-"
_LOCK = ".lock"
_INDEX = (".index-", ".old-")
# An index is rebuilt inside an installed version, without a lock; none takes an hour.
_OLD_S = 3_600.0


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of a build, which is yet to be made, while the block runs."""
    path = _lock_of(folder)
    try:
        with path.open("w", encoding="ascii") as file:
            _lock(file)
            yield
    finally:
        path.unlink(missing_ok=True)


def abandoned(place: Path) -> list[Path]:
    """Return the builds in a library's folder that nobody works at any more."""
    if not place.is_dir():
        return []
    found = sorted(each for each in place.iterdir() if each.name.startswith(PREFIX))
    return [each for each in found if each.is_dir() and not _is_held(each)]


def leftovers(place: Path) -> list[Path]:
    """Return everything that killed builds, removals and rebuilt indexes left in a library."""
    if not place.is_dir():
        return []
    removed = [each for each in place.iterdir() if each.name.startswith(REMOVED)]
    old = time.time() - _OLD_S
    indexes = [
        each
        for folder in place.iterdir()
        if folder.is_dir() and not folder.name.startswith(".")
        for each in (*folder.iterdir(), *(folder / "index").glob(".*"))
        if each.name.startswith(_INDEX) and each.stat().st_mtime < old
    ]
    bare = [
        each.with_name(each.name.removesuffix(_LOCK))
        for each in place.iterdir()
        if each.name.startswith(PREFIX) and each.name.endswith(_LOCK)
    ]
    # Killed between the lock and the folder.
    locks = [each for each in bare if not each.exists() and not _is_held(each)]
    return [*abandoned(place), *locks, *removed, *indexes]


def remove(folder: Path) -> None:
    """Remove what was left, and the lock of a build that was killed."""
    shutil.rmtree(folder, ignore_errors=True)
    _lock_of(folder).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK)


def _is_held(folder: Path) -> bool:
    try:
        with _lock_of(folder).open("r+", encoding="ascii") as file:
            return not _lock(file)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _lock(file: IO[str]) -> bool:
    """Take the lock of an open file without waiting; return whether it could be had."""
    if os.name == "nt":
        return _lock_on_windows(file)
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lock_on_windows(file: IO[str]) -> bool:
    import importlib

    # Not importable elsewhere, so no type checker on another system knows what it holds.
    windows = importlib.import_module("msvcrt")
    try:
        windows.locking(file.fileno(), windows.LK_NBLCK, 1)
    except OSError:
        return False
    return True
