"""Driving `disk_shim.c`: its compilation, its switches, and the diary it keeps of a folder.

Knows files and faults; must not know what a lab is.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_name("disk_shim.c")
NO_SHIM = "needs Linux and a C compiler, for the disk that fails"
POSSIBLE = sys.platform == "linux" and shutil.which("cc") is not None
_HEAD = struct.Struct("<cIqq")


class Kind(IntEnum):
    """What a system call asks of a disk; the shim's numbers."""

    READ = 0
    WRITE = 1
    SYNC = 2
    NAME = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the diary: ``c``reate, ``w``rite, ``t``runcate, ``s``ync, ``d``elete,
    ``r``ename, ``l``ink, ma``k``e folder, or a ``m``ark of the program."""

    what: str
    path: str
    offset: int
    data: bytes


def compiled(folder: Path) -> Path:
    """Compile the shim into a folder and return the library."""
    library = folder / "disk_shim.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return library


def run(library: Path, module: str, *arguments: object, timeout_s: float = 300) -> str:
    """Run a module of the tests under the shim and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(library), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return done.stdout


class Switches:
    """The shim inside this process, which must have been started by `run`."""

    def __init__(self, folder: Path) -> None:
        self._shim = ctypes.CDLL(None, use_errno=True)
        self._shim.disk_room.argtypes = [ctypes.c_longlong]
        self._shim.disk_fail.argtypes = [ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_int]
        self._shim.disk_seen.restype = ctypes.c_long
        self._shim.disk_watch(os.fsencode(folder))

    def keep_diary(self, path: Path | None) -> None:
        self._shim.disk_diary(None if path is None else os.fsencode(path))

    def mark(self, text: str) -> None:
        self._shim.disk_mark(text.encode())

    def fail(self, kind: Kind, nth: int, error: int, *, for_good: bool = False) -> None:
        """Let the nth call from now fail, and with ``for_good`` every later one of its kind."""
        self._shim.disk_fail(int(kind), nth, error, int(for_good))

    def room(self, size: int) -> None:
        """Let files grow by this many bytes altogether and no more."""
        self._shim.disk_room(size)

    def read_only(self, on: bool) -> None:
        self._shim.disk_read_only(int(on))

    def mend(self) -> None:
        """End every fault."""
        self._shim.disk_fail(-1, 0, 0, 0)
        self.room(-1)
        self.read_only(False)

    def seen(self, kind: Kind) -> int:
        """Calls of a kind since the last `fail` or `mend`."""
        return int(self._shim.disk_seen(int(kind)))


def diary(path: Path) -> Iterator[Entry]:
    """Yield what a diary holds, in order."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        what, length, offset, size = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        name = os.fsdecode(data[at : at + length])
        at += length
        yield Entry(what.decode(), name, offset, data[at : at + size])
        at += size
