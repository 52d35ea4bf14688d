"""``fol init``, ``fol demo``, ``fol tui``, ``fol person``: a lab, its people, and the way in."""

from __future__ import annotations

from pathlib import Path

import click

from tui.context import (
    acting,
    acting_option,
    json_option,
    lab_folder,
    lab_option,
    login_name,
    opened,
)
from tui.output import document, line, say, table


@click.command(epilog='Example: fol init --site NOG --name "Nogales forward lab" --locode USNOG')
@click.option("--site", required=True, help="Short code of the site: it starts every number.")
@click.option("--name", required=True, help="The lab's name as reports print it.")
@click.option("--locode", default="", help="UN/LOCODE of the port, for example USNOG.")
@click.option("--timezone", default="UTC", show_default=True, help="IANA name: America/Phoenix.")
@click.option("--person", "founder", default="", help="Id of the first person; else your login.")
@click.option("--person-name", default="", help="Full name of the first person.")
@lab_option
def init(
    site: str,
    name: str,
    locode: str,
    timezone: str,
    founder: str,
    person_name: str,
    lab_path: str | None,
) -> None:
    """Make an empty lab folder, ready, with its key.

    The first person may do everything at the bench except review own work; add a second one
    with `fol person add`.
    """
    from lims.lab import create_lab
    from lims.model import Person, Role

    first = founder or login_name()
    roles = frozenset(Role) - {Role.IT_ADMIN}
    lab = create_lab(
        lab_folder(lab_path),
        site=site,
        name=name,
        locode=locode,
        timezone=timezone,
        founder=Person(id=first, name=person_name or first, roles=roles),
    )
    try:
        line(str(lab.folder))
        say(f"{lab.name} ({lab.site}) is ready. First person: {first}.")
        say("Next: fol person add ID --name NAME --role reviewer; fol library import PATH --name N")
    finally:
        lab.close()


@click.command(epilog="Example: fol demo --lab night")
@click.option("--lab", "lab_path", metavar="DIR", default="", help="A new folder; else ./demo-lab.")
@click.option("--keep/--replace", default=False, help="Refuse an existing demonstration lab.")
def demo(lab_path: str, keep: bool) -> None:
    """Play one night at a port through the real services and leave a lab to explore."""
    from tui.demo.play import play

    play(Path(lab_path or "demo-lab"), replace=not keep)


@click.command("tui", epilog="Example: fol tui --lab demo-lab --as rivera")
@acting_option
def tui_(lab_path: str | None, person: str | None) -> int:
    """Open the app in this terminal."""
    folder = lab_folder(lab_path)
    if not (folder / "lab.db").is_file():
        from lims.lab import open_lab

        open_lab(folder)  # raises the one clear error, before the screen is taken over
    from tui.app import run

    return run(folder, acting(person))


@click.group("person", epilog="Example: fol person add okafor --name 'A. Okafor' --role reviewer")
def person_() -> None:
    """People who may act: add, list."""


@person_.command("add", epilog="Example: fol person add okafor --name 'A. Okafor' --role reviewer")
@click.argument("person_id")
@click.option("--name", required=True, help="Full name.")
@click.option("--role", "roles", multiple=True, required=True, help="A role; repeat for more.")
@acting_option
def person_add(
    person_id: str, name: str, roles: tuple[str, ...], lab_path: str | None, person: str | None
) -> None:
    """Register a person with the roles that person holds."""
    from lims.model import Role
    from lims.people import add_person

    known = {role.value for role in Role}
    wrong = [role for role in roles if role not in known]
    if wrong:
        raise click.UsageError(f"no role {', '.join(wrong)}; there are {', '.join(sorted(known))}")
    with opened(lab_path) as lab:
        added = add_person(
            lab, acting(person), person_id, name, frozenset(Role(role) for role in roles)
        )
        line(f"{added.id}: {added.name}, {', '.join(sorted(added.roles))}")


@person_.command("list", epilog="Example: fol person list")
@lab_option
@json_option
def person_list(lab_path: str | None, as_json: bool) -> None:
    """List the people of the lab and their roles."""
    from lims.people import people

    with opened(lab_path) as lab:
        found = people(lab)
    if as_json:
        document("person.list", {"people": found})
        return
    table([[p.id, p.name, ", ".join(sorted(p.roles))] for p in found], ["id", "name", "roles"])
