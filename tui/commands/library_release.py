"""``fol library release, add, keys, distrust``: libraries given to and taken from other labs."""

from __future__ import annotations

from pathlib import Path

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table

_SHOWN = 20


@click.command(epilog="Example: fol library release own-NOG --out own-NOG-3.folpkg --as rivera")
@click.argument("name")
@click.option("--version", default="", help="Else the newest.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option(
    "--may-share",
    multiple=True,
    help="A licence, exactly as the entries state it, that you know to allow passing on.",
)
@acting_option
@json_option
def release(
    name: str,
    version: str,
    out: Path,
    may_share: tuple[str, ...],
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Write a library version as one signed file for other labs.

    Entries whose licence does not allow passing on stay at home and are listed.
    """
    from lims.library_release import release as release_library

    with opened(lab_path) as lab:
        done = release_library(
            lab, acting(person), name, out, version=version or None, may_share=may_share
        )
    if as_json:
        document("library.release", {"release": done})
        return
    line(
        f"{done.path}: {done.library} {done.version}, release {done.sequence}, "
        f"{done.entries} entries, {len(done.left_out)} left out"
    )
    for each in done.left_out[:_SHOWN]:
        say(f"left out {each.name} ({each.id}): {each.reason}")
    if len(done.left_out) > _SHOWN:
        say(f"… and {len(done.left_out) - _SHOWN} more (all of them with --json)")
    line(f"signed with the key {done.fingerprint}")


@click.command(epilog="Example: fol library add own-NOG-3.folpkg --as rivera")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--trust", default="", help="The sender's fingerprint, after they read it out to you."
)
@click.option("--name", default="", help="What it is called here; else as the sender calls it.")
@click.option("--no-again", is_flag=True, help="Leave stored unknowns for `fol again`.")
@acting_option
@json_option
def add(
    file: Path,
    trust: str,
    name: str,
    no_again: bool,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> int:
    """Take another lab's release as a library, and search stored unknowns in it."""
    from lims.library_release import add as add_library
    from tui.commands.again import EXIT_DATA, follow_up, tell

    with opened(lab_path) as lab:
        added = add_library(lab, acting(person), file, trusting=trust, name=name)
        report = None if no_again else follow_up(lab, acting(person), added.report.name)
    if as_json:
        document("library.add", {"added": added, "again": report})
    else:
        if added.newly_trusted:
            line(f"{added.site} ({added.lab}) is trusted from now on: {added.fingerprint}")
        line(
            f"{added.report.name} {added.report.version} of {added.site}: "
            f"{added.report.accepted} entries, {added.report.substances} substances, "
            f"{added.report.rejected_count} rejected, {len(added.left_out)} kept back by the sender"
        )
        for each in added.report.rejected[:_SHOWN]:
            say(f"rejected {each.title}: {each.reason}")
        if report is not None:
            tell(report)
    return EXIT_DATA if report is not None and report.problems else 0


@click.command(epilog="Example: fol library keys")
@click.option("--all", "everything", is_flag=True, help="Also keys that are no longer trusted.")
@lab_option
@json_option
def keys(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """Show this lab's fingerprint, to be read out, and the labs it trusts."""
    from lims.trust import own_fingerprint, trusted

    with opened(lab_path) as lab:
        own, known = own_fingerprint(lab), trusted(lab, everything)
        site = lab.site
    if as_json:
        document("library.keys", {"site": site, "fingerprint": own, "trusted": known})
        return
    line(f"this lab ({site}): {own}")
    table(
        [[each.site, each.name, each.fingerprint, each.at, each.by, each.reason] for each in known],
        ["site", "lab", "fingerprint", "trusted", "by", "withdrawn because"],
    )


@click.command(epilog="Example: fol library distrust '1f2e 3d4c …' --reason 'key was stolen'")
@click.argument("fingerprint")
@click.option("--reason", required=True, help="Why; kept in the log.")
@acting_option
def distrust(fingerprint: str, reason: str, lab_path: str | None, person: str | None) -> None:
    """Take no further releases signed with a key; what was taken stays as it is."""
    from lims.trust import withdraw_trust

    with opened(lab_path) as lab:
        done = withdraw_trust(lab, acting(person), fingerprint, reason)
        line(f"{done.site} is no longer trusted: {done.fingerprint}")


COMMANDS = (release, add, keys, distrust)
