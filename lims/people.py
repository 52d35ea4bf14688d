"""The people of a lab and their roles; a person is an id, never a login."""

from __future__ import annotations

from collections.abc import Iterable

from lims import credentials, fields, records, two_persons
from lims.act import Act
from lims.errors import PermissionDenied, StateError
from lims.lab import Lab, check_roles, person_body
from lims.model import Person, Role
from lims.workflow import Verb


def add_person(
    lab: Lab,
    actor: str,
    id: str,  # noqa: A002 - the field's own name, as in `Person`
    name: str,
    roles: Iterable[Role],
    *,
    key: str = "",
) -> Person:
    """Add a person to the lab.

    Where everybody signs in, two people do this: `two_persons.propose_person`.

    Raises
    ------
    StateError
        The id is taken (ids are never given twice), or this takes two people.
    PermissionDenied, ConfigError, RecordError
    """
    person = Person(id=id, name=name, roles=frozenset(Role(role) for role in roles))
    check_roles(person.roles)
    body = person_body(person)
    with lab.writing(actor, key) as act:
        act.allow(Verb.MANAGE_PEOPLE)
        first = act.repeated("person.added")
        if first is not None:
            return records.person(act.db, str(first.body["id"]))
        _require_two(act, "a person is added")
        if act.db.execute("SELECT 1 FROM person WHERE id=?", [body["id"]]).fetchone():
            raise StateError(
                f"{body['id']!r} is a person of this lab already",
                hint="Change their roles, or choose another id.",
            )
        if two_persons.is_being_set_up(act):
            body["bootstrap"] = True
        act.append("person.added", body)
        return records.person(act.db, body["id"])


def change_person(
    lab: Lab,
    actor: str,
    id: str,  # noqa: A002 - the field's own name, as in `Person`
    *,
    roles: Iterable[Role] | None = None,
    active: bool | None = None,
    reason: str,
    key: str = "",
) -> Person:
    """Change somebody's roles or retire them. Nobody changes their own.

    Where everybody signs in, one person only takes roles away or retires; to give one takes two:
    `two_persons.propose_roles`.

    Raises
    ------
    PermissionDenied, StateError, NotFoundError, ConfigError, RecordError
    """
    why = fields.line(reason, "the reason", required=True)
    wanted = None if roles is None else frozenset(Role(role) for role in roles)
    with lab.writing(actor, key) as act:
        act.allow(Verb.MANAGE_PEOPLE)
        if act.repeated("person.changed") is not None:
            return records.person(act.db, id)
        before = records.person(act.db, id)
        if before.id == act.person.id:
            raise PermissionDenied("nobody may change their own roles", hint="Ask a colleague.")
        held = act.db.execute(
            "SELECT (SELECT count(*) FROM sample WHERE holder=?1 AND state NOT IN "
            "('consumed','destroyed','lost')) + (SELECT count(*) FROM container WHERE holder=?1)",
            [id],
        ).fetchone()[0]
        if active is False and held:
            raise StateError(
                f"{before.name} still holds {held} samples or containers",
                hint="Transfer them first; every sample has exactly one holder.",
            )
        after = before.roles if wanted is None else wanted
        check_roles(after)
        stays = before.active if active is None else active
        if not after <= before.roles or (stays and not before.active):
            _require_two(act, "a role is given")
        two_persons.require_enough_left(act, before.id, after if stays else frozenset())
        body = {
            "id": id,
            "roles": sorted(role.value for role in after),
            "active": stays,
            "reason": why,
        }
        if two_persons.is_being_set_up(act):
            body["bootstrap"] = True
        act.append("person.changed", body)
        if not stays:
            credentials.close_sessions(act, before.id, "retired")
        return records.person(act.db, id)


def _require_two(act: Act, what: str) -> None:
    if act.admission.is_required:
        raise StateError(
            f"{what} by two people in this lab: one proposes, another approves",
            hint="fol person add or change proposes it; fol person approve N.",
        )


def person(lab: Lab, id: str) -> Person:  # noqa: A002 - as in `Person`
    """Return a person by id.

    Raises
    ------
    NotFoundError
    """
    return records.person(lab.db, id)


def people(lab: Lab) -> tuple[Person, ...]:
    """Return everybody, in the order of their ids."""
    found = records.rows(lab.db, "SELECT * FROM person ORDER BY id")
    return tuple(records.as_person(row) for row in found)
