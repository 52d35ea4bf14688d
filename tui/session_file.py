"""The sessions of this account at one lab, in a file only it can read; the command line's memory.

Holds tokens, never secrets. The file's time is when the session was last used.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lims.errors import ConfigError

if TYPE_CHECKING:
    from lims.lab import Lab

MOST_BYTES = 16_384
MOST_SESSIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The tokens this account holds for a lab, by person, and whose is in use."""

    current: str = ""
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def token(self) -> str:
        """The token in use; empty for none."""
        return self.tokens.get(self.current, "")

    def with_session(self, person: str, token: str) -> Kept:
        """Return the same with one more session, which is in use now."""
        tokens = {**{p: t for p, t in self.tokens.items() if p != person}, person: token}
        return Kept(current=person, tokens=dict(list(tokens.items())[-MOST_SESSIONS:]))

    def without(self, person: str) -> Kept:
        """Return the same without somebody's session."""
        tokens = {p: t for p, t in self.tokens.items() if p != person}
        return replace(self, current="" if self.current == person else self.current, tokens=tokens)


def path_for(lab: Lab) -> Path:
    """Return where this account keeps its sessions at a lab."""
    return _folder() / f"session-{lab.lab_id}.json"


def read(path: Path) -> Kept:
    """Return what is kept; nothing where there is no file.

    Raises
    ------
    ConfigError
        It is not this account's own, is open to others, or is not what this program writes.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return Kept()
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    with os.fdopen(handle, "rb") as file:
        _require_own(path, os.fstat(file.fileno()))
        data = file.read(MOST_BYTES + 1)
    try:
        found = json.loads(data) if len(data) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("tokens"), dict):
        raise _unusable(path, "it is not a session file")
    tokens = {str(person): str(token) for person, token in found["tokens"].items()}
    return Kept(current=str(found.get("current", "")), tokens=tokens)


def write(path: Path, kept: Kept) -> None:
    """Keep the sessions, whole or not at all, readable by this account alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps({"schema": "fol.sessions/1", "current": kept.current, "tokens": kept.tokens})
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(partial, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _unusable(path, error.strerror or str(error)) from error


def idle_s(path: Path) -> float:
    """Return how long ago a session was last used, in seconds; endless where nobody knows."""
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return float("inf")


def touch(path: Path) -> None:
    """Say that the session is used now."""
    try:
        os.utime(path)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _folder() -> Path:
    named = os.environ.get("XDG_RUNTIME_DIR")
    if named:
        folder = Path(named) / "fol"
    else:
        from platformdirs import user_runtime_path

        folder = user_runtime_path("fol", appauthor=False)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_own(folder, folder.lstat())
    return folder


def _require_own(path: Path, found: os.stat_result) -> None:
    if os.name != "posix":
        return
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
        raise _unusable(path, "it belongs to another account")
    if found.st_mode & 0o077:
        raise _unusable(path, f"other accounts may read it (mode {found.st_mode & 0o777:03o})")


def _unusable(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{path} cannot be used: {why}",
        hint="Ask who made it; remove it and sign in again (fol sign-in PERSON).",
    )
