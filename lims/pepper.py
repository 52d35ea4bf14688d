"""The pepper of the lab's PINs: 32 random bytes in ``keys/``, never in the database."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from lims.errors import ConfigError

NAME = "pin.pepper"
_BYTES = 32


def read(folder: Path) -> bytes:
    """Return the pepper.

    Raises
    ------
    ConfigError
        Missing, open to other accounts, or not a pepper.
    """
    path = folder / NAME
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ConfigError(
                f"{path} can be read by other accounts", hint=f"chmod 600 {path}, and ask who did."
            )
        found = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError as error:
        raise ConfigError(
            f"the pepper of the PINs is missing: {path}",
            hint="Restore keys/ from the backup, or sign in with the password and set a new PIN.",
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="Restore keys/.") from error
    if len(found) != _BYTES:
        raise ConfigError(f"{path} holds {len(found)} bytes, {_BYTES} are expected")
    return found


def made_or_read(folder: Path) -> bytes:
    """Return the pepper; the first PIN makes it."""
    try:
        handle = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read(folder)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(_BYTES).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return read(folder)
