"""The lab's Ed25519 key: made on site, kept private in ``keys/``, used to sign for the lab."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lims.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from lims.lab import Lab

PRIVATE_NAME = "lab.ed25519"
PUBLIC_NAME = "lab.ed25519.pub"


def create(folder: Path) -> bytes:
    """Make the lab's key pair in ``folder`` and return the 32 public bytes.

    Raises
    ------
    ConfigError
        A key is there already: replacing it would orphan every signature made with it.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    path = folder / PRIVATE_NAME
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigError(f"{path} exists already", hint="A lab keeps its key.") from error
    with os.fdopen(handle, "wb") as file:
        file.write(private.private_bytes_raw())
        file.flush()
        os.fsync(file.fileno())
    public = private.public_key().public_bytes_raw()
    (folder / PUBLIC_NAME).write_text(public.hex() + "\n", encoding="ascii")
    return public


def sign(lab: Lab, data: bytes) -> bytes:
    """Return the lab's 64-byte Ed25519 signature over ``data``.

    Raises
    ------
    ConfigError
        The key is missing, unreadable, open to other accounts, or not this lab's.
    """
    private = _private(lab.keys_folder / PRIVATE_NAME)
    if private.public_key().public_bytes_raw() != public_key(lab):
        raise ConfigError(
            "the key in the lab folder is not the one this lab was made with",
            hint="Restore keys/ from the backup made with the lab.",
        )
    return private.sign(data)


def public_key(lab: Lab) -> bytes:
    """Return the 32 public bytes, as the record has them since the lab was made."""
    return lab.public_key


def verify(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` over ``data`` was made with the key whose public half is given."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ConfigError(
                f"{path} can be read by other accounts", hint=f"chmod 600 {path}, and ask who did."
            )
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except FileNotFoundError as error:
        raise ConfigError(
            f"the lab's key {path} is missing", hint="Restore keys/ from the backup."
        ) from error
    except (ValueError, OSError) as error:
        raise ConfigError(
            f"the lab's key {path} cannot be read: {error}", hint="Restore keys/ from the backup."
        ) from error
