"""The other end of `instruments.sandbox`: limits itself, reads what it is asked, answers in bytes.

Speaks on its standard output only in frames; whatever a library prints goes nowhere.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO

from instruments import confine, transfer
from instruments.errors import FormatError
from instruments.mapping import from_json
from instruments.registry import read, read_bytes, readers
from instruments.sandbox import write_all
from spectra.errors import LabError

_LENGTH = struct.Struct("<IQ")


def main() -> None:
    """Answer requests until the pipe closes."""
    source = sys.stdin.buffer
    # Take the pipe for ourselves: a print inside a library must not break a frame.
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    readers()
    confine.once()
    _answer(out, {"ready": "yes"}, [])
    while True:
        lengths = source.read(_LENGTH.size)
        if len(lengths) < _LENGTH.size:
            return
        header_size, data_size = _LENGTH.unpack(lengths)
        request = json.loads(source.read(header_size))
        data = source.read(data_size)
        header, body = _handle(request, data)
        _answer(out, header, body)


def _handle(
    request: dict[str, object], data: bytes
) -> tuple[dict[str, str], list[transfer.Buffer]]:
    seconds, memory, size = (int(str(request[key])) for key in ("seconds", "memory", "size"))
    confine.for_request(seconds, memory, size)
    try:
        mapping = from_json(request["mapping"]) if "mapping" in request else None
        if "path" in request:
            found = read(str(request["path"]), mapping=mapping)
            export = replace(found, path=Path(str(request["shown"])))
        else:
            export = read_bytes(data, str(request["name"]), mapping=mapping)
        return {}, transfer.parts(export)
    except FormatError as error:
        return _said(type(error).__name__, error.message, error.hint), []
    except LabError as error:
        return _said("CorruptFileError", error.message, error.hint), []
    except OSError as error:
        facts = _said("OSError", error.strerror or str(error), "")
        return facts | {"errno": str(error.errno or 0), "file": str(error.filename or "")}, []
    except MemoryError:
        message = "reading needs more memory than a file of this size can"
        return _said("CorruptFileError", message, "Export it again."), []
    except Exception as error:  # noqa: BLE001 - the worker boundary: one file, one answer
        message = f"the reader failed ({type(error).__name__}: {error})"
        return _said("CorruptFileError", message, "Please report this file."), []


def _said(kind: str, message: str, hint: str) -> dict[str, str]:
    return {"error": kind, "message": message, "hint": hint}


def _answer(out: IO[bytes], header: dict[str, str], body: list[transfer.Buffer]) -> None:
    text = json.dumps(header).encode("ascii")
    size = sum(len(part) for part in body)
    write_all(out, [_LENGTH.pack(len(text), size), text, *body])
