"""``fol person password``, ``pin``, ``signatures``, ``settings``: secrets and what they signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, table
from tui.secret_prompt import ask, ask_new

if TYPE_CHECKING:
    from lims.credentials import Credentials as Credentials

EXIT_RECORD = 3


@click.command(epilog="Example: fol person password --as okafor")
@acting_option
def password(lab_path: str | None, person: str | None) -> None:
    """Set or change your own password; it is typed, never an argument.

    Asked for: the present one, or the code two people gave you, then the new one twice.
    """
    from lims import credentials, sign_in_settings
    from lims.people import person as person_of

    with opened(lab_path) as lab:
        who = person_of(lab, acting(person)).id
        known = credentials.credentials(lab).get(who)
        current = code = ""
        if known is not None and known.password_at:
            current = ask(f"Present password of {who}: ")
        elif sign_in_settings.is_required(lab) or (known is not None and known.code_until):
            code = ask(f"Code given to {who}: ")
        credentials.set_password(lab, who, ask_new("password"), current=current, code=code)
        line(f"{who}: the password is set")


@click.command(epilog="Example: fol person pin --as okafor")
@acting_option
def pin(lab_path: str | None, person: str | None) -> None:
    """Set or change your own PIN, with your password: 6 to 12 digits, to sign and to unlock."""
    from lims import credentials
    from lims.people import person as person_of

    with opened(lab_path) as lab:
        who = person_of(lab, acting(person)).id
        proof = ask(f"Password of {who}: ")
        credentials.set_pin(lab, who, ask_new("PIN"), password=proof)
        line(f"{who}: the PIN is set")


@click.command(epilog="Example: fol person signatures --of okafor")
@click.option("--of", "whose", default="", metavar="PERSON", help="Of one person only.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@lab_option
@json_option
def signatures(whose: str, limit: int, lab_path: str | None, as_json: bool) -> int:
    """List signatures, newest first, each compared with the event it is bound to."""
    from lims.signatures import listed

    with opened(lab_path) as lab:
        found = listed(lab, person=whose, limit=limit)
    loose = [each for each in found if not each.is_bound]
    if as_json:
        document("person.signatures", {"signatures": found})
    else:
        table(
            [
                [s.seq, s.at, s.person, s.meaning, s.method, "" if s.is_bound else "NOT BOUND"]
                for s in found
            ],
            ["event", "at", "person", "meaning", "by", ""],
        )
    return EXIT_RECORD if loose else 0


@click.command(epilog="Example: fol person meanings")
@json_option
def meanings(as_json: bool) -> None:
    """Show every act that is signed where everybody signs in, with what its signature means."""
    from lims.meanings import CONFIRMING, MEANINGS

    rows = [(kind, "who acts", text) for kind, text in MEANINGS.items()]
    rows += [(kind, "who confirms", text) for kind, text in CONFIRMING.items()]
    if as_json:
        names = ("event", "signer", "meaning")
        document(
            "person.meanings", {"meanings": [dict(zip(names, row, strict=True)) for row in rows]}
        )
        return
    table(rows, ["event", "signer", "meaning"])


@click.command(epilog="Example: fol person settings --json")
@lab_option
@json_option
def settings(lab_path: str | None, as_json: bool) -> None:
    """Show what the lab decided about signing in."""
    from lims.sign_in_settings import SETTINGS
    from lims.sign_in_settings import settings as as_set

    with opened(lab_path) as lab:
        found = as_set(lab)
    if as_json:
        document("person.settings", {"settings": found})
        return
    table([[n, v, SETTINGS[n].says] for n, v in found.items()], ["setting", "value", "what it is"])


@click.command("set", epilog="Example: fol person set idle_minutes 5 --reason 'office terminal'")
@click.argument("name")
@click.argument("value", type=int)
@click.option("--reason", required=True)
@acting_option
def set_(name: str, value: int, reason: str, lab_path: str | None, person: str | None) -> None:
    """Change a figure of signing in, with the reason."""
    from lims.sign_in_settings import change

    with opened(lab_path) as lab:
        line(f"{name}: {change(lab, acting(person), name, value, reason=reason)}")
