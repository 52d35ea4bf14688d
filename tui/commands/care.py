"""``fol backup``, ``fol restore``, ``fol bundle``, ``fol doctor``: copies, proofs and care."""

from __future__ import annotations

from pathlib import Path

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say

EXIT_RECORD = 3


@click.command(epilog="Example: fol backup /media/backup --as okafor")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@acting_option
@json_option
def backup(folder: Path, lab_path: str | None, person: str | None, as_json: bool) -> None:
    """Copy the lab, at work or not, into a new folder inside DIR, and verify the copy.

    Unchanged files are hard-linked to the backup before it where the disk allows. The lab's
    private key is in the copy, not encrypted: guard that disk as you guard the lab.
    """
    from lims.backup import back_up

    with opened(lab_path) as lab:
        made = back_up(lab, acting(person), folder)
    if as_json:
        document("backup", {"backup": made})
        return
    facts = made.manifest
    line(str(made.folder))
    line(f"{facts.events} events, head {facts.head[:16]}, checkpoint at {facts.checkpoint}")
    line(f"{facts.files} files, {facts.bytes / 1e6:.1f} MB, {made.linked} linked; verified")
    for notice in made.notices:
        say(f"Note: {notice}")
    say("The private key is in this copy, unencrypted: guard the disk as you guard the lab.")


@click.command(epilog="Example: fol restore /media/backup/NOG-20261124T020000Z-1a2b3c4d --to lab2")
@click.argument("folder", metavar="BACKUP", type=click.Path(path_type=Path))
@click.option("--to", "target", type=click.Path(path_type=Path), help="A new lab folder.")
@click.option("--head", "known", default="", help="Head that headquarters or a report knows, hex.")
@click.option("--check", "only_check", is_flag=True, help="Check the backup; restore nothing.")
@acting_option
@json_option
def restore(
    folder: Path,
    target: Path | None,
    known: str,
    only_check: bool,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> int:
    """Make a lab of a backup, after checking every byte of it.

    The restored log is marked. Events recorded after the backup are not in it: compare the head
    with headquarters (--head).
    """
    if only_check:
        return _checked(folder, as_json=as_json)
    if target is None:
        raise click.UsageError("name the new lab folder with --to, or use --check")
    if lab_path:
        raise click.UsageError("--lab does not apply: the new lab folder is named with --to")
    from lims.restore import restore as restore_lab

    made = restore_lab(folder, target, acting(person), known_head=known)
    if as_json:
        document("restore", {"restored": made, "events_lost": made.lost})
        return 0
    line(str(made.folder))
    line(
        f"{made.manifest.events} events as of {made.manifest.made_at}; the log says it was restored"
    )
    for notice in made.notices:
        say(f"Note: {notice}")
    if made.lost:
        line(f"HEAD NOT FOUND: {made.known_head} is not in this log. Events after the backup are")
        line("missing, or that head is another log's. Tell headquarters before you go on.")
    elif made.known_event:
        line(f"The known head is event {made.known_event}: nothing known elsewhere is missing.")
    else:
        say("What was recorded after the backup is not here. Compare heads: --head.")
    return 0


def _checked(folder: Path, *, as_json: bool) -> int:
    from lims.backup_manifest import check

    report = check(folder)
    if as_json:
        document("restore.check", {"report": report})
    else:
        if report.manifest is not None:
            line(f"{report.manifest.backup_id}: {report.manifest.events} events")
        for notice in report.notices:
            line(f"note: {notice}")
        for problem in report.problems:
            line(f"PROBLEM: {problem}")
        line("whole" if report.ok else "NOT WHOLE")
    return 0 if report.ok else EXIT_RECORD


@click.command(epilog="Example: fol bundle NOG-26-S000081-I --out case.zip")
@click.argument("sample")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new zip file.")
@acting_option
@json_option
def bundle(sample: str, out: Path, lab_path: str | None, person: str | None, as_json: bool) -> None:
    """Write all there is on one sample, with proofs, for a court or another lab.

    The zip holds its own checker: `python verify.py FILE.zip`. Other samples are left out.
    """
    from lims.bundle import write_bundle

    with opened(lab_path) as lab:
        made = write_bundle(lab, acting(person), sample, out)
    if as_json:
        document("bundle", {"bundle": made})
        return
    line(str(made.path))
    line(f"{made.events} events, {made.withheld} withheld, {made.files} files; {made.size} bytes")
    line(f"SHA-256 {made.sha256}")
    say(f"Give the lab's key by another way: {made.public_key}")


@click.command(epilog="Example: fol doctor --full")
@click.option("--full", is_flag=True, help="Verify and replay the whole log; hash every file.")
@lab_option
@json_option
def doctor(full: bool, lab_path: str | None, as_json: bool) -> int:
    """Look at the lab and this computer; say what to do. Exit code 3 when something fails."""
    from lims.doctor import State, examine, worst

    with opened(lab_path, for_inspection=True) as lab:
        checks = examine(lab, full=full)
    state = worst(checks)
    if as_json:
        document("doctor", {"state": state, "checks": checks})
    else:
        for check in checks:
            line(f"{check.state.value:<4}  {check.name}: {check.found}")
            if check.todo and check.state is not State.OK:
                line(f"      -> {check.todo}")
    return EXIT_RECORD if state is State.FAIL else 0
