"""Reading in a child process with limits on time, memory and CPU, kept warm between files.

A file that makes a decoder loop, allocate or die costs that child, never the laboratory's program.
The child returns arrays and JSON, never objects.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from instruments import errors, transfer
from instruments.errors import CorruptFileError, FormatError
from instruments.export import Export
from instruments.limits import RUN_BYTES, SPECTRUM_BYTES, require_file_size

SPECTRUM_SECONDS = 10.0
RUN_SECONDS = 60.0
MEMORY_BYTES = 3_000_000_000
_MEMORY_PER_BYTE = 8
_START_SECONDS = 30.0
_LENGTH = struct.Struct("<IQ")
_CHUNK = 1 << 20
_HINT = "The file may be damaged or hostile. Do not open it elsewhere; export it again."


def read_guarded(path: str | Path) -> Export:
    """Read one instrument file or folder in a guarded child process.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Export
        The same as `instruments.read` gives.

    Raises
    ------
    UnknownFormatError, RefusedFormatError, CorruptFileError
        As `instruments.read`; also CorruptFileError when reading took too long (10 s for a
        spectrum, 60 s for a run), needed too much memory, or ended the process.
    OSError
        The file cannot be opened.
    """
    asked = Path(path)
    size = asked.stat().st_size if asked.is_file() else RUN_BYTES // 16
    require_file_size(size, RUN_BYTES, "any instrument file")
    return _CHILD.ask(
        {"path": os.fspath(asked.absolute()), "shown": str(path)}, b"", size, asked.name
    )


def read_guarded_bytes(data: bytes, name: str) -> Export:
    """Read bytes that are already in memory in a guarded child process.

    Raises
    ------
    UnknownFormatError, RefusedFormatError, CorruptFileError
        As `read_guarded`.
    """
    require_file_size(len(data), RUN_BYTES, "any instrument file")
    return _CHILD.ask({"name": name}, data, len(data), Path(name).name)


class _Child:
    """One child, started when first needed and again after each death."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, object], data: bytes, size: int, name: str) -> Export:
        """Send one request and return its answer; the child is replaced when it fails."""
        seconds = RUN_SECONDS if size > SPECTRUM_BYTES else SPECTRUM_SECONDS
        memory = MEMORY_BYTES + _MEMORY_PER_BYTE * size
        limits = {"seconds": int(seconds) + 1, "memory": memory, "data": len(data)}
        with self._lock:
            process = self._started()
            try:
                _send(process, json.dumps(request | limits).encode("utf-8"), data)
                header, body = _receive(process, time.monotonic() + seconds)
            except _TooLong:
                self.stop()
                raise CorruptFileError(
                    f"{name}: reading did not end within {seconds:.0f} seconds", hint=_HINT
                ) from None
            except (OSError, EOFError, ValueError) as error:
                code = self.stop()
                raise CorruptFileError(
                    f"{name}: the reading process died (exit {code}): too much memory or time",
                    hint=_HINT,
                ) from error
        if "error" in header:
            raise _error(header)
        return transfer.unpack(body)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        # Threads of numeric libraries reserve address space that the limit would count.
        quiet = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        root = str(Path(__file__).resolve().parent.parent)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD_CODE, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | quiet,
        )
        try:
            _receive(self._process, time.monotonic() + _START_SECONDS)
        except (_TooLong, OSError, EOFError, ValueError) as error:
            code = self.stop()
            raise CorruptFileError(
                f"the reading process could not be started (exit {code})",
                hint="Is there enough memory?",
            ) from error
        return self._process

    def stop(self) -> int | None:
        """End the child if there is one and return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        with suppress(OSError):
            process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        return process.wait()


class _TooLong(Exception):  # noqa: N818 - never leaves this module
    """The answer did not come in time."""


_CHILD_CODE = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from instruments.sandbox_child import main; main()"
)
_CHILD = _Child()
atexit.register(_CHILD.stop)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise EOFError("no pipe to the reading process")
    return stream


def _send(process: subprocess.Popen[bytes], header: bytes, data: bytes) -> None:
    pipe = _pipe(process.stdin)
    pipe.write(_LENGTH.pack(len(header), len(data)))
    pipe.write(header)
    pipe.write(data)
    pipe.flush()


def _receive(process: subprocess.Popen[bytes], deadline: float) -> tuple[dict[str, str], bytes]:
    handle = _pipe(process.stdout).fileno()
    lengths = _exactly(handle, _LENGTH.size, deadline)
    header_size, body_size = _LENGTH.unpack(lengths)
    header = json.loads(_exactly(handle, header_size, deadline))
    if not isinstance(header, dict):
        raise EOFError("not an answer")  # noqa: TRY004 - the child is broken, not our caller
    return header, _exactly(handle, body_size, deadline)


def _exactly(handle: int, count: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    left = count
    while left:
        wait = deadline - time.monotonic()
        if wait <= 0 or not select.select([handle], [], [], wait)[0]:
            raise _TooLong
        part = os.read(handle, min(left, _CHUNK))
        if not part:
            raise EOFError("the reading process closed its pipe")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _error(header: dict[str, str]) -> Exception:
    if header["error"] == "OSError":
        number = int(header.get("errno", "0") or 0)
        return OSError(number, header.get("message", ""), header.get("file") or None)
    kind = getattr(errors, header["error"], CorruptFileError)
    if not (isinstance(kind, type) and issubclass(kind, FormatError)):
        kind = CorruptFileError
    return kind(header.get("message", ""), hint=header.get("hint", ""))
