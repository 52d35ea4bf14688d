"""``fol person``: people, their roles, and what two of them decide together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.commands import person_secrets
from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table

if TYPE_CHECKING:
    from lims.model import Role
    from lims.two_persons import Proposal


@click.group(epilog="Example: fol person add okafor --name 'A. Okafor' --role reviewer")
def person() -> None:
    """People who may act, their roles and their secrets."""


@person.command(epilog="Example: fol person add okafor --name 'A. Okafor' --role reviewer")
@click.argument("person_id")
@click.option("--name", required=True, help="Full name.")
@click.option("--role", "roles", multiple=True, required=True, help="A role; repeat for more.")
@click.option("--reason", default="", help="Why; kept with the proposal.")
@acting_option
def add(
    person_id: str,
    name: str,
    roles: tuple[str, ...],
    reason: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Register a person with roles; where everybody signs in, propose them to a second person."""
    from lims import people, sign_in_settings, two_persons

    wanted = _roles(roles)
    with opened(lab_path) as lab:
        if not sign_in_settings.is_required(lab):
            added = people.add_person(lab, acting(person), person_id, name, wanted)
            line(f"{added.id}: {added.name}, {', '.join(sorted(added.roles))}")
            return
        made = two_persons.propose_person(
            lab, acting(person), person_id, name, wanted, reason=reason or "new person"
        )
        _waits(made)


