"""People's secrets: set, proved, refused and counted. Secrets never reach the log or a message.

What is kept of a secret stands in ``credential_secret``; the log holds the digest of that, so that
a row put there by hand is seen, and a replay needs no secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lims import clock, pepper, presence, records, secret_forms, sign_in_settings
from lims.door import at_the_door, one_guess_at_a_time
from lims.errors import AuditBrokenError, NotFoundError, PermissionDenied, StateError
from lims.presence import Proof
from lims.secret_forms import Cost, Secret, cleaned

if TYPE_CHECKING:
    from sqlite_utils import Database

    from lims.act import Act
    from lims.lab import Lab

TRIES = 5
FIRST_BLOCK, LONGEST_BLOCK = timedelta(minutes=15), timedelta(hours=24)
_WRONG = "the person or the secret is wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What is known of somebody's secrets; never the secrets."""

    person: str
    password_at: str = ""
    pin_at: str = ""
    code_until: str = ""
    refused: int = 0
    blocked_until: str = ""
    """Stamp; empty where nothing is blocked now."""


def credentials(lab: Lab) -> Mapping[str, Credentials]:
    """Return what is known of everybody's secrets, by person."""
    now = clock.stamp(clock.now())
    found: dict[str, dict[str, Any]] = {}
    for row in records.rows(lab.db, "SELECT * FROM credential ORDER BY person"):
        of = found.setdefault(row["person"], {})
        if row["secret"] == "code":
            of["code_until"] = row["expires_at"]
        else:
            of[f"{row['secret']}_at"] = row["at"]
    for row in records.rows(lab.db, "SELECT * FROM sign_in_refusal ORDER BY person, secret"):
        of = found.setdefault(row["person"], {})
        of["refused"] = of.get("refused", 0) + row["in_all"]
        if row["blocked_until"] > now:
            of["blocked_until"] = max(of.get("blocked_until", ""), row["blocked_until"])
    return {person: Credentials(person=person, **of) for person, of in found.items()}


def prove(lab: Lab, person_id: str, typed: str, *, only: Secret | None = None) -> Proof:
    """Compare a typed secret with the person's own and return the proof, good for one act.

    Digits alone are taken for a PIN, which serves only beside a session that its owner opened with
    their password. Each wrong one is an event; five in a row block that secret of that person for
    15 minutes, five more for twice as long.

    Raises
    ------
    PermissionDenied
        Wrong, blocked, none set, or not the kind asked for.
    AuditBrokenError
        What is kept was not put there by this record.
    RecordError, ConfigError, BusyError
    """
    text = cleaned(typed)
    secret = secret_forms.kind_of(text)
    if only is not None and secret is not only:
        raise PermissionDenied(f"the {only} is needed here, not the {secret}")
    with one_guess_at_a_time(lab):
        _require_unblocked(lab, person_id, secret)
        person = _active(lab, person_id)
        session = _session_of(lab, person_id) if person else ""
        if person and secret is Secret.PIN and not session:
            raise PermissionDenied(
                "a PIN serves only after signing in with the password",
                hint=f"Give the password, or `fol sign-in {person_id}` first.",
            )
        if not person or not _is_right(lab, person_id, secret, text):
            raise _refused(lab, person_id if person else "", secret)
    return Proof(person=person_id, method=secret.value, session=session, at=clock.now())


def set_password(lab: Lab, actor: str, new: str, *, current: str = "", code: str = "") -> None:
    """Set or change the acting person's own password; their other sessions end.

    Parameters
    ----------
    current : str
        The password so far, where there is one.
    code : str
        Where there is none and the lab asks to sign in: the code two people gave out
        (`lims.two_persons`).

    Raises
    ------
    PermissionDenied, RecordError, StateError, BusyError
    """
    _require_known(lab, actor)
    has_one = _known(lab.db, actor, Secret.PASSWORD) is not None
    if has_one:
        prove(lab, actor, current, only=Secret.PASSWORD)
        how = "own"
    else:
        how = _ground(lab, actor, code)
    _set(lab, actor, Secret.PASSWORD, new, how, closing="the password was changed")


