"""The bench's verbs: ingest, queue, board, alerts, review, conclude, release, seize."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table
from tui.run_options import context_of, keep_beside, run_context_options

if TYPE_CHECKING:
    from lims.model import Finding, Quarantined
    from lims.work_order import Pace, PacedRow

EXIT_DATA = 4


@click.command(epilog="Example: fol ingest powder.jdx --sample NOG-26-S000001-D")
@click.argument("files", nargs=-1, required=True)
@click.option("--sample", required=True, help="The sample that was measured.")
@click.option("--portion", default="", help="The portion; else the sample as it is.")
@click.option("--library", "-l", "names", multiple=True, help="Libraries; else all installed.")
@click.option("--instrument", default="", help="Which one made it; its mapping reads the text.")
@click.option("--key", default="", help="Idempotency key.")
@run_context_options
@acting_option
@json_option
def ingest(
    files: tuple[str, ...],
    sample: str,
    portion: str,
    names: tuple[str, ...],
    instrument: str,
    key: str,
    blank: str | None,
    ladder: str | None,
    phase: str,
    dead_time_s: float | None,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> int:
    """Keep each file by its hash, read it, match it and record the finding."""
    from lims.examination import ingest as ingest_file
    from spectra.errors import LabError

    findings, problems = [], []
    context = context_of(blank, ladder, phase, dead_time_s)
    with opened(lab_path) as lab:
        keep_beside(lab, blank, ladder)
        for number, path in enumerate(files):
            try:
                findings.append(
                    ingest_file(
                        lab,
                        acting(person),
                        Path(path),
                        sample,
                        portion=portion,
                        libraries=names,
                        instrument=instrument,
                        key=f"{key}.{number}" if key else "",
                        context=context,
                    )
                )
            except LabError as error:
                if len(files) == 1:
                    raise
                problems.append(
                    {
                        "path": path,
                        "error": type(error).__name__,
                        "message": error.message,
                        "hint": error.hint,
                    }
                )
    for finding in findings:
        if not context.stands_in(finding.match):
            say(f"{finding.id} was recorded before, without this blank or ladder; it stays so.")
    if as_json:
        document("ingest", {"findings": findings, "errors": problems})
    else:
        for finding in findings:
            _tell_finding(finding)
    for problem in problems:
        say(f"Error: {problem['message']}")
    return EXIT_DATA if problems else 0


@click.group(
    invoke_without_command=True,
    epilog="Example: fol quarantine; fol quarantine link Q12-K --sample NOG-26-S000001-D",
)
@click.option("--all", "everything", is_flag=True, help="Also those linked or dismissed.")
@lab_option
@json_option
@click.pass_context
def quarantine(ctx: click.Context, everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List files that wait because they could not be taken as a run; their bytes are kept."""
    if ctx.invoked_subcommand is not None:
        return
    from lims.quarantine import listed

    with opened(lab_path) as lab:
        found = listed(lab, everything=everything)
    if as_json:
        document("quarantine", {"files": found})
        return
    table(
        [
            [q.number, q.at, q.sample, q.file_name, q.size, q.raw_sha256[:12], _state(q), q.reason]
            for q in found
        ],
        ["number", "at", "sample", "file", "bytes", "sha256", "state", "reason"],
    )


def _state(row: Quarantined) -> str:
    end = f" {row.run}" if row.run else f": {row.remark}" if row.remark else ""
    return f"{row.state.value}{end}"


