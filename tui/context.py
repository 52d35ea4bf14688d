"""Which lab and which person a command acts for: options, environment, then the obvious default."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from lims.lab import Lab

Command = TypeVar("Command", bound=Callable[..., Any])


def lab_option(command: Command) -> Command:
    """Let a command take ``--lab`` after its name too."""
    return click.option(
        "--lab", "lab_path", metavar="PATH", help="Lab folder; else FOL_LAB, else yours."
    )(command)


def acting_option(command: Command) -> Command:
    """Let a writing command take ``--lab`` and ``--as`` after its name."""
    with_person = click.option(
        "--as", "person", metavar="PERSON", help="Who acts; else FOL_PERSON, else you."
    )(command)
    return lab_option(with_person)


def json_option(command: Command) -> Command:
    """Let a reading command print its JSON document."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def lab_folder(lab_path: str | None) -> Path:
    """Return the lab folder meant: option, group option, FOL_LAB, or the platform's data folder."""
    obj = click.get_current_context().find_root().obj or {}
    chosen = lab_path or obj.get("lab")
    if chosen:
        return Path(chosen).expanduser()
    from lims.lab import default_folder

    return default_folder()


def acting(person: str | None) -> str:
    """Return the id of the person who acts."""
    obj = click.get_current_context().find_root().obj or {}
    named = person or obj.get("as")
    # Who signed in comes before a variable that somebody set long ago.
    return named or obj.get("signed_in") or os.environ.get("FOL_PERSON") or login_name()


def place() -> dict[str, Any]:
    """Return what the whole command shares: options of the program, proofs, who is signed in."""
    obj = click.get_current_context().find_root().obj
    return obj if isinstance(obj, dict) else {}


def login_name() -> str:
    """Return the login name of whoever runs the command, as a person id."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@contextmanager
def opened(lab_path: str | None, *, for_inspection: bool = False) -> Iterator[Lab]:
    """Open the lab meant and close it afterwards; for inspection, even one tampered with."""
    from lims.lab import open_lab

    lab = open_lab(lab_folder(lab_path), for_inspection=for_inspection)
    try:
        with _somebody_there(lab, for_inspection=for_inspection):
            yield lab
    finally:
        lab.close()


@contextmanager
def _somebody_there(lab: Lab, *, for_inspection: bool) -> Iterator[None]:
    """Act in the session of this account; ask for what the record misses, and begin again."""
    from lims.errors import SessionNeeded, SignatureNeeded
    from tui import command_session, secret_prompt

    obj = place()
    if not for_inspection:
        obj["signed_in"] = command_session.resume(lab, obj.get("session_file"))
    try:
        with lab.presence.given(*obj.get("proofs", ())):
            yield
    except SignatureNeeded as needed:
        # What is written already would be written twice: then the person repeats it themselves.
        if lab.presence.acts or not secret_prompt.can_ask():
            raise
        raise secret_prompt.Again(secret_prompt.signed(lab, needed)) from None
    except SessionNeeded:
        locked = command_session.locked(lab)
        if not locked or lab.presence.acts or not secret_prompt.can_ask():
            raise
        secret_prompt.unlocked(lab, locked)
        command_session.go_on(lab, locked)
        raise secret_prompt.Again from None
