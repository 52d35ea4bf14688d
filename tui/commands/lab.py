"""``fol init``, ``fol demo``, ``fol tui``: a lab, and the way in."""

from __future__ import annotations

from pathlib import Path

import click

from tui.context import (
    acting,
    acting_option,
    lab_folder,
    lab_option,
    login_name,
)
from tui.output import line, say


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
