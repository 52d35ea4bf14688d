"""``fol audit``: proof that the log is whole."""

from __future__ import annotations

import click

from tui.context import json_option, lab_option, opened
from tui.output import document, line, say, table

EXIT_RECORD = 3


@click.group(epilog="Example: fol audit verify")
def audit() -> None:
    """Verify and show the event log, and check paper receipts against it."""


@audit.command(epilog="Example: fol audit verify --json")
@lab_option
@json_option
def verify(lab_path: str | None, as_json: bool) -> int:
    """Check the chain, the triggers, the projections and every raw file; name what is wrong."""
    from lims.audit import verify as verify_log
    from tui.progress import ProgressLine

    with opened(lab_path, for_inspection=True) as lab, ProgressLine() as progress:
        report = verify_log(lab, progress=progress)
    if as_json:
        document("audit.verify", {"report": report})
    else:
        line(f"{report.events} events, head {report.head[:16]}, root {report.root[:16]}")
        for notice in report.notices:
            line(f"note: {notice}")
        for problem in report.problems:
            line(f"PROBLEM: {problem}")
        line("whole" if report.ok else "NOT WHOLE")
    if not report.ok:
        say("Hint: stop work on this lab and keep the folder as it is.")
    return 0 if report.ok else EXIT_RECORD


@audit.command(epilog="Example: fol audit receipt 123:ABCDEFGHIJKLMNOP --json")
@click.argument("codes", nargs=-1, required=True)
@lab_option
@json_option
def receipt(codes: tuple[str, ...], lab_path: str | None, as_json: bool) -> int:
    """Compare the codes of a paper receipt with the log, computed again from its first event."""
    from lims.receipt import check

    with opened(lab_path, for_inspection=True) as lab:
        # A receipt's QR code holds both codes in one text.
        checks = check(lab, [code for given in codes for code in given.split()])
    ok = all(each.fits for each in checks)
    if as_json:
        document("audit.receipt", {"ok": ok, "codes": checks})
    else:
        for each in checks:
            line(f"{each.code}: {'fits' if each.fits else 'DOES NOT FIT'}: {each.says}")
    if not ok:
        say("Hint: keep the paper and the folder as they are; the quality manager decides.")
    return 0 if ok else EXIT_RECORD


@audit.command(epilog="Example: fol audit show --last 20")
@click.option("--last", default=20, show_default=True, type=click.IntRange(1, 100_000))
@lab_option
@json_option
def show(last: int, lab_path: str | None, as_json: bool) -> None:
    """Show the newest events."""
    from lims.audit import events
    from lims.queries import event_count

    with opened(lab_path, for_inspection=True) as lab:
        found = events(lab, offset=max(0, event_count(lab) - last), limit=last)
    if as_json:
        document("audit.show", {"events": found})
        return
    table(
        [[e.seq, e.at, e.actor, e.kind, e.hash.hex()[:12]] for e in found],
        ["seq", "at", "who", "what", "hash"],
    )