def set_pin(lab: Lab, actor: str, new: str, *, password: str) -> None:
    """Set or change the acting person's own PIN, with their password.

    Raises
    ------
    PermissionDenied, RecordError, StateError, ConfigError, BusyError
    """
    _require_known(lab, actor)
    if _known(lab.db, actor, Secret.PASSWORD) is None:
        raise StateError("a PIN needs a password first", hint="fol person password")
    prove(lab, actor, password, only=Secret.PASSWORD)
    _set(lab, actor, Secret.PIN, new, "own")


def has_password(database: Database, person_id: str) -> bool:
    """Whether somebody has set a password."""
    return _known(database, person_id, Secret.PASSWORD) is not None


def forget(act: Act, person_id: str) -> None:
    """Delete what is kept of somebody's secrets, in the act that resets them."""
    act.db.conn.execute("DELETE FROM credential_secret WHERE person=?", (person_id,))


def close_sessions(act: Act, person_id: str, because: str, *, but: str = "") -> None:
    """End somebody's sessions, in the act that makes them void."""
    found = records.rows(
        act.db, "SELECT id FROM session WHERE person=? AND state<>'closed' ORDER BY seq", person_id
    )
    for row in found:
        if row["id"] != but:
            act.append("session.closed", {"session": row["id"], "because": because})


def _set(lab: Lab, actor: str, secret: Secret, new: str, how: str, *, closing: str = "") -> None:
    text = cleaned(new)
    who = records.person(lab.db, actor)
    secret_forms.require_good(secret, text, person_id=actor, name=who.name)
    salt = pepper.made_or_read(lab.keys_folder) if secret is Secret.PIN else b""
    kept = secret_forms.keep(secret, text, _cost(lab.db, secret), person_id=actor, pepper=salt)
    with at_the_door(lab, actor) as act:
        if how != "own" and has_password(act.db, actor):
            raise StateError("a password was set meanwhile", hint="Give it, to change it.")
        body = {"person": actor, "secret": secret.value, "how": how}
        act.append("credential.set", body | {"digest": secret_forms.digest(kept)})
        _put(act.db, actor, secret, kept)
        if closing:
            own = presence.session_row(act.db, lab.presence.token) if lab.presence.token else None
            close_sessions(act, actor, closing, but=str(own["id"]) if own else "")


def _ground(lab: Lab, actor: str, code: str) -> str:
    """Return on what ground somebody without a password sets one."""
    now = clock.stamp(clock.now())
    found = records.rows(lab.db, "SELECT * FROM credential WHERE person=? AND secret='code'", actor)
    if not found and not sign_in_settings.is_required(lab):
        return "open"
    with one_guess_at_a_time(lab):
        given = presence.digest_of(code.strip().upper().replace("-", ""))
        if (
            found
            and found[0]["expires_at"] > now
            and hmac.compare_digest(given, str(found[0]["digest"]))
        ):
            return "code"
    raise PermissionDenied(
        f"{actor} has no password yet, and this is not the code that was given out for it",
        hint="Two people give out a code, good for a day: fol person reset.",
    )


def _is_right(lab: Lab, person_id: str, secret: Secret, text: str) -> bool:
    known = _known(lab.db, person_id, secret)
    cost = _cost(lab.db, secret)
    if known is None:
        _spend_as_long(text, cost)
        return False
    kept = records.value(
        lab.db,
        "SELECT kept FROM credential_secret WHERE person=? AND secret=?",
        person_id,
        secret.value,
    )
    if kept is None or not hmac.compare_digest(secret_forms.digest(str(kept)), str(known)):
        raise AuditBrokenError(
            f"what is kept of {person_id}'s {secret} is not what the log says was set",
            hint="Somebody changed the database. Stop work; two people reset it: fol person reset.",
        )
    salt = pepper.read(lab.keys_folder) if secret is Secret.PIN else b""
    if not secret_forms.fits(secret, text, str(kept), person_id=person_id, pepper=salt):
        return False
    if secret_forms.is_outdated(str(kept), cost):
        _renew(
            lab,
            person_id,
            secret,
            secret_forms.keep(secret, text, cost, person_id=person_id, pepper=salt),
        )
    return True