@quarantine.command(epilog="Example: fol quarantine link Q12-K --sample NOG-26-S000001-D")
@click.argument("file")
@click.option("--sample", required=True, help="The sample that was measured.")
@click.option("--portion", default="", help="The portion; else the sample as it is.")
@click.option("--library", "-l", "names", multiple=True, help="Libraries; else all installed.")
@click.option("--instrument", default="", help="Which of the lab's instruments wrote it.")
@acting_option
@json_option
def link(
    file: str,
    sample: str,
    portion: str,
    names: tuple[str, ...],
    instrument: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Record a waiting file, by number or SHA-256, as a run of a sample."""
    from lims.pickup import link as link_file

    with opened(lab_path) as lab:
        finding = link_file(
            lab,
            acting(person),
            file,
            sample,
            portion=portion,
            libraries=names,
            instrument=instrument,
        )
    if as_json:
        document("ingest", {"findings": [finding], "errors": []})
        return
    _tell_finding(finding)


@quarantine.command(epilog="Example: fol quarantine dismiss Q12-K --reason 'background only'")
@click.argument("file")
@click.option("--reason", required=True, help="Why; kept in the log.")
@acting_option
def dismiss(file: str, reason: str, lab_path: str | None, person: str | None) -> None:
    """Close a waiting file as no run of any sample; its bytes stay."""
    from lims.quarantine import dismiss as dismiss_file

    with opened(lab_path) as lab:
        done = dismiss_file(lab, acting(person), file, reason)
        line(f"{done.number}: {done.file_name} dismissed")


def _tell_finding(finding: Finding) -> None:
    if finding.hazard:
        line(f"HAZARD {finding.hazard}: acknowledge the notice first (fol alerts)")
    line(f"finding {finding.id}: {finding.headline}")


@click.command(epilog="Example: fol queue --order hazard --json")
@click.option("--find", default="", help="Words to look for.")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1, 100_000))
@click.option(
    "--order",
    type=click.Choice(["window", "hazard", "mismatch", "age", "queue", "newest", "oldest"]),
    default="window",
    show_default=True,
)
@lab_option
@json_option
def queue(find: str, limit: int, order: str, lab_path: str | None, as_json: bool) -> None:
    """Show the scientists' work list: first what can still be answered in the window."""
    from lims import work_order
    from lims.queries import work_count

    with opened(lab_path) as lab:
        pace = work_order.pace(lab)
        rows = work_order.paced(lab, work_order.page(lab, 0, limit, find=find, order=order), pace)
        total = work_count(lab, find=find)
    if as_json:
        document("queue", queue_document(rows, pace, total, order))
        return
    table(
        [
            [
                p.row.sample,
                p.row.declared,
                p.request if p.request != "drug" else p.row.lane,
                p.row.status,
                p.row.answer,
                p.row.hazard,
                _age(p.age_minutes) + (" OVER" if p.shelf_over else ""),
                "" if p.fits is None else f"{p.expected_minutes:.0f}{'' if p.fits else ' late'}",
            ]
            for p in rows
        ],
        ["sample", "declared", "work", "status", "answer", "hazard", "age", "min needed"],
    )
    say(f"{len(rows)} of {total}; {pace_in_words(pace)}")


def queue_document(rows: list[PacedRow], pace: Pace, total: int, order: str) -> dict[str, object]:
    """Return the document of the work list: each row with what the clock says of it."""
    from tui.output import plain

    said = []
    for each in rows:
        beside = plain(each)
        said.append({**beside.pop("row"), **beside})
    clock = pace.clock
    return {
        "total": total,
        "order": order,
        "window": {
            "open": clock.is_open,
            "opens_at": clock.opening and clock.opening.opens_at,
            "closes_at": clock.opening and clock.opening.closes_at,
            "minutes_left": clock.minutes_left,
        },
        "next_cover": pace.next_cover,
        "rows": said,
    }


def pace_in_words(pace: Pace) -> str:
    """Return the minutes left in the window and who is here next, in one line."""
    clock = pace.clock
    if clock.opening is None:
        said = "no windows set (fol shift set)"
    elif clock.is_open:
        said = f"window open, {clock.minutes_left:.0f} minutes left"
    else:
        said = f"window opens {clock.opening.opens_at:%Y-%m-%d %H:%M} UTC"
    if pace.next_cover.at is not None:
        said += f"; cover: {pace.next_cover.person} {pace.next_cover.at:%Y-%m-%d %H:%M} UTC"
    return said


def _age(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


@click.command(epilog="Example: fol board --json")
@lab_option
@json_option
def board(lab_path: str | None, as_json: bool) -> None:
    """Show the officers' board: what is known of each sample, and how old it is."""
    from lims.queries import board as board_rows

    with opened(lab_path) as lab:
        rows = board_rows(lab)
        facts = {"lab": lab.site, "name": lab.name, "training": lab.training}
    if as_json:
        document("board", {**facts, "rows": rows})
        return
    table(
        [
            [
                r.sample,
                r.shipment,
                r.status,
                r.answer,
                "HAZARD" if r.hazard else "",
                f"{r.age_minutes:.0f} min",
                "" if r.answered_minutes is None else f"{r.answered_minutes:.0f} min",
            ]
            for r in rows
        ],
        ["sample", "shipment", "status", "answer", "hazard", "age", "answered in"],
    )


@click.group(
    invoke_without_command=True,
    epilog="Example: fol alerts; fol alerts acknowledge NOG-26-A000001-3 --as rivera",
)
@click.option("--all", "everything", is_flag=True, help="Also those already acknowledged.")
@click.option(
    "--for", "near", default="", metavar="PERSON", help="Only those near somebody's own parcels."
)
@lab_option
@json_option
@click.pass_context
def alerts(
    ctx: click.Context, everything: bool, near: str, lab_path: str | None, as_json: bool
) -> None:
    """Show notices that nobody has acknowledged yet, hazards first."""
    if ctx.invoked_subcommand is not None:
        return
    from lims import people
    from lims.alerts import alerts_for, open_alerts

    with opened(lab_path) as lab:
        if near:
            who = people.person(lab, near).id
            found = alerts_for(lab, who, include_acknowledged=everything)
        else:
            found = open_alerts(lab, include_acknowledged=everything)
    if as_json:
        document("alerts", {"alerts": found})
        return
    table(
        [
            [a.id, a.kind, a.sample, a.headline, a.where, a.acknowledged_by or "NOT SEEN YET"]
            for a in found
        ],
        ["alert", "kind", "sample", "notice", "where", "seen by"],
    )


@alerts.command(epilog="Example: fol alerts acknowledge NOG-26-A000001-3 --as rivera")
@click.argument("alert")
@acting_option
def acknowledge(alert: str, lab_path: str | None, person: str | None) -> None:
    """Say by name that a notice was seen; then its detail may be shown."""
    from lims.alerts import acknowledge as acknowledge_alert

    with opened(lab_path) as lab:
        seen = acknowledge_alert(lab, acting(person), alert)
        line(f"{seen.id}: seen by {seen.acknowledged_by}")
        line(seen.detail)


def _reviewed(
    finding: str, accept: bool, remark: str, lab_path: str | None, person: str | None
) -> None:
    from lims.review import review as review_finding

    with opened(lab_path) as lab:
        done = review_finding(lab, acting(person), finding, accept=accept, remark=remark)
        line(f"finding {done.id}: {done.state} by {done.reviewer}")


@click.command(epilog="Example: fol review NOG-26-S000001-D.F1 --accept --as okafor")
@click.argument("finding")
@click.option("--accept/--send-back", default=None, required=True, help="The verdict.")
@click.option("--remark", default="", help="Why; needed to send back.")
@acting_option
def review(
    finding: str, accept: bool, remark: str, lab_path: str | None, person: str | None
) -> None:
    """Accept a finding, or send it back, as a second person."""
    _reviewed(finding, accept, remark, lab_path, person)


@click.command(epilog="Example: fol sign NOG-26-S000001-D.F1 --as okafor")
@click.argument("finding")
@click.option("--remark", default="")
@acting_option
def sign(finding: str, remark: str, lab_path: str | None, person: str | None) -> None:
    """Accept a finding as a second person."""
    _reviewed(finding, True, remark, lab_path, person)


@click.command(
    epilog="Example: fol candidate NOG-26-S000001-D.F1 --dismiss --remark 'bleed' --as okafor"
)
@click.argument("finding")
@click.option("--confirm/--dismiss", default=None, required=True, help="The verdict.")
@click.option("--remark", required=True, help="Why; kept in the log.")
@acting_option
def candidate(
    finding: str, confirm: bool, remark: str, lab_path: str | None, person: str | None
) -> None:
    """Confirm an analogue candidate as worth reporting, or dismiss it, before it is reported."""
    from lims.review import judge_candidate

    with opened(lab_path) as lab:
        done = judge_candidate(lab, acting(person), finding, confirm=confirm, remark=remark)
        line(f"finding {done.id}: candidate {done.verdict}")


@click.command(epilog="Example: fol conclude NOG-26-S000001-D")
@click.argument("sample")
@acting_option
@json_option
def conclude(sample: str, lab_path: str | None, person: str | None, as_json: bool) -> None:
    """Conclude a sample by the encoded rule, from reviewed findings only."""
    from lims.conclusion import conclude as conclude_sample

    with opened(lab_path) as lab:
        made = conclude_sample(lab, acting(person), sample)
    if as_json:
        document("conclude", {"conclusion": made})
        return
    line(f"{made.level}: {made.text}")
    for item in made.missing:
        line(f"  for more: {item}")
    for item in made.limitations:
        line(f"  beside it: {item}")


@click.command(epilog="Example: fol release NOG-26-P000004-L --reason 'found as declared'")
@click.argument("shipment")
@click.option("--reason", required=True)
@acting_option
def release(shipment: str, reason: str, lab_path: str | None, person: str | None) -> None:
    """Release a shipment whose samples are answered and not hazardous."""
    from lims.disposition import release as release_shipment

    with opened(lab_path) as lab:
        done = release_shipment(lab, acting(person), shipment, reason)
        line(f"{done.number}: {done.state}")


@click.command(epilog="Example: fol seize NOG-26-P000001-R --reason 'presumptive fentanyl class'")
@click.argument("shipment")
@click.option("--reason", required=True)
@acting_option
def seize(shipment: str, reason: str, lab_path: str | None, person: str | None) -> None:
    """Record the seizure of a shipment."""
    from lims.disposition import seize as seize_shipment

    with opened(lab_path) as lab:
        done = seize_shipment(lab, acting(person), shipment, reason)
        line(f"{done.number}: {done.state}")
