"""The other end of `instruments.sandbox`: limits itself, reads what it is asked, answers in bytes.

Speaks on its standard output only in frames; whatever a library prints goes nowhere.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from instruments import transfer
from instruments.errors import FormatError
from instruments.registry import read, read_bytes, readers
from spectra.errors import LabError

_LENGTH = struct.Struct("<IQ")


def main() -> None:
    """Answer requests until the pipe closes."""
    source = sys.stdin.buffer
    # Take the pipe for ourselves: a print inside a library must not break a frame.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    readers()
    _answer(out, {"ready": "yes"}, b"")
    while True:
        lengths = source.read(_LENGTH.size)
        if len(lengths) < _LENGTH.size:
            return
        header_size, data_size = _LENGTH.unpack(lengths)
        request = json.loads(source.read(header_size))
        data = source.read(data_size)
        header, body = _handle(request, data)
        _answer(out, header, body)


def _handle(request: dict[str, object], data: bytes) -> tuple[dict[str, str], bytes]:
    _limit(int(str(request["seconds"])), int(str(request["memory"])))
    try:
        if "path" in request:
            export = replace(read(str(request["path"])), path=Path(str(request["shown"])))
        else:
            export = read_bytes(data, str(request["name"]))
        return {}, transfer.pack(export)
    except FormatError as error:
        return _said(type(error).__name__, error.message, error.hint), b""
    except LabError as error:
        return _said("CorruptFileError", error.message, error.hint), b""
    except OSError as error:
        facts = _said("OSError", error.strerror or str(error), "")
        return facts | {"errno": str(error.errno or 0), "file": str(error.filename or "")}, b""
    except MemoryError:
        message = "reading needs more memory than a file of this size can"
        return _said("CorruptFileError", message, "Export it again."), b""
    except Exception as error:  # noqa: BLE001 - the worker boundary: one file, one answer
        message = f"the reader failed ({type(error).__name__}: {error})"
        return _said("CorruptFileError", message, "Please report this file."), b""


def _said(kind: str, message: str, hint: str) -> dict[str, str]:
    return {"error": kind, "message": message, "hint": hint}


def _answer(out: BinaryIO, header: dict[str, str], body: bytes) -> None:
    text = json.dumps(header).encode("utf-8")
    out.write(_LENGTH.pack(len(text), len(body)))
    out.write(text)
    out.write(body)
    out.flush()


def _limit(seconds: int, memory: int) -> None:
    """Set this request's CPU seconds (the clock runs on between requests) and address space."""
    try:
        import resource
    except ImportError:  # not on Windows; the parent's clock still holds
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    for kind, soft in ((resource.RLIMIT_CPU, spent + seconds), (resource.RLIMIT_AS, memory)):
        _, hard = resource.getrlimit(kind)
        wanted = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (wanted, hard))
