"""The session a command acts in: found again, locked when it rested too long, kept for the next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lims import presence, records, sessions
from tui import session_file
from tui.session_file import Kept

if TYPE_CHECKING:
    from lims.lab import Lab
    from lims.sessions import Opened


def resume(lab: Lab, named: str | None = None) -> str:
    """Take up the session of this account, or of a script; return whose it is, or nothing.

    Parameters
    ----------
    named : str or None
        A session file made by ``fol sign-in --unattended``.

    Raises
    ------
    ConfigError
    """
    if named:
        kept = session_file.read(Path(named).expanduser())
        lab.presence.take(kept.token)
        return kept.current
    if records.value(lab.db, "SELECT 1 FROM session WHERE state<>'closed' LIMIT 1") is None:
        return ""
    path = session_file.path_for(lab)
    kept = session_file.read(path)
    row = presence.session_row(lab.db, kept.token) if kept.token else None
    if row is None or row["state"] == "closed":
        return ""
    if session_file.idle_s(path) > sessions.idle_limit(lab).total_seconds():
        sessions.lock(lab, kept.token, because="idle")
    elif row["state"] == "open":
        session_file.touch(path)
    lab.presence.take(kept.token)
    return kept.current


def locked(lab: Lab) -> str:
    """Return whose session is locked here and may be unlocked; empty where none is."""
    token = lab.presence.token
    if not token or presence.session_row(lab.db, token) is None:
        return ""
    found = sessions.session(lab, token)
    return found.person if found.state == "locked" else ""


def keep(lab: Lab, opened: Opened, unattended: str = "") -> Path:
    """Keep a session just opened: this account's own, or a script's in a file of its own."""
    person = opened.session.person
    if unattended:
        path = Path(unattended).expanduser()
        session_file.write(path, Kept(current=person, tokens={person: opened.token}))
        return path
    path = session_file.path_for(lab)
    session_file.write(path, session_file.read(path).with_session(person, opened.token))
    return path


def go_on(lab: Lab, person: str) -> None:
    """Use somebody's kept session from now on; it counts as used."""
    path = session_file.path_for(lab)
    kept = session_file.read(path)
    session_file.write(path, Kept(current=person, tokens=kept.tokens))