@person.command(epilog="Example: fol person change okafor --role reviewer --role lead --reason new")
@click.argument("person_id")
@click.option("--role", "roles", multiple=True, help="All roles from now on; repeat for more.")
@click.option("--retire", is_flag=True, help="May not act any more; the record keeps the name.")
@click.option("--back", is_flag=True, help="Active again.")
@click.option("--reason", required=True)
@acting_option
def change(
    person_id: str,
    roles: tuple[str, ...],
    retire: bool,
    back: bool,
    reason: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Change roles, retire somebody or take them back; nobody changes their own.

    Where everybody signs in, to give a role or take somebody back is proposed to a second person.
    """
    from lims import people, sign_in_settings, two_persons

    if (retire and (back or roles)) or not (retire or back or roles):
        raise click.UsageError("name the roles from now on, or --retire, or --back")
    wanted = _roles(roles)
    with opened(lab_path) as lab:
        before = people.person(lab, person_id)
        after = wanted or before.roles
        gives = not after <= before.roles or (back and not before.active)
        if gives and sign_in_settings.is_required(lab):
            _waits(two_persons.propose_roles(lab, acting(person), person_id, after, reason=reason))
            return
        done = people.change_person(
            lab,
            acting(person),
            person_id,
            roles=wanted or None,
            active=False if retire else True if back else None,
            reason=reason,
        )
        state = "" if done.active else ", retired"
        line(f"{done.id}: {', '.join(sorted(done.roles))}{state}")


@person.command("list", epilog="Example: fol person list")
@lab_option
@json_option
def list_(lab_path: str | None, as_json: bool) -> None:
    """List the people of the lab, their roles, and whether they set password and PIN."""
    from lims.credentials import Credentials, credentials
    from lims.people import people

    with opened(lab_path) as lab:
        found = people(lab)
        known = credentials(lab)
    secrets = {p.id: known.get(p.id) or Credentials(person=p.id) for p in found}
    if as_json:
        document("person.list", {"people": found, "credentials": list(secrets.values())})
        return
    table(
        [
            [
                p.id,
                p.name,
                ", ".join(sorted(p.roles)),
                "" if p.active else "retired",
                _secrets_in_words(secrets[p.id]),
            ]
            for p in found
        ],
        ["id", "name", "roles", "", "signs with"],
    )


def _secrets_in_words(known: person_secrets.Credentials) -> str:
    said = [name for name, at in (("password", known.password_at), ("PIN", known.pin_at)) if at]
    if known.code_until:
        said.append(f"code until {known.code_until[:16]} UTC")
    if known.blocked_until:
        said.append(f"BLOCKED until {known.blocked_until[:16]} UTC")
    return ", ".join(said)


@person.command("reset", epilog="Example: fol person reset okafor --reason 'forgot the password'")
@click.argument("person_id")
@click.option("--reason", required=True)
@acting_option
def reset(person_id: str, reason: str, lab_path: str | None, person: str | None) -> None:
    """Propose that somebody's secrets are void; who approves is shown a code for them."""
    from lims import two_persons

    with opened(lab_path) as lab:
        _waits(two_persons.propose_reset(lab, acting(person), person_id, reason=reason))


@person.command(epilog="Example: fol person require-sign-in on --reason 'two scientists now'")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--reason", required=True)
@acting_option
def require_sign_in(state: str, reason: str, lab_path: str | None, person: str | None) -> None:
    """Propose that everybody signs in from now on, or that nobody has to; signed with a password.

    A lead proposes, a second person approves (fol person approve). Two people with passwords are
    needed first. Until then --as says who acts and proves nothing.
    """
    from lims import two_persons

    with opened(lab_path) as lab:
        _waits(
            two_persons.propose_sign_in(lab, acting(person), required=state == "on", reason=reason)
        )


@person.command(epilog="Example: fol person proposals")
@click.option("--all", "everything", is_flag=True, help="Also those decided.")
@lab_option
@json_option
def proposals(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List what waits for a second person."""
    from lims.two_persons import proposals as listed

    with opened(lab_path) as lab:
        found = listed(lab, everything=everything)
    if as_json:
        document("person.proposals", {"proposals": found})
        return
    table(
        [[p.seq, _in_words(p), p.by, p.reason, p.state, p.closed_by] for p in found],
        ["number", "proposal", "by", "reason", "state", "decided by"],
    )


@person.command(epilog="Example: fol person approve 41 --as okafor")
@click.argument("number", type=int)
@acting_option
def approve(number: int, lab_path: str | None, person: str | None) -> None:
    """Approve what somebody else proposed, as a second person; it takes effect at once."""
    from lims.two_persons import approve as approve_proposal

    with opened(lab_path) as lab:
        done = approve_proposal(lab, acting(person), number)
    line(f"{number}: {_in_words(done.proposal)}: approved")
    if done.code:
        line(f"code for {done.proposal.person}, shown once, good for a day: {done.code}")
        say(f"They use it with: fol person password --as {done.proposal.person}")


@person.command(epilog="Example: fol person decline 41 --reason 'not needed' --as okafor")
@click.argument("number", type=int)
@click.option("--reason", required=True)
@acting_option
def decline(number: int, reason: str, lab_path: str | None, person: str | None) -> None:
    """Decline a proposal, or withdraw your own."""
    from lims.two_persons import decline as decline_proposal

    with opened(lab_path) as lab:
        done = decline_proposal(lab, acting(person), number, reason=reason)
    line(f"{number}: {_in_words(done)}: {done.state}")


def _waits(made: Proposal) -> None:
    line(f"proposal {made.seq}: {_in_words(made)}")
    say(f"A second person approves it: fol person approve {made.seq} --as THEM")


def _in_words(found: Proposal) -> str:
    from lims.two_persons import Matter

    if found.matter is Matter.SIGN_IN:
        return "everybody signs in" if found.terms["required"] else "nobody has to sign in"
    if found.matter is Matter.SECRETS:
        return f"{found.person}: secrets reset"
    new = "new person " if found.matter is Matter.NEW_PERSON else ""
    return f"{new}{found.person}: {', '.join(found.terms['roles'])}"


def _roles(names: tuple[str, ...]) -> frozenset[Role]:
    from lims.model import Role

    known = {role.value for role in Role}
    wrong = [name for name in names if name not in known]
    if wrong:
        raise click.UsageError(f"no role {', '.join(wrong)}; there are {', '.join(sorted(known))}")
    return frozenset(Role(name) for name in names)


for _command in (
    person_secrets.password,
    person_secrets.pin,
    person_secrets.signatures,
    person_secrets.settings,
    person_secrets.set_,
    person_secrets.meanings,
):
    person.add_command(_command)