def _renew(lab: Lab, person_id: str, secret: Secret, kept: str) -> None:
    """Keep the same secret at the cost the lab asks for now."""
    with at_the_door(lab, person_id) as act:
        body = {"person": person_id, "secret": secret.value, "digest": secret_forms.digest(kept)}
        act.append("credential.renewed", body)
        _put(act.db, person_id, secret, kept)


def _spend_as_long(text: str, cost: Cost) -> None:
    """Take as long as a comparison would: how long a refusal takes says nothing."""
    secret_forms.keep(Secret.PASSWORD, text, cost, person_id="", pepper=b"")


def _refused(lab: Lab, person_id: str, secret: Secret) -> PermissionDenied:
    """Count a wrong secret and return what to say; of an unknown person nothing is written."""
    if not person_id:
        return PermissionDenied(_WRONG)
    with at_the_door(lab, person_id) as act:
        before = records.value(
            act.db,
            "SELECT in_a_row FROM sign_in_refusal WHERE person=? AND secret=?",
            person_id,
            secret.value,
        )
        in_a_row = int(before or 0) + 1
        rounds, left = divmod(in_a_row, TRIES)
        until = "" if left else clock.stamp(act.at + _block(rounds))
        body = {"person": person_id, "secret": secret.value, "in_a_row": in_a_row}
        act.append("session.refused", body | {"blocked_until": until})
    said = f"blocked until {until[:16]} UTC" if until else f"{TRIES - left} tries are left"
    return PermissionDenied(f"{_WRONG}; {said}", hint="" if until else "Type it again, slowly.")


def _block(rounds: int) -> timedelta:
    # From the tenth round on it is a day anyway; a shift by a large number is no fun.
    doubled: int = 1 << min(rounds - 1, 10)
    return min(FIRST_BLOCK * doubled, LONGEST_BLOCK)


def _require_unblocked(lab: Lab, person_id: str, secret: Secret) -> None:
    until = records.value(
        lab.db,
        "SELECT blocked_until FROM sign_in_refusal WHERE person=? AND secret=?",
        person_id,
        secret.value,
    )
    if until and str(until) > clock.stamp(clock.now()):
        instead = " The password still works." if secret is Secret.PIN else ""
        raise PermissionDenied(
            f"the {secret} of {person_id} was wrong too often: blocked until {str(until)[:16]} UTC",
            hint=f"Wait, or two people reset it: fol person reset.{instead}",
        )


def _active(lab: Lab, person_id: str) -> bool:
    try:
        return records.person(lab.db, person_id).active
    except NotFoundError:
        return False


def _require_known(lab: Lab, person_id: str) -> None:
    if not _active(lab, person_id):
        raise PermissionDenied(f"{person_id[:60]!r} is not a person who may act in this lab")


def _session_of(lab: Lab, person_id: str) -> str:
    """Return the session a person opened with their password and did not end, own place first."""
    here = presence.session_row(lab.db, lab.presence.token) if lab.presence.token else None
    found = records.rows(
        lab.db,
        "SELECT id FROM session WHERE person=? AND state<>'closed' AND unattended=0 "
        "AND expires_at>? ORDER BY id=? DESC, seq DESC LIMIT 1",
        person_id,
        clock.stamp(clock.now()),
        here["id"] if here else "",
    )
    return str(found[0]["id"]) if found else ""


def _known(database: Database, person_id: str, secret: Secret) -> str | None:
    found = records.value(
        database,
        "SELECT digest FROM credential WHERE person=? AND secret=?",
        person_id,
        secret.value,
    )
    return None if found is None else str(found)


def _put(database: Database, person_id: str, secret: Secret, kept: str) -> None:
    database.conn.execute(
        "INSERT INTO credential_secret(person, secret, kept) VALUES(?,?,?) "
        "ON CONFLICT(person, secret) DO UPDATE SET kept=excluded.kept",
        (person_id, secret.value, kept),
    )


def _cost(database: Database, secret: Secret) -> Cost:
    return Cost(
        memory_kib=sign_in_settings.value(database, f"{secret}_memory_kib"),
        passes=sign_in_settings.value(database, f"{secret}_passes"),
    )
