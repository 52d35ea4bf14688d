"""Detached signatures in the format of minisign, which anybody can check with a small public tool.

Format: https://jedisct1.github.io/minisign/ (algorithm ``ED``: Ed25519 over BLAKE2b-512).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from lims import keys
from reports.errors import ReportError

ENDING = ".minisig"
LARGEST = 8_192
_PREHASHED, _PLAIN = b"ED", b"Ed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whether a signature is the key's, and the comment that it covers."""

    fits: bool
    comment: str


def key_id(public: bytes) -> bytes:
    """Return the eight bytes that name a key: made of the key, so that no list is needed."""
    return hashlib.blake2b(public, digest_size=8).digest()


def public_file(public: bytes, name: str) -> bytes:
    """Return the public key as minisign reads it (``-p``)."""
    packed = base64.b64encode(_PLAIN + key_id(public) + public).decode("ascii")
    return f"untrusted comment: minisign public key of {_one_line(name)}\n{packed}\n".encode()


def signed(data: bytes, public: bytes, comment: str, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the detached signature of data.

    Parameters
    ----------
    data : bytes
    public : bytes
        The 32 public bytes.
    comment : str
        Covered by the signature too: what was signed, by whom, when.
    sign : callable
        Gives the 64-byte Ed25519 signature over what it is given.
    """
    signature = sign(hashlib.blake2b(data).digest())
    said = _one_line(comment).encode()
    packed = base64.b64encode(_PREHASHED + key_id(public) + signature).decode("ascii")
    both = base64.b64encode(sign(signature + said)).decode("ascii")
    return (
        b"untrusted comment: signature of a forward operating lab\n"
        + f"{packed}\n".encode()
        + b"trusted comment: "
        + said
        + f"\n{both}\n".encode()
    )


def checked(data: bytes, signature: bytes, public: bytes) -> Checked:
    """Return whether a detached signature over data is a key's.

    Raises
    ------
    ReportError
        It is no minisign signature.
    """
    if len(signature) > LARGEST:
        raise ReportError(f"a signature of {len(signature)} bytes; at most {LARGEST} are read")
    try:
        _, packed, trusted, both = signature.decode("utf-8").splitlines()
        raw = base64.b64decode(packed, validate=True)
        whole = base64.b64decode(both, validate=True)
        front, _, comment = trusted.partition("trusted comment: ")
    except (ValueError, binascii.Error) as error:
        raise ReportError(
            "this is no minisign signature", hint=f"The file beside it, ending in {ENDING}."
        ) from error
    if front or raw[:2] not in (_PREHASHED, _PLAIN) or len(raw) != 74 or len(whole) != 64:
        raise ReportError("this is no minisign signature", hint="The file beside the report.")
    of = hashlib.blake2b(data).digest() if raw[:2] == _PREHASHED else data
    fits = keys.verify(public, of, raw[10:]) and keys.verify(
        public, raw[10:] + comment.encode(), whole
    )
    return Checked(fits=fits, comment=comment)


def _one_line(text: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in text)[:500]
