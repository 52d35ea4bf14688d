"""How events of signing in, signatures and acts of two people become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding, signing
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

FIELD = signing.FIELD
"""The member of any event's body that holds its signatures."""


def _credential_set(database: Database, event: Event) -> None:
    body = event.body
    _put_credential(database, event, body["secret"], body["digest"])
    if body["how"] == "code":
        database.conn.execute(
            "DELETE FROM credential WHERE person=? AND secret='code'", (body["person"],)
        )
    _welcome(database, body["person"], body["secret"])


def _credential_renewed(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE credential SET digest=?, seq=? WHERE person=? AND secret=?",
        (body["digest"], event.seq, body["person"], body["secret"]),
    )


def _credential_reset(database: Database, event: Event) -> None:
    body = event.body
    for table in ("credential", "sign_in_refusal"):
        database.conn.execute(f"DELETE FROM {table} WHERE person=?", (body["person"],))
    _put_credential(database, event, "code", body["code_sha256"], expires_at=body["expires_at"])


def _put_credential(
    database: Database, event: Event, secret: str, digest: str, *, expires_at: str = ""
) -> None:
    database.conn.execute(
        "INSERT INTO credential(person, secret, digest, expires_at, seq, at, by) "
        "VALUES(?,?,?,?,?,?,?) ON CONFLICT(person, secret) DO UPDATE SET digest=excluded.digest, "
        "expires_at=excluded.expires_at, seq=excluded.seq, at=excluded.at, by=excluded.by",
        (event.body["person"], secret, digest, expires_at, event.seq, event.at, event.actor),
    )


def _opened(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "session",
        id=body["session"],
        seq=event.seq,
        person=body["person"],
        place=body["place"],
        unattended=int(body["unattended"]),
        token_sha256=body["token_sha256"],
        opened_at=event.at,
        expires_at=body["expires_at"],
        state="open",
        changed_at=event.at,
    )
    _welcome(database, body["person"], "password")


def _locked(database: Database, event: Event) -> None:
    _move(database, event, event.body["session"], "locked", event.body["because"])


def _closed(database: Database, event: Event) -> None:
    _move(database, event, event.body["session"], "closed", event.body["because"])


def _unlocked(database: Database, event: Event) -> None:
    _move(database, event, event.body["session"], "open", "")
    _welcome(database, event.actor, event.body["method"])


def _switched(database: Database, event: Event) -> None:
    if event.body["from"] not in ("", event.body["session"]):
        _move(database, event, event.body["from"], "locked", f"{event.actor} took over", of="open")
    _unlocked(database, event)


def _move(
    database: Database, event: Event, session: str, state: str, because: str, *, of: str = ""
) -> None:
    database.conn.execute(
        "UPDATE session SET state=?, changed_at=?, because=? WHERE id=? AND (?='' OR state=?)",
        (state, event.at, because, session, of, of),
    )


def _refused(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "INSERT INTO sign_in_refusal(person, secret, in_a_row, in_all, blocked_until, at) "
        "VALUES(?,?,?,1,?,?) ON CONFLICT(person, secret) DO UPDATE SET "
        "in_a_row=excluded.in_a_row, in_all=in_all+1, blocked_until=excluded.blocked_until, "
        "at=excluded.at",
        (body["person"], body["secret"], body["in_a_row"], body["blocked_until"], event.at),
    )


def _welcome(database: Database, person: str, secret: str) -> None:
    """Begin to count anew: this secret of this person was right."""
    database.conn.execute(
        "UPDATE sign_in_refusal SET in_a_row=0, blocked_until='' WHERE person=? AND secret=?",
        (person, secret),
    )


def _setting(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "INSERT INTO sign_in_setting(name, value, seq, at, by, reason) VALUES(?,?,?,?,?,?) "
        "ON CONFLICT(name) DO UPDATE SET value=excluded.value, seq=excluded.seq, at=excluded.at, "
        "by=excluded.by, reason=excluded.reason",
        (body["name"], body["value"], event.seq, event.at, event.actor, body["reason"]),
    )


def _proposed(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "two_person_act",
        seq=event.seq,
        matter=body["matter"],
        person=body["person"],
        terms=folding.text(body["terms"]),
        reason=body["reason"],
        at=event.at,
        by=event.actor,
        state="waiting",
    )


def _decided(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE two_person_act SET state=?, closed_at=?, closed_by=?, remark=? WHERE seq=?",
        (
            event.kind.partition(".")[2],
            event.at,
            event.actor,
            body.get("remark", ""),
            body["proposal"],
        ),
    )


def signatures(database: Database, event: Event) -> None:
    """Leave a row for each signature that an event of any kind carries."""
    for each in signing.signatures_of(event):
        folding.insert(
            database,
            "signature",
            seq=event.seq,
            person=each["person"],
            kind=event.kind,
            meaning=each["meaning"],
            method=each["method"],
            session=each["session"],
            record=each["record"],
            at=event.at,
        )
        _welcome(database, each["person"], each["method"])


HANDLERS: Handlers = {
    "credential.set": _credential_set,
    "credential.renewed": _credential_renewed,
    "credential.reset": _credential_reset,
    "session.opened": _opened,
    "session.locked": _locked,
    "session.unlocked": _unlocked,
    "session.switched": _switched,
    "session.closed": _closed,
    "session.refused": _refused,
    "signin.setting": _setting,
    "role.proposed": _proposed,
    "role.approved": _decided,
    "role.declined": _decided,
    "role.withdrawn": _decided,
    "signin.proposed": _proposed,
    "signin.approved": _decided,
    "signin.declined": _decided,
    "signin.withdrawn": _decided,
}
