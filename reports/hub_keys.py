"""Keys at a hub: the one it signs its answers with, and those of the labs it enrols.

The hub's own key is made when it is first needed and stays in ``keys/`` of the hub folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lims.errors import ConfigError
from reports.hub_model import EnrolledLab
from reports.hub_store import opened

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FOLDER, PRIVATE, PUBLIC = "keys", "hub.ed25519", "hub.ed25519.pub"


def own_key(folder: Path) -> Ed25519PrivateKey:
    """Return the hub's signing key, made at the first call.

    Raises
    ------
    ConfigError
        It cannot be read, is open to other accounts, or only its public half is there.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = folder / FOLDER / PRIVATE
    if not path.is_file():
        if (folder / FOLDER / PUBLIC).exists():
            raise ConfigError(
                f"the hub's key {path} is missing",
                hint="Restore it from the backup. With a new key (remove the .pub file too) every "
                "lab must compare the fingerprint again.",
            )
        return _made(path)
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ConfigError(
                f"{path} can be read by other accounts", hint=f"chmod 600 {path}, and ask who did."
            )
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"the hub's key {path} cannot be read: {error}", hint="Restore it from the backup."
        ) from error


def _made(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        # Another program made it at this moment.
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    with os.fdopen(handle, "wb") as file:
        file.write(private.private_bytes_raw())
        file.flush()
        os.fsync(file.fileno())
    public = private.public_key().public_bytes_raw()
    path.with_name(PUBLIC).write_text(public.hex() + "\n", encoding="ascii")
    return private


def public_bytes(folder: Path) -> bytes:
    """Return the 32 public bytes of the hub's key."""
    return own_key(folder).public_key().public_bytes_raw()


def fingerprint(folder: Path) -> str:
    """Return the fingerprint of the hub's key, to be read out to a lab."""
    from libraries import package

    return package.fingerprint(public_bytes(folder))


def enroll(folder: Path, lab: str, public_key: bytes, *, name: str = "") -> EnrolledLab:
    """Put a lab's public key on file in a hub folder.

    Parameters
    ----------
    folder : Path
    lab : str
        Site code.
    public_key : bytes
        32 raw bytes, or the content of ``keys/lab.ed25519.pub`` (64 hexadecimal digits).

    Raises
    ------
    ConfigError
        Not a key, or another one is on file (see `SqliteHubStore.enroll`).
    """
    with opened(folder) as store:
        return store.enroll(lab, name or lab, _key_of(public_key))


def enroll_file(folder: Path, lab: str, path: Path, *, name: str = "") -> EnrolledLab:
    """Enrol a lab by the file with its public key.

    Raises
    ------
    ConfigError
        The file cannot be read or holds something else.
    """
    try:
        with path.open("rb") as file:
            data = file.read(1_024)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    return enroll(folder, lab, data, name=name)


def _key_of(data: bytes) -> bytes:
    if len(data) == 32:
        return data
    try:
        return bytes.fromhex(data.decode("ascii").strip())
    except ValueError as error:
        raise ConfigError(
            "this is no public key: neither 32 bytes nor 64 hexadecimal digits",
            hint="Use the file keys/lab.ed25519.pub of the lab's folder.",
        ) from error
