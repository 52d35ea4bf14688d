"""Reading in a child process with limits on time, memory and files, kept warm between files.

A file that makes a decoder loop, allocate or die costs that child, never the laboratory's program.
The child returns arrays and JSON, never objects. Time is limited everywhere; memory, CPU, files and
new processes by the system's own limits, which Windows does not have (see `instruments.confine`).
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np

from instruments import errors, transfer
from instruments.errors import CorruptFileError, FormatError
from instruments.export import Export
from instruments.limits import RUN_BYTES, SPECTRUM_BYTES, require_file_size, require_plain_file
from instruments.mapping import TextMapping, to_json
from instruments.transfer_read import Bytes

SPECTRUM_SECONDS = 10.0
RUN_SECONDS = 60.0
MEMORY_BYTES = 3_000_000_000
_MEMORY_PER_BYTE = 8
_START_SECONDS = 30.0
_GRACE_SECONDS = 0.5
_LENGTH = struct.Struct("<IQ")
_CHUNK = 1 << 20
_HINT = "The file may be damaged or hostile. Do not open it elsewhere; export it again."


def read_guarded(path: str | Path, *, mapping: TextMapping | None = None) -> Export:
    """Read one instrument file or folder in a guarded child process.

    Parameters
    ----------
    path : str or Path
    mapping : TextMapping or None
        How the instrument's text is read, as in `instruments.read`.

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
    require_plain_file(asked)
    size = asked.stat().st_size if asked.is_file() else RUN_BYTES // 16
    require_file_size(size, RUN_BYTES, "any instrument file")
    request = {"path": os.fspath(asked.absolute()), "shown": str(path)}
    return _CHILD.ask(request | _mapped(mapping), b"", size, asked.name)


def read_guarded_bytes(data: bytes, name: str, *, mapping: TextMapping | None = None) -> Export:
    """Read bytes that are already in memory in a guarded child process.

    Raises
    ------
    UnknownFormatError, RefusedFormatError, CorruptFileError
        As `read_guarded`.
    """
    require_file_size(len(data), RUN_BYTES, "any instrument file")
    return _CHILD.ask({"name": name} | _mapped(mapping), data, len(data), Path(name).name)


def warm() -> None:
    """Start the guarded child without waiting: it gets ready while the caller does other work.

    Raises
    ------
    OSError
        No process can be started.
    """
    _CHILD.begin()


def _mapped(mapping: TextMapping | None) -> dict[str, object]:
    return {} if mapping is None else {"mapping": to_json(mapping)}


