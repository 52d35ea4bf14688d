"""Passwords and PINs as text: what may be one, and the argon2id form that is kept of it.

Pure: no database, no clock. A PIN is short, so a pepper kept outside the database goes into it.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from lims.errors import RecordError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MOST_CHARACTERS = 256
"""Longer is refused before it is looked at: hashing a megabyte is no password."""

LEAST_PASSWORD = 12
PIN_DIGITS = range(6, 13)
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))
_LANES = 4


class Secret(StrEnum):
    """What a person proves themselves with."""

    PASSWORD = "password"
    PIN = "pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one guess costs: KiB of memory and passes over it."""

    memory_kib: int
    passes: int


def cleaned(text: str) -> str:
    """Return a secret as it is compared: NFKC, so that every keyboard spells it alike.

    Raises
    ------
    RecordError
        Empty, too long, or holding a control or invisible character; it is never repeated.
    """
    if len(text) > MOST_CHARACTERS:
        raise RecordError(f"a secret has at most {MOST_CHARACTERS} characters, found {len(text)}")
    if any(unicodedata.category(each) in _HIDDEN for each in text):
        raise RecordError(
            "a secret may not hold control or invisible characters", hint="Type it again."
        )
    found = unicodedata.normalize("NFKC", text)
    if not found.strip():
        raise RecordError("no secret was given", hint="Type it, then Enter.")
    return found


def kind_of(text: str) -> Secret:
    """Return what a typed secret can be: digits alone are a PIN, all else is a password."""
    is_pin = text.isascii() and text.isdigit() and len(text) <= PIN_DIGITS[-1]
    return Secret.PIN if is_pin else Secret.PASSWORD


def require_good(secret: Secret, text: str, *, person_id: str, name: str) -> None:
    """Raise unless a new secret is worth keeping; ``text`` is `cleaned`.

    Raises
    ------
    RecordError
    """
    if secret is Secret.PIN:
        _require_good_pin(text)
        return
    if len(text) < LEAST_PASSWORD or kind_of(text) is Secret.PIN:
        raise RecordError(
            f"a password has at least {LEAST_PASSWORD} characters and is not digits alone",
            hint="Three or four words are easier to type than signs.",
        )
    folded = text.casefold()
    if len(set(folded)) < 5 or any(
        len(each) > 3 and folded.replace(each.casefold(), "").strip() == ""
        for each in (person_id, name)
    ):
        raise RecordError("this password is easily guessed", hint="Take three or four words.")


def _require_good_pin(text: str) -> None:
    if kind_of(text) is not Secret.PIN or len(text) not in PIN_DIGITS:
        raise RecordError(f"a PIN has {PIN_DIGITS[0]} to {PIN_DIGITS[-1]} digits")
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(text)}
    half = len(text) // 2
    if len(set(text)) < 3 or steps in ({1}, {9}) or text[:half] == text[half:]:
        raise RecordError(
            "this PIN is easily guessed", hint="No runs, no repetition, no two digits alone."
        )


def keep(secret: Secret, text: str, cost: Cost, *, person_id: str, pepper: bytes) -> str:
    """Return what is kept of a secret: the argon2id string, a PIN's with the pepper's mark before.

    Parameters
    ----------
    text : str
        `cleaned`.
    pepper : bytes
        Secret of the lab outside the database; used for a PIN only.
    """
    from argon2.exceptions import HashingError

    try:
        made = _hasher(cost).hash(_material(secret, text, person_id, pepper))
    except HashingError as error:
        raise RecordError(
            f"a secret could not be kept: {error}",
            hint=f"It takes {cost.memory_kib // 1024} MiB of memory: free some and repeat.",
        ) from error
    return f"{pepper_mark(pepper)}:{made}" if secret is Secret.PIN else made


def fits(secret: Secret, text: str, kept: str, *, person_id: str, pepper: bytes) -> bool:
    """Whether a typed secret is the one that was kept.

    Raises
    ------
    RecordError
        What is kept is no argon2id string, or was made with another pepper.
    """
    from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

    mark, _, made = kept.rpartition(":")
    if secret is Secret.PIN and mark != pepper_mark(pepper):
        raise RecordError(
            "this PIN was set with another pepper than the one in keys/",
            hint="Restore keys/ from the backup, or sign in with the password and set a new PIN.",
        )
    try:
        return _hasher(Cost(memory_kib=8_192, passes=1)).verify(
            made, _material(secret, text, person_id, pepper)
        )
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError) as error:
        raise RecordError(
            f"what is kept of a {secret} cannot be read: {error}",
            hint="Two people reset it: fol person reset.",
        ) from error


def is_outdated(kept: str, cost: Cost) -> bool:
    """Whether a secret was kept at another cost than the lab asks for now."""
    return _hasher(cost).check_needs_rehash(kept.rpartition(":")[2])


def digest(kept: str) -> str:
    """Return what the log holds of a kept secret: SHA-256 over it, salt included, as hex."""
    return hashlib.sha256(kept.encode()).hexdigest()


def pepper_mark(pepper: bytes) -> str:
    """Return a short name of a pepper that says nothing about it."""
    return hashlib.sha256(b"fol pepper" + pepper).hexdigest()[:8]


def _material(secret: Secret, text: str, person_id: str, pepper: bytes) -> bytes:
    if secret is Secret.PASSWORD:
        return text.encode()
    # The person goes in as well: two people's equal PINs are not equal under one pepper.
    return hmac.digest(pepper, f"{person_id}\0{text}".encode(), "sha256")


@lru_cache(maxsize=8)
def _hasher(cost: Cost) -> PasswordHasher:
    from argon2 import PasswordHasher, Type

    return PasswordHasher(
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=_LANES,
        hash_len=32,
        salt_len=16,
        type=Type.ID,
    )
