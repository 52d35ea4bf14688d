"""``fol sign-in``, ``sign-out``, ``lock``, ``unlock``, ``switch``, ``who``: a terminal's seat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.context import json_option, lab_option, opened
from tui.output import document, line, say, table
from tui.secret_prompt import ask

if TYPE_CHECKING:
    from lims.lab import Lab
    from lims.sessions import Opened

EXIT_RECORD = 3


@click.command("sign-in", epilog="Example: fol sign-in okafor")
@click.argument("person_id", metavar="PERSON")
@click.option(
    "--unattended",
    metavar="FILE",
    default="",
    help="For a script: keep the session in this file, for `fol --session-file FILE ...`.",
)
@lab_option
def sign_in(person_id: str, unattended: str, lab_path: str | None) -> None:
    """Open a session with the password; whoever sat here before is locked, not signed out.

    A session of a script (--unattended) lasts longer and never locks. It records runs, searches
    again, delivers, checkpoints and backs up; it signs nothing.
    """
    from lims import sessions, sign_in_settings
    from tui import command_session

    with opened(lab_path) as lab:
        made = sessions.sign_in(
            lab,
            person_id,
            ask(f"Password of {person_id}: "),
            place="command line",
            unattended=bool(unattended),
        )
        kept = command_session.keep(lab, made, unattended)
        _welcome(lab, made)
        if unattended:
            line(str(kept))
        if not sign_in_settings.is_required(lab):
            say("Note: this lab lets people act without signing in (fol person require-sign-in).")


def _welcome(lab: Lab, made: Opened) -> None:
    until = made.session.expires_at.astimezone(lab.zone)
    line(f"{made.session.person} is signed in until {until:%H:%M}")
    if made.before is not None:
        before = made.before.astimezone(lab.zone)
        say(
            f"Since your last sign-in ({before:%Y-%m-%d %H:%M}): {made.signed} signatures under "
            f"your name, {made.refused} wrong secrets typed for you."
        )


@click.command("sign-out", epilog="Example: fol sign-out")
@click.option("--everybody", is_flag=True, help="Every session this account keeps, not yours only.")
@lab_option
def sign_out(everybody: bool, lab_path: str | None) -> None:
    """End the session for good; the password opens the next one."""
    from lims import sessions
    from lims.errors import NotFoundError
    from tui import session_file

    with opened(lab_path) as lab:
        path = session_file.path_for(lab)
        kept = session_file.read(path)
        people = list(kept.tokens) if everybody else [kept.current] if kept.current else []
        for person in people:
            try:
                sessions.sign_out(lab, kept.tokens.get(person, ""))
                line(f"{person} is signed out")
            except NotFoundError:
                say(f"Note: the session of {person} is not of this lab's record.")
            kept = kept.without(person)
            session_file.write(path, kept)
        if not people:
            say("Nobody was signed in here.")


@click.command(epilog="Example: fol lock")
@lab_option
def lock(lab_path: str | None) -> None:
    """Lock the session now, as it locks by itself after some minutes without a command."""
    from lims import sessions

    with opened(lab_path) as lab:
        token = lab.presence.token
        if not token:
            say("Nobody was signed in here.")
            return
        sessions.lock(lab, token, because="locked")
        line(f"{sessions.session(lab, token).person} is locked")


@click.command(epilog="Example: fol unlock")
@lab_option
def unlock(lab_path: str | None) -> None:
    """Open the locked session with the PIN or the password of its owner."""
    from lims import sessions
    from lims.errors import SessionNeeded
    from tui import command_session

    with opened(lab_path) as lab:
        token = lab.presence.token
        if not token:
            raise SessionNeeded("nobody is signed in here", "fol sign-in PERSON")
        person = sessions.session(lab, token).person
        if not command_session.locked(lab):
            say(f"{person} is not locked.")
            return
        sessions.unlock(lab, token, ask(f"PIN or password of {person}: "))
        command_session.go_on(lab, person)
        line(f"{person} is back")


@click.command(epilog="Example: fol switch okafor")
@click.argument("person_id", metavar="PERSON")
@lab_option
def switch(person_id: str, lab_path: str | None) -> None:
    """Change over to somebody who signed in here before, with their PIN; the present one locks."""
    from lims import sessions
    from lims.errors import SessionNeeded
    from tui import command_session, session_file

    with opened(lab_path) as lab:
        token = session_file.read(session_file.path_for(lab)).tokens.get(person_id, "")
        if not token:
            raise SessionNeeded(
                f"{person_id} did not sign in here before", f"fol sign-in {person_id}"
            )
        sessions.switch(lab, token, ask(f"PIN or password of {person_id}: "))
        command_session.go_on(lab, person_id)
        line(f"{person_id} acts now")


@click.command(epilog="Example: fol who")
@click.option("--all", "everything", is_flag=True, help="Also the sessions that ended.")
@lab_option
@json_option
def who(everything: bool, lab_path: str | None, as_json: bool) -> int:
    """Show who acts at this terminal and whose sessions go on."""
    from lims import sessions, sign_in_settings

    with opened(lab_path) as lab:
        here = sessions.session(lab, lab.presence.token) if lab.presence.token else None
        found = sessions.sessions(lab, everything=everything)
        required = sign_in_settings.is_required(lab)
    acts = here.person if here is not None and here.state == "open" else ""
    if as_json:
        document("who", {"acts": acts, "required": required, "here": here, "sessions": found})
        return 0
    if here is None:
        line("nobody is signed in here")
    else:
        line(f"{here.person}: {here.state}")
    table(
        [
            [s.person, s.state, s.place, "script" if s.is_unattended else "", s.opened_at,
             s.expires_at, s.because]
            for s in found
        ],
        ["person", "state", "place", "", "since", "until", "because"],
    )  # fmt: skip
    return 0 if acts or not required else EXIT_RECORD
