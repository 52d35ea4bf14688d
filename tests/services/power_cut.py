"""What a disk may hold after the power fails: every write that was flushed, any of the others.

A file's writes are lost, kept or torn at a sector each by itself until the file is flushed. Names
(new, renamed, deleted files) come back to the disk in order, some of them: those of a folder are
certain once the folder is flushed, and on a file system with a journal once anything is.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.watched_disk import Entry

SECTOR = 512


@dataclass(slots=True, eq=False)
class _File:
    flushed: bytearray = field(default_factory=bytearray)
    pending: list[Entry] = field(default_factory=list)


_FOLDER = _File()
"""Stands for every folder: a file is only there when all folders above it are."""


class PoweredDisk:
    """A folder's files while its diary is read; `cut` says what a power failure leaves now.

    Parameters
    ----------
    start : Path
        A copy of the folder as it was, flushed, when the diary began.
    folder : Path
        The folder the diary speaks of.
    journalled : bool
        Any flush makes every earlier change of a name certain, as ext4 does; else only the flush
        of the folder itself.
    """

    def __init__(self, start: Path, folder: Path, *, journalled: bool) -> None:
        self.folder = str(folder)
        self.journalled = journalled
        self._names: dict[str, _File] = {
            path.relative_to(start).as_posix(): (
                _FOLDER if path.is_dir() else _File(bytearray(path.read_bytes()))
            )
            for path in start.rglob("*")
        }
        self._certain = dict(self._names)
        self._changes: list[tuple[str, str, _File | None]] = []

    def see(self, entry: Entry) -> None:
        """Take one line of the diary."""
        name = self._relative(entry.path)
        if entry.what == "s":
            self._flush(name)
        elif entry.what in "wt":
            found = self._names.get(name)
            if found is not None:
                found.pending.append(entry)
        elif entry.what in "ck":
            self._name("put", name, _File() if entry.what == "c" else _FOLDER)
        elif entry.what == "d":
            self._name("drop", name, None)
        elif entry.what in "rl":
            target, found = self._relative(os.fsdecode(entry.data)), self._names[name]
            if entry.what == "r":
                self._name("drop", name, None)
            self._name("put", target, found)

    def cut(self, dice: random.Random) -> dict[str, bytes]:
        """Return the files of one disk that a power failure at this moment may leave."""
        names = dict(self._certain)
        kept = dice.randrange(len(self._changes) + 1)
        for what, name, file in self._changes[:kept]:
            _apply(names, what, name, file)
        left: dict[int, bytes] = {}
        for file in names.values():
            if id(file) not in left:
                left[id(file)] = _survived(file, dice)
        return {
            name: left[id(file)]
            for name, file in names.items()
            if file is not _FOLDER and all(above in names for above in _above(name))
        }

    def _relative(self, path: str) -> str:
        """Return a path as the disk's own names have it; the watched folder itself is empty."""
        return path.removeprefix(self.folder).lstrip("/")

    def _name(self, what: str, name: str, file: _File | None) -> None:
        _apply(self._names, what, name, file)
        self._changes.append((what, name, file))

    def _flush(self, name: str) -> None:
        file = self._names.get(name)
        if file is not None:
            for entry in file.pending:
                _write(file.flushed, entry, len(entry.data))
            file.pending.clear()
        is_folder = file is None or file is _FOLDER
        waiting = []
        for change in self._changes:
            parent = change[1].rpartition("/")[0]
            if self.journalled or (is_folder and parent == name):
                _apply(self._certain, *change)
            else:
                waiting.append(change)
        self._changes = waiting


def _above(name: str) -> list[str]:
    parts = name.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _apply(names: dict[str, _File], what: str, name: str, file: _File | None) -> None:
    if what == "put" and file is not None:
        names[name] = file
    else:
        names.pop(name, None)


def _survived(file: _File, dice: random.Random) -> bytes:
    data = bytearray(file.flushed)
    for entry in file.pending:
        luck = dice.random()
        if luck < 0.5:
            _write(data, entry, len(entry.data))
        elif luck < 0.65 and len(entry.data) > SECTOR:
            sectors = len(entry.data) // SECTOR
            _write(data, entry, SECTOR * dice.randrange(1, sectors + 1))
    return bytes(data)


def _write(data: bytearray, entry: Entry, length: int) -> None:
    if entry.what == "t" and entry.offset <= len(data):
        del data[entry.offset :]
        return
    if len(data) < entry.offset:
        data.extend(bytes(entry.offset - len(data)))
    if entry.what == "w":
        data[entry.offset : entry.offset + length] = entry.data[:length]
