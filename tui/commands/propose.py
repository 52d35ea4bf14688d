"""``fol propose``: structures that would explain a candidate; proposed, not identified."""

from __future__ import annotations

import click

from tui.context import acting, acting_option, json_option, opened
from tui.output import document, line, table
from tui.progress import ProgressLine
from tui.proposal_words import HEADINGS, cells, law, summary

_SHOWN = 5


@click.command(epilog="Example: fol propose NOG-26-S000003-X.F1 --json")
@click.argument("finding")
@click.option("--record", "is_kept", is_flag=True, help="Keep them beside the candidate.")
@click.option("--top", default=_SHOWN, show_default=True, type=click.IntRange(1, 20))
@acting_option
@json_option
def propose(
    finding: str,
    is_kept: bool,
    top: int,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Propose structures for the analogue of a finding: proposed, not identified."""
    from lims import alerts, proposing

    with opened(lab_path) as lab, ProgressLine() as progress:
        going = proposing.Going(progress=lambda done, of: progress("making structures", done, of))
        found = proposing.of_finding(lab, finding, going)
        if is_kept:
            proposing.record(lab, acting(person), finding, found)
        sample = finding.strip().upper().partition(".")[0]
        unseen = [
            f"{each.headline}, {each.where}"
            for each in alerts.open_alerts(lab)
            if each.kind == "hazard" and each.sample == sample
        ]
    if as_json:
        document(
            "propose",
            {
                "finding": finding.strip().upper(),
                "hazards": unseen,
                "recorded": is_kept,
                "proposed": found,
            },
        )
        return
    for hazard in unseen:
        line(f"HAZARD, not acknowledged: {hazard}")
    for each in found:
        line(f"{each['title']}: not in library, class {each['class']}")
        line(f"  {summary(each['proposals'])}")
        structures = each["proposals"]["structures"]
        table([list(cells(one)) for one in structures[:top]], list(HEADINGS))
        for one in structures[:1]:
            for text in law(one):
                line(f"  structure {one['rank']}, were it that: {text}")
    if is_kept:
        line("kept beside the candidate; it stays unnamed")
