"""A library version that answers nobody any more but stays, because results rest on it."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from libraries import index_files

_MARK = "WITHDRAWN.json"
_SCHEMA = "fol.library.withdrawn/1"
_LARGEST = 65_536


def mark(folder: Path, reason: str, by: str, at: str) -> None:
    """Mark a version as withdrawn.

    Parameters
    ----------
    folder : Path
        Of the version.
    reason, by : str
    at : str
        ISO 8601, from the caller's clock.
    """
    text = json.dumps({"schema": _SCHEMA, "reason": reason, "by": by, "at": at}, indent=1)
    fresh = folder / f".{_MARK}-{secrets.token_hex(4)}"
    with fresh.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / _MARK)
    index_files.sync_folder(folder)


def is_marked(folder: Path) -> bool:
    """Return whether a version was withdrawn."""
    return (folder / _MARK).is_file()


def reason(folder: Path) -> str:
    """Return why a version was withdrawn; empty when it was not."""
    path = folder / _MARK
    try:
        if path.stat().st_size > _LARGEST:
            return "the reason cannot be read"
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, RecursionError):
        return "the reason cannot be read"
    found = said.get("reason") if isinstance(said, dict) else None
    return str(found or "no reason given")
