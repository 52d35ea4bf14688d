"""The bytes an instrument wrote, kept under their own hash: ``ab/cd/<sha256>``, read-only.

Writing is all or nothing: a temporary file beside the target, flushed to disk, renamed, the folder
flushed. Knows nothing of formats or the record.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from instruments.errors import CorruptFileError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEMPORARY = ".incoming-"
_CHUNK = 1 << 20
_AGAIN = "Restore it from a backup; the record holds its SHA-256."


@dataclass(frozen=True, slots=True, kw_only=True)
class RawProblem:
    """One thing wrong in a raw folder: where, and what."""

    path: Path
    problem: str


def place(folder: Path, sha256: str) -> Path:
    """Return where bytes of this hash are kept.

    Raises
    ------
    CorruptFileError
        ``sha256`` is not 64 lower-case hex digits, so it must not become a path.
    """
    if not _SHA256.fullmatch(sha256):
        raise CorruptFileError(f"not a SHA-256: {sha256[:70]!r}")
    return folder / sha256[:2] / sha256[2:4] / sha256


def keep(folder: Path, data: bytes) -> str:
    """Store bytes durably and return their SHA-256; what is already there is not written again.

    Raises
    ------
    OSError
        Disk full or no permission, left as the system gives it; nothing half-written stays.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    target = place(folder, sha256)
    if target.is_file() and target.stat().st_size == len(data):
        if _hash_of(target) == sha256:
            return sha256
        target.chmod(0o644)  # damaged on disk: the good bytes are here, put them back
    _make_folders(target.parent)
    handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o444)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _flush_folder(target.parent)
    return sha256


def fetch(folder: Path, sha256: str) -> bytes:
    """Return kept bytes, hashed again before they are handed out.

    Raises
    ------
    CorruptFileError
        They are missing, or no longer what was kept.
    """
    path = place(folder, sha256)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CorruptFileError(f"raw file {sha256} is missing", hint=_AGAIN) from None
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise CorruptFileError(f"raw file {sha256} now hashes to {found}: changed", hint=_AGAIN)
    return data


def verify(folder: Path) -> list[RawProblem]:
    """Return all that is wrong in a raw folder: changed, misplaced, foreign, half-written files."""
    problems: list[RawProblem] = []
    for path in _files(folder):
        if path.is_symlink():
            problems.append(RawProblem(path=path, problem="a link, not a file"))
        elif path.name.startswith(_TEMPORARY):
            problems.append(RawProblem(path=path, problem="left by an interrupted write"))
        elif not _SHA256.fullmatch(path.name):
            problems.append(RawProblem(path=path, problem="not a kept file"))
        elif path != place(folder, path.name):
            problems.append(RawProblem(path=path, problem="in the wrong folder"))
        elif (found := _hash_of(path)) != path.name:
            problems.append(RawProblem(path=path, problem=f"changed: now hashes to {found}"))
    return problems


def stored(folder: Path) -> Iterator[str]:
    """Yield the SHA-256 of every kept file, in sorted order."""
    for path in _files(folder):
        if _SHA256.fullmatch(path.name):
            yield path.name


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _make_folders(wanted: Path) -> None:
    """Create folders and flush each parent, so that a new folder survives a power cut."""
    missing = [path for path in (wanted, *wanted.parents) if not path.exists()]
    wanted.mkdir(parents=True, exist_ok=True)
    for path in missing:
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there; the rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
