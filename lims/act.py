"""One person's act while it is being written: who, when, under which key, and its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lims import events, ids, records, signing, workflow
from lims.errors import NotFoundError, PermissionDenied, RecordError
from lims.model import Event, Person
from lims.presence import Admission, Proof
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

    from lims.lab import Lab


@dataclass(slots=True)
class Act:
    """One person's act being written: everything in it is kept, or nothing.

    ``at`` is the one moment of all its events. Made by `Lab.writing`.
    """

    db: Database
    lab: Lab
    person: Person
    at: datetime
    key: str = ""
    first: Event | None = None
    admission: Admission = field(default_factory=Admission)
    used: list[Proof] = field(default_factory=list)
    """What signed in this act; spent once it is written."""
    confirmers: list[Proof] = field(default_factory=list)
    """Who besides the acting person confirmed it at the same screen."""
    _written: list[Event] = field(default_factory=list)

    def allow(self, verb: Verb) -> None:
        """Raise `PermissionDenied` unless the acting person may do this."""
        workflow.require(self.person, verb)
        if self.admission.is_unattended and verb not in workflow.UNATTENDED:
            raise PermissionDenied(
                f"a session without a person at it may not {verb}",
                hint="Sign in at the terminal and repeat the act.",
            )

    def use(self, proof: Proof) -> None:
        """Count a proof as used by this act; it may sign several events of it."""
        if proof not in self.used:
            self.used.append(proof)

    def repeated(self, kind: str) -> Event | None:
        """Return the event this act's idempotency key already wrote, or None.

        Raises
        ------
        RecordError
            The key was used for another act, or by somebody else.
        """
        if self.first is None:
            return None
        if self.first.kind != kind or self.first.actor != self.person.id:
            raise RecordError(
                f"the key {self.key!r} was used before, for {self.first.kind} by "
                f"{self.first.actor}",
                hint="Each act needs a key of its own.",
            )
        return self.first

    def append(self, kind: str, body: Mapping[str, Any]) -> Event:
        """Write one event; the act's key goes with the first.

        Raises
        ------
        SignatureNeeded
            The lab asks for the acting person's signature on it.
        """
        body = signing.with_signatures(self, kind, body, is_first=not self._written)
        key = "" if self._written else self.key
        event = events.append(
            self.db,
            lab_id=self.lab.lab_id,
            actor=self.person.id,
            kind=kind,
            body=body,
            at=self.at,
            key=key,
        )
        self._written.append(event)
        return event

    def next_number(self, kind: str) -> str:
        """Return the next number of a kind; it is used up when its event is written."""
        # A number carries two digits of its year, and a clock with a dead battery may say 1980.
        year = 2000 + self.at.astimezone(self.lab.zone).year % 100
        row = self.db.execute(
            "SELECT last FROM counter WHERE kind=? AND year=?", [kind, year]
        ).fetchone()
        return ids.make(self.lab.site, year, kind, 1 if row is None else int(row[0]) + 1)


def acting_person(database: Database, actor: str) -> Person:
    """Return the person who acts.

    Raises
    ------
    PermissionDenied
        Nobody named, nobody of that id, or no longer active.
    """
    if not actor:
        raise PermissionDenied("nobody is named as acting", hint="Say who you are (--as).")
    try:
        person = records.person(database, actor)
    except NotFoundError as error:
        raise PermissionDenied(
            f"{actor[:60]!r} is not a person of this lab", hint="Add them first, or check the id."
        ) from error
    if not person.active:
        raise PermissionDenied(f"{person.name} is no longer active and may not act")
    return person
