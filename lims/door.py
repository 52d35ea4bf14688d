"""Acts of signing in itself, which nobody can be signed in for, and one guess at a time.

The only way around `Lab.writing`; used by credentials and sessions alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lims import clock
from lims.act import Act, acting_person
from lims.errors import ConfigError

if TYPE_CHECKING:
    from lims.lab import Lab

_LOCK = ".signing-in.lock"


@contextmanager
def at_the_door(lab: Lab, actor: str) -> Iterator[Act]:
    """Write one act of a person who is just signing in, locking, or was refused."""
    with lab.store.writing() as database:
        yield Act(db=database, lab=lab, person=acting_person(database, actor), at=clock.now())


@contextmanager
def one_guess_at_a_time(lab: Lab) -> Iterator[None]:
    """Hold the lab's lock for signing in, so that refusals are counted before the next guess.

    Raises
    ------
    ConfigError
        The keys folder cannot be written.
    """
    path = lab.keys_folder / _LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be used: {error.strerror or error}",
            hint="Signing in needs a lab folder this account may write to.",
        ) from error
    with os.fdopen(handle, "r+b") as file:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        yield
