"""Where a secret is typed on the command line: never echoed, never an argument, never a variable.

At a terminal it is asked for; a script gives it by ``--pin-file``, one secret a line.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import click

from lims.errors import ConfigError, PermissionDenied, SignatureNeeded
from tui.output import say

if TYPE_CHECKING:
    from lims.lab import Lab
    from lims.presence import Proof

Result = TypeVar("Result")
_MOST_BYTES = 4 * 256 + 2
_TRIES_AT_TERMINAL = 3


class Again(Exception):  # noqa: N818 - no error: the command is run again, with what was proved
    """The secret was right: run the command again, this time with the proof."""

    def __init__(self, proof: Proof | None = None) -> None:
        super().__init__("run again")
        self.proof = proof


class SecretFile:
    """Secrets of a script, read line by line from a descriptor, a pipe or a closed file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._file: BinaryIO | None = None

    def next(self) -> str:
        """Return the next line.

        Raises
        ------
        ConfigError
            It cannot be read, is open to other accounts, has no more lines, or a line is no text.
        """
        if self._file is None:
            self._file = self._opened()
        data = self._file.readline(_MOST_BYTES)
        if not data:
            raise ConfigError(f"{self._name} holds no further secret")
        if len(data) == _MOST_BYTES:
            raise ConfigError(f"{self._name}: a line is too long for a secret")
        try:
            return data.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            # Not chained: the error would carry the secret's bytes into a traceback.
            raise ConfigError(f"{self._name}: a line is not UTF-8 text") from None

    def close(self) -> None:
        """Let go of the file; standard input is not ours to close."""
        if self._file is not None and self._name != "-":
            self._file.close()

    def _opened(self) -> BinaryIO:
        if self._name == "-":
            return sys.stdin.buffer
        try:
            file = open(self._name, "rb")  # noqa: PTH123, SIM115 - read on by later lines
            found = os.fstat(file.fileno())
        except OSError as error:
            raise ConfigError(
                f"--pin-file {self._name} cannot be read: {error.strerror or error}"
            ) from error
        if os.name == "posix" and stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
            file.close()
            raise ConfigError(
                f"--pin-file {self._name} can be read by other accounts",
                hint=f"chmod 600 {self._name}, or give a descriptor: --pin-file /dev/fd/3.",
            )
        return file


def ask(prompt: str) -> str:
    """Return a secret: the next line of ``--pin-file``, else as typed at the terminal.

    Raises
    ------
    ConfigError
        Nobody is at a terminal, or it cannot hide what is typed.
    """
    source = _source()
    if source is not None:
        return source.next()
    if not sys.stdin.isatty():
        raise ConfigError(
            f"a secret is needed ({prompt.strip(': ')}), and nobody is at a terminal",
            hint="A script gives it with `fol --pin-file /dev/fd/3 ...`, one secret a line.",
        )
    import getpass
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt, stream=sys.stderr)
        except getpass.GetPassWarning:
            raise ConfigError("this terminal would show what is typed; nothing was asked") from None
        except EOFError as error:
            raise click.Abort from error


def ask_new(what: str) -> str:
    """Return a new secret, typed twice alike at a terminal.

    Raises
    ------
    ConfigError
    """
    first = ask(f"New {what}: ")
    if _source() is None and ask(f"New {what} again: ") != first:
        raise ConfigError(f"the two differ; the {what} was not changed")
    return first


def signed(lab: Lab, needed: SignatureNeeded) -> Proof:
    """Show what is to be signed, ask for the signer's secret and return the proof.

    Raises
    ------
    PermissionDenied
        Wrong, or nothing typed.
    ConfigError
    """
    say(f"Signature of {needed.name} ({needed.person}): {needed.meaning}")
    for name, value in needed.about:
        say(f"  {name}: {value}")
    from lims import credentials

    return _tried(
        lambda typed: credentials.prove(lab, needed.person, typed),
        f"PIN or password of {needed.person}: ",
    )


def unlocked(lab: Lab, person: str) -> None:
    """Ask the owner of the locked session for their secret and go on in it.

    Raises
    ------
    PermissionDenied, ConfigError
    """
    from lims import sessions

    say(f"The session of {person} is locked.")
    token = lab.presence.token
    _tried(lambda typed: sessions.unlock(lab, token, typed), f"PIN or password of {person}: ")


def can_ask() -> bool:
    """Whether somebody, or a script, can give a secret."""
    return _source() is not None or sys.stdin.isatty()


def _tried(use: Callable[[str], Result], prompt: str) -> Result:
    """Return what comes of the right secret; a person at a terminal may mistype it twice."""
    left = _TRIES_AT_TERMINAL if _source() is None else 1
    while True:
        left -= 1
        typed = ask(prompt)
        try:
            return use(typed)
        except PermissionDenied as error:
            if not left or "blocked" in error.message or not typed:
                raise
            say(f"Error: {error.message}")


def _source() -> SecretFile | None:
    obj = click.get_current_context().find_root().obj or {}
    found = obj.get("secrets")
    return found if isinstance(found, SecretFile) else None