class _Child:
    """One child, started when first needed and again after each death."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._folder = ""
        self._owner = 0

    def ask(self, request: dict[str, object], data: bytes, size: int, name: str) -> Export:
        """Send one request and return its answer; the child is replaced when it fails."""
        seconds = RUN_SECONDS if size > SPECTRUM_BYTES else SPECTRUM_SECONDS
        memory = MEMORY_BYTES + _MEMORY_PER_BYTE * size
        limits = {"seconds": int(seconds) + 1, "memory": memory, "data": len(data), "size": size}
        with self._lock:
            process = self._started()
            watch = _Watch(process, seconds)
            try:
                _send(process, json.dumps(request | limits).encode("ascii"), data)
                header, body = _receive(process, memory)
            except (OSError, EOFError, ValueError, MemoryError) as error:
                code = self.stop(grace_s=0.0 if watch.fired else _GRACE_SECONDS)
                if watch.fired:
                    raise CorruptFileError(
                        f"{name}: reading did not end within {seconds:g} seconds", hint=_HINT
                    ) from None
                raise CorruptFileError(
                    f"{name}: the reading process died (exit {code}): too much memory or time",
                    hint=_HINT,
                ) from error
            except BaseException:
                # Interrupted between request and answer: the next answer would be the wrong one.
                self.stop()
                raise
            finally:
                watch.end()
        if "error" in header:
            raise _error(header)
        return transfer.unpack(body)

    def begin(self) -> None:
        """Start a child if there is none, without waiting for it."""
        with self._lock:
            self._begun()

    def _begun(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():
            # A fork: the child belongs to the process before it, whose answers we would steal.
            self._process, self._owner = None, os.getpid()
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        # Threads of numeric libraries reserve address space that the limit would count.
        quiet = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        self._folder = tempfile.mkdtemp(prefix="fol-reader-")
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._folder)
        root = str(Path(__file__).resolve().parent.parent)
        self._process = subprocess.Popen(
            # -P: a module lying beside the evidence must never be imported from there.
            [sys.executable, "-P", "-c", _CHILD_CODE, root],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | quiet | places,
        )
        for stream in (self._process.stdin, self._process.stdout):
            _widen(stream)
        self._is_ready = False
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        process = self._begun()
        if self._is_ready:
            return process
        watch = _Watch(process, _START_SECONDS)
        try:
            _receive(process, _CHUNK)
            self._is_ready = True
        except (OSError, EOFError, ValueError) as error:
            code = self.stop(grace_s=_GRACE_SECONDS)
            raise CorruptFileError(
                f"the reading process could not be started (exit {code})",
                hint="Is there enough memory?",
            ) from error
        finally:
            watch.end()
        return process

    def stop(self, *, grace_s: float = 0.0) -> int | None:
        """End the child if there is one and return its exit code; its files go with it.

        A child that closed its pipe is about to end by itself: ``grace_s`` waits for its own code.
        """
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return None
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
        with suppress(OSError):
            process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        code = process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        return code


class _Watch:
    """Kills the child at the deadline, so that neither sending nor receiving can wait for ever."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.fired = False
        self._process = process
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def _fire(self) -> None:
        self.fired = True
        with suppress(OSError):
            self._process.kill()

    def end(self) -> None:
        """Stop watching."""
        self._timer.cancel()


_CHILD_CODE = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from instruments.sandbox_child import main; main()"
)
_CHILD = _Child()
atexit.register(_CHILD.stop)


def _widen(stream: IO[bytes] | None) -> None:
    """Ask for a pipe of a megabyte, where the system can: fewer turns for a large run."""
    if sys.platform != "linux" or stream is None:
        return
    import fcntl

    with suppress(OSError):
        fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, _CHUNK)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise EOFError("no pipe to the reading process")
    return stream


def _send(process: subprocess.Popen[bytes], header: bytes, data: bytes) -> None:
    write_all(_pipe(process.stdin), [_LENGTH.pack(len(header), len(data)), header, data])


def write_all(pipe: IO[bytes], buffers: Sequence[transfer.Buffer]) -> None:
    """Write buffers to an unbuffered pipe, which may take a part of one at a time."""
    for buffer in buffers:
        view = memoryview(buffer)
        while view:
            view = view[pipe.write(view) :]


def _receive(process: subprocess.Popen[bytes], most: int) -> tuple[dict[str, str], Bytes]:
    pipe = _pipe(process.stdout)
    header_size, body_size = _LENGTH.unpack(_exactly(pipe, _LENGTH.size).tobytes())
    if header_size > _CHUNK or body_size > most:
        raise EOFError("an answer larger than any there can be")
    header = json.loads(_exactly(pipe, header_size).tobytes())
    if not isinstance(header, dict):
        raise EOFError("not an answer")  # noqa: TRY004 - the child is broken, not our caller
    return header, _exactly(pipe, body_size)


def _exactly(pipe: IO[bytes], count: int) -> Bytes:
    """Return so many bytes as an array of its own: the spectra are slices of it."""
    whole = np.empty(count, dtype=np.uint8)
    view = whole.data
    while view:
        got = pipe.readinto(view)  # type: ignore[attr-defined]  # a raw pipe has it
        if not got:
            raise EOFError("the reading process closed its pipe")
        view = view[got:]
    return whole


def _error(header: dict[str, str]) -> Exception:
    if header["error"] == "OSError":
        number = int(header.get("errno", "0") or 0)
        return OSError(number, header.get("message", ""), header.get("file") or None)
    kind = getattr(errors, header["error"], CorruptFileError)
    if not (isinstance(kind, type) and issubclass(kind, FormatError)):
        kind = CorruptFileError
    return kind(header.get("message", ""), hint=header.get("hint", ""))
